/* What is said about a DHCP exchange, and about the links that it needs. */
#ifndef BOOTWIRE_SERVICE_DHCP_TEXT_H
#define BOOTWIRE_SERVICE_DHCP_TEXT_H

#include "decide/dhcp.h"
#include "platform/linux/link.h"

enum { DHCP_TEXT_SIZE = 1024 };

/* "DHCPDISCOVER with client identifier 01:22:... as PXEClient:Arch:00000:UNDI:002001" into `to`. */
void dhcp_asked_text(char to[DHCP_TEXT_SIZE], const struct dhcp_message *message);
/* "DHCPOFFER 10.50.1.200, file "/pxeboot.bin": the lease it holds ..." into `to`; `dropped` may be
 * NULL. */
void dhcp_got_text(char to[DHCP_TEXT_SIZE], const struct dhcp_plan *plan,
                   const struct dhcp_dropped *dropped);

/* Whether any of this host's addresses lies in a declared subnet; else says which there are. */
bool dhcp_check_links(const struct snapshot *snapshot, const struct link_address *links,
                      size_t count, char *error, size_t error_size);

enum { DHCP_HINT_SIZE = 160 };

/* Why the machine cannot boot by this plan, as far as the plan tells, and in `hint` ("": nothing)
 * what that is about. `local`: our address on its network. */
enum step_reason dhcp_reason(char hint[DHCP_HINT_SIZE], const struct dhcp_plan *plan,
                             const struct dhcp_message *message, uint32_t local);

/* What programs call the plan's outcome for a message of type `asked`. */
enum step_event dhcp_event(const struct dhcp_plan *plan, enum dhcp_type asked);

#endif
