#include "golden.h"

#include "decide/tftp.h"
#include "decide/tftp_name.h"
#include "wire/netascii.h"
#include "wire/tftp.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)

/* The first packets of iPXE's, OVMF's and U-Boot's transfers, byte for byte. */
static void requests_decode(void **state)
{
    struct tftp_packet packet;
    char text[TFTP_OPTIONS_TEXT];

    (void)state;
    assert_true(tftp_decode(&packet, BYTES("\0\1/netbsd-5/pxeboot_ia32.bin\0octet\0"
                                           "blksize\0001432\0tsize\0000\0")));
    assert_int_equal(packet.opcode, TFTP_RRQ);
    assert_true(slice_equal_string(packet.filename, "/netbsd-5/pxeboot_ia32.bin"));
    assert_int_equal(packet.mode, TFTP_MODE_OCTET);
    assert_string_equal(tftp_options_text(text, &packet.options), " blksize 1432 tsize 0");

    assert_true(tftp_decode(&packet, BYTES("\0\1snponly.efi\0OCTET\0tsize\0000\0"
                                           "BLKSIZE\0001468\0WindowSize\0004\0")));
    assert_int_equal(packet.mode, TFTP_MODE_OCTET);
    assert_int_equal(packet.options.value[TFTP_WINDOWSIZE], 4);
    assert_true(packet.options.present[TFTP_TSIZE]);

    assert_true(tftp_decode(&packet, BYTES("\0\1x\0octet\0timeout\0005\0blksize\0001468\0")));
    assert_int_equal(packet.options.value[TFTP_TIMEOUT], 5);
    assert_true(tftp_decode(&packet, BYTES("\0\2x\0netascii\0")));
    assert_int_equal(packet.opcode, TFTP_WRQ);
    assert_int_equal(packet.mode, TFTP_MODE_NETASCII);
    assert_true(tftp_decode(&packet, BYTES("\0\1x\0mail\0")));
    assert_int_equal(packet.mode, TFTP_MODE_MAIL);
    assert_true(tftp_decode(&packet, BYTES("\0\1x\0image\0")));
    assert_int_equal(packet.mode, TFTP_MODE_OTHER);
}

static void golden_packets_are_read_and_written(void **state)
{
    struct tftp_packet packet;
    uint8_t bytes[128], written[128];
    struct writer w = writer_of(written, sizeof(written));
    struct slice oack;

    (void)state;
    assert_true(tftp_decode(&packet, golden("tftp-request.bin", bytes, sizeof(bytes))));
    assert_int_equal(packet.opcode, TFTP_RRQ);
    assert_true(slice_equal_string(packet.filename, "snponly.efi"));
    assert_int_equal(packet.options.value[TFTP_BLKSIZE], 1468);
    assert_int_equal(packet.options.value[TFTP_WINDOWSIZE], 4);
    oack = golden("tftp-oack.bin", bytes, sizeof(bytes));
    assert_true(tftp_decode(&packet, oack));
    assert_int_equal(packet.opcode, TFTP_OACK);
    assert_int_equal(packet.options.value[TFTP_TSIZE], 74213);
    tftp_encode(&w, &packet);
    assert_true(slice_equal(slice_of(written, w.length), oack));
}

static void options_are_read_strictly(void **state)
{
    struct tftp_packet packet;

    (void)state;
    assert_true(tftp_decode(&packet, BYTES("\0\1x\0octet\0blksize\0001024\0blksize\000512\0"
                                           "multicast\0\0tsize\000-1\0timeout\0005s\0"
                                           "windowsize\000\0padding")));
    assert_int_equal(packet.options.value[TFTP_BLKSIZE], 1024);
    assert_false(packet.options.present[TFTP_TSIZE]);
    assert_false(packet.options.present[TFTP_TIMEOUT]);
    assert_false(packet.options.present[TFTP_WINDOWSIZE]);
    assert_true(tftp_decode(&packet, BYTES("\0\1x\0octet\0tsize\00018446744073709551615\0")));
    assert_true(packet.options.value[TFTP_TSIZE] == UINT64_MAX);
    assert_true(tftp_decode(&packet, BYTES("\0\1x\0octet\0tsize\00018446744073709551616\0")));
    assert_false(packet.options.present[TFTP_TSIZE]);
    assert_true(tftp_decode(&packet, BYTES("\0\1x\0octet\0tsize\0nonsense\0tsize\0001\0")));
    assert_false(packet.options.present[TFTP_TSIZE]);
    /* Padded with NULs to a fixed length, as some ROMs send it. */
    assert_true(tftp_decode(&packet, BYTES("\0\1x\0octet\0\0\0\0\0\0\0\0")));
}

