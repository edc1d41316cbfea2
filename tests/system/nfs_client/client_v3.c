/* Every procedure of version 3 (RFC 1813). */
#include "client.h"

enum { BIG = 32768 };

/* A handle of its own memory. */
struct handle {
    nfs_fh3 fh;
    char bytes[NFS3_FHSIZE];
};

static struct rpc_context *rpc; /* root's */
static struct handle root, work, file, directory;

static struct handle *take; /* where the next inspection puts a handle */

static void keep_handle(struct handle *handle, u_int length, const char *bytes)
{
    CHECK(length > 0 && length <= 32);
    memcpy(handle->bytes, bytes, length);
    handle->fh.data.data_len = length;
    handle->fh.data.data_val = handle->bytes;
}

static void take_mount(const void *data)
{
    const mountres3 *result = data;

    CHECK(result->fhs_status == MNT3_OK);
    keep_handle(take, result->mountres3_u.mountinfo.fhandle.fhandle3_len,
                result->mountres3_u.mountinfo.fhandle.fhandle3_val);
}

static void take_lookup(const void *data)
{
    const LOOKUP3res *result = data;

    if (result->status == NFS3_OK)
        keep_handle(take, result->LOOKUP3res_u.resok.object.data.data_len,
                    result->LOOKUP3res_u.resok.object.data.data_val);
}

/* CREATE, MKDIR, SYMLINK and MKNOD have results of one shape. */
static void take_made(const void *data)
{
    const CREATE3res *result = data;

    if (result->status != NFS3_OK)
        return;
    CHECK(result->CREATE3res_u.resok.obj.handle_follows);
    keep_handle(take, result->CREATE3res_u.resok.obj.post_op_fh3_u.handle.data.data_len,
                result->CREATE3res_u.resok.obj.post_op_fh3_u.handle.data.data_val);
}

static diropargs3 place(struct handle *where, const char *name)
{
    return (diropargs3){where->fh, (char *)(uintptr_t)name};
}

static sattr3 mode_alone(u_int mode)
{
    sattr3 attributes = {.mode.set_it = 1};

    attributes.mode.set_mode3_u.mode = mode;
    return attributes;
}

static fattr3 attributes_of(struct handle *handle)
{
    GETATTR3args arguments = {handle->fh};
    GETATTR3res result;

    CALL(rpc, nfs3_getattr, &arguments, &result);
    CHECK(result.status == NFS3_OK);
    return result.GETATTR3res_u.resok.obj_attributes;
}

static nfsstat3 look_up(struct rpc_context *as, struct handle *where, const char *name,
                        struct handle *to)
{
    LOOKUP3args arguments = {place(where, name)};
    LOOKUP3res result;

    take = to;
    CALL_AND_LOOK(as, nfs3_lookup, &arguments, &result, take_lookup);
    if (result.status == NFS3_OK)
        CHECK(result.LOOKUP3res_u.resok.obj_attributes.attributes_follow);
    return result.status;
}

static nfsstat3 create(struct rpc_context *as, const char *name, createmode3 how, u_int mode,
                       struct handle *to)
{
    CREATE3args arguments = {.where = place(&work, name), .how.mode = how};
    CREATE3res result;

    arguments.how.createhow3_u.obj_attributes = mode_alone(mode);
    take = to;
    CALL_AND_LOOK(as, nfs3_create, &arguments, &result, take_made);
    if (result.status == NFS3_OK) {
        CHECK(result.CREATE3res_u.resok.obj_attributes.attributes_follow);
        CHECK(result.CREATE3res_u.resok.dir_wcc.before.attributes_follow);
        CHECK(result.CREATE3res_u.resok.dir_wcc.after.attributes_follow);
    } else {
        CHECK(result.CREATE3res_u.resfail.dir_wcc.after.attributes_follow);
    }
    return result.status;
}

static void directories(void)
{
    MKDIR3args arguments = {place(&root, "libnfs"), mode_alone(0777)};
    MKDIR3res result;
    fattr3 attributes;

    take = &work;
    CALL_AND_LOOK(rpc, nfs3_mkdir, &arguments, &result, take_made);
    CHECK(result.status == NFS3_OK);
    attributes = attributes_of(&work);
    CHECK(attributes.type == NF3DIR && attributes.mode == 0777 && attributes.uid == 0);
    CALL(rpc, nfs3_mkdir, &arguments, &result);
    CHECK(result.status == NFS3ERR_EXIST);
    arguments = (MKDIR3args){place(&work, "dir"), mode_alone(0755)};
    take = &directory;
    CALL_AND_LOOK(rpc, nfs3_mkdir, &arguments, &result, take_made);
    CHECK(result.status == NFS3_OK);
}

