#include "platform/linux/link.h"

#include "base/cursor.h"
#include "base/memory.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IP_HEADER_SIZE = 20, UDP_HEADER_SIZE = 8, IP_HOPS = 64 };

struct link_sender {
    int descriptor;
};

static uint32_t address_of(const struct sockaddr *address)
{
    struct sockaddr_in in;

    memcpy(&in, address, sizeof(in));
    return ntohl(in.sin_addr.s_addr);
}

/* Fills in the link-layer address of an interface, if it is Ethernet. */
static void find_hardware(const struct ifaddrs *all, struct link_address *link)
{
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        struct sockaddr_ll packet;

        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_PACKET ||
            strcmp(at->ifa_name, link->name) != 0)
            continue;
        memcpy(&packet, at->ifa_addr, sizeof(packet));
        link->ethernet =
            packet.sll_hatype == ARPHRD_ETHER && packet.sll_halen == LINK_ETHERNET_SIZE;
        if (link->ethernet)
            memcpy(link->hardware, packet.sll_addr, LINK_ETHERNET_SIZE);
    }
}

size_t link_addresses(struct link_address **list)
{
    struct ifaddrs *all;
    size_t count = 0;

    *list = NULL;
    if (getifaddrs(&all) < 0)
        return 0;
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        struct link_address *link;

        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || !at->ifa_netmask ||
            !(at->ifa_flags & IFF_UP))
            continue;
        *list = memory_resize(*list, count + 1, sizeof(**list));
        link = &(*list)[count++];
        *link = (struct link_address){.index = if_nametoindex(at->ifa_name),
                                      .address = address_of(at->ifa_addr),
                                      .netmask = address_of(at->ifa_netmask)};
        snprintf(link->name, sizeof(link->name), "%s", at->ifa_name);
        /* "eth0:1" is an old way to write a second address of eth0. */
        link->name[strcspn(link->name, ":")] = 0;
        find_hardware(all, link);
    }
    freeifaddrs(all);
    return count;
}

struct link_sender *link_sender_open(void)
{
    /* Protocol 0: it only sends, and no frame is ever queued for it. */
    int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct link_sender *sender;

    if (descriptor < 0)
        return NULL;
    sender = memory_zeroed(1, sizeof(*sender));
    sender->descriptor = descriptor;
    return sender;
}

void link_sender_close(struct link_sender *sender)
{
    if (!sender)
        return;
    close(sender->descriptor);
    free(sender);
}

/* Adds bytes to a one's complement sum (RFC 1071). */
static uint32_t sum(uint32_t total, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2)
        total += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    if (length % 2)
        total += (uint32_t)bytes[length - 1] << 8;
    return total;
}

static uint16_t fold(uint32_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

static void put_be16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

size_t link_frame(const struct link_datagram *datagram, struct slice payload,
                  uint8_t frame[LINK_FRAME_MAX])
{
    struct writer w = writer_of(frame, LINK_FRAME_MAX);
    uint16_t udp_length = (uint16_t)(UDP_HEADER_SIZE + payload.length);
    uint8_t *ip, *udp;
    uint16_t checksum;

    if (payload.length > LINK_PAYLOAD_MAX)
        return 0;
    writer_bytes(&w, datagram->to_hardware, LINK_ETHERNET_SIZE);
    writer_bytes(&w, datagram->from_hardware, LINK_ETHERNET_SIZE);
    writer_be16(&w, ETHERTYPE_IP);
    ip = frame + w.length;
    writer_u8(&w, 0x45); /* version 4, five words (RFC 791) */
    writer_u8(&w, 0x10); /* low delay */
    writer_be16(&w, (uint16_t)(IP_HEADER_SIZE + udp_length));
    writer_be32(&w, 0); /* identification, fragments */
    writer_u8(&w, IP_HOPS);
    writer_u8(&w, IPPROTO_UDP);
    writer_be16(&w, 0); /* the checksum, below */
    writer_be32(&w, datagram->from_address);
    writer_be32(&w, datagram->to_address);
    udp = frame + w.length;
    writer_be16(&w, datagram->from_port);
    writer_be16(&w, datagram->to_port);
    writer_be16(&w, udp_length);
    writer_be16(&w, 0); /* the checksum, below */
    writer_slice(&w, payload);
    put_be16(ip + 10, fold(sum(0, ip, IP_HEADER_SIZE)));
    /* The pseudo header (RFC 768): both addresses, the protocol, the length. */
    checksum = fold(sum(sum(IPPROTO_UDP + (uint32_t)udp_length, ip + 12, 8), udp, udp_length));
    put_be16(udp + 6, checksum ? checksum : 0xffff);
    return w.failed ? 0 : w.length;
}

int link_send(struct link_sender *sender, const struct link_datagram *datagram,
              struct slice payload)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETHERTYPE_IP),
                             .sll_ifindex = (int)datagram->interface_index,
                             .sll_halen = LINK_ETHERNET_SIZE};
    uint8_t frame[LINK_FRAME_MAX];
    size_t length = link_frame(datagram, payload, frame);

    if (length == 0)
        return EMSGSIZE;
    memcpy(to.sll_addr, datagram->to_hardware, LINK_ETHERNET_SIZE);
    if (sendto(sender->descriptor, frame, length, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
        return errno;
    return 0;
}