static void broken_packets_are_refused(void **state)
{
    struct tftp_packet packet;

    (void)state;
    assert_false(tftp_decode(&packet, BYTES("")));
    assert_false(tftp_decode(&packet, BYTES("\0")));
    assert_false(tftp_decode(&packet, BYTES("\0\1")));
    assert_false(tftp_decode(&packet, BYTES("\0\1x")));
    assert_false(tftp_decode(&packet, BYTES("\0\1x\0octet")));
    assert_false(tftp_decode(&packet, BYTES("\0\3\0")));
    assert_false(tftp_decode(&packet, BYTES("\0\4\1")));
    assert_false(tftp_decode(&packet, BYTES("\0\5\0")));
    assert_false(tftp_decode(&packet, BYTES("\0\7\0\0\0\0")));
    assert_false(tftp_decode(&packet, BYTES("\0\0\0\0\0\0")));
}

static void packets_encode(void **state)
{
    static const struct {
        struct tftp_packet packet;
        const char *bytes;
        size_t length;
    } rows[] = {
        {{.opcode = TFTP_ACK, .block = 0xabcd}, "\0\4\xab\xcd", 4},
        {{.opcode = TFTP_DATA, .block = 2, .data = {(const uint8_t *)"hi", 2}}, "\0\3\0\2hi", 6},
        {{.opcode = TFTP_ERROR, .error = 1, .message = {(const uint8_t *)"no", 2}},
         "\0\5\0\1no\0",
         7},
        {{.opcode = TFTP_OACK,
          .options = {{[TFTP_BLKSIZE] = true, [TFTP_TSIZE] = true},
                      {[TFTP_BLKSIZE] = 1432, [TFTP_TSIZE] = 53448}}},
         "\0\6blksize\0001432\0tsize\00053448\0",
         27},
        {{.opcode = TFTP_RRQ,
          .filename = {(const uint8_t *)"a", 1},
          .options = {{[TFTP_WINDOWSIZE] = true}, {[TFTP_WINDOWSIZE] = 4}}},
         "\0\1a\0octet\0windowsize\0004\0",
         23},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tftp_packet again;
        uint8_t bytes[64];
        struct writer w = writer_of(bytes, sizeof(bytes));

        tftp_encode(&w, &rows[i].packet);
        assert_false(w.failed);
        assert_int_equal(w.length, rows[i].length);
        assert_memory_equal(bytes, rows[i].bytes, w.length);
        assert_true(tftp_decode(&again, slice_of(bytes, w.length)));
        assert_int_equal(again.opcode, rows[i].packet.opcode);
    }
}

static void an_error_text_is_cut(void **state)
{
    uint8_t bytes[1024];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct tftp_packet packet = {.opcode = TFTP_ERROR};
    char text[900];

    (void)state;
    memset(text, 'x', sizeof(text));
    packet.message = slice_of(text, sizeof(text));
    tftp_encode(&w, &packet);
    assert_int_equal(w.length, 4 + TFTP_MESSAGE_SIZE);
    assert_int_equal(bytes[w.length - 1], 0);
}

static void netascii_converts_across_blocks(void **state)
{
    struct netascii place = {.pending = false};
    struct slice from = slice_of_string("a\nb\rc\r\n");
    uint8_t out[32];
    size_t length = 0;

    (void)state;
    /* One byte at a time, so that every pair is cut. */
    for (size_t n = 1; n > 0; length += n)
        n = netascii_convert(&place, &from, out + length, 1);
    assert_int_equal(length, 11);
    assert_memory_equal(out, "a\r\nb\r\0c\r\0\r\n", 11);
}

