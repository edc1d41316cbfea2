#include "service/machines.h"

#include "base/map.h"
#include "base/memory.h"
#include "decide/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FETCHES_MAX = 4096 };

/* Who is at an address, and how that is known. */
struct holder {
    struct machine machine;
    struct told *told;
    size_t heard; /* its place among the addresses that were only heard of, from 1; 0: it is none */
};

struct fetch {
    struct hardware hardware;
    struct boot_fetch what;
};

struct machines {
    pthread_rwlock_t lock;
    struct map by_address; /* struct holder; key: the uint32_t address */
    uint32_t *heard;       /* MACHINES_HEARD_MAX addresses, filled in turn; 0: none */
    size_t heard_next;
    struct map fetches; /* struct fetch; key: the whole struct hardware */
    struct fetch *ring; /* FETCHES_MAX, filled in turn */
    size_t next;
    atomic_uint_least64_t generation;
};

struct machines *machines_new(void)
{
    struct machines *machines = memory_zeroed(1, sizeof(*machines));

    pthread_rwlock_init(&machines->lock, NULL);
    machines->heard = memory_zeroed(MACHINES_HEARD_MAX, sizeof(*machines->heard));
    machines->ring = memory_zeroed(FETCHES_MAX, sizeof(*machines->ring));
    atomic_init(&machines->generation, 1);
    return machines;
}

void machines_free(struct machines *machines)
{
    struct map_entry *entry;
    size_t place = 0;

    if (!machines)
        return;
    while (map_next(&machines->by_address, &place, &entry)) {
        struct holder *holder = entry->value;

        told_free(holder->told);
        free(holder);
    }
    map_release(&machines->by_address);
    map_release(&machines->fetches);
    free(machines->heard);
    free(machines->ring);
    pthread_rwlock_destroy(&machines->lock);
    free(machines);
}

static void holder_tell(struct machines *machines, struct holder *holder, struct told *told)
{
    if (!told_alike(holder->told, told))
        atomic_fetch_add(&machines->generation, 1);
    told_free(holder->told);
    holder->told = told;
}

/* Forgets who holds the address. */
static void forget(struct machines *machines, uint32_t address)
{
    struct holder *holder = map_remove(&machines->by_address, &address, sizeof(address));

    if (holder)
        told_free(holder->told);
    free(holder);
    atomic_fetch_add(&machines->generation, 1);
}

/* The place of a new address among those heard of; the one that was there longest gives way. */
static size_t place_heard(struct machines *machines, uint32_t address)
{
    size_t place = machines->heard_next++ % MACHINES_HEARD_MAX;
    uint32_t before = machines->heard[place];
    const struct holder *holder = map_get(&machines->by_address, &before, sizeof(before));

    if (holder && holder->heard == place + 1)
        forget(machines, before);
    machines->heard[place] = address;
    return place + 1;
}

static void put(struct machines *machines, uint32_t address, const struct machine *machine,
                struct told *told, bool heard)
{
    enum boot_platform platform = PLATFORM_OTHER;
    struct holder *known;

    pthread_rwlock_wrlock(&machines->lock);
    known = map_get(&machines->by_address, &address, sizeof(address));
    if (!known) {
        known = memory_zeroed(1, sizeof(*known));
        known->heard = heard ? place_heard(machines, address) : 0;
        map_put(&machines->by_address, &address, sizeof(address), known);
    }
    if (!heard)
        known->heard = 0;
    if (!hardware_equal(&known->machine.hardware, &machine->hardware))
        atomic_fetch_add(&machines->generation, 1);
    else
        platform = known->machine.platform;
    known->machine = *machine;
    if (known->machine.platform == PLATFORM_OTHER)
        known->machine.platform = platform;
    holder_tell(machines, known, told);
    pthread_rwlock_unlock(&machines->lock);
}

void machines_put(struct machines *machines, uint32_t address, const struct machine *machine,
                  struct told *told)
{
    put(machines, address, machine, told, false);
}

void machines_hear(struct machines *machines, uint32_t address, const struct machine *machine,
                   struct told *told)
{
    put(machines, address, machine, told, true);
}

