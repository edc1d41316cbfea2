/* The storm's sockets: frames for DHCP and ARP, where machines have addresses of their own on the
 * link, and two sockets of the kernel for all that comes later. */
#include "../bench/measure.h"
#include "base/cursor.h"
#include "base/memory.h"
#include "storm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FRAME = 1600,
    IP_HEADER = 20,
    UDP_HEADER = 8,
    BATCH = 64,
    ROOM = 65536,
    BUFFER = 128 << 20,
    ARP_BYTES = 28,
};

static int packet_socket(const struct storm *storm, int protocol)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons((uint16_t)protocol),
                                  .sll_ifindex = storm->link};
    struct packet_mreq all = {.mr_ifindex = storm->link, .mr_type = PACKET_MR_PROMISC};
    int made = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), room = BUFFER;

    if (made < 0 || setsockopt(made, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0)
        measure_fail("a packet socket: %s", strerror(errno));
    setsockopt(made, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    /* Datagrams to port 68: the rest of the traffic would only fill the socket. */
    if (protocol == ETH_P_IP) {
        struct sock_filter steps[] = {
            BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 9),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
            BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETH_HLEN),
            BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETH_HLEN + 2),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, FRAME),
            BPF_STMT(BPF_RET | BPF_K, 0),
        };
        struct sock_fprog filter = {.len = sizeof(steps) / sizeof(steps[0]), .filter = steps};

        if (setsockopt(made, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
            measure_fail("a packet filter: %s", strerror(errno));
    }
    if (bind(made, (struct sockaddr *)&address, sizeof(address)) < 0)
        measure_fail("a packet socket on %s: %s", storm->interface, strerror(errno));
    return made;
}

static int udp_socket(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int made = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1, room = BUFFER;

    if (made < 0 || bind(made, (struct sockaddr *)&any, sizeof(any)) < 0)
        measure_fail("udp port %u: %s", port, strerror(errno));
    setsockopt(made, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
    setsockopt(made, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    return made;
}

void storm_open(struct storm *storm)
{
    storm->link = (int)if_nametoindex(storm->interface);
    if (!storm->link)
        measure_fail("there is no interface %s", storm->interface);
    storm->dhcp = packet_socket(storm, ETH_P_IP);
    storm->arp = packet_socket(storm, ETH_P_ARP);
    storm->tftp = udp_socket(STORM_CLIENT_PORT);
    storm->rpc = udp_socket(STORM_RPC_PORT);
}

/* ------------------------------------------------------------------------------------- sending */

static uint16_t ip_checksum(const uint8_t *header)
{
    struct reader r = reader_of(header, IP_HEADER);
    uint32_t sum = 0;

    while (reader_left(&r) > 0)
        sum += reader_be16(&r);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void write_ip(struct writer *w, uint32_t from, size_t length, uint16_t checksum)
{
    writer_be16(w, 0x4500);
    writer_be16(w, (uint16_t)(IP_HEADER + UDP_HEADER + length));
    writer_be32(w, 0);
    writer_u8(w, 64);
    writer_u8(w, IPPROTO_UDP);
    writer_be16(w, checksum);
    writer_be32(w, from);
    writer_be32(w, INADDR_BROADCAST);
}

void storm_send_dhcp(const struct storm *storm, const struct machine *machine, bool own_source,
                     const uint8_t *message, size_t length)
{
    uint8_t frame[FRAME], header[IP_HEADER];
    struct writer w = writer_of(header, sizeof(header));
    uint32_t from = own_source ? machine->address : 0;

    write_ip(&w, from, length, 0);
    w = writer_of(frame, sizeof(frame));
    writer_bytes(&w, "\xff\xff\xff\xff\xff\xff", ETH_ALEN);
    writer_bytes(&w, machine->mac, ETH_ALEN);
    writer_be16(&w, ETH_P_IP);
    write_ip(&w, from, length, ip_checksum(header));
    writer_be16(&w, 68);
    writer_be16(&w, 67);
    writer_be16(&w, (uint16_t)(UDP_HEADER + length));
    writer_be16(&w, 0); /* no checksum: RFC 768 */
    writer_bytes(&w, message, length);
    if (w.failed || send(storm->dhcp, frame, w.length, 0) < 0)
        measure_fail("a DHCP message could not be sent: %s", strerror(errno));
}

void storm_send(const struct storm *storm, const struct machine *machine, int socket, uint16_t port,
                const uint8_t *bytes, size_t length)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr = storm->server, .sin_port = htons(port)};
    struct iovec piece = {(void *)bytes, length};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)),
                            .cmsg_level = IPPROTO_IP,
                            .cmsg_type = IP_PKTINFO}};
    struct in_pktinfo from = {.ipi_spec_dst.s_addr = htonl(machine->address)};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = sizeof(to),
                             .msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};

    memcpy(CMSG_DATA(&control.header), &from, sizeof(from));
    /* What the kernel has no room for is lost, as on any network. */
    if (sendmsg(socket, &message, 0) < 0 && errno != EAGAIN && errno != ENOBUFS)
        measure_fail("a datagram could not be sent: %s", strerror(errno));
}

