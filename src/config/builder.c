#include "config/builder.h"

/* Copies the settings of a block into the scope that stands for it. */
static void fill_scope(struct snapshot *snapshot, struct block *block, struct scope *scope)
{
    struct setting *settings;
    size_t i = 0;

    scope->outer = block->outer ? block->outer->scope : NULL;
    scope->count = block->setting_count;
    if (block->has_actions)
        scope->actions = block->actions.first;
    block->scope = scope;
    if (block->setting_count == 0)
        return;
    settings = region_allocate(&snapshot->region, block->setting_count * sizeof(*settings));
    for (const struct block_setting *node = block->settings; node; node = node->next)
        settings[i++] = node->setting;
    scope->settings = settings;
}

static void fill_host(struct snapshot *snapshot, struct block *block, struct host *host)
{
    struct position *places;
    uint32_t *addresses;
    size_t i = 0;

    host->name = block->name;
    host->hardware = block->hardware;
    host->client_identifier = block->client_identifier;
    host->where = block->where;
    host->serial = block->serial;
    host->identifier_space = block->identifier_space;
    host->identifier_code = block->identifier_code;
    host->identifier_value = block->identifier_value;
    fill_scope(snapshot, block, &host->scope);
    if (block->address_count == 0)
        return;
    addresses = region_allocate(&snapshot->region, block->address_count * sizeof(*addresses));
    places = region_allocate(&snapshot->region, block->address_count * sizeof(*places));
    for (const struct block_address *node = block->addresses; node; node = node->next) {
        places[i] = node->where;
        addresses[i++] = node->address;
    }
    host->fixed_addresses = addresses;
    host->fixed_address_places = places;
    host->fixed_address_count = i;
}

static void fill_subnet(struct snapshot *snapshot, struct block *block, struct subnet *subnet)
{
    subnet->network = block->network;
    subnet->netmask = block->netmask;
    subnet->where = block->where;
    fill_scope(snapshot, block, &subnet->scope);
    if (block_around(block, BLOCK_SHARED_NETWORK))
        subnet->shared = block_around(block, BLOCK_SHARED_NETWORK)->shared;
}

static void fill_shared_network(struct snapshot *snapshot, struct block *block)
{
    struct shared_network *made = region_allocate(&snapshot->region, sizeof(*made));

    made->name = block->name;
    made->where = block->where;
    fill_scope(snapshot, block, &made->scope);
    block->shared = made;
}

/* Classes are made before the scopes, since pools name them. */
static void fill_classes(struct snapshot *snapshot, struct block *global)
{
    struct class *classes;
    size_t count = 0;

    for (struct block *block = global; block; block = block_walk(block))
        count += block->kind == BLOCK_CLASS;
    classes = region_allocate(&snapshot->region, (count + 1) * sizeof(*classes));
    for (struct block *block = global; block; block = block_walk(block)) {
        if (block->kind == BLOCK_CLASS)
            block->made = &classes[snapshot->class_count++];
    }
    snapshot->classes = classes;
}

static void fill_class(struct snapshot *snapshot, struct block *block)
{
    struct class *made = block->made;
    struct subclass *subclasses;
    size_t count = 0;

    *made = (struct class){
        .name = block->name,
        .match_if = block->match_if,
        .match = block->match,
        .spawn_with = block->spawn_with,
        .lease_limit = block->lease_limit,
        .where = block->where,
    };
    fill_scope(snapshot, block, &made->scope);
    for (const struct block *at = block->first; at; at = at->next)
        count += at->kind == BLOCK_SUBCLASS;
    subclasses = region_allocate(&snapshot->region, (count + 1) * sizeof(*subclasses));
    for (struct block *at = block->first; at; at = at->next) {
        struct subclass *subclass = &subclasses[made->subclass_count];

        if (at->kind != BLOCK_SUBCLASS)
            continue;
        *subclass = (struct subclass){
            .class = made, .key = at->key, .lease_limit = at->lease_limit, .where = at->where};
        fill_scope(snapshot, at, &subclass->scope);
        made->subclass_count++;
    }
    made->subclasses = subclasses;
}

static void fill_pool(struct snapshot *snapshot, struct block *block)
{
    struct pool *made = region_allocate(&snapshot->region, sizeof(*made));
    struct permit *lists[2];
    size_t counts[2] = {0, 0};

    for (const struct block_permit *at = block->permits; at; at = at->next)
        counts[at->allow]++;
    for (int i = 0; i < 2; i++) {
        lists[i] = region_allocate(&snapshot->region, (counts[i] + 1) * sizeof(*lists[i]));
        counts[i] = 0;
    }
    for (const struct block_permit *at = block->permits; at; at = at->next)
        lists[at->allow][counts[at->allow]++] =
            (struct permit){at->kind, at->class ? at->class->made : NULL, at->after, at->where};
    made->deny = lists[0];
    made->deny_count = counts[0];
    made->allow = lists[1];
    made->allow_count = counts[1];
    made->where = block->where;
    fill_scope(snapshot, block, &made->scope);
    block->pool = made;
}

