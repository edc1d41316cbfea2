/* The configuration for a machine that is not asking now.
 *
 * TFTP, bootparam and RARP serve by what the configuration says for a machine, conditions, classes
 * and pools included. What its last DHCP answer came to is kept; where there is none - after a
 * restart or a reload, and for machines that never ask by DHCP - it is evaluated for the request
 * that the machine's lease tells of, or for one that says nothing but the hardware address. */
#ifndef BOOTWIRE_DECIDE_RECALL_H
#define BOOTWIRE_DECIDE_RECALL_H

#include "decide/evaluation.h"
#include "model/lease.h"

/* The pool of the address; NULL: none, as where `subnet` is NULL. */
const struct pool *recall_pool(const struct subnet *subnet, uint32_t address);

/* Says who and where the machine is: host, address, subnet, pool. */
void recall_place(struct evaluation *e, const struct snapshot *snapshot, const struct host *host,
                  uint32_t address);

/* Whether any statement of the configuration may come to something else than what scope_view_of()
 * shows. */
bool recall_matters(const struct snapshot *snapshot);

/* A request as the machine sent it last, as far as its lease tells; `lease` may be NULL. The
 * slices point into the lease. */
void recall_message(struct dhcp_message *message, const struct hardware *hardware,
                    const struct lease *lease);

/* The declaration of the machine of that lease at its address; NULL: none. Fills in `*message`; `e`
 * is for its use. */
const struct host *recall_host(struct evaluation *e, struct dhcp_message *message,
                               const struct snapshot *snapshot, const struct lease_table *leases,
                               const struct lease *lease);

/* Evaluates for that message and with what the lease keeps (its notes): the view points into `e`.
 */
struct scope_view recall_view(struct evaluation *e, const struct dhcp_message *message,
                              const struct snapshot *snapshot, const struct host *host,
                              uint32_t address, struct slice notes);

/* The same for a machine that asks by no DHCP, in memory of its own that recall_free() gives back.
 * Where its hardware address is not known (length 0) it is the host declaration's. */
struct recalled {
    struct scope_view view; /* points into the rest */
    struct dhcp_message message;
    struct evaluation evaluation;
};
struct recalled *recall_new(const struct snapshot *snapshot, const struct host *host,
                            const struct hardware *hardware, uint32_t address);
void recall_free(struct recalled *recalled);

enum { RECALL_PICKED_MAX = 8 };

/* Picks from what an evaluation came to those settings that NFS and TFTP go by, where they are not
 * those of `plain`; at most RECALL_PICKED_MAX of them. All point into the snapshot: a value that
 * was made for one packet is none of them. `told` says that the machine was sent this outcome:
 * otherwise root-path is left out, for what stands in the branch of those whose relay says nothing
 * may be for them alone. Returns how many there are. */
size_t recall_pick(struct setting picked[RECALL_PICKED_MAX], const struct scope_view *outcome,
                   const struct scope_view *plain, bool told);

#endif
