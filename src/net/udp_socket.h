/* A UDP socket from the inside: for net/udp.c and net/udp_message.c alone. */
#ifndef BOOTWIRE_NET_UDP_SOCKET_H
#define BOOTWIRE_NET_UDP_SOCKET_H

#include "net/udp.h"

#include <netinet/in.h>

struct udp_socket {
    struct loop_event *event;
    int descriptor;
    void (*received)(void *argument, const struct datagram *datagram);
    void (*unsent)(void *argument, struct endpoint peer, struct slice bytes, int error);
    void *argument;
    bool *closed; /* set where the call back closes the socket under udp_ready() */
    struct udp_buffers *buffers;
    unsigned rounds;
    bool held;                     /* udp_send() only queues */
    bool shared;                   /* the buffers are somebody else's to free */
    void (*roomy)(void *argument); /* to be called once the socket takes datagrams again, or NULL */
    void *roomy_argument;
};

/* The same endpoint as the system calls want it. */
struct sockaddr_in udp_sockaddr(struct endpoint endpoint);

#endif
