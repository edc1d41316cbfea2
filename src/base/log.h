/* Log lines on standard error: written whole, so that lines of several threads do not mix.
 *
 * Only service, guest and command log, once, where an error ends; everything below returns errors
 * as values. Bytes that came from a network go through text_printable() (text.h) first. */
#ifndef BOOTWIRE_BASE_LOG_H
#define BOOTWIRE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped; LOG_INFO at the start. */
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);

enum log_format {
    LOG_TEXT, /* "TIME LEVEL: TEXT", with no level word for LOG_INFO; at the start */
    LOG_JSON, /* one object: "time" (RFC 3339, UTC, milliseconds), "level", "text", fields */
};
/* Before there are other threads. */
void log_set_format(enum log_format format);
/* Whether journald reads the lines: they begin with "<4>" and so on (sd-daemon(3)), and text has no
 * time, for journald has its own. Before there are other threads. */
void log_set_priorities(bool wanted);

/* Whether lines are for a person alone: neither JSON nor journald's. */
bool log_is_plain(void);

/* Writes a line; its text is cut at 2,000 bytes. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Something that programs read beside the text. */
struct log_field {
    const char *name;
    enum { LOG_FIELD_TEXT, LOG_FIELD_NUMBER, LOG_FIELD_FLAG } kind;
    const char *text; /* NULL is null; cut at 2,000 bytes */
    uint64_t number;  /* or flag */
};
/* The same with fields, which are told in JSON alone. At most 16, and of those at most five whose
 * text may be longer than 100 bytes. */
void log_line_with(enum log_level level, const struct log_field *fields, size_t count,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The last warnings and errors of the server itself, the newest first: those of log_line(), not
 * those with fields. Returns how many there are in `list`; the two numbers count all since the
 * start. Any thread may ask. */
enum { LOG_RECENT = 8, LOG_RECENT_TEXT = 300 };
struct log_recent {
    int64_t at; /* seconds since 1970 */
    enum log_level level;
    char text[LOG_RECENT_TEXT];
};
size_t log_recent(struct log_recent list[LOG_RECENT], uint64_t *warnings, uint64_t *errors);

/* From now on this thread's lines are collected, and leave together at log_release(): a system call
 * for each is a good part of what a packet costs. Where they grow to more than some kilobytes, they
 * leave sooner. A second hold changes nothing. */
void log_hold(void);
void log_release(void);

#define log_error(...)   log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)

#endif
