#include "service/tftp_session.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "decide/tftp.h"
#include "net/loop.h"
#include "service/journal.h"
#include "service/machines.h"
#include "service/server.h"
#include "wire/netascii.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Some PROMs (SGI's) take a port for a signed number: stay below 32768. The kernel's own choice
     * of free ports begins there. */
    TFTP_PORT_LOW = 16384,
    TFTP_PORT_HIGH = 32767,
    TFTP_PORT_TRIES = 64,
    TFTP_REPLY_SIZE = 1024, /* of an OACK or ERROR */
};

/* Transfers of one client address. */
struct tftp_client {
    unsigned count;
};

/* A place in a file that is converted as it leaves. */
struct tftp_place {
    uint64_t offset;
    struct netascii state;
};

struct tftp_session {
    struct tftp_lane *lane;
    struct udp_socket *socket;
    struct loop_event *timer;
    struct endpoint peer;
    uint32_t local_address;
    struct boot_file file;
    struct tftp_transfer transfer;
    struct patches patches;
    char *patched;
    struct tftp_who who;
    uint8_t *request; /* its bytes, to know it again */
    size_t request_length;
    bool netascii;
    uint64_t block;               /* netascii: the block that begins at `begin` ... */
    struct tftp_place begin, end; /* ... and ends before `end` */
};

/* The key of a map of endpoints. */
struct peer_key {
    uint8_t bytes[6];
};

static struct peer_key peer_key(struct endpoint peer)
{
    struct peer_key key;

    memcpy(key.bytes, &peer.address, 4);
    memcpy(key.bytes + 4, &peer.port, 2);
    return key;
}

struct tftp_session *tftp_session_find(struct tftp_lane *lane, struct endpoint peer)
{
    struct peer_key key = peer_key(peer);

    return map_get(&lane->sessions, &key, sizeof(key));
}

void tftp_who_release(struct tftp_who *who)
{
    free(who->host);
    free(who->asked);
    who->host = who->asked = NULL;
}

void tftp_journal(struct tftp_lane *lane, const struct tftp_who *who, uint32_t address,
                  const char *got, uint64_t bytes, bool refused)
{
    struct boot_step step = {
        .service = "tftp",
        .stage = who->stage,
        .address = address,
        .hardware = who->hardware,
        .host = who->host,
        .asked = who->asked,
        .got = got,
        .bytes = bytes,
        .refused = refused,
    };

    journal_step(lane->server->journal, &step);
}

void tftp_send_error(struct udp_socket *socket, struct endpoint peer, uint32_t local_address,
                     enum tftp_error code, const char *text)
{
    uint8_t bytes[TFTP_REPLY_SIZE];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct tftp_packet packet = {
        .opcode = TFTP_ERROR, .error = (uint16_t)code, .message = slice_of_string(text)};
    struct iovec piece;

    tftp_encode(&w, &packet);
    piece = (struct iovec){bytes, w.length};
    (void)udp_send(socket, peer, local_address, 0, &piece, 1);
}

static void client_leaves(struct tftp_lane *lane, uint32_t address)
{
    struct tftp_client *client = map_get(&lane->clients, &address, sizeof(address));

    if (--client->count == 0)
        free(map_remove(&lane->clients, &address, sizeof(address)));
}

static bool client_enters(struct tftp_lane *lane, uint32_t address)
{
    struct tftp_client *client = map_get(&lane->clients, &address, sizeof(address));

    if (!client) {
        client = memory_zeroed(1, sizeof(*client));
        map_put(&lane->clients, &address, sizeof(address), client);
    }
    if (client->count == TFTP_CLIENT_MAX)
        return false;
    client->count++;
    return true;
}

static void session_free(struct tftp_session *session)
{
    struct peer_key key = peer_key(session->peer);

    map_remove(&session->lane->sessions, &key, sizeof(key));
    client_leaves(session->lane, session->peer.address);
    udp_close(session->socket);
    loop_event_free(session->timer);
    boot_file_close(&session->file);
    tftp_who_release(&session->who);
    free(session->patched);
    free(session->request);
    free(session);
}

static void session_end(struct tftp_session *session, const char *got, bool refused)
{
    tftp_journal(session->lane, &session->who, session->peer.address, got,
                 tftp_bytes_acked(&session->transfer), refused);
    session_free(session);
}

void tftp_session_cancel(struct tftp_session *session, const char *why)
{
    tftp_send_error(session->socket, session->peer, 0, TFTP_ERROR_UNDEFINED, why);
    session_end(session, why, true);
}

void tftp_session_replace(struct tftp_session *session)
{
    char got[TFTP_GOT_SIZE];

    snprintf(got, sizeof(got), "%llu bytes, then the client began again from the same port",
             (unsigned long long)tftp_bytes_acked(&session->transfer));
    session_end(session, got, false);
}

