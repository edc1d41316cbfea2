#include "service/tftp_session.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "decide/tftp.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "service/client_count.h"
#include "service/journal.h"
#include "service/machines.h"
#include "service/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TFTP_REPLY_SIZE = 1024, /* of an OACK or ERROR */
    TFTP_LATE_MS = 30000,   /* so long after a transfer something for it may still come */
    TFTP_PROGRESS_MS = 250, /* between two steps that tell how far a transfer is */
};

struct tftp_session {
    struct tftp_lane *lane;
    struct tftp_port *port;
    struct tftp_sending sending;
    struct loop_event *timer;
    uint64_t deadline; /* milliseconds: when to send again; 0: not yet */
    uint64_t wakes;    /* when the timer runs out, which may be before; 0: it does not run */
    uint32_t delay_ms; /* from the last block's leaving to the deadline */
    uint64_t told_ms;  /* when it was told last how far it is */
    struct endpoint peer;
    uint32_t local_address;
    struct tftp_content *content;
    struct tftp_transfer transfer;
    struct patches patches;
    char *patched;
    enum step_content kind;
    char *unfit, *decided; /* NULL: nobody knows */
    struct tftp_who who;
    uint8_t *request; /* its bytes, to know it again */
    size_t request_length;
    uint64_t began_us;
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

static struct tftp_recent *recent_place(struct tftp_lane *lane, struct endpoint peer)
{
    struct peer_key key = peer_key(peer);

    return &lane->recent[map_hash(&key, sizeof(key)) % TFTP_RECENT];
}

/* The server's port of the peer's last transfer, where that ended lately; else 0. */
static uint16_t recent_port(struct tftp_lane *lane, struct endpoint peer)
{
    const struct tftp_recent *recent = recent_place(lane, peer);

    return recent->peer.address == peer.address && recent->peer.port == peer.port &&
                   clock_monotonic_ms() - recent->ended_ms < TFTP_LATE_MS
               ? recent->port
               : 0;
}

void tftp_who_release(struct tftp_who *who)
{
    free(who->host);
    free(who->asked);
    who->host = who->asked = NULL;
}

/* What an end counts as. Refusals have their own reasons and are counted where they are made. */
static void count_outcome(const struct tftp_outcome *outcome)
{
    switch (outcome->event) {
    case STEP_FILE_SENT:
    case STEP_FILE_RECEIVED:
        metric_exchange(METRIC_TFTP, METRIC_OK);
        break;
    case STEP_FILE_MISSING:
    case STEP_FILE_FORBIDDEN:
        metric_exchange(METRIC_TFTP, METRIC_REFUSED);
        break;
    case STEP_FILE_ABANDONED:
        metric_exchange(METRIC_TFTP, METRIC_ABANDONED);
        break;
    case STEP_FILE_ENDED:
        /* Who took nothing wanted the size. */
        metric_exchange(METRIC_TFTP, outcome->bytes > 0 ? METRIC_ABANDONED : METRIC_OK);
        break;
    default:
        break;
    }
}

void tftp_journal(struct tftp_lane *lane, const struct tftp_who *who, uint32_t address,
                  struct tftp_outcome outcome)
{
    char subject[BOOT_NAME_SIZE];
    struct boot_step step = {
        .service = "tftp",
        .event = outcome.event,
        .stage = who->stage,
        .address = address,
        .hardware = who->hardware,
        .host = who->host,
        .asked = who->asked,
        .got = outcome.got,
        .subject = text_printable(subject, sizeof(subject), slice_of_string(who->file)),
        .bytes = outcome.bytes,
        .total = outcome.total,
        .refused = outcome.refused,
        .reason = outcome.reason,
        .hint = outcome.hint,
        .decided = outcome.decided,
        .content = outcome.content,
        .block_size = outcome.block_size,
    };

