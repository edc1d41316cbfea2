#include "base/cursor.h"

#include <string.h>

struct reader reader_of(const void *data, size_t length)
{
    return (struct reader){.data = data, .length = length};
}

struct reader reader_of_slice(struct slice bytes)
{
    return reader_of(bytes.data, bytes.length);
}

size_t reader_left(const struct reader *r)
{
    return r->failed ? 0 : r->length - r->offset;
}

void reader_fail(struct reader *r)
{
    r->failed = true;
}

struct slice reader_bytes(struct reader *r, size_t length)
{
    struct slice bytes;

    if (r->failed || length > r->length - r->offset) {
        r->failed = true;
        return (struct slice){NULL, 0};
    }
    bytes = slice_of(r->data + r->offset, length);
    r->offset += length;
    return bytes;
}

void reader_skip(struct reader *r, size_t length)
{
    (void)reader_bytes(r, length);
}

void reader_copy(struct reader *r, void *to, size_t length)
{
    struct slice bytes = reader_bytes(r, length);

    if (length == 0)
        return;
    if (bytes.length == length)
        memcpy(to, bytes.data, length);
    else
        memset(to, 0, length);
}

struct slice reader_string(struct reader *r)
{
    const uint8_t *end = NULL;
    struct slice string;

    if (reader_left(r) > 0)
        end = memchr(r->data + r->offset, 0, r->length - r->offset);
    if (!end) {
        r->failed = true;
        return (struct slice){NULL, 0};
    }
    string = reader_bytes(r, (size_t)(end - (r->data + r->offset)));
    reader_skip(r, 1);
    return string;
}

static uint64_t reader_big(struct reader *r, size_t width)
{
    struct slice bytes = reader_bytes(r, width);
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.length; i++)
        value = value << 8 | bytes.data[i];
    return value;
}

static uint64_t reader_little(struct reader *r, size_t width)
{
    struct slice bytes = reader_bytes(r, width);
    uint64_t value = 0;

    for (size_t i = bytes.length; i > 0; i--)
        value = value << 8 | bytes.data[i - 1];
    return value;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)reader_big(r, 1);
}

uint16_t reader_be16(struct reader *r)
{
    return (uint16_t)reader_big(r, 2);
}

uint32_t reader_be32(struct reader *r)
{
    return (uint32_t)reader_big(r, 4);
}

uint64_t reader_be64(struct reader *r)
{
    return reader_big(r, 8);
}

uint16_t reader_le16(struct reader *r)
{
    return (uint16_t)reader_little(r, 2);
}

uint32_t reader_le32(struct reader *r)
{
    return (uint32_t)reader_little(r, 4);
}

struct writer writer_of(void *data, size_t capacity)
{
    return (struct writer){.data = data, .capacity = capacity};
}

size_t writer_left(const struct writer *w)
{
    return w->failed ? 0 : w->capacity - w->length;
}

void writer_fail(struct writer *w)
{
    w->failed = true;
}

/* Room for `length` bytes more, or NULL and failed. */
static uint8_t *writer_room(struct writer *w, size_t length)
{
    uint8_t *at;

    if (w->failed || length > w->capacity - w->length) {
        w->failed = true;
        return NULL;
    }
    at = w->data + w->length;
    w->length += length;
    return at;
}

void writer_bytes(struct writer *w, const void *data, size_t length)
{
    uint8_t *at = writer_room(w, length);

    if (at && length > 0)
        memcpy(at, data, length);
}

void writer_slice(struct writer *w, struct slice bytes)
{
    writer_bytes(w, bytes.data, bytes.length);
}

void writer_zeros(struct writer *w, size_t length)
{
    uint8_t *at = writer_room(w, length);

    if (at && length > 0)
        memset(at, 0, length);
}

void writer_string(struct writer *w, const char *string)
{
    writer_bytes(w, string, strlen(string) + 1);
}

static void writer_big(struct writer *w, uint64_t value, size_t width)
{
    uint8_t *at = writer_room(w, width);

    for (size_t i = width; at && i > 0; i--, value >>= 8)
        at[i - 1] = (uint8_t)value;
}

static void writer_little(struct writer *w, uint64_t value, size_t width)
{
    uint8_t *at = writer_room(w, width);

    for (size_t i = 0; at && i < width; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

void writer_u8(struct writer *w, uint8_t value)
{
    writer_big(w, value, 1);
}

void writer_be16(struct writer *w, uint16_t value)
{
    writer_big(w, value, 2);
}

void writer_be32(struct writer *w, uint32_t value)
{
    writer_big(w, value, 4);
}

void writer_be64(struct writer *w, uint64_t value)
{
    writer_big(w, value, 8);
}

void writer_le16(struct writer *w, uint16_t value)
{
    writer_little(w, value, 2);
}

void writer_le32(struct writer *w, uint32_t value)
{
    writer_little(w, value, 4);
}

void writer_patch_be32(struct writer *w, size_t offset, uint32_t value)
{
    struct writer at;

    if (w->failed || offset > w->length || w->length - offset < 4) {
        w->failed = true;
        return;
    }
    at = writer_of(w->data + offset, 4);
    writer_be32(&at, value);
}