static void netascii_goes_back_across_blocks(void **state)
{
    static const struct {
        const char *sent;
        size_t length;
        const char *text;
        size_t text_length;
    } rows[] = {
        {"a\r\nb\r\0c\r\0\r\n", 11, "a\nb\rc\r\n", 7},
        /* A CR of somebody who knows no pairs stands for itself; so does a LF. */
        {"a\rb\r", 4, "a\rb\r", 4},
        {"\r\r\n\n", 4, "\r\n\n", 3},
        {"", 0, "", 0},
    };
    uint8_t out[32];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct netascii whole = {.pending = false}, cut = {.pending = false};
        size_t length = 0;

        assert_int_equal(
            netascii_restore(&whole, slice_of(rows[i].sent, rows[i].length), true, out),
            rows[i].text_length);
        assert_memory_equal(out, rows[i].text, rows[i].text_length);
        for (size_t n = 0; n < rows[i].length; n++)
            length += netascii_restore(&cut, slice_of(rows[i].sent + n, 1), false, out + length);
        length += netascii_restore(&cut, slice_of(NULL, 0), true, out + length);
        assert_int_equal(length, rows[i].text_length);
        assert_memory_equal(out, rows[i].text, rows[i].text_length);
    }
}

/* A request with these options, given as pairs. */
static struct tftp_packet request(uint64_t blksize, uint64_t windowsize)
{
    struct tftp_packet packet = {.opcode = TFTP_RRQ};

    packet.options.present[TFTP_BLKSIZE] = blksize > 0;
    packet.options.value[TFTP_BLKSIZE] = blksize;
    packet.options.present[TFTP_WINDOWSIZE] = windowsize > 0;
    packet.options.value[TFTP_WINDOWSIZE] = windowsize;
    return packet;
}

/* Blocks are to be sent; they leave at once. */
static void assert_data(struct tftp_transfer *t, struct tftp_action action, uint64_t first,
                        uint32_t count)
{
    assert_int_equal(action.act, TFTP_SEND_DATA);
    assert_int_equal(action.first, first);
    assert_int_equal(action.count, count);
    assert_true(action.timer_ms > 0);
    tftp_left(t, first + count - 1, t->sent_at);
}

static void options_are_agreed_on(void **state)
{
    struct tftp_packet packet = request(0, 0);
    struct tftp_transfer t;

    (void)state;
    packet.options.present[TFTP_TSIZE] = true;
    assert_int_equal(tftp_begin(&t, &packet, 1000, 0).act, TFTP_SEND_OACK);
    assert_int_equal(t.agreed.value[TFTP_TSIZE], 1000);
    assert_int_equal(t.block_size, 512);
    /* netascii: no size that could be told, and a window that is kept short. */
    packet.options.present[TFTP_WINDOWSIZE] = true;
    packet.options.value[TFTP_WINDOWSIZE] = 1000;
    assert_int_equal(tftp_begin(&t, &packet, TFTP_SIZE_UNKNOWN, 0).act, TFTP_SEND_OACK);
    assert_false(t.agreed.present[TFTP_TSIZE]);
    assert_int_equal(t.window, TFTP_WINDOW_CONVERTED_MAX);

    packet = request(7, 65536);
    assert_data(&t, tftp_begin(&t, &packet, 1000, 0), 1, 1);
    packet = request(8, 65535);
    assert_int_equal(tftp_begin(&t, &packet, 1000, 0).act, TFTP_SEND_OACK);
    assert_int_equal(t.block_size, 8);
    assert_int_equal(t.window, 65535);
    packet = request(70000, 65535);
    tftp_begin(&t, &packet, 1000, 0);
    assert_int_equal(t.agreed.value[TFTP_BLKSIZE], 65464);
    assert_int_equal(t.agreed.value[TFTP_WINDOWSIZE], 65535);

    packet = request(0, 0);
    packet.options.present[TFTP_TIMEOUT] = true;
    packet.options.value[TFTP_TIMEOUT] = 256;
    assert_data(&t, tftp_begin(&t, &packet, 1000, 0), 1, 1);
    packet.options.value[TFTP_TIMEOUT] = 255;
    assert_int_equal(tftp_begin(&t, &packet, 1000, 0).timer_ms, 255000);
}

