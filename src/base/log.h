/* Log lines on standard error: written whole, so that lines of several threads do not mix.
 *
 * Only service, guest and command log, once, where an error ends; everything below returns errors
 * as values. Bytes that came from a network go through text_printable() (text.h) first. */
#ifndef BOOTWIRE_BASE_LOG_H
#define BOOTWIRE_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped; LOG_INFO at the start. */
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);

/* Writes "TIME LEVEL: TEXT\n" (no level word for LOG_INFO); cut at 2,000 bytes. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

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
