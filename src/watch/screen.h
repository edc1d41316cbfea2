/* The terminal, by way of ncurses: rows of text go to it, keys come from it. One at a time. */
#ifndef BOOTWIRE_WATCH_SCREEN_H
#define BOOTWIRE_WATCH_SCREEN_H

#include "watch/view.h"

#include <stdbool.h>
#include <stddef.h>

/* Takes the terminal on standard output over. 0; or -1 where it is of a kind that nobody knows. */
int screen_open(void);
/* Gives it back as it was. */
void screen_close(void);
/* Its size now, in columns and rows; it follows when the window changes. */
void screen_size(unsigned *width, unsigned *height);
void screen_show(const struct view_row *rows, size_t count);
/* The next key that was pressed, as view_key() takes it; -1: none is waiting. */
int screen_key(void);

#endif
