/* The options of a reply, explained. */
#include "decide/explain_parts.h"

#include "base/cursor.h"
#include "base/text.h"
#include "decide/pxe.h"
#include "wire/dhcp_value.h"

enum { NAME_SIZE = 128 };

/* ---- Names and values ---- */

static const struct option_name *name_of(const struct snapshot *snapshot, enum setting_space space,
                                         unsigned code)
{
    for (size_t i = 0; i < snapshot->option_name_count; i++) {
        const struct option_name *name = &snapshot->option_names[i];

        if (name->space == space && name->code == code)
            return name;
    }
    return NULL;
}

static const char *space_name(const struct snapshot *snapshot, enum setting_space space)
{
    size_t index = (size_t)space - SPACE_USER;

    if (space == SPACE_AGENT)
        return "agent";
    return index < snapshot->space_count ? snapshot->spaces[index].name : "unknown";
}

/* "option root-path", "option ipxe.no-pxedhcp", "option unknown-222". */
static const char *option_text(struct explainer *x, enum setting_space space, unsigned code)
{
    const struct snapshot *snapshot = x->question->snapshot;
    const struct option_name *own = name_of(snapshot, space, code);
    const struct dhcp_option_definition *standard =
        space == SPACE_DHCP ? dhcp_option_by_code((uint8_t)code) : NULL;
    const char *name = own ? own->name : standard ? standard->name : NULL;
    const char *prefix = space == SPACE_DHCP ? "" : space_name(snapshot, space);
    const char *dot = space == SPACE_DHCP ? "" : ".";

    char text[NAME_SIZE];

    text_printable(text, sizeof(text), slice_of_string(prefix));
    if (name)
        return region_printf(x->region, "option %s%s%s", text, dot, name);
    return region_printf(x->region, "option %s%sunknown-%u", text, dot, code);
}

static const char *option_value(struct explainer *x, enum setting_space space, unsigned code,
                                struct slice value)
{
    static const struct dhcp_form bytes = {{DHCP_ATOM_DATA}, DHCP_ONCE, false};
    const struct option_name *own = name_of(x->question->snapshot, space, code);
    const struct dhcp_option_definition *standard =
        space == SPACE_DHCP ? dhcp_option_by_code((uint8_t)code) : NULL;

    return dhcp_value_text(x->region, own ? own->form : standard ? &standard->form : &bytes, value);
}

/* ---- Options that the server makes ---- */

static void explain_lease_time(struct explainer *x, const char *name, struct slice value)
{
    static const struct {
        enum parameter parameter;
        uint32_t otherwise;
        const char *why;
    } deciders[] = {
        {PARAMETER_DEFAULT_LEASE_TIME, 43200, "no default-lease-time is written"},
        {PARAMETER_MAX_LEASE_TIME, 86400, "the longest where no max-lease-time is written"},
        {PARAMETER_MIN_LEASE_TIME, 300, "the shortest where no min-lease-time is written"},
    };
    struct reader r = reader_of_slice(value);
    uint32_t seconds = reader_be32(&r), asked;
    struct scope_view view = {.scopes = {&x->plan.evaluation.effective}, .count = 1};
    const char *text = seconds == UINT32_MAX ? "infinite" : region_printf(x->region, "%u", seconds);

    if (dhcp_message_u32(&x->message, DHCP_OPTION_LEASE_TIME, &asked) && asked == seconds) {
        explain_add(x, FACT_VALUE, name, text, explain_nowhere, "the client asks for it");
        return;
    }
    for (size_t i = 0; i < sizeof(deciders) / sizeof(deciders[0]); i++) {
        if (scope_view_number(&view, deciders[i].parameter, deciders[i].otherwise) == seconds) {
            explain_add_parameter(x, name, text, deciders[i].parameter, deciders[i].why);
            return;
        }
    }
    explain_add(x, FACT_VALUE, name, text, explain_nowhere, "shortened");
}

/* T1 or T2 as the server makes it; a configured one does not lie within the lease. */
static void explain_part_of_lease(struct explainer *x, unsigned code, const char *name,
                                  const char *value)
{
    const struct setting *setting = explain_find(x, SPACE_DHCP, code);
    const char *why = code == DHCP_OPTION_RENEWAL_TIME ? "half of the lease time, or earlier"
                                                       : "7/8 of the lease time, or later";

    if (setting)
        why = "the time in this line does not lie within the lease";
    explain_add(x, FACT_VALUE, name, value, explain_place(setting), why);
}

