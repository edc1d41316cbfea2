#include "service/serial_line.h"

#include "base/log.h"
#include "base/memory.h"
#include "model/console_order.h"
#include "net/loop.h"
#include "service/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    RETRY_MS = 1000, /* doubled with each failure */
    RETRY_DOUBLINGS = 5,
    RETRY_MAX_MS = 30 * 1000,
    LOOKUP_MS = 100, /* between two looks whether a name was found */
    CONNECT_MS = 10 * 1000,
    KEEPALIVE_IDLE = 60, /* seconds: a terminal server that was switched off says nothing */
    KEEPALIVE_INTERVAL = 20,
    KEEPALIVE_PROBES = 3,
};

/* ---- What is known of it ---- */

/* `reason` empty: it is open. Says so in the server's log, once for each change. */
static void show(struct serial_line *line, bool open, const char *reason)
{
    bool changed;

    pthread_mutex_lock(&line->serial->lock);
    changed = line->state.open != open || strcmp(line->state.reason, reason) != 0;
    line->state.open = open;
    line->can_break =
        open && (line->kind == SERIAL_TTY || line->kind == SERIAL_GIVEN || line->telnet.spoken);
    snprintf(line->state.reason, sizeof(line->state.reason), "%s", reason);
    if (changed) {
        line->state.change++;
        serial_wake_readers(line->serial);
    }
    pthread_mutex_unlock(&line->serial->lock);
    if (!changed)
        return;
    if (open)
        log_info("console of %s: %s is open", line->state.host, line->state.place);
    else
        log_warning("console of %s: %s", line->state.host, reason);
}

static void close_line(struct serial_line *line)
{
    loop_event_free(line->event);
    line->event = NULL;
    if (line->breaking)
        (void)serial_port_break(&line->port, false);
    line->breaking = false;
    loop_timer_stop(line->break_end);
    loop_timer_stop(line->timer);
    if (line->kind == SERIAL_TTY)
        serial_port_close(&line->port);
    else if (line->descriptor >= 0)
        close(line->descriptor);
    line->descriptor = -1;
    line->out_length = 0;
    line->telnet = (struct telnet){.spoken = false};
    line->phase = SERIAL_CLOSED;
    if (line->addresses)
        freeaddrinfo(line->addresses);
    line->addresses = NULL;
    line->next_address = NULL;
}

