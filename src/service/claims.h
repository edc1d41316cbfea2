/* For how many addresses one machine may say that they are in use, when they are offered.
 *
 * Whatever answers an ARP probe takes an address out of the pool. A router that answers for every
 * address (proxy ARP, RFC 1027), or a host that means harm, would empty it; so each hardware
 * address is believed for a few addresses at a time. Not safe for several threads at once. */
#ifndef BOOTWIRE_SERVICE_CLAIMS_H
#define BOOTWIRE_SERVICE_CLAIMS_H

#include "model/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLAIMS_OF_ONE_MAX = 8, /* as many as a machine may decline (decide/dhcp.h) */
    CLAIMS_KEPT = 1024,    /* the oldest are forgotten first */
};

struct claim {
    struct hardware holder;
    uint64_t until_ms; /* as long as the address is set aside; 0: none */
};

/* All zero is a new one. */
struct claims {
    struct claim list[CLAIMS_KEPT]; /* a ring */
    size_t next;
};

/* Whether `holder` is believed for one more address, which is then set aside until `until_ms`; both
 * times are monotonic. */
bool claims_take(struct claims *claims, const struct hardware *holder, uint64_t until_ms,
                 uint64_t now_ms);

#endif
