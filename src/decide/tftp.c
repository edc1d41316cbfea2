#include "decide/tftp.h"

#include "decide/tftp_agree.h"

const char *tftp_state_name(enum tftp_state state)
{
    static const char *const names[] = {
        [TFTP_STATE_OACK] = "oack",
        [TFTP_STATE_SENDING] = "sending",
        [TFTP_STATE_ENDED] = "ended",
    };

    return names[state];
}

static void negotiate(struct tftp_transfer *t, const struct tftp_options *asked)
{
    bool converted = t->size == TFTP_SIZE_UNKNOWN;

    t->block_size = tftp_agree_block_size(&t->agreed, asked);
    t->fixed_timer = tftp_agree_timer(&t->agreed, asked, &t->timer_ms);
    t->window = tftp_agree_window(&t->agreed, asked,
                                  converted ? TFTP_WINDOW_CONVERTED_MAX : TFTP_WINDOW_MAX);
    /* A converted file's length is known only once it is sent (RFC 2349 counts octets as sent). */
    if (asked->present[TFTP_TSIZE] && !converted)
        tftp_agree(&t->agreed, TFTP_TSIZE, t->size);
}

static uint32_t timer(const struct tftp_transfer *t)
{
    return tftp_timer_after(t->timer_ms, t->fixed_timer, t->attempts);
}

static struct tftp_action wait_on(void)
{
    return (struct tftp_action){.act = TFTP_WAIT};
}

static struct tftp_action end(struct tftp_transfer *t, enum tftp_end how)
{
    t->state = TFTP_STATE_ENDED;
    return (struct tftp_action){.act = TFTP_END, .end = how};
}

static struct tftp_action send_oack(struct tftp_transfer *t, uint64_t now)
{
    t->sent_at = now;
    return (struct tftp_action){.act = TFTP_SEND_OACK, .timer_ms = timer(t)};
}

/* The window that begins after what is acknowledged. */
static struct tftp_action send_window(struct tftp_transfer *t, uint64_t now)
{
    uint64_t left = t->last_block - t->acked;
    uint32_t count = left < t->window ? (uint32_t)left : t->window;

    t->sent = t->acked + count;
    t->sent_at = now;
    return (struct tftp_action){
        .act = TFTP_SEND_DATA, .first = t->acked + 1, .count = count, .timer_ms = timer(t)};
}

struct tftp_action tftp_begin(struct tftp_transfer *t, const struct tftp_packet *request,
                              uint64_t size, uint64_t now)
{
    *t = (struct tftp_transfer){.size = size, .duplicate_may_resend = true};
    negotiate(t, &request->options);
    /* The last block is shorter than the others, if need be empty (RFC 1350 section 6). */
    t->last_block = size == TFTP_SIZE_UNKNOWN ? UINT64_MAX : size / t->block_size + 1;
    if (tftp_agreed(&t->agreed)) {
        t->state = TFTP_STATE_OACK;
        return send_oack(t, now);
    }
    t->state = TFTP_STATE_SENDING;
    return send_window(t, now);
}

/* Numbers 1 to 65535 alone come around. */
enum { ROUND_FROM_ONE = 65535 };

void tftp_roll_to_one(struct tftp_transfer *t)
{
    t->rolls_to_one = true;
    /* A window as long as the round would make its first number and its last acknowledgement one.
     */
    if (t->window >= ROUND_FROM_ONE) {
        t->window = ROUND_FROM_ONE - 1;
        tftp_agree(&t->agreed, TFTP_WINDOWSIZE, t->window);
    }
}

uint16_t tftp_block_number(uint64_t block, bool rolls_to_one)
{
    if (!rolls_to_one || block == 0)
        return (uint16_t)block;
    return (uint16_t)((block - 1) % ROUND_FROM_ONE + 1);
}

uint16_t tftp_wire_block(const struct tftp_transfer *t, uint64_t block)
{
    return tftp_block_number(block, t->rolls_to_one);
}

/* How many blocks further than the last acknowledged one `block` is; UINT32_MAX where no block has
 * that number. */
static uint32_t advance_of(const struct tftp_transfer *t, uint16_t block)
{
    uint16_t acked = tftp_wire_block(t, t->acked);

    if (!t->rolls_to_one)
        return (uint16_t)(block - acked);
    if (block == 0)
        return t->acked == 0 ? 0 : UINT32_MAX;
    return block >= acked ? (uint32_t)(block - acked) : (uint32_t)block + ROUND_FROM_ONE - acked;
}

void tftp_left(struct tftp_transfer *t, uint64_t block, uint64_t now)
{
    if (block > t->left)
        t->left = block;
    t->sent_at = now;
}

