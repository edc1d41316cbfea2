/* Serial consoles over the control socket: which there are, and a conversation with one. */
#include "base/memory.h"
#include "base/text.h"
#include "service/control.h"
#include "service/serial.h"
#include "service/server.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 12 << 10, NAME_SIZE = SERIAL_WRITER_SIZE };

/* ---- consoles ---- */

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void add_console(void *argument, const struct serial_state *state)
{
    json_array_append_new(argument,
                          json_pack("{s:s, s:s, s:b, s:s?, s:s?, s:i, s:s?}", "host", state->host,
                                    "serial", state->place, "open", (int)state->open, "reason",
                                    or_null(state->reason), "writer", or_null(state->writer),
                                    "readers", (int)state->readers, "log", or_null(state->log)));
}

static void answer_consoles(struct control_connection *connection, const json_t *request)
{
    json_t *list = json_array();

    (void)request;
    serial_each(control_server(connection)->serial, add_console, list);
    control_reply(connection, json_pack("{s:s, s:o}", "reply", "consoles", "consoles", list));
    control_end(connection);
}

/* ---- console ---- */

struct attached {
    struct serial *serial;
    struct serial_line *line;
    uint64_t at;     /* what it has read */
    uint64_t change; /* the last that it was told of */
    char name[NAME_SIZE];
};

static json_t *state_json(struct attached *attached, const char *key, const char *value)
{
    struct serial_state state;

    serial_look(attached->serial, attached->line, &state);
    attached->change = state.change;
    return json_pack("{s:s, s:s, s:s, s:b, s:s?, s:s?, s:b, s:s?}", key, value, "host", state.host,
                     "serial", state.place, "open", (int)state.open, "reason",
                     or_null(state.reason), "writer", or_null(state.writer), "write",
                     (int)serial_is_writer(attached->serial, attached->line, attached), "log",
                     or_null(state.log));
}

static void send_output(struct control_connection *connection, struct slice bytes)
{
    char text[sodium_base64_ENCODED_LEN(PIECE, sodium_base64_VARIANT_ORIGINAL)];

    sodium_bin2base64(text, sizeof(text), bytes.data, bytes.length, sodium_base64_VARIANT_ORIGINAL);
    control_reply(connection, json_pack("{s:s}", "output", text));
}

static void console_more(struct control_connection *connection, void *state)
{
    struct attached *attached = state;
    struct serial_state now;
    uint8_t bytes[PIECE];
    uint64_t lost = 0;
    size_t count = 1;

    while (count > 0 && control_has_room(connection)) {
        count = serial_read(attached->serial, attached->line, &attached->at, bytes, sizeof(bytes),
                            &lost);
        if (lost > 0)
            control_reply(connection,
                          json_pack("{s:s, s:I}", "event", "lost", "bytes", (json_int_t)lost));
        lost = 0;
        if (count > 0)
            send_output(connection, slice_of(bytes, count));
    }
    if (count > 0 || serial_change(attached->serial, attached->line) == attached->change)
        return;
    control_reply(connection, state_json(attached, "event", "console"));
    serial_look(attached->serial, attached->line, &now);
    if (now.gone)
        control_end(connection);
}

static void tell(struct control_connection *connection, const char *text)
{
    control_reply(connection, json_pack("{s:s, s:s}", "event", "refused", "text", text));
}

