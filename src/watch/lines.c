#include "watch/lines.h"

#include "base/memory.h"
#include "base/text.h"
#include "watch/machines.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 2048 };

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
    if (strcmp(event, "file-progress") == 0)
        return NULL;
    return memory_printf(
        "%8.2f %s %s %s/%s: %s%s%s%s%s", (double)watch_number(step, "at_ms") / 1000,
        machine ? watch_machine_label(machine) : name,
        machine ? watch_text(machine->object, "address") : "", watch_text(step, "service"),
        watch_text(step, "stage"), watch_text(step, "asked")[0] ? watch_text(step, "asked") : event,
        got[0] ? " -> " : "", got, decided[0] ? "  @" : "", decided);
}

static char *verdict_line(json_t *object)
{
    const json_t *verdict = json_object_get(object, "verdict");
    const char *host = watch_text(object, "host");

    if (!json_is_object(verdict))
        return NULL;
    return memory_printf("%8.2f %s stopped (%s): it waits for %s; seen: %s; do: %s",
                         (double)watch_number(object, "since_ms") / 1000,
                         host[0] ? host : watch_text(object, "machine"), watch_text(verdict, "id"),
                         watch_text(verdict, "waiting"), watch_text(verdict, "saw"),
                         watch_text(verdict, "cure"));
}

char *watch_line(const struct watch_machines *machines, const json_t *line)
{
    const char *event = watch_text(line, "event");
    char *text = NULL, *printable;

    if (strcmp(event, "step") == 0)
        text = step_line(machines, line);
    else if (strcmp(event, "machine") == 0)
        text = verdict_line(json_object_get(line, "machine"));
    else if (strcmp(event, "lost") == 0)
        text = memory_printf("%" PRIu64 " steps came too fast and are not shown",
                             watch_number(line, "steps"));
    if (!text)
        return NULL;
    printable = memory_zeroed(1, LINE_SIZE);
    text_printable(printable, LINE_SIZE, slice_of_string(text));
    free(text);
    return printable;
}