static void a_plain_transfer_runs_to_its_end(void **state)
{
    struct tftp_packet packet = request(0, 0);
    struct tftp_transfer t;
    struct tftp_action action;

    (void)state;
    assert_data(&t, tftp_begin(&t, &packet, 1024, 0), 1, 1);
    assert_data(&t, tftp_acknowledged(&t, 1, 1), 2, 1);
    assert_data(&t, tftp_acknowledged(&t, 2, 2), 3, 1);
    /* 1024 is a multiple of 512: the last block is empty. */
    action = tftp_acknowledged(&t, 3, 3);
    assert_int_equal(action.act, TFTP_END);
    assert_int_equal(action.end, TFTP_COMPLETE);
    assert_int_equal(tftp_bytes_acked(&t), 1024);

    assert_data(&t, tftp_begin(&t, &packet, 0, 0), 1, 1);
    assert_int_equal(tftp_acknowledged(&t, 1, 1).end, TFTP_COMPLETE);
    assert_int_equal(tftp_bytes_acked(&t), 0);
}

static void duplicates_wake_no_apprentice(void **state)
{
    struct tftp_packet packet = request(0, 0);
    struct tftp_transfer t;

    (void)state;
    assert_data(&t, tftp_begin(&t, &packet, 10000, 0), 1, 1);
    assert_data(&t, tftp_acknowledged(&t, 1, 1), 2, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(tftp_acknowledged(&t, 1, 2).act, TFTP_WAIT);
        assert_int_equal(tftp_acknowledged(&t, 0, 2).act, TFTP_WAIT);
        assert_int_equal(tftp_acknowledged(&t, 3, 2).act, TFTP_WAIT);
        assert_int_equal(tftp_acknowledged(&t, 65535, 2).act, TFTP_WAIT);
    }
    assert_data(&t, tftp_acknowledged(&t, 2, 3), 3, 1);
}

static void windows_go_on_after_a_gap(void **state)
{
    struct tftp_packet packet = request(512, 4);
    struct tftp_transfer t;

    (void)state;
    assert_int_equal(tftp_begin(&t, &packet, 512 * 20, 0).act, TFTP_SEND_OACK);
    assert_int_equal(tftp_acknowledged(&t, 1, 1).act, TFTP_WAIT);
    assert_data(&t, tftp_acknowledged(&t, 0, 1), 1, 4);
    assert_data(&t, tftp_acknowledged(&t, 4, 2), 5, 4);
    /* Block 7 was lost. */
    assert_data(&t, tftp_acknowledged(&t, 6, 3), 7, 4);
    /* Block 8 of the window before draws the same acknowledgement: no second copy. */
    assert_int_equal(tftp_acknowledged(&t, 6, 4).act, TFTP_WAIT);
    assert_data(&t, tftp_acknowledged(&t, 10, 5), 11, 4);
    /* The whole window's first block was lost: sent again, once. */
    assert_data(&t, tftp_acknowledged(&t, 10, 6), 11, 4);
    assert_int_equal(tftp_acknowledged(&t, 10, 7).act, TFTP_WAIT);
    assert_data(&t, tftp_acknowledged(&t, 14, 8), 15, 4);
    assert_int_equal(tftp_acknowledged(&t, 14, 9).act, TFTP_WAIT);
    assert_data(&t, tftp_acknowledged(&t, 18, 10), 19, 3);
    assert_int_equal(tftp_acknowledged(&t, 21, 11).end, TFTP_COMPLETE);
}

static void blocks_roll_over(void **state)
{
    struct tftp_packet packet = request(8, 0);
    uint64_t size = 8 * 200000 + 3, block = 0;
    struct tftp_action action;
    struct tftp_transfer t;

    (void)state;
    action = tftp_begin(&t, &packet, size, 0);
    if (action.act == TFTP_SEND_OACK)
        action = tftp_acknowledged(&t, 0, 0);
    while (action.act == TFTP_SEND_DATA) {
        assert_int_equal(action.first, ++block);
        tftp_left(&t, block, block);
        action = tftp_acknowledged(&t, (uint16_t)action.first, block);
    }
    assert_int_equal(action.end, TFTP_COMPLETE);
    assert_int_equal(block, 200001);
    assert_int_equal(tftp_bytes_acked(&t), size);
}

