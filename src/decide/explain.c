#include "decide/explain_parts.h"

#include "base/memory.h"
#include "wire/dhcp_value.h"

#include <stdlib.h>

enum { LEASE_SECONDS = 3600 }; /* long enough for the stages that follow */

const struct position explain_nowhere = {NULL, 0, 0};

void explain_add(struct explainer *x, enum fact_kind kind, const char *name, const char *value,
                 struct position where, const char *why)
{
    if (x->fact_count < EXPLAIN_FACTS)
        x->facts[x->fact_count++] = (struct fact){kind, name, value, where, why};
}

const struct setting *explain_find(struct explainer *x, enum setting_space space, unsigned code)
{
    return evaluation_find(&x->plan.evaluation, space, code);
}

struct position explain_place(const struct setting *setting)
{
    return setting ? setting->where : explain_nowhere;
}

void explain_add_parameter(struct explainer *x, const char *name, const char *value,
                           enum parameter parameter, const char *why)
{
    const struct setting *setting = explain_find(x, SPACE_PARAMETER, parameter);

    explain_add(x, FACT_VALUE, name, value, explain_place(setting), setting ? NULL : why);
}

static const char *address_text(struct explainer *x, uint32_t address)
{
    char text[IPV4_TEXT_SIZE];

    return address == x->own ? EXPLAIN_OWN_ADDRESS
                             : region_string(x->region, ipv4_text(text, address));
}

/* ---- The address ---- */

static const char *range_text(struct explainer *x, const struct range *range)
{
    char low[IPV4_TEXT_SIZE], high[IPV4_TEXT_SIZE];

    if (range->low == range->high)
        return region_string(x->region, ipv4_text(low, range->low));
    return region_printf(x->region, "%s to %s", ipv4_text(low, range->low),
                         ipv4_text(high, range->high));
}

static bool on_wire(const struct explainer *x, const struct subnet *subnet)
{
    const struct subnet *here = x->question->subnet;

    return subnet == here || (here->shared && subnet->shared == here->shared);
}

/* The ranges of the wire: that which the address is of (0: none), those that serve the machine once
 * it is used up, and those that do not. */
static void explain_ranges(struct explainer *x, uint32_t address)
{
    const struct snapshot *snapshot = x->question->snapshot;

    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];

        for (size_t j = 0; on_wire(x, subnet) && j < subnet->range_count; j++) {
            const struct range *range = &subnet->ranges[j];

            const struct permit *refusal =
                evaluation_refusal(&x->plan.evaluation, range->pool, false);

            if (refusal)
                explain_add(x, FACT_POOL, "not from", range_text(x, range), refusal->where,
                            refusal >= range->pool->allow &&
                                    refusal < range->pool->allow + range->pool->allow_count
                                ? "no allow of this pool names the machine"
                                : "this names the machine");
            else if (address && (address < range->low || address > range->high))
                explain_add(x, FACT_POOL, "or from", range_text(x, range), range->where,
                            "where no other address is free");
        }
    }
}

static const struct range *range_with(const struct explainer *x, uint32_t address)
{
    const struct snapshot *snapshot = x->question->snapshot;

    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        for (size_t j = 0; j < snapshot->subnets[i].range_count; j++) {
            const struct range *range = &snapshot->subnets[i].ranges[j];

            if (address >= range->low && address <= range->high)
                return range;
        }
    }
    return NULL;
}

/* Adds the address where the host's declaration fixes it. */
static bool explain_fixed(struct explainer *x, uint32_t address)
{
    const struct host *host = x->plan.identity.host;
    char text[IPV4_TEXT_SIZE];

    for (size_t i = 0; host && i < host->fixed_address_count; i++) {
        if (host->fixed_addresses[i] != address)
            continue;
        explain_add(x, FACT_VALUE, "address", region_string(x->region, ipv4_text(text, address)),
                    host->fixed_address_places ? host->fixed_address_places[i] : host->where, NULL);
        return true;
    }
    return false;
}

static void explain_address(struct explainer *x)
{
    uint32_t address = x->plan.reply.yiaddr;
    const struct range *range = range_with(x, address);
    bool fixed;

    if (!address) {
        explain_add(x, FACT_VALUE, "address", "none",
                    explain_place(explain_find(x, SPACE_PARAMETER, PARAMETER_PROXY_DHCP)),
                    "another server gives it");
        return;
    }
    fixed = explain_fixed(x, address);
    if (!fixed && range)
        explain_add(x, FACT_VALUE, "address",
                    region_printf(x->region, "%s%s", range->low == range->high ? "" : "one of ",
                                  range_text(x, range)),
                    range->where, NULL);
    if (x->plan.evaluation.pool)
        explain_add(x, FACT_POOL, "pool", "of this address", x->plan.evaluation.pool->where, NULL);
    if (!fixed)
        explain_ranges(x, address);
}

/* ---- Fields ---- */

const char *explain_boot_name(struct explainer *x)
{
    const char *file = x->plan.boot.file;
    char own[IPV4_TEXT_SIZE];
    const char *at = x->plan.boot.is_url ? strstr(file, ipv4_text(own, x->own)) : NULL;

    if (at)
        file = region_printf(x->region, "%.*sSERVER%s", (int)(at - file), file, at + strlen(own));
    return dhcp_quoted_text(x->region, slice_of_string(file));
}

