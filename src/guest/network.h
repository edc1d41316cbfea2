/* A network that nobody else is on: a namespace with a bridge that has the server's address, and a
 * tap device on it for the guest. All of it vanishes with the last process in the namespace. */
#ifndef BOOTWIRE_GUEST_NETWORK_H
#define BOOTWIRE_GUEST_NETWORK_H

#include <stddef.h>

struct guest_addresses;

/* Moves the calling process into a new network namespace and builds the network there; needs
 * CAP_SYS_ADMIN. Returns the tap device's descriptor (inherited by programs that the process
 * starts), or -1 with a message that names the thing and the cure in `error`. */
int guest_network_enter(const struct guest_addresses *addresses, char *error, size_t error_size);

#endif
