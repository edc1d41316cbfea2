#include "base/map.h"

#include "base/memory.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t map_hash_key[crypto_shorthash_KEYBYTES];
static pthread_once_t map_hash_key_once = PTHREAD_ONCE_INIT;

static void map_hash_key_draw(void)
{
    randombytes_buf(map_hash_key, sizeof(map_hash_key));
}

uint64_t map_hash(const void *key, size_t key_length)
{
    uint8_t digest[crypto_shorthash_BYTES];
    uint64_t hash;

    pthread_once(&map_hash_key_once, map_hash_key_draw);
    crypto_shorthash(digest, key, key_length, map_hash_key);
    memcpy(&hash, digest, sizeof(hash));
    return hash;
}

/* The link that points to the key's entry, or to the NULL at its chain's end. */
static struct map_entry **map_link(const struct map *map, uint64_t hash, const void *key,
                                   size_t key_length)
{
    struct map_entry **link = &map->buckets[hash & (map->bucket_count - 1)];

    for (; *link; link = &(*link)->next) {
        if ((*link)->hash == hash && (*link)->key_length == key_length &&
            memcmp((*link)->key, key, key_length) == 0)
            break;
    }
    return link;
}

static void map_grow(struct map *map)
{
    size_t count = map->bucket_count ? map->bucket_count * 2 : 16;
    struct map_entry **buckets = memory_zeroed(count, sizeof(struct map_entry *));

    for (size_t i = 0; i < map->bucket_count; i++) {
        while (map->buckets[i]) {
            struct map_entry *entry = map->buckets[i];

            map->buckets[i] = entry->next;
            entry->next = buckets[entry->hash & (count - 1)];
            buckets[entry->hash & (count - 1)] = entry;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = count;
}

void *map_get(const struct map *map, const void *key, size_t key_length)
{
    struct map_entry *entry;

    if (map->count == 0)
        return NULL;
    entry = *map_link(map, map_hash(key, key_length), key, key_length);
    return entry ? entry->value : NULL;
}

void *map_put(struct map *map, const void *key, size_t key_length, void *value)
{
    uint64_t hash = map_hash(key, key_length);
    struct map_entry **link, *entry;

    if (map->count >= map->bucket_count)
        map_grow(map);
    link = map_link(map, hash, key, key_length);
    if (*link) {
        void *old = (*link)->value;

        (*link)->value = value;
        return old;
    }
    entry = memory_zeroed(1, sizeof(*entry) + key_length);
    entry->hash = hash;
    entry->value = value;
    entry->key_length = key_length;
    if (key_length > 0)
        memcpy(entry->key, key, key_length);
    *link = entry;
    map->count++;
    return NULL;
}

void *map_remove(struct map *map, const void *key, size_t key_length)
{
    struct map_entry **link, *entry;
    void *value;

    if (map->count == 0)
        return NULL;
    link = map_link(map, map_hash(key, key_length), key, key_length);
    entry = *link;
    if (!entry)
        return NULL;
    *link = entry->next;
    value = entry->value;
    free(entry);
    map->count--;
    return value;
}

bool map_next(const struct map *map, size_t *place, struct map_entry **entry)
{
    /* `*place` is a bucket's number and, in its low 16 bits, a place in that bucket's chain. */
    size_t bucket = *place >> 16, depth = *place & 0xffff;

    for (; bucket < map->bucket_count; bucket++, depth = 0) {
        struct map_entry *at = map->buckets[bucket];

        for (size_t i = 0; at && i < depth; i++)
            at = at->next;
        if (at) {
            *entry = at;
            *place = bucket << 16 | (depth + 1);
            return true;
        }
    }
    return false;
}

void map_release(struct map *map)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        while (map->buckets[i]) {
            struct map_entry *entry = map->buckets[i];

            map->buckets[i] = entry->next;
            free(entry);
        }
    }
    free(map->buckets);
    *map = (struct map){0};
}
