/* What goes with a reply: the other services, classes, conditions, and the files that a loader may
 * open. */
#include "decide/explain_parts.h"

#include "decide/export.h"
#include "wire/dhcp_value.h"

enum { WALK_DEPTH_MAX = 2 * EXPRESSION_DEPTH_MAX };

/* ---- Beside the reply ---- */

static void explain_console(struct explainer *x)
{
    const struct setting *console = explain_find(x, SPACE_PARAMETER, PARAMETER_CONSOLE);
    const struct setting *timeout = explain_find(x, SPACE_PARAMETER, PARAMETER_BOOT_TIMEOUT);
    struct scope_view view = {.scopes = {&x->plan.evaluation.effective}, .count = 1};
    uint32_t speed = scope_view_number(&view, PARAMETER_CONSOLE_SPEED, 0);

    if (console)
        explain_add(x, FACT_SERVICE, "console",
                    speed ? region_printf(x->region, "%.*s %u", (int)console->value.length,
                                          (const char *)console->value.data, speed)
                          : region_string_of_slice(x->region, console->value),
                    console->where, NULL);
    if (timeout)
        explain_add(
            x, FACT_SERVICE, "boot-timeout",
            region_printf(x->region, "%u", scope_view_number(&view, PARAMETER_BOOT_TIMEOUT, 0)),
            timeout->where, NULL);
}

/* What an export does to those who use it: "ro, squash root". */
static const char *explain_rights(struct explainer *x, const struct export_rights *rights)
{
    static const char *const squashes[] = {
        [SQUASH_NONE] = "none", [SQUASH_ROOT] = "root", [SQUASH_ALL] = "all"};

    return region_printf(x->region, "%s, squash %s", rights->writable ? "rw" : "ro",
                         squashes[rights->squash]);
}

/* What it may mount: the roots of all of its stages, and what the exports that name it hold
 * (decide/export.h). A root-path that is none of them is told, for the machine cannot mount it. */
static void explain_exports(struct explainer *x)
{
    struct reach_question question = {
        .snapshot = x->question->snapshot,
        .host = x->plan.identity.host,
        .hardware = x->plan.identity.hardware,
        .address = x->plan.reply.yiaddr,
    };
    struct scope_view view = {.scopes = {&x->plan.evaluation.effective}, .count = 1};
    const struct setting *told = scope_view_find(&view, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);
    struct exports exports;
    struct export own;
    struct position bad;
    char below[EXPORT_PATH_MAX], directory[EXPORT_PATH_MAX];
    enum export_verdict verdict = export_of(&view, &own, directory);

    exports_find(&exports, &question, true, told && !told->computed ? told : NULL, &bad);
    for (size_t i = 0; i < exports.count; i++)
        explain_add(x, FACT_SERVICE, "NFS export",
                    dhcp_quoted_text(x->region, slice_of_string(exports.list[i].directory)),
                    exports.list[i].where,
                    exports.list[i].statement ? explain_rights(x, &exports.list[i].rights) : NULL);
    if (verdict == EXPORT_BAD_ROOT_PATH)
        explain_add(x, FACT_SERVICE, "NFS export", "none", own.where,
                    "this root-path is no absolute path without \"..\"");
    if (verdict == EXPORT_GRANTED &&
        !exports_allow(&exports, slice_of_string(own.directory), below))
        explain_add(x, FACT_SERVICE, "NFS export", "none", own.where,
                    "a root-path that is made from what a client sends is no export");
    exports_release(&exports);
}

void explain_services(struct explainer *x)
{
    const struct setting *root = explain_find(x, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);

    if (root)
        explain_add(x, FACT_SERVICE, "tftp-root", dhcp_quoted_text(x->region, root->value),
                    root->where, NULL);
    explain_exports(x);
    explain_console(x);
}

static void explain_classes(struct explainer *x)
{
    const struct evaluation *e = &x->plan.evaluation;

    for (size_t i = 0; i < e->class_count; i++) {
        const struct membership *member = &e->classes[i];
        const char *name = dhcp_quoted_text(x->region, slice_of_string(member->class->name));

        if (member->subclass)
            explain_add(x, FACT_CLASS, "subclass", name, member->subclass->where, NULL);
        else
            explain_add(x, FACT_CLASS, "class", name, member->class->where, NULL);
    }
}

static void explain_branches(struct explainer *x)
{
    const struct evaluation *e = &x->plan.evaluation;

    for (size_t i = 0; i < e->branch_count; i++) {
        const struct evaluation_branch *branch = &e->branches[i];

        if (branch->action->kind == ACTION_IF)
            explain_add(x, FACT_BRANCH, "condition", branch->taken ? "true" : "false",
                        branch->action->where, NULL);
        else
            explain_add(x, FACT_BRANCH, "switch",
                        branch->label ? "goes on here" : "no case is equal",
                        branch->label ? branch->label->where : branch->action->where, NULL);
    }
    if (e->branch_count == EVALUATION_BRANCHES)
        explain_add(x, FACT_NOTE, "note", "more conditions follow", explain_nowhere,
                    "that many are not remembered");
    if (e->exhausted)
        explain_add(x, FACT_NOTE, "note", "incomplete", explain_nowhere,
                    "the configuration comes to more than the server works out for one packet");
}

void explain_decisions(struct explainer *x)
{
    explain_classes(x);
    explain_branches(x);
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

void explain_find_files(struct explainer *x)
{
    const struct evaluation *e = &x->plan.evaluation;

    for (size_t i = 0; i < e->scope_count; i++)
        files_of_actions(x, e->scopes[i]->actions, 0);
    for (size_t i = 0; i < e->snapshot->class_count; i++)
        files_of_expression(x, e->snapshot->classes[i].match_if, 0);
}
