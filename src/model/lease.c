#include "model/lease.h"

#include "base/memory.h"
#include "model/lease_notes.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 256, GROUP_SIZE = 256 };

#define NEVER INT64_MAX

/* How many leases count for a class. */
struct lease_billing {
    size_t count;
};

/* The records of 256 neighbouring addresses, so that a search walks arrays instead of hashing each
 * address. */
struct lease_block {
    struct lease *leases[BLOCK_SIZE];
    int64_t ends[BLOCK_SIZE]; /* end_of() each */
    unsigned count;
};

/* 256 neighbouring blocks, and what a search must know to pass over them: a range as big as a /8 is
 * searched in a few hundred steps where nothing of it is free. */
struct lease_group {
    struct lease_block *blocks[GROUP_SIZE];
    int64_t soonest[GROUP_SIZE]; /* the least of each block's ends */
    int64_t soonest_of_all;
    unsigned count; /* of blocks */
    unsigned full;  /* of those, blocks without room */
};

/* The wall second from which nobody has a claim on the record's address, should it not change; an
 * offer ends by a change. NEVER, too, where there is no record. */
static int64_t end_of(const struct lease *lease)
{
    if (!lease || lease->offer_until_ms > 0 || lease->reserved)
        return NEVER;
    return lease->expiry;
}

static struct lease_group *group_of(const struct lease_table *table, uint32_t address)
{
    uint32_t key = address / (BLOCK_SIZE * GROUP_SIZE);

    return map_get(&table->groups, &key, sizeof(key));
}

static size_t place_of(uint32_t address)
{
    return address / BLOCK_SIZE % GROUP_SIZE;
}

static struct lease_block *block_of(const struct lease_table *table, uint32_t address)
{
    const struct lease_group *group = group_of(table, address);

    return group ? group->blocks[place_of(address)] : NULL;
}

static int64_t least_of(const int64_t *ends, size_t count)
{
    int64_t least = NEVER;

    for (size_t i = 0; i < count; i++)
        least = ends[i] < least ? ends[i] : least;
    return least;
}

/* Puts a new end in the place of an old one, and keeps the least one of all. */
static void change_end(int64_t *ends, size_t count, size_t place, int64_t end, int64_t *least)
{
    int64_t before = ends[place];

    ends[place] = end;
    if (end <= *least)
        *least = end;
    else if (before == *least)
        *least = least_of(ends, count);
}

/* Notes when the address is free, once its record has changed. */
static void note_end(struct lease_group *group, uint32_t address)
{
    size_t place = place_of(address);
    struct lease_block *block = group->blocks[place];
    int64_t soonest = group->soonest[place];

    change_end(block->ends, BLOCK_SIZE, address % BLOCK_SIZE,
               end_of(block->leases[address % BLOCK_SIZE]), &soonest);
    change_end(group->soonest, GROUP_SIZE, place, soonest, &group->soonest_of_all);
}

static struct lease_group *group_for(struct lease_table *table, uint32_t address)
{
    uint32_t key = address / (BLOCK_SIZE * GROUP_SIZE);
    struct lease_group *group = group_of(table, address);

    if (group)
        return group;
    group = memory_zeroed(1, sizeof(*group));
    group->soonest_of_all = NEVER;
    for (size_t i = 0; i < GROUP_SIZE; i++)
        group->soonest[i] = NEVER;
    map_put(&table->groups, &key, sizeof(key), group);
    return group;
}

static void put_record(struct lease_table *table, struct lease *lease)
{
    struct lease_group *group = group_for(table, lease->address);
    struct lease_block **block = &group->blocks[place_of(lease->address)];

    if (!*block) {
        *block = memory_zeroed(1, sizeof(**block));
        for (size_t i = 0; i < BLOCK_SIZE; i++)
            (*block)->ends[i] = NEVER;
        group->count++;
    }
    (*block)->leases[lease->address % BLOCK_SIZE] = lease;
    group->full += ++(*block)->count == BLOCK_SIZE;
    if (lease->state == LEASE_RELEASED && lease->expiry > table->last_release)
        table->last_release = lease->expiry;
    note_end(group, lease->address);
}

