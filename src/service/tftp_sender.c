#include "service/tftp_sender.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "base/memory.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "net/udp_message.h"

#include <stdlib.h>
#include <string.h>

enum {
    BURST_BYTES = UDP_DATAGRAM_MAX, /* of one transfer before the next one's turn */
    /* A call of sendmmsg() takes some 100 microseconds for so many bytes. */
    CALL_BYTES = 1 << 18,
    TURN_BYTES = 1 << 20, /* then the loop looks at what came in */
    PIECES_MAX = 2048,
    /* Each block: its header, its bytes, and one more piece wherever a piece of the file ends. */
    BURST_PIECES = 2 * UDP_MESSAGE_DATAGRAMS + BURST_BYTES / TFTP_PIECE + 2,
    HEADERS_MAX = PIECES_MAX,
    ROOM_BYTES = CALL_BYTES + BURST_BYTES,
};

struct tftp_bursts {
    struct loop *loop;
    bool called; /* the loop comes back */
    struct udp_message messages[UDP_MESSAGES_MAX];
    struct tftp_sending *owners[UDP_MESSAGES_MAX];
    uint64_t firsts[UDP_MESSAGES_MAX]; /* each message's first block */
    size_t message_count;
    size_t bytes; /* of all messages */
    struct iovec pieces[PIECES_MAX];
    size_t piece_count;
    uint8_t headers[HEADERS_MAX][TFTP_HEADER_SIZE];
    size_t header_count;
    uint8_t room[ROOM_BYTES]; /* blocks that are no plain copies of the file's bytes */
    size_t room_used;
};

struct tftp_bursts *tftp_bursts_new(struct loop *loop)
{
    struct tftp_bursts *bursts = memory_zeroed(1, sizeof(*bursts));

    bursts->loop = loop;
    return bursts;
}

void tftp_bursts_free(struct tftp_bursts *bursts)
{
    free(bursts);
}

void tftp_sender_init(struct tftp_sender *sender, struct udp_socket *socket,
                      struct tftp_bursts *bursts)
{
    *sender = (struct tftp_sender){.socket = socket, .bursts = bursts};
    TAILQ_INIT(&sender->queue);
}

static void sending_queue(struct tftp_sending *sending, bool first)
{
    if (sending->queued)
        return;
    sending->queued = true;
    if (first)
        TAILQ_INSERT_HEAD(&sending->sender->queue, sending, link);
    else
        TAILQ_INSERT_TAIL(&sending->sender->queue, sending, link);
}

static void sending_unqueue(struct tftp_sending *sending)
{
    if (!sending->queued)
        return;
    sending->queued = false;
    TAILQ_REMOVE(&sending->sender->queue, sending, link);
}

/* The disk has answered; the end of this turn goes on. */
static void sending_readable(void *argument)
{
    sending_queue(argument, false);
}

void tftp_sending_start(struct tftp_sending *sending, uint64_t first, uint32_t count)
{
    sending->next = first;
    sending->last = first + count - 1;
    if (!sending->waiter.list)
        sending_queue(sending, false);
}

void tftp_sending_stop(struct tftp_sending *sending)
{
    sending_unqueue(sending);
    tftp_content_forget(&sending->waiter);
    sending->last = 0;
    sending->next = 1;
}

static void sending_await_disk(struct tftp_sending *sending)
{
    sending->waiter.ready = sending_readable;
    sending->waiter.argument = sending;
    sending_unqueue(sending);
    tftp_content_await(sending->content, &sending->waiter);
}

/* A burst in the making. */
struct burst {
    struct tftp_bursts *bursts;
    struct udp_message *message;
    const char *why; /* it failed */
    bool later;      /* the disk is waited for */
};

static void burst_piece(struct burst *burst, const void *bytes, size_t length)
{
    struct tftp_bursts *bursts = burst->bursts;

    bursts->pieces[bursts->piece_count++] = (struct iovec){(void *)(uintptr_t)bytes, length};
    burst->message->count++;
    burst->message->length += length;
}