/* The longest window leaves in bursts. Nothing counts as acknowledged that has not left. */
static void a_long_window_leaves_in_bursts(void **state)
{
    struct tftp_packet packet = request(512, 65535);
    uint64_t blocks = 3 * 65535;
    struct tftp_action action;
    struct tftp_transfer t;

    (void)state;
    tftp_begin(&t, &packet, blocks * 512 - 1, 0);
    action = tftp_acknowledged(&t, 0, 1);
    assert_int_equal(action.first, 1);
    assert_int_equal(action.count, 65535);
    tftp_left(&t, 1000, 2);
    assert_int_equal(tftp_acknowledged(&t, 1001, 3).act, TFTP_WAIT);
    /* Block 500 was lost: what was still to leave need not. */
    action = tftp_acknowledged(&t, 499, 4);
    assert_int_equal(action.first, 500);
    assert_int_equal(action.count, 65535);
    tftp_left(&t, 700, 5);
    /* Late ones from before would be ones of blocks far ahead. */
    assert_int_equal(tftp_acknowledged(&t, 498, 5).act, TFTP_WAIT);
    assert_int_equal(tftp_acknowledged(&t, 0, 5).act, TFTP_WAIT);
    tftp_left(&t, 499 + 65535, 6);
    assert_data(&t, tftp_acknowledged(&t, (uint16_t)(499 + 65535), 7), 500 + 65535, 65535);
    action = tftp_acknowledged(&t, (uint16_t)(499 + 2 * 65535), 8);
    assert_data(&t, action, 500 + 2 * 65535, 65535 - 499);
    assert_int_equal(tftp_acknowledged(&t, (uint16_t)blocks, 9).end, TFTP_COMPLETE);
}

/* A file over 4 GB: its size is told whole, and the blocks' numbers go on with 0, many times. */
static void files_over_4_gb(void **state)
{
    struct tftp_packet packet = request(1428, 64);
    uint64_t size = (UINT64_C(5) << 30) + 1, first = 0;
    struct tftp_action action;
    struct tftp_transfer t;

    (void)state;
    packet.options.present[TFTP_TSIZE] = true;
    tftp_begin(&t, &packet, size, 0);
    assert_true(t.agreed.value[TFTP_TSIZE] == size);
    for (action = tftp_acknowledged(&t, 0, 0); action.act == TFTP_SEND_DATA;
         action = tftp_acknowledged(&t, (uint16_t)t.sent, 0)) {
        assert_true(action.first == first + 1);
        first = action.first + action.count - 1;
        tftp_left(&t, first, 0);
    }
    assert_int_equal(action.end, TFTP_COMPLETE);
    assert_true(first == size / 1428 + 1);
    assert_true(tftp_bytes_acked(&t) == size);
}

static void silence_ends_a_transfer(void **state)
{
    struct tftp_packet packet = request(1024, 0);
    struct tftp_transfer t;
    struct tftp_action action = tftp_begin(&t, &packet, 1 << 20, 0);
    uint64_t now = 0;
    uint32_t before = 0;
    int attempts = 0;

    (void)state;
    while (action.act == TFTP_SEND_OACK) {
        assert_true(action.timer_ms >= before && action.timer_ms <= TFTP_TIMER_MAX_MS);
        before = action.timer_ms;
        now += action.timer_ms;
        action = tftp_expired(&t, now);
        attempts++;
    }
    assert_int_equal(attempts, TFTP_ATTEMPTS_MAX + 1);
    assert_int_equal(action.end, TFTP_SILENT);
    assert_int_equal(t.state, TFTP_STATE_ENDED);
    assert_int_equal(tftp_expired(&t, now).act, TFTP_WAIT);
    assert_int_equal(tftp_acknowledged(&t, 0, now).act, TFTP_WAIT);

    /* A client that never acknowledges the last block has got everything all the same. */
    packet = request(0, 0);
    tftp_begin(&t, &packet, 100, 0);
    for (int i = 0; i < TFTP_ATTEMPTS_MAX; i++)
        assert_data(&t, tftp_expired(&t, 0), 1, 1);
    assert_int_equal(tftp_expired(&t, 0).end, TFTP_UNCONFIRMED);
    tftp_begin(&t, &packet, 100, 0);
    assert_int_equal(tftp_stopped(&t).end, TFTP_STOPPED);
}

