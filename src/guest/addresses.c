#include "guest/addresses.h"

#include "base/cursor.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stdio.h>

enum { OPTION_ROUTERS = 3 }; /* RFC 2132, 3.5 */

static bool is_in(const struct subnet *subnet, uint32_t address)
{
    return (address & subnet->netmask) == subnet->network;
}

static const struct subnet *subnet_for(const struct snapshot *snapshot, const struct host *host,
                                       uint32_t next_server)
{
    const struct subnet *subnet = NULL;

    for (size_t i = 0; i < host->fixed_address_count && !subnet; i++)
        subnet = snapshot_subnet_of(snapshot, host->fixed_addresses[i]);
    if (!subnet && next_server)
        subnet = snapshot_subnet_of(snapshot, next_server);
    for (size_t i = 0; i < snapshot->subnet_count && !subnet; i++) {
        if (snapshot->subnets[i].range_count > 0)
            subnet = &snapshot->subnets[i];
    }
    if (!subnet && snapshot->subnet_count > 0)
        subnet = &snapshot->subnets[0];
    return subnet;
}

static bool is_taken(const struct snapshot *snapshot, const struct subnet *subnet, uint32_t address)
{
    for (size_t i = 0; i < subnet->range_count; i++) {
        if (address >= subnet->ranges[i].low && address <= subnet->ranges[i].high)
            return true;
    }
    return snapshot_host_by_address(snapshot, address) != NULL;
}

/* 0 where there is none. */
static uint32_t first_free(const struct snapshot *snapshot, const struct subnet *subnet)
{
    uint32_t last = subnet->network | ~subnet->netmask;

    for (uint32_t address = subnet->network + 1; address < last; address++) {
        if (!is_taken(snapshot, subnet, address))
            return address;
    }
    return 0;
}

int guest_addresses_find(struct guest_addresses *addresses, const struct snapshot *snapshot,
                         const struct host *host, char *error, size_t error_size)
{
    struct scope_view view = scope_view_of(snapshot, host, NULL);
    uint32_t next_server = scope_view_number(&view, PARAMETER_NEXT_SERVER, 0);
    const struct subnet *subnet = subnet_for(snapshot, host, next_server);
    uint32_t candidates[3];
    struct reader routers;

    *addresses = (struct guest_addresses){.server = 0};
    if (!subnet) {
        snprintf(error, error_size,
                 "the configuration has no subnet that host %s could be in: add one (\"subnet "
                 "10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }\")",
                 host->name);
        return -1;
    }
    view = scope_view_of(snapshot, host, subnet);
    routers = reader_of_slice(scope_view_bytes(&view, SPACE_DHCP, OPTION_ROUTERS));
    next_server = scope_view_number(&view, PARAMETER_NEXT_SERVER, 0);
    candidates[0] = next_server;
    candidates[1] = scope_view_number(&view, PARAMETER_SERVER_IDENTIFIER, 0);
    candidates[2] = reader_be32(&routers);
    for (size_t i = 0; i < 3 && !addresses->server; i++) {
        if (candidates[i] && is_in(subnet, candidates[i]))
            addresses->server = candidates[i];
    }
    if (!addresses->server)
        addresses->server = first_free(snapshot, subnet);
    if (!addresses->server) {
        snprintf(error, error_size,
                 "every address of the subnet of host %s is in a range or a host's: leave one to "
                 "the server, or name its own with next-server",
                 host->name);
        return -1;
    }
    addresses->netmask = subnet->netmask;
    if (next_server != addresses->server)
        addresses->also = next_server;
    return 0;
}
