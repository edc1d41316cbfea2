/* Calls that must not run twice, and their answers, kept across the end of the process: a client
 * whose server was killed between doing what it asked and saying so asks again, and "there is no
 * such file" would be no answer to a REMOVE that was done.
 *
 * A ring in STATE/calls.log, mapped and shared: what was stored is in the file even if the process
 * is killed with the next instruction. It says nothing after a restart of the machine itself (its
 * boot id is part of the file): nothing is ever synced to the disk. Safe from any thread. */
#ifndef BOOTWIRE_STORE_CALL_LOG_H
#define BOOTWIRE_STORE_CALL_LOG_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct call_log;

enum {
    CALL_LOG_KEY_SIZE = 16,
    CALL_LOG_SECRET_SIZE = 32,
    CALL_LOG_ANSWER_MAX = 472, /* bytes; no call that must not run twice has a longer one */
    CALL_LOG_LIFETIME_S = 600, /* who waits longer than that has given up */
};

/* What tells one call from another, as a keyed hash. */
struct call_log_key {
    uint8_t bytes[CALL_LOG_KEY_SIZE];
};

/* Opens the ring, or makes one where there is none that fits. NULL with a message that names the
 * file in `error`. */
struct call_log *call_log_open(const char *state_directory, char *error, size_t error_size);
/* NULL is allowed. */
void call_log_free(struct call_log *log);

/* A secret that is the same in the next process, for whoever digests calls. */
const uint8_t *call_log_secret(const struct call_log *log);
/* A counter of what the system could not bring to stable storage (store/tree.h). Where it begins is
 * drawn with the file, so it never shows twice what it showed before such a loss, or before the
 * machine's restart; the end of a process alone loses nothing and leaves it as it is. */
atomic_uint_least64_t *call_log_losses(struct call_log *log);
/* The key of a call that those bytes tell from all others, in this process and in the next. */
struct call_log_key call_log_key_of(const struct call_log *log, struct slice call);

enum call_log_verdict {
    CALL_LOG_NEW,         /* no process before this one knew it */
    CALL_LOG_INTERRUPTED, /* one began it, and may have done it or not */
    CALL_LOG_ANSWERED,    /* one did it */
};

/* What the processes before this one left about the call; `*answer` is good as long as the log. */
enum call_log_verdict call_log_find(const struct call_log *log, const struct call_log_key *key,
                                    struct slice *answer);

/* The call is about to be done. Returns what call_log_end() wants to know. */
uint32_t call_log_begin(struct call_log *log, const struct call_log_key *key);
/* The answer that it was given; one that is empty or too long forgets the call. */
void call_log_end(struct call_log *log, uint32_t place, const struct call_log_key *key,
                  struct slice answer);

#endif
