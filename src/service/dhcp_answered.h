/* Which machine was answered what, and when: so that one that asks again is known to have heard
 * nothing. Bounded: the machine answered longest ago is forgotten first. */
#ifndef BOOTWIRE_SERVICE_DHCP_ANSWERED_H
#define BOOTWIRE_SERVICE_DHCP_ANSWERED_H

#include "decide/dhcp.h"

struct dhcp_memory;

struct dhcp_memory *dhcp_memory_new(void);
/* NULL is allowed. */
void dhcp_memory_free(struct dhcp_memory *memory);
/* The machine's last answer; all zero where none is remembered. */
struct dhcp_answered dhcp_memory_get(const struct dhcp_memory *memory,
                                     const struct hardware *hardware);
void dhcp_memory_put(struct dhcp_memory *memory, const struct hardware *hardware,
                     struct dhcp_answered answered);

#endif
