/* Every procedure of version 2 (RFC 1094) that is not obsolete. */
#include "client.h"

enum {
    DATA = 8192,
    NO_CHANGE = -1,
    IS_FIFO = 0020666,
    IS_CHARACTER = 0020620,
    IS_SOCKET = 0140600
};

/* libnfs cannot encode a longer WRITE of this version. */
enum { PIECE = 2048 };

typedef char handle[32];

static struct rpc_context *rpc; /* root's */
static handle root, work, file;

static void take_mount(const void *data)
{
    const mountres1 *result = data;

    CHECK(result->fhs_status == MNT1_OK);
    memcpy(root, result->mountres1_u.mountinfo.fhandle, sizeof(root));
}

static diropargs2 place(handle where, const char *name)
{
    diropargs2 arguments = {.name = (char *)(uintptr_t)name};

    memcpy(arguments.dir, where, sizeof(arguments.dir));
    return arguments;
}

static sattr2 mode_and_size(u_int mode, u_int size)
{
    const u_int same = (u_int)NO_CHANGE;

    return (sattr2){mode, same, same, size, {same, same}, {same, same}};
}

static fattr2 attributes_of(handle of)
{
    GETATTR2args arguments;
    GETATTR2res result;

    memcpy(arguments.fhandle, of, sizeof(arguments.fhandle));
    CALL(rpc, nfs2_getattr, &arguments, &result);
    CHECK(result.status == NFS3_OK);
    return result.GETATTR2res_u.resok.attributes;
}

static nfsstat3 create(struct rpc_context *as, const char *name, u_int mode, u_int size,
                       CREATE2res *result)
{
    CREATE2args arguments = {place(work, name), mode_and_size(mode, size)};

    CALL(as, nfs2_create, &arguments, result);
    return result->status;
}

static nfsstat3 look_up(handle where, const char *name, LOOKUP2res *result)
{
    LOOKUP2args arguments = {place(where, name)};

    CALL(rpc, nfs2_lookup, &arguments, result);
    return result->status;
}

static void making(void)
{
    MKDIR2args make = {place(root, "libnfs"), mode_and_size(0777, (u_int)NO_CHANGE)};
    MKDIR2res made;
    CREATE2res created;
    LOOKUP2res found;

    CALL(rpc, nfs2_mkdir, &make, &made);
    CHECK(made.status == NFS3_OK && made.MKDIR2res_u.resok.attributes.type == NF2DIR);
    CHECK(made.MKDIR2res_u.resok.attributes.mode == 0040777);
    memcpy(work, made.MKDIR2res_u.resok.file, sizeof(work));
    CALL(rpc, nfs2_mkdir, &make, &made);
    CHECK(made.status == NFS3ERR_EXIST);
    CHECK(create(rpc, "file", 0100644, 0, &created) == NFS3_OK);
    CHECK(created.CREATE2res_u.resok.attributes.mode == 0100644);
    memcpy(file, created.CREATE2res_u.resok.file, sizeof(file));
    /* The BSD and Sun way to devices, FIFOs and sockets. */
    CHECK(create(rpc, "console", IS_CHARACTER, 0x501, &created) == NFS3_OK);
    CHECK(created.CREATE2res_u.resok.attributes.type == NF2CHR);
    CHECK(created.CREATE2res_u.resok.attributes.rdev == 0x501);
    CHECK(create(rpc, "fifo", IS_FIFO, (u_int)NO_CHANGE, &created) == NFS3_OK);
    CHECK(created.CREATE2res_u.resok.attributes.type == NF2CHR);
    CHECK(created.CREATE2res_u.resok.attributes.rdev == (u_int)NO_CHANGE);
    CHECK(create(rpc, "socket", IS_SOCKET, 0, &created) == NFS3_OK);
    CHECK(created.CREATE2res_u.resok.attributes.type == NF2NON);
    CHECK(look_up(work, "file", &found) == NFS3_OK);
    CHECK(memcmp(found.LOOKUP2res_u.resok.file, file, sizeof(file)) == 0);
    CHECK(look_up(root, "..", &found) == NFS3_OK);
    CHECK(memcmp(found.LOOKUP2res_u.resok.file, root, sizeof(root)) == 0);
    CHECK(look_up(work, "none", &found) == NFS3ERR_NOENT);
    CHECK(look_up(file, "none", &found) == NFS3ERR_NOTDIR);
}

static char pattern[DATA];

static void look_at_data(const void *data)
{
    const READ2res *result = data;

    CHECK(result->status == NFS3_OK && result->READ2res_u.resok.data.nfsdata2_len == DATA - 1);
    CHECK(memcmp(result->READ2res_u.resok.data.nfsdata2_val, pattern + 1, DATA - 1) == 0);
}

