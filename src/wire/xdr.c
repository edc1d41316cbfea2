#include "wire/xdr.h"

#include <string.h>

size_t xdr_padding(size_t length)
{
    return (4 - length % 4) % 4;
}

struct slice xdr_read_fixed(struct reader *r, size_t length)
{
    struct slice bytes = reader_bytes(r, length);

    reader_skip(r, xdr_padding(length));
    return r->failed ? (struct slice){NULL, 0} : bytes;
}

struct slice xdr_read_opaque(struct reader *r, size_t max)
{
    size_t length = reader_be32(r);

    if (length > max)
        reader_fail(r);
    return xdr_read_fixed(r, length);
}

bool xdr_read_bool(struct reader *r)
{
    return reader_be32(r) != 0;
}

void xdr_write_fixed(struct writer *w, const void *data, size_t length)
{
    writer_bytes(w, data, length);
    writer_zeros(w, xdr_padding(length));
}

void xdr_write_opaque(struct writer *w, struct slice bytes)
{
    if (bytes.length > UINT32_MAX)
        writer_fail(w);
    writer_be32(w, (uint32_t)bytes.length);
    xdr_write_fixed(w, bytes.data, bytes.length);
}

void xdr_write_string(struct writer *w, const char *string)
{
    xdr_write_opaque(w, slice_of_string(string));
}

void xdr_write_bool(struct writer *w, bool value)
{
    writer_be32(w, value ? 1 : 0);
}
