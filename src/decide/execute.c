#include "decide/evaluation.h"

#include "base/cursor.h"
#include "model/lease_notes.h"
#include "wire/dhcp_option_table.h"

enum { CARRIER_DEPTH_MAX = 4, OPTION_SITE_FIRST = 224 };

void evaluation_start(struct evaluation *e)
{
    e->class_count = e->log_count = e->variable_count = 0;
    memset(e->on, 0, sizeof(e->on));
    e->scope_count = e->setting_count = e->bytes_used = e->branch_count = 0;
    e->absent_count = 0;
    e->steps = e->depth = 0;
    e->exhausted = e->settled = e->conditional = e->recipe_last = false;
    e->effective = (struct scope){.settings = e->settings};
}

struct setting *evaluation_find(struct evaluation *e, enum setting_space space, unsigned code)
{
    for (size_t i = 0; i < e->setting_count; i++) {
        if (e->settings[i].code == code && e->settings[i].space == space)
            return &e->settings[i];
    }
    return NULL;
}

/* The place among those set without a value, or their number. */
static size_t find_absent(const struct evaluation *e, enum setting_space space, unsigned code)
{
    size_t i = 0;

    while (i < e->absent_count && (e->absent[i].code != code || e->absent[i].space != space))
        i++;
    return i;
}

static bool is_absent(const struct evaluation *e, enum setting_space space, unsigned code)
{
    return find_absent(e, space, code) < e->absent_count;
}

void evaluation_set(struct evaluation *e, enum setting_space space, unsigned code,
                    struct slice value, struct position where)
{
    struct setting *setting = evaluation_find(e, space, code);

    if (!setting && e->setting_count == EVALUATION_SETTINGS) {
        e->exhausted = true;
        return;
    }
    if (!setting)
        setting = &e->settings[e->setting_count++];
    if (is_absent(e, space, code))
        e->absent[find_absent(e, space, code)] = e->absent[--e->absent_count];
    *setting = (struct setting){
        .space = space, .code = code, .value = value, .where = where, .computed = true};
}

static void drop_setting(struct evaluation *e, enum setting_space space, unsigned code)
{
    struct setting *setting = evaluation_find(e, space, code);

    if (!setting)
        return;
    memmove(setting, setting + 1,
            (size_t)(e->settings + e->setting_count - (setting + 1)) * sizeof(*setting));
    e->setting_count--;
}

/* Sets what has no value. It takes an inherited value's place all the same. */
static void set_absent(struct evaluation *e, enum setting_space space, unsigned code)
{
    if (!is_absent(e, space, code) && e->absent_count == EVALUATION_SETTINGS)
        e->exhausted = true;
    else if (!is_absent(e, space, code))
        e->absent[e->absent_count++] = (struct setting_name){space, code};
    drop_setting(e, space, code);
}

/* Both values in a row; data NULL where there is no room. */
static struct slice join(struct evaluation *e, struct slice first, struct slice second)
{
    uint8_t *to = evaluation_bytes(e, first.length + second.length);
    struct writer w;

    if (!to)
        return slice_of(NULL, 0);
    w = writer_of(to, first.length + second.length);
    writer_slice(&w, first);
    writer_slice(&w, second);
    return slice_of(to, w.length);
}

/* At a commit all is settled but what the options say, and where the boot file is. */
static bool is_settled(const struct evaluation *e, const struct setting *setting)
{
    return e->settled && setting->space == SPACE_PARAMETER &&
           setting->code != PARAMETER_NEXT_SERVER;
}

/* Remembers what spoke last of the boot file, for settle_boot_file(). */
static void note_boot_file(struct evaluation *e, const struct setting *setting)
{
    if (setting->space != SPACE_PARAMETER)
        return;
    if (setting->code == PARAMETER_BOOT)
        e->recipe_last = true;
    else if (setting->code == PARAMETER_FILENAME)
        e->recipe_last = false;
}

/* Of `boot` and `filename` the one set last holds: scope_view_recipe() finds it behind the other.
 */
static void settle_boot_file(struct evaluation *e)
{
    const struct setting *found = evaluation_find(e, SPACE_PARAMETER, PARAMETER_BOOT);
    struct setting recipe;

    if (!found)
        return;
    recipe = *found;
    drop_setting(e, SPACE_PARAMETER, PARAMETER_BOOT);
    if (e->recipe_last)
        e->settings[e->setting_count++] = recipe;
}

