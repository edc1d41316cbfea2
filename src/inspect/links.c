/* The interfaces: whether those that the configuration is for are there and can hear machines. */
#include "inspect/inspect.h"

#include "platform/linux/link_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 768, NAMED_MAX = 3 };

static void say_no_link(const struct inspection *inspection, const struct link_state *states,
                        size_t count)
{
    char text[TEXT_SIZE] = "", address[IPV4_TEXT_SIZE];
    size_t length = 0;

    for (size_t i = 0; i < count && length < sizeof(text); i++) {
        if (states[i].loopback)
            continue;
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s %s has %s%s",
                                   length ? "," : ":", states[i].name,
                                   states[i].has_address ? ipv4_text(address, states[i].address)
                                                         : "no address",
                                   states[i].up ? "" : " and is down");
    }
    findings_add(inspection->findings, FINDING_PROBLEM, "no-interface", "interfaces",
                 "declare the subnet of one of them, or give one an address in a declared subnet: "
                 "ip addr add ADDRESS/LENGTH dev NAME",
                 "no interface that is up has an address in any declared subnet, and so bootwire "
                 "does not start%s",
                 text);
}

static void look_at_link(const struct inspection *inspection, const struct link_state *state)
{
    char cure[TEXT_SIZE], address[IPV4_TEXT_SIZE];
    const struct subnet *subnet =
        state->has_address ? snapshot_subnet_of(inspection->snapshot, state->address) : NULL;

    if (state->has_address && subnet && !state->up) {
        snprintf(cure, sizeof(cure), "ip link set %s up", state->name);
        findings_add(inspection->findings, FINDING_WARNING, "interface-down", state->name, cure,
                     "the interface is down: no machine of its subnet (%s) is heard",
                     ipv4_text(address, state->address));
    } else if (state->has_address && subnet && !state->carrier && !state->loopback) {
        findings_add(inspection->findings, FINDING_WARNING, "no-carrier", state->name,
                     "look after the cable and the switch's port; a bridge needs a port that is up",
                     "the interface has no carrier: nothing that is sent on it arrives");
    } else if (!state->has_address && state->up && state->ethernet && !state->loopback &&
               !state->enslaved) {
        snprintf(cure, sizeof(cure),
                 "nothing, where no machine boots there; else ip addr add ADDRESS/LENGTH dev %s",
                 state->name);
        findings_add(inspection->findings, FINDING_NOTE, "no-address", state->name, cure,
                     "the interface has no IPv4 address: what asks there gets no answer");
    }
}

/* An address that is in no subnet: its wire is served nothing. An interface may have others. */
static void look_at_addresses(const struct inspection *inspection)
{
    char address[IPV4_TEXT_SIZE], network[IPV4_TEXT_SIZE], mask[IPV4_TEXT_SIZE], cure[TEXT_SIZE];

    for (size_t i = 0; i < inspection->link_count; i++) {
        const struct link_address *link = &inspection->links[i];
        bool served = !link->ethernet;

        for (size_t j = 0; j < inspection->link_count; j++)
            served =
                served || (inspection->links[j].index == link->index &&
                           snapshot_subnet_of(inspection->snapshot, inspection->links[j].address));
        if (served || (i > 0 && inspection->links[i - 1].index == link->index))
            continue;
        snprintf(cure, sizeof(cure),
                 "nothing, where no machine boots there; else declare subnet %s netmask %s",
                 ipv4_text(network, link->address & link->netmask), ipv4_text(mask, link->netmask));
        findings_add(inspection->findings, FINDING_NOTE, "no-subnet", link->name, cure,
                     "its address %s is in no declared subnet: DHCP requests from there get no "
                     "answer",
                     ipv4_text(address, link->address));
    }
}

/* Subnets that no interface lies in are for relay agents, or a slip of the pen. */
static void look_at_subnets(const struct inspection *inspection)
{
    const struct snapshot *snapshot = inspection->snapshot;
    char text[TEXT_SIZE] = "", place[TEXT_SIZE], network[IPV4_TEXT_SIZE];
    const struct subnet *first = NULL;
    size_t remote = 0, length = 0;

    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];
        bool here = false;

        for (size_t j = 0; j < inspection->link_count; j++) {
            const struct subnet *own = snapshot_subnet_of(snapshot, inspection->links[j].address);

            here = here || own == subnet || (own && own->shared && own->shared == subnet->shared);
        }
        if (here)
            continue;
        if (remote++ < NAMED_MAX)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
                                       length ? ", " : "", ipv4_text(network, subnet->network));
        first = first ? first : subnet;
    }
    if (!first || remote == snapshot->subnet_count)
        return;
    snprintf(place, sizeof(place), "%s:%u", first->where.file, first->where.line);
    findings_add(inspection->findings, FINDING_NOTE, "remote-subnet", place,
                 "nothing, where relay agents forward to this server; else give an interface an "
                 "address in it",
                 "no interface that is up lies in %zu declared subnet%s (%s%s): only relay agents' "
                 "requests are answered from there",
                 remote, remote == 1 ? "" : "s", text, remote > NAMED_MAX ? ", ..." : "");
}

void inspect_links(const struct inspection *inspection)
{
    struct link_state *states;
    size_t count = link_states(&states);
    bool any = false;

    if (count == 0)
        findings_add(inspection->findings, FINDING_NOTE, "interfaces-not-read", "interfaces",
                     "see what the system says of rtnetlink(7)",
                     "the interfaces could not be looked at: %s", strerror(errno));
    for (size_t i = 0; i < inspection->link_count; i++)
        any = any || snapshot_subnet_of(inspection->snapshot, inspection->links[i].address);
    if (inspection->snapshot->subnet_count > 0) {
        if (!any)
            say_no_link(inspection, states, count);
        for (size_t i = 0; i < count; i++)
            look_at_link(inspection, &states[i]);
        if (any)
            look_at_addresses(inspection);
        look_at_subnets(inspection);
    }
    free(states);
}
