/* UDP sockets that read and write whole batches of datagrams (recvmmsg, sendmmsg) and know the
 * local address and the interface each one came to. */
#ifndef BOOTWIRE_NET_UDP_H
#define BOOTWIRE_NET_UDP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct loop;
struct udp_buffers;
struct udp_socket;

enum { UDP_DATAGRAM_MAX = 65507 };

/* An endpoint: an IPv4 address and a port, both in host byte order. */
struct endpoint {
    uint32_t address;
    uint16_t port;
};

struct datagram {
    struct slice bytes; /* good until the call back returns */
    struct endpoint peer;
    uint32_t destination;   /* the address the peer sent to: unicast, or a broadcast address */
    uint32_t local_address; /* ours on the interface it came to: what an answer should come from */
    unsigned interface_index;
    unsigned waited_ms; /* in the socket, where `timestamps` are wanted; else 0 */
    bool crowded;       /* a whole batch was there to be read: more may wait behind it */
    bool fresh;         /* the first of those that were read at once */
};

struct udp_options {
    struct endpoint local; /* address 0: any; port 0: one that is free */
    bool reuse_port;       /* SO_REUSEPORT: one socket per data thread */
    bool broadcast;        /* SO_BROADCAST */
    bool no_destination;   /* datagrams need not say what address and interface they came to */
    bool timestamps;       /* wanted: how long each datagram waited (SO_TIMESTAMPNS) */
    unsigned batch;        /* datagrams per system call, 1 to 64; 0: 32 */
    unsigned rounds;       /* batches read in one turn, if so many wait; 0: 4 */
    size_t datagram_max;   /* the longest one wanted; longer ones are cut. 0: UDP_DATAGRAM_MAX */
    /* A queued datagram could not be sent, for this errno; NULL: nobody wants to know. It must not
     * send, and must not close the socket. */
    void (*unsent)(void *argument, struct endpoint peer, struct slice bytes, int error);
    struct udp_buffers *buffers; /* shared ones, which then decide the two above; NULL: own ones */
};

/* The memory that batches are received into and sent from. Sockets of one loop may share it, since
 * only one of them is being served at a time: then a socket costs little more than its descriptor.
 * `batch` and `datagram_max` as in struct udp_options. */
struct udp_buffers *udp_buffers_new(unsigned batch, size_t datagram_max);
/* After all sockets that share them were closed. NULL is allowed. */
void udp_buffers_free(struct udp_buffers *buffers);

/* Opens and binds a socket and calls back with each datagram. Returns NULL with errno. */
struct udp_socket *udp_open(struct loop *loop, const struct udp_options *options,
                            void (*received)(void *argument, const struct datagram *datagram),
                            void *argument);
/* Sends what udp_send() queued, closes, frees; may be called from its own call back. NULL is
 * allowed. */
void udp_close(struct udp_socket *socket);
/* Queues a datagram made of `count` pieces (copied now, all together at most UDP_DATAGRAM_MAX
 * bytes) to the peer, from `local_address` (0: the system's choice) out of interface
 * `interface_index` (0: by route). The queue leaves when the call back that runs has seen its
 * batch, or when full, or through udp_flush(). Returns 0, or an errno of a send that failed at
 * once. */
int udp_send(struct udp_socket *socket, struct endpoint peer, uint32_t local_address,
             unsigned interface_index, const struct iovec *pieces, size_t count);
/* Calls roomy(argument) once, as soon as the socket takes datagrams again that udp_send_messages()
 * (net/udp_message.h) could not get rid of. It must not close the socket. */
void udp_await_room(struct udp_socket *socket, void (*roomy)(void *argument), void *argument);
/* From now on udp_send() only queues, outside of the call back too, until udp_flush(). */
void udp_hold(struct udp_socket *socket);
/* Sends what is queued; returns 0 or the errno of the last datagram that failed. */
int udp_flush(struct udp_socket *socket);

#endif
