#include "decide/dhcp.h"

#include "base/cursor.h"
#include "base/text.h"
#include "decide/dhcp_parts.h"
#include "decide/stage.h"
#include "model/lease_notes.h"

#include <stdarg.h>
#include <stdio.h>

void dhcp_why(struct decision *d, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(d->plan->why, sizeof(d->plan->why), format, arguments);
    va_end(arguments);
}

void dhcp_why_also(struct decision *d, const char *format, ...)
{
    size_t length = strlen(d->plan->why);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(d->plan->why + length, sizeof(d->plan->why) - length, format, arguments);
    va_end(arguments);
}

static void refuse(struct decision *d)
{
    d->plan->outcome = OUTCOME_REFUSED;
}

uint32_t dhcp_informed_address(const struct decision *d)
{
    const struct dhcp_question *q = d->question;

    if (q->message->ciaddr)
        return q->message->ciaddr;
    return q->arrival.source ? q->arrival.source : q->message->giaddr;
}

/* Evaluates the configuration for the machine at `address` (0: not chosen yet). */
static void evaluate(struct decision *d, uint32_t address)
{
    struct evaluation *e = &d->plan->evaluation;
    const struct lease *lease = lease_table_by_address(d->question->leases, address);
    int64_t wall = d->question->wall;

    e->host = d->plan->identity.host;
    e->address = address;
    e->wall = wall;
    e->fixed = address && address == dhcp_fixed_address(d);
    e->seconds_left = 0;
    if (lease && lease->expiry > wall)
        e->seconds_left = lease->expiry - wall < DHCP_SECONDS_FOREVER
                              ? (uint32_t)(lease->expiry - wall)
                              : DHCP_SECONDS_FOREVER;
    e->subnet = d->plan->subnet;
    e->pool = dhcp_pool_of(d, d->type == DHCP_INFORM ? dhcp_informed_address(d) : address);
    e->notes = dhcp_notes_of(d, address);
    e->agent_options = dhcp_stashed_agent_options(d);
    d->view = evaluation_run(e);
}

/* use-lease-addr-for-default-route: the client resolves every address on its own wire. */
static void route_to_itself(struct decision *d, uint32_t address)
{
    struct evaluation *e = &d->plan->evaluation;
    const struct setting *asked =
        scope_view_find(&d->view, SPACE_PARAMETER, PARAMETER_LEASE_ADDRESS_ROUTE);
    struct position where = {NULL, 0, 0};
    uint8_t *bytes = evaluation_bytes(e, 4);
    struct writer w = writer_of(bytes, 4);

    if (!bytes || !asked)
        return;
    where = asked->where;
    writer_be32(&w, address);
    evaluation_set(e, SPACE_DHCP, DHCP_OPTION_ROUTERS, slice_of(bytes, 4), where);
    e->effective.count = e->setting_count;
}

/* The address is chosen: what its subnet, its pool and conditions on it say is known only now.
 * Returns false where that refuses the machine. */
static bool settle(struct decision *d, uint32_t address)
{
    const struct subnet *subnet = dhcp_subnet_here(d, address);
    bool same = !subnet || subnet == d->plan->subnet;

    if (subnet)
        d->plan->subnet = subnet;
    if (!same || dhcp_pool_of(d, address) || d->plan->evaluation.conditional)
        evaluate(d, address);
    if (scope_view_flag(&d->view, PARAMETER_LEASE_ADDRESS_ROUTE, false))
        route_to_itself(d, address);
    if (scope_view_flag(&d->view, PARAMETER_ALLOW_BOOTING, true))
        return true;
    refuse(d);
    d->plan->reason = REASON_BOOTING_DENIED;
    dhcp_why(d, "booting is denied to it");
    return false;
}

