/* `bootwire check --system`: what on this machine stands in the way of serving a configuration. */
#ifndef BOOTWIRE_COMMAND_CHECK_SYSTEM_H
#define BOOTWIRE_COMMAND_CHECK_SYSTEM_H

#include "model/snapshot.h"

#include <stdbool.h>

/* What the options say. */
struct check_system_options {
    const char *state; /* NULL: nothing */
    bool json;
    unsigned wait_s; /* for other DHCP servers, and for a trial guest */
};

/* Looks, and prints what is found on standard output, as text or as one JSON object
 * (doc/check-system.schema.json). Returns the exit status: 1 where there is a problem, else 0. */
int check_system(const struct snapshot *snapshot, const char *path,
                 const struct check_system_options *options);

#endif
