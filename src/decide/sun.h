/* What Sun's machines ask before they boot, answered from the same host declaration as DHCP: RARP
 * (RFC 903) and bootparam. Pure functions of the configuration. */
#ifndef BOOTWIRE_DECIDE_SUN_H
#define BOOTWIRE_DECIDE_SUN_H

#include "model/lease.h"
#include "model/snapshot.h"
#include "wire/bootparam.h"
#include "wire/rarp.h"

#include <stdbool.h>
#include <stdint.h>

enum { SUN_WHY_SIZE = 256, SUN_TEXT_SIZE = BOOTPARAM_PATH_MAX + 1 };

/* What came of a RARP request. */
struct rarp_plan {
    bool has_reply;
    bool for_us;             /* false: another server's, or no request; nobody needs to know */
    const struct host *host; /* NULL: no declaration names the machine */
    struct rarp_packet reply;
    char why[SUN_WHY_SIZE];
};

/* A machine gets the fixed address that its host declaration has in the subnet of the interface,
 * whose addresses are `local_hardware` and `local_address`; else the address there that a lease
 * gives it now. RARP has no lease of its own and no refusal: without either there is no answer.
 * `leases` may be NULL; `wall`: seconds since 1970. */
void decide_rarp(const struct snapshot *snapshot, const struct lease_table *leases, int64_t wall,
                 const struct rarp_packet *request,
                 const uint8_t local_hardware[RARP_HARDWARE_SIZE], uint32_t local_address,
                 struct rarp_plan *plan);

/* Who the machine at `address` is; false where no host declaration has that fixed address. The
 * result's slices live as long as the snapshot and the view. `view`: the scopes that apply to it.
 */
bool decide_whoami(const struct host *host, const struct scope_view *view,
                   struct bootparam_who *who);

/* The host that GETFILE's client name means: the caller by its host-name option or the name of its
 * declaration, and nobody else; where no caller is known (NULL), the one whose declaration has that
 * name. NULL where there is none. */
const struct host *sun_host_by_name(const struct snapshot *snapshot, const struct host *caller,
                                    struct slice name);

/* Where a file is: what the configuration has for that key. Where it has nothing, "root" follows
 * from root-path, and "gateway" is the first router with the netmask as its path (as NetBSD asks
 * for it). Everything else is answered "there is none", so that the machine goes on at once. `text`
 * holds what the result's slices point to beside the snapshot;
 * `local_address` is ours. */
void decide_getfile(const struct snapshot *snapshot, const struct scope_view *view,
                    struct slice file, uint32_t local_address, uint32_t netmask,
                    char text[SUN_TEXT_SIZE], struct bootparam_file *result);

#endif
