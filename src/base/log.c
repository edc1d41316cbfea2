#include "base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level log_level_wanted = LOG_INFO;
static enum log_format log_format_wanted = LOG_TEXT;
static bool log_priorities;

void log_set_level(enum log_level level)
{
    log_level_wanted = level;
}

bool log_wants(enum log_level level)
{
    return level <= log_level_wanted;
}

void log_set_format(enum log_format format)
{
    log_format_wanted = format;
}

void log_set_priorities(bool wanted)
{
    log_priorities = wanted;
}

bool log_is_plain(void)
{
    return log_format_wanted == LOG_TEXT && !log_priorities;
}

enum {
    TEXT_MAX = 2048,
    STRING_MAX = 2000,           /* bytes of one string of an object, its escapes counted */
    OBJECT_MAX = 8 * STRING_MAX, /* of an object: six strings, and names and numbers */
    HELD_SOME = 7 * TEXT_MAX,    /* beyond that, lines do not wait for the release */
    HELD_MAX = HELD_SOME + OBJECT_MAX,
    CLOCK_SIZE = sizeof("2038-01-19T03:14:07"),
};

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

/* The time of day, or date and time in UTC; worked out once a second. */
static const char *log_clock(time_t now)
{
    static _Thread_local char text[CLOCK_SIZE];
    static _Thread_local time_t second = -1;
    struct tm broken;

    if (now == second)
        return text;
    second = now;
    if (log_format_wanted == LOG_JSON)
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime_r(&now, &broken));
    else
        strftime(text, sizeof(text), "%H:%M:%S", localtime_r(&now, &broken));
    return text;
}

/* sd-daemon(3): the number of syslog(3) that journald takes off the line. */
static size_t log_begin(char *line, enum log_level level)
{
    static const char *const priorities[] = {"<3>", "<4>", "<6>", "<7>"};

    if (!log_priorities)
        return 0;
    memcpy(line, priorities[level], 3);
    return 3;
}

static size_t log_text(char *line, enum log_level level, const char *text)
{
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    struct timespec now;
    size_t length = log_begin(line, level);

    if (!log_priorities) {
        clock_gettime(CLOCK_REALTIME, &now);
        length += (size_t)snprintf(line + length, TEXT_MAX, "%s.%03ld ", log_clock(now.tv_sec),
                                   now.tv_nsec / 1000000);
    }
    length += (size_t)snprintf(line + length, TEXT_MAX, "%s%s", words[level], text);
    line[length++] = '\n';
    return length;
}

/* ---- JSON ---- */

/* How many bytes make up the character that the text begins with; 0: they are no UTF-8. */
static size_t character_length(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t length = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

    for (size_t i = 1; i < length; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Forms that are too long, surrogates, and what is beyond Unicode. */
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
        (c[0] == 0xf0 && c[1] < 0x90) || c[0] > 0xf4 || (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    return length;
}

/* One character as a string of JSON has it; `*text` moves on behind it. */
static size_t put_character(char to[8], const char **text)
{
    size_t length = character_length(*text);
    unsigned char c = (unsigned char)**text;

    if (length == 0) {
        *text += 1;
        return (size_t)snprintf(to, 8, "\\ufffd");
    }
    if (c == '"' || c == '\\')
        return (size_t)snprintf(to, 8, "\\%c", *(*text)++);
    if (c < ' ' || c == 0x7f) {
        *text += 1;
        return (size_t)snprintf(to, 8, "\\u%04x", c);
    }
    memcpy(to, *text, length);
    *text += length;
    return length;
}

/* A string in quotes, of at most STRING_MAX bytes. */
static size_t put_string(char *to, const char *text)
{
    size_t length = 0;

    if (!text)
        return (size_t)snprintf(to, STRING_MAX, "null");
    to[length++] = '"';
    while (*text && length < STRING_MAX - 8)
        length += put_character(to + length, &text);
    to[length++] = '"';
    return length;
}

static size_t put_field(char *to, const struct log_field *field)
{
    size_t length = (size_t)snprintf(to, STRING_MAX, ",\"%s\":", field->name);

    if (field->kind == LOG_FIELD_TEXT)
        return length + put_string(to + length, field->text);
    if (field->kind == LOG_FIELD_FLAG)
        return length +
               (size_t)snprintf(to + length, STRING_MAX, "%s", field->number ? "true" : "false");
    return length + (size_t)snprintf(to + length, STRING_MAX, "%" PRIu64, field->number);
}

static size_t log_object(char *line, enum log_level level, const struct log_field *fields,
                         size_t count, const char *text)
{
    static const char *const words[] = {"error", "warning", "info", "debug"};
    struct timespec now;
    size_t length = log_begin(line, level);

    clock_gettime(CLOCK_REALTIME, &now);
    length += (size_t)snprintf(line + length, TEXT_MAX,
                               "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"text\":",
                               log_clock(now.tv_sec), now.tv_nsec / 1000000, words[level]);
    length += put_string(line + length, text);
    for (size_t i = 0; i < count; i++)
        length += put_field(line + length, &fields[i]);
    memcpy(line + length, "}\n", 2);
    return length + 2;
}

/* ---- What was wrong lately ---- */

static pthread_mutex_t recent_lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct log_recent recent[LOG_RECENT];
static uint64_t recent_count; /* that were put there, ever */
static uint64_t recent_errors;

static void remember(enum log_level level, const char *text)
{
    struct log_recent *place;

    pthread_mutex_lock(&recent_lock);
    place = &recent[recent_count++ % LOG_RECENT];
    recent_errors += level == LOG_ERROR;
    place->at = (int64_t)time(NULL);
    place->level = level;
    snprintf(place->text, sizeof(place->text), "%.*s", LOG_RECENT_TEXT - 1, text);
    pthread_mutex_unlock(&recent_lock);
}

size_t log_recent(struct log_recent list[LOG_RECENT], uint64_t *warnings, uint64_t *errors)
{
    size_t count;

    pthread_mutex_lock(&recent_lock);
    count = recent_count < LOG_RECENT ? (size_t)recent_count : LOG_RECENT;
    for (size_t i = 0; i < count; i++)
        list[i] = recent[(recent_count - 1 - i) % LOG_RECENT];
    *errors = recent_errors;
    *warnings = recent_count - recent_errors;
    pthread_mutex_unlock(&recent_lock);
    return count;
}

/* ---- Lines ---- */

static void log_write(enum log_level level, const struct log_field *fields, size_t count,
                      const char *format, va_list arguments)
{
    bool json = log_format_wanted == LOG_JSON;
    char text[STRING_MAX];
    char *line;

    vsnprintf(text, sizeof(text), format, arguments);
    if (level <= LOG_WARNING && !fields)
        remember(level, text);
    if (log_held_length > HELD_SOME)
        log_write_held();
    line = log_held + log_held_length;
    log_held_length +=
        json ? log_object(line, level, fields, count, text) : log_text(line, level, text);
    if (!log_holding)
        log_write_held();
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;

    if (!log_wants(level))
        return;
    va_start(arguments, format);
    log_write(level, NULL, 0, format, arguments);
    va_end(arguments);
}

void log_line_with(enum log_level level, const struct log_field *fields, size_t count,
                   const char *format, ...)
{
    va_list arguments;

    if (!log_wants(level))
        return;
    va_start(arguments, format);
    log_write(level, fields, count, format, arguments);
    va_end(arguments);
}
