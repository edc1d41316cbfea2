#include "base/counters.h"

#include <stdatomic.h>
#include <stddef.h>

enum {
    SHARDS = 64, /* more threads than that share them, and are right all the same */
    LINE = 128,  /* bytes that processors hand over together */
};

/* What some threads counted. Pages that nobody counts in take no memory. */
struct shard {
    _Alignas(LINE) atomic_int_least64_t places[COUNTERS_MAX];
};

/* The first one holds what is set. */
static struct shard shards[SHARDS];
static atomic_uint threads;

/* The calling thread's own shard, chosen when it first counts. */
static struct shard *shard_of_thread(void)
{
    static _Thread_local struct shard *mine;

    if (!mine)
        mine = &shards[1 +
                       atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % (SHARDS - 1)];
    return mine;
}

void counter_add(unsigned place, int64_t number)
{
    atomic_fetch_add_explicit(&shard_of_thread()->places[place], number, memory_order_relaxed);
}

void counter_set(unsigned place, int64_t number)
{
    atomic_store_explicit(&shards[0].places[place], number, memory_order_relaxed);
}

int64_t counter_sum(unsigned place)
{
    int64_t sum = 0;

    for (size_t i = 0; i < SHARDS; i++)
        sum += atomic_load_explicit(&shards[i].places[place], memory_order_relaxed);
    return sum;
}