/* Gives every subnet its ranges, its pools' among them, in the order written. Twice over the tree:
 * the first time to count. */
static void fill_ranges(struct snapshot *snapshot, struct block *global, struct subnet *subnets,
                        size_t subnet_count)
{
    for (int pass = 0; pass < 2; pass++) {
        for (struct block *block = global; block; block = block_walk(block)) {
            for (const struct block_range *node = block->ranges; node; node = node->next) {
                struct subnet *subnet = &subnets[node->subnet->index];

                if (pass == 1) {
                    struct range *range = &((struct range *)subnet->ranges)[subnet->range_count];

                    *range = node->range;
                    range->pool = block->pool;
                }
                subnet->range_count++;
            }
        }
        for (size_t i = 0; pass == 0 && i < subnet_count; i++) {
            subnets[i].ranges = region_allocate(&snapshot->region,
                                                subnets[i].range_count * sizeof(struct range) + 1);
            subnets[i].range_count = 0;
        }
    }
}

static void fill_export(struct snapshot *snapshot, const struct block_export *from,
                        struct export_statement *to)
{
    struct export_client *clients;
    size_t count = 0;

    for (const struct block_export_client *at = from->clients; at; at = at->next)
        count++;
    clients = region_allocate(&snapshot->region, (count + 1) * sizeof(*clients));
    count = 0;
    for (const struct block_export_client *at = from->clients; at; at = at->next)
        clients[count++] = (struct export_client){
            .host = at->host ? &snapshot->hosts[at->host->index] : NULL,
            .network = at->network,
            .netmask = at->netmask,
        };
    *to = (struct export_statement){
        .directory = from->directory,
        .clients = clients,
        .client_count = count,
        .rights = from->rights,
        .where = from->where,
    };
}

/* Once the hosts are there, which they name. */
static void fill_exports(struct snapshot *snapshot, const struct block *global)
{
    struct export_statement *exports;
    size_t count = 0;

    for (const struct block_export *at = global->exports; at; at = at->next)
        count++;
    exports = region_allocate(&snapshot->region, (count + 1) * sizeof(*exports));
    for (const struct block_export *at = global->exports; at; at = at->next)
        fill_export(snapshot, at, &exports[snapshot->export_count++]);
    snapshot->exports = exports;
}

void builder_fill(struct snapshot *snapshot, struct block *global)
{
    size_t subnet_count = 0, host_count = 0;
    struct subnet *subnets;
    struct host *hosts;

    for (struct block *block = global; block; block = block_walk(block)) {
        if (block->kind == BLOCK_SUBNET)
            block->index = subnet_count++;
        else if (block->kind == BLOCK_HOST)
            block->index = host_count++;
    }
    subnets = region_allocate(&snapshot->region, (subnet_count + 1) * sizeof(*subnets));
    hosts = region_allocate(&snapshot->region, (host_count + 1) * sizeof(*hosts));
    fill_classes(snapshot, global);
    /* Outer blocks come first, so each finds its outer scope made. */
    for (struct block *block = global; block; block = block_walk(block)) {
        if (block->kind == BLOCK_GLOBAL)
            fill_scope(snapshot, block, &snapshot->global);
        else if (block->kind == BLOCK_SUBNET)
            fill_subnet(snapshot, block, &subnets[block->index]);
        else if (block->kind == BLOCK_HOST)
            fill_host(snapshot, block, &hosts[block->index]);
        else if (block->kind == BLOCK_SHARED_NETWORK)
            fill_shared_network(snapshot, block);
        else if (block->kind == BLOCK_POOL)
            fill_pool(snapshot, block);
        else if (block->kind == BLOCK_CLASS)
            fill_class(snapshot, block);
        else if (block->kind != BLOCK_SUBCLASS)
            fill_scope(snapshot, block, region_allocate(&snapshot->region, sizeof(struct scope)));
    }
    fill_ranges(snapshot, global, subnets, subnet_count);
    snapshot->subnets = subnets;
    snapshot->subnet_count = subnet_count;
    snapshot->hosts = hosts;
    snapshot->host_count = host_count;
    fill_exports(snapshot, global);
    snapshot_index(snapshot);
}
