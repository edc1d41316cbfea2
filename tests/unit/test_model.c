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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_read_and_print),
        cmocka_unit_test(inner_scopes_win),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