static void fail(struct serial_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* It is tried again later. */
static void fail(struct serial_line *line, const char *format, ...)
{
    char reason[SERIAL_TEXT_SIZE];
    uint64_t delay;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    close_line(line);
    show(line, false, reason);
    delay =
        (uint64_t)RETRY_MS << (line->failures < RETRY_DOUBLINGS ? line->failures : RETRY_DOUBLINGS);
    line->failures++;
    loop_timer_start(line->timer, delay < RETRY_MAX_MS ? delay : RETRY_MAX_MS);
}

/* ---- Bytes to and fro ---- */

static void watch_writing(struct serial_line *line)
{
    bool waiting = line->out_length > 0 && !line->breaking;
    bool full = line->out_length + TELNET_ANSWER_MAX * SERIAL_PIECE > SERIAL_OUT_SIZE;

    if (line->event)
        loop_watch_change(line->event, (full ? 0 : LOOP_READ) | (waiting ? LOOP_WRITE : 0));
}

/* Takes what waits for the line, as much as there is room for. */
static void fetch_input(struct serial_line *line)
{
    size_t room = (SERIAL_OUT_SIZE - line->out_length) / TELNET_DATA_MAX;
    struct writer to = writer_of(line->out + line->out_length, SERIAL_OUT_SIZE - line->out_length);
    size_t count;

    pthread_mutex_lock(&line->serial->lock);
    count = line->input_length < room ? line->input_length : room;
    telnet_encode(&line->telnet, slice_of(line->input, count), &to);
    line->input_length -= count;
    memmove(line->input, line->input + count, line->input_length);
    pthread_mutex_unlock(&line->serial->lock);
    line->out_length += to.length;
}

static void break_ended(void *argument)
{
    struct serial_line *line = argument;

    (void)serial_port_break(&line->port, false);
    line->breaking = false;
    serial_line_flush(line);
}

/* A break that was asked for. */
static void send_break(struct serial_line *line)
{
    struct writer to = writer_of(line->out + line->out_length, SERIAL_OUT_SIZE - line->out_length);
    unsigned milliseconds;

    pthread_mutex_lock(&line->serial->lock);
    /* On a tty it comes behind what was written before. */
    milliseconds = line->kind == SERIAL_TTY && line->out_length > 0 ? 0 : line->break_ms;
    if (milliseconds > 0)
        line->break_ms = 0;
    pthread_mutex_unlock(&line->serial->lock);
    if (milliseconds == 0)
        return;
    if (line->telnet.spoken && writer_left(&to) >= 2) {
        telnet_break(&to);
        line->out_length += to.length;
    } else if (line->kind == SERIAL_TTY && serial_port_break(&line->port, true) == 0) {
        line->breaking = true;
        loop_timer_start(line->break_end, milliseconds);
    } else if (line->kind == SERIAL_GIVEN) {
        /* QEMU's has no length. */
        (void)!send(line->orders, &(char){CONSOLE_BREAK}, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

void serial_line_flush(struct serial_line *line)
{
    if (line->phase != SERIAL_OPEN || line->breaking)
        return;
    fetch_input(line);
    while (line->out_length > 0) {
        ssize_t n = write(line->descriptor, line->out, line->out_length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* an error shows in reading, too */
        line->out_length -= (size_t)n;
        memmove(line->out, line->out + n, line->out_length);
        fetch_input(line);
    }
    send_break(line);
    if (line->out_length > 0 && line->telnet.spoken) {
        ssize_t n = write(line->descriptor, line->out, line->out_length);

        if (n > 0) {
            line->out_length -= (size_t)n;
            memmove(line->out, line->out + n, line->out_length);
        }
    }
    watch_writing(line);
}

static void take_bytes(struct serial_line *line, struct slice bytes)
{
    uint8_t data[SERIAL_PIECE + 1];
    struct writer to = writer_of(data, sizeof(data));
    struct writer answer =
        writer_of(line->out + line->out_length, SERIAL_OUT_SIZE - line->out_length);
    bool spoke = line->telnet.spoken;

    if (line->kind != SERIAL_TCP && line->kind != SERIAL_UNIX) {
        serial_line_said(line, bytes);
        return;
    }
    telnet_decode(&line->telnet, bytes, &to, &answer);
    line->out_length += answer.length;
    if (line->telnet.spoken != spoke) {
        pthread_mutex_lock(&line->serial->lock);
        line->can_break = true;
        pthread_mutex_unlock(&line->serial->lock);
    }
    serial_line_said(line, slice_of(data, to.length));
}

static void line_ready(void *argument, int what)
{
    struct serial_line *line = argument;
    uint8_t bytes[SERIAL_PIECE];
    ssize_t n;

    if (what & LOOP_READ) {
        n = read(line->descriptor, bytes, sizeof(bytes));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0 && line->kind == SERIAL_GIVEN) {
            serial_line_end(line, "the guest has ended");
            return;
        }
        if (n <= 0) {
            fail(line, "%s %s%s", line->state.place,
                 line->kind == SERIAL_TTY ? "went away" : "closed the connection",
                 n < 0 && errno != EIO ? strerror(errno) : "");
            return;
        }
        take_bytes(line, slice_of(bytes, (size_t)n));
    }
    serial_line_flush(line);
}

static void opened(struct serial_line *line, int descriptor)
{
    line->descriptor = descriptor;
    line->phase = SERIAL_OPEN;
    line->failures = 0;
    loop_timer_stop(line->timer);
    loop_event_free(line->event);
    line->event = loop_watch(line->serial->loop, descriptor, LOOP_READ, line_ready, line);
    show(line, true, "");
    serial_line_flush(line);
}

/* What the run's own terminal wants. */
static void orders_ready(void *argument, int what)
{
    struct serial_line *line = argument;
    char order;

    (void)what;
    if (read(line->orders, &order, 1) != 1) {
        loop_watch_change(line->orders_event, 0);
        return;
    }
    pthread_mutex_lock(&line->serial->lock);
    if (order == CONSOLE_OWN && line->has_terminal && line->writer != line)
        serial_set_writer(line, NULL, "");
    if (order == CONSOLE_LEFT) {
        line->has_terminal = false;
        if (line->writer == line)
            serial_set_writer(line, NULL, "");
    }
    pthread_mutex_unlock(&line->serial->lock);
}

void serial_line_give(struct serial_line *line, int descriptor, int orders)
{
    line->orders = orders;
    line->orders_event = loop_watch(line->serial->loop, orders, LOOP_READ, orders_ready, line);
    opened(line, descriptor);
}

/* ---- Sockets ---- */

static void connect_next(struct serial_line *line);

static void connected(void *argument, int what)
{
    struct serial_line *line = argument;
    socklen_t size = sizeof(int);
    int error = 0;

    (void)what;
    getsockopt(line->descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
        opened(line, line->descriptor);
        return;
    }
    loop_event_free(line->event);
    line->event = NULL;
    close(line->descriptor);
    line->descriptor = -1;
    errno = error;
    connect_next(line);
}

static void set_options(int descriptor)
{
    const int on = 1, idle = KEEPALIVE_IDLE, interval = KEEPALIVE_INTERVAL,
              probes = KEEPALIVE_PROBES;

    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

/* Tries the addresses one after the other; errno is the last one's error. */
static void connect_next(struct serial_line *line)
{
    while (line->next_address) {
        const struct addrinfo *address = line->next_address;
        int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        line->next_address = address->ai_next;
        if (descriptor < 0)
            continue;
        set_options(descriptor);
        if (connect(descriptor, address->ai_addr, address->ai_addrlen) == 0 ||
            errno == EINPROGRESS) {
            line->descriptor = descriptor;
            line->phase = SERIAL_CONNECTING;
            line->event = loop_watch(line->serial->loop, descriptor, LOOP_WRITE, connected, line);
            loop_timer_start(line->timer, CONNECT_MS);
            return;
        }
        close(descriptor);
    }
    fail(line, "%s cannot be reached: %s; is the name in `serial` right, and is it listening?",
         line->state.place, strerror(errno));
}

static void open_unix(struct serial_line *line)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor;

    if (strlen(line->place) >= sizeof(address.sun_path)) {
        fail(line, "%s is too long for the name of a socket", line->state.place);
        return;
    }
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", line->place);
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor >= 0 && connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0) {
        opened(line, descriptor);
        return;
    }
    fail(line, "%s cannot be connected to: %s; is what should listen there running?",
         line->state.place, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
}

/* ---- Names ---- */

static void lookup_free(struct serial_lookup *lookup)
{
    free(lookup->host);
    free(lookup->port);
    free(lookup);
}

static void lookup_end(struct serial_line *line)
{
    struct serial_lookup *lookup = line->lookup;

    line->lookup = NULL;
    if (!lookup)
        return;
    /* One that is under way cannot be taken back, and will write there. */
    if (gai_error(&lookup->request) == EAI_INPROGRESS &&
        gai_cancel(&lookup->request) == EAI_NOTCANCELED)
        return;
    lookup_free(lookup);
}

static void look_up(struct serial_line *line)
{
    const char *colon = strrchr(line->place, ':');
    size_t length = (size_t)(colon - line->place);
    bool brackets = line->place[0] == '[';
    struct serial_lookup *lookup = memory_zeroed(1, sizeof(*lookup));
    struct gaicb *list[] = {&lookup->request};

    lookup->host =
        memory_printf("%.*s", (int)(length - (brackets ? 2 : 0)), line->place + (brackets ? 1 : 0));
    lookup->port = memory_string(colon + 1);
    lookup->hints.ai_socktype = SOCK_STREAM;
    lookup->request.ar_name = lookup->host;
    lookup->request.ar_service = lookup->port;
    lookup->request.ar_request = &lookup->hints;
    line->lookup = lookup;
    line->phase = SERIAL_RESOLVING;
    lookup->hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    if (getaddrinfo(lookup->host, lookup->port, &lookup->hints, &line->addresses) == 0) {
        lookup_free(lookup);
        line->lookup = NULL;
        line->next_address = line->addresses;
        connect_next(line);
        return;
    }
    lookup->hints.ai_flags = AI_NUMERICSERV;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) != 0) {
        lookup_free(lookup);
        line->lookup = NULL;
        fail(line, "%s cannot be looked up", line->state.place);
        return;
    }
    loop_timer_start(line->timer, LOOKUP_MS);
}

static void look_whether_found(struct serial_line *line)
{
    int error = gai_error(&line->lookup->request);

    if (error == EAI_INPROGRESS) {
        loop_timer_start(line->timer, LOOKUP_MS);
        return;
    }
    line->addresses = error == 0 ? line->lookup->request.ar_result : NULL;
    line->next_address = line->addresses;
    lookup_free(line->lookup);
    line->lookup = NULL;
    if (error == 0)
        connect_next(line);
    else
        fail(line,
             "%s has no address: %s; write the name in `serial` as the DNS has it, or an "
             "address",
             line->state.place, gai_strerror(error));
}

/* ---- Its life ---- */

static void open_path(struct serial_line *line)
{
    char error[SERIAL_TEXT_SIZE];
    struct stat info;

    line->kind = stat(line->place, &info) == 0 && S_ISSOCK(info.st_mode) ? SERIAL_UNIX : SERIAL_TTY;
    pthread_mutex_lock(&line->serial->lock);
    if (line->kind == SERIAL_UNIX)
        snprintf(line->state.place, sizeof(line->state.place), "%s", line->place);
    else
        snprintf(line->state.place, sizeof(line->state.place), "%s at %u baud", line->place,
                 line->speed);
    pthread_mutex_unlock(&line->serial->lock);
    if (line->kind == SERIAL_UNIX) {
        open_unix(line);
        return;
    }
    if (serial_port_open(&line->port, line->place, line->speed, error, sizeof(error)) == 0)
        opened(line, line->port.descriptor);
    else
        fail(line, "%s", error);
}

/* Who has the place already; NULL: nobody. Two who read one line would each get a part of it, and
 * TIOCEXCL does not keep root off. */
static const char *holder(const struct serial_line *line)
{
    const struct serial_line *other;

    for (other = LIST_FIRST(&line->serial->lines); other; other = LIST_NEXT(other, link)) {
        if (other != line && other->phase != SERIAL_CLOSED &&
            strcmp(other->place, line->place) == 0)
            return other->state.host;
    }
    return NULL;
}

void serial_line_open(struct serial_line *line)
{
    const char *other = holder(line);

    if (other)
        fail(line, "%s is the console of host %s already: give one of them another", line->place,
             other);
    else if (line->kind == SERIAL_TCP)
        look_up(line);
    else
        open_path(line);
}

static void timer_ended(void *argument)
{
    struct serial_line *line = argument;

    switch (line->phase) {
    case SERIAL_CLOSED:
        serial_line_open(line);
        break;
    case SERIAL_RESOLVING:
        look_whether_found(line);
        break;
    case SERIAL_CONNECTING:
        loop_event_free(line->event);
        line->event = NULL;
        close(line->descriptor);
        line->descriptor = -1;
        errno = ETIMEDOUT;
        connect_next(line);
        break;
    default:
        break;
    }
}

struct serial_line *serial_line_new(struct serial *serial, enum serial_kind kind, const char *host,
                                    const char *place, uint32_t speed)
{
    struct serial_line *line = memory_zeroed(1, sizeof(*line));

    line->serial = serial;
    line->kind = kind;
    line->place = memory_string(place);
    line->speed = speed;
    line->descriptor = -1;
    line->port.descriptor = -1;
    line->orders = -1;
    line->references = 1;
    snprintf(line->state.host, sizeof(line->state.host), "%s", host);
    snprintf(line->state.place, sizeof(line->state.place), "%s", place);
    snprintf(line->state.reason, sizeof(line->state.reason), "it is being opened");
    line->timer = loop_timer(serial->loop, timer_ended, line);
    line->quiet = loop_timer(serial->loop, serial_line_quiet, line);
    line->break_end = loop_timer(serial->loop, break_ended, line);
    serial_log_init(&line->log, serial->server->state_directory, host);
    return line;
}

void serial_line_end(struct serial_line *line, const char *reason)
{
    bool over;

    serial_line_quiet(line);
    close_line(line);
    lookup_end(line);
    loop_event_free(line->orders_event);
    loop_event_free(line->timer);
    loop_event_free(line->quiet);
    loop_event_free(line->break_end);
    pthread_mutex_lock(&line->serial->lock);
    LIST_REMOVE(line, link);
    line->has_terminal = false;
    line->state.gone = true;
    line->state.open = false;
    line->state.change++;
    snprintf(line->state.reason, sizeof(line->state.reason), "%s", reason);
    over = --line->references == 0;
    serial_wake_readers(line->serial);
    pthread_mutex_unlock(&line->serial->lock);
    if (over)
        serial_line_free(line);
}

void serial_line_free(struct serial_line *line)
{
    serial_log_release(&line->log);
    if (line->orders >= 0)
        close(line->orders);
    free(line->place);
    free(line);
}
