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
#include "model/boot_recipe.h"
#include "model/expression.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    PARAMETER_TFTP_ROOT,             /* text: an absolute directory */
    PARAMETER_STATE_DIRECTORY,       /* text: an absolute directory; global scope only */
    PARAMETER_CONTROL_SOCKET,        /* text: an absolute path; global scope only */
    PARAMETER_CONSOLE,               /* text: NetBSD installboot's name of it ("com0", "pc") */
    PARAMETER_CONSOLE_SPEED,         /* 4 bytes, network order: baud */
    PARAMETER_CONSOLE_ADDRESS,       /* 4 bytes, network order: I/O address */
    PARAMETER_BOOT_TIMEOUT,          /* 4 bytes, network order: seconds a loader waits */
    PARAMETER_IPXE_NO_PXEDHCP,       /* flag: iPXE is told to wait for no proxyDHCP server */
    PARAMETER_NFS_BANDWIDTH,         /* number: bytes a second of one machine, 0: no limit */
    PARAMETER_NFS_RESERVED_PORTS,    /* flag: AUTH_SYS is believed from ports below 1024 alone */
    PARAMETER_KEEP_OWNERSHIP,        /* flag: beside the files, even as root; global scope only */
    PARAMETER_PROXY_DHCP,            /* flag: the addresses are another server's; PXE only */
    PARAMETER_PXE_MENU,              /* items: a length byte and text, a length byte and file */
    PARAMETER_PXE_PROMPT,            /* a byte of seconds (255: wait), text */
    PARAMETER_ROUTER_ADVERTISEMENT,  /* flag: a ROM that solicits an IPv6 router is answered */
    PARAMETER_MIN_SECS,              /* 1 byte: requests with a smaller secs field wait */
    PARAMETER_PING_CHECK,            /* flag: look whether an offered address is in use */
    PARAMETER_ALWAYS_REPLY_RFC1048,  /* flag */
    PARAMETER_LEASE_ADDRESS_ROUTE,   /* flag: use-lease-addr-for-default-route */
    PARAMETER_VENDOR_OPTION_SPACE,   /* 4 bytes, network order: a setting_space; option 43's */
    PARAMETER_SITE_OPTION_SPACE,     /* 4 bytes, network order: a setting_space */
    PARAMETER_BOOTP_LEASE_SECONDS,   /* 4 bytes, network order: a BOOTP lease from a range */
    PARAMETER_BOOTP_LEASE_CUTOFF,    /* the same: seconds since 1970 at which those leases end */
    PARAMETER_ADAPTIVE_THRESHOLD,    /* 1 byte: per cent of a pool; beyond it leases are short */
    PARAMETER_ABANDON_SECONDS,       /* 4 bytes, network order: a declined address waits so long */
    PARAMETER_ALLOW_DECLINES,        /* flag */
    PARAMETER_ALLOW_DUPLICATES,      /* flag: false: a machine has one lease at a time */
    PARAMETER_ONE_LEASE_PER_CLIENT,  /* flag: the same */
    PARAMETER_IGNORE_CLIENT_UIDS,    /* flag: client identifiers are not kept with leases */
    PARAMETER_INFINITE_IS_RESERVED,  /* flag: asking for an infinite time reserves the address */
    PARAMETER_STASH_AGENT_OPTIONS,   /* flag: a relay's options hold for renewals past it, too */
    PARAMETER_ECHO_CLIENT_ID,        /* flag */
    PARAMETER_HTTP_PORT,             /* 2 bytes, network order; 0: no HTTP; global scope only */
    PARAMETER_METRICS_CLIENTS,       /* 8 bytes each, network order: a network and its mask */
    PARAMETER_TFTP_IGNORE_CASE,      /* flag: of a file's name */
    PARAMETER_TFTP_MAX_BLKSIZE,      /* 4 bytes, network order: bytes of a block at most */
    PARAMETER_TFTP_ROLLOVER,         /* the same: 0 or 1, the number of the block after 65535 */
    PARAMETER_TFTP_SINGLE_PORT,      /* flag: transfers leave from the port that requests come to */
    PARAMETER_TFTP_PORTS,            /* the first and the last one, 2 bytes each, network order */
    PARAMETER_TFTP_UPLOAD,           /* text: an absolute directory */
    PARAMETER_TFTP_UPLOAD_MAX_SIZE,  /* 4 bytes, network order: MiB of one file */
    PARAMETER_TFTP_UPLOAD_MAX_TOTAL, /* the same, of all */
    PARAMETER_TFTP_UPLOAD_OVERWRITE, /* flag: what is there may be replaced */
    PARAMETER_BOOT,                  /* 4 bytes, network order: a place in snapshot->recipes */
    PARAMETER_BOOT_LOADER,           /* text: "ipxe", "pxelinux", "grub", "syslinux", "uboot" */
    PARAMETER_VERDICT_SILENCE,       /* 4 bytes, network order: percent; global scope only */
    PARAMETER_COUNT,
};

