/* What the files of the record streams (net/record_stream.h) share: a listener, its connections,
 * and how their output leaves and their long records find room. */
#ifndef BOOTWIRE_NET_RECORD_CONNECTION_H
#define BOOTWIRE_NET_RECORD_CONNECTION_H

#include "net/record_stream.h"

enum {
    RECORD_MARK_SIZE = 4,
    RECORD_SCRATCH = 65536, /* bytes of one read */
    RECORD_LARGE = 65536,   /* longer records have their bytes reserved */
    RECORD_SPARES_MAX = 4,  /* as many long records as one listener's clients have under way */
    RECORD_BACKLOG = 128,   /* connections that wait to be accepted */
};

/* A record on its way out. */
struct record_output {
    struct record_output *next;
    struct iovec pieces[1 + RECORD_PIECES_MAX]; /* the first is the mark; cut as bytes leave */
    size_t count;
    struct record_file file; /* leaves after the pieces; cut as its bytes leave */
    uint8_t mark[RECORD_MARK_SIZE];
    void (*sent)(void *owner);
    void *owner;
};

struct record_connection {
    struct record_listener *listener;
    struct record_connection *next, *previous;
    struct loop_event *event;
    int descriptor;
    struct endpoint peer;
    uint32_t local_address;
    uint64_t active_ms; /* when bytes last moved */
    size_t record_max;
    bool sends_large;     /* its last record was a long one */
    unsigned open;        /* records given out and not answered */
    size_t reserved;      /* bytes of long records, read or open */
    size_t room_reserved; /* those of them that are the room of the record being read */
    bool waits;           /* for bytes to reserve, in the listener's line */
    struct record_connection *next_waiting;
    unsigned holds; /* functions on the stack that use this */
    bool closed;    /* the descriptor is gone; freed once open and holds are 0 */
    bool ended;     /* the peer sends nothing more: closed once all is answered */

    uint8_t mark[RECORD_MARK_SIZE];
    size_t mark_length;
    size_t fragment_left;
    int wake_at;              /* see record_wake_at(); 1 at first */
    bool last;                /* the fragment is its record's last */
    struct record_room *room; /* the record's bytes so far; NULL before the first */
    size_t record_length;
    uint8_t *held; /* bytes read that wait until the connection may go on */
    size_t held_length;

    struct record_output *output, **output_tail;
    size_t output_length; /* its bytes */
    bool blocked;         /* the peer takes no more of them now */
    bool unsent;          /* in the listener's list: they wait for the end of the turn */
    struct record_connection *next_unsent;
};

/* Where the bytes of one record lie. */
struct record_room {
    struct record_room *next; /* while it is a spare one */
    size_t capacity;
    uint8_t bytes[];
};

struct record_listener {
    struct loop *loop;
    struct loop_event *event, *tick, *turn_over;
    int descriptor;
    struct endpoint local;
    struct record_options options;
    void (*received)(void *argument, const struct record *record);
    void *argument;
    struct record_connection *connections; /* closed ones too, while records of theirs are open */
    unsigned connection_count;             /* of those that are not closed */
    bool paused;     /* no descriptors were left for accept(): tried again at the next tick */
    bool fresh;      /* something was received since the last record was given out */
    size_t reserved; /* bytes of all connections' long records */
    /* Room for some of record_max bytes, touched before: new pages would cost more. */
    struct record_room *spares;
    unsigned spare_count;
    struct record_connection *waiting, **waiting_tail; /* for some of them, the first first */
    struct record_connection *unsent;                  /* connections with answers to send */
    bool calling;                                      /* record_turn_over() is on its way */
    uint8_t scratch[RECORD_SCRATCH];
};

/* A socket that listens where the options say, with *local being where that is; -1 with errno. */
int record_bind(const struct record_options *options, struct endpoint *local);
/* Has the loop hear of the connection once `length` bytes have come, or less where that is very
 * much (socket(7), SO_RCVLOWAT); the end of the stream, an error and a full window it hears of all
 * the same. For the rest of a long record: it comes in many segments, above all from a sender that
 * paces them, and to wake the loop for each costs both sides more than the bytes do. */
void record_wake_at(struct record_connection *connection, size_t length);

/* Closes the descriptor; the rest goes when nobody uses it any more. */
void record_close(struct record_connection *connection);
/* Has the listener look, once the loop has done what is at hand, for answers to send and for
 * connections that may go on. */
void record_call_turn_over(struct record_listener *listener);
/* Has it look at this connection then. */
void record_queue(struct record_connection *connection);

/* Takes one answer as sent, or as never to be. */
void record_output_free(struct record_output *output);
/* Sends what waits, in as few writes as can be, and as far as the peer takes it. */
void record_write(struct record_connection *connection);

/* Reserves the room that the record being read needs with its present fragment, as far as it is a
 * long one and has not got it; false where there is none. Where nobody else has any, one record
 * always fits. What is reserved is what is used: record_room_new() is asked for room_reserved
 * bytes. */
bool record_reserve(struct record_connection *connection);
/* The connection's long records are answered, or gone: others may have their bytes. */
void record_unreserve(struct record_connection *connection);
/* Room for a long record; record_room_free() takes it back, NULL too. */
struct record_room *record_room_new(struct record_listener *listener, size_t capacity);
void record_room_free(struct record_listener *listener, struct record_room *room);
/* Frees the spare ones. */
void record_room_release(struct record_listener *listener);
/* Has the connection wait for bytes to reserve, behind those that wait already. */
void record_wait_in_line(struct record_connection *connection);
/* Takes the connection after `link` out of the line. */
void record_leave_line(struct record_listener *listener, struct record_connection **link);
/* Those that waited for room have it, in their order, as far as there is some. */
void record_serve_line(struct record_listener *listener);

#endif
