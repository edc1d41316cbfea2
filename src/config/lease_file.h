/* ISC dhcpd's lease file, dhcpd.leases(5), as far as it tells of IPv4 leases. */
#ifndef BOOTWIRE_CONFIG_LEASE_FILE_H
#define BOOTWIRE_CONFIG_LEASE_FILE_H

#include "base/slice.h"
#include "model/lease.h"

#include <stdbool.h>
#include <stdint.h>

enum { LEASE_FILE_ABANDONED_SECONDS = 86400 }; /* how long dhcpd sets an abandoned address aside */

/* Where what is read goes. Lines count from 1; the strings and the lease live for the call only. */
struct lease_file_sink {
    /* One entry of the file, in its order: a later one for the same address replaces it. An address
     * that nobody holds or held has hardware length 0. */
    void (*take)(void *argument, const struct lease *lease, unsigned line);
    /* Something that is wrong, or that has no place here. `entry`: a whole entry is left out. */
    void (*complain)(void *argument, unsigned line, bool entry, const char *message);
    void *argument;
};

/* Reads the whole text. Nothing in it stops the reading: an entry that is wrong is reported, left
 * out, and passed over. */
void lease_file_read(struct slice text, const struct lease_file_sink *sink);

#endif
