#include "platform/linux/arp_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int arp_socket_open(enum arp_protocol protocol)
{
    /* The operation stands at byte 6 of the packet (RFC 826): 2 is a reply. */
    static struct sock_filter replies[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {sizeof(replies) / sizeof(replies[0]), replies};
    int descriptor =
        socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons((uint16_t)protocol));
    int error;

    if (descriptor < 0 || protocol != ARP_PROTOCOL)
        return descriptor;
    if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0)
        return descriptor;
    error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

bool arp_socket_receive(int descriptor, void *buffer, size_t size, struct slice *bytes,
                        unsigned *interface_index, uint8_t from[LINK_ETHERNET_SIZE])
{
    struct sockaddr_ll sender = {.sll_family = AF_PACKET};
    socklen_t sender_length = sizeof(sender);
    ssize_t length;

    do {
        length = recvfrom(descriptor, buffer, size, 0, (struct sockaddr *)&sender, &sender_length);
        if (length < 0)
            return false;
    } while (sender.sll_pkttype == PACKET_OUTGOING);
    *bytes = slice_of(buffer, (size_t)length);
    *interface_index = (unsigned)sender.sll_ifindex;
    memcpy(from, sender.sll_addr, LINK_ETHERNET_SIZE);
    return true;
}

int arp_socket_send(int descriptor, enum arp_protocol protocol, unsigned interface_index,
                    const uint8_t to[LINK_ETHERNET_SIZE], struct slice bytes)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons((uint16_t)protocol),
                                  .sll_ifindex = (int)interface_index,
                                  .sll_halen = LINK_ETHERNET_SIZE};

    memcpy(address.sll_addr, to, LINK_ETHERNET_SIZE);
    if (sendto(descriptor, bytes.data, bytes.length, 0, (struct sockaddr *)&address,
               sizeof(address)) < 0)
        return errno;
    return 0;
}
