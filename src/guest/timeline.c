#include "guest/timeline.h"

#include "base/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char login_marker[] = "login:";

/* A journal line, as far as it is wanted here. */
struct step {
    const char *stage, *service, *asked, *got;
    json_int_t time, bytes;
    int refused;
};

void timeline_start(struct timeline *timeline, uint64_t power_on_ms, const char *how)
{
    char what[64];

    *timeline = (struct timeline){.power_on_ms = power_on_ms};
    snprintf(what, sizeof(what), "power-on (%s)", how);
    timeline_add(timeline, power_on_ms, 0, "", "", what);
}

void timeline_add(struct timeline *timeline, uint64_t at_ms, uint64_t bytes, const char *stage,
                  const char *service, const char *what)
{
    struct timeline_row *row = timeline->count > 0 ? &timeline->rows[timeline->count - 1] : NULL;

    if (row && strcmp(row->stage, stage) == 0 && strcmp(row->service, service) == 0 &&
        strncmp(row->what, what, sizeof(row->what) - 1) == 0) {
        row->count++;
        row->bytes += bytes;
        return;
    }
    if (timeline->count == TIMELINE_ROWS_MAX) {
        timeline->lost++;
        return;
    }
    row = &timeline->rows[timeline->count++];
    *row = (struct timeline_row){.at_ms = at_ms, .count = 1, .bytes = bytes};
    snprintf(row->stage, sizeof(row->stage), "%s", stage);
    snprintf(row->service, sizeof(row->service), "%s", service);
    snprintf(row->what, sizeof(row->what), "%s", what);
}

/* How much of the text stands before the first of `ends`. */
static int until(const char *text, const char *ends)
{
    return (int)strcspn(text, ends);
}

/* The step in few words: here a person compares times, and finds the rest in the log. */
static void describe(char *to, size_t size, const struct step *step)
{
    const char *quote = strchr(step->asked, '"');

    if (strcmp(step->service, "dhcp") == 0)
        snprintf(to, size, "%.*s -> %.*s", until(step->asked, " ,"), step->asked,
                 until(step->got, ",:;"), step->got);
    else if (strcmp(step->service, "tftp") == 0 && quote)
        snprintf(to, size, "%.*s", until(quote + 1, "\""), quote + 1);
    else if (strcmp(step->service, "nfs") == 0 && step->bytes > 0)
        snprintf(to, size, "%s", step->got);
    else
        snprintf(to, size, "%s", step->asked);
    if (step->refused && strcmp(step->service, "dhcp") != 0) {
        size_t length = strlen(to);

        snprintf(to + length, size - length, ": %s", step->got);
    }
}

/* A root of many files must not hide the boot: past some of them, the rest is one row. */
static bool is_one_file_too_many(struct timeline *timeline, const struct step *step)
{
    const char *last = timeline->rows[timeline->count - 1].stage;

    if (strcmp(step->stage, last) != 0 || strcmp(step->service, "mount") == 0)
        timeline->files = 0;
    return strcmp(step->service, "nfs") == 0 && strstr(step->asked, "read of ") &&
           ++timeline->files > TIMELINE_FILES_MAX;
}

/* Of a prompt, timeline_watch_console() has made a row already. */
static bool is_login(const struct step *step)
{
    return strcmp(step->service, "console") == 0 && strstr(step->asked, login_marker);
}

void timeline_add_json(struct timeline *timeline, struct slice line)
{
    json_t *object = json_loadb((const char *)line.data, line.length, 0, NULL);
    struct step step;
    char what[160];

    if (object && timeline->count > 0 &&
        json_unpack(object, "{s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "stage", &step.stage, "service",
                    &step.service, "asked", &step.asked, "got", &step.got, "time", &step.time,
                    "bytes", &step.bytes, "refused", &step.refused) == 0 &&
        step.time >= 0 && (uint64_t)step.time >= timeline->power_on_ms && !is_login(&step)) {
        if (is_one_file_too_many(timeline, &step))
            snprintf(what, sizeof(what), "reads of more files");
        else
            describe(what, sizeof(what), &step);
        timeline_add(timeline, (uint64_t)step.time, step.bytes > 0 ? (uint64_t)step.bytes : 0,
                     strcmp(step.stage, "unknown") == 0 ? "" : step.stage, step.service, what);
    }
    json_decref(object);
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
            timeline_add(timeline, now_ms, 0, "", "console", login_marker);
        }
    }
}

/* 14186432 as "14,186,432"; nothing for 0. */
static void print_bytes(char *to, size_t size, uint64_t bytes)
{
    char plain[24];
    int length = snprintf(plain, sizeof(plain), "%" PRIu64, bytes);
    size_t at = 0;

    for (int i = 0; bytes && i < length && at + 3 < size; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            to[at++] = ',';
        to[at++] = plain[i];
    }
    to[at] = 0;
}

char *timeline_text(const struct timeline *timeline)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return memory_string("");
    fprintf(out, "%8s %13s  %-10s %-8s %s\n", "seconds", "bytes", "stage", "service", "step");
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_row *row = &timeline->rows[i];
        uint64_t since =
            row->at_ms > timeline->power_on_ms ? row->at_ms - timeline->power_on_ms : 0;
        char bytes[32];

        print_bytes(bytes, sizeof(bytes), row->bytes);
        fprintf(out, "%8.2f %13s  %-10s %-8s %s", (double)since / 1000, bytes, row->stage,
                row->service, row->what);
        if (row->count > 1)
            fprintf(out, " (%u times)", row->count);
        fputc('\n', out);
    }
    if (timeline->lost > 0)
        fprintf(out, "and %u more steps\n", timeline->lost);
    fclose(out);
    return text ? text : memory_string("");
}
