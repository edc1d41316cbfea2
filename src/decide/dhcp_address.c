#include "decide/dhcp_parts.h"

#include "decide/stage.h"

#include <stdio.h>

static bool on_one_wire(const struct subnet *a, const struct subnet *b)
{
    return a == b || (a->shared && a->shared == b->shared);
}

const struct subnet *dhcp_subnet_here(const struct decision *d, uint32_t address)
{
    const struct subnet *subnet = snapshot_subnet_of(d->question->snapshot, address);

    return subnet && on_one_wire(subnet, d->plan->subnet) ? subnet : NULL;
}

bool dhcp_on_wire(const struct decision *d, const struct subnet *subnet)
{
    return on_one_wire(subnet, d->plan->subnet);
}

/* The range that holds the address, or NULL. */
static const struct range *range_of(const struct subnet *subnet, uint32_t address)
{
    for (size_t i = 0; i < subnet->range_count; i++) {
        if (address >= subnet->ranges[i].low && address <= subnet->ranges[i].high)
            return &subnet->ranges[i];
    }
    return NULL;
}

/* The range of the machine's wire that holds the address, or NULL. */
static const struct range *range_here(const struct decision *d, uint32_t address)
{
    const struct subnet *subnet = dhcp_subnet_here(d, address);

    return subnet ? range_of(subnet, address) : NULL;
}

const struct pool *dhcp_pool_of(const struct decision *d, uint32_t address)
{
    const struct range *range = range_here(d, address);

    return range ? range->pool : NULL;
}

/* A BOOTP client never gives its address back, so it gets one from a range only where the range
 * allows that, or where a declaration names the machine. */
static bool range_serves(const struct decision *d, const struct range *range)
{
    bool bootp = d->type == DHCP_BOOTP;

    return range && (!bootp || range->dynamic_bootp || d->plan->identity.host) &&
           evaluation_permits(&d->plan->evaluation, range->pool, bootp);
}

/* Whether the address may come from a range at all, whoever gets it. */
static bool assignable(const void *argument, uint32_t address)
{
    const struct decision *d = argument;
    const struct subnet *subnet = dhcp_subnet_here(d, address);

    /* UEFI refuses addresses that end in .0; no range is so small that one address matters. */
    return subnet && address != subnet->network &&
           address != (subnet->network | ~subnet->netmask) && (address & 0xff) != 0 &&
           address != d->question->arrival.local_address &&
           !snapshot_host_by_address(d->question->snapshot, address);
}

static bool is_free(const struct decision *d, const struct lease *lease)
{
    return !lease || lease_is_free(lease, d->question->wall, d->question->now_ms);
}

uint32_t dhcp_fixed_address(const struct decision *d)
{
    const struct host *host = d->plan->identity.host;

    for (size_t i = 0; host && i < host->fixed_address_count; i++) {
        if (dhcp_subnet_here(d, host->fixed_addresses[i]))
            return host->fixed_addresses[i];
    }
    return 0;
}

const struct lease *dhcp_lease_held(const struct decision *d)
{
    const struct lease *lease =
        lease_table_by_hardware(d->question->leases, &d->plan->identity.hardware);
    const struct lease *best = NULL;

    for (; lease; lease = lease->next_of_machine) {
        if (lease->state == LEASE_DECLINED || !dhcp_subnet_here(d, lease->address))
            continue;
        /* A range may have shrunk, or the address may be another machine's by declaration now. */
        if (!range_serves(d, range_here(d, lease->address)) || !assignable(d, lease->address))
            continue;
        if (!best || lease->expiry > best->expiry)
            best = lease;
    }
    return best;
}

/* "client identifier 01:22:..", of at most 20 bytes; "no client identifier". */
static void identifier_text(char *to, size_t size, struct slice identifier)
{
    size_t shown = identifier.length < 20 ? identifier.length : 20;
    int length =
        snprintf(to, size, "%s", identifier.length ? "client identifier " : "no client identifier");

    for (size_t i = 0; i < shown && length > 0 && (size_t)length + 4 < size; i++)
        length += snprintf(to + length, size - (size_t)length, "%s%02x", i > 0 ? ":" : "",
                           identifier.data[i]);
}

