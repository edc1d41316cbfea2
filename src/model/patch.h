/* Changes to a file's bytes that are made on their way out, the file itself untouched. */
#ifndef BOOTWIRE_MODEL_PATCH_H
#define BOOTWIRE_MODEL_PATCH_H

#include <stddef.h>
#include <stdint.h>

enum { PATCH_MAX = 4, PATCH_BYTES = 4 };

/* `length` bytes that replace those at `offset` of the file. */
struct patch {
    uint64_t offset;
    size_t length;
    uint8_t bytes[PATCH_BYTES];
};

/* All zero changes nothing. No two overlap. */
struct patches {
    struct patch list[PATCH_MAX];
    size_t count;
};

/* Changes `length` bytes at `data` that were read from the file's `offset`. */
void patches_apply(const struct patches *patches, uint64_t offset, uint8_t *data, size_t length);
/* A number that tells these changes from others, today and tomorrow; 0 where there are none. */
uint64_t patches_digest(const struct patches *patches);

#endif
