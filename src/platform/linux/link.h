/* The links: which interfaces and addresses this host has, and frames to a machine that has no
 * address yet. Linux: getifaddrs(3), packet(7). */
#ifndef BOOTWIRE_PLATFORM_LINUX_LINK_H
#define BOOTWIRE_PLATFORM_LINUX_LINK_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_NAME_SIZE = 16, LINK_ETHERNET_SIZE = 6 };

/* One IPv4 address of one interface; an interface with two addresses is listed twice. */
struct link_address {
    char name[LINK_NAME_SIZE];
    unsigned index;
    uint32_t address, netmask;            /* host byte order */
    bool ethernet;                        /* frames of this kind can be sent */
    uint8_t hardware[LINK_ETHERNET_SIZE]; /* where `ethernet` */
};

/* The addresses of all interfaces that are up. Allocated; release with free(). Returns their
 * number; 0 also where the system refuses, with errno. */
size_t link_addresses(struct link_address **list);

/* Sends frames. One object serves all interfaces. */
struct link_sender;

/* NULL with errno; EPERM where the process lacks CAP_NET_RAW. */
struct link_sender *link_sender_open(void);
/* NULL is allowed. */
void link_sender_close(struct link_sender *sender);

/* Where a datagram goes, and what it says about its origin. Addresses and ports in host byte order.
 */
struct link_datagram {
    unsigned interface_index;
    uint8_t from_hardware[LINK_ETHERNET_SIZE];
    uint8_t to_hardware[LINK_ETHERNET_SIZE];
    uint32_t from_address, to_address;
    uint16_t from_port, to_port;
};

enum { LINK_PAYLOAD_MAX = 1472, LINK_FRAME_MAX = 1514 };

/* Writes the whole Ethernet frame (IP and UDP checksums included) into `frame`; returns its length,
 * 0 where the payload is longer than LINK_PAYLOAD_MAX. */
size_t link_frame(const struct link_datagram *datagram, struct slice payload,
                  uint8_t frame[LINK_FRAME_MAX]);
/* Sends it. Returns 0, or an errno. */
int link_send(struct link_sender *sender, const struct link_datagram *datagram,
              struct slice payload);

#endif
