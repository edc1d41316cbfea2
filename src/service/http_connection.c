/* One HTTP connection: requests in, answers out, as fast as the client takes them. */
#include "service/http_connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "service/client_count.h"
#include "service/journal.h"
#include "service/machines.h"
#include "service/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HTTP_TURN = 4,           /* of those, until other connections have their turn */
    HTTP_REQUESTS_TURN = 32, /* answers to requests that came together, until then */
    HTTP_PROGRESS_MS = 250,  /* between two steps that tell how far an answer is */
};

/* ---- The journal ---- */

void http_say(struct http_connection *connection, enum step_event event)
{
    struct http_lane *lane = connection->lane;
    bool on_its_way = event == STEP_FILE_BEGUN || event == STEP_FILE_PROGRESS;
    uint64_t now = clock_monotonic_ms();
    unsigned withheld = 0;
    struct machine machine = {0};
    struct boot_step step = {
        .service = "http",
        .event = event,
        .address = connection->peer,
        .host = connection->host,
        .asked = connection->asked,
        .got = connection->got && !on_its_way ? connection->got : "",
        .subject = connection->subject,
        .bytes = connection->bytes,
        .total = connection->total,
        .refused = connection->refused,
        .reason = connection->reason,
        .hint = connection->hint,
        .decided = connection->decided,
        .content = connection->content,
    };

    connection->told_ms = now;
    /* What is on its way has no line in the log. */
    if (!connection->asked || (!on_its_way && !line_budget_take(&lane->lines, now, &withheld)))
        return;
    (void)machines_get(lane->server->machines, connection->peer, &machine);
    step.stage = machine.stage;
    step.hardware = machine.hardware;
    journal_step(lane->server->journal, &step);
    counter_add(METRIC_WITHHELD + METRIC_WITHHELD_HTTP, withheld);
    if (withheld > 0)
        log_info("http: %u lines about requests were left out of the log", withheld);
}

/* What an answer's end comes to. */
static enum metric_result result_of(enum http_status code)
{
    switch (code) {
    case HTTP_FORBIDDEN:
    case HTTP_NOT_FOUND:
    case HTTP_PRECONDITION:
    case HTTP_RANGE:
        return METRIC_REFUSED;
    case HTTP_SERVER_ERROR:
    case HTTP_BUSY:
        return METRIC_FAILED;
    default:
        return code < HTTP_BAD_REQUEST ? METRIC_OK : METRIC_INVALID;
    }
}

static void count_answer(const struct http_connection *connection, enum metric_result result)
{
    metric_exchange(METRIC_HTTP, result);
    counter_add(METRIC_HTTP_RESPONSES + metric_code(connection->code), 1);
    if (connection->began_us)
        metric_time(METRIC_ROW_HTTP_REQUEST, 0, clock_monotonic_us() - connection->began_us);
}

void http_count_sent(const struct http_connection *connection, uint64_t bytes)
{
    if (connection->asked)
        counter_add(METRIC_SENT_BYTES + METRIC_MOVER_HTTP, (int64_t)bytes);
}

static void forget_answer(struct http_connection *connection)
{
    if (connection->code)
        counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_HTTP, -1);
    connection->code = 0;
    connection->began_us = 0;
    boot_file_close(&connection->file);
    free(connection->asked);
    free(connection->got);
    free(connection->host);
    free(connection->subject);
    free(connection->hint);
    free(connection->decided);
    connection->asked = connection->got = connection->host = connection->subject = NULL;
    connection->hint = connection->decided = NULL;
    connection->reason = REASON_NONE;
    connection->content = CONTENT_UNKNOWN;
    connection->name[0] = 0;
    connection->out_length = connection->out_sent = 0;
    connection->offset = connection->left = connection->bytes = connection->total = 0;
    connection->warm_until = 0;
    connection->outcome = STEP_NOTED;
    connection->refused = false;
}

static void answer_left(struct http_connection *connection)
{
    if (connection->name[0])
        machines_fetched(connection->lane->server->machines, connection->peer, connection->name,
                         clock_monotonic_ms());
    count_answer(connection, result_of(connection->code));
    http_say(connection, connection->outcome);
    forget_answer(connection);
}

static void answer_was_cut(struct http_connection *connection, const char *why)
{
    char *got;

    if (connection->code)
        count_answer(connection, METRIC_ABANDONED);
    if (!connection->asked)
        return;
    got = memory_printf("%llu bytes, then %s", (unsigned long long)connection->bytes, why);
    free(connection->got);
    connection->got = got;
    connection->refused = true;
    http_say(connection, STEP_FILE_ABANDONED);
    forget_answer(connection);
}

