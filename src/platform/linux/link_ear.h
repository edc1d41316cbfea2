/* Hears what DHCP servers send to clients on one interface, whichever address that goes to:
 * packet(7). */
#ifndef BOOTWIRE_PLATFORM_LINUX_LINK_EAR_H
#define BOOTWIRE_PLATFORM_LINUX_LINK_EAR_H

#include "base/slice.h"
#include "platform/linux/link.h"

#include <stdbool.h>

/* One datagram to the DHCP client's port. */
struct link_heard {
    uint8_t from_hardware[LINK_ETHERNET_SIZE];
    struct slice packet; /* in the caller's buffer, from its IPv4 header on; it may be malformed */
};

/* The descriptor, non-blocking; -1 with errno, EPERM without CAP_NET_RAW. */
int link_ear_open(unsigned interface_index);
/* Reads the next one into `buffer`; false where none waits. Its checksum is not looked at: an
 * interface may leave that to hardware. */
bool link_ear_receive(int descriptor, void *buffer, size_t size, struct link_heard *heard);

#endif
