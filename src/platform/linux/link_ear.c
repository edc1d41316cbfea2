#include "platform/linux/link_ear.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DHCP_CLIENT = 68, FRAGMENT_BITS = 0x3fff };

/* IPv4, UDP, no fragment, to port 68; the packets come without their Ethernet header. */
static int filter_clients(int descriptor)
{
    static struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FRAGMENT_BITS, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP_CLIENT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {sizeof(steps) / sizeof(steps[0]), steps};

    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

int link_ear_open(unsigned interface_index)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETHERTYPE_IP),
                                  .sll_ifindex = (int)interface_index};
    /* Protocol 0: nothing is queued before the filter is there. */
    int descriptor = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

    if (descriptor < 0)
        return -1;
    if (filter_clients(descriptor) == 0 &&
        bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0)
        return descriptor;
    error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

bool link_ear_receive(int descriptor, void *buffer, size_t size, struct link_heard *heard)
{
    struct sockaddr_ll sender = {.sll_family = AF_PACKET};
    socklen_t sender_length = sizeof(sender);
    ssize_t length;

    do {
        length = recvfrom(descriptor, buffer, size, 0, (struct sockaddr *)&sender, &sender_length);
        if (length < 0)
            return false;
    } while (sender.sll_pkttype == PACKET_OUTGOING);
    heard->packet = slice_of(buffer, (size_t)length);
    memcpy(heard->from_hardware, sender.sll_addr, LINK_ETHERNET_SIZE);
    return true;
}
