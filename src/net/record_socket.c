/* The sockets of the record streams: how they are opened, and when they wake their loop. */
#include "net/record_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* More would gain little, and keep the reader from working beside the sender: of a megabyte all
     * at once is slower again. */
    RECORD_WAKE_MAX = 131072,
};

int record_bind(const struct record_options *options, struct endpoint *local)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(options->local.port),
                                  .sin_addr.s_addr = htonl(options->local.address)};
    socklen_t length = sizeof(address);
    int one = 1, error;

    if (descriptor < 0)
        return -1;
    /* Connections of a server that ended a moment ago do not hold the port. */
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if ((options->reuse_port &&
         setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0) ||
        bind(descriptor, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(descriptor, RECORD_BACKLOG) < 0 ||
        getsockname(descriptor, (struct sockaddr *)&address, &length) < 0) {
        error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    *local = (struct endpoint){ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
    return descriptor;
}

void record_wake_at(struct record_connection *connection, size_t length)
{
    int bytes = length < RECORD_WAKE_MAX ? (int)length : RECORD_WAKE_MAX;

    if (connection->wake_at == bytes)
        return;
    connection->wake_at = bytes;
    setsockopt(connection->descriptor, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}
