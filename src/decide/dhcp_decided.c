/* Which line of the configuration an answer comes from. */
#include "decide/dhcp.h"

const struct setting *dhcp_refusing(const struct dhcp_plan *plan, const char **what)
{
    static const struct {
        enum parameter parameter;
        uint8_t refusing;
        const char *what;
    } refusals[] = {
        {PARAMETER_ALLOW_BOOTING, 0, "booting is denied"},
        {PARAMETER_ALLOW_UNKNOWN_CLIENTS, 0, "it is unknown"},
        {PARAMETER_PROXY_DHCP, 1, "another server gives the addresses"},
    };
    const struct scope_view view = {.scopes = {&plan->evaluation.effective}, .count = 1};

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct setting *setting =
            scope_view_find(&view, SPACE_PARAMETER, refusals[i].parameter);

        if (!setting || setting->value.length != 1 ||
            setting->value.data[0] != refusals[i].refusing ||
            (plan->identity.host && refusals[i].parameter == PARAMETER_ALLOW_UNKNOWN_CLIENTS))
            continue;
        *what = refusals[i].what;
        return setting;
    }
    return NULL;
}

/* Where the boot file's name is written; file NULL: the answer has none, or nobody wrote it. */
static struct position boot_file_place(const struct dhcp_plan *plan)
{
    const struct scope_view view = {.scopes = {&plan->evaluation.effective}, .count = 1};
    const struct setting *setting = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_FILENAME);

    if (plan->recipe && (plan->loop || plan->boot.file[0]))
        return plan->recipe->where;
    if (!plan->recipe && setting && setting->value.length > 0 &&
        (plan->loop || plan->reply.file.length > 0))
        return setting->where;
    return (struct position){.file = NULL};
}

/* Where the address is written: fixed, in a pool, in a range. */
static struct position address_place(const struct dhcp_plan *plan, uint32_t address)
{
    const struct host *host = plan->identity.host;

    for (size_t i = 0; host && i < host->fixed_address_count; i++) {
        if (host->fixed_addresses[i] == address)
            return host->fixed_address_places ? host->fixed_address_places[i] : host->where;
    }
    for (size_t i = 0; i < plan->subnet->range_count; i++) {
        const struct range *range = &plan->subnet->ranges[i];

        if (address >= range->low && address <= range->high)
            return range->where;
    }
    return plan->subnet->where;
}

struct position dhcp_decided(const struct dhcp_plan *plan)
{
    struct position where = {.file = NULL};
    const struct setting *refusing;
    const char *what;

    if (!plan->subnet)
        return where;
    if (!plan->has_reply) {
        refusing = dhcp_refusing(plan, &what);
        return refusing ? refusing->where : where;
    }
    where = boot_file_place(plan);
    return where.file || plan->reply_type == DHCP_NAK ? where
                                                      : address_place(plan, plan->reply.yiaddr);
}
