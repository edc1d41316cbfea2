/* Lines of configuration files, read again to be shown beside what they decided. */
#ifndef BOOTWIRE_COMMAND_FILE_LINES_H
#define BOOTWIRE_COMMAND_FILE_LINES_H

#include "base/region.h"
#include "model/expression.h"

/* The files read so far. All zero is none. */
struct file_lines {
    struct file_text *files;
    struct region region; /* owns every text */
};

/* The line of a place from the statement on that the place is in, control characters as `?`; ""
 * where it cannot be read. Lives until the release. */
const char *file_line(struct file_lines *lines, struct position where);
void file_lines_release(struct file_lines *lines);

#endif
