/* Hears what other DHCP servers answer on the links where this one serves: a machine that two
 * servers answer may boot one time and not the next, and neither server's log would say why. */
#ifndef BOOTWIRE_SERVICE_OVERHEARER_H
#define BOOTWIRE_SERVICE_OVERHEARER_H

#include <stdbool.h>
#include <stdint.h>

struct overhearer;
struct server;
struct snapshot;

/* `ours` says whether an address is this server's own. Tells each foreign offer and ACK to the
 * journal (STEP_FOREIGN_OFFER; of machines that never asked here nobody takes note), at most some
 * hundred a second, and each foreign server once to the log. In the control thread. */
struct overhearer *overhearer_new(struct server *server,
                                  bool (*ours)(void *argument, uint32_t address), void *argument);
/* NULL is allowed. */
void overhearer_free(struct overhearer *overhearer);
/* Hears the interface from now on, unless the configuration says proxy-dhcp somewhere: then another
 * server is meant to answer. Cheap to repeat. Without CAP_NET_RAW nothing is heard, which is
 * said once, at the level for the curious. */
void overhearer_listen(struct overhearer *overhearer, const struct snapshot *snapshot,
                       unsigned interface_index);

#endif
