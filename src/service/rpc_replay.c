#include "service/rpc_replay.h"

#include "base/map.h"
#include "base/memory.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Of long arguments the start (handle, name or offset) and the end count, and the length: to
     * hash a megabyte of data takes longer than to write it. */
    RPC_REPLAY_HEAD = 256,
    RPC_REPLAY_TAIL = 64,
    RPC_REPLAY_EVICTED_AT_ONCE = 16, /* of the client that holds most */
};

_Static_assert(RPC_REPLAY_SECRET_SIZE == crypto_shorthash_KEYBYTES, "libsodium's key");

/* A list's two ends, and a place in it. */
struct rpc_replay_links {
    struct rpc_replay_entry *next, *previous;
};
struct rpc_replay_list {
    struct rpc_replay_entry *first, *last; /* the oldest one first */
};

/* The two lists that an entry is in. */
enum { LIST_OF_ALL, LIST_OF_CLIENT, LIST_COUNT };

struct rpc_replay_entry {
    struct rpc_replay_key key;
    struct rpc_replay_client *client;
    struct rpc_replay_links links[LIST_COUNT];
    uint64_t made_ms;
    struct rpc_replay_waiter *waiters;
    unsigned waiter_count;
    uint8_t *reply; /* NULL: still worked on; such an entry stays */
    size_t length;
};

struct rpc_replay_client {
    uint32_t address;
    size_t count, bytes;
    struct rpc_replay_list list;
};

struct rpc_replays {
    uint8_t secret[RPC_REPLAY_SECRET_SIZE];
    pthread_mutex_t lock; /* guards the rest */
    struct map by_key, by_address;
    struct rpc_replay_list all;
    size_t bytes;
};

struct rpc_replays *rpc_replays_new(const uint8_t *secret)
{
    struct rpc_replays *replays = memory_zeroed(1, sizeof(*replays));

    if (secret)
        memcpy(replays->secret, secret, sizeof(replays->secret));
    else
        randombytes_buf(replays->secret, sizeof(replays->secret));
    pthread_mutex_init(&replays->lock, NULL);
    return replays;
}

static void rpc_replay_append(struct rpc_replay_list *list, unsigned which,
                              struct rpc_replay_entry *entry)
{
    struct rpc_replay_links *links = &entry->links[which];

    links->previous = list->last;
    links->next = NULL;
    if (list->last)
        list->last->links[which].next = entry;
    else
        list->first = entry;
    list->last = entry;
}

static void rpc_replay_unlink(struct rpc_replay_list *list, unsigned which,
                              struct rpc_replay_entry *entry)
{
    const struct rpc_replay_links *links = &entry->links[which];

    if (links->previous)
        links->previous->links[which].next = links->next;
    else
        list->first = links->next;
    if (links->next)
        links->next->links[which].previous = links->previous;
    else
        list->last = links->previous;
}

/* What an entry costs, its place in the map included. */
static size_t rpc_replay_cost(const struct rpc_replay_entry *entry)
{
    return sizeof(*entry) + sizeof(struct map_entry) + sizeof(entry->key) + entry->length;
}

/* Counts what the entry costs in or out. */
static void rpc_replay_count(struct rpc_replays *replays, const struct rpc_replay_entry *entry,
                             bool in)
{
    size_t cost = rpc_replay_cost(entry);

    replays->bytes += in ? cost : 0 - cost;
    entry->client->bytes += in ? cost : 0 - cost;
}

static void rpc_replay_remove(struct rpc_replays *replays, struct rpc_replay_entry *entry)
{
    struct rpc_replay_client *client = entry->client;

    rpc_replay_count(replays, entry, false);
    rpc_replay_unlink(&replays->all, LIST_OF_ALL, entry);
    rpc_replay_unlink(&client->list, LIST_OF_CLIENT, entry);
    map_remove(&replays->by_key, &entry->key, sizeof(entry->key));
    if (--client->count == 0) {
        map_remove(&replays->by_address, &client->address, sizeof(client->address));
        free(client);
    }
    free(entry->reply);
    free(entry);
}