static void offer(struct decision *d, uint32_t address)
{
    struct lease lease = dhcp_record_for(d, address);

    if (!settle(d, address) || !dhcp_bill(d, address))
        return;
    if (d->question->message->secs < scope_view_number(&d->view, PARAMETER_MIN_SECS, 0)) {
        d->plan->reason = REASON_TOO_SOON;
        dhcp_why(d, "it has asked for %u seconds only (min-secs)", d->question->message->secs);
        return;
    }
    lease.offer_until_ms = d->question->now_ms + DHCP_OFFER_MS;
    if (lease.state == LEASE_OFFERED || lease.state == LEASE_DECLINED) {
        lease.state = LEASE_OFFERED;
        dhcp_remember_machine(d, &lease);
    }
    /* What it had before it may have still: it would only answer itself. */
    d->plan->probe = lease.state == LEASE_OFFERED && !d->question->message->giaddr &&
                     address != dhcp_fixed_address(d) &&
                     scope_view_flag(&d->view, PARAMETER_PING_CHECK, true);
    d->plan->abandon_seconds =
        scope_view_number(&d->view, PARAMETER_ABANDON_SECONDS, DHCP_DECLINED_SECONDS);
    dhcp_write_notes(d, &lease);
    d->plan->lease = lease;
    d->plan->change = CHANGE_OFFER;
    d->plan->outcome = OUTCOME_ANSWERED;
    dhcp_make_reply(d, DHCP_OFFER, address, dhcp_lease_seconds(d, address));
}

static void bind_address(struct decision *d, enum dhcp_type reply, uint32_t address,
                         uint32_t seconds)
{
    struct lease lease = dhcp_record_for(d, address);
    int64_t wall = d->question->wall;
    int64_t expiry = seconds == DHCP_SECONDS_FOREVER ? LEASE_FOREVER : wall + seconds;
    struct evaluation *e = &d->plan->evaluation;

    if (!dhcp_bill(d, address))
        return;
    if (lease.state != LEASE_BOUND || lease.expiry <= wall)
        lease.start = wall;
    /* A loader asks for 300 seconds and tells nobody after it; the system that it loads may hold
     * the address for the hours that the ROM was granted. Keeping it for the longer of both times
     * costs nothing and takes no address from under a running machine. */
    if (lease.state == LEASE_BOUND && lease.expiry != LEASE_FOREVER && lease.expiry > expiry)
        expiry = lease.expiry;
    lease.state = LEASE_BOUND;
    lease.expiry = expiry;
    dhcp_remember_machine(d, &lease);
    e->seconds_left = seconds;
    evaluation_event(e, e->on[0]);
    dhcp_write_notes(d, &lease);
    d->plan->lease = lease;
    d->plan->change = CHANGE_STORE;
    d->plan->outcome = OUTCOME_ANSWERED;
    dhcp_free_others(d, address);
    dhcp_make_reply(d, reply, address, seconds);
}

static void decide_discover(struct decision *d)
{
    uint32_t address = dhcp_choose_address(d, d->requested);

    if (address)
        offer(d, address);
}

/* The machine takes another server's offer: ours is free again. */
static void decide_other_server(struct decision *d, uint32_t server)
{
    const struct lease *held = dhcp_lease_held(d);
    char text[IPV4_TEXT_SIZE];

    d->plan->outcome = OUTCOME_SILENT;
    d->plan->other_server = server;
    dhcp_why(d, "it takes the offer of server %s", ipv4_text(text, server));
    if (held && held->state == LEASE_OFFERED) {
        d->plan->change = CHANGE_FORGET;
        d->plan->lease = *held;
    }
}

static void decide_selecting(struct decision *d)
{
    uint32_t wanted = d->requested ? d->requested : d->question->message->ciaddr;
    uint32_t address = dhcp_choose_address(d, wanted);
    char text[IPV4_TEXT_SIZE];

    if (address && address == wanted) {
        if (!settle(d, address))
            return;
        bind_address(d, DHCP_ACK, address, dhcp_lease_seconds(d, address));
        return;
    }
    if (address)
        dhcp_why(d, "%s is not what was offered to it", ipv4_text(text, wanted));
    dhcp_make_nak(d);
}

