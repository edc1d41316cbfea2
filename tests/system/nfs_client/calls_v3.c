#include "calls_v3.h"

struct v3_said said;
struct v3_list listed;

void v3_keep(struct handle *handle, u_int length, const char *bytes)
{
    CHECK(length > 0 && length <= sizeof(handle->bytes));
    memcpy(handle->bytes, bytes, length);
    handle->fh.data.data_len = length;
    handle->fh.data.data_val = handle->bytes;
}

/* A copied handle points to the copy's own bytes. */
static nfs_fh3 fh_of(const struct handle *handle)
{
    nfs_fh3 fh = {{handle->fh.data.data_len, (char *)(uintptr_t)handle->bytes}};

    return fh;
}

diropargs3 v3_place(const struct handle *where, const char *name)
{
    return (diropargs3){fh_of(where), (char *)(uintptr_t)name};
}

sattr3 v3_mode(u_int mode)
{
    sattr3 attributes = {.mode.set_it = 1};

    attributes.mode.set_mode3_u.mode = mode;
    return attributes;
}

/* The last handle stays: it may be the very one that is asked about. */
static void forget(void)
{
    struct handle handle = said.handle;

    memset(&said, 0, sizeof(said));
    said.handle = handle;
}

#define ASK_AND_LOOK(procedure, arguments, result, inspect)                                        \
    do {                                                                                           \
        forget();                                                                                  \
        CALL_AND_LOOK(as, procedure, arguments, result, inspect);                                  \
    } while (0)
#define ASK(procedure, arguments, result) ASK_AND_LOOK(procedure, arguments, result, NULL)

nfsstat3 v3_getattr(struct rpc_context *as, const struct handle *of, fattr3 *attributes)
{
    GETATTR3args arguments = {fh_of(of)};
    GETATTR3res result;

    ASK(nfs3_getattr, &arguments, &result);
    if (result.status == NFS3_OK && attributes)
        *attributes = result.GETATTR3res_u.resok.obj_attributes;
    return result.status;
}

nfsstat3 v3_setattr(struct rpc_context *as, const struct handle *of, const sattr3 *attributes,
                    const nfstime3 *guard)
{
    SETATTR3args arguments = {.object = fh_of(of), .new_attributes = *attributes};
    SETATTR3res result;

    if (guard) {
        arguments.guard.check = 1;
        arguments.guard.sattrguard3_u.obj_ctime = *guard;
    }
    ASK(nfs3_setattr, &arguments, &result);
    said.wcc = result.status == NFS3_OK ? result.SETATTR3res_u.resok.obj_wcc
                                        : result.SETATTR3res_u.resfail.obj_wcc;
    return result.status;
}

static void take_lookup(const void *data)
{
    const LOOKUP3res *result = data;

    if (result->status != NFS3_OK)
        return;
    said.has_handle = true;
    v3_keep(&said.handle, result->LOOKUP3res_u.resok.object.data.data_len,
            result->LOOKUP3res_u.resok.object.data.data_val);
}

nfsstat3 v3_lookup(struct rpc_context *as, const struct handle *in, const char *name)
{
    LOOKUP3args arguments = {v3_place(in, name)};
    LOOKUP3res result;

    ASK_AND_LOOK(nfs3_lookup, &arguments, &result, take_lookup);
    if (result.status == NFS3_OK) {
        said.object = result.LOOKUP3res_u.resok.obj_attributes;
        said.above = result.LOOKUP3res_u.resok.dir_attributes;
    } else {
        said.above = result.LOOKUP3res_u.resfail.dir_attributes;
    }
    return result.status;
}

nfsstat3 v3_access(struct rpc_context *as, const struct handle *of, uint32_t wanted)
{
    ACCESS3args arguments = {fh_of(of), wanted};
    ACCESS3res result;

    ASK(nfs3_access, &arguments, &result);
    if (result.status == NFS3_OK) {
        said.object = result.ACCESS3res_u.resok.obj_attributes;
        said.granted = result.ACCESS3res_u.resok.access;
        CHECK((said.granted & ~wanted) == 0);
    } else {
        said.object = result.ACCESS3res_u.resfail.obj_attributes;
    }
    return result.status;
}

static void take_target(const void *data)
{
    const READLINK3res *result = data;

    if (result->status == NFS3_OK)
        snprintf(said.target, sizeof(said.target), "%s", result->READLINK3res_u.resok.data);
}

