/* A lease as bytes, for the log (store/lease_log.h). */
#ifndef BOOTWIRE_STORE_LEASE_RECORD_H
#define BOOTWIRE_STORE_LEASE_RECORD_H

#include "base/cursor.h"
#include "model/lease.h"

enum { LEASE_RECORD_MAX = 2048 };

/* Writes the lease's durable fields and its reason: numbers big-endian, byte strings with their
 * length before them, texts with a NUL behind them. */
void lease_record_encode(struct writer *w, const struct lease *lease, const char *reason);
/* Reads one; `*reason` and its notes point into what is read. False where the bytes are no record.
 */
bool lease_record_decode(struct reader *r, struct lease *lease, const char **reason);

#endif
