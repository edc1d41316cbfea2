/* What a watcher without a terminal prints. Pure. */
#ifndef BOOTWIRE_WATCH_LINES_H
#define BOOTWIRE_WATCH_LINES_H

#include <jansson.h>

struct watch_machines;

/* The line of text for one line of the server's, without an end; for the caller to free(). NULL:
 * there is nothing to print. The machines know the line already. */
char *watch_line(const struct watch_machines *machines, const json_t *line);

#endif
