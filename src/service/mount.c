/* The mount protocol: decide/export.h says who may have which directory. */
#include "service/rpc_service.h"

#include "base/log.h"
#include "base/text.h"
#include "config/nearest.h"
#include "service/mount_show.h"
#include "service/rpc_account.h"
#include "service/server.h"
#include "store/handles.h"
#include "store/mount_list.h"
#include "wire/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOUNT_TEXT_MAX = 1536 };

/* The directory that lies at `below` in the export. */
static char *mount_directory(char to[2 * EXPORT_PATH_MAX], const struct export *export,
                             const char *below)
{
    bool top = strcmp(export->directory, "/") == 0;

    snprintf(to, 2 * EXPORT_PATH_MAX, "%s%s%s", export->directory, below[0] && !top ? "/" : "",
             below);
    return to;
}

/* One MNT on its way: what was asked, and what is to be said about it. */
struct mount_try {
    struct rpc_exchange *exchange;
    char asked[MOUNT_TEXT_MAX];  /* the path, printable */
    const struct export *export; /* the one that allows it */
    char below[EXPORT_PATH_MAX];
    struct handle handle;
    char got[MOUNT_TEXT_MAX];
    enum step_reason reason; /* where it is refused */
};

/* "FILE:LINE" of a root-path or an export. */
static const char *mount_where(const struct position *where, char *to, size_t size)
{
    snprintf(to, size, "%s:%u", where->file ? where->file : "the configuration", where->line);
    return to;
}

/* "refused: this host's root-path is /a (x.conf:3) or /b (x.conf:9)" */
static void mount_tell_exports(struct mount_try *try)
{
    enum { TOLD_MAX = 4 };
    const struct rpc_client *client = try->exchange->client;
    char where[300], directory[MOUNT_TEXT_MAX / 4];
    bool roots = true;
    size_t length;

    for (size_t i = 0; i < client->exports.count; i++)
        roots = roots && !client->exports.list[i].statement;
    snprintf(try->got, sizeof(try->got), "refused: this %s%s", client->host ? "host" : "machine",
             roots ? "'s root-path is" : " may mount");
    for (size_t i = 0; i < client->exports.count; i++) {
        const struct export *export = &client->exports.list[i];

        length = strlen(try->got);
        if (i == TOLD_MAX) {
            snprintf(try->got + length, sizeof(try->got) - length, " or one of %zu more",
                     client->exports.count - i);
            return;
        }
        snprintf(try->got + length, sizeof(try->got) - length, "%s %s (%s)", i > 0 ? " or" : "",
                 text_printable(directory, sizeof(directory), slice_of_string(export->directory)),
                 mount_where(&export->where, where, sizeof(where)));
    }
}

static enum mount_status mount_refuse(struct mount_try *try, enum export_verdict verdict)
{
    const struct rpc_client *client = try->exchange->client;
    char where[300];

    try->reason = verdict == EXPORT_UNKNOWN_MACHINE ? REASON_UNKNOWN_MACHINE
                  : verdict == EXPORT_OTHER_PATH    ? REASON_OTHER_PATH
                                                    : REASON_NO_EXPORT;

    switch (verdict) {
    case EXPORT_UNKNOWN_MACHINE:
        snprintf(
            try->got, sizeof(try->got),
            "refused: no host declaration and no lease names this address, nor does an export");
        break;
    case EXPORT_NO_ROOT_PATH:
        snprintf(try->got, sizeof(try->got),
                 "refused: this %s has no option root-path; write one to export that directory to "
                 "it, or "
                 "name it among the clients of an export",
                 client->host ? "host" : "machine");
        break;
    case EXPORT_BAD_ROOT_PATH:
        snprintf(try->got, sizeof(try->got),
                 "refused: its option root-path (%s) names no absolute directory",
                 mount_where(&client->bad_root_path, where, sizeof(where)));
        break;
    default:
        mount_tell_exports(try);
        break;
    }
    return MOUNT_ACCES;
}

static enum mount_status mount_status_of_errno(int error)
{
    switch (error) {
    case EPERM:
        return MOUNT_PERM;
    case ENOENT:
        return MOUNT_NOENT;
    case EACCES:
    case EXDEV:
    case ELOOP:
        return MOUNT_ACCES;
    case ENOTDIR:
        return MOUNT_NOTDIR;
    case ENAMETOOLONG:
        return MOUNT_NAMETOOLONG;
    case EINVAL:
        return MOUNT_INVAL;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return MOUNT_SERVERFAULT;
    default:
        return MOUNT_IO;
    }
}

/* Why the exported directory is not opened where a link is part of its path, and where the link
 * leads. Who made it is not to be known: a client with an export around it may have, even one that
 * had it long ago. So no link is followed, and what this one leads to is for a person to judge. */
