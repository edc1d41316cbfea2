/* Who is behind an address, as one loop's thread remembers it: asked anew whenever the
 * configuration or the holder of an address changes. */
#ifndef BOOTWIRE_SERVICE_RPC_CLIENTS_H
#define BOOTWIRE_SERVICE_RPC_CLIENTS_H

#include "base/map.h"
#include "service/rpc.h"

struct rpc_clients {
    struct rpc_service *service;
    struct map by_address;
    struct snapshot *snapshot;
    uint64_t configuration, machines; /* the numbers under which all this was learnt */
};

void rpc_clients_init(struct rpc_clients *clients, struct rpc_service *service);
void rpc_clients_release(struct rpc_clients *clients);
/* What is known of the machine at the address, with a reference to be let go. */
const struct rpc_client *rpc_clients_get(struct rpc_clients *clients, uint32_t address);
void rpc_client_free(const struct rpc_client *client);

#endif
