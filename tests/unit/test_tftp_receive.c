#include "golden.h"

#include "decide/tftp_receive.h"

static struct tftp_packet request(uint64_t blksize, uint64_t windowsize, uint64_t tsize)
{
    struct tftp_packet packet = {.opcode = TFTP_WRQ, .mode = TFTP_MODE_OCTET};

    packet.options.present[TFTP_BLKSIZE] = blksize > 0;
    packet.options.value[TFTP_BLKSIZE] = blksize;
    packet.options.present[TFTP_WINDOWSIZE] = windowsize > 0;
    packet.options.value[TFTP_WINDOWSIZE] = windowsize;
    packet.options.present[TFTP_TSIZE] = tsize > 0;
    packet.options.value[TFTP_TSIZE] = tsize;
    return packet;
}

static void assert_ack(const struct tftp_receipt *t, struct tftp_receipt_action action,
                       enum tftp_receipt_act act, uint16_t block)
{
    struct tftp_packet packet = tftp_receipt_answer(t);

    assert_int_equal(action.act, act);
    assert_true(action.answer);
    assert_true(action.timer_ms > 0);
    assert_int_equal(packet.opcode, TFTP_ACK);
    assert_int_equal(packet.block, block);
}

static void a_golden_block_is_received(void **state)
{
    struct tftp_packet packet = request(0, 0, 0), data;
    struct tftp_receipt_action action;
    struct tftp_receipt t;
    uint8_t bytes[64];

    (void)state;
    assert_true(tftp_decode(&data, golden("tftp-data.bin", bytes, sizeof(bytes))));
    assert_int_equal(data.opcode, TFTP_DATA);
    assert_true(slice_equal_string(data.data, "panic: no init\n"));
    assert_ack(&t, tftp_receipt_begin(&t, &packet, 1000, false), TFTP_RECEIPT_ANSWER, 0);
    action = tftp_receipt_data(&t, data.block, data.data.length);
    assert_ack(&t, action, TFTP_RECEIPT_KEEP, 1);
    assert_true(action.last);
    assert_int_equal(t.bytes, 15);
    assert_ack(&t, tftp_receipt_data(&t, 1, 15), TFTP_RECEIPT_ANSWER, 1);
    assert_int_equal(tftp_receipt_data(&t, 2, 15).act, TFTP_RECEIPT_WAIT);
    assert_int_equal(tftp_receipt_expired(&t).act, TFTP_RECEIPT_DONE);
    assert_int_equal(tftp_receipt_expired(&t).act, TFTP_RECEIPT_WAIT);
}

static void options_are_agreed_on(void **state)
{
    struct tftp_packet packet = request(1428, 65535, 5000), answer;
    struct tftp_receipt t;

    (void)state;
    assert_int_equal(tftp_receipt_begin(&t, &packet, 5000, false).act, TFTP_RECEIPT_ANSWER);
    answer = tftp_receipt_answer(&t);
    assert_int_equal(answer.opcode, TFTP_OACK);
    assert_int_equal(answer.options.value[TFTP_BLKSIZE], 1428);
    assert_int_equal(answer.options.value[TFTP_TSIZE], 5000);
    assert_int_equal(t.window, TFTP_RECEIVE_WINDOW_BYTES / 1428);
    packet = request(65464, 16, 0);
    tftp_receipt_begin(&t, &packet, 5000, false);
    assert_int_equal(t.window, 1);
    packet = request(7, 0, 0);
    packet.options.present[TFTP_TIMEOUT] = true;
    packet.options.value[TFTP_TIMEOUT] = 9;
    assert_int_equal(tftp_receipt_begin(&t, &packet, 5000, false).timer_ms, 9000);
    assert_int_equal(t.block_size, 512);
    assert_int_equal(tftp_receipt_expired(&t).timer_ms, 9000);
}

/* Each block that comes again is acknowledged again, since its acknowledgement may be lost; nothing
 * else is. */