static void apply_setting(struct evaluation *e, const struct setting *setting)
{
    struct setting *old = evaluation_find(e, setting->space, setting->code);
    struct slice value = setting->value;

    if ((setting->operation == SETTING_DEFAULT && old) || is_settled(e, setting))
        return;
    /* dhcpd joins to, or leaves alone, what is set to no value: it stays without one. */
    if (setting->operation != SETTING_SUPERSEDE && is_absent(e, setting->space, setting->code))
        return;
    if (setting->expression) {
        struct value computed = evaluation_value(e, setting->expression);

        /* What an absent value is joined to has none either, as in `concat`: nothing is sent. A
         * flag without a value is off. */
        if (computed.kind != VALUE_DATA &&
            !(setting->space == SPACE_PARAMETER && parameter_is_flag(setting->code))) {
            set_absent(e, setting->space, setting->code);
            return;
        }
        value = computed.kind == VALUE_DATA ? computed.data : slice_of(NULL, 0);
    }
    if (old && setting->operation == SETTING_APPEND)
        value = join(e, old->value, value);
    else if (old && setting->operation == SETTING_PREPEND)
        value = join(e, value, old->value);
    if (!value.data && value.length > 0)
        return;
    evaluation_set(e, setting->space, setting->code, value, setting->where);
    old = evaluation_find(e, setting->space, setting->code);
    if (old)
        old->computed = value.data != setting->value.data;
    note_boot_file(e, setting);
}

static void set_variable(struct evaluation *e, const char *name, struct value value)
{
    size_t i = 0;

    while (i < e->variable_count && strcmp(e->variables[i].name, name) != 0)
        i++;
    if (i == EVALUATION_VARIABLES) {
        e->exhausted = true;
        return;
    }
    e->variables[i] = (struct evaluation_variable){name, value};
    if (i == e->variable_count)
        e->variable_count++;
}

static void add_log(struct evaluation *e, const struct action *action)
{
    struct value value = evaluation_value(e, action->value);

    if (value.kind == VALUE_DATA && e->log_count < EVALUATION_LOGS)
        e->logs[e->log_count++] = (struct evaluation_log){action->level, value.data};
}

static void join_class(struct evaluation *e, const struct class *class,
                       const struct subclass *subclass, struct slice spawned)
{
    for (size_t i = 0; i < e->class_count; i++) {
        const struct membership *member = &e->classes[i];

        if (member->class == class && member->subclass == subclass &&
            slice_equal(member->spawned, spawned))
            return;
    }
    if (e->class_count == EVALUATION_CLASSES)
        e->exhausted = true;
    else
        e->classes[e->class_count++] = (struct membership){class, subclass, spawned};
}

static void add_class(struct evaluation *e, const char *name)
{
    for (size_t i = 0; i < e->snapshot->class_count; i++) {
        if (strcmp(e->snapshot->classes[i].name, name) == 0)
            join_class(e, &e->snapshot->classes[i], NULL, slice_of(NULL, 0));
    }
}

static bool same_value(struct value a, struct value b)
{
    return a.kind == b.kind && a.kind != VALUE_NONE &&
           (a.kind == VALUE_DATA ? slice_equal(a.data, b.data) : a.number == b.number);
}

static void note_branch(struct evaluation *e, const struct action *action, bool taken,
                        const struct action *label)
{
    if (e->branch_count < EVALUATION_BRANCHES)
        e->branches[e->branch_count++] = (struct evaluation_branch){action, taken, label};
}

/* Where a switch goes on: behind the case that is equal, else behind the default. */
static const struct action *switch_target(struct evaluation *e, const struct action *action)
{
    struct value value = evaluation_value(e, action->value);
    const struct action *otherwise = NULL;

    for (const struct action *at = action->body; at; at = at->next) {
        if (at->kind == ACTION_CASE && same_value(value, evaluation_value(e, at->value))) {
            note_branch(e, action, true, at);
            return at->next;
        }
        if (at->kind == ACTION_DEFAULT)
            otherwise = at;
    }
    note_branch(e, action, otherwise != NULL, otherwise);
    return otherwise ? otherwise->next : NULL;
}

