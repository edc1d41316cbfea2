#include "service/dhcp_answered.h"

#include "base/map.h"
#include "base/memory.h"

#include <stdlib.h>

enum { MEMORY_MAX = 8192 };

struct remembered {
    struct hardware hardware;
    struct dhcp_answered answered;
};

struct dhcp_memory {
    struct map by_hardware;  /* struct remembered; key: the whole struct hardware */
    struct remembered *ring; /* MEMORY_MAX, filled in turn */
    size_t next;
};

struct dhcp_memory *dhcp_memory_new(void)
{
    struct dhcp_memory *memory = memory_zeroed(1, sizeof(*memory));

    memory->ring = memory_zeroed(MEMORY_MAX, sizeof(*memory->ring));
    return memory;
}

void dhcp_memory_free(struct dhcp_memory *memory)
{
    if (!memory)
        return;
    map_release(&memory->by_hardware);
    free(memory->ring);
    free(memory);
}

struct dhcp_answered dhcp_memory_get(const struct dhcp_memory *memory,
                                     const struct hardware *hardware)
{
    const struct remembered *known = map_get(&memory->by_hardware, hardware, sizeof(*hardware));

    return known ? known->answered : (struct dhcp_answered){.at_ms = 0};
}

void dhcp_memory_put(struct dhcp_memory *memory, const struct hardware *hardware,
                     struct dhcp_answered answered)
{
    struct remembered *known = map_get(&memory->by_hardware, hardware, sizeof(*hardware));

    if (!known) {
        known = &memory->ring[memory->next++ % MEMORY_MAX];
        map_remove(&memory->by_hardware, &known->hardware, sizeof(known->hardware));
        known->hardware = *hardware;
        map_put(&memory->by_hardware, hardware, sizeof(*hardware), known);
    }
    known->answered = answered;
}
