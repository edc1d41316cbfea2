#include "model/snapshot.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct snapshot *snapshot_new(void)
{
    struct snapshot *snapshot = memory_zeroed(1, sizeof(*snapshot));

    atomic_init(&snapshot->references, 1);
    region_init(&snapshot->region, 0);
    return snapshot;
}

struct snapshot *snapshot_hold(struct snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->references, 1);
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub(&snapshot->references, 1) > 1)
        return;
    map_release(&snapshot->hosts_by_hardware);
    map_release(&snapshot->hosts_by_client_identifier);
    map_release(&snapshot->hosts_by_address);
    region_release(&snapshot->region);
    free(snapshot);
}

/* The map key of a link-layer address: its type, then its bytes. Returns the key's length. */
static size_t hardware_key(uint8_t key[1 + HARDWARE_ADDRESS_MAX], const struct hardware *hardware)
{
    size_t length = hardware->length <= HARDWARE_ADDRESS_MAX ? hardware->length : 0;

    key[0] = hardware->type;
    memcpy(key + 1, hardware->address, length);
    return 1 + length;
}

static void map_put_first(struct map *map, const void *key, size_t key_length,
                          const struct host *host)
{
    if (!map_get(map, key, key_length))
        map_put(map, key, key_length, (void *)host);
}

void snapshot_index(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->host_count; i++) {
        const struct host *host = &snapshot->hosts[i];
        uint8_t key[1 + HARDWARE_ADDRESS_MAX];

        if (host->identifier_value.length > 0)
            snapshot->host_identifiers = true;
        if (host->hardware.length > 0)
            map_put_first(&snapshot->hosts_by_hardware, key, hardware_key(key, &host->hardware),
                          host);
        if (host->client_identifier.length > 0)
            map_put_first(&snapshot->hosts_by_client_identifier, host->client_identifier.data,
                          host->client_identifier.length, host);
        for (size_t j = 0; j < host->fixed_address_count; j++)
            map_put_first(&snapshot->hosts_by_address, &host->fixed_addresses[j], sizeof(uint32_t),
                          host);
    }
}

const struct host *snapshot_host_by_hardware(const struct snapshot *snapshot,
                                             const struct hardware *hardware)
{
    uint8_t key[1 + HARDWARE_ADDRESS_MAX];

    if (hardware->length == 0)
        return NULL;
    return map_get(&snapshot->hosts_by_hardware, key, hardware_key(key, hardware));
}

const struct host *snapshot_host_by_client_identifier(const struct snapshot *snapshot,
                                                      struct slice identifier)
{
    if (identifier.length == 0)
        return NULL;
    return map_get(&snapshot->hosts_by_client_identifier, identifier.data, identifier.length);
}

const struct host *snapshot_host_by_address(const struct snapshot *snapshot, uint32_t address)
{
    return map_get(&snapshot->hosts_by_address, &address, sizeof(address));
}

const struct host *snapshot_host_by_name(const struct snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->host_count; i++) {
        if (strcmp(snapshot->hosts[i].name, name) == 0)
            return &snapshot->hosts[i];
    }
    return NULL;
}

const struct subnet *snapshot_subnet_of(const struct snapshot *snapshot, uint32_t address)
{
    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];

        if ((address & subnet->netmask) == subnet->network)
            return subnet;
    }
    return NULL;
}

static bool scope_view_holds(const struct scope_view *view, const struct scope *scope)
{
    for (size_t i = 0; i < view->count; i++) {
        if (view->scopes[i] == scope)
            return true;
    }
    return false;
}

/* Adds a scope and what surrounds it, but the global one, and none that is there: a host may be
 * written inside the subnet that its address belongs to. */
static void scope_view_add(struct scope_view *view, const struct snapshot *snapshot,
                           const struct scope *scope)
{
    for (; scope && scope != &snapshot->global; scope = scope->outer) {
        /* One place stays free for the global scope; the parser refuses deeper nesting. */
        if (view->count < SCOPE_VIEW_MAX - 2 && !scope_view_holds(view, scope))
            view->scopes[view->count++] = scope;
    }
}

struct scope_view scope_view_of(const struct snapshot *snapshot, const struct host *host,
                                const struct subnet *subnet)
{
    struct scope_view view = {.count = 0};

    if (host)
        scope_view_add(&view, snapshot, &host->scope);
    if (subnet)
        scope_view_add(&view, snapshot, &subnet->scope);
    view.scopes[view.count++] = &snapshot->global;
    return view;
}

void scope_view_put_first(struct scope_view *view, const struct scope *scope)
{
    if (view->count == SCOPE_VIEW_MAX)
        return;
    memmove(view->scopes + 1, view->scopes, view->count * sizeof(view->scopes[0]));
    view->scopes[0] = scope;
    view->count++;
}

const struct setting *scope_view_find(const struct scope_view *view, enum setting_space space,
                                      unsigned code)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct scope *scope = view->scopes[i];

        for (size_t j = scope->count; j > 0; j--) {
            const struct setting *setting = &scope->settings[j - 1];

            if (setting->space == space && setting->code == code)
                return setting;
        }
    }
    return NULL;
}

uint32_t scope_view_number(const struct scope_view *view, enum parameter parameter,
                           uint32_t otherwise)
{
    const struct setting *setting = scope_view_find(view, SPACE_PARAMETER, parameter);
    uint32_t number = 0;

    if (!setting || setting->value.length == 0 || setting->value.length > 4)
        return otherwise;
    for (size_t i = 0; i < setting->value.length; i++)
        number = number << 8 | setting->value.data[i];
    return number;
}

struct slice scope_view_bytes(const struct scope_view *view, enum setting_space space,
                              unsigned code)
{
    const struct setting *setting = scope_view_find(view, space, code);

    return setting ? setting->value : (struct slice){NULL, 0};
}
