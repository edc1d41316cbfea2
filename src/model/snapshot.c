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
    for (size_t i = 0; i < snapshot->host_identifier_count; i++)
        map_release((struct map *)&snapshot->host_identifiers[i].hosts);
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

static void index_hosts(struct snapshot *snapshot)
{
    /* Backwards: each one goes before those of its key that were written after it. */
    for (size_t i = snapshot->host_count; i > 0; i--) {
        struct host *host = &snapshot->hosts[i - 1];
        uint8_t key[1 + HARDWARE_ADDRESS_MAX];

        if (host->hardware.length > 0)
            host->next_of_hardware = map_put(&snapshot->hosts_by_hardware, key,
                                             hardware_key(key, &host->hardware), host);
        if (host->client_identifier.length > 0)
            host->next_of_identifier =
                map_put(&snapshot->hosts_by_client_identifier, host->client_identifier.data,
                        host->client_identifier.length, host);
    }
    for (size_t i = 0; i < snapshot->host_count; i++) {
        const struct host *host = &snapshot->hosts[i];

        for (size_t j = 0; j < host->fixed_address_count; j++)
            map_put_first(&snapshot->hosts_by_address, &host->fixed_addresses[j], sizeof(uint32_t),
                          host);
    }
}

/* The row of the option that the host goes by; a new one where there is none yet. */
static struct host_identifier *identifier_for(struct snapshot *snapshot, const struct host *host)
{
    struct host_identifier *rows = (struct host_identifier *)snapshot->host_identifiers;
    size_t count = snapshot->host_identifier_count;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].space == host->identifier_space && rows[i].code == host->identifier_code)
            return &rows[i];
    }
    /* The rows double in the region, which only ever grows. */
    if ((count & (count - 1)) == 0) {
        rows = region_allocate(&snapshot->region, (count ? 2 * count : 1) * sizeof(*rows));
        if (count > 0)
            memcpy(rows, snapshot->host_identifiers, count * sizeof(*rows));
        snapshot->host_identifiers = rows;
    }
    rows[count].space = host->identifier_space;
    rows[count].code = host->identifier_code;
    snapshot->host_identifier_count++;
    return &rows[count];
}

static void index_host_identifiers(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->host_count; i++) {
        const struct host *host = &snapshot->hosts[i];

        if (host->identifier_value.length > 0)
            map_put_first(&identifier_for(snapshot, host)->hosts, host->identifier_value.data,
                          host->identifier_value.length, host);
    }
}

static int compare_keys(struct slice a, struct slice b)
{
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return a.length > 0 ? memcmp(a.data, b.data, a.length) : 0;
}

/* By key; those with one key stay in the order written. */
static int compare_subclasses(const void *left, const void *right)
{
    const struct subclass *a = *(const struct subclass *const *)left;
    const struct subclass *b = *(const struct subclass *const *)right;
    int order = compare_keys(a->key, b->key);

    return order ? order : a < b ? -1 : a > b;
}

static void index_subclasses(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->class_count; i++) {
        struct class *class = (struct class *)&snapshot->classes[i];
        const struct subclass **order =
            region_allocate(&snapshot->region, (class->subclass_count + 1) * sizeof(*order));

        for (size_t j = 0; j < class->subclass_count; j++)
            order[j] = &class->subclasses[j];
        if (class->subclass_count > 1)
            qsort(order, class->subclass_count, sizeof(order[0]), compare_subclasses);
        class->subclasses_by_key = order;
    }
}

static uint32_t last_address(const struct subnet *subnet)
{
    return subnet->network | ~subnet->netmask;
}

