/* Evaluating the configuration for one packet: expressions (dhcp-eval(5)), executable statements,
 * classes, and the settings that come out of them. Pure: what a packet makes of the configuration
 * depends on the values below alone. Memory and work are bounded by the limits here, whatever the
 * packet and the configuration. */
#ifndef BOOTWIRE_DECIDE_EVALUATION_H
#define BOOTWIRE_DECIDE_EVALUATION_H

#include "model/snapshot.h"
#include "wire/dhcp.h"

enum {
    EVALUATION_BYTES = 16384,    /* for all values made for one packet */
    EVALUATION_VALUE_MAX = 4096, /* for one value */
    EVALUATION_STEPS = 50000,    /* expressions and statements together */
    EVALUATION_SETTINGS = 256,
    EVALUATION_VARIABLES = 32,
    EVALUATION_CLASSES = 32,
    EVALUATION_LOGS = 8,
    EVALUATION_SCOPES = 4 * SCOPE_VIEW_MAX,
    EVALUATION_BRANCHES = 64, /* remembered, to be explained; more are only taken */
};

enum value_kind { VALUE_NONE, VALUE_BOOLEAN, VALUE_NUMBER, VALUE_DATA };

/* What an expression yields. VALUE_NONE is ISC's "null": an absent option, for one. */
struct value {
    enum value_kind kind;
    int64_t number;    /* of a boolean (0 or 1) or number */
    struct slice data; /* in the message, the configuration or the evaluation's bytes */
};

/* The class and, where one of its values put the packet there, the subclass. */
struct membership {
    const struct class *class;
    const struct subclass *subclass; /* NULL: the class itself */
    struct slice spawned;            /* the value that `spawn with` gave; empty: none */
};

/* A line that log (...) asks for. */
struct evaluation_log {
    enum action_level level;
    struct slice text; /* a client may have chosen the bytes: text_printable() */
};

struct evaluation_variable {
    const char *name;
    struct value value;
};

struct setting_name {
    enum setting_space space;
    unsigned code;
};

/* Where an if or a switch went. */
struct evaluation_branch {
    const struct action *action;
    bool taken;                 /* the condition of an if held */
    const struct action *label; /* the case or default of a switch; NULL: none */
};

/* One packet's evaluation. Whoever evaluates fills in the first part (the rest stays as it is:
 * evaluation_start() clears it) and keeps it in one place: the view below points into it. */
struct evaluation {
    const struct snapshot *snapshot;
    const struct dhcp_message *message;
    struct slice packet;     /* the request as it came; empty: packet() has no value */
    const struct host *host; /* NULL: an unknown machine */
    uint32_t address;        /* the one it gets; 0: not chosen yet */
    int64_t wall;            /* seconds since 1970 */
    bool fixed;              /* it is a fixed address */
    uint32_t seconds_left;   /* of its lease */
    struct slice notes; /* of its lease (model/lease_notes.h): the variables as they were left */
    struct slice agent_options;  /* the relay's, where this request came past it; empty: its own */
    const struct pool *pool;     /* the pool of the address, or NULL */
    const struct subnet *subnet; /* its subnet, or NULL */

    struct membership classes[EVALUATION_CLASSES];
    size_t class_count;
    struct evaluation_log logs[EVALUATION_LOGS];
    size_t log_count;
    struct evaluation_variable variables[EVALUATION_VARIABLES];
    size_t variable_count;
    const struct action *on[EVENT_KINDS]; /* the last ACTION_ON of each event; NULL: none */
    struct evaluation_branch branches[EVALUATION_BRANCHES]; /* in the order met */
    size_t branch_count;
    const struct scope *scopes[EVALUATION_SCOPES]; /* those that ran */
    size_t scope_count;
    struct scope effective; /* its settings are those below */
    size_t setting_count;
    unsigned steps;
    unsigned depth;
    bool conditional; /* statements ran that may come to something else for another address */
    bool recipe_last; /* `boot` or `menu` was set behind any `filename` */
    bool settled;     /* only options still change */
    bool exhausted;   /* a limit was met: what is missing is missing for that */
    size_t bytes_used;
    size_t absent_count;

    struct setting settings[EVALUATION_SETTINGS];
    struct setting_name absent[EVALUATION_SETTINGS]; /* set, to an expression without a value */
    uint8_t bytes[EVALUATION_BYTES];
};

/* Clears everything but the first part and the big arrays behind the counts. */
void evaluation_start(struct evaluation *e);

/* The value of an expression; NULL has none. */
struct value evaluation_value(struct evaluation *e, const struct expression *expression);
/* Whether a boolean expression is true; without a value it is not. */
bool evaluation_true(struct evaluation *e, const struct expression *expression);
/* The request's option of any space; data NULL where it is absent. */
struct slice evaluation_option(struct evaluation *e, enum setting_space space, unsigned code);

/* The host declaration that goes by an option of the request ("host-identifier option"); of several
 * the first written; NULL: none. */
const struct host *evaluation_host_by_option(struct evaluation *e);

/* The number that a parameter names an option space by; 0: none. */
unsigned evaluation_space(struct evaluation *e, enum parameter parameter);

/* `size` bytes of the evaluation's own; NULL, and `exhausted`, where none are left. */
uint8_t *evaluation_bytes(struct evaluation *e, size_t size);

/* The setting that stands for now, or NULL, also where it was set to what has no value. */
struct setting *evaluation_find(struct evaluation *e, enum setting_space space, unsigned code);
/* Puts a value where one stands, or adds it. */
void evaluation_set(struct evaluation *e, enum setting_space space, unsigned code,
                    struct slice value, struct position where);

/* Gives the variables the values that the notes have. evaluation_run() does so by itself. */
void evaluation_recall(struct evaluation *e);
/* Runs what an ACTION_ON holds, once everything else is settled: it logs, sets variables and
 * options, but changes nothing that has been decided. NULL is allowed. */
void evaluation_event(struct evaluation *e, const struct action *on);
/* Runs a list of statements. */
void evaluation_execute(struct evaluation *e, const struct action *actions);
/* Finds the classes that the packet is a member of. */
void evaluation_classify(struct evaluation *e);
bool evaluation_is_member(const struct evaluation *e, const struct class *class);
/* Classifies and runs every scope, outermost first: the subnet's chain, the pool, the classes (the
 * first written last, so that it wins), the host's chain; then the options that carry others are
 * put together. Returns a view of the outcome. */
struct scope_view evaluation_run(struct evaluation *e);
/* Whether the pool serves the machine: nobody on its `deny` list, and only those on its `allow`
 * list where it has one. NULL serves everybody. */
bool evaluation_permits(const struct evaluation *e, const struct pool *pool, bool bootp);
/* The line that keeps the machine from the pool: a `deny`, or the first `allow`, none of which
 * names it; NULL where nothing does. */
const struct permit *evaluation_refusal(const struct evaluation *e, const struct pool *pool,
                                        bool bootp);

#endif
