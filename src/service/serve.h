/* A whole server, from its configuration file to its end. */
#ifndef BOOTWIRE_SERVICE_SERVE_H
#define BOOTWIRE_SERVICE_SERVE_H

#include "model/address.h"

#include <stdbool.h>
#include <stddef.h>

#define SERVE_STATE_DIRECTORY "/var/lib/bootwire"
/* In the state directory. */
#define CONTROL_SOCKET_NAME "control.sock"

/* The serial console of a guest that runs beside the server: a stream, which does not block, of
 * what it prints, and of keys for it. */
struct serve_console {
    const char *host;  /* the guest's host declaration, or a name made from another's */
    int descriptor;    /* the caller's, as the next is */
    int orders;        /* a stream of model/console_order.h, both ways, which does not block */
    bool has_terminal; /* keys come from the run's own terminal, too: it writes first */
};

struct serve_options {
    const char *config_path;
    const char *state_directory; /* NULL: the configuration's, else SERVE_STATE_DIRECTORY */
    const char *control_path;    /* NULL: the configuration's, else in the state directory */
    size_t data_loop_count;      /* 0: one per core */
    int journal_descriptor;      /* gets the boot steps as JSON lines (journal.h); -1: nobody */
    int told_descriptor;         /* tells steps that no packet does (step_feed.h); -1: nobody */
    const struct serve_console *consoles; /* console_count of them; they outlive serve(); where
                                           * there are some, no `serial` statement opens a line */
    size_t console_count;
    bool managed; /* tell systemd of readiness, and take over its sockets, where it started us */
    void (*ready)(void *argument); /* called once every port is open; may be NULL */
    void *ready_argument;
};

/* Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. Returns 0 after a clean
 * end, -1 where it could not start (the reason stands in the log). */
int serve(const struct serve_options *options);

#endif
