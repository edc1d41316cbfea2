/* Blocks on their way out of one socket, for all transfers that share it. Transfers take turns, a
 * burst each; bursts of many leave in one system call; what the socket does not take waits in the
 * file, not in memory. */
#ifndef BOOTWIRE_SERVICE_TFTP_SENDER_H
#define BOOTWIRE_SERVICE_TFTP_SENDER_H

#include "decide/tftp.h"
#include "model/patch.h"
#include "net/udp.h"
#include "service/tftp_content.h"
#include "wire/netascii.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct loop;
struct tftp_bursts; /* the memory that bursts are made in: one per lane */

/* Where a block begins in a file that is converted as it leaves. */
struct tftp_place {
    uint64_t offset;
    struct netascii state;
};

/* The places of the blocks from the last acknowledged one on: that of block n at n % PLACES. */
enum { TFTP_PLACES = TFTP_WINDOW_CONVERTED_MAX + 2 };

TAILQ_HEAD(tftp_sendings, tftp_sending);

/* One socket. */
struct tftp_sender {
    struct udp_socket *socket;
    struct tftp_bursts *bursts;
    struct tftp_sendings queue; /* the transfers that have blocks to send, in the order of turns */
    bool full;                  /* the socket takes no more for now */
};

/* What a transfer sends with; embedded in it. */
struct tftp_sending {
    struct tftp_sender *sender;
    struct endpoint peer;
    uint32_t local_address;
    struct tftp_transfer *transfer;
    struct tftp_content *content;
    const struct patches *patches;
    struct tftp_place *places; /* TFTP_PLACES; NULL: the file leaves as it is */
    /* Once the last block that was to leave has left, in tftp_sender_run(). It must not end the
     * transfer. */
    void (*left)(void *argument);
    /* The file cannot be read on. It may end the transfer. */
    void (*failed)(void *argument, const char *why);
    void *argument;
    /* The sender's own: */
    uint64_t next, last; /* the blocks that are still to leave; none where next > last */
    bool queued;
    bool uncut; /* the system cannot cut trains for this peer (net/udp_message.h) */
    struct tftp_waiter waiter;
    TAILQ_ENTRY(tftp_sending) link;
};

struct tftp_bursts *tftp_bursts_new(struct loop *loop);
void tftp_bursts_free(struct tftp_bursts *bursts);

void tftp_sender_init(struct tftp_sender *sender, struct udp_socket *socket,
                      struct tftp_bursts *bursts);
/* Lets `count` blocks from `first` on leave, instead of those that were still to leave. They go
 * with the next tftp_sender_run(). */
void tftp_sending_start(struct tftp_sending *sending, uint64_t first, uint32_t count);
/* Lets nothing more leave: before the transfer goes. */
void tftp_sending_stop(struct tftp_sending *sending);
/* At the end of a turn: sends what is queued, up to a turn's share; the loop comes back for the
 * rest. */
void tftp_sender_run(struct tftp_sender *sender);

#endif
