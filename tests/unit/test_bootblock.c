#include "test.h"

#include "decide/console.h"
#include "wire/bootblock.h"

#include <string.h>

enum { HEAD = BOOTBLOCK_HEAD };

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

/* A boot file whose parameters stand in the given sector: 120 bytes of room, flags c, timeout 5,
 * console pc, 9600 baud. */
static void make_head(uint8_t head[HEAD], size_t sector, uint32_t length)
{
    uint8_t *at = head + sector * BOOTBLOCK_SECTOR;

    memset(head, 0xa5, HEAD);
    put32(at + 4, 0x7886b6d3);
    memset(at + 8, 0, length < 120 ? length : 120);
    put32(at + 8, length);
    if (length >= 24) {
        put32(at + 12, 0xc);
        put32(at + 16, 5);
        put32(at + 20, 0);
        put32(at + 24, 9600);
    }
}

static void parameters_are_found_in_each_sector(void **state)
{
    struct bootblock block;
    uint8_t head[HEAD];

    (void)state;
    for (size_t sector = 0; sector < 4; sector++) {
        make_head(head, sector, 120);
        assert_int_equal(bootblock_decode(&block, slice_of(head, HEAD)), BOOTBLOCK_FOUND);
        assert_int_equal(block.offset, sector * 512 + 8);
        assert_int_equal(block.length, BOOTBLOCK_SIZE);
        assert_int_equal(block.stored_length, 120);
        assert_int_equal(block.flags, BOOTBLOCK_NO_MODULES | BOOTBLOCK_NO_BOOTCONF);
        assert_int_equal(block.timeout, 5);
        assert_int_equal(block.console, 0);
        assert_int_equal(block.speed, 9600);
        assert_int_equal(block.ioaddr, 0);
        assert_int_equal(bootblock_decode(&block, slice_of(head, (sector + 1) * 512 - 1)),
                         BOOTBLOCK_SHORT);
    }
    put32(head + 3 * 512 + 4, 0x7886b6df);
    assert_int_equal(bootblock_decode(&block, slice_of(head, HEAD)), BOOTBLOCK_FOUND);
    put32(head + 3 * 512 + 4, 0x7886b6e3);
    assert_int_equal(bootblock_decode(&block, slice_of(head, HEAD)), BOOTBLOCK_NO_MAGIC);
    assert_int_equal(bootblock_decode(&block, slice_of(NULL, 0)), BOOTBLOCK_SHORT);
}

static void fields_stand_where_the_loader_reads_them(void **state)
{
    uint8_t head[HEAD], parameters[BOOTBLOCK_SIZE];
    struct bootblock block, again;

    (void)state;
    make_head(head, 0, 120);
    bootblock_decode(&block, slice_of(head, HEAD));
    block.console = -1;
    block.speed = 115200;
    block.timeout = 0x01020304;
    block.ioaddr = 0x3f8;
    memset(block.password, 0x77, sizeof(block.password));
    memcpy(block.keymap, "de", 3);
    assert_true(bootblock_encode(&block, parameters));
    assert_memory_equal(parameters, "\x78\0\0\0\x0c\0\0\0\4\3\2\1\xff\xff\xff\xff\0\xc2\1\0ww", 22);
    assert_memory_equal(parameters + 36, "de\0", 3);
    assert_memory_equal(parameters + 100, "\xf8\3\0\0", 4);
    memcpy(head + block.offset, parameters, block.length);
    bootblock_decode(&again, slice_of(head, HEAD));
    assert_memory_equal(&again, &block, sizeof(block));
}

/* The loader's own length bounds everything. */
static void nothing_is_written_beyond_the_length(void **state)
{
    uint8_t head[HEAD], parameters[BOOTBLOCK_SIZE];
    struct bootblock block;

    (void)state;
    make_head(head, 2, 36);
    assert_int_equal(bootblock_decode(&block, slice_of(head, HEAD)), BOOTBLOCK_FOUND);
    assert_int_equal(block.length, 36);
    assert_int_equal(block.keymap[0], 0);
    assert_true(bootblock_encode(&block, parameters));
    block.ioaddr = 1;
    assert_false(bootblock_encode(&block, parameters));
    make_head(head, 0, 0);
    assert_int_equal(bootblock_decode(&block, slice_of(head, HEAD)), BOOTBLOCK_FOUND);
    assert_int_equal(block.length, 0);
    make_head(head, 0, 0xffffffff);
    bootblock_decode(&block, slice_of(head, HEAD));
    assert_int_equal(block.length, BOOTBLOCK_SIZE);
}

