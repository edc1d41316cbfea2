/* Between what the system says and what NFS says: errors, and what is true of changes. */
#include "test.h"

#include "service/nfs.h"
#include "service/nfs2_values.h"
#include "service/nfs3_values.h"
#include "service/nfs_change.h"
#include "service/rpc_service.h"
#include "service/server.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ERRNO_MAX = 200 };

/* RFC 1813 section 3.3: what each procedure may return beside IO, STALE, BADHANDLE and SERVERFAULT,
 * which all may but NULL, as they stand there. */
static const char *const listed[NFS3_PROCEDURE_COUNT] = {
    [NFS3_NULL] = "",
    [NFS3_GETATTR] = "",
    [NFS3_SETATTR] = "PERM ACCES INVAL NOSPC ROFS DQUOT NOT_SYNC",
    [NFS3_LOOKUP] = "NOENT ACCES NOTDIR NAMETOOLONG",
    [NFS3_ACCESS] = "",
    [NFS3_READLINK] = "INVAL ACCES NOTSUPP",
    [NFS3_READ] = "NXIO ACCES INVAL",
    [NFS3_WRITE] = "ACCES FBIG DQUOT NOSPC ROFS INVAL",
    [NFS3_CREATE] = "ACCES EXIST NOTDIR NOSPC ROFS NAMETOOLONG DQUOT NOTSUPP",
    [NFS3_MKDIR] = "ACCES EXIST NOTDIR NOSPC ROFS NAMETOOLONG DQUOT NOTSUPP",
    [NFS3_SYMLINK] = "ACCES EXIST NOTDIR NOSPC ROFS NAMETOOLONG DQUOT NOTSUPP",
    [NFS3_MKNOD] = "ACCES EXIST NOTDIR NOSPC ROFS NAMETOOLONG DQUOT NOTSUPP BADTYPE",
    [NFS3_REMOVE] = "NOENT ACCES NOTDIR NAMETOOLONG ROFS",
    [NFS3_RMDIR] = "NOENT ACCES INVAL EXIST NOTDIR NAMETOOLONG ROFS NOTEMPTY NOTSUPP",
    [NFS3_RENAME] = "NOENT ACCES EXIST XDEV NOTDIR ISDIR INVAL NOSPC ROFS MLINK NAMETOOLONG "
                    "NOTEMPTY DQUOT NOTSUPP",
    [NFS3_LINK] = "ACCES EXIST XDEV NOTDIR INVAL NOSPC ROFS MLINK NAMETOOLONG DQUOT NOTSUPP",
    [NFS3_READDIR] = "ACCES NOTDIR BAD_COOKIE TOOSMALL",
    [NFS3_READDIRPLUS] = "ACCES NOTDIR BAD_COOKIE TOOSMALL NOTSUPP",
    [NFS3_FSSTAT] = "",
    [NFS3_FSINFO] = "",
    [NFS3_PATHCONF] = "",
    [NFS3_COMMIT] = "",
};

#define STATUS(name)                                                                               \
    {                                                                                              \
        NFS3ERR_##name, #name                                                                      \
    }
static const struct {
    enum nfs3_status status;
    const char *name;
} statuses[] = {
    STATUS(PERM),        STATUS(NOENT),       STATUS(IO),         STATUS(NXIO),    STATUS(ACCES),
    STATUS(EXIST),       STATUS(XDEV),        STATUS(NODEV),      STATUS(NOTDIR),  STATUS(ISDIR),
    STATUS(INVAL),       STATUS(FBIG),        STATUS(NOSPC),      STATUS(ROFS),    STATUS(MLINK),
    STATUS(NAMETOOLONG), STATUS(NOTEMPTY),    STATUS(DQUOT),      STATUS(STALE),   STATUS(REMOTE),
    STATUS(BADHANDLE),   STATUS(NOT_SYNC),    STATUS(BAD_COOKIE), STATUS(NOTSUPP), STATUS(TOOSMALL),
    STATUS(BADTYPE),     STATUS(SERVERFAULT), STATUS(JUKEBOX),
};

static bool may_return(enum nfs3_procedure procedure, enum nfs3_status status)
{
    char list[256], word[32];

    switch (status) {
    case NFS3ERR_IO:
    case NFS3ERR_STALE:
    case NFS3ERR_BADHANDLE:
    case NFS3ERR_SERVERFAULT:
    case NFS3ERR_JUKEBOX: /* section 2.6 has it for whatever takes too long */
        return true;
    default:
        break;
    }
    snprintf(list, sizeof(list), " %s ", listed[procedure]);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        snprintf(word, sizeof(word), " %s ", statuses[i].name);
        if (statuses[i].status == status && strstr(list, word))
            return true;
    }
    return false;
}

