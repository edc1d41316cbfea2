/* The journal: each step of each machine's boot becomes one log line, and, where somebody listens,
 * one JSON line on a descriptor. Safe from any thread. */
#ifndef BOOTWIRE_SERVICE_JOURNAL_H
#define BOOTWIRE_SERVICE_JOURNAL_H

#include "model/step.h"

#include <stdbool.h>
#include <stdint.h>

struct boots;
struct journal;

/* `descriptor` gets the JSON lines; -1 for none. The caller closes it after journal_free(). `boots`
 * gets every step; it outlives the journal. */
struct journal *journal_new(int descriptor, struct boots *boots);
void journal_free(struct journal *journal);

/* Takes one step down. A JSON line holds: time (milliseconds of CLOCK_MONOTONIC), service, stage,
 * address, hardware, host, asked, got, bytes, refused. Of refusals, at most 50 a second are taken
 * down, of the others, at most 2,000 a second get a log line; how many more there were is said. A
 * quiet step, and the beginning and the progress of a transfer, have no line. */
void journal_step(struct journal *journal, const struct boot_step *step);

/* What the log takes so many lines of a second, and no more. */
enum journal_kind {
    JOURNAL_REFUSALS,
    JOURNAL_ANSWERS,
    JOURNAL_NOTES, /* what the configuration's log statements write */
    JOURNAL_KINDS,
};
/* Whether the log takes one more line of that kind now. */
bool journal_takes(struct journal *journal, enum journal_kind kind);

/* Whether anything is to be written of a step, refused or not. Else it need not be put into words:
 * `asked` may be empty, and no line comes of it. */
bool journal_wants(struct journal *journal, bool refused);

#endif
