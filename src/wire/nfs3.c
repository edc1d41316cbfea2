#include "wire/nfs3.h"

#include "wire/xdr.h"

#include <string.h>

static struct slice read_handle(struct reader *r)
{
    return xdr_read_opaque(r, NFS3_HANDLE_MAX);
}

static struct nfs3_place read_place(struct reader *r)
{
    struct nfs3_place place = {.directory = read_handle(r)};

    place.name = xdr_read_opaque(r, NFS3_NAME_MAX);
    return place;
}

static struct nfs3_time read_time(struct reader *r)
{
    struct nfs3_time time = {.seconds = reader_be32(r)};

    time.nanoseconds = reader_be32(r);
    return time;
}

static enum nfs3_time_how read_set_time(struct reader *r, struct nfs3_time *time)
{
    uint32_t how = reader_be32(r);

    if (how > NFS3_SET_TO_CLIENT)
        reader_fail(r);
    if (how == NFS3_SET_TO_CLIENT)
        *time = read_time(r);
    return how;
}

static struct nfs3_sattr read_sattr(struct reader *r)
{
    struct nfs3_sattr sattr = {.set_mode = xdr_read_bool(r)};

    sattr.mode = sattr.set_mode ? reader_be32(r) : 0;
    sattr.set_uid = xdr_read_bool(r);
    sattr.uid = sattr.set_uid ? reader_be32(r) : 0;
    sattr.set_gid = xdr_read_bool(r);
    sattr.gid = sattr.set_gid ? reader_be32(r) : 0;
    sattr.set_size = xdr_read_bool(r);
    sattr.size = sattr.set_size ? reader_be64(r) : 0;
    sattr.set_atime = read_set_time(r, &sattr.atime);
    sattr.set_mtime = read_set_time(r, &sattr.mtime);
    return sattr;
}

static void read_nothing(struct reader *r, union nfs3_arguments *arguments)
{
    (void)r;
    (void)arguments;
}

static void read_handle_alone(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->handle = read_handle(r);
}

static void read_place_alone(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->place = read_place(r);
}

static void read_setattr(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->setattr.handle = read_handle(r);
    arguments->setattr.sattr = read_sattr(r);
    arguments->setattr.guarded = xdr_read_bool(r);
    if (arguments->setattr.guarded)
        arguments->setattr.guard_ctime = read_time(r);
}

static void read_access(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->access.handle = read_handle(r);
    arguments->access.wanted = reader_be32(r);
}

static void read_read(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->read.handle = read_handle(r);
    arguments->read.offset = reader_be64(r);
    arguments->read.count = reader_be32(r);
}

static void read_write(struct reader *r, union nfs3_arguments *arguments)
{
    uint32_t stable;

    arguments->write.handle = read_handle(r);
    arguments->write.offset = reader_be64(r);
    arguments->write.count = reader_be32(r);
    stable = reader_be32(r);
    if (stable > NFS3_FILE_SYNC)
        reader_fail(r);
    arguments->write.stable = stable;
    arguments->write.data = xdr_read_opaque(r, NFS3_WRITE_MAX);
}

static void read_create(struct reader *r, union nfs3_arguments *arguments)
{
    uint32_t how;

    arguments->create.place = read_place(r);
    how = reader_be32(r);
    if (how > NFS3_EXCLUSIVE)
        reader_fail(r);
    arguments->create.how = how;
    if (how == NFS3_EXCLUSIVE)
        reader_copy(r, arguments->create.verifier, NFS3_VERIFIER_SIZE);
    else
        arguments->create.sattr = read_sattr(r);
}

static void read_mkdir(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->mkdir.place = read_place(r);
    arguments->mkdir.sattr = read_sattr(r);
}

static void read_symlink(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->symlink.place = read_place(r);
    arguments->symlink.sattr = read_sattr(r);
    arguments->symlink.target = xdr_read_opaque(r, NFS3_PATH_MAX);
}