/* Whether the record's identifier is this request's. */
static bool same_identifier(const struct lease *lease, struct slice identifier)
{
    if (identifier.length > LEASE_IDENTIFIER_MAX)
        identifier.length = LEASE_IDENTIFIER_MAX;
    return slice_equal(slice_of(lease->client_identifier, lease->client_identifier_length),
                       identifier);
}

/* The reason why the machine keeps its address, and what would have misled another server. */
static void why_held(struct decision *d, const struct lease *lease, const char *what)
{
    struct slice sent = d->plan->identity.client_identifier;
    struct slice known = slice_of(lease->client_identifier, lease->client_identifier_length);
    char before[96], now[96];

    if (same_identifier(lease, sent)) {
        dhcp_why(d, "%s", what);
        return;
    }
    identifier_text(before, sizeof(before), known);
    identifier_text(now, sizeof(now), sent);
    if (known.length == 0)
        dhcp_why(d, "%s since %s asked with %s; this stage sends %s", what,
                 stage_in_words(lease->stage), before, now);
    else
        dhcp_why(d, "%s since %s asked with %s; this stage sends %s", what,
                 stage_in_words(lease->identifier_stage), before, sent.length ? now : "none");
}

/* The declared address, unless another machine holds it. */
static uint32_t choose_fixed(struct decision *d, uint32_t fixed)
{
    const struct lease *lease = lease_table_by_address(d->question->leases, fixed);
    const struct hardware *hardware = &d->plan->identity.hardware;
    const char *name = d->plan->identity.host->name;
    char text[IPV4_TEXT_SIZE], holder[HARDWARE_TEXT_SIZE];

    if (lease && !hardware_equal(&lease->hardware, hardware) && !is_free(d, lease)) {
        dhcp_why(d, "%s, fixed address of host %s, is still held by %s", ipv4_text(text, fixed),
                 name, hardware_text(holder, &lease->hardware));
        return 0;
    }
    dhcp_why(d, "the fixed address of host %s", name);
    if (d->plan->identity.match == MATCH_IDENTIFIER)
        dhcp_why_also(d, ", known by its client identifier");
    if (d->plan->identity.match == MATCH_EARLIER_IDENTIFIER)
        dhcp_why_also(d, ", known by the client identifier that an earlier stage sent");
    return fixed;
}

/* The address that it asks for. One that was another machine's goes to it only where `once_held`:
 * after a jump of the clock a lease may seem to have ended while its machine still runs on it. */
static uint32_t choose_asked(struct decision *d, uint32_t asked, bool once_held)
{
    const struct lease *lease = lease_table_by_address(d->question->leases, asked);

    if (lease && lease->state == LEASE_BOUND && !once_held &&
        !hardware_equal(&lease->hardware, &d->plan->identity.hardware))
        return 0;
    if (!asked || !range_serves(d, range_here(d, asked)) || !assignable(d, asked) ||
        !is_free(d, lease) || (!lease && d->question->leases->count >= DHCP_LEASES_MAX))
        return 0;
    dhcp_why(d, "it asked for this one, which is free");
    return asked;
}

/* FNV-1a over the hardware address: where the search for a free address starts. The same machine
 * starts at the same place, so it mostly finds its old address even where the leases are lost. */
static uint32_t spread(const struct hardware *hardware)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < hardware->length; i++)
        hash = (hash ^ hardware->address[i]) * 16777619u;
    return hash ^ hash >> 15;
}

/* The first assignable address without a record from `low` to `high`. */
static uint32_t unused_between(const struct decision *d, uint32_t low, uint32_t high)
{
    while (low <= high) {
        uint32_t address = lease_table_find_unused(d->question->leases, low, high);

        if (address == 0 || assignable(d, address))
            return address;
        if (address == UINT32_MAX)
            break;
        low = address + 1;
    }
    return 0;
}

static uint32_t choose_unused(struct decision *d, const struct subnet *subnet)
{
    uint32_t hash = spread(&d->plan->identity.hardware);

    for (size_t i = 0; i < subnet->range_count; i++) {
        const struct range *range = &subnet->ranges[i];
        uint64_t size = (uint64_t)range->high - range->low + 1;
        uint32_t start = range->low + (uint32_t)(hash % size);
        uint32_t address;

        if (!range_serves(d, range))
            continue;
        address = unused_between(d, start, range->high);
        if (!address && start > range->low)
            address = unused_between(d, range->low, start - 1);
        if (address) {
            dhcp_why(d, "a free address of the range");
            return address;
        }
    }
    return 0;
}