/* Option 43 for a PXE ROM. A menu's bytes hold the server's address, which is not known here: its
 * items are told instead. */
static void explain_pxe(struct explainer *x, const char *name, const char *value)
{
    struct scope_view view = {.scopes = {&x->plan.evaluation.effective}, .count = 1};
    const struct setting *menu = explain_find(x, SPACE_PARAMETER, PARAMETER_PXE_MENU);
    struct reader r = reader_of_slice(menu ? menu->value : slice_of(NULL, 0));

    if (!pxe_has_menu(&view)) {
        explain_add(x, FACT_VALUE, name, value, explain_nowhere,
                    "tells a PXE ROM to load the boot file at hand");
        return;
    }
    explain_add(x, FACT_VALUE, name, "a PXE boot menu", menu->where, NULL);
    while (reader_left(&r) > 0) {
        struct slice text = reader_bytes(&r, reader_u8(&r));
        struct slice file = reader_bytes(&r, reader_u8(&r));

        explain_add(
            x, FACT_VALUE, "menu item",
            region_printf(x->region, "%s: %s", dhcp_quoted_text(x->region, text),
                          file.length > 0 ? dhcp_quoted_text(x->region, file) : "local disk"),
            menu->where, NULL);
    }
}

/* What no statement wrote as an option of this code. Returns false where it is the client's own,
 * sent back, or the message's type. */
static bool explain_made(struct explainer *x, unsigned code, const char *name, const char *value)
{
    const struct setting *setting;

    switch (code) {
    case DHCP_OPTION_SUBNET_MASK:
        explain_add(x, FACT_VALUE, name, value, x->plan.subnet->where, NULL);
        return true;
    case DHCP_OPTION_HOST_NAME:
        explain_add_parameter(x, name, value, PARAMETER_USE_HOST_DECL_NAMES, NULL);
        return true;
    case DHCP_OPTION_SERVER_IDENTIFIER:
        explain_add_parameter(x, name, value, PARAMETER_SERVER_IDENTIFIER,
                              "no server-identifier is written");
        return true;
    case DHCP_OPTION_RENEWAL_TIME:
    case DHCP_OPTION_REBINDING_TIME:
        explain_part_of_lease(x, code, name, value);
        return true;
    case DHCP_OPTION_SERVER_NAME:
        setting = explain_find(x, SPACE_PARAMETER, PARAMETER_SERVER_NAME);
        if (!setting && x->plan.reply.siaddr == x->own)
            value = EXPLAIN_OWN_ADDRESS;
        explain_add_parameter(x, name, value,
                              setting ? PARAMETER_SERVER_NAME : PARAMETER_NEXT_SERVER,
                              "no next-server is written");
        return true;
    case DHCP_OPTION_FILE_NAME:
        if (x->plan.recipe)
            explain_add(x, FACT_VALUE, name, explain_boot_name(x), x->plan.recipe->where, NULL);
        else
            explain_add_parameter(x, name, value, PARAMETER_FILENAME, NULL);
        return true;
    case DHCP_OPTION_VENDOR_OPTIONS:
        explain_pxe(x, name, value);
        return true;
    case DHCP_OPTION_VENDOR_CLASS:
        explain_add(x, FACT_VALUE, name, value, explain_nowhere,
                    "its ROM looks for its class in the answer");
        return true;
    case DHCP_OPTION_IPXE:
        explain_add_parameter(x, name, value, PARAMETER_IPXE_NO_PXEDHCP,
                              "no-pxedhcp: iPXE need not wait for a proxyDHCP server");
        return true;
    default:
        return false;
    }
}

static bool was_dropped(const struct explainer *x, unsigned code)
{
    for (size_t i = 0; i < x->dropped.count; i++) {
        if (x->dropped.codes[i] == code)
            return true;
    }
    return false;
}

