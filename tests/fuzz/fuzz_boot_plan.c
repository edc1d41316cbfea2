/* A name that a client asks for, and a recipe whose strings are the rest of the input: of every
 * kind of generated file there is one within its limit or none, and no string of the recipe begins
 * a line of its own. */
#include "decide/boot_plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

enum { STRINGS = 5 };

/* Cuts the next string off, up to a NUL. */
static const char *next_string(const uint8_t **data, size_t *length, char to[BOOT_STRING_MAX])
{
    size_t taken = 0;

    while (*length > 0 && **data != 0 && taken < BOOT_STRING_MAX - 1) {
        to[taken++] = (char)**data;
        (*data)++;
        (*length)--;
    }
    if (*length > 0) {
        (*data)++;
        (*length)--;
    }
    to[taken] = 0;
    return to;
}

static size_t lines_of(const uint8_t *bytes, size_t length)
{
    size_t lines = 0;

    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* The lines of the file that the recipe makes; 0: none. */
static size_t write_file(enum boot_file_kind kind, const struct boot_recipe *recipe)
{
    static uint8_t bytes[1 << 16];
    const struct boot_site site = {.server = 0x0a000001, .console = "com0", .loaders = UINT64_MAX};
    struct writer w = writer_of(bytes, sizeof(bytes));

    if (!boot_plan_write(kind, &site, recipe, &w))
        return 0;
    return lines_of(bytes, w.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static char strings[STRINGS][BOOT_STRING_MAX];
    struct boot_entry entry = {.kind = BOOT_LINUX}, plain = {.kind = BOOT_LINUX};
    struct boot_recipe recipe = {.entries = &entry, .entry_count = 1};
    struct boot_recipe simple = {.title = "t", .entries = &plain, .entry_count = 1};

    for (size_t i = 0; i < STRINGS; i++)
        next_string(&data, &length, strings[i]);
    boot_plan_kind(strings[0]);
    if (!strings[1][0])
        return 0;
    recipe.title = strings[2];
    entry.title = strings[3];
    entry.append = strings[4];
    entry.file = strings[1];
    plain.title = "t";
    plain.file = "f";
    plain.append = "a";
    for (unsigned i = BOOT_LINUX; i <= BOOT_LOCAL; i++) {
        entry.kind = plain.kind = (enum boot_kind)i;
        /* `append` may say a console or a root of its own: then lines are left out. */
        for (unsigned kind = 0; kind < BOOT_FILE_KIND_U_BOOT; kind++) {
            size_t most = write_file((enum boot_file_kind)kind, &simple);

            if (most > 0 && write_file((enum boot_file_kind)kind, &recipe) > most)
                abort();
        }
        write_file(BOOT_FILE_KIND_U_BOOT, &recipe);
    }
    return 0;
}
