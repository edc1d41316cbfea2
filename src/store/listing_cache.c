#include "store/listing_cache.h"

#include "base/map.h"
#include "base/memory.h"
#include "model/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Inodes share places: a change of one spoils the pieces of all that have its place. */
enum { PLACES = 8192, WAYS = 8, SETS = LISTING_CACHE_PIECES / WAYS };

struct piece {
    struct listing_key key;
    uint64_t begun; /* milliseconds; when its filling began */
    uint64_t mark;
    uint16_t *places; /* of its inodes; NULL: no piece */
    size_t place_count;
    uint8_t *bytes;
    size_t length;
};

struct listing_cache {
    pthread_mutex_t lock;
    uint64_t changes;         /* so many were there */
    uint64_t cleared;         /* the number of the last one that spoiled everything */
    uint64_t changed[PLACES]; /* the number of the last one of each place */
    struct piece sets[SETS][WAYS];
};

struct listing_cache *listing_cache_new(void)
{
    struct listing_cache *cache = memory_zeroed(1, sizeof(*cache));

    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static void drop(struct piece *piece)
{
    free(piece->places);
    free(piece->bytes);
    *piece = (struct piece){.length = 0};
}

void listing_cache_free(struct listing_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < LISTING_CACHE_PIECES; i++)
        drop(&cache->sets[i / WAYS][i % WAYS]);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static uint16_t place_of(uint64_t inode)
{
    return (uint16_t)(map_hash(&inode, sizeof(inode)) % PLACES);
}

static struct piece *set_of(struct listing_cache *cache, const struct listing_key *key)
{
    return cache->sets[map_hash(key, sizeof(*key)) % SETS];
}

static bool is_good(const struct listing_cache *cache, const struct piece *piece, uint64_t now)
{
    if (!piece->places || now >= piece->begun + LISTING_CACHE_MS || cache->cleared > piece->mark)
        return false;
    for (size_t i = 0; i < piece->place_count; i++) {
        if (cache->changed[piece->places[i]] > piece->mark)
            return false;
    }
    return true;
}

size_t listing_cache_get(struct listing_cache *cache, const struct listing_key *key, uint64_t now,
                         uint8_t *to, size_t capacity)
{
    struct piece *set = set_of(cache, key);
    size_t length = 0;

    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < WAYS && length == 0; i++) {
        if (!set[i].places || memcmp(&set[i].key, key, sizeof(*key)) != 0)
            continue;
        if (!is_good(cache, &set[i], now)) {
            drop(&set[i]);
        } else if (set[i].length <= capacity) {
            length = set[i].length;
            memcpy(to, set[i].bytes, length);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    metric_cache(METRIC_CACHE_NFS_LISTINGS, length > 0);
    return length;
}

void listing_filling_begin(struct listing_filling *filling, struct listing_cache *cache,
                           uint64_t now)
{
    pthread_mutex_lock(&cache->lock);
    filling->mark = cache->changes;
    pthread_mutex_unlock(&cache->lock);
    filling->begun = now;
    filling->inode_count = 0;
}

void listing_filling_add(struct listing_filling *filling, uint64_t inode)
{
    if (filling->inode_count < LISTING_CACHE_INODES_MAX)
        filling->inodes[filling->inode_count++] = inode;
    else
        filling->inode_count = LISTING_CACHE_INODES_MAX + 1;
}

/* The place of the same piece, or a free one, or the oldest one's. */
static struct piece *room_for(struct listing_cache *cache, const struct listing_key *key)
{
    struct piece *set = set_of(cache, key), *room = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].places && memcmp(&set[i].key, key, sizeof(*key)) == 0)
            return &set[i];
        if (set[i].begun < room->begun)
            room = &set[i];
    }
    return room;
}

void listing_cache_put(struct listing_cache *cache, const struct listing_filling *filling,
                       const struct listing_key *key, uint64_t now, int64_t wall,
                       struct slice bytes)
{
    int64_t newest = wall - INT64_C(1000000) * LISTING_CACHE_AGE_MS;
    struct piece made = {.key = *key, .begun = filling->begun, .mark = filling->mark};
    struct piece *room;

    if (bytes.length == 0 || bytes.length > LISTING_CACHE_BYTES_MAX ||
        filling->inode_count > LISTING_CACHE_INODES_MAX || key->changed > newest ||
        key->modified > newest)
        return;
    made.places = memory_resize(NULL, filling->inode_count + 1, sizeof(*made.places));
    made.place_count = filling->inode_count;
    for (size_t i = 0; i < made.place_count; i++)
        made.places[i] = place_of(filling->inodes[i]);
    made.bytes = memory_resize(NULL, bytes.length, 1);
    made.length = bytes.length;
    memcpy(made.bytes, bytes.data, bytes.length);

    pthread_mutex_lock(&cache->lock);
    if (is_good(cache, &made, now)) {
        room = room_for(cache, key);
        drop(room);
        *room = made;
    } else {
        drop(&made);
    }
    pthread_mutex_unlock(&cache->lock);
}

void listing_cache_changed(struct listing_cache *cache, uint64_t inode)
{
    uint16_t place = place_of(inode);

    pthread_mutex_lock(&cache->lock);
    cache->changed[place] = ++cache->changes;
    pthread_mutex_unlock(&cache->lock);
}

void listing_cache_clear(struct listing_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    cache->cleared = ++cache->changes;
    pthread_mutex_unlock(&cache->lock);
}

void listing_cache_sweep(struct listing_cache *cache, uint64_t now)
{
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < LISTING_CACHE_PIECES; i++) {
        struct piece *piece = &cache->sets[i / WAYS][i % WAYS];

        if (piece->places && !is_good(cache, piece, now))
            drop(piece);
    }
    pthread_mutex_unlock(&cache->lock);
}
