#include "guest/beside.h"

#include "base/memory.h"
#include "guest/process.h"
#include "guest/terminal.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

/* Both ends of everything, before the process is forked. */
struct pairs {
    int journal[2], told[2], ready[2];
    int consoles[GUEST_LINKS_MAX], orders[GUEST_LINKS_MAX]; /* the server's ends */
};

static int make_pairs(struct beside *beside, struct pairs *pairs, unsigned count)
{
    if (pipe2(pairs->journal, O_CLOEXEC) < 0 || pipe2(pairs->ready, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs->told) < 0)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        static const int kind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        int pair[2], orders[2];

        if (socketpair(AF_UNIX, kind, 0, pair) < 0 || socketpair(AF_UNIX, kind, 0, orders) < 0)
            return -1;
        beside->orders[beside->console_count] = orders[0];
        beside->consoles[beside->console_count++] = pair[0];
        pairs->consoles[i] = pair[1];
        pairs->orders[i] = orders[1];
    }
    return 0;
}

static _Noreturn void serve(struct beside *beside, const struct guest_run_options *options,
                            const struct pairs *pairs)
{
    struct guest_server_ends ends = {
        .journal = pairs->journal[1],
        .told = pairs->told[0],
        .ready = pairs->ready[1],
        .members = options->members,
        .consoles = pairs->consoles,
        .orders = pairs->orders,
        .has_terminal = options->count == 1 && terminal_gives_keys(),
        .count = options->count,
    };

    close(pairs->journal[0]);
    close(pairs->told[1]);
    close(pairs->ready[0]);
    for (unsigned i = 0; i < beside->console_count; i++) {
        close(beside->consoles[i]);
        close(beside->orders[i]);
    }
    /* A signal of the terminal's is for the run. */
    setpgid(0, 0);
    _exit(options->serve(options->argument, &ends));
}

int beside_start(struct beside *beside, const struct guest_run_options *options,
                 void (*forget)(void *argument), void *argument)
{
    struct pairs pairs;
    ssize_t count;
    char byte;

    *beside = (struct beside){.journal = -1, .told = -1};
    if (make_pairs(beside, &pairs, options->count) < 0) {
        perror("bootwire: pipe");
        return -1;
    }
    beside->process = process_fork(SIGTERM);
    if (beside->process == 0) {
        forget(argument);
        serve(beside, options, &pairs);
    }
    close(pairs.journal[1]);
    close(pairs.told[0]);
    close(pairs.ready[1]);
    for (unsigned i = 0; i < options->count; i++) {
        close(pairs.consoles[i]);
        close(pairs.orders[i]);
    }
    beside->journal = pairs.journal[0];
    beside->told = pairs.told[1];
    if (beside->process < 0) {
        perror("bootwire: fork");
        beside->process = 0;
        close(pairs.ready[0]);
        return -1;
    }
    count = read(pairs.ready[0], &byte, 1);
    close(pairs.ready[0]);
    if (count == 1)
        return 0;
    /* Its log says why. */
    fprintf(stderr, "bootwire: the server could not start\n");
    return -1;
}

bool beside_has_ended(const struct beside *beside)
{
    siginfo_t info = {.si_pid = 0};

    /* Only a look: beside_end() reaps. */
    return waitid(P_PID, (id_t)beside->process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

void beside_end(struct beside *beside)
{
    if (beside->process > 0)
        process_end(beside->process, SIGTERM, PATIENCE_MS);
    beside->process = 0;
}

void beside_release(struct beside *beside)
{
    if (beside->journal >= 0)
        close(beside->journal);
    if (beside->told >= 0)
        close(beside->told);
    for (unsigned i = 0; i < beside->console_count; i++) {
        close(beside->consoles[i]);
        close(beside->orders[i]);
    }
    *beside = (struct beside){.journal = -1, .told = -1};
}

void beside_tell(const struct beside *beside, const struct guest_member *member, const char *event,
                 const char *got)
{
    char hardware[HARDWARE_TEXT_SIZE];
    json_t *line =
        json_pack("{s:s, s:s, s:s, s:s}", "event", event, "hardware",
                  hardware_text(hardware, &member->hardware), "host", member->name, "got", got);
    char *json = line ? json_dumps(line, JSON_COMPACT) : NULL;
    char *text = json ? memory_printf("%s\n", json) : NULL;

    if (text)
        (void)!send(beside->told, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    free(text);
    free(json);
    json_decref(line);
}

void beside_order(const struct beside *beside, enum console_order order)
{
    (void)!send(beside->orders[0], &(char){(char)order}, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void beside_print(const struct beside *beside, unsigned member, struct slice output)
{
    (void)!send(beside->consoles[member], output.data, output.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}
