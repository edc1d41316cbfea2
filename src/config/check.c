/* What only the whole tree of declarations shows. */
#include "config/builder.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void check_ranges(const struct subnet_index *index, struct block *block,
                         struct sources *sources)
{
    const struct block *subnet = block_around(block, BLOCK_SUBNET);
    char low[IPV4_TEXT_SIZE], high[IPV4_TEXT_SIZE], network[IPV4_TEXT_SIZE], mask[IPV4_TEXT_SIZE];

    for (struct block_range *node = block->ranges; node; node = node->next) {
        node->subnet = subnet_index_of_range(index, block, node->range);
        if ((subnet && subnet->broken) || node->subnet)
            continue;
        ipv4_text(low, node->range.low);
        ipv4_text(high, node->range.high);
        if (subnet)
            sources_report(sources, DIAGNOSTIC_ERROR, node->where,
                           "the range %s to %s is not within its subnet %s netmask %s", low, high,
                           ipv4_text(network, subnet->network), ipv4_text(mask, subnet->netmask));
        else
            sources_report(sources, DIAGNOSTIC_ERROR, node->where,
                           "no subnet of this shared-network holds the range %s to %s", low, high);
    }
}

/* The line that leaves the block's addresses to another server, whatever is asked; NULL: none does.
 */
static const struct setting *proxy_of(const struct block *block)
{
    const struct setting *found;

    while (block->outer && !block->proxy)
        block = block->outer;
    found = block->proxy;
    return found && found->value.length > 0 && found->value.data[0] ? found : NULL;
}

/* A range that looks as if it were given out. */
static void check_proxy(const struct block *block, struct sources *sources)
{
    const struct setting *proxy = block->ranges ? proxy_of(block) : NULL;

    for (const struct block_range *node = block->ranges; proxy && node; node = node->next)
        sources_report(sources, DIAGNOSTIC_WARNING, node->where,
                       "nobody gets an address of this range: line %u of %s leaves the addresses "
                       "to another server (proxy-dhcp)",
                       proxy->where.line, proxy->where.file);
}

/* dhcpd counts only the subnets that are written right in it. */
static void check_shared_network(const struct block *block, struct sources *sources)
{
    const struct block *inner = block->first;

    /* Where it may not stand at all, that is told alone. */
    if (block->kind != BLOCK_SHARED_NETWORK || block->broken ||
        (block->outer->kind != BLOCK_GLOBAL && block->outer->kind != BLOCK_GROUP))
        return;
    while (inner && inner->kind != BLOCK_SUBNET)
        inner = inner->next;
    if (!inner)
        sources_report(sources, DIAGNOSTIC_ERROR, block->where,
                       "a shared-network holds at least one subnet: this one has none");
}

/* Whether some subnet holds the address, or may: a broken one tells nothing. */
static bool some_subnet_holds(const struct subnet_index *index, uint32_t address)
{
    struct range one = {.low = address, .high = address};

    return index->broken || subnet_index_find(index, NULL, one);
}

static void check_host(const struct subnet_index *index, struct block *host,
                       struct sources *sources)
{
    char address[IPV4_TEXT_SIZE];

    for (const struct block_address *node = host->addresses; node; node = node->next) {
        if (!some_subnet_holds(index, node->address))
            sources_report(sources, DIAGNOSTIC_WARNING, node->where,
                           "no subnet holds the address %s: host %s cannot get it",
                           ipv4_text(address, node->address), host->name);
    }
}

/* Reports a thing that an earlier block has written already. */
static void check_twice(struct map *map, struct sources *sources, enum diagnostic_severity severity,
                        struct block *block, struct position where, struct slice key,
                        const char *what)
{
    const struct block *first = map_get(map, key.data, key.length);

    if (!first)
        map_put(map, key.data, key.length, block);
    else if (first != block)
        sources_report(sources, severity, where, "%s: it stands in line %u of %s%s", what,
                       first->where.line, first->where.file,
                       severity == DIAGNOSTIC_WARNING ? ", and that one counts" : "");
}

struct seen {
    struct map names, hardware, identifiers, addresses, subnets;
};

/* The wire of an address: a block that stands for it; NULL where no subnet holds it. */
static const struct block *wire_of(const struct subnet_index *index, uint32_t address)
{
    struct range one = {.low = address, .high = address};
    struct block *subnet = subnet_index_find(index, NULL, one);
    const struct block *shared = subnet ? block_around(subnet, BLOCK_SHARED_NETWORK) : NULL;

    return shared ? shared : subnet;
}

/* Reports a host whose key, its hardware address or client identifier, an earlier one has for the
 * same wire, or for all of them: a machine may have a declaration for each network. */
static void check_key_twice(struct map *map, const struct subnet_index *index,
                            struct sources *sources, struct block *host, struct slice key,
                            const char *what)
{
    const struct block_address *address = host->addresses;
    const struct block *wire = NULL;
    uint8_t *placed = memory_zeroed(1, sizeof(wire) + key.length);

    memcpy(placed + sizeof(wire), key.data, key.length);
    do {
        wire = address ? wire_of(index, address->address) : NULL;
        memcpy(placed, &wire, sizeof(wire));
        if (wire || !address)
            check_twice(map, sources, DIAGNOSTIC_WARNING, host, host->where,
                        slice_of(placed, sizeof(wire) + key.length), what);
        address = address ? address->next : NULL;
    } while (address);
    free(placed);
}