void tftp_sessions_end(struct tftp_lane *lane, const char *why)
{
    struct map_entry *entry;
    size_t place = 0;

    while (map_next(&lane->sessions, &place, &entry)) {
        tftp_session_cancel(entry->value, why);
        place = 0;
    }
}

/* Words for how a transfer ended. */
static void session_finish(struct tftp_session *session, enum tftp_end how)
{
    const struct tftp_transfer *t = &session->transfer;
    unsigned long long bytes = tftp_bytes_acked(t), blocks = t->acked;
    char got[TFTP_GOT_SIZE], again[64] = "";
    bool silent = how == TFTP_SILENT;

    if (t->resent_total > 0)
        snprintf(again, sizeof(again), ", %llu times sent again",
                 (unsigned long long)t->resent_total);
    if (how == TFTP_COMPLETE)
        snprintf(got, sizeof(got), "%llu bytes in %llu block%s%s%s%s", bytes, blocks,
                 blocks == 1 ? "" : "s", again, session->patched[0] ? "; " : "", session->patched);
    else if (how == TFTP_UNCONFIRMED)
        snprintf(got, sizeof(got), "all %llu bytes, but no acknowledgement of the last block%s%s",
                 (unsigned long long)t->size, session->patched[0] ? "; " : "", session->patched);
    else
        snprintf(got, sizeof(got), "%llu of %llu bytes, then the client stopped answering", bytes,
                 (unsigned long long)(t->size == TFTP_SIZE_UNKNOWN ? session->file.size : t->size));
    if (!silent && session->who.file[0])
        machines_fetched(session->lane->server->machines, session->peer.address, session->who.file,
                         clock_monotonic_ms());
    session_end(session, got, silent);
}

static void send_oack(struct tftp_session *session)
{
    uint8_t bytes[TFTP_REPLY_SIZE];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct tftp_packet packet = {.opcode = TFTP_OACK, .options = session->transfer.agreed};
    struct iovec piece;

    tftp_encode(&w, &packet);
    piece = (struct iovec){bytes, w.length};
    (void)udp_send(session->socket, session->peer, 0, 0, &piece, 1);
}

static void send_block(struct tftp_session *session, uint64_t block, uint8_t *data, size_t length)
{
    uint8_t header[TFTP_HEADER_SIZE];
    struct writer w = writer_of(header, sizeof(header));
    /* Past 65535 the number goes on with 0. */
    struct tftp_packet packet = {.opcode = TFTP_DATA, .block = (uint16_t)block};
    struct iovec pieces[2] = {{header, sizeof(header)}, {data, length}};

    tftp_encode(&w, &packet);
    (void)udp_send(session->socket, session->peer, 0, 0, pieces, 2);
}

/* Blocks of a file that leaves as it is, as many per read as the scratch holds. NULL, or why it
 * failed. */
static const char *send_octets(struct tftp_session *session, uint64_t first, uint32_t count)
{
    const struct tftp_transfer *t = &session->transfer;
    uint8_t *scratch = session->lane->scratch;

    while (count > 0) {
        uint32_t batch = TFTP_SCRATCH / t->block_size;
        uint64_t offset = (first - 1) * t->block_size;
        uint64_t left = t->size - offset;
        size_t wanted;

        if (batch > count)
            batch = count;
        wanted = (size_t)batch * t->block_size;
        if (wanted > left)
            wanted = (size_t)left;
        errno = 0;
        if (boot_file_read(&session->file, offset, scratch, wanted) != (ssize_t)wanted)
            return errno ? strerror(errno) : "the file became shorter while it was sent";
        patches_apply(&session->patches, offset, scratch, wanted);
        for (uint32_t i = 0; i < batch; i++) {
            size_t begin = (size_t)i * t->block_size;
            size_t length = wanted - begin < t->block_size ? wanted - begin : t->block_size;

            send_block(session, first + i, scratch + begin, length);
        }
        first += batch;
        count -= batch;
    }
    return NULL;
}

/* One block of a file that is converted as it leaves; netascii has no windows. */
static const char *send_netascii(struct tftp_session *session, uint64_t block)
{
    struct tftp_transfer *t = &session->transfer;
    uint8_t *block_bytes = session->lane->scratch;
    uint8_t *file_bytes = block_bytes + t->block_size;
    size_t length = 0;

    if (block == session->block + 1) {
        session->begin = session->end;
        session->block = block;
    }
    session->end = session->begin;
    while (length < t->block_size) {
        size_t wanted = t->block_size - length;
        ssize_t n = boot_file_read(&session->file, session->end.offset, file_bytes, wanted);
        struct slice from;

        if (n < 0)
            return strerror(errno);
        from = slice_of(file_bytes, (size_t)n);
        length += netascii_convert(&session->end.state, &from, block_bytes + length, wanted);
        session->end.offset += (size_t)n - from.length;
        if (n == 0)
            break;
    }
    if (length < t->block_size)
        tftp_ends_at(t, block, length);
    send_block(session, block, block_bytes, length);
    return NULL;
}

