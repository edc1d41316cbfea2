/* The mount protocol: decide/export.h says who may have which directory. */
#include "service/rpc_service.h"

#include "base/memory.h"
#include "base/text.h"
#include "service/rpc_account.h"
#include "service/server.h"
#include "store/handles.h"
#include "wire/mount.h"
#include "wire/xdr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOUNT_LIST_MAX = 1024, /* what is remembered for DUMP (the oldest goes first), and how many
                              declarations EXPORT looks at */
    MOUNT_ELEMENT_MAX = 2 * MOUNT_PATH_MAX, /* bytes of a list element's reply, generously */
    MOUNT_TEXT_MAX = 1536,
};

/* One directory that a machine mounted; the youngest comes first. */
struct mounted {
    struct mounted *next;
    uint32_t address;
    char *host; /* its declaration's name, or its address */
    char *directory;
};

struct mount_list {
    struct mounted *first;
    size_t count;
};

struct mount_list *mount_list_new(void)
{
    return memory_zeroed(1, sizeof(struct mount_list));
}

static void mounted_free(struct mounted *mounted)
{
    free(mounted->host);
    free(mounted->directory);
    free(mounted);
}

/* Takes out the address's mounts of the directory (NULL: of all); the others stay in order. */
static void mount_list_remove(struct mount_list *list, uint32_t address, const char *directory)
{
    struct mounted **place = &list->first;

    while (*place) {
        struct mounted *mounted = *place;

        if (mounted->address != address ||
            (directory && strcmp(mounted->directory, directory) != 0)) {
            place = &mounted->next;
            continue;
        }
        *place = mounted->next;
        list->count--;
        mounted_free(mounted);
    }
}

static void mount_list_drop_oldest(struct mount_list *list)
{
    struct mounted **place = &list->first;

    while (*place && (*place)->next)
        place = &(*place)->next;
    if (!*place)
        return;
    mounted_free(*place);
    *place = NULL;
    list->count--;
}

static void mount_list_add(struct mount_list *list, const struct rpc_client *client,
                           const char *directory)
{
    struct mounted *mounted = memory_zeroed(1, sizeof(*mounted));
    char address[IPV4_TEXT_SIZE];

    mount_list_remove(list, client->address, directory);
    if (list->count >= MOUNT_LIST_MAX)
        mount_list_drop_oldest(list);
    mounted->address = client->address;
    mounted->host =
        memory_string(client->host ? client->host->name : ipv4_text(address, client->address));
    mounted->directory = memory_string(directory);
    mounted->next = list->first;
    list->first = mounted;
    list->count++;
}

void mount_list_free(struct mount_list *list)
{
    if (!list)
        return;
    while (list->first) {
        struct mounted *mounted = list->first;

        list->first = mounted->next;
        mounted_free(mounted);
    }
    free(list);
}

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

static int mount_mnt(struct rpc_exchange *exchange)
{
    struct slice path = mount_read_path(&exchange->arguments);
    struct mount_try try = {.exchange = exchange};
    char asked[MOUNT_TEXT_MAX + 64], directory[2 * EXPORT_PATH_MAX];
    enum mount_status status;

    if (exchange->arguments.failed)
        return RPC_GARBAGE_ARGS;
    text_printable(try.asked, sizeof(try.asked), path);
    status = mount_attempt(&try, path);
    snprintf(asked, sizeof(asked), "MNT %s v%u over %s", try.asked, exchange->call.version,
             exchange->transport == RPC_UDP ? "udp" : "tcp");
    rpc_step(exchange, "mount", asked, try.got, status != MOUNT_OK);
    if (status == MOUNT_OK) {
        mount_list_add(exchange->service->mounts, exchange->client,
                       mount_directory(directory, try.export, try.below));
        if (exchange->client->account)
            rpc_account_mounted(exchange->client->account);
    }
    mount_write_result(&exchange->reply, exchange->call.version, status,
                       slice_of(try.handle.bytes, HANDLE_SIZE));
    return RPC_SUCCESS;
}