    count_outcome(&outcome);
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

static void session_free(struct tftp_session *session)
{
    struct peer_key key = peer_key(session->peer);

    *recent_place(session->lane, session->peer) =
        (struct tftp_recent){session->peer, session->port->number, clock_monotonic_ms()};
    map_remove(&session->lane->sessions, &key, sizeof(key));
    client_count_remove(&session->lane->clients, session->peer.address);
    counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_TFTP, -1);
    counter_add(METRIC_TFTP_REPEATED, (int64_t)session->transfer.resent_total);
    tftp_sending_stop(&session->sending);
    tftp_port_leave(session->port);
    loop_event_free(session->timer);
    tftp_content_close(session->content);
    free(session->sending.places);
    tftp_who_release(&session->who);
    free(session->patched);
    free(session->unfit);
    free(session->decided);
    free(session->request);
    free(session);
}

/* How many bytes the client gets in all, as far as that is known. */
static uint64_t session_total(const struct tftp_session *session)
{
    return session->transfer.size == TFTP_SIZE_UNKNOWN ? tftp_content_size(session->content)
                                                       : session->transfer.size;
}

/* `hint`: what the client said to the end of it; NULL: what is known of the file. */
static void session_say(struct tftp_session *session, enum step_event event, const char *got,
                        const char *hint)
{
    tftp_journal(session->lane, &session->who, session->peer.address,
                 (struct tftp_outcome){
                     .event = event,
                     .got = got,
                     .bytes = tftp_bytes_acked(&session->transfer),
                     .total = session_total(session),
                     .refused = event == STEP_FILE_ABANDONED || event == STEP_FILE_REFUSED,
                     .hint = hint ? hint : session->unfit,
                     .decided = session->decided,
                     .content = session->kind,
                     .block_size = session->transfer.block_size,
                 });
}

static void session_end(struct tftp_session *session, enum step_event event, const char *got)
{
    session_say(session, event, got, NULL);
    session_free(session);
}

void tftp_session_cancel(struct tftp_session *session, const char *why)
{
    tftp_send_error(session->port->socket, session->peer, session->local_address,
                    TFTP_ERROR_UNDEFINED, why);
    metric_exchange(METRIC_TFTP, METRIC_FAILED);
    session_end(session, STEP_FILE_REFUSED, why);
}

void tftp_session_replace(struct tftp_session *session)
{
    char got[TFTP_GOT_SIZE];

    snprintf(got, sizeof(got), "%llu bytes, then the client began again from the same port",
             (unsigned long long)tftp_bytes_acked(&session->transfer));
    session_end(session, STEP_FILE_ENDED, got);
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
                 (unsigned long long)session_total(session));
    if (!silent && session->who.file[0])
        machines_fetched(session->lane->server->machines, session->peer.address, session->who.file,
                         clock_monotonic_ms());
    if (!silent)
        metric_time(METRIC_ROW_TFTP_TRANSFER, 0, clock_monotonic_us() - session->began_us);
    session_end(session, silent ? STEP_FILE_ABANDONED : STEP_FILE_SENT, got);
}

static void send_oack(struct tftp_session *session)
{
    uint8_t bytes[TFTP_REPLY_SIZE];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct tftp_packet packet = {.opcode = TFTP_OACK, .options = session->transfer.agreed};
    struct iovec piece;

    tftp_encode(&w, &packet);
    piece = (struct iovec){bytes, w.length};
    (void)udp_send(session->port->socket, session->peer, session->local_address, 0, &piece, 1);
}

/* Starts the clock for an answer. An acknowledgement as a rule comes long before, so the timer is
 * not set back each time: it looks at the deadline when it runs out. */
static void session_await(struct tftp_session *session, uint32_t delay_ms)
{
    session->deadline = clock_monotonic_ms() + delay_ms;
    if (session->wakes && session->wakes <= session->deadline)
        return;
    session->wakes = session->deadline;
    loop_timer_start(session->timer, delay_ms);
}

static void session_left(void *argument)
{
    struct tftp_session *session = argument;

    session_await(session, session->delay_ms);
}

static void session_failed(void *argument, const char *why)
{
    tftp_session_cancel(argument, why);
}

/* Carries out what the state machine decided. The session may be gone afterwards. */
static void session_do(struct tftp_session *session, struct tftp_action action)
{
    switch (action.act) {
    case TFTP_WAIT:
        return;
    case TFTP_SEND_OACK:
        send_oack(session);
        session_await(session, action.timer_ms);
        return;
    case TFTP_SEND_DATA:
        session->delay_ms = action.timer_ms;
        tftp_sending_start(&session->sending, action.first, action.count);
        /* A socket that takes nothing for so long is as good as no answer; a disk may be slow. */
        session_await(session, action.timer_ms);
        return;
    case TFTP_END:
        session_finish(session, action.end);
        return;
    }
}

static void session_expired(void *argument)
{
    struct tftp_session *session = argument;
    uint64_t now = clock_monotonic_ms();

    session->wakes = 0;
    if (now < session->deadline)
        session_await(session, (uint32_t)(session->deadline - now));
    else if (session->sending.waiter.list)
        session_await(session, session->delay_ms);
    else
        session_do(session, tftp_expired(&session->transfer, now));
}

static void session_stopped(struct tftp_session *session, const struct tftp_packet *packet)
{
    char got[TFTP_GOT_SIZE], message[200];
    unsigned long long bytes = tftp_bytes_acked(&session->transfer);

    (void)tftp_stopped(&session->transfer);
    text_printable(message, sizeof(message), packet->message);
    /* An ordinary thing: the client wanted the size only, or goes back in the file. */
    snprintf(got, sizeof(got), "%llu bytes of %llu, then the client ended it: error %u \"%s\"",
             bytes, (unsigned long long)tftp_content_size(session->content), packet->error,
             message);
    session_say(session, STEP_FILE_ENDED, got, message);
    session_free(session);
}

bool tftp_session_uses(const struct tftp_session *session, const struct tftp_port *port)
{
    return session->port == port;
}

