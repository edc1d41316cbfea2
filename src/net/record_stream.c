#include "net/record_connection.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECORD_BUFFER_MIN = 4096, /* first size of a connection's buffer; up to RECORD_LARGE is kept */
    RECORD_SIP = 4096,        /* bytes of a read where little more than a mark is wanted */
    RECORD_ROUNDS = 4,        /* reads per turn, so that one connection cannot hold the loop */
    RECORD_OUTPUT_MAX = 262144, /* bytes of answers that gather for one write */
    RECORD_TICK_MS = 1000,
};

static const uint32_t record_last_fragment = 0x80000000u;

static void record_hold(struct record_connection *connection)
{
    connection->holds++;
}

void record_call_turn_over(struct record_listener *listener)
{
    if (!listener->calling)
        loop_timer_start(listener->turn_over, 0);
    listener->calling = true;
}

void record_queue(struct record_connection *connection)
{
    struct record_listener *listener = connection->listener;

    if (connection->unsent)
        return;
    connection->unsent = true;
    connection->next_unsent = listener->unsent;
    listener->unsent = connection;
    record_call_turn_over(listener);
}

/* The connection is no more: nor is it in any list. */
static void record_leave_lists(struct record_connection *connection)
{
    struct record_listener *listener = connection->listener;
    struct record_connection **link;

    if (connection->waits) {
        for (link = &listener->waiting; *link != connection;)
            link = &(*link)->next_waiting;
        record_leave_line(listener, link);
    }
    if (connection->unsent) {
        for (link = &listener->unsent; *link != connection;)
            link = &(*link)->next_unsent;
        *link = connection->next_unsent;
        connection->unsent = false;
    }
}

void record_close(struct record_connection *connection)
{
    struct record_listener *listener = connection->listener;

    if (connection->closed)
        return;
    connection->closed = true;
    record_leave_lists(connection);
    loop_event_free(connection->event);
    close(connection->descriptor);
    listener->connection_count--;
    while (connection->output) {
        struct record_output *output = connection->output;

        connection->output = output->next;
        record_output_free(output);
    }
}

static void record_free(struct record_connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        connection->listener->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    record_unreserve(connection);
    free(connection->room);
    free(connection->held);
    free(connection);
}

/* Lets a hold go. */
static void record_let_go(struct record_connection *connection)
{
    connection->holds--;
    if (connection->ended && connection->open == 0 && !connection->output && !connection->waits)
        record_close(connection);
    if (connection->closed && connection->open == 0 && connection->holds == 0)
        record_free(connection);
}

/* May the connection give out another record? */
static bool record_may_go_on(const struct record_connection *connection)
{
    return !connection->closed && !connection->blocked && !connection->waits &&
           connection->output_length < RECORD_OUTPUT_MAX &&
           connection->open < connection->listener->options.requests_max;
}

/* Whether what comes next is to be read where it will lie. */
static bool record_reads_in_place(const struct record_connection *connection)
{
    return connection->mark_length == RECORD_MARK_SIZE &&
           connection->fragment_left >= RECORD_SCRATCH / 2;
}

static void record_watch(struct record_connection *connection)
{
    int what = 0;

    if (connection->closed)
        return;
    record_wake_at(connection, record_reads_in_place(connection) ? connection->fragment_left : 1);
    if (!connection->ended && record_may_go_on(connection))
        what |= LOOP_READ;
    if (connection->blocked)
        what |= LOOP_WRITE;
    loop_watch_change(connection->event, what);
}

static size_t record_capacity(const struct record_connection *connection)
{
    return connection->room ? connection->room->capacity : 0;
}

static void record_deliver(struct record_connection *connection, struct slice bytes)
{
    struct record_listener *listener = connection->listener;
    struct record record = {.bytes = bytes,
                            .peer = connection->peer,
                            .local_address = connection->local_address,
                            .connection = connection,
                            .fresh = listener->fresh};

    listener->fresh = false;
    connection->mark_length = 0;
    connection->record_length = 0;
    connection->room_reserved = 0;
    connection->open++;
    connection->sends_large = bytes.length > RECORD_LARGE;
    listener->received(listener->argument, &record);
    if (record_capacity(connection) > RECORD_LARGE) {
        record_room_free(listener, connection->room);
        connection->room = NULL;
    }
}

