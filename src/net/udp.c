#include "net/udp.h"

#include "base/memory.h"
#include "net/loop.h"
#include "net/udp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    UDP_BATCH = 32,
    UDP_BATCH_MAX = 64,
    UDP_QUEUE_BYTES = 262144, /* payload waiting to leave; several of the longest datagrams */
    UDP_ROUNDS = 4,           /* batches read per turn, so that one socket cannot hold the loop */
    UDP_SOCKET_BUFFER = 4 << 20,
};

/* Room for one IP_PKTINFO and one SO_TIMESTAMPNS. */
union udp_control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(struct timespec))];
};

struct udp_outgoing {
    struct sockaddr_in peer;
    size_t control_length;
    size_t offset, length;     /* of its bytes in the queue's */
    union udp_control control; /* last: a cmsghdr may go on past its end */
};

struct udp_buffers {
    unsigned batch;
    size_t datagram_max;
    struct mmsghdr *headers; /* `batch` of each */
    struct iovec *iovecs;
    struct sockaddr_in *peers;
    union udp_control *controls;
    uint8_t *bytes; /* batch * datagram_max */

    struct udp_socket *sender;  /* whose datagrams wait in the queue */
    struct udp_outgoing *queue; /* UDP_BATCH_MAX */
    size_t queue_count;
    uint8_t *queue_bytes; /* UDP_QUEUE_BYTES */
    size_t queue_used;
};

struct udp_buffers *udp_buffers_new(unsigned batch, size_t datagram_max)
{
    struct udp_buffers *buffers = memory_zeroed(1, sizeof(*buffers));

    buffers->batch = batch ? batch : UDP_BATCH;
    if (buffers->batch > UDP_BATCH_MAX)
        buffers->batch = UDP_BATCH_MAX;
    buffers->datagram_max = datagram_max ? datagram_max : UDP_DATAGRAM_MAX;
    buffers->headers = memory_zeroed(buffers->batch, sizeof(*buffers->headers));
    buffers->iovecs = memory_zeroed(buffers->batch, sizeof(*buffers->iovecs));
    buffers->peers = memory_zeroed(buffers->batch, sizeof(*buffers->peers));
    buffers->controls = memory_zeroed(buffers->batch, sizeof(*buffers->controls));
    buffers->bytes = memory_zeroed(buffers->batch, buffers->datagram_max);
    buffers->queue = memory_zeroed(UDP_BATCH_MAX, sizeof(*buffers->queue));
    buffers->queue_bytes = memory_zeroed(1, UDP_QUEUE_BYTES);
    return buffers;
}

void udp_buffers_free(struct udp_buffers *buffers)
{
    if (!buffers)
        return;
    free(buffers->headers);
    free(buffers->iovecs);
    free(buffers->peers);
    free(buffers->controls);
    free(buffers->bytes);
    free(buffers->queue);
    free(buffers->queue_bytes);
    free(buffers);
}

struct sockaddr_in udp_sockaddr(struct endpoint endpoint)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(endpoint.port),
                                .sin_addr.s_addr = htonl(endpoint.address)};
}

static struct endpoint udp_endpoint(const struct sockaddr_in *address)
{
    return (struct endpoint){ntohl(address->sin_addr.s_addr), ntohs(address->sin_port)};
}

/* How long ago the kernel took the datagram in; 0 where the clock was set back since. */
static unsigned udp_waited_ms(struct cmsghdr *control)
{
    struct timespec then, now;
    int64_t waited;

    memcpy(&then, CMSG_DATA(control), sizeof(then));
    clock_gettime(CLOCK_REALTIME, &now);
    waited = (int64_t)(now.tv_sec - then.tv_sec) * 1000 + (now.tv_nsec - then.tv_nsec) / 1000000;
    return waited > 0 && waited < UINT32_MAX ? (unsigned)waited : 0;
}

