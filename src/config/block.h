/* The tree of declarations that the parser makes and the builder turns into a snapshot. All of it
 * lives in the parser's own region and is gone once the load ends; what outlives it (names, values)
 * stands in the snapshot's region. */
#ifndef BOOTWIRE_CONFIG_BLOCK_H
#define BOOTWIRE_CONFIG_BLOCK_H

#include "model/snapshot.h"

enum block_kind {
    BLOCK_GLOBAL,
    BLOCK_SHARED_NETWORK,
    BLOCK_SUBNET,
    BLOCK_POOL,
    BLOCK_GROUP,
    BLOCK_HOST,
    BLOCK_CLASS,
    BLOCK_SUBCLASS,
    BLOCK_KIND_COUNT,
};

/* A setting on its way into a scope. */
struct block_setting {
    struct block_setting *next;
    struct setting setting;
};

struct block_range {
    struct block_range *next;
    struct range range;
    struct block *subnet; /* that it belongs to; builder_check() sets it */
    struct position where;
};

struct block_address {
    struct block_address *next;
    uint32_t address;
    struct position where;
};

/* A pool's `allow` or `deny` line. */
struct block_permit {
    struct block_permit *next;
    enum permit_kind kind;
    struct block *class; /* of PERMIT_CLASS */
    int64_t after;       /* of PERMIT_AFTER */
    bool allow;
    struct position where;
};

/* Whom an `export` names: a host declaration, or a network. */
struct block_export_client {
    struct block_export_client *next;
    const char *name;          /* NULL: the network */
    const struct block *host;  /* of that name; builder_check() sets it */
    uint32_t network, netmask; /* 0 and 0: everybody */
    struct position where;
};

struct block_export {
    struct block_export *next;
    const char *directory; /* in the form of struct export's, in the snapshot's region */
    struct block_export_client *clients, *last_client;
    struct export_rights rights;
    bool broken; /* something in it could not be read: its clients, perhaps */
    struct position where;
};

/* Executable statements in the order written; they stand in the snapshot's region. */
struct action_list {
    struct action *first, *last;
};

/* One declaration with its braces; the global scope is one without. */
struct block {
    enum block_kind kind;
    struct block *outer;
    struct block *first, *last, *next; /* its children, and the next child of `outer` */
    unsigned depth;                    /* 0 for the global scope */
    const char *name;                  /* as written; NULL where the kind has none */
    struct position where;             /* its keyword */
    bool broken;                       /* its header has errors: nothing in it can be checked */

    struct block_setting *settings, *last_setting;
    size_t setting_count;
    const struct setting *proxy; /* of these, the last that sets PARAMETER_PROXY_DHCP */
    struct action_list actions;  /* every statement, the settings among them */
    bool has_actions;            /* some of them depend on the packet */

    uint32_t network, netmask;               /* a subnet's */
    bool has_interface;                      /* a network's: a shared one's, else a subnet's */
    struct block_range *ranges, *last_range; /* a subnet's or a pool's */

    struct hardware hardware; /* a host's, as are those below */
    struct slice client_identifier;
    struct block_address *addresses, *last_address;
    bool has_fixed_address6;
    size_t address_count;
    const struct host_serial *serial; /* in the snapshot's region */
    enum setting_space identifier_space;
    unsigned identifier_code;
    struct slice identifier_value;

    const struct expression *match_if, *match, *spawn_with; /* a class's */
    bool declared_condition, declared_value; /* in the declaration that is read: match_if, and the
                                                others */
    uint32_t lease_limit;                    /* a class's or a subclass's */
    struct block *class;                     /* a subclass's */
    struct slice key;                        /* the same */
    struct class *made;                      /* a class's in the snapshot */

    struct block_export *exports, *last_export; /* the global scope's */

    struct block_permit *permits, *last_permit; /* a pool's */
    struct pool *pool;                          /* a pool's in the snapshot */
    struct shared_network *shared;              /* a shared network's in the snapshot */

    struct scope *scope; /* where it went in the snapshot; the builder sets both */
    size_t index;        /* a subnet's or host's, in the snapshot's array */
};

/* "subnet", "host" ... as the language writes it; "the global scope" for that. */
const char *block_kind_name(enum block_kind kind);

/* A new last child of `outer` (NULL for the global scope). */
struct block *block_new(struct region *region, enum block_kind kind, struct block *outer,
                        struct position where);
void block_add_setting(struct region *region, struct block *block, struct setting setting);
void block_add_range(struct region *region, struct block *block, struct range range,
                     struct position where);
void block_add_address(struct region *region, struct block *block, uint32_t address,
                       struct position where);

/* The next block of the tree after `block`, outer ones first, in the order written; NULL behind the
 * last. */
struct block *block_walk(struct block *block);
/* The nearest block of a kind around (or equal to) `block`, or NULL. */
struct block *block_around(struct block *block, enum block_kind kind);
/* Whether the address is of this subnet. */
bool block_holds(const struct block *subnet, uint32_t address);

/* The subnets of a tree by their addresses: a file may hold thousands, and ask as often. All zero
 * is empty. */
enum { SUBNET_MASKS = 33 };
struct subnet_index {
    struct map subnets;
    uint32_t masks[SUBNET_MASKS]; /* those that subnets have */
    size_t mask_count;
    bool broken; /* there is one whose header has errors: what it would hold nobody knows */
};
void subnet_index_fill(struct subnet_index *index, struct block *global);
void subnet_index_release(struct subnet_index *index);
/* The first subnet written that holds the whole range, of a shared network or (NULL) of all; NULL
 * where there is none. */
struct block *subnet_index_find(const struct subnet_index *index, const struct block *around,
                                struct range range);
/* The subnet that a range written in `block` belongs to, or NULL where it is in none. */
struct block *subnet_index_of_range(const struct subnet_index *index, struct block *block,
                                    struct range range);

#endif
