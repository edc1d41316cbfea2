/* What a machine fetched as its boot file, and who it was when it asked for it. */
#ifndef BOOTWIRE_MODEL_FETCH_H
#define BOOTWIRE_MODEL_FETCH_H

#include "model/step.h"

#include <stdint.h>

enum { BOOT_FETCH_FILE_SIZE = 128 };

/* The file that a machine fetched last, to its end. All zero: none is known. */
struct boot_fetch {
    char file[BOOT_FETCH_FILE_SIZE]; /* without slashes in front */
    enum boot_stage stage;           /* of its DHCP request before */
    uint32_t fingerprint;            /* the same request's (decide/loop.h) */
    unsigned count;                  /* how often in a row it fetched that file */
    uint64_t at_ms;                  /* monotonic: the last time */
};

#endif
