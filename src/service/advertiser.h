/* One Router Advertisement for a machine in its ROM. iPXE waits up to 15 seconds for one before it
 * goes on with what DHCP told it; one that promises nothing ends the wait, and being unicast it
 * touches no other host of the link. */
#ifndef BOOTWIRE_SERVICE_ADVERTISER_H
#define BOOTWIRE_SERVICE_ADVERTISER_H

#include "model/address.h"

#include <stdbool.h>

struct advertiser;
struct loop;

/* `wants` says whether the machine with that address waits in its ROM. NULL with errno where raw
 * sockets or IPv6 are not to be had: the machines just wait, then. */
struct advertiser *advertiser_open(struct loop *loop,
                                   bool (*wants)(void *argument, const struct hardware *hardware),
                                   void *argument);
/* NULL is allowed. */
void advertiser_close(struct advertiser *advertiser);
/* Hears solicitations on the interface from now on; cheap to repeat. */
void advertiser_listen(struct advertiser *advertiser, unsigned interface_index);

#endif
