#include "decide/tftp_receive.h"

#include "decide/tftp_agree.h"

static void negotiate(struct tftp_receipt *t, const struct tftp_options *asked)
{
    uint32_t most;

    t->block_size = tftp_agree_block_size(&t->agreed, asked);
    t->fixed_timer = tftp_agree_timer(&t->agreed, asked, &t->timer_ms);
    most = TFTP_RECEIVE_WINDOW_BYTES / t->block_size;
    t->window = tftp_agree_window(&t->agreed, asked,
                                  most > TFTP_RECEIVE_WINDOW_MAX ? TFTP_RECEIVE_WINDOW_MAX : most);
    /* RFC 2349: the size that was announced comes back as it is. */
    if (asked->present[TFTP_TSIZE])
        tftp_agree(&t->agreed, TFTP_TSIZE, asked->value[TFTP_TSIZE]);
}

static uint32_t timer(const struct tftp_receipt *t)
{
    return tftp_timer_after(t->timer_ms, t->fixed_timer, t->attempts);
}

static struct tftp_receipt_action act(enum tftp_receipt_act what)
{
    return (struct tftp_receipt_action){.act = what};
}

static struct tftp_receipt_action answer(struct tftp_receipt *t)
{
    t->waiting = 0;
    return (struct tftp_receipt_action){
        .act = TFTP_RECEIPT_ANSWER,
        .answer = true,
        .timer_ms = t->state == TFTP_RECEIPT_COMPLETE ? TFTP_DALLY_MS : timer(t)};
}

struct tftp_receipt_action tftp_receipt_begin(struct tftp_receipt *t,
                                              const struct tftp_packet *request, uint64_t most,
                                              bool rolls_to_one)
{
    *t = (struct tftp_receipt){.most = most, .rolls_to_one = rolls_to_one};
    negotiate(t, &request->options);
    return answer(t);
}

/* The next block. */
static struct tftp_receipt_action keep(struct tftp_receipt *t, size_t length)
{
    struct tftp_receipt_action action = {.act = TFTP_RECEIPT_KEEP};

    if (length > t->most - t->bytes) {
        t->state = TFTP_RECEIPT_ENDED;
        return act(TFTP_RECEIPT_TOO_LONG);
    }
    t->blocks++;
    t->bytes += length;
    t->waiting++;
    t->attempts = 0;
    t->gap_told = false;
    action.last = length < t->block_size;
    if (action.last)
        t->state = TFTP_RECEIPT_COMPLETE;
    action.answer = action.last || t->waiting == t->window;
    if (action.answer)
        t->waiting = 0;
    action.timer_ms = action.last ? TFTP_DALLY_MS : timer(t);
    return action;
}

struct tftp_receipt_action tftp_receipt_data(struct tftp_receipt *t, uint16_t block, size_t length)
{
    bool again = t->blocks > 0 && block == tftp_block_number(t->blocks, t->rolls_to_one);

    if (t->state == TFTP_RECEIPT_ENDED || length > t->block_size)
        return act(TFTP_RECEIPT_WAIT);
    if (t->state == TFTP_RECEIPT_COMPLETE)
        return again ? answer(t) : act(TFTP_RECEIPT_WAIT);
    if (block == tftp_block_number(t->blocks + 1, t->rolls_to_one))
        return keep(t, length);
    if (t->window == 1)
        return again ? answer(t) : act(TFTP_RECEIPT_WAIT);
    /* RFC 7440 section 4: a gap is told at once, and once: what is on its way behind it, or comes
     * again because an answer was lost, draws no further ones. */
    if (t->gap_told)
        return act(TFTP_RECEIPT_WAIT);
    t->gap_told = true;
    return answer(t);
}

struct tftp_receipt_action tftp_receipt_expired(struct tftp_receipt *t)
{
    bool complete = t->state == TFTP_RECEIPT_COMPLETE;

    if (t->state == TFTP_RECEIPT_ENDED)
        return act(TFTP_RECEIPT_WAIT);
    if (complete || t->attempts == TFTP_ATTEMPTS_MAX) {
        t->state = TFTP_RECEIPT_ENDED;
        return act(complete ? TFTP_RECEIPT_DONE : TFTP_RECEIPT_SILENT);
    }
    t->attempts++;
    t->gap_told = false;
    return answer(t);
}

struct tftp_packet tftp_receipt_answer(const struct tftp_receipt *t)
{
    struct tftp_packet packet = {.opcode = TFTP_ACK,
                                 .block = tftp_block_number(t->blocks, t->rolls_to_one)};

    if (t->blocks == 0 && tftp_agreed(&t->agreed))
        return (struct tftp_packet){.opcode = TFTP_OACK, .options = t->agreed};
    return packet;
}
