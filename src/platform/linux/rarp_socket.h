/* A packet socket for RARP frames (Ethernet type 0x8035) of all interfaces: packet(7). */
#ifndef BOOTWIRE_PLATFORM_LINUX_RARP_SOCKET_H
#define BOOTWIRE_PLATFORM_LINUX_RARP_SOCKET_H

#include "base/slice.h"
#include "platform/linux/link.h"

#include <stdbool.h>

/* The descriptor, non-blocking; -1 with errno, EPERM without CAP_NET_RAW. */
int rarp_socket_open(void);
/* Reads the next packet, without its Ethernet header, into `buffer`, and says who sent it, and
 * where it came in; false where none waits. Frames that this host sent are passed over. */
bool rarp_socket_receive(int descriptor, void *buffer, size_t size, struct slice *bytes,
                         unsigned *interface_index, uint8_t from[LINK_ETHERNET_SIZE]);
/* Sends a packet to a machine on the interface; 0, or an errno. */
int rarp_socket_send(int descriptor, unsigned interface_index, const uint8_t to[LINK_ETHERNET_SIZE],
                     struct slice bytes);

#endif
