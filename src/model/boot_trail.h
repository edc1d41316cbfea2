/* What a machine loaded and mounted in its present boot, as far as it tells why it came no further:
 * the last file that it got, the last that it did not get, its root and its first program. A part
 * of struct boot (model/boot.h); decide/boot_trail.h keeps it. */
#ifndef BOOTWIRE_MODEL_BOOT_TRAIL_H
#define BOOTWIRE_MODEL_BOOT_TRAIL_H

#include "model/step.h"

#include <stdbool.h>
#include <stdint.h>

enum { TRAIL_NAME_SIZE = 128, TRAIL_HINT_SIZE = 160, TRAIL_SERVICE_SIZE = 12 };

/* Something that happened to a file, a path or a program. Strings are printable, cut where they are
 * longer, and empty where nothing is known. */
struct trail_mark {
    unsigned times; /* in a row, about the same name; 0: it did not happen */
    enum step_event event;
    enum step_reason reason;
    enum boot_stage stage;     /* of the machine then */
    enum step_content content; /* of a file */
    uint64_t bytes, total;     /* as in struct boot_step */
    uint32_t block_size;       /* of a TFTP transfer; 0: none */
    char service[TRAIL_SERVICE_SIZE];
    char name[TRAIL_NAME_SIZE];
    char hint[TRAIL_HINT_SIZE];
    char got[TRAIL_HINT_SIZE];
    char decided[TRAIL_NAME_SIZE]; /* "FILE:LINE" of the configuration */
};

struct boot_trail {
    struct trail_mark last;    /* the last of all: each of those below was that once */
    struct trail_mark sent;    /* the last file that it got whole */
    struct trail_mark kernel;  /* the last kernel that it got */
    struct trail_mark mounted; /* the last root-path that it mounted */
    struct trail_mark first;   /* the first program of its operating system: it was read ... */
    struct trail_mark lacking; /* ... or it, or what it needs, was not there, or not to be read */
    unsigned reads;            /* of files since the first program was */
    bool nobody;               /* its NFS calls are taken for nobody's, for their port */
    bool script;               /* a script told it what to load */
    bool kernel_asked;         /* it asked for an address since it got a kernel */
    bool console;              /* its console is read: silence there means something */
    bool runs;                 /* its first program was read, or its console said login: */
};

#endif
