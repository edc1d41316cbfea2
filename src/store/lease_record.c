#include "store/lease_record.h"

#include "model/lease_notes.h"

#include <string.h>

static void write_short(struct writer *w, const void *bytes, size_t length)
{
    writer_u8(w, (uint8_t)length);
    writer_bytes(w, bytes, length);
}

/* Returns the length; fails where it exceeds `size`. */
static size_t read_short(struct reader *r, void *to, size_t size)
{
    size_t length = reader_u8(r);

    if (length > size) {
        reader_fail(r);
        return 0;
    }
    reader_copy(r, to, length);
    return length;
}

static void read_text(struct reader *r, char to[LEASE_TEXT_SIZE])
{
    struct slice text = reader_string(r);

    if (text.length >= LEASE_TEXT_SIZE)
        reader_fail(r);
    else if (text.length > 0)
        memcpy(to, text.data, text.length);
}

static enum boot_stage read_stage(struct reader *r)
{
    uint8_t stage = reader_u8(r);

    if (stage >= STAGE_COUNT)
        reader_fail(r);
    return stage < STAGE_COUNT ? (enum boot_stage)stage : STAGE_UNKNOWN;
}

void lease_record_encode(struct writer *w, const struct lease *lease, const char *reason)
{
    writer_be32(w, lease->address);
    writer_u8(w, (uint8_t)lease->state);
    writer_u8(w, lease->hardware.type);
    write_short(w, lease->hardware.address, lease->hardware.length);
    write_short(w, lease->client_identifier, lease->client_identifier_length);
    write_short(w, lease->uuid, lease->uuid_length);
    writer_be64(w, (uint64_t)lease->start);
    writer_be64(w, (uint64_t)lease->expiry);
    writer_u8(w, (uint8_t)lease->stage);
    writer_u8(w, (uint8_t)lease->identifier_stage);
    writer_string(w, lease->host_name);
    writer_string(w, lease->vendor_class);
    writer_string(w, reason);
    writer_be16(w, (uint16_t)lease->notes.length);
    writer_slice(w, lease->notes);
}

bool lease_record_decode(struct reader *r, struct lease *lease, const char **reason)
{
    uint16_t notes;
    uint8_t state;

    *lease = (struct lease){.address = reader_be32(r)};
    state = reader_u8(r);
    if (state != LEASE_BOUND && state != LEASE_RELEASED && state != LEASE_DECLINED)
        reader_fail(r);
    lease->state = (enum lease_state)state;
    lease->hardware.type = reader_u8(r);
    lease->hardware.length =
        (uint8_t)read_short(r, lease->hardware.address, sizeof(lease->hardware.address));
    lease->client_identifier_length =
        read_short(r, lease->client_identifier, sizeof(lease->client_identifier));
    lease->uuid_length = read_short(r, lease->uuid, sizeof(lease->uuid));
    lease->start = (int64_t)reader_be64(r);
    lease->expiry = (int64_t)reader_be64(r);
    lease->stage = read_stage(r);
    lease->identifier_stage = read_stage(r);
    read_text(r, lease->host_name);
    read_text(r, lease->vendor_class);
    *reason = (const char *)reader_string(r).data;
    notes = reader_be16(r);
    if (notes > LEASE_NOTES_MAX)
        reader_fail(r);
    lease->notes = reader_bytes(r, notes);
    return !r->failed;
}