/* By first address, the larger one first, as they lie in each other. */
static int compare_subnets(const void *left, const void *right)
{
    const struct subnet *a = *(const struct subnet *const *)left;
    const struct subnet *b = *(const struct subnet *const *)right;

    if (a->network != b->network)
        return a->network < b->network ? -1 : 1;
    if (a->netmask != b->netmask)
        return a->netmask < b->netmask ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* The walk over all subnets in the order of their addresses. */
struct span_walk {
    struct subnet_span *spans;
    size_t count;
    uint64_t at;                /* the first address that is in no span yet */
    struct subnet_span *around; /* the subnets around that, each with who wins in it */
    size_t depth;
};

/* Gives the addresses up to `end` to the innermost subnet around them. */
static void span_to(struct span_walk *walk, uint32_t end)
{
    if (walk->depth > 0 && walk->at <= end)
        walk->spans[walk->count++] =
            (struct subnet_span){(uint32_t)walk->at, end, walk->around[walk->depth - 1].subnet};
    walk->at = (uint64_t)end + 1;
}

/* Leaves the subnets that end before the address. */
static void leave_before(struct span_walk *walk, uint64_t address)
{
    while (walk->depth > 0 && walk->around[walk->depth - 1].high < address) {
        if (walk->at <= walk->around[walk->depth - 1].high)
            span_to(walk, walk->around[walk->depth - 1].high);
        walk->depth--;
    }
}

static void index_subnets(struct snapshot *snapshot)
{
    size_t count = snapshot->subnet_count;
    const struct subnet **order = memory_zeroed(count + 1, sizeof(*order));
    struct span_walk walk = {
        .spans = region_allocate(&snapshot->region, (2 * count + 1) * sizeof(*walk.spans)),
        .around = memory_zeroed(count + 1, sizeof(*walk.around)),
    };

    for (size_t i = 0; i < count; i++)
        order[i] = &snapshot->subnets[i];
    if (count > 1)
        qsort(order, count, sizeof(order[0]), compare_subnets);
    for (size_t i = 0; i < count; i++) {
        const struct subnet *subnet = order[i], *winner = subnet;

        leave_before(&walk, subnet->network);
        if (walk.depth > 0 && walk.at < subnet->network)
            span_to(&walk, subnet->network - 1);
        walk.at = subnet->network;
        if (walk.depth > 0 && walk.around[walk.depth - 1].subnet < winner)
            winner = walk.around[walk.depth - 1].subnet;
        walk.around[walk.depth++] =
            (struct subnet_span){subnet->network, last_address(subnet), winner};
    }
    leave_before(&walk, UINT64_MAX);
    snapshot->spans = walk.spans;
    snapshot->span_count = walk.count;
    free(walk.around);
    free(order);
}

void snapshot_index(struct snapshot *snapshot)
{
    index_hosts(snapshot);
    index_host_identifiers(snapshot);
    index_subclasses(snapshot);
    index_subnets(snapshot);
}

const struct host *host_identifier_find(const struct host_identifier *identifier,
                                        struct slice value)
{
    return value.length > 0 ? map_get(&identifier->hosts, value.data, value.length) : NULL;
}

const struct subclass *class_find(const struct class *class, struct slice key)
{
    size_t low = 0, high = class->subclass_count;

    /* The first whose key is not less. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_keys(class->subclasses_by_key[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == class->subclass_count || !slice_equal(class->subclasses_by_key[low]->key, key))
        return NULL;
    return class->subclasses_by_key[low];
}

const struct host *snapshot_host_by_hardware(const struct snapshot *snapshot,
                                             const struct hardware *hardware)
{
    uint8_t key[1 + HARDWARE_ADDRESS_MAX];

    if (hardware->length == 0)
        return NULL;
    return map_get(&snapshot->hosts_by_hardware, key, hardware_key(key, hardware));
}

bool host_has_address(const struct host *host, uint32_t address)
{
    for (size_t i = 0; i < host->fixed_address_count; i++) {
        if (host->fixed_addresses[i] == address)
            return true;
    }
    return false;
}

const struct host *snapshot_host_at(const struct snapshot *snapshot,
                                    const struct hardware *hardware, uint32_t address)
{
    const struct host *first = snapshot_host_by_hardware(snapshot, hardware);
    const struct host *without = NULL;

    for (const struct host *host = first; host; host = host->next_of_hardware) {
        if (host_has_address(host, address))
            return host;
        if (!without && host->fixed_address_count == 0)
            without = host;
    }
    return without ? without : first;
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

const struct host *snapshot_host_of_holder(const struct snapshot *snapshot,
                                           const struct hardware *hardware, uint32_t address)
{
    const struct host *host = snapshot_host_at(snapshot, hardware, address);

    if (host)
        return host;
    host = snapshot_host_by_address(snapshot, address);
    /* The address may have been declared for another machine while this one holds it. */
    return host && hardware->length > 0 && host->hardware.length > 0 ? NULL : host;
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
    size_t low = 0, high = snapshot->span_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (address < snapshot->spans[middle].low)
            high = middle;
        else if (address > snapshot->spans[middle].high)
            low = middle + 1;
        else
            return snapshot->spans[middle].subnet;
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

/* Whether the value is four bytes of seconds: a computed one of another length counts for none. */
static bool is_seconds(enum parameter parameter)
{
    return parameter == PARAMETER_DEFAULT_LEASE_TIME || parameter == PARAMETER_MIN_LEASE_TIME ||
           parameter == PARAMETER_MAX_LEASE_TIME || parameter == PARAMETER_ABANDON_SECONDS ||
           parameter == PARAMETER_BOOTP_LEASE_SECONDS || parameter == PARAMETER_BOOTP_LEASE_CUTOFF;
}

uint32_t scope_view_number(const struct scope_view *view, enum parameter parameter,
                           uint32_t otherwise)
{
    const struct setting *setting = scope_view_find(view, SPACE_PARAMETER, parameter);
    uint32_t number = 0;

    if (!setting || setting->value.length == 0 || setting->value.length > 4 ||
        (is_seconds(parameter) && setting->value.length != 4))
        return otherwise;
    for (size_t i = 0; i < setting->value.length; i++)
        number = number << 8 | setting->value.data[i];
    return number;
}

bool parameter_is_flag(enum parameter parameter)
{
    switch (parameter) {
    case PARAMETER_AUTHORITATIVE:
    case PARAMETER_ALLOW_BOOTING:
    case PARAMETER_ALLOW_BOOTP:
    case PARAMETER_ALLOW_UNKNOWN_CLIENTS:
    case PARAMETER_USE_HOST_DECL_NAMES:
    case PARAMETER_ALWAYS_BROADCAST:
    case PARAMETER_IPXE_NO_PXEDHCP:
    case PARAMETER_NFS_RESERVED_PORTS:
    case PARAMETER_PROXY_DHCP:
    case PARAMETER_ROUTER_ADVERTISEMENT:
    case PARAMETER_PING_CHECK:
    case PARAMETER_ALWAYS_REPLY_RFC1048:
    case PARAMETER_LEASE_ADDRESS_ROUTE:
    case PARAMETER_ALLOW_DECLINES:
    case PARAMETER_ALLOW_DUPLICATES:
    case PARAMETER_ONE_LEASE_PER_CLIENT:
    case PARAMETER_IGNORE_CLIENT_UIDS:
    case PARAMETER_INFINITE_IS_RESERVED:
    case PARAMETER_STASH_AGENT_OPTIONS:
    case PARAMETER_ECHO_CLIENT_ID:
    case PARAMETER_TFTP_IGNORE_CASE:
    case PARAMETER_TFTP_SINGLE_PORT:
    case PARAMETER_TFTP_UPLOAD_OVERWRITE:
        return true;
    default:
        return false;
    }
}

bool scope_view_flag(const struct scope_view *view, enum parameter parameter, bool otherwise)
{
    const struct setting *setting = scope_view_find(view, SPACE_PARAMETER, parameter);

    if (!setting)
        return otherwise;
    return setting->value.length > 0 && setting->value.data[0] == 1;
}

struct slice scope_view_bytes(const struct scope_view *view, enum setting_space space,
                              unsigned code)
{
    const struct setting *setting = scope_view_find(view, space, code);

    return setting ? setting->value : (struct slice){NULL, 0};
}

const struct boot_recipe *scope_view_recipe(const struct snapshot *snapshot,
                                            const struct scope_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct scope *scope = view->scopes[i];

        for (size_t j = scope->count; j > 0; j--) {
            const struct setting *setting = &scope->settings[j - 1];
            uint32_t number = 0;

            if (setting->space != SPACE_PARAMETER)
                continue;
            if (setting->code == PARAMETER_FILENAME)
                return NULL;
            if (setting->code != PARAMETER_BOOT)
                continue;
            for (size_t k = 0; k < setting->value.length; k++)
                number = number << 8 | setting->value.data[k];
            return number < snapshot->recipe_count ? &snapshot->recipes[number] : NULL;
        }
    }
    return NULL;
}
