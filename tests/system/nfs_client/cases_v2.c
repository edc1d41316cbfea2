/* Version 2: the errors of RFC 1094 that can be brought about, and what is said of what succeeds,
 * beside what the system says of it. */
#include "calls_v2.h"
#include "cases.h"

#include <arpa/inet.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct rpc_context *root, *other;
static struct handle2 top, work;
static const char *exported;

static struct handle2 new_file(const char *name)
{
    CHECK_IS(v2_create(root, &work, name, 0100644, 0), NFS3_OK);
    return v2_said.handle;
}

static struct handle2 new_directory(const char *name, u_int mode)
{
    CHECK_IS(v2_mkdir(root, &work, name, mode), NFS3_OK);
    return v2_said.handle;
}

/* ---------------------------------------------------------------------------------------- errors
 */

static void check_every_procedure(const struct handle2 *handle, nfsstat3 expected)
{
    struct handle2 file = new_file("another");

    CHECK_IS(v2_getattr(root, handle), expected);
    CHECK_IS(v2_setattr(root, handle, v2_attributes(0600, (u_int)NONE)), expected);
    CHECK_IS(v2_lookup(root, handle, "x"), expected);
    CHECK_IS(v2_readlink(root, handle), expected);
    CHECK_IS(v2_read(root, handle, 0, 10), expected);
    CHECK_IS(v2_write(root, handle, 0, "x", 1), expected);
    CHECK_IS(v2_create(root, handle, "x", 0100644, 0), expected);
    CHECK_IS(v2_remove(root, handle, "x"), expected);
    CHECK_IS(v2_rename(root, handle, "x", &work, "y"), expected);
    CHECK_IS(v2_rename(root, &work, "another", handle, "y"), expected);
    CHECK_IS(v2_link(root, handle, &work, "y"), expected);
    CHECK_IS(v2_link(root, &file, handle, "y"), expected);
    CHECK_IS(v2_symlink(root, handle, "x", "y"), expected);
    CHECK_IS(v2_mkdir(root, handle, "x", 0755), expected);
    CHECK_IS(v2_rmdir(root, handle, "x"), expected);
    CHECK_IS(v2_readdir(root, handle, 0, 1000), expected);
    CHECK_IS(v2_statfs(root, handle), expected);
}