static int mount_dump(struct rpc_exchange *exchange)
{
    struct writer *w = &exchange->reply;

    /* As many as a reply holds, the youngest first. */
    for (const struct mounted *m = exchange->service->mounts->first;
         m && writer_left(w) > MOUNT_ELEMENT_MAX; m = m->next)
        mount_write_mounted(w, m->host, m->directory);
    mount_write_end(w);
    return RPC_SUCCESS;
}

/* The machine leaves a directory (NULL: all): it says so, and what it read and wrote is told. */
static void mount_leave(struct rpc_exchange *exchange, const char *procedure, const char *directory,
                        struct slice path)
{
    char text[MOUNT_TEXT_MAX], asked[MOUNT_TEXT_MAX + 64];

    mount_list_remove(exchange->service->mounts, exchange->client->address, directory);
    /* Only machines that may mount are worth a line. */
    if (!exchange->client->account)
        return;
    snprintf(asked, sizeof(asked), "%s%s%s v%u", procedure, path.length ? " " : "",
             text_printable(text, sizeof(text), path), exchange->call.version);
    rpc_step(exchange, "mount", asked, "noted", false);
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
    if (!export)
        return RPC_SUCCESS;
    mount_leave(exchange, "UMNT", mount_directory(directory, export, below), path);
    return RPC_SUCCESS;
}

static int mount_umntall(struct rpc_exchange *exchange)
{
    mount_leave(exchange, "UMNTALL", NULL, (struct slice){NULL, 0});
    return RPC_SUCCESS;
}

/* The exports of some machines, for whom `group` stands. */
static void mount_write_exports(struct writer *w, const struct reach_question *question,
                                const char *group)
{
    struct exports exports;
    struct position bad;

    exports_find(&exports, question, true, NULL, &bad);
    for (size_t i = 0; i < exports.count && writer_left(w) > MOUNT_ELEMENT_MAX; i++) {
        mount_write_export(w, exports.list[i].directory);
        mount_write_group(w, group);
        mount_write_end(w);
    }
    exports_release(&exports);
}

static void mount_write_host_export(struct writer *w, const struct snapshot *snapshot,
                                    const struct host *host)
{
    struct reach_question question = {
        .snapshot = snapshot,
        .host = host,
        .address = host->fixed_address_count ? host->fixed_addresses[0] : 0,
    };

    mount_write_exports(w, &question, host->name);
}

static void mount_write_subnet_export(struct writer *w, const struct snapshot *snapshot,
                                      const struct subnet *subnet)
{
    struct reach_question question = {.snapshot = snapshot, .address = subnet->network};
    char network[IPV4_TEXT_SIZE], netmask[IPV4_TEXT_SIZE], group[2 * IPV4_TEXT_SIZE];

    snprintf(group, sizeof(group), "%s/%s", ipv4_text(network, subnet->network),
             ipv4_text(netmask, subnet->netmask));
    mount_write_exports(w, &question, group);
}

static int mount_export(struct rpc_exchange *exchange)
{
    const struct snapshot *snapshot = exchange->client->snapshot;
    size_t hosts = snapshot->host_count, subnets = snapshot->subnet_count;
    struct writer *w = &exchange->reply;

    hosts = hosts < MOUNT_LIST_MAX ? hosts : MOUNT_LIST_MAX;
    subnets = subnets < MOUNT_LIST_MAX ? subnets : MOUNT_LIST_MAX;
    /* As many as a reply holds; and no more are looked at than that may be, for anybody may ask. */
    for (size_t i = 0; i < hosts && writer_left(w) > MOUNT_ELEMENT_MAX; i++)
        mount_write_host_export(w, snapshot, &snapshot->hosts[i]);
    for (size_t i = 0; i < subnets && writer_left(w) > MOUNT_ELEMENT_MAX; i++)
        mount_write_subnet_export(w, snapshot, &snapshot->subnets[i]);
    mount_write_end(w);
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
