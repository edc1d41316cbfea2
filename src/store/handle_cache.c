#include "store/handle_cache.h"

#include "base/map.h"
#include "base/memory.h"
#include "model/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, SETS = HANDLE_CACHE_ENTRIES / WAYS, LOCKS = 64 };

struct cached_handle {
    struct handle_cache_key key; /* export 0: none */
    struct handle handle;
};

struct handle_cache {
    pthread_mutex_t locks[LOCKS]; /* each guards every so-many-th set */
    uint8_t next[SETS];           /* who makes room in the set */
    struct cached_handle sets[SETS][WAYS];
};

struct handle_cache *handle_cache_new(void)
{
    struct handle_cache *cache = memory_zeroed(1, sizeof(*cache));

    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&cache->locks[i], NULL);
    return cache;
}

void handle_cache_free(struct handle_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&cache->locks[i]);
    free(cache);
}

static size_t set_of(const struct handle_cache_key *key)
{
    return map_hash(key, sizeof(*key)) % SETS;
}

static struct cached_handle *find(struct cached_handle set[WAYS],
                                  const struct handle_cache_key *key)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (memcmp(&set[i].key, key, sizeof(*key)) == 0)
            return &set[i];
    }
    return NULL;
}

bool handle_cache_get(struct handle_cache *cache, const struct handle_cache_key *key,
                      struct handle *handle)
{
    size_t number = set_of(key);
    const struct cached_handle *found;

    pthread_mutex_lock(&cache->locks[number % LOCKS]);
    found = find(cache->sets[number], key);
    if (found)
        *handle = found->handle;
    pthread_mutex_unlock(&cache->locks[number % LOCKS]);
    metric_cache(METRIC_CACHE_NFS_HANDLES, found != NULL);
    return found != NULL;
}

void handle_cache_put(struct handle_cache *cache, const struct handle_cache_key *key, int64_t now,
                      const struct handle *handle)
{
    size_t number = set_of(key);
    struct cached_handle *place;

    if (key->birth > now - INT64_C(1000000) * HANDLE_CACHE_AGE_MS)
        return;
    pthread_mutex_lock(&cache->locks[number % LOCKS]);
    place = find(cache->sets[number], key);
    if (!place)
        place = &cache->sets[number][cache->next[number]++ % WAYS];
    *place = (struct cached_handle){*key, *handle};
    pthread_mutex_unlock(&cache->locks[number % LOCKS]);
}