/* The options of a space that option `code` carries, each with its line. */
static void explain_carried(struct explainer *x, unsigned code)
{
    const struct snapshot *snapshot = x->question->snapshot;
    struct evaluation *e = &x->plan.evaluation;
    unsigned vendor = evaluation_space(e, PARAMETER_VENDOR_OPTION_SPACE);
    const struct setting *own = evaluation_find(e, SPACE_DHCP, code);

    if (own && !own->computed)
        return;
    for (size_t i = 0; i < e->setting_count; i++) {
        const struct setting *setting = &e->settings[i];
        bool carried =
            code == DHCP_OPTION_VENDOR_OPTIONS && vendor && (unsigned)setting->space == vendor;

        for (size_t j = 0; setting->space >= SPACE_USER && j < snapshot->encapsulation_count; j++)
            carried = carried || (snapshot->encapsulations[j].space == SPACE_DHCP &&
                                  snapshot->encapsulations[j].code == code &&
                                  snapshot->encapsulations[j].inner == setting->space);
        if (carried)
            explain_add(x, FACT_VALUE, option_text(x, setting->space, setting->code),
                        option_value(x, setting->space, setting->code, setting->value),
                        setting->where, NULL);
    }
}

static void explain_option(struct explainer *x, unsigned code, struct slice bytes)
{
    const struct setting *setting = explain_find(x, SPACE_DHCP, code);
    const char *name = option_text(x, SPACE_DHCP, code), *value;
    struct reader r = reader_of_slice(bytes);
    bool is_time = code == DHCP_OPTION_RENEWAL_TIME || code == DHCP_OPTION_REBINDING_TIME;

    /* The NUL that some clients need behind the name of a boot file is not the person's. */
    if (code == DHCP_OPTION_FILE_NAME && bytes.length > 0 && bytes.data[bytes.length - 1] == 0)
        bytes.length--;
    value = bytes.length == 4 && reader_be32(&r) == x->own && code == DHCP_OPTION_SERVER_IDENTIFIER
                ? EXPLAIN_OWN_ADDRESS
                : option_value(x, SPACE_DHCP, code, bytes);
    if (was_dropped(x, code))
        explain_add(x, FACT_NOT_SENT, name, value, explain_place(setting),
                    region_printf(x->region, "no room in the %zu bytes that this stage takes",
                                  x->plan.limit));
    else if (code == DHCP_OPTION_LEASE_TIME)
        explain_lease_time(x, name, bytes);
    else if (setting && setting->value.length > 0 &&
             (!is_time || slice_equal(setting->value, bytes)))
        explain_add(x, FACT_VALUE, name, value, setting->where, NULL);
    else if (!explain_made(x, code, name, value))
        return;
    explain_carried(x, code);
}

static const char *why_not_sent(struct explainer *x, unsigned code)
{
    switch (code) {
    case DHCP_OPTION_PARAMETER_LIST:
    case DHCP_OPTION_MAXIMUM_SIZE:
        return "the server goes by it";
    default:
        break;
    }
    if (explain_find(x, SPACE_DHCP, DHCP_OPTION_PARAMETER_LIST))
        return "the configuration's dhcp-parameter-request-list does not name it";
    return dhcp_message_requests(&x->message, (uint8_t)code) ? "the server makes this one itself"
                                                             : "this stage does not ask for it";
}

/* What is configured and not in the reply. */
static void explain_not_sent(struct explainer *x)
{
    struct evaluation *e = &x->plan.evaluation;

    for (size_t i = 0; i < e->setting_count; i++) {
        const struct setting *setting = &e->settings[i];
        bool sent = setting->space != SPACE_DHCP || setting->value.length == 0;

        for (size_t j = 0; j < x->plan.reply.option_count; j++)
            sent = sent || x->plan.reply.options[j].code == setting->code;
        if (!sent)
            explain_add(x, FACT_NOT_SENT, option_text(x, SPACE_DHCP, setting->code),
                        option_value(x, SPACE_DHCP, setting->code, setting->value), setting->where,
                        why_not_sent(x, setting->code));
    }
}

void explain_options(struct explainer *x)
{
    for (size_t i = 0; i < x->plan.reply.option_count; i++)
        explain_option(x, x->plan.reply.options[i].code, x->plan.reply.options[i].value);
    explain_not_sent(x);
}
