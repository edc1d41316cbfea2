/* The machine that a command line names: a host declaration's name, or a hardware address. */
#ifndef BOOTWIRE_COMMAND_MACHINE_H
#define BOOTWIRE_COMMAND_MACHINE_H

#include "model/snapshot.h"

/* Finds it. `*host` becomes its declaration, or NULL for an unknown machine; `*hardware` its
 * address, of length 0 where the declaration has none. Returns NULL, or what stands against it:
 * allocated, release with free(). `path` is the configuration's, for messages. */
char *machine_find(const struct snapshot *snapshot, const char *path, const char *text,
                   const struct host **host, struct hardware *hardware);

/* Says that no host is called so, and the nearest names; allocated. */
char *machine_unknown(const struct snapshot *snapshot, const char *path, const char *text);

#endif