/* ----------------------------------------------------------------------------------- receiving */

void storm_take_dhcp(struct storm *storm, uint64_t now)
{
    uint8_t frame[FRAME];
    ssize_t n;

    while ((n = recv(storm->dhcp, frame, sizeof(frame), 0)) > 0) {
        struct reader r = reader_of(frame, (size_t)n);
        size_t header;
        uint32_t number;

        reader_skip(&r, ETH_HLEN);
        header = (reader_u8(&r) & 15u) * 4;
        reader_skip(&r, header - 1 + UDP_HEADER);
        if (r.failed || reader_left(&r) < 34)
            continue;
        /* chaddr ends with the machine's number. */
        number = (uint32_t)r.data[r.offset + 32] << 8 | r.data[r.offset + 33];
        if (number < storm->count &&
            !memcmp(r.data + r.offset + 28, storm->machines[number].mac, 6))
            machine_take_dhcp(storm, &storm->machines[number],
                              slice_of(r.data + r.offset, reader_left(&r)), now);
    }
}

void storm_answer_arp(struct storm *storm)
{
    uint8_t frame[FRAME], answer[ETH_HLEN + ARP_BYTES];
    ssize_t n;

    while ((n = recv(storm->arp, frame, sizeof(frame), 0)) > 0) {
        struct reader r = reader_of(frame, (size_t)n);
        struct writer w = writer_of(answer, sizeof(answer));
        uint8_t asker[ETH_ALEN];
        uint32_t asker_address, target;
        const struct machine *machine;

        reader_skip(&r, ETH_HLEN + 6);
        if (reader_be16(&r) != 1) /* a request */
            continue;
        reader_copy(&r, asker, sizeof(asker));
        asker_address = reader_be32(&r);
        reader_skip(&r, ETH_ALEN);
        target = reader_be32(&r);
        machine = storm->by_address[target & 0xffff];
        if (r.failed || !machine || machine->address != target)
            continue;
        writer_bytes(&w, asker, ETH_ALEN);
        writer_bytes(&w, machine->mac, ETH_ALEN);
        writer_be16(&w, ETH_P_ARP);
        writer_be16(&w, 1);
        writer_be16(&w, ETH_P_IP);
        writer_be16(&w, 0x0604);
        writer_be16(&w, 2);
        writer_bytes(&w, machine->mac, ETH_ALEN);
        writer_be32(&w, target);
        writer_bytes(&w, asker, ETH_ALEN);
        writer_be32(&w, asker_address);
        if (send(storm->arp, answer, w.length, 0) < 0)
            measure_fail("an ARP answer could not be sent: %s", strerror(errno));
    }
}

/* The machine that a datagram is for. */
static struct machine *receiver(struct storm *storm, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
            return storm
                ->by_address[ntohl(((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr.s_addr) & 0xffff];
    }
    return NULL;
}

static void take(struct storm *storm, int socket, uint64_t now)
{
    static uint8_t *bytes;
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    struct sockaddr_in peers[BATCH];
    char controls[BATCH][64];
    int n;

    if (!bytes)
        bytes = memory_zeroed(BATCH, ROOM);
    for (unsigned i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){bytes + (size_t)i * ROOM, ROOM};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                              .msg_namelen = sizeof(peers[i]),
                                              .msg_iov = &pieces[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i],
                                              .msg_controllen = sizeof(controls[i])};
    }
    n = recvmmsg(socket, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        struct machine *machine = receiver(storm, &messages[i].msg_hdr);
        struct slice packet = slice_of(pieces[i].iov_base, messages[i].msg_len);

        if (machine && socket == storm->tftp)
            machine_take_tftp(storm, machine, packet, ntohs(peers[i].sin_port), now);
        else if (machine)
            machine_take_rpc(storm, machine, packet, now);
    }
}

void storm_take_tftp(struct storm *storm, uint64_t now)
{
    take(storm, storm->tftp, now);
}

void storm_take_rpc(struct storm *storm, uint64_t now)
{
    take(storm, storm->rpc, now);
}