static void explain_boot_file(struct explainer *x)
{
    const struct setting *setting = explain_find(x, SPACE_PARAMETER, PARAMETER_FILENAME);
    const struct boot_answer *boot = &x->plan.boot;

    if (x->plan.recipe)
        explain_add(x, FACT_VALUE, "filename", boot->file[0] ? explain_boot_name(x) : "none",
                    x->plan.recipe->where,
                    x->plan.loop ? "held back: it would load itself"
                                 : region_printf(x->region, "%s", boot->why));
    else if (setting && setting->value.length > 0)
        explain_add(x, FACT_VALUE, "filename", dhcp_quoted_text(x->region, setting->value),
                    setting->where, x->plan.loop ? "held back: it would load itself" : NULL);
    else if (setting)
        explain_add(x, FACT_VALUE, "filename", "none", setting->where, "it is empty");
    else if (x->question->probe.stage->is_rom)
        explain_add(x, FACT_VALUE, "filename", "none", explain_nowhere,
                    "no statement sets it at this stage");
}

/* Which loader was preferred, where that made a difference. */
static void explain_boot_loader(struct explainer *x)
{
    const struct setting *setting = explain_find(x, SPACE_PARAMETER, PARAMETER_BOOT_LOADER);

    if (x->plan.recipe && x->plan.boot.loader && setting)
        explain_add(x, FACT_VALUE, "boot-loader", dhcp_quoted_text(x->region, setting->value),
                    setting->where, NULL);
}

static void explain_fields(struct explainer *x)
{
    const struct dhcp_reply *reply = &x->plan.reply;
    const struct setting *next = explain_find(x, SPACE_PARAMETER, PARAMETER_NEXT_SERVER);
    const struct setting *name = explain_find(x, SPACE_PARAMETER, PARAMETER_SERVER_NAME);

    if (next || reply->siaddr)
        explain_add_parameter(x, "next-server", address_text(x, reply->siaddr),
                              PARAMETER_NEXT_SERVER, "no next-server is written");
    if (name && name->value.length > 0)
        explain_add(x, FACT_VALUE, "server-name", dhcp_quoted_text(x->region, name->value),
                    name->where, NULL);
    explain_boot_file(x);
    explain_boot_loader(x);
}

/* ---- The whole ---- */

/* The line that keeps the machine from an answer. */
static void explain_refusal(struct explainer *x)
{
    const struct setting *setting;
    const char *what;

    if (x->plan.outcome == OUTCOME_EXHAUSTED) {
        explain_ranges(x, 0);
        return;
    }
    setting = dhcp_refusing(&x->plan, &what);
    if (setting)
        explain_add(x, FACT_VALUE, "no answer", what, setting->where, NULL);
}

static void explain_reply(struct explainer *x)
{
    uint8_t bytes[DHCP_LIMIT_MAX];

    dhcp_encode(&x->plan.reply, x->plan.limit, bytes, sizeof(bytes), &x->dropped);
    explain_address(x);
    explain_fields(x);
    explain_options(x);
    explain_services(x);
}

static void ask(struct explainer *x, uint16_t secs)
{
    struct probe probe = x->question->probe;
    struct dhcp_question question = {
        .snapshot = x->question->snapshot,
        .leases = &x->leases,
        .message = &x->message,
        .arrival = {0, IPV4_BROADCAST, x->own},
        .boot = x->question->boot,
        .wall = x->question->wall,
    };

    if (secs > probe.secs)
        probe.secs = secs;
    if (x->question->held)
        lease_table_put(&x->leases, x->question->held);
    question.packet = slice_of(x->packet, probe_write(&probe, x->packet));
    if (!dhcp_decode(&x->message, question.packet))
        decide_dhcp(&question, &x->plan);
}

void explain_stage(struct region *region, const struct explain_question *question,
                   struct explained *explained)
{
    struct explainer *x = memory_zeroed(1, sizeof(*x));
    const struct setting *patience;

    x->region = region;
    x->question = question;
    x->to = explained;
    /* The network's own address: it is nobody's, so it stands for the server's in the decision. */
    x->own = question->subnet->network;
    *explained = (struct explained){.answered = false};
    ask(x, 0);
    patience = explain_find(x, SPACE_PARAMETER, PARAMETER_MIN_SECS);
    if (!x->plan.has_reply && patience && patience->value.length == 1) {
        ask(x, patience->value.data[0]);
        patience = explain_find(x, SPACE_PARAMETER, PARAMETER_MIN_SECS);
        if (x->plan.has_reply && patience)
            explain_add(x, FACT_NOTE, "note",
                        region_printf(region, "after %u seconds", patience->value.data[0]),
                        patience->where, NULL);
    }
    explained->answered = x->plan.has_reply;
    explained->outcome = region_string(region, x->plan.why);
    explained->host = x->plan.identity.host;
    if (x->plan.change == CHANGE_OFFER) {
        explained->lease = x->plan.lease;
        explained->lease.notes = slice_of(region_string_of_slice(region, x->plan.lease.notes),
                                          x->plan.lease.notes.length);
        explained->lease.state = LEASE_BOUND;
        explained->lease.expiry = question->wall + LEASE_SECONDS;
    }
    if (x->plan.has_reply)
        explain_reply(x);
    else
        explain_refusal(x);
    explain_decisions(x);
    explain_find_files(x);
    explained->fact_count = x->fact_count;
    explained->facts = region_allocate(region, (x->fact_count + 1) * sizeof(struct fact));
    memcpy(explained->facts, x->facts, x->fact_count * sizeof(struct fact));
    lease_table_release(&x->leases);
    free(x);
}
