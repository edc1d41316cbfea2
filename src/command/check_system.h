/* `bootwire check --system`: what on this machine stands in the way of serving a configuration. */
#ifndef BOOTWIRE_COMMAND_CHECK_SYSTEM_H
#define BOOTWIRE_COMMAND_CHECK_SYSTEM_H

#include "model/snapshot.h"

#include <stdbool.h>

/* Looks, and prints what is found on standard output, as text or as one JSON object
 * (doc/check-system.schema.json). `state`: as --state says, or NULL. Returns the exit status: 1
 * where there is a problem, else 0. */
int check_system(const struct snapshot *snapshot, const char *path, const char *state, bool json);

#endif
