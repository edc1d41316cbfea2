/* Where commands find a server's state directory and its control socket. */
#ifndef BOOTWIRE_COMMAND_STATE_H
#define BOOTWIRE_COMMAND_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct snapshot;

/* What the options say. */
struct state_place {
    const char *config_path; /* or NULL */
    const char *directory;   /* as --state says; after state_find() the directory, always */
    const char *control;     /* as --control says, or NULL */
    struct snapshot *snapshot;
    bool named; /* after state_find(): an option said which server is meant */
};

/* Takes an option that getopt_long(3) found, with its argument: 'c' is --config, 's' --state, 'C'
 * --control. False where it is another. */
bool state_take_option(struct state_place *place, int option);
/* Reads the configuration where one is named, and finds the directory: --state's, else the
 * configuration's, else the default. Returns 0; or -1 after saying why on standard error. */
int state_find(struct state_place *place);
/* The path of a running server's control socket: --control's, else the configuration's, else in the
 * state directory that state_find() found; where no option names a server and none is there, that
 * of this user's `bootwire run`. Into `path`, `size` bytes; returns `path`, or NULL after saying on
 * standard error that several such runs could be meant. */
char *state_control_path(const struct state_place *place, char *path, size_t size);
void state_release(struct state_place *place);

#endif
