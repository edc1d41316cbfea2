#include "service/serial_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 1000 };

char *serial_log_directory(const char *state_directory, const char *host)
{
    char *path = memory_printf("%s/" SERIAL_LOG_DIRECTORY "/%s%s", state_directory,
                               host[0] == '.' ? "_" : "", host);

    for (char *at = path + strlen(state_directory) + strlen("/" SERIAL_LOG_DIRECTORY "/"); *at;
         at++) {
        if (*at == '/')
            *at = '_';
    }
    return path;
}

void serial_log_init(struct serial_log *log, const char *state_directory, const char *host)
{
    *log = (struct serial_log){
        .directory = serial_log_directory(state_directory, host),
        .descriptor = -1,
    };
}

void serial_log_release(struct serial_log *log)
{
    serial_log_begin(log);
    free(log->directory);
    free(log->path);
}

static void close_file(struct serial_log *log)
{
    if (log->descriptor >= 0)
        close(log->descriptor);
    log->descriptor = -1;
}

size_t serial_log_boot_length(const char *name)
{
    const char *dash = strrchr(name, '-');

    return dash ? (size_t)(dash - name) : strlen(name);
}

void serial_log_begin(struct serial_log *log)
{
    close_file(log);
    log->began[0] = 0;
    log->part = 0;
}

static void complain(struct serial_log *log, const char *what)
{
    if (!log->complained)
        log_warning("the console's log in %s cannot be %s: %s", log->directory, what,
                    strerror(errno));
    log->complained = true;
}

static bool is_log(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 4, ".log") == 0;
}

static int select_log(const struct dirent *entry)
{
    return is_log(entry);
}

/* Their names tell their age. */
static void remove_oldest(const struct serial_log *log)
{
    struct dirent **list;
    int count = scandir(log->directory, &list, select_log, alphasort);

    for (int i = 0; i < count; i++) {
        if (i < count - SERIAL_LOG_FILES_MAX) {
            char *path = memory_printf("%s/%s", log->directory, list[i]->d_name);

            unlink(path);
            free(path);
        }
        free(list[i]);
    }
    if (count >= 0)
        free(list);
}

static void stamp(char to[SERIAL_LOG_TIME_SIZE], const struct timespec *now, const char *format)
{
    struct tm tm;

    if (!gmtime_r(&now->tv_sec, &tm) || strftime(to, SERIAL_LOG_TIME_SIZE, format, &tm) == 0)
        to[0] = 0;
}

static int make_directory(const struct serial_log *log)
{
    char *parent = memory_string(log->directory);
    int result;

    *strrchr(parent, '/') = 0;
    result = mkdir(parent, 0700);
    if (result == 0 || errno == EEXIST)
        result = mkdir(log->directory, 0700);
    free(parent);
    return result == 0 || errno == EEXIST ? 0 : -1;
}

static void open_file(struct serial_log *log)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (!log->began[0])
        stamp(log->began, &now, "%Y-%m-%dT%H-%M-%SZ");
    if (make_directory(log) < 0) {
        complain(log, "made");
        return;
    }
    while (log->descriptor < 0 && log->part < NAME_ATTEMPTS) {
        free(log->path);
        log->path = memory_printf("%s/%s-%03u.log", log->directory, log->began, ++log->part);
        log->descriptor = open(log->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
        if (log->descriptor < 0 && errno != EEXIST)
            break;
    }
    if (log->descriptor < 0)
        complain(log, "made");
    log->size = 0;
    remove_oldest(log);
}

void serial_log_line(struct serial_log *log, const char *text)
{
    struct timespec now;
    char time[SERIAL_LOG_TIME_SIZE], *line;
    size_t length;
    ssize_t written;

    if (log->descriptor >= 0 && log->size >= SERIAL_LOG_FILE_MAX)
        close_file(log);
    if (log->descriptor < 0)
        open_file(log);
    if (log->descriptor < 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    stamp(time, &now, "%Y-%m-%dT%H:%M:%S");
    line = memory_printf("%s.%03ldZ %s\n", time, now.tv_nsec / 1000000, text);
    length = strlen(line);
    written = write(log->descriptor, line, length);
    if (written < 0)
        complain(log, "written");
    log->size += length;
    free(line);
}