/* The record becomes a long one, or longer: what came of it moves to where all of it will lie. */
static void record_grow_large(struct record_connection *connection)
{
    struct record_listener *listener = connection->listener;
    struct record_room *room = record_room_new(listener, connection->room_reserved);

    if (connection->record_length > 0)
        memcpy(room->bytes, connection->room->bytes, connection->record_length);
    record_room_free(listener, connection->room);
    connection->room = room;
}

/* Makes room behind the record's bytes so far. */
static void record_make_room(struct record_connection *connection, size_t length)
{
    size_t wanted = connection->record_length + length;
    size_t capacity = record_capacity(connection);

    if (capacity >= wanted)
        return;
    if (connection->room_reserved > 0) {
        record_grow_large(connection);
        return;
    }
    if (capacity < RECORD_BUFFER_MIN)
        capacity = RECORD_BUFFER_MIN;
    while (capacity < wanted)
        capacity *= 2;
    connection->room = memory_resize(connection->room, sizeof(*connection->room) + capacity, 1);
    connection->room->capacity = capacity;
}

static void record_append(struct record_connection *connection, const uint8_t *data, size_t length)
{
    if (length == 0)
        return;
    record_make_room(connection, length);
    memcpy(connection->room->bytes + connection->record_length, data, length);
    connection->record_length += length;
}

static struct slice record_so_far(const struct record_connection *connection)
{
    return connection->room ? slice_of(connection->room->bytes, connection->record_length)
                            : slice_of(NULL, 0);
}

static void record_refuse(struct record_listener *listener, struct endpoint peer, const char *why)
{
    if (listener->options.refused)
        listener->options.refused(listener->argument, peer, why);
}

/* The mark is complete: how long is the fragment? Too long a record ends the connection. */
static void record_start_fragment(struct record_connection *connection)
{
    const uint8_t *m = connection->mark;
    uint32_t mark = (uint32_t)m[0] << 24 | (uint32_t)m[1] << 16 | (uint32_t)m[2] << 8 | m[3];

    connection->last = (mark & record_last_fragment) != 0;
    connection->fragment_left = mark & ~record_last_fragment;
    if (connection->fragment_left > connection->record_max - connection->record_length) {
        record_refuse(connection->listener, connection->peer,
                      "what came is no record, or one that is too long");
        record_close(connection);
        return;
    }
    if (!record_reserve(connection)) {
        record_wait_in_line(connection);
        return;
    }
    if (connection->fragment_left > 0)
        return;
    connection->mark_length = 0;
    if (connection->last)
        record_deliver(connection, record_so_far(connection));
}

/* So many bytes of the fragment have been taken: the record may be whole. */
static void record_advance(struct record_connection *connection, size_t length)
{
    connection->fragment_left -= length;
    if (connection->fragment_left > 0)
        return;
    connection->mark_length = 0;
    if (connection->last)
        record_deliver(connection, record_so_far(connection));
}

/* Takes bytes of the fragment: up to `length` of them; returns how many. */
static size_t record_take(struct record_connection *connection, const uint8_t *data, size_t length)
{
    size_t taken = length < connection->fragment_left ? length : connection->fragment_left;

    /* Most records come in one piece: given out where they lie. */
    if (taken == connection->fragment_left && connection->last && connection->record_length == 0) {
        record_deliver(connection, slice_of(data, taken));
        return taken;
    }
    record_append(connection, data, taken);
    record_advance(connection, taken);
    return taken;
}

/* Works through the bytes until they or the connection's patience end; returns how many it took. */
static size_t record_feed(struct record_connection *connection, const uint8_t *data, size_t length)
{
    size_t at = 0;

    while (at < length && record_may_go_on(connection)) {
        if (connection->mark_length == RECORD_MARK_SIZE) {
            at += record_take(connection, data + at, length - at);
            continue;
        }
        connection->mark[connection->mark_length++] = data[at++];
        if (connection->mark_length == RECORD_MARK_SIZE)
            record_start_fragment(connection);
    }
    return at;
}

