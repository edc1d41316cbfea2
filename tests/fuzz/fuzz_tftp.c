/* A packet; what decodes encodes to something that decodes alike. A request then drives a transfer,
 * with the rest of the input as what happens to it: no block past the file's end is ever sent, and
 * the end comes. */
#include "decide/tftp.h"
#include "decide/tftp_name.h"
#include "decide/tftp_receive.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_encoding(const struct tftp_packet *packet)
{
    static uint8_t bytes[1 << 17];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct tftp_packet again;

    if (packet->filename.length + packet->data.length > sizeof(bytes) / 2)
        return;
    tftp_encode(&w, packet);
    require(!w.failed && tftp_decode(&again, slice_of(bytes, w.length)));
    require(again.opcode == packet->opcode && again.block == packet->block &&
            slice_equal(again.filename, packet->filename) && slice_equal(again.data, packet->data));
    for (size_t i = 0; i < TFTP_OPTION_COUNT; i++)
        require(again.options.present[i] == packet->options.present[i] &&
                again.options.value[i] == packet->options.value[i]);
}

static void check_action(struct tftp_transfer *t, struct tftp_action action)
{
    if (action.act == TFTP_WAIT || action.act == TFTP_END)
        return;
    require(action.timer_ms > 0);
    if (action.act == TFTP_SEND_OACK)
        return;
    require(action.count >= 1 && action.count <= t->window && action.first == t->acked + 1);
    require(action.first + action.count - 1 <= t->last_block);
    require((action.first + action.count - 2) * t->block_size <= t->size);
    /* Three of four windows leave as a whole. */
    tftp_left(t, action.first + (action.first % 4 ? action.count : action.count / 2) - 1,
              t->sent_at);
    require(t->left <= t->last_block);
}

static void drive(const struct tftp_packet *request, struct reader *r)
{
    struct tftp_transfer t;
    uint64_t now = 0;
    int silence = 0;

    struct tftp_action first = tftp_begin(&t, request, reader_be32(r), now);

    if (request->filename.length % 2)
        tftp_roll_to_one(&t);
    check_action(&t, first);
    while (t.state != TFTP_STATE_ENDED && reader_left(r) >= 4) {
        uint16_t advance = reader_be16(r);

        now += reader_be16(r);
        if (advance % 7 == 0)
            check_action(&t, tftp_expired(&t, now));
        else
            check_action(&t,
                         tftp_acknowledged(&t, tftp_wire_block(&t, t.acked + advance % 300), now));
    }
    while (t.state != TFTP_STATE_ENDED) {
        check_action(&t, tftp_expired(&t, now));
        require(silence++ <= TFTP_ATTEMPTS_MAX);
    }
}

/* Never more bytes than were agreed on, only blocks in order, and the end comes. */
static void drive_receipt(const struct tftp_packet *request, struct reader *r)
{
    uint64_t most = reader_be16(r) % 8192, blocks = 0;
    bool rolls = request->filename.length % 2;
    struct tftp_receipt t;
    int silence = 0;

    require(tftp_receipt_begin(&t, request, most, rolls).answer);
    while (t.state != TFTP_RECEIPT_ENDED && reader_left(r) >= 2) {
        uint8_t advance = reader_u8(r), length = reader_u8(r);
        struct tftp_receipt_action action;

        if (advance % 7 == 0)
            action = tftp_receipt_expired(&t);
        else
            action = tftp_receipt_data(&t, tftp_block_number(t.blocks + advance % 4, rolls),
                                       length % 2 ? t.block_size : length);
        blocks += action.act == TFTP_RECEIPT_KEEP;
        require(t.bytes <= most && t.blocks == blocks && t.waiting < t.window);
        require(action.act != TFTP_RECEIPT_ANSWER || (action.answer && action.timer_ms > 0));
        require(!action.last || action.answer);
    }
    while (t.state != TFTP_RECEIPT_ENDED) {
        tftp_receipt_expired(&t);
        require(silence++ <= TFTP_ATTEMPTS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    char path[TFTP_NAME_MAX], text[TFTP_OPTIONS_TEXT];
    struct tftp_packet packet;
    struct reader r = reader_of(data, length);

    if (!tftp_decode(&packet, slice_of(data, length)))
        return 0;
    tftp_options_text(text, &packet.options);
    check_encoding(&packet);
    if (tftp_path(path, packet.filename) <= TFTP_NAME_WINDOWS)
        require(path[0] != '/' && path[0] != 0);
    if (packet.opcode == TFTP_WRQ)
        drive_receipt(&packet, &r);
    if (packet.opcode != TFTP_RRQ)
        return 0;
    drive(&packet, &r);
    return 0;
}
