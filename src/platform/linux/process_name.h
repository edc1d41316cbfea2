/* The name of a process, for messages. */
#ifndef BOOTWIRE_PLATFORM_LINUX_PROCESS_NAME_H
#define BOOTWIRE_PLATFORM_LINUX_PROCESS_NAME_H

#include <stddef.h>

/* Its own name for itself, made printable, into `to` (`size` bytes, NUL-terminated); "?" where it
 * has gone. */
void process_name(long pid, char *to, size_t size);

#endif
