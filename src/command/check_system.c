#include "command/check_system.h"

#include "command/check_boot.h"
#include "command/file_lines.h"
#include "inspect/inspect.h"
#include "service/serve.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 4600 };

static void print_text(const struct findings *findings, const char *path)
{
    size_t notes = findings->count - findings->problem_count - findings->warning_count;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        printf("%s: %s: %s\n    cure: %s\n", finding->place,
               finding_severity_name(finding->severity), finding->what, finding->cure);
    }
    printf("%s: %zu problem%s, %zu warning%s, %zu note%s about this system\n", path,
           findings->problem_count, findings->problem_count == 1 ? "" : "s",
           findings->warning_count, findings->warning_count == 1 ? "" : "s", notes,
           notes == 1 ? "" : "s");
}

static void print_json(const struct findings *findings, const char *path)
{
    json_t *list = json_array(), *object;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "severity",
                                              finding_severity_name(finding->severity), "id",
                                              finding->id, "place", finding->place, "what",
                                              finding->what, "cure", finding->cure));
    }
    object = json_pack("{s:s, s:I, s:I, s:o}", "configuration", path, "problems",
                       (json_int_t)findings->problem_count, "warnings",
                       (json_int_t)findings->warning_count, "findings", list);
    json_dumpf(object, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(object);
}

static void say_file(void *argument, struct position where, const char *file, const char *what)
{
    char place[TEXT_SIZE];

    snprintf(place, sizeof(place), "%s:%u: %s", where.file, where.line, file);
    findings_add(argument, FINDING_PROBLEM, "boot-file", place,
                 "put the file there, readable by everyone, or correct its name",
                 "%s%s: no machine can load it", file, what);
}

static void say_loader(void *argument, struct position where, const char *kind, const char *why)
{
    char place[TEXT_SIZE];

    snprintf(place, sizeof(place), "%s:%u", where.file, where.line);
    findings_add(argument, FINDING_WARNING, "no-loader", place,
                 "nothing, where no such machine boots; else install the package that the text "
                 "names (`bootwire check` lists them)",
                 "machines with %s firmware get nothing for this: %s",
                 strncmp(kind, "a ", 2) == 0 ? kind + 2 : kind, why);
}

/* As serve finds it. */
static const char *state_directory(const struct snapshot *snapshot, const char *state)
{
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);
    const struct setting *setting =
        scope_view_find(&view, SPACE_PARAMETER, PARAMETER_STATE_DIRECTORY);

    if (state)
        return state;
    return setting ? (const char *)setting->value.data : SERVE_STATE_DIRECTORY;
}

int check_system(const struct snapshot *snapshot, const char *path,
                 const struct check_system_options *options)
{
    struct findings findings = {.count = 0};
    const struct check_boot_listener listener = {&findings, say_file, say_loader};
    int result;

    check_boot_tell(snapshot, &listener);
    inspect_system(snapshot, state_directory(snapshot, options->state), options->wait_s * 1000,
                   &findings);
    if (options->json)
        print_json(&findings, path);
    else
        print_text(&findings, path);
    result = findings.problem_count > 0 ? 1 : 0;
    findings_release(&findings);
    return result;
}
