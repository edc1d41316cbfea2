/* From a configuration file to a snapshot. The language is ISC dhcpd.conf's (dhcpd.conf(5)), with
 * bootwire's own statements beside it; bootwire.conf(5) describes it. */
#ifndef BOOTWIRE_CONFIG_CONFIG_H
#define BOOTWIRE_CONFIG_CONFIG_H

#include "config/names.h"
#include "model/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

enum diagnostic_severity { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING };

/* One thing to tell the person who wrote the file. */
struct diagnostic {
    enum diagnostic_severity severity;
    struct position where;
    const char *message; /* what was found, what was expected */
    /* The line itself, without its end; of a very long one what stands around the place. NULL where
     * the file has none. */
    const char *line;
    unsigned line_column; /* of the place in `line` */
};

/* Everything found in one load, in the order of the file; what is wrong in included files follows,
 * in the order of their reading. At most 1000 errors and 1000 warnings are kept; the last one kept
 * says that more follow. All zero is empty. */
struct diagnostics {
    struct region region; /* owns all strings */
    struct diagnostic *list;
    size_t count;
    size_t error_count;
};

void diagnostics_release(struct diagnostics *diagnostics);
/* One diagnostic as text, with a newline after each line:
 *
 *     FILE:LINE:COLUMN: error: MESSAGE
 *         the line itself
 *            ^
 *
 * Allocated; release with free(). */
char *diagnostic_text(const struct diagnostic *diagnostic);

/* Reads and checks a file. Host names where addresses may stand are looked up, which takes at most
 * HOST_NAMES_MILLISECONDS (names.h). Returns a snapshot with one reference, or NULL where an error
 * was found (the file could not be read is one too: its position has line 0). Everything found is
 * added to
 * `*diagnostics`, warnings also where the load succeeds. */
struct snapshot *config_load(const char *path, struct diagnostics *diagnostics);
/* The same from memory; `name` stands for the file in messages. Such a text opens no file:
 * `include` in it is an error. Nor does it ask anybody for a name: none has an address. */
struct snapshot *config_parse(const char *name, struct slice text, struct diagnostics *diagnostics);
/* As config_parse(), with somebody to ask for names. */
struct snapshot *config_parse_with(const char *name, struct slice text,
                                   host_names_resolver *resolver, struct diagnostics *diagnostics);

#endif
