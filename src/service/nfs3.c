/* NFS version 3 (RFC 1813): each procedure decodes its arguments, opens its handles, makes one
 * operation of the tree as the caller, and encodes what came of it. */
#include "wire/nfs3.h"
#include "service/nfs.h"
#include "service/nfs3_listing.h"
#include "service/nfs3_values.h"
#include "service/nfs_repeat.h"
#include "service/rpc.h"
#include "store/handles.h"

#include <errno.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    UDP_TRANSFER = 32768, /* what FSINFO offers over UDP: NetBSD's kernel reads this much */
};

static struct writer *reply_of(struct nfs_call *call)
{
    return &call->exchange->reply;
}

static enum nfs3_status status_of(const struct nfs_call *call, int error)
{
    return nfs3_status_of((enum nfs3_procedure)call->exchange->call.procedure, error);
}

static void nothing(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    (void)call;
    (void)arguments;
}

/* What the file was like when the call opened it: good for calls that change nothing. */
static struct nfs3_post_op seen(const struct nfs_call *call, int file)
{
    const struct stat *status = nfs_call_status(call, file);
    struct nfs3_post_op post_op = {.present = status != NULL};

    if (status)
        post_op.attributes = nfs3_fattr_of(status);
    return post_op;
}

static void getattr(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs3_post_op object;
    int file, error = nfs_call_open(call, arguments->handle, &file);

    object = seen(call, file);
    if (!error && !object.present)
        error = EIO;
    nfs3_write_getattr(reply_of(call), status_of(call, error), &object.attributes);
}

static bool same_time(struct nfs3_time a, const struct timespec *b)
{
    return a.seconds == (uint32_t)b->tv_sec && a.nanoseconds == (uint32_t)b->tv_nsec;
}

static void setattr(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs_change_place *place;
    struct nfs3_watch watch;
    struct tree_change change;
    struct stat status;
    enum nfs3_status result;
    bool in_step = true;
    int file, error = nfs_call_open(call, arguments->setattr.handle, &file);

    place = nfs_change_lock(file);
    nfs3_watch_begin(&watch, file, true);
    if (!error)
        error = tree_stat(file, &status);
    if (!error)
        error = nfs3_change_of(&arguments->setattr.sattr, &change);
    /* A guard that an interrupted call has moved itself is none. */
    if (!error && arguments->setattr.guarded && !call->exchange->interrupted)
        in_step = same_time(arguments->setattr.guard_ctime, &status.st_ctim);
    if (!error && in_step)
        error = tree_set(&call->caller, file, &status, &change);
    nfs3_watch_end(&watch);
    nfs_change_unlock(place);
    result = in_step ? status_of(call, error) : NFS3ERR_NOT_SYNC;
    nfs3_write_change(reply_of(call), result, &watch.wcc);
}

static void lookup(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs3_post_op object, above;
    struct handle handle;
    int directory, file = -1, error = nfs_call_open(call, arguments->place.directory, &directory);

    if (!error)
        error = nfs_call_lookup(call, directory, arguments->place.name, &file);
    nfs_tell_lookup(call, directory, arguments->place.name, file, error);
    if (!error)
        error = nfs_call_handle(call, file, &handle);
    object = nfs3_post_op_of(file);
    above = seen(call, directory);
    nfs3_write_lookup(reply_of(call), status_of(call, error), handle.bytes, &object, &above);
}

/* The rights that each bit of access(2) gives, for a directory and for anything else. */
static uint32_t rights_of(bool is_directory, int granted)
{
    uint32_t rights = 0;

    if (granted & R_OK)
        rights |= NFS3_ACCESS_READ;
    if (granted & X_OK)
        rights |= is_directory ? NFS3_ACCESS_LOOKUP : NFS3_ACCESS_EXECUTE;
    /* To change a directory's entries one must be able to search it. */
    if (is_directory && (granted & (W_OK | X_OK)) == (W_OK | X_OK))
        rights |= NFS3_ACCESS_MODIFY | NFS3_ACCESS_EXTEND | NFS3_ACCESS_DELETE;
    if (!is_directory && granted & W_OK)
        rights |= NFS3_ACCESS_MODIFY | NFS3_ACCESS_EXTEND;
    return rights;
}

