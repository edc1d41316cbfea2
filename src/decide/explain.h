/* What one machine would be offered at one stage of its boot, value by value, each with the line of
 * the configuration that decided it. The decision is the server's own (dhcp.h), on a request made
 * up for the stage (probe.h) and with no lease on record. */
#ifndef BOOTWIRE_DECIDE_EXPLAIN_H
#define BOOTWIRE_DECIDE_EXPLAIN_H

#include "base/region.h"
#include "decide/boot_plan.h"
#include "decide/probe.h"
#include "model/lease.h"
#include "model/snapshot.h"

/* What a fact is about. */
enum fact_kind {
    FACT_VALUE,    /* a field of the reply, or an option: "filename", "option routers" */
    FACT_NOT_SENT, /* an option that is configured, and why it is not in the reply */
    FACT_SERVICE,  /* what TFTP and NFS have for the machine */
    FACT_CLASS,    /* a class that it is a member of */
    FACT_POOL,     /* a range or a pool that it gets no address from */
    FACT_BRANCH,   /* where an `if` or a `switch` went */
    FACT_NOTE,
};

/* One thing to tell. Strings live in the region or the snapshot and are printable, but for names
 * that the configuration chose. */
struct fact {
    enum fact_kind kind;
    const char *name;
    const char *value;     /* as the configuration language writes it */
    struct position where; /* the line that decided it; file NULL: none did */
    const char *why;       /* why it is so, where no line says it, or the line alone does not;
                              NULL: the line says it all */
};

enum {
    EXPLAIN_FACTS = 512, /* of one stage; more are left out */
    EXPLAIN_FILES = 8,   /* names of files that a loader is probed with */
};

/* One stage of one machine, and what an earlier one left behind. */
struct explain_question {
    const struct snapshot *snapshot;
    const struct subnet *subnet; /* that the server hears the machine in */
    struct probe probe;
    int64_t wall;             /* seconds since 1970: pools open and close at a date */
    const struct lease *held; /* the lease that an earlier stage got; NULL: none */
    struct boot_means boot;   /* what the server has to carry out recipes with */
};

/* The answer to one request. */
struct explained {
    bool answered;
    const char *outcome;     /* the reason for the address, or why there is no answer */
    const struct host *host; /* the declaration that names the machine, or NULL */
    struct lease lease;      /* what the machine holds behind it; state LEASE_OFFERED: nothing */
    struct fact *facts;
    size_t fact_count;
    /* Names that the configuration compares the request's file field with, where it looked. */
    const char *files[EXPLAIN_FILES];
    size_t file_count;
};

/* Explains one stage; everything in the answer lives in the region and the snapshot. */
void explain_stage(struct region *region, const struct explain_question *question,
                   struct explained *explained);

#endif
