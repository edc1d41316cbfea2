/* The texts that one load reads: the file itself and what it includes. They stay in memory until
 * the load ends, so that a message can show the line it is about. */
#ifndef BOOTWIRE_CONFIG_SOURCE_H
#define BOOTWIRE_CONFIG_SOURCE_H

#include "base/region.h"
#include "base/slice.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SOURCE_SIZE_MAX = 16 << 20, /* bytes of all files of one load together */
    SOURCE_MAX = 1000,          /* files of one load */
    DIAGNOSTIC_MAX = 1000,      /* errors, and as many warnings, before the rest is left out */
};

enum { LINES_A_MARK = 1024 };

/* One text. */
struct source {
    struct source *next;         /* in the order of reading */
    const char *name;            /* as `position.file`; lives in the snapshot's region */
    const char *diagnostic_name; /* the same in the diagnostics' region */
    size_t index;                /* 0 for the file itself */
    struct slice text;
    void *owned; /* the text's memory where this owns it */
    uint32_t
        *marks; /* where each LINES_A_MARKth line begins, from line 1 on; NULL: not known yet */
    size_t mark_count;
};

/* All texts of one load, and where its messages go. */
struct sources {
    struct source *first, *last;
    size_t count;
    size_t bytes;
    struct diagnostics *diagnostics;
    size_t warning_count;
    size_t order_start; /* where this load's messages begin in the diagnostics */
};

/* Adds a text that the caller keeps; `name` is copied into both regions. */
struct source *sources_add(struct sources *sources, struct region *snapshot_region,
                           const char *name, struct slice text);
/* Reads a regular file and adds it. Returns NULL and an allocated reason in `*error`, to stand
 * behind the name (free it), where that fails or a limit would be passed. */
struct source *sources_read(struct sources *sources, struct region *snapshot_region,
                            const char *path, char **error);
/* Sorts this load's messages by file and line, and frees the texts. */
void sources_release(struct sources *sources);

/* Adds a message about a place. Past DIAGNOSTIC_MAX of its severity a message is dropped; the last
 * one kept says so. */
void sources_report(struct sources *sources, enum diagnostic_severity severity,
                    struct position where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Whether no more warnings are kept. */
bool sources_warnings_full(const struct sources *sources);
/* Whether so many errors were found that reading on is of no use. */
bool sources_full(const struct sources *sources);

#endif
