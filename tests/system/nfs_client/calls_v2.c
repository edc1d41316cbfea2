#include "calls_v2.h"

#include "cases.h"

struct v2_said v2_said;
struct v2_list v2_listed;

static diropargs2 place(const struct handle2 *in, const char *name)
{
    diropargs2 arguments = {.name = (char *)(uintptr_t)name};

    memcpy(arguments.dir, in->bytes, sizeof(in->bytes));
    return arguments;
}

sattr2 v2_attributes(u_int mode, u_int size)
{
    const u_int same = (u_int)NONE;

    return (sattr2){mode, same, same, size, {same, same}, {same, same}};
}

nfsstat3 v2_getattr(struct rpc_context *as, const struct handle2 *of)
{
    GETATTR2args arguments;
    GETATTR2res result;

    memcpy(arguments.fhandle, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_getattr, &arguments, &result);
    if (result.status == NFS3_OK)
        v2_said.attributes = result.GETATTR2res_u.resok.attributes;
    return result.status;
}

nfsstat3 v2_setattr(struct rpc_context *as, const struct handle2 *of, sattr2 attributes)
{
    SETATTR2args arguments = {.attributes = attributes};
    SETATTR2res result;

    memcpy(arguments.fhandle, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_setattr, &arguments, &result);
    if (result.status == NFS3_OK)
        v2_said.attributes = result.SETATTR2res_u.resok.attributes;
    return result.status;
}

nfsstat3 v2_lookup(struct rpc_context *as, const struct handle2 *in, const char *name)
{
    LOOKUP2args arguments = {place(in, name)};
    LOOKUP2res result;

    CALL(as, nfs2_lookup, &arguments, &result);
    if (result.status == NFS3_OK) {
        memcpy(v2_said.handle.bytes, result.LOOKUP2res_u.resok.file, sizeof(v2_said.handle.bytes));
        v2_said.attributes = result.LOOKUP2res_u.resok.attributes;
    }
    return result.status;
}

nfsstat3 v2_create(struct rpc_context *as, const struct handle2 *in, const char *name, u_int mode,
                   u_int size)
{
    CREATE2args arguments = {place(in, name), v2_attributes(mode, size)};
    CREATE2res result;

    CALL(as, nfs2_create, &arguments, &result);
    if (result.status == NFS3_OK) {
        memcpy(v2_said.handle.bytes, result.CREATE2res_u.resok.file, sizeof(v2_said.handle.bytes));
        v2_said.attributes = result.CREATE2res_u.resok.attributes;
    }
    return result.status;
}

nfsstat3 v2_mkdir(struct rpc_context *as, const struct handle2 *in, const char *name, u_int mode)
{
    MKDIR2args arguments = {place(in, name), v2_attributes(mode, (u_int)NONE)};
    MKDIR2res result;

    CALL(as, nfs2_mkdir, &arguments, &result);
    if (result.status == NFS3_OK) {
        memcpy(v2_said.handle.bytes, result.MKDIR2res_u.resok.file, sizeof(v2_said.handle.bytes));
        v2_said.attributes = result.MKDIR2res_u.resok.attributes;
    }
    return result.status;
}

nfsstat3 v2_symlink(struct rpc_context *as, const struct handle2 *in, const char *name,
                    const char *target)
{
    SYMLINK2args arguments = {place(in, name), (char *)(uintptr_t)target,
                              v2_attributes((u_int)NONE, (u_int)NONE)};
    SYMLINK2res result;

    CALL(as, nfs2_symlink, &arguments, &result);
    return result.status;
}

nfsstat3 v2_remove(struct rpc_context *as, const struct handle2 *in, const char *name)
{
    REMOVE2args arguments = {place(in, name)};
    REMOVE2res result;

    CALL(as, nfs2_remove, &arguments, &result);
    return result.status;
}

nfsstat3 v2_rmdir(struct rpc_context *as, const struct handle2 *in, const char *name)
{
    RMDIR2args arguments = {place(in, name)};
    RMDIR2res result;

    CALL(as, nfs2_rmdir, &arguments, &result);
    return result.status;
}

