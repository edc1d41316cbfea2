/* Version 2: the errors of RFC 1094 that can be brought about, and what is said of what succeeds,
 * beside what the system says of it. */
#include "cases.h"

#include <arpa/inet.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct handle2 {
    char bytes[32];
};

enum { NONE = -1, LARGEST = 0x7fffffff, ERR_STALE = 70 };

static struct rpc_context *root, *other;
static struct handle2 top, work;
static const char *exported;
static struct handle2 given; /* by the last LOOKUP, CREATE or MKDIR */
static fattr2 told;          /* by the last result that has attributes */

static diropargs2 place(const struct handle2 *in, const char *name)
{
    diropargs2 arguments = {.name = (char *)(uintptr_t)name};

    memcpy(arguments.dir, in->bytes, sizeof(in->bytes));
    return arguments;
}

static sattr2 attributes2(u_int mode, u_int size)
{
    const u_int same = (u_int)NONE;

    return (sattr2){mode, same, same, size, {same, same}, {same, same}};
}

static nfsstat3 getattr(const struct handle2 *of)
{
    GETATTR2args arguments;
    GETATTR2res result;

    memcpy(arguments.fhandle, of->bytes, sizeof(of->bytes));
    CALL(root, nfs2_getattr, &arguments, &result);
    if (result.status == NFS3_OK)
        told = result.GETATTR2res_u.resok.attributes;
    return result.status;
}

static nfsstat3 setattr(struct rpc_context *as, const struct handle2 *of, sattr2 attributes)
{
    SETATTR2args arguments = {.attributes = attributes};
    SETATTR2res result;

    memcpy(arguments.fhandle, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_setattr, &arguments, &result);
    if (result.status == NFS3_OK)
        told = result.SETATTR2res_u.resok.attributes;
    return result.status;
}

static nfsstat3 lookup(struct rpc_context *as, const struct handle2 *in, const char *name)
{
    LOOKUP2args arguments = {place(in, name)};
    LOOKUP2res result;

    CALL(as, nfs2_lookup, &arguments, &result);
    if (result.status == NFS3_OK) {
        memcpy(given.bytes, result.LOOKUP2res_u.resok.file, sizeof(given.bytes));
        told = result.LOOKUP2res_u.resok.attributes;
    }
    return result.status;
}

static nfsstat3 create(struct rpc_context *as, const struct handle2 *in, const char *name,
                       u_int mode, u_int size)
{
    CREATE2args arguments = {place(in, name), attributes2(mode, size)};
    CREATE2res result;

    CALL(as, nfs2_create, &arguments, &result);
    if (result.status == NFS3_OK) {
        memcpy(given.bytes, result.CREATE2res_u.resok.file, sizeof(given.bytes));
        told = result.CREATE2res_u.resok.attributes;
    }
    return result.status;
}

static nfsstat3 make_directory(struct rpc_context *as, const struct handle2 *in, const char *name,
                               u_int mode)
{
    MKDIR2args arguments = {place(in, name), attributes2(mode, (u_int)NONE)};
    MKDIR2res result;

    CALL(as, nfs2_mkdir, &arguments, &result);
    if (result.status == NFS3_OK) {
        memcpy(given.bytes, result.MKDIR2res_u.resok.file, sizeof(given.bytes));
        told = result.MKDIR2res_u.resok.attributes;
    }
    return result.status;
}

static nfsstat3 make_symlink(struct rpc_context *as, const struct handle2 *in, const char *name,
                             const char *target)
{
    SYMLINK2args arguments = {place(in, name), (char *)(uintptr_t)target,
                              attributes2((u_int)NONE, (u_int)NONE)};
    SYMLINK2res result;

    CALL(as, nfs2_symlink, &arguments, &result);
    return result.status;
}

static nfsstat3 remove_name(struct rpc_context *as, const struct handle2 *in, const char *name)
{
    REMOVE2args arguments = {place(in, name)};
    REMOVE2res result;

    CALL(as, nfs2_remove, &arguments, &result);
    return result.status;
}