/* Works through what was read before the connection had to wait. */
static void record_feed_held(struct record_connection *connection)
{
    uint8_t *held = connection->held;
    size_t length = connection->held_length, taken;

    connection->held = NULL;
    connection->held_length = 0;
    taken = record_feed(connection, held, length);
    if (taken < length && !connection->closed) {
        memmove(held, held + taken, length - taken);
        connection->held = held;
        connection->held_length = length - taken;
    } else {
        free(held);
    }
}

/* Works through what lies here already, for as long as the answers find their way. */
static void record_go_on(struct record_connection *connection)
{
    while (connection->held && record_may_go_on(connection)) {
        record_feed_held(connection);
        record_write(connection);
    }
}

/* How much of the scratch room is read into: from who sends long records little more than the mark
 * of the next one, for what follows is read in place, or has to wait. */
static size_t record_scratch(const struct record_connection *connection)
{
    return connection->sends_large ? RECORD_SIP : RECORD_SCRATCH;
}

/* One read, in place or by way of the scratch room; returns what recv(2) does. */
static ssize_t record_receive(struct record_connection *connection, bool in_place)
{
    size_t size = connection->fragment_left;

    connection->listener->fresh = true;
    if (!in_place)
        return recv(connection->descriptor, connection->listener->scratch,
                    record_scratch(connection), 0);
    record_make_room(connection, size);
    return recv(connection->descriptor, connection->room->bytes + connection->record_length, size,
                0);
}

/* Works through what was read into the scratch room; keeps what has to wait. */
static void record_feed_scratch(struct record_connection *connection, size_t length)
{
    const uint8_t *scratch = connection->listener->scratch;
    size_t taken = record_feed(connection, scratch, length);

    if (connection->closed || taken == length)
        return;
    connection->held_length = length - taken;
    connection->held = memory_resize(NULL, connection->held_length, 1);
    memcpy(connection->held, scratch + taken, connection->held_length);
}

static void record_read(struct record_connection *connection)
{
    for (int round = 0; round < RECORD_ROUNDS && record_may_go_on(connection); round++) {
        bool in_place = record_reads_in_place(connection);
        size_t size = record_scratch(connection);
        ssize_t length = record_receive(connection, in_place);

        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length < 0) {
            record_close(connection);
            return;
        }
        if (length == 0) {
            connection->ended = true;
            return;
        }
        connection->active_ms = clock_monotonic_ms();
        if (in_place) {
            connection->record_length += (size_t)length;
            record_advance(connection, (size_t)length);
        } else {
            record_feed_scratch(connection, (size_t)length);
        }
        if (connection->closed)
            return;
        record_write(connection);
        record_go_on(connection);
        /* A short one: there is no more now. */
        if (connection->held || (in_place ? connection->fragment_left > 0 : (size_t)length < size))
            return;
    }
}

static void record_ready(void *argument, int what)
{
    struct record_connection *connection = argument;

    record_hold(connection);
    record_write(connection);
    record_go_on(connection);
    if (what & LOOP_READ && !connection->held)
        record_read(connection);
    record_watch(connection);
    record_let_go(connection);
}

/* What was answered meanwhile leaves, and connections that had to wait go on. */
static void record_turn_over(void *argument)
{
    struct record_listener *listener = argument;

    listener->calling = false;
    record_serve_line(listener);
    while (listener->unsent) {
        struct record_connection *connection = listener->unsent;

        listener->unsent = connection->next_unsent;
        connection->unsent = false;
        record_ready(connection, 0);
    }
}

/* One record less is open: the connection may go on. Inside of record_feed() the loop there does
 * that by itself. */
