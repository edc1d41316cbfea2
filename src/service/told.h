/* What a machine was told that nobody could know from the configuration alone. */
#ifndef BOOTWIRE_SERVICE_TOLD_H
#define BOOTWIRE_SERVICE_TOLD_H

#include "decide/recall.h"

#include <stdatomic.h>

/* What the last DHCP answer to a machine came to, where that is not what holds for it anyway: under
 * conditions, in classes and pools. It belongs to the configuration that it was made from, and
 * means nothing under another one. Immutable; shared by reference. */
struct told {
    atomic_int references;
    struct snapshot *snapshot; /* held */
    const struct host *host;   /* its declaration, or NULL */
    struct scope scope;        /* its settings are those below (decide/recall.h) */
    struct setting settings[];
};

/* NULL where there is nothing to tell: `outcome` (an evaluation's, for this machine at this
 * address) says nothing that the configuration does not say unconditionally. `sent`: the machine
 * was sent it; otherwise it was made up from its lease. */
struct told *told_new(struct snapshot *snapshot, const struct host *host,
                      const struct hardware *hardware, uint32_t address,
                      const struct scope_view *outcome, bool sent);
/* The root-path that `before` has, where it has one, stays in `told`; both are of one machine and
 * one configuration. `told` (nobody else's yet, or NULL) is taken, the outcome returned. */
struct told *told_keep_root(struct told *told, const struct told *before);
/* Lets one reference go. NULL is allowed. */
void told_free(struct told *told);
/* Its setting of a kind, or NULL; so for a NULL `told`, too. */
const struct setting *told_find(const struct told *told, enum setting_space space, unsigned code);
/* Whether the same follows from both (which may be NULL) for exports. */
bool told_alike(const struct told *a, const struct told *b);

#endif
