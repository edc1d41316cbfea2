#include "model/lease.h"

#include "base/memory.h"
#include "model/lease_notes.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 256 };

/* How many leases count for a class. */
struct lease_billing {
    size_t count;
};

/* The records of 256 neighbouring addresses, so that a search walks arrays instead of hashing each
 * address. */
struct lease_block {
    struct lease *leases[BLOCK_SIZE];
    int64_t free_at[BLOCK_SIZE]; /* wall seconds from which the record may be free */
    unsigned count;
};

static struct lease_block *block_of(const struct lease_table *table, uint32_t address)
{
    uint32_t key = address / BLOCK_SIZE;

    return map_get(&table->blocks, &key, sizeof(key));
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

    while (map_next(&table->blocks, &place, &entry)) {
        struct lease_block *block = entry->value;

        for (size_t i = 0; i < BLOCK_SIZE; i++)
            lease_free(block->leases[i]);
        free(block);
    }
    place = 0;
    while (map_next(&table->billings, &place, &entry))
        free(entry->value);
    map_release(&table->billings);
    free(table->ends);
    map_release(&table->blocks);
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
    uint32_t key = lease->address / BLOCK_SIZE;
    /* The copy comes first: `lease` may be the very record that is replaced. */
    struct lease *copy = copy_of(lease);
    struct lease_block *block;

    lease_table_remove(table, copy->address);
    block = block_of(table, copy->address);
    if (!block) {
        block = memory_zeroed(1, sizeof(*block));
        map_put(&table->blocks, &key, sizeof(key), block);
    }
    block->leases[copy->address % BLOCK_SIZE] = copy;
    block->free_at[copy->address % BLOCK_SIZE] =
        copy->reserved                                                ? INT64_MAX
        : copy->state == LEASE_BOUND || copy->state == LEASE_DECLINED ? copy->expiry
                                                                      : INT64_MIN;
    block->count++;
    table->count++;
    link_machine(table, copy);
    link_end(table, copy);
    bill(table, copy, true);
    if (copy->offer_until_ms > 0)
        link_offer(table, copy);
}

void lease_table_remove(struct lease_table *table, uint32_t address)
{
    struct lease_block *block = block_of(table, address);
    struct lease *lease = block ? block->leases[address % BLOCK_SIZE] : NULL;
    uint32_t key = address / BLOCK_SIZE;

    if (!lease)
        return;
    unlink_machine(table, lease);
    unlink_end(table, lease);
    bill(table, lease, false);
    if (lease->offer_until_ms > 0)
        unlink_offer(table, lease);
    block->leases[address % BLOCK_SIZE] = NULL;
    table->count--;
    if (--block->count == 0) {
        map_remove(&table->blocks, &key, sizeof(key));
        free(block);
    }
    lease_free(lease);
}

void lease_table_expire_offers(struct lease_table *table, uint64_t now_ms)
{
    while (table->oldest_offer && table->oldest_offer->offer_until_ms <= now_ms) {
        struct lease *lease = table->oldest_offer;

        if (lease->state == LEASE_OFFERED) {
            lease_table_remove(table, lease->address);
        } else {
            unlink_offer(table, lease);
            lease->offer_until_ms = 0;
        }
    }
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

/* The last address of the block that `address` lies in, or `high` where that comes first. */
static uint32_t block_end(uint32_t address, uint32_t high)
{
    uint32_t last = address | (BLOCK_SIZE - 1);

    return last < high ? last : high;
}

uint32_t lease_table_find_unused(const struct lease_table *table, uint32_t low, uint32_t high)
{
    uint64_t at = low;

    while (at <= high) {
        uint32_t end = block_end((uint32_t)at, high);
        const struct lease_block *block = block_of(table, (uint32_t)at);

        if (!block)
            return (uint32_t)at;
        for (; block->count < BLOCK_SIZE && at <= end; at++) {
            if (!block->leases[at % BLOCK_SIZE])
                return (uint32_t)at;
        }
        at = (uint64_t)end + 1;
    }
    return 0;
}

const struct lease *lease_table_find_oldest(const struct lease_table *table, uint32_t low,
                                            uint32_t high, int64_t wall, uint64_t now_ms,
                                            bool (*accept)(const void *argument, uint32_t address),
                                            const void *argument)
{
    const struct lease *oldest = NULL;

    for (uint64_t at = low; at <= high; at = (uint64_t)block_end((uint32_t)at, high) + 1) {
        const struct lease_block *block = block_of(table, (uint32_t)at);
        uint32_t end = block_end((uint32_t)at, high);

        for (uint64_t address = at; block && address <= end; address++) {
            const struct lease *lease = block->leases[address % BLOCK_SIZE];

            if (block->free_at[address % BLOCK_SIZE] > wall || !lease ||
                (oldest && lease->expiry >= oldest->expiry))
                continue;
            if (lease_is_free(lease, wall, now_ms) && accept(argument, (uint32_t)address))
                oldest = lease;
        }
    }
    return oldest;
}

const struct lease *lease_table_next(const struct lease_table *table, size_t *place, size_t *slot)
{
    struct map_entry *entry;
    size_t before = *place;

    while (map_next(&table->blocks, place, &entry)) {
        const struct lease_block *block = entry->value;

        while (*slot < BLOCK_SIZE) {
            const struct lease *lease = block->leases[(*slot)++];

            if (lease) {
                *place = before; /* this block has more */
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
