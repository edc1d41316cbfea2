/* The record of a lease as a request leaves it: how long it holds, whose it is, what is known of
 * the machine. */
#include "decide/dhcp_parts.h"

#include "base/text.h"

#include <stdio.h>

/* What dhcpd.conf(5) says where no statement does. */
enum { LEASE_SECONDS_DEFAULT = 43200, LEASE_SECONDS_MAX = 86400, LEASE_SECONDS_MIN = 300 };

/* How much of the pool that the address is of is taken, in per cent. Ranges outside of every pool
 * are one, as far as they are on one wire. */
static unsigned pool_filled(const struct decision *d, uint32_t address)
{
    const struct snapshot *snapshot = d->question->snapshot;
    const struct pool *pool = dhcp_pool_of(d, address);
    struct lease_counts counts = {0};
    uint64_t total = 0;

    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];

        for (size_t j = 0; dhcp_on_wire(d, subnet) && j < subnet->range_count; j++) {
            const struct range *range = &subnet->ranges[j];

            if (range->pool != pool)
                continue;
            total += (uint64_t)range->high - range->low + 1;
            lease_table_count(d->question->leases, range->low, range->high, d->question->wall,
                              d->question->now_ms, &counts);
        }
    }
    return total ? (unsigned)((counts.bound + counts.declined) * 100 / total) : 0;
}

/* adaptive-lease-time-threshold: once the pool is that full, nobody gets more than the shortest
 * time, or what is left of a lease that the machine holds. */
static uint32_t adapt(const struct decision *d, uint32_t address, uint32_t seconds,
                      uint32_t shortest)
{
    uint32_t threshold = scope_view_number(&d->view, PARAMETER_ADAPTIVE_THRESHOLD, 0);
    const struct lease *lease = lease_table_by_address(d->question->leases, address);
    int64_t adapted = shortest ? shortest : LEASE_SECONDS_MIN;

    if (threshold == 0 || threshold >= 100 || address == dhcp_fixed_address(d))
        return seconds;
    if (lease && lease->state == LEASE_BOUND && lease->expiry - d->question->wall > adapted)
        adapted = lease->expiry - d->question->wall;
    return seconds > adapted && pool_filled(d, address) >= threshold ? (uint32_t)adapted : seconds;
}

/* The lease time: what the client asks, or the default, within the limits. */
uint32_t dhcp_lease_seconds(struct decision *d, uint32_t address)
{
    uint32_t longest = scope_view_number(&d->view, PARAMETER_MAX_LEASE_TIME, LEASE_SECONDS_MAX);
    /* The built-in shortest time gives way to a smaller max-lease-time; one that is written does
     * not, as in ISC dhcpd. */
    uint32_t shortest =
        scope_view_number(&d->view, PARAMETER_MIN_LEASE_TIME,
                          LEASE_SECONDS_MIN < longest ? LEASE_SECONDS_MIN : longest);
    uint32_t seconds =
        scope_view_number(&d->view, PARAMETER_DEFAULT_LEASE_TIME, LEASE_SECONDS_DEFAULT);

    dhcp_message_u32(d->question->message, DHCP_OPTION_LEASE_TIME, &seconds);
    if (seconds > longest)
        seconds = longest;
    seconds = adapt(d, address, seconds, shortest);
    return seconds < shortest ? shortest : seconds;
}

static void remember_text(char to[LEASE_TEXT_SIZE], struct slice text)
{
    if (text.length > 0)
        text_printable(to, LEASE_TEXT_SIZE, text);
}

