/* What a watcher without a terminal prints. Pure. */
#ifndef BOOTWIRE_WATCH_LINES_H
#define BOOTWIRE_WATCH_LINES_H

#include <jansson.h>

struct watch_machines;

/* The lines of text for one line of the server's, each with its end; for the caller to free().
 * Empty where there is nothing to print: progress, or a state without a verdict that is new. The
 * machines know the line already. */
char *watch_lines(const struct watch_machines *machines, const json_t *line);

#endif
