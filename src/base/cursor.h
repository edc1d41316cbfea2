/* Reading and writing packets: bounds-checked, byte order named, errors sticky.
 *
 * After the first access out of bounds a cursor stays failed: every later read gives zero, every
 * later write does nothing. So a decoder or encoder runs straight through and checks once, at the
 * end. No struct is ever laid over a packet. */
#ifndef BOOTWIRE_BASE_CURSOR_H
#define BOOTWIRE_BASE_CURSOR_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads from `length` bytes at `data`, which the caller keeps. `offset` <= `length` always. */
struct reader {
    const uint8_t *data;
    size_t length;
    size_t offset;
    bool failed;
};

/* Writes into `capacity` bytes at `data`, which the caller keeps. `length` is what stands there. */
struct writer {
    uint8_t *data;
    size_t capacity;
    size_t length;
    bool failed;
};

struct reader reader_of(const void *data, size_t length);
struct reader reader_of_slice(struct slice bytes);

/* Bytes not read yet; 0 once failed. */
size_t reader_left(const struct reader *r);

/* Integers of the given width, big-endian (be) or little-endian (le) on the wire; 0 once failed. */
uint8_t reader_u8(struct reader *r);
uint16_t reader_be16(struct reader *r);
uint32_t reader_be32(struct reader *r);
uint64_t reader_be64(struct reader *r);
uint16_t reader_le16(struct reader *r);
uint32_t reader_le32(struct reader *r);

/* The next `length` bytes as a view into the packet; an empty slice once failed. */
struct slice reader_bytes(struct reader *r, size_t length);
void reader_skip(struct reader *r, size_t length);
/* Copies `length` bytes to `to`; zeroes them once failed. */
void reader_copy(struct reader *r, void *to, size_t length);
/* The bytes up to the next NUL, which is skipped; fails where there is none. */
struct slice reader_string(struct reader *r);
/* Marks the reader failed: the decoder met something that the format forbids. */
void reader_fail(struct reader *r);

struct writer writer_of(void *data, size_t capacity);

/* Bytes that still fit; 0 once failed. */
size_t writer_left(const struct writer *w);

void writer_u8(struct writer *w, uint8_t value);
void writer_be16(struct writer *w, uint16_t value);
void writer_be32(struct writer *w, uint32_t value);
void writer_be64(struct writer *w, uint64_t value);
void writer_le16(struct writer *w, uint16_t value);
void writer_le32(struct writer *w, uint32_t value);
void writer_bytes(struct writer *w, const void *data, size_t length);
void writer_slice(struct writer *w, struct slice bytes);
void writer_zeros(struct writer *w, size_t length);
/* The string's bytes and a NUL. */
void writer_string(struct writer *w, const char *string);
/* Overwrites four bytes written before, at `offset`; fails where they were not written. */
void writer_patch_be32(struct writer *w, size_t offset, uint32_t value);
void writer_fail(struct writer *w);

#endif