static void creating(void)
{
    struct handle ignored;
    CREATE3args exclusive = {.where = place(&work, "exclusive"), .how.mode = EXCLUSIVE};
    CREATE3res result;

    CHECK(create(rpc, "file", GUARDED, 0644, &file) == NFS3_OK);
    CHECK(create(rpc, "file", GUARDED, 0644, &ignored) == NFS3ERR_EXIST);
    CHECK(create(rpc, "file", UNCHECKED, 0600, &ignored) == NFS3_OK);
    CHECK(attributes_of(&file).mode == 0644);
    memcpy(exclusive.how.createhow3_u.verf, "libnfs-3", NFS3_CREATEVERFSIZE);
    for (int i = 0; i < 2; i++) {
        CALL(rpc, nfs3_create, &exclusive, &result);
        CHECK(result.status == NFS3_OK);
    }
    exclusive.how.createhow3_u.verf[7]++;
    CALL(rpc, nfs3_create, &exclusive, &result);
    CHECK(result.status == NFS3ERR_EXIST);
}

static char pattern[2 * BIG];

static void look_at_data(const void *data)
{
    const READ3res *result = data;

    CHECK(result->status == NFS3_OK);
    CHECK(result->READ3res_u.resok.file_attributes.attributes_follow);
    CHECK(result->READ3res_u.resok.data.data_len == result->READ3res_u.resok.count);
    CHECK(memcmp(result->READ3res_u.resok.data.data_val, pattern + 1,
                 result->READ3res_u.resok.count) == 0);
}

static void writing_and_reading(void)
{
    WRITE3args put = {.file = file.fh, .count = BIG, .stable = FILE_SYNC, .data = {BIG, pattern}};
    WRITE3res wrote;
    COMMIT3args settle = {.file = file.fh};
    COMMIT3res settled;
    READ3args get = {file.fh, 1, BIG};
    READ3res got;

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 7 + i / 251);
    CALL(rpc, nfs3_write, &put, &wrote);
    CHECK(wrote.status == NFS3_OK && wrote.WRITE3res_u.resok.count == BIG);
    CHECK(wrote.WRITE3res_u.resok.committed == FILE_SYNC);
    CHECK(wrote.WRITE3res_u.resok.file_wcc.after.post_op_attr_u.attributes.size == BIG);
    put.offset = BIG;
    put.stable = UNSTABLE;
    put.data.data_val = pattern + BIG;
    CALL(rpc, nfs3_write, &put, &wrote);
    CHECK(wrote.status == NFS3_OK);
    CALL(rpc, nfs3_commit, &settle, &settled);
    CHECK(settled.status == NFS3_OK);
    CHECK(memcmp(settled.COMMIT3res_u.resok.verf, wrote.WRITE3res_u.resok.verf,
                 NFS3_WRITEVERFSIZE) == 0);
    CALL_AND_LOOK(rpc, nfs3_read, &get, &got, look_at_data);
    CHECK(got.READ3res_u.resok.count == BIG && !got.READ3res_u.resok.eof);
    get.count = 2 * BIG;
    CALL_AND_LOOK(rpc, nfs3_read, &get, &got, look_at_data);
    CHECK(got.READ3res_u.resok.count > BIG);
    get.offset = 2 * BIG;
    CALL(rpc, nfs3_read, &get, &got);
    CHECK(got.status == NFS3_OK && got.READ3res_u.resok.count == 0 && got.READ3res_u.resok.eof);
    get.file = directory.fh;
    CALL(rpc, nfs3_read, &get, &got);
    CHECK(got.status == NFS3ERR_INVAL);
}