static void check_host_twice(struct seen *seen, const struct subnet_index *index,
                             struct block *host, struct sources *sources)
{
    struct slice hardware = slice_of(&host->hardware, sizeof(host->hardware));

    if (host->name)
        check_twice(&seen->names, sources, DIAGNOSTIC_ERROR, host, host->where,
                    slice_of_string(host->name), "a host of this name is declared already");
    if (host->hardware.length > 0)
        check_key_twice(&seen->hardware, index, sources, host, hardware,
                        host->addresses
                            ? "another host has this hardware address in the same network"
                            : "another host has this hardware address");
    if (host->client_identifier.length > 0)
        check_key_twice(&seen->identifiers, index, sources, host, host->client_identifier,
                        host->addresses
                            ? "another host has this client identifier in the same network"
                            : "another host has this client identifier");
    for (const struct block_address *node = host->addresses; node; node = node->next)
        check_twice(&seen->addresses, sources, DIAGNOSTIC_WARNING, host, node->where,
                    slice_of(&node->address, sizeof(node->address)),
                    "another host has this fixed address");
}

static int compare_ranges(const void *left, const void *right)
{
    const struct block_range *a = *(const struct block_range *const *)left;
    const struct block_range *b = *(const struct block_range *const *)right;

    if (a->range.low != b->range.low)
        return a->range.low < b->range.low ? -1 : 1;
    return a->where.line < b->where.line ? -1 : a->where.line > b->where.line;
}

/* No address may be in two ranges: sorted by their starts, each must begin behind all before it. */
static void check_overlaps(struct block *global, struct sources *sources)
{
    const struct block_range **ranges, *furthest = NULL;
    char low[IPV4_TEXT_SIZE];
    size_t count = 0;

    for (struct block *block = global; block; block = block_walk(block)) {
        for (struct block_range *node = block->ranges; node; node = node->next)
            count++;
    }
    ranges = memory_zeroed(count + 1, sizeof(*ranges));
    count = 0;
    for (struct block *block = global; block; block = block_walk(block)) {
        for (struct block_range *node = block->ranges; node; node = node->next)
            ranges[count++] = node;
    }
    qsort(ranges, count, sizeof(ranges[0]), compare_ranges);
    for (size_t i = 0; i < count; i++) {
        if (furthest && ranges[i]->range.low <= furthest->range.high)
            sources_report(sources, DIAGNOSTIC_ERROR, ranges[i]->where,
                           "the address %s is in another range as well: that of line %u of %s",
                           ipv4_text(low, ranges[i]->range.low), furthest->where.line,
                           furthest->where.file);
        if (!furthest || ranges[i]->range.high > furthest->range.high)
            furthest = ranges[i];
    }
    free(ranges);
}

/* A pool without addresses: something is missing in it. */
static void check_pool(const struct block *block, struct sources *sources)
{
    if (block->kind == BLOCK_POOL && !block->ranges)
        sources_report(sources, DIAGNOSTIC_ERROR, block->where,
                       "this pool has no range of addresses");
}

/* Hosts may stand behind the export that names them, so this comes when all have been seen. */
static void check_exports(const struct block *global, const struct map *names,
                          struct sources *sources)
{
    struct map directories = {.count = 0};

    for (struct block_export *at = global->exports; at; at = at->next) {
        size_t length = strlen(at->directory);
        const struct block_export *first = map_get(&directories, at->directory, length);

        if (first)
            sources_report(sources, DIAGNOSTIC_ERROR, at->where,
                           "this directory is exported already, in line %u of %s: write all its "
                           "clients there",
                           first->where.line, first->where.file);
        else
            map_put(&directories, at->directory, length, at);
        if (!at->clients && !at->broken)
            sources_report(
                sources, DIAGNOSTIC_ERROR, at->where,
                "this export names nobody: write who may mount it, as in `clients any;`");
        for (struct block_export_client *client = at->clients; client; client = client->next) {
            if (client->name)
                client->host = map_get(names, client->name, strlen(client->name));
            if (client->name && !client->host)
                sources_report(sources, DIAGNOSTIC_ERROR, client->where,
                               "there is no host declaration `%s`", client->name);
        }
    }
    map_release(&directories);
}

void builder_check(struct block *global, struct sources *sources)
{
    struct subnet_index index = {.mask_count = 0};
    struct seen seen = {0};
    bool good = sources->diagnostics->error_count == 0;

    subnet_index_fill(&index, global);
    check_overlaps(global, sources);
    for (struct block *block = global; block; block = block_walk(block)) {
        /* An error may stand where the range or the subnet should be. */
        if (good)
            check_pool(block, sources);
        check_ranges(&index, block, sources);
        check_proxy(block, sources);
        check_shared_network(block, sources);
        check_boot_files(block, sources);
        if (block->kind == BLOCK_HOST) {
            check_host(&index, block, sources);
            check_host_twice(&seen, &index, block, sources);
        }
        if (block->kind == BLOCK_SUBNET && !block->broken)
            check_twice(&seen.subnets, sources, DIAGNOSTIC_WARNING, block, block->where,
                        slice_of(&block->network, sizeof(block->network)),
                        "this subnet is declared already");
    }
    check_exports(global, &seen.names, sources);
    subnet_index_release(&index);
    map_release(&seen.names);
    map_release(&seen.hardware);
    map_release(&seen.identifiers);
    map_release(&seen.addresses);
    map_release(&seen.subnets);
}
