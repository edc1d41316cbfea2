/* A packet socket for ARP or RARP frames of all interfaces: packet(7). */
#ifndef BOOTWIRE_PLATFORM_LINUX_ARP_SOCKET_H
#define BOOTWIRE_PLATFORM_LINUX_ARP_SOCKET_H

#include "base/slice.h"
#include "platform/linux/link.h"

#include <stdbool.h>

/* Ethernet types. */
enum arp_protocol { ARP_PROTOCOL = 0x0806, RARP_PROTOCOL = 0x8035 };

/* The descriptor, non-blocking; -1 with errno, EPERM without CAP_NET_RAW. Of ARP it hears replies
 * only: a link is full of questions. */
int arp_socket_open(enum arp_protocol protocol);
/* Reads the next packet, without its Ethernet header, into `buffer`, and says who sent it, and
 * where it came in; false where none waits. Frames that this host sent are passed over. */
bool arp_socket_receive(int descriptor, void *buffer, size_t size, struct slice *bytes,
                        unsigned *interface_index, uint8_t from[LINK_ETHERNET_SIZE]);
/* Sends a packet to a machine on the interface; 0, or an errno. */
int arp_socket_send(int descriptor, enum arp_protocol protocol, unsigned interface_index,
                    const uint8_t to[LINK_ETHERNET_SIZE], struct slice bytes);

#endif