/* Numbers that go on with 1 come around after 65,535 blocks, and 0 acknowledges options alone. */
static void numbers_may_go_on_with_one(void **state)
{
    struct tftp_packet packet = request(512, 65535);
    struct tftp_transfer t;

    (void)state;
    tftp_begin(&t, &packet, (uint64_t)512 * 190000 - 1, 0);
    assert_int_equal(tftp_wire_block(&t, 65536), 0);
    tftp_roll_to_one(&t);
    assert_int_equal(tftp_wire_block(&t, 0), 0);
    assert_int_equal(tftp_wire_block(&t, 65535), 65535);
    assert_int_equal(tftp_wire_block(&t, 65536), 1);
    assert_int_equal(tftp_wire_block(&t, 2 * 65535 + 1), 1);
    assert_int_equal(t.agreed.value[TFTP_WINDOWSIZE], 65534);
    assert_int_equal(tftp_acknowledged(&t, 0, 0).count, 65534);
    tftp_left(&t, 65534, 0);
    assert_data(&t, tftp_acknowledged(&t, 65534, 0), 65535, 65534);
    tftp_left(&t, 2 * 65534, 0);
    assert_int_equal(tftp_acknowledged(&t, 0, 0).act, TFTP_WAIT);
    assert_int_equal(tftp_acknowledged(&t, 65533, 0).first, 2 * 65534 + 1);
    assert_int_equal(t.acked, 2 * 65534);
    tftp_left(&t, 190000, 0);
    assert_int_equal(tftp_acknowledged(&t, tftp_wire_block(&t, 190000), 0).end, TFTP_COMPLETE);

    packet = request(0, 0);
    tftp_begin(&t, &packet, 512 * 70000, 0);
    tftp_roll_to_one(&t);
    assert_int_equal(t.window, 1);
    tftp_left(&t, 65536, 0);
    for (uint64_t block = 1; block <= 65535; block++)
        assert_int_equal(tftp_acknowledged(&t, tftp_wire_block(&t, block), 0).first, block + 1);
    assert_int_equal(tftp_acknowledged(&t, 0, 0).act, TFTP_WAIT);
    assert_int_equal(tftp_acknowledged(&t, 1, 0).first, 65537);
}

static void the_timer_learns(void **state)
{
    struct tftp_packet packet = request(0, 0);
    struct tftp_transfer t;
    struct tftp_action action = tftp_begin(&t, &packet, 1 << 20, 0);
    uint64_t now = 0;

    (void)state;
    assert_int_equal(action.timer_ms, TFTP_TIMER_FIRST_MS);
    tftp_left(&t, 1, now);
    for (uint16_t block = 1; block < 50; block++) {
        action = tftp_acknowledged(&t, block, now += 2);
        tftp_left(&t, block + 1, now);
    }
    assert_int_equal(action.timer_ms, TFTP_TIMER_MIN_MS);
    for (uint16_t block = 50; block < 100; block++) {
        action = tftp_acknowledged(&t, block, now += 1500);
        tftp_left(&t, block + 1, now);
    }
    assert_in_range(action.timer_ms, 1500, 2000);
    /* What was sent twice tells nothing; the doubled timer goes with the answer. */
    assert_in_range(tftp_expired(&t, now += 1600).timer_ms, 3000, 4000);
    assert_in_range(tftp_acknowledged(&t, 100, now + 1).timer_ms, 1500, 2000);
}

