/* How much of something each client address has: transfers, connections. For limits. */
#ifndef BOOTWIRE_SERVICE_CLIENT_COUNT_H
#define BOOTWIRE_SERVICE_CLIENT_COUNT_H

#include "base/map.h"

#include <stdint.h>

/* Counts one more for the address (host order), and returns how many it has with that one. `counts`
 * belongs to these two functions, begins all zero, and holds nothing for an address without any:
 * map_release() is enough once all are removed. One thread's. */
unsigned client_count_add(struct map *counts, uint32_t address);
/* One less: of those that were added, one each time. */
void client_count_remove(struct map *counts, uint32_t address);

#endif