/* Whether the record says that the machine holds the address, allowed or not. */
static bool holds_record(const struct decision *d, uint32_t address)
{
    const struct lease *lease = lease_table_by_address(d->question->leases, address);

    return lease && lease->state == LEASE_BOUND && lease->expiry > d->question->wall &&
           hardware_equal(&lease->hardware, &d->plan->identity.hardware);
}

/* INIT-REBOOT, RENEWING and REBINDING: the machine says which address it holds (RFC 2131 section
 * 4.3.2). `wanted` is that address. */
static void decide_confirm(struct decision *d, uint32_t wanted)
{
    bool authoritative = scope_view_flag(&d->view, PARAMETER_AUTHORITATIVE, false);
    uint32_t fixed = dhcp_fixed_address(d), address;
    const struct lease *held = dhcp_lease_held(d);
    char text[IPV4_TEXT_SIZE];

    if (!fixed && !held && holds_record(d, wanted)) {
        dhcp_why(d, "%s: it holds this address, but may not have it any more",
                 ipv4_text(text, wanted));
        dhcp_make_nak(d);
        return;
    }
    /* What stands only on offer was never its own. */
    if (!fixed && (!held || held->state == LEASE_OFFERED)) {
        bool elsewhere = !dhcp_subnet_here(d, wanted);

        dhcp_why(d, "%s: %s", ipv4_text(text, wanted),
                 elsewhere ? "not an address of this network"
                           : "no lease of this machine is known");
        if (authoritative) {
            dhcp_make_nak(d);
        } else {
            refuse(d);
            dhcp_why_also(d, "; silent, for another server may know it (\"authoritative;\" would "
                             "refuse it)");
        }
        return;
    }
    address = dhcp_choose_address(d, 0);
    if (address == wanted) {
        if (!settle(d, address))
            return;
        bind_address(d, DHCP_ACK, address, dhcp_lease_seconds(d, address));
        return;
    }
    if (address) {
        char own[IPV4_TEXT_SIZE];

        dhcp_why(d, "it asks to keep %s, but its address is %s", ipv4_text(text, wanted),
                 ipv4_text(own, address));
    }
    dhcp_make_nak(d);
}

static void decide_request(struct decision *d)
{
    const struct dhcp_message *message = d->question->message;
    uint32_t server = 0;

    if (dhcp_message_u32(message, DHCP_OPTION_SERVER_IDENTIFIER, &server)) {
        if (server == d->server_identifier || server == d->question->arrival.local_address)
            decide_selecting(d);
        else
            decide_other_server(d, server);
        return;
    }
    if (message->ciaddr || dhcp_message_u32(message, DHCP_OPTION_REQUESTED_ADDRESS, &server)) {
        decide_confirm(d, message->ciaddr ? message->ciaddr : d->requested);
        return;
    }
    refuse(d);
    dhcp_why(d, "it names no address (neither option 50 nor ciaddr)");
}

/* RFC 2131 section 4.4.4: a machine that had offers from several servers says which it means. */
static bool is_for_another(struct decision *d)
{
    uint32_t server = 0;
    char text[IPV4_TEXT_SIZE];

    if (!dhcp_message_u32(d->question->message, DHCP_OPTION_SERVER_IDENTIFIER, &server) ||
        server == d->server_identifier || server == d->question->arrival.local_address)
        return false;
    d->plan->outcome = OUTCOME_SILENT;
    dhcp_why(d, "it tells server %s, not this one", ipv4_text(text, server));
    return true;
}

bool dhcp_set_aside(const struct lease *lease, const struct hardware *machine, int64_t until,
                    struct lease *aside)
{
    if (!lease || !hardware_equal(&lease->hardware, machine))
        return false;
    *aside = *lease;
    aside->state = LEASE_DECLINED;
    aside->notes = slice_of(NULL, 0);
    aside->offer_until_ms = 0;
    aside->expiry = until;
    return true;
}

