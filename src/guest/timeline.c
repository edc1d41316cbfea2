#include "guest/timeline.h"

#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char login_marker[] = "login:";

void timeline_start(struct timeline *timeline, uint64_t power_on_ms)
{
    *timeline = (struct timeline){.power_on_ms = power_on_ms};
}

void timeline_add(struct timeline *timeline, uint64_t at_ms, uint64_t bytes, const char *what)
{
    struct timeline_row *row = timeline->count > 0 ? &timeline->rows[timeline->count - 1] : NULL;

    if (row && strncmp(row->what, what, sizeof(row->what) - 1) == 0) {
        row->count++;
        row->bytes += bytes;
        return;
    }
    if (timeline->count == TIMELINE_ROWS_MAX) {
        timeline->lost++;
        return;
    }
    row = &timeline->rows[timeline->count++];
    row->at_ms = at_ms;
    row->count = 1;
    row->bytes = bytes;
    snprintf(row->what, sizeof(row->what), "%s", what);
}

static const char *json_text(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

void timeline_add_json(struct timeline *timeline, struct slice line)
{
    json_t *step = json_loadb((const char *)line.data, line.length, 0, NULL);
    json_int_t at, bytes;
    const char *stage, *asked;
    char what[160];

    if (!step)
        return;
    at = json_integer_value(json_object_get(step, "time"));
    bytes = json_integer_value(json_object_get(step, "bytes"));
    stage = json_text(step, "stage");
    asked = json_text(step, "asked");
    snprintf(what, sizeof(what), "%-10s %-8s %s%s", strcmp(stage, "unknown") == 0 ? "" : stage,
             json_text(step, "service"), asked,
             json_is_true(json_object_get(step, "refused")) ? " (refused)" : "");
    timeline_add(timeline, (uint64_t)at, bytes > 0 ? (uint64_t)bytes : 0, what);
    json_decref(step);
}

void timeline_watch_console(struct timeline *timeline, uint64_t now_ms, struct slice output)
{
    for (size_t i = 0; i < output.length; i++) {
        char byte = (char)output.data[i];

        if (byte == login_marker[timeline->marker_matched])
            timeline->marker_matched++;
        else
            timeline->marker_matched = byte == login_marker[0];
        if (timeline->marker_matched == sizeof(login_marker) - 1) {
            timeline->marker_matched = 0;
            timeline_add(timeline, now_ms, 0, "userland   console  login:");
        }
    }
}

char *timeline_text(const struct timeline *timeline)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return memory_string("");
    fprintf(out, "%10s  %11s  %-10s %-8s %s\n", "seconds", "bytes", "stage", "service", "step");
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_row *row = &timeline->rows[i];
        uint64_t since =
            row->at_ms > timeline->power_on_ms ? row->at_ms - timeline->power_on_ms : 0;
        char bytes[24] = "";

        if (row->bytes > 0)
            snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)row->bytes);
        fprintf(out, "%10.3f  %11s  %s", (double)since / 1000, bytes, row->what);
        if (row->count > 1)
            fprintf(out, " (%u times)", row->count);
        fputc('\n', out);
    }
    if (timeline->lost > 0)
        fprintf(out, "and %u more steps\n", timeline->lost);
    fclose(out);
    return text ? text : memory_string("");
}
