/* The interfaces of this host, those without an address among them: rtnetlink(7). */
#ifndef BOOTWIRE_PLATFORM_LINUX_LINK_STATE_H
#define BOOTWIRE_PLATFORM_LINUX_LINK_STATE_H

#include "platform/linux/link.h"

struct link_state {
    char name[LINK_NAME_SIZE];
    unsigned index;
    bool up;      /* switched on: ip link set NAME up */
    bool carrier; /* where up: a cable with something at its other end, or what stands for it */
    bool loopback, ethernet;
    bool enslaved;    /* part of a bridge or bond, which has the address in its place */
    bool has_address; /* of IPv4 */
    uint32_t address; /* the first one, host byte order */
    uint8_t hardware[LINK_ETHERNET_SIZE];
};

/* Every interface of this network namespace. Allocated; release with free(). Returns their number;
 * 0 also where the system refuses, with errno. */
size_t link_states(struct link_state **list);

#endif
