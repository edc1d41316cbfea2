/* One machine's present boot, as its steps tell it: where it is, what came of what, and when. */
#ifndef BOOTWIRE_MODEL_BOOT_H
#define BOOTWIRE_MODEL_BOOT_H

#include "model/address.h"
#include "model/boot_trail.h"
#include "model/step.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a boot has come; each is further than those before it. */
enum boot_reached {
    REACHED_NOTHING,
    REACHED_ASKED,   /* it asked for an address */
    REACHED_OFFERED, /* it was offered one */
    REACHED_ADDRESS, /* it has one */
    REACHED_LOADING, /* a file is on its way ... */
    REACHED_LOADED,  /* ... or was the last that came */
    REACHED_MOUNTED, /* it mounted a directory */
    REACHED_ROOT,    /* it reads there */
    REACHED_USERLAND,
    REACHED_LOGIN,
    REACHED_PANIC,
    REACHED_OFF,
    REACHED_COUNT,
};

/* A short name: "nothing", "asked", "address", "loading" ... */
const char *boot_reached_name(enum boot_reached reached);

enum {
    BOOT_HOST_SIZE = 64,
    BOOT_NAME_SIZE = 128,
    BOOT_EXCHANGES_MAX = 128,  /* of a boot */
    BOOT_EXCHANGES_FIRST = 48, /* of those, how many stay when there are more */
};

/* What is known of one event in this boot. The strings are its own, of the last time; NULL: none.
 */
struct boot_fact {
    unsigned count;
    uint64_t first_ms, last_ms; /* monotonic */
    char *subject, *got;
    char *hint;
    enum step_reason reason;
};

/* One row of the timeline: an exchange, or several alike one after the other. */
struct boot_exchange {
    uint64_t at_ms, last_ms; /* monotonic: the first and the last of them */
    unsigned count;
    enum step_event event;
    enum boot_stage stage;
    uint64_t bytes, total; /* as in struct boot_step */
    bool refused;
    char service[12];
    char *asked, *got, *decided; /* its own; `decided` may be NULL */
};

/* The file that is on its way, or was the last one. */
struct boot_loading {
    char name[BOOT_NAME_SIZE]; /* empty: none yet */
    uint64_t bytes, total;     /* 0: unknown */
    uint64_t bytes_before;     /* of those, what had come when it began: NFS goes on and pauses */
    uint64_t began_ms, at_ms;  /* monotonic: `bytes` holds for the latter */
    bool active;
};

/* All zero but for hardware and address is a machine that is not known yet. */
struct boot {
    struct hardware hardware; /* length 0 where only the address is known */
    uint32_t address;
    char host[BOOT_HOST_SIZE]; /* its declaration's name; empty: none */
    enum boot_stage stage;
    enum boot_reached reached;
    uint64_t began_ms, last_ms; /* monotonic: the first and the last step */
    unsigned boots;             /* that were begun, this one with them */
    /* How many in a row, this one not among them, ended soon and before a root was read. */
    unsigned short_boots;
    uint32_t patience;     /* percent of the silence that a verdict waits for; 0: all of it */
    bool kvm_died;         /* the guest's boot before this one ended so */
    uint32_t other_server; /* whose address it took, where that is not ours */
    struct boot_loading loading;
    struct boot_fact facts[STEP_COUNT];
    struct boot_trail trail;
    struct boot_exchange *exchanges; /* `exchange_count` of them */
    size_t exchange_count, exchange_room;
    unsigned exchanges_lost; /* behind the first BOOT_EXCHANGES_FIRST */
};

/* Forgets the boot, and keeps the machine: hardware, address, host and counts. */
void boot_clear(struct boot *boot);
/* Releases what it holds. */
void boot_release(struct boot *boot);

#endif
