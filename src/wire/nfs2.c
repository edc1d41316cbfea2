#include "wire/nfs2.h"

#include "wire/xdr.h"

#include <string.h>

static struct slice read_handle(struct reader *r)
{
    return reader_bytes(r, NFS2_HANDLE_SIZE);
}

static struct nfs2_place read_place(struct reader *r)
{
    struct nfs2_place place = {.directory = read_handle(r)};

    place.name = xdr_read_opaque(r, NFS2_NAME_MAX);
    return place;
}

static struct nfs2_time read_time(struct reader *r)
{
    struct nfs2_time time = {.seconds = reader_be32(r)};

    time.microseconds = reader_be32(r);
    return time;
}

static struct nfs2_sattr read_sattr(struct reader *r)
{
    struct nfs2_sattr sattr = {.mode = reader_be32(r)};

    sattr.uid = reader_be32(r);
    sattr.gid = reader_be32(r);
    sattr.size = reader_be32(r);
    sattr.atime = read_time(r);
    sattr.mtime = read_time(r);
    return sattr;
}

static void read_nothing(struct reader *r, union nfs2_arguments *arguments)
{
    (void)r;
    (void)arguments;
}

static void read_handle_alone(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->handle = read_handle(r);
}

static void read_place_alone(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->place = read_place(r);
}

static void read_setattr(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->setattr.handle = read_handle(r);
    arguments->setattr.sattr = read_sattr(r);
}

static void read_read(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->read.handle = read_handle(r);
    arguments->read.offset = reader_be32(r);
    arguments->read.count = reader_be32(r);
    reader_skip(r, 4);
}

static void read_write(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->write.handle = read_handle(r);
    reader_skip(r, 4);
    arguments->write.offset = reader_be32(r);
    reader_skip(r, 4);
    arguments->write.data = xdr_read_opaque(r, NFS2_DATA_MAX);
}

static void read_create(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->create.place = read_place(r);
    arguments->create.sattr = read_sattr(r);
}

static void read_rename(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->rename.from = read_place(r);
    arguments->rename.to = read_place(r);
}

static void read_link(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->link.handle = read_handle(r);
    arguments->link.to = read_place(r);
}

static void read_symlink(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->symlink.place = read_place(r);
    arguments->symlink.target = xdr_read_opaque(r, NFS2_PATH_MAX);
    arguments->symlink.sattr = read_sattr(r);
}

static void read_readdir(struct reader *r, union nfs2_arguments *arguments)
{
    arguments->readdir.directory = read_handle(r);
    arguments->readdir.cookie = reader_be32(r);
    arguments->readdir.count = reader_be32(r);
}

static void (*const readers[NFS2_PROCEDURE_COUNT])(struct reader *r,
                                                   union nfs2_arguments *arguments) = {
    [NFS2_NULL] = read_nothing,       [NFS2_GETATTR] = read_handle_alone,
    [NFS2_SETATTR] = read_setattr,    [NFS2_ROOT] = read_nothing,
    [NFS2_LOOKUP] = read_place_alone, [NFS2_READLINK] = read_handle_alone,
    [NFS2_READ] = read_read,          [NFS2_WRITECACHE] = read_nothing,
    [NFS2_WRITE] = read_write,        [NFS2_CREATE] = read_create,
    [NFS2_REMOVE] = read_place_alone, [NFS2_RENAME] = read_rename,
    [NFS2_LINK] = read_link,          [NFS2_SYMLINK] = read_symlink,
    [NFS2_MKDIR] = read_create,       [NFS2_RMDIR] = read_place_alone,
    [NFS2_READDIR] = read_readdir,    [NFS2_STATFS] = read_handle_alone,
};

bool nfs2_read_arguments(struct reader *r, uint32_t procedure, union nfs2_arguments *arguments)
{
    memset(arguments, 0, sizeof(*arguments));
    if (procedure >= NFS2_PROCEDURE_COUNT)
        reader_fail(r);
    else
        readers[procedure](r, arguments);
    return !r->failed;
}

static void write_time(struct writer *w, struct nfs2_time time)
{
    writer_be32(w, time.seconds);
    writer_be32(w, time.microseconds);
}

static void write_fattr(struct writer *w, const struct nfs2_fattr *fattr)
{
    writer_be32(w, fattr->type);
    writer_be32(w, fattr->mode);
    writer_be32(w, fattr->nlink);
    writer_be32(w, fattr->uid);
    writer_be32(w, fattr->gid);
    writer_be32(w, fattr->size);
    writer_be32(w, fattr->block_size);
    writer_be32(w, fattr->rdev);
    writer_be32(w, fattr->blocks);
    writer_be32(w, fattr->fsid);
    writer_be32(w, fattr->fileid);
    write_time(w, fattr->atime);
    write_time(w, fattr->mtime);
    write_time(w, fattr->ctime);
}

void nfs2_write_status(struct writer *w, enum nfs2_status status)
{
    writer_be32(w, status);
}

void nfs2_write_attributes(struct writer *w, const struct nfs2_fattr *fattr)
{
    nfs2_write_status(w, NFS2_OK);
    write_fattr(w, fattr);
}

void nfs2_write_object(struct writer *w, const uint8_t handle[NFS2_HANDLE_SIZE],
                       const struct nfs2_fattr *fattr)
{
    nfs2_write_status(w, NFS2_OK);
    writer_bytes(w, handle, NFS2_HANDLE_SIZE);
    write_fattr(w, fattr);
}

void nfs2_write_readlink(struct writer *w, struct slice target)
{
    nfs2_write_status(w, NFS2_OK);
    xdr_write_opaque(w, target);
}

void nfs2_write_read(struct writer *w, const struct nfs2_fattr *fattr, uint32_t count)
{
    nfs2_write_attributes(w, fattr);
    writer_be32(w, count);
}

void nfs2_write_statfs(struct writer *w, const struct nfs2_statfs *statfs)
{
    nfs2_write_status(w, NFS2_OK);
    writer_be32(w, statfs->transfer_size);
    writer_be32(w, statfs->block_size);
    writer_be32(w, statfs->blocks);
    writer_be32(w, statfs->free_blocks);
    writer_be32(w, statfs->available_blocks);
}

/* "No more entries" and eof. */
enum { LIST_END_SIZE = 8 };

void nfs2_list_start(struct nfs2_list *list, struct writer *w, size_t count)
{
    *list = (struct nfs2_list){.writer = w, .end = w->capacity};
    if (count < writer_left(w))
        list->end = w->length + count;
    nfs2_write_status(w, NFS2_OK);
}

bool nfs2_list_add(struct nfs2_list *list, uint32_t fileid, struct slice name, uint32_t cookie)
{
    struct writer *w = list->writer;
    size_t size = 4 + 4 + 4 + name.length + xdr_padding(name.length) + NFS2_COOKIE_SIZE;

    if (w->failed || w->length > list->end || size + LIST_END_SIZE > list->end - w->length)
        return false;
    xdr_write_bool(w, true);
    writer_be32(w, fileid);
    xdr_write_opaque(w, name);
    writer_be32(w, cookie);
    return true;
}

void nfs2_list_cut(struct nfs2_list *list, size_t length)
{
    if (!list->writer->failed && length < list->writer->length)
        list->writer->length = length;
}

void nfs2_list_end(struct nfs2_list *list, bool eof)
{
    xdr_write_bool(list->writer, false);
    xdr_write_bool(list->writer, eof);
}
