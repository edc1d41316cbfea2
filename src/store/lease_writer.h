/* A thread that waits for the disk in the control loop's stead: it appends batches to the lease
 * log, one at a time. */
#ifndef BOOTWIRE_STORE_LEASE_WRITER_H
#define BOOTWIRE_STORE_LEASE_WRITER_H

#include "store/lease_log.h"

struct lease_writer;

/* NULL with errno where there can be no thread. The log is to outlive it. */
struct lease_writer *lease_writer_new(struct lease_log *log);
/* Waits for the batch under way, if any. NULL is allowed. */
void lease_writer_free(struct lease_writer *writer);

/* Has a batch that fits written; the payload is to live until lease_writer_wait(). Calls
 * done(argument) in the thread once the disk has answered. The log's state is the thread's from now
 * on until lease_writer_wait(). */
void lease_writer_start(struct lease_writer *writer, struct slice payload,
                        void (*done)(void *argument), void *argument);
/* Whether lease_writer_wait() would come back at once. */
bool lease_writer_is_done(struct lease_writer *writer);
/* Waits for the batch, and returns what lease_log_append() did. */
int lease_writer_wait(struct lease_writer *writer);

#endif