/* Of a subnet's ranges, the record that was free longest; or `oldest`. */
static const struct lease *oldest_in(const struct decision *d, const struct subnet *subnet,
                                     const struct lease *oldest)
{
    const struct dhcp_question *q = d->question;

    for (size_t i = 0; i < subnet->range_count; i++) {
        const struct lease *lease;

        if (!range_serves(d, &subnet->ranges[i]))
            continue;
        lease = lease_table_find_oldest(q->leases, subnet->ranges[i].low, subnet->ranges[i].high,
                                        q->wall, q->now_ms, assignable, d);
        if (lease && (!oldest || lease->expiry < oldest->expiry))
            oldest = lease;
    }
    return oldest;
}

/* The next subnet of the machine's wire after `*index`, its own first; NULL behind the last. Start
 * with `*index` = 0. */
static const struct subnet *next_here(const struct decision *d, size_t *index)
{
    const struct snapshot *snapshot = d->question->snapshot;

    if ((*index)++ == 0)
        return d->plan->subnet;
    for (; d->plan->subnet->shared && *index - 2 < snapshot->subnet_count; (*index)++) {
        const struct subnet *subnet = &snapshot->subnets[*index - 2];

        if (subnet != d->plan->subnet && on_one_wire(subnet, d->plan->subnet))
            return subnet;
    }
    return NULL;
}

static uint32_t choose_oldest(struct decision *d)
{
    const struct lease *oldest = NULL;
    const struct subnet *subnet;
    char text[HARDWARE_TEXT_SIZE];

    for (size_t index = 0; (subnet = next_here(d, &index));)
        oldest = oldest_in(d, subnet, oldest);
    if (!oldest)
        return 0;
    dhcp_why(d, "the address that was free longest, once held by %s",
             hardware_text(text, &oldest->hardware));
    return oldest->address;
}

enum alike { ALIKE_RELEASED, ALIKE_ENDED, ALIKE_IN_FORCE };

/* A record of another hardware address that has the machine's identifier or UUID: one whose machine
 * gave the address back, or whose time is up, and that this one may have; or one that is in force.
 * Of many clones a few are looked at. */
static const struct lease *find_alike(const struct decision *d, enum lease_key kind,
                                      enum alike alike)
{
    enum { LOOKED_AT_MAX = 16 };
    struct slice key = d->plan->identity.client_identifier;
    const struct lease *lease;

    if (kind == LEASE_KEY_UUID)
        key = dhcp_message_bytes(d->question->message, DHCP_OPTION_UUID);
    else if (scope_view_flag(&d->view, PARAMETER_IGNORE_CLIENT_UIDS, false))
        return NULL;
    lease = lease_index_find(&d->question->leases->alike[kind], kind, key);
    for (int i = 0; lease && i < LOOKED_AT_MAX; i++, lease = lease_index_next(lease, kind)) {
        if (hardware_equal(&lease->hardware, &d->plan->identity.hardware) ||
            lease->state == LEASE_DECLINED || is_free(d, lease) != (alike != ALIKE_IN_FORCE) ||
            (lease->state == LEASE_RELEASED) != (alike == ALIKE_RELEASED))
            continue;
        if (alike == ALIKE_IN_FORCE && lease->state == LEASE_BOUND)
            return lease;
        if (alike != ALIKE_IN_FORCE && range_serves(d, range_here(d, lease->address)) &&
            assignable(d, lease->address))
            return lease;
    }
    return NULL;
}

static const char *const alike_words[LEASE_KEYS] = {
    [LEASE_KEY_IDENTIFIER] = "client identifier",
    [LEASE_KEY_UUID] = "UUID",
};

/* A machine with a new hardware address (another interface of it, or a new one) finds the address
 * that it had, by its identifier or UUID, if nobody holds that any more. While somebody does, it
 * may be a clone: two machines at one address would end both boots. What was not given back may
 * only seem to have ended, after a jump of the clock: it is the last but one resort. */
