#include "decide/verdict_parts.h"

#include <stdarg.h>
#include <stdio.h>

void verdict_say(char to[VERDICT_TEXT_SIZE], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(to, VERDICT_TEXT_SIZE, format, arguments);
    va_end(arguments);
}

const char *verdict_times(char to[VERDICT_TIMES_SIZE], unsigned count)
{
    to[0] = 0;
    if (count > 1)
        snprintf(to, VERDICT_TIMES_SIZE, " %u times", count);
    return to;
}

bool verdict_last_is(const struct boot *boot, enum step_event event)
{
    return boot->trail.last.times > 0 && boot->trail.last.event == event;
}

bool verdict_last_for(const struct boot *boot, enum step_event event, enum step_reason reason)
{
    return verdict_last_is(boot, event) && boot->trail.last.reason == reason;
}