static void blocks_come_again(void **state)
{
    struct tftp_packet packet = request(0, 0, 0);
    struct tftp_receipt t;

    (void)state;
    tftp_receipt_begin(&t, &packet, 5000, false);
    assert_int_equal(tftp_receipt_data(&t, 0, 512).act, TFTP_RECEIPT_WAIT);
    assert_int_equal(tftp_receipt_data(&t, 2, 512).act, TFTP_RECEIPT_WAIT);
    assert_ack(&t, tftp_receipt_data(&t, 1, 512), TFTP_RECEIPT_KEEP, 1);
    assert_ack(&t, tftp_receipt_data(&t, 1, 512), TFTP_RECEIPT_ANSWER, 1);
    assert_int_equal(tftp_receipt_data(&t, 2, 513).act, TFTP_RECEIPT_WAIT);
    assert_ack(&t, tftp_receipt_data(&t, 2, 512), TFTP_RECEIPT_KEEP, 2);
    assert_int_equal(tftp_receipt_data(&t, 1, 512).act, TFTP_RECEIPT_WAIT);
    assert_ack(&t, tftp_receipt_data(&t, 3, 0), TFTP_RECEIPT_KEEP, 3);
    assert_int_equal(t.bytes, 1024);
}

static void a_gap_in_a_window_is_told_once(void **state)
{
    struct tftp_packet packet = request(0, 4, 0);
    struct tftp_receipt t;

    (void)state;
    tftp_receipt_begin(&t, &packet, 1 << 20, false);
    assert_false(tftp_receipt_data(&t, 1, 512).answer);
    assert_ack(&t, tftp_receipt_data(&t, 3, 512), TFTP_RECEIPT_ANSWER, 1);
    assert_int_equal(tftp_receipt_data(&t, 4, 512).act, TFTP_RECEIPT_WAIT);
    for (uint16_t block = 2; block < 5; block++)
        assert_false(tftp_receipt_data(&t, block, 512).answer);
    assert_ack(&t, tftp_receipt_data(&t, 5, 512), TFTP_RECEIPT_KEEP, 5);
    /* The acknowledgement was lost: the window comes again. */
    assert_ack(&t, tftp_receipt_data(&t, 2, 512), TFTP_RECEIPT_ANSWER, 5);
    assert_int_equal(tftp_receipt_data(&t, 3, 512).act, TFTP_RECEIPT_WAIT);
    assert_ack(&t, tftp_receipt_expired(&t), TFTP_RECEIPT_ANSWER, 5);
    assert_ack(&t, tftp_receipt_data(&t, 6, 7), TFTP_RECEIPT_KEEP, 6);
}

static void files_have_a_limit(void **state)
{
    struct tftp_packet packet = request(0, 0, 0);
    struct tftp_receipt t;

    (void)state;
    tftp_receipt_begin(&t, &packet, 1000, false);
    assert_int_equal(tftp_receipt_data(&t, 1, 512).act, TFTP_RECEIPT_KEEP);
    assert_int_equal(tftp_receipt_data(&t, 2, 489).act, TFTP_RECEIPT_TOO_LONG);
    assert_int_equal(tftp_receipt_data(&t, 2, 488).act, TFTP_RECEIPT_WAIT);
    tftp_receipt_begin(&t, &packet, 1000, false);
    assert_int_equal(tftp_receipt_data(&t, 1, 512).act, TFTP_RECEIPT_KEEP);
    assert_true(tftp_receipt_data(&t, 2, 488).last);
}

static void silence_ends_it(void **state)
{
    struct tftp_packet packet = request(0, 0, 0);
    struct tftp_receipt t;

    (void)state;
    tftp_receipt_begin(&t, &packet, 1000, false);
    for (int i = 0; i < TFTP_ATTEMPTS_MAX; i++)
        assert_ack(&t, tftp_receipt_expired(&t), TFTP_RECEIPT_ANSWER, 0);
    assert_int_equal(tftp_receipt_expired(&t).act, TFTP_RECEIPT_SILENT);
    assert_int_equal(tftp_receipt_data(&t, 1, 5).act, TFTP_RECEIPT_WAIT);
}

static void numbers_roll_over(void **state)
{
    struct tftp_packet packet = request(8, 0, 0);
    struct tftp_receipt t;

    (void)state;
    for (int rolls = 0; rolls < 2; rolls++) {
        tftp_receipt_begin(&t, &packet, 1 << 20, rolls);
        for (uint64_t block = 1; block <= 70000; block++)
            assert_ack(&t, tftp_receipt_data(&t, tftp_block_number(block, rolls), 8),
                       TFTP_RECEIPT_KEEP, tftp_block_number(block, rolls));
        assert_int_equal(t.bytes, 560000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_golden_block_is_received),
        cmocka_unit_test(options_are_agreed_on),
        cmocka_unit_test(blocks_come_again),
        cmocka_unit_test(a_gap_in_a_window_is_told_once),
        cmocka_unit_test(files_have_a_limit),
        cmocka_unit_test(silence_ends_it),
        cmocka_unit_test(numbers_roll_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
