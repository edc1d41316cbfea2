#include "decide/sun.h"

#include "base/cursor.h"
#include "decide/export.h"
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

void decide_rarp(const struct snapshot *snapshot, const struct rarp_packet *request,
                 const uint8_t local_hardware[RARP_HARDWARE_SIZE], uint32_t local_address,
                 struct rarp_plan *plan)
{
    const struct subnet *subnet = snapshot_subnet_of(snapshot, local_address);
    struct hardware hardware = ethernet(request->target_hardware);
    struct scope_view view;
    uint32_t address;

    *plan = (struct rarp_plan){.for_us = request->operation == RARP_REQUEST && subnet};
    if (!plan->for_us)
        return;
    plan->host = host_here(snapshot, &hardware, subnet);
    if (!plan->host) {
        snprintf(plan->why, sizeof(plan->why),
                 "no host declaration names this machine, and RARP has no dynamic addresses");
        return;
    }
    view = scope_view_of(snapshot, plan->host, subnet);
    if (!scope_view_number(&view, PARAMETER_ALLOW_BOOTING, 1)) {
        snprintf(plan->why, sizeof(plan->why), "booting is denied to it");
        return;
    }
    address = fixed_address(plan->host, subnet);
    if (!address) {
        snprintf(plan->why, sizeof(plan->why),
                 "host %s has no fixed-address in this subnet, which RARP needs: write one",
                 plan->host->name);
        return;
    }
    snprintf(plan->why, sizeof(plan->why), "the fixed address of host %s", plan->host->name);
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
        if (slice_equal(name, name_of(caller, &view)))
            return caller;
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
    struct export export;
    size_t used;

    if (export_of(view, &export) != EXPORT_GRANTED)
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

void decide_getfile(const struct scope_view *view, struct slice file, uint32_t local_address,
                    uint32_t netmask, char text[SUN_TEXT_SIZE], struct bootparam_file *result)
{
    *result = (struct bootparam_file){.address = 0};
    if (slice_equal_string(file, "root")) {
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
