/* Threads for what may block: loops hand work over and hear of its end. Work comes in groups, say
 * one per client: the groups take turns, and no group has more than three quarters of the threads,
 * so that one with much work, or slow work, is waited for by itself alone. */
#ifndef BOOTWIRE_NET_WORKERS_H
#define BOOTWIRE_NET_WORKERS_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct workers;

/* Starts `count` threads; fewer where the system refuses, but at least one, else NULL with errno.
 * They take no signals. */
struct workers *workers_new(unsigned count);
/* Finishes the work that waits, ends the threads, frees. Its loops must still be there, but need
 * not run any more. NULL is allowed. */
void workers_free(struct workers *workers);

/* Runs work(argument) in one of the threads, soon, then done(argument) in the loop's thread. Within
 * a group work begins in the order of these calls. The queue has no limit of its own: whoever calls
 * bounds what it has under way. Any thread may call. */
void workers_run(struct workers *workers, struct loop *loop, uint64_t group,
                 void (*work)(void *argument), void (*done)(void *argument), void *argument);

/* How much work waits for a thread now. Any thread may ask. */
size_t workers_waiting(struct workers *workers);

#endif
