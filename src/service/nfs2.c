/* NFS version 2 (RFC 1094), for boot loaders and old systems: each procedure decodes its arguments,
 * opens its handles, makes one operation of the tree as the caller, and encodes what came of it. */
#include "wire/nfs2.h"
#include "service/nfs.h"
#include "service/nfs2_values.h"
#include "service/nfs_change.h"
#include "service/nfs_repeat.h"
#include "service/rpc.h"
#include "store/directory.h"
#include "store/handles.h"
#include "wire/nfs3.h"

#include <errno.h>

static struct writer *reply_of(struct nfs_call *call)
{
    return &call->exchange->reply;
}

static void answer_status(struct nfs_call *call, int error)
{
    nfs2_write_status(reply_of(call), nfs2_status_of(error));
}

/* attrstat: the file's attributes, or the error. */
static void answer_attributes(struct nfs_call *call, int file, int error)
{
    struct nfs2_fattr fattr;
    struct stat status;

    if (!error)
        error = tree_stat(file, &status);
    if (error) {
        answer_status(call, error);
        return;
    }
    fattr = nfs2_fattr_of(&status);
    nfs2_write_attributes(reply_of(call), &fattr);
}

/* diropres: the file's handle and attributes, or the error. */
static void answer_object(struct nfs_call *call, int file, int error)
{
    struct nfs2_fattr fattr;
    struct handle handle;
    struct stat status;

    if (!error)
        error = nfs_call_handle(call, file, &handle);
    if (!error)
        error = tree_stat(file, &status);
    if (error) {
        answer_status(call, error);
        return;
    }
    fattr = nfs2_fattr_of(&status);
    nfs2_write_object(reply_of(call), handle.bytes, &fattr);
}

/* NULL, and ROOT and WRITECACHE, which are obsolete (sections 2.2.4, 2.2.8): no results. */
static void nothing(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    (void)call;
    (void)arguments;
}

static void getattr(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    int file, error = nfs_call_open(call, arguments->handle, &file);

    answer_attributes(call, file, error);
}

static void setattr(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    struct nfs_change_place *place;
    struct nfs_change watch;
    struct tree_change change;
    struct stat status;
    int file, error = nfs_call_open(call, arguments->setattr.handle, &file);

    place = nfs_change_lock(file);
    nfs_change_begin(&watch, file, true);
    if (!error)
        error = tree_stat(file, &status);
    if (!error)
        error = nfs2_change_of(&arguments->setattr.sattr, &change);
    if (!error && change.set_size && change.size > NFS2_OFFSET_MAX)
        error = EFBIG;
    if (!error)
        error = nfs2_data_error(status.st_mode, tree_set(&call->caller, file, &status, &change));
    nfs_change_end(&watch);
    nfs_change_unlock(place);
    answer_attributes(call, file, error);
}

static void lookup(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    int file = -1, directory, error = nfs_call_open(call, arguments->place.directory, &directory);

    if (!error)
        error = nfs_call_lookup(call, directory, arguments->place.name, &file);
    nfs_tell_lookup(call, directory, arguments->place.name, file, error);
    answer_object(call, file, error);
}

static void readlink_target(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    char target[TREE_TARGET_MAX + 1];
    size_t length = 0;
    int file, error = nfs_call_open(call, arguments->handle, &file);

    if (!error)
        error = tree_readlink(file, target, &length);
    if (!error && length > NFS2_PATH_MAX)
        error = ENAMETOOLONG;
    if (error)
        answer_status(call, error);
    else
        nfs2_write_readlink(reply_of(call), slice_of(target, length));
}