nfsstat3 v3_readlink(struct rpc_context *as, const struct handle *of)
{
    READLINK3args arguments = {fh_of(of)};
    READLINK3res result;

    ASK_AND_LOOK(nfs3_readlink, &arguments, &result, take_target);
    said.object = result.status == NFS3_OK ? result.READLINK3res_u.resok.symlink_attributes
                                           : result.READLINK3res_u.resfail.symlink_attributes;
    return result.status;
}

static void take_data(const void *data)
{
    const READ3res *result = data;

    if (result->status != NFS3_OK)
        return;
    CHECK(result->READ3res_u.resok.data.data_len == result->READ3res_u.resok.count);
    CHECK(result->READ3res_u.resok.count <= sizeof(said.data));
    memcpy(said.data, result->READ3res_u.resok.data.data_val, result->READ3res_u.resok.count);
}

nfsstat3 v3_read(struct rpc_context *as, const struct handle *of, uint64_t offset, uint32_t count)
{
    READ3args arguments = {fh_of(of), offset, count};
    READ3res result;

    ASK_AND_LOOK(nfs3_read, &arguments, &result, take_data);
    if (result.status != NFS3_OK) {
        said.object = result.READ3res_u.resfail.file_attributes;
        return result.status;
    }
    said.object = result.READ3res_u.resok.file_attributes;
    said.count = result.READ3res_u.resok.count;
    said.eof = result.READ3res_u.resok.eof;
    CHECK(said.count <= count);
    return result.status;
}

nfsstat3 v3_write(struct rpc_context *as, const struct handle *to, uint64_t offset,
                  const char *data, uint32_t count, stable_how stable)
{
    WRITE3args arguments = {fh_of(to), offset, count, stable, {count, (char *)(uintptr_t)data}};
    WRITE3res result;

    ASK(nfs3_write, &arguments, &result);
    if (result.status != NFS3_OK) {
        said.wcc = result.WRITE3res_u.resfail.file_wcc;
        return result.status;
    }
    said.wcc = result.WRITE3res_u.resok.file_wcc;
    said.count = result.WRITE3res_u.resok.count;
    said.committed = result.WRITE3res_u.resok.committed;
    memcpy(said.verifier, result.WRITE3res_u.resok.verf, sizeof(said.verifier));
    CHECK(said.count <= count && said.committed >= stable);
    return result.status;
}

/* CREATE, MKDIR, SYMLINK and MKNOD have results of one shape. */
static void take_made(const void *data)
{
    const CREATE3res *result = data;

    if (result->status != NFS3_OK) {
        said.wcc = result->CREATE3res_u.resfail.dir_wcc;
        return;
    }
    said.wcc = result->CREATE3res_u.resok.dir_wcc;
    said.object = result->CREATE3res_u.resok.obj_attributes;
    said.has_handle = result->CREATE3res_u.resok.obj.handle_follows;
    CHECK(said.has_handle && said.object.attributes_follow && said.wcc.after.attributes_follow);
    v3_keep(&said.handle, result->CREATE3res_u.resok.obj.post_op_fh3_u.handle.data.data_len,
            result->CREATE3res_u.resok.obj.post_op_fh3_u.handle.data.data_val);
}

nfsstat3 v3_create(struct rpc_context *as, const struct handle *in, const char *name,
                   createmode3 how, const sattr3 *attributes, const char *verifier)
{
    CREATE3args arguments = {.where = v3_place(in, name), .how.mode = how};
    CREATE3res result;

    if (how == EXCLUSIVE)
        memcpy(arguments.how.createhow3_u.verf, verifier, NFS3_CREATEVERFSIZE);
    else
        arguments.how.createhow3_u.obj_attributes = attributes ? *attributes : v3_mode(0644);
    ASK_AND_LOOK(nfs3_create, &arguments, &result, take_made);
    return result.status;
}

nfsstat3 v3_mkdir(struct rpc_context *as, const struct handle *in, const char *name, u_int mode)
{
    MKDIR3args arguments = {v3_place(in, name), v3_mode(mode)};
    MKDIR3res result;

    ASK_AND_LOOK(nfs3_mkdir, &arguments, &result, take_made);
    return result.status;
}

nfsstat3 v3_symlink(struct rpc_context *as, const struct handle *in, const char *name,
                    const char *target)
{
    SYMLINK3args arguments = {v3_place(in, name), {v3_mode(0777), (char *)(uintptr_t)target}};
    SYMLINK3res result;

    ASK_AND_LOOK(nfs3_symlink, &arguments, &result, take_made);
    return result.status;
}

