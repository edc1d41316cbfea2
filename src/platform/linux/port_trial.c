#include "platform/linux/port_trial.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int port_trial(const char *protocol, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int tcp = strcmp(protocol, "tcp") == 0, error = 0, one = 1;
    int descriptor = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return errno;
    /* Connections that are over hold a port of TCP for a while: no server minds them. */
    if (tcp)
        (void)setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(descriptor, (struct sockaddr *)&address, sizeof(address)) < 0)
        error = errno;
    close(descriptor);
    return error;
}