static void read_data(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    uint32_t offset = arguments->read.offset, count = arguments->read.count;
    struct nfs_data data = {.bytes = NULL};
    struct nfs2_fattr fattr;
    int file, error = nfs_call_open(call, arguments->read.handle, &file);

    if (!error && offset > NFS2_OFFSET_MAX)
        error = EFBIG;
    if (count > NFS2_DATA_MAX)
        count = NFS2_DATA_MAX;
    if (!error && count > NFS2_OFFSET_MAX - offset)
        count = NFS2_OFFSET_MAX - offset;
    if (!error)
        error = nfs2_data_error(nfs_call_status(call, file)->st_mode,
                                nfs_data_read(call, file, offset, count, &data));
    if (error) {
        answer_status(call, error);
        return;
    }
    fattr = nfs2_fattr_of(nfs_call_status(call, file));
    nfs2_write_read(reply_of(call), &fattr, (uint32_t)data.count);
    nfs_data_send(call, &data);
    if (offset == 0)
        nfs_tell_read(call, file, arguments->read.handle,
                      (uint64_t)nfs_call_status(call, file)->st_size);
}

static void write_data(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    uint32_t offset = arguments->write.offset;
    struct slice data = arguments->write.data;
    struct nfs_change watch;
    struct stat status;
    size_t count = 0;
    int file, error = nfs_call_open(call, arguments->write.handle, &file);

    nfs_change_begin(&watch, file, true);
    if (!error)
        error = tree_stat(file, &status);
    if (!error && (offset > NFS2_OFFSET_MAX || data.length > NFS2_OFFSET_MAX - offset))
        error = EFBIG;
    if (!error)
        error = nfs2_data_error(status.st_mode,
                                nfs_data_write(call, file, offset, data, TREE_FILE_STABLE, &count));
    nfs_change_end(&watch);
    /* The answer has no count: all was written, or it failed. */
    if (!error && count < data.length)
        error = ENOSPC;
    rpc_count(call->exchange, 0, count);
    answer_attributes(call, file, error);
}

static void create(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    static const uint8_t no_verifier[TREE_VERIFIER_SIZE];
    const struct nfs2_place *place = &arguments->create.place;
    const struct nfs2_sattr *sattr = &arguments->create.sattr;
    struct nfs_change watch;
    struct tree_change change;
    dev_t device;
    mode_t type = nfs2_create_type(sattr, &device);
    int file = -1, directory, error = nfs_call_open(call, place->directory, &directory);

    nfs_change_begin(&watch, directory, true);
    if (!error)
        error = nfs2_change_of(sattr, &change);
    if (!error && type == S_IFREG && change.set_size && change.size > NFS2_OFFSET_MAX)
        error = EFBIG;
    if (!error && type == 0)
        error = EACCES;
    if (!error && type == S_IFREG)
        error = tree_create(&call->caller, directory, place->name, TREE_UNCHECKED, &change,
                            no_verifier, &file);
    else if (!error)
        error = nfs_repeat_making(
            call, directory, place->name, type, (struct slice){NULL, 0}, &change, &file,
            tree_mknod(&call->caller, directory, place->name, type, device, &change, &file));
    nfs_change_end(&watch);
    if (!error)
        nfs_call_keep(call, file);
    answer_object(call, file, error);
}

static void make_directory(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    const struct nfs2_place *place = &arguments->create.place;
    struct nfs_change watch;
    struct tree_change change;
    int file = -1, directory, error = nfs_call_open(call, place->directory, &directory);

    nfs_change_begin(&watch, directory, true);
    if (!error)
        error = nfs2_change_of(&arguments->create.sattr, &change);
    if (!error)
        error = nfs_repeat_making(
            call, directory, place->name, S_IFDIR, (struct slice){NULL, 0}, &change, &file,
            tree_mkdir(&call->caller, directory, place->name, &change, &file));
    nfs_change_end(&watch);
    if (!error)
        nfs_call_keep(call, file);
    answer_object(call, file, error);
}

