/* Answers given to calls that must not run twice, for the client that did not hear the first one
 * and asks again (over UDP that is daily bread): a second REMOVE would say that there is no such
 * file. One per loop's thread: a client's repetitions come from the same port, so to the same
 * thread. */
#ifndef BOOTWIRE_SERVICE_RPC_REPLAY_H
#define BOOTWIRE_SERVICE_RPC_REPLAY_H

#include "net/udp.h"
#include "wire/rpc.h"

#include <stdint.h>

struct rpc_replays;

struct rpc_replays *rpc_replays_new(void);
void rpc_replays_free(struct rpc_replays *replays);

/* What tells one call from another: where it comes from, what it says. */
struct rpc_replay_key {
    struct endpoint peer;
    uint32_t xid, program, version, procedure;
    uint64_t digest; /* over its arguments */
};

struct rpc_replay_key rpc_replay_key_of(const struct rpc_replays *replays, struct endpoint peer,
                                        const struct rpc_call *call, struct slice arguments);

enum rpc_replay_verdict {
    RPC_REPLAY_NEW,     /* run it, and tell rpc_replay_keep() */
    RPC_REPLAY_WORKING, /* the first one is still worked on: no answer now */
    RPC_REPLAY_KNOWN,   /* *reply is the whole answer, good until the next call here */
};

/* `now_ms`: of any clock that does not go back. */
enum rpc_replay_verdict rpc_replay_find(struct rpc_replays *replays,
                                        const struct rpc_replay_key *key, uint64_t now_ms,
                                        struct slice *reply);
/* The answer that was given; an empty one forgets the call. */
void rpc_replay_keep(struct rpc_replays *replays, const struct rpc_replay_key *key,
                     struct slice reply);

#endif
