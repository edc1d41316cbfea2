/* The end of a lease, and the statements that wait for it. */
#include "decide/dhcp_parts.h"

#include <stdio.h>

enum { SEARCH_DEPTH_MAX = 512 };

/* Looking for an ACTION_ON. */
struct search {
    unsigned event;
    uint32_t mark;
    const struct action *exact; /* the one with the mark */
    const struct action *other; /* the innermost of the event, whatever its mark */
};

static void search_list(struct search *search, const struct action *actions, bool any,
                        unsigned depth)
{
    for (; actions && depth < SEARCH_DEPTH_MAX && !search->exact; actions = actions->next) {
        const struct action *branch = actions;

        if (actions->kind == ACTION_ON && (actions->events & search->event)) {
            if (actions->mark == search->mark)
                search->exact = actions;
            else if (any)
                search->other = actions;
            continue;
        }
        if (actions->kind == ACTION_SWITCH)
            search_list(search, actions->body, any, depth + 1);
        /* A chain of elsif may be long: it is walked, not descended. */
        while (branch && branch->kind == ACTION_IF) {
            search_list(search, branch->body, any, depth + 1);
            if (branch->otherwise &&
                (branch->otherwise->kind != ACTION_IF || branch->otherwise->next)) {
                search_list(search, branch->otherwise, any, depth + 1);
                break;
            }
            branch = branch->otherwise;
        }
    }
}

static void search_scope(struct search *search, const struct scope *scope)
{
    const struct scope *chain[SCOPE_VIEW_MAX];
    size_t count = 0;

    for (; scope && scope->outer && count < SCOPE_VIEW_MAX; scope = scope->outer)
        chain[count++] = scope;
    while (count > 0)
        search_list(search, chain[--count]->actions, true, 0);
}

/* The statements with the mark, wherever they could have come from; where the configuration has
 * them no more, those that stand innermost in their stead. */
static const struct action *find_handler(const struct evaluation *e, unsigned event, uint32_t mark)
{
    struct search search = {.event = event, .mark = mark};

    search_list(&search, e->snapshot->global.actions, true, 0);
    if (e->subnet)
        search_scope(&search, &e->subnet->scope);
    if (e->pool)
        search_scope(&search, &e->pool->scope);
    if (e->host)
        search_scope(&search, &e->host->scope);
    for (size_t i = 0; i < e->snapshot->class_count && !search.exact; i++) {
        const struct class *class = &e->snapshot->classes[i];

        search_list(&search, class->scope.actions, false, 0);
        for (size_t j = 0; j < class->subclass_count; j++)
            search_list(&search, class->subclasses[j].scope.actions, false, 0);
    }
    return search.exact ? search.exact : search.other;
}

static void run_handler(struct evaluation *e, unsigned event, enum lease_note_kind kind)
{
    struct lease_note note;
    struct reader r;

    if (!lease_note_find(e->notes, kind, &note))
        return;
    r = reader_of_slice(note.value);
    evaluation_event(e, find_handler(e, event, reader_be32(&r)));
}

static const struct pool *pool_at(const struct subnet *subnet, uint32_t address)
{
    for (size_t i = 0; subnet && i < subnet->range_count; i++) {
        if (address >= subnet->ranges[i].low && address <= subnet->ranges[i].high)
            return subnet->ranges[i].pool;
    }
    return NULL;
}

void dhcp_run_end(struct evaluation *e, const struct lease *lease, unsigned event)
{
    const struct subnet *subnet = e->subnet;
    const struct pool *pool = e->pool;
    uint32_t address = e->address;

    if (lease->notes.length == 0)
        return;
    e->address = lease->address;
    e->notes = lease->notes;
    e->subnet = snapshot_subnet_of(e->snapshot, lease->address);
    e->pool = pool_at(e->subnet, lease->address);
    e->variable_count = 0;
    evaluation_recall(e);
    run_handler(e, event, event == EVENT_RELEASE ? NOTE_ON_RELEASE : NOTE_ON_EXPIRY);
    e->address = address;
    e->subnet = subnet;
    e->pool = pool;
}

void decide_lease_end(const struct dhcp_question *question, const struct lease *lease,
                      struct dhcp_plan *plan)
{
    const struct snapshot *snapshot = question->snapshot;
    struct evaluation *e = &plan->evaluation;
    struct identity *identity = &plan->identity;

    memset(plan, 0, offsetof(struct dhcp_plan, evaluation));
    *identity = (struct identity){.hardware = lease->hardware};
    identity->host = snapshot_host_by_hardware(snapshot, &lease->hardware);
    if (!identity->host && lease->client_identifier_length > 0)
        identity->host = snapshot_host_by_client_identifier(
            snapshot, slice_of(lease->client_identifier, lease->client_identifier_length));
    plan->stage = lease->stage;
    plan->subnet = snapshot_subnet_of(snapshot, lease->address);
    plan->outcome = OUTCOME_NOTED;
    snprintf(plan->why, sizeof(plan->why), "its time is up");
    e->snapshot = snapshot;
    e->message = question->message;
    e->packet = slice_of(NULL, 0);
    e->host = identity->host;
    e->address = lease->address;
    e->wall = question->wall;
    e->fixed = false;
    e->seconds_left = 0;
    e->notes = lease->notes;
    e->agent_options = slice_of(NULL, 0);
    e->subnet = plan->subnet;
    e->pool = pool_at(plan->subnet, lease->address);
    evaluation_start(e);
    evaluation_recall(e);
    run_handler(e, EVENT_EXPIRY, NOTE_ON_EXPIRY);
    plan->lease = *lease;
    plan->lease.notes = lease_notes_kept(lease->notes);
    plan->change = CHANGE_STORE;
}
