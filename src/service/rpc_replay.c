#include "service/rpc_replay.h"

#include "base/memory.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Clients count their calls up, so that the low bits of the number spread them evenly. */
enum {
    RPC_REPLAY_SETS = 256,
    RPC_REPLAY_WAYS = 8,
    RPC_REPLAY_REPLY_MAX = 2048, /* no such call has a longer answer worth keeping */
    RPC_REPLAY_DIGEST_MAX = 256, /* bytes of the arguments that count; and their number */
    RPC_REPLAY_LIFETIME_MS = 120000,
};

struct rpc_replay_entry {
    struct rpc_replay_key key;
    uint64_t made_ms;
    bool used;
    uint8_t *reply; /* NULL: still worked on */
    size_t length;
};

struct rpc_replays {
    uint8_t secret[crypto_shorthash_KEYBYTES];
    struct rpc_replay_entry entries[RPC_REPLAY_SETS][RPC_REPLAY_WAYS];
};

struct rpc_replays *rpc_replays_new(void)
{
    struct rpc_replays *replays = memory_zeroed(1, sizeof(*replays));

    randombytes_buf(replays->secret, sizeof(replays->secret));
    return replays;
}

static void rpc_replay_clear(struct rpc_replay_entry *entry)
{
    free(entry->reply);
    *entry = (struct rpc_replay_entry){.used = false};
}

void rpc_replays_free(struct rpc_replays *replays)
{
    if (!replays)
        return;
    for (size_t i = 0; i < RPC_REPLAY_SETS; i++) {
        for (size_t j = 0; j < RPC_REPLAY_WAYS; j++)
            rpc_replay_clear(&replays->entries[i][j]);
    }
    free(replays);
}

struct rpc_replay_key rpc_replay_key_of(const struct rpc_replays *replays, struct endpoint peer,
                                        const struct rpc_call *call, struct slice arguments)
{
    size_t counted =
        arguments.length < RPC_REPLAY_DIGEST_MAX ? arguments.length : RPC_REPLAY_DIGEST_MAX;
    struct rpc_replay_key key = {.peer = peer,
                                 .xid = call->xid,
                                 .program = call->program,
                                 .version = call->version,
                                 .procedure = call->procedure};
    uint8_t digest[crypto_shorthash_BYTES];

    crypto_shorthash(digest, arguments.data, counted, replays->secret);
    memcpy(&key.digest, digest, sizeof(key.digest));
    key.digest ^= arguments.length;
    return key;
}

static bool rpc_replay_same(const struct rpc_replay_key *a, const struct rpc_replay_key *b)
{
    return a->xid == b->xid && a->digest == b->digest && a->peer.address == b->peer.address &&
           a->peer.port == b->peer.port && a->program == b->program && a->version == b->version &&
           a->procedure == b->procedure;
}

static struct rpc_replay_entry *rpc_replay_search(struct rpc_replays *replays,
                                                  const struct rpc_replay_key *key)
{
    struct rpc_replay_entry *set = replays->entries[key->xid % RPC_REPLAY_SETS];

    for (size_t i = 0; i < RPC_REPLAY_WAYS; i++) {
        if (set[i].used && rpc_replay_same(&set[i].key, key))
            return &set[i];
    }
    return NULL;
}

/* A free place in the key's set, or the oldest one's. */
static struct rpc_replay_entry *rpc_replay_place(struct rpc_replays *replays,
                                                 const struct rpc_replay_key *key)
{
    struct rpc_replay_entry *set = replays->entries[key->xid % RPC_REPLAY_SETS], *oldest = set;

    for (size_t i = 0; i < RPC_REPLAY_WAYS; i++) {
        if (!set[i].used)
            return &set[i];
        if (set[i].made_ms < oldest->made_ms)
            oldest = &set[i];
    }
    return oldest;
}

enum rpc_replay_verdict rpc_replay_find(struct rpc_replays *replays,
                                        const struct rpc_replay_key *key, uint64_t now_ms,
                                        struct slice *reply)
{
    struct rpc_replay_entry *entry = rpc_replay_search(replays, key);

    if (entry && now_ms - entry->made_ms < RPC_REPLAY_LIFETIME_MS) {
        *reply = slice_of(entry->reply, entry->length);
        return entry->reply ? RPC_REPLAY_KNOWN : RPC_REPLAY_WORKING;
    }
    if (!entry)
        entry = rpc_replay_place(replays, key);
    rpc_replay_clear(entry);
    entry->used = true;
    entry->key = *key;
    entry->made_ms = now_ms;
    return RPC_REPLAY_NEW;
}

void rpc_replay_keep(struct rpc_replays *replays, const struct rpc_replay_key *key,
                     struct slice reply)
{
    struct rpc_replay_entry *entry = rpc_replay_search(replays, key);

    if (!entry)
        return; /* pushed out by others meanwhile */
    if (reply.length == 0 || reply.length > RPC_REPLAY_REPLY_MAX) {
        rpc_replay_clear(entry);
        return;
    }
    free(entry->reply);
    entry->reply = memory_zeroed(1, reply.length);
    memcpy(entry->reply, reply.data, reply.length);
    entry->length = reply.length;
}