/* Where an if goes on. A chain of elsif is walked here: it is as long as the file makes it. */
static const struct action *branch_of(struct evaluation *e, const struct action *action)
{
    for (;;) {
        const struct action *next = action->otherwise;
        bool taken = evaluation_true(e, action->value);

        note_branch(e, action, taken, NULL);
        if (taken)
            return action->body;
        if (!next || next->kind != ACTION_IF || next->next || e->steps >= EVALUATION_STEPS)
            return next;
        action = next;
    }
}

/* Runs a list. Returns false where a break ended it. */
static bool execute(struct evaluation *e, const struct action *actions, unsigned depth);

static bool execute_one(struct evaluation *e, const struct action *action, unsigned depth)
{
    switch (action->kind) {
    case ACTION_SETTING:
        apply_setting(e, &action->setting);
        return true;
    case ACTION_IF:
        return execute(e, branch_of(e, action), depth + 1);
    case ACTION_SWITCH:
        execute(e, switch_target(e, action), depth + 1);
        return true;
    case ACTION_BREAK:
        return false;
    case ACTION_SET:
        set_variable(e, action->name, evaluation_value(e, action->value));
        return true;
    case ACTION_UNSET:
        set_variable(e, action->name, (struct value){.kind = VALUE_NONE});
        return true;
    case ACTION_EVAL:
        evaluation_value(e, action->value);
        return true;
    case ACTION_LOG:
        add_log(e, action);
        return true;
    case ACTION_ADD_CLASS:
        add_class(e, action->name);
        return true;
    case ACTION_ON:
        for (unsigned i = 0; i < EVENT_KINDS; i++) {
            if (action->events & 1u << i)
                e->on[i] = action;
        }
        return true;
    default:
        return true;
    }
}

static bool execute(struct evaluation *e, const struct action *actions, unsigned depth)
{
    for (; actions; actions = actions->next) {
        if (e->steps >= EVALUATION_STEPS || depth > EXPRESSION_DEPTH_MAX) {
            e->exhausted = true;
            return false;
        }
        e->steps++;
        if (!execute_one(e, actions, depth))
            return false;
    }
    return true;
}

void evaluation_execute(struct evaluation *e, const struct action *actions)
{
    execute(e, actions, 0);
}

/* ---- Classes ---- */

static bool join_by_value(struct evaluation *e, const struct class *class,
                          const struct expression *expression)
{
    struct value value = evaluation_value(e, expression);
    const struct subclass *subclass;

    if (value.kind != VALUE_DATA || value.data.length == 0)
        return false;
    subclass = class_find(class, value.data);
    if (!subclass && !class->spawn_with)
        return false;
    join_class(e, class, subclass, subclass ? slice_of(NULL, 0) : value.data);
    return true;
}

void evaluation_classify(struct evaluation *e)
{
    for (size_t i = 0; i < e->snapshot->class_count; i++) {
        const struct class *class = &e->snapshot->classes[i];

        if (class->match && join_by_value(e, class, class->match))
            continue;
        if (class->match_if && !evaluation_true(e, class->match_if))
            continue;
        if (class->spawn_with)
            join_by_value(e, class, class->spawn_with);
        else if (class->match_if)
            join_class(e, class, NULL, slice_of(NULL, 0));
    }
}

bool evaluation_is_member(const struct evaluation *e, const struct class *class)
{
    for (size_t i = 0; i < e->class_count; i++) {
        if (e->classes[i].class == class)
            return true;
    }
    return false;
}

static bool permit_names(const struct evaluation *e, const struct permit *permit, bool bootp)
{
    switch (permit->kind) {
    case PERMIT_ALL:
    case PERMIT_UNAUTHENTICATED:
        return true;
    case PERMIT_KNOWN:
        return e->host != NULL;
    case PERMIT_UNKNOWN:
        return e->host == NULL;
    case PERMIT_DYNAMIC_BOOTP:
        return bootp;
    case PERMIT_CLASS:
        return evaluation_is_member(e, permit->class);
    case PERMIT_AFTER:
        return e->wall > permit->after;
    default:
        return false;
    }
}

