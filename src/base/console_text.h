/* The text that a machine prints on its serial console, as lines: what terminals understand and
 * people do not see (escape sequences, carriage returns) is left out. Pure. */
#ifndef BOOTWIRE_BASE_CONSOLE_TEXT_H
#define BOOTWIRE_BASE_CONSOLE_TEXT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONSOLE_LINE_MAX = 4096 };

/* All zero is the start. */
struct console_text {
    char line[CONSOLE_LINE_MAX]; /* NUL-terminated: the line in the making */
    size_t length;
    int escape; /* inside an escape sequence: its state */
};

/* Takes bytes of the machine's in. `line(argument, text, whole)` is called for each line at its end
 * (`whole`), and for the one in the making when the bytes are used up: a prompt has no end. A line
 * that is too long is cut into several. */
void console_text_take(struct console_text *text, struct slice bytes,
                       void (*line)(void *argument, const char *text, bool whole), void *argument);

#endif
