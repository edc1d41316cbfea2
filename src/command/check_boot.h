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

#endif
