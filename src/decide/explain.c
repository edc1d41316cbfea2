#include "decide/explain.h"

#include "base/cursor.h"
#include "base/memory.h"
#include "decide/dhcp.h"
#include "decide/export.h"
#include "decide/pxe.h"
#include "wire/dhcp_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { WALK_DEPTH_MAX = 2 * EXPRESSION_DEPTH_MAX };

static const struct position nowhere = {NULL, 0, 0};
static const char own_address[] = "the server's own address";

/* One explanation on its way. */
struct explainer {
    struct region *region;
    const struct explain_question *question;
    struct explained *to;
    struct dhcp_message message;
    uint8_t packet[DHCP_MESSAGE_MAX];
    struct dhcp_plan plan;
    struct lease_table leases; /* empty */
    struct dhcp_dropped dropped;
    uint32_t own; /* what stands for the server's address on the machine's network */
    struct fact facts[EXPLAIN_FACTS];
    size_t fact_count;
};

static void add(struct explainer *x, enum fact_kind kind, const char *name, const char *value,
                struct position where, const char *why)
{
    if (x->fact_count < EXPLAIN_FACTS)
        x->facts[x->fact_count++] = (struct fact){kind, name, value, where, why};
}

static const struct setting *find(struct explainer *x, enum setting_space space, unsigned code)
{
    return evaluation_find(&x->plan.evaluation, space, code);
}

static struct position place_of(const struct setting *setting)
{
    return setting ? setting->where : nowhere;
}

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
    return index < snapshot->space_count ? snapshot->spaces[index].name : "?";
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

    if (name)
        return region_printf(x->region, "option %s%s%s", prefix, dot, name);
    return region_printf(x->region, "option %s%sunknown-%u", prefix, dot, code);
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

static const char *address_text(struct explainer *x, uint32_t address)
{
    char text[IPV4_TEXT_SIZE];

    return address == x->own ? own_address : region_string(x->region, ipv4_text(text, address));
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

            if (!evaluation_permits(&x->plan.evaluation, range->pool, false))
                add(x, FACT_POOL, "not from", range_text(x, range),
                    range->pool ? range->pool->where : range->where,
                    "the pool does not serve this machine");
            else if (address && (address < range->low || address > range->high))
                add(x, FACT_POOL, "or from", range_text(x, range), range->where,
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
        add(x, FACT_VALUE, "address", region_string(x->region, ipv4_text(text, address)),
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
        add(x, FACT_VALUE, "address", "none",
            place_of(find(x, SPACE_PARAMETER, PARAMETER_PROXY_DHCP)), "another server gives it");
        return;
    }
    fixed = explain_fixed(x, address);
    if (!fixed && range)
        add(x, FACT_VALUE, "address",
            region_printf(x->region, "%s%s", range->low == range->high ? "" : "one of ",
                          range_text(x, range)),
            range->where, NULL);
    if (x->plan.evaluation.pool)
        add(x, FACT_POOL, "pool", "of this address", x->plan.evaluation.pool->where, NULL);
    if (!fixed)
        explain_ranges(x, address);
}

/* ---- Fields ---- */

/* A value made of a parameter: its line, or why there is none. */
static void add_parameter(struct explainer *x, const char *name, const char *value,
                          enum parameter parameter, const char *why)
{
    const struct setting *setting = find(x, SPACE_PARAMETER, parameter);

    add(x, FACT_VALUE, name, value, place_of(setting), setting ? NULL : why);
}

static void explain_boot_file(struct explainer *x)
{
    const struct setting *setting = find(x, SPACE_PARAMETER, PARAMETER_FILENAME);

    if (setting && setting->value.length > 0)
        add(x, FACT_VALUE, "filename", dhcp_quoted_text(x->region, setting->value), setting->where,
            x->plan.loop ? "held back: it would load itself" : NULL);
    else if (setting)
        add(x, FACT_VALUE, "filename", "none", setting->where, "it is empty");
    else if (x->question->probe.stage->is_rom)
        add(x, FACT_VALUE, "filename", "none", nowhere, "no statement sets it at this stage");
}

static void explain_fields(struct explainer *x)
{
    const struct dhcp_reply *reply = &x->plan.reply;
    const struct setting *next = find(x, SPACE_PARAMETER, PARAMETER_NEXT_SERVER);
    const struct setting *name = find(x, SPACE_PARAMETER, PARAMETER_SERVER_NAME);

    if (next || reply->siaddr)
        add_parameter(x, "next-server", address_text(x, reply->siaddr), PARAMETER_NEXT_SERVER,
                      "no next-server is written");
    if (name && name->value.length > 0)
        add(x, FACT_VALUE, "server-name", dhcp_quoted_text(x->region, name->value), name->where,
            NULL);
    explain_boot_file(x);
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
        add(x, FACT_VALUE, name, text, nowhere, "the client asks for it");
        return;
    }
    for (size_t i = 0; i < sizeof(deciders) / sizeof(deciders[0]); i++) {
        if (scope_view_number(&view, deciders[i].parameter, deciders[i].otherwise) == seconds) {
            add_parameter(x, name, text, deciders[i].parameter, deciders[i].why);
            return;
        }
    }
}

