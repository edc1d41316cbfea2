#include "platform/linux/rarp_socket.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int rarp_socket_open(void)
{
    return socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETHERTYPE_REVARP));
}

bool rarp_socket_receive(int descriptor, void *buffer, size_t size, struct slice *bytes,
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

int rarp_socket_send(int descriptor, unsigned interface_index, const uint8_t to[LINK_ETHERNET_SIZE],
                     struct slice bytes)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETHERTYPE_REVARP),
                                  .sll_ifindex = (int)interface_index,
                                  .sll_halen = LINK_ETHERNET_SIZE};

    memcpy(address.sll_addr, to, LINK_ETHERNET_SIZE);
    if (sendto(descriptor, bytes.data, bytes.length, 0, (struct sockaddr *)&address,
               sizeof(address)) < 0)
        return errno;
    return 0;
}
