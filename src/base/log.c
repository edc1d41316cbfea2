#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum log_level log_level_wanted = LOG_INFO;

void log_set_level(enum log_level level)
{
    log_level_wanted = level;
}

bool log_wants(enum log_level level)
{
    return level <= log_level_wanted;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    struct timespec now;
    struct tm local;
    char line[2048];
    va_list arguments;
    size_t length;

    if (!log_wants(level))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    length = strftime(line, sizeof(line), "%H:%M:%S", &local);
    length += (size_t)snprintf(line + length, sizeof(line) - length, ".%03ld %s",
                               now.tv_nsec / 1000000, words[level]);
    va_start(arguments, format);
    vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
    va_end(arguments);
    length = strlen(line);
    line[length++] = '\n';
    /* A log that cannot be written has nobody to be told. */
    (void)!write(STDERR_FILENO, line, length);
}
