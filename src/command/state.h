/* Where the commands about leases find the state directory. */
#ifndef BOOTWIRE_COMMAND_STATE_H
#define BOOTWIRE_COMMAND_STATE_H

struct snapshot;

/* What the options say. */
struct state_place {
    const char *config_path; /* or NULL */
    const char *directory;   /* as --state says; after state_find() the directory, always */
    struct snapshot *snapshot;
};

/* Reads the configuration where one is named, and finds the directory: --state's, else the
 * configuration's, else the default. Returns 0; or -1 after saying why on standard error. */
int state_find(struct state_place *place);
void state_release(struct state_place *place);

#endif
