#include "service/control.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "decide/verdict.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "service/boots.h"
#include "service/journal.h"
#include "service/serial.h"
#include "service/serve.h"
#include "service/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 2 * CONTROL_CONNECTIONS_MAX,
    PULSE_MS = 1000, /* verdicts come of silence: nothing wakes for them */
    PACE_MS = 100,   /* between two looks of a stream at what is new */
};

/* A row for each kind; NULL ends the table. */
static const struct control_request *const requests[] = {
    &control_request_status,   &control_request_machines,
    &control_request_machine,  &control_request_metrics,
    &control_request_watch,    &control_request_console,
    &control_request_consoles, NULL,
};

struct control_service {
    struct server *server;
    struct loop *loop;
    pthread_t thread;
    bool has_thread;
    int listener;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    struct loop_event *accepting, *pace, *pulse;
    bool pacing;          /* the pace timer runs */
    atomic_bool prompted; /* the consoles' readers are about to be told */
    LIST_HEAD(control_connections, control_connection) connections;
    size_t count;
};

struct control_connection {
    LIST_ENTRY(control_connection) link;
    struct control_service *service;
    struct loop_event *event;
    int descriptor;
    char *in;
    size_t in_length;
    char *out;
    size_t out_start, out_length, out_room;
    const struct control_stream *stream;
    void *state;
    bool asked;  /* the first line has come */
    bool ending; /* to be closed once everything is sent */
    bool broken; /* to be closed at once */
};

struct server *control_server(const struct control_connection *connection)
{
    return connection->service->server;
}

int control_peer(const struct control_connection *connection)
{
    struct ucred peer = {.pid = 0};
    socklen_t size = sizeof(peer);

    (void)getsockopt(connection->descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return (int)peer.pid;
}

/* ---- One connection ---- */

static void connection_free(struct control_connection *connection)
{
    if (connection->stream)
        connection->stream->ended(connection, connection->state);
    LIST_REMOVE(connection, link);
    connection->service->count--;
    counter_add(METRIC_CONTROL_CLIENTS, -1);
    loop_event_free(connection->event);
    close(connection->descriptor);
    free(connection->in);
    free(connection->out);
    free(connection);
}

static void send_waiting(struct control_connection *connection)
{
    while (connection->out_length > 0) {
        ssize_t n = send(connection->descriptor, connection->out + connection->out_start,
                         connection->out_length, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            connection->broken |= errno != EAGAIN && errno != EWOULDBLOCK;
            break;
        }
        connection->out_start += (size_t)n;
        connection->out_length -= (size_t)n;
    }
    if (connection->out_length == 0)
        connection->out_start = 0;
}

/* Sends what can be sent and sees whether the connection is at its end. It may be gone afterwards.
 */
static void settle(struct control_connection *connection)
{
    send_waiting(connection);
    if (connection->broken || (connection->ending && connection->out_length == 0)) {
        connection_free(connection);
        return;
    }
    loop_watch_change(connection->event, (connection->ending ? 0 : LOOP_READ) |
                                             (connection->out_length > 0 ? LOOP_WRITE : 0));
}

static void make_room(struct control_connection *connection, size_t length)
{
    if (connection->out_start > 0)
        memmove(connection->out, connection->out + connection->out_start, connection->out_length);
    connection->out_start = 0;
    if (connection->out_length + length <= connection->out_room)
        return;
    connection->out_room = 2 * (connection->out_length + length);
    connection->out = memory_resize(connection->out, connection->out_room, 1);
}

void control_reply(struct control_connection *connection, json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    size_t length = text ? strlen(text) : 0;

    json_decref(line);
    if (!text || (connection->out_length > 0 && connection->out_length + length > CONTROL_OUT_MAX))
        connection->broken = true;
    if (connection->broken) {
        free(text);
        return;
    }
    make_room(connection, length + 1);
    memcpy(connection->out + connection->out_length, text, length);
    connection->out[connection->out_length + length] = '\n';
    connection->out_length += length + 1;
    free(text);
}

void control_refuse(struct control_connection *connection, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    control_reply(connection, json_pack("{s:s}", "error", text));
    control_end(connection);
}

void control_end(struct control_connection *connection)
{
    connection->ending = true;
}

void control_stream(struct control_connection *connection, const struct control_stream *stream,
                    void *state)
{
    connection->stream = stream;
    connection->state = state;
}

bool control_has_room(const struct control_connection *connection)
{
    return connection->out_length < CONTROL_OUT_CALM && !connection->broken;
}

static void list_requests(char *to, size_t size)
{
    to[0] = 0;
    for (size_t i = 0; requests[i]; i++) {
        size_t length = strlen(to);

        snprintf(to + length, size - length, "%s\"%s\"", i > 0 ? ", " : "", requests[i]->name);
    }
}

static void answer(struct control_connection *connection, const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "request"));
    char known[256];

    connection->asked = true;
    for (size_t i = 0; name && requests[i]; i++) {
        if (strcmp(requests[i]->name, name) == 0) {
            requests[i]->answer(connection, line);
            return;
        }
    }
    list_requests(known, sizeof(known));
    control_refuse(connection,
                   "the first line must be {\"request\": NAME}, where NAME is one of %s", known);
}

