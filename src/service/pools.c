#include "service/pools.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/snapshot.h"
#include "net/loop.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 16384, /* addresses of one turn of the loop: well below a millisecond */
    STEP_PAUSE_MS = 1,
    PAUSE_MS = 2000,    /* between two counts ... */
    PAUSE_FACTOR = 100, /* ... or so many times what one takes */
};

struct pools {
    const struct lease_table *table;
    struct loop_event *timer;
    /* A count on its way. */
    struct pool_use *counting;
    size_t count, at;
    uint64_t next; /* address of that range */
    uint64_t taken_us;
    pthread_mutex_t lock; /* guards what follows */
    struct pool_use *counted;
    size_t counted_count;
};

static void publish(struct pools *pools)
{
    struct pool_use *copy = memory_zeroed(pools->count + 1, sizeof(*copy)), *old;

    if (pools->count > 0)
        memcpy(copy, pools->counting, pools->count * sizeof(*copy));
    pthread_mutex_lock(&pools->lock);
    old = pools->counted;
    pools->counted = copy;
    pools->counted_count = pools->count;
    pthread_mutex_unlock(&pools->lock);
    free(old);
}

/* Counts the next piece of a range; returns how many addresses that were. */
static uint64_t count_piece(struct pools *pools)
{
    struct pool_use *use = &pools->counting[pools->at];
    uint64_t first = pools->next, last = first + STEP - 1;

    if (last > use->high)
        last = use->high;
    lease_table_count(pools->table, (uint32_t)first, (uint32_t)last, clock_wall_seconds(),
                      clock_monotonic_ms(), &use->counts);
    pools->next = last + 1;
    if (last == use->high && ++pools->at < pools->count)
        pools->next = pools->counting[pools->at].low;
    return last - first + 1;
}

static void begin(struct pools *pools)
{
    pools->at = 0;
    pools->taken_us = 0;
    for (size_t i = 0; i < pools->count; i++)
        pools->counting[i].counts = (struct lease_counts){.bound = 0};
    if (pools->count > 0)
        pools->next = pools->counting[0].low;
}

static void step(void *argument)
{
    struct pools *pools = argument;
    uint64_t began = clock_monotonic_us(), done = 0, pause;

    /* Small ranges go together. */
    while (pools->at < pools->count && done < STEP)
        done += count_piece(pools);
    pools->taken_us += clock_monotonic_us() - began;
    if (pools->at < pools->count) {
        loop_timer_start(pools->timer, STEP_PAUSE_MS);
        return;
    }
    publish(pools);
    pause = pools->taken_us * PAUSE_FACTOR / 1000;
    begin(pools);
    loop_timer_start(pools->timer, pause > PAUSE_MS ? pause : PAUSE_MS);
}

void pools_configure(struct pools *pools, const struct snapshot *snapshot)
{
    size_t count = 0;

    for (size_t i = 0; i < snapshot->subnet_count; i++)
        count += snapshot->subnets[i].range_count;
    if (count > POOLS_MAX)
        count = POOLS_MAX;
    free(pools->counting);
    pools->counting = memory_zeroed(count + 1, sizeof(*pools->counting));
    pools->count = 0;
    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];

        for (size_t j = 0; j < subnet->range_count && pools->count < count; j++)
            pools->counting[pools->count++] = (struct pool_use){.network = subnet->network,
                                                                .netmask = subnet->netmask,
                                                                .low = subnet->ranges[j].low,
                                                                .high = subnet->ranges[j].high};
    }
    begin(pools);
    loop_timer_start(pools->timer, 0);
}

struct pools *pools_new(struct loop *loop, const struct lease_table *table,
                        const struct snapshot *snapshot)
{
    struct pools *pools = memory_zeroed(1, sizeof(*pools));

    pthread_mutex_init(&pools->lock, NULL);
    pools->table = table;
    pools->timer = loop_timer(loop, step, pools);
    pools_configure(pools, snapshot);
    return pools;
}

void pools_free(struct pools *pools)
{
    if (!pools)
        return;
    loop_event_free(pools->timer);
    pthread_mutex_destroy(&pools->lock);
    free(pools->counting);
    free(pools->counted);
    free(pools);
}

struct pool_use *pools_list(struct pools *pools, size_t *count)
{
    struct pool_use *copy = NULL;

    *count = 0;
    if (!pools)
        return NULL;
    pthread_mutex_lock(&pools->lock);
    copy = memory_zeroed(pools->counted_count + 1, sizeof(*copy));
    *count = pools->counted_count;
    if (*count > 0)
        memcpy(copy, pools->counted, *count * sizeof(*copy));
    pthread_mutex_unlock(&pools->lock);
    return copy;
}

void pool_use_text(const struct pool_use *use, char subnet[POOL_TEXT_SIZE],
                   char range[POOL_TEXT_SIZE])
{
    char low[IPV4_TEXT_SIZE], high[IPV4_TEXT_SIZE];
    int bits = use->netmask ? 32 - __builtin_ctz(use->netmask) : 0;

    snprintf(subnet, POOL_TEXT_SIZE, "%s/%d", ipv4_text(low, use->network), bits);
    snprintf(range, POOL_TEXT_SIZE, "%s-%s", ipv4_text(low, use->low), ipv4_text(high, use->high));
}
