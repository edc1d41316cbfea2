/* The two clocks. Decisions never call these: they get `now` as a value. */
#ifndef BOOTWIRE_BASE_CLOCK_H
#define BOOTWIRE_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some point before the process started; never goes back. */
uint64_t clock_monotonic_ms(void);
/* Microseconds of the same clock. */
uint64_t clock_monotonic_us(void);
/* Seconds since 1970-01-01 UTC; may jump. */
int64_t clock_wall_seconds(void);

#endif
