/* Router discovery of IPv6, as far as a boot ROM waits for it: RFC 4861 sections 4.1, 4.2, 4.6.1.
 */
#ifndef BOOTWIRE_WIRE_ICMP6_H
#define BOOTWIRE_WIRE_ICMP6_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ICMP6_ROUTER_SOLICITATION = 133,
    ICMP6_ROUTER_ADVERTISEMENT = 134,
    ICMP6_LINK_ADDRESS_SIZE = 6,
    ICMP6_ADVERTISEMENT_SIZE = 16,
};

/* A Router Solicitation. */
struct icmp6_solicitation {
    bool has_link_address; /* its option 1 stands there, with an Ethernet address */
    uint8_t link_address[ICMP6_LINK_ADDRESS_SIZE];
};

/* Reads an ICMPv6 message without its IPv6 header (the system has checked its checksum). False
 * where it is no Router Solicitation, or a malformed one. */
bool icmp6_decode_solicitation(struct icmp6_solicitation *solicitation, struct slice packet);

/* Writes a Router Advertisement that promises nothing: no prefix, and a router lifetime of 0, "not
 * a default router". The checksum is left 0, for a raw socket fills it in (RFC 3542 section 3.1).
 * Returns its length, 0 where `capacity` is too small. */
size_t icmp6_encode_advertisement(void *to, size_t capacity);

#endif