static void access_rights(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs3_post_op object;
    int granted = 0, file, error = nfs_call_open(call, arguments->access.handle, &file);
    uint32_t rights;

    if (!error)
        error = tree_access(&call->caller, file, R_OK | W_OK | X_OK, &granted);
    object = seen(call, file);
    if (!nfs_call_writable(call))
        granted &= ~W_OK;
    rights = rights_of(object.attributes.type == NFS3_DIRECTORY, granted);
    nfs3_write_access(reply_of(call), status_of(call, error), &object,
                      rights & arguments->access.wanted);
}

static void readlink_target(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs3_post_op object;
    char target[TREE_TARGET_MAX + 1];
    size_t length = 0;
    int file, error = nfs_call_open(call, arguments->handle, &file);

    if (!error)
        error = tree_readlink(file, target, &length);
    object = seen(call, file);
    nfs3_write_readlink(reply_of(call), status_of(call, error), &object, slice_of(target, length));
}

static void read_data(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs3_post_op object;
    struct nfs_data data = {.bytes = NULL};
    int file, error = nfs_call_open(call, arguments->read.handle, &file);

    if (!error)
        error = nfs_data_read(call, file, arguments->read.offset, arguments->read.count, &data);
    object = seen(call, file);
    nfs3_write_read(reply_of(call), status_of(call, error), &object, (uint32_t)data.count,
                    data.end);
    if (error)
        return;
    nfs_data_send(call, &data);
    if (arguments->read.offset == 0)
        nfs_tell_read(call, file, arguments->read.handle, object.attributes.size);
}

static void write_data(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    static const enum tree_stability stabilities[] = {
        [NFS3_UNSTABLE] = TREE_UNSTABLE,
        [NFS3_DATA_SYNC] = TREE_DATA_STABLE,
        [NFS3_FILE_SYNC] = TREE_FILE_STABLE,
    };
    struct slice data = arguments->write.data;
    uint8_t verifier[NFS_VERIFIER_SIZE];
    struct nfs3_watch watch;
    size_t count = 0;
    int file, error = nfs_call_open(call, arguments->write.handle, &file);

    if (data.length > arguments->write.count)
        data.length = arguments->write.count;
    nfs_write_verifier(verifier);
    nfs3_watch_begin(&watch, file, true);
    if (!error && data.length < arguments->write.count)
        error = EINVAL;
    if (!error)
        error = nfs_data_write(call, file, arguments->write.offset, data,
                               stabilities[arguments->write.stable], &count);
    nfs3_watch_end(&watch);
    rpc_count(call->exchange, 0, count);
    nfs3_write_write(reply_of(call), status_of(call, error), &watch.wcc, (uint32_t)count,
                     arguments->write.stable, verifier);
}

/* What CREATE, MKDIR, SYMLINK and MKNOD have in common: something new in a directory. */
struct making {
    int directory;
    int file;
    struct nfs3_watch watch;
    struct tree_change change;
};

static int making_begin(struct making *making, struct nfs_call *call,
                        const struct nfs3_place *place, const struct nfs3_sattr *sattr)
{
    int error = nfs_call_open(call, place->directory, &making->directory);

    making->file = -1;
    nfs3_watch_begin(&making->watch, making->directory, true);
    return error ? error : nfs3_change_of(sattr, &making->change);
}

static void making_end(struct making *making, struct nfs_call *call, int error)
{
    struct nfs3_post_op object = nfs3_post_op_of(making->file);
    struct handle handle;
    bool has_handle = false;

    /* It is made; where its handle cannot be had, the client looks it up. */
    if (!error)
        has_handle = nfs_call_handle(call, nfs_call_keep(call, making->file), &handle) == 0;
    nfs3_watch_end(&making->watch);
    nfs3_write_create(reply_of(call), status_of(call, error), has_handle ? handle.bytes : NULL,
                      &object, &making->watch.wcc);
}

/* Something of that type was to be made; nothing else has a target. */
static int made(struct making *making, struct nfs_call *call, const struct nfs3_place *place,
                mode_t type, struct slice target, int error)
{
    return nfs_repeat_making(call, making->directory, place->name, type, target, &making->change,
                             &making->file, error);
}

