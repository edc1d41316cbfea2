/* What a program of this system prints. */
#ifndef BOOTWIRE_PLATFORM_LINUX_PROGRAM_OUTPUT_H
#define BOOTWIRE_PLATFORM_LINUX_PROGRAM_OUTPUT_H

#include <stddef.h>

enum { PROGRAM_OUTPUT_MAX = 16 << 20 };

/* Runs `argv` (NULL at its end; its first word is looked for in PATH, and in /usr/sbin and /sbin,
 * which an ordinary user's PATH leaves out), with nothing to read, and for `patience_ms` at most;
 * then it is killed. `*text` gets what it wrote, standard error as well where `errors` says so:
 * NUL-terminated, allocated, PROGRAM_OUTPUT_MAX bytes at most. Returns its exit status, 128 and the
 * signal's number where one ended it; or minus an errno, and `*text` is NULL: -ENOENT where there
 * is no such program, -ETIMEDOUT, -EFBIG. */
int program_output(const char *const argv[], unsigned patience_ms, int errors, char **text);

#endif
