/* Threads beside the one that takes the process's signals. */
#ifndef BOOTWIRE_BASE_THREAD_H
#define BOOTWIRE_BASE_THREAD_H

#include <pthread.h>

/* Starts a thread that calls `run` with `argument` and takes no signal: all are blocked in it, and
 * stay the control thread's. Join it with pthread_join(), or let it go with pthread_detach().
 * Returns 0, or an errno as pthread_create(3) does; errno itself means nothing afterwards. */
int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

#endif
