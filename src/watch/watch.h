/* Watching a running server: on a terminal as a screen, else as lines. */
#ifndef BOOTWIRE_WATCH_WATCH_H
#define BOOTWIRE_WATCH_WATCH_H

#include <stdbool.h>

enum watch_form {
    WATCH_SCREEN, /* needs a terminal on standard input and output */
    WATCH_LINES,  /* a line for each step, and for each machine that comes to a stand */
    WATCH_JSON,   /* the server's lines, as they are (doc/control-protocol.md) */
};

/* Watches the server at the control socket until the person leaves (0), or, but for the screen, the
 * server ends (1, said on standard error); also 1 where there is no server at the start. */
int watch(const char *path, enum watch_form form);

#endif
