/* Whether a firewall's rules let a packet in. The rules are read for one packet at a time: of each
 * rule only whether it applies to that packet, as far as one can tell, and what it then does. Pure
 * but for the look itself (firewall_look.c). */
#ifndef BOOTWIRE_INSPECT_FIREWALL_H
#define BOOTWIRE_INSPECT_FIREWALL_H

#include "base/region.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A machine's first packet to a service. Addresses in host byte order. */
struct firewall_packet {
    const char *interface;        /* it comes in by */
    bool tcp;                     /* else UDP */
    uint16_t port;                /* it goes to */
    uint16_t from_port;           /* 0: any */
    uint32_t source, source_mask; /* some address of that network */
    uint32_t destination;
    bool broadcast; /* to all of the link */
};

/* Whether something holds for the packet. */
enum firewall_truth { FIREWALL_NO, FIREWALL_MAYBE, FIREWALL_YES };
enum firewall_truth firewall_and(enum firewall_truth a, enum firewall_truth b);
enum firewall_truth firewall_not(enum firewall_truth a);
/* Whether the packet comes from, or goes to, the network. */
enum firewall_truth firewall_from(const struct firewall_packet *packet, uint32_t network,
                                  uint32_t mask);
enum firewall_truth firewall_to(const struct firewall_packet *packet, uint32_t network,
                                uint32_t mask);
/* Whether it comes in by the interface of that name; `wildcard` at the name's end stands for
 * anything. */
enum firewall_truth firewall_by(const struct firewall_packet *packet, const char *name,
                                char wildcard);

enum firewall_verdict {
    FIREWALL_ACCEPT,
    FIREWALL_DROP,   /* or reject it */
    FIREWALL_RETURN, /* to the chain that called this one */
    FIREWALL_JUMP,   /* to another chain, and back */
    FIREWALL_GOTO,   /* to another chain in this one's place */
    FIREWALL_NOTHING,
    FIREWALL_UNKNOWN, /* something that may accept, drop or go on */
};

struct firewall_rule {
    struct firewall_rule *next;
    enum firewall_truth applies;
    enum firewall_verdict verdict;
    const char *target; /* of JUMP and GOTO: a chain of the same table */
    const char *text;   /* for people */
};

struct firewall_chain {
    struct firewall_chain *next;
    const char *table; /* "inet filter", "ip filter" */
    const char *name;
    bool base;  /* what comes in goes through it */
    bool drops; /* a base chain: whatever no rule accepts */
    struct firewall_rule *rules, *last_rule;
    unsigned ends;       /* bits, once known: how it may end; 0: not yet */
    const char *dropper; /* the rule (or the policy) that drops, if any does */
    bool busy;
};

/* All chains of one kind of firewall, in a region. */
struct firewall {
    struct region *region; /* of everything below; the caller's */
    struct firewall_chain *chains;
};

/* A new chain at the front of the list, and a new rule at a chain's end. Strings are copied. */
struct firewall_chain *firewall_add_chain(struct firewall *firewall, const char *table,
                                          const char *name);
struct firewall_chain *firewall_find_chain(const struct firewall *firewall, const char *table,
                                           const char *name);
void firewall_add_rule(struct firewall *firewall, struct firewall_chain *chain,
                       struct firewall_rule rule);

/* What becomes of the packet. Where it is dropped, or may be, `*chain` is the base chain that does
 * so, and its `dropper` the rule. FIREWALL_NO: it is let in. */
enum firewall_truth firewall_drops(struct firewall *firewall, const struct firewall_chain **chain);

/* Reads what `nft -j list ruleset` prints, for the packet. The tables of family ip whose names are
 * in `but` (NULL at its end) are left out. False where it is no such thing. */
struct json_t;
bool firewall_read_nft(struct firewall *firewall, const struct json_t *ruleset,
                       const struct firewall_packet *packet, const char *const but[]);
/* Reads what iptables-save prints. */
void firewall_read_iptables(struct firewall *firewall, const char *text,
                            const struct firewall_packet *packet);

#endif
