/* Lines that arrive in pieces on a descriptor. */
#ifndef BOOTWIRE_GUEST_LINES_H
#define BOOTWIRE_GUEST_LINES_H

#include "base/slice.h"

#include <stdbool.h>

enum { LINES_SIZE = 4096 };

/* All zero is empty; one that is too long loses its end. */
struct lines {
    char bytes[LINES_SIZE];
    size_t length;
};

/* Reads what is there and hands out each whole line, without its end; false at the end of the file.
 */
bool lines_read(struct lines *lines, int descriptor,
                void (*line)(void *argument, struct slice line), void *argument);

#endif