static nfsstat3 remove_directory(struct rpc_context *as, const struct handle2 *in, const char *name)
{
    RMDIR2args arguments = {place(in, name)};
    RMDIR2res result;

    CALL(as, nfs2_rmdir, &arguments, &result);
    return result.status;
}

static nfsstat3 rename_name(struct rpc_context *as, const struct handle2 *from,
                            const char *from_name, const struct handle2 *to, const char *to_name)
{
    RENAME2args arguments = {place(from, from_name), place(to, to_name)};
    RENAME2res result;

    CALL(as, nfs2_rename, &arguments, &result);
    return result.status;
}

static nfsstat3 make_link(struct rpc_context *as, const struct handle2 *of,
                          const struct handle2 *in, const char *name)
{
    LINK2args arguments = {.to = place(in, name)};
    LINK2res result;

    memcpy(arguments.from, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_link, &arguments, &result);
    return result.status;
}

static char target[1200];

static void take_target(const void *data)
{
    const READLINK2res *result = data;

    if (result->status == NFS3_OK)
        snprintf(target, sizeof(target), "%s", result->READLINK2res_u.resok.data);
}

static nfsstat3 read_link(const struct handle2 *of)
{
    READLINK2args arguments;
    READLINK2res result;

    memcpy(arguments.file, of->bytes, sizeof(of->bytes));
    CALL_AND_LOOK(root, nfs2_readlink, &arguments, &result, take_target);
    return result.status;
}

static char bytes[8192];
static u_int byte_count;

static void take_data(const void *data)
{
    const READ2res *result = data;

    if (result->status != NFS3_OK)
        return;
    byte_count = result->READ2res_u.resok.data.nfsdata2_len;
    CHECK(byte_count <= sizeof(bytes));
    memcpy(bytes, result->READ2res_u.resok.data.nfsdata2_val, byte_count);
    told = result->READ2res_u.resok.attributes;
}

static nfsstat3 read_data(struct rpc_context *as, const struct handle2 *of, u_int offset,
                          u_int count)
{
    READ2args arguments = {.offset = offset, .count = count};
    READ2res result;

    memcpy(arguments.file, of->bytes, sizeof(of->bytes));
    CALL_AND_LOOK(as, nfs2_read, &arguments, &result, take_data);
    return result.status;
}

static nfsstat3 write_data(struct rpc_context *as, const struct handle2 *of, u_int offset,
                           const char *data, u_int count)
{
    WRITE2args arguments = {.offset = offset, .data = {count, (char *)(uintptr_t)data}};
    WRITE2res result;

    memcpy(arguments.file, of->bytes, sizeof(of->bytes));
    CALL(as, nfs2_write, &arguments, &result);
    if (result.status == NFS3_OK)
        told = result.WRITE2res_u.resok.attributes;
    return result.status;
}

static unsigned entry_count;
static char names[600][256];
static int last_cookie;
static bool at_end;

static void take_entries(const void *data)
{
    const READDIR2res *result = data;

    if (result->status != NFS3_OK)
        return;
    at_end = result->READDIR2res_u.resok.eof;
    for (entry2 *entry = result->READDIR2res_u.resok.entries; entry; entry = entry->nextentry) {
        CHECK(entry_count < 600 && strlen(entry->name) < 256);
        snprintf(names[entry_count++], sizeof(names[0]), "%s", entry->name);
        memcpy(&last_cookie, &entry->cookie, sizeof(last_cookie));
    }
}

static nfsstat3 list(struct rpc_context *as, const struct handle2 *of, int cookie, u_int count)
{
    READDIR2args arguments = {.count = count};
    READDIR2res result;

    memcpy(arguments.dir, of->bytes, sizeof(of->bytes));
    memcpy(&arguments.cookie, &cookie, sizeof(cookie));
    CALL_AND_LOOK(as, nfs2_readdir, &arguments, &result, take_entries);
    return result.status;
}

