/* What a DHCP answer says is booted. */
#include "decide/dhcp_parts.h"

static enum boot_loader_kind preferred_loader(const struct decision *d)
{
    struct slice name = scope_view_bytes(&d->view, SPACE_PARAMETER, PARAMETER_BOOT_LOADER);
    char text[32];

    if (name.length == 0 || name.length >= sizeof(text))
        return LOADER_NONE;
    memcpy(text, name.data, name.length);
    text[name.length] = 0;
    return boot_loader_kind_of(text);
}

void dhcp_choose_boot(struct decision *d)
{
    const struct dhcp_question *q = d->question;
    struct dhcp_plan *plan = d->plan;
    struct boot_client client = boot_client_of(q->message);
    struct boot_means means = q->boot;
    const char *said;

    plan->recipe = scope_view_recipe(q->snapshot, &d->view);
    if (!plan->recipe)
        return;
    means.loaders = boot_means_loaders(&q->boot, &d->view);
    means.server = q->arrival.local_address;
    means.nfs_root = scope_view_bytes(&d->view, SPACE_DHCP, DHCP_OPTION_ROOT_PATH).length > 0;
    boot_plan_answer(&plan->boot, plan->recipe, &client, preferred_loader(d), &means);
    if (client.asker == ASKER_OTHER)
        return;
    said = plan->recipe->title ? "menu" : "boot";
    if (plan->boot.outcome == BOOT_OUTCOME_NONE)
        dhcp_why_also(d, "; nothing to boot for %s at %s:%u: %s", said, plan->recipe->where.file,
                      plan->recipe->where.line, plan->boot.why);
    else
        dhcp_why_also(d, "; %s at %s:%u: %s", said, plan->recipe->where.file,
                      plan->recipe->where.line, plan->boot.why);
}

struct slice dhcp_boot_file(const struct decision *d)
{
    const struct dhcp_plan *plan = d->plan;

    if (plan->menu_file.length > 0)
        return plan->menu_file;
    if (plan->recipe)
        return slice_of_string(plan->boot.file);
    return scope_view_bytes(&d->view, SPACE_PARAMETER, PARAMETER_FILENAME);
}