/* How many addresses the machine has had set aside. */
static size_t count_declined(const struct decision *d)
{
    const struct lease *lease =
        lease_table_by_hardware(d->question->leases, &d->plan->identity.hardware);
    size_t count = 0;

    for (; lease; lease = lease->next_of_machine)
        count += lease->state == LEASE_DECLINED && lease->expiry > d->question->wall;
    return count;
}

static void decide_decline(struct decision *d)
{
    const struct lease *known = lease_table_by_address(d->question->leases, d->requested);
    char text[IPV4_TEXT_SIZE];
    uint32_t seconds;

    if (is_for_another(d))
        return;
    refuse(d);
    ipv4_text(text, d->requested);
    if (!known || !hardware_equal(&known->hardware, &d->plan->identity.hardware)) {
        dhcp_why(d, "%s is not this machine's to decline", text);
        return;
    }
    if (!scope_view_flag(&d->view, PARAMETER_ALLOW_DECLINES, true)) {
        dhcp_why(d, "it declines %s, and declines are denied", text);
        return;
    }
    /* A machine that finds every address taken is wrong about them, or wants the ranges empty. */
    if (count_declined(d) >= DHCP_DECLINES_MAX) {
        dhcp_why(d, "it declines %s, and %d addresses are set aside at its word already", text,
                 DHCP_DECLINES_MAX);
        return;
    }
    seconds = scope_view_number(&d->view, PARAMETER_ABANDON_SECONDS, DHCP_DECLINED_SECONDS);
    /* The lease is at its end all the same, if it had begun. */
    if (known->state == LEASE_BOUND)
        dhcp_run_end(&d->plan->evaluation, known, EVENT_EXPIRY);
    dhcp_set_aside(known, &known->hardware, d->question->wall + seconds, &d->plan->lease);
    d->plan->change = CHANGE_STORE;
    dhcp_why(d, "something else answers at %s; the address is set aside for %u minutes", text,
             (unsigned)(seconds / 60));
}

static void decide_release(struct decision *d)
{
    uint32_t address = d->question->message->ciaddr;
    const struct lease *known = lease_table_by_address(d->question->leases, address);
    char text[IPV4_TEXT_SIZE];

    if (is_for_another(d))
        return;
    ipv4_text(text, address);
    if (!known || known->state != LEASE_BOUND ||
        !hardware_equal(&known->hardware, &d->plan->identity.hardware)) {
        d->plan->outcome = OUTCOME_SILENT;
        dhcp_why(d, "%s is not this machine's to release", text);
        return;
    }
    dhcp_run_end(&d->plan->evaluation, known, EVENT_RELEASE);
    d->plan->lease = lease_released(known, d->question->wall);
    d->plan->change = CHANGE_STORE;
    d->plan->outcome = OUTCOME_NOTED;
    dhcp_why(d, "%s released; it stays this machine's as long as others find a free address", text);
}

static void decide_bootp(struct decision *d)
{
    uint32_t address;

    if (!scope_view_flag(&d->view, PARAMETER_ALLOW_BOOTP, true)) {
        refuse(d);
        d->plan->reason = REASON_BOOTP_DENIED;
        dhcp_why(d, "BOOTP is denied");
        return;
    }
    address = dhcp_choose_address(d, d->question->message->ciaddr);
    if (!address) {
        refuse(d);
        return;
    }
    if (!settle(d, address))
        return;
    bind_address(d, DHCP_BOOTP, address, dhcp_bootp_seconds(d, address));
}

static void decide_inform(struct decision *d)
{
    if (!dhcp_informed_address(d)) {
        refuse(d);
        dhcp_why(d, "it says that it has an address, but not which");
        return;
    }
    d->plan->outcome = OUTCOME_ANSWERED;
    dhcp_why(d, "configuration only, it has its address");
    dhcp_make_reply(d, DHCP_ACK, 0, 0);
}

/* RFC 3527 and RFC 5107. */
enum { AGENT_LINK_SELECTION = 5, AGENT_SERVER_IDENTIFIER = 11 };

