#include "platform/linux/program_output.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 65536, PATH_SIZE = 4096 };

/* The program's path into `to`; false where there is none. */
static bool find(const char *name, char to[PATH_SIZE])
{
    const char *path = getenv("PATH");
    char *all = memory_printf("%s:/usr/sbin:/sbin:/usr/bin:/bin", path ? path : "/usr/local/sbin");
    char *rest = all, *part;
    bool found = false;

    while (!found && (part = strsep(&rest, ":")) != NULL) {
        /* Not from the present directory, which is what an empty part stands for. */
        if (*part != '/' || snprintf(to, PATH_SIZE, "%s/%s", part, name) >= PATH_SIZE)
            continue;
        found = access(to, X_OK) == 0;
    }
    free(all);
    return found;
}

/* In the child, between fork() and exec(): nothing that allocates. */
__attribute__((noreturn)) static void become(const char *path, const char *const argv[], int output,
                                             bool errors)
{
    static const char *const environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                                              NULL};
    int nothing = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(errors ? output : nothing, STDERR_FILENO);
    execve(path, (char *const *)argv, (char *const *)environment);
    _exit(127);
}

/* Reads to the end: 0; or until enough has come: 1; or minus an errno. */
static int read_all(int descriptor, const struct program_request *request, char **text)
{
    uint64_t deadline = clock_monotonic_ms() + request->patience_ms;
    size_t length = 0, room = 0;

    for (;;) {
        struct pollfd polled = {.fd = descriptor, .events = POLLIN};
        uint64_t now = clock_monotonic_ms();
        ssize_t count;

        if (now >= deadline || poll(&polled, 1, (int)(deadline - now)) == 0)
            return -ETIMEDOUT;
        if (room - length < PIECE) {
            room = length + 2 * PIECE;
            *text = memory_resize(*text, room, 1);
        }
        count = read(descriptor, *text + length, PIECE);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        (*text)[length + (size_t)count] = 0;
        if (count == 0)
            return 0;
        length += (size_t)count;
        if (request->until && strstr(*text, request->until))
            return 1;
        if (length > PROGRAM_OUTPUT_MAX)
            return -EFBIG;
    }
}

int program_output(const struct program_request *request, char **text)
{
    int ends[2], result, status = 0;
    char path[PATH_SIZE];
    pid_t child;

    *text = NULL;
    if (!find(request->argv[0], path))
        return -ENOENT;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    child = fork();
    if (child == 0)
        become(path, request->argv, ends[1], request->errors);
    close(ends[1]);
    result = child < 0 ? -errno : read_all(ends[0], request, text);
    close(ends[0]);
    if (child > 0) {
        /* Its own group may not be there yet. */
        if (result != 0 && kill(-child, SIGKILL) < 0)
            kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    }
    if (result != 0)
        return result < 0 ? result : 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
