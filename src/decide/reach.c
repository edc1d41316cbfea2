#include "decide/reach.h"

#include "base/memory.h"
#include "decide/recall.h"

#include <stdlib.h>

enum { REACH_DEPTH_MAX = 8 * EXPRESSION_DEPTH_MAX, REACH_STEPS_MAX = 1000000 };

/* What a boolean expression may come to: one bit per outcome. Where there are several, the machine
 * decides which by what it sends; with TRUTH_SHUT somebody else does, or nobody knows who. */
enum {
    TRUTH_NONE = 1, /* no value; "not" of it has none either */
    TRUTH_FALSE = 2,
    TRUTH_TRUE = 4,
    TRUTH_SHUT = 8,
    TRUTH_ANY = TRUTH_NONE | TRUTH_FALSE | TRUTH_TRUE,
};

/* Under which condition a statement runs. */
enum under {
    UNDER_NOTHING, /* it does */
    UNDER_OPEN,    /* if the machine wants it */
    UNDER_SHUT,    /* perhaps: what it sets counts for nothing, and neither does what it replaced
                      where every way leads through such a statement */
};

/* Where the value of an expression comes from. */
enum source { SOURCE_DECIDED, SOURCE_OPEN, SOURCE_SHUT };

/* The values that may stand at one point of the walk: indices into reach->values. */
struct values {
    bool live;   /* the point can be reached */
    bool absent; /* there may be none */
    uint64_t held;
};

/* One walk. */
struct walk {
    struct reach *reach;
    const struct reach_question *question;
    enum setting_space space;
    unsigned code;
    bool hardware_known;
    const struct hardware *hardware;
    const struct subnet *subnet;
    const struct pool *pool;
    /* For what is decided, made when it is needed first: a request that says the hardware address
     * and nothing else. */
    struct dhcp_message *message;
    struct evaluation *evaluation;
    uint8_t *members; /* per class: what being in it comes to */
    uint8_t *added;   /* per class: an enum under + 1 where an `add` names it */
    size_t classes_known;
    const struct scope *ran[EVALUATION_SCOPES];
    size_t ran_count;
    unsigned steps;
};

static struct values joined(struct values a, struct values b)
{
    return (struct values){a.live || b.live, a.absent || b.absent, a.held | b.held};
}

/* ---- Expressions ---- */

static enum source worse(enum source a, enum source b)
{
    return a > b ? a : b;
}

static enum source source_of(struct walk *w, const struct expression *x, unsigned depth)
{
    enum source source = SOURCE_DECIDED;

    if (!x)
        return SOURCE_DECIDED;
    if (depth > EXPRESSION_DEPTH_MAX)
        return SOURCE_SHUT;
    switch (x->kind) {
    case EXPRESSION_EXISTS:
    case EXPRESSION_OPTION:
        return x->space == SPACE_AGENT ||
                       (x->space == SPACE_DHCP && x->code == DHCP_OPTION_RELAY_AGENT)
                   ? SOURCE_SHUT
                   : SOURCE_OPEN;
    case EXPRESSION_FILENAME:
    case EXPRESSION_SERVER_NAME:
    case EXPRESSION_NEXT_SERVER:
        return SOURCE_OPEN;
    case EXPRESSION_PACKET:
    case EXPRESSION_CONFIG_OPTION:
    case EXPRESSION_CONFIG_FILENAME:
    case EXPRESSION_CONFIG_SERVER_NAME:
    case EXPRESSION_LEASE_TIME:
    case EXPRESSION_VARIABLE:
    case EXPRESSION_DEFINED:
    case EXPRESSION_MEMBER: /* but as a condition, which truth_of() knows */
        return SOURCE_SHUT;
    case EXPRESSION_HARDWARE:
    case EXPRESSION_HARDWARE_TYPE:
        return w->hardware_known ? SOURCE_DECIDED : SOURCE_SHUT;
    case EXPRESSION_LEASED_ADDRESS:
        return w->question->address ? SOURCE_DECIDED : SOURCE_SHUT;
    default:
        for (size_t i = 0; i < x->operand_count; i++)
            source = worse(source, source_of(w, x->operands[i], depth + 1));
        return source;
    }
}

static void prepare_evaluation(struct walk *w)
{
    const struct reach_question *question = w->question;

    w->message = memory_zeroed(1, sizeof(*w->message));
    w->evaluation = memory_zeroed(1, sizeof(*w->evaluation));
    recall_message(w->message, w->hardware, NULL);
    w->evaluation->message = w->message;
    evaluation_start(w->evaluation);
    recall_place(w->evaluation, question->snapshot, question->host, question->address);
}