static void each_procedure_keeps_to_its_list(void **state)
{
    (void)state;
    for (int procedure = 1; procedure < NFS3_PROCEDURE_COUNT; procedure++) {
        assert_int_equal(nfs3_status_of((enum nfs3_procedure)procedure, 0), NFS3_OK);
        for (int error = 1; error <= ERRNO_MAX; error++) {
            enum nfs3_status status = nfs3_status_of((enum nfs3_procedure)procedure, error);

            if (!may_return((enum nfs3_procedure)procedure, status))
                fail_msg("procedure %d says %d of errno %d", procedure, status, error);
        }
    }
}

static void errors_are_told_as_what_they_are(void **state)
{
    static const struct {
        enum nfs3_procedure procedure;
        int error;
        enum nfs3_status status;
    } rows[] = {
        {NFS3_SETATTR, EPERM, NFS3ERR_PERM},       {NFS3_CREATE, EPERM, NFS3ERR_ACCES},
        {NFS3_REMOVE, EISDIR, NFS3ERR_ACCES},      {NFS3_RENAME, EISDIR, NFS3ERR_ISDIR},
        {NFS3_READ, EISDIR, NFS3ERR_INVAL},        {NFS3_LINK, EISDIR, NFS3ERR_INVAL},
        {NFS3_LOOKUP, ENOENT, NFS3ERR_NOENT},      {NFS3_CREATE, ENOENT, NFS3ERR_STALE},
        {NFS3_READDIR, ENOENT, NFS3ERR_STALE},     {NFS3_SETATTR, EFBIG, NFS3ERR_INVAL},
        {NFS3_WRITE, EFBIG, NFS3ERR_FBIG},         {NFS3_CREATE, EFBIG, NFS3ERR_NOSPC},
        {NFS3_MKDIR, EMLINK, NFS3ERR_NOSPC},       {NFS3_LINK, EMLINK, NFS3ERR_MLINK},
        {NFS3_MKNOD, EOPNOTSUPP, NFS3ERR_NOTSUPP}, {NFS3_RENAME, EXDEV, NFS3ERR_XDEV},
        {NFS3_RMDIR, ENOTEMPTY, NFS3ERR_NOTEMPTY}, {NFS3_GETATTR, EBADMSG, NFS3ERR_BADHANDLE},
        {NFS3_GETATTR, ESTALE, NFS3ERR_STALE},     {NFS3_GETATTR, EMFILE, NFS3ERR_JUKEBOX},
        {NFS3_FSINFO, EACCES, NFS3ERR_IO},         {NFS3_COMMIT, EROFS, NFS3ERR_IO},
        {NFS3_COMMIT, ENOSPC, NFS3ERR_IO},         {NFS3_WRITE, EDQUOT, NFS3ERR_DQUOT},
        {NFS3_WRITE, 199, NFS3ERR_SERVERFAULT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(nfs3_status_of(rows[i].procedure, rows[i].error), rows[i].status);
}

/* RFC 1094 section 2.3.1. */
static void version_2_has_one_list(void **state)
{
    static const int listed_errors[] = {0,  1,  2,  5,  6,  13, 17, 19, 20,
                                        21, 27, 28, 30, 63, 66, 69, 70, 99};

    (void)state;
    for (int error = 0; error <= ERRNO_MAX; error++) {
        int status = nfs2_status_of(error);
        bool found = false;

        for (size_t i = 0; i < sizeof(listed_errors) / sizeof(listed_errors[0]); i++)
            found = found || listed_errors[i] == status;
        if (!found || (status == 0) != (error == 0))
            fail_msg("version 2 says %d of errno %d", status, error);
    }
    assert_int_equal(nfs2_status_of(EROFS), NFS2ERR_ROFS);
    assert_int_equal(nfs2_status_of(EINVAL), NFS2ERR_ACCES);
    assert_int_equal(nfs2_status_of(EBADMSG), NFS2ERR_STALE);
    assert_int_equal(nfs2_data_error(S_IFLNK, EINVAL), EISDIR);
    assert_int_equal(nfs2_data_error(S_IFIFO, EINVAL), ENXIO);
    assert_int_equal(nfs2_data_error(S_IFREG, EINVAL), EINVAL);
    assert_int_equal(nfs2_data_error(S_IFCHR, EIO), EIO);
}

/* All ways to leave the mode unset mean a regular file, with no mode of the client's. */
static void version_2_knows_an_unset_mode(void **state)
{
    static const uint32_t unset[] = {0xffffffff, 0xffff};
    struct nfs2_sattr sattr = {.mode = 0,
                               .uid = NFS2_DONT_CHANGE,
                               .gid = NFS2_DONT_CHANGE,
                               .size = NFS2_DONT_CHANGE,
                               .atime = {NFS2_DONT_CHANGE, NFS2_DONT_CHANGE},
                               .mtime = {NFS2_DONT_CHANGE, NFS2_DONT_CHANGE}};
    struct tree_change change;
    dev_t device;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sattr.mode = unset[i];
        assert_int_equal(nfs2_create_type(&sattr, &device), S_IFREG);
        assert_int_equal(nfs2_change_of(&sattr, &change), 0);
        assert_false(change.set_mode);
    }
    sattr.mode = 0020666;
    assert_int_equal(nfs2_create_type(&sattr, &device), S_IFIFO);
    sattr.size = 0x501;
    assert_int_equal(nfs2_create_type(&sattr, &device), S_IFCHR);
}

static bool overlaps(bool mine, bool others, int my_file, int other_file)
{
    struct nfs_change look, change;

    nfs_change_begin(&look, my_file, mine);
    nfs_change_begin(&change, other_file, others);
    nfs_change_end(&change);
    return !nfs_change_end(&look);
}

static void overlapping_changes_are_told(void **state)
{
    int file = open("/", O_PATH | O_CLOEXEC), other = open("/proc", O_PATH | O_CLOEXEC);
    struct nfs_change first, second;

    (void)state;
    assert_false(overlaps(true, false, file, file));
    assert_true(overlaps(true, true, file, file));
    assert_true(overlaps(false, true, file, file));
    assert_false(overlaps(false, false, file, file));
    assert_false(overlaps(true, true, file, -1));
    assert_false(overlaps(true, true, -1, file));
    assert_false(overlaps(true, true, -1, -1));
    /* A change that is under way when another begins, and ends before or after it. */
    nfs_change_begin(&first, file, true);
    nfs_change_begin(&second, file, true);
    assert_false(nfs_change_end(&first));
    assert_false(nfs_change_end(&second));
    nfs_change_begin(&first, file, true);
    nfs_change_begin(&second, file, false);
    assert_true(nfs_change_end(&first));
    assert_false(nfs_change_end(&second));
    /* And alone again. */
    nfs_change_begin(&first, file, true);
    assert_true(nfs_change_end(&first));
    close(file);
    close(other);
}

static bool syncing_fails;

/* In place of the C library's. */
int fsync(int descriptor)
{
    if (!syncing_fails)
        return (int)syscall(SYS_fsync, descriptor);
    errno = EIO;
    return -1;
}

/* In place of the whole server's. */
struct snapshot *server_snapshot(struct server *server)
{
    return snapshot_hold(server->snapshot);
}

static void a_lost_write_changes_the_verifier(void **state)
{
    uint8_t first[NFS_VERIFIER_SIZE], now[NFS_VERIFIER_SIZE];
    char path[] = "/tmp/bootwire-loss-XXXXXX";
    int made = mkstemp(path), file = open(path, O_PATH | O_CLOEXEC);

    (void)state;
    nfs_write_verifier(first);
    assert_int_equal(tree_commit(file), 0);
    nfs_write_verifier(now);
    assert_memory_equal(first, now, sizeof(now));
    syncing_fails = true;
    assert_int_equal(tree_commit(file), EIO);
    syncing_fails = false;
    nfs_write_verifier(now);
    assert_memory_not_equal(first, now, sizeof(now));
    /* It was told once; what is committed from now on is safe. */
    memcpy(first, now, sizeof(now));
    assert_int_equal(tree_commit(file), 0);
    nfs_write_verifier(now);
    assert_memory_equal(first, now, sizeof(now));
    /* Nothing but a regular file has anything to commit. */
    close(file);
    file = open("/", O_PATH | O_CLOEXEC);
    assert_int_equal(tree_commit(file), 0);
    close(file);
    close(made);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_procedure_keeps_to_its_list),
        cmocka_unit_test(errors_are_told_as_what_they_are),
        cmocka_unit_test(version_2_has_one_list),
        cmocka_unit_test(version_2_knows_an_unset_mode),
        cmocka_unit_test(overlapping_changes_are_told),
        cmocka_unit_test(a_lost_write_changes_the_verifier),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