/* ---- Its life ---- */

void http_connection_close(struct http_connection *connection)
{
    struct http_lane *lane = connection->lane;

    forget_answer(connection);
    http_cold_leave(connection);
    loop_event_free(connection->event);
    close(connection->descriptor);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        lane->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    lane->count--;
    counter_add(METRIC_HTTP_CONNECTIONS, -1);
    if (connection->told)
        lane->told--;
    client_count_remove(&lane->clients, connection->peer);
    free(connection);
}

static void enter(struct http_connection *connection, enum http_state state)
{
    connection->state = state;
    connection->since_ms = clock_monotonic_ms();
}

/* ---- Sending ---- */

/* Sends what the connection takes now; false where it takes no more for the moment, or failed. */
static bool send_some(struct http_connection *connection, bool *failed)
{
    ssize_t n;

    if (connection->out_sent < connection->out_length) {
        n = send(connection->descriptor, connection->out + connection->out_sent,
                 connection->out_length - connection->out_sent,
                 MSG_NOSIGNAL | (connection->left > 0 ? MSG_MORE : 0));
        if (n > 0)
            connection->out_sent += (size_t)n;
    } else {
        off_t offset = (off_t)connection->offset;
        uint64_t warm;

        if (http_cold_wait(connection))
            return false;
        warm = connection->warm_until - connection->offset;
        n = sendfile(connection->descriptor, connection->file.descriptor, &offset,
                     connection->left < warm ? connection->left : warm);
        /* The file became shorter: what was promised cannot be sent. */
        if (n == 0) {
            *failed = true;
            return false;
        }
        if (n > 0) {
            connection->offset += (uint64_t)n;
            connection->left -= (uint64_t)n;
            connection->bytes += (uint64_t)n;
            http_count_sent(connection, (uint64_t)n);
        }
    }
    if (n > 0) {
        connection->since_ms = clock_monotonic_ms();
        if (connection->left > 0 && connection->since_ms - connection->told_ms >= HTTP_PROGRESS_MS)
            http_say(connection, STEP_FILE_PROGRESS);
        return true;
    }
    *failed = errno != EAGAIN && errno != EINTR;
    return false;
}

/* Sends the answer, or as much of it as this turn may. True: all of it. */
static bool send_answer(struct http_connection *connection, bool *failed)
{
    for (int i = 0; i <= HTTP_TURN; i++) {
        if (connection->out_sent == connection->out_length && connection->left == 0)
            return true;
        if (!send_some(connection, failed))
            return false;
    }
    return connection->out_sent == connection->out_length && connection->left == 0;
}

/* ---- Receiving ---- */

static void take_head(struct http_connection *connection, size_t length)
{
    connection->began_us = clock_monotonic_us();
    http_answer(connection, length);
    memmove(connection->in, connection->in + length, connection->in_length - length);
    connection->in_length -= length;
    enter(connection, HTTP_SENDING);
}

void http_connection_go_on(struct http_connection *connection)
{
    bool failed = false;

    for (int i = 0; i < HTTP_REQUESTS_TURN; i++) {
        if (connection->state == HTTP_READING) {
            struct slice bytes = slice_of(connection->in, connection->in_length);
            size_t length = http_head_length(bytes);

            if (length > 0) {
                take_head(connection, length);
            } else if (connection->in_length == sizeof(connection->in)) {
                http_refuse(connection, HTTP_FIELDS_LARGE,
                            "the request has more than 8192 bytes of header");
                enter(connection, HTTP_SENDING);
            } else {
                break;
            }
        }
        if (!send_answer(connection, &failed))
            break;
        answer_left(connection);
        if (connection->last) {
            shutdown(connection->descriptor, SHUT_WR);
            connection->in_length = 0;
            enter(connection, HTTP_DRAINING);
            break;
        }
        enter(connection, HTTP_READING);
    }
    if (failed) {
        answer_was_cut(connection, "the connection broke");
        http_connection_close(connection);
        return;
    }
    /* What came already waits for its turn: a socket that can be written to gives it at once. */
    if (connection->fetch)
        loop_watch_change(connection->event, 0);
    else if (connection->state == HTTP_SENDING ||
             (connection->state == HTTP_READING &&
              http_head_length(slice_of(connection->in, connection->in_length)) > 0))
        loop_watch_change(connection->event, LOOP_WRITE);
    else
        loop_watch_change(connection->event, LOOP_READ);
}

