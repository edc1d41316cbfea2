/* The logs of one machine's serial console: a file for each boot, in STATE/console/HOST/, named by
 * the time (UTC) of its beginning. A line is the time, a space, and the text without what only
 * terminals understand. Files and their number are bounded: of a boot that prints more than
 * SERIAL_LOG_FILE_MAX the rest stands in further files, and the oldest files go. */
#ifndef BOOTWIRE_SERVICE_SERIAL_LOG_H
#define BOOTWIRE_SERVICE_SERIAL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_LOG_DIRECTORY "console"

enum {
    SERIAL_LOG_FILE_MAX = 4 << 20, /* bytes of one file */
    SERIAL_LOG_FILES_MAX = 20,     /* of one machine */
};

struct serial_log {
    char *directory;
    char *path;     /* of the file that is written, or was written last; NULL: none yet */
    int descriptor; /* -1: none */
    uint64_t size;
    int64_t began; /* seconds since 1970 */
    bool complained;
};

/* The directory of `host`'s logs below the state directory; release with free(). A `/` in the name
 * is a `_` there. */
char *serial_log_directory(const char *state_directory, const char *host);

/* Makes nothing yet: the first line does. */
void serial_log_init(struct serial_log *log, const char *state_directory, const char *host);
void serial_log_release(struct serial_log *log);
/* The next line belongs to another boot. */
void serial_log_begin(struct serial_log *log);
/* Writes one line. Where that fails, the server's log says so once. */
void serial_log_line(struct serial_log *log, const char *text);

#endif
