/* The event loop: descriptors, timers, signals, and work done once per turn. One loop belongs to
 * one thread; only loop_stop() and loop_call() may come from others. */
#ifndef BOOTWIRE_NET_LOOP_H
#define BOOTWIRE_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_event; /* one watched descriptor, timer or signal */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* NULL with errno where the system refuses. */
struct loop *loop_new(void);
/* Every event of the loop must have been freed before. NULL is allowed. */
void loop_free(struct loop *loop);
/* Runs until loop_stop(); may be called again. */
void loop_run(struct loop *loop);
/* Ends loop_run() after the present turn. Any thread may call it. */
void loop_stop(struct loop *loop);
/* Runs `function(argument)` in the loop's thread, soon. Any thread may call it. Calls still waiting
 * when the loop is freed are dropped. */
void loop_call(struct loop *loop, void (*function)(void *argument), void *argument);
/* Runs `function` at the end of each turn in which something happened: the place to commit once
 * what the turn's requests changed, and to send what had to wait for it. At most four per loop. */
void loop_at_turn_end(struct loop *loop, void (*function)(void *argument), void *argument);

/* Calls back as long as the descriptor is ready for what `what` (LOOP_READ | LOOP_WRITE) asks. */
struct loop_event *loop_watch(struct loop *loop, int descriptor, int what,
                              void (*ready)(void *argument, int what), void *argument);
/* Changes what is waited for; 0 waits for nothing. */
void loop_watch_change(struct loop_event *event, int what);
/* Calls back on each arrival of the signal. */
struct loop_event *loop_signal(struct loop *loop, int signal, void (*arrived)(void *argument),
                               void *argument);
/* A timer, not yet running. */
struct loop_event *loop_timer(struct loop *loop, void (*expired)(void *argument), void *argument);
/* Starts it over: one call back after `delay_ms`. */
void loop_timer_start(struct loop_event *event, uint64_t delay_ms);
void loop_timer_stop(struct loop_event *event);
/* Stops and frees; may be called from its own call back. NULL is allowed. Does not close a
 * descriptor. */
void loop_event_free(struct loop_event *event);

#endif
