/* Trains of datagrams to one peer, straight from memory of the caller's: the system cuts a train
 * into its datagrams (UDP segmentation offload), and trains to several peers leave in one call.
 * Where the system cannot cut, they leave as datagrams, many per call (sendmmsg). */
#ifndef BOOTWIRE_NET_UDP_MESSAGE_H
#define BOOTWIRE_NET_UDP_MESSAGE_H

#include "net/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
    UDP_MESSAGES_MAX = 64,      /* per udp_send_messages() */
    UDP_MESSAGE_DATAGRAMS = 64, /* per message: what every system with segmentation cuts */
};

struct udp_message {
    struct endpoint peer;
    uint32_t local_address; /* what it comes from; 0: the system's choice */
    struct iovec *pieces;   /* no piece has bytes of two datagrams */
    size_t count;
    size_t length;    /* of all pieces together, at most UDP_DATAGRAM_MAX */
    size_t datagrams; /* 1 to UDP_MESSAGE_DATAGRAMS */
    size_t segment;   /* the length of every datagram but the last, which may be shorter */
    bool uncut;  /* the system cannot cut on the way to this peer; set here too, for the caller to
                    remember */
    size_t left; /* out: the datagrams that are gone */
};

/* Sends up to UDP_MESSAGES_MAX messages in their order. False: the socket took no more (see
 * `left`); udp_await_room() says when it will. What fails otherwise counts as gone: the network
 * loses datagrams too, and clients ask again. */
bool udp_send_messages(struct udp_socket *socket, struct udp_message *messages, size_t count);

#endif
