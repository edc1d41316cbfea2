/* The boots of all machines, as the journal's steps tell them, for everybody who looks: watchers,
 * verdicts, metrics. Safe from any thread; a step costs a lock and some copies of short strings,
 * whoever looks and however slowly. */
#ifndef BOOTWIRE_SERVICE_BOOTS_H
#define BOOTWIRE_SERVICE_BOOTS_H

#include "decide/verdict.h"
#include "model/boot.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    BOOTS_MAX = 4096,   /* machines; beyond it the one that was silent longest is forgotten */
    BOOTS_STEPS = 4096, /* steps that a slow reader may be behind */
    BOOTS_FOUND_MAX = 16,
};

struct boots;

struct boots *boots_new(void);
void boots_free(struct boots *boots);

/* From now on a verdict waits for that many percent of its silence (verdict-silence). */
void boots_set_patience(struct boots *boots, uint32_t percent);

/* Takes a step in. A step that names neither hardware nor address is left out. */
void boots_step(struct boots *boots, const struct boot_step *step);

/* One step, for readers. The strings belong to whoever holds it: boots_step_release(). */
struct boots_step {
    struct hardware hardware;
    uint32_t address;
    uint64_t began_ms; /* of the machine's boot */
    struct boot_exchange exchange;
};
void boots_step_release(struct boots_step *step);

/* Somebody who reads steps, from the moment of boots_follow() on. */
struct boots_reader {
    uint64_t step;   /* the next one to read */
    uint64_t change; /* boots changed since this number are news */
};

/* While there are readers, steps are kept for them, and `woken(argument)` is called, from whatever
 * thread, when there is something new: once, until boots_read() or boots_changed() was called. */
void boots_wake(struct boots *boots, void (*woken)(void *argument), void *argument);
void boots_follow(struct boots *boots, struct boots_reader *reader);
/* Whether anybody reads. */
bool boots_watched(struct boots *boots);
void boots_unfollow(struct boots *boots, struct boots_reader *reader);
/* The next step; false where there is none. `*lost` grows by those that the reader came too late
 * for. */
bool boots_read(struct boots *boots, struct boots_reader *reader, struct boots_step *step,
                uint64_t *lost);

/* A machine that has come to a stand. */
struct boots_found {
    struct hardware hardware;
    uint32_t address;
    char host[BOOT_HOST_SIZE];
    enum boot_stage stage;
    struct verdict verdict;
};

/* Looks which machines have come to a stand, or go on: a verdict that comes or goes is a change of
 * its machine. Verdicts come of silence, so somebody has to look: once a second. Fills in those
 * that a boot has for the first time and returns their number; what finds no room is found the next
 * time. */
size_t boots_judge(struct boots *boots, struct boots_found found[BOOTS_FOUND_MAX]);

/* Calls `visit` for each machine's boot that changed since the reader's last call (a reader that is
 * all zero: for all of them), least recently changed first, with the lock held: it must be short
 * and must not call back. Stops early where `visit` returns false; the rest is news next time. */
void boots_changed(struct boots *boots, struct boots_reader *reader,
                   bool (*visit)(void *argument, const struct boot *boot), void *argument);
/* The same for one machine, by hardware address, IPv4 address or the name of its host declaration;
 * false where none is known by that. */
bool boots_visit(struct boots *boots, const char *name,
                 void (*visit)(void *argument, const struct boot *boot), void *argument);
size_t boots_count(struct boots *boots);

/* How many machines are where; with the verdicts as they were when somebody looked last
 * (boots_judge). */
enum { BOOTS_VERDICTS_MAX = 128, BOOTS_STUCK_MAX = 8 };
struct boots_stuck {
    struct hardware hardware;
    uint32_t address;
    char host[BOOT_HOST_SIZE];
    struct verdict verdict;
};
struct boots_census {
    unsigned machines;
    unsigned stages[STAGE_COUNT], reached[REACHED_COUNT];
    struct {
        const char *id;
        unsigned count;
    } verdicts[BOOTS_VERDICTS_MAX]; /* all that there are, also those that nobody has */
    size_t verdict_count;
    struct boots_stuck stuck[BOOTS_STUCK_MAX]; /* some of those who have one, stuck_count of them */
    size_t stuck_count;
};
void boots_census(struct boots *boots, struct boots_census *census);

#endif
