#include "service/client_count.h"

#include "base/memory.h"

#include <stdlib.h>

unsigned client_count_add(struct map *counts, uint32_t address)
{
    unsigned *count = map_get(counts, &address, sizeof(address));

    if (!count) {
        count = memory_zeroed(1, sizeof(*count));
        map_put(counts, &address, sizeof(address), count);
    }
    return ++*count;
}

void client_count_remove(struct map *counts, uint32_t address)
{
    unsigned *count = map_get(counts, &address, sizeof(address));

    if (--*count == 0)
        free(map_remove(counts, &address, sizeof(address)));
}