static STATFS2resok sizes;

static nfsstat3 stat_fs(const struct handle2 *of)
{
    STATFS2args arguments;
    STATFS2res result;

    memcpy(arguments.dir, of->bytes, sizeof(of->bytes));
    CALL(root, nfs2_statfs, &arguments, &result);
    sizes = result.STATFS2res_u.resok;
    return result.status;
}

static struct handle2 new_file(const char *name)
{
    CHECK_IS(create(root, &work, name, 0100644, 0), NFS3_OK);
    return given;
}

static struct handle2 new_directory(const char *name, u_int mode)
{
    CHECK_IS(make_directory(root, &work, name, mode), NFS3_OK);
    return given;
}

/* ---------------------------------------------------------------------------------------- errors
 */

static void check_every_procedure(const struct handle2 *handle, nfsstat3 expected)
{
    struct handle2 file = new_file("another");

    CHECK_IS(getattr(handle), expected);
    CHECK_IS(setattr(root, handle, attributes2(0600, (u_int)NONE)), expected);
    CHECK_IS(lookup(root, handle, "x"), expected);
    CHECK_IS(read_link(handle), expected);
    CHECK_IS(read_data(root, handle, 0, 10), expected);
    CHECK_IS(write_data(root, handle, 0, "x", 1), expected);
    CHECK_IS(create(root, handle, "x", 0100644, 0), expected);
    CHECK_IS(remove_name(root, handle, "x"), expected);
    CHECK_IS(rename_name(root, handle, "x", &work, "y"), expected);
    CHECK_IS(rename_name(root, &work, "another", handle, "y"), expected);
    CHECK_IS(make_link(root, handle, &work, "y"), expected);
    CHECK_IS(make_link(root, &file, handle, "y"), expected);
    CHECK_IS(make_symlink(root, handle, "x", "y"), expected);
    CHECK_IS(make_directory(root, handle, "x", 0755), expected);
    CHECK_IS(remove_directory(root, handle, "x"), expected);
    CHECK_IS(list(root, handle, 0, 1000), expected);
    CHECK_IS(stat_fs(handle), expected);
}

static void a_stale_handle(void)
{
    struct handle2 file = new_file("gone");

    CHECK_IS(remove_name(root, &work, "gone"), NFS3_OK);
    check_every_procedure(&file, (nfsstat3)ERR_STALE);
}

/* Version 2 has no word for it. */
static void a_bad_handle(void)
{
    struct handle2 bad = work;

    bad.bytes[20] ^= 1;
    check_every_procedure(&bad, (nfsstat3)ERR_STALE);
}

static void check_names(const char *name, nfsstat3 expected)
{
    struct handle2 file = new_file("for-names");

    CHECK_IS(lookup(root, &work, name), expected);
    CHECK_IS(create(root, &work, name, 0100644, 0), expected);
    CHECK_IS(make_directory(root, &work, name, 0755), expected);
    CHECK_IS(make_symlink(root, &work, name, "x"), expected);
    CHECK_IS(remove_name(root, &work, name), expected);
    CHECK_IS(remove_directory(root, &work, name), expected);
    CHECK_IS(rename_name(root, &work, name, &work, "x"), expected);
    CHECK_IS(rename_name(root, &work, "for-names", &work, name), expected);
    CHECK_IS(make_link(root, &file, &work, name), expected);
}

static void names_that_cannot_be(void)
{
    char name[257];

    memset(name, 'n', 256);
    name[256] = 0;
    check_names(name, NFS3ERR_NAMETOOLONG);
    check_names("", NFS3ERR_ACCES);
    check_names("a/b", NFS3ERR_ACCES);
    name[255] = 0;
    new_file(name);
    CHECK(access(case_local(name), F_OK) == 0);
}

