/* How full each range of addresses is: counted in the control thread, to which the leases belong, a
 * few addresses at a time, and told to any thread. */
#ifndef BOOTWIRE_SERVICE_POOLS_H
#define BOOTWIRE_SERVICE_POOLS_H

#include "model/lease.h"

#include <stddef.h>
#include <stdint.h>

struct loop;
struct pools;
struct snapshot;

enum { POOLS_MAX = 1000 }; /* ranges that are counted, the first ones written */

struct pool_use {
    uint32_t network, netmask; /* of the subnet */
    uint32_t low, high;        /* of the range, both included */
    struct lease_counts counts;
};

/* "10.50.1.0/24" and "10.50.1.200-10.50.1.250". */
enum { POOL_TEXT_SIZE = 2 * IPV4_TEXT_SIZE };
void pool_use_text(const struct pool_use *use, char subnet[POOL_TEXT_SIZE],
                   char range[POOL_TEXT_SIZE]);

/* Counts again every few seconds, in the loop's thread. `table` and `snapshot` are to outlive it,
 * or the next pools_configure(). */
struct pools *pools_new(struct loop *loop, const struct lease_table *table,
                        const struct snapshot *snapshot);
/* NULL is allowed. */
void pools_free(struct pools *pools);
/* Another configuration is in force. In the loop's thread. */
void pools_configure(struct pools *pools, const struct snapshot *snapshot);

/* How they stood a moment ago, in the order written; at most POOLS_MAX. Any thread may ask. Release
 * with free(). `pools` may be NULL: there are none. */
struct pool_use *pools_list(struct pools *pools, size_t *count);

#endif
