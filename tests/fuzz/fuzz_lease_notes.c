/* Any bytes as the notes of a lease: what is read is written back the same, and what stays of them
 * stays for good. */
#include "model/lease.h"
#include "model/lease_notes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void read_all(struct slice notes)
{
    uint8_t bytes[LEASE_NOTES_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct reader r = reader_of_slice(notes);
    struct lease_note note;

    while (lease_note_next(&r, &note)) {
        if (lease_note_is_variable(&note) &&
            strlen((const char *)note.name.data) + 1 != note.name.length)
            abort();
        if (!lease_note_write(&w, &note) || w.length > notes.length ||
            memcmp(bytes, notes.data, w.length) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct slice notes = slice_of(data, length), kept;
    struct lease lease = {.address = 1, .state = LEASE_BOUND, .expiry = 1};
    struct lease_table table = {.count = 0};

    if (length > LEASE_NOTES_MAX)
        return 0;
    read_all(notes);
    kept = lease_notes_kept(notes);
    if (lease_notes_end(kept) || !slice_equal(lease_notes_kept(kept), kept))
        abort();
    lease.notes = notes;
    lease_table_put(&table, &lease);
    if ((lease_table_ended(&table, 1) != NULL) != lease_notes_end(notes))
        abort();
    lease = lease_released(&lease, 1);
    lease_table_put(&table, &lease);
    if (lease_table_ended(&table, 1) || table.billings.count > 0)
        abort();
    lease_table_release(&table);
    return 0;
}
