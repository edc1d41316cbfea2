/* What a look at this machine found, for the person who is about to start a server. */
#ifndef BOOTWIRE_INSPECT_FINDING_H
#define BOOTWIRE_INSPECT_FINDING_H

#include <stddef.h>

enum finding_severity {
    FINDING_PROBLEM, /* something that the configuration asks for cannot work */
    FINDING_WARNING, /* it works, but worse than one would think, or not for everybody */
    FINDING_NOTE,    /* good to know; or what could not be looked at, and who could */
};

/* One of them. The strings are the list's. */
struct finding {
    enum finding_severity severity;
    const char *id; /* for programs, one for each kind: "port-taken"; never freed */
    char *place;    /* the thing: a port, an interface, a path, or FILE:LINE and the path */
    char *what;     /* what is so, and what it does to a boot */
    char *cure;     /* what to do, as a command where there is one */
};

/* In the order found; all zero is empty. */
struct findings {
    struct finding *list;
    size_t count;
    size_t problem_count, warning_count;
};

/* Adds one; `place` and `cure` are copied, and control characters in all three become printable. */
void findings_add(struct findings *findings, enum finding_severity severity, const char *id,
                  const char *place, const char *cure, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
void findings_release(struct findings *findings);
/* "problem", "warning" or "note". */
const char *finding_severity_name(enum finding_severity severity);

#endif
