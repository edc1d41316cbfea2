/* The redo log in front of the lease database: the cheapest thing that a disk can confirm.
 *
 * A file of one size, written once from end to end when it is made, so that a commit changes no
 * metadata: it overwrites some blocks and waits for fdatasync(2). It has two halves. Batches go to
 * one of them until it is full; then the other one takes them, while the owner moves what the full
 * one holds to the database. Each turn of halves has a number, its generation: the database says
 * which one it holds (with everything before it), and batches after that are what a restart, or a
 * reader, has to add.
 *
 * Block 0: "bootwire leases1", then a key of 16 bytes. A batch starts at a block and is: a magic
 * number, its generation (8 bytes), its number in it, the length of its payload, all big-endian;
 * SipHash-2-4 of those and the payload under the file's key; the payload; zeros up to the end of
 * the block. A torn batch fails its hash, and was never confirmed; one that fails it with whole
 * ones of its generation behind it was damaged since. */
#ifndef BOOTWIRE_STORE_LEASE_LOG_H
#define BOOTWIRE_STORE_LEASE_LOG_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lease_log;

#define LEASES_LOG "leases.log"

enum {
    LEASE_LOG_HALF = 4 << 20,
    LEASE_LOG_HEADER = 28, /* of a batch */
    LEASE_LOG_PAYLOAD_MAX = LEASE_LOG_HALF - LEASE_LOG_HEADER,
};

/* Opens `directory`/leases.log, for writing too if `writable`. Returns 0 and sets `*log`, which is
 * NULL where there is no such file; or an errno: EBADMSG is a file that is no lease log. */
int lease_log_open(const char *directory, bool writable, struct lease_log **log);
/* Makes it. Returns 0 or an errno, and then nothing is left of it. */
int lease_log_make(const char *directory, struct lease_log **log);
/* NULL is allowed. */
void lease_log_close(struct lease_log *log);

/* Calls back with each whole batch after generation `after` up to `last`, in the order in which
 * they were written, until `each` returns something else than 0. Returns that; or -1 with errno
 * where the file cannot be read. `*lost` takes the number of damaged batches among them. Another
 * thread may append to later generations meanwhile. */
int lease_log_read(const struct lease_log *log, uint64_t after, uint64_t last,
                   int (*each)(void *argument, uint64_t generation, struct slice payload),
                   void *argument, size_t *lost);

/* Turns to the other half, for batches of this generation. What it held is given up. */
void lease_log_turn(struct lease_log *log, uint64_t generation);
/* The present generation; 0 before the first turn. */
uint64_t lease_log_generation(const struct lease_log *log);
/* Whether a payload of this length fits into what is left of the half. */
bool lease_log_fits(const struct lease_log *log, size_t length);
/* Writes a batch that fits, and has the disk confirm it. Returns 0 or an errno; a batch that was
 * not confirmed is taken back, and overwritten by the next one. */
int lease_log_append(struct lease_log *log, struct slice payload);

#endif
