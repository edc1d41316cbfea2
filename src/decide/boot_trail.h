/* What a step leaves of itself for the verdicts (model/boot_trail.h). */
#ifndef BOOTWIRE_DECIDE_BOOT_TRAIL_H
#define BOOTWIRE_DECIDE_BOOT_TRAIL_H

#include "model/boot_trail.h"

/* Takes the step into the trail of its machine's boot. */
void boot_trail_follow(struct boot_trail *trail, const struct boot_step *step);

#endif
