#include "golden.h"
#include "wire/udp_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 400, PACKET = 351, PAYLOAD = 323 };

static void recorded_offer_is_read(void **state)
{
    uint8_t bytes[SIZE];
    struct udp_packet packet;

    (void)state;
    assert_true(udp_packet_decode(&packet, golden("udp-packet-offer.bin", bytes, sizeof(bytes))));
    assert_int_equal(packet.from_address, 0x0a320101);
    assert_int_equal(packet.to_address, 0x0a3201c9);
    assert_int_equal(packet.from_port, 67);
    assert_int_equal(packet.to_port, 68);
    assert_int_equal(packet.payload.length, PAYLOAD);
    assert_ptr_equal(packet.payload.data, bytes + PACKET - PAYLOAD);
}

static void each_cut_is_noticed_and_padding_is_not(void **state)
{
    uint8_t bytes[SIZE];
    struct slice whole = golden("udp-packet-offer.bin", bytes, sizeof(bytes));
    struct udp_packet packet;

    (void)state;
    assert_int_equal(whole.length, PACKET);
    for (size_t length = 0; length < PACKET; length++)
        assert_false(udp_packet_decode(&packet, slice_of(bytes, length)));
    assert_true(udp_packet_decode(&packet, slice_of(bytes, PACKET + 10)));
    assert_int_equal(packet.payload.length, PAYLOAD);
}

static void options_are_stepped_over(void **state)
{
    uint8_t bytes[SIZE], moved[SIZE] = {0};
    struct udp_packet packet;

    (void)state;
    (void)golden("udp-packet-offer.bin", bytes, sizeof(bytes));
    memcpy(moved, bytes, 20);
    moved[0] = 0x46;
    memcpy(moved + 24, bytes + 20, PACKET - 20);
    assert_true(udp_packet_decode(&packet, slice_of(moved, PACKET + 4)));
    assert_int_equal(packet.to_port, 68);
    assert_int_equal(packet.payload.length, PAYLOAD);
    assert_false(udp_packet_decode(&packet, slice_of(moved, PACKET + 3)));
}

static void others_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {
        {0, 0x65},  /* version 6 */
        {0, 0x44},  /* a header of 16 bytes */
        {6, 0x20},  /* more fragments */
        {7, 0x01},  /* a later fragment */
        {9, 6},     /* TCP */
        {24, 0xff}, /* longer than the packet */
    };
    uint8_t bytes[SIZE];
    struct slice whole = golden("udp-packet-offer.bin", bytes, sizeof(bytes));
    struct udp_packet packet;

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint8_t before = bytes[changes[i].at];

        bytes[changes[i].at] = changes[i].value;
        assert_false(udp_packet_decode(&packet, whole));
        bytes[changes[i].at] = before;
    }
    bytes[24] = 0;
    bytes[25] = 7; /* shorter than its own header */
    assert_false(udp_packet_decode(&packet, whole));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_offer_is_read),
        cmocka_unit_test(each_cut_is_noticed_and_padding_is_not),
        cmocka_unit_test(options_are_stepped_over),
        cmocka_unit_test(others_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