static void attributes(void)
{
    SETATTR3args set = {.object = file.fh};
    SETATTR3res result;
    fattr3 now;

    set.new_attributes = mode_alone(04711);
    set.new_attributes.uid.set_it = set.new_attributes.gid.set_it = 1;
    set.new_attributes.uid.set_uid3_u.uid = 1000;
    set.new_attributes.gid.set_gid3_u.gid = 1000;
    set.new_attributes.size.set_it = 1;
    set.new_attributes.size.set_size3_u.size = 3;
    set.new_attributes.atime.set_it = SET_TO_SERVER_TIME;
    set.new_attributes.mtime.set_it = SET_TO_CLIENT_TIME;
    set.new_attributes.mtime.set_mtime_u.mtime = (nfstime3){1000000000, 5};
    CALL(rpc, nfs3_setattr, &set, &result);
    CHECK(result.status == NFS3_OK);
    CHECK(result.SETATTR3res_u.resok.obj_wcc.before.pre_op_attr_u.attributes.size == 2 * BIG);
    now = attributes_of(&file);
    CHECK(now.mode == 04711 && now.uid == 1000 && now.gid == 1000 && now.size == 3);
    CHECK(now.mtime.seconds == 1000000000 && now.mtime.nseconds == 5);
    CHECK(now.atime.seconds > 1000000000);
    set.new_attributes = mode_alone(0600);
    set.guard.check = 1;
    set.guard.sattrguard3_u.obj_ctime = (nfstime3){1, 1};
    CALL(rpc, nfs3_setattr, &set, &result);
    CHECK(result.status == NFS3ERR_NOT_SYNC);
    set.guard.sattrguard3_u.obj_ctime = now.ctime;
    CALL(rpc, nfs3_setattr, &set, &result);
    CHECK(result.status == NFS3_OK && attributes_of(&file).mode == 0600);
}

static void look_at_target(const void *data)
{
    const READLINK3res *result = data;

    CHECK(result->status == NFS3_OK);
    CHECK(strcmp(result->READLINK3res_u.resok.data, "some/where") == 0);
}

static void links(void)
{
    char target[] = "some/where";
    SYMLINK3args make = {place(&work, "symlink"), {mode_alone(0777), target}};
    SYMLINK3res made;
    READLINK3args get;
    READLINK3res got;
    LINK3args link = {file.fh, place(&directory, "second")};
    LINK3res linked;
    RENAME3args rename = {place(&directory, "second"), place(&work, "renamed")};
    RENAME3res renamed;
    struct handle symlink, again;

    take = &symlink;
    CALL_AND_LOOK(rpc, nfs3_symlink, &make, &made, take_made);
    CHECK(made.status == NFS3_OK);
    CHECK(attributes_of(&symlink).type == NF3LNK);
    get.symlink = symlink.fh;
    CALL_AND_LOOK(rpc, nfs3_readlink, &get, &got, look_at_target);
    get.symlink = file.fh;
    CALL(rpc, nfs3_readlink, &get, &got);
    CHECK(got.status == NFS3ERR_INVAL);
    CALL(rpc, nfs3_link, &link, &linked);
    CHECK(linked.status == NFS3_OK);
    CHECK(linked.LINK3res_u.resok.file_attributes.post_op_attr_u.attributes.nlink == 2);
    CALL(rpc, nfs3_link, &link, &linked);
    CHECK(linked.status == NFS3ERR_EXIST);
    CALL(rpc, nfs3_rename, &rename, &renamed);
    CHECK(renamed.status == NFS3_OK);
    CHECK(renamed.RENAME3res_u.resok.todir_wcc.after.attributes_follow);
    CHECK(look_up(rpc, &directory, "second", &again) == NFS3ERR_NOENT);
    CHECK(look_up(rpc, &work, "renamed", &again) == NFS3_OK);
    CHECK(memcmp(again.bytes, file.bytes, file.fh.data.data_len) == 0);
    CHECK(look_up(rpc, &directory, "..", &again) == NFS3_OK);
    CHECK(memcmp(again.bytes, work.bytes, work.fh.data.data_len) == 0);
    CHECK(look_up(rpc, &root, "..", &again) == NFS3_OK);
    CHECK(memcmp(again.bytes, root.bytes, root.fh.data.data_len) == 0);
}

static void nodes(void)
{
    static const struct {
        const char *name;
        ftype3 type;
        specdata3 device;
    } rows[] = {{"console", NF3CHR, {5, 1}},
                {"sda", NF3BLK, {8, 300}},
                {"socket", NF3SOCK, {0, 0}},
                {"fifo", NF3FIFO, {0, 0}}};
    MKNOD3args make;
    MKNOD3res made;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct handle node;
        fattr3 now;

        memset(&make, 0, sizeof(make));
        make.where = place(&work, rows[i].name);
        make.what.type = rows[i].type;
        if (rows[i].type == NF3CHR || rows[i].type == NF3BLK) {
            make.what.mknoddata3_u.chr_device.dev_attributes = mode_alone(0620);
            make.what.mknoddata3_u.chr_device.spec = rows[i].device;
        } else {
            make.what.mknoddata3_u.sock_attributes = mode_alone(0620);
        }
        take = &node;
        CALL_AND_LOOK(rpc, nfs3_mknod, &make, &made, take_made);
        CHECK(made.status == NFS3_OK);
        now = attributes_of(&node);
        CHECK(now.type == rows[i].type && now.mode == 0620);
        CHECK(now.rdev.specdata1 == rows[i].device.specdata1);
        CHECK(now.rdev.specdata2 == rows[i].device.specdata2);
    }
}