void dhcp_remember_machine(const struct decision *d, struct lease *lease)
{
    const struct dhcp_message *message = d->question->message;
    struct slice identifier = d->plan->identity.client_identifier;
    struct slice uuid = dhcp_message_bytes(message, DHCP_OPTION_UUID);

    lease->hardware = d->plan->identity.hardware;
    lease->stage = d->plan->stage;
    /* A stage without an identifier does not erase the one that another stage sent: it may be what
     * a host declaration goes by. */
    if (identifier.length > 0 && !scope_view_flag(&d->view, PARAMETER_IGNORE_CLIENT_UIDS, false)) {
        lease->client_identifier_length =
            identifier.length < LEASE_IDENTIFIER_MAX ? identifier.length : LEASE_IDENTIFIER_MAX;
        memcpy(lease->client_identifier, identifier.data, lease->client_identifier_length);
        lease->identifier_stage = d->plan->stage;
    }
    if (uuid.length > 0 && uuid.length <= LEASE_UUID_MAX) {
        lease->uuid_length = uuid.length;
        memcpy(lease->uuid, uuid.data, uuid.length);
    }
    remember_text(lease->host_name, dhcp_message_text(message, DHCP_OPTION_HOST_NAME));
    remember_text(lease->vendor_class, dhcp_message_text(message, DHCP_OPTION_VENDOR_CLASS));
}

struct lease dhcp_record_for(const struct decision *d, uint32_t address)
{
    const struct dhcp_question *q = d->question;
    const struct hardware *hardware = &d->plan->identity.hardware;
    const struct lease *known = lease_table_by_address(q->leases, address);
    const struct lease *other = lease_table_by_hardware(q->leases, hardware);
    struct lease lease = {.state = LEASE_OFFERED, .start = q->wall};

    if (known && hardware_equal(&known->hardware, hardware)) {
        lease = *known;
    } else if (other) {
        lease = *other;
        lease.state = LEASE_OFFERED;
        lease.start = q->wall;
        lease.expiry = 0;
        lease.notes = slice_of(NULL, 0);
    }
    lease.address = address;
    lease.offer_until_ms = 0;
    return lease;
}

uint32_t dhcp_bootp_seconds(const struct decision *d, uint32_t address)
{
    /* RFC 1534 section 2: a BOOTP client never renews, so its lease does not end by itself. */
    uint32_t seconds = DHCP_SECONDS_FOREVER, cutoff;

    if (address == dhcp_fixed_address(d))
        return seconds;
    seconds = scope_view_number(&d->view, PARAMETER_BOOTP_LEASE_SECONDS, seconds);
    cutoff = scope_view_number(&d->view, PARAMETER_BOOTP_LEASE_CUTOFF, 0);
    if (cutoff)
        seconds = cutoff > d->question->wall ? (uint32_t)(cutoff - d->question->wall) : 0;
    return seconds;
}

/* Whether one-lease-per-client ends this lease of the machine. By dhcpd's reading a client is who
 * sends the same identifier; all leases of one hardware address are one client's where the request
 * has no identifier, or where `deny duplicates` says so of a host known by that address. */
static bool is_other_of_client(const struct decision *d, const struct lease *lease)
{
    const struct identity *identity = &d->plan->identity;
    struct slice sent = identity->client_identifier;

    if (sent.length > LEASE_IDENTIFIER_MAX)
        sent.length = LEASE_IDENTIFIER_MAX;
    return sent.length == 0 ||
           slice_equal(sent, slice_of(lease->client_identifier, lease->client_identifier_length)) ||
           (identity->match == MATCH_HARDWARE && identity->host->client_identifier.length == 0 &&
            !scope_view_flag(&d->view, PARAMETER_ALLOW_DUPLICATES, true));
}

void dhcp_free_others(struct decision *d, uint32_t address)
{
    const struct lease *lease =
        lease_table_by_hardware(d->question->leases, &d->plan->identity.hardware);
    struct dhcp_plan *plan = d->plan;
    char text[IPV4_TEXT_SIZE];

    if (d->type != DHCP_REQUEST ||
        !scope_view_flag(&d->view, PARAMETER_ONE_LEASE_PER_CLIENT, false))
        return;
    for (; lease && plan->freed_count < DHCP_FREED_MAX; lease = lease->next_of_machine) {
        if (lease->address == address || lease->state != LEASE_BOUND ||
            lease->expiry <= d->question->wall || !is_other_of_client(d, lease))
            continue;
        plan->freed[plan->freed_count++] = lease->address;
        dhcp_run_end(&plan->evaluation, lease, EVENT_RELEASE);
        dhcp_why_also(d, "; its lease of %s ends (one-lease-per-client)",
                      ipv4_text(text, lease->address));
    }
}
