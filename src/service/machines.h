/* Which machine holds which address: the thread that answers DHCP says it, the threads that serve
 * files ask it. Safe from any thread. */
#ifndef BOOTWIRE_SERVICE_MACHINES_H
#define BOOTWIRE_SERVICE_MACHINES_H

#include "model/address.h"
#include "model/snapshot.h"
#include "model/step.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct machines;

/* What is known of the machine at an address. */
struct machine {
    struct hardware hardware;
    enum boot_stage stage; /* of its last DHCP request */
};

struct machines *machines_new(void);
void machines_free(struct machines *machines);

/* `machine` holds `address` from now on; it stays the holder until another takes the address, for a
 * diskless machine may outlive its lease. */
void machines_put(struct machines *machines, uint32_t address, const struct machine *machine);
bool machines_get(struct machines *machines, uint32_t address, struct machine *machine);
/* Grows with every machines_put() that changed a holder: a cache made under another number is
 * stale. */
uint64_t machines_generation(struct machines *machines);

/* The host declaration of whoever holds `address`: by the link-layer address of the holder, else by
 * fixed address; NULL where none matches. `*machine` is filled in where it is known, else zeroed.
 */
const struct host *machines_host(struct machines *machines, const struct snapshot *snapshot,
                                 uint32_t address, struct machine *machine);

#endif