const struct permit *evaluation_refusal(const struct evaluation *e, const struct pool *pool,
                                        bool bootp)
{
    for (size_t i = 0; pool && i < pool->deny_count; i++) {
        if (permit_names(e, &pool->deny[i], bootp))
            return &pool->deny[i];
    }
    for (size_t i = 0; pool && i < pool->allow_count; i++) {
        if (permit_names(e, &pool->allow[i], bootp))
            return NULL;
    }
    return pool && pool->allow_count > 0 ? &pool->allow[0] : NULL;
}

bool evaluation_permits(const struct evaluation *e, const struct pool *pool, bool bootp)
{
    return !evaluation_refusal(e, pool, bootp);
}

/* ---- Scopes ---- */

/* Runs what surrounds a scope, then the scope; none runs twice. */
static void run_scope(struct evaluation *e, const struct scope *scope)
{
    const struct scope *chain[SCOPE_VIEW_MAX];
    size_t count = 0;

    for (; scope && count < SCOPE_VIEW_MAX; scope = scope->outer)
        chain[count++] = scope;
    while (count > 0) {
        bool ran = false;

        scope = chain[--count];
        for (size_t i = 0; i < e->scope_count; i++)
            ran = ran || e->scopes[i] == scope;
        if (ran)
            continue;
        if (e->scope_count == EVALUATION_SCOPES) {
            e->exhausted = true;
            return;
        }
        e->scopes[e->scope_count++] = scope;
        if (scope->actions)
            e->conditional = true;
        evaluation_execute(e, scope->actions);
        for (size_t i = 0; !scope->actions && i < scope->count; i++)
            apply_setting(e, &scope->settings[i]);
    }
}

/* ---- Options that carry options ---- */

static void write_wide(struct writer *w, unsigned width, size_t value)
{
    if (width < 4 && value >> (8 * width) != 0)
        writer_fail(w);
    else if (width == 1)
        writer_u8(w, (uint8_t)value);
    else if (width == 2)
        writer_be16(w, (uint16_t)value);
    else if (width == 4)
        writer_be32(w, (uint32_t)value);
}

static bool compose(struct evaluation *e, enum setting_space inner, struct slice *composed,
                    struct position *where, unsigned depth);

/* Puts together the options of `inner` that belong into an option, where it has no value of its
 * own. */
static void fill_carrier(struct evaluation *e, enum setting_space space, unsigned code,
                         enum setting_space inner, unsigned depth)
{
    struct position where;
    struct slice composed;

    if (evaluation_find(e, space, code) || is_absent(e, space, code))
        return;
    if (compose(e, inner, &composed, &where, depth))
        evaluation_set(e, space, code, composed, where);
}

/* The setting of a space with the least code from `least` on, or NULL. */
static const struct setting *next_setting(const struct evaluation *e, enum setting_space space,
                                          uint64_t least)
{
    const struct setting *next = NULL;

    for (size_t i = 0; i < e->setting_count; i++) {
        const struct setting *setting = &e->settings[i];

        if (setting->space == space && setting->code >= least &&
            (!next || setting->code < next->code))
            next = setting;
    }
    return next;
}

/* Whether an option of the configuration's own has no value: its being there says all ("zerolen").
 */
static bool is_bare(const struct snapshot *snapshot, enum setting_space space, unsigned code)
{
    for (size_t i = 0; i < snapshot->option_name_count; i++) {
        const struct option_name *option = &snapshot->option_names[i];

        if (option->space == space && option->code == code)
            return option->form->atoms[0] == DHCP_ATOM_END;
    }
    return false;
}

/* The options of a space, in the order of their codes, in the form that their carrier has them in;
 * false where none is set. */
static bool compose(struct evaluation *e, enum setting_space inner, struct slice *composed,
                    struct position *where, unsigned depth)
{
    size_t index = (size_t)inner - SPACE_USER;
    const struct option_space *space;
    const struct setting *setting;
    uint64_t least = 0;
    uint8_t buffer[EVALUATION_VALUE_MAX], *to;
    struct writer w = writer_of(buffer, sizeof(buffer));

