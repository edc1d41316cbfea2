/* ARP and Reverse ARP: RFC 826, RFC 903, for IPv4 over Ethernet. */
#ifndef BOOTWIRE_WIRE_RARP_H
#define BOOTWIRE_WIRE_RARP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RARP_SIZE = 28, RARP_HARDWARE_SIZE = 6 };

/* The operations of RFC 826, and those of RFC 903. */
enum { ARP_REQUEST = 1, ARP_REPLY = 2, RARP_REQUEST = 3, RARP_REPLY = 4 };

/* A packet without its Ethernet header. IPv4 addresses are in host byte order; a request's mean
 * nothing. */
struct rarp_packet {
    uint16_t operation;
    uint8_t sender_hardware[RARP_HARDWARE_SIZE];
    uint32_t sender_address;
    uint8_t target_hardware[RARP_HARDWARE_SIZE]; /* the machine that asks who it is */
    uint32_t target_address;                     /* the answer */
};

/* Reads a request or a reply of RARP. False where it is something else, or cut off; what follows
 * (the padding of a short frame) is left alone. */
bool rarp_decode(struct rarp_packet *packet, struct slice bytes);
/* The same of ARP. */
bool arp_decode(struct rarp_packet *packet, struct slice bytes);
/* Writes RARP_SIZE bytes; returns that, or 0 where `capacity` is too small. */
size_t rarp_encode(const struct rarp_packet *packet, void *to, size_t capacity);

#endif
