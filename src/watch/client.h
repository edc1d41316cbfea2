/* A client of a running server's control socket (doc/control-protocol.md). */
#ifndef BOOTWIRE_WATCH_CLIENT_H
#define BOOTWIRE_WATCH_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { CLIENT_LINE_MAX = 64 << 20 }; /* bytes of one line: every machine with its verdict */

/* A connection; all zero but for `descriptor` -1 is none. */
struct client {
    int descriptor; /* may be waited for with poll(2): then client_receive() */
    char *bytes;    /* what came of a line */
    size_t length, room, searched;
};

/* Connects to the socket at `path`. Returns 0, or -1 with errno (ENOENT and ECONNREFUSED: no server
 * is there) and a message that names the socket and the
 * cure in `error` (`error_size` bytes). */
int client_connect(struct client *client, const char *path, char *error, size_t error_size);
/* Closes; may be called twice. */
void client_close(struct client *client);

/* Sends one line; takes the object over. 0, or -1 with errno. A server that has hung up is no error
 * here: what it said before that, perhaps why, is still to be read. */
int client_send(struct client *client, json_t *line);
/* Waits for what comes next. 0, also where a signal came instead; or -1 where the server is gone
 * (errno 0) or the read failed. */
int client_receive(struct client *client);
/* The next whole line that came, for the caller to json_decref(); NULL: none yet. */
json_t *client_next(struct client *client);

/* One question and its answer: connects, sends `request` (taken over), waits for one line, closes.
 * NULL with errno, as above, and a message in `error`, also where the server answers {"error": ...}
 * (EPROTO) or nothing for ten seconds (ETIMEDOUT). */
json_t *client_ask(const char *path, json_t *request, char *error, size_t error_size);

#endif