static void ready(void *argument, int what)
{
    struct http_connection *connection = argument;
    ssize_t n;

    if (what & LOOP_READ && connection->state != HTTP_SENDING) {
        n = recv(connection->descriptor, connection->in + connection->in_length,
                 sizeof(connection->in) - connection->in_length, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            http_connection_close(connection);
            return;
        }
        if (connection->state == HTTP_DRAINING)
            return;
        if (n > 0) {
            /* A request's time counts from its first byte. */
            if (connection->in_length == 0)
                connection->since_ms = clock_monotonic_ms();
            connection->in_length += (size_t)n;
        }
    }
    http_connection_go_on(connection);
}

/* Between two requests, where RFC 9112 section 9.5 lets either side close it. */
static bool is_idle(const struct http_connection *connection)
{
    return connection->state == HTTP_READING && connection->in_length == 0;
}

void http_connections_leave(struct http_lane *lane)
{
    struct http_connection *next;

    for (struct http_connection *at = lane->connections; at; at = next) {
        next = at->next;
        at->leaving = true;
        if (is_idle(at))
            http_connection_close(at);
    }
}

/* Closes the connection that waits longest for a next request; false where none waits. */
static bool make_room(struct http_lane *lane)
{
    struct http_connection *idle = NULL;

    for (struct http_connection *at = lane->connections; at; at = at->next) {
        if (is_idle(at) && (!idle || at->since_ms <= idle->since_ms))
            idle = at;
    }
    if (idle)
        http_connection_close(idle);
    return idle != NULL;
}

void http_connection_open(struct http_lane *lane, int descriptor, uint32_t peer, uint32_t local)
{
    struct http_connection *connection;
    bool welcome = client_count_add(&lane->clients, peer) <= HTTP_CLIENT_MAX &&
                   (lane->count < HTTP_CONNECTIONS_MAX || make_room(lane));
    int yes = 1;

    /* To tell a client why costs a connection for some seconds: so many of those, and no more. */
    if (!welcome && lane->told == HTTP_TOLD_MAX) {
        client_count_remove(&lane->clients, peer);
        close(descriptor);
        return;
    }
    connection = memory_zeroed(1, sizeof(*connection));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    connection->lane = lane;
    connection->descriptor = descriptor;
    connection->peer = peer;
    connection->local = local;
    connection->file.descriptor = -1;
    connection->next = lane->connections;
    if (lane->connections)
        lane->connections->previous = connection;
    lane->connections = connection;
    lane->count++;
    counter_add(METRIC_HTTP_CONNECTIONS, 1);
    connection->event = loop_watch(lane->loop, descriptor, LOOP_READ, ready, connection);
    enter(connection, HTTP_READING);
    if (!welcome) {
        connection->told = true;
        lane->told++;
        http_refuse(connection, HTTP_BUSY, "too many connections are open: try again");
        enter(connection, HTTP_SENDING);
    }
    /* What was asked has mostly come with the connection. */
    ready(connection, LOOP_READ);
}

/* Whether its time is up, and what to tell the client. */
static bool is_late(const struct http_connection *connection, uint64_t now_ms)
{
    uint64_t limit = HTTP_IDLE_MS;

    /* It is not the client that it waits for. */
    if (connection->fetch)
        return false;
    if (connection->state == HTTP_SENDING)
        limit = HTTP_STALL_MS;
    else if (connection->state == HTTP_DRAINING)
        limit = HTTP_DRAIN_MS;
    else if (connection->in_length > 0)
        limit = HTTP_HEAD_MS;
    return now_ms > connection->since_ms + limit;
}

void http_connections_sweep(struct http_lane *lane, uint64_t now_ms)
{
    struct http_connection *next;

    for (struct http_connection *at = lane->connections; at; at = next) {
        next = at->next;
        /* The kernel may have dropped what a client has not taken yet. */
        at->warm_until = 0;
        if (!is_late(at, now_ms))
            continue;
        if (at->state == HTTP_READING && at->in_length > 0) {
            http_refuse(at, HTTP_TIMEOUT, "the request did not come to its end in time");
            enter(at, HTTP_SENDING);
            http_connection_go_on(at);
            continue;
        }
        answer_was_cut(at, "the client took no more");
        http_connection_close(at);
    }
}