static uint32_t choose_earlier(struct decision *d, enum alike alike)
{
    char text[HARDWARE_TEXT_SIZE];

    for (enum lease_key kind = 0; kind < LEASE_KEYS; kind++) {
        const struct lease *lease = find_alike(d, kind, alike);

        if (!lease)
            continue;
        snprintf(d->earlier, sizeof(d->earlier), "its own when it asked as %s, with the same %s",
                 hardware_text(text, &lease->hardware), alike_words[kind]);
        dhcp_why(d, "an address that was %s", d->earlier);
        return lease->address;
    }
    return 0;
}

/* Says who else goes by the machine's identifier or UUID now. */
static void say_alike(struct decision *d)
{
    char hardware[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE];

    for (enum lease_key kind = 0; kind < LEASE_KEYS; kind++) {
        const struct lease *lease = find_alike(d, kind, ALIKE_IN_FORCE);

        if (!lease)
            continue;
        dhcp_why_also(d, "; %s, at %s, has the same %s: taken for two machines",
                      hardware_text(hardware, &lease->hardware), ipv4_text(address, lease->address),
                      alike_words[kind]);
        return;
    }
}

/* An address from the ranges for a machine that has none. */
static uint32_t choose_new(struct decision *d, uint32_t asked)
{
    const struct subnet *subnet;
    uint32_t address;

    bool full = d->question->leases->count >= DHCP_LEASES_MAX;

    address = choose_asked(d, asked, false);
    for (size_t index = 0; !address && !full && (subnet = next_here(d, &index));)
        address = choose_unused(d, subnet);
    if (!address)
        address = choose_asked(d, asked, true);
    if (!address)
        address = choose_earlier(d, ALIKE_ENDED);
    if (!address)
        address = choose_oldest(d);
    if (address)
        return address;
    d->plan->outcome = OUTCOME_EXHAUSTED;
    if (full) {
        dhcp_why(d, "%d leases are known, which is the limit, and none of its ranges has ended",
                 DHCP_LEASES_MAX);
        return 0;
    }
    dhcp_why(d, d->type == DHCP_BOOTP
                    ? "no range serves BOOTP clients that no host declaration names (range "
                      "dynamic-bootp), or none has a free address"
                    : "no range of its subnet has a free address");
    return 0;
}

static uint32_t choose_address(struct decision *d, uint32_t asked)
{
    uint32_t fixed = dhcp_fixed_address(d), address;
    const struct lease *held;
    struct lease_note earlier;

    if (fixed) {
        address = choose_fixed(d, fixed);
        if (address)
            return address;
    }
    held = dhcp_lease_held(d);
    if (held) {
        if (held->state == LEASE_OFFERED)
            why_held(d, held, "the address on offer to it");
        if (held->state == LEASE_OFFERED && lease_note_find(held->notes, NOTE_EARLIER, &earlier))
            dhcp_why_also(d, "; it was %.*s", (int)earlier.value.length,
                          (const char *)earlier.value.data);
        if (held->state == LEASE_OFFERED)
            return held->address;
        if (is_free(d, held))
            why_held(d, held, "the address it held before, its");
        else
            why_held(d, held, "the lease it holds");
        return held->address;
    }
    address = choose_earlier(d, ALIKE_RELEASED);
    return address ? address : choose_new(d, asked);
}

uint32_t dhcp_choose_address(struct decision *d, uint32_t asked)
{
    uint32_t address = choose_address(d, asked);

    if (address)
        say_alike(d);
    return address;
}

void dhcp_pool_text(char *to, size_t size, const struct dhcp_question *question,
                    const struct subnet *subnet)
{
    struct lease_counts counts = {0};
    size_t total = 0;

    for (size_t i = 0; i < subnet->range_count; i++) {
        total += (size_t)(subnet->ranges[i].high - subnet->ranges[i].low) + 1;
        lease_table_count(question->leases, subnet->ranges[i].low, subnet->ranges[i].high,
                          question->wall, question->now_ms, &counts);
    }
    snprintf(to, size,
             "%zu addresses in its ranges: %zu bound, %zu on offer, %zu declined, %zu "
             "free or reserved",
             total, counts.bound, counts.offered, counts.declined, counts.free);
}