void rpc_replays_free(struct rpc_replays *replays)
{
    if (!replays)
        return;
    while (replays->all.first)
        rpc_replay_remove(replays, replays->all.first);
    map_release(&replays->by_key);
    map_release(&replays->by_address);
    pthread_mutex_destroy(&replays->lock);
    free(replays);
}

static uint64_t rpc_replay_hash(const struct rpc_replays *replays, const void *data, size_t length)
{
    uint8_t bytes[crypto_shorthash_BYTES];
    uint64_t hash;

    crypto_shorthash(bytes, data, length, replays->secret);
    memcpy(&hash, bytes, sizeof(hash));
    return hash;
}

/* Who calls: all that its rights depend on. */
static uint64_t rpc_replay_caller(const struct rpc_replays *replays,
                                  const struct rpc_credentials *credentials, bool believed)
{
    uint32_t words[5 + RPC_GIDS_MAX] = {credentials->flavor, believed, credentials->uid,
                                        credentials->gid, (uint32_t)credentials->gid_count};

    memcpy(words + 5, credentials->gids, credentials->gid_count * sizeof(words[0]));
    return rpc_replay_hash(replays, words, sizeof(words));
}

static uint64_t rpc_replay_digest(const struct rpc_replays *replays, struct slice arguments)
{
    uint8_t text[RPC_REPLAY_HEAD + RPC_REPLAY_TAIL];
    uint64_t length = arguments.length;

    if (arguments.length <= sizeof(text))
        return rpc_replay_hash(replays, arguments.data, arguments.length) ^ length;
    memcpy(text, arguments.data, RPC_REPLAY_HEAD);
    memcpy(text + RPC_REPLAY_HEAD, arguments.data + arguments.length - RPC_REPLAY_TAIL,
           RPC_REPLAY_TAIL);
    return rpc_replay_hash(replays, text, sizeof(text)) ^ length;
}

struct rpc_replay_key rpc_replay_key_of(const struct rpc_replays *replays, uint32_t address,
                                        const struct rpc_call *call, bool believed,
                                        struct slice arguments)
{
    return (struct rpc_replay_key){
        .caller = rpc_replay_caller(replays, &call->credentials, believed),
        .digest = rpc_replay_digest(replays, arguments),
        .address = address,
        .xid = call->xid,
        .program = call->program,
        .version = call->version,
        .procedure = call->procedure,
    };
}

/* Another thread may have looked at the clock later, and come first. */
static bool rpc_replay_is_old(const struct rpc_replay_entry *entry, uint64_t now_ms)
{
    return now_ms > entry->made_ms && now_ms - entry->made_ms >= RPC_REPLAY_LIFETIME_MS;
}

/* Forgets answers that nobody asks for any more. Those still worked on stay, and are few. */
static void rpc_replay_expire(struct rpc_replays *replays, uint64_t now_ms)
{
    struct rpc_replay_entry *entry = replays->all.first, *next;

    for (; entry && rpc_replay_is_old(entry, now_ms); entry = next) {
        next = entry->links[LIST_OF_ALL].next;
        if (entry->reply)
            rpc_replay_remove(replays, entry);
    }
}

/* Forgets the client's oldest answers, as many as `count`; false where it has none. May free the
 * client, if it holds nothing else. */
static bool rpc_replay_evict(struct rpc_replays *replays, struct rpc_replay_client *client,
                             size_t count)
{
    struct rpc_replay_entry *entry = client->list.first, *next;
    bool done = false;

    for (; entry && count > 0; entry = next) {
        next = entry->links[LIST_OF_CLIENT].next;
        if (!entry->reply)
            continue;
        rpc_replay_remove(replays, entry);
        done = true;
        count--;
    }
    return done;
}

static struct rpc_replay_client *rpc_replay_greediest(const struct rpc_replays *replays)
{
    struct rpc_replay_client *greediest = NULL;
    struct map_entry *entry;
    size_t place = 0;

    while (map_next(&replays->by_address, &place, &entry)) {
        struct rpc_replay_client *client = entry->value;

        if (!greediest || client->bytes > greediest->bytes)
            greediest = client;
    }
    return greediest;
}