/* Whether a parameter is a flag. */
bool parameter_is_flag(enum parameter parameter);

/* What one declaration says, and the declaration that surrounds it; `outer` is NULL for the global
 * scope.
 *
 * `settings` are those that depend on no packet and stand under no condition, in the order written
 * (a later one wins): what scope_view_find() looks at. `actions` is everything in the order
 * written, those settings among it; NULL where there is nothing but them. */
struct scope {
    const struct scope *outer;
    const struct setting *settings;
    size_t count;
    const struct action *actions;
};

/* A space of options beside the standard one ("option space ipxe;"). */
struct option_space {
    const char *name;
    unsigned code_width;   /* bytes of a code: 1, 2 or 4 */
    unsigned length_width; /* bytes of a length: 0 (none), 1 or 2 */
    bool has_end;          /* with a code of one byte: 0 is padding and 255 the end */
};

/* "option x code 175 = encapsulate ipxe;": the option of `space` and `code` carries the options of
 * `inner`. Option 82 and SPACE_AGENT need no row. */
struct encapsulation {
    enum setting_space space;
    unsigned code;
    enum setting_space inner;
};

struct dhcp_form; /* wire/dhcp_option_table.h */

/* "option NAME code N = FORM;": what the configuration calls an option. Only for messages. */
struct option_name {
    enum setting_space space;
    unsigned code;
    const char *name; /* without its space */
    const struct dhcp_form *form;
};

struct class;

/* One value of a class's `match` expression. */
struct subclass {
    const struct class *class;
    struct slice key;
    uint32_t lease_limit; /* 0: the class's */
    struct scope scope;   /* its outer: the class's */
    struct position where;
};

/* A class and what puts packets into it. */
struct class {
    const char *name;
    const struct expression *match_if;   /* boolean; NULL: none */
    const struct expression *match;      /* data, compared with the subclasses' keys; NULL: none */
    const struct expression *spawn_with; /* data; NULL: none */
    uint32_t lease_limit;                /* 0: none */
    struct scope scope;                  /* its outer: the global scope */
    const struct subclass *subclasses;   /* of two with one key the first holds */
    size_t subclass_count;
    const struct subclass *const *subclasses_by_key; /* ordered; snapshot_index() fills it in */
    struct position where;
};

/* Who a pool's `allow` and `deny` lines name. */
enum permit_kind {
    PERMIT_ALL,
    PERMIT_KNOWN,
    PERMIT_UNKNOWN,
    PERMIT_DYNAMIC_BOOTP,
    PERMIT_AUTHENTICATED,   /* nobody is */
    PERMIT_UNAUTHENTICATED, /* everybody is */
    PERMIT_CLASS,           /* members of the class, and of its subclasses */
    PERMIT_AFTER,           /* everybody, once a time has passed */
};

struct permit {
    enum permit_kind kind;
    const struct class *class; /* of PERMIT_CLASS */
    int64_t after;             /* of PERMIT_AFTER: seconds since 1970, or INT64_MAX: never */
    struct position where;
};

/* A pool: whom its ranges serve, and what it says. Whoever `deny` names gets nothing; where there
 * is an `allow`, nobody else does. */
struct pool {
    const struct permit *allow, *deny;
    size_t allow_count, deny_count;
    struct scope scope;
    struct position where;
};

struct shared_network {
    const char *name;
    struct scope scope;
    struct position where;
};

