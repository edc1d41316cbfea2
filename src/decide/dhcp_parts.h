/* What the files of the DHCP decision share; nobody else includes it. */
#ifndef BOOTWIRE_DECIDE_DHCP_PARTS_H
#define BOOTWIRE_DECIDE_DHCP_PARTS_H

#include "decide/dhcp.h"
#include "decide/pxe.h"
#include "model/lease_notes.h"

/* One decision on its way. */
struct decision {
    const struct dhcp_question *question;
    struct dhcp_plan *plan;
    struct scope_view view; /* the settings that hold for this machine */
    enum dhcp_type type;
    uint32_t requested;         /* option 50; 0: none */
    uint32_t server_identifier; /* ours */
    char earlier[96];           /* as whom the machine had the address on offer; empty: as itself */
    struct slice billing;       /* the class that the lease is to count for (NOTE_BILLING) */
};

/* Writes the reason into the plan; a later call replaces it. */
void dhcp_why(struct decision *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds to the reason. */
void dhcp_why_also(struct decision *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The address that an INFORM is about: ciaddr, else the sender's, which is a relay's where one sent
 * it; 0: none. */
uint32_t dhcp_informed_address(const struct decision *d);
/* Chooses the machine's address and says why. 0: it gets none, and why. `asked` is the address it
 * would like, or 0. */
uint32_t dhcp_choose_address(struct decision *d, uint32_t asked);
/* The record that the machine has in its present subnet, at an address that it may have; or NULL.
 */
const struct lease *dhcp_lease_held(const struct decision *d);
/* The host declaration's fixed address in the present subnet; 0: none. */
uint32_t dhcp_fixed_address(const struct decision *d);
/* The subnet of the address where it is on the machine's wire: its own, or one of the same shared
 * network; or NULL. */
const struct subnet *dhcp_subnet_here(const struct decision *d, uint32_t address);
/* The pool that the address belongs to, or NULL. */
const struct pool *dhcp_pool_of(const struct decision *d, uint32_t address);

/* Whether the subnet is on the machine's wire. */
bool dhcp_on_wire(const struct decision *d, const struct subnet *subnet);

#define DHCP_SECONDS_FOREVER 0xffffffffu /* RFC 2131 section 3.3 */
/* The time that a DHCP client gets the address for: what it asks, or the default, within the limits
 * and as far as its pool allows. */
uint32_t dhcp_lease_seconds(struct decision *d, uint32_t address);
/* The same for a BOOTP client. */
uint32_t dhcp_bootp_seconds(const struct decision *d, uint32_t address);
/* The record of the address as it will be: the machine's own with what this request adds, or a new
 * one. What is known of the machine from another address of its goes along. */
struct lease dhcp_record_for(const struct decision *d, uint32_t address);
/* Notes in the record what this request tells of the machine. */
void dhcp_remember_machine(const struct decision *d, struct lease *lease);
/* Has the plan end the other leases that one-lease-per-client takes from who gets `address`. */
void dhcp_free_others(struct decision *d, uint32_t address);

/* The notes of the lease that the request is about: the one at `address`, or, where that is 0, the
 * one that the machine has. Empty where there is none that lasts. */
struct slice dhcp_notes_of(const struct decision *d, uint32_t address);
/* The relay's options as they are kept with the lease, for a renewal that came past the relay;
 * empty where the request has its own, or none are kept. */
struct slice dhcp_stashed_agent_options(const struct decision *d);
/* Whether a class with a lease limit has room for the lease; chooses it. Says why not. */
bool dhcp_bill(struct decision *d, uint32_t address);
/* Writes what is to be kept with the lease into its notes. */
void dhcp_write_notes(struct decision *d, struct lease *lease);
/* Runs what the configuration had in store for this end of one of the machine's leases when that
 * was acknowledged, with the lease's own variables. */
void dhcp_run_end(struct evaluation *e, const struct lease *lease, unsigned event);

/* Finds out what the machine is to boot: from its recipe, where it has one (plan->recipe and
 * plan->boot, and the reason says it), else nothing is done. To be called once the settings stand.
 */
void dhcp_choose_boot(struct decision *d);
/* The boot file's name or URL: of the choice from the menu, the recipe, or `filename`. Empty: none.
 */
struct slice dhcp_boot_file(const struct decision *d);

/* Fills in the reply and its way back. */
void dhcp_make_reply(struct decision *d, enum dhcp_type type, uint32_t address,
                     uint32_t lease_seconds);
/* The reply of a proxyDHCP or boot server: a boot file and PXE's options, no address. `item`: the
 * choice from the menu to echo, or NULL. */
void dhcp_make_pxe_reply(struct decision *d, enum dhcp_type type, const struct pxe_boot_item *item);
/* Decides for a subnet whose addresses another server gives (proxy-dhcp). */
void dhcp_decide_proxy(struct decision *d);
/* Decides on what came to port 4011. */
void dhcp_decide_boot_server(struct decision *d);
/* A refusal (DHCPNAK). */
void dhcp_make_nak(struct decision *d);

#endif