static void mount_tell_link(struct mount_try *try)
{
    const struct position *position = &try->export->where;
    char where[300], directory[MOUNT_TEXT_MAX / 4], led[PATH_MAX], to[MOUNT_TEXT_MAX / 4];
    bool leads = realpath(try->export->directory, led) != NULL;

    text_printable(directory, sizeof(directory), slice_of_string(try->export->directory));
    if (leads)
        text_printable(to, sizeof(to), slice_of_string(led));
    snprintf(
        try->got, sizeof(try->got),
        "failed: the directory %s cannot be opened: a part of its path is a symbolic link; %s%s "
        "in %s%s",
        directory, leads ? "if it is your own, write " : "correct the path", leads ? to : "",
        mount_where(position, where, sizeof(where)), leads ? ", which is where it leads" : "");
}

/* The permitted directory itself cannot be had: says which and what cures it. */
static enum mount_status mount_fail(struct mount_try *try, int error)
{
    char where[300], directory[MOUNT_TEXT_MAX / 2], reason[64];

    try->reason = REASON_NO_DIRECTORY;
    if (error == ELOOP && !try->below[0]) {
        mount_tell_link(try);
        return mount_status_of_errno(error);
    }
    if (error == EXDEV)
        snprintf(reason, sizeof(reason), "it leads out of the exported directory");
    else
        snprintf(reason, sizeof(reason), "%s", strerror(error));
    text_printable(directory, sizeof(directory), slice_of_string(try->export->directory));
    if (try->below[0])
        snprintf(try->got, sizeof(try->got), "failed: the directory below %s cannot be opened: %s",
                 directory, reason);
    else
        snprintf(
            try->got, sizeof(try->got),
            "failed: the directory %s cannot be opened: %s; make it, or correct the path in %s",
            directory, reason, mount_where(&try->export->where, where, sizeof(where)));
    return mount_status_of_errno(error);
}

/* Opens the directory that was granted and makes its handle; 0 or an errno. */
static int mount_open(struct mount_try *try, struct handle_export *export)
{
    int descriptor = handle_open_below(export, try->below), error = 0;
    struct stat info;

    if (descriptor < 0)
        return -descriptor;
    if (fstat(descriptor, &info) < 0)
        error = errno;
    else if (!S_ISDIR(info.st_mode))
        error = ENOTDIR;
    else
        error = handle_of(export, descriptor, &try->handle);
    close(descriptor);
    return error;
}

static enum mount_status mount_attempt(struct mount_try *try, struct slice path)
{
    struct rpc_exchange *exchange = try->exchange;
    const struct rpc_client *client = exchange->client;
    enum export_verdict verdict = client->verdict;
    struct handle_export *export;
    int error;

    if (verdict == EXPORT_GRANTED) {
        try->export = exports_allow(&client->exports, path, try->below);
        verdict = try->export ? EXPORT_GRANTED : EXPORT_OTHER_PATH;
    }
    if (verdict != EXPORT_GRANTED)
        return mount_refuse(try, verdict);
    export = handle_export_get(exchange->handles, try->export->directory);
    if (!export)
        return mount_fail(try, errno);
    error = mount_open(try, export);
    handle_export_free(export);
    if (error)
        return mount_fail(try, error);
    snprintf(try->got, sizeof(try->got), "granted");
    return MOUNT_OK;
}

/* The list of mounts is what machines say, and no more: that it cannot be kept refuses nothing. */
static void mount_tell_list(const struct rpc_exchange *exchange, int error)
{
    if (error)
        log_warning("%s/" MOUNT_LIST_FILE " cannot be written: %s; after a restart DUMP will not "
                    "tell who has mounted what",
                    exchange->server->state_directory, strerror(error));
}

static void mount_remember(const struct rpc_exchange *exchange, const struct export *export,
                           const char *directory)
{
    const struct rpc_client *client = exchange->client;
    char address[IPV4_TEXT_SIZE];

    mount_tell_list(exchange,
                    mount_list_add(exchange->service->mounts,
                                   &(struct mounted){
                                       .address = client->address,
                                       .exported = export->statement != NULL,
                                       .host = client->host ? client->host->name
                                                            : ipv4_text(address, client->address),
                                       .directory = directory,
                                   }));
}

/* Of the machine's exports the one whose name is most like the path that it asked for, printable;
 * NULL where it has none. `*where` becomes what declares it. */
static const char *mount_nearest(const struct mount_try *try, char to[MOUNT_TEXT_MAX],
                                 const struct position **where)
{
    const struct exports *exports = &try->exchange->client->exports;
    size_t nearest = SIZE_MAX;
    const struct export *best = try->export;

    for (size_t i = 0; !try->export && i < exports->count; i++) {
        size_t far = nearest_distance(slice_of_string(try->asked),
                                      slice_of_string(exports->list[i].directory));

        if (best && far >= nearest)
            continue;
        nearest = far;
        best = &exports->list[i];
    }
    if (!best)
        return NULL;
    *where = &best->where;
    return text_printable(to, MOUNT_TEXT_MAX, slice_of_string(best->directory));
}

