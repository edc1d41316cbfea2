/* Leases as values, and the table that answers questions about them. The table is memory only: the
 * store (store/leases.h) makes it durable. */
#ifndef BOOTWIRE_MODEL_LEASE_H
#define BOOTWIRE_MODEL_LEASE_H

#include "base/map.h"
#include "base/slice.h"
#include "model/address.h"
#include "model/lease_index.h"
#include "model/step.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lease_state {
    LEASE_OFFERED,  /* set aside until offer_until_ms; in memory only */
    LEASE_BOUND,    /* acknowledged: the machine's until `expiry` */
    LEASE_RELEASED, /* given back; kept so that the machine finds its address again */
    LEASE_DECLINED, /* somebody else answers at the address: nobody gets it until `expiry` */
};

enum {
    LEASE_IDENTIFIER_MAX = 64, /* longer client identifiers are cut: they only explain */
    LEASE_UUID_MAX = 17,       /* option 97: a type byte and 16 bytes */
    LEASE_TEXT_SIZE = 64,
};

#define LEASE_FOREVER INT64_MAX

/* One address and the machine that holds it, held it last, or is being offered it. */
struct lease {
    uint32_t address;
    enum lease_state state;
    struct hardware hardware;
    uint8_t client_identifier[LEASE_IDENTIFIER_MAX];
    size_t client_identifier_length;
    uint8_t uuid[LEASE_UUID_MAX];
    size_t uuid_length;
    int64_t start;         /* seconds since 1970: since when the machine holds the address */
    int64_t expiry;        /* seconds since 1970, or LEASE_FOREVER */
    enum boot_stage stage; /* which stage asked last */
    enum boot_stage identifier_stage;   /* which stage sent the client identifier */
    char host_name[LEASE_TEXT_SIZE];    /* as the client says, printable */
    char vendor_class[LEASE_TEXT_SIZE]; /* the same */
    uint64_t offer_until_ms;            /* monotonic: nobody else gets it before; 0: not on offer */
    struct slice notes; /* model/lease_notes.h; the table's own in its records, else borrowed */

    /* The table's own. */
    bool reserved;      /* a note says so: it is nobody else's, whatever its state */
    uint32_t end_place; /* in `ends`, counted from 1; 0: not there */
    struct lease *next_of_machine;
    struct lease_link links[LEASE_KEYS];
    struct lease *older_offer, *newer_offer;
};

/* All zero is an empty table. */
struct lease_table {
    struct map groups;      /* struct lease_group; key: the uint32_t address >> 16 */
    struct map by_hardware; /* struct lease, linked by next_of_machine; key: type, then address */
    struct lease_index alike[LEASE_KEYS]; /* records by identifier and by UUID */
    struct lease *oldest_offer, *newest_offer;
    size_t offer_count;
    size_t count;
    struct lease **ends; /* a heap of those whose end is to be acted upon, the first on top */
    uint32_t end_count, end_capacity;
    struct map billings;  /* struct lease_billing; key: a NOTE_BILLING's value */
    int64_t last_release; /* the latest `expiry` of a released record there was */
};

void lease_table_release(struct lease_table *table);

/* The record at the address, or NULL. Good until the table changes. */
const struct lease *lease_table_by_address(const struct lease_table *table, uint32_t address);
/* The first record of the machine; the others follow through next_of_machine. */
const struct lease *lease_table_by_hardware(const struct lease_table *table,
                                            const struct hardware *hardware);
/* Stores a copy, of its notes too; it replaces whatever stood at its address. */
void lease_table_put(struct lease_table *table, const struct lease *lease);
void lease_table_remove(struct lease_table *table, uint32_t address);
/* Ends the offers whose time has passed; costs nothing for those whose time has not. Offers end in
 * the order in which they were put, for all live equally long. */
void lease_table_expire_offers(struct lease_table *table, uint64_t now_ms);

/* The record of which the end has passed and its notes are still there, or NULL. Costs nothing
 * where there is none. Putting the record without notes takes it out. */
const struct lease *lease_table_ended(const struct lease_table *table, int64_t wall);
/* When the first of those ends; LEASE_FOREVER: never. */
int64_t lease_table_next_end(const struct lease_table *table);
/* How many leases count for the class: bound records with this NOTE_BILLING. */
size_t lease_table_billed(const struct lease_table *table, struct slice billing);

/* Ends the oldest offers where there are more than `most`. Who comes with a REQUEST for one of them
 * still gets it, as long as it is free. */
void lease_table_limit_offers(struct lease_table *table, size_t most);

/* Whether nobody has a claim on the record's address now. */
bool lease_is_free(const struct lease *lease, int64_t wall, uint64_t now_ms);

/* The record as it is once the machine has given the address back at `wall`; what its notes keep
 * stays. */
struct lease lease_released(const struct lease *lease, int64_t wall);

/* The lowest address from `low` to `high` that has no record; 0 where there is none. */
uint32_t lease_table_find_unused(const struct lease_table *table, uint32_t low, uint32_t high);
/* Of the free records from `low` to `high` that `accept` lets pass, the one that ended first; NULL
 * where there is none. */
const struct lease *lease_table_find_oldest(const struct lease_table *table, uint32_t low,
                                            uint32_t high, int64_t wall, uint64_t now_ms,
                                            bool (*accept)(const void *argument, uint32_t address),
                                            const void *argument);
/* Walks all records in no order: start with `*place` = 0 and `*slot` = 0; NULL ends. */
const struct lease *lease_table_next(const struct lease_table *table, size_t *place, size_t *slot);

/* How a pool stands. */
struct lease_counts {
    size_t bound, offered, declined, free;
};

/* Counts the records from `low` to `high`; addresses without one count as free. Adds to `*counts`.
 */
void lease_table_count(const struct lease_table *table, uint32_t low, uint32_t high, int64_t wall,
                       uint64_t now_ms, struct lease_counts *counts);

#endif
