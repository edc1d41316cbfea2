/* The ends of leases that are to be acted upon: those with something that ends with them. A timer
 * waits for the first; no packet pays for it. */
#ifndef BOOTWIRE_SERVICE_DHCP_ENDS_H
#define BOOTWIRE_SERVICE_DHCP_ENDS_H

#include "decide/evaluation.h"
#include "net/loop.h"
#include "store/leases.h"

struct dhcp_ends;

/* `say` writes what the statements of one end log, and returns the configuration that holds now;
 * with NULL it does only that. */
struct dhcp_ends *dhcp_ends_new(struct loop *loop, struct leases *leases,
                                const struct snapshot *(*say)(void *argument,
                                                              const struct evaluation *evaluation),
                                void *argument);
/* NULL is allowed. */
void dhcp_ends_free(struct dhcp_ends *ends);
/* Acts upon the ends that have passed; one comparison where there is none. What changes waits for
 * leases_commit(). */
void dhcp_ends_act(struct dhcp_ends *ends);
/* Sets the timer, once leases have changed; one comparison where the next end is as before. */
void dhcp_ends_await(struct dhcp_ends *ends);

#endif
