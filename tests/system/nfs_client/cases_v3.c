/* Version 3: each error that RFC 1813 lists for a procedure and that can be brought about. NXIO,
 * IO, NODEV, REMOTE, DQUOT, SERVERFAULT and JUKEBOX want broken disks, quotas or a server in need.
 * XDEV wants a second file system in one export, which none reaches into. */
#include "cases_v3.h"

#include <sys/stat.h>
#include <unistd.h>

struct rpc_context *root, *other;
struct handle top, work;
static const char *exported;

static void take_mount(const void *data)
{
    const mountres3 *result = data;

    CHECK_IS(result->fhs_status, MNT3_OK);
    v3_keep(&top, result->mountres3_u.mountinfo.fhandle.fhandle3_len,
            result->mountres3_u.mountinfo.fhandle.fhandle3_val);
}

void v3_start(const struct client *client)
{
    struct rpc_context *mount = client_connect(client, 20048, MOUNT_PROGRAM, MOUNT_V3, 0);
    char path[1024];

    exported = client->path;
    root = client_connect(client, 2049, NFS_PROGRAM, NFS_V3, 0);
    other = client_connect(client, 2049, NFS_PROGRAM, NFS_V3, 1000);
    snprintf(path, sizeof(path), "%s", exported);
    CHECK(rpc_mount3_mnt_async(mount, client_answered, path, NULL) == 0);
    client_wait(mount, "mount3_mnt", NULL, 0, take_mount);
    rpc_destroy_context(mount);
}

struct handle new_file(const struct handle *in, const char *name, u_int mode)
{
    sattr3 attributes = v3_mode(mode);

    CHECK_IS(v3_create(root, in, name, UNCHECKED, &attributes, NULL), NFS3_OK);
    return said.handle;
}

struct handle new_directory(const struct handle *in, const char *name, u_int mode)
{
    CHECK_IS(v3_mkdir(root, in, name, mode), NFS3_OK);
    return said.handle;
}

struct handle handle_at(const struct handle *in, const char *name)
{
    CHECK_IS(v3_lookup(root, in, name), NFS3_OK);
    return said.handle;
}

fattr3 attributes_of(const struct handle *of)
{
    fattr3 attributes;

    CHECK_IS(v3_getattr(root, of, &attributes), NFS3_OK);
    return attributes;
}

bool same_time(nfstime3 a, nfstime3 b)
{
    return a.seconds == b.seconds && a.nseconds == b.nseconds;
}

bool same_handle(const struct handle *a, const struct handle *b)
{
    return a->fh.data.data_len == b->fh.data.data_len &&
           memcmp(a->bytes, b->bytes, a->fh.data.data_len) == 0;
}

/* A name of so many bytes. */
static const char *long_name(size_t length)
{
    static char name[300];

    memset(name, 'n', length);
    name[length] = 0;
    return name;
}

/* The procedures that take a handle first, in one form: to call each with the same handle. */
enum { HANDLED = 21 };
static nfsstat3 call_with(unsigned procedure, const struct handle *handle)
{
    sattr3 nothing = {.mode.set_it = 0};

    switch (procedure) {
    case 0:
        return v3_getattr(root, handle, NULL);
    case 1:
        return v3_setattr(root, handle, &nothing, NULL);
    case 2:
        return v3_lookup(root, handle, "x");
    case 3:
        return v3_access(root, handle, 0x3f);
    case 4:
        return v3_readlink(root, handle);
    case 5:
        return v3_read(root, handle, 0, 10);
    case 6:
        return v3_write(root, handle, 0, "x", 1, FILE_SYNC);
    case 7:
        return v3_create(root, handle, "x", GUARDED, NULL, NULL);
    case 8:
        return v3_mkdir(root, handle, "x", 0755);
    case 9:
        return v3_symlink(root, handle, "x", "y");
    case 10:
        return v3_mknod(root, handle, "x", NF3FIFO, 0, 0);
    case 11:
        return v3_remove(root, handle, "x");
    case 12:
        return v3_rmdir(root, handle, "x");
    case 13:
        return v3_rename(root, handle, "x", &work, "y");
    case 14:
        return v3_link(root, handle, &work, "y");
    case 15:
        return v3_readdir(root, handle, 0, NULL, 1000);
    case 16:
        return v3_readdirplus(root, handle, 0, NULL, 1000, 4000);
    case 17:
        return v3_fsstat(root, handle);
    case 18:
        return v3_fsinfo(root, handle);
    case 19:
        return v3_pathconf(root, handle);
    default:
        return v3_commit(root, handle);
    }
}