/* Carries out what the state machine decided. The session may be gone afterwards. */
static void session_do(struct tftp_session *session, struct tftp_action action)
{
    const char *failure = NULL;

    switch (action.act) {
    case TFTP_WAIT:
        return;
    case TFTP_SEND_OACK:
        send_oack(session);
        break;
    case TFTP_SEND_DATA:
        failure = session->netascii ? send_netascii(session, action.first)
                                    : send_octets(session, action.first, action.count);
        break;
    case TFTP_END:
        session_finish(session, action.end);
        return;
    }
    if (failure)
        tftp_session_cancel(session, failure);
    else
        loop_timer_start(session->timer, action.timer_ms);
}

static void session_expired(void *argument)
{
    struct tftp_session *session = argument;

    session_do(session, tftp_expired(&session->transfer, clock_monotonic_ms()));
}

static void session_stopped(struct tftp_session *session, const struct tftp_packet *packet)
{
    char got[TFTP_GOT_SIZE], message[200];
    unsigned long long bytes = tftp_bytes_acked(&session->transfer);

    (void)tftp_stopped(&session->transfer);
    text_printable(message, sizeof(message), packet->message);
    /* An ordinary thing: the client wanted the size only, or goes back in the file. */
    snprintf(got, sizeof(got), "%llu bytes of %llu, then the client ended it: error %u \"%s\"",
             bytes, (unsigned long long)session->file.size, packet->error, message);
    session_end(session, got, false);
}

static void session_received(void *argument, const struct datagram *datagram)
{
    struct tftp_session *session = argument;
    struct tftp_packet packet;

    if (!tftp_decode(&packet, datagram->bytes))
        return;
    if (datagram->peer.address != session->peer.address ||
        datagram->peer.port != session->peer.port) {
        /* RFC 1350 section 4: tell the stranger, go on with the transfer. */
        if (packet.opcode != TFTP_ERROR)
            tftp_send_error(session->socket, datagram->peer, 0, TFTP_ERROR_UNKNOWN_TRANSFER,
                            "this port serves another client's transfer");
        return;
    }
    if (packet.opcode == TFTP_ACK)
        session_do(session,
                   tftp_acknowledged(&session->transfer, packet.block, clock_monotonic_ms()));
    else if (packet.opcode == TFTP_ERROR)
        session_stopped(session, &packet);
}

static struct udp_socket *open_socket(struct tftp_session *session)
{
    struct udp_options options = {.local.address = session->local_address,
                                  .buffers = session->lane->buffers};

    for (int i = 0; i < TFTP_PORT_TRIES; i++) {
        struct udp_socket *socket;

        options.local.port =
            (uint16_t)(TFTP_PORT_LOW + randombytes_uniform(TFTP_PORT_HIGH - TFTP_PORT_LOW + 1));
        socket = udp_open(session->lane->loop, &options, session_received, session);
        if (socket || errno != EADDRINUSE)
            return socket;
    }
    return NULL;
}

bool tftp_session_begin(struct tftp_lane *lane, const struct tftp_opening *opening,
                        const char **why)
{
    const struct datagram *datagram = opening->datagram;
    struct peer_key key = peer_key(datagram->peer);
    struct tftp_session *session;
    uint64_t size = opening->file.size;

    if (lane->sessions.count >= TFTP_SESSIONS_MAX) {
        *why = "server busy: too many transfers, try again";
        return false;
    }
    if (!client_enters(lane, datagram->peer.address)) {
        *why = "server busy: too many transfers to this address";
        return false;
    }
    session = memory_zeroed(1, sizeof(*session));
    session->lane = lane;
    session->peer = datagram->peer;
    session->local_address = datagram->local_address;
    session->socket = open_socket(session);
    if (!session->socket) {
        *why = errno == EMFILE || errno == ENFILE ? "server busy: no descriptor is free, try again"
                                                  : "server busy: no port is free, try again";
        client_leaves(lane, datagram->peer.address);
        free(session);
        return false;
    }
    session->timer = loop_timer(lane->loop, session_expired, session);
    session->file = opening->file;
    session->patches = opening->patches;
    session->patched = memory_string(opening->patched);
    session->who = opening->who;
    session->request_length = datagram->bytes.length;
    session->request = memory_zeroed(1, session->request_length);
    memcpy(session->request, datagram->bytes.data, session->request_length);
    session->netascii = opening->request->mode == TFTP_MODE_NETASCII;
    map_put(&lane->sessions, &key, sizeof(key), session);
    session_do(session,
               tftp_begin(&session->transfer, opening->request,
                          session->netascii ? TFTP_SIZE_UNKNOWN : size, clock_monotonic_ms()));
    return true;
}

bool tftp_session_repeats(const struct tftp_session *session, struct slice request)
{
    return tftp_is_repetition(&session->transfer,
                              slice_of(session->request, session->request_length), request);
}