static void read_mknod(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->mknod.place = read_place(r);
    arguments->mknod.type = reader_be32(r);
    switch (arguments->mknod.type) {
    case NFS3_CHARACTER:
    case NFS3_BLOCK:
        arguments->mknod.sattr = read_sattr(r);
        arguments->mknod.major = reader_be32(r);
        arguments->mknod.minor = reader_be32(r);
        break;
    case NFS3_SOCKET:
    case NFS3_FIFO:
        arguments->mknod.sattr = read_sattr(r);
        break;
    default:
        break;
    }
}

static void read_rename(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->rename.from = read_place(r);
    arguments->rename.to = read_place(r);
}

static void read_link(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->link.handle = read_handle(r);
    arguments->link.to = read_place(r);
}

static void read_readdir(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->readdir.directory = read_handle(r);
    arguments->readdir.cookie = reader_be64(r);
    reader_copy(r, arguments->readdir.verifier, NFS3_VERIFIER_SIZE);
    arguments->readdir.count = reader_be32(r);
}

static void read_readdirplus(struct reader *r, union nfs3_arguments *arguments)
{
    arguments->readdir.directory = read_handle(r);
    arguments->readdir.cookie = reader_be64(r);
    reader_copy(r, arguments->readdir.verifier, NFS3_VERIFIER_SIZE);
    arguments->readdir.dircount = reader_be32(r);
    arguments->readdir.count = reader_be32(r);
}

static void (*const readers[NFS3_PROCEDURE_COUNT])(struct reader *r,
                                                   union nfs3_arguments *arguments) = {
    [NFS3_NULL] = read_nothing,
    [NFS3_GETATTR] = read_handle_alone,
    [NFS3_SETATTR] = read_setattr,
    [NFS3_LOOKUP] = read_place_alone,
    [NFS3_ACCESS] = read_access,
    [NFS3_READLINK] = read_handle_alone,
    [NFS3_READ] = read_read,
    [NFS3_WRITE] = read_write,
    [NFS3_CREATE] = read_create,
    [NFS3_MKDIR] = read_mkdir,
    [NFS3_SYMLINK] = read_symlink,
    [NFS3_MKNOD] = read_mknod,
    [NFS3_REMOVE] = read_place_alone,
    [NFS3_RMDIR] = read_place_alone,
    [NFS3_RENAME] = read_rename,
    [NFS3_LINK] = read_link,
    [NFS3_READDIR] = read_readdir,
    [NFS3_READDIRPLUS] = read_readdirplus,
    [NFS3_FSSTAT] = read_handle_alone,
    [NFS3_FSINFO] = read_handle_alone,
    [NFS3_PATHCONF] = read_handle_alone,
    [NFS3_COMMIT] = read_read,
};

bool nfs3_read_arguments(struct reader *r, uint32_t procedure, union nfs3_arguments *arguments)
{
    memset(arguments, 0, sizeof(*arguments));
    if (procedure >= NFS3_PROCEDURE_COUNT)
        reader_fail(r);
    else
        readers[procedure](r, arguments);
    return !r->failed;
}

static void write_time(struct writer *w, struct nfs3_time time)
{
    writer_be32(w, time.seconds);
    writer_be32(w, time.nanoseconds);
}

void nfs3_write_fattr(struct writer *w, const struct nfs3_fattr *fattr)
{
    writer_be32(w, fattr->type);
    writer_be32(w, fattr->mode);
    writer_be32(w, fattr->nlink);
    writer_be32(w, fattr->uid);
    writer_be32(w, fattr->gid);
    writer_be64(w, fattr->size);
    writer_be64(w, fattr->used);
    writer_be32(w, fattr->rdev_major);
    writer_be32(w, fattr->rdev_minor);
    writer_be64(w, fattr->fsid);
    writer_be64(w, fattr->fileid);
    write_time(w, fattr->atime);
    write_time(w, fattr->mtime);
    write_time(w, fattr->ctime);
}

void nfs3_write_post_op(struct writer *w, const struct nfs3_post_op *post_op)
{
    xdr_write_bool(w, post_op->present);
    if (post_op->present)
        nfs3_write_fattr(w, &post_op->attributes);
}

