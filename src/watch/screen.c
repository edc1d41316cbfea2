#include "watch/screen.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ESCAPE_WAIT_MS = 25, ESCAPE = 27, CONTROL_L = 12 };

static SCREEN *terminal;

int screen_open(void)
{
    /* Unlike initscr(), this does not end the program where TERM is unknown. */
    terminal = newterm(NULL, stdout, stdin);
    if (!terminal)
        return -1;
    set_escdelay(ESCAPE_WAIT_MS);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    if (has_colors() && !getenv("NO_COLOR")) {
        start_color();
        use_default_colors();
        init_pair(VIEW_GOOD, COLOR_GREEN, -1);
        init_pair(VIEW_BAD, COLOR_RED, -1);
        init_pair(VIEW_DIM, COLOR_CYAN, -1);
    }
    return 0;
}

void screen_close(void)
{
    if (!terminal)
        return;
    endwin();
    delscreen(terminal);
    terminal = NULL;
}

void screen_size(unsigned *width, unsigned *height)
{
    *width = (unsigned)getmaxx(stdscr);
    *height = (unsigned)getmaxy(stdscr);
}

static chtype look(enum view_look look)
{
    switch (look) {
    case VIEW_TITLE:
        return A_BOLD;
    case VIEW_SELECTED:
        return A_REVERSE;
    case VIEW_GOOD:
    case VIEW_DIM:
        return (chtype)COLOR_PAIR(look);
    case VIEW_BAD:
        return (chtype)COLOR_PAIR(look) | A_BOLD;
    default:
        return A_NORMAL;
    }
}

void screen_show(const struct view_row *rows, size_t count)
{
    erase();
    for (size_t i = 0; i < count; i++) {
        attrset((int)look(rows[i].look));
        mvaddnstr((int)i, 0, rows[i].text, getmaxx(stdscr));
        /* A bar, not a word that stands out. */
        if (rows[i].look == VIEW_SELECTED) {
            while (getcurx(stdscr) < getmaxx(stdscr) - 1 && getcury(stdscr) == (int)i)
                addch(' ');
        }
    }
    attrset(A_NORMAL);
    refresh();
}

int screen_key(void)
{
    static const struct {
        int curses, key;
    } keys[] = {
        {KEY_UP, VIEW_KEY_UP},         {KEY_DOWN, VIEW_KEY_DOWN},
        {KEY_PPAGE, VIEW_KEY_PAGE_UP}, {KEY_NPAGE, VIEW_KEY_PAGE_DOWN},
        {KEY_HOME, VIEW_KEY_HOME},     {KEY_END, VIEW_KEY_END},
        {KEY_ENTER, VIEW_KEY_ENTER},   {'\r', VIEW_KEY_ENTER},
        {'\n', VIEW_KEY_ENTER},        {ESCAPE, VIEW_KEY_ESCAPE},
        {127, VIEW_KEY_BACKSPACE},     {KEY_BACKSPACE, VIEW_KEY_BACKSPACE},
        {'\b', VIEW_KEY_BACKSPACE},
    };
    int key = getch();

    /* A change of size only makes the next picture another one. */
    while (key == KEY_RESIZE || key == CONTROL_L) {
        clearok(stdscr, TRUE);
        key = getch();
    }
    if (key == ERR)
        return -1;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].curses == key)
            return keys[i].key;
    }
    return key < 256 ? key : -1;
}
