/* What each client has under way in one lane, so that none takes the places for calls that the
 * others need. */
#ifndef BOOTWIRE_SERVICE_RPC_SHARE_H
#define BOOTWIRE_SERVICE_RPC_SHARE_H

#include "base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Calls by datagram of one address at a time: loaders make one, kernels some 16. What comes
     * beyond is dropped, as a full socket would drop it: the client asks again. Calls by connection
     * have net/record_stream.h's limits. */
    RPC_SHARE_DATAGRAMS_MAX = 64,
};

struct rpc_share {
    uint32_t address;
    unsigned datagrams; /* under way */
};

/* All zero is none. One thread's. */
struct rpc_shares {
    struct map by_address;
};

/* The address's share; good until the next call here, or as long as something is under way. */
struct rpc_share *rpc_shares_get(struct rpc_shares *shares, uint32_t address);
void rpc_shares_release(struct rpc_shares *shares);

#endif
