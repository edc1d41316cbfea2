/* From the tree of declarations to the snapshot. */
#ifndef BOOTWIRE_CONFIG_BUILDER_H
#define BOOTWIRE_CONFIG_BUILDER_H

#include "config/block.h"
#include "config/source.h"

/* Checks what only the whole tree shows (ranges in their subnets, addresses that no subnet holds,
 * things written twice) and reports it. */
void builder_check(struct block *global, struct sources *sources);
/* Tells of a `boot` and a `filename` that stand in one declaration (boot.c). */
void check_boot_files(const struct block *block, struct sources *sources);
/* Fills a snapshot from a tree without errors. */
void builder_fill(struct snapshot *snapshot, struct block *global);

#endif
