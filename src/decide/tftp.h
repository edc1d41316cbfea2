/* A TFTP read as a state machine: what to send next, from what came in and the time. It knows
 * blocks and windows; bytes, sockets and files are its caller's. */
#ifndef BOOTWIRE_DECIDE_TFTP_H
#define BOOTWIRE_DECIDE_TFTP_H

#include "base/slice.h"
#include "wire/tftp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TFTP_BLOCK_DEFAULT = 512, /* RFC 1350 */
    TFTP_BLOCK_MIN = 8,       /* RFC 2348 */
    TFTP_BLOCK_MAX = 65464,
    TFTP_WINDOW_MAX = 65535, /* RFC 7440 */
    /* Of a file that is converted as it leaves: the caller keeps each block's place in it. */
    TFTP_WINDOW_CONVERTED_MAX = 64,
    TFTP_TIMER_FIRST_MS = 1000, /* before the first answer tells how long answers take */
    TFTP_TIMER_MIN_MS = 200,
    TFTP_TIMER_MAX_MS = 8000,
    TFTP_REPEATED_MIN_MS = 200, /* sooner no client says the same again by itself */
    TFTP_ATTEMPTS_MAX = 7,      /* times that one window, or the OACK, is sent again */
};

/* The length of a file whose bytes are converted as they leave. */
#define TFTP_SIZE_UNKNOWN UINT64_MAX

/* Blocks count from 1 and do not roll over in here; tftp_wire_block() says what stands on the wire.
 */
struct tftp_transfer {
    enum tftp_state {
        TFTP_STATE_OACK,    /* options acknowledged, waiting for ACK 0 */
        TFTP_STATE_SENDING, /* blocks acked + 1 to sent are on their way */
        TFTP_STATE_ENDED,
    } state;
    struct tftp_options agreed; /* as the OACK says them */
    uint32_t block_size;
    uint32_t window; /* blocks */
    uint64_t size;   /* bytes, or TFTP_SIZE_UNKNOWN */
    uint64_t last_block;
    uint64_t acked, sent;           /* blocks; `sent` counts those that are still to leave */
    uint64_t left;                  /* the last block that has left */
    unsigned attempts;              /* how often the present window, or OACK, was sent again */
    uint64_t resent_total;          /* the same over the whole transfer */
    bool rolls_to_one;              /* the block after 65535 is 1 on the wire, not 0 */
    bool fixed_timer;               /* the client chose it (RFC 2349) */
    uint32_t timer_ms;              /* its length before it is doubled */
    uint64_t sent_at;               /* milliseconds: when the last of the present window left */
    uint32_t round_trip, variation; /* milliseconds (RFC 6298); 0: none measured yet */
    bool duplicate_may_resend, duplicate_resent;
};

enum tftp_act {
    TFTP_WAIT,      /* do nothing */
    TFTP_SEND_OACK, /* send `agreed`, start the timer */
    TFTP_SEND_DATA, /* send `count` blocks from `first` on instead of what is still to leave; tell
                       tftp_left() as they do, and start the timer when all have */
    TFTP_END,       /* forget the transfer */
};

enum tftp_end {
    TFTP_COMPLETE,    /* the last block was acknowledged */
    TFTP_UNCONFIRMED, /* everything was sent, but the last acknowledgement never came: some clients
                         send none */
    TFTP_SILENT,      /* the client stopped answering */
    TFTP_STOPPED,     /* the client sent an error */
};

struct tftp_action {
    enum tftp_act act;
    uint64_t first;
    uint32_t count;
    uint32_t timer_ms;
    enum tftp_end end; /* for TFTP_END */
};

const char *tftp_state_name(enum tftp_state state);

/* A read request for a file of `size` bytes: agrees on the options and begins. `now` is in
 * milliseconds of a clock that never goes back, here and below. */
struct tftp_action tftp_begin(struct tftp_transfer *transfer, const struct tftp_packet *request,
                              uint64_t size, uint64_t now);
/* Right after tftp_begin(): the block after 65535 has the number 1, as some clients expect, and not
 * 0. */
void tftp_roll_to_one(struct tftp_transfer *transfer);
/* The number on the wire of block `block` (0: none, as an acknowledgement says it). */
uint16_t tftp_block_number(uint64_t block, bool rolls_to_one);
/* The number that a block, or the acknowledgement of it, has on the wire. */
uint16_t tftp_wire_block(const struct tftp_transfer *transfer, uint64_t block);
/* The blocks up to `block` have left. A window may be longer than what leaves at once; no block
 * counts as acknowledged before it has left. */
void tftp_left(struct tftp_transfer *transfer, uint64_t block, uint64_t now);
struct tftp_action tftp_acknowledged(struct tftp_transfer *transfer, uint16_t block, uint64_t now);
struct tftp_action tftp_stopped(struct tftp_transfer *transfer);
struct tftp_action tftp_expired(struct tftp_transfer *transfer, uint64_t now);
/* For TFTP_SIZE_UNKNOWN: `block` turned out to be the last one, with `length` bytes. */
void tftp_ends_at(struct tftp_transfer *transfer, uint64_t block, size_t length);
/* The bytes that the client has acknowledged. */
uint64_t tftp_bytes_acked(const struct tftp_transfer *transfer);
/* Whether a request that comes again from the same endpoint is only the first one repeated: the
 * same bytes, and no acknowledgement seen yet. */
bool tftp_is_repetition(const struct tftp_transfer *transfer, struct slice first,
                        struct slice again);
/* Such a request has come again: what the first one brought was lost, most likely, and is sent
 * again at once. A boot ROM asks again sooner than the server's first timer, which knows nothing of
 * the way to it, runs out. */
struct tftp_action tftp_repeated(struct tftp_transfer *transfer, uint64_t now);

#endif
