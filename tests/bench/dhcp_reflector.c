/* Answers DHCP without thinking: no configuration, no lease, no disk. What a load generator reaches
 * against it is the generator's own ceiling. The answers hold what the measured servers answer, for
 * a generator reads each option.
 *
 *   dhcp_reflector ADDRESS     listens on ADDRESS, port 67, and answers relays until it is ended
 */
#include "base/cursor.h"
#include "base/slice.h"
#include "wire/dhcp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, PACKET_MAX = 1500, FIXED = 240, FILE_AT = 108, REPLY_SIZE = 300 };

/* The value of option 53. */
static uint8_t type_of(struct slice packet)
{
    struct reader r = reader_of_slice(packet);

    reader_skip(&r, FIXED);
    while (!r.failed) {
        uint8_t code = reader_u8(&r);
        struct slice value;

        if (code == DHCP_OPTION_END)
            break;
        value = reader_bytes(&r, reader_u8(&r));
        if (code == DHCP_OPTION_MESSAGE_TYPE && value.length == 1)
            return value.data[0];
    }
    return 0;
}

static void write_number(struct writer *w, uint8_t code, uint32_t number)
{
    writer_u8(w, code);
    writer_u8(w, 4);
    writer_be32(w, number);
}

/* Writes the reply; every transaction gets an address of its own. */
static size_t reflect(struct slice packet, uint32_t own, uint8_t reply[PACKET_MAX])
{
    static const char domain[] = "example.org";
    struct writer w = writer_of(reply, PACKET_MAX);
    uint8_t type = type_of(packet);

    if (packet.length < FIXED || (type != DHCP_DISCOVER && type != DHCP_REQUEST))
        return 0;
    writer_u8(&w, 2);
    writer_bytes(&w, packet.data + 1, 15); /* up to ciaddr */
    writer_be32(&w, 0x0a000000u | (uint32_t)packet.data[31] << 16 | (uint32_t)packet.data[32] << 8 |
                        packet.data[33]); /* of chaddr */
    writer_be32(&w, own);                 /* siaddr */
    writer_bytes(&w, packet.data + 24, FILE_AT - 24);
    writer_string(&w, "boot");
    writer_zeros(&w, FIXED - 4 - w.length);
    writer_bytes(&w, packet.data + FIXED - 4, 4);
    writer_u8(&w, DHCP_OPTION_MESSAGE_TYPE);
    writer_u8(&w, 1);
    writer_u8(&w, type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK);
    write_number(&w, DHCP_OPTION_SERVER_IDENTIFIER, own);
    write_number(&w, DHCP_OPTION_LEASE_TIME, 3600);
    write_number(&w, DHCP_OPTION_SUBNET_MASK, 0xffff0000);
    write_number(&w, DHCP_OPTION_ROUTERS, own);
    write_number(&w, DHCP_OPTION_NAME_SERVERS, own);
    writer_u8(&w, DHCP_OPTION_DOMAIN_NAME);
    writer_u8(&w, sizeof(domain) - 1);
    writer_bytes(&w, domain, sizeof(domain) - 1);
    write_number(&w, DHCP_OPTION_RENEWAL_TIME, 1800);
    write_number(&w, DHCP_OPTION_REBINDING_TIME, 3150);
    writer_u8(&w, DHCP_OPTION_END);
    writer_zeros(&w, REPLY_SIZE - w.length);
    return w.failed ? 0 : w.length;
}

static void serve(int descriptor, uint32_t own)
{
    static uint8_t packets[BATCH][PACKET_MAX], replies[BATCH][PACKET_MAX];
    struct sockaddr_in peers[BATCH];
    struct iovec pieces[BATCH];
    struct mmsghdr in[BATCH] = {0}, out[BATCH] = {0};

    for (;;) {
        unsigned answers = 0;
        int count;

        for (int i = 0; i < BATCH; i++) {
            pieces[i] = (struct iovec){packets[i], PACKET_MAX};
            in[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                            .msg_namelen = sizeof(peers[i]),
                                            .msg_iov = &pieces[i],
                                            .msg_iovlen = 1};
        }
        count = recvmmsg(descriptor, in, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < count; i++) {
            size_t length = reflect(slice_of(packets[i], in[i].msg_len), own, replies[i]);

            if (length == 0)
                continue;
            pieces[i] = (struct iovec){replies[i], length};
            out[answers++].msg_hdr = in[i].msg_hdr;
        }
        for (unsigned sent = 0; sent < answers;) {
            int n = sendmmsg(descriptor, out + sent, answers - sent, 0);

            sent += n > 0 ? (unsigned)n : 1;
        }
    }
}

int main(int count, char **arguments)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(DHCP_SERVER_PORT)};
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;

    if (count != 2 || inet_pton(AF_INET, arguments[1], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: dhcp_reflector ADDRESS\n");
        return 2;
    }
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof(address)) < 0) {
        perror("dhcp_reflector");
        return 1;
    }
    serve(descriptor, ntohl(address.sin_addr.s_addr));
}