/* The value of an expression that is decided; false where a limit was met, and nothing is known. */
static bool decided_value(struct walk *w, const struct expression *x, struct value *value)
{
    struct evaluation *e;

    if (!w->evaluation)
        prepare_evaluation(w);
    e = w->evaluation;
    e->steps = e->depth = 0;
    e->bytes_used = 0;
    e->exhausted = false;
    *value = evaluation_value(e, x);
    return !e->exhausted;
}

static unsigned decided_truth(struct walk *w, const struct expression *x)
{
    struct value value;

    if (!decided_value(w, x, &value))
        return TRUTH_ANY | TRUTH_SHUT;
    if (value.kind != VALUE_BOOLEAN)
        return TRUTH_NONE;
    return value.number ? TRUTH_TRUE : TRUTH_FALSE;
}

/* Who decides counts only where something is left to decide. */
static unsigned settled_truth(unsigned outcomes, unsigned shut)
{
    bool one = outcomes == TRUTH_NONE || outcomes == TRUTH_FALSE || outcomes == TRUTH_TRUE;

    return one ? outcomes : outcomes | (shut & TRUTH_SHUT);
}

/* As the evaluator has it: a value only where the left side is true and the right side has one. */
static unsigned truth_both(unsigned left, unsigned right)
{
    unsigned outcomes = left & (TRUTH_NONE | TRUTH_FALSE) ? TRUTH_NONE : 0;

    if (!(left & TRUTH_TRUE))
        return TRUTH_NONE;
    return settled_truth(outcomes | (right & TRUTH_ANY), left | right);
}

static unsigned truth_either(unsigned left, unsigned right)
{
    unsigned outcomes = left & TRUTH_TRUE;

    if (left & (TRUTH_NONE | TRUTH_FALSE)) {
        outcomes |= right & TRUTH_TRUE;
        if (right & TRUTH_FALSE || (right & TRUTH_NONE && left & TRUTH_FALSE))
            outcomes |= TRUTH_FALSE;
        if (right & TRUTH_NONE && left & TRUTH_NONE)
            outcomes |= TRUTH_NONE;
    }
    return settled_truth(outcomes, left | right);
}

static unsigned truth_not(unsigned truth)
{
    return (truth & (TRUTH_NONE | TRUTH_SHUT)) | (truth & TRUTH_FALSE ? TRUTH_TRUE : 0) |
           (truth & TRUTH_TRUE ? TRUTH_FALSE : 0);
}

/* While classes are found, only those before are known, as in the evaluator. */
static unsigned truth_member(const struct walk *w, const char *name)
{
    unsigned truth = TRUTH_FALSE;

    for (size_t i = 0; name && i < w->classes_known; i++) {
        if (strcmp(w->question->snapshot->classes[i].name, name) == 0)
            truth = truth_either(truth, w->members[i]);
        if (strcmp(w->question->snapshot->classes[i].name, name) == 0 && w->added[i])
            truth = TRUTH_FALSE | TRUTH_TRUE | TRUTH_SHUT;
    }
    return truth;
}

static unsigned truth_of(struct walk *w, const struct expression *x, unsigned depth)
{
    enum source source;
    unsigned truth;

    if (!x || depth > EXPRESSION_DEPTH_MAX || w->steps++ > REACH_STEPS_MAX)
        return TRUTH_ANY | TRUTH_SHUT;
    switch (x->kind) {
    case EXPRESSION_AND:
    case EXPRESSION_OR:
        truth = truth_of(w, x->operands[0], depth + 1);
        for (size_t i = 1; i < x->operand_count; i++) {
            unsigned next = truth_of(w, x->operands[i], depth + 1);

            truth = x->kind == EXPRESSION_AND ? truth_both(truth, next) : truth_either(truth, next);
        }
        return truth;
    case EXPRESSION_NOT:
        return truth_not(truth_of(w, x->operands[0], depth + 1));
    case EXPRESSION_MEMBER:
        return truth_member(w, x->name);
    default:
        source = source_of(w, x, depth + 1);
        if (source == SOURCE_DECIDED)
            return decided_truth(w, x);
        return TRUTH_ANY | (source == SOURCE_SHUT ? TRUTH_SHUT : 0);
    }
}

static enum under under_both(enum under a, enum under b)
{
    return a > b ? a : b;
}

/* What stands under a condition of that truth, as long as it can be true at all. */
static enum under under_of(unsigned truth)
{
    if (truth == TRUTH_TRUE)
        return UNDER_NOTHING;
    return truth & TRUTH_SHUT ? UNDER_SHUT : UNDER_OPEN;
}

/* ---- Settings ---- */

