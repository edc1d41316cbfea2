/* The processor cores that this process may use. */
#ifndef BOOTWIRE_PLATFORM_LINUX_CORES_H
#define BOOTWIRE_PLATFORM_LINUX_CORES_H

#include <stddef.h>

/* How many it may run on (sched_getaffinity(2): taskset, cpusets and containers make them fewer
 * than the machine has); at least 1. More threads than that which are always busy would only wait
 * for each other, for a scheduler's tick at a time. */
size_t cores_usable(void);

#endif