/* An inclusive range of addresses, low <= high. */
struct range {
    uint32_t low, high;
    bool dynamic_bootp;
    const struct pool *pool; /* NULL: written in the subnet itself */
    struct position where;
};

struct subnet {
    uint32_t network, netmask;
    struct scope scope;
    const struct shared_network *shared; /* NULL: alone on its wire */
    const struct range *ranges;
    size_t range_count;
    struct position where;
};

enum { SERIAL_SPEED_DEFAULT = 9600 };

/* Where a machine's serial console is: a tty device or a Unix socket (a path from `/` on), or
 * HOST:PORT. */
struct host_serial {
    const char *place;
    uint32_t speed; /* baud, of a tty device; 0: HOST:PORT has none */
    struct position where;
};

struct host {
    const char *name;
    struct hardware hardware;       /* length 0: none written */
    struct slice client_identifier; /* option 61's bytes; empty: none written */
    const uint32_t *fixed_addresses;
    size_t fixed_address_count;
    const struct position *fixed_address_places; /* as many; NULL: no line wrote them */
    /* host-identifier option: the request's option with exactly these bytes; empty: none. */
    enum setting_space identifier_space;
    unsigned identifier_code;
    struct slice identifier_value;
    struct scope scope;               /* its outer: the groups around it, then the global scope */
    const struct host_serial *serial; /* NULL: none is written */
    struct position where;
    /* The next declaration written for the same hardware address, or the same client identifier:
     * a machine may have one for each network. NULL: none. */
    const struct host *next_of_hardware, *next_of_identifier;
};

/* Whom the server takes at their word who they are: everybody, everybody but root, or nobody. */
enum export_squash { SQUASH_NONE, SQUASH_ROOT, SQUASH_ALL };

enum { EXPORT_NOBODY = 65534 }; /* user and group of who is nobody, where nobody wrote others */

/* What a machine may do with an export. */
struct export_rights {
    bool writable;
    enum export_squash squash;
    uint32_t anon_uid, anon_gid; /* who is not taken at its word is these */
};

/* Whom an `export` statement names. */
struct export_client {
    const struct host *host;   /* NULL: whoever has an address of the network */
    uint32_t network, netmask; /* 0 and 0: everybody */
};

/* export "/dir" { ... } */
struct export_statement {
    const char *directory; /* as struct export's (model/export.h) */
    const struct export_client *clients;
    size_t client_count; /* at least 1 */
    struct export_rights rights;
    struct position where;
};

/* mtree "/dir" "file"; */
struct mtree_statement {
    const struct mtree_statement *next; /* in the order written */
    const char *directory;              /* absolute */
    const char *file;                   /* absolute, or in the directory */
    struct position where;
};

/* Neighbouring addresses whose subnet is one: where subnets lie in each other, the first written
 * has what both hold. */
struct subnet_span {
    uint32_t low, high;
    const struct subnet *subnet;
};

/* An option that host declarations go by ("host-identifier option"). */
struct host_identifier {
    enum setting_space space;
    unsigned code;
    struct map hosts; /* struct host; key: the option's bytes */
};

enum { SNAPSHOT_BOOTPARAM_KEYS_MAX = 64 };

struct snapshot {
    atomic_int references;
    struct region region;
    struct scope global;
    const struct subnet *subnets;
    size_t subnet_count;
    struct host *hosts;
    size_t host_count;
    const struct export_statement *exports; /* in the order written, no directory twice */
    size_t export_count;
    const struct mtree_statement *mtrees;
    const struct boot_recipe *recipes; /* in the order written; scope_view_recipe() finds them */
    size_t recipe_count;
    const char *bootparam_keys[SNAPSHOT_BOOTPARAM_KEYS_MAX]; /* those that some scope has */
    size_t bootparam_key_count;
    bool has_tftp_root;              /* in whichever scope */
    const struct subnet_span *spans; /* ordered; snapshot_index() fills in these, too */
    size_t span_count;
    const struct host_identifier *host_identifiers; /* the options that hosts go by */
    size_t host_identifier_count;
    const struct class *classes; /* in the order written */
    size_t class_count;
    const struct option_space *spaces; /* number SPACE_USER + index */
    size_t space_count;
    const struct encapsulation *encapsulations;
    size_t encapsulation_count;
    const struct option_name *option_names; /* of two for one option the first holds */
    size_t option_name_count;
    struct map hosts_by_hardware; /* struct host; key: struct hardware's type and address bytes */
    struct map hosts_by_client_identifier; /* struct host; key: the identifier's bytes */
    struct map hosts_by_address;           /* struct host; key: the uint32_t fixed address */
};