static void burst_header(struct burst *burst, uint16_t block)
{
    struct tftp_bursts *bursts = burst->bursts;
    uint8_t *bytes = bursts->headers[bursts->header_count++];
    struct writer w = writer_of(bytes, TFTP_HEADER_SIZE);

    writer_be16(&w, TFTP_DATA);
    writer_be16(&w, block);
    burst_piece(burst, bytes, TFTP_HEADER_SIZE);
}

/* Whether bytes of the file are at hand; else the burst knows why not. */
static bool burst_look(struct burst *burst, struct tftp_content *content, uint64_t offset,
                       struct slice *bytes)
{
    switch (tftp_content_bytes(content, offset, bytes, &burst->why)) {
    case TFTP_BYTES_HERE:
        return true;
    case TFTP_BYTES_LATER:
        burst->later = true;
        break;
    case TFTP_BYTES_FAILED:
        break;
    }
    return false;
}

/* One block of a file that leaves as it is. What it took of the bursts' memory is given back where
 * it cannot be sent. */
static bool burst_octets(struct burst *burst, struct tftp_sending *sending, uint64_t block)
{
    const struct tftp_transfer *t = sending->transfer;
    struct tftp_bursts *bursts = burst->bursts;
    uint64_t offset = (block - 1) * t->block_size;
    size_t length = t->size - offset < t->block_size ? (size_t)(t->size - offset) : t->block_size;
    bool copied = sending->patches->count > 0;
    struct udp_message before = *burst->message;
    size_t pieces = bursts->piece_count, room = bursts->room_used, done = 0;

    burst_header(burst, tftp_wire_block(t, block));
    while (done < length) {
        struct slice bytes;

        if (!burst_look(burst, sending->content, offset + done, &bytes)) {
            *burst->message = before;
            bursts->piece_count = pieces;
            bursts->header_count--;
            bursts->room_used = room;
            return false;
        }
        if (bytes.length > length - done)
            bytes.length = length - done;
        if (copied) {
            uint8_t *copy = bursts->room + bursts->room_used;

            memcpy(copy, bytes.data, bytes.length);
            patches_apply(sending->patches, offset + done, copy, bytes.length);
            bursts->room_used += bytes.length;
            bytes.data = copy;
        }
        burst_piece(burst, bytes.data, bytes.length);
        done += bytes.length;
    }
    return true;
}

/* One block of a file that is converted as it leaves. */
static bool burst_netascii(struct burst *burst, struct tftp_sending *sending, uint64_t block)
{
    struct tftp_transfer *t = sending->transfer;
    struct tftp_bursts *bursts = burst->bursts;
    struct tftp_place place = sending->places[block % TFTP_PLACES];
    uint64_t size = tftp_content_size(sending->content);
    uint8_t *to = bursts->room + bursts->room_used;
    size_t length = 0;

    while (length < t->block_size && (place.state.pending || place.offset < size)) {
        struct slice bytes = {NULL, 0};
        size_t before;

        if (place.offset < size && !burst_look(burst, sending->content, place.offset, &bytes))
            return false;
        before = bytes.length;
        length += netascii_convert(&place.state, &bytes, to + length, t->block_size - length);
        place.offset += before - bytes.length;
    }
    sending->places[(block + 1) % TFTP_PLACES] = place;
    bursts->room_used += length;
    if (length < t->block_size) {
        tftp_ends_at(t, block, length);
        sending->last = block;
    }
    burst_header(burst, tftp_wire_block(t, block));
    if (length > 0)
        burst_piece(burst, to, length);
    return true;
}

