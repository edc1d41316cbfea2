#include "test.h"

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

static void advertisement_promises_nothing(void **state)
{
    static const uint8_t wanted[ICMP6_ADVERTISEMENT_SIZE] = {134};
    uint8_t written[64];

    (void)state;
    assert_int_equal(icmp6_encode_advertisement(written, sizeof(written)), sizeof(wanted));
    assert_memory_equal(written, wanted, sizeof(wanted));
    assert_int_equal(icmp6_encode_advertisement(written, sizeof(wanted) - 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solicitations_are_read),
        cmocka_unit_test(advertisement_promises_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
