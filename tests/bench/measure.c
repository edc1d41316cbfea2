#include "measure.h"

#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void measure_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

uint64_t measure_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

double measure_own_cpu(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double measure_group_cpu(const char *path)
{
    char line[128];
    double value = 0;
    FILE *file = path ? fopen(path, "r") : NULL;

    if (path && !file)
        measure_fail("%s: %s", path, strerror(errno));
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "usage_usec ", 11) == 0)
            value = strtod(line + 11, NULL) / 1e6;
    }
    if (file)
        fclose(file);
    return value;
}

void measured_times_add(struct measured_times *times, double seconds)
{
    if (times->count == times->capacity) {
        times->capacity = times->capacity ? times->capacity * 2 : 1024;
        times->seconds = memory_resize(times->seconds, times->capacity, sizeof(*times->seconds));
    }
    times->seconds[times->count++] = seconds;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

void measured_times_sort(struct measured_times *times)
{
    if (times->count > 0)
        qsort(times->seconds, times->count, sizeof(*times->seconds), by_time);
}

double measured_times_within(const struct measured_times *times, double part)
{
    size_t i = (size_t)((double)times->count * part);

    return times->count ? times->seconds[i < times->count ? i : times->count - 1] : 0;
}
