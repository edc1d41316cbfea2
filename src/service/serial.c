#include "service/serial.h"

#include "base/memory.h"
#include "base/thread.h"
#include "model/console_order.h"
#include "model/snapshot.h"
#include "net/loop.h"
#include "service/serial_line.h"
#include "service/serve.h"
#include "service/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- Who reads and writes ---- */

void serial_wake(struct serial *serial, void (*woken)(void *argument), void *argument)
{
    pthread_mutex_lock(&serial->lock);
    serial->woken = woken;
    serial->argument = argument;
    pthread_mutex_unlock(&serial->lock);
}

void serial_wake_readers(struct serial *serial)
{
    if (serial->woken)
        serial->woken(serial->argument);
}

static struct serial_line *line_of(struct serial *serial, const char *host)
{
    struct serial_line *line;

    LIST_FOREACH(line, &serial->lines, link)
    {
        if (strcmp(line->state.host, host) == 0)
            return line;
    }
    return NULL;
}

struct serial_line *serial_attach(struct serial *serial, const char *host)
{
    struct serial_line *line;

    pthread_mutex_lock(&serial->lock);
    line = line_of(serial, host);
    if (line) {
        line->references++;
        line->state.readers++;
    }
    pthread_mutex_unlock(&serial->lock);
    return line;
}

