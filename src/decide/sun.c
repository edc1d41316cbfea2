#include "decide/sun.h"

#include "base/cursor.h"
#include "decide/export.h"
#include "decide/recall.h"
#include "wire/dhcp.h"

#include <stdio.h>

static struct hardware ethernet(const uint8_t address[RARP_HARDWARE_SIZE])
{
    struct hardware hardware = {.type = HARDWARE_ETHERNET, .length = RARP_HARDWARE_SIZE};

    memcpy(hardware.address, address, RARP_HARDWARE_SIZE);
    return hardware;
}

static uint32_t fixed_address(const struct host *host, const struct subnet *subnet)
{
    for (size_t i = 0; i < host->fixed_address_count; i++) {
        if ((host->fixed_addresses[i] & subnet->netmask) == subnet->network)
            return host->fixed_addresses[i];
    }
    return 0;
}

/* The machine's declaration with an address of the subnet; else the first that it has. */
static const struct host *host_here(const struct snapshot *snapshot,
                                    const struct hardware *hardware, const struct subnet *subnet)
{
    const struct host *first = snapshot_host_by_hardware(snapshot, hardware);

    for (const struct host *host = first; host; host = host->next_of_hardware) {
        if (fixed_address(host, subnet))
            return host;
    }
    return first;
}

/* The address in the subnet that a lease gives the machine now; 0: none. */
static uint32_t leased_address(const struct lease_table *leases, int64_t wall,
                               const struct hardware *hardware, const struct subnet *subnet)
{
    const struct lease *lease = leases ? lease_table_by_hardware(leases, hardware) : NULL;

    for (; lease; lease = lease->next_of_machine) {
        if (lease->state == LEASE_BOUND && lease->expiry > wall &&
            (lease->address & subnet->netmask) == subnet->network)
            return lease->address;
    }
    return 0;
}

/* Chooses the address and says why; 0 and why not. */
static uint32_t rarp_address(const struct lease_table *leases, int64_t wall,
                             const struct hardware *hardware, const struct subnet *subnet,
                             struct rarp_plan *plan)
{
    uint32_t address = plan->host ? fixed_address(plan->host, subnet) : 0;

    if (address) {
        snprintf(plan->why, sizeof(plan->why), "the fixed address of host %s", plan->host->name);
        return address;
    }
    address = leased_address(leases, wall, hardware, subnet);
    if (address)
        snprintf(plan->why, sizeof(plan->why), "the address that its lease gives it");
    else if (plan->host)
        snprintf(plan->why, sizeof(plan->why),
                 "host %s has no fixed-address in this subnet, and holds no lease: write one for "
                 "it, since RARP gives none",
                 plan->host->name);
    else
        snprintf(plan->why, sizeof(plan->why),
                 "no host declaration names this machine, it holds no lease, and RARP gives none");
    return address;
}

void decide_rarp(const struct snapshot *snapshot, const struct lease_table *leases, int64_t wall,
                 const struct rarp_packet *request,
                 const uint8_t local_hardware[RARP_HARDWARE_SIZE], uint32_t local_address,
                 struct rarp_plan *plan)
{
    const struct subnet *subnet = snapshot_subnet_of(snapshot, local_address);
    struct hardware hardware = ethernet(request->target_hardware);
    struct recalled *recalled;
    uint32_t address;
    bool boots;

    *plan = (struct rarp_plan){.for_us = request->operation == RARP_REQUEST && subnet};
    if (!plan->for_us)
        return;
    plan->host = host_here(snapshot, &hardware, subnet);
    address = rarp_address(leases, wall, &hardware, subnet, plan);
    if (!address)
        return;
    recalled = recall_new(snapshot, plan->host, &hardware, address);
    boots = scope_view_flag(&recalled->view, PARAMETER_ALLOW_BOOTING, true);
    recall_free(recalled);
    if (!boots) {
        snprintf(plan->why, sizeof(plan->why), "booting is denied to it");
        return;
    }
    plan->has_reply = true;
    plan->reply = (struct rarp_packet){
        .operation = RARP_REPLY, .sender_address = local_address, .target_address = address};
    memcpy(plan->reply.sender_hardware, local_hardware, RARP_HARDWARE_SIZE);
    memcpy(plan->reply.target_hardware, request->target_hardware, RARP_HARDWARE_SIZE);
}

/* The first of the addresses in an option; 0 where there is none. */
static uint32_t first_address(const struct scope_view *view, unsigned code)
{
    struct reader r = reader_of_slice(scope_view_bytes(view, SPACE_DHCP, code));

    return reader_be32(&r);
}

/* The name that the machine goes by. */
static struct slice name_of(const struct host *host, const struct scope_view *view)
{
    struct slice name = scope_view_bytes(view, SPACE_DHCP, DHCP_OPTION_HOST_NAME);

    return name.length > 0 ? name : slice_of_string(host->name);
}

