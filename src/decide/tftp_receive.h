/* A TFTP write as a state machine: what is kept and what is answered, from what came in and the
 * time. It knows blocks and windows; bytes, sockets and files are its caller's. */
#ifndef BOOTWIRE_DECIDE_TFTP_RECEIVE_H
#define BOOTWIRE_DECIDE_TFTP_RECEIVE_H

#include "decide/tftp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* What a sender sends before it hears from us has to wait in the socket. */
    TFTP_RECEIVE_WINDOW_MAX = 64,
    TFTP_RECEIVE_WINDOW_BYTES = 1 << 16,
    TFTP_DALLY_MS = 3000, /* so long a lost last acknowledgement is sent again (RFC 1350 s. 6) */
};

struct tftp_receipt {
    enum tftp_receipt_state {
        TFTP_RECEIPT_RECEIVING,
        TFTP_RECEIPT_COMPLETE, /* everything is here; its acknowledgement may have been lost */
        TFTP_RECEIPT_ENDED,
    } state;
    struct tftp_options agreed; /* as the OACK says them */
    uint32_t block_size;
    uint32_t window;  /* blocks */
    uint64_t blocks;  /* that came, in order */
    uint64_t bytes;   /* in them */
    uint64_t most;    /* bytes that the file may have */
    uint32_t waiting; /* blocks that came since the last answer */
    bool rolls_to_one;
    bool gap_told;     /* the sender knows from where on it has to send again */
    unsigned attempts; /* how often the last answer was sent again */
    bool fixed_timer;  /* the client chose it (RFC 2349) */
    uint32_t timer_ms; /* its length before it is doubled */
};

enum tftp_receipt_act {
    TFTP_RECEIPT_WAIT,     /* do nothing */
    TFTP_RECEIPT_ANSWER,   /* send tftp_receipt_answer(), start the timer */
    TFTP_RECEIPT_KEEP,     /* append the block's bytes; then `last` and `answer` */
    TFTP_RECEIPT_TOO_LONG, /* the file is longer than it may be: refuse the rest */
    TFTP_RECEIPT_SILENT,   /* the client stopped sending: forget the transfer */
    TFTP_RECEIPT_DONE,     /* forget the transfer, whose file is complete */
};

struct tftp_receipt_action {
    enum tftp_receipt_act act;
    bool last;         /* the file is complete: make it so, before it is acknowledged */
    bool answer;       /* send tftp_receipt_answer() */
    uint32_t timer_ms; /* start the timer with that */
};

/* A write request for a file of at most `most` bytes: agrees on the options and answers. */
struct tftp_receipt_action tftp_receipt_begin(struct tftp_receipt *receipt,
                                              const struct tftp_packet *request, uint64_t most,
                                              bool rolls_to_one);
/* A block of that number on the wire, with `length` bytes. */
struct tftp_receipt_action tftp_receipt_data(struct tftp_receipt *receipt, uint16_t block,
                                             size_t length);
struct tftp_receipt_action tftp_receipt_expired(struct tftp_receipt *receipt);
/* What is to be said of what came: an OACK, or an ACK. */
struct tftp_packet tftp_receipt_answer(const struct tftp_receipt *receipt);

#endif
