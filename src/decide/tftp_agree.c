#include "decide/tftp_agree.h"

#include "decide/tftp.h"

#include <stddef.h>

void tftp_agree(struct tftp_options *agreed, enum tftp_option option, uint64_t value)
{
    agreed->present[option] = true;
    agreed->value[option] = value;
}

uint32_t tftp_agree_block_size(struct tftp_options *agreed, const struct tftp_options *asked)
{
    uint64_t value = asked->value[TFTP_BLKSIZE];

    if (!asked->present[TFTP_BLKSIZE] || value < TFTP_BLOCK_MIN)
        return TFTP_BLOCK_DEFAULT;
    /* RFC 2348: the answer may be smaller than what was asked. */
    if (value > TFTP_BLOCK_MAX)
        value = TFTP_BLOCK_MAX;
    tftp_agree(agreed, TFTP_BLKSIZE, value);
    return (uint32_t)value;
}

bool tftp_agree_timer(struct tftp_options *agreed, const struct tftp_options *asked,
                      uint32_t *timer_ms)
{
    uint64_t value = asked->value[TFTP_TIMEOUT];

    *timer_ms = TFTP_TIMER_FIRST_MS;
    if (!asked->present[TFTP_TIMEOUT] || value < 1 || value > 255)
        return false;
    *timer_ms = (uint32_t)value * 1000;
    tftp_agree(agreed, TFTP_TIMEOUT, value);
    return true;
}

uint32_t tftp_agree_window(struct tftp_options *agreed, const struct tftp_options *asked,
                           uint32_t most)
{
    uint64_t value = asked->value[TFTP_WINDOWSIZE];

    if (!asked->present[TFTP_WINDOWSIZE] || value < 1 || value > TFTP_WINDOW_MAX)
        return 1;
    /* RFC 7440 section 3: the answer may be smaller than what was asked. */
    if (value > most)
        value = most;
    tftp_agree(agreed, TFTP_WINDOWSIZE, value);
    return (uint32_t)value;
}

bool tftp_agreed(const struct tftp_options *agreed)
{
    for (size_t i = 0; i < TFTP_OPTION_COUNT; i++) {
        if (agreed->present[i])
            return true;
    }
    return false;
}

uint32_t tftp_timer_after(uint32_t timer_ms, bool fixed, unsigned attempts)
{
    uint64_t delay = (uint64_t)timer_ms << attempts;

    if (fixed)
        return timer_ms;
    return delay > TFTP_TIMER_MAX_MS ? TFTP_TIMER_MAX_MS : (uint32_t)delay;
}
