/* The input is a list of reads to make of itself, each echoed by a writer that may be too small:
 * a cursor never leaves its bytes, and once failed it stays failed. */
#include "base/cursor.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void step(struct reader *r, struct writer *w)
{
    uint8_t copy[16];

    switch (reader_u8(r) % 12) {
    case 0:
        writer_u8(w, reader_u8(r));
        break;
    case 1:
        writer_be16(w, reader_be16(r));
        break;
    case 2:
        writer_be32(w, reader_be32(r));
        break;
    case 3:
        writer_be64(w, reader_be64(r));
        break;
    case 4:
        writer_le16(w, reader_le16(r));
        break;
    case 5:
        writer_le32(w, reader_le32(r));
        break;
    case 6:
        writer_slice(w, reader_bytes(r, reader_be64(r)));
        break;
    case 7:
        writer_slice(w, reader_string(r));
        break;
    case 8:
        reader_skip(r, reader_be16(r));
        break;
    case 9:
        reader_copy(r, copy, reader_u8(r) % sizeof(copy));
        writer_bytes(w, copy, 1);
        break;
    case 10:
        writer_patch_be32(w, reader_be32(r), 0xdecade);
        break;
    case 11:
        writer_zeros(w, reader_be64(r));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    uint8_t *to = malloc(length / 2 + 1);
    struct reader r = reader_of(data, length);
    struct writer w = writer_of(to, length / 2);

    while (!r.failed && reader_left(&r) > 0) {
        bool failed = w.failed;

        step(&r, &w);
        if (r.offset > r.length || w.length > w.capacity || (failed && !w.failed))
            abort();
    }
    if (r.failed && (reader_left(&r) != 0 || reader_u8(&r) != 0))
        abort();
    free(to);
    return 0;
}
