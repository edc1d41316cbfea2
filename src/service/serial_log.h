/* The logs of one machine's serial console: a file for each boot, in STATE/console/HOST/, named by
 * the time (UTC) of its beginning and a number: TIME-001.log. A line is the time, a space, and the
 * text without what only terminals understand. Files and their number are bounded: a boot that
 * prints more than SERIAL_LOG_FILE_MAX goes on in TIME-002.log, and the oldest files go. */
#ifndef BOOTWIRE_SERVICE_SERIAL_LOG_H
#define BOOTWIRE_SERVICE_SERIAL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_LOG_DIRECTORY "console"

enum {
    SERIAL_LOG_FILE_MAX = 4 << 20, /* bytes of one file */
    SERIAL_LOG_FILES_MAX = 20,     /* of one machine */
    SERIAL_LOG_TIME_SIZE = 40,
};

struct serial_log {
    char *directory;
    char *path;     /* of the file that is written, or was written last; NULL: none yet */
    int descriptor; /* -1: none */
    uint64_t size;
    char began[SERIAL_LOG_TIME_SIZE]; /* the boot, as its files' names say; empty: none yet */
    unsigned part;                    /* of the boot: the number of the file */
    bool complained;
};

/* The directory of `host`'s logs below the state directory; release with free(). A `/` in the name
 * is a `_` there. */
char *serial_log_directory(const char *state_directory, const char *host);

/* The name of a log's file without what tells the files of one boot from each other: its length. */
size_t serial_log_boot_length(const char *name);

/* Makes nothing yet: the first line does. */
void serial_log_init(struct serial_log *log, const char *state_directory, const char *host);
void serial_log_release(struct serial_log *log);
/* The next line belongs to another boot. */
void serial_log_begin(struct serial_log *log);
/* Writes one line. Where that fails, the server's log says so once. */
void serial_log_line(struct serial_log *log, const char *text);

#endif
