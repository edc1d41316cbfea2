/* The configuration as one immutable value.
 *
 * config/ builds a snapshot from a file; from then on nobody changes it. A reload builds another
 * and the server swaps the pointer; whoever still works with the old one holds a reference. Every
 * pointer in here lives in the snapshot's own region and dies with the last reference. */
#ifndef BOOTWIRE_MODEL_SNAPSHOT_H
#define BOOTWIRE_MODEL_SNAPSHOT_H

#include "base/map.h"
#include "base/region.h"
#include "base/slice.h"
#include "model/address.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in a configuration file, for messages: lines and columns count from 1. `file` is NULL for
 * a value that no line wrote (a default). */
struct position {
    const char *file;
    unsigned line;
    unsigned column;
};

/* What a setting is about: a parameter of the server, or an option of an option space. */
enum setting_space {
    SPACE_PARAMETER = 0, /* code is an enum parameter */
    SPACE_DHCP = 1,      /* code is an option code of RFC 2132 and its successors, 1 to 254 */
};

/* Parameters, each with the form of its value's bytes. */
enum parameter {
    PARAMETER_FILENAME,              /* text; empty overrides an inherited one */
    PARAMETER_NEXT_SERVER,           /* 4 bytes, network order */
    PARAMETER_SERVER_NAME,           /* text */
    PARAMETER_SERVER_IDENTIFIER,     /* 4 bytes, network order */
    PARAMETER_DEFAULT_LEASE_TIME,    /* 4 bytes, network order: seconds; 0xffffffff is forever */
    PARAMETER_MIN_LEASE_TIME,        /* the same */
    PARAMETER_MAX_LEASE_TIME,        /* the same */
    PARAMETER_AUTHORITATIVE,         /* 1 byte, 0 or 1; so are all flags */
    PARAMETER_ALLOW_BOOTING,         /* flag */
    PARAMETER_ALLOW_BOOTP,           /* flag */
    PARAMETER_ALLOW_UNKNOWN_CLIENTS, /* flag */
    PARAMETER_USE_HOST_DECL_NAMES,   /* flag */
    PARAMETER_ALWAYS_BROADCAST,      /* flag */
    PARAMETER_TFTP_ROOT,             /* text: an absolute directory; global scope only */
    PARAMETER_STATE_DIRECTORY,       /* text: an absolute directory; global scope only */
    PARAMETER_CONSOLE,               /* text: NetBSD installboot's name of it ("com0", "pc") */
    PARAMETER_CONSOLE_SPEED,         /* 4 bytes, network order: baud */
    PARAMETER_CONSOLE_ADDRESS,       /* 4 bytes, network order: I/O address */
    PARAMETER_BOOT_TIMEOUT,          /* 4 bytes, network order: seconds a loader waits */
    PARAMETER_IPXE_NO_PXEDHCP,       /* flag: iPXE is told to wait for no proxyDHCP server */
    PARAMETER_PROXY_DHCP,            /* flag: the addresses are another server's; PXE only */
    PARAMETER_PXE_MENU,              /* items: a length byte and text, a length byte and file */
    PARAMETER_PXE_PROMPT,            /* a byte of seconds (255: wait), text */
    PARAMETER_ROUTER_ADVERTISEMENT,  /* flag: a ROM that solicits an IPv6 router is answered */
    PARAMETER_COUNT,
};

/* One statement's effect: the value, ready for the wire, and the line that wrote it. */
struct setting {
    enum setting_space space;
    unsigned code;
    struct slice value;
    struct position where;
};

/* The settings of one declaration, in the order written (a later one wins), and the declaration
 * that surrounds it; `outer` is NULL for the global scope. */
struct scope {
    const struct scope *outer;
    const struct setting *settings;
    size_t count;
};

/* An inclusive range of addresses, low <= high. */
struct range {
    uint32_t low, high;
    bool dynamic_bootp;
};

struct subnet {
    uint32_t network, netmask;
    struct scope scope;
    const struct range *ranges;
    size_t range_count;
    struct position where;
};

struct host {
    const char *name;
    struct hardware hardware;       /* length 0: none written */
    struct slice client_identifier; /* option 61's bytes; empty: none written */
    const uint32_t *fixed_addresses;
    size_t fixed_address_count;
    struct scope scope; /* its outer: the groups around it, then the global scope */
    struct position where;
};

struct snapshot {
    atomic_int references;
    struct region region;
    struct scope global;
    const struct subnet *subnets;
    size_t subnet_count;
    const struct host *hosts;
    size_t host_count;
    struct map hosts_by_hardware; /* struct host; key: struct hardware's type and address bytes */
    struct map hosts_by_client_identifier; /* struct host; key: the identifier's bytes */
    struct map hosts_by_address;           /* struct host; key: the uint32_t fixed address */
};

/* An empty snapshot with one reference. */
struct snapshot *snapshot_new(void);
struct snapshot *snapshot_hold(struct snapshot *snapshot);
/* Lets one reference go; the last one frees. NULL is allowed. */
void snapshot_free(struct snapshot *snapshot);
/* Fills the three maps from `hosts`, once they are complete; of two hosts with one key the first
 * written stays. */
void snapshot_index(struct snapshot *snapshot);

const struct host *snapshot_host_by_hardware(const struct snapshot *snapshot,
                                             const struct hardware *hardware);
const struct host *snapshot_host_by_client_identifier(const struct snapshot *snapshot,
                                                      struct slice identifier);
const struct host *snapshot_host_by_address(const struct snapshot *snapshot, uint32_t address);
const struct host *snapshot_host_by_name(const struct snapshot *snapshot, const char *name);
/* The subnet that holds the address, or NULL. */
const struct subnet *snapshot_subnet_of(const struct snapshot *snapshot, uint32_t address);

/* The scopes that apply to one machine at one address, innermost first: host, its groups, the
 * subnet, what surrounds that, and the global scope last; none twice. */
enum {
    SCOPE_NESTING_MAX = 24,                     /* scopes around each other within the global one */
    SCOPE_VIEW_MAX = 2 * SCOPE_NESTING_MAX + 1, /* a host's, a subnet's, and the global one */
};
struct scope_view {
    const struct scope *scopes[SCOPE_VIEW_MAX];
    size_t count;
};

/* `host` and `subnet` may be NULL. */
struct scope_view scope_view_of(const struct snapshot *snapshot, const struct host *host,
                                const struct subnet *subnet);
/* The setting that wins: the innermost scope's last; NULL where nobody wrote one. */
const struct setting *scope_view_find(const struct scope_view *view, enum setting_space space,
                                      unsigned code);
/* The same as a number (1 to 4 bytes, network order), or `otherwise`. */
uint32_t scope_view_number(const struct scope_view *view, enum parameter parameter,
                           uint32_t otherwise);
/* The same as bytes; an empty slice with data NULL where nobody wrote one. */
struct slice scope_view_bytes(const struct scope_view *view, enum setting_space space,
                              unsigned code);

#endif
