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

enum { LINE_MAX = 2048, HELD_MAX = 8 * LINE_MAX, CLOCK_SIZE = sizeof("23:59:59") };

static _Thread_local char log_held[HELD_MAX];
static _Thread_local size_t log_held_length;
static _Thread_local bool log_holding;

/* A log that cannot be written has nobody to be told. */
static void log_write_held(void)
{
    if (log_held_length > 0)
        (void)!write(STDERR_FILENO, log_held, log_held_length);
    log_held_length = 0;
}

void log_hold(void)
{
    log_holding = true;
}

void log_release(void)
{
    log_write_held();
    log_holding = false;
}

/* The time of day; worked out once a second. */
static const char *log_clock(time_t now)
{
    static _Thread_local char text[CLOCK_SIZE];
    static _Thread_local time_t second = -1;
    struct tm local;

    if (now != second) {
        localtime_r(&now, &local);
        strftime(text, sizeof(text), "%H:%M:%S", &local);
        second = now;
    }
    return text;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    struct timespec now;
    va_list arguments;
    size_t length;
    char *line;

    if (!log_wants(level))
        return;
    if (log_held_length > HELD_MAX - LINE_MAX)
        log_write_held();
    line = log_held + log_held_length;
    clock_gettime(CLOCK_REALTIME, &now);
    length = (size_t)snprintf(line, LINE_MAX, "%s.%03ld %s", log_clock(now.tv_sec),
                              now.tv_nsec / 1000000, words[level]);
    va_start(arguments, format);
    vsnprintf(line + length, LINE_MAX - length - 1, format, arguments);
    va_end(arguments);
    length += strlen(line + length);
    line[length++] = '\n';
    log_held_length += length;
    if (!log_holding)
        log_write_held();
}