static void record_done(struct record_connection *connection)
{
    connection->open--;
    /* Who stands in line for a record's first bytes has none reserved for it yet: what is reserved
     * was for those that are answered now, and may be what the next one waits for. */
    if (connection->open == 0 && connection->record_length == 0 &&
        (connection->mark_length == 0 || connection->waits))
        record_unreserve(connection);
    if (connection->holds > 0)
        return;
    if (connection->closed) {
        record_hold(connection);
        record_let_go(connection);
    } else {
        record_queue(connection);
    }
}

void record_drop(struct record_connection *connection)
{
    record_done(connection);
}

void record_hang_up(struct record_connection *connection)
{
    record_close(connection);
    record_done(connection);
}

/* The answer as it is to leave, its mark in front, of *total bytes. */
static struct record_output *record_output_new(const struct iovec *pieces, size_t count,
                                               const struct record_file *file, size_t *total)
{
    struct record_output *output = memory_zeroed(1, sizeof(*output));
    size_t length = file->length + file->zeros;

    output->file = *file;
    output->pieces[output->count++] = (struct iovec){output->mark, RECORD_MARK_SIZE};
    for (size_t i = 0; i < count; i++) {
        length += pieces[i].iov_len;
        if (pieces[i].iov_len > 0)
            output->pieces[output->count++] = pieces[i];
    }
    for (size_t i = 0; i < RECORD_MARK_SIZE; i++)
        output->mark[i] = (uint8_t)((length | record_last_fragment) >> (24 - 8 * i));
    *total = RECORD_MARK_SIZE + length;
    return output;
}

void record_answer_file(struct record_connection *connection, const struct iovec *pieces,
                        size_t count, const struct record_file *file, void (*sent)(void *owner),
                        void *owner)
{
    struct record_output *output;
    size_t length;

    if (connection->closed || count > RECORD_PIECES_MAX) {
        if (sent)
            sent(owner);
        record_done(connection);
        return;
    }
    output = record_output_new(pieces, count, file, &length);
    output->sent = sent;
    output->owner = owner;
    *connection->output_tail = output;
    connection->output_tail = &output->next;
    connection->output_length += length;
    record_done(connection);
}

void record_answer(struct record_connection *connection, const struct iovec *pieces, size_t count,
                   void (*sent)(void *owner), void *owner)
{
    static const struct record_file none;

    record_answer_file(connection, pieces, count, &none, sent, owner);
}

static unsigned record_count_of(const struct record_listener *listener, uint32_t address)
{
    unsigned count = 0;

    for (const struct record_connection *c = listener->connections; c; c = c->next)
        count += !c->closed && c->peer.address == address;
    return count;
}

static void record_accepted(struct record_listener *listener, int descriptor,
                            const struct sockaddr_in *peer)
{
    struct record_connection *connection;
    struct sockaddr_in local = {.sin_family = AF_INET};
    socklen_t length = sizeof(local);
    uint32_t address = ntohl(peer->sin_addr.s_addr);
    int one = 1;

    if (listener->connection_count >= listener->options.connections_max ||
        record_count_of(listener, address) >= listener->options.connections_per_peer_max) {
        record_refuse(listener, (struct endpoint){address, ntohs(peer->sin_port)},
                      "there are too many connections, or too many of its address");
        close(descriptor);
        return;
    }
    getsockname(descriptor, (struct sockaddr *)&local, &length);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
    connection = memory_zeroed(1, sizeof(*connection));
    connection->listener = listener;
    connection->descriptor = descriptor;
    connection->peer = (struct endpoint){address, ntohs(peer->sin_port)};
    connection->record_max = listener->options.record_max;
    if (listener->options.stranger &&
        listener->options.stranger(listener->argument, connection->peer) &&
        listener->options.stranger_record_max < connection->record_max)
        connection->record_max = listener->options.stranger_record_max;
    connection->local_address = ntohl(local.sin_addr.s_addr);
    connection->active_ms = clock_monotonic_ms();
    connection->wake_at = 1;
    connection->output_tail = &connection->output;
    connection->next = listener->connections;
    if (connection->next)
        connection->next->previous = connection;
    listener->connections = connection;
    listener->connection_count++;
    connection->event = loop_watch(listener->loop, descriptor, LOOP_READ, record_ready, connection);
}