static void a_stale_handle(void)
{
    struct handle file = new_file(&work, "gone", 0644), dir = new_directory(&work, "away", 0755);
    struct handle there = new_file(&work, "there", 0644);

    CHECK_IS(v3_remove(root, &work, "gone"), NFS3_OK);
    CHECK_IS(v3_rmdir(root, &work, "away"), NFS3_OK);
    for (unsigned i = 0; i < HANDLED; i++) {
        CHECK_IS(call_with(i, &file), NFS3ERR_STALE);
        CHECK(!said.object.attributes_follow && !said.above.attributes_follow);
        CHECK(!said.wcc.before.attributes_follow || i == 14);
        CHECK_IS(call_with(i, &dir), NFS3ERR_STALE);
    }
    CHECK_IS(v3_rename(root, &work, "there", &dir, "y"), NFS3ERR_STALE);
    CHECK(said.wcc.after.attributes_follow && !said.wcc_to.after.attributes_follow);
    CHECK_IS(v3_rename(root, &dir, "y", &work, "there"), NFS3ERR_STALE);
    CHECK(!said.wcc.after.attributes_follow && said.wcc_to.after.attributes_follow);
    CHECK_IS(v3_link(root, &there, &dir, "y"), NFS3ERR_STALE);
    CHECK(said.object.attributes_follow && !said.wcc.after.attributes_follow);
    CHECK_IS(v3_link(root, &file, &work, "y"), NFS3ERR_STALE);
    CHECK(!said.object.attributes_follow && said.wcc.after.attributes_follow);
}

static void a_bad_handle(void)
{
    struct handle bad = work;

    for (unsigned bit = 0; bit < 256; bit += 37) {
        bad = work;
        bad.bytes[bit / 8] ^= (char)(1 << bit % 8);
        CHECK_IS(v3_getattr(root, &bad, NULL), NFS3ERR_BADHANDLE);
    }
    for (unsigned i = 0; i < HANDLED; i++)
        CHECK_IS(call_with(i, &bad), NFS3ERR_BADHANDLE);
    for (u_int length = 0; length <= NFS3_FHSIZE; length++) {
        bad = work;
        bad.fh.data.data_len = length;
        if (length != work.fh.data.data_len)
            CHECK_IS(v3_getattr(root, &bad, NULL), NFS3ERR_BADHANDLE);
    }
    bad.fh.data.data_len = 31;
    CHECK_IS(v3_rename(root, &work, "x", &bad, "y"), NFS3ERR_BADHANDLE);
    CHECK_IS(v3_link(root, &work, &bad, "y"), NFS3ERR_BADHANDLE);
}

/* What each procedure that takes a name says of one. */
static void check_names(const char *name, nfsstat3 expected)
{
    struct handle file = new_file(&work, "for-names", 0644);

    CHECK_IS(v3_lookup(root, &work, name), expected);
    CHECK(said.above.attributes_follow);
    CHECK_IS(v3_create(root, &work, name, UNCHECKED, NULL, NULL), expected);
    CHECK_IS(v3_create(root, &work, name, GUARDED, NULL, NULL), expected);
    CHECK_IS(v3_create(root, &work, name, EXCLUSIVE, NULL, "verifier"), expected);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(v3_mkdir(root, &work, name, 0755), expected);
    CHECK_IS(v3_symlink(root, &work, name, "target"), expected);
    CHECK_IS(v3_mknod(root, &work, name, NF3FIFO, 0, 0), expected);
    CHECK_IS(v3_remove(root, &work, name), expected);
    CHECK_IS(v3_rmdir(root, &work, name), expected);
    CHECK_IS(v3_rename(root, &work, name, &work, "y"), expected);
    CHECK_IS(v3_rename(root, &work, "for-names", &work, name), expected);
    CHECK(said.wcc.after.attributes_follow && said.wcc_to.after.attributes_follow);
    CHECK_IS(v3_link(root, &file, &work, name), expected);
    CHECK(said.object.attributes_follow && said.wcc.after.attributes_follow);
}

static void a_name_too_long(void)
{
    check_names(long_name(256), NFS3ERR_NAMETOOLONG);
}

static void an_empty_name(void)
{
    check_names("", NFS3ERR_ACCES);
}

