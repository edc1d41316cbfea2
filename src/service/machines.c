#include "service/machines.h"

#include "base/map.h"
#include "base/memory.h"
#include "decide/loop.h"

#include <pthread.h>
#include <stdlib.h>

enum { FETCHES_MAX = 4096 };

struct fetch {
    struct hardware hardware;
    struct boot_fetch what;
};

struct machines {
    pthread_rwlock_t lock;
    struct map by_address; /* struct machine; key: the uint32_t address */
    struct map fetches;    /* struct fetch; key: the whole struct hardware */
    struct fetch *ring;    /* FETCHES_MAX, filled in turn */
    size_t next;
    atomic_uint_least64_t generation;
};

struct machines *machines_new(void)
{
    struct machines *machines = memory_zeroed(1, sizeof(*machines));

    pthread_rwlock_init(&machines->lock, NULL);
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
    while (map_next(&machines->by_address, &place, &entry))
        free(entry->value);
    map_release(&machines->by_address);
    map_release(&machines->fetches);
    free(machines->ring);
    pthread_rwlock_destroy(&machines->lock);
    free(machines);
}

void machines_put(struct machines *machines, uint32_t address, const struct machine *machine)
{
    struct machine *known;

    pthread_rwlock_wrlock(&machines->lock);
    known = map_get(&machines->by_address, &address, sizeof(address));
    if (!known) {
        known = memory_zeroed(1, sizeof(*known));
        map_put(&machines->by_address, &address, sizeof(address), known);
    }
    if (!hardware_equal(&known->hardware, &machine->hardware))
        atomic_fetch_add(&machines->generation, 1);
    *known = *machine;
    pthread_rwlock_unlock(&machines->lock);
}

void machines_drop(struct machines *machines, uint32_t address, const struct hardware *hardware)
{
    struct machine *known;

    pthread_rwlock_wrlock(&machines->lock);
    known = map_get(&machines->by_address, &address, sizeof(address));
    if (known && hardware_equal(&known->hardware, hardware)) {
        map_remove(&machines->by_address, &address, sizeof(address));
        free(known);
        atomic_fetch_add(&machines->generation, 1);
    }
    pthread_rwlock_unlock(&machines->lock);
}

bool machines_get(struct machines *machines, uint32_t address, struct machine *machine)
{
    const struct machine *known;

    pthread_rwlock_rdlock(&machines->lock);
    known = map_get(&machines->by_address, &address, sizeof(address));
    if (known)
        *machine = *known;
    pthread_rwlock_unlock(&machines->lock);
    return known != NULL;
}

void machines_fetched(struct machines *machines, uint32_t address, const char *file,
                      uint64_t now_ms)
{
    const struct machine *machine;
    struct fetch *fetch;

    pthread_rwlock_wrlock(&machines->lock);
    machine = map_get(&machines->by_address, &address, sizeof(address));
    if (!machine)
        goto out;
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
                                 uint32_t address, struct machine *machine)
{
    const struct host *host = NULL;

    *machine = (struct machine){.stage = STAGE_UNKNOWN};
    if (machines_get(machines, address, machine))
        host = snapshot_host_by_hardware(snapshot, &machine->hardware);
    return host ? host : snapshot_host_by_address(snapshot, address);
}
