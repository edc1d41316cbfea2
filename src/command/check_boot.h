/* `bootwire check`, of boot recipes: whether what they name is there, and the boot loaders that
 * carry machines to it. */
#ifndef BOOTWIRE_COMMAND_CHECK_BOOT_H
#define BOOTWIRE_COMMAND_CHECK_BOOT_H

#include "model/snapshot.h"

#include <stdio.h>

/* Looks at the disk as it is now. Writes a warning to `warnings`, with its line, for each file of a
 * recipe that no machine could load, and to `to`, where the configuration has recipes, what each
 * kind of machine is handed, or how to get what it would be. */
void check_boot(const struct snapshot *snapshot, FILE *warnings, FILE *to);

/* The same for `check --system`: nothing is printed. Each file, and, of the kinds of machine that
 * are most common, each that a recipe has no loader for, is told with its place in the file. */
struct check_boot_listener {
    void *argument;
    /* No machine could load `file` of a recipe: `what` begins behind the file's name. */
    void (*file)(void *argument, struct position where, const char *file, const char *what);
    /* A recipe has nothing for machines of the kind ("a BIOS"): `why`. */
    void (*loader)(void *argument, struct position where, const char *kind, const char *why);
};
void check_boot_tell(const struct snapshot *snapshot, const struct check_boot_listener *listener);

#endif
