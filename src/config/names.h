/* Host names where the language takes addresses: `option domain-name-servers ns.example.org;`.
 *
 * A load reads the files once to learn which names they hold, has all of those looked up at the
 * same time, and reads the files again with the answers. So a name is asked for once however often
 * it stands there, and one limit of time holds for all of them. Only the load looks names up: no
 * packet ever waits for a resolver. */
#ifndef BOOTWIRE_CONFIG_NAMES_H
#define BOOTWIRE_CONFIG_NAMES_H

#include "base/map.h"
#include "base/region.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HOST_NAMES_MAX = 1000,          /* names that one load looks up; the others have no address */
    HOST_NAME_ADDRESSES_MAX = 64,   /* addresses of one name that count */
    HOST_NAMES_MILLISECONDS = 5000, /* for all lookups of one load together */
};

/* One name, and what is known of it. */
struct host_name {
    struct host_name *next;
    const char *name; /* in lower case */
    bool asked;       /* somebody has looked it up */
    size_t address_count;
    uint32_t addresses[HOST_NAME_ADDRESSES_MAX]; /* host byte order, in the resolver's order */
};

/* The names of one load. All zero but the region is empty. */
struct host_names {
    struct region *region; /* holds them */
    struct map by_name;
    struct host_name *first, *last;
    size_t count;
};

/* Looks up every name that nobody has asked for yet, and marks it so. */
typedef void host_names_resolver(struct host_names *names);

/* The name's entry; a new one where it is not there yet. NULL past HOST_NAMES_MAX. */
const struct host_name *host_names_get(struct host_names *names, struct slice name);
void host_names_release(struct host_names *names);
/* Whether there are names that nobody has asked for. */
bool host_names_wait(const struct host_names *names);
/* Adds an address to a name; past HOST_NAME_ADDRESSES_MAX nothing happens. */
void host_name_add(struct host_name *name, uint32_t address);

/* The resolver of the system (getaddrinfo(3)): /etc/hosts, the DNS, whatever nsswitch.conf(5)
 * names. IPv4 alone. A name without an answer at the end of the time stays without addresses. */
host_names_resolver host_names_ask_system;

#endif
