/* What the operating system says that this process takes. */
#ifndef BOOTWIRE_PLATFORM_PROCESS_USAGE_H
#define BOOTWIRE_PLATFORM_PROCESS_USAGE_H

#include <stdint.h>

struct process_usage {
    double cpu_seconds;   /* user and system, of all threads */
    double start_seconds; /* since 1970 */
    uint64_t virtual_bytes, resident_bytes;
    uint64_t open_descriptors, most_descriptors;
};

/* What cannot be read is 0. */
void process_usage_read(struct process_usage *usage);

#endif
