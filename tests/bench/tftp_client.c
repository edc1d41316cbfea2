#include "tftp_client.h"

#include "base/cursor.h"
#include "wire/tftp.h"

#include <string.h>

enum { TFTP_PORT = 69, PLAIN_BLOCK = 512 };

/* As boot ROMs write it: the size asked for, and only what differs from RFC 1350. */
static size_t write_request(const struct tftp_wish *wish, uint8_t says[TFTP_CLIENT_SAYS])
{
    struct writer w = writer_of(says, TFTP_CLIENT_SAYS);
    struct tftp_packet request = {.opcode = TFTP_RRQ,
                                  .filename = slice_of_string(wish->file),
                                  .mode = TFTP_MODE_OCTET,
                                  .options.present[TFTP_TSIZE] = true};

    request.options.present[TFTP_BLKSIZE] = wish->block_size != PLAIN_BLOCK;
    request.options.value[TFTP_BLKSIZE] = wish->block_size;
    request.options.present[TFTP_WINDOWSIZE] = wish->window > 1;
    request.options.value[TFTP_WINDOWSIZE] = wish->window;
    tftp_encode(&w, &request);
    return w.failed ? 0 : w.length;
}

static size_t write_ack(const struct tftp_client *client, uint8_t says[TFTP_CLIENT_SAYS])
{
    struct writer w = writer_of(says, TFTP_CLIENT_SAYS);

    writer_be16(&w, TFTP_ACK);
    writer_be16(&w, (uint16_t)(client->next - 1));
    return w.length;
}

size_t tftp_client_begin(struct tftp_client *client, const struct tftp_wish *wish, uint64_t now,
                         uint8_t says[TFTP_CLIENT_SAYS])
{
    *client = (struct tftp_client){.state = TFTP_CLIENT_ASKS,
                                   .to_port = TFTP_PORT,
                                   .block_size = PLAIN_BLOCK,
                                   .window = 1,
                                   .next = 1,
                                   .began = now,
                                   .said = now};
    return write_request(wish, says);
}

static size_t fail(struct tftp_client *client, const char *wrong)
{
    client->wrong = wrong;
    return 0;
}

static size_t take_oack(struct tftp_client *client, const struct tftp_wish *wish,
                        struct slice bytes, uint64_t now, uint8_t says[TFTP_CLIENT_SAYS])
{
    struct tftp_packet packet;
    const struct tftp_options *options = &packet.options;

    if (client->next > 1)
        return 0; /* an old one */
    if (!tftp_decode(&packet, bytes))
        return fail(client, "an OACK that does not decode");
    if (options->present[TFTP_TSIZE] && options->value[TFTP_TSIZE] != wish->size)
        return fail(client, "a wrong tsize");
    if (options->present[TFTP_BLKSIZE])
        client->block_size = (unsigned)options->value[TFTP_BLKSIZE];
    if (options->present[TFTP_WINDOWSIZE])
        client->window = (unsigned)options->value[TFTP_WINDOWSIZE];
    if (client->block_size < 8 || client->block_size > wish->block_size || client->window == 0 ||
        client->window > wish->window)
        return fail(client, "an OACK with values that were not asked for");
    client->said = now;
    return write_ack(client, says);
}

/* A block that is not the one that comes next: an old one, or one behind a gap. */
static size_t take_other(struct tftp_client *client, uint16_t ahead, uint64_t now,
                         uint8_t says[TFTP_CLIENT_SAYS])
{
    if (ahead >= 0x8000) {
        /* The server did not hear that we have it. One before that is a window on its way again,
         * whose last block is answered. */
        if (ahead != 0xffff)
            return 0;
    } else {
        /* RFC 7440 section 4: say where the gap begins; once, or each block behind it would have
         * the window sent again. */
        if (client->missed == client->next)
            return 0;
        client->missed = client->next;
    }
    client->in_window = 0;
    client->said = now;
    client->resent++;
    return write_ack(client, says);
}

static size_t take_data(struct tftp_client *client, const struct tftp_wish *wish, uint16_t block,
                        struct slice data, uint64_t now, uint8_t says[TFTP_CLIENT_SAYS])
{
    uint16_t ahead = (uint16_t)(block - (uint16_t)client->next);
    uint64_t offset = (client->next - 1) * client->block_size, left = wish->size - offset;
    size_t whole = left < client->block_size ? (size_t)left : client->block_size;

    if (ahead != 0)
        return take_other(client, ahead, now, says);
    if (data.length != whole || memcmp(data.data, wish->content + offset, whole) != 0)
        return fail(client, "content that is not the file's");
    client->next++;
    client->in_window++;
    client->said = now;
    if (data.length < client->block_size)
        client->state = TFTP_CLIENT_DONE;
    else if (client->in_window < client->window)
        return 0;
    client->in_window = 0;
    return write_ack(client, says);
}

size_t tftp_client_receive(struct tftp_client *client, const struct tftp_wish *wish,
                           struct slice packet, uint16_t port, uint64_t now,
                           uint8_t says[TFTP_CLIENT_SAYS])
{
    struct reader r = reader_of_slice(packet);
    uint16_t opcode = reader_be16(&r), block = reader_be16(&r);

    if (r.failed)
        return fail(client, "a packet that is cut off");
    if (client->state != TFTP_CLIENT_ASKS && client->state != TFTP_CLIENT_READS)
        return 0;
    if (opcode == TFTP_ERROR)
        return fail(client, "an error");
    if (client->state == TFTP_CLIENT_ASKS) {
        client->state = TFTP_CLIENT_READS;
        client->port = client->to_port = port;
    } else if (port != client->port) {
        return 0; /* the request was sent twice, and has two transfers at the server */
    }
    if (opcode == TFTP_OACK)
        return take_oack(client, wish, packet, now, says);
    if (opcode != TFTP_DATA)
        return fail(client, "a packet that is no answer");
    return take_data(client, wish, block, reader_bytes(&r, reader_left(&r)), now, says);
}

size_t tftp_client_tick(struct tftp_client *client, const struct tftp_wish *wish, uint64_t now,
                        uint8_t says[TFTP_CLIENT_SAYS])
{
    bool asks = client->state == TFTP_CLIENT_ASKS;

    if ((!asks && client->state != TFTP_CLIENT_READS) ||
        now - client->said < wish->resend_ms * UINT64_C(1000000))
        return 0;
    client->said = now;
    client->resent++;
    client->in_window = 0;
    client->missed = 0;
    return asks ? write_request(wish, says) : write_ack(client, says);
}

uint64_t tftp_client_bytes(const struct tftp_client *client, const struct tftp_wish *wish)
{
    uint64_t bytes;

    if (client->state == TFTP_CLIENT_IDLE || client->state == TFTP_CLIENT_ASKS)
        return 0;
    bytes = (client->next - 1) * client->block_size;
    return bytes < wish->size ? bytes : wish->size;
}
