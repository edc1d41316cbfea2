/* ONC RPC's record streams over TCP (RFC 5531 section 11): a listener, its connections, whole
 * records in, whole records out.
 *
 * A client can make us hold only so much: the number of connections, in all and of one address, the
 * length of a record, the records it may have open, the bytes of long ones are limited. A
 * connection is not read while its peer does not take its output, so a client that stops reading
 * only stops itself. Memory for a record grows with the bytes that have come, not with the length
 * that its mark claims. Answers leave together: those of the records that one read brought, and
 * those that are given within one turn of the loop. */
#ifndef BOOTWIRE_NET_RECORD_STREAM_H
#define BOOTWIRE_NET_RECORD_STREAM_H

#include "net/udp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct loop;
struct record_listener;
struct record_connection;
struct record_room;

/* 0 in any field but `local` and `reuse_port` takes the default. */
struct record_options {
    struct endpoint local; /* address 0: any; port 0: one that is free */
    bool reuse_port;       /* SO_REUSEPORT: one listener per data thread */
    size_t record_max;     /* bytes of a record; 1 MiB */
    /* A smaller limit for whom it returns true, asked as the connection comes; NULL: for nobody. */
    bool (*stranger)(void *argument, struct endpoint peer);
    size_t stranger_record_max; /* 64 KiB */
    /* Records of more than 64 KiB have their bytes reserved, from their first one to the answer,
     * and wait in line for them: of all connections, and of one address. */
    size_t large_max;                  /* 16 MiB */
    size_t large_per_peer_max;         /* half of that */
    unsigned connections_max;          /* 256 */
    unsigned connections_per_peer_max; /* of one address; 32 */
    unsigned requests_max;             /* records of one connection not answered yet; 16 */
    uint64_t idle_ms;                  /* silence after which a connection is closed; 6 minutes */
    uint64_t stall_ms;                 /* the same within a record, or while output waits; 30 s */
    /* Called with the argument of record_listen() when a connection is closed for breaking one of
     * the limits above on length or number; `why` says which. May be NULL. */
    void (*refused)(void *argument, struct endpoint peer, const char *why);
};

/* A record as it came. It is open until record_answer(), record_drop() or record_hang_up() was
 * called once for it; the connection stays valid until then, even if the peer has gone. */
struct record {
    struct slice bytes; /* good until the call back returns, unless record_keep() keeps them */
    struct endpoint peer;
    uint32_t local_address;
    struct record_connection *connection;
    bool fresh; /* the listener received something since the record before */
};

/* Listens and calls back with each record. Returns NULL with errno. */
struct record_listener *record_listen(struct loop *loop, const struct record_options *options,
                                      void (*received)(void *argument, const struct record *record),
                                      void *argument);
/* Closes the listener and its connections and frees them all: records still open must not be
 * answered any more. NULL is allowed. */
void record_listener_close(struct record_listener *listener);
/* Where it is bound. */
struct endpoint record_listener_local(const struct record_listener *listener);

/* Within the call back: lets the bytes of a long record, of more than 64 KiB, stay good without a
 * copy. Returns what is to be given back; NULL where they are not long, and go with the call back.
 */
struct record_room *record_keep(struct record_connection *connection, struct slice bytes);
/* Before the record is answered, dropped or hung up. Where the listener is closed already,
 * `connection` is NULL. */
void record_give_back(struct record_connection *connection, struct record_room *kept);

enum { RECORD_PIECES_MAX = 4 };

/* A piece of a file, and so many zero bytes (up to 3) behind it. */
struct record_file {
    int descriptor;
    uint64_t offset;
    size_t length;
    size_t zeros;
};

/* Answers a record with one made of `count` pieces, at most RECORD_PIECES_MAX and 2^31 - 1 bytes.
 * They are not copied: sent(owner) is called once they are not needed any more (maybe before this
 * returns), whether they reached the peer or not. `sent` may be NULL for bytes that stay. */
void record_answer(struct record_connection *connection, const struct iovec *pieces, size_t count,
                   void (*sent)(void *owner), void *owner);
/* The same, and the answer goes on with the piece of the file: it leaves from the page cache
 * (sendfile(2)), as it is by then. The descriptor stays open until sent(owner). Where the file has
 * been cut shorter meanwhile zero bytes stand for what is missing, as a read(2) that meets a
 * truncate(2) may see them, for the length is on its way already. The loop waits for the disk where
 * the page cache has lost the piece. */
void record_answer_file(struct record_connection *connection, const struct iovec *pieces,
                        size_t count, const struct record_file *file, void (*sent)(void *owner),
                        void *owner);
/* Leaves a record without answer. */
void record_drop(struct record_connection *connection);
/* The same, and closes the connection: what came is no protocol of ours. */
void record_hang_up(struct record_connection *connection);

#endif
