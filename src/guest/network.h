/* A network that nobody else is on: a bridge that has the server's address, and a port on it for
 * each guest. It is in the calling process's network namespace and vanishes with that. */
#ifndef BOOTWIRE_GUEST_NETWORK_H
#define BOOTWIRE_GUEST_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

struct guest_addresses;

enum { GUEST_LINKS_MAX = 64 };

/* A guest's port: a tap device, which QEMU takes as it is; or, where /dev/net/tun cannot be opened,
 * one end of a pair of veth devices, from which frames are carried to QEMU (guest/relay.h). */
struct guest_link {
    int qemu;   /* for QEMU, not close-on-exec: the tap, or its end of the stream; -1: none now */
    int frames; /* the relay's packet socket; -1: it is a tap */
    int stream; /* the relay's end of the stream; -1: none now */
};

/* Builds the bridge. Returns 0, or -1 with a message that names the thing and the cure in `error`.
 */
int guest_network_build(const struct guest_addresses *addresses, char *error, size_t error_size);
/* Makes the port of guest `number` (from 0). Returns as above. The descriptors are the caller's. */
int guest_network_attach(struct guest_link *link, unsigned number, char *error, size_t error_size);
/* Before a QEMU is started: makes a stream for it where there is no tap. Returns 0, or -1 with
 * errno.
 */
int guest_link_open(struct guest_link *link);
/* Closes the descriptors that are left. */
void guest_link_close(struct guest_link *link);

#endif
