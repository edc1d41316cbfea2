/* What load generators measure with: clocks, the work of processes, times and their quantiles. */
#ifndef BOOTWIRE_BENCH_MEASURE_H
#define BOOTWIRE_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* Times that something took; zeroed it is empty. The memory is its own until the program ends. */
struct measured_times {
    double *seconds;
    size_t count, capacity;
};

/* Ends the program with a message. */
_Noreturn void measure_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Nanoseconds of the monotonic clock. */
uint64_t measure_now(void);
/* Seconds of a core that this process has taken. */
double measure_own_cpu(void);
/* The same of a control group, of which `path` is the file cpu.stat; 0 where it is NULL. */
double measure_group_cpu(const char *path);

void measured_times_add(struct measured_times *times, double seconds);
void measured_times_sort(struct measured_times *times);
/* What that part of sorted times is within; 0 of none. */
double measured_times_within(const struct measured_times *times, double part);

#endif
