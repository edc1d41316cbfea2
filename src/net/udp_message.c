#include "net/udp_message.h"

#include "net/udp_socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

enum { CALL_MAX = 128 /* headers per sendmmsg() */ };

/* Room for one IP_PKTINFO and one UDP_SEGMENT. */
union message_control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
};

/* The headers of one sendmmsg(), and whose they are. */
struct message_call {
    struct mmsghdr headers[CALL_MAX];
    struct sockaddr_in peers[UDP_MESSAGES_MAX];
    union message_control controls[UDP_MESSAGES_MAX];
    size_t owners[CALL_MAX]; /* the message's number */
    size_t count;
};

static bool is_train(const struct udp_message *message)
{
    return message->datagrams > 1 && !message->uncut;
}

static void add_control(struct msghdr *header, union message_control *control, int level, int type,
                        const void *value, size_t size)
{
    struct cmsghdr *c = (struct cmsghdr *)(control->bytes + header->msg_controllen);

    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), value, size);
    header->msg_control = control;
    header->msg_controllen += CMSG_SPACE(size);
}

/* The parts of a header that all datagrams of a message share. */
static struct msghdr shared_header(struct message_call *call, const struct udp_message *message,
                                   size_t number)
{
    struct msghdr header = {.msg_name = &call->peers[number],
                            .msg_namelen = sizeof(call->peers[number])};
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(message->local_address)};
    uint16_t segment = (uint16_t)message->segment;

    call->peers[number] = udp_sockaddr(message->peer);
    memset(&call->controls[number], 0, sizeof(call->controls[number]));
    if (message->local_address)
        add_control(&header, &call->controls[number], IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    if (is_train(message))
        add_control(&header, &call->controls[number], IPPROTO_UDP, UDP_SEGMENT, &segment,
                    sizeof(segment));
    return header;
}

static void add_header(struct message_call *call, struct msghdr header, size_t number,
                       struct iovec *pieces, size_t count)
{
    header.msg_iov = pieces;
    header.msg_iovlen = count;
    call->owners[call->count] = number;
    call->headers[call->count++] = (struct mmsghdr){.msg_hdr = header};
}

/* What is left of a message, datagram by datagram. */
static void add_datagrams(struct message_call *call, struct msghdr header, size_t number,
                          const struct udp_message *message)
{
    size_t first = 0, length = 0, datagram = 0;

    for (size_t i = 0; i < message->count && call->count < CALL_MAX; i++) {
        length += message->pieces[i].iov_len;
        if (length < message->segment && i + 1 < message->count)
            continue;
        if (datagram++ >= message->left)
            add_header(call, header, number, message->pieces + first, i + 1 - first);
        first = i + 1;
        length = 0;
    }
}

/* The headers of the messages from number `begin` on. */
static void fill_call(struct message_call *call, const struct udp_message *messages, size_t begin,
                      size_t count)
{
    call->count = 0;
    for (size_t i = begin; i < count && call->count < CALL_MAX; i++) {
        struct msghdr header = shared_header(call, &messages[i], i);

        if (messages[i].datagrams == 1 || is_train(&messages[i]))
            add_header(call, header, i, messages[i].pieces, messages[i].count);
        else
            add_datagrams(call, header, i, &messages[i]);
    }
}

static void count_left(struct udp_message *message)
{
    message->left += is_train(message) ? message->datagrams : 1;
}

/* Whether an error says that this train cannot be cut: its datagrams are longer than the path
 * takes, or the interface cannot help. */
static bool cutting_refused(const struct udp_message *message, int error)
{
    return is_train(message) && (error == EINVAL || error == EMSGSIZE || error == EIO ||
                                 error == EOPNOTSUPP || error == ENOPROTOOPT);
}

bool udp_send_messages(struct udp_socket *socket, struct udp_message *messages, size_t count)
{
    struct message_call call;
    size_t begin = 0;

    for (size_t i = 0; i < count; i++)
        messages[i].left = 0;
    while (begin < count) {
        struct udp_message *message;
        int n;

        fill_call(&call, messages, begin, count);
        n = sendmmsg(socket->descriptor, call.headers, (unsigned)call.count, 0);
        for (int i = 0; i < n; i++)
            count_left(&messages[call.owners[i]]);
        message = &messages[call.owners[0]];
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return false;
        if (n < 0 && cutting_refused(message, errno))
            message->uncut = true;
        else if (n < 0 && errno != EINTR)
            count_left(message);
        while (begin < count && messages[begin].left == messages[begin].datagrams)
            begin++;
    }
    return true;
}