/* The next blocks of the transfer as one message. */
static void sending_burst(struct tftp_sending *sending, struct burst *burst)
{
    struct tftp_bursts *bursts = burst->bursts;
    size_t datagram = sending->transfer->block_size + TFTP_HEADER_SIZE;
    struct udp_message *message = &bursts->messages[bursts->message_count];

    *message = (struct udp_message){.peer = sending->peer,
                                    .local_address = sending->local_address,
                                    .pieces = bursts->pieces + bursts->piece_count,
                                    .segment = datagram,
                                    .uncut = sending->uncut};
    burst->message = message;
    bursts->owners[bursts->message_count] = sending;
    bursts->firsts[bursts->message_count] = sending->next;
    while (sending->next <= sending->last && message->datagrams < UDP_MESSAGE_DATAGRAMS &&
           message->length + datagram <= BURST_BYTES) {
        bool made = sending->places ? burst_netascii(burst, sending, sending->next)
                                    : burst_octets(burst, sending, sending->next);

        if (!made)
            break;
        message->datagrams++;
        sending->next++;
    }
    if (message->datagrams == 0)
        return;
    bursts->bytes += message->length;
    bursts->message_count++;
}

/* The socket takes datagrams again. */
static void sender_roomy(void *argument)
{
    struct tftp_sender *sender = argument;

    sender->full = false;
}

/* Bytes of the file in those of the message's datagrams that have left: all but the last are as
 * long as `segment` says. */
static size_t payload_left(const struct udp_message *message)
{
    if (message->left == message->datagrams)
        return message->length - message->left * TFTP_HEADER_SIZE;
    return message->left * (message->segment - TFTP_HEADER_SIZE);
}

/* Sends the bursts made so far. */
static void sender_flush(struct tftp_sender *sender)
{
    struct tftp_bursts *bursts = sender->bursts;
    uint64_t now;

    if (bursts->message_count == 0)
        return;
    if (!udp_send_messages(sender->socket, bursts->messages, bursts->message_count))
        sender->full = true;
    now = clock_monotonic_ms();
    /* From the last one on, so that of several of one transfer the first decides. */
    for (size_t i = bursts->message_count; i-- > 0;) {
        const struct udp_message *message = &bursts->messages[i];
        struct tftp_sending *sending = bursts->owners[i];

        counter_add(METRIC_SENT_BYTES + METRIC_MOVER_TFTP, (int64_t)payload_left(message));
        sending->uncut = message->uncut;
        if (message->left > 0)
            tftp_left(sending->transfer, bursts->firsts[i] + message->left - 1, now);
        if (message->left < message->datagrams) {
            sending->next = bursts->firsts[i] + message->left;
            if (!sending->waiter.list)
                sending_queue(sending, true);
        } else if (sending->next > sending->last) {
            sending->left(sending->argument);
        }
    }
    bursts->message_count = bursts->piece_count = bursts->header_count = 0;
    bursts->bytes = bursts->room_used = 0;
}

static bool bursts_are_full(const struct tftp_bursts *bursts)
{
    return bursts->message_count == UDP_MESSAGES_MAX || bursts->bytes >= CALL_BYTES ||
           bursts->piece_count + BURST_PIECES > PIECES_MAX;
}

static void come_back(void *argument)
{
    struct tftp_bursts *bursts = argument;

    bursts->called = false;
}

void tftp_sender_run(struct tftp_sender *sender)
{
    struct tftp_bursts *bursts = sender->bursts;
    struct tftp_sending *sending;
    size_t sent = 0;

    while (!sender->full && sent < TURN_BYTES && (sending = TAILQ_FIRST(&sender->queue)) != NULL) {
        struct burst burst = {.bursts = bursts};
        size_t before = bursts->bytes;

        sending_unqueue(sending);
        sending_burst(sending, &burst);
        sent += bursts->bytes - before;
        if (burst.later)
            sending_await_disk(sending);
        else if (!burst.why && sending->next <= sending->last)
            sending_queue(sending, false);
        if (burst.why || bursts_are_full(bursts))
            sender_flush(sender);
        if (burst.why)
            sending->failed(sending->argument, burst.why);
    }
    sender_flush(sender);
    if (sender->full) {
        udp_await_room(sender->socket, sender_roomy, sender);
    } else if (!TAILQ_EMPTY(&sender->queue) && !bursts->called) {
        bursts->called = true;
        loop_call(bursts->loop, come_back, bursts);
    }
}
