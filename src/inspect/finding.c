#include "inspect/finding.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_SIZE = 2048 };

/* A name on the disk, or what another server said, may hold anything. */
static char *printable_copy(const char *text)
{
    char to[TEXT_SIZE];

    return memory_string(text_printable(to, sizeof(to), slice_of_string(text)));
}

void findings_add(struct findings *findings, enum finding_severity severity, const char *id,
                  const char *place, const char *cure, const char *format, ...)
{
    char what[TEXT_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    findings->list = memory_resize(findings->list, findings->count + 1, sizeof(findings->list[0]));
    findings->list[findings->count++] = (struct finding){
        .severity = severity,
        .id = id,
        .place = printable_copy(place),
        .what = printable_copy(what),
        .cure = printable_copy(cure),
    };
    findings->problem_count += severity == FINDING_PROBLEM;
    findings->warning_count += severity == FINDING_WARNING;
}

void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->list[i].place);
        free(findings->list[i].what);
        free(findings->list[i].cure);
    }
    free(findings->list);
    *findings = (struct findings){.count = 0};
}

const char *finding_severity_name(enum finding_severity severity)
{
    static const char *const names[] = {"problem", "warning", "note"};

    return names[severity];
}
