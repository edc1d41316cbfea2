/* What processes take of the machine. */
#include "nfs_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

double process_own_cpu(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double process_cpu(const struct load *load)
{
    char path[64], line[1024], *end;
    unsigned long user = 0, system = 0;
    FILE *file;

    if (!load->server_pid)
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", load->server_pid);
    file = fopen(path, "r");
    if (!file || !fgets(line, sizeof(line), file))
        load_fail("the server has ended");
    fclose(file);
    end = strrchr(line, ')');
    if (!end ||
        sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        load_fail("%s is not understood", path);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

unsigned long process_memory(const struct load *load, const char *name)
{
    char path[64], line[256];
    unsigned long value = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", load->server_pid);
    file = load->server_pid ? fopen(path, "r") : NULL;
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoul(line + strlen(name) + 1, NULL, 10);
    }
    if (file)
        fclose(file);
    return value;
}