static void data(void)
{
    WRITE2args put = {.data = {PIECE, pattern}};
    WRITE2res wrote;
    READ2args get = {.offset = 1, .count = DATA};
    READ2res got;

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 7 + i / 251);
    memcpy(put.file, file, sizeof(put.file));
    memcpy(get.file, file, sizeof(get.file));
    for (put.offset = 0; put.offset < DATA; put.offset += PIECE) {
        put.data.nfsdata2_val = pattern + put.offset;
        CALL(rpc, nfs2_write, &put, &wrote);
        CHECK(wrote.status == NFS3_OK);
        CHECK(wrote.WRITE2res_u.resok.attributes.size == put.offset + PIECE);
    }
    CALL_AND_LOOK(rpc, nfs2_read, &get, &got, look_at_data);
    get.offset = DATA + 5;
    CALL(rpc, nfs2_read, &get, &got);
    CHECK(got.status == NFS3_OK && got.READ2res_u.resok.data.nfsdata2_len == 0);
    get.offset = 0x80000000;
    CALL(rpc, nfs2_read, &get, &got);
    CHECK(got.status == NFS3ERR_FBIG);
    put.offset = 0x7fffffff;
    CALL(rpc, nfs2_write, &put, &wrote);
    CHECK(wrote.status == NFS3ERR_FBIG);
    memcpy(get.file, work, sizeof(get.file));
    get.offset = 0;
    CALL(rpc, nfs2_read, &get, &got);
    CHECK(got.status == NFS3ERR_ISDIR);
}

static void attributes(void)
{
    SETATTR2args set = {.attributes = mode_and_size(0600, 3)};
    SETATTR2res result;

    memcpy(set.fhandle, file, sizeof(set.fhandle));
    set.attributes.uid = set.attributes.gid = 1000;
    set.attributes.mtime = (nfstime3){1000000000, 5};
    CALL(rpc, nfs2_setattr, &set, &result);
    CHECK(result.status == NFS3_OK);
    CHECK(result.SETATTR2res_u.resok.attributes.mode == 0100600);
    CHECK(result.SETATTR2res_u.resok.attributes.uid == 1000);
    CHECK(result.SETATTR2res_u.resok.attributes.size == 3);
    CHECK(result.SETATTR2res_u.resok.attributes.mtime.seconds == 1000000000);
    CHECK(result.SETATTR2res_u.resok.attributes.mtime.nseconds == 5);
    /* A million microseconds mean the server's time. */
    set.attributes = mode_and_size((u_int)NO_CHANGE, (u_int)NO_CHANGE);
    set.attributes.mtime = (nfstime3){1000000000, 1000000};
    CALL(rpc, nfs2_setattr, &set, &result);
    CHECK(result.status == NFS3_OK);
    CHECK(result.SETATTR2res_u.resok.attributes.mtime.seconds > 1000000000);
}

static void look_at_target(const void *results)
{
    const READLINK2res *result = results;

    CHECK(result->status == NFS3_OK);
    CHECK(strcmp(result->READLINK2res_u.resok.data, "some/where") == 0);
}

static void links(void)
{
    char target[] = "some/where";
    SYMLINK2args make = {place(work, "symlink"), target, mode_and_size(0777, (u_int)NO_CHANGE)};
    SYMLINK2res made;
    LOOKUP2res found;
    READLINK2args get;
    READLINK2res got;
    LINK2args link = {.to = place(work, "second")};
    LINK2res linked;
    RENAME2args rename = {place(work, "second"), place(root, "renamed")};
    RENAME2res renamed;
    REMOVE2args remove_arguments = {place(root, "renamed")};
    REMOVE2res removed;

    CALL(rpc, nfs2_symlink, &make, &made);
    CHECK(made.status == NFS3_OK);
    CHECK(look_up(work, "symlink", &found) == NFS3_OK);
    CHECK(found.LOOKUP2res_u.resok.attributes.type == NF2LNK);
    memcpy(get.file, found.LOOKUP2res_u.resok.file, sizeof(get.file));
    CALL_AND_LOOK(rpc, nfs2_readlink, &get, &got, look_at_target);
    memcpy(link.from, file, sizeof(link.from));
    CALL(rpc, nfs2_link, &link, &linked);
    CHECK(linked.status == NFS3_OK && attributes_of(file).nlink == 2);
    CALL(rpc, nfs2_rename, &rename, &renamed);
    CHECK(renamed.status == NFS3_OK);
    CHECK(look_up(root, "renamed", &found) == NFS3_OK);
    CHECK(memcmp(found.LOOKUP2res_u.resok.file, file, sizeof(file)) == 0);
    CALL(rpc, nfs2_remove, &remove_arguments, &removed);
    CHECK(removed.status == NFS3_OK && attributes_of(file).nlink == 1);
    CALL(rpc, nfs2_remove, &remove_arguments, &removed);
    CHECK(removed.status == NFS3ERR_NOENT);
}

