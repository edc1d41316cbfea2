#include "guest/process.h"

#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t process_fork(int signal)
{
    pid_t parent = getpid(), child = fork();

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, signal);
        /* The parent may have died before the line above. */
        if (getppid() != parent)
            _exit(1);
    }
    return child;
}

int process_end(pid_t process, int signal, unsigned patience_ms)
{
    uint64_t deadline = clock_monotonic_ms() + patience_ms;
    int status = 0;

    kill(process, signal);
    while (waitpid(process, &status, WNOHANG) == 0) {
        if (clock_monotonic_ms() >= deadline) {
            kill(process, SIGKILL);
            waitpid(process, &status, 0);
            break;
        }
        poll(NULL, 0, 10);
    }
    return status;
}
