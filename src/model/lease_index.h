/* Finding leases by what machines say of themselves: the client identifier, the UUID. Several
 * records may have one key, for disks and boards are cloned. */
#ifndef BOOTWIRE_MODEL_LEASE_INDEX_H
#define BOOTWIRE_MODEL_LEASE_INDEX_H

#include "base/slice.h"

#include <stddef.h>

struct lease;

/* What records are found by, one index each. */
enum lease_key { LEASE_KEY_IDENTIFIER, LEASE_KEY_UUID, LEASE_KEYS };

/* A record's place in one index. */
struct lease_link {
    struct lease *next;
    struct lease **place; /* what points to the record; NULL: it is not there */
};

/* All zero is an empty index. */
struct lease_index {
    struct lease **buckets;
    size_t bucket_count, count;
};

/* Puts a record under its key of that kind, or does nothing where it has none. */
void lease_index_add(struct lease_index *index, enum lease_key kind, struct lease *lease);
void lease_index_remove(struct lease_index *index, enum lease_key kind, struct lease *lease);
/* Frees the index's own memory. */
void lease_index_release(struct lease_index *index);

/* The first record with the key, or NULL. */
const struct lease *lease_index_find(const struct lease_index *index, enum lease_key kind,
                                     struct slice key);
/* The next one with the same key. */
const struct lease *lease_index_next(const struct lease *lease, enum lease_key kind);

#endif
