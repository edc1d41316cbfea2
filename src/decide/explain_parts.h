/* What the files of the explanation share; nobody else includes it. */
#ifndef BOOTWIRE_DECIDE_EXPLAIN_PARTS_H
#define BOOTWIRE_DECIDE_EXPLAIN_PARTS_H

#include "decide/dhcp.h"
#include "decide/explain.h"

/* What stands for the server's address in a value. */
#define EXPLAIN_OWN_ADDRESS "the server's own address"

/* One explanation on its way. */
struct explainer {
    struct region *region;
    const struct explain_question *question;
    struct explained *to;
    struct dhcp_message message;
    uint8_t packet[DHCP_MESSAGE_MAX];
    struct dhcp_plan plan;
    struct lease_table leases; /* what an earlier stage left */
    struct dhcp_dropped dropped;
    uint32_t own; /* what stands for the server's address on the machine's network */
    struct fact facts[EXPLAIN_FACTS];
    size_t fact_count;
};

/* No line. */
extern const struct position explain_nowhere;

/* Adds a fact. */
void explain_add(struct explainer *x, enum fact_kind kind, const char *name, const char *value,
                 struct position where, const char *why);
/* Adds a value that a parameter decided: its line, or why there is none. */
void explain_add_parameter(struct explainer *x, const char *name, const char *value,
                           enum parameter parameter, const char *why);
/* The setting that the evaluation came to, or NULL. */
const struct setting *explain_find(struct explainer *x, enum setting_space space, unsigned code);
/* Its line; nowhere for NULL. */
struct position explain_place(const struct setting *setting);

/* The recipe's boot file as text, SERVER where a URL has the server's address. */
const char *explain_boot_name(struct explainer *x);

/* Adds the options of the reply, and what is configured and not in it. */
void explain_options(struct explainer *x);
/* Adds what the other services have for the machine. */
void explain_services(struct explainer *x);
/* Adds the classes that it is in and where each condition went. */
void explain_decisions(struct explainer *x);
/* Finds which files the configuration tells apart, in the scopes that were run and in the classes.
 */
void explain_find_files(struct explainer *x);

#endif