nfsstat3 v3_mknod(struct rpc_context *as, const struct handle *in, const char *name, int type,
                  uint32_t major, uint32_t minor)
{
    MKNOD3args arguments = {.where = v3_place(in, name), .what.type = (ftype3)type};
    MKNOD3res result;

    if (type == NF3CHR || type == NF3BLK) {
        arguments.what.mknoddata3_u.chr_device.dev_attributes = v3_mode(0640);
        arguments.what.mknoddata3_u.chr_device.spec = (specdata3){major, minor};
    } else {
        arguments.what.mknoddata3_u.sock_attributes = v3_mode(0640);
    }
    ASK_AND_LOOK(nfs3_mknod, &arguments, &result, take_made);
    return result.status;
}

nfsstat3 v3_remove(struct rpc_context *as, const struct handle *in, const char *name)
{
    REMOVE3args arguments = {v3_place(in, name)};
    REMOVE3res result;

    ASK(nfs3_remove, &arguments, &result);
    said.wcc = result.status == NFS3_OK ? result.REMOVE3res_u.resok.dir_wcc
                                        : result.REMOVE3res_u.resfail.dir_wcc;
    return result.status;
}

nfsstat3 v3_rmdir(struct rpc_context *as, const struct handle *in, const char *name)
{
    RMDIR3args arguments = {v3_place(in, name)};
    RMDIR3res result;

    ASK(nfs3_rmdir, &arguments, &result);
    said.wcc = result.status == NFS3_OK ? result.RMDIR3res_u.resok.dir_wcc
                                        : result.RMDIR3res_u.resfail.dir_wcc;
    return result.status;
}

nfsstat3 v3_rename(struct rpc_context *as, const struct handle *from, const char *from_name,
                   const struct handle *to, const char *to_name)
{
    RENAME3args arguments = {v3_place(from, from_name), v3_place(to, to_name)};
    RENAME3res result;

    ASK(nfs3_rename, &arguments, &result);
    if (result.status == NFS3_OK) {
        said.wcc = result.RENAME3res_u.resok.fromdir_wcc;
        said.wcc_to = result.RENAME3res_u.resok.todir_wcc;
    } else {
        said.wcc = result.RENAME3res_u.resfail.fromdir_wcc;
        said.wcc_to = result.RENAME3res_u.resfail.todir_wcc;
    }
    return result.status;
}

nfsstat3 v3_link(struct rpc_context *as, const struct handle *of, const struct handle *in,
                 const char *name)
{
    LINK3args arguments = {fh_of(of), v3_place(in, name)};
    LINK3res result;

    ASK(nfs3_link, &arguments, &result);
    if (result.status == NFS3_OK) {
        said.object = result.LINK3res_u.resok.file_attributes;
        said.wcc = result.LINK3res_u.resok.linkdir_wcc;
    } else {
        said.object = result.LINK3res_u.resfail.file_attributes;
        said.wcc = result.LINK3res_u.resfail.linkdir_wcc;
    }
    return result.status;
}

static size_t padded(const char *name)
{
    return (strlen(name) + 3) & ~(size_t)3;
}

static struct v3_entry *next_entry(const char *name, uint64_t fileid, uint64_t cookie)
{
    struct v3_entry *entry = &listed.entries[listed.count];

    CHECK(listed.count < LIST_MAX && strlen(name) < sizeof(entry->name));
    listed.count++;
    memset(entry, 0, sizeof(*entry));
    snprintf(entry->name, sizeof(entry->name), "%s", name);
    entry->fileid = fileid;
    entry->cookie = cookie;
    listed.bytes += 4 + 8 + 4 + padded(name) + 8;
    return entry;
}

static void list_begin(const post_op_attr *above, const char *verifier, bool eof)
{
    listed.count = 0;
    listed.eof = eof;
    memcpy(listed.verifier, verifier, sizeof(listed.verifier));
    said.above = *above;
    /* attributes or not, the verifier, the end of the list, eof */
    listed.bytes = 4 + (above->attributes_follow ? 84 : 0) + 8 + 4 + 4;
}

static void take_list(const void *data)
{
    const READDIR3res *result = data;

    if (result->status != NFS3_OK)
        return;
    list_begin(&result->READDIR3res_u.resok.dir_attributes, result->READDIR3res_u.resok.cookieverf,
               result->READDIR3res_u.resok.reply.eof);
    for (entry3 *entry = result->READDIR3res_u.resok.reply.entries; entry; entry = entry->nextentry)
        next_entry(entry->name, entry->fileid, entry->cookie);
}

