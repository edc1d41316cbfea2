#include "platform/linux/process_usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* When the machine was started, seconds since 1970; 0: not known. */
static double boot_time(void)
{
    FILE *file = fopen("/proc/stat", "re");
    unsigned long long seconds = 0;
    char line[512];

    while (file && seconds == 0 && fgets(line, sizeof(line), file))
        (void)sscanf(line, "btime %llu", &seconds);
    if (file)
        (void)fclose(file);
    return (double)seconds;
}

/* proc(5): fields 22 to 24 of /proc/self/stat, behind the name, which may hold anything. */
static void read_stat(struct process_usage *usage)
{
    FILE *file = fopen("/proc/self/stat", "re");
    double ticks = (double)sysconf(_SC_CLK_TCK), booted = boot_time();
    unsigned long long start, virtual_bytes, pages;
    char line[1024];
    const char *rest;

    if (!file)
        return;
    rest = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
    if (rest && sscanf(rest + 1,
                       " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
                       "%*d %llu %llu %llu",
                       &start, &virtual_bytes, &pages) == 3) {
        usage->start_seconds = booted > 0 ? booted + (double)start / ticks : 0;
        usage->virtual_bytes = virtual_bytes;
        usage->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    }
    (void)fclose(file);
}

/* The directory's own descriptor is one of them, and so are "." and "..". */
static uint64_t count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (!directory)
        return 0;
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count > 3 ? count - 3 : 0;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void process_usage_read(struct process_usage *usage)
{
    struct rlimit limit;
    struct rusage taken;

    memset(usage, 0, sizeof(*usage));
    read_stat(usage);
    if (getrusage(RUSAGE_SELF, &taken) == 0)
        usage->cpu_seconds = seconds_of(taken.ru_utime) + seconds_of(taken.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        usage->most_descriptors = limit.rlim_cur;
    usage->open_descriptors = count_descriptors();
}
