/* A place of the run's own: namespaces that nobody else is in, and a directory for its state that
 * only its processes see. All of it vanishes with the last process in it. */
#ifndef BOOTWIRE_GUEST_NAMESPACE_H
#define BOOTWIRE_GUEST_NAMESPACE_H

#include <stddef.h>

/* Moves the calling process, which must have one thread, into new network and mount namespaces; as
 * an ordinary user into a new user namespace first, where it is root. Returns 0, or -1 with a
 * message that names the thing and the cure in `error`. */
int guest_namespace_enter(char *error, size_t error_size);

/* Puts an empty file system in memory over the directory `path`; in the namespace only. Returns as
 * above. */
int guest_namespace_mount(const char *path, char *error, size_t error_size);
/* Takes it away again. */
void guest_namespace_unmount(const char *path);

#endif
