#include "service/rpc_clients.h"

#include "base/memory.h"
#include "service/rpc_account.h"
#include "service/rpc_service.h"
#include "service/server.h"

#include <stdlib.h>

/* Anybody can send from any address: past this many all are forgotten, and asked anew. */
enum { RPC_CLIENTS_MAX = 4096 };

struct rpc_client_entry {
    struct rpc_client client; /* first: pointers to it are pointers to the entry */
    unsigned references;
};

void rpc_clients_init(struct rpc_clients *clients, struct rpc_service *service)
{
    *clients = (struct rpc_clients){.service = service};
}

void rpc_client_free(const struct rpc_client *client)
{
    struct rpc_client_entry *entry = (struct rpc_client_entry *)client;

    if (!entry || --entry->references > 0)
        return;
    exports_release(&entry->client.exports);
    snapshot_free(entry->client.snapshot);
    free(entry);
}

void rpc_clients_release(struct rpc_clients *clients)
{
    struct map_entry *entry;
    size_t place = 0;

    while (map_next(&clients->by_address, &place, &entry))
        rpc_client_free(entry->value);
    map_release(&clients->by_address);
    clients->by_address = (struct map){.count = 0};
    snapshot_free(clients->snapshot);
    clients->snapshot = NULL;
}

/* Forgets everything where it may not be true any more. */
static void rpc_clients_refresh(struct rpc_clients *clients)
{
    struct server *server = clients->service->server;
    /* The numbers first: what changes while the rest is read makes it stale again. */
    uint64_t configuration = atomic_load(&clients->service->configuration);
    uint64_t machines = machines_generation(server->machines);

    if (clients->snapshot && configuration == clients->configuration &&
        machines == clients->machines && clients->by_address.count < RPC_CLIENTS_MAX)
        return;
    rpc_clients_release(clients);
    clients->configuration = configuration;
    clients->machines = machines;
    clients->snapshot = server_snapshot(server);
}

static struct rpc_client_entry *rpc_client_new(struct rpc_clients *clients, uint32_t address)
{
    struct rpc_client_entry *entry = memory_zeroed(1, sizeof(*entry));
    struct rpc_client *client = &entry->client;
    const struct snapshot *snapshot = clients->snapshot;
    struct told *told;

    client->address = address;
    client->snapshot = snapshot_hold(clients->snapshot);
    client->host = machines_host(clients->service->server->machines, snapshot, address,
                                 &client->machine, &told);
    client->known = client->host || client->machine.hardware.length > 0;
    client->view = scope_view_of(snapshot, client->host, snapshot_subnet_of(snapshot, address));
    client->verdict = exports_find(
        &client->exports,
        &(struct reach_question){
            .snapshot = snapshot,
            .host = client->host,
            .hardware = client->machine.hardware,
            .address = address,
        },
        client->known, told_find(told, SPACE_DHCP, DHCP_OPTION_ROOT_PATH), &client->bad_root_path);
    told_free(told);
    if (client->verdict == EXPORT_GRANTED)
        client->account = rpc_accounts_get(clients->service->accounts, address);
    return entry;
}

const struct rpc_client *rpc_clients_get(struct rpc_clients *clients, uint32_t address)
{
    struct rpc_client_entry *entry;

    rpc_clients_refresh(clients);
    entry = map_get(&clients->by_address, &address, sizeof(address));
    if (!entry) {
        entry = rpc_client_new(clients, address);
        entry->references = 1;
        map_put(&clients->by_address, &address, sizeof(address), entry);
    }
    entry->references++;
    return &entry->client;
}
