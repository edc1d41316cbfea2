#include "golden.h"

#include "wire/icmp6.h"

#include <string.h>

/* As QEMU's iPXE sends it. */
static const uint8_t solicitation_bytes[] = {133, 0, 0x7a, 0x21, 0,    0,    0, 0,
                                             1,   1, 0x22, 0x22, 0x22, 0x22, 0, 7};

static void solicitations_are_read(void **state)
{
    struct icmp6_solicitation solicitation;
    uint8_t changed[sizeof(solicitation_bytes)];

    (void)state;
    assert_true(icmp6_decode_solicitation(
        &solicitation, slice_of(solicitation_bytes, sizeof(solicitation_bytes))));
    assert_true(solicitation.has_link_address);
    assert_memory_equal(solicitation.link_address, solicitation_bytes + 10, 6);
    assert_true(icmp6_decode_solicitation(&solicitation, slice_of(solicitation_bytes, 8)));
    assert_false(solicitation.has_link_address);
    for (size_t length = 0; length < 8; length++)
        assert_false(
            icmp6_decode_solicitation(&solicitation, slice_of(solicitation_bytes, length)));
    for (size_t length = 9; length < sizeof(solicitation_bytes); length++)
        assert_false(
            icmp6_decode_solicitation(&solicitation, slice_of(solicitation_bytes, length)));
    memcpy(changed, solicitation_bytes, sizeof(changed));
    changed[9] = 0; /* an option without a length would be read for ever */
    assert_false(icmp6_decode_solicitation(&solicitation, slice_of(changed, sizeof(changed))));
    memcpy(changed, solicitation_bytes, sizeof(changed));
    changed[0] = ICMP6_ROUTER_ADVERTISEMENT;
    assert_false(icmp6_decode_solicitation(&solicitation, slice_of(changed, sizeof(changed))));
}

static void recorded_solicitation_is_read(void **state)
{
    static const uint8_t mac[] = {0x22, 0x22, 0x22, 0x22, 0, 0x11};
    struct icmp6_solicitation solicitation;
    uint8_t bytes[64];

    (void)state;
    assert_true(icmp6_decode_solicitation(&solicitation,
                                          golden("icmp6-solicitation.bin", bytes, sizeof(bytes))));
    assert_true(solicitation.has_link_address);
    assert_memory_equal(solicitation.link_address, mac, sizeof(mac));
}

/* Router lifetime 0, no prefix, nothing to configure. */
static void advertisement_promises_nothing(void **state)
{
    uint8_t bytes[64], written[64];
    struct slice wanted = golden("icmp6-advertisement.bin", bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(icmp6_encode_advertisement(written, sizeof(written)), wanted.length);
    assert_memory_equal(written, wanted.data, wanted.length);
    assert_int_equal(icmp6_encode_advertisement(written, wanted.length - 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solicitations_are_read),
        cmocka_unit_test(recorded_solicitation_is_read),
        cmocka_unit_test(advertisement_promises_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
