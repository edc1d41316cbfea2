/* Answers given to calls that must not run twice, for the client that did not hear the first one
 * and asks again (over UDP that is daily bread, over TCP it happens when a connection breaks): a
 * second REMOVE would say that there is no such file.
 *
 * One table for all threads, since a client that asks again over a new connection may be taken by
 * another one. Safe from any thread. Each client has its own share, which others cannot take: it
 * holds as many answers as a client can have calls under way. Where all together hold too much, the
 * client that holds most gives way. */
#ifndef BOOTWIRE_SERVICE_RPC_REPLAY_H
#define BOOTWIRE_SERVICE_RPC_REPLAY_H

#include "base/cursor.h"
#include "wire/rpc.h"

#include <stdbool.h>
#include <stdint.h>

struct rpc_replays;

enum {
    RPC_REPLAY_SECRET_SIZE = 16,
    RPC_REPLAY_CLIENT_MAX = 256,         /* answers kept for one client */
    RPC_REPLAY_BYTES_MAX = 16 << 20,     /* for all of them together */
    RPC_REPLAY_REPLY_MAX = 2048,         /* bytes of one answer; none worth keeping is longer */
    RPC_REPLAY_LIFETIME_MS = 120 * 1000, /* then its number may be another call's */
    RPC_REPLAY_WAITERS_MAX = 4,          /* repetitions that wait for one call's answer */
};

/* `secret`: at least RPC_REPLAY_SECRET_SIZE bytes for the digests in keys, so that a call has the
 * same one in another table; NULL: one is drawn. */
struct rpc_replays *rpc_replays_new(const uint8_t *secret);
/* Nobody waits any more. NULL is allowed. */
void rpc_replays_free(struct rpc_replays *replays);

/* What tells one call from another: who makes it, and what it says. Not the port, for a client
 * that asks again may come from another one; not the transport. */
struct rpc_replay_key {
    uint64_t caller; /* a digest of its credentials, and of whether they are believed */
    uint64_t digest; /* of its arguments */
    uint32_t address, xid, program, version, procedure;
    uint32_t zero; /* keys are compared as bytes */
};

/* `believed`: whether the caller is who it says. One that is not must never hear the answer to one
 * that is. */
struct rpc_replay_key rpc_replay_key_of(const struct rpc_replays *replays, uint32_t address,
                                        const struct rpc_call *call, bool believed,
                                        struct slice arguments);

/* A repetition of a call that is still worked on. wake() is called once its answer is known or
 * forgotten, from any thread, with nothing locked; then rpc_replay_find() tells more. */
struct rpc_replay_waiter {
    void (*wake)(struct rpc_replay_waiter *waiter);
    struct rpc_replay_waiter *next; /* the table's own */
};

enum rpc_replay_verdict {
    RPC_REPLAY_NEW,     /* run it, and tell rpc_replay_keep() in any case */
    RPC_REPLAY_WORKING, /* the first one is still worked on: no answer now */
    RPC_REPLAY_WAITING, /* the same; `waiter` will be woken */
    RPC_REPLAY_KNOWN,   /* the whole answer was written to `reply` */
};

/* `now_ms`: of any clock that does not go back. `waiter` may be NULL: it does not want to wait. */
enum rpc_replay_verdict rpc_replay_find(struct rpc_replays *replays,
                                        const struct rpc_replay_key *key, uint64_t now_ms,
                                        struct rpc_replay_waiter *waiter, struct writer *reply);
/* The answer that was given; an empty one forgets the call. */
void rpc_replay_keep(struct rpc_replays *replays, const struct rpc_replay_key *key,
                     struct slice reply);

#endif
