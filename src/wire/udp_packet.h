/* A UDP datagram in its IPv4 packet, as a packet socket gives it: RFC 791 section 3.1, RFC 768. */
#ifndef BOOTWIRE_WIRE_UDP_PACKET_H
#define BOOTWIRE_WIRE_UDP_PACKET_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Addresses and ports are in host byte order. */
struct udp_packet {
    uint32_t from_address, to_address;
    uint16_t from_port, to_port;
    struct slice payload; /* in the bytes that were read */
};

/* Reads a packet from its IPv4 header on; what follows the datagram (the padding of a short frame)
 * is left alone. Checksums are not looked at, for they may be hardware's. False where it is
 * something else, cut short, or a fragment. */
bool udp_packet_decode(struct udp_packet *packet, struct slice bytes);

#endif
