/* Which addresses the server has on its guest's private network. Pure. */
#ifndef BOOTWIRE_GUEST_ADDRESSES_H
#define BOOTWIRE_GUEST_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>

struct host;
struct snapshot;

struct guest_addresses {
    uint32_t server;  /* in the guest's subnet */
    uint32_t netmask; /* of that subnet */
    uint32_t also;    /* next-server, where it is in no subnet of the guest's; else 0 */
};

/* Reads them off the configuration, for `host`. The subnet is that of its fixed address,
 * else of its next-server, else the first one with a range, else the first. The server's address
 * there is next-server, else server-identifier, else the first router, whichever lies in the
 * subnet; else the first address that no range and no host has. Returns 0, or -1 with a message for
 * the person in `error`. */
int guest_addresses_find(struct guest_addresses *addresses, const struct snapshot *snapshot,
                         const struct host *host, char *error, size_t error_size);

#endif