void serial_set_writer(struct serial_line *line, const void *who, const char *name)
{
    char order;

    if (!who && line->has_terminal) {
        who = line;
        name = "the terminal of bootwire run";
    }
    line->writer = who;
    snprintf(line->state.writer, sizeof(line->state.writer), "%s", name);
    line->state.change++;
    order = who == line ? CONSOLE_OWN : CONSOLE_OTHER;
    if (line->has_terminal)
        (void)!send(line->orders, &order, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    serial_wake_readers(line->serial);
}

void serial_detach(struct serial *serial, struct serial_line *line, const void *who)
{
    bool over;

    pthread_mutex_lock(&serial->lock);
    if (line->writer == who)
        serial_set_writer(line, NULL, "");
    line->state.readers--;
    over = --line->references == 0;
    pthread_mutex_unlock(&serial->lock);
    if (over)
        serial_line_free(line);
}

void serial_each(struct serial *serial,
                 void (*visit)(void *argument, const struct serial_state *state), void *argument)
{
    struct serial_line *line;

    pthread_mutex_lock(&serial->lock);
    LIST_FOREACH(line, &serial->lines, link)
    visit(argument, &line->state);
    pthread_mutex_unlock(&serial->lock);
}

void serial_look(struct serial *serial, struct serial_line *line, struct serial_state *state)
{
    pthread_mutex_lock(&serial->lock);
    *state = line->state;
    pthread_mutex_unlock(&serial->lock);
}

uint64_t serial_change(struct serial *serial, struct serial_line *line)
{
    uint64_t change;

    pthread_mutex_lock(&serial->lock);
    change = line->state.change;
    pthread_mutex_unlock(&serial->lock);
    return change;
}

size_t serial_read(struct serial *serial, struct serial_line *line, uint64_t *at, uint8_t *to,
                   size_t size, uint64_t *lost)
{
    size_t count = 0;
    uint64_t first;

    pthread_mutex_lock(&serial->lock);
    first = line->said > SERIAL_HISTORY ? line->said - SERIAL_HISTORY : 0;
    if (*at < first) {
        *lost += first - *at;
        *at = first;
    }
    while (count < size && *at < line->said)
        to[count++] = line->history[(*at)++ % SERIAL_HISTORY];
    pthread_mutex_unlock(&serial->lock);
    return count;
}

uint64_t serial_begin(struct serial *serial, struct serial_line *line)
{
    uint64_t said;

    pthread_mutex_lock(&serial->lock);
    said = line->said;
    pthread_mutex_unlock(&serial->lock);
    return said > SERIAL_HISTORY ? said - SERIAL_HISTORY : 0;
}

uint64_t serial_end(struct serial *serial, struct serial_line *line)
{
    uint64_t said;

    pthread_mutex_lock(&serial->lock);
    said = line->said;
    pthread_mutex_unlock(&serial->lock);
    return said;
}

bool serial_claim(struct serial *serial, struct serial_line *line, const void *who,
                  const char *name, bool take)
{
    bool mine;

    pthread_mutex_lock(&serial->lock);
    if (line->writer != who && (!line->writer || take))
        serial_set_writer(line, who, name);
    mine = line->writer == who;
    pthread_mutex_unlock(&serial->lock);
    return mine;
}

void serial_release(struct serial *serial, struct serial_line *line, const void *who)
{
    pthread_mutex_lock(&serial->lock);
    if (line->writer == who)
        serial_set_writer(line, NULL, "");
    pthread_mutex_unlock(&serial->lock);
}

bool serial_is_writer(struct serial *serial, struct serial_line *line, const void *who)
{
    bool mine;

    pthread_mutex_lock(&serial->lock);
    mine = line->writer == who;
    pthread_mutex_unlock(&serial->lock);
    return mine;
}

/* Lines that are open by now send what waits for them. */
static void flush_all(void *argument)
{
    struct serial *serial = argument;
    struct serial_line *line;

    /* Nobody but this thread changes the list. */
    LIST_FOREACH(line, &serial->lines, link)
    serial_line_flush(line);
}

size_t serial_write(struct serial *serial, struct serial_line *line, struct slice bytes)
{
    size_t room, count;

    pthread_mutex_lock(&serial->lock);
    room = line->state.open ? SERIAL_INPUT_MAX - line->input_length : 0;
    count = bytes.length < room ? bytes.length : room;
    if (count > 0)
        memcpy(line->input + line->input_length, bytes.data, count);
    line->input_length += count;
    pthread_mutex_unlock(&serial->lock);
    if (count > 0)
        loop_call(serial->loop, flush_all, serial);
    return count;
}

const char *serial_break(struct serial *serial, struct serial_line *line, unsigned milliseconds)
{
    const char *why = NULL;

    pthread_mutex_lock(&serial->lock);
    if (!line->state.open)
        why = "the line is not open";
    else if (!line->can_break)
        why = "the other end does not speak telnet, which alone carries a break over a "
              "connection: let it (ser2net: `telnet`, QEMU: `-serial telnet:`)";
    else
        line->break_ms = milliseconds < SERIAL_BREAK_MS_MAX ? milliseconds : SERIAL_BREAK_MS_MAX;
    pthread_mutex_unlock(&serial->lock);
    if (!why)
        loop_call(serial->loop, flush_all, serial);
    return why;
}

/* ---- The lines of a configuration ---- */

static void add_line(struct serial *serial, struct serial_line *line, const struct host *host)
{
    if (host) {
        line->hardware = host->hardware;
        if (host->hardware.length == 0 && host->fixed_address_count > 0)
            line->address = host->fixed_addresses[0];
    }
    pthread_mutex_lock(&serial->lock);
    LIST_INSERT_HEAD(&serial->lines, line, link);
    pthread_mutex_unlock(&serial->lock);
}

static bool is_of(const struct serial_line *line, const struct host *host)
{
    return host && host->serial && strcmp(host->serial->place, line->place) == 0 &&
           host->serial->speed == line->speed && hardware_equal(&host->hardware, &line->hardware);
}

/* In the loop's thread, or before it runs: the lines become those of the configuration in force. */
static void settle(void *argument)
{
    struct serial *serial = argument;
    struct snapshot *snapshot = server_snapshot(serial->server);
    struct serial_line *line, *next;

    if (serial->server->console_count > 0) {
        snapshot_free(snapshot);
        return;
    }
    for (line = LIST_FIRST(&serial->lines); line; line = next) {
        next = LIST_NEXT(line, link);
        if (!is_of(line, snapshot_host_by_name(snapshot, line->state.host)))
            serial_line_end(line, "the configuration does not have it any more");
    }
    for (size_t i = 0; i < snapshot->host_count; i++) {
        const struct host *host = &snapshot->hosts[i];

        if (!host->serial || line_of(serial, host->name))
            continue;
        line = serial_line_new(serial, host->serial->speed > 0 ? SERIAL_TTY : SERIAL_TCP,
                               host->name, host->serial->place, host->serial->speed);
        add_line(serial, line, host);
        serial_line_open(line);
    }
    snapshot_free(snapshot);
}

static void add_given(struct serial *serial)
{
    for (size_t i = 0; i < serial->server->console_count; i++) {
        const struct serve_console *console = &serial->server->consoles[i];
        struct serial_line *line =
            serial_line_new(serial, SERIAL_GIVEN, console->host, "a guest's serial port", 0);

        add_line(serial, line, NULL);
        serial_line_give(line, fcntl(console->descriptor, F_DUPFD_CLOEXEC, 0),
                         fcntl(console->orders, F_DUPFD_CLOEXEC, 0));
        if (!console->has_terminal)
            continue;
        pthread_mutex_lock(&serial->lock);
        line->has_terminal = true;
        serial_set_writer(line, NULL, "");
        pthread_mutex_unlock(&serial->lock);
    }
}

/* ---- The service ---- */

static void *run(void *argument)
{
    struct serial *serial = argument;

    loop_run(serial->loop);
    return NULL;
}

static void reloaded(void *state)
{
    struct serial *serial = state;

    loop_call(serial->loop, settle, serial);
}

static void stop(void *state)
{
    struct serial *serial = state;
    struct serial_line *line;

    if (serial->has_thread) {
        loop_stop(serial->loop);
        pthread_join(serial->thread, NULL);
    }
    while ((line = LIST_FIRST(&serial->lines)) != NULL)
        serial_line_end(line, "the server ends");
    loop_free(serial->loop);
    serial->server->serial = NULL;
    pthread_mutex_destroy(&serial->lock);
    free(serial);
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct serial *serial = memory_zeroed(1, sizeof(*serial));
    int reason;

    serial->server = server;
    pthread_mutex_init(&serial->lock, NULL);
    LIST_INIT(&serial->lines);
    serial->loop = loop_new();
    if (!serial->loop) {
        snprintf(error, error_size, "an event loop cannot be made: %s", strerror(errno));
        stop(serial);
        return NULL;
    }
    server->serial = serial;
    add_given(serial);
    settle(serial);
    reason = thread_start(&serial->thread, run, serial);
    serial->has_thread = reason == 0;
    if (serial->has_thread)
        return serial;
    snprintf(error, error_size, "a thread cannot be started: %s", strerror(reason));
    stop(serial);
    return NULL;
}

const struct service service_serial = {
    .name = "serial", .start = start, .stop = stop, .reloaded = reloaded};
