/* The server beside the guests: its process, and what the run and it tell each other. */
#ifndef BOOTWIRE_GUEST_BESIDE_H
#define BOOTWIRE_GUEST_BESIDE_H

#include "guest/lines.h"
#include "guest/run.h"
#include "model/console_order.h"

#include <stdbool.h>
#include <sys/types.h>

struct beside {
    pid_t process;                 /* 0: none */
    int journal;                   /* where its steps come from; -1: none */
    int told;                      /* where it hears of the guests */
    int consoles[GUEST_LINKS_MAX]; /* of each member, the run's end */
    int orders[GUEST_LINKS_MAX];   /* the same, of model/console_order.h */
    unsigned console_count;
    struct lines journal_lines;
};

/* Starts the server of the options and waits until it serves. `forget(argument)` is called in its
 * process first: to close what is not for it. Returns 0, or -1 after saying why. */
int beside_start(struct beside *beside, const struct guest_run_options *options,
                 void (*forget)(void *argument), void *argument);
/* Whether its process has ended by itself. */
bool beside_has_ended(const struct beside *beside);
/* Ends it; its last steps can still be read from the journal. */
void beside_end(struct beside *beside);
/* Closes all descriptors. */
void beside_release(struct beside *beside);

/* Tells the server what happened to a guest: an event of model/step.h by its name, and in words. */
void beside_tell(const struct beside *beside, const struct guest_member *member, const char *event,
                 const char *got);
/* Tells the server of the terminal that keys for the first guest come from. */
void beside_order(const struct beside *beside, enum console_order order);
/* What a guest's console has printed. Neither a server that does not read nor one that is gone
 * holds up or ends the caller: what it does not take is lost. */
void beside_print(const struct beside *beside, unsigned member, struct slice output);

#endif