static void an_unknown_size_ends_when_it_is_known(void **state)
{
    struct tftp_packet packet = request(0, 0);
    struct tftp_transfer t;

    (void)state;
    assert_data(&t, tftp_begin(&t, &packet, TFTP_SIZE_UNKNOWN, 0), 1, 1);
    assert_data(&t, tftp_acknowledged(&t, 1, 1), 2, 1);
    tftp_ends_at(&t, 2, 10);
    assert_int_equal(tftp_acknowledged(&t, 2, 2).end, TFTP_COMPLETE);
    assert_int_equal(tftp_bytes_acked(&t), 522);

    /* In the middle of a window: the blocks behind it are none. */
    packet = request(512, 8);
    tftp_begin(&t, &packet, TFTP_SIZE_UNKNOWN, 0);
    assert_int_equal(tftp_acknowledged(&t, 0, 1).count, 8);
    tftp_ends_at(&t, 3, 0);
    tftp_left(&t, 3, 2);
    assert_int_equal(tftp_acknowledged(&t, 3, 3).end, TFTP_COMPLETE);
    assert_int_equal(tftp_bytes_acked(&t), 1024);
}

static void a_repeated_request_is_known(void **state)
{
    struct tftp_packet packet = request(0, 0);
    struct tftp_transfer t;

    (void)state;
    tftp_begin(&t, &packet, 10000, 0);
    assert_true(tftp_is_repetition(&t, BYTES("same"), BYTES("same")));
    assert_false(tftp_is_repetition(&t, BYTES("same"), BYTES("else")));
    tftp_left(&t, 1, 0);
    tftp_acknowledged(&t, 1, 0);
    assert_false(tftp_is_repetition(&t, BYTES("same"), BYTES("same")));
}

static void a_repeated_request_is_answered_again(void **state)
{
    struct tftp_packet packet = request(0, 0);
    struct tftp_transfer t;

    (void)state;
    /* Without options: the first block, but not for a copy that the network made. */
    tftp_begin(&t, &packet, 10000, 1000);
    assert_int_equal(tftp_repeated(&t, 1001).act, TFTP_WAIT);
    assert_int_equal(tftp_repeated(&t, 1250).act, TFTP_SEND_DATA);
    assert_int_equal(tftp_repeated(&t, 1251).act, TFTP_WAIT);
    /* With options: their answer, until it is confirmed. */
    packet.options.present[TFTP_TSIZE] = true;
    tftp_begin(&t, &packet, 10000, 1000);
    for (unsigned i = 1; i < 20; i++)
        assert_int_equal(tftp_repeated(&t, 1000 + 250 * i).act, TFTP_SEND_OACK);
    assert_int_equal(tftp_acknowledged(&t, 0, 9000).act, TFTP_SEND_DATA);
    assert_int_equal(tftp_repeated(&t, 9250).act, TFTP_WAIT);
}

static void a_client_that_waits_for_a_window_is_heard(void **state)
{
    struct tftp_packet packet = request(512, 4);
    struct tftp_transfer t;

    (void)state;
    tftp_begin(&t, &packet, 100000, 1000);
    tftp_acknowledged(&t, 0, 1000);
    tftp_left(&t, 4, 1000);
    assert_int_equal(tftp_acknowledged(&t, 0, 1001).act, TFTP_SEND_DATA);
    tftp_left(&t, 4, 1001);
    /* Once is enough for the copies' acknowledgements, but not for a client whose window is gone.
     */
    assert_int_equal(tftp_acknowledged(&t, 0, 1002).act, TFTP_WAIT);
    assert_int_equal(tftp_acknowledged(&t, 0, 1251).act, TFTP_SEND_DATA);
    tftp_left(&t, 4, 1251);
    assert_int_equal(tftp_acknowledged(&t, 0, 1252).act, TFTP_WAIT);
}