static void take_record(struct lease_table *table, uint32_t address)
{
    struct lease_group *group = group_of(table, address);
    struct lease_block *block = group->blocks[place_of(address)];
    uint32_t key = address / (BLOCK_SIZE * GROUP_SIZE);

    block->leases[address % BLOCK_SIZE] = NULL;
    note_end(group, address);
    group->full -= block->count-- == BLOCK_SIZE;
    if (block->count > 0)
        return;
    free(block);
    group->blocks[place_of(address)] = NULL;
    if (--group->count == 0) {
        map_remove(&table->groups, &key, sizeof(key));
        free(group);
    }
}

/* The map key of a machine: its address type, then its address. Returns the key's length. */
static size_t machine_key(uint8_t key[1 + HARDWARE_ADDRESS_MAX], const struct hardware *hardware)
{
    size_t length = hardware->length <= HARDWARE_ADDRESS_MAX ? hardware->length : 0;

    key[0] = hardware->type;
    memcpy(key + 1, hardware->address, length);
    return 1 + length;
}

static void lease_free(struct lease *lease)
{
    if (!lease)
        return;
    free((void *)lease->notes.data);
    free(lease);
}

void lease_table_release(struct lease_table *table)
{
    struct map_entry *entry;
    size_t place = 0;

    while (map_next(&table->groups, &place, &entry)) {
        struct lease_group *group = entry->value;

        for (size_t i = 0; i < GROUP_SIZE; i++) {
            for (size_t j = 0; group->blocks[i] && j < BLOCK_SIZE; j++)
                lease_free(group->blocks[i]->leases[j]);
            free(group->blocks[i]);
        }
        free(group);
    }
    place = 0;
    while (map_next(&table->billings, &place, &entry))
        free(entry->value);
    map_release(&table->billings);
    for (enum lease_key kind = 0; kind < LEASE_KEYS; kind++)
        lease_index_release(&table->alike[kind]);
    free(table->ends);
    map_release(&table->groups);
    map_release(&table->by_hardware);
    *table = (struct lease_table){.count = 0};
}

const struct lease *lease_table_by_address(const struct lease_table *table, uint32_t address)
{
    const struct lease_block *block = block_of(table, address);

    return block ? block->leases[address % BLOCK_SIZE] : NULL;
}

const struct lease *lease_table_by_hardware(const struct lease_table *table,
                                            const struct hardware *hardware)
{
    uint8_t key[1 + HARDWARE_ADDRESS_MAX];

    return map_get(&table->by_hardware, key, machine_key(key, hardware));
}

static void link_machine(struct lease_table *table, struct lease *lease)
{
    uint8_t key[1 + HARDWARE_ADDRESS_MAX];
    size_t length = machine_key(key, &lease->hardware);

    lease->next_of_machine = map_put(&table->by_hardware, key, length, lease);
}

static void unlink_machine(struct lease_table *table, struct lease *lease)
{
    uint8_t key[1 + HARDWARE_ADDRESS_MAX];
    size_t length = machine_key(key, &lease->hardware);
    struct lease *first = map_get(&table->by_hardware, key, length);

    if (first == lease) {
        if (lease->next_of_machine)
            map_put(&table->by_hardware, key, length, lease->next_of_machine);
        else
            map_remove(&table->by_hardware, key, length);
        return;
    }
    for (; first; first = first->next_of_machine) {
        if (first->next_of_machine == lease) {
            first->next_of_machine = lease->next_of_machine;
            return;
        }
    }
}

static void link_offer(struct lease_table *table, struct lease *lease)
{
    lease->older_offer = table->newest_offer;
    lease->newer_offer = NULL;
    *(table->newest_offer ? &table->newest_offer->newer_offer : &table->oldest_offer) = lease;
    table->newest_offer = lease;
    table->offer_count++;
}

static void unlink_offer(struct lease_table *table, struct lease *lease)
{
    *(lease->older_offer ? &lease->older_offer->newer_offer : &table->oldest_offer) =
        lease->newer_offer;
    *(lease->newer_offer ? &lease->newer_offer->older_offer : &table->newest_offer) =
        lease->older_offer;
    table->offer_count--;
}

