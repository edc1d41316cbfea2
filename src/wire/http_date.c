/* HTTP's dates: RFC 9110 section 5.6.7. */
#include "wire/http.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    DATE_TEXT = 48,    /* any of them with its NUL */
    FUTURE_YEARS = 50, /* of a year that is written with two digits: further than that it is past */
};

enum form { IMF_FIXDATE, RFC_850, ASCTIME };

static const char *const days[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                    "Thursday", "Friday", "Saturday"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void write_date(char to[DATE_TEXT], enum form form, int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm tm = {0};
    const char *day, *month;
    char clock[16];
    int year;

    (void)gmtime_r(&time, &tm);
    day = days[tm.tm_wday % 7];
    month = months[tm.tm_mon % 12];
    year = (tm.tm_year + 1900) % 10000;
    snprintf(clock, sizeof(clock), "%02d:%02d:%02d", tm.tm_hour % 100, tm.tm_min % 100,
             tm.tm_sec % 100);
    if (form == IMF_FIXDATE)
        snprintf(to, DATE_TEXT, "%.3s, %02d %s %04d %s GMT", day, tm.tm_mday, month, year, clock);
    else if (form == RFC_850)
        snprintf(to, DATE_TEXT, "%s, %02d-%s-%02d %s GMT", day, tm.tm_mday, month, year % 100,
                 clock);
    else
        snprintf(to, DATE_TEXT, "%.3s %s %2d %s %04d", day, month, tm.tm_mday, clock, year);
}

char *http_date(char to[HTTP_DATE_SIZE], int64_t seconds)
{
    char text[DATE_TEXT];

    write_date(text, IMF_FIXDATE, seconds);
    snprintf(to, HTTP_DATE_SIZE, "%.*s", HTTP_DATE_SIZE - 1, text);
    return to;
}

static bool digits_at(const char *text, size_t count, int *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

static bool month_at(const char *text, int *month)
{
    for (int i = 0; i < 12; i++) {
        if (memcmp(text, months[i], 3) == 0) {
            *month = i;
            return true;
        }
    }
    return false;
}

/* "08:49:37" */
static bool time_at(const char *text, struct tm *tm)
{
    return digits_at(text, 2, &tm->tm_hour) && digits_at(text + 3, 2, &tm->tm_min) &&
           digits_at(text + 6, 2, &tm->tm_sec);
}

/* Reads the numbers where the form has them; what stands between is the caller's to compare.
 * `length`: of the whole text, as the form has it. */
static bool read_date(const char *text, size_t length, enum form *form, struct tm *tm)
{
    /* Behind the day's name: ", 06 Nov 1994 08:49:37 GMT" or ", 06-Nov-94 08:49:37 GMT". */
    const char *rest = strchr(text, ',');
    size_t left = rest ? length - (size_t)(rest - text) : 0;

    if (left == 26) {
        *form = IMF_FIXDATE;
        return digits_at(rest + 2, 2, &tm->tm_mday) && month_at(rest + 5, &tm->tm_mon) &&
               digits_at(rest + 9, 4, &tm->tm_year) && time_at(rest + 14, tm);
    }
    if (left == 24) {
        *form = RFC_850;
        return digits_at(rest + 2, 2, &tm->tm_mday) && month_at(rest + 5, &tm->tm_mon) &&
               digits_at(rest + 9, 2, &tm->tm_year) && time_at(rest + 12, tm);
    }
    /* "Sun Nov  6 08:49:37 1994" */
    *form = ASCTIME;
    return length == 24 && month_at(text + 4, &tm->tm_mon) &&
           digits_at(text + (text[8] == ' ' ? 9 : 8), text[8] == ' ' ? 1 : 2, &tm->tm_mday) &&
           time_at(text + 11, tm) && digits_at(text + 20, 4, &tm->tm_year);
}

/* The year that two digits mean: the last one that is not more than 50 years ahead. */
static int whole_year(const struct tm *short_date, int64_t now)
{
    time_t time = (time_t)now;
    struct tm latest = {0}, date = *short_date;
    time_t limit;

    (void)gmtime_r(&time, &latest);
    latest.tm_year += FUTURE_YEARS;
    limit = timegm(&latest);
    date.tm_year = latest.tm_year / 100 * 100 + short_date->tm_year % 100;
    /* tm_year counts from 1900, a century's first year. */
    while (date.tm_year > latest.tm_year ||
           (date.tm_year == latest.tm_year && timegm(&date) > limit))
        date.tm_year -= 100;
    return date.tm_year + 1900;
}

bool http_date_parse(struct slice text, int64_t now, int64_t *seconds)
{
    char date[DATE_TEXT], again[DATE_TEXT];
    struct tm tm = {0};
    enum form form;

    if (text.length >= sizeof(date))
        return false;
    if (text.length > 0)
        memcpy(date, text.data, text.length);
    date[text.length] = 0;
    if (!read_date(date, text.length, &form, &tm))
        return false;
    if (form == RFC_850)
        tm.tm_year = whole_year(&tm, now);
    tm.tm_year -= 1900;
    *seconds = (int64_t)timegm(&tm);
    /* The rest of it, and whether there is such a day. */
    write_date(again, form, *seconds);
    return strcmp(again, date) == 0;
}
