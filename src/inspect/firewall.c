#include "inspect/firewall.h"

#include <string.h>

/* Bits of firewall_chain's `ends`. */
enum { END_ACCEPTED = 1, END_DROPPED = 2, END_BACK = 4 };

enum { DEPTH_MAX = 32 };

enum firewall_truth firewall_and(enum firewall_truth a, enum firewall_truth b)
{
    return a < b ? a : b;
}

enum firewall_truth firewall_not(enum firewall_truth a)
{
    return FIREWALL_YES - a;
}

enum firewall_truth firewall_from(const struct firewall_packet *packet, uint32_t network,
                                  uint32_t mask)
{
    if ((packet->source ^ network) & mask & packet->source_mask)
        return FIREWALL_NO;
    return (mask & packet->source_mask) == mask ? FIREWALL_YES : FIREWALL_MAYBE;
}

enum firewall_truth firewall_to(const struct firewall_packet *packet, uint32_t network,
                                uint32_t mask)
{
    return (packet->destination ^ network) & mask ? FIREWALL_NO : FIREWALL_YES;
}

enum firewall_truth firewall_by(const struct firewall_packet *packet, const char *name,
                                char wildcard)
{
    size_t length = strlen(name);

    if (length > 0 && name[length - 1] == wildcard)
        return strncmp(packet->interface, name, length - 1) == 0 ? FIREWALL_YES : FIREWALL_NO;
    return strcmp(packet->interface, name) == 0 ? FIREWALL_YES : FIREWALL_NO;
}

struct firewall_chain *firewall_add_chain(struct firewall *firewall, const char *table,
                                          const char *name)
{
    struct firewall_chain *chain = region_allocate(firewall->region, sizeof(*chain));

    *chain = (struct firewall_chain){.next = firewall->chains,
                                     .table = region_string(firewall->region, table),
                                     .name = region_string(firewall->region, name)};
    firewall->chains = chain;
    return chain;
}

struct firewall_chain *firewall_find_chain(const struct firewall *firewall, const char *table,
                                           const char *name)
{
    for (struct firewall_chain *at = firewall->chains; at; at = at->next) {
        if (strcmp(at->table, table) == 0 && strcmp(at->name, name) == 0)
            return at;
    }
    return NULL;
}

void firewall_add_rule(struct firewall *firewall, struct firewall_chain *chain,
                       struct firewall_rule rule)
{
    struct firewall_rule *made;

    if (rule.applies == FIREWALL_NO)
        return;
    made = region_allocate(firewall->region, sizeof(*made));
    *made = rule;
    made->next = NULL;
    made->target = rule.target ? region_string(firewall->region, rule.target) : NULL;
    made->text = region_string(firewall->region, rule.text ? rule.text : "");
    if (chain->last_rule)
        chain->last_rule->next = made;
    else
        chain->rules = made;
    chain->last_rule = made;
}

static void run_chain(struct firewall *firewall, struct firewall_chain *chain, unsigned depth);

/* How a rule that applies may end. */
static unsigned run_rule(struct firewall *firewall, struct firewall_chain *chain,
                         const struct firewall_rule *rule, unsigned depth)
{
    struct firewall_chain *target;

    switch (rule->verdict) {
    case FIREWALL_ACCEPT:
        return END_ACCEPTED;
    case FIREWALL_DROP:
        chain->dropper = chain->dropper ? chain->dropper : rule->text;
        return END_DROPPED;
    case FIREWALL_JUMP:
    case FIREWALL_GOTO:
        target = firewall_find_chain(firewall, chain->table, rule->target);
        if (!target || target->busy || depth == DEPTH_MAX)
            break;
        run_chain(firewall, target, depth + 1);
        chain->dropper = chain->dropper ? chain->dropper : target->dropper;
        return target->ends;
    case FIREWALL_UNKNOWN:
        chain->dropper = chain->dropper ? chain->dropper : rule->text;
        return END_ACCEPTED | END_DROPPED | END_BACK;
    case FIREWALL_RETURN:
    case FIREWALL_NOTHING:
        break;
    }
    return END_BACK;
}

/* Sets `ends` of the chain: every way it may end for the packet. */
static void run_chain(struct firewall *firewall, struct firewall_chain *chain, unsigned depth)
{
    unsigned ends = 0;
    bool back = true; /* the end of the rules may be reached */

    if (chain->ends)
        return;
    chain->busy = true;
    for (const struct firewall_rule *rule = chain->rules; rule && back; rule = rule->next) {
        bool leaves = rule->verdict == FIREWALL_RETURN || rule->verdict == FIREWALL_GOTO;
        unsigned outcome = run_rule(firewall, chain, rule, depth);

        ends |= outcome & (END_ACCEPTED | END_DROPPED);
        if (leaves)
            ends |= outcome & END_BACK;
        if (rule->applies == FIREWALL_YES && (leaves || !(outcome & END_BACK)))
            back = false;
    }
    if (back)
        ends |= END_BACK;
    if (chain->base && ends & END_BACK) {
        ends = (ends & ~(unsigned)END_BACK) | (chain->drops ? END_DROPPED : END_ACCEPTED);
        if (chain->drops && !chain->dropper)
            chain->dropper = "policy drop";
    }
    chain->busy = false;
    chain->ends = ends;
}

enum firewall_truth firewall_drops(struct firewall *firewall, const struct firewall_chain **chain)
{
    enum firewall_truth worst = FIREWALL_NO;

    for (struct firewall_chain *at = firewall->chains; at; at = at->next) {
        enum firewall_truth drops;

        if (!at->base)
            continue;
        run_chain(firewall, at, 0);
        drops = !(at->ends & END_DROPPED) ? FIREWALL_NO
                : at->ends == END_DROPPED ? FIREWALL_YES
                                          : FIREWALL_MAYBE;
        if (drops <= worst)
            continue;
        worst = drops;
        *chain = at;
    }
    return worst;
}
