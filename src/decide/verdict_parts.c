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

bool verdict_passed(const struct boot *boot, uint64_t since_ms, uint32_t silence_ms,
                    uint64_t now_ms)
{
    uint64_t wanted = boot->patience > 0 ? (uint64_t)silence_ms * boot->patience / 100 : silence_ms;

    return now_ms - since_ms >= wanted;
}

bool verdict_last_is(const struct boot *boot, enum step_event event)
{
    return boot->trail.last.times > 0 && boot->trail.last.event == event;
}

bool verdict_last_for(const struct boot *boot, enum step_event event, enum step_reason reason)
{
    return verdict_last_is(boot, event) && boot->trail.last.reason == reason;
}
