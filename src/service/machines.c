#include "service/machines.h"

#include "base/map.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>

struct machines {
    pthread_rwlock_t lock;
    struct map by_address; /* struct machine; key: the uint32_t address */
    atomic_uint_least64_t generation;
};

struct machines *machines_new(void)
{
    struct machines *machines = memory_zeroed(1, sizeof(*machines));

    pthread_rwlock_init(&machines->lock, NULL);
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