void nfs3_write_wcc(struct writer *w, const struct nfs3_wcc *wcc)
{
    xdr_write_bool(w, wcc->has_before);
    if (wcc->has_before) {
        writer_be64(w, wcc->size);
        write_time(w, wcc->mtime);
        write_time(w, wcc->ctime);
    }
    nfs3_write_post_op(w, &wcc->after);
}

static void write_handle(struct writer *w, const uint8_t handle[NFS3_HANDLE_SIZE])
{
    xdr_write_opaque(w, slice_of(handle, NFS3_HANDLE_SIZE));
}

void nfs3_write_post_op_handle(struct writer *w, const uint8_t handle[NFS3_HANDLE_SIZE])
{
    xdr_write_bool(w, handle != NULL);
    if (handle)
        write_handle(w, handle);
}

void nfs3_write_getattr(struct writer *w, enum nfs3_status status, const struct nfs3_fattr *fattr)
{
    writer_be32(w, status);
    if (status == NFS3_OK)
        nfs3_write_fattr(w, fattr);
}

void nfs3_write_change(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *wcc)
{
    writer_be32(w, status);
    nfs3_write_wcc(w, wcc);
}

void nfs3_write_lookup(struct writer *w, enum nfs3_status status,
                       const uint8_t handle[NFS3_HANDLE_SIZE], const struct nfs3_post_op *object,
                       const struct nfs3_post_op *directory)
{
    writer_be32(w, status);
    if (status == NFS3_OK) {
        write_handle(w, handle);
        nfs3_write_post_op(w, object);
    }
    nfs3_write_post_op(w, directory);
}

void nfs3_write_access(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                       uint32_t granted)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, object);
    if (status == NFS3_OK)
        writer_be32(w, granted);
}

void nfs3_write_readlink(struct writer *w, enum nfs3_status status,
                         const struct nfs3_post_op *object, struct slice target)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, object);
    if (status == NFS3_OK)
        xdr_write_opaque(w, target);
}

void nfs3_write_read(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                     uint32_t count, bool eof)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, object);
    if (status == NFS3_OK) {
        writer_be32(w, count);
        xdr_write_bool(w, eof);
        writer_be32(w, count); /* the data's length, as an opaque has it before its bytes */
    }
}

void nfs3_write_write(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *wcc,
                      uint32_t count, enum nfs3_stable committed,
                      const uint8_t verifier[NFS3_VERIFIER_SIZE])
{
    writer_be32(w, status);
    nfs3_write_wcc(w, wcc);
    if (status == NFS3_OK) {
        writer_be32(w, count);
        writer_be32(w, committed);
        writer_bytes(w, verifier, NFS3_VERIFIER_SIZE);
    }
}

void nfs3_write_create(struct writer *w, enum nfs3_status status,
                       const uint8_t handle[NFS3_HANDLE_SIZE], const struct nfs3_post_op *object,
                       const struct nfs3_wcc *directory)
{
    writer_be32(w, status);
    if (status == NFS3_OK) {
        nfs3_write_post_op_handle(w, handle);
        nfs3_write_post_op(w, object);
    }
    nfs3_write_wcc(w, directory);
}

void nfs3_write_rename(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *from,
                       const struct nfs3_wcc *to)
{
    writer_be32(w, status);
    nfs3_write_wcc(w, from);
    nfs3_write_wcc(w, to);
}

void nfs3_write_link(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                     const struct nfs3_wcc *directory)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, object);
    nfs3_write_wcc(w, directory);
}

void nfs3_write_fsstat(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                       const struct nfs3_fsstat *fsstat)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, object);
    if (status != NFS3_OK)
        return;
    writer_be64(w, fsstat->total_bytes);
    writer_be64(w, fsstat->free_bytes);
    writer_be64(w, fsstat->available_bytes);
    writer_be64(w, fsstat->total_files);
    writer_be64(w, fsstat->free_files);
    writer_be64(w, fsstat->available_files);
    writer_be32(w, fsstat->invariant_seconds);
}

