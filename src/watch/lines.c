#include "watch/lines.h"

#include "base/memory.h"
#include "base/text.h"
#include "watch/machines.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 4096 };

static const struct watch_machine *named(const struct watch_machines *machines, const char *name)
{
    for (size_t i = 0; i < machines->count; i++) {
        if (strcmp(machines->list[i].name, name) == 0)
            return &machines->list[i];
    }
    return NULL;
}

static char *step_line(const struct watch_machines *machines, const json_t *line)
{
    const char *name = watch_text(line, "machine"), *event, *got;
    const struct watch_machine *machine = named(machines, name);
    const json_t *step = json_object_get(line, "step");
    const char *decided = watch_text(step, "decided");

    event = watch_text(step, "event");
    got = watch_text(step, "got");
    if (strcmp(event, "file-progress") == 0 || strcmp(event, "nfs-progress") == 0)
        return NULL;
    return memory_printf(
        "%8.2f %s %s %s/%s: %s%s%s%s%s", (double)watch_number(step, "at_ms") / 1000,
        machine ? watch_machine_label(machine) : name,
        machine ? watch_text(machine->object, "address") : "", watch_text(step, "service"),
        watch_text(step, "stage"), watch_text(step, "asked")[0] ? watch_text(step, "asked") : event,
        got[0] ? " -> " : "", got, decided[0] ? "  @" : "", decided);
}

/* Where the machine is, for who begins to watch. */
static char *state_line(const json_t *object)
{
    const json_t *loading = json_object_get(object, "loading");
    const char *host = watch_text(object, "host");

    return memory_printf("%8.2f %s %s %s: %s%s%s", (double)watch_number(object, "since_ms") / 1000,
                         host[0] ? host : watch_text(object, "machine"),
                         watch_text(object, "address"), watch_text(object, "stage"),
                         watch_text(object, "reached"), json_is_object(loading) ? ", file " : "",
                         watch_text(loading, "name"));
}

static char *verdict_line(const json_t *object)
{
    const json_t *verdict = json_object_get(object, "verdict");
    const char *host = watch_text(object, "host");

    return memory_printf("%8.2f %s stopped (%s): it waits for %s; seen: %s; do: %s",
                         (double)watch_number(object, "since_ms") / 1000,
                         host[0] ? host : watch_text(object, "machine"), watch_text(verdict, "id"),
                         watch_text(verdict, "waiting"), watch_text(verdict, "saw"),
                         watch_text(verdict, "cure"));
}

static void put(FILE *out, char *text)
{
    char printable[LINE_SIZE];

    if (text)
        fprintf(out, "%s\n", text_printable(printable, sizeof(printable), slice_of_string(text)));
    free(text);
}

static void put_all(FILE *out, const json_t *list)
{
    const json_t *each;
    size_t i;

    json_array_foreach(list, i, each)
    {
        put(out, state_line(each));
        if (json_is_object(json_object_get(each, "verdict")))
            put(out, verdict_line(each));
    }
}

char *watch_lines(const struct watch_machines *machines, const json_t *line)
{
    const char *event = watch_text(line, "event");
    const json_t *object = json_object_get(line, "machine");
    const struct watch_machine *machine;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        abort();
    if (strcmp(event, "machines") == 0)
        put_all(out, json_object_get(line, "machines"));
    else if (strcmp(event, "step") == 0)
        put(out, step_line(machines, line));
    else if (strcmp(event, "lost") == 0)
        put(out, memory_printf("%" PRIu64 " steps came too fast and are not shown",
                               watch_number(line, "steps")));
    machine = strcmp(event, "machine") == 0 ? named(machines, watch_text(object, "machine")) : NULL;
    if (machine && machine->judged)
        put(out, verdict_line(object));
    fclose(out);
    return text;
}
