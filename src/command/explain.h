/* `bootwire check --explain`: what one machine would be offered, from the configuration alone. */
#ifndef BOOTWIRE_COMMAND_EXPLAIN_H
#define BOOTWIRE_COMMAND_EXPLAIN_H

#include "decide/explain.h"

#include <stdio.h>

/* What the command line asks for; NULL where it does not say. */
struct explain_options {
    const char *machine; /* a host declaration's name, or a hardware address */
    const char *subnet;  /* an address of the subnet that the machine is in */
    const char *relay;   /* the address of the relay that it asks through */
    const char *file;    /* the file that a loader opens */
    bool json;
};

/* One stage as it is shown. */
struct explained_stage {
    const char *name; /* "libsa, opening \"boot.cfg\"" */
    const struct probe_stage *stage;
    const char *file; /* that a loader opens; NULL: it is none */
    struct explained explained;
};

/* The stages of a machine on one wire. */
struct explained_network {
    const struct subnet *subnet; /* that the server hears it in */
    struct explained_stage *stages;
    size_t stage_count;
};

/* What there is to tell of a machine, one network after the other. */
struct explanation {
    struct region region; /* owns everything that the snapshot does not */
    const struct snapshot *snapshot;
    struct boot_means boot;  /* the loaders that are there now */
    const char *machine;     /* as the person wrote it */
    const struct host *host; /* the declaration of that name, or of that address; NULL: none */
    struct hardware hardware;
    bool made_up;     /* the hardware address: the declaration has none */
    const char *note; /* what a reader should know first; NULL: nothing */
    struct explained_network *networks;
    size_t network_count;
};

/* Explains, in memory that explanation_release() frees. Returns NULL, or what stands against it:
 * allocated, release with free(). `path` is the configuration's, for messages. */
char *explanation_make(struct explanation *explanation, const struct snapshot *snapshot,
                       const char *path, const struct explain_options *options);
void explanation_release(struct explanation *explanation);

/* Writes it for a person: what all stages get once, then what each gets beside that. */
void explanation_print(const struct explanation *explanation, FILE *to);
/* Writes it as one JSON object. */
void explanation_print_json(const struct explanation *explanation, FILE *to);

#endif
