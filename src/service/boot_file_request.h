/* A request for a boot file, whatever protocol it came by: who asks, what the configuration says to
 * that machine, and the file that it gets. TFTP and HTTP serve the same files to the same machines
 * because both ask here.
 *
 * A machine with a boot recipe gets more than what lies below its tftp-root: the files that are
 * made from the recipe (decide/boot_plan.h), before those of the same name that lie there, and the
 * boot loaders that packages install (decide/boot_loader.h), after them.
 *
 * One thread's; several may be under way. */
#ifndef BOOTWIRE_SERVICE_BOOT_FILE_REQUEST_H
#define BOOTWIRE_SERVICE_BOOT_FILE_REQUEST_H

#include "base/slice.h"
#include "decide/boot_fit.h"
#include "decide/console.h"
#include "decide/tftp_name.h"
#include "model/snapshot.h"
#include "model/step.h"
#include "service/machines.h"
#include "store/boot_files.h"

#include <stdbool.h>
#include <stdint.h>

struct boot_file_cache;
struct server;
struct told;

enum {
    BOOT_FILE_REFUSAL_SIZE = 512, /* the text for the client, with its NUL */
    BOOT_FILE_HINT_SIZE = 256,    /* a hint with its NUL */
    BOOT_FILE_ROOT_SIZE = 4096,   /* a tftp-root with its NUL */
};

/* Why a file is not given, as the protocols tell it. */
enum boot_file_refusal {
    BOOT_FILE_MISSING,   /* there is none of that name */
    BOOT_FILE_FORBIDDEN, /* there may be one, but not for anybody */
    BOOT_FILE_BROKEN,    /* the server cannot read it */
};

/* What the journal calls a refusal. */
enum step_event boot_file_refusal_event(enum boot_file_refusal refusal);

struct boot_file_request {
    struct server *server;
    struct boot_file_cache *cache;     /* the thread's open files; NULL: it keeps none */
    uint32_t address;                  /* the client's */
    uint32_t local_address;            /* ours that it asked */
    struct snapshot *snapshot;         /* the configuration that answers; held until the end */
    struct scope_view view;            /* what applies to the machine that asks */
    struct told *told;                 /* part of that; NULL: nothing */
    struct machine machine;            /* who holds the address; zeroed where nobody knows */
    const struct host *host;           /* its declaration, of the snapshot; NULL: none */
    const struct boot_recipe *recipe;  /* what it boots; NULL: nobody said */
    char origin[CONSOLE_TEXT_SIZE];    /* where the open file is from; empty: below tftp-root */
    bool any_case;                     /* the file's name is meant in upper or lower case alike */
    enum step_content content;         /* what the open file is, where that was looked at ... */
    char unfit[BOOT_UNFIT_SIZE];       /* ... and why the machine cannot run it; or "" */
    enum boot_file_refusal refusal;    /* where one of the calls below returned false: why ... */
    char text[BOOT_FILE_REFUSAL_SIZE]; /* ... that in words, for client and journal ... */
    enum step_reason reason;           /* ... for the journal more closely ... */
    char decided[BOOT_FILE_HINT_SIZE]; /* "FILE:LINE" where the name comes from; "": nobody knows */
    char hint[BOOT_FILE_HINT_SIZE];    /* ... and what would have done: a name, a package; or "" */
};

/* Finds out who asks from `address` at our `local_address`, and what applies to it. `cache` may be
 * set afterwards. */
void boot_file_request_begin(struct boot_file_request *request, struct server *server,
                             uint32_t address, uint32_t local_address);
/* Lets the configuration go. */
void boot_file_request_end(struct boot_file_request *request);

/* The path below tftp-root that the client's name for the file means, as tftp_path()
 * (decide/tftp_name.h) makes it. False: refused. */
bool boot_file_request_path(struct boot_file_request *request, char path[TFTP_NAME_MAX],
                            struct slice name);
/* Opens the file of that path: made for the machine, below its root, or a packaged loader. Close it
 * with boot_file_close(). False: refused. */
bool boot_file_request_open(struct boot_file_request *request, const char *path,
                            struct boot_file *file);
/* Looks at the open file's first bytes, for a machine that is known: fills in `content` and
 * `unfit`. Nothing waits for a disk. */
void boot_file_request_look(struct boot_file_request *request, const char *path,
                            const struct boot_file *file);
/* What the configuration changes in the file on its way out (decide/console.h); `text` says it, or
 * else where the file is from. */
void boot_file_request_patches(const struct boot_file_request *request,
                               const struct boot_file *file, struct patches *patches,
                               char text[CONSOLE_TEXT_SIZE]);

#endif
