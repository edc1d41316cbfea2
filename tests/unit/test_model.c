#include "test.h"

#include "model/address.h"
#include "model/snapshot.h"

static void addresses_read_and_print(void **state)
{
    char text[IPV4_TEXT_SIZE], hardware_string[HARDWARE_TEXT_SIZE];
    struct hardware hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, 0xff}};
    uint32_t address = 0;

    (void)state;
    assert_true(ipv4_parse("10.50.1.200", 11, &address));
    assert_int_equal(address, 0x0a3201c8);
    assert_string_equal(ipv4_text(text, address), "10.50.1.200");
    assert_false(ipv4_parse("10.50.1", 7, &address));
    assert_false(ipv4_parse("10.50.1.256", 11, &address));
    assert_false(ipv4_parse("10.50.1.2x", 10, &address));
    assert_false(ipv4_parse("10.50..2", 8, &address));
    assert_string_equal(hardware_text(hardware_string, &hardware), "22:22:22:22:00:ff");
    hardware.length = 0;
    assert_string_equal(hardware_text(hardware_string, &hardware), "");
    assert_true(hardware_parse("22-2:22:22:22:0f", &hardware));
    assert_string_equal(hardware_text(hardware_string, &hardware), "22:02:22:22:22:0f");
    assert_false(hardware_parse("22:22:22:22:22", &hardware));
    assert_false(hardware_parse("22:22:22:22:22:22:22", &hardware));
    assert_false(hardware_parse("22:22:22:22:22:2x", &hardware));
    assert_false(hardware_parse("host", &hardware));
}

static void inner_scopes_win(void **state)
{
    struct snapshot *snapshot = snapshot_new();
    const struct setting global[] = {
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_FILENAME,
         .value = {(const uint8_t *)"global", 6}},
        {.space = SPACE_DHCP, .code = 17, .value = {(const uint8_t *)"/", 1}},
    };
    const struct setting group[] = {
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_FILENAME,
         .value = {(const uint8_t *)"group", 5}},
    };
    const struct setting subnet_settings[] = {
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_FILENAME,
         .value = {(const uint8_t *)"subnet", 6}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_MAX_LEASE_TIME,
         .value = {(const uint8_t *)"\0\0\1\0", 4}},
    };
    struct scope group_scope = {.outer = &snapshot->global, .settings = group, .count = 1};
    struct host host = {.name = "h", .scope = {&group_scope, NULL, 0}};
    struct subnet subnet = {
        .network = 0x0a320100,
        .netmask = 0xffffff00,
        .scope = {.outer = &snapshot->global, .settings = subnet_settings, .count = 2}};
    struct scope_view view;

    (void)state;
    snapshot->global = (struct scope){.settings = global, .count = 2};
    snapshot->subnets = &subnet;
    snapshot->subnet_count = 1;
    snapshot_index(snapshot);
    assert_ptr_equal(snapshot_subnet_of(snapshot, 0x0a320105), &subnet);
    assert_null(snapshot_subnet_of(snapshot, 0x0a320205));
    view = scope_view_of(snapshot, &host, &subnet);
    assert_true(
        slice_equal_string(scope_view_bytes(&view, SPACE_PARAMETER, PARAMETER_FILENAME), "group"));
    assert_true(slice_equal_string(scope_view_bytes(&view, SPACE_DHCP, 17), "/"));
    assert_int_equal(scope_view_number(&view, PARAMETER_MAX_LEASE_TIME, 7), 256);
    assert_int_equal(scope_view_number(&view, PARAMETER_MIN_LEASE_TIME, 7), 7);
    view = scope_view_of(snapshot, NULL, &subnet);
    assert_true(
        slice_equal_string(scope_view_bytes(&view, SPACE_PARAMETER, PARAMETER_FILENAME), "subnet"));
    snapshot_free(snapshot);
}

/* What is booted: the innermost scope that says `boot` or `filename` decides, and of both in one
 * scope the later one. */
