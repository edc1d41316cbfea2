/* What the tables of verdicts share among themselves. */
#ifndef BOOTWIRE_DECIDE_VERDICT_PARTS_H
#define BOOTWIRE_DECIDE_VERDICT_PARTS_H

#include "decide/verdict.h"

/* Writes one of a verdict's texts. */
void verdict_say(char to[VERDICT_TEXT_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum { VERDICT_TIMES_SIZE = 32 };
/* " 3 times", or nothing for once. */
const char *verdict_times(char to[VERDICT_TIMES_SIZE], unsigned count);

/* Whether so much silence has passed since then, or as many percent of it as boot->patience says.
 */
bool verdict_passed(const struct boot *boot, uint64_t since_ms, uint32_t silence_ms,
                    uint64_t now_ms);

/* Whether the last decisive thing that came of the machine (boot->trail.last) was that ... */
bool verdict_last_is(const struct boot *boot, enum step_event event);
/* ... for that reason. */
bool verdict_last_for(const struct boot *boot, enum step_event event, enum step_reason reason);

#endif