static void a_name_with_a_slash(void)
{
    check_names("a/b", NFS3ERR_ACCES);
}

static void dot_and_dot_dot(void)
{
    struct handle file = new_file(&work, "file", 0644), dir = new_directory(&work, "dir", 0755);
    static const char *const names[] = {".", ".."};

    CHECK_IS(v3_lookup(root, &dir, "."), NFS3_OK);
    CHECK(same_handle(&said.handle, &dir));
    CHECK_IS(v3_lookup(root, &dir, ".."), NFS3_OK);
    CHECK(same_handle(&said.handle, &work));
    for (size_t i = 0; i < 2; i++) {
        CHECK_IS(v3_create(root, &dir, names[i], UNCHECKED, NULL, NULL), NFS3ERR_EXIST);
        CHECK_IS(v3_create(root, &dir, names[i], GUARDED, NULL, NULL), NFS3ERR_EXIST);
        CHECK_IS(v3_create(root, &dir, names[i], EXCLUSIVE, NULL, "verifier"), NFS3ERR_EXIST);
        CHECK_IS(v3_mkdir(root, &dir, names[i], 0755), NFS3ERR_EXIST);
        CHECK_IS(v3_symlink(root, &dir, names[i], "x"), NFS3ERR_EXIST);
        CHECK_IS(v3_mknod(root, &dir, names[i], NF3FIFO, 0, 0), NFS3ERR_EXIST);
        CHECK_IS(v3_link(root, &file, &dir, names[i]), NFS3ERR_EXIST);
        CHECK_IS(v3_remove(root, &dir, names[i]), NFS3ERR_ACCES);
        CHECK_IS(v3_rename(root, &dir, names[i], &work, "x"), NFS3ERR_INVAL);
        CHECK_IS(v3_rename(root, &work, "dir", &work, names[i]), NFS3ERR_INVAL);
    }
    /* Section 3.3.13 names these two. */
    CHECK_IS(v3_rmdir(root, &dir, "."), NFS3ERR_INVAL);
    CHECK_IS(v3_rmdir(root, &dir, ".."), NFS3ERR_EXIST);
}

static void no_directory(void)
{
    static const unsigned with_names[] = {2, 7, 8, 9, 10, 11, 12, 13, 15, 16};
    struct handle file = new_file(&work, "file", 0644);

    for (size_t i = 0; i < sizeof(with_names) / sizeof(with_names[0]); i++)
        CHECK_IS(call_with(with_names[i], &file), NFS3ERR_NOTDIR);
    CHECK_IS(v3_rename(root, &work, "file", &file, "y"), NFS3ERR_NOTDIR);
    CHECK_IS(v3_link(root, &file, &file, "y"), NFS3ERR_NOTDIR);
    CHECK_IS(v3_rmdir(root, &work, "file"), NFS3ERR_NOTDIR);
    new_directory(&work, "dir", 0755);
    CHECK_IS(v3_rename(root, &work, "dir", &work, "file"), NFS3ERR_NOTDIR);
}

