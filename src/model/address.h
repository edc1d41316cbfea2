/* Addresses as values: IPv4 and link-layer. */
#ifndef BOOTWIRE_MODEL_ADDRESS_H
#define BOOTWIRE_MODEL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* IPv4 addresses are uint32_t in host byte order everywhere: 10.50.1.1 is 0x0a320101. 0 is "none".
 * Encoders write them with writer_be32(). */
enum { IPV4_TEXT_SIZE = 16 };
#define IPV4_BROADCAST 0xffffffffu

/* "10.50.1.1" into `to`; returns `to`. */
char *ipv4_text(char to[IPV4_TEXT_SIZE], uint32_t address);
/* Four dotted decimal numbers, nothing around them; false where it is something else. */
bool ipv4_parse(const char *text, size_t length, uint32_t *address);

enum {
    HARDWARE_ETHERNET = 1, /* BOOTP htype (RFC 1700 "hardware type") */
    HARDWARE_TOKEN_RING = 6,
    HARDWARE_FDDI = 8,
    HARDWARE_INFINIBAND = 32,
    HARDWARE_ADDRESS_MAX = 16, /* bytes of BOOTP's chaddr */
    HARDWARE_TEXT_SIZE = 3 * HARDWARE_ADDRESS_MAX + 1,
};

/* A link-layer address: BOOTP's htype, hlen and chaddr. Bytes past `length` are zero. */
struct hardware {
    uint8_t type;
    uint8_t length;
    uint8_t address[HARDWARE_ADDRESS_MAX];
};

bool hardware_equal(const struct hardware *a, const struct hardware *b);
/* An Ethernet address, "22:22:22:22:00:00" or with dashes; false where it is something else. */
bool hardware_parse(const char *text, struct hardware *hardware);
/* "22:22:22:22:00:00" into `to` (an empty string for no address); returns `to`. */
char *hardware_text(char to[HARDWARE_TEXT_SIZE], const struct hardware *hardware);

#endif
