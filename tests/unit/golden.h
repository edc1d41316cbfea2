/* The packets of tests/golden. */
#ifndef BOOTWIRE_TESTS_UNIT_GOLDEN_H
#define BOOTWIRE_TESTS_UNIT_GOLDEN_H

#include "test.h"

#include "base/slice.h"

#include <stdio.h>

/* The file's bytes, read into `to`. */
static inline struct slice golden(const char *name, uint8_t *to, size_t size)
{
    char path[512];
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), TEST_DATA "/golden/%s", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    length = fread(to, 1, size, file);
    fclose(file);
    assert_in_range(length, 1, size - 1);
    return slice_of(to, length);
}

#endif