static void a_stale_handle(void)
{
    struct handle2 file = new_file("gone");

    CHECK_IS(v2_remove(root, &work, "gone"), NFS3_OK);
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

    CHECK_IS(v2_lookup(root, &work, name), expected);
    CHECK_IS(v2_create(root, &work, name, 0100644, 0), expected);
    CHECK_IS(v2_mkdir(root, &work, name, 0755), expected);
    CHECK_IS(v2_symlink(root, &work, name, "x"), expected);
    CHECK_IS(v2_remove(root, &work, name), expected);
    CHECK_IS(v2_rmdir(root, &work, name), expected);
    CHECK_IS(v2_rename(root, &work, name, &work, "x"), expected);
    CHECK_IS(v2_rename(root, &work, "for-names", &work, name), expected);
    CHECK_IS(v2_link(root, &file, &work, name), expected);
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

    CHECK_IS(v2_lookup(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(v2_remove(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(v2_rmdir(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(v2_rename(root, &work, "none", &work, "x"), NFS3ERR_NOENT);
    CHECK_IS(v2_lookup(root, &file, "x"), NFS3ERR_NOTDIR);
    CHECK_IS(v2_create(root, &file, "x", 0100644, 0), NFS3ERR_NOTDIR);
    CHECK_IS(v2_readdir(root, &file, 0, 1000), NFS3ERR_NOTDIR);
    CHECK_IS(v2_rmdir(root, &work, "file"), NFS3ERR_NOTDIR);
    CHECK_IS(v2_mkdir(root, &work, "file", 0755), NFS3ERR_EXIST);
    CHECK_IS(v2_symlink(root, &work, "file", "x"), NFS3ERR_EXIST);
    CHECK_IS(v2_link(root, &file, &work, "dir"), NFS3ERR_EXIST);
    CHECK_IS(v2_create(root, &work, "dir", 0100644, 0), NFS3ERR_EXIST);
    CHECK_IS(v2_create(root, &dir, "in", 0100644, 0), NFS3_OK);
    CHECK_IS(v2_rmdir(root, &work, "dir"), NFS3ERR_NOTEMPTY);
    empty = new_directory("empty", 0755);
    CHECK_IS(v2_rename(root, &work, "empty", &work, "dir"), NFS3ERR_NOTEMPTY);
    CHECK_IS(v2_rename(root, &work, "file", &work, "empty"), NFS3ERR_ISDIR);
    CHECK_IS(v2_remove(root, &work, "dir"), NFS3ERR_ISDIR);
    CHECK_IS(v2_read(root, &dir, 0, 10), NFS3ERR_ISDIR);
    CHECK_IS(v2_write(root, &dir, 0, "x", 1), NFS3ERR_ISDIR);
    CHECK_IS(v2_setattr(root, &dir, v2_attributes((u_int)NONE, 0)), NFS3ERR_ISDIR);
    CHECK_IS(v2_link(root, &dir, &work, "hard"), NFS3ERR_ISDIR);
    /* INVAL is not among version 2's errors. */
    CHECK_IS(v2_rename(root, &work, "dir", &dir, "loop"), NFS3ERR_ACCES);
    CHECK_IS(v2_readlink(root, &file), NFS3ERR_ACCES);
    CHECK_IS(v2_getattr(root, &empty), NFS3_OK);
}

static void no_regular_file(void)
{
    struct handle2 link, fifo;

    new_file("file");
    CHECK_IS(v2_symlink(root, &work, "link", "file"), NFS3_OK);
    CHECK_IS(v2_lookup(root, &work, "link"), NFS3_OK);
    link = v2_said.handle;
    CHECK_IS(v2_said.attributes.type, NF2LNK);
    /* U-Boot asks where it leads when it hears this. */
    CHECK_IS(v2_read(root, &link, 0, 10), NFS3ERR_ISDIR);
    CHECK_IS(v2_create(root, &work, "fifo", 0020622, (u_int)NONE), NFS3_OK);
    fifo = v2_said.handle;
    CHECK_IS(v2_read(root, &fifo, 0, 10), NFS3ERR_NXIO);
    CHECK_IS(v2_write(root, &fifo, 0, "x", 1), NFS3ERR_NXIO);
    CHECK_IS(v2_setattr(root, &fifo, v2_attributes((u_int)NONE, 0)), NFS3ERR_NXIO);
}

static void what_another_user_may_not(void)
{
    struct handle2 closed = new_directory("closed", 0700), dir = new_directory("dir", 0755);
    struct handle2 file = new_file("file");

    CHECK_IS(v2_setattr(root, &file, v2_attributes(0600, (u_int)NONE)), NFS3_OK);
    CHECK_IS(v2_lookup(other, &closed, "x"), NFS3ERR_ACCES);
    CHECK_IS(v2_readdir(other, &closed, 0, 1000), NFS3ERR_ACCES);
    CHECK_IS(v2_create(other, &dir, "x", 0100644, 0), NFS3ERR_ACCES);
    CHECK_IS(v2_mkdir(other, &dir, "x", 0755), NFS3ERR_ACCES);
    CHECK_IS(v2_symlink(other, &dir, "x", "y"), NFS3ERR_ACCES);
    CHECK_IS(v2_rename(other, &work, "file", &dir, "x"), NFS3ERR_ACCES);
    CHECK_IS(v2_rmdir(other, &top, "x"), NFS3ERR_NOENT);
    CHECK_IS(v2_remove(other, &closed, "x"), NFS3ERR_ACCES);
    CHECK_IS(v2_read(other, &file, 0, 10), NFS3ERR_ACCES);
    CHECK_IS(v2_write(other, &file, 0, "x", 1), NFS3ERR_ACCES);
    CHECK_IS(v2_setattr(other, &file, v2_attributes(0666, (u_int)NONE)), NFS3ERR_PERM);
    CHECK_IS(v2_setattr(other, &file, v2_attributes((u_int)NONE, 0)), NFS3ERR_ACCES);
    CHECK_IS(v2_create(other, &work, "device", 0020600, 0x103), NFS3ERR_PERM);
}

/* ---------------------------------------------------------------------------------------- values
 */

static struct stat check_all_but_atime(const char *name)
{
    struct stat info;

    CHECK(lstat(case_local(name), &info) == 0);
    CHECK_IS(v2_said.attributes.type, S_ISREG(info.st_mode)   ? NF2REG
                                      : S_ISDIR(info.st_mode) ? NF2DIR
                                      : S_ISLNK(info.st_mode) ? NF2LNK
                                      : S_ISBLK(info.st_mode) ? NF2BLK
                                      : S_ISCHR(info.st_mode) ? NF2CHR
                                                              : NF2NON);
    CHECK_IS(v2_said.attributes.mode, info.st_mode);
    CHECK_IS(v2_said.attributes.nlink, info.st_nlink);
    CHECK_IS(v2_said.attributes.uid, info.st_uid);
    CHECK_IS(v2_said.attributes.gid, info.st_gid);
    CHECK_IS(v2_said.attributes.size, info.st_size > LARGEST ? LARGEST : info.st_size);
    CHECK_IS(v2_said.attributes.blocksize, info.st_blksize);
    CHECK_IS(v2_said.attributes.blocks, info.st_blocks);
    CHECK(info.st_ino > UINT32_MAX || v2_said.attributes.fileid == info.st_ino);
    CHECK_IS(v2_said.attributes.mtime.seconds, info.st_mtim.tv_sec);
    CHECK_IS(v2_said.attributes.mtime.nseconds, info.st_mtim.tv_nsec / 1000);
    CHECK_IS(v2_said.attributes.ctime.seconds, info.st_ctim.tv_sec);
    CHECK_IS(v2_said.attributes.ctime.nseconds, info.st_ctim.tv_nsec / 1000);
    return info;
}

static void check_attributes(const char *name)
{
    struct stat info = check_all_but_atime(name);

    CHECK_IS(v2_said.attributes.atime.seconds, info.st_atim.tv_sec);
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
        CHECK_IS(v2_lookup(root, &work, kinds[i]), NFS3_OK);
        check_attributes(kinds[i]);
        CHECK_IS(v2_getattr(root, &v2_said.handle), NFS3_OK);
        check_attributes(kinds[i]);
        if (strcmp(kinds[i], "block") == 0)
            CHECK_IS(v2_said.attributes.rdev, 0xdefabc12);
    }
}

/* What is left unset, in all ways there are, stays or is the server's to choose. */
static void attributes_left_unset(void)
{
    static const u_int unset[] = {0xffffffff, 0xffff};
    char name[16];

    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "file%zu", i);
        CHECK_IS(v2_create(root, &work, name, unset[i], (u_int)NONE), NFS3_OK);
        CHECK_IS(v2_said.attributes.type, NF2REG);
        CHECK_IS(v2_said.attributes.mode & 077, 0);
        snprintf(name, sizeof(name), "dir%zu", i);
        CHECK_IS(v2_mkdir(root, &work, name, unset[i]), NFS3_OK);
        CHECK_IS(v2_said.attributes.type, NF2DIR);
    }
    CHECK_IS(v2_create(root, &work, "file0", 0100644, 100), NFS3_OK);
    CHECK_IS(v2_said.attributes.size, 100);
    CHECK_IS(v2_setattr(root, &v2_said.handle, v2_attributes(0xffff, (u_int)NONE)), NFS3_OK);
    CHECK_IS(v2_said.attributes.mode & 077, 0);
    CHECK_IS(v2_said.attributes.size, 100);
}

static void setting_attributes(void)
{
    struct handle2 file = new_file("file");
    sattr2 all = {04751, 77, 88, 1000, {1, 2}, {3, 4}};
    sattr2 now = v2_attributes((u_int)NONE, (u_int)NONE);

    CHECK_IS(v2_setattr(root, &file, all), NFS3_OK);
    check_attributes("file");
    CHECK(v2_said.attributes.mode == 0104751 && v2_said.attributes.uid == 77 &&
          v2_said.attributes.gid == 88 && v2_said.attributes.size == 1000);
    CHECK(v2_said.attributes.atime.seconds == 1 && v2_said.attributes.mtime.seconds == 3 &&
          v2_said.attributes.mtime.nseconds == 4);
    /* A million microseconds stand for the server's time. */
    now.mtime.seconds = now.atime.seconds = 5;
    now.mtime.nseconds = now.atime.nseconds = 1000000;
    CHECK_IS(v2_setattr(root, &file, now), NFS3_OK);
    CHECK(v2_said.attributes.mtime.seconds > 1000000000 &&
          v2_said.attributes.atime.seconds > 1000000000);
}

static void reading_and_writing(void)
{
    struct handle2 file = new_file("file");
    char pattern[2048];

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 7 + i / 251);
    for (u_int i = 0; i < 8; i++) {
        CHECK_IS(v2_write(root, &file, i * 2048, pattern, 2048), NFS3_OK);
        check_attributes("file");
        CHECK_IS(v2_said.attributes.size, (i + 1) * 2048);
    }
    CHECK_IS(v2_read(root, &file, 0, 8192), NFS3_OK);
    CHECK(v2_said.count == 8192 && memcmp(v2_said.data + 2048, pattern, 2048) == 0);
    /* The attributes say how long the file was that was read; reading it moves its atime. */
    check_all_but_atime("file");
    CHECK_IS(v2_read(root, &file, 0, 65536), NFS3_OK);
    CHECK_IS(v2_said.count, 8192);
    CHECK_IS(v2_read(root, &file, 8 * 2048 - 10, 100), NFS3_OK);
    CHECK_IS(v2_said.count, 10);
    CHECK_IS(v2_read(root, &file, 100000, 100), NFS3_OK);
    CHECK_IS(v2_said.count, 0);
}

static void sizes_past_2_gb(void)
{
    struct handle2 file = new_file("file"), huge;

    CHECK_IS(v2_write(root, &file, LARGEST - 2, "xy", 2), NFS3_OK);
    CHECK_IS(v2_said.attributes.size, LARGEST);
    CHECK_IS(v2_write(root, &file, LARGEST - 1, "xy", 2), NFS3ERR_FBIG);
    CHECK_IS(v2_write(root, &file, 0x80000000, "x", 1), NFS3ERR_FBIG);
    CHECK_IS(v2_read(root, &file, 0x80000000, 10), NFS3ERR_FBIG);
    CHECK_IS(v2_setattr(root, &file, v2_attributes((u_int)NONE, 0x80000000)), NFS3ERR_FBIG);
    CHECK_IS(v2_create(root, &work, "new", 0100644, 0x80000000), NFS3ERR_FBIG);
    CHECK(mknod(case_local("huge"), S_IFREG | 0644, 0) == 0);
    CHECK(truncate(case_local("huge"), (off_t)5 << 30) == 0);
    CHECK_IS(v2_lookup(root, &work, "huge"), NFS3_OK);
    huge = v2_said.handle;
    CHECK_IS(v2_said.attributes.size, LARGEST);
    CHECK_IS(v2_read(root, &huge, LARGEST - 5, 100), NFS3_OK);
    CHECK_IS(v2_said.count, 5);
}

static void links_and_renames(void)
{
    static char far_away[1024];
    struct handle2 file = new_file("file"), dir = new_directory("dir", 0755), over;

    memset(far_away, 'x', 1000);
    CHECK_IS(v2_symlink(root, &work, "link", far_away), NFS3_OK);
    CHECK_IS(v2_lookup(root, &work, "link"), NFS3_OK);
    check_attributes("link");
    CHECK_IS(v2_readlink(root, &v2_said.handle), NFS3_OK);
    CHECK(strcmp(v2_said.target, far_away) == 0);
    CHECK_IS(v2_link(root, &file, &dir, "second"), NFS3_OK);
    CHECK_IS(v2_getattr(root, &file), NFS3_OK);
    CHECK_IS(v2_said.attributes.nlink, 2);
    CHECK_IS(v2_rename(root, &dir, "second", &work, "file"), NFS3_OK);
    over = new_file("over");
    CHECK_IS(v2_rename(root, &work, "file", &work, "over"), NFS3_OK);
    CHECK_IS(v2_getattr(root, &over), (nfsstat3)ERR_STALE);
    CHECK_IS(v2_write(root, &file, 0, "abc", 3), NFS3_OK);
    CHECK_IS(v2_lookup(root, &work, "over"), NFS3_OK);
    CHECK(memcmp(&v2_said.handle, &file, sizeof(file)) == 0);
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

        v2_listed.count = 0;
        v2_listed.cookie = 0;
        for (v2_listed.eof = false; !v2_listed.eof;)
            CHECK_IS(v2_readdir(root, &work, v2_listed.cookie, counts[i]), NFS3_OK);
        for (unsigned j = 0; j < v2_listed.count; j++) {
            if (sscanf(v2_listed.names[j], "file%u", &number) == 1 && number < 300)
                seen[number]++;
            else
                others++;
        }
        CHECK_IS(others, 2);
        for (unsigned j = 0; j < 300; j++)
            CHECK_IS(seen[j], 1);
        /* Many 32-bit clients take cookies for numbers with a sign. */
        CHECK((int32_t)ntohl((uint32_t)v2_listed.cookie) >= 0);
    }
    v2_listed.count = 0;
    CHECK_IS(v2_readdir(root, &work, 0, 16), NFS3ERR_IO);
}

static void the_file_system(void)
{
    struct statvfs info;

    CHECK_IS(v2_statfs(root, &work), NFS3_OK);
    CHECK(statvfs(case_local("."), &info) == 0);
    CHECK_IS(v2_said.sizes.tsize, 8192);
    CHECK(v2_said.sizes.bsize >= info.f_frsize && v2_said.sizes.blocks <= LARGEST);
    CHECK((uint64_t)v2_said.sizes.bsize * v2_said.sizes.blocks <=
          (uint64_t)info.f_frsize * info.f_blocks);
    CHECK(v2_said.sizes.bfree <= v2_said.sizes.blocks &&
          v2_said.sizes.bavail <= v2_said.sizes.bfree);
}

/* ------------------------------------------------------- of a file system that cannot be written
 */

static void nothing_is_written(void)
{
    struct handle2 file;

    CHECK_IS(v2_lookup(root, &top, "file"), NFS3_OK);
    file = v2_said.handle;
    CHECK_IS(v2_setattr(root, &file, v2_attributes(0600, (u_int)NONE)), NFS3ERR_ROFS);
    CHECK_IS(v2_write(root, &file, 0, "x", 1), NFS3ERR_ROFS);
    CHECK_IS(v2_create(root, &top, "x", 0100644, 0), NFS3ERR_ROFS);
    CHECK_IS(v2_mkdir(root, &top, "x", 0755), NFS3ERR_ROFS);
    CHECK_IS(v2_symlink(root, &top, "x", "y"), NFS3ERR_ROFS);
    CHECK_IS(v2_remove(root, &top, "file"), NFS3ERR_ROFS);
    CHECK_IS(v2_rmdir(root, &top, "dir"), NFS3ERR_ROFS);
    CHECK_IS(v2_rename(root, &top, "file", &top, "x"), NFS3ERR_ROFS);
    CHECK_IS(v2_link(root, &file, &top, "x"), NFS3ERR_ROFS);
    CHECK_IS(v2_read(root, &file, 0, 100), NFS3_OK);
    CHECK_IS(v2_said.count, 4);
}

static void no_room(void)
{
    struct handle2 file;
    char block[2048] = {1}, name[32];
    u_int offset = 0, made = 0;
    nfsstat3 status;

    CHECK_IS(v2_create(root, &top, "growing", 0100644, 0), NFS3_OK);
    file = v2_said.handle;
    while ((status = v2_write(root, &file, offset, block, sizeof(block))) == NFS3_OK)
        offset += sizeof(block);
    CHECK_IS(status, NFS3ERR_NOSPC);
    CHECK(offset > 0);
    CHECK_IS(v2_statfs(root, &top), NFS3_OK);
    CHECK_IS(v2_said.sizes.bavail, 0);
    CHECK_IS(v2_remove(root, &top, "growing"), NFS3_OK);
    do {
        snprintf(name, sizeof(name), "file%u", made++);
        status = v2_create(root, &top, name, 0100644, 0);
    } while (status == NFS3_OK && made < 1000);
    CHECK_IS(status, NFS3ERR_NOSPC);
    CHECK_IS(v2_mkdir(root, &top, "x", 0755), NFS3ERR_NOSPC);
    CHECK_IS(v2_symlink(root, &top, "x", "y"), NFS3ERR_NOSPC);
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

    CHECK_IS(v2_mkdir(root, &top, name, 0777), NFS3_OK);
    work = v2_said.handle;
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