/* Of the work directory, its names in one bit each; what else there is counts in `others`. */
static const char *const expected[] = {".",       "..",  "dir",    "file", "exclusive", "symlink",
                                       "renamed", "sda", "socket", "fifo", "console"};
enum { EXPECTED = sizeof(expected) / sizeof(expected[0]) };
static unsigned seen[EXPECTED], others, listed;
static uint64_t last_cookie;
static bool at_end;

static void see(const char *name, uint64_t cookie)
{
    size_t i;

    for (i = 0; i < EXPECTED && strcmp(expected[i], name) != 0; i++)
        ;
    if (i < EXPECTED)
        seen[i]++;
    else
        others++;
    listed++;
    last_cookie = cookie;
}

static void look_at_entries(const void *data)
{
    const READDIR3res *result = data;

    CHECK(result->status == NFS3_OK);
    at_end = result->READDIR3res_u.resok.reply.eof;
    for (entry3 *entry = result->READDIR3res_u.resok.reply.entries; entry; entry = entry->nextentry)
        see(entry->name, entry->cookie);
}

static void look_at_entries_plus(const void *data)
{
    const READDIRPLUS3res *result = data;

    CHECK(result->status == NFS3_OK);
    at_end = result->READDIRPLUS3res_u.resok.reply.eof;
    for (entryplus3 *entry = result->READDIRPLUS3res_u.resok.reply.entries; entry;
         entry = entry->nextentry) {
        see(entry->name, entry->cookie);
        CHECK(entry->name_attributes.attributes_follow && entry->name_handle.handle_follows);
        CHECK(entry->name_attributes.post_op_attr_u.attributes.fileid == entry->fileid);
        if (strcmp(entry->name, "file") == 0)
            CHECK(memcmp(entry->name_handle.post_op_fh3_u.handle.data.data_val, file.bytes,
                         file.fh.data.data_len) == 0);
    }
}

static void saw_all_once(void)
{
    CHECK(at_end && others == 0);
    for (size_t i = 0; i < EXPECTED; i++)
        CHECK(seen[i] == 1);
    memset(seen, 0, sizeof(seen));
    listed = 0;
}

static void listing(void)
{
    READDIR3args get = {.dir = work.fh, .count = 256};
    READDIR3res got;
    READDIRPLUS3args get_plus = {.dir = work.fh, .dircount = 512, .maxcount = 1024};
    READDIRPLUS3res got_plus;
    unsigned pieces = 0;

    for (at_end = false; !at_end; pieces++) {
        CALL_AND_LOOK(rpc, nfs3_readdir, &get, &got, look_at_entries);
        get.cookie = last_cookie;
        memcpy(get.cookieverf, got.READDIR3res_u.resok.cookieverf, NFS3_COOKIEVERFSIZE);
    }
    CHECK(pieces > 1);
    saw_all_once();
    for (at_end = false, pieces = 0; !at_end; pieces++) {
        CALL_AND_LOOK(rpc, nfs3_readdirplus, &get_plus, &got_plus, look_at_entries_plus);
        get_plus.cookie = last_cookie;
    }
    CHECK(pieces > 1);
    saw_all_once();
    get.cookie = 0;
    get.count = 100;
    CALL(rpc, nfs3_readdir, &get, &got);
    CHECK(got.status == NFS3ERR_TOOSMALL);
    get.dir = file.fh;
    CALL(rpc, nfs3_readdir, &get, &got);
    CHECK(got.status == NFS3ERR_NOTDIR);
}

static void file_system(void)
{
    FSSTAT3args stat_arguments = {root.fh};
    FSSTAT3res stat;
    FSINFO3args info_arguments = {root.fh};
    FSINFO3res info;
    PATHCONF3args conf_arguments = {root.fh};
    PATHCONF3res conf;
    ACCESS3args access_arguments = {work.fh, 0x3f};
    ACCESS3res access;

    CALL(rpc, nfs3_fsstat, &stat_arguments, &stat);
    CHECK(stat.status == NFS3_OK && stat.FSSTAT3res_u.resok.tbytes > 0);
    CHECK(stat.FSSTAT3res_u.resok.abytes <= stat.FSSTAT3res_u.resok.tbytes);
    CALL(rpc, nfs3_fsinfo, &info_arguments, &info);
    CHECK(info.status == NFS3_OK && info.FSINFO3res_u.resok.rtmax >= BIG);
    CHECK(info.FSINFO3res_u.resok.wtmax >= BIG && info.FSINFO3res_u.resok.properties == 0x1b);
    CALL(rpc, nfs3_pathconf, &conf_arguments, &conf);
    CHECK(conf.status == NFS3_OK && conf.PATHCONF3res_u.resok.name_max == 255);
    CHECK(conf.PATHCONF3res_u.resok.case_preserving && conf.PATHCONF3res_u.resok.no_trunc);
    CALL(rpc, nfs3_access, &access_arguments, &access);
    CHECK(access.status == NFS3_OK && access.ACCESS3res_u.resok.access == 0x1f);
}