void machines_tell(struct machines *machines, uint32_t address, struct told *told)
{
    struct holder *holder;

    pthread_rwlock_wrlock(&machines->lock);
    holder = map_get(&machines->by_address, &address, sizeof(address));
    if (holder)
        holder_tell(machines, holder, told);
    else
        told_free(told);
    pthread_rwlock_unlock(&machines->lock);
}

void machines_drop(struct machines *machines, uint32_t address, const struct hardware *hardware)
{
    const struct holder *known;

    pthread_rwlock_wrlock(&machines->lock);
    known = map_get(&machines->by_address, &address, sizeof(address));
    if (known && hardware_equal(&known->machine.hardware, hardware))
        forget(machines, address);
    pthread_rwlock_unlock(&machines->lock);
}

void machines_settle(struct machines *machines, const struct snapshot *snapshot)
{
    struct map_entry *entry;
    size_t place = 0;

    pthread_rwlock_wrlock(&machines->lock);
    while (map_next(&machines->by_address, &place, &entry)) {
        struct holder *holder = entry->value;

        if (!holder->told || holder->told->snapshot == snapshot)
            continue;
        told_free(holder->told);
        holder->told = NULL;
    }
    pthread_rwlock_unlock(&machines->lock);
}

bool machines_get(struct machines *machines, uint32_t address, struct machine *machine)
{
    const struct holder *known;

    pthread_rwlock_rdlock(&machines->lock);
    known = map_get(&machines->by_address, &address, sizeof(address));
    if (known)
        *machine = known->machine;
    pthread_rwlock_unlock(&machines->lock);
    return known != NULL;
}

void machines_fetched(struct machines *machines, uint32_t address, const char *file,
                      uint64_t now_ms)
{
    const struct machine *machine;
    const struct holder *holder;
    struct fetch *fetch;

    pthread_rwlock_wrlock(&machines->lock);
    holder = map_get(&machines->by_address, &address, sizeof(address));
    if (!holder)
        goto out;
    machine = &holder->machine;
    fetch = map_get(&machines->fetches, &machine->hardware, sizeof(machine->hardware));
    if (!fetch) {
        fetch = &machines->ring[machines->next++ % FETCHES_MAX];
        map_remove(&machines->fetches, &fetch->hardware, sizeof(fetch->hardware));
        *fetch = (struct fetch){.hardware = machine->hardware};
        map_put(&machines->fetches, &fetch->hardware, sizeof(fetch->hardware), fetch);
    }
    loop_note(&fetch->what, file, machine->stage, machine->fingerprint, now_ms);
out:
    pthread_rwlock_unlock(&machines->lock);
}

struct boot_fetch machines_fetch(struct machines *machines, const struct hardware *hardware)
{
    struct boot_fetch what = {.count = 0};
    const struct fetch *fetch;

    pthread_rwlock_rdlock(&machines->lock);
    fetch = map_get(&machines->fetches, hardware, sizeof(*hardware));
    if (fetch)
        what = fetch->what;
    pthread_rwlock_unlock(&machines->lock);
    return what;
}

uint64_t machines_generation(struct machines *machines)
{
    return atomic_load(&machines->generation);
}

const struct host *machines_host(struct machines *machines, const struct snapshot *snapshot,
                                 uint32_t address, struct machine *machine, struct told **told)
{
    const struct host *host, *told_host = NULL;
    const struct holder *known;

    *machine = (struct machine){.stage = STAGE_UNKNOWN};
    if (told)
        *told = NULL;
    pthread_rwlock_rdlock(&machines->lock);
    known = map_get(&machines->by_address, &address, sizeof(address));
    if (known)
        *machine = known->machine;
    if (known && known->told && known->told->snapshot == snapshot) {
        told_host = known->told->host;
        if (told) {
            *told = known->told;
            atomic_fetch_add(&known->told->references, 1);
        }
    }
    pthread_rwlock_unlock(&machines->lock);
    host = machine->hardware.length > 0 ? snapshot_host_at(snapshot, &machine->hardware, address)
                                        : NULL;
    if (!host)
        host = told_host;
    return host ? host : snapshot_host_of_holder(snapshot, &machine->hardware, address);
}