/* ---- The ends that are to be acted upon: a heap, the first on top ---- */

static void end_set(struct lease_table *table, uint32_t place, struct lease *lease)
{
    table->ends[place - 1] = lease;
    lease->end_place = place;
}

/* Moves the record to where it belongs, from a place on the way there. */
static void end_settle(struct lease_table *table, uint32_t place, struct lease *lease)
{
    for (; place > 1 && table->ends[place / 2 - 1]->expiry > lease->expiry; place /= 2)
        end_set(table, place, table->ends[place / 2 - 1]);
    for (uint32_t below; (below = 2 * place) <= table->end_count; place = below) {
        if (below < table->end_count && table->ends[below]->expiry < table->ends[below - 1]->expiry)
            below++;
        if (table->ends[below - 1]->expiry >= lease->expiry)
            break;
        end_set(table, place, table->ends[below - 1]);
    }
    end_set(table, place, lease);
}

static void link_end(struct lease_table *table, struct lease *lease)
{
    if (lease->state != LEASE_BOUND || lease->expiry == LEASE_FOREVER ||
        !lease_notes_end(lease->notes))
        return;
    if (table->end_count == table->end_capacity) {
        table->end_capacity = table->end_capacity ? 2 * table->end_capacity : 64;
        table->ends = memory_resize(table->ends, table->end_capacity, sizeof(struct lease *));
    }
    table->end_count++;
    end_settle(table, table->end_count, lease);
}

static void unlink_end(struct lease_table *table, struct lease *lease)
{
    uint32_t place = lease->end_place;
    struct lease *last;

    if (!place)
        return;
    last = table->ends[--table->end_count];
    if (last != lease)
        end_settle(table, place, last);
    lease->end_place = 0;
}

const struct lease *lease_table_ended(const struct lease_table *table, int64_t wall)
{
    return table->end_count > 0 && table->ends[0]->expiry <= wall ? table->ends[0] : NULL;
}

int64_t lease_table_next_end(const struct lease_table *table)
{
    return table->end_count > 0 ? table->ends[0]->expiry : LEASE_FOREVER;
}

/* ---- Classes with a limit ---- */

/* Counts the record for its class, or takes it off the count. */
static void bill(struct lease_table *table, const struct lease *lease, bool put)
{
    struct lease_billing *billing;
    struct lease_note note;

    if (lease->notes.length == 0 || lease->state != LEASE_BOUND ||
        !lease_note_find(lease->notes, NOTE_BILLING, &note))
        return;
    billing = map_get(&table->billings, note.value.data, note.value.length);
    if (!billing) {
        billing = memory_zeroed(1, sizeof(*billing));
        map_put(&table->billings, note.value.data, note.value.length, billing);
    }
    billing->count += put ? 1 : (size_t)-1;
    if (billing->count == 0)
        free(map_remove(&table->billings, note.value.data, note.value.length));
}

size_t lease_table_billed(const struct lease_table *table, struct slice key)
{
    const struct lease_billing *billing = map_get(&table->billings, key.data, key.length);

    return billing ? billing->count : 0;
}

/* The table's own copy of a record. */
static struct lease *copy_of(const struct lease *lease)
{
    struct lease *copy = memory_zeroed(1, sizeof(*copy));
    struct lease_note note;
    uint8_t *notes;

    *copy = *lease;
    copy->end_place = 0;
    copy->reserved = lease_note_find(lease->notes, NOTE_RESERVED, &note);
    copy->notes = slice_of(NULL, 0);
    if (lease->notes.length > 0) {
        notes = memory_zeroed(1, lease->notes.length);
        memcpy(notes, lease->notes.data, lease->notes.length);
        copy->notes = slice_of(notes, lease->notes.length);
    }
    return copy;
}