static void record_accept(void *argument, int what)
{
    struct record_listener *listener = argument;

    (void)what;
    for (int i = 0; i < RECORD_BACKLOG; i++) {
        struct sockaddr_in peer = {.sin_family = AF_INET};
        socklen_t length = sizeof(peer);
        int descriptor = accept4(listener->descriptor, (struct sockaddr *)&peer, &length,
                                 SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (descriptor >= 0) {
            record_accepted(listener, descriptor, &peer);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            listener->paused = true;
            loop_watch_change(listener->event, 0);
        }
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

/* Closes whoever was silent for too long. */
static void record_ticked(void *argument)
{
    struct record_listener *listener = argument;
    struct record_connection *connection = listener->connections;
    uint64_t now = clock_monotonic_ms();

    while (connection) {
        struct record_connection *next = connection->next;
        bool within =
            connection->output || connection->mark_length > 0 || connection->record_length > 0;
        uint64_t limit = within ? listener->options.stall_ms : listener->options.idle_ms;

        /* Who waits for others to begin a record is not the one that stalls. */
        if (connection->waits && connection->record_length == 0)
            limit = UINT64_MAX;
        /* Slow bytes are no silence: the next ones are heard of, however few. */
        if (!connection->closed && now - connection->active_ms >= RECORD_TICK_MS)
            record_wake_at(connection, 1);
        if (!connection->closed && connection->open == 0 && now - connection->active_ms >= limit) {
            record_hold(connection);
            record_close(connection);
            record_let_go(connection);
        }
        connection = next;
    }
    if (listener->paused) {
        listener->paused = false;
        loop_watch_change(listener->event, LOOP_READ);
    }
    /* What a burst left behind is nobody's memory any more. */
    if (listener->reserved == 0)
        record_room_release(listener);
    loop_timer_start(listener->tick, RECORD_TICK_MS);
}

struct record_listener *record_listen(struct loop *loop, const struct record_options *options,
                                      void (*received)(void *argument, const struct record *record),
                                      void *argument)
{
    struct record_listener *listener;
    struct record_options *o;
    struct endpoint local;
    int descriptor = record_bind(options, &local);

    if (descriptor < 0)
        return NULL;
    listener = memory_zeroed(1, sizeof(*listener));
    listener->loop = loop;
    listener->descriptor = descriptor;
    listener->local = local;
    listener->received = received;
    listener->argument = argument;
    o = &listener->options;
    *o = *options;
    o->record_max = o->record_max ? o->record_max : 1 << 20;
    o->stranger_record_max = o->stranger_record_max ? o->stranger_record_max : 65536;
    o->connections_max = o->connections_max ? o->connections_max : 256;
    o->connections_per_peer_max = o->connections_per_peer_max ? o->connections_per_peer_max : 32;
    o->requests_max = o->requests_max ? o->requests_max : 16;
    o->large_max = o->large_max ? o->large_max : 16 << 20;
    o->large_per_peer_max = o->large_per_peer_max ? o->large_per_peer_max : o->large_max / 2;
    o->idle_ms = o->idle_ms ? o->idle_ms : 360000;
    o->stall_ms = o->stall_ms ? o->stall_ms : 30000;
    listener->event = loop_watch(loop, descriptor, LOOP_READ, record_accept, listener);
    listener->waiting_tail = &listener->waiting;
    listener->turn_over = loop_timer(loop, record_turn_over, listener);
    listener->tick = loop_timer(loop, record_ticked, listener);
    loop_timer_start(listener->tick, RECORD_TICK_MS);
    return listener;
}

void record_listener_close(struct record_listener *listener)
{
    if (!listener)
        return;
    while (listener->connections) {
        struct record_connection *connection = listener->connections;

        record_close(connection);
        record_free(connection);
    }
    loop_event_free(listener->event);
    loop_event_free(listener->tick);
    loop_event_free(listener->turn_over);
    close(listener->descriptor);
    record_room_release(listener);
    free(listener);
}

struct endpoint record_listener_local(const struct record_listener *listener)
{
    return listener->local;
}