static void take_line(struct control_connection *connection, const char *text, size_t length)
{
    json_t *line = json_loadb(text, length, JSON_DISABLE_EOF_CHECK, NULL);

    if (!json_is_object(line))
        control_refuse(connection, "a line must be one JSON object");
    else if (!connection->asked)
        answer(connection, line);
    else if (connection->stream && connection->stream->heard)
        connection->stream->heard(connection, connection->state, line);
    json_decref(line);
}

static void take_lines(struct control_connection *connection)
{
    size_t start = 0;
    char *end;

    while (!connection->ending && !connection->broken &&
           (end = memchr(connection->in + start, '\n', connection->in_length - start)) != NULL) {
        size_t length = (size_t)(end - connection->in) - start;

        take_line(connection, connection->in + start, length);
        start += length + 1;
    }
    memmove(connection->in, connection->in + start, connection->in_length - start);
    connection->in_length -= start;
    if (connection->in_length == CONTROL_LINE_MAX && !connection->ending)
        control_refuse(connection, "a line has more than %d bytes", CONTROL_LINE_MAX);
}

static void connection_ready(void *argument, int what)
{
    struct control_connection *connection = argument;
    ssize_t n;

    if (what & LOOP_READ) {
        n = recv(connection->descriptor, connection->in + connection->in_length,
                 CONTROL_LINE_MAX - connection->in_length, MSG_DONTWAIT);
        if (n > 0) {
            connection->in_length += (size_t)n;
            take_lines(connection);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            connection->broken = true;
        }
    }
    if ((what & LOOP_WRITE) && connection->stream && connection->stream->more) {
        send_waiting(connection);
        if (control_has_room(connection))
            connection->stream->more(connection, connection->state);
    }
    settle(connection);
}

/* ---- All of them ---- */

