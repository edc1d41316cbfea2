/* Beside another DHCP server: PXE 2.1 section 2.2, proxyDHCP and boot servers. */
#include "decide/dhcp_parts.h"

#include "decide/stage.h"

static bool is_boot_client(const struct decision *d)
{
    return stage_vendor_class_begins(d->question->message, "PXEClient") ||
           stage_vendor_class_begins(d->question->message, "HTTPClient");
}

static bool has_something_to_boot(const struct decision *d)
{
    if (pxe_has_menu(&d->view))
        return true;
    if (d->plan->recipe)
        return d->plan->boot.outcome != BOOT_OUTCOME_NONE;
    return scope_view_bytes(&d->view, SPACE_PARAMETER, PARAMETER_FILENAME).length > 0 ||
           scope_view_bytes(&d->view, SPACE_DHCP, DHCP_OPTION_FILE_NAME).length > 0;
}

/* Whether one of the machine's declarations has the address, and whether one has another address of
 * this wire. */
static bool is_declared(const struct decision *d, uint32_t address, bool *elsewhere)
{
    const struct identity *identity = &d->plan->identity;
    const struct host *host = identity->host;

    for (*elsewhere = false; host; host = identity->match == MATCH_HARDWARE
                                              ? host->next_of_hardware
                                              : host->next_of_identifier) {
        if (host_has_address(host, address))
            return true;
        for (size_t i = 0; i < host->fixed_address_count; i++)
            *elsewhere |= dhcp_subnet_here(d, host->fixed_addresses[i]) != NULL;
    }
    return false;
}

/* Whether our own leases leave the address to the machine. With proxy-dhcp they may be of a time
 * before, and a machine that has one may have another server's address by now. */
static bool leases_allow(const struct decision *d, uint32_t address)
{
    const struct dhcp_question *q = d->question;
    const struct hardware *hardware = &d->plan->identity.hardware;
    const struct lease *lease = lease_table_by_address(q->leases, address);

    if (lease && !lease_is_free(lease, q->wall, q->now_ms))
        return hardware_equal(&lease->hardware, hardware);
    if (scope_view_number(&d->view, PARAMETER_PROXY_DHCP, 0))
        return true;
    for (lease = lease_table_by_hardware(q->leases, hardware); lease;
         lease = lease->next_of_machine) {
        if (lease->state == LEASE_BOUND && lease->expiry > q->wall &&
            dhcp_subnet_here(d, lease->address))
            return false;
    }
    return true;
}

/* Whether a machine's own word for its address may be believed: files and exports follow from it.
 * Not against what the configuration or a lease of ours says of the address or of the machine: else
 * who names another machine's hardware address would read that one's files from wherever it is, and
 * who names its address would put another machine's configuration there. */
static bool word_counts(const struct decision *d, uint32_t address)
{
    bool elsewhere;

    if (!dhcp_subnet_here(d, address) || !leases_allow(d, address))
        return false;
    return is_declared(d, address, &elsewhere) ||
           (!elsewhere && !snapshot_host_by_address(d->question->snapshot, address));
}

/* The machine takes the address that another server offered: worth knowing, for TFTP and NFS tell
 * machines by their addresses. */
static void note_address(struct decision *d, uint32_t server)
{
    char address[IPV4_TEXT_SIZE], other[IPV4_TEXT_SIZE];

    d->plan->outcome = OUTCOME_NOTED;
    d->plan->other_server = server;
    dhcp_why(d, "it takes %s from server %s", ipv4_text(address, d->requested),
             ipv4_text(other, server));
    if (word_counts(d, d->requested))
        d->plan->holds = d->requested;
    else
        dhcp_why_also(d, "; a declaration or a lease here says otherwise, so TFTP and NFS do not "
                         "go by it");
}

void dhcp_decide_proxy(struct decision *d)
{
    uint32_t server = 0;

    if (d->type == DHCP_REQUEST && d->requested &&
        dhcp_message_u32(d->question->message, DHCP_OPTION_SERVER_IDENTIFIER, &server) &&
        (d->requested & d->plan->subnet->netmask) == d->plan->subnet->network) {
        note_address(d, server);
        return;
    }
    if (d->type != DHCP_DISCOVER || !is_boot_client(d)) {
        dhcp_why(d, "another server gives the addresses here (proxy-dhcp)");
        return;
    }
    dhcp_why(d, "what to boot; another server gives the address");
    dhcp_choose_boot(d);
    if (!has_something_to_boot(d)) {
        dhcp_why(d, "it has no boot file here, and another server gives the addresses%s%s",
                 d->plan->recipe ? ": " : "", d->plan->recipe ? d->plan->boot.why : "");
        return;
    }
    dhcp_make_pxe_reply(d, DHCP_OFFER, NULL);
}

/* The address of a machine that asks at port 4011, which another server gave. Its word counts where
 * the packet came from there: else anybody could take any number of addresses. */
static uint32_t address_of_asker(const struct decision *d)
{
    uint32_t address = d->question->message->ciaddr;

    return address == d->question->arrival.source && word_counts(d, address) ? address : 0;
}

void dhcp_decide_boot_server(struct decision *d)
{
    const struct dhcp_message *message = d->question->message;
    struct pxe_boot_item item;
    bool chosen =
        pxe_read_boot_item(dhcp_message_bytes(message, DHCP_OPTION_VENDOR_OPTIONS), &item);

    if ((d->type != DHCP_REQUEST && d->type != DHCP_INFORM && d->type != DHCP_DISCOVER) ||
        !is_boot_client(d)) {
        dhcp_why(d, "not a PXE client's request for a boot server");
        return;
    }
    if (chosen && pxe_has_menu(&d->view) &&
        !pxe_menu_file(&d->view, item.type, &d->plan->menu_file)) {
        d->plan->outcome = OUTCOME_REFUSED;
        dhcp_why(d, "its menu has no item of type %u", item.type);
        return;
    }
    dhcp_choose_boot(d);
    if (!has_something_to_boot(d)) {
        d->plan->outcome = OUTCOME_REFUSED;
        dhcp_why(d, "it has no boot file%s%s", d->plan->recipe ? ": " : "",
                 d->plan->recipe ? d->plan->boot.why : "");
        return;
    }
    d->plan->holds = address_of_asker(d);
    if (chosen)
        dhcp_why(d, "the boot server of item %u of its menu", item.type);
    else
        dhcp_why(d, "the boot server%s%s", d->plan->recipe ? ": " : "",
                 d->plan->recipe ? d->plan->boot.why : "");
    dhcp_make_pxe_reply(d, DHCP_ACK, chosen ? &item : NULL);
}
