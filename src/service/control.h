/* The control socket: a Unix stream socket by which programs on this machine ask a running server
 * what it does (doc/control-protocol.md). It has a thread and a loop of its own, and nobody who
 * reads slowly, or not at all, holds up anything but the own connection. */
#ifndef BOOTWIRE_SERVICE_CONTROL_H
#define BOOTWIRE_SERVICE_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct server;

enum {
    CONTROL_CONNECTIONS_MAX = 64,
    CONTROL_LINE_MAX = 64 << 10,  /* bytes of one line of a client's */
    CONTROL_OUT_MAX = 4 << 20,    /* bytes that may wait for a client; a whole answer always may */
    CONTROL_OUT_CALM = 256 << 10, /* streams pause beyond that */
};

struct control_connection;

/* A kind of request: its name, and who answers it. In the control thread. */
struct control_request {
    const char *name;
    /* `request` is the client's object. Answers by control_reply(), and then either ends the
     * connection by control_end() or keeps it by control_stream(). */
    void (*answer)(struct control_connection *connection, const json_t *request);
};

extern const struct control_request control_request_status;
extern const struct control_request control_request_machines;
extern const struct control_request control_request_machine;
extern const struct control_request control_request_metrics;
extern const struct control_request control_request_watch;
extern const struct control_request control_request_console;
extern const struct control_request control_request_consoles;

/* A conversation that goes on; in the control thread. */
struct control_stream {
    /* A further line of the client's; NULL: there are none. */
    void (*heard)(struct control_connection *connection, void *state, const json_t *line);
    /* There may be something to send, and there is room for it. Called after steps, when
     * the client has taken what waited, and every second; NULL: never. */
    void (*more)(struct control_connection *connection, void *state);
    /* Called at once when a console says something: keys are waited for by a person. */
    bool prompt;
    /* The connection is gone: free the state. */
    void (*ended)(struct control_connection *connection, void *state);
};

struct server *control_server(const struct control_connection *connection);
/* The process at the other end; 0: unknown. */
int control_peer(const struct control_connection *connection);

/* Sends one line; takes the object over. A client that lets more than CONTROL_OUT_MAX wait is cut
 * off. */
void control_reply(struct control_connection *connection, json_t *line);
/* {"error": TEXT}, and the end. */
void control_refuse(struct control_connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Closes once everything is sent. */
void control_end(struct control_connection *connection);
/* Keeps the connection; `stream` is a constant. */
void control_stream(struct control_connection *connection, const struct control_stream *stream,
                    void *state);
/* Whether a stream may send: less than CONTROL_OUT_CALM waits. */
bool control_has_room(const struct control_connection *connection);

#endif
