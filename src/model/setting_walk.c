#include "model/setting_walk.h"

struct walk {
    void (*function)(void *argument, const struct setting *setting, const struct scope *scope);
    void *argument;
};

static void walk_actions(const struct walk *w, const struct action *actions,
                         const struct scope *scope);

/* An if with its chain of elsif, which is as long as the file makes it. */
static void walk_branches(const struct walk *w, const struct action *at, const struct scope *scope)
{
    for (;;) {
        const struct action *next = at->otherwise;

        walk_actions(w, at->body, scope);
        if (!next || next->kind != ACTION_IF || next->next) {
            walk_actions(w, next, scope);
            return;
        }
        at = next;
    }
}

static void walk_actions(const struct walk *w, const struct action *actions,
                         const struct scope *scope)
{
    for (const struct action *at = actions; at; at = at->next) {
        if (at->kind == ACTION_SETTING)
            w->function(w->argument, &at->setting, scope);
        else if (at->kind == ACTION_IF)
            walk_branches(w, at, scope);
        else if (at->kind == ACTION_SWITCH)
            walk_actions(w, at->body, scope);
    }
}

/* A scope and what surrounds it. */
static void walk_scopes(const struct walk *w, const struct scope *scope)
{
    for (; scope; scope = scope->outer) {
        if (scope->actions) {
            walk_actions(w, scope->actions, scope);
            continue;
        }
        for (size_t i = 0; i < scope->count; i++)
            w->function(w->argument, &scope->settings[i], scope);
    }
}

void snapshot_each_setting(const struct snapshot *snapshot,
                           void (*function)(void *argument, const struct setting *setting,
                                            const struct scope *scope),
                           void *argument)
{
    const struct walk w = {function, argument};

    walk_scopes(&w, &snapshot->global);
    for (size_t i = 0; i < snapshot->subnet_count; i++) {
        const struct subnet *subnet = &snapshot->subnets[i];

        walk_scopes(&w, &subnet->scope);
        for (size_t j = 0; j < subnet->range_count; j++) {
            if (subnet->ranges[j].pool)
                walk_scopes(&w, &subnet->ranges[j].pool->scope);
        }
    }
    for (size_t i = 0; i < snapshot->class_count; i++) {
        const struct class *class = &snapshot->classes[i];

        walk_scopes(&w, &class->scope);
        for (size_t j = 0; j < class->subclass_count; j++)
            walk_scopes(&w, &class->subclasses[j].scope);
    }
    for (size_t i = 0; i < snapshot->host_count; i++)
        walk_scopes(&w, &snapshot->hosts[i].scope);
}