/* The address in a sub-option of the relay agent's; false where it has none. */
static bool agent_address(struct decision *d, unsigned code, uint32_t *address)
{
    struct slice value = evaluation_option(&d->plan->evaluation, SPACE_AGENT, code);
    struct reader r = reader_of_slice(value);

    if (value.length != 4)
        return false;
    *address = reader_be32(&r);
    return true;
}

/* A host declaration that goes by an option of the request ("host-identifier option"). */
static void find_by_option(struct decision *d)
{
    struct identity *identity = &d->plan->identity;

    if (identity->host)
        return;
    identity->host = evaluation_host_by_option(&d->plan->evaluation);
    if (identity->host)
        identity->match = MATCH_IDENTIFIER;
}

/* A network that is named, but not by four bytes, is not to be guessed at. */
static bool names_network_well(struct decision *d)
{
    const struct dhcp_message *message = d->question->message;
    struct slice link = evaluation_option(&d->plan->evaluation, SPACE_AGENT, AGENT_LINK_SELECTION);
    struct slice client = dhcp_message_bytes(message, DHCP_OPTION_SUBNET_SELECTION);

    if ((link.length == 0 || link.length == 4) && (client.length == 0 || client.length == 4))
        return true;
    dhcp_why(d, "it names its network by %zu bytes instead of four",
             link.length == 0 || link.length == 4 ? client.length : link.length);
    return false;
}

/* The network that the machine is in: what the relay says (RFC 3527), what the client says (RFC
 * 3011), for an INFORM that of its address, its relay's, else that of the address it renews, else
 * that of the interface (RFC 2131 section 4.3.1). Who names a network that is not declared gets no
 * address of another one. */
static const struct subnet *subnet_of(struct decision *d)
{
    const struct dhcp_question *q = d->question;
    const struct subnet *subnet = NULL;
    uint32_t named = 0;

    if (q->message->giaddr && agent_address(d, AGENT_LINK_SELECTION, &named))
        return snapshot_subnet_of(q->snapshot, named);
    if (dhcp_message_u32(q->message, DHCP_OPTION_SUBNET_SELECTION, &named))
        return snapshot_subnet_of(q->snapshot, named);
    if (d->type == DHCP_INFORM && !q->boot_server && q->message->ciaddr)
        return snapshot_subnet_of(q->snapshot, q->message->ciaddr);
    if (q->message->giaddr)
        return snapshot_subnet_of(q->snapshot, q->message->giaddr);
    if (d->type == DHCP_INFORM && !q->boot_server && q->arrival.source)
        return snapshot_subnet_of(q->snapshot, q->arrival.source);
    if (q->message->ciaddr && q->arrival.destination == q->arrival.local_address)
        subnet = snapshot_subnet_of(q->snapshot, q->message->ciaddr);
    return subnet ? subnet : snapshot_subnet_of(q->snapshot, q->arrival.local_address);
}

/* Whether a declaration is for this network, or an INFORM's address: one with fixed addresses is
 * for nowhere else (dhcpd.conf(5), fixed-address). */
static bool has_address_here(const struct decision *d, const struct host *host)
{
    if (d->type == DHCP_INFORM)
        return host_has_address(host, dhcp_informed_address(d));
    for (size_t i = 0; i < host->fixed_address_count; i++) {
        if (dhcp_subnet_here(d, host->fixed_addresses[i]))
            return true;
    }
    return false;
}

/* Of the declarations that go by one hardware address, or one identifier, the one for this place:
 * with an address here, or else with none at all; or NULL. */
static const struct host *host_for_here(const struct decision *d, const struct host *first,
                                        bool by_hardware)
{
    const struct host *without = NULL;

    for (const struct host *host = first; host;
         host = by_hardware ? host->next_of_hardware : host->next_of_identifier) {
        if (has_address_here(d, host))
            return host;
        if (!without && host->fixed_address_count == 0)
            without = host;
    }
    return without;
}

/* A machine may have a declaration for each network. At port 4011 it is another server that gives
 * the addresses. */
