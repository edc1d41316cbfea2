/* What a watcher knows of the machines: the lines of a `watch` conversation, taken in one by one.
 * Pure. */
#ifndef BOOTWIRE_WATCH_MACHINES_H
#define BOOTWIRE_WATCH_MACHINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One machine. Times are milliseconds of the watcher's own clock. */
struct watch_machine {
    char *name;      /* MACHINE.machine: the key */
    json_t *object;  /* MACHINE as it was told last */
    uint64_t at_ms;  /* when */
    bool judged;     /* that brought a verdict which was not known before */
    uint64_t number; /* in the order in which they were first seen */
};

/* All zero is none. */
struct watch_machines {
    struct watch_machine *list;
    size_t count, room;
    uint64_t next_number;
    uint64_t lost; /* steps that the server could not keep for this watcher */
};

enum watch_order { WATCH_BY_TIME, WATCH_BY_NAME, WATCH_BY_STAGE, WATCH_ORDERS };

/* Takes one line of the server's; what it does not know is ignored. The line that lists all
 * machines is the first of a conversation: what was known before is forgotten, for a server that
 * began anew knows nothing of it. Returns the machine that changed; NULL: none, or all. */
const struct watch_machine *watch_machines_take(struct watch_machines *machines, json_t *line,
                                                uint64_t now_ms);
/* Forgets all. */
void watch_machines_clear(struct watch_machines *machines);
/* Sorts them. */
void watch_machines_sort(struct watch_machines *machines, enum watch_order order);
/* "time", "name", "stage". */
const char *watch_order_name(enum watch_order order);

/* Its host declaration's name, else its own. */
const char *watch_machine_label(const struct watch_machine *machine);
/* Whether its name, address or host holds the text, in upper or lower case. */
bool watch_machine_matches(const struct watch_machine *machine, const char *text);
/* A field that holds text; "" where it is null or missing. */
const char *watch_text(const json_t *object, const char *field);
/* A field that holds a number; 0 where it is missing. */
uint64_t watch_number(const json_t *object, const char *field);

#endif