/* What another user may not do. */
static void permissions(struct rpc_context *other)
{
    ACCESS3args access_arguments = {file.fh, 0x3f};
    ACCESS3res access;
    REMOVE3args remove_arguments = {place(&directory, "mine")};
    REMOVE3res removed;
    MKNOD3args make = {.where = place(&work, "device"), .what.type = NF3CHR};
    MKNOD3res made;
    struct handle theirs;

    CHECK(create(rpc, "roots", GUARDED, 0600, &theirs) == NFS3_OK);
    access_arguments.object = theirs.fh;
    CALL(other, nfs3_access, &access_arguments, &access);
    CHECK(access.status == NFS3_OK && access.ACCESS3res_u.resok.access == 0);
    CALL(other, nfs3_remove, &remove_arguments, &removed);
    CHECK(removed.status == NFS3ERR_NOENT);
    CHECK(create(other, "theirs", GUARDED, 0600, &theirs) == NFS3_OK);
    CHECK(attributes_of(&theirs).uid == 1000 && attributes_of(&theirs).gid == 1000);
    /* Device 0, 0 would be a whiteout, which Linux lets anybody make. */
    make.what.mknoddata3_u.chr_device.spec = (specdata3){1, 3};
    CALL(other, nfs3_mknod, &make, &made);
    CHECK(made.status == NFS3ERR_ACCES);
    remove_arguments.object = place(&root, "libnfs");
    CALL(other, nfs3_remove, &remove_arguments, &removed);
    CHECK(removed.status != NFS3_OK);
}

static void clean_up(void)
{
    static const char *const names[] = {"file",   "exclusive", "symlink", "renamed", "sda",
                                        "socket", "fifo",      "console", "roots",   "theirs"};
    RMDIR3args leave = {place(&root, "libnfs")};
    RMDIR3res left;
    GETATTR3args gone = {file.fh};
    GETATTR3res result;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        REMOVE3args arguments = {place(&work, names[i])};
        REMOVE3res removed;

        CALL(rpc, nfs3_remove, &arguments, &removed);
        CHECK(removed.status == NFS3_OK);
        CHECK(removed.REMOVE3res_u.resok.dir_wcc.before.attributes_follow);
    }
    CALL(rpc, nfs3_getattr, &gone, &result);
    CHECK(result.status == NFS3ERR_STALE);
    CALL(rpc, nfs3_rmdir, &leave, &left);
    CHECK(left.status == NFS3ERR_NOTEMPTY);
    leave.object = place(&work, "dir");
    CALL(rpc, nfs3_rmdir, &leave, &left);
    CHECK(left.status == NFS3_OK);
    leave.object = place(&root, "libnfs");
    CALL(rpc, nfs3_rmdir, &leave, &left);
    CHECK(left.status == NFS3_OK);
    CHECK(left.RMDIR3res_u.resok.dir_wcc.after.attributes_follow);
}

void client_run_v3(struct client *client)
{
    struct rpc_context *mount = client_connect(client, 20048, MOUNT_PROGRAM, MOUNT_V3, 0);
    struct rpc_context *other = client_connect(client, 2049, NFS_PROGRAM, NFS_V3, 1000);
    char path[1024];

    rpc = client_connect(client, 2049, NFS_PROGRAM, NFS_V3, 0);
    snprintf(path, sizeof(path), "%s", client->path);
    take = &root;
    CHECK(rpc_mount3_mnt_async(mount, client_answered, path, NULL) == 0);
    client_wait(mount, "mount3_mnt", NULL, 0, take_mount);
    CHECK(rpc_nfs3_null_async(rpc, client_answered, NULL) == 0);
    client_wait(rpc, "nfs3_null", NULL, 0, NULL);
    directories();
    creating();
    writing_and_reading();
    attributes();
    links();
    nodes();
    listing();
    file_system();
    permissions(other);
    clean_up();
    rpc_destroy_context(mount);
    rpc_destroy_context(other);
    rpc_destroy_context(rpc);
}
