/* A file's first bytes: what decodes encodes to the same bytes, and a console set on the way out
 * changes the loader's own parameters only. */
#include "decide/console.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static const struct setting settings[] = {
    {.space = SPACE_PARAMETER, .code = PARAMETER_CONSOLE, .value = {(const uint8_t *)"com0kbd", 7}},
    {.space = SPACE_PARAMETER,
     .code = PARAMETER_CONSOLE_SPEED,
     .value = {(const uint8_t *)"\0\1\xc2\0", 4}},
    {.space = SPACE_PARAMETER,
     .code = PARAMETER_CONSOLE_ADDRESS,
     .value = {(const uint8_t *)"\0\0\3\xf8", 4}},
    {.space = SPACE_PARAMETER,
     .code = PARAMETER_BOOT_TIMEOUT,
     .value = {(const uint8_t *)"\0\0\0\1", 4}},
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void patch(const uint8_t *data, size_t length, const struct bootblock *block)
{
    struct scope scope = {.settings = settings, .count = sizeof(settings) / sizeof(settings[0])};
    struct scope_view view = {{&scope}, 1};
    char text[CONSOLE_TEXT_SIZE];
    uint8_t *copy = malloc(length);
    struct patches patches;

    require(copy != NULL);
    memcpy(copy, data, length);
    console_patches(&patches, &view, slice_of(data, length), text);
    patches_apply(&patches, 0, copy, length);
    for (size_t i = 0; i < length; i++)
        require(copy[i] == data[i] || (i >= block->offset && i < block->offset + block->length));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    uint8_t parameters[BOOTBLOCK_SIZE];
    struct bootblock block;

    if (bootblock_decode(&block, slice_of(data, length)) != BOOTBLOCK_FOUND)
        return 0;
    require(block.offset + block.length <= length && block.length <= BOOTBLOCK_SIZE);
    require(bootblock_encode(&block, parameters));
    require(memcmp(parameters, data + block.offset, block.length) == 0);
    patch(data, length, &block);
    return 0;
}
