/* What the configuration could tell one machine, whatever it asks and at whichever stage.
 *
 * A ROM, a loader and a kernel send different requests, and statements under a condition set for
 * each what the others do not get. What follows from those statements for a machine beyond one
 * packet - its exports - must neither depend on which of them asked last nor be forgotten with a
 * restart. So the configuration is walked with every condition left open that the machine itself
 * decides by what it sends, and each value that is left at some end of the walk counts. What the
 * server knows by itself (the hardware address, the host declaration, the address, the classes that
 * follow from those) is decided, not guessed: no machine reaches a branch for another one. And what
 * a machine cannot decide, for its relay says it, or what stands in bytes or variables whose origin
 * nobody knows, opens nothing here. Pure. */
#ifndef BOOTWIRE_DECIDE_REACH_H
#define BOOTWIRE_DECIDE_REACH_H

#include "model/snapshot.h"

#include <stdbool.h>

enum {
    REACH_VALUES_MAX = 64,  /* values that are told apart; more are left out */
    REACH_BYTES_MAX = 8192, /* for values that the configuration computes */
};

/* The machine. */
struct reach_question {
    const struct snapshot *snapshot;
    const struct host *host;  /* NULL: an unknown machine */
    struct hardware hardware; /* length 0: not known; then the host declaration's */
    uint32_t address;         /* 0: none */
};

/* The values that a setting could have for it. They point into the snapshot and into `bytes`: the
 * struct stays where it is. */
struct reach {
    struct {
        struct slice value;
        struct position where;
    } values[REACH_VALUES_MAX];
    size_t count;
    uint8_t bytes[REACH_BYTES_MAX];
    size_t bytes_used;
};

/* Finds them, in the order in which they are met. A value that is computed from the request is none
 * of them: a client never writes the value itself, it only chooses among those written. */
void reach_find(struct reach *reach, const struct reach_question *question,
                enum setting_space space, unsigned code);

#endif
