#include "watch/client.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PIECE = 64 << 10,
    ANSWER_SECONDS = 10, /* for one answer; a server that is stopped gives none */
};

static const char *cure_of(int error)
{
    switch (error) {
    case ENOENT:
    case ECONNREFUSED:
        return "; no server runs with this state directory: -c, --state or --control say which one "
               "is meant";
    case EACCES:
    case EPERM:
        return "; it is for the user who started the server";
    default:
        return "";
    }
}

int client_connect(struct client *client, const char *path, char *error, size_t error_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int reason;

    *client = (struct client){.descriptor = -1};
    if (strlen(path) >= sizeof(address.sun_path)) {
        snprintf(error, error_size, "the control socket's path %s is longer than %zu bytes", path,
                 sizeof(address.sun_path) - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    client->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->descriptor >= 0 &&
        connect(client->descriptor, (struct sockaddr *)&address, sizeof(address)) == 0)
        return 0;
    snprintf(error, error_size, "the control socket %s: %s%s", path, strerror(errno),
             cure_of(errno));
    reason = errno;
    client_close(client);
    errno = reason;
    return -1;
}

void client_close(struct client *client)
{
    if (client->descriptor >= 0)
        close(client->descriptor);
    free(client->bytes);
    *client = (struct client){.descriptor = -1};
}

int client_send(struct client *client, json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    size_t length = text ? strlen(text) : 0, sent = 0;
    int result = -1;

    json_decref(line);
    if (!text) {
        errno = EINVAL;
        return -1;
    }
    text[length++] = '\n'; /* in the NUL's place */
    while (sent < length) {
        ssize_t n = send(client->descriptor, text + sent, length - sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        sent += (size_t)n;
    }
    if (sent == length || errno == EPIPE)
        result = 0;
    free(text);
    return result;
}

int client_receive(struct client *client)
{
    ssize_t n;

    if (client->length == client->room) {
        if (client->room >= CLIENT_LINE_MAX) {
            errno = EMSGSIZE;
            return -1;
        }
        client->room = client->room ? 2 * client->room : PIECE;
        client->bytes = memory_resize(client->bytes, client->room, 1);
    }
    n = recv(client->descriptor, client->bytes + client->length, client->room - client->length, 0);
    if (n < 0 && errno == EINTR)
        return 0;
    if (n == 0)
        errno = 0;
    if (n <= 0)
        return -1;
    client->length += (size_t)n;
    return 0;
}

json_t *client_next(struct client *client)
{
    char *end = client->length > client->searched ? memchr(client->bytes + client->searched, '\n',
                                                           client->length - client->searched)
                                                  : NULL;
    json_t *line;
    size_t length;

    client->searched = client->length;
    if (!end)
        return NULL;
    length = (size_t)(end - client->bytes);
    line = json_loadb(client->bytes, length, 0, NULL);
    client->length -= length + 1;
    memmove(client->bytes, end + 1, client->length);
    client->searched = 0;
    return line ? line : client_next(client);
}

json_t *client_ask(const char *path, json_t *request, char *error, size_t error_size)
{
    const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    struct client client;
    json_t *answer = NULL;
    const char *refusal;

    if (client_connect(&client, path, error, error_size) < 0) {
        json_decref(request);
        return NULL;
    }
    (void)setsockopt(client.descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (client_send(&client, request) == 0) {
        while (!answer && client_receive(&client) == 0)
            answer = client_next(&client);
    }
    client_close(&client);
    if (!answer) {
        snprintf(error, error_size, "the server at %s gave no answer", path);
        errno = ETIMEDOUT;
        return NULL;
    }
    refusal = json_string_value(json_object_get(answer, "error"));
    if (refusal) {
        snprintf(error, error_size, "%s", refusal);
        json_decref(answer);
        errno = EPROTO;
        return NULL;
    }
    return answer;
}
