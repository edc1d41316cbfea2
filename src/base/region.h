/* A region: memory for one request or one configuration, given back all at once. */
#ifndef BOOTWIRE_BASE_REGION_H
#define BOOTWIRE_BASE_REGION_H

#include "base/slice.h"

#include <stddef.h>

struct region_block;

/* Memory handed out piece by piece from blocks; `used` counts the bytes handed out, `limit` is the
 * most that may be (0: no limit). */
struct region {
    struct region_block *blocks;
    size_t used;
    size_t limit;
};

void region_init(struct region *region, size_t limit);
/* `size` zeroed bytes, aligned for any type; NULL where the limit would be passed. They live until
 * region_reset() or region_release(). */
void *region_allocate(struct region *region, size_t size);
/* Copies into the region; NULL (an empty slice) where the limit would be passed. */
char *region_string(struct region *region, const char *string);
/* A slice's bytes with a NUL after them. */
char *region_string_of_slice(struct region *region, struct slice bytes);
struct slice region_slice(struct region *region, struct slice bytes);
char *region_printf(struct region *region, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes back everything handed out, keeping one block for the next request. */
void region_reset(struct region *region);
void region_release(struct region *region);

#endif