/* An empty snapshot with one reference. */
struct snapshot *snapshot_new(void);
struct snapshot *snapshot_hold(struct snapshot *snapshot);
/* Lets one reference go; the last one frees. NULL is allowed. */
void snapshot_free(struct snapshot *snapshot);
/* Fills what finds hosts, subnets and subclasses, once they are complete: a packet costs the same
 * however many there are. Of two with one key the first written stays. */
void snapshot_index(struct snapshot *snapshot);

const struct host *snapshot_host_by_hardware(const struct snapshot *snapshot,
                                             const struct hardware *hardware);
const struct host *snapshot_host_by_client_identifier(const struct snapshot *snapshot,
                                                      struct slice identifier);
/* Whether it is one of the host's fixed addresses. */
bool host_has_address(const struct host *host, uint32_t address);
/* Of the declarations for the hardware address the one that is for a machine at `address`: it has
 * it as a fixed address, or else has none, or else is the first. */
const struct host *snapshot_host_at(const struct snapshot *snapshot,
                                    const struct hardware *hardware, uint32_t address);
/* The declaration of whoever is at the address: as above by the hardware address of its holder
 * (length 0: not known), else the one that the address is fixed for, unless that one names another
 * hardware address: then the holder is not its machine. NULL: none. */
const struct host *snapshot_host_of_holder(const struct snapshot *snapshot,
                                           const struct hardware *hardware, uint32_t address);
const struct host *snapshot_host_by_address(const struct snapshot *snapshot, uint32_t address);
const struct host *snapshot_host_by_name(const struct snapshot *snapshot, const char *name);
/* The host that goes by this option of the request and has these bytes for it, or NULL. */
const struct host *host_identifier_find(const struct host_identifier *identifier,
                                        struct slice value);
/* The subclass of this value, or NULL. */
const struct subclass *class_find(const struct class *class, struct slice key);
/* The subnet that holds the address, or NULL. */
const struct subnet *snapshot_subnet_of(const struct snapshot *snapshot, uint32_t address);

/* The scopes that apply to one machine at one address, innermost first: host, its groups, the
 * subnet, what surrounds that, and the global scope last; none twice. */
enum {
    SCOPE_NESTING_MAX = 24, /* scopes around each other within the global one */
    SCOPE_VIEW_MAX =
        2 * SCOPE_NESTING_MAX + 2, /* one put before, a host's, a subnet's, the global */
};
struct scope_view {
    const struct scope *scopes[SCOPE_VIEW_MAX];
    size_t count;
};

/* `host` and `subnet` may be NULL. */
struct scope_view scope_view_of(const struct snapshot *snapshot, const struct host *host,
                                const struct subnet *subnet);
/* Puts a scope before all others; once at most. */
void scope_view_put_first(struct scope_view *view, const struct scope *scope);
/* The setting that wins: the innermost scope's last; NULL where nobody wrote one. */
const struct setting *scope_view_find(const struct scope_view *view, enum setting_space space,
                                      unsigned code);
/* The same as a number (1 to 4 bytes, network order), or `otherwise`. */
uint32_t scope_view_number(const struct scope_view *view, enum parameter parameter,
                           uint32_t otherwise);
/* The same as a flag, or `otherwise`. As in dhcpd only a first byte of 1 is on, and no value off.
 */
bool scope_view_flag(const struct scope_view *view, enum parameter parameter, bool otherwise);
/* The same as bytes; an empty slice with data NULL where nobody wrote one. */
struct slice scope_view_bytes(const struct scope_view *view, enum setting_space space,
                              unsigned code);
/* What these scopes say is booted, or NULL. Of `boot` (or `menu`) and `filename` the one holds that
 * the innermost scope has, and of both in one scope the later one. */
const struct boot_recipe *scope_view_recipe(const struct snapshot *snapshot,
                                            const struct scope_view *view);

#endif
