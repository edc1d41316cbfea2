/* One guest from power-on to its end, with its server beside it on a private network. */
#ifndef BOOTWIRE_GUEST_RUN_H
#define BOOTWIRE_GUEST_RUN_H

#include "guest/addresses.h"
#include "guest/command_line.h"

#include <stdbool.h>
#include <stdint.h>

struct guest_run_options {
    struct guest_description guest; /* its accelerator and tap descriptor are filled in here */
    bool kvm; /* try KVM first; where it fails, the guest starts again under TCG */
    struct guest_addresses addresses; /* of the server, on the private network */
    /* Runs in a process of its own, on the private network: serves until SIGTERM and returns the
     * exit status. It writes the boot's steps to `journal` (service/journal.h) and one byte to
     * `ready` once it serves. */
    int (*serve)(void *argument, int journal, int ready);
    void *argument;
};

/* Starts the server, then the guest, with the guest's serial console on standard input and output;
 * returns when the guest powers off, the person asks for the end (Ctrl-a x), or SIGTERM, SIGINT or
 * SIGHUP arrives. Everything it started is gone then, also where this process is killed. The
 * timeline is printed to standard output at the end.
 *
 * Returns 0 after an end that somebody asked for or the guest's power-off; -1 where something
 * failed, with the reason on standard error. */
int guest_run(const struct guest_run_options *options);

#endif
