/* Which machine sent a DHCP or BOOTP request. The link-layer address is the machine: it is the one
 * thing that every stage of a boot sends. A client identifier tells nothing about that, for the ROM
 * sends one, the loader none, and the operating system a third; and cloned disks share theirs. */
#ifndef BOOTWIRE_DECIDE_IDENTITY_H
#define BOOTWIRE_DECIDE_IDENTITY_H

#include "model/lease.h"
#include "model/snapshot.h"
#include "wire/dhcp.h"

enum host_match {
    MATCH_NONE,
    MATCH_HARDWARE,
    MATCH_IDENTIFIER,         /* the client identifier that the request carries */
    MATCH_EARLIER_IDENTIFIER, /* the one that an earlier stage of the same machine sent */
};

/* A machine. The slice points into the message or the lease table. */
struct identity {
    struct hardware hardware;
    struct slice client_identifier; /* option 61 of this request; empty where it sends none */
    const struct host *host;        /* its declaration, or NULL */
    enum host_match match;
};

/* Says who sent the message. False where it names neither a hardware address nor an identifier. */
bool identity_of(const struct snapshot *snapshot, const struct lease_table *leases,
                 const struct dhcp_message *message, struct identity *identity);

#endif
