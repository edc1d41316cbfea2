/* The portmapper, program 100000: version 2 (RFC 1833 section 3) and rpcbind's versions 3 and 4
 * (section 2). */
#ifndef BOOTWIRE_WIRE_PORTMAP_H
#define BOOTWIRE_WIRE_PORTMAP_H

#include "base/cursor.h"

#include <stddef.h>
#include <stdint.h>

enum { PORTMAP_PROGRAM = 100000 };

/* Procedures of version 2. */
enum {
    PORTMAP_NULL = 0,
    PORTMAP_SET = 1,
    PORTMAP_UNSET = 2,
    PORTMAP_GETPORT = 3,
    PORTMAP_DUMP = 4,
    PORTMAP_CALLIT = 5,
};

/* Procedures of versions 3 and 4 that differ from those. */
enum { RPCBIND_GETADDR = 3, RPCBIND_GETVERSADDR = 9 };

enum { PORTMAP_TCP = 6, PORTMAP_UDP = 17 }; /* IP protocol numbers */

/* struct mapping (section 3.1). */
struct portmap_mapping {
    uint32_t program, version;
    uint32_t protocol; /* PORTMAP_TCP, PORTMAP_UDP, or what a client made up */
    uint32_t port;
};

/* CALLIT's arguments: a call to pass on. */
struct portmap_indirect {
    uint32_t program, version, procedure;
    struct slice arguments;
};

enum {
    RPCBIND_TEXT_MAX = 255,      /* bytes of each of its strings that are read */
    UNIVERSAL_ADDRESS_SIZE = 24, /* "255.255.255.255.255.255" with its NUL */
};

/* struct rpcb (section 2.1); the strings are views into the packet. */
struct rpcbind_entry {
    uint32_t program, version;
    struct slice netid;   /* "udp", "tcp" */
    struct slice address; /* universal address */
    struct slice owner;
};

void portmap_read_mapping(struct reader *r, struct portmap_mapping *mapping);
void portmap_write_mapping(struct writer *w, const struct portmap_mapping *mapping);
void portmap_read_indirect(struct reader *r, struct portmap_indirect *call);
void rpcbind_read_entry(struct reader *r, struct rpcbind_entry *entry);
void rpcbind_write_entry(struct writer *w, const struct rpcbind_entry *entry);

/* "h1.h2.h3.h4.p1.p2" (RFC 5665 section 5.2.3.3) of an IPv4 address and a port in host byte order.
 */
char *universal_address(char to[UNIVERSAL_ADDRESS_SIZE], uint32_t address, uint16_t port);

#endif
