/* Child processes that die with their parent. */
#ifndef BOOTWIRE_GUEST_PROCESS_H
#define BOOTWIRE_GUEST_PROCESS_H

#include <sys/types.h>

/* fork(), and the child gets `signal` when this process ends, however it ends. Returns as fork()
 * does; a child whose parent is gone already exits at once. */
pid_t process_fork(int signal);

/* Sends `signal`, waits at most `patience_ms`, then kills, and reaps. Returns what waitpid() says
 * of its end. */
int process_end(pid_t process, int signal, unsigned patience_ms);

#endif
