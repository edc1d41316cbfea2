#include "platform/linux/router_socket.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NEIGHBOUR_HOPS = 255 };

int router_socket_open(void)
{
    int descriptor = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
    int on = 1, off = 0, hops = NEIGHBOUR_HOPS, error;
    struct icmp6_filter filter;

    if (descriptor < 0)
        return -1;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
    if (setsockopt(descriptor, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) == 0 &&
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) == 0 &&
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) == 0 &&
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off)) == 0 &&
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops)) == 0)
        return descriptor;
    error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

int router_socket_join(int descriptor, unsigned interface_index)
{
    /* ff02::2, all routers of the link (RFC 4291 section 2.7.1) */
    struct ipv6_mreq request = {.ipv6mr_interface = interface_index};

    request.ipv6mr_multiaddr.s6_addr[0] = 0xff;
    request.ipv6mr_multiaddr.s6_addr[1] = 0x02;
    request.ipv6mr_multiaddr.s6_addr[15] = 0x02;
    if (setsockopt(descriptor, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof(request)) < 0 &&
        errno != EADDRINUSE)
        return errno;
    return 0;
}

bool router_socket_receive(int descriptor, void *buffer, size_t size,
                           struct router_datagram *datagram)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec piece = {buffer, size};
    struct sockaddr_in6 from;
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof(from),
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t length = recvmsg(descriptor, &message, 0);
    int hops = 0;

    if (length < 0)
        return false;
    *datagram = (struct router_datagram){.source = from.sin6_addr};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        struct in6_pktinfo info;

        if (c->cmsg_level != IPPROTO_IPV6)
            continue;
        if (c->cmsg_type == IPV6_PKTINFO) {
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            datagram->interface_index = info.ipi6_ifindex;
        } else if (c->cmsg_type == IPV6_HOPLIMIT) {
            memcpy(&hops, CMSG_DATA(c), sizeof(hops));
        }
    }
    datagram->bytes = slice_of(buffer, hops == NEIGHBOUR_HOPS ? (size_t)length : 0);
    return true;
}

int router_socket_send(int descriptor, const struct in6_addr *to, unsigned interface_index,
                       struct slice bytes)
{
    struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_addr = *to, .sin6_scope_id = interface_index};

    if (sendto(descriptor, bytes.data, bytes.length, 0, (struct sockaddr *)&address,
               sizeof(address)) < 0)
        return errno;
    return 0;
}
