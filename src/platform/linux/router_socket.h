/* A raw socket that hears Router Solicitations and sends advertisements: ipv6(7), RFC 3542. */
#ifndef BOOTWIRE_PLATFORM_LINUX_ROUTER_SOCKET_H
#define BOOTWIRE_PLATFORM_LINUX_ROUTER_SOCKET_H

#include "base/slice.h"

#include <netinet/in.h>
#include <stdbool.h>

/* One solicitation as it came. */
struct router_datagram {
    struct in6_addr source;
    unsigned interface_index;
    struct slice bytes; /* in the caller's buffer */
};

/* The descriptor, non-blocking; -1 with errno where the system has no IPv6 or refuses. */
int router_socket_open(void);
/* Hears the solicitations of one interface, sent to all routers; 0, or an errno. Doing it twice is
 * no error. */
int router_socket_join(int descriptor, unsigned interface_index);
/* Reads one solicitation into `buffer`; false where none waits. One that a router forwarded (RFC
 * 4861 section 6.1.1: its hop limit is not 255) comes with empty bytes. */
bool router_socket_receive(int descriptor, void *buffer, size_t size,
                           struct router_datagram *datagram);
/* Sends an ICMPv6 message to a neighbour; 0, or an errno. */
int router_socket_send(int descriptor, const struct in6_addr *to, unsigned interface_index,
                       struct slice bytes);

#endif