static void accepted(void *argument, int what)
{
    struct control_service *service = argument;
    int descriptor = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct control_connection *connection;

    (void)what;
    if (descriptor < 0) {
        /* No descriptor is free, and whoever waits goes on waiting: not again before the next
         * pulse. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            loop_watch_change(service->accepting, 0);
        return;
    }
    connection = memory_zeroed(1, sizeof(*connection));
    connection->service = service;
    connection->descriptor = descriptor;
    connection->in = memory_zeroed(1, CONTROL_LINE_MAX);
    connection->event =
        loop_watch(service->loop, descriptor, LOOP_READ, connection_ready, connection);
    LIST_INSERT_HEAD(&service->connections, connection, link);
    counter_add(METRIC_CONTROL_CLIENTS, 1);
    if (++service->count > CONTROL_CONNECTIONS_MAX)
        control_refuse(connection, "%d programs are connected already: end one of them",
                       CONTROL_CONNECTIONS_MAX);
    settle(connection);
}

static void stream_all(struct control_service *service, bool prompt_alone)
{
    struct control_connection *connection = LIST_FIRST(&service->connections), *next;

    for (; connection; connection = next) {
        next = LIST_NEXT(connection, link);
        if (prompt_alone && !(connection->stream && connection->stream->prompt))
            continue;
        if (connection->stream && connection->stream->more && control_has_room(connection) &&
            !connection->ending)
            connection->stream->more(connection, connection->state);
        settle(connection);
    }
}

static void pace_ended(void *argument)
{
    struct control_service *service = argument;

    service->pacing = false;
    stream_all(service, false);
}

static void say_verdict(const struct control_service *service, const struct boots_found *found)
{
    char hardware[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE] = "";
    const struct log_field fields[] = {
        {"event", LOG_FIELD_TEXT, "verdict", 0},
        {"stage", LOG_FIELD_TEXT, boot_stage_name(found->stage), 0},
        {"address", LOG_FIELD_TEXT, found->address ? address : NULL, 0},
        {"hardware", LOG_FIELD_TEXT, found->hardware.length > 0 ? hardware : NULL, 0},
        {"host", LOG_FIELD_TEXT, found->host[0] ? found->host : NULL, 0},
        {"verdict", LOG_FIELD_TEXT, found->verdict.id, 0},
        {"waiting", LOG_FIELD_TEXT, found->verdict.waiting, 0},
        {"saw", LOG_FIELD_TEXT, found->verdict.saw, 0},
        {"cure", LOG_FIELD_TEXT, found->verdict.cure, 0},
    };

    hardware_text(hardware, &found->hardware);
    if (found->address)
        ipv4_text(address, found->address);
    if (journal_takes(service->server->journal, JOURNAL_REFUSALS))
        log_line_with(LOG_WARNING, fields, sizeof(fields) / sizeof(fields[0]),
                      "%s%s%s%s%s stopped (%s): it waits for %s; seen: %s; to do: %s", found->host,
                      found->host[0] ? " " : "", hardware, address[0] ? " " : "", address,
                      found->verdict.id, found->verdict.waiting, found->verdict.saw,
                      found->verdict.cure);
}

static void pulsed(void *argument)
{
    struct control_service *service = argument;
    struct boots_found found[BOOTS_FOUND_MAX];
    size_t count = boots_judge(service->server->boots, found);

    for (size_t i = 0; i < count; i++)
        say_verdict(service, &found[i]);
    stream_all(service, false);
    loop_watch_change(service->accepting, LOOP_READ);
    loop_timer_start(service->pulse, PULSE_MS);
}

/* What comes in a burst is told together. */
static void woken(void *argument)
{
    struct control_service *service = argument;

    if (service->pacing)
        return;
    service->pacing = true;
    loop_timer_start(service->pace, PACE_MS);
}

static void steps_came(void *argument)
{
    struct control_service *service = argument;

    loop_call(service->loop, woken, service);
}

static void prompted(void *argument)
{
    struct control_service *service = argument;

    atomic_store(&service->prompted, false);
    stream_all(service, true);
}

static void console_spoke(void *argument)
{
    struct control_service *service = argument;

    if (!atomic_exchange(&service->prompted, true))
        loop_call(service->loop, prompted, service);
}

/* ---- The service ---- */

/* The path: the option's, else the configuration's, else in the state directory. */
static void find_path(const struct server *server, char *path, size_t size, bool *written)
{
    struct snapshot *snapshot = server->snapshot;
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);
    const struct setting *setting =
        scope_view_find(&view, SPACE_PARAMETER, PARAMETER_CONTROL_SOCKET);

    *written = server->control_path || setting;
    if (server->control_path)
        snprintf(path, size, "%s", server->control_path);
    else if (setting)
        snprintf(path, size, "%s", (const char *)setting->value.data);
    else
        snprintf(path, size, "%s/" CONTROL_SOCKET_NAME, server->state_directory);
}

/* A socket that nobody listens at is left over from a server that was killed. */
static int remove_stale(const struct sockaddr_un *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat info;
    int result = 0;

    if (probe < 0)
        return errno;
    if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0)
        result = EADDRINUSE;
    else if (errno == ECONNREFUSED && lstat(address->sun_path, &info) == 0 &&
             S_ISSOCK(info.st_mode))
        unlink(address->sun_path);
    close(probe);
    return result;
}