static void take_input(struct control_connection *connection, struct attached *attached,
                       const char *text)
{
    uint8_t *bytes = memory_zeroed(strlen(text) + 1, 1);
    size_t length = 0, taken;
    char said[160];

    if (sodium_base642bin(bytes, strlen(text) + 1, text, strlen(text), NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        tell(connection, "the input is not base64");
    } else if (!serial_is_writer(attached->serial, attached->line, attached)) {
        tell(connection, "another one writes, or nobody: ask with {\"take\":true}");
    } else {
        taken = serial_write(attached->serial, attached->line, slice_of(bytes, length));
        snprintf(said, sizeof(said), "%zu bytes of input are lost: the line does not take them",
                 length - taken);
        if (taken < length)
            tell(connection, said);
    }
    free(bytes);
}

static void take_break(struct control_connection *connection, struct attached *attached,
                       const json_t *value)
{
    json_int_t milliseconds = json_integer_value(value);
    const char *why;

    if (milliseconds <= 0 || milliseconds > SERIAL_BREAK_MS_MAX)
        milliseconds = SERIAL_BREAK_MS;
    if (!serial_is_writer(attached->serial, attached->line, attached))
        why = "only who writes may send a break: ask with {\"take\":true}";
    else
        why = serial_break(attached->serial, attached->line, (unsigned)milliseconds);
    if (why)
        tell(connection, why);
}

static void console_heard(struct control_connection *connection, void *state, const json_t *line)
{
    struct attached *attached = state;
    const char *input = json_string_value(json_object_get(line, "input"));
    const json_t *pause = json_object_get(line, "break");

    if (json_is_true(json_object_get(line, "take")))
        (void)serial_claim(attached->serial, attached->line, attached, attached->name, true);
    if (json_is_true(json_object_get(line, "release")))
        serial_release(attached->serial, attached->line, attached);
    if (input)
        take_input(connection, attached, input);
    if (pause)
        take_break(connection, attached, pause);
}

static void console_ended(struct control_connection *connection, void *state)
{
    struct attached *attached = state;

    (void)connection;
    serial_detach(attached->serial, attached->line, attached);
    free(attached);
}

static const struct control_stream console_stream = {
    .heard = console_heard, .more = console_more, .prompt = true, .ended = console_ended};

/* Why the host has no console to attach to, and the cure. */
static void refuse(struct control_connection *connection, const char *host)
{
    struct server *server = control_server(connection);
    struct snapshot *snapshot = server_snapshot(server);
    const struct host *declared = snapshot_host_by_name(snapshot, host);
    char name[160];

    text_printable(name, sizeof(name), slice_of_string(host));
    if (declared)
        control_refuse(connection,
                       "host %s has no serial console: write `serial \"/dev/ttyUSB0\" 9600;` or "
                       "`serial \"HOST:PORT\";` into its declaration (%s:%u), and reload",
                       name, declared->where.file, declared->where.line);
    else
        control_refuse(connection,
                       "there is no host %s: {\"request\":\"consoles\"} (bootwire console --list) "
                       "tells those that have a console",
                       name);
    snapshot_free(snapshot);
}

static void answer_console(struct control_connection *connection, const json_t *request)
{
    const char *host = json_string_value(json_object_get(request, "host"));
    const char *as = json_string_value(json_object_get(request, "as"));
    struct serial *serial = control_server(connection)->serial;
    struct serial_line *line;
    struct attached *attached;
    char name[64];

    if (!host) {
        control_refuse(connection, "\"console\" wants a \"host\"");
        return;
    }
    line = serial_attach(serial, host);
    if (!line) {
        refuse(connection, host);
        return;
    }
    attached = memory_zeroed(1, sizeof(*attached));
    attached->serial = serial;
    attached->line = line;
    text_printable(name, sizeof(name), slice_of_string(as ? as : "somebody"));
    snprintf(attached->name, sizeof(attached->name), "%s (process %d)", name,
             control_peer(connection));
    attached->at = json_is_false(json_object_get(request, "history")) ? serial_end(serial, line)
                                                                      : serial_begin(serial, line);
    if (json_is_true(json_object_get(request, "write")))
        (void)serial_claim(serial, line, attached, attached->name,
                           json_is_true(json_object_get(request, "take")));
    control_reply(connection, state_json(attached, "reply", "console"));
    control_stream(connection, &console_stream, attached);
    console_more(connection, attached);
}

const struct control_request control_request_console = {"console", answer_console};
const struct control_request control_request_consoles = {"consoles", answer_consoles};