void nfs3_write_fsinfo(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                       const struct nfs3_fsinfo *fsinfo)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, object);
    if (status != NFS3_OK)
        return;
    writer_be32(w, fsinfo->read_max);
    writer_be32(w, fsinfo->read_preferred);
    writer_be32(w, fsinfo->read_multiple);
    writer_be32(w, fsinfo->write_max);
    writer_be32(w, fsinfo->write_preferred);
    writer_be32(w, fsinfo->write_multiple);
    writer_be32(w, fsinfo->readdir_preferred);
    writer_be64(w, fsinfo->file_size_max);
    write_time(w, fsinfo->time_delta);
    writer_be32(w, fsinfo->properties);
}

void nfs3_write_pathconf(struct writer *w, enum nfs3_status status,
                         const struct nfs3_post_op *object, const struct nfs3_pathconf *pathconf)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, object);
    if (status != NFS3_OK)
        return;
    writer_be32(w, pathconf->link_max);
    writer_be32(w, pathconf->name_max);
    xdr_write_bool(w, pathconf->no_trunc);
    xdr_write_bool(w, pathconf->chown_restricted);
    xdr_write_bool(w, pathconf->case_insensitive);
    xdr_write_bool(w, pathconf->case_preserving);
}

void nfs3_write_commit(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *wcc,
                       const uint8_t verifier[NFS3_VERIFIER_SIZE])
{
    writer_be32(w, status);
    nfs3_write_wcc(w, wcc);
    if (status == NFS3_OK)
        writer_bytes(w, verifier, NFS3_VERIFIER_SIZE);
}

void nfs3_write_readdir_failed(struct writer *w, enum nfs3_status status,
                               const struct nfs3_post_op *directory)
{
    writer_be32(w, status);
    nfs3_write_post_op(w, directory);
}

/* "No more entries" and eof. */
enum { LIST_END_SIZE = 8 };

void nfs3_list_start(struct nfs3_list *list, struct writer *w, bool plus,
                     const struct nfs3_post_op *directory,
                     const uint8_t verifier[NFS3_VERIFIER_SIZE], size_t count, size_t dircount)
{
    writer_be32(w, NFS3_OK);
    *list = (struct nfs3_list){.writer = w, .end = w->capacity, .dir_left = dircount, .plus = plus};
    if (count < writer_left(w))
        list->end = w->length + count;
    nfs3_write_post_op(w, directory);
    writer_bytes(w, verifier, NFS3_VERIFIER_SIZE);
}

/* What the entry takes of dircount: its name, file id and cookie (section 3.3.17). */
static size_t entry_directory_size(size_t name_length)
{
    return 8 + 4 + name_length + xdr_padding(name_length) + 8;
}

/* The entry's whole size with "another follows", at most: attributes and handle may be missing. */
static size_t entry_size(const struct nfs3_list *list, size_t name_length)
{
    size_t size = 4 + entry_directory_size(name_length);

    return list->plus ? size + 4 + NFS3_FATTR_SIZE + 4 + 4 + NFS3_HANDLE_SIZE : size;
}

bool nfs3_list_fits(const struct nfs3_list *list, size_t name_length)
{
    size_t length = list->writer->length;

    return !list->writer->failed && length <= list->end &&
           entry_size(list, name_length) + LIST_END_SIZE <= list->end - length &&
           (entry_directory_size(name_length) <= list->dir_left || !list->has_entry);
}

bool nfs3_list_add(struct nfs3_list *list, const struct nfs3_entry *entry)
{
    struct writer *w = list->writer;
    size_t size;

    if (!nfs3_list_fits(list, entry->name.length))
        return false;
    size = entry_directory_size(entry->name.length);
    list->dir_left -= size < list->dir_left ? size : list->dir_left;
    list->has_entry = true;
    xdr_write_bool(w, true);
    writer_be64(w, entry->fileid);
    xdr_write_opaque(w, entry->name);
    writer_be64(w, entry->cookie);
    if (list->plus) {
        nfs3_write_post_op(w, &entry->attributes);
        nfs3_write_post_op_handle(w, entry->has_handle ? entry->handle : NULL);
    }
    return true;
}

void nfs3_list_end(struct nfs3_list *list, bool eof)
{
    xdr_write_bool(list->writer, false);
    xdr_write_bool(list->writer, eof);
}