static void make_symlink(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    const struct nfs2_place *place = &arguments->symlink.place;
    struct nfs_change watch;
    struct tree_change change;
    int file, directory, error = nfs_call_open(call, place->directory, &directory);

    nfs_change_begin(&watch, directory, true);
    if (!error)
        error = nfs2_change_of(&arguments->symlink.sattr, &change);
    if (!error)
        error = tree_symlink(&call->caller, directory, place->name, arguments->symlink.target,
                             &change, &file);
    if (error == EEXIST)
        error = nfs_repeat_making(call, directory, place->name, S_IFLNK, arguments->symlink.target,
                                  &change, &file, error);
    nfs_change_end(&watch);
    if (!error)
        nfs_call_keep(call, file);
    answer_status(call, error);
}

static void unmake(struct nfs_call *call, const struct nfs2_place *place,
                   int (*operation)(const struct credentials *, int, struct slice))
{
    struct nfs_change watch;
    int directory, error = nfs_call_open(call, place->directory, &directory);

    nfs_change_begin(&watch, directory, true);
    if (!error)
        error = nfs_repeat_removing(call, nfs_call_remove(call, directory, place->name, operation));
    nfs_change_end(&watch);
    answer_status(call, error);
}

static void remove_name(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    unmake(call, &arguments->place, tree_remove);
}

static void remove_directory(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    unmake(call, &arguments->place, tree_rmdir);
}

static void rename_name(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    const struct nfs2_place *from = &arguments->rename.from, *to = &arguments->rename.to;
    struct nfs_change from_watch, to_watch;
    int from_directory, to_directory = -1;
    int error = nfs_call_open(call, from->directory, &from_directory);

    if (!error)
        error = nfs_call_open(call, to->directory, &to_directory);
    nfs_change_begin(&from_watch, from_directory, true);
    nfs_change_begin(&to_watch, to_directory, true);
    if (!error)
        error = nfs_repeat_renaming(
            call, to_directory, to->name,
            nfs_call_rename(call, from_directory, from->name, to_directory, to->name));
    nfs_change_end(&to_watch);
    nfs_change_end(&from_watch);
    answer_status(call, error);
}

static void link_name(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    struct nfs_change watch;
    int file, directory = -1, error = nfs_call_open(call, arguments->link.handle, &file);

    if (!error)
        error = nfs_call_open(call, arguments->link.to.directory, &directory);
    nfs_change_begin(&watch, directory, true);
    if (!error)
        error = nfs_repeat_linking(call, file, directory, arguments->link.to.name,
                                   nfs_call_link(call, file, directory, arguments->link.to.name));
    nfs_change_end(&watch);
    answer_status(call, error);
}

/* Adds entries until the list is full or the directory at its end, and ends it. A list that is full
 * is cut back to where its last cookie is exact, if it has such a place: directory.h. Returns an
 * errno where not even one entry could be added. */
static int list_entries(struct nfs_call *call, int directory, struct directory *reading,
                        struct nfs2_list *list)
{
    struct directory_entry found;
    size_t start = list->writer->length, exact = start;
    int more;

    while ((more = directory_next(reading, &found)) > 0) {
        uint64_t id = found.file_id;

        if (slice_equal_string(found.name, ".."))
            id = nfs_call_parent_id(call, directory, id);
        if (!nfs2_list_add(list, nfs2_file_id_of(id), found.name, found.small_cookie))
            break;
        if (found.small_is_exact)
            exact = list->writer->length;
    }
    if (more != 0 && exact > start)
        nfs2_list_cut(list, exact);
    if (more != 0 && list->writer->length == start)
        return more < 0 ? -more : EIO;
    nfs2_list_end(list, more == 0);
    return 0;
}

static void list_directory(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    size_t count = arguments->readdir.count, start = reply_of(call)->length;
    struct directory reading;
    struct nfs2_list list;
    int directory, error = nfs_call_open(call, arguments->readdir.directory, &directory);

    if (!error)
        error = directory_open(&reading, &call->caller, directory, arguments->readdir.cookie);
    if (error) {
        answer_status(call, error);
        return;
    }
    nfs2_list_start(&list, reply_of(call), count < NFS2_DATA_MAX ? count : NFS2_DATA_MAX);
    error = list_entries(call, directory, &reading, &list);
    directory_close(&reading);
    if (error) {
        *reply_of(call) = (struct writer){
            .data = reply_of(call)->data, .capacity = reply_of(call)->capacity, .length = start};
        answer_status(call, error);
    }
}