static void no_such_name(void)
{
    CHECK_IS(v3_lookup(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(v3_remove(root, &work, "none"), NFS3ERR_NOENT);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(v3_rmdir(root, &work, "none"), NFS3ERR_NOENT);
    CHECK_IS(v3_rename(root, &work, "none", &work, "x"), NFS3ERR_NOENT);
}

static void a_name_that_is_there(void)
{
    struct handle file = new_file(&work, "file", 0644), dir = new_directory(&work, "dir", 0755);
    static const char *const names[] = {"file", "dir"};

    new_file(&dir, "in", 0644);
    for (size_t i = 0; i < 2; i++) {
        CHECK_IS(v3_create(root, &work, names[i], GUARDED, NULL, NULL), NFS3ERR_EXIST);
        CHECK_IS(v3_create(root, &work, names[i], EXCLUSIVE, NULL, "another!"), NFS3ERR_EXIST);
        CHECK_IS(v3_mkdir(root, &work, names[i], 0755), NFS3ERR_EXIST);
        CHECK_IS(v3_symlink(root, &work, names[i], "x"), NFS3ERR_EXIST);
        CHECK_IS(v3_mknod(root, &work, names[i], NF3FIFO, 0, 0), NFS3ERR_EXIST);
        CHECK_IS(v3_link(root, &file, &work, names[i]), NFS3ERR_EXIST);
        CHECK(said.wcc.before.attributes_follow && said.object.attributes_follow);
    }
    CHECK_IS(v3_create(root, &work, "dir", UNCHECKED, NULL, NULL), NFS3ERR_EXIST);
    CHECK_IS(v3_rmdir(root, &work, "dir"), NFS3ERR_NOTEMPTY);
    new_directory(&work, "empty", 0755);
    CHECK_IS(v3_rename(root, &work, "empty", &work, "dir"), NFS3ERR_NOTEMPTY);
    CHECK_IS(v3_rename(root, &work, "file", &work, "empty"), NFS3ERR_ISDIR);
}

static void what_another_user_may_not(void)
{
    struct handle closed = new_directory(&work, "closed", 0700);
    struct handle readable = new_directory(&work, "readable", 0755);
    struct handle secret = new_file(&work, "secret", 0600), in = new_file(&readable, "in", 0644);
    sattr3 mode = v3_mode(0777), size = {.size.set_it = 1}, owner = {.uid.set_it = 1};

    new_file(&closed, "in", 0644);
    new_directory(&readable, "empty", 0755);
    CHECK_IS(v3_lookup(other, &closed, "in"), NFS3ERR_ACCES);
    CHECK_IS(v3_readdir(other, &closed, 0, NULL, 1000), NFS3ERR_ACCES);
    CHECK_IS(v3_readdirplus(other, &closed, 0, NULL, 1000, 4000), NFS3ERR_ACCES);
    CHECK_IS(v3_create(other, &readable, "x", GUARDED, NULL, NULL), NFS3ERR_ACCES);
    CHECK_IS(v3_mkdir(other, &readable, "x", 0755), NFS3ERR_ACCES);
    CHECK_IS(v3_symlink(other, &readable, "x", "y"), NFS3ERR_ACCES);
    CHECK_IS(v3_mknod(other, &readable, "x", NF3FIFO, 0, 0), NFS3ERR_ACCES);
    CHECK_IS(v3_remove(other, &readable, "in"), NFS3ERR_ACCES);
    CHECK_IS(v3_rmdir(other, &readable, "empty"), NFS3ERR_ACCES);
    CHECK_IS(v3_rename(other, &readable, "in", &work, "x"), NFS3ERR_ACCES);
    CHECK_IS(v3_link(other, &in, &readable, "x"), NFS3ERR_ACCES);
    CHECK_IS(v3_read(other, &secret, 0, 10), NFS3ERR_ACCES);
    CHECK(said.object.attributes_follow);
    CHECK_IS(v3_write(other, &in, 0, "x", 1, UNSTABLE), NFS3ERR_ACCES);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(v3_setattr(other, &in, &mode, NULL), NFS3ERR_PERM);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(v3_setattr(other, &in, &owner, NULL), NFS3ERR_PERM);
    CHECK_IS(v3_setattr(other, &in, &size, NULL), NFS3ERR_ACCES);
    CHECK_IS(v3_mknod(other, &work, "device", NF3CHR, 1, 3), NFS3ERR_ACCES);
}

static void attributes_that_cannot_be(void)
{
    struct handle file = new_file(&work, "file", 0644), dir = new_directory(&work, "dir", 0755);
    sattr3 time = {.mtime.set_it = SET_TO_CLIENT_TIME}, size = {.size.set_it = 1};
    sattr3 mode = v3_mode(0600);
    nfstime3 guard = {1, 1};

    time.mtime.set_mtime_u.mtime.nseconds = 1000000000;
    CHECK_IS(v3_setattr(root, &file, &time, NULL), NFS3ERR_INVAL);
    CHECK_IS(v3_setattr(root, &dir, &size, NULL), NFS3ERR_INVAL);
    size.size.set_size3_u.size = UINT64_MAX;
    CHECK_IS(v3_setattr(root, &file, &size, NULL), NFS3ERR_INVAL);
    size.size.set_size3_u.size = (uint64_t)1 << 63;
    CHECK_IS(v3_setattr(root, &file, &size, NULL), NFS3ERR_INVAL);
    CHECK_IS(v3_create(root, &work, "large", GUARDED, &size, NULL), NFS3ERR_NOSPC);
    CHECK_IS(v3_lookup(root, &work, "large"), NFS3ERR_NOENT);
    CHECK_IS(v3_setattr(root, &file, &mode, &guard), NFS3ERR_NOT_SYNC);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(attributes_of(&file).mode, 0644);
    guard = attributes_of(&file).ctime;
    CHECK_IS(v3_setattr(root, &file, &mode, &guard), NFS3_OK);
    CHECK_IS(attributes_of(&file).mode, 0600);
    /* That moved the guard. */
    CHECK_IS(v3_setattr(root, &file, &mode, &guard), NFS3ERR_NOT_SYNC);
}

static void no_regular_file(void)
{
    static const int types[] = {NF3CHR, NF3BLK, NF3FIFO, NF3SOCK};
    struct handle dir = new_directory(&work, "dir", 0755), file = new_file(&work, "file", 0644);
    struct handle link, node;

    CHECK_IS(v3_symlink(root, &work, "link", "file"), NFS3_OK);
    link = said.handle;
    CHECK_IS(v3_read(root, &dir, 0, 10), NFS3ERR_INVAL);
    CHECK_IS(v3_write(root, &dir, 0, "x", 1, UNSTABLE), NFS3ERR_INVAL);
    CHECK_IS(v3_read(root, &link, 0, 10), NFS3ERR_INVAL);
    CHECK_IS(v3_write(root, &link, 0, "x", 1, UNSTABLE), NFS3ERR_INVAL);
    CHECK_IS(v3_readlink(root, &dir), NFS3ERR_INVAL);
    CHECK_IS(v3_readlink(root, &file), NFS3ERR_INVAL);
    CHECK(said.object.attributes_follow);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        CHECK_IS(v3_mknod(root, &work, "node", types[i], 1, 3), NFS3_OK);
        node = said.handle;
        CHECK_IS(v3_read(root, &node, 0, 10), NFS3ERR_INVAL);
        CHECK_IS(v3_write(root, &node, 0, "x", 1, UNSTABLE), NFS3ERR_INVAL);
        CHECK_IS(v3_readlink(root, &node), NFS3ERR_INVAL);
        CHECK_IS(v3_commit(root, &node), NFS3_OK);
        CHECK_IS(v3_remove(root, &work, "node"), NFS3_OK);
    }
    CHECK_IS(v3_commit(root, &dir), NFS3_OK);
    CHECK_IS(v3_link(root, &dir, &work, "hard"), NFS3ERR_INVAL);
    CHECK_IS(v3_rename(root, &work, "dir", &dir, "loop"), NFS3ERR_INVAL);
    CHECK_IS(v3_remove(root, &work, "dir"), NFS3ERR_ACCES);
}

static void offsets_too_far(void)
{
    static const uint64_t offsets[] = {(uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 1, INT64_MAX};
    struct handle file = new_file(&work, "file", 0644);

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        CHECK_IS(v3_write(root, &file, offsets[i], "xy", 2, UNSTABLE), NFS3ERR_FBIG);
        CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
        CHECK_IS(v3_read(root, &file, offsets[i], 10), NFS3_OK);
        CHECK(said.count == 0 && said.eof);
    }
    CHECK_IS(attributes_of(&file).size, 0);
}

static void lists_that_cannot_be(void)
{
    struct handle file = new_file(&work, "file", 0644);
    uint64_t cookie;

    (void)file;
    CHECK_IS(v3_readdir(root, &work, 0, NULL, 4096), NFS3_OK);
    cookie = listed.entries[0].cookie;
    CHECK_IS(v3_readdir(root, &work, cookie, listed.verifier, 4096), NFS3_OK);
    CHECK_IS(v3_readdir(root, &work, cookie, "another!", 4096), NFS3ERR_BAD_COOKIE);
    CHECK(said.above.attributes_follow);
    CHECK_IS(v3_readdirplus(root, &work, cookie, "another!", 4096, 8192), NFS3ERR_BAD_COOKIE);
    for (uint32_t count = 0; count < 84; count += 12) {
        CHECK_IS(v3_readdir(root, &work, 0, NULL, count), NFS3ERR_TOOSMALL);
        CHECK_IS(v3_readdirplus(root, &work, 0, NULL, 4096, count), NFS3ERR_TOOSMALL);
        CHECK(said.above.attributes_follow);
    }
}

static void nodes_that_cannot_be(void)
{
    static const int types[] = {0, NF3REG, NF3DIR, NF3LNK, 8, 1000};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        CHECK_IS(v3_mknod(root, &work, "node", types[i], 0, 0), NFS3ERR_BADTYPE);
        CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    }
    CHECK_IS(v3_mknod(root, &work, "node", NF3CHR, UINT32_MAX, 0), NFS3ERR_NOTSUPP);
    CHECK_IS(v3_mknod(root, &work, "node", NF3BLK, 0, UINT32_MAX), NFS3ERR_NOTSUPP);
    CHECK_IS(v3_lookup(root, &work, "node"), NFS3ERR_NOENT);
}

