#include "base/region.h"

#include "base/memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGION_BLOCK_SIZE = 16384 };

struct region_block {
    struct region_block *next;
    size_t capacity;
    size_t used;
    alignas(max_align_t) uint8_t bytes[];
};

void region_init(struct region *region, size_t limit)
{
    *region = (struct region){.limit = limit};
}

static struct region_block *region_block_new(struct region *region, size_t size)
{
    size_t capacity = size > REGION_BLOCK_SIZE ? size : REGION_BLOCK_SIZE;
    struct region_block *block = memory_resize(NULL, 1, sizeof(*block) + capacity);

    block->capacity = capacity;
    block->used = 0;
    block->next = region->blocks;
    region->blocks = block;
    return block;
}

void *region_allocate(struct region *region, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    struct region_block *block = region->blocks;
    void *memory;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + alignment - 1) / alignment * alignment;
    if (region->limit > 0 && size > region->limit - region->used)
        return NULL;
    if (!block || size > block->capacity - block->used)
        block = region_block_new(region, size);
    memory = block->bytes + block->used;
    block->used += size;
    region->used += size;
    return memset(memory, 0, size);
}

char *region_string_of_slice(struct region *region, struct slice bytes)
{
    char *copy = region_allocate(region, bytes.length + 1);

    if (copy && bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    return copy;
}

char *region_string(struct region *region, const char *string)
{
    return region_string_of_slice(region, slice_of_string(string));
}

struct slice region_slice(struct region *region, struct slice bytes)
{
    char *copy = region_string_of_slice(region, bytes);

    return copy ? slice_of(copy, bytes.length) : (struct slice){NULL, 0};
}

char *region_printf(struct region *region, const char *format, ...)
{
    va_list arguments, again;
    char *string;
    int length;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    string = length < 0 ? NULL : region_allocate(region, (size_t)length + 1);
    if (string)
        vsnprintf(string, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return string;
}

void region_reset(struct region *region)
{
    struct region_block *keep = NULL;

    while (region->blocks) {
        struct region_block *block = region->blocks;

        region->blocks = block->next;
        if (!keep && block->capacity == REGION_BLOCK_SIZE)
            keep = block;
        else
            free(block);
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    region->blocks = keep;
    region->used = 0;
}

void region_release(struct region *region)
{
    while (region->blocks) {
        struct region_block *block = region->blocks;

        region->blocks = block->next;
        free(block);
    }
    region->used = 0;
}
