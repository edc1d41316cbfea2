/* What NFS calls tell of a boot: files that are read for the first time, the first program and
 * whether it is there, calls that come again and again. */
#include "service/nfs.h"

#include "base/memory.h"
#include "base/text.h"
#include "decide/boot_fit.h"
#include "service/rpc.h"
#include "service/rpc_account.h"
#include "service/server.h"
#include "store/handles.h"
#include "store/open_files.h"
#include "store/tree.h"
#include "wire/program.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TOLD_PATH = 256,
    REPEATS_TOLD = 4, /* a call that comes so often was not answered to any use */
};

/* Whether it was not told of since the machine mounted: the bytes, and what is told of them. A
 * handle has a keyed hash of its own: nobody can choose collisions. */
static bool is_news(const struct nfs_call *call, struct slice about, char what)
{
    static const uint8_t key[crypto_shorthash_KEYBYTES];
    struct rpc_account *account = call->exchange->client->account;
    uint64_t hash;

    if (!account)
        return false;
    crypto_shorthash((uint8_t *)&hash, about.data, about.length, key);
    return rpc_account_tells(account, hash + (uint8_t)what);
}

/* The file's path below the export, as it is at this moment. */
static const char *path_below(const struct nfs_call *call, int file, char path[PATH_MAX])
{
    const char *top = handle_export_path(call->exchange->export);
    size_t top_length = strlen(top);
    char link[32];
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    if (strncmp(path, top, top_length) != 0)
        return path;
    return path[top_length] == '/' ? path + top_length : path[top_length] == 0 ? "/" : path;
}

static bool begins(struct slice name, const char *text)
{
    size_t length = strlen(text);

    return name.length >= length && memcmp(name.data, text, length) == 0;
}

/* The first program, as kernels and the initramfs of distributions look for it. */
static bool is_first_program(struct slice name)
{
    return slice_equal_string(name, "init") || slice_equal_string(name, "systemd");
}

/* What that program cannot start without: its directory, and what loads its libraries. */
static bool is_needed_by_it(struct slice name)
{
    return slice_equal_string(name, "sbin") || begins(name, "ld-linux") ||
           begins(name, "ld-musl") || slice_equal_string(name, "ld.elf_so") ||
           begins(name, "ld-elf.so");
}

/* What the open file is that the machine reads, as far as its first bytes tell. */
static struct program program_read(const struct nfs_call *call, int file)
{
    struct open_file *open = nfs_call_opened(call, file);
    int reader = open ? open_file_reader_if_open(open) : -1;
    uint8_t head[PROGRAM_HEAD];
    ssize_t length = reader >= 0 ? pread(reader, head, sizeof(head), 0) : -1;

    return program_of(slice_of(head, length > 0 ? (size_t)length : 0));
}

/* Why the machine cannot run its first program; NULL where it can. */
static const char *unfit(const struct nfs_call *call, struct program program,
                         char text[BOOT_UNFIT_SIZE])
{
    struct machine machine;

    return machines_get(call->exchange->server->machines, call->exchange->client->address, &machine)
               ? boot_unfit_system(text, machine.platform, program)
               : NULL;
}

/* A regular file that the caller may not read or not execute: the kernel that is to run it may not,
 * either. */
static bool is_unusable(struct nfs_call *call, int file)
{
    struct stat status;
    int granted = 0;

    if (tree_stat(file, &status) != 0 || !S_ISREG(status.st_mode) ||
        tree_access(&call->caller, file, R_OK | X_OK, &granted) != 0)
        return false;
    return granted != (R_OK | X_OK);
}

/* What is told of: a file, and what became of the call. */
struct telling {
    enum step_event event;
    enum step_reason reason; /* of a refusal */
    const char *path;
    uint64_t size; /* the file's; 0: none, or not known */
    const char *asked, *got;
    const char *hint;
    enum step_content content;
};

static void tell(const struct nfs_call *call, const struct telling *telling)
{
    struct rpc_exchange *exchange = call->exchange;
    char asked[64 + TOLD_PATH];

    snprintf(asked, sizeof(asked), "v%u %s %s over %s", exchange->call.version, telling->asked,
             telling->path, exchange->transport == RPC_UDP ? "udp" : "tcp");
    rpc_step(exchange, (struct boot_step){
                           .service = "nfs",
                           .event = telling->event,
                           .reason = telling->reason,
                           .subject = telling->path,
                           .total = telling->size,
                           .asked = asked,
                           .got = telling->got,
                           .hint = telling->hint,
                           .content = telling->content,
                           .refused = telling->reason != REASON_NONE,
                       });
}

