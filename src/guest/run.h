/* Guests from power-on to their end, with their server beside them on a private network. */
#ifndef BOOTWIRE_GUEST_RUN_H
#define BOOTWIRE_GUEST_RUN_H

#include "guest/addresses.h"
#include "guest/command_line.h"
#include "guest/network.h"

#include <stdbool.h>
#include <stdint.h>

/* One guest of the run. */
struct guest_member {
    char name[64]; /* its host declaration's name, or one made from that */
    struct hardware hardware;
};

/* What the server's process has of the run; all descriptors are open there alone. */
struct guest_server_ends {
    int journal; /* it writes the boots' steps there (service/journal.h) */
    int told;    /* and reads what the run tells of its guests (service/step_feed.h) */
    int ready;   /* it writes one byte once it serves */
    const struct guest_member *members;
    const int *consoles; /* of each member: a stream of what its serial console prints, and of keys
                            for it; it does not block. It stays when the guest starts again */
    const int *orders;   /* of each member: model/console_order.h, both ways; it does not block */
    bool has_terminal;   /* keys for the first member come from the run's terminal, too */
    unsigned count;      /* of members, consoles and orders */
};

struct guest_run_options {
    struct guest_description guest; /* what all have in common; the rest is filled in here */
    struct guest_member members[GUEST_LINKS_MAX];
    unsigned count; /* of them; 1: its console is on standard input and output */
    bool kvm;       /* try KVM first; where it fails, a guest starts again under TCG */
    struct guest_addresses addresses; /* of the server, on the private network */
    const char *directory;            /* for what QEMU writes; gone at the end */
    const char *until;                /* a POSIX extended regular expression; NULL: none */
    unsigned timeout_seconds;         /* 0: none */
    /* Runs in a process of its own, on the private network: serves until SIGTERM and returns the
     * exit status. */
    int (*serve)(void *argument, const struct guest_server_ends *ends);
    void *argument;
};

/* How a run ends; what `run` exits with. */
enum guest_run_end {
    GUEST_RUN_DONE = 0,     /* `until` was seen; without one, the guests or somebody ended it */
    GUEST_RUN_FAILED = 1,   /* the reason stands on standard error */
    GUEST_RUN_TIMEOUT = 3,  /* the time was over */
    GUEST_RUN_TOO_EARLY = 4 /* a guest ended, or somebody ended the run, before that */
};

/* Starts the server, then the guests; with one of them, its serial console is on standard input and
 * output, with several, their lines are printed behind their names. Returns when all have powered
 * off, all have shown `until`, the person asks for the end (Ctrl-a x), the time is over, or
 * SIGTERM, SIGINT or SIGHUP arrives. Everything it started is gone then, also where this process is
 * killed. The timelines are printed to standard output at the end. In the namespaces that
 * guest_namespace_enter() made. */
enum guest_run_end guest_run(const struct guest_run_options *options);

#endif