static void session_acknowledged(struct tftp_session *session, uint16_t block)
{
    uint64_t now = clock_monotonic_ms();
    struct tftp_action action = tftp_acknowledged(&session->transfer, block, now);

    if (action.act != TFTP_END && now - session->told_ms >= TFTP_PROGRESS_MS) {
        session->told_ms = now;
        session_say(session, STEP_FILE_PROGRESS, "", NULL);
    }
    session_do(session, action);
}

void tftp_session_received(struct tftp_session *session, const struct datagram *datagram)
{
    struct tftp_packet packet;

    if (!tftp_decode(&packet, datagram->bytes))
        return;
    if (packet.opcode == TFTP_ACK)
        session_acknowledged(session, packet.block);
    else if (packet.opcode == TFTP_ERROR)
        session_stopped(session, &packet);
}

void tftp_port_received(void *argument, const struct datagram *datagram)
{
    struct tftp_port *port = argument;
    struct tftp_lane *lane = port->ports->lane;
    struct tftp_session *session = tftp_session_find(lane, datagram->peer);
    struct tftp_packet packet;

    if (session && tftp_session_uses(session, port)) {
        tftp_session_received(session, datagram);
        return;
    }
    /* RFC 1350 section 4: tell the stranger, go on with the transfers. But who has just ended one
     * here, or begun another one from the same port, is none: it may even wait for its next answer,
     * and would take an error for that. */
    if (session || recent_port(lane, datagram->peer) == port->number || datagram->peer.port == 0 ||
        !tftp_decode(&packet, datagram->bytes) || packet.opcode == TFTP_ERROR)
        return;
    tftp_send_error(port->socket, datagram->peer, 0, TFTP_ERROR_UNKNOWN_TRANSFER,
                    "this port serves other clients' transfers");
}

/* What the transfer sends with. */
static void session_prepare(struct tftp_session *session, bool netascii)
{
    session->sending = (struct tftp_sending){
        .sender = &session->port->sender,
        .peer = session->peer,
        .local_address = session->local_address,
        .transfer = &session->transfer,
        .content = session->content,
        .patches = &session->patches,
        .places = netascii ? memory_zeroed(TFTP_PLACES, sizeof(struct tftp_place)) : NULL,
        .left = session_left,
        .failed = session_failed,
        .argument = session,
        .next = 1,
    };
}

bool tftp_session_begin(struct tftp_lane *lane, const struct tftp_opening *opening,
                        const char **why)
{
    const struct datagram *datagram = opening->datagram;
    struct peer_key key = peer_key(datagram->peer);
    struct tftp_session *session;
    struct tftp_action first;
    bool netascii = opening->request->mode == TFTP_MODE_NETASCII;

    if (lane->sessions.count >= TFTP_SESSIONS_MAX) {
        *why = "server busy: too many transfers, try again";
        return false;
    }
    if (client_count_add(&lane->clients, datagram->peer.address) > TFTP_CLIENT_MAX) {
        client_count_remove(&lane->clients, datagram->peer.address);
        *why = "server busy: too many transfers to this address";
        return false;
    }
    session = memory_zeroed(1, sizeof(*session));
    session->lane = lane;
    session->began_us = clock_monotonic_us();
    session->peer = datagram->peer;
    session->local_address = datagram->local_address;
    session->port = tftp_port_take(&lane->ports, &opening->range, recent_port(lane, session->peer));
    if (!session->port) {
        *why = errno == EMFILE || errno == ENFILE ? "server busy: no descriptor is free, try again"
                                                  : "server busy: no port is free, try again";
        client_count_remove(&lane->clients, datagram->peer.address);
        free(session);
        return false;
    }
    session->timer = loop_timer(lane->loop, session_expired, session);
    session->content = tftp_content_open(lane->contents, &opening->file);
    session->patches = opening->patches;
    session->patched = memory_string(opening->patched);
    session->kind = opening->content;
    session->decided = opening->decided[0] ? memory_string(opening->decided) : NULL;
    session->unfit = opening->unfit[0] ? memory_string(opening->unfit) : NULL;
    session->who = opening->who;
    session->request_length = datagram->bytes.length;
    session->request = memory_zeroed(1, session->request_length);
    memcpy(session->request, datagram->bytes.data, session->request_length);
    session_prepare(session, netascii);
    map_put(&lane->sessions, &key, sizeof(key), session);
    counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_TFTP, 1);
    first = tftp_begin(&session->transfer, opening->request,
                       netascii ? TFTP_SIZE_UNKNOWN : opening->file.size, clock_monotonic_ms());
    if (opening->roll_to_one)
        tftp_roll_to_one(&session->transfer);
    session->told_ms = clock_monotonic_ms();
    session_say(session, STEP_FILE_BEGUN, "", NULL);
    session_do(session, first);
    return true;
}

bool tftp_session_repeats(struct tftp_session *session, struct slice request)
{
    struct slice first = slice_of(session->request, session->request_length);

    if (!tftp_is_repetition(&session->transfer, first, request))
        return false;
    session_do(session, tftp_repeated(&session->transfer, clock_monotonic_ms()));
    return true;
}
