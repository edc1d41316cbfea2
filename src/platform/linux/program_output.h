/* What a program of this system prints. */
#ifndef BOOTWIRE_PLATFORM_LINUX_PROGRAM_OUTPUT_H
#define BOOTWIRE_PLATFORM_LINUX_PROGRAM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

enum { PROGRAM_OUTPUT_MAX = 16 << 20 };

struct program_request {
    const char *const *argv; /* NULL at its end; the first word is looked for in PATH, and in
                                /usr/sbin and /sbin, which an ordinary user's PATH leaves out */
    unsigned patience_ms;    /* then it is killed */
    bool errors;             /* what it writes to standard error is wanted, too */
    const char *until;       /* once it has written this it is killed, and all is well; or NULL */
};

/* Runs it with nothing to read. `*text` gets what it wrote: NUL-terminated, allocated,
 * PROGRAM_OUTPUT_MAX bytes at most; NULL where nothing came. Returns its exit status, 128 and the
 * signal's number where one ended it, 0 where `until` came; or minus an errno: -ENOENT where there
 * is no such program, -ETIMEDOUT, -EFBIG. */
int program_output(const struct program_request *request, char **text);

#endif
