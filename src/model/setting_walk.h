/* Everything that a configuration sets somewhere. */
#ifndef BOOTWIRE_MODEL_SETTING_WALK_H
#define BOOTWIRE_MODEL_SETTING_WALK_H

#include "model/snapshot.h"

/* Calls `function` with each setting and the scope that it stands in: those of all scopes, and
 * those under conditions, too. Scopes that surround several others are walked once for each of
 * those, so the same setting comes more than once. */
void snapshot_each_setting(const struct snapshot *snapshot,
                           void (*function)(void *argument, const struct setting *setting,
                                            const struct scope *scope),
                           void *argument);

#endif