static void the_recipe_of_the_innermost_scope_is_booted(void **state)
{
    struct snapshot *snapshot = snapshot_new();
    const struct setting both[] = {
        {.space = SPACE_PARAMETER, .code = PARAMETER_FILENAME, .value = {(const uint8_t *)"f", 1}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_BOOT,
         .value = {(const uint8_t *)"\0\0\0\1", 4}},
        {.space = SPACE_PARAMETER, .code = PARAMETER_FILENAME, .value = {(const uint8_t *)"f", 1}},
    };
    const struct setting beyond = {.space = SPACE_PARAMETER,
                                   .code = PARAMETER_BOOT,
                                   .value = {(const uint8_t *)"\0\0\0\2", 4}};
    const struct boot_recipe recipes[2] = {{.entry_count = 1}, {.entry_count = 1}};
    struct scope recipe_scope = {.outer = &snapshot->global, .settings = both + 1, .count = 1};
    struct scope file_scope = {.outer = &snapshot->global, .settings = both, .count = 1};
    struct scope both_scope = {.outer = &snapshot->global, .settings = both, .count = 2};
    struct scope beyond_scope = {.outer = &snapshot->global, .settings = &beyond, .count = 1};
    struct scope_view view = {.scopes = {&recipe_scope, &file_scope}, .count = 2};

    (void)state;
    snapshot->recipes = recipes;
    snapshot->recipe_count = 2;
    assert_ptr_equal(scope_view_recipe(snapshot, &view), &recipes[1]);
    view = (struct scope_view){.scopes = {&file_scope, &recipe_scope}, .count = 2};
    assert_null(scope_view_recipe(snapshot, &view));
    view = (struct scope_view){.scopes = {&snapshot->global, &both_scope}, .count = 2};
    assert_ptr_equal(scope_view_recipe(snapshot, &view), &recipes[1]);
    both_scope.settings = both + 1;
    assert_null(scope_view_recipe(snapshot, &view));
    view = (struct scope_view){.scopes = {&snapshot->global}, .count = 1};
    assert_null(scope_view_recipe(snapshot, &view));
    view = (struct scope_view){.scopes = {&beyond_scope}, .count = 1};
    assert_null(scope_view_recipe(snapshot, &view));
    snapshot_free(snapshot);
}

static uint32_t draw(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 8;
}

static const struct subnet *first_that_holds(const struct snapshot *snapshot, uint32_t address)
{
    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        if ((address & snapshot->subnets[i].netmask) == snapshot->subnets[i].network)
            return &snapshot->subnets[i];
    }
    return NULL;
}

/* Subnets beside, in and on each other, in any order: the first written has what several hold. */
static void an_address_finds_its_subnet(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct snapshot *snapshot = snapshot_new();
        struct subnet subnets[40] = {{.network = 0}};

        snapshot->subnets = subnets;
        snapshot->subnet_count = draw(&random) % 41;
        for (size_t i = 0; i < snapshot->subnet_count; i++) {
            unsigned bits = draw(&random) % 12;

            /* The whole space is split into 2,048 pieces, so that borders meet. */
            subnets[i].netmask = bits ? 0xffffffffu << (32 - bits) : 0;
            subnets[i].network = draw(&random) << 8 & subnets[i].netmask;
        }
        snapshot_index(snapshot);
        for (uint32_t piece = 0; piece < 2048; piece++) {
            uint32_t low = piece << 21, high = low | 0x1fffff;

            assert_ptr_equal(snapshot_subnet_of(snapshot, low), first_that_holds(snapshot, low));
            assert_ptr_equal(snapshot_subnet_of(snapshot, high), first_that_holds(snapshot, high));
        }
        snapshot_free(snapshot);
    }
}

static struct slice number_key(const uint32_t *number)
{
    return slice_of(number, sizeof(*number));
}

/* Subclasses by value, and hosts by an option: of two with one key the first written counts. */
static void keys_find_the_first_written(void **state)
{
    static const uint32_t keys[5] = {7, 3, 7, 9, 3}, absent = 4;
    struct snapshot *snapshot = snapshot_new();
    struct subclass subclasses[5] = {{.key = {NULL, 0}}};
    struct host hosts[5] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    struct class class = {.name = "x", .subclasses = subclasses, .subclass_count = 5};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        subclasses[i].key = hosts[i].identifier_value = number_key(&keys[i]);
        hosts[i].identifier_code = i == 2 ? 2 : 1;
    }
    subclasses[3].key.length = 3;
    snapshot->classes = &class;
    snapshot->class_count = 1;
    snapshot->hosts = hosts;
    snapshot->host_count = 5;
    snapshot_index(snapshot);
    assert_ptr_equal(class_find(&class, number_key(&keys[0])), &subclasses[0]);
    assert_ptr_equal(class_find(&class, number_key(&keys[4])), &subclasses[1]);
    assert_null(class_find(&class, number_key(&keys[3])));
    assert_null(class_find(&class, number_key(&absent)));
    assert_null(class_find(&class, slice_of("", 0)));
    assert_int_equal(snapshot->host_identifier_count, 2);
    assert_ptr_equal(host_identifier_find(&snapshot->host_identifiers[0], number_key(&keys[4])),
                     &hosts[1]);
    assert_ptr_equal(host_identifier_find(&snapshot->host_identifiers[1], number_key(&keys[0])),
                     &hosts[2]);
    assert_null(host_identifier_find(&snapshot->host_identifiers[1], number_key(&keys[1])));
    snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_read_and_print),
        cmocka_unit_test(inner_scopes_win),
        cmocka_unit_test(the_recipe_of_the_innermost_scope_is_booted),
        cmocka_unit_test(an_address_finds_its_subnet),
        cmocka_unit_test(keys_find_the_first_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
