#include "service/rpc_share.h"

#include "base/memory.h"

#include <stdlib.h>

/* Anybody can send from any address: past this many, those are forgotten that have nothing under
 * way. No lane has so many calls. */
enum { RPC_SHARES_MAX = 4096 };

static void rpc_shares_forget(struct rpc_shares *shares)
{
    struct map kept = {.count = 0};
    struct map_entry *entry;
    size_t place = 0;

    while (map_next(&shares->by_address, &place, &entry)) {
        struct rpc_share *share = entry->value;

        if (share->datagrams > 0)
            map_put(&kept, &share->address, sizeof(share->address), share);
        else
            free(share);
    }
    map_release(&shares->by_address);
    shares->by_address = kept;
}

struct rpc_share *rpc_shares_get(struct rpc_shares *shares, uint32_t address)
{
    struct rpc_share *share = map_get(&shares->by_address, &address, sizeof(address));

    if (share)
        return share;
    if (shares->by_address.count >= RPC_SHARES_MAX)
        rpc_shares_forget(shares);
    share = memory_zeroed(1, sizeof(*share));
    share->address = address;
    map_put(&shares->by_address, &address, sizeof(address), share);
    return share;
}

void rpc_shares_release(struct rpc_shares *shares)
{
    struct map_entry *entry;
    size_t place = 0;

    while (map_next(&shares->by_address, &place, &entry))
        free(entry->value);
    map_release(&shares->by_address);
    shares->by_address = (struct map){.count = 0};
}