static void statfs_sizes(struct nfs_call *call, const union nfs2_arguments *arguments)
{
    struct nfs2_statfs statfs;
    struct statvfs status;
    int file, error = nfs_call_open(call, arguments->handle, &file);

    if (!error)
        error = tree_statvfs(file, &status);
    if (error) {
        answer_status(call, error);
        return;
    }
    statfs = nfs2_statfs_of(&status);
    nfs2_write_statfs(reply_of(call), &statfs);
}

static void (*const operations[NFS2_PROCEDURE_COUNT])(struct nfs_call *call,
                                                      const union nfs2_arguments *arguments) = {
    [NFS2_NULL] = nothing,           [NFS2_GETATTR] = getattr,
    [NFS2_SETATTR] = setattr,        [NFS2_ROOT] = nothing,
    [NFS2_LOOKUP] = lookup,          [NFS2_READLINK] = readlink_target,
    [NFS2_READ] = read_data,         [NFS2_WRITECACHE] = nothing,
    [NFS2_WRITE] = write_data,       [NFS2_CREATE] = create,
    [NFS2_REMOVE] = remove_name,     [NFS2_RENAME] = rename_name,
    [NFS2_LINK] = link_name,         [NFS2_SYMLINK] = make_symlink,
    [NFS2_MKDIR] = make_directory,   [NFS2_RMDIR] = remove_directory,
    [NFS2_READDIR] = list_directory, [NFS2_STATFS] = statfs_sizes,
};

static int work_on(struct rpc_exchange *exchange, bool may_wait)
{
    union nfs2_arguments arguments;
    struct nfs_call call;

    if (!nfs2_read_arguments(&exchange->arguments, exchange->call.procedure, &arguments))
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

static const struct rpc_procedure procedures[NFS2_PROCEDURE_COUNT] = {
    [NFS2_NULL] = {"NULL", handle_query, RPC_RUNS_AGAIN},
    [NFS2_GETATTR] = {"GETATTR", handle_query, RPC_RUNS_AGAIN},
    [NFS2_SETATTR] = {"SETATTR", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_ROOT] = {"ROOT", handle_query, RPC_RUNS_AGAIN},
    [NFS2_LOOKUP] = {"LOOKUP", handle_query, RPC_RUNS_AGAIN},
    [NFS2_READLINK] = {"READLINK", handle_query, RPC_RUNS_AGAIN},
    [NFS2_READ] = {"READ", handle_query, RPC_RUNS_AGAIN},
    [NFS2_WRITECACHE] = {"WRITECACHE", handle_query, RPC_RUNS_AGAIN},
    [NFS2_WRITE] = {"WRITE", handle_change, RPC_RUNS_ONCE},
    [NFS2_CREATE] = {"CREATE", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_REMOVE] = {"REMOVE", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_RENAME] = {"RENAME", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_LINK] = {"LINK", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_SYMLINK] = {"SYMLINK", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_MKDIR] = {"MKDIR", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_RMDIR] = {"RMDIR", handle_change, RPC_RUNS_ONCE_EVER},
    [NFS2_READDIR] = {"READDIR", handle_change, RPC_RUNS_AGAIN},
    [NFS2_STATFS] = {"STATFS", handle_query, RPC_RUNS_AGAIN},
};

const struct rpc_program nfs2_program = {
    .program = NFS3_PROGRAM,
    .version = 2,
    .name = "nfs",
    .procedures = procedures,
    .procedure_count = NFS2_PROCEDURE_COUNT,
    .wants_export = true,
};