/* The bit of a value; 0 where no room is left. */
static uint64_t value_bit(struct walk *w, struct slice value, struct position where)
{
    struct reach *reach = w->reach;

    for (size_t i = 0; i < reach->count; i++) {
        if (slice_equal(reach->values[i].value, value))
            return UINT64_C(1) << i;
    }
    if (reach->count == REACH_VALUES_MAX)
        return 0;
    reach->values[reach->count].value = value;
    reach->values[reach->count].where = where;
    return UINT64_C(1) << reach->count++;
}

/* A computed value, kept. */
static struct slice kept(struct reach *reach, struct slice value)
{
    uint8_t *to = reach->bytes + reach->bytes_used;

    if (value.length > sizeof(reach->bytes) - reach->bytes_used)
        return slice_of(NULL, 0);
    memcpy(to, value.data, value.length);
    reach->bytes_used += value.length;
    return slice_of(to, value.length);
}

/* `alone`: what stands in `*values` stands nowhere else, so that what it replaces gives its room
 * back. Else those that are in many branches, for some machines, would leave none for a value that
 * holds for this one in any case. */
static void apply(struct walk *w, const struct setting *setting, struct values *values,
                  enum under under, bool alone)
{
    bool was_absent = values->absent;
    struct slice bytes = setting->value;
    bool counts = under != UNDER_SHUT;
    struct value value;

    if (setting->space != w->space || setting->code != w->code)
        return;
    if (setting->operation == SETTING_DEFAULT && !was_absent)
        return;
    /* A value put together of two is nobody's to guess: only where it stands alone it is one. */
    if (setting->operation == SETTING_APPEND || setting->operation == SETTING_PREPEND)
        counts = counts && was_absent;
    if (setting->operation != SETTING_DEFAULT) {
        values->held = 0;
        if (alone)
            w->reach->count = w->reach->bytes_used = 0;
    }
    values->absent = false;
    if (setting->expression) {
        if (source_of(w, setting->expression, 0) != SOURCE_DECIDED ||
            !decided_value(w, setting->expression, &value))
            return;
        values->absent = value.kind != VALUE_DATA;
        if (values->absent)
            return;
        bytes = kept(w->reach, value.data);
        counts = counts && bytes.data;
    }
    if (counts)
        values->held |= value_bit(w, bytes, setting->where);
}

/* ---- Statements ---- */

/* Walks a list; what a break leaves with is added to `*left`. */
static void run(struct walk *w, const struct action *actions, struct values *values,
                struct values *left, enum under under, unsigned depth);

/* A chain of elsif is a list here: it may be longer than the stack is deep. */
static void run_if(struct walk *w, const struct action *action, struct values *values,
                   struct values *left, enum under under, unsigned depth)
{
    struct values out = {.live = false}, branch;

    for (;;) {
        unsigned truth = truth_of(w, action->value, 0);
        enum under here = under_both(under, under_of(truth));

        if (truth & TRUTH_TRUE) {
            branch = *values;
            run(w, action->body, &branch, left, here, depth + 1);
            out = joined(out, branch);
        }
        if (truth == TRUTH_TRUE) {
            *values = out;
            return;
        }
        if (truth & TRUTH_TRUE)
            under = here;
        if (!action->otherwise || action->otherwise->kind != ACTION_IF || action->otherwise->next)
            break;
        action = action->otherwise;
    }
    run(w, action->otherwise, values, left, under, depth + 1);
    *values = joined(out, *values);
}

static bool same_value(struct value a, struct value b)
{
    return a.kind == b.kind && a.kind != VALUE_NONE &&
           (a.kind == VALUE_DATA ? slice_equal(a.data, b.data) : a.number == b.number);
}

/* Which label of the switch a decided value leads to: `*target` is it, or NULL for none. False
 * where that is not known. */
static bool switch_label(struct walk *w, const struct action *action, const struct action **target)
{
    uint8_t copy[EVALUATION_VALUE_MAX];
    struct value value, label;

    *target = NULL;
    if (!decided_value(w, action->value, &value) || value.data.length > sizeof(copy))
        return false;
    if (value.kind == VALUE_DATA) {
        memcpy(copy, value.data.data, value.data.length);
        value.data.data = copy;
    }
    for (const struct action *at = action->body; at; at = at->next) {
        if (at->kind == ACTION_DEFAULT)
            *target = at;
        if (at->kind != ACTION_CASE)
            continue;
        if (source_of(w, at->value, 0) != SOURCE_DECIDED || !decided_value(w, at->value, &label))
            return false;
        if (same_value(value, label)) {
            *target = at;
            return true;
        }
    }
    return true;
}