void lease_table_put(struct lease_table *table, const struct lease *lease)
{
    /* The copy comes first: `lease` may be the very record that is replaced. */
    struct lease *copy = copy_of(lease);

    lease_table_remove(table, copy->address);
    put_record(table, copy);
    table->count++;
    link_machine(table, copy);
    for (enum lease_key kind = 0; kind < LEASE_KEYS; kind++)
        lease_index_add(&table->alike[kind], kind, copy);
    link_end(table, copy);
    bill(table, copy, true);
    if (copy->offer_until_ms > 0)
        link_offer(table, copy);
}

void lease_table_remove(struct lease_table *table, uint32_t address)
{
    struct lease_block *block = block_of(table, address);
    struct lease *lease = block ? block->leases[address % BLOCK_SIZE] : NULL;

    if (!lease)
        return;
    unlink_machine(table, lease);
    for (enum lease_key kind = 0; kind < LEASE_KEYS; kind++)
        lease_index_remove(&table->alike[kind], kind, lease);
    unlink_end(table, lease);
    bill(table, lease, false);
    if (lease->offer_until_ms > 0)
        unlink_offer(table, lease);
    take_record(table, address);
    table->count--;
    lease_free(lease);
}

static void end_oldest_offer(struct lease_table *table)
{
    struct lease *lease = table->oldest_offer;

    if (lease->state == LEASE_OFFERED) {
        lease_table_remove(table, lease->address);
        return;
    }
    unlink_offer(table, lease);
    lease->offer_until_ms = 0;
    note_end(group_of(table, lease->address), lease->address);
}

void lease_table_expire_offers(struct lease_table *table, uint64_t now_ms)
{
    while (table->oldest_offer && table->oldest_offer->offer_until_ms <= now_ms)
        end_oldest_offer(table);
}

void lease_table_limit_offers(struct lease_table *table, size_t most)
{
    while (table->offer_count > most)
        end_oldest_offer(table);
}

bool lease_is_free(const struct lease *lease, int64_t wall, uint64_t now_ms)
{
    if (lease->offer_until_ms > now_ms || lease->reserved)
        return false;
    if (lease->state == LEASE_BOUND || lease->state == LEASE_DECLINED)
        return lease->expiry != LEASE_FOREVER && lease->expiry <= wall;
    return true;
}

struct lease lease_released(const struct lease *lease, int64_t wall)
{
    struct lease released = *lease;

    released.state = LEASE_RELEASED;
    released.offer_until_ms = 0;
    released.expiry = wall;
    released.notes = lease_notes_kept(lease->notes);
    return released;
}

/* The last address of the block or group of `size` addresses that `address` lies in, or `high`
 * where that comes first. */
static uint32_t last_of(uint32_t address, uint32_t size, uint32_t high)
{
    uint32_t last = address | (size - 1);

    return last < high ? last : high;
}

static uint32_t group_end(uint32_t address, uint32_t high)
{
    return last_of(address, BLOCK_SIZE * GROUP_SIZE, high);
}

static uint32_t block_end(uint32_t address, uint32_t high)
{
    return last_of(address, BLOCK_SIZE, high);
}

/* The lowest address without a record from `at` to `end`, in one group; 0: none. */
static uint32_t unused_in(const struct lease_group *group, uint64_t at, uint32_t end)
{
    while (at <= end) {
        const struct lease_block *block = group->blocks[place_of((uint32_t)at)];
        uint32_t last = block_end((uint32_t)at, end);

        if (!block)
            return (uint32_t)at;
        for (; block->count < BLOCK_SIZE && at <= last; at++) {
            if (!block->leases[at % BLOCK_SIZE])
                return (uint32_t)at;
        }
        at = (uint64_t)last + 1;
    }
    return 0;
}

uint32_t lease_table_find_unused(const struct lease_table *table, uint32_t low, uint32_t high)
{
    for (uint64_t at = low; at <= high; at = (uint64_t)group_end((uint32_t)at, high) + 1) {
        const struct lease_group *group = group_of(table, (uint32_t)at);
        uint32_t unused;

        if (!group)
            return (uint32_t)at;
        if (group->full == GROUP_SIZE)
            continue;
        unused = unused_in(group, at, group_end((uint32_t)at, high));
        if (unused)
            return unused;
    }
    return 0;
}

