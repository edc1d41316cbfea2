/* What reads and writes over TFTP have in common: the options that both sides agree on (RFC 2347),
 * and the time until something is sent again. */
#ifndef BOOTWIRE_DECIDE_TFTP_AGREE_H
#define BOOTWIRE_DECIDE_TFTP_AGREE_H

#include "wire/tftp.h"

#include <stdbool.h>
#include <stdint.h>

/* The option stands in the OACK with this value. */
void tftp_agree(struct tftp_options *agreed, enum tftp_option option, uint64_t value);
/* The three below add to `agreed` what the client asked for, as far as its RFC allows the value;
 * else the option is left out, as RFC 2347 tells servers to, and what they return is the default.
 */
/* RFC 2348: the bytes of a block. */
uint32_t tftp_agree_block_size(struct tftp_options *agreed, const struct tftp_options *asked);
/* RFC 2349: whether the client chose the timer, which stays the same then; `*timer_ms` is its
 * length. */
bool tftp_agree_timer(struct tftp_options *agreed, const struct tftp_options *asked,
                      uint32_t *timer_ms);
/* RFC 7440: the blocks of a window, `most` at most. */
uint32_t tftp_agree_window(struct tftp_options *agreed, const struct tftp_options *asked,
                           uint32_t most);
/* Whether anything was agreed on: then an OACK says it. */
bool tftp_agreed(const struct tftp_options *agreed);

/* Milliseconds until something is sent again that was so already `attempts` times: doubled each
 * time, up to TFTP_TIMER_MAX_MS; a fixed timer stays. */
uint32_t tftp_timer_after(uint32_t timer_ms, bool fixed, unsigned attempts);

#endif
