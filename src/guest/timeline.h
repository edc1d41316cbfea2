/* The timeline of one guest's boot: what happened, how long after power-on, how many bytes. Pure:
 * text and times in, a table out. */
#ifndef BOOTWIRE_GUEST_TIMELINE_H
#define BOOTWIRE_GUEST_TIMELINE_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* One row: a step, or several of the same kind one after the other. */
struct timeline_row {
    uint64_t at_ms; /* of the first one, of CLOCK_MONOTONIC */
    unsigned count;
    uint64_t bytes; /* of all of them */
    char stage[24];
    char service[12];
    char what[160];
};

enum {
    TIMELINE_ROWS_MAX = 256,
    TIMELINE_FILES_MAX = 12, /* files read over NFS that one stage has a row each for */
};

/* All zero is empty. */
struct timeline {
    uint64_t power_on_ms;
    struct timeline_row rows[TIMELINE_ROWS_MAX];
    size_t count;
    unsigned lost;  /* steps that found no row */
    unsigned files; /* read over NFS at the present stage */
    size_t marker_matched;
};

/* Starts over at another power-on, `how` as the first row says ("tcg"). */
void timeline_start(struct timeline *timeline, uint64_t power_on_ms, const char *how);
/* Adds a step; one like the last row's joins it. */
void timeline_add(struct timeline *timeline, uint64_t at_ms, uint64_t bytes, const char *stage,
                  const char *service, const char *what);
/* Adds the step that one of the journal's JSON lines tells (service/journal.h), in few words;
 * anything else, and what is older than the power-on, is ignored. */
void timeline_add_json(struct timeline *timeline, struct slice line);
/* Watches what the guest prints: "login:" is a step. */
void timeline_watch_console(struct timeline *timeline, uint64_t now_ms, struct slice output);
/* The table, allocated; release with free(). */
char *timeline_text(const struct timeline *timeline);

#endif
