/* Whether an address that was just offered is somebody's already: an ARP probe (RFC 5227 section
 * 2.1.1) goes out behind the offer, and holds nothing up. Machines behind relays cannot be probed
 * so. */
#ifndef BOOTWIRE_SERVICE_PROBER_H
#define BOOTWIRE_SERVICE_PROBER_H

#include "model/address.h"
#include "platform/linux/link.h"

struct prober;
struct loop;

/* An address that was offered to a machine, and how long it is to be set aside if it is another's.
 */
struct prober_question {
    uint32_t address;
    struct hardware machine;
    uint32_t abandon_seconds;
};

/* `found` is called for each address that is another machine's, the `holder`; not where that says
 * so of very many (service/claims.h). NULL with errno where there are no packet sockets: nothing is
 * probed, then. */
struct prober *prober_open(struct loop *loop,
                           void (*found)(void *argument, const struct prober_question *question,
                                         const struct hardware *holder),
                           void *argument);
/* NULL is allowed. */
void prober_close(struct prober *prober);
/* Asks for the address on the link that `link` is of. An address that is asked for already is not
 * asked for again, and while very many are, no further one is: a probe is a favour. `prober` may be
 * NULL. */
void prober_ask(struct prober *prober, const struct link_address *link,
                const struct prober_question *question, uint64_t now_ms);

#endif