static const char *const expected[] = {".", "..", "file", "console", "fifo", "socket", "symlink"};
enum { EXPECTED = sizeof(expected) / sizeof(expected[0]) };
static unsigned seen[EXPECTED], others;
static nfscookie2 last_cookie;
static bool at_end;

static void look_at_entries(const void *results)
{
    const READDIR2res *result = results;

    CHECK(result->status == NFS3_OK);
    at_end = result->READDIR2res_u.resok.eof;
    for (entry2 *entry = result->READDIR2res_u.resok.entries; entry; entry = entry->nextentry) {
        size_t i;

        for (i = 0; i < EXPECTED && strcmp(expected[i], entry->name) != 0; i++)
            ;
        if (i < EXPECTED)
            seen[i]++;
        else
            others++;
        memcpy(last_cookie, entry->cookie, sizeof(last_cookie));
    }
}

static void listing(void)
{
    READDIR2args get = {.count = 80};
    READDIR2res got;
    STATFS2args stat_arguments;
    STATFS2res stat;
    unsigned pieces = 0;

    memcpy(get.dir, work, sizeof(get.dir));
    for (at_end = false; !at_end; pieces++) {
        CALL_AND_LOOK(rpc, nfs2_readdir, &get, &got, look_at_entries);
        memcpy(get.cookie, last_cookie, sizeof(get.cookie));
    }
    CHECK(pieces > 1 && others == 0);
    for (size_t i = 0; i < EXPECTED; i++)
        CHECK(seen[i] == 1);
    memcpy(stat_arguments.dir, root, sizeof(stat_arguments.dir));
    CALL(rpc, nfs2_statfs, &stat_arguments, &stat);
    CHECK(stat.status == NFS3_OK && stat.STATFS2res_u.resok.tsize == DATA);
    CHECK(stat.STATFS2res_u.resok.blocks > 0 && stat.STATFS2res_u.resok.bsize > 0);
}

/* What another user may not do. */
static void permissions(struct rpc_context *other)
{
    CREATE2res created;
    READ2args get = {.count = 10};
    READ2res got;
    REMOVE2args remove_arguments = {place(root, "libnfs")};
    REMOVE2res removed;

    CHECK(create(rpc, "roots", 0100600, 0, &created) == NFS3_OK);
    memcpy(get.file, created.CREATE2res_u.resok.file, sizeof(get.file));
    CALL(other, nfs2_read, &get, &got);
    CHECK(got.status == NFS3ERR_ACCES);
    CHECK(create(other, "theirs", 0100600, 0, &created) == NFS3_OK);
    CHECK(created.CREATE2res_u.resok.attributes.uid == 1000);
    CHECK(create(other, "device", IS_CHARACTER, 0x501, &created) == NFS3ERR_PERM);
    CALL(other, nfs2_remove, &remove_arguments, &removed);
    CHECK(removed.status != NFS3_OK);
}

static void clean_up(void)
{
    static const char *const names[] = {"file",    "console", "fifo",  "socket",
                                        "symlink", "roots",   "theirs"};
    RMDIR2args leave = {place(root, "libnfs")};
    RMDIR2res left;
    GETATTR2args gone;
    GETATTR2res result;

    CALL(rpc, nfs2_rmdir, &leave, &left);
    CHECK(left.status == NFS3ERR_NOTEMPTY);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        REMOVE2args arguments = {place(work, names[i])};
        REMOVE2res removed;

        CALL(rpc, nfs2_remove, &arguments, &removed);
        CHECK(removed.status == NFS3_OK);
    }
    memcpy(gone.fhandle, file, sizeof(gone.fhandle));
    CALL(rpc, nfs2_getattr, &gone, &result);
    CHECK(result.status == NFS3ERR_STALE);
    CALL(rpc, nfs2_rmdir, &leave, &left);
    CHECK(left.status == NFS3_OK);
}

void client_run_v2(struct client *client)
{
    struct rpc_context *mount = client_connect(client, 20048, MOUNT_PROGRAM, MOUNT_V1, 0);
    struct rpc_context *other = client_connect(client, 2049, NFS_PROGRAM, NFS_V2, 1000);
    char path[1024];

    rpc = client_connect(client, 2049, NFS_PROGRAM, NFS_V2, 0);
    snprintf(path, sizeof(path), "%s", client->path);
    CHECK(rpc_mount1_mnt_async(mount, client_answered, path, NULL) == 0);
    client_wait(mount, "mount1_mnt", NULL, 0, take_mount);
    CHECK(rpc_nfs2_null_async(rpc, client_answered, NULL) == 0);
    client_wait(rpc, "nfs2_null", NULL, 0, NULL);
    making();
    data();
    attributes();
    links();
    listing();
    permissions(other);
    clean_up();
    rpc_destroy_context(mount);
    rpc_destroy_context(other);
    rpc_destroy_context(rpc);
}