static void create(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    static const enum tree_create_how hows[] = {
        [NFS3_UNCHECKED] = TREE_UNCHECKED,
        [NFS3_GUARDED] = TREE_GUARDED,
        [NFS3_EXCLUSIVE] = TREE_EXCLUSIVE,
    };
    const struct nfs3_place *place = &arguments->create.place;
    struct making making;
    int error = making_begin(&making, call, place, &arguments->create.sattr);

    if (!error)
        error =
            tree_create(&call->caller, making.directory, place->name, hows[arguments->create.how],
                        &making.change, arguments->create.verifier, &making.file);
    /* What an exclusive one made is known by its verifier. */
    if (arguments->create.how == NFS3_GUARDED)
        error = made(&making, call, place, S_IFREG, (struct slice){NULL, 0}, error);
    making_end(&making, call, error);
}

static void make_directory(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    const struct nfs3_place *place = &arguments->mkdir.place;
    struct making making;
    int error = making_begin(&making, call, place, &arguments->mkdir.sattr);

    if (!error)
        error =
            tree_mkdir(&call->caller, making.directory, place->name, &making.change, &making.file);
    error = made(&making, call, place, S_IFDIR, (struct slice){NULL, 0}, error);
    making_end(&making, call, error);
}

static void make_symlink(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    const struct nfs3_place *place = &arguments->symlink.place;
    struct making making;
    int error = making_begin(&making, call, place, &arguments->symlink.sattr);

    if (!error)
        error = tree_symlink(&call->caller, making.directory, place->name,
                             arguments->symlink.target, &making.change, &making.file);
    error = made(&making, call, place, S_IFLNK, arguments->symlink.target, error);
    making_end(&making, call, error);
}

static mode_t node_type(uint32_t type)
{
    switch (type) {
    case NFS3_CHARACTER:
        return S_IFCHR;
    case NFS3_BLOCK:
        return S_IFBLK;
    case NFS3_SOCKET:
        return S_IFSOCK;
    case NFS3_FIFO:
        return S_IFIFO;
    default:
        return 0;
    }
}

static void make_node(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    const struct nfs3_place *place = &arguments->mknod.place;
    mode_t type = node_type(arguments->mknod.type);
    struct making making;
    int error = making_begin(&making, call, place, &arguments->mknod.sattr);

    if (!error && type == 0) {
        nfs3_watch_end(&making.watch);
        nfs3_write_create(reply_of(call), NFS3ERR_BADTYPE, NULL, NULL, &making.watch.wcc);
        return;
    }
    if (!error)
        error = tree_mknod(&call->caller, making.directory, place->name, type,
                           makedev(arguments->mknod.major, arguments->mknod.minor), &making.change,
                           &making.file);
    /* A device of a number that this system has no room for. */
    if (error == EINVAL && (type == S_IFCHR || type == S_IFBLK))
        error = EOPNOTSUPP;
    error = made(&making, call, place, type, (struct slice){NULL, 0}, error);
    making_end(&making, call, error);
}

static void unmake(struct nfs_call *call, const struct nfs3_place *place,
                   int (*operation)(const struct credentials *, int, struct slice))
{
    struct nfs3_watch watch;
    int directory, error = nfs_call_open(call, place->directory, &directory);

    nfs3_watch_begin(&watch, directory, true);
    if (!error)
        error = nfs_repeat_removing(call, nfs_call_remove(call, directory, place->name, operation));
    nfs3_watch_end(&watch);
    nfs3_write_change(reply_of(call), status_of(call, error), &watch.wcc);
}

static void remove_name(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    unmake(call, &arguments->place, tree_remove);
}

static void remove_directory(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    unmake(call, &arguments->place, tree_rmdir);
}

/* Opens two handles, the second even where the first cannot be: what can be told of it is told. */
static int open_both(struct nfs_call *call, struct slice first, int *first_file,
                     struct slice second, int *second_file)
{
    int error = nfs_call_open(call, first, first_file);
    int second_error = nfs_call_open(call, second, second_file);

    return error ? error : second_error;
}