static void errors_of_names(void)
{
    struct handle2 file = new_file("file"), dir = new_directory("dir", 0755), empty;

    CHECK_IS(lookup(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(remove_name(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(remove_directory(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(rename_name(root, &work, "none", &work, "x"), NFS3ERR_NOENT);
    CHECK_IS(lookup(root, &file, "x"), NFS3ERR_NOTDIR);
    CHECK_IS(create(root, &file, "x", 0100644, 0), NFS3ERR_NOTDIR);
    CHECK_IS(list(root, &file, 0, 1000), NFS3ERR_NOTDIR);
    CHECK_IS(remove_directory(root, &work, "file"), NFS3ERR_NOTDIR);
    CHECK_IS(make_directory(root, &work, "file", 0755), NFS3ERR_EXIST);
    CHECK_IS(make_symlink(root, &work, "file", "x"), NFS3ERR_EXIST);
    CHECK_IS(make_link(root, &file, &work, "dir"), NFS3ERR_EXIST);
    CHECK_IS(create(root, &work, "dir", 0100644, 0), NFS3ERR_EXIST);
    CHECK_IS(create(root, &dir, "in", 0100644, 0), NFS3_OK);
    CHECK_IS(remove_directory(root, &work, "dir"), NFS3ERR_NOTEMPTY);
    empty = new_directory("empty", 0755);
    CHECK_IS(rename_name(root, &work, "empty", &work, "dir"), NFS3ERR_NOTEMPTY);
    CHECK_IS(rename_name(root, &work, "file", &work, "empty"), NFS3ERR_ISDIR);
    CHECK_IS(remove_name(root, &work, "dir"), NFS3ERR_ISDIR);
    CHECK_IS(read_data(root, &dir, 0, 10), NFS3ERR_ISDIR);
    CHECK_IS(write_data(root, &dir, 0, "x", 1), NFS3ERR_ISDIR);
    CHECK_IS(setattr(root, &dir, attributes2((u_int)NONE, 0)), NFS3ERR_ISDIR);
    CHECK_IS(make_link(root, &dir, &work, "hard"), NFS3ERR_ISDIR);
    /* INVAL is not among version 2's errors. */
    CHECK_IS(rename_name(root, &work, "dir", &dir, "loop"), NFS3ERR_ACCES);
    CHECK_IS(read_link(&file), NFS3ERR_ACCES);
    CHECK_IS(getattr(&empty), NFS3_OK);
}

static void no_regular_file(void)
{
    struct handle2 link, fifo;

    new_file("file");
    CHECK_IS(make_symlink(root, &work, "link", "file"), NFS3_OK);
    CHECK_IS(lookup(root, &work, "link"), NFS3_OK);
    link = given;
    CHECK_IS(told.type, NF2LNK);
    /* U-Boot asks where it leads when it hears this. */
    CHECK_IS(read_data(root, &link, 0, 10), NFS3ERR_ISDIR);
    CHECK_IS(create(root, &work, "fifo", 0020622, (u_int)NONE), NFS3_OK);
    fifo = given;
    CHECK_IS(read_data(root, &fifo, 0, 10), NFS3ERR_NXIO);
    CHECK_IS(write_data(root, &fifo, 0, "x", 1), NFS3ERR_NXIO);
    CHECK_IS(setattr(root, &fifo, attributes2((u_int)NONE, 0)), NFS3ERR_NXIO);
}

static void what_another_user_may_not(void)
{
    struct handle2 closed = new_directory("closed", 0700), dir = new_directory("dir", 0755);
    struct handle2 file = new_file("file");

    CHECK_IS(setattr(root, &file, attributes2(0600, (u_int)NONE)), NFS3_OK);
    CHECK_IS(lookup(other, &closed, "x"), NFS3ERR_ACCES);
    CHECK_IS(list(other, &closed, 0, 1000), NFS3ERR_ACCES);
    CHECK_IS(create(other, &dir, "x", 0100644, 0), NFS3ERR_ACCES);
    CHECK_IS(make_directory(other, &dir, "x", 0755), NFS3ERR_ACCES);
    CHECK_IS(make_symlink(other, &dir, "x", "y"), NFS3ERR_ACCES);
    CHECK_IS(rename_name(other, &work, "file", &dir, "x"), NFS3ERR_ACCES);
    CHECK_IS(remove_directory(other, &top, "x"), NFS3ERR_NOENT);
    CHECK_IS(remove_name(other, &closed, "x"), NFS3ERR_ACCES);
    CHECK_IS(read_data(other, &file, 0, 10), NFS3ERR_ACCES);
    CHECK_IS(write_data(other, &file, 0, "x", 1), NFS3ERR_ACCES);
    CHECK_IS(setattr(other, &file, attributes2(0666, (u_int)NONE)), NFS3ERR_PERM);
    CHECK_IS(setattr(other, &file, attributes2((u_int)NONE, 0)), NFS3ERR_ACCES);
    CHECK_IS(create(other, &work, "device", 0020600, 0x103), NFS3ERR_PERM);
}

/* ---------------------------------------------------------------------------------------- values
 */

static void check_attributes(const char *name)
{
    struct stat info;

    CHECK(lstat(case_local(name), &info) == 0);
    CHECK_IS(told.type, S_ISREG(info.st_mode)   ? NF2REG
                        : S_ISDIR(info.st_mode) ? NF2DIR
                        : S_ISLNK(info.st_mode) ? NF2LNK
                        : S_ISBLK(info.st_mode) ? NF2BLK
                        : S_ISCHR(info.st_mode) ? NF2CHR
                                                : NF2NON);
    CHECK_IS(told.mode, info.st_mode);
    CHECK_IS(told.nlink, info.st_nlink);
    CHECK_IS(told.uid, info.st_uid);
    CHECK_IS(told.gid, info.st_gid);
    CHECK_IS(told.size, info.st_size > LARGEST ? LARGEST : info.st_size);
    CHECK_IS(told.blocksize, info.st_blksize);
    CHECK_IS(told.blocks, info.st_blocks);
    CHECK(info.st_ino > UINT32_MAX || told.fileid == info.st_ino);
    CHECK_IS(told.mtime.seconds, info.st_mtim.tv_sec);
    CHECK_IS(told.mtime.nseconds, info.st_mtim.tv_nsec / 1000);
    CHECK_IS(told.atime.seconds, info.st_atim.tv_sec);
    CHECK_IS(told.ctime.seconds, info.st_ctim.tv_sec);
    CHECK_IS(told.ctime.nseconds, info.st_ctim.tv_nsec / 1000);
}

static void attributes_of_every_type(void)
{
    static const char *const kinds[] = {"regular", "directory", "symlink",
                                        "block",   "character", "socket"};

    CHECK(mknod(case_local("regular"), S_IFREG | 0640, 0) == 0);
    CHECK(mkdir(case_local("directory"), 0711) == 0);
    CHECK(symlink("regular", case_local("symlink")) == 0);
    CHECK(mknod(case_local("block"), S_IFBLK | 0660, makedev(0xabc, 0xdef12)) == 0);
    CHECK(mknod(case_local("character"), S_IFCHR | 0600, makedev(5, 1)) == 0);
    CHECK(mknod(case_local("socket"), S_IFSOCK | 0600, 0) == 0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        CHECK_IS(lookup(root, &work, kinds[i]), NFS3_OK);
        check_attributes(kinds[i]);
        CHECK_IS(getattr(&given), NFS3_OK);
        check_attributes(kinds[i]);
        if (strcmp(kinds[i], "block") == 0)
            CHECK_IS(told.rdev, 0xdefabc12);
    }
}

/* What is left unset, in all ways there are, stays or is the server's to choose. */
static void attributes_left_unset(void)
{
    static const u_int unset[] = {0xffffffff, 0xffff};
    char name[16];

    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "file%zu", i);
        CHECK_IS(create(root, &work, name, unset[i], (u_int)NONE), NFS3_OK);
        CHECK_IS(told.type, NF2REG);
        CHECK_IS(told.mode & 077, 0);
        snprintf(name, sizeof(name), "dir%zu", i);
        CHECK_IS(make_directory(root, &work, name, unset[i]), NFS3_OK);
        CHECK_IS(told.type, NF2DIR);
    }
    CHECK_IS(create(root, &work, "file0", 0100644, 100), NFS3_OK);
    CHECK_IS(told.size, 100);
    CHECK_IS(setattr(root, &given, attributes2(0xffff, (u_int)NONE)), NFS3_OK);
    CHECK_IS(told.mode & 077, 0);
    CHECK_IS(told.size, 100);
}

static void setting_attributes(void)
{
    struct handle2 file = new_file("file");
    sattr2 all = {04751, 77, 88, 1000, {1, 2}, {3, 4}};
    sattr2 now = attributes2((u_int)NONE, (u_int)NONE);

    CHECK_IS(setattr(root, &file, all), NFS3_OK);
    check_attributes("file");
    CHECK(told.mode == 0104751 && told.uid == 77 && told.gid == 88 && told.size == 1000);
    CHECK(told.atime.seconds == 1 && told.mtime.seconds == 3 && told.mtime.nseconds == 4);
    /* A million microseconds stand for the server's time. */
    now.mtime.seconds = now.atime.seconds = 5;
    now.mtime.nseconds = now.atime.nseconds = 1000000;
    CHECK_IS(setattr(root, &file, now), NFS3_OK);
    CHECK(told.mtime.seconds > 1000000000 && told.atime.seconds > 1000000000);
}

static void reading_and_writing(void)
{
    struct handle2 file = new_file("file");
    char pattern[2048];

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 7 + i / 251);
    for (u_int i = 0; i < 8; i++) {
        CHECK_IS(write_data(root, &file, i * 2048, pattern, 2048), NFS3_OK);
        check_attributes("file");
        CHECK_IS(told.size, (i + 1) * 2048);
    }
    CHECK_IS(read_data(root, &file, 0, 8192), NFS3_OK);
    CHECK(byte_count == 8192 && memcmp(bytes + 2048, pattern, 2048) == 0);
    check_attributes("file");
    CHECK_IS(read_data(root, &file, 0, 65536), NFS3_OK);
    CHECK_IS(byte_count, 8192);
    CHECK_IS(read_data(root, &file, 8 * 2048 - 10, 100), NFS3_OK);
    CHECK_IS(byte_count, 10);
    CHECK_IS(read_data(root, &file, 100000, 100), NFS3_OK);
    CHECK_IS(byte_count, 0);
}

static void sizes_past_2_gb(void)
{
    struct handle2 file = new_file("file"), huge;

    CHECK_IS(write_data(root, &file, LARGEST - 2, "xy", 2), NFS3_OK);
    CHECK_IS(told.size, LARGEST);
    CHECK_IS(write_data(root, &file, LARGEST - 1, "xy", 2), NFS3ERR_FBIG);
    CHECK_IS(write_data(root, &file, 0x80000000, "x", 1), NFS3ERR_FBIG);
    CHECK_IS(read_data(root, &file, 0x80000000, 10), NFS3ERR_FBIG);
    CHECK_IS(setattr(root, &file, attributes2((u_int)NONE, 0x80000000)), NFS3ERR_FBIG);
    CHECK_IS(create(root, &work, "new", 0100644, 0x80000000), NFS3ERR_FBIG);
    CHECK(mknod(case_local("huge"), S_IFREG | 0644, 0) == 0);
    CHECK(truncate(case_local("huge"), (off_t)5 << 30) == 0);
    CHECK_IS(lookup(root, &work, "huge"), NFS3_OK);
    huge = given;
    CHECK_IS(told.size, LARGEST);
    CHECK_IS(read_data(root, &huge, LARGEST - 5, 100), NFS3_OK);
    CHECK_IS(byte_count, 5);
}

static void links_and_renames(void)
{
    static char far_away[1024];
    struct handle2 file = new_file("file"), dir = new_directory("dir", 0755), over;

    memset(far_away, 'x', 1000);
    CHECK_IS(make_symlink(root, &work, "link", far_away), NFS3_OK);
    CHECK_IS(lookup(root, &work, "link"), NFS3_OK);
    check_attributes("link");
    CHECK_IS(read_link(&given), NFS3_OK);
    CHECK(strcmp(target, far_away) == 0);
    CHECK_IS(make_link(root, &file, &dir, "second"), NFS3_OK);
    CHECK_IS(getattr(&file), NFS3_OK);
    CHECK_IS(told.nlink, 2);
    CHECK_IS(rename_name(root, &dir, "second", &work, "file"), NFS3_OK);
    over = new_file("over");
    CHECK_IS(rename_name(root, &work, "file", &work, "over"), NFS3_OK);
    CHECK_IS(getattr(&over), (nfsstat3)ERR_STALE);
    CHECK_IS(write_data(root, &file, 0, "abc", 3), NFS3_OK);
    CHECK_IS(lookup(root, &work, "over"), NFS3_OK);
    CHECK(memcmp(&given, &file, sizeof(file)) == 0);
}

static void listing(void)
{
    static const u_int counts[] = {100, 1024, 8192};
    char name[32];

    for (unsigned i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "file%u", i);
        CHECK(mknod(case_local(name), S_IFREG | 0644, 0) == 0);
    }
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        unsigned char seen[300] = {0};
        unsigned number, others = 0;

        entry_count = 0;
        last_cookie = 0;
        for (at_end = false; !at_end;)
            CHECK_IS(list(root, &work, last_cookie, counts[i]), NFS3_OK);
        for (unsigned j = 0; j < entry_count; j++) {
            if (sscanf(names[j], "file%u", &number) == 1 && number < 300)
                seen[number]++;
            else
                others++;
        }
        CHECK_IS(others, 2);
        for (unsigned j = 0; j < 300; j++)
            CHECK_IS(seen[j], 1);
        /* Many 32-bit clients take cookies for numbers with a sign. */
        CHECK((int32_t)ntohl((uint32_t)last_cookie) >= 0);
    }
    entry_count = 0;
    CHECK_IS(list(root, &work, 0, 16), NFS3ERR_IO);
}

static void the_file_system(void)
{
    struct statvfs info;

    CHECK_IS(stat_fs(&work), NFS3_OK);
    CHECK(statvfs(case_local("."), &info) == 0);
    CHECK_IS(sizes.tsize, 8192);
    CHECK(sizes.bsize >= info.f_frsize && sizes.blocks <= LARGEST);
    CHECK((uint64_t)sizes.bsize * sizes.blocks <= (uint64_t)info.f_frsize * info.f_blocks);
    CHECK(sizes.bfree <= sizes.blocks && sizes.bavail <= sizes.bfree);
}

/* ------------------------------------------------------- of a file system that cannot be written
 */

static void nothing_is_written(void)
{
    struct handle2 file;

    CHECK_IS(lookup(root, &top, "file"), NFS3_OK);
    file = given;
    CHECK_IS(setattr(root, &file, attributes2(0600, (u_int)NONE)), NFS3ERR_ROFS);
    CHECK_IS(write_data(root, &file, 0, "x", 1), NFS3ERR_ROFS);
    CHECK_IS(create(root, &top, "x", 0100644, 0), NFS3ERR_ROFS);
    CHECK_IS(make_directory(root, &top, "x", 0755), NFS3ERR_ROFS);
    CHECK_IS(make_symlink(root, &top, "x", "y"), NFS3ERR_ROFS);
    CHECK_IS(remove_name(root, &top, "file"), NFS3ERR_ROFS);
    CHECK_IS(remove_directory(root, &top, "dir"), NFS3ERR_ROFS);
    CHECK_IS(rename_name(root, &top, "file", &top, "x"), NFS3ERR_ROFS);
    CHECK_IS(make_link(root, &file, &top, "x"), NFS3ERR_ROFS);
    CHECK_IS(read_data(root, &file, 0, 100), NFS3_OK);
    CHECK_IS(byte_count, 4);
}

static void no_room(void)
{
    struct handle2 file;
    char block[2048] = {1}, name[32];
    u_int offset = 0, made = 0;
    nfsstat3 status;

    CHECK_IS(create(root, &top, "growing", 0100644, 0), NFS3_OK);
    file = given;
    while ((status = write_data(root, &file, offset, block, sizeof(block))) == NFS3_OK)
        offset += sizeof(block);
    CHECK_IS(status, NFS3ERR_NOSPC);
    CHECK(offset > 0);
    CHECK_IS(stat_fs(&top), NFS3_OK);
    CHECK_IS(sizes.bavail, 0);
    CHECK_IS(remove_name(root, &top, "growing"), NFS3_OK);
    do {
        snprintf(name, sizeof(name), "file%u", made++);
        status = create(root, &top, name, 0100644, 0);
    } while (status == NFS3_OK && made < 1000);
    CHECK_IS(status, NFS3ERR_NOSPC);
    CHECK_IS(make_directory(root, &top, "x", 0755), NFS3ERR_NOSPC);
    CHECK_IS(make_symlink(root, &top, "x", "y"), NFS3ERR_NOSPC);
}

/* -------------------------------------------------------------------------------------- the sets
 */

static void take_mount(const void *data)
{
    const mountres1 *result = data;

    CHECK_IS(result->fhs_status, MNT1_OK);
    memcpy(top.bytes, result->mountres1_u.mountinfo.fhandle, sizeof(top.bytes));
}

static void start(const struct client *client)
{
    struct rpc_context *mount = client_connect(client, 20048, MOUNT_PROGRAM, MOUNT_V1, 0);
    char path[1024];

    exported = client->path;
    root = client_connect(client, 2049, NFS_PROGRAM, NFS_V2, 0);
    other = client_connect(client, 2049, NFS_PROGRAM, NFS_V2, 1000);
    snprintf(path, sizeof(path), "%s", exported);
    CHECK(rpc_mount1_mnt_async(mount, client_answered, path, NULL) == 0);
    client_wait(mount, "mount1_mnt", NULL, 0, take_mount);
    rpc_destroy_context(mount);
}

static void before(const char *name)
{
    char local[512];

    CHECK_IS(make_directory(root, &top, name, 0777), NFS3_OK);
    work = given;
    snprintf(local, sizeof(local), "%s/%s", exported, name);
    case_set_local(local);
}

static void before_nothing(const char *name)
{
    (void)name;
}

#define CASE(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

static const struct test_case errors[] = {
    CASE(a_stale_handle),  CASE(a_bad_handle),    CASE(names_that_cannot_be),
    CASE(errors_of_names), CASE(no_regular_file), CASE(what_another_user_may_not),
    {NULL, NULL},
};

static const struct test_case values[] = {
    CASE(attributes_of_every_type),
    CASE(attributes_left_unset),
    CASE(setting_attributes),
    CASE(reading_and_writing),
    CASE(sizes_past_2_gb),
    CASE(links_and_renames),
    CASE(listing),
    CASE(the_file_system),
    {NULL, NULL},
};

static const struct test_case readonly[] = {CASE(nothing_is_written), {NULL, NULL}};
static const struct test_case full[] = {CASE(no_room), {NULL, NULL}};

const struct case_set cases_v2 = {"v2", start, before, {errors, values}};
const struct case_set cases_v2_readonly = {"v2-readonly", start, before_nothing, {readonly}};
const struct case_set cases_v2_full = {"v2-full", start, before_nothing, {full}};