nfsstat3 v3_readdir(struct rpc_context *as, const struct handle *of, uint64_t cookie,
                    const char *verifier, uint32_t count)
{
    READDIR3args arguments = {.dir = fh_of(of), .cookie = cookie, .count = count};
    READDIR3res result;

    if (verifier)
        memcpy(arguments.cookieverf, verifier, sizeof(arguments.cookieverf));
    ASK_AND_LOOK(nfs3_readdir, &arguments, &result, take_list);
    if (result.status != NFS3_OK)
        said.above = result.READDIR3res_u.resfail.dir_attributes;
    else
        CHECK(listed.bytes <= count);
    return result.status;
}

static void take_list_plus(const void *data)
{
    const READDIRPLUS3res *result = data;

    if (result->status != NFS3_OK)
        return;
    list_begin(&result->READDIRPLUS3res_u.resok.dir_attributes,
               result->READDIRPLUS3res_u.resok.cookieverf,
               result->READDIRPLUS3res_u.resok.reply.eof);
    for (entryplus3 *from = result->READDIRPLUS3res_u.resok.reply.entries; from;
         from = from->nextentry) {
        struct v3_entry *to = next_entry(from->name, from->fileid, from->cookie);

        to->has_attributes = from->name_attributes.attributes_follow;
        to->attributes = from->name_attributes.post_op_attr_u.attributes;
        to->has_handle = from->name_handle.handle_follows;
        listed.bytes += 4 + (to->has_attributes ? 84 : 0) + 4;
        if (!to->has_handle)
            continue;
        v3_keep(&to->handle, from->name_handle.post_op_fh3_u.handle.data.data_len,
                from->name_handle.post_op_fh3_u.handle.data.data_val);
        listed.bytes += 4 + to->handle.fh.data.data_len;
    }
}

nfsstat3 v3_readdirplus(struct rpc_context *as, const struct handle *of, uint64_t cookie,
                        const char *verifier, uint32_t dircount, uint32_t maxcount)
{
    READDIRPLUS3args arguments = {
        .dir = fh_of(of), .cookie = cookie, .dircount = dircount, .maxcount = maxcount};
    READDIRPLUS3res result;

    if (verifier)
        memcpy(arguments.cookieverf, verifier, sizeof(arguments.cookieverf));
    ASK_AND_LOOK(nfs3_readdirplus, &arguments, &result, take_list_plus);
    if (result.status != NFS3_OK)
        said.above = result.READDIRPLUS3res_u.resfail.dir_attributes;
    else
        CHECK(listed.bytes <= maxcount);
    return result.status;
}

nfsstat3 v3_fsstat(struct rpc_context *as, const struct handle *of)
{
    FSSTAT3args arguments = {fh_of(of)};
    FSSTAT3res result;

    ASK(nfs3_fsstat, &arguments, &result);
    said.fsstat = result.FSSTAT3res_u.resok;
    said.object = result.status == NFS3_OK ? result.FSSTAT3res_u.resok.obj_attributes
                                           : result.FSSTAT3res_u.resfail.obj_attributes;
    return result.status;
}

nfsstat3 v3_fsinfo(struct rpc_context *as, const struct handle *of)
{
    FSINFO3args arguments = {fh_of(of)};
    FSINFO3res result;

    ASK(nfs3_fsinfo, &arguments, &result);
    said.fsinfo = result.FSINFO3res_u.resok;
    said.object = result.status == NFS3_OK ? result.FSINFO3res_u.resok.obj_attributes
                                           : result.FSINFO3res_u.resfail.obj_attributes;
    return result.status;
}

nfsstat3 v3_pathconf(struct rpc_context *as, const struct handle *of)
{
    PATHCONF3args arguments = {fh_of(of)};
    PATHCONF3res result;

    ASK(nfs3_pathconf, &arguments, &result);
    said.pathconf = result.PATHCONF3res_u.resok;
    said.object = result.status == NFS3_OK ? result.PATHCONF3res_u.resok.obj_attributes
                                           : result.PATHCONF3res_u.resfail.obj_attributes;
    return result.status;
}

nfsstat3 v3_commit(struct rpc_context *as, const struct handle *of)
{
    COMMIT3args arguments = {.file = fh_of(of)};
    COMMIT3res result;

    ASK(nfs3_commit, &arguments, &result);
    if (result.status == NFS3_OK) {
        said.wcc = result.COMMIT3res_u.resok.file_wcc;
        memcpy(said.verifier, result.COMMIT3res_u.resok.verf, sizeof(said.verifier));
    } else {
        said.wcc = result.COMMIT3res_u.resfail.file_wcc;
    }
    return result.status;
}