    if (inner < SPACE_USER || index >= e->snapshot->space_count || depth >= CARRIER_DEPTH_MAX)
        return false;
    space = &e->snapshot->spaces[index];
    for (size_t i = 0; i < e->snapshot->encapsulation_count; i++) {
        const struct encapsulation *row = &e->snapshot->encapsulations[i];

        if (row->space == inner && row->inner != inner)
            fill_carrier(e, row->space, row->code, row->inner, depth + 1);
    }
    while ((setting = next_setting(e, inner, least))) {
        struct writer before = w;

        least = (uint64_t)setting->code + 1;
        /* As among the standard options, an empty value takes back an inherited one. */
        if (setting->value.length == 0 && !is_bare(e->snapshot, inner, setting->code))
            continue;
        write_wide(&w, space->code_width, setting->code);
        if (space->length_width)
            write_wide(&w, space->length_width, setting->value.length);
        writer_slice(&w, setting->value);
        if (w.failed) {
            w = before;
            e->exhausted = true;
            continue;
        }
        *where = setting->where;
    }
    if (w.length == 0 || !(to = evaluation_bytes(e, w.length)))
        return false;
    memcpy(to, buffer, w.length);
    *composed = slice_of(to, w.length);
    return true;
}

static void fill_carriers(struct evaluation *e)
{
    unsigned vendor = evaluation_space(e, PARAMETER_VENDOR_OPTION_SPACE);
    unsigned site = evaluation_space(e, PARAMETER_SITE_OPTION_SPACE);

    for (size_t i = 0; i < e->snapshot->encapsulation_count; i++) {
        const struct encapsulation *row = &e->snapshot->encapsulations[i];

        if (row->space == SPACE_DHCP)
            fill_carrier(e, row->space, row->code, row->inner, 0);
    }
    if (vendor)
        fill_carrier(e, SPACE_DHCP, DHCP_OPTION_VENDOR_OPTIONS, (enum setting_space)vendor, 0);
    for (size_t i = 0, count = e->setting_count; site && i < count; i++) {
        struct setting setting = e->settings[i];

        if ((unsigned)setting.space == site && setting.code >= OPTION_SITE_FIRST &&
            setting.code < DHCP_OPTION_END)
            evaluation_set(e, SPACE_DHCP, setting.code, setting.value, setting.where);
    }
}

/* The bytes among the evaluation's own; none where there is no room for them. */
static struct slice own(struct evaluation *e, struct slice bytes)
{
    uint8_t *to = bytes.length > 0 ? evaluation_bytes(e, bytes.length) : NULL;

    if (!to)
        return slice_of(NULL, 0);
    memcpy(to, bytes.data, bytes.length);
    return slice_of(to, bytes.length);
}

void evaluation_recall(struct evaluation *e)
{
    /* The record changes before the reply is written, and its notes go with it: values that come
     * from them are copies. */
    struct reader r = reader_of_slice(own(e, e->notes));
    struct lease_note note;

    if (e->agent_options.data < e->bytes || e->agent_options.data >= e->bytes + sizeof(e->bytes))
        e->agent_options = own(e, e->agent_options);
    while (lease_note_next(&r, &note)) {
        struct reader number = reader_of_slice(note.value);
        struct value value = {.kind = VALUE_DATA, .data = note.value};

        if (!lease_note_is_variable(&note))
            continue;
        if (note.kind == NOTE_NUMBER)
            value = (struct value){.kind = VALUE_NUMBER, .number = (int64_t)reader_be64(&number)};
        else if (note.kind == NOTE_BOOLEAN)
            value = (struct value){.kind = VALUE_BOOLEAN, .number = note.value.data[0] != 0};
        set_variable(e, (const char *)note.name.data, value);
    }
}

void evaluation_event(struct evaluation *e, const struct action *on)
{
    e->settled = true;
    if (on)
        evaluation_execute(e, on->body);
    e->settled = false;
    e->effective.count = e->setting_count;
}

struct scope_view evaluation_run(struct evaluation *e)
{
    evaluation_start(e);
    evaluation_recall(e);
    evaluation_classify(e);
    run_scope(e, &e->snapshot->global);
    if (e->subnet)
        run_scope(e, &e->subnet->scope);
    if (e->pool)
        run_scope(e, &e->pool->scope);
    for (size_t i = e->class_count; i > 0; i--) {
        const struct membership *member = &e->classes[i - 1];

        run_scope(e, member->subclass ? &member->subclass->scope : &member->class->scope);
    }
    if (e->host)
        run_scope(e, &e->host->scope);
    settle_boot_file(e);
    fill_carriers(e);
    e->effective.count = e->setting_count;
    return (struct scope_view){.scopes = {&e->effective}, .count = 1};
}
