/* A hash map from byte strings to pointers. Clients choose the keys of most of our tables, so the
 * hash is SipHash-2-4 under a key drawn when the process starts. */
#ifndef BOOTWIRE_BASE_MAP_H
#define BOOTWIRE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
    struct map_entry *next;
    uint64_t hash;
    void *value;
    size_t key_length;
    uint8_t key[];
};

/* All zero is an empty map. Not safe for several threads at once. */
struct map {
    struct map_entry **buckets;
    size_t bucket_count;
    size_t count;
};

/* The hash of the bytes; another one in each process. */
uint64_t map_hash(const void *key, size_t key_length);

/* The value under the key's bytes, or NULL. */
void *map_get(const struct map *map, const void *key, size_t key_length);
/* Stores `value` (not NULL) under a copy of the key; returns the value it replaces, or NULL. */
void *map_put(struct map *map, const void *key, size_t key_length, void *value);
/* Takes the key out; returns its value for the caller to free, or NULL. */
void *map_remove(struct map *map, const void *key, size_t key_length);
/* Walks the map: start with `*place` = 0, call until false. The map must not change meanwhile. */
bool map_next(const struct map *map, size_t *place, struct map_entry **entry);
/* Frees the map's own memory; the values are the caller's. */
void map_release(struct map *map);

#endif
