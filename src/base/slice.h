/* A length and a pointer to bytes that somebody else owns. */
#ifndef BOOTWIRE_BASE_SLICE_H
#define BOOTWIRE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of `length` bytes at `data`. It owns nothing: the bytes live as long as the packet, region
 * or file that they were cut from. An empty slice may have a NULL `data`. */
struct slice {
    const uint8_t *data;
    size_t length;
};

/* The bytes of a NUL-terminated string, without the NUL. */
static inline struct slice slice_of_string(const char *string)
{
    return (struct slice){(const uint8_t *)string, strlen(string)};
}

static inline struct slice slice_of(const void *data, size_t length)
{
    return (struct slice){data, length};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool slice_equal_string(struct slice a, const char *string)
{
    return slice_equal(a, slice_of_string(string));
}

#endif