static void mount_tell(const struct mount_try *try, enum mount_status status)
{
    struct rpc_exchange *exchange = try->exchange;
    char asked[MOUNT_TEXT_MAX + 64], near[MOUNT_TEXT_MAX], decided[300];
    const struct position *where = NULL;
    const char *hint = mount_nearest(try, near, &where);

    exchange->refused = status != MOUNT_OK;
    /* What an export statement gives is no machine's root, as a rule. */
    if (status == MOUNT_OK && try->export->statement)
        hint = NULL;
    snprintf(asked, sizeof(asked), "MNT %s v%u over %s", try->asked, exchange->call.version,
             exchange->transport == RPC_UDP ? "udp" : "tcp");
    rpc_step(exchange, (struct boot_step){
                           .service = "mount",
                           .event = status == MOUNT_OK ? STEP_MOUNT : STEP_MOUNT_REFUSED,
                           .reason = try->reason,
                           .asked = asked,
                           .got = try->got,
                           .subject = try->asked,
                           .hint = hint,
                           .decided = where ? mount_where(where, decided, sizeof(decided)) : NULL,
                           .refused = status != MOUNT_OK});
}

static int mount_mnt(struct rpc_exchange *exchange)
{
    struct slice path = mount_read_path(&exchange->arguments);
    struct mount_try try = {.exchange = exchange};
    char directory[2 * EXPORT_PATH_MAX];
    enum mount_status status;

    if (exchange->arguments.failed)
        return RPC_GARBAGE_ARGS;
    text_printable(try.asked, sizeof(try.asked), path);
    status = mount_attempt(&try, path);
    mount_tell(&try, status);
    if (status == MOUNT_OK) {
        mount_remember(exchange, try.export, mount_directory(directory, try.export, try.below));
        if (exchange->client->account)
            rpc_account_mounted(exchange->client->account);
    }
    /* Versions 1 and 2 answer with an error number of UNIX. */
    if (exchange->call.version < 3 && status == MOUNT_SERVERFAULT)
        status = MOUNT_IO;
    mount_write_result(&exchange->reply, exchange->call.version, status,
                       slice_of(try.handle.bytes, HANDLE_SIZE));
    return RPC_SUCCESS;
}

/* The machine leaves a directory (NULL: all): it says so, and what it read and wrote is told. */
static void mount_leave(struct rpc_exchange *exchange, const char *procedure, const char *directory,
                        struct slice path)
{
    char text[MOUNT_TEXT_MAX], asked[MOUNT_TEXT_MAX + 64];

    mount_tell_list(exchange, mount_list_remove(exchange->service->mounts,
                                                exchange->client->address, directory));
    /* Only machines that may mount are worth a line. */
    if (!exchange->client->account)
        return;
    snprintf(asked, sizeof(asked), "%s%s%s v%u", procedure, path.length ? " " : "",
             text_printable(text, sizeof(text), path), exchange->call.version);
    rpc_step(exchange, (struct boot_step){.service = "mount", .asked = asked, .got = "noted"});
    rpc_account_report(exchange->client->account, exchange->server);
}

static int mount_umnt(struct rpc_exchange *exchange)
{
    struct slice path = mount_read_path(&exchange->arguments);
    char directory[2 * EXPORT_PATH_MAX], below[EXPORT_PATH_MAX];
    const struct export *export;

    if (exchange->arguments.failed)
        return RPC_GARBAGE_ARGS;
    export = exports_allow(&exchange->client->exports, path, below);
    /* What is its export no more it may have mounted when it was. */
    if (export)
        mount_directory(directory, export, below);
    else if (!export_normalise(directory, path))
        return RPC_SUCCESS;
    mount_leave(exchange, "UMNT", directory, path);
    return RPC_SUCCESS;
}

static int mount_umntall(struct rpc_exchange *exchange)
{
    mount_leave(exchange, "UMNTALL", NULL, (struct slice){NULL, 0});
    return RPC_SUCCESS;
}

static const struct rpc_procedure mount_procedures[] = {
    [MOUNT_NULL] = {"NULL", rpc_null, RPC_RUNS_AGAIN},
    [MOUNT_MNT] = {"MNT", mount_mnt, RPC_RUNS_AGAIN},
    [MOUNT_DUMP] = {"DUMP", mount_dump, RPC_RUNS_AGAIN},
    [MOUNT_UMNT] = {"UMNT", mount_umnt, RPC_RUNS_AGAIN},
    [MOUNT_UMNTALL] = {"UMNTALL", mount_umntall, RPC_RUNS_AGAIN},
    [MOUNT_EXPORT] = {"EXPORT", mount_export, RPC_RUNS_AGAIN},
    [MOUNT_EXPORTALL] = {"EXPORTALL", mount_export, RPC_RUNS_AGAIN},
};

const struct rpc_program mount1_program = {
    MOUNT_PROGRAM, 1, "mount", mount_procedures, MOUNT_EXPORTALL + 1, false,
};
const struct rpc_program mount2_program = {
    MOUNT_PROGRAM, 2, "mount", mount_procedures, MOUNT_EXPORTALL + 1, false,
};
const struct rpc_program mount3_program = {
    MOUNT_PROGRAM, 3, "mount", mount_procedures, MOUNT_EXPORT + 1, false,
};