/* RFC 6298 with the gains it gives. What was sent twice tells nothing (Karn). */
static void measure(struct tftp_transfer *t, uint64_t now)
{
    uint64_t elapsed = now - t->sent_at;
    uint32_t sample, deviation;

    if (t->attempts > 0 || t->duplicate_resent || t->fixed_timer || now < t->sent_at)
        return;
    sample = elapsed > TFTP_TIMER_MAX_MS ? TFTP_TIMER_MAX_MS : (uint32_t)elapsed;
    if (t->round_trip == 0) {
        t->round_trip = sample ? sample : 1;
        t->variation = sample / 2;
    } else {
        deviation = sample > t->round_trip ? sample - t->round_trip : t->round_trip - sample;
        t->variation = (3 * t->variation + deviation) / 4;
        t->round_trip = (7 * t->round_trip + sample) / 8;
    }
    t->timer_ms = t->round_trip + 4 * t->variation;
    if (t->timer_ms < TFTP_TIMER_MIN_MS)
        t->timer_ms = TFTP_TIMER_MIN_MS;
    if (t->timer_ms > TFTP_TIMER_MAX_MS)
        t->timer_ms = TFTP_TIMER_MAX_MS;
}

/* An acknowledgement that says nothing new. With a window of one it must never make anything be
 * sent, or every later block goes out twice (the Sorcerer's Apprentice, RFC 1123 section 4.2.3.1).
 * With a larger window it also is how a client says that the window's first block was lost (RFC
 * 7440 section 4): then the window is sent again, once, and not for the window after one that this
 * happened to, so that the copies' own acknowledgements start nothing. What comes after a while is
 * no copy's: the client has waited for the window, and says so. */
static struct tftp_action duplicate(struct tftp_transfer *t, uint64_t now)
{
    bool waited = now >= t->sent_at + TFTP_REPEATED_MIN_MS;

    if (t->window == 1 || (!t->duplicate_may_resend && !waited))
        return wait_on();
    t->duplicate_may_resend = false;
    t->duplicate_resent = true;
    t->resent_total++;
    return send_window(t, now);
}

struct tftp_action tftp_acknowledged(struct tftp_transfer *t, uint16_t block, uint64_t now)
{
    uint32_t advance = advance_of(t, block);
    bool whole;

    if (t->state == TFTP_STATE_OACK) {
        if (block != 0)
            return wait_on();
        measure(t, now);
        t->attempts = 0;
        t->state = TFTP_STATE_SENDING;
        return send_window(t, now);
    }
    /* With a long window, an old acknowledgement that comes late looks like one of a block that has
     * not left yet: that one cannot be. */
    if (t->state != TFTP_STATE_SENDING || advance > t->sent - t->acked ||
        advance > t->left - t->acked)
        return wait_on();
    if (advance == 0)
        return duplicate(t, now);
    whole = t->acked + advance == t->sent;
    if (whole)
        measure(t, now);
    t->acked += advance;
    t->attempts = 0;
    if (t->acked == t->last_block)
        return end(t, TFTP_COMPLETE);
    /* After a gap, blocks of the old window still arrive and draw acknowledgements. */
    t->duplicate_may_resend = whole && !t->duplicate_resent;
    t->duplicate_resent = false;
    if (!whole)
        t->resent_total++;
    return send_window(t, now);
}

struct tftp_action tftp_stopped(struct tftp_transfer *t)
{
    return end(t, TFTP_STOPPED);
}

struct tftp_action tftp_expired(struct tftp_transfer *t, uint64_t now)
{
    if (t->state == TFTP_STATE_ENDED)
        return wait_on();
    if (t->attempts == TFTP_ATTEMPTS_MAX) {
        bool all_sent = t->state == TFTP_STATE_SENDING && t->sent == t->last_block;

        return end(t, all_sent ? TFTP_UNCONFIRMED : TFTP_SILENT);
    }
    t->attempts++;
    t->resent_total++;
    return t->state == TFTP_STATE_OACK ? send_oack(t, now) : send_window(t, now);
}

void tftp_ends_at(struct tftp_transfer *t, uint64_t block, size_t length)
{
    t->last_block = block;
    if (t->sent > block)
        t->sent = block;
    t->size = (block - 1) * t->block_size + length;
}

uint64_t tftp_bytes_acked(const struct tftp_transfer *t)
{
    uint64_t bytes = t->acked * t->block_size;

    return bytes < t->size ? bytes : t->size;
}

bool tftp_is_repetition(const struct tftp_transfer *t, struct slice first, struct slice again)
{
    bool unheard = t->state == TFTP_STATE_OACK || (t->acked == 0 && t->state == TFTP_STATE_SENDING);

    return unheard && slice_equal(first, again);
}

struct tftp_action tftp_repeated(struct tftp_transfer *t, uint64_t now)
{
    bool oack = t->state == TFTP_STATE_OACK;

    /* A client that has confirmed the options has heard us: this is an old copy. And one that comes
     * sooner than any client repeats itself is the network's. */
    if (t->state == TFTP_STATE_ENDED || oack != tftp_agreed(&t->agreed) ||
        now - t->sent_at < TFTP_REPEATED_MIN_MS)
        return wait_on();
    if (t->attempts < TFTP_ATTEMPTS_MAX)
        t->attempts++;
    t->resent_total++;
    return oack ? send_oack(t, now) : send_window(t, now);
}
