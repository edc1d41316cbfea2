#include "config/block.h"

const char *block_kind_name(enum block_kind kind)
{
    static const char *const names[BLOCK_KIND_COUNT] = {
        [BLOCK_GLOBAL] = "the global scope",
        [BLOCK_SHARED_NETWORK] = "shared-network",
        [BLOCK_SUBNET] = "subnet",
        [BLOCK_POOL] = "pool",
        [BLOCK_GROUP] = "group",
        [BLOCK_HOST] = "host",
        [BLOCK_CLASS] = "class",
        [BLOCK_SUBCLASS] = "subclass",
    };

    return names[kind];
}

struct block *block_new(struct region *region, enum block_kind kind, struct block *outer,
                        struct position where)
{
    struct block *block = region_allocate(region, sizeof(*block));

    block->kind = kind;
    block->where = where;
    block->outer = outer;
    if (!outer)
        return block;
    block->depth = outer->depth + 1;
    if (outer->last)
        outer->last->next = block;
    else
        outer->first = block;
    outer->last = block;
    return block;
}

void block_add_setting(struct region *region, struct block *block, struct setting setting)
{
    struct block_setting *node = region_allocate(region, sizeof(*node));

    node->setting = setting;
    if (setting.space == SPACE_PARAMETER && setting.code == PARAMETER_PROXY_DHCP)
        block->proxy = &node->setting;
    if (block->last_setting)
        block->last_setting->next = node;
    else
        block->settings = node;
    block->last_setting = node;
    block->setting_count++;
}

void block_add_range(struct region *region, struct block *block, struct range range,
                     struct position where)
{
    struct block_range *node = region_allocate(region, sizeof(*node));

    node->range = range;
    node->range.where = node->where = where;
    if (block->last_range)
        block->last_range->next = node;
    else
        block->ranges = node;
    block->last_range = node;
}

void block_add_address(struct region *region, struct block *block, uint32_t address,
                       struct position where)
{
    struct block_address *node = region_allocate(region, sizeof(*node));

    node->address = address;
    node->where = where;
    if (block->last_address)
        block->last_address->next = node;
    else
        block->addresses = node;
    block->last_address = node;
    block->address_count++;
}

struct block *block_walk(struct block *block)
{
    if (block->first)
        return block->first;
    while (block && !block->next)
        block = block->outer;
    return block ? block->next : NULL;
}

struct block *block_around(struct block *block, enum block_kind kind)
{
    while (block && block->kind != kind)
        block = block->outer;
    return block;
}

bool block_holds(const struct block *subnet, uint32_t address)
{
    return (address & subnet->netmask) == subnet->network;
}

/* What a subnet is found by. */
struct subnet_key {
    const struct block *around; /* its shared network; NULL: wherever it is */
    uint32_t network, netmask;
};

static void index_subnet(struct subnet_index *index, struct block *subnet, struct block *around)
{
    struct subnet_key key = {around, subnet->network, subnet->netmask};

    /* What a broken header would hold nobody knows: it may be anything. */
    if (subnet->broken)
        key = (struct subnet_key){around, 0, 0};
    if (!map_get(&index->subnets, &key, sizeof(key)))
        map_put(&index->subnets, &key, sizeof(key), subnet);
}

static void index_mask(struct subnet_index *index, uint32_t netmask)
{
    for (size_t i = 0; i < index->mask_count; i++) {
        if (index->masks[i] == netmask)
            return;
    }
    if (index->mask_count < SUBNET_MASKS)
        index->masks[index->mask_count++] = netmask;
}

void subnet_index_fill(struct subnet_index *index, struct block *global)
{
    size_t count = 0;

    for (struct block *block = global; block; block = block_walk(block)) {
        if (block->kind != BLOCK_SUBNET)
            continue;
        block->index = count++;
        index->broken = index->broken || block->broken;
        index_mask(index, block->broken ? 0 : block->netmask);
        index_subnet(index, block, NULL);
        if (block_around(block, BLOCK_SHARED_NETWORK))
            index_subnet(index, block, block_around(block, BLOCK_SHARED_NETWORK));
    }
}

void subnet_index_release(struct subnet_index *index)
{
    map_release(&index->subnets);
}

struct block *subnet_index_find(const struct subnet_index *index, const struct block *around,
                                struct range range)
{
    struct block *first = NULL;

    for (size_t i = 0; i < index->mask_count; i++) {
        uint32_t netmask = index->masks[i];
        struct subnet_key key = {around, range.low & netmask, netmask};
        struct block *subnet = map_get(&index->subnets, &key, sizeof(key));

        if (subnet && (subnet->broken || block_holds(subnet, range.high)) &&
            (!first || subnet->index < first->index))
            first = subnet;
    }
    return first;
}

struct block *subnet_index_of_range(const struct subnet_index *index, struct block *block,
                                    struct range range)
{
    struct block *subnet = block_around(block, BLOCK_SUBNET), *network;

    if (subnet)
        return block_holds(subnet, range.low) && block_holds(subnet, range.high) ? subnet : NULL;
    /* A pool of a shared network belongs to the subnet that its addresses are of. */
    network = block_around(block, BLOCK_SHARED_NETWORK);
    return network ? subnet_index_find(index, network, range) : NULL;
}
