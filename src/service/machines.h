/* Which machine holds which address: the thread that answers DHCP says it, the threads that serve
 * files ask it. Safe from any thread. */
#ifndef BOOTWIRE_SERVICE_MACHINES_H
#define BOOTWIRE_SERVICE_MACHINES_H

#include "decide/boot_client.h"
#include "model/address.h"
#include "model/fetch.h"
#include "model/snapshot.h"
#include "model/step.h"
#include "service/told.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct machines;

/* What is known of the machine at an address. */
struct machine {
    struct hardware hardware;
    enum boot_stage stage;     /* of its last DHCP request */
    uint32_t fingerprint;      /* of the same (decide/loop.h) */
    struct boot_client client; /* what asked for a boot file last; zeroed: nobody knows */
    /* What it is by what its firmware said of itself: a kernel that asks later does not say it. */
    enum boot_platform platform;
};

struct machines *machines_new(void);
void machines_free(struct machines *machines);

/* `machine` holds `address` from now on; it stays the holder until it gives the address back or
 * another takes it, for a diskless machine may outlive its lease. `told` becomes the table's; NULL
 * where there is nothing. */
void machines_put(struct machines *machines, uint32_t address, const struct machine *machine,
                  struct told *told);
/* The same of an address that another server gives, by the machine's own word: of such addresses
 * the MACHINES_HEARD_MAX that were heard last are kept. */
enum { MACHINES_HEARD_MAX = 65536 };
void machines_hear(struct machines *machines, uint32_t address, const struct machine *machine,
                   struct told *told);
/* The machine of the link-layer address holds `address` no more; nothing happens where it does not.
 */
void machines_drop(struct machines *machines, uint32_t address, const struct hardware *hardware);
/* The holder of the address stays; what it was told is that from now on. */
void machines_tell(struct machines *machines, uint32_t address, struct told *told);
/* Forgets what machines were told under another configuration than this one: it means nothing any
 * more, and would keep that configuration in memory. */
void machines_settle(struct machines *machines, const struct snapshot *snapshot);
bool machines_get(struct machines *machines, uint32_t address, struct machine *machine);
/* The holder of `address` fetched the file to its end. Of 4,096 machines the last fetch is kept. */
void machines_fetched(struct machines *machines, uint32_t address, const char *file,
                      uint64_t now_ms);
/* What the machine fetched last; all zero where nothing is known. */
struct boot_fetch machines_fetch(struct machines *machines, const struct hardware *hardware);
/* Grows with every machines_put() that changed a holder, and with every change of a told root-path
 * or host declaration: a cache made under another number is stale. */
uint64_t machines_generation(struct machines *machines);

/* The host declaration of whoever holds `address`: by the link-layer address of the holder, else by
 * what it was told, else by fixed address, unless the holder is known not to be the machine that
 * the address is fixed for; NULL where none matches. `*machine` is filled in where it is known,
 * else zeroed. `*told` (which may be NULL) becomes what it was told under this snapshot, with a
 * reference that the caller lets go; NULL where there is nothing. */
const struct host *machines_host(struct machines *machines, const struct snapshot *snapshot,
                                 uint32_t address, struct machine *machine, struct told **told);

#endif
