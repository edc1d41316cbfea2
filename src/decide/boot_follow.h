/* What a step makes of a machine's boot: how far it is, and whether it is another boot by now. */
#ifndef BOOTWIRE_DECIDE_BOOT_FOLLOW_H
#define BOOTWIRE_DECIDE_BOOT_FOLLOW_H

#include "model/boot.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Firmware that was silent for so long and asks anew was switched on anew. */
    BOOT_PAUSE_MS = 120000,
    /* A boot that lasted longer came to something, if only to a system on a disk. */
    BOOT_SHORT_MS = 600000,
};

/* Takes the step into the boot. `now_ms` is monotonic. Returns whether a boot began with it: then
 * what was known of the one before it is gone. */
bool boot_follow(struct boot *boot, const struct boot_step *step, uint64_t now_ms);

#endif