static void choose_host(struct decision *d)
{
    struct identity *identity = &d->plan->identity;
    const struct host *host = identity->host;

    if (!host || d->question->boot_server)
        return;
    identity->host = host_for_here(d, host, identity->match == MATCH_HARDWARE);
    if (!identity->host)
        identity->match = MATCH_NONE;
}

/* Whether the message may be answered at all; says why not. */
static bool admit(struct decision *d)
{
    struct dhcp_plan *plan = d->plan;
    const struct dhcp_question *q = d->question;

    if (q->message->op != BOOTP_REQUEST) {
        dhcp_why(d, "not a request");
        return false;
    }
    if (!identity_of(q->snapshot, q->leases, q->message, &plan->identity)) {
        dhcp_why(d, "it has neither a hardware address nor a client identifier");
        return false;
    }
    find_by_option(d);
    if (!names_network_well(d))
        return false;
    plan->subnet = subnet_of(d);
    if (!plan->subnet && d->type == DHCP_INFORM) {
        dhcp_why(d, "no subnet is declared for the address that it has");
        return false;
    }
    if (!plan->subnet) {
        plan->outcome = OUTCOME_NO_SUBNET;
        dhcp_why(d, "no subnet is declared for the network it came from");
        return false;
    }
    choose_host(d);
    evaluate(d, 0);
    if (d->type == DHCP_RELEASE || d->type == DHCP_DECLINE)
        return true;
    if (!scope_view_flag(&d->view, PARAMETER_ALLOW_BOOTING, true)) {
        refuse(d);
        plan->reason = REASON_BOOTING_DENIED;
        dhcp_why(d, "booting is denied to it");
        return false;
    }
    if (!plan->identity.host && !scope_view_flag(&d->view, PARAMETER_ALLOW_UNKNOWN_CLIENTS, true)) {
        refuse(d);
        plan->reason = REASON_UNKNOWN_DENIED;
        dhcp_why(d, "no host declaration names this machine, and unknown clients are denied");
        return false;
    }
    return true;
}

void decide_dhcp(const struct dhcp_question *question, struct dhcp_plan *plan)
{
    static void (*const deciders[])(struct decision * d) = {
        [DHCP_BOOTP] = decide_bootp,     [DHCP_DISCOVER] = decide_discover,
        [DHCP_REQUEST] = decide_request, [DHCP_DECLINE] = decide_decline,
        [DHCP_RELEASE] = decide_release, [DHCP_INFORM] = decide_inform,
    };
    struct decision d = {.question = question, .plan = plan};

    memset(plan, 0, offsetof(struct dhcp_plan, evaluation));
    evaluation_start(&plan->evaluation);
    plan->evaluation.snapshot = question->snapshot;
    plan->evaluation.message = question->message;
    plan->evaluation.packet = question->packet;
    plan->evaluation.notes = plan->evaluation.agent_options = slice_of(NULL, 0);
    plan->outcome = OUTCOME_SILENT;
    plan->stage = stage_of(question->message);
    d.type = dhcp_message_type(question->message);
    dhcp_message_u32(question->message, DHCP_OPTION_REQUESTED_ADDRESS, &d.requested);
    if (!admit(&d))
        return;
    d.server_identifier =
        scope_view_number(&d.view, PARAMETER_SERVER_IDENTIFIER, question->arrival.local_address);
    if (question->message->giaddr)
        agent_address(&d, AGENT_SERVER_IDENTIFIER, &d.server_identifier);
    if (question->boot_server) {
        dhcp_decide_boot_server(&d);
        return;
    }
    if (scope_view_flag(&d.view, PARAMETER_PROXY_DHCP, false)) {
        dhcp_decide_proxy(&d);
        return;
    }
    if ((size_t)d.type >= sizeof(deciders) / sizeof(deciders[0]) || !deciders[d.type]) {
        dhcp_why(&d, "a message that servers do not answer");
        return;
    }
    deciders[d.type](&d);
}