static void names_become_paths(void **state)
{
    static const struct {
        const char *name;
        enum tftp_name verdict;
        const char *path;
    } rows[] = {
        {"netbsd", TFTP_NAME_GOOD, "netbsd"},
        {"/netbsd-5/x", TFTP_NAME_GOOD, "netbsd-5/x"},
        {"//./a//b/.", TFTP_NAME_GOOD, "a/b"},
        {"\\Boot\\BCD", TFTP_NAME_WINDOWS, "Boot/BCD"},
        {"a/b\\c", TFTP_NAME_GOOD, "a/b\\c"},
        {"...", TFTP_NAME_GOOD, "..."},
        {"a/..b/c..", TFTP_NAME_GOOD, "a/..b/c.."},
        {"", TFTP_NAME_EMPTY, NULL},
        {"/./", TFTP_NAME_EMPTY, NULL},
        {"..", TFTP_NAME_CLIMBS, NULL},
        {"a/../b", TFTP_NAME_CLIMBS, NULL},
        {"/..", TFTP_NAME_CLIMBS, NULL},
        {"a\\..\\b", TFTP_NAME_CLIMBS, NULL},
    };
    char path[TFTP_NAME_MAX], longest[TFTP_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(tftp_path(path, slice_of_string(rows[i].name)), rows[i].verdict);
        if (rows[i].path)
            assert_string_equal(path, rows[i].path);
    }
    assert_int_equal(tftp_path(path, slice_of(NULL, 0)), TFTP_NAME_EMPTY);
    memset(longest, 'x', sizeof(longest));
    assert_int_equal(tftp_path(path, slice_of(longest, TFTP_NAME_MAX - 1)), TFTP_NAME_GOOD);
    assert_int_equal(tftp_path(path, slice_of(longest, TFTP_NAME_MAX)), TFTP_NAME_TOO_LONG);
    assert_string_equal(tftp_state_name(TFTP_STATE_SENDING), "sending");
}

static void names_of_ones_own(void **state)
{
    static const struct {
        const char *path, *rest;
    } own[] = {
        {"1a2b3c4d/start4.elf", "start4.elf"},
        {"DC-a6-32-01-02-03/overlays/x.dtbo", "overlays/x.dtbo"},
        {"1a2b3c4d", NULL},
        {"1a2b3c4d/", NULL},
        {"1a2b3c4/x", NULL},
        {"1a2b3c4d5/x", NULL},
        {"dc-a6-32-01-02/x", NULL},
        {"dc-a6-32-01-02-03-04/x", NULL},
        {"", NULL},
    };

    (void)state;
    assert_true(tftp_name_is_address("0A320109", 0x0a320109));
    assert_true(tftp_name_is_address("0a320109.SUN4M", 0x0a320109));
    assert_false(tftp_name_is_address("0A320108", 0x0a320109));
    assert_false(tftp_name_is_address("0A320109.", 0x0a320109));
    assert_false(tftp_name_is_address("0A3201090", 0x0a320109));
    assert_false(tftp_name_is_address("0A320109.x/y", 0x0a320109));
    assert_false(tftp_name_is_address("", 0));
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        const char *rest = tftp_name_below_own(own[i].path);

        if (own[i].rest)
            assert_string_equal(rest, own[i].rest);
        else
            assert_null(rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_decode),
        cmocka_unit_test(golden_packets_are_read_and_written),
        cmocka_unit_test(options_are_read_strictly),
        cmocka_unit_test(broken_packets_are_refused),
        cmocka_unit_test(packets_encode),
        cmocka_unit_test(an_error_text_is_cut),
        cmocka_unit_test(netascii_converts_across_blocks),
        cmocka_unit_test(netascii_goes_back_across_blocks),
        cmocka_unit_test(options_are_agreed_on),
        cmocka_unit_test(a_plain_transfer_runs_to_its_end),
        cmocka_unit_test(duplicates_wake_no_apprentice),
        cmocka_unit_test(windows_go_on_after_a_gap),
        cmocka_unit_test(blocks_roll_over),
        cmocka_unit_test(a_long_window_leaves_in_bursts),
        cmocka_unit_test(files_over_4_gb),
        cmocka_unit_test(silence_ends_a_transfer),
        cmocka_unit_test(numbers_may_go_on_with_one),
        cmocka_unit_test(the_timer_learns),
        cmocka_unit_test(an_unknown_size_ends_when_it_is_known),
        cmocka_unit_test(a_repeated_request_is_known),
        cmocka_unit_test(a_repeated_request_is_answered_again),
        cmocka_unit_test(a_client_that_waits_for_a_window_is_heard),
        cmocka_unit_test(names_become_paths),
        cmocka_unit_test(names_of_ones_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