static void consoles_have_names(void **state)
{
    int32_t number;

    (void)state;
    for (size_t i = 0; bootblock_console_list(i); i++) {
        assert_true(bootblock_console(slice_of_string(bootblock_console_list(i)), &number));
        assert_string_equal(bootblock_console_name(number), bootblock_console_list(i));
    }
    assert_true(bootblock_console(slice_of_string("auto"), &number));
    assert_int_equal(number, -1);
    assert_true(bootblock_console(slice_of_string("com3kbd"), &number));
    assert_int_equal(number, 8);
    assert_false(bootblock_console(slice_of_string("com4"), &number));
    assert_null(bootblock_console_name(9));
}

static struct scope_view view_of(const struct scope *scope)
{
    return (struct scope_view){{scope}, 1};
}

static void configuration_becomes_patches(void **state)
{
    const struct setting settings[] = {
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_CONSOLE,
         .value = {(const uint8_t *)"com0", 4}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_CONSOLE_SPEED,
         .value = {(const uint8_t *)"\0\0\x25\x80", 4}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_BOOT_TIMEOUT,
         .value = {(const uint8_t *)"\0\0\0\0", 4}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_CONSOLE_ADDRESS,
         .value = {(const uint8_t *)"\0\0\x03\xf8", 4}},
    };
    struct scope scope = {.settings = settings, .count = 0};
    struct scope_view view;
    char text[CONSOLE_TEXT_SIZE];
    uint8_t head[HEAD], before[HEAD];
    struct patches patches;
    struct bootblock block;

    (void)state;
    make_head(head, 1, 120);
    memcpy(before, head, sizeof(head));
    view = view_of(&scope);
    assert_false(console_wanted(&view));
    console_patches(&patches, &view, slice_of(head, HEAD), text);
    assert_int_equal(patches.count, 0);
    assert_string_equal(text, "");

    scope.count = 4;
    assert_true(console_wanted(&view));
    console_patches(&patches, &view, slice_of(head, HEAD), text);
    assert_string_equal(text, "console com0 9600 address 0x3f8 timeout 0 set on the way out");
    /* Read in pieces of three bytes, as a client with odd blocks would. */
    for (size_t i = 0; i < HEAD; i += 3)
        patches_apply(&patches, i, head + i, HEAD - i < 3 ? HEAD - i : 3);
    bootblock_decode(&block, slice_of(head, HEAD));
    assert_int_equal(block.console, 1);
    assert_int_equal(block.speed, 9600);
    assert_int_equal(block.timeout, 0);
    assert_int_equal(block.ioaddr, 0x3f8);
    assert_int_equal(block.flags, 0xc);
    assert_memory_equal(head, before, 512 + 8 + 8);
    assert_memory_equal(head + 512 + 8 + 104, before + 512 + 8 + 104, HEAD - 512 - 8 - 104);

    scope.count = 1;
    console_patches(&patches, &view, slice_of(before, HEAD), text);
    assert_string_equal(text, "console com0 set on the way out");
    assert_int_equal(patches.count, 1);
}

static void other_files_stay_as_they_are(void **state)
{
    const struct setting settings[] = {
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_CONSOLE,
         .value = {(const uint8_t *)"com0", 4}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_CONSOLE_ADDRESS,
         .value = {(const uint8_t *)"\0\0\x03\xf8", 4}},
    };
    struct scope scope = {.settings = settings, .count = 2};
    struct scope_view view = view_of(&scope);
    char text[CONSOLE_TEXT_SIZE];
    struct patches patches;
    uint8_t head[HEAD] = {0x7f, 'E', 'L', 'F'};

    (void)state;
    console_patches(&patches, &view, slice_of(head, HEAD), text);
    assert_int_equal(patches.count, 0);
    assert_string_equal(text, "");
    console_patches(&patches, &view, slice_of(head, 4), text);
    assert_int_equal(patches.count, 0);
    /* Half of what is asked for would be worse than nothing. */
    make_head(head, 0, 36);
    console_patches(&patches, &view, slice_of(head, HEAD), text);
    assert_int_equal(patches.count, 0);
    assert_string_equal(text,
                        "console not set: the boot file has room for 36 bytes of parameters only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_found_in_each_sector),
        cmocka_unit_test(fields_stand_where_the_loader_reads_them),
        cmocka_unit_test(nothing_is_written_beyond_the_length),
        cmocka_unit_test(consoles_have_names),
        cmocka_unit_test(configuration_becomes_patches),
        cmocka_unit_test(other_files_stay_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