static struct slice cut(struct slice text, size_t most)
{
    return text.length > most ? slice_of(text.data, most) : text;
}

bool decide_whoami(const struct host *host, const struct scope_view *view,
                   struct bootparam_who *who)
{
    if (!host)
        return false;
    who->client = cut(name_of(host, view), BOOTPARAM_NAME_MAX);
    who->domain =
        cut(scope_view_bytes(view, SPACE_DHCP, DHCP_OPTION_DOMAIN_NAME), BOOTPARAM_NAME_MAX);
    who->router = first_address(view, DHCP_OPTION_ROUTERS);
    return true;
}

const struct host *sun_host_by_name(const struct snapshot *snapshot, const struct host *caller,
                                    struct slice name)
{
    char text[BOOTPARAM_NAME_MAX + 1];
    struct scope_view view;

    if (caller) {
        view = scope_view_of(snapshot, caller, NULL);
        return slice_equal(name, name_of(caller, &view)) || slice_equal_string(name, caller->name)
                   ? caller
                   : NULL;
    }
    if (name.length >= sizeof(text) ||
        memchr(name.data ? (const char *)name.data : "", 0, name.length))
        return NULL;
    snprintf(text, sizeof(text), "%.*s", (int)name.length, (const char *)name.data);
    return snapshot_host_by_name(snapshot, text);
}

/* root-path's directory, and the server that it names or that stands beside it. */
static void find_root(const struct scope_view *view, uint32_t local_address,
                      char text[SUN_TEXT_SIZE], struct bootparam_file *result)
{
    struct slice root = scope_view_bytes(view, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);
    struct slice name = scope_view_bytes(view, SPACE_PARAMETER, PARAMETER_SERVER_NAME);
    const uint8_t *colon = root.length > 0 ? memchr(root.data, ':', root.length) : NULL;
    uint32_t swap = first_address(view, DHCP_OPTION_SWAP_SERVER);
    char server[IPV4_TEXT_SIZE];
    char directory[EXPORT_PATH_MAX];
    struct export export;
    size_t used;

    if (export_of(view, &export, directory) != EXPORT_GRANTED)
        return;
    if (!colon ||
        !ipv4_parse((const char *)root.data, (size_t)(colon - root.data), &result->address))
        result->address =
            swap ? swap : scope_view_number(view, PARAMETER_NEXT_SERVER, local_address);
    used = (size_t)snprintf(text, SUN_TEXT_SIZE, "%s", export.directory);
    result->path = slice_of(text, used);
    if (name.length > 0) {
        result->server = cut(name, BOOTPARAM_NAME_MAX);
        return;
    }
    ipv4_text(server, result->address);
    if (used + sizeof(server) < SUN_TEXT_SIZE) {
        memcpy(text + used + 1, server, strlen(server));
        result->server = slice_of(text + used + 1, strlen(server));
    }
}

/* What a `bootparam` statement says for the key; NULL: none does. */
static const struct setting *written(const struct snapshot *snapshot, const struct scope_view *view,
                                     struct slice file)
{
    for (size_t i = 0; i < snapshot->bootparam_key_count; i++) {
        if (slice_equal_string(file, snapshot->bootparam_keys[i]))
            return scope_view_find(view, SPACE_BOOTPARAM, (unsigned)i + 1);
    }
    return NULL;
}

/* "/PATH" is ours, "ADDRESS:TEXT" another server's, ":TEXT" no file at all. */
static void find_written(struct slice value, uint32_t local_address, char text[SUN_TEXT_SIZE],
                         struct bootparam_file *result)
{
    const uint8_t *colon = value.data[0] == '/' ? NULL : memchr(value.data, ':', value.length);
    size_t before = colon ? (size_t)(colon - value.data) : 0;

    result->path = colon ? slice_of(colon + 1, value.length - before - 1) : value;
    if (colon == value.data ||
        (colon && !ipv4_parse((const char *)value.data, before, &result->address)))
        return;
    if (!colon)
        result->address = local_address;
    ipv4_text(text, result->address);
    result->server = slice_of_string(text);
}

void decide_getfile(const struct snapshot *snapshot, const struct scope_view *view,
                    struct slice file, uint32_t local_address, uint32_t netmask,
                    char text[SUN_TEXT_SIZE], struct bootparam_file *result)
{
    const struct setting *setting = written(snapshot, view, file);

    *result = (struct bootparam_file){.address = 0};
    if (setting && setting->value.length > 0) {
        find_written(setting->value, local_address, text, result);
    } else if (slice_equal_string(file, "root")) {
        find_root(view, local_address, text, result);
    } else if (slice_equal_string(file, "gateway")) {
        result->address = first_address(view, DHCP_OPTION_ROUTERS);
        if (!result->address)
            return;
        ipv4_text(text, result->address);
        result->server = slice_of_string(text);
        ipv4_text(text + IPV4_TEXT_SIZE, netmask);
        result->path = slice_of_string(text + IPV4_TEXT_SIZE);
    }
}
