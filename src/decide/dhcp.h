/* What to answer to a DHCP or BOOTP request: a pure function of the configuration, the leases, the
 * message and the time. RFC 2131 section 4.3, RFC 951, RFC 1542, RFC 1534. */
#ifndef BOOTWIRE_DECIDE_DHCP_H
#define BOOTWIRE_DECIDE_DHCP_H

#include "decide/boot_plan.h"
#include "decide/evaluation.h"
#include "decide/identity.h"
#include "model/fetch.h"
#include "model/lease.h"
#include "model/snapshot.h"
#include "wire/dhcp.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DHCP_OFFER_MS = 120000,       /* how long an offer keeps its address from others */
    DHCP_OFFERS_MAX = 65536,      /* offers open at a time; beyond it the oldest one ends */
    DHCP_LEASES_MAX = 1 << 20,    /* addresses with a record; beyond it only those are given */
    DHCP_DECLINES_MAX = 8,        /* addresses that one machine may have set aside at a time */
    DHCP_DECLINED_SECONDS = 3600, /* how long a declined address is set aside */
    DHCP_REPEAT_MS = 64000, /* a repeat counts within this: the longest pause of a PXE client */
    DHCP_WHY_SIZE = 512,
    DHCP_FREED_MAX = 8, /* leases that one request can end */
};

/* How the message arrived. Addresses are 0 where unknown. */
struct dhcp_arrival {
    uint32_t source;        /* the sender's */
    uint32_t destination;   /* where it was sent to: ours, or a broadcast address */
    uint32_t local_address; /* ours on the interface it came to, in a declared subnet if any is */
};

/* The last answer a machine got, kept by the service: a machine that asks the same again has not
 * heard it. U-Boot draws a new transaction id each time, so that is no part of it. */
struct dhcp_answered {
    enum dhcp_type type;
    uint32_t asked_address; /* option 50, or ciaddr */
    bool had_address;       /* ciaddr was set */
    uint64_t at_ms;         /* monotonic; 0: never answered */
    enum boot_stage stage;  /* which stage asked */
    bool router_wanted;     /* it waits for an IPv6 router now, and may be told of one */
};

struct dhcp_question {
    const struct snapshot *snapshot;
    const struct lease_table *leases;
    const struct dhcp_message *message;
    struct slice packet; /* the bytes that the message was read from; empty: unknown */
    struct dhcp_arrival arrival;
    struct dhcp_answered answered;
    struct boot_fetch fetched;
    struct boot_means boot; /* to carry out recipes with; `server` is the arrival's local address */
    bool boot_server;       /* it came to PXE's port 4011, not to 67 */
    bool named_ipxe;        /* loop_name_ipxe() has changed the message: say so */
    int64_t wall;           /* seconds since 1970 */
    uint64_t now_ms;        /* monotonic */
};

enum dhcp_outcome {
    OUTCOME_SILENT,    /* not for us, or nothing to say: worth a line for the curious only */
    OUTCOME_REFUSED,   /* no answer, or a NAK, that a person should know of */
    OUTCOME_ANSWERED,  /* the machine gets what it asked for */
    OUTCOME_NOTED,     /* nothing to send, but something changed (release, decline) */
    OUTCOME_EXHAUSTED, /* no address is left */
    OUTCOME_NO_SUBNET, /* it came from a network that no subnet declares */
};

enum lease_change {
    CHANGE_NONE,
    CHANGE_OFFER,  /* put `lease` in the table; in memory only */
    CHANGE_STORE,  /* put `lease` in the table and make it durable before the reply leaves */
    CHANGE_FORGET, /* end the offer of the lease's address: the machine took another server's */
};

/* How the reply travels (RFC 2131 section 4.1). */
enum dhcp_path {
    PATH_LINK,      /* in a frame to the client's hardware address, IP destination yiaddr */
    PATH_BROADCAST, /* to 255.255.255.255 on the interface the request came to */
    PATH_CLIENT,    /* to `destination`, the client's address, port 68 */
    PATH_RELAY,     /* to `destination`, the relay's address, port 67 */
};

/* The decision. The reply's slices point into the snapshot, the message and `bytes`: it lives as
 * long as they do and must not be copied. */
struct dhcp_plan {
    enum dhcp_outcome outcome;
    struct identity identity;
    enum boot_stage stage;
    const struct subnet *subnet;
    char why[DHCP_WHY_SIZE]; /* the reason, for the log; printable */

    enum lease_change change;
    struct lease lease;
    uint32_t freed[DHCP_FREED_MAX]; /* addresses whose leases end, besides */
    size_t freed_count;

    bool has_reply;
    enum dhcp_type reply_type;
    struct dhcp_reply reply;
    size_t limit; /* the longest message the client takes */
    enum dhcp_path path;
    bool also_broadcast;              /* it repeats itself: send by both ways */
    enum step_reason reason;          /* why there is no answer, or no boot file */
    uint32_t other_server;            /* whose offer it takes instead of ours; 0: nobody's */
    uint32_t holds;                   /* the address that it takes from another server; 0: none */
    struct slice menu_file;           /* the boot file of its choice from the menu; empty: none */
    const struct boot_recipe *recipe; /* what the configuration says is booted; NULL: `filename` */
    struct boot_answer boot;          /* where there is a recipe: what follows for this stage */
    bool loop;                        /* the boot file would load itself: it is held back */
    bool router_wanted;               /* a Router Solicitation that follows is to be answered */
    bool probe;               /* ask the link whether somebody has the address that it offers */
    uint32_t abandon_seconds; /* how long that is set aside then */
    uint32_t destination;

    uint8_t bytes[1024]; /* option values made for this reply */
    size_t bytes_used;

    /* What the configuration came to for this packet: its log lines are the service's to write.
     * Last, for it is large and clears itself. */
    struct evaluation evaluation;
};

/* Decides. Everything that happens goes out in `*plan`. */
void decide_dhcp(const struct dhcp_question *question, struct dhcp_plan *plan);

/* The line that decided the answer: of the boot file in it, else of its address, else of what
 * refuses the machine. File NULL: none did. */
struct position dhcp_decided(const struct dhcp_plan *plan);
/* The parameter that keeps the machine from an answer, and what that is in words; NULL: none. */
const struct setting *dhcp_refusing(const struct dhcp_plan *plan, const char **what);

/* Somebody else answers at an address: fills in the record that sets it aside until then (seconds
 * since 1970). Returns false where nothing is to be done, for `lease` (NULL: none) is not, or no
 * longer, that machine's. */
bool dhcp_set_aside(const struct lease *lease, const struct hardware *machine, int64_t until,
                    struct lease *aside);

/* The lease's time is up: runs its `on expiry` and leaves of its notes what stays. The question's
 * message is a blank one but for the hardware address; the plan's change is to be carried out. */
void decide_lease_end(const struct dhcp_question *question, const struct lease *lease,
                      struct dhcp_plan *plan);

/* "51 addresses: 40 bound, 3 offered, 1 declined, 7 free ..." of the subnet's ranges. */
void dhcp_pool_text(char *to, size_t size, const struct dhcp_question *question,
                    const struct subnet *subnet);

#endif