nfsstat3 v2_rename(struct rpc_context *as, const struct handle2 *from, const char *from_name,
                   const struct handle2 *to, const char *to_name)
{
    RENAME2args arguments = {place(from, from_name), place(to, to_name)};
    RENAME2res result;

    CALL(as, nfs2_rename, &arguments, &result);
    return result.status;
}

nfsstat3 v2_link(struct rpc_context *as, const struct handle2 *of, const struct handle2 *in,
                 const char *name)
{
    LINK2args arguments = {.to = place(in, name)};
    LINK2res result;

    memcpy(arguments.from, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_link, &arguments, &result);
    return result.status;
}

static void take_target(const void *data)
{
    const READLINK2res *result = data;

    if (result->status == NFS3_OK)
        snprintf(v2_said.target, sizeof(v2_said.target), "%s", result->READLINK2res_u.resok.data);
}

nfsstat3 v2_readlink(struct rpc_context *as, const struct handle2 *of)
{
    READLINK2args arguments;
    READLINK2res result;

    memcpy(arguments.file, of->bytes, sizeof(of->bytes));
    CALL_AND_LOOK(as, nfs2_readlink, &arguments, &result, take_target);
    return result.status;
}

static void take_data(const void *data)
{
    const READ2res *result = data;

    if (result->status != NFS3_OK)
        return;
    v2_said.count = result->READ2res_u.resok.data.nfsdata2_len;
    CHECK(v2_said.count <= sizeof(v2_said.data));
    memcpy(v2_said.data, result->READ2res_u.resok.data.nfsdata2_val, v2_said.count);
    v2_said.attributes = result->READ2res_u.resok.attributes;
}

nfsstat3 v2_read(struct rpc_context *as, const struct handle2 *of, u_int offset, u_int count)
{
    READ2args arguments = {.offset = offset, .count = count};
    READ2res result;

    memcpy(arguments.file, of->bytes, sizeof(of->bytes));
    CALL_AND_LOOK(as, nfs2_read, &arguments, &result, take_data);
    return result.status;
}

nfsstat3 v2_write(struct rpc_context *as, const struct handle2 *of, u_int offset, const char *data,
                  u_int count)
{
    WRITE2args arguments = {.offset = offset, .data = {count, (char *)(uintptr_t)data}};
    WRITE2res result;

    memcpy(arguments.file, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_write, &arguments, &result);
    if (result.status == NFS3_OK)
        v2_said.attributes = result.WRITE2res_u.resok.attributes;
    return result.status;
}

static void take_entries(const void *data)
{
    const READDIR2res *result = data;

    if (result->status != NFS3_OK)
        return;
    v2_listed.eof = result->READDIR2res_u.resok.eof;
    for (entry2 *entry = result->READDIR2res_u.resok.entries; entry; entry = entry->nextentry) {
        CHECK(v2_listed.count < 600 && strlen(entry->name) < 256);
        snprintf(v2_listed.names[v2_listed.count++], sizeof(v2_listed.names[0]), "%s", entry->name);
        memcpy(&v2_listed.cookie, &entry->cookie, sizeof(v2_listed.cookie));
    }
}

nfsstat3 v2_readdir(struct rpc_context *as, const struct handle2 *of, int cookie, u_int count)
{
    READDIR2args arguments = {.count = count};
    READDIR2res result;

    memcpy(arguments.dir, of->bytes, sizeof(of->bytes));
    memcpy(&arguments.cookie, &cookie, sizeof(cookie));
    CALL_AND_LOOK(as, nfs2_readdir, &arguments, &result, take_entries);
    return result.status;
}

nfsstat3 v2_statfs(struct rpc_context *as, const struct handle2 *of)
{
    STATFS2args arguments;
    STATFS2res result;

    memcpy(arguments.dir, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_statfs, &arguments, &result);
    v2_said.sizes = result.STATFS2res_u.resok;
    return result.status;
}
