#include "decide/verdict.h"

#include <stdio.h>

enum { OFFERS_UNHEARD = 3 };

/* It asks again and again: it hears nothing. */
static bool offer_unheard(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->reached == REACHED_OFFERED && boot->facts[STEP_OFFER].count >= OFFERS_UNHEARD;
}

static void tell_offer_unheard(const struct boot *boot, struct verdict *verdict)
{
    char address[IPV4_TEXT_SIZE];

    snprintf(verdict->waiting, sizeof(verdict->waiting), "an answer to its DHCPDISCOVER");
    snprintf(verdict->saw, sizeof(verdict->saw),
             "%u DHCPDISCOVERs, each answered with an offer of %s, and no DHCPREQUEST",
             boot->facts[STEP_OFFER].count, ipv4_text(address, boot->address));
    snprintf(verdict->cure, sizeof(verdict->cure),
             "the offers do not arrive: look for a firewall on UDP port 68, a switch port that is "
             "not forwarding yet (spanning tree: set portfast), or a VLAN that lets broadcasts in "
             "one direction pass only");
}

const struct verdict_row verdict_address_rows[] = {
    {"offer-unheard", 0, offer_unheard, tell_offer_unheard},
    {NULL, 0, NULL, NULL},
};