/* The open file's path, printable. */
static const char *told_path(const struct nfs_call *call, int file, char to[TOLD_PATH])
{
    char path[PATH_MAX];

    return text_printable(to, TOLD_PATH, slice_of_string(path_below(call, file, path)));
}

/* The path of a name in the open directory, printable. */
static void told_path_in(const struct nfs_call *call, int directory, struct slice name,
                         char to[TOLD_PATH])
{
    char path[PATH_MAX];
    const char *above = path_below(call, directory, path);
    char *whole = memory_printf("%s/%.*s", strcmp(above, "/") == 0 ? "" : above, (int)name.length,
                                (const char *)name.data);

    text_printable(to, TOLD_PATH, slice_of_string(whole));
    free(whole);
}

void nfs_tell_read(struct nfs_call *call, int file, struct slice handle, uint64_t size)
{
    static const enum step_content contents[PROGRAM_KIND_COUNT] = {
        [PROGRAM_LINUX] = CONTENT_KERNEL,
        [PROGRAM_ELF] = CONTENT_KERNEL,
        [PROGRAM_SCRIPT] = CONTENT_SCRIPT,
    };
    char printable[TOLD_PATH], got[64], text[BOOT_UNFIT_SIZE];
    struct program program;

    if (!is_news(call, handle, 'r'))
        return;
    snprintf(got, sizeof(got), "a file of %" PRIu64 " bytes", size);
    program = program_read(call, file);
    tell(call, &(struct telling){
                   .event = STEP_NFS_READ,
                   .path = told_path(call, file, printable),
                   .size = size,
                   .asked = "read of",
                   .got = got,
                   .content = contents[program.kind],
                   .hint = unfit(call, program, text),
               });
}

void nfs_tell_lookup(struct nfs_call *call, int directory, struct slice name, int file, int error)
{
    bool first = is_first_program(name);
    char path[TOLD_PATH];

    /* Nearly every name is none of those. */
    if ((!first && !is_needed_by_it(name)) || (error && error != ENOENT && error != EACCES) ||
        directory < 0)
        return;
    if (!error && (!first || !is_unusable(call, file)))
        return;
    if (!is_news(call, name, error == ENOENT ? 'm' : 'f'))
        return;
    told_path_in(call, directory, name, path);
    tell(call, &(struct telling){
                   .event = STEP_NFS_REFUSED,
                   .reason = error == ENOENT ? REASON_ABSENT : REASON_ACCESS,
                   .path = path,
                   .asked = "lookup of",
                   .got = error == ENOENT ? "there is no such file"
                                          : "the machine may not read and execute it",
               });
}

void nfs_tell_repeats(struct nfs_call *call, int file, uint64_t offset, size_t count)
{
    struct rpc_exchange *exchange = call->exchange;
    struct rpc_account *account = exchange->client->account;
    char printable[TOLD_PATH], asked[96];
    unsigned times;

    if (exchange->transport != RPC_UDP || !account)
        return;
    times = rpc_account_repeats(account, exchange->call.xid);
    if (times < REPEATS_TOLD || !rpc_account_troubled(account, RPC_TROUBLE_REPEATED))
        return;
    snprintf(asked, sizeof(asked), "asks for the %u. time to read %zu bytes at %" PRIu64 " of",
             times, count, offset);
    tell(call, &(struct telling){
                   .event = STEP_NFS_REPEATED,
                   .path = told_path(call, file, printable),
                   .size = count,
                   .asked = asked,
                   .got = "answered each time",
               });
}

/* Refusals that are worth a word, by their errno. */
static const struct refusal {
    int error;
    enum step_reason reason;
    const char *asked, *got;
} refusals[] = {
    {ESTALE, REASON_STALE, "handle", "stale: the file is gone, or lies in no export of it"},
    {EROFS, REASON_READ_ONLY, "change of", "refused: the export is read-only"},
    {EACCES, REASON_ACCESS, "read of", "refused: the caller may not read it"},
};

void nfs_tell_refusal(struct nfs_call *call, int file, int error)
{
    struct rpc_account *account = call->exchange->client->account;
    const struct refusal *refusal = NULL;
    char printable[TOLD_PATH] = "";

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].error == error)
            refusal = &refusals[i];
    }
    if (!refusal || !account)
        return;
    /* A machine whose root went away mounts nothing any more; the others are ordinary enough to be
     * told once for each mount. */
    if (error == ESTALE ? !rpc_account_troubled(account, RPC_TROUBLE_STALE)
                        : !is_news(call, slice_of_string(refusal->asked), 'e'))
        return;
    if (file >= 0)
        told_path(call, file, printable);
    tell(call, &(struct telling){
                   .event = STEP_NFS_REFUSED,
                   .reason = refusal->reason,
                   .path = printable,
                   .asked = refusal->asked,
                   .got = refusal->got,
               });
}