static void rpc_replay_make_room(struct rpc_replays *replays, uint32_t address, uint64_t now_ms)
{
    struct rpc_replay_client *client;

    rpc_replay_expire(replays, now_ms);
    client = map_get(&replays->by_address, &address, sizeof(address));
    if (client && client->count >= RPC_REPLAY_CLIENT_MAX)
        (void)rpc_replay_evict(replays, client, client->count - RPC_REPLAY_CLIENT_MAX + 1);
    while (replays->bytes > RPC_REPLAY_BYTES_MAX &&
           rpc_replay_evict(replays, rpc_replay_greediest(replays), RPC_REPLAY_EVICTED_AT_ONCE))
        ;
}

static void rpc_replay_add(struct rpc_replays *replays, const struct rpc_replay_key *key,
                           uint64_t now_ms)
{
    struct rpc_replay_entry *entry = memory_zeroed(1, sizeof(*entry));
    struct rpc_replay_client *client;

    rpc_replay_make_room(replays, key->address, now_ms);
    client = map_get(&replays->by_address, &key->address, sizeof(key->address));
    if (!client) {
        client = memory_zeroed(1, sizeof(*client));
        client->address = key->address;
        map_put(&replays->by_address, &client->address, sizeof(client->address), client);
    }
    entry->key = *key;
    entry->client = client;
    entry->made_ms = now_ms;
    client->count++;
    rpc_replay_count(replays, entry, true);
    rpc_replay_append(&replays->all, LIST_OF_ALL, entry);
    rpc_replay_append(&client->list, LIST_OF_CLIENT, entry);
    map_put(&replays->by_key, &entry->key, sizeof(entry->key), entry);
}

static enum rpc_replay_verdict rpc_replay_wait(struct rpc_replay_entry *entry,
                                               struct rpc_replay_waiter *waiter)
{
    if (!waiter || entry->waiter_count == RPC_REPLAY_WAITERS_MAX)
        return RPC_REPLAY_WORKING;
    waiter->next = entry->waiters;
    entry->waiters = waiter;
    entry->waiter_count++;
    return RPC_REPLAY_WAITING;
}

enum rpc_replay_verdict rpc_replay_find(struct rpc_replays *replays,
                                        const struct rpc_replay_key *key, uint64_t now_ms,
                                        struct rpc_replay_waiter *waiter, struct writer *reply)
{
    enum rpc_replay_verdict verdict = RPC_REPLAY_NEW;
    struct rpc_replay_entry *entry;

    pthread_mutex_lock(&replays->lock);
    entry = map_get(&replays->by_key, key, sizeof(*key));
    if (entry && !entry->reply) {
        verdict = rpc_replay_wait(entry, waiter);
    } else if (entry && !rpc_replay_is_old(entry, now_ms)) {
        verdict = RPC_REPLAY_KNOWN;
        writer_bytes(reply, entry->reply, entry->length);
    } else {
        if (entry)
            rpc_replay_remove(replays, entry);
        rpc_replay_add(replays, key, now_ms);
    }
    pthread_mutex_unlock(&replays->lock);
    return verdict;
}

void rpc_replay_keep(struct rpc_replays *replays, const struct rpc_replay_key *key,
                     struct slice reply)
{
    struct rpc_replay_waiter *waiters = NULL, *next;
    struct rpc_replay_entry *entry;

    pthread_mutex_lock(&replays->lock);
    entry = map_get(&replays->by_key, key, sizeof(*key));
    if (entry && !entry->reply) {
        waiters = entry->waiters;
        entry->waiters = NULL;
        entry->waiter_count = 0;
        if (reply.length == 0 || reply.length > RPC_REPLAY_REPLY_MAX) {
            rpc_replay_remove(replays, entry);
        } else {
            rpc_replay_count(replays, entry, false);
            entry->reply = memory_zeroed(1, reply.length);
            memcpy(entry->reply, reply.data, reply.length);
            entry->length = reply.length;
            rpc_replay_count(replays, entry, true);
        }
    }
    pthread_mutex_unlock(&replays->lock);
    for (; waiters; waiters = next) {
        next = waiters->next;
        waiters->wake(waiters);
    }
}