static void udp_take(struct udp_socket *socket, unsigned i, bool crowded)
{
    struct udp_buffers *buffers = socket->buffers;
    struct msghdr *header = &buffers->headers[i].msg_hdr;
    struct datagram datagram = {
        .bytes = slice_of(buffers->iovecs[i].iov_base, buffers->headers[i].msg_len),
        .peer = udp_endpoint(&buffers->peers[i]),
        .crowded = crowded,
        .fresh = i == 0,
    };

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        struct in_pktinfo info;

        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            datagram.waited_ms = udp_waited_ms(c);
        if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
            continue;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        datagram.destination = ntohl(info.ipi_addr.s_addr);
        datagram.local_address = ntohl(info.ipi_spec_dst.s_addr);
        datagram.interface_index = (unsigned)info.ipi_ifindex;
    }
    socket->received(socket->argument, &datagram);
}

static int udp_receive(struct udp_socket *socket)
{
    struct udp_buffers *buffers = socket->buffers;

    for (unsigned i = 0; i < buffers->batch; i++) {
        buffers->iovecs[i] =
            (struct iovec){buffers->bytes + i * buffers->datagram_max, buffers->datagram_max};
        buffers->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &buffers->peers[i],
            .msg_namelen = sizeof(buffers->peers[i]),
            .msg_iov = &buffers->iovecs[i],
            .msg_iovlen = 1,
            .msg_control = &buffers->controls[i],
            .msg_controllen = sizeof(buffers->controls[i]),
        };
    }
    return recvmmsg(socket->descriptor, buffers->headers, buffers->batch, MSG_DONTWAIT, NULL);
}

static void udp_has_room(struct udp_socket *socket)
{
    void (*roomy)(void *argument) = socket->roomy;

    socket->roomy = NULL;
    loop_watch_change(socket->event, LOOP_READ);
    if (roomy)
        roomy(socket->roomy_argument);
}

static void udp_ready(void *argument, int what)
{
    struct udp_socket *socket = argument;
    bool closed = false;

    if (what & LOOP_WRITE)
        udp_has_room(socket);
    socket->closed = &closed;
    for (unsigned round = 0; round < socket->rounds; round++) {
        int count = udp_receive(socket);

        /* Errors here are other people's (an ICMP answer to something sent): read on. */
        for (int i = 0; i < count && !closed; i++)
            udp_take(socket, (unsigned)i, count == (int)socket->buffers->batch);
        if (closed)
            return;
        (void)udp_flush(socket);
        if (count < (int)socket->buffers->batch)
            break;
    }
    socket->closed = NULL;
}

/* A herd of machines that starts at once sends in bursts, and asks for 32 KiB at a time. Root may
 * pass the system's limit, which is a fraction of that; others get as much as it grants. */
static void udp_enlarge(int descriptor)
{
    int size = UDP_SOCKET_BUFFER;

    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static int udp_bind(const struct udp_options *options)
{
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = udp_sockaddr(options->local);
    int one = 1, error;

    if (descriptor < 0)
        return -1;
    if (!options->no_destination)
        setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
    udp_enlarge(descriptor);
    if (options->timestamps)
        setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
    if (options->reuse_port &&
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0)
        goto failed;
    if (options->broadcast &&
        setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0)
        goto failed;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof(address)) < 0)
        goto failed;
    return descriptor;

failed:
    error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

struct udp_socket *udp_open(struct loop *loop, const struct udp_options *options,
                            void (*received)(void *argument, const struct datagram *datagram),
                            void *argument)
{
    struct udp_socket *socket;
    int descriptor = udp_bind(options);

    if (descriptor < 0)
        return NULL;
    socket = memory_zeroed(1, sizeof(*socket));
    socket->descriptor = descriptor;
    socket->received = received;
    socket->argument = argument;
    socket->unsent = options->unsent;
    socket->rounds = options->rounds ? options->rounds : UDP_ROUNDS;
    socket->shared = options->buffers != NULL;
    socket->buffers = options->buffers ? options->buffers
                                       : udp_buffers_new(options->batch, options->datagram_max);
    socket->event = loop_watch(loop, descriptor, LOOP_READ, udp_ready, socket);
    return socket;
}

