/* How many lines of one kind the log takes: clients can ask as fast as the wire carries it, and a
 * line for each would fill the disk. Not safe for several threads at once. */
#ifndef BOOTWIRE_SERVICE_LINE_BUDGET_H
#define BOOTWIRE_SERVICE_LINE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* All zero but for `per_second` is a new one. */
struct line_budget {
    unsigned per_second;
    uint64_t second;   /* that the two below count */
    unsigned taken;    /* lines */
    unsigned withheld; /* lines that were left out */
};

/* Whether one more line may be written at `now_ms`, monotonic. `*withheld` takes how many were left
 * out of an earlier second, once: somebody should say so. */
bool line_budget_take(struct line_budget *budget, uint64_t now_ms, unsigned *withheld);

/* Whether line_budget_take() would say so now. */
bool line_budget_left(const struct line_budget *budget, uint64_t now_ms);

#endif