static void too_many_links(void)
{
    struct handle file = new_file(&work, "file", 0644);
    uint32_t most;
    char name[32];

    CHECK_IS(v3_pathconf(root, &file), NFS3_OK);
    most = said.pathconf.linkmax;
    if (most > 100000)
        return; /* this file system has no such limit */
    for (uint32_t i = 1; i < most; i++) {
        snprintf(name, sizeof(name), "link%u", i);
        CHECK(link(case_local("file"), case_local(name)) == 0);
    }
    CHECK_IS(v3_link(root, &file, &work, "one more"), NFS3ERR_MLINK);
    CHECK_IS(said.object.post_op_attr_u.attributes.nlink, most);
    for (uint32_t i = 1; i < most; i++) {
        snprintf(name, sizeof(name), "link%u", i);
        CHECK(unlink(case_local(name)) == 0);
    }
}

#define CASE(function)                                                                             \
    {                                                                                              \
#function, function                                                                        \
    }

static const struct test_case errors[] = {
    CASE(a_stale_handle),
    CASE(a_bad_handle),
    CASE(a_name_too_long),
    CASE(an_empty_name),
    CASE(a_name_with_a_slash),
    CASE(dot_and_dot_dot),
    CASE(no_directory),
    CASE(no_such_name),
    CASE(a_name_that_is_there),
    CASE(what_another_user_may_not),
    CASE(attributes_that_cannot_be),
    CASE(no_regular_file),
    CASE(offsets_too_far),
    CASE(lists_that_cannot_be),
    CASE(nodes_that_cannot_be),
    CASE(too_many_links),
    {NULL, NULL},
};

