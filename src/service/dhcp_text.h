/* The two halves of a log line about a DHCP exchange. */
#ifndef BOOTWIRE_SERVICE_DHCP_TEXT_H
#define BOOTWIRE_SERVICE_DHCP_TEXT_H

#include "decide/dhcp.h"

enum { DHCP_TEXT_SIZE = 1024 };

/* "DHCPDISCOVER with client identifier 01:22:... as PXEClient:Arch:00000:UNDI:002001" into `to`. */
void dhcp_asked_text(char to[DHCP_TEXT_SIZE], const struct dhcp_message *message);
/* "DHCPOFFER 10.50.1.200, file "/pxeboot.bin": the lease it holds ..." into `to`; `dropped` may be
 * NULL. */
void dhcp_got_text(char to[DHCP_TEXT_SIZE], const struct dhcp_plan *plan,
                   const struct dhcp_dropped *dropped);

#endif