/* T1 or T2 as the server makes it; a configured one does not lie within the lease. */
static void explain_part_of_lease(struct explainer *x, unsigned code, const char *name,
                                  const char *value)
{
    const struct setting *setting = find(x, SPACE_DHCP, code);
    const char *why = code == DHCP_OPTION_RENEWAL_TIME ? "half of the lease time, or earlier"
                                                       : "7/8 of the lease time, or later";

    if (setting)
        why = "the time in this line does not lie within the lease";
    add(x, FACT_VALUE, name, value, place_of(setting), why);
}

/* What no statement wrote as an option of this code. Returns false where it is the client's own,
 * sent back, or the message's type. */
static bool explain_made(struct explainer *x, unsigned code, const char *name, const char *value)
{
    struct scope_view view = {.scopes = {&x->plan.evaluation.effective}, .count = 1};
    const struct setting *setting;

    switch (code) {
    case DHCP_OPTION_SUBNET_MASK:
        add(x, FACT_VALUE, name, value, x->plan.subnet->where, NULL);
        return true;
    case DHCP_OPTION_HOST_NAME:
        add_parameter(x, name, value, PARAMETER_USE_HOST_DECL_NAMES, NULL);
        return true;
    case DHCP_OPTION_SERVER_IDENTIFIER:
        add_parameter(x, name, value, PARAMETER_SERVER_IDENTIFIER,
                      "no server-identifier is written");
        return true;
    case DHCP_OPTION_RENEWAL_TIME:
    case DHCP_OPTION_REBINDING_TIME:
        explain_part_of_lease(x, code, name, value);
        return true;
    case DHCP_OPTION_SERVER_NAME:
        setting = find(x, SPACE_PARAMETER, PARAMETER_SERVER_NAME);
        if (!setting && x->plan.reply.siaddr == x->own)
            value = own_address;
        add_parameter(x, name, value, setting ? PARAMETER_SERVER_NAME : PARAMETER_NEXT_SERVER,
                      "no next-server is written");
        return true;
    case DHCP_OPTION_FILE_NAME:
        add_parameter(x, name, value, PARAMETER_FILENAME, NULL);
        return true;
    case DHCP_OPTION_VENDOR_OPTIONS:
        /* A menu's bytes hold the server's address, which is not known here. */
        add_parameter(x, name, pxe_has_menu(&view) ? "a PXE boot menu" : value, PARAMETER_PXE_MENU,
                      "tells a PXE ROM to load the boot file at hand");
        return true;
    case DHCP_OPTION_VENDOR_CLASS:
        add(x, FACT_VALUE, name, value, nowhere, "its ROM looks for its class in the answer");
        return true;
    case DHCP_OPTION_IPXE:
        add_parameter(x, name, value, PARAMETER_IPXE_NO_PXEDHCP,
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

    for (size_t i = 0; i < e->setting_count; i++) {
        const struct setting *setting = &e->settings[i];
        bool carried =
            code == DHCP_OPTION_VENDOR_OPTIONS && vendor && (unsigned)setting->space == vendor;

        for (size_t j = 0; setting->space >= SPACE_USER && j < snapshot->encapsulation_count; j++)
            carried = carried || (snapshot->encapsulations[j].space == SPACE_DHCP &&
                                  snapshot->encapsulations[j].code == code &&
                                  snapshot->encapsulations[j].inner == setting->space);
        if (carried)
            add(x, FACT_VALUE, option_text(x, setting->space, setting->code),
                option_value(x, setting->space, setting->code, setting->value), setting->where,
                NULL);
    }
}

static void explain_option(struct explainer *x, unsigned code, struct slice bytes)
{
    const struct setting *setting = find(x, SPACE_DHCP, code);
    const char *name = option_text(x, SPACE_DHCP, code), *value;
    struct reader r = reader_of_slice(bytes);
    bool is_time = code == DHCP_OPTION_RENEWAL_TIME || code == DHCP_OPTION_REBINDING_TIME;

    /* The NUL that some clients need behind the name of a boot file is not the person's. */
    if (code == DHCP_OPTION_FILE_NAME && bytes.length > 0 && bytes.data[bytes.length - 1] == 0)
        bytes.length--;
    value = bytes.length == 4 && reader_be32(&r) == x->own && code == DHCP_OPTION_SERVER_IDENTIFIER
                ? own_address
                : option_value(x, SPACE_DHCP, code, bytes);
    if (was_dropped(x, code))
        add(x, FACT_NOT_SENT, name, value, place_of(setting),
            region_printf(x->region, "no room in the %zu bytes that this stage takes",
                          x->plan.limit));
    else if (code == DHCP_OPTION_LEASE_TIME)
        explain_lease_time(x, name, bytes);
    else if (setting && setting->value.length > 0 &&
             (!is_time || slice_equal(setting->value, bytes)))
        add(x, FACT_VALUE, name, value, setting->where, NULL);
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
    if (find(x, SPACE_DHCP, DHCP_OPTION_PARAMETER_LIST))
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
            add(x, FACT_NOT_SENT, option_text(x, SPACE_DHCP, setting->code),
                option_value(x, SPACE_DHCP, setting->code, setting->value), setting->where,
                why_not_sent(x, setting->code));
    }
}

/* ---- Beside the reply ---- */

static void explain_console(struct explainer *x)
{
    const struct setting *console = find(x, SPACE_PARAMETER, PARAMETER_CONSOLE);
    const struct setting *timeout = find(x, SPACE_PARAMETER, PARAMETER_BOOT_TIMEOUT);
    struct scope_view view = {.scopes = {&x->plan.evaluation.effective}, .count = 1};
    uint32_t speed = scope_view_number(&view, PARAMETER_CONSOLE_SPEED, 0);

    if (console)
        add(x, FACT_SERVICE, "console",
            speed ? region_printf(x->region, "%.*s %u", (int)console->value.length,
                                  (const char *)console->value.data, speed)
                  : region_string_of_slice(x->region, console->value),
            console->where, NULL);
    if (timeout)
        add(x, FACT_SERVICE, "boot-timeout",
            region_printf(x->region, "%u", scope_view_number(&view, PARAMETER_BOOT_TIMEOUT, 0)),
            timeout->where, NULL);
}

static void explain_services(struct explainer *x)
{
    const struct setting *root = find(x, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);
    struct scope_view view = {.scopes = {&x->plan.evaluation.effective}, .count = 1};
    struct export export;

    if (root)
        add(x, FACT_SERVICE, "tftp-root", dhcp_quoted_text(x->region, root->value), root->where,
            NULL);
    switch (export_of(&view, true, &export)) {
    case EXPORT_GRANTED:
        add(x, FACT_SERVICE, "NFS export",
            dhcp_quoted_text(x->region, slice_of_string(export.directory)), export.where, NULL);
        break;
    case EXPORT_BAD_ROOT_PATH:
        add(x, FACT_SERVICE, "NFS export", "none", export.where,
            "this root-path is no absolute path without \"..\"");
        break;
    default:
        break;
    }
    explain_console(x);
}

static void explain_classes(struct explainer *x)
{
    const struct evaluation *e = &x->plan.evaluation;

    for (size_t i = 0; i < e->class_count; i++) {
        const struct membership *member = &e->classes[i];
        const char *name = dhcp_quoted_text(x->region, slice_of_string(member->class->name));

        if (member->subclass)
            add(x, FACT_CLASS, "subclass", name, member->subclass->where, NULL);
        else
            add(x, FACT_CLASS, "class", name, member->class->where, NULL);
    }
}

static void explain_branches(struct explainer *x)
{
    const struct evaluation *e = &x->plan.evaluation;

    for (size_t i = 0; i < e->branch_count; i++) {
        const struct evaluation_branch *branch = &e->branches[i];

        if (branch->action->kind == ACTION_IF)
            add(x, FACT_BRANCH, "condition", branch->taken ? "true" : "false",
                branch->action->where, NULL);
        else
            add(x, FACT_BRANCH, "switch", branch->label ? "goes on here" : "no case is equal",
                branch->label ? branch->label->where : branch->action->where, NULL);
    }
    if (e->branch_count == EVALUATION_BRANCHES)
        add(x, FACT_NOTE, "note", "more conditions follow", nowhere,
            "that many are not remembered");
    if (e->exhausted)
        add(x, FACT_NOTE, "note", "incomplete", nowhere,
            "the configuration comes to more than the server works out for one packet");
}

/* ---- The loader's files ---- */

static void note_file(struct explainer *x, struct slice name)
{
    struct explained *to = x->to;
    const char *text;

    if (name.length == 0 || name.length >= DHCP_FILE_SIZE || memchr(name.data, 0, name.length))
        return;
    for (size_t i = 0; i < to->file_count; i++) {
        if (slice_equal_string(name, to->files[i]))
            return;
    }
    text = region_string_of_slice(x->region, name);
    if (to->file_count < EXPLAIN_FILES)
        to->files[to->file_count++] = text;
}

static void files_of_expression(struct explainer *x, const struct expression *expression,
                                unsigned depth)
{
    for (size_t i = 0; expression && depth < WALK_DEPTH_MAX && i < expression->operand_count; i++) {
        const struct expression *operand = expression->operands[i];

        if (operand->kind == EXPRESSION_CONSTANT && expression->operand_count == 2 &&
            (expression->kind == EXPRESSION_EQUAL || expression->kind == EXPRESSION_NOT_EQUAL) &&
            expression->operands[1 - i]->kind == EXPRESSION_FILENAME)
            note_file(x, operand->constant);
        files_of_expression(x, operand, depth + 1);
    }
}

static void files_of_actions(struct explainer *x, const struct action *actions, unsigned depth)
{
    /* A chain of elsif is as deep as it is long. */
    for (const struct action *at = actions; at && depth < 1000; at = at->next) {
        files_of_expression(x, at->value, 0);
        files_of_expression(x, at->setting.expression, 0);
        files_of_actions(x, at->body, depth + 1);
        files_of_actions(x, at->otherwise, depth + 1);
    }
}

/* Which files the configuration tells apart, in the scopes that were run and in the classes. */
static void find_files(struct explainer *x)
{
    const struct evaluation *e = &x->plan.evaluation;

    for (size_t i = 0; i < e->scope_count; i++)
        files_of_actions(x, e->scopes[i]->actions, 0);
    for (size_t i = 0; i < e->snapshot->class_count; i++)
        files_of_expression(x, e->snapshot->classes[i].match_if, 0);
}

/* ---- The whole ---- */

/* The line that keeps the machine from an answer. */
static void explain_refusal(struct explainer *x)
{
    static const enum parameter refusals[] = {PARAMETER_ALLOW_BOOTING,
                                              PARAMETER_ALLOW_UNKNOWN_CLIENTS};

    if (x->plan.outcome == OUTCOME_EXHAUSTED) {
        explain_ranges(x, 0);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        const struct setting *setting = find(x, SPACE_PARAMETER, refusals[i]);

        if (setting && setting->value.length == 1 && setting->value.data[0] == 0 &&
            x->plan.outcome == OUTCOME_REFUSED && (i == 0 || !x->plan.identity.host)) {
            add(x, FACT_VALUE, "no answer", i == 0 ? "booting is denied" : "it is unknown",
                setting->where, NULL);
            return;
        }
    }
}

static void explain_reply(struct explainer *x)
{
    uint8_t bytes[DHCP_LIMIT_MAX];

    dhcp_encode(&x->plan.reply, x->plan.limit, bytes, sizeof(bytes), &x->dropped);
    explain_address(x);
    explain_fields(x);
    for (size_t i = 0; i < x->plan.reply.option_count; i++)
        explain_option(x, x->plan.reply.options[i].code, x->plan.reply.options[i].value);
    explain_not_sent(x);
    explain_services(x);
    add(x, FACT_NOTE, "reason", region_string(x->region, x->plan.why), nowhere, NULL);
}

static void ask(struct explainer *x, uint16_t secs)
{
    struct probe probe = x->question->probe;
    struct dhcp_question question = {
        .snapshot = x->question->snapshot,
        .leases = &x->leases,
        .message = &x->message,
        .arrival = {0, IPV4_BROADCAST, x->own},
    };

    if (secs > probe.secs)
        probe.secs = secs;
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
    patience = find(x, SPACE_PARAMETER, PARAMETER_MIN_SECS);
    if (!x->plan.has_reply && patience && patience->value.length == 1) {
        ask(x, patience->value.data[0]);
        patience = find(x, SPACE_PARAMETER, PARAMETER_MIN_SECS);
        if (x->plan.has_reply && patience)
            add(x, FACT_NOTE, "note",
                region_printf(region, "after %u seconds", patience->value.data[0]), patience->where,
                NULL);
    }
    explained->answered = x->plan.has_reply;
    explained->outcome = region_string(region, x->plan.why);
    explained->host = x->plan.identity.host;
    if (x->plan.has_reply)
        explain_reply(x);
    else
        explain_refusal(x);
    explain_classes(x);
    explain_branches(x);
    find_files(x);
    explained->fact_count = x->fact_count;
    explained->facts = region_allocate(region, (x->fact_count + 1) * sizeof(struct fact));
    memcpy(explained->facts, x->facts, x->fact_count * sizeof(struct fact));
    free(x);
}