/* What a search for the record that ended first knows so far. */
struct search {
    int64_t horizon; /* nothing that ends later is free */
    int64_t wall;
    uint64_t now_ms;
    bool (*accept)(const void *argument, uint32_t address);
    const void *argument;
    const struct lease *oldest;
};

/* Whether a record that ends then would be the one. */
static bool ends_earlier(const struct search *search, int64_t end)
{
    return end <= search->horizon && (!search->oldest || end < search->oldest->expiry);
}

static void search_block(struct search *search, const struct lease_block *block, uint64_t at,
                         uint32_t end)
{
    for (; at <= end; at++) {
        const struct lease *lease = block->leases[at % BLOCK_SIZE];

        if (ends_earlier(search, block->ends[at % BLOCK_SIZE]) &&
            lease_is_free(lease, search->wall, search->now_ms) &&
            search->accept(search->argument, (uint32_t)at))
            search->oldest = lease;
    }
}

static void search_group(struct search *search, const struct lease_group *group, uint64_t at,
                         uint32_t end)
{
    while (at <= end) {
        uint32_t last = block_end((uint32_t)at, end);

        if (ends_earlier(search, group->soonest[place_of((uint32_t)at)]))
            search_block(search, group->blocks[place_of((uint32_t)at)], at, last);
        at = (uint64_t)last + 1;
    }
}

const struct lease *lease_table_find_oldest(const struct lease_table *table, uint32_t low,
                                            uint32_t high, int64_t wall, uint64_t now_ms,
                                            bool (*accept)(const void *argument, uint32_t address),
                                            const void *argument)
{
    /* What was released before the clock was set back is free all the same. */
    int64_t horizon = wall > table->last_release ? wall : table->last_release;
    struct search search = {horizon, wall, now_ms, accept, argument, NULL};

    for (uint64_t at = low; at <= high; at = (uint64_t)group_end((uint32_t)at, high) + 1) {
        const struct lease_group *group = group_of(table, (uint32_t)at);

        if (group && ends_earlier(&search, group->soonest_of_all))
            search_group(&search, group, at, group_end((uint32_t)at, high));
    }
    return search.oldest;
}

/* `*slot` counts the addresses of a group. */
const struct lease *lease_table_next(const struct lease_table *table, size_t *place, size_t *slot)
{
    struct map_entry *entry;
    size_t before = *place;

    while (map_next(&table->groups, place, &entry)) {
        const struct lease_group *group = entry->value;

        while (*slot < (size_t)GROUP_SIZE * BLOCK_SIZE) {
            const struct lease_block *block = group->blocks[*slot / BLOCK_SIZE];
            const struct lease *lease = block ? block->leases[*slot % BLOCK_SIZE] : NULL;

            *slot += block ? 1 : BLOCK_SIZE;
            if (lease) {
                *place = before; /* this group has more */
                return lease;
            }
        }
        *slot = 0;
        before = *place;
    }
    return NULL;
}

static void count_record(const struct lease *lease, int64_t wall, uint64_t now_ms,
                         struct lease_counts *counts)
{
    if (lease_is_free(lease, wall, now_ms))
        counts->free++;
    else if (lease->state == LEASE_BOUND || lease->reserved)
        counts->bound++;
    else if (lease->state == LEASE_DECLINED)
        counts->declined++;
    else
        counts->offered++;
}

void lease_table_count(const struct lease_table *table, uint32_t low, uint32_t high, int64_t wall,
                       uint64_t now_ms, struct lease_counts *counts)
{
    for (uint64_t at = low; at <= high; at = (uint64_t)block_end((uint32_t)at, high) + 1) {
        const struct lease_block *block = block_of(table, (uint32_t)at);
        uint32_t end = block_end((uint32_t)at, high);

        if (!block)
            counts->free += end - at + 1;
        for (uint64_t address = at; block && address <= end; address++) {
            if (block->leases[address % BLOCK_SIZE])
                count_record(block->leases[address % BLOCK_SIZE], wall, now_ms, counts);
            else
                counts->free++;
        }
    }
}