void udp_close(struct udp_socket *socket)
{
    if (!socket)
        return;
    (void)udp_flush(socket);
    if (socket->closed)
        *socket->closed = true;
    loop_event_free(socket->event);
    close(socket->descriptor);
    if (socket->buffers->sender == socket)
        socket->buffers->sender = NULL;
    if (!socket->shared)
        udp_buffers_free(socket->buffers);
    free(socket);
}

static void udp_pktinfo(struct udp_outgoing *out, uint32_t local_address, unsigned interface_index)
{
    struct in_pktinfo info = {.ipi_ifindex = (int)interface_index,
                              .ipi_spec_dst.s_addr = htonl(local_address)};

    memset(&out->control, 0, sizeof(out->control));
    out->control.header.cmsg_level = IPPROTO_IP;
    out->control.header.cmsg_type = IP_PKTINFO;
    out->control.header.cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(&out->control.header), &info, sizeof(info));
    out->control_length = local_address || interface_index ? CMSG_SPACE(sizeof(info)) : 0;
}

int udp_send(struct udp_socket *socket, struct endpoint peer, uint32_t local_address,
             unsigned interface_index, const struct iovec *pieces, size_t count)
{
    struct udp_buffers *buffers = socket->buffers;
    struct udp_outgoing *out;
    size_t length = 0;
    int error = 0;

    for (size_t i = 0; i < count; i++)
        length += pieces[i].iov_len;
    if (length > UDP_DATAGRAM_MAX)
        return EMSGSIZE;
    if (buffers->sender && buffers->sender != socket)
        (void)udp_flush(buffers->sender);
    buffers->sender = socket;
    if (buffers->queue_count == UDP_BATCH_MAX || length > UDP_QUEUE_BYTES - buffers->queue_used) {
        bool held = socket->held;

        error = udp_flush(socket);
        socket->held = held;
    }
    out = &buffers->queue[buffers->queue_count++];
    out->peer = udp_sockaddr(peer);
    out->offset = buffers->queue_used;
    out->length = length;
    udp_pktinfo(out, local_address, interface_index);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].iov_len > 0)
            memcpy(buffers->queue_bytes + buffers->queue_used, pieces[i].iov_base,
                   pieces[i].iov_len);
        buffers->queue_used += pieces[i].iov_len;
    }
    /* Outside the call back nobody flushes for us. */
    return socket->closed || socket->held ? error : udp_flush(socket);
}

void udp_await_room(struct udp_socket *socket, void (*roomy)(void *argument), void *argument)
{
    socket->roomy_argument = argument;
    socket->roomy = roomy;
    loop_watch_change(socket->event, LOOP_READ | LOOP_WRITE);
}

void udp_hold(struct udp_socket *socket)
{
    socket->held = true;
}

int udp_flush(struct udp_socket *socket)
{
    struct mmsghdr headers[UDP_BATCH_MAX];
    struct iovec iovecs[UDP_BATCH_MAX];
    struct udp_buffers *buffers = socket->buffers;
    size_t count = buffers->queue_count, sent = 0;
    int error = 0;

    socket->held = false;
    if (buffers->sender != socket)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct udp_outgoing *out = &buffers->queue[i];

        iovecs[i] = (struct iovec){buffers->queue_bytes + out->offset, out->length};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &out->peer,
            .msg_namelen = sizeof(out->peer),
            .msg_iov = &iovecs[i],
            .msg_iovlen = 1,
            .msg_control = out->control_length ? &out->control : NULL,
            .msg_controllen = out->control_length,
        };
    }
    while (sent < count) {
        int n = sendmmsg(socket->descriptor, headers + sent, (unsigned)(count - sent), 0);

        if (n > 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        /* This datagram cannot leave; the ones behind it may. A full buffer drops it, as the
         * network would: every client of ours asks again. */
        error = errno;
        if (socket->unsent)
            socket->unsent(socket->argument, udp_endpoint(&buffers->queue[sent].peer),
                           slice_of(iovecs[sent].iov_base, iovecs[sent].iov_len), error);
        sent++;
    }
    buffers->queue_count = 0;
    buffers->queue_used = 0;
    return error;
}