/* ------------------------------------------------------- of a file system that cannot be written
 */

/* The test has put them there. */
static void nothing_is_written(void)
{
    struct handle file = handle_at(&top, "file");
    sattr3 mode = v3_mode(0600), size = {.size.set_it = 1};

    CHECK_IS(v3_setattr(root, &file, &mode, NULL), NFS3ERR_ROFS);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(v3_setattr(root, &file, &size, NULL), NFS3ERR_ROFS);
    CHECK_IS(v3_write(root, &file, 0, "x", 1, UNSTABLE), NFS3ERR_ROFS);
    CHECK_IS(v3_create(root, &top, "x", UNCHECKED, NULL, NULL), NFS3ERR_ROFS);
    CHECK_IS(v3_create(root, &top, "x", GUARDED, NULL, NULL), NFS3ERR_ROFS);
    CHECK_IS(v3_create(root, &top, "x", EXCLUSIVE, NULL, "verifier"), NFS3ERR_ROFS);
    CHECK_IS(v3_mkdir(root, &top, "x", 0755), NFS3ERR_ROFS);
    CHECK_IS(v3_symlink(root, &top, "x", "y"), NFS3ERR_ROFS);
    CHECK_IS(v3_mknod(root, &top, "x", NF3FIFO, 0, 0), NFS3ERR_ROFS);
    CHECK_IS(v3_remove(root, &top, "file"), NFS3ERR_ROFS);
    CHECK_IS(v3_rmdir(root, &top, "dir"), NFS3ERR_ROFS);
    CHECK_IS(v3_rename(root, &top, "file", &top, "x"), NFS3ERR_ROFS);
    CHECK_IS(v3_link(root, &file, &top, "x"), NFS3ERR_ROFS);
    CHECK(said.wcc.before.attributes_follow && said.object.attributes_follow);
}