/* Statements behind every label that may be jumped to, and behind those that fall through. */
static void run_switch(struct walk *w, const struct action *action, struct values *values,
                       enum under under, unsigned depth)
{
    enum source source = source_of(w, action->value, 0);
    const struct action *target = NULL;
    struct values left = {.live = false};

    if (source == SOURCE_DECIDED && switch_label(w, action, &target)) {
        if (target)
            run(w, target->next, values, &left, under, depth + 1);
        *values = joined(*values, left);
        return;
    }
    under = under_both(under, source == SOURCE_OPEN ? UNDER_OPEN : UNDER_SHUT);
    for (const struct action *at = action->body; at; at = at->next) {
        struct values branch = *values;

        if (at->kind != ACTION_CASE && at->kind != ACTION_DEFAULT)
            continue;
        run(w, at->next, &branch, &left, under, depth + 1);
        left = joined(left, branch);
    }
    *values = joined(*values, left);
}

static void add_class(struct walk *w, const char *name, enum under under)
{
    const struct snapshot *snapshot = w->question->snapshot;

    for (size_t i = 0; i < snapshot->class_count; i++) {
        uint8_t mark = (uint8_t)(under + 1);

        if (strcmp(snapshot->classes[i].name, name) == 0 &&
            (w->added[i] == 0 || w->added[i] > mark))
            w->added[i] = mark;
    }
}

static void run(struct walk *w, const struct action *actions, struct values *values,
                struct values *left, enum under under, unsigned depth)
{
    for (; actions && values->live; actions = actions->next) {
        /* Past the limits nothing more is opened. */
        if (depth > REACH_DEPTH_MAX || w->steps++ > REACH_STEPS_MAX) {
            *values = (struct values){.live = false};
            return;
        }
        switch (actions->kind) {
        case ACTION_SETTING:
            apply(w, &actions->setting, values, under,
                  under == UNDER_NOTHING && depth == 0 && left->held == 0);
            break;
        case ACTION_IF:
            run_if(w, actions, values, left, under, depth);
            break;
        case ACTION_SWITCH:
            run_switch(w, actions, values, under, depth);
            break;
        case ACTION_BREAK:
            *left = joined(*left, *values);
            *values = (struct values){.live = false};
            break;
        case ACTION_ADD_CLASS:
            add_class(w, actions->name, under);
            break;
        default:
            /* What `on` runs comes after the reply, and sets nothing in it. */
            break;
        }
    }
}

/* ---- Scopes ---- */

static void run_one_scope(struct walk *w, const struct scope *scope, struct values *values,
                          enum under under)
{
    struct values left = {.live = false};

    run(w, scope->actions, values, &left, under, 0);
    *values = joined(*values, left);
    for (size_t i = 0; !scope->actions && i < scope->count; i++)
        apply(w, &scope->settings[i], values, under, under == UNDER_NOTHING);
}

static bool has_run(const struct walk *w, const struct scope *scope)
{
    for (size_t i = 0; i < w->ran_count; i++) {
        if (w->ran[i] == scope)
            return true;
    }
    return false;
}

/* What surrounds a scope that has not run yet, then the scope. */
static void run_scope(struct walk *w, const struct scope *scope, struct values *values,
                      enum under under)
{
    const struct scope *chain[SCOPE_VIEW_MAX];
    struct values before = *values;
    size_t count = 0;

    for (; scope && count < SCOPE_VIEW_MAX; scope = scope->outer)
        chain[count++] = scope;
    while (count > 0) {
        scope = chain[--count];
        if (has_run(w, scope))
            continue;
        run_one_scope(w, scope, values, under);
        if (under == UNDER_NOTHING && w->ran_count < EVALUATION_SCOPES)
            w->ran[w->ran_count++] = scope;
    }
    if (under != UNDER_NOTHING)
        *values = joined(*values, before);
}

/* ---- Classes ---- */

/* The subclasses that an expression's value may choose, and how; `*rest` is the truth of there
 * being a value that chooses none. Runs their scopes where `values` is given. Returns the truth of
 * being in one of them. */