static bool are_the_same(int file, int other)
{
    struct stat a, b;

    return file >= 0 && other >= 0 && fstat(file, &a) == 0 && fstat(other, &b) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void rename_name(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    const struct nfs3_place *from = &arguments->rename.from, *to = &arguments->rename.to;
    struct nfs3_watch from_watch, to_watch;
    int from_directory, to_directory;
    int error = open_both(call, from->directory, &from_directory, to->directory, &to_directory);
    bool within_one = are_the_same(from_directory, to_directory);

    nfs3_watch_begin(&from_watch, from_directory, true);
    nfs3_watch_begin(&to_watch, within_one ? -1 : to_directory, true);
    if (!error)
        error = nfs_repeat_renaming(
            call, to_directory, to->name,
            nfs_call_rename(call, from_directory, from->name, to_directory, to->name));
    nfs3_watch_end(&to_watch);
    nfs3_watch_end(&from_watch);
    nfs3_write_rename(reply_of(call), status_of(call, error), &from_watch.wcc,
                      within_one ? &from_watch.wcc : &to_watch.wcc);
}

static void link_name(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    const struct nfs3_place *to = &arguments->link.to;
    struct nfs3_post_op object;
    struct nfs3_watch watch;
    int file, directory;
    int error = open_both(call, arguments->link.handle, &file, to->directory, &directory);

    nfs3_watch_begin(&watch, directory, true);
    if (!error)
        error = nfs_repeat_linking(call, file, directory, to->name,
                                   nfs_call_link(call, file, directory, to->name));
    object = nfs3_post_op_of(file);
    nfs3_watch_end(&watch);
    nfs3_write_link(reply_of(call), status_of(call, error), &object, &watch.wcc);
}

static void fsstat(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs3_fsstat fsstat = {0};
    struct nfs3_post_op object;
    struct statvfs status;
    int file, error = nfs_call_open(call, arguments->handle, &file);

    if (!error)
        error = tree_statvfs(file, &status);
    if (!error)
        fsstat = (struct nfs3_fsstat){
            .total_bytes = (uint64_t)status.f_blocks * status.f_frsize,
            .free_bytes = (uint64_t)status.f_bfree * status.f_frsize,
            .available_bytes = (uint64_t)status.f_bavail * status.f_frsize,
            .total_files = status.f_files,
            .free_files = status.f_ffree,
            .available_files = status.f_favail,
        };
    object = seen(call, file);
    nfs3_write_fsstat(reply_of(call), status_of(call, error), &object, &fsstat);
}

static void fsinfo(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    uint32_t transfer = call->exchange->transport == RPC_UDP ? UDP_TRANSFER : NFS3_WRITE_MAX;
    const struct nfs3_fsinfo fsinfo = {
        .read_max = transfer,
        .read_preferred = transfer,
        .read_multiple = 4096,
        .write_max = transfer,
        .write_preferred = transfer,
        .write_multiple = 4096,
        .readdir_preferred = NFS3_LISTING_UDP_MAX,
        .file_size_max = INT64_MAX,
        .time_delta = {.nanoseconds = 1},
        .properties = NFS3_FS_LINK | NFS3_FS_SYMLINK | NFS3_FS_HOMOGENEOUS | NFS3_FS_CANSETTIME,
    };
    struct nfs3_post_op object;
    int file, error = nfs_call_open(call, arguments->handle, &file);

    object = seen(call, file);
    nfs3_write_fsinfo(reply_of(call), status_of(call, error), &object, &fsinfo);
}

static void pathconf_limits(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct nfs3_pathconf pathconf = {
        .name_max = TREE_NAME_MAX,
        .no_trunc = true,
        .chown_restricted = true,
        .case_preserving = true,
    };
    struct nfs3_post_op object;
    int file, error = nfs_call_open(call, arguments->handle, &file);

    if (!error)
        pathconf.link_max = tree_link_max(file);
    object = seen(call, file);
    nfs3_write_pathconf(reply_of(call), status_of(call, error), &object, &pathconf);
}

static void commit(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    uint8_t verifier[NFS_VERIFIER_SIZE];
    struct nfs3_watch watch;
    int file, error = nfs_call_open(call, arguments->commit.handle, &file);

    nfs3_watch_begin(&watch, file, false);
    if (!error)
        error = tree_commit(file);
    nfs3_watch_end(&watch);
    nfs_write_verifier(verifier);
    nfs3_write_commit(reply_of(call), status_of(call, error), &watch.wcc, verifier);
}

static void (*const operations[NFS3_PROCEDURE_COUNT])(struct nfs_call *call,
                                                      const union nfs3_arguments *arguments) = {
    [NFS3_NULL] = nothing,
    [NFS3_GETATTR] = getattr,
    [NFS3_SETATTR] = setattr,
    [NFS3_LOOKUP] = lookup,
    [NFS3_ACCESS] = access_rights,
    [NFS3_READLINK] = readlink_target,
    [NFS3_READ] = read_data,
    [NFS3_WRITE] = write_data,
    [NFS3_CREATE] = create,
    [NFS3_MKDIR] = make_directory,
    [NFS3_SYMLINK] = make_symlink,
    [NFS3_MKNOD] = make_node,
    [NFS3_REMOVE] = remove_name,
    [NFS3_RMDIR] = remove_directory,
    [NFS3_RENAME] = rename_name,
    [NFS3_LINK] = link_name,
    [NFS3_READDIR] = nfs3_list_directory,
    [NFS3_READDIRPLUS] = nfs3_list_directory,
    [NFS3_FSSTAT] = fsstat,
    [NFS3_FSINFO] = fsinfo,
    [NFS3_PATHCONF] = pathconf_limits,
    [NFS3_COMMIT] = commit,
};

static int work_on(struct rpc_exchange *exchange, bool may_wait)
{
    union nfs3_arguments arguments;
    struct nfs_call call;

    if (!nfs3_read_arguments(&exchange->arguments, exchange->call.procedure, &arguments))
        return RPC_GARBAGE_ARGS;
    nfs_call_begin(&call, exchange, may_wait);
    operations[exchange->call.procedure](&call, &arguments);
    nfs_call_end(&call);
    return call.would_wait ? RPC_LATER : RPC_SUCCESS;
}

static int handle_query(struct rpc_exchange *exchange)
{
    return nfs_do(exchange, false, work_on);
}

static int handle_change(struct rpc_exchange *exchange)
{
    return nfs_do(exchange, true, work_on);
}

static const struct rpc_procedure procedures[NFS3_PROCEDURE_COUNT] = {
    [NFS3_NULL] = {"NULL", handle_query, RPC_RUNS_AGAIN},
    [NFS3_GETATTR] = {"GETATTR", handle_query, RPC_RUNS_AGAIN},
    [NFS3_SETATTR] = {"SETATTR", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_LOOKUP] = {"LOOKUP", handle_query, RPC_RUNS_AGAIN},
    [NFS3_ACCESS] = {"ACCESS", handle_query, RPC_RUNS_AGAIN},
    [NFS3_READLINK] = {"READLINK", handle_query, RPC_RUNS_AGAIN},
    [NFS3_READ] = {"READ", handle_query, RPC_RUNS_AGAIN},
    [NFS3_WRITE] = {"WRITE", handle_change, RPC_RUNS_ONCE},
    [NFS3_CREATE] = {"CREATE", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_MKDIR] = {"MKDIR", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_SYMLINK] = {"SYMLINK", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_MKNOD] = {"MKNOD", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_REMOVE] = {"REMOVE", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_RMDIR] = {"RMDIR", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_RENAME] = {"RENAME", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_LINK] = {"LINK", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS3_READDIR] = {"READDIR", handle_query, RPC_RUNS_AGAIN},
    [NFS3_READDIRPLUS] = {"READDIRPLUS", handle_query, RPC_RUNS_AGAIN},
    [NFS3_FSSTAT] = {"FSSTAT", handle_query, RPC_RUNS_AGAIN},
    [NFS3_FSINFO] = {"FSINFO", handle_query, RPC_RUNS_AGAIN},
    [NFS3_PATHCONF] = {"PATHCONF", handle_query, RPC_RUNS_AGAIN},
    [NFS3_COMMIT] = {"COMMIT", handle_change, RPC_RUNS_AGAIN},
};

const struct rpc_program nfs3_program = {
    .program = NFS3_PROGRAM,
    .version = 3,
    .name = "nfs",
    .procedures = procedures,
    .procedure_count = NFS3_PROCEDURE_COUNT,
    .wants_export = true,
};
