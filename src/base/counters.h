/* Counts of what happens, added up by any thread at the price of one addition to memory of its own,
 * and read by whoever wants the sum. What each place counts is said above (model/metrics.h). */
#ifndef BOOTWIRE_BASE_COUNTERS_H
#define BOOTWIRE_BASE_COUNTERS_H

#include <stdint.h>

enum { COUNTERS_MAX = 1024 }; /* places */

/* Adds to the place; a negative number takes away. No lock, no order with other memory. */
void counter_add(unsigned place, int64_t number);
/* Sets what one thread alone keeps, and adds nothing to. */
void counter_set(unsigned place, int64_t number);
/* The sum of what all threads added, and what was set. Sums of several places are not of one
 * moment. */
int64_t counter_sum(unsigned place);

#endif