static unsigned by_value(struct walk *w, const struct class *class, const struct expression *x,
                         unsigned gate, struct values *values, unsigned *rest)
{
    enum source source = source_of(w, x, 0);
    struct values before;
    struct value value;
    bool decided = source == SOURCE_DECIDED && decided_value(w, x, &value);

    *rest = TRUTH_FALSE;
    if (decided && (value.kind != VALUE_DATA || value.data.length == 0))
        return TRUTH_FALSE;
    *rest = gate;
    if (!decided)
        *rest = truth_both(gate, TRUTH_ANY | (source == SOURCE_OPEN ? 0 : TRUTH_SHUT));
    if (decided) {
        const struct subclass *subclass = class_find(class, value.data);

        if (!subclass)
            return TRUTH_FALSE;
        *rest = TRUTH_FALSE;
        if (values)
            run_scope(w, &subclass->scope, values, under_of(gate));
        return gate;
    }
    if (!values || !(*rest & TRUTH_TRUE))
        return class->subclass_count > 0 ? *rest : TRUTH_FALSE;
    before = *values;
    for (size_t i = 0; i < class->subclass_count; i++) {
        struct values branch = before;

        run_scope(w, &class->subclasses[i].scope, &branch, under_of(*rest));
        *values = joined(*values, branch);
    }
    return class->subclass_count > 0 ? *rest : TRUTH_FALSE;
}

static unsigned join_class(struct walk *w, const struct class *class, unsigned truth,
                           struct values *values)
{
    if (values && truth & TRUTH_TRUE)
        run_scope(w, &class->scope, values, under_of(truth));
    return truth;
}

/* The truth of being in the class; runs what the class sets where `values` is given. The same steps
 * as evaluation_classify(). */
static unsigned walk_class(struct walk *w, const struct class *class, struct values *values)
{
    unsigned gate = TRUTH_TRUE, truth = TRUTH_FALSE, rest;

    if (class->match) {
        truth = by_value(w, class, class->match, gate, values, &rest);
        if (class->spawn_with)
            truth = truth_either(truth, join_class(w, class, rest, values));
        if (truth == TRUTH_TRUE)
            return truth;
        gate = truth_not(truth);
    }
    if (class->match_if)
        gate = truth_both(gate, truth_of(w, class->match_if, 0));
    if (!(gate & TRUTH_TRUE))
        return truth;
    if (class->spawn_with) {
        truth = truth_either(truth, by_value(w, class, class->spawn_with, gate, values, &rest));
        return truth_either(truth, join_class(w, class, rest, values));
    }
    return class->match_if ? truth_either(truth, join_class(w, class, gate, values)) : truth;
}

static void find_classes(struct walk *w)
{
    const struct snapshot *snapshot = w->question->snapshot;

    for (; w->classes_known < snapshot->class_count; w->classes_known++)
        w->members[w->classes_known] =
            (uint8_t)walk_class(w, &snapshot->classes[w->classes_known], NULL);
}

/* The first class written wins, so it runs last; those that a statement added run before all. */
static void run_classes(struct walk *w, struct values *values)
{
    const struct snapshot *snapshot = w->question->snapshot;

    for (size_t i = snapshot->class_count; i > 0; i--) {
        if (w->added[i - 1])
            run_scope(w, &snapshot->classes[i - 1].scope, values,
                      (enum under)(w->added[i - 1] - 1));
    }
    for (size_t i = snapshot->class_count; i > 0; i--)
        walk_class(w, &snapshot->classes[i - 1], values);
}

/* ---- The walk ---- */

/* The values that are left come to the front, in their order. */
static void keep_held(struct reach *reach, uint64_t held)
{
    size_t count = 0;

    for (size_t i = 0; i < reach->count; i++) {
        if (held >> i & 1)
            reach->values[count++] = reach->values[i];
    }
    reach->count = count;
}

void reach_find(struct reach *reach, const struct reach_question *question,
                enum setting_space space, unsigned code)
{
    const struct snapshot *snapshot = question->snapshot;
    struct walk w = {.reach = reach, .question = question, .space = space, .code = code};
    struct values values = {.live = true, .absent = true};

    reach->count = reach->bytes_used = 0;
    w.members = memory_zeroed(snapshot->class_count + 1, 1);
    w.added = memory_zeroed(snapshot->class_count + 1, 1);
    w.hardware = question->hardware.length == 0 && question->host ? &question->host->hardware
                                                                  : &question->hardware;
    w.hardware_known = w.hardware->length > 0;
    w.subnet = question->address ? snapshot_subnet_of(snapshot, question->address) : NULL;
    w.pool = recall_pool(w.subnet, question->address);
    find_classes(&w);
    run_scope(&w, &snapshot->global, &values, UNDER_NOTHING);
    if (w.subnet)
        run_scope(&w, &w.subnet->scope, &values, UNDER_NOTHING);
    if (w.pool)
        run_scope(&w, &w.pool->scope, &values, UNDER_NOTHING);
    run_classes(&w, &values);
    if (question->host)
        run_scope(&w, &question->host->scope, &values, UNDER_NOTHING);
    keep_held(reach, values.held);
    free(w.message);
    free(w.evaluation);
    free(w.members);
    free(w.added);
}
