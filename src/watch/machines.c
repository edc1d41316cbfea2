#include "watch/machines.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *watch_text(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));

    return text ? text : "";
}

uint64_t watch_number(const json_t *object, const char *field)
{
    json_int_t value = json_integer_value(json_object_get(object, field));

    return value > 0 ? (uint64_t)value : 0;
}

const char *watch_machine_label(const struct watch_machine *machine)
{
    const char *host = watch_text(machine->object, "host");

    return host[0] ? host : machine->name;
}

bool watch_machine_matches(const struct watch_machine *machine, const char *text)
{
    return !text[0] || strcasestr(machine->name, text) ||
           strcasestr(watch_text(machine->object, "host"), text) ||
           strcasestr(watch_text(machine->object, "address"), text);
}

static struct watch_machine *find(const struct watch_machines *machines, const char *name)
{
    for (size_t i = 0; i < machines->count; i++) {
        if (strcmp(machines->list[i].name, name) == 0)
            return &machines->list[i];
    }
    return NULL;
}

/* Whether the later one has a verdict that the one before, which may be NULL, had not. */
static bool is_judged(const json_t *before, const json_t *later)
{
    const json_t *known = json_object_get(before, "verdict");
    const json_t *verdict = json_object_get(later, "verdict");

    return json_is_object(verdict) &&
           (!json_is_object(known) ||
            strcmp(watch_text(known, "id"), watch_text(verdict, "id")) != 0 ||
            watch_number(before, "boots") != watch_number(later, "boots"));
}

static struct watch_machine *take_machine(struct watch_machines *machines, json_t *object,
                                          uint64_t now_ms)
{
    const char *name = watch_text(object, "machine");
    struct watch_machine *machine = find(machines, name);

    if (!name[0])
        return NULL;
    if (!machine) {
        if (machines->count == machines->room) {
            machines->room = machines->room ? 2 * machines->room : 16;
            machines->list = memory_resize(machines->list, machines->room, sizeof(*machines->list));
        }
        machine = &machines->list[machines->count++];
        *machine =
            (struct watch_machine){.name = memory_string(name), .number = machines->next_number++};
    }
    machine->judged = is_judged(machine->object, object);
    json_decref(machine->object);
    machine->object = json_incref(object);
    machine->at_ms = now_ms;
    return machine;
}

const struct watch_machine *watch_machines_take(struct watch_machines *machines, json_t *line,
                                                uint64_t now_ms)
{
    const char *event = watch_text(line, "event");
    json_t *each;
    size_t i;

    if (strcmp(event, "machine") == 0)
        return take_machine(machines, json_object_get(line, "machine"), now_ms);
    if (strcmp(event, "machines") == 0) {
        watch_machines_clear(machines);
        json_array_foreach(json_object_get(line, "machines"), i, each)(void)
            take_machine(machines, each, now_ms);
    }
    if (strcmp(event, "lost") == 0)
        machines->lost += watch_number(line, "steps");
    return NULL;
}

void watch_machines_clear(struct watch_machines *machines)
{
    for (size_t i = 0; i < machines->count; i++) {
        free(machines->list[i].name);
        json_decref(machines->list[i].object);
    }
    free(machines->list);
    *machines = (struct watch_machines){.count = 0};
}

/* How far each is, as the server's words for it stand in doc/control-protocol.md. */
static int rank(const struct watch_machine *machine)
{
    static const char *const words[] = {"nothing",  "asked",  "offered", "address",
                                        "loading",  "loaded", "mounted", "root",
                                        "userland", "login",  "panic",   "off"};
    const char *reached = watch_text(machine->object, "reached");

    for (int i = 0; i < (int)(sizeof(words) / sizeof(words[0])); i++) {
        if (strcmp(words[i], reached) == 0)
            return i;
    }
    return -1;
}

static int by_time(const void *a, const void *b)
{
    const struct watch_machine *one = a, *other = b;

    return one->number < other->number ? -1 : one->number > other->number;
}

static int by_name(const void *a, const void *b)
{
    int order = strcmp(watch_machine_label(a), watch_machine_label(b));

    return order != 0 ? order : by_time(a, b);
}

static int by_stage(const void *a, const void *b)
{
    int order = rank(a) - rank(b);

    return order != 0 ? order : by_time(a, b);
}

void watch_machines_sort(struct watch_machines *machines, enum watch_order order)
{
    static int (*const compare[])(const void *a, const void *b) = {
        [WATCH_BY_TIME] = by_time, [WATCH_BY_NAME] = by_name, [WATCH_BY_STAGE] = by_stage};

    if (machines->count > 1)
        qsort(machines->list, machines->count, sizeof(*machines->list), compare[order]);
}

const char *watch_order_name(enum watch_order order)
{
    static const char *const names[] = {
        [WATCH_BY_TIME] = "time", [WATCH_BY_NAME] = "name", [WATCH_BY_STAGE] = "stage"};

    return names[order];
}