/* 0, or an errno. */
static int open_listener(struct control_service *service)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t before;
    int error;

    memcpy(address.sun_path, service->path, sizeof(address.sun_path));
    error = remove_stale(&address);
    if (error)
        return error;
    service->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (service->listener < 0)
        return errno;
    before = umask(0177);
    error = bind(service->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
    umask(before);
    if (!error && listen(service->listener, BACKLOG) < 0)
        error = errno;
    if (error) {
        close(service->listener);
        service->listener = -1;
    }
    return error;
}

static void *run(void *argument)
{
    struct control_service *service = argument;

    loop_run(service->loop);
    return NULL;
}

static int start_thread(struct control_service *service)
{
    int error = thread_start(&service->thread, run, service);

    service->has_thread = error == 0;
    return error;
}

static void stop_listening(struct control_service *service)
{
    loop_event_free(service->accepting);
    if (service->listener < 0)
        return;
    close(service->listener);
    unlink(service->path);
}

/* The last steps, too: as many as its socket takes at once, for nobody is waited for. */
static void say_the_rest(struct control_connection *connection)
{
    const struct control_stream *stream = connection->stream;

    if (stream && stream->more && !connection->ending && control_has_room(connection))
        stream->more(connection, connection->state);
    send_waiting(connection);
}

/* Whoever is told of the end by a closed connection may come again at once, and must find that
 * nobody listens. */
static void stop(void *state)
{
    struct control_service *service = state;
    struct control_connection *connection;

    if (service->has_thread) {
        boots_wake(service->server->boots, NULL, NULL);
        serial_wake(service->server->serial, NULL, NULL);
        loop_stop(service->loop);
        pthread_join(service->thread, NULL);
    }
    stop_listening(service);
    while ((connection = LIST_FIRST(&service->connections)) != NULL) {
        say_the_rest(connection);
        connection_free(connection);
    }
    loop_event_free(service->pace);
    loop_event_free(service->pulse);
    loop_free(service->loop);
    free(service);
}

static int serve_at(struct control_service *service)
{
    int error = open_listener(service);

    if (error)
        return error;
    service->loop = loop_new();
    if (!service->loop)
        return errno;
    service->accepting = loop_watch(service->loop, service->listener, LOOP_READ, accepted, service);
    service->pace = loop_timer(service->loop, pace_ended, service);
    service->pulse = loop_timer(service->loop, pulsed, service);
    loop_timer_start(service->pulse, PULSE_MS);
    boots_wake(service->server->boots, steps_came, service);
    serial_wake(service->server->serial, console_spoke, service);
    return start_thread(service);
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct control_service *service = memory_zeroed(1, sizeof(*service));
    char path[4096];
    bool written;
    int reason;

    service->server = server;
    service->listener = -1;
    LIST_INIT(&service->connections);
    find_path(server, path, sizeof(path), &written);
    if (strlen(path) >= sizeof(service->path)) {
        reason = ENAMETOOLONG;
    } else {
        snprintf(service->path, sizeof(service->path), "%s", path);
        reason = serve_at(service);
    }
    if (!reason)
        return service;
    snprintf(error, error_size, "the control socket %s cannot be opened: %s%s", path,
             strerror(reason),
             reason == EADDRINUSE ? "; another server uses it: end that one, or name another "
                                    "socket with control-socket \"...\"; or --control"
                                  : "; name another with control-socket \"...\"; or --control");
    if (written) {
        stop(service);
        return NULL;
    }
    log_warning("%s; watch and console do not work until then", error);
    return service;
}

const struct service service_control = {.name = "control", .start = start, .stop = stop};