static void everything_is_read(void)
{
    struct handle file = handle_at(&top, "file"), dir = handle_at(&top, "dir");
    struct handle link = handle_at(&top, "link");

    CHECK_IS(v3_read(root, &file, 0, 100), NFS3_OK);
    CHECK(said.count == 4 && memcmp(said.data, "data", 4) == 0 && said.eof);
    CHECK_IS(v3_readlink(root, &link), NFS3_OK);
    CHECK(strcmp(said.target, "file") == 0);
    CHECK_IS(v3_readdirplus(root, &dir, 0, NULL, 4096, 8192), NFS3_OK);
    CHECK(listed.count == 2 && listed.eof);
    CHECK_IS(v3_access(root, &file, 0x3f), NFS3_OK);
    CHECK_IS(said.granted, 0x01);
    CHECK_IS(v3_access(root, &dir, 0x3f), NFS3_OK);
    CHECK_IS(said.granted, 0x03);
    /* Nothing waits to be committed, and that is not an error. */
    CHECK_IS(v3_commit(root, &file), NFS3_OK);
    CHECK_IS(v3_fsinfo(root, &top), NFS3_OK);
    CHECK_IS(v3_fsstat(root, &top), NFS3_OK);
    CHECK_IS(v3_create(root, &top, "file", GUARDED, NULL, NULL), NFS3ERR_EXIST);
}

static const struct test_case readonly[] = {
    CASE(nothing_is_written),
    CASE(everything_is_read),
    {NULL, NULL},
};

/* ------------------------------------------------------------------ of a file system that is full
 */

static void no_room_for_data(void)
{
    struct handle file = new_file(&top, "growing", 0644);
    char block[4096] = {1};
    uint64_t offset = 0;
    nfsstat3 status;

    while ((status = v3_write(root, &file, offset, block, sizeof(block), FILE_SYNC)) == NFS3_OK)
        offset += said.count;
    CHECK_IS(status, NFS3ERR_NOSPC);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(v3_write(root, &file, offset, block, sizeof(block), UNSTABLE), NFS3ERR_NOSPC);
    CHECK_IS(attributes_of(&file).size, offset);
    CHECK_IS(v3_read(root, &file, 0, 4096), NFS3_OK);
    CHECK(said.count == 4096 && said.data[0] == 1);
    CHECK_IS(v3_commit(root, &file), NFS3_OK);
    CHECK_IS(v3_fsstat(root, &top), NFS3_OK);
    CHECK_IS(said.fsstat.abytes, 0);
    CHECK_IS(v3_remove(root, &top, "growing"), NFS3_OK);
}

static void no_room_for_files(void)
{
    char name[32];
    unsigned made = 0;
    nfsstat3 status;

    do {
        snprintf(name, sizeof(name), "file%u", made++);
        status = v3_create(root, &top, name, GUARDED, NULL, NULL);
    } while (status == NFS3_OK && made < 1000);
    CHECK_IS(status, NFS3ERR_NOSPC);
    CHECK(said.wcc.before.attributes_follow && said.wcc.after.attributes_follow);
    CHECK_IS(v3_create(root, &top, "x", EXCLUSIVE, NULL, "verifier"), NFS3ERR_NOSPC);
    CHECK_IS(v3_create(root, &top, "x", UNCHECKED, NULL, NULL), NFS3ERR_NOSPC);
    CHECK_IS(v3_mkdir(root, &top, "x", 0755), NFS3ERR_NOSPC);
    CHECK_IS(v3_symlink(root, &top, "x", "y"), NFS3ERR_NOSPC);
    CHECK_IS(v3_mknod(root, &top, "x", NF3FIFO, 0, 0), NFS3ERR_NOSPC);
    CHECK_IS(v3_fsstat(root, &top), NFS3_OK);
    CHECK_IS(said.fsstat.afiles, 0);
    while (made-- > 1) {
        snprintf(name, sizeof(name), "file%u", made - 1);
        CHECK_IS(v3_remove(root, &top, name), NFS3_OK);
    }
}

static const struct test_case full[] = {
    CASE(no_room_for_data),
    CASE(no_room_for_files),
    {NULL, NULL},
};

/* -------------------------------------------------------------------------------------- the sets
 */

static void before(const char *name)
{
    char local[512];

    CHECK_IS(v3_mkdir(root, &top, name, 0777), NFS3_OK);
    work = said.handle;
    snprintf(local, sizeof(local), "%s/%s", exported, name);
    case_set_local(local);
}

static void before_nothing(const char *name)
{
    (void)name;
}

const struct case_set cases_v3 = {"v3", v3_start, before, {errors, cases_v3_values}};
const struct case_set cases_v3_readonly = {"v3-readonly", v3_start, before_nothing, {readonly}};
const struct case_set cases_v3_full = {"v3-full", v3_start, before_nothing, {full}};
