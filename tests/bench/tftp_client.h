/* One simulated boot ROM's TFTP transfer: what comes in, and what that makes it say. It has no
 * socket and no clock, so that a program may run thousands of them over one socket.
 *
 * It behaves as boot ROMs do: it says its last packet again where nothing comes for a while, never
 * gives up, acknowledges the end of each window, and asks once for what is missing in one. */
#ifndef BOOTWIRE_BENCH_TFTP_CLIENT_H
#define BOOTWIRE_BENCH_TFTP_CLIENT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TFTP_CLIENT_SAYS = 600 }; /* bytes of its longest packet */

/* What all clients ask for. */
struct tftp_wish {
    const char *file;
    const uint8_t *content; /* what the file must hold: `size` bytes */
    uint64_t size;
    unsigned block_size; /* 512 asks for no blksize option */
    unsigned window;     /* 1 asks for no windowsize option */
    unsigned resend_ms;
};

enum tftp_client_state { TFTP_CLIENT_IDLE, TFTP_CLIENT_ASKS, TFTP_CLIENT_READS, TFTP_CLIENT_DONE };

struct tftp_client {
    enum tftp_client_state state;
    uint16_t port;    /* the server's for this transfer; host byte order */
    uint16_t to_port; /* where the next packet goes */
    unsigned block_size, window;
    uint64_t next;        /* the block that comes next, counted from 1 and never wrapped */
    unsigned in_window;   /* blocks of the window that have come */
    uint64_t missed;      /* the block that was last asked for again */
    uint64_t began, said; /* nanoseconds; said: the last packet, or the last progress */
    uint64_t resent;
    const char *wrong; /* what the server did wrong, else NULL */
};

/* Begins a transfer; the request goes to port 69. Returns the bytes written to `says`. */
size_t tftp_client_begin(struct tftp_client *client, const struct tftp_wish *wish, uint64_t now,
                         uint8_t says[TFTP_CLIENT_SAYS]);
/* Takes a packet that came from the server's `port`. Returns the bytes written to `says`, 0 for
 * nothing. Afterwards state and wrong may have changed. */
size_t tftp_client_receive(struct tftp_client *client, const struct tftp_wish *wish,
                           struct slice packet, uint16_t port, uint64_t now,
                           uint8_t says[TFTP_CLIENT_SAYS]);
/* The same when time has passed. */
size_t tftp_client_tick(struct tftp_client *client, const struct tftp_wish *wish, uint64_t now,
                        uint8_t says[TFTP_CLIENT_SAYS]);
/* Bytes of the file that have come. */
uint64_t tftp_client_bytes(const struct tftp_client *client, const struct tftp_wish *wish);

#endif
