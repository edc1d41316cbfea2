#include "model/lease_index.h"

#include "base/map.h"
#include "base/memory.h"
#include "model/lease.h"

#include <stdlib.h>

/* A UUID of one byte over and over is what boards without one have: it tells nothing. */
static struct slice telling(enum lease_key kind, struct slice key)
{
    size_t first = kind == LEASE_KEY_UUID ? 1 : 0, i = first;

    if (kind == LEASE_KEY_IDENTIFIER && key.length > LEASE_IDENTIFIER_MAX)
        key.length = LEASE_IDENTIFIER_MAX;
    while (i < key.length && key.data[i] == key.data[first])
        i++;
    return i < key.length || kind == LEASE_KEY_IDENTIFIER ? key : slice_of(NULL, 0);
}

static struct slice key_of(const struct lease *lease, enum lease_key kind)
{
    struct slice key = kind == LEASE_KEY_UUID
                           ? slice_of(lease->uuid, lease->uuid_length)
                           : slice_of(lease->client_identifier, lease->client_identifier_length);

    return telling(kind, key);
}

static struct lease **bucket_of(const struct lease_index *index, struct slice key)
{
    return &index->buckets[map_hash(key.data, key.length) & (index->bucket_count - 1)];
}

static void link_at(struct lease **place, enum lease_key kind, struct lease *lease)
{
    struct lease_link *link = &lease->links[kind];

    *link = (struct lease_link){.next = *place, .place = place};
    if (link->next)
        link->next->links[kind].place = &link->next;
    *place = lease;
}

static void grow(struct lease_index *index, enum lease_key kind)
{
    struct lease_index larger = {.bucket_count = index->bucket_count ? 2 * index->bucket_count : 64,
                                 .count = index->count};

    larger.buckets = memory_zeroed(larger.bucket_count, sizeof(struct lease *));
    for (size_t i = 0; i < index->bucket_count; i++) {
        for (struct lease *lease = index->buckets[i], *next; lease; lease = next) {
            next = lease->links[kind].next;
            link_at(bucket_of(&larger, key_of(lease, kind)), kind, lease);
        }
    }
    free(index->buckets);
    *index = larger;
}

void lease_index_add(struct lease_index *index, enum lease_key kind, struct lease *lease)
{
    struct slice key = key_of(lease, kind);

    lease->links[kind] = (struct lease_link){.next = NULL};
    if (key.length == 0)
        return;
    if (index->count == index->bucket_count)
        grow(index, kind);
    link_at(bucket_of(index, key), kind, lease);
    index->count++;
}

void lease_index_remove(struct lease_index *index, enum lease_key kind, struct lease *lease)
{
    struct lease_link *link = &lease->links[kind];

    if (!link->place)
        return;
    *link->place = link->next;
    if (link->next)
        link->next->links[kind].place = link->place;
    link->place = NULL;
    index->count--;
}

void lease_index_release(struct lease_index *index)
{
    free(index->buckets);
    *index = (struct lease_index){.count = 0};
}

/* The first from `lease` on that has the key. */
static const struct lease *from(const struct lease *lease, enum lease_key kind, struct slice key)
{
    while (lease && !slice_equal(key_of(lease, kind), key))
        lease = lease->links[kind].next;
    return lease;
}

const struct lease *lease_index_find(const struct lease_index *index, enum lease_key kind,
                                     struct slice key)
{
    key = telling(kind, key);
    return key.length > 0 && index->count > 0 ? from(*bucket_of(index, key), kind, key) : NULL;
}

const struct lease *lease_index_next(const struct lease *lease, enum lease_key kind)
{
    return from(lease->links[kind].next, kind, key_of(lease, kind));
}
