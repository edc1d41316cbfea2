/* File operations as their caller, in a directory of this test's own. What depends on other users
 * runs as root only; elsewhere those tests are skipped. */
#include "test.h"

#include "platform/linux/credentials.h"
#include "store/directory.h"
#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NAME(text) slice_of_string(text)

static const struct credentials root = {.uid = 0, .gid = 0};
static const struct credentials alice = {.uid = 1001, .gid = 1001};
static const struct credentials bob = {.uid = 1002, .gid = 1002};

static char top[64];
static int top_descriptor;

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(top, sizeof(top), "/tmp/bootwire-tree-XXXXXX");
    if (!mkdtemp(top) || chmod(top, 0777) < 0)
        return -1;
    top_descriptor = open(top, O_PATH | O_CLOEXEC);
    return top_descriptor < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    credentials_restore();
    close(top_descriptor);
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

/* A regular file with these bytes. */
static int make(const struct credentials *owner, const char *name, unsigned mode, const char *bytes)
{
    struct tree_change change = TREE_NO_CHANGE;
    size_t count;
    int file;

    change.set_mode = true;
    change.mode = mode;
    assert_int_equal(
        tree_create(owner, top_descriptor, NAME(name), TREE_GUARDED, &change, NULL, &file), 0);
    assert_int_equal(tree_write(owner, file, 0, NAME(bytes), TREE_FILE_STABLE, &count), 0);
    assert_int_equal(count, strlen(bytes));
    return file;
}

static struct stat status_of(int file)
{
    struct stat status;

    assert_int_equal(tree_stat(file, &status), 0);
    return status;
}

/* A descriptor that reads what is open with O_PATH. */
static int open_again(int file)
{
    char path[32];
    int data;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    data = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(data >= 0);
    return data;
}

static int try_read(const struct credentials *caller, int file)
{
    struct stat status = status_of(file);

    return tree_may_read(caller, file, &status);
}

static int try_write(const struct credentials *caller, int file)
{
    size_t count;

    return tree_write(caller, file, 0, NAME("x"), TREE_UNSTABLE, &count);
}

static void names_are_checked(void **state)
{
    char long_name[257];
    int file;

    (void)state;
    need_root();
    memset(long_name, 'a', sizeof(long_name));
    assert_int_equal(tree_lookup(&root, top_descriptor, NAME("none"), true, &file), ENOENT);
    assert_int_equal(tree_lookup(&root, top_descriptor, NAME(""), true, &file), EACCES);
    assert_int_equal(tree_lookup(&root, top_descriptor, NAME("a/b"), true, &file), EACCES);
    assert_int_equal(tree_lookup(&root, top_descriptor, slice_of("a\0b", 3), true, &file), EACCES);
    assert_int_equal(tree_lookup(&root, top_descriptor, NAME(".."), true, &file), EACCES);
    assert_int_equal(tree_lookup(&root, top_descriptor, slice_of(long_name, 256), true, &file),
                     ENAMETOOLONG);
    assert_int_equal(tree_lookup(&root, top_descriptor, slice_of(long_name, 255), true, &file),
                     ENOENT);
    assert_int_equal(tree_lookup(&root, top_descriptor, NAME("."), true, &file), 0);
    assert_int_equal(status_of(file).st_ino, status_of(top_descriptor).st_ino);
    close(file);
    assert_int_equal(tree_remove(&root, top_descriptor, NAME(".")), EISDIR);
    assert_int_equal(tree_rmdir(&root, top_descriptor, NAME(".")), EINVAL);
    assert_int_equal(tree_rmdir(&root, top_descriptor, NAME("..")), EEXIST);
    assert_int_equal(tree_rename(&root, top_descriptor, NAME("."), top_descriptor, NAME("x")),
                     EINVAL);
    assert_int_equal(tree_mkdir(&root, top_descriptor, NAME(".."), &TREE_NO_CHANGE, &file), EEXIST);
    /* A name that is refused is not looked for: what the call before it was about is none of it. */
    assert_int_equal(mkdirat(top_descriptor, "there", 0700), 0);
    assert_int_equal(tree_mkdir(&root, top_descriptor, NAME("there"), &TREE_NO_CHANGE, &file),
                     EEXIST);
    assert_int_equal(tree_mkdir(&root, top_descriptor, NAME(""), &TREE_NO_CHANGE, &file), EACCES);
    assert_int_equal(unlinkat(top_descriptor, "there", AT_REMOVEDIR), 0);
}

static void links_are_not_followed(void **state)
{
    char target[TREE_TARGET_MAX + 1];
    size_t length;
    int link, file;

    (void)state;
    need_root();
    assert_int_equal(
        tree_symlink(&root, top_descriptor, NAME("link"), NAME("/etc"), &TREE_NO_CHANGE, &link), 0);
    assert_true(S_ISLNK(status_of(link).st_mode));
    assert_int_equal(tree_readlink(link, target, &length), 0);
    assert_true(slice_equal_string(slice_of(target, length), "/etc"));
    assert_int_equal(tree_lookup(&root, link, NAME("passwd"), true, &file), ENOTDIR);
    assert_int_equal(try_read(&root, link), EINVAL);
    assert_int_equal(tree_readlink(top_descriptor, target, &length), EINVAL);
    close(link);
}

static void modes_are_the_clients(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    int file;

    (void)state;
    need_root();
    umask(077);
    change.set_mode = true;
    change.mode = 0666;
    file = make(&alice, "file", 0666, "");
    assert_int_equal(status_of(file).st_mode, S_IFREG | 0666);
    assert_int_equal(status_of(file).st_uid, 1001);
    assert_int_equal(status_of(file).st_gid, 1001);
    close(file);
    change.mode = 01777;
    assert_int_equal(tree_mkdir(&bob, top_descriptor, NAME("dir"), &change, &file), 0);
    assert_int_equal(status_of(file).st_mode, S_IFDIR | 01777);
    assert_int_equal(status_of(file).st_uid, 1002);
    close(file);
}

static void owners_and_executors_may_read(void **state)
{
    int secret, program, plain;

    (void)state;
    need_root();
    secret = make(&alice, "secret", 0000, "secret");
    program = make(&alice, "program", 0711, "program");
    plain = make(&alice, "plain", 0600, "plain");
    assert_int_equal(try_read(&alice, secret), 0);
    assert_int_equal(try_write(&alice, secret), 0);
    assert_int_equal(try_read(&bob, secret), EACCES);
    assert_int_equal(try_write(&bob, secret), EACCES);
    assert_int_equal(try_read(&root, secret), 0);
    assert_int_equal(try_read(&bob, program), 0);
    assert_int_equal(try_write(&bob, program), EACCES);
    assert_int_equal(try_read(&bob, plain), EACCES);
    assert_int_equal(tree_commit(secret), 0);
    close(secret);
    close(program);
    close(plain);
}

static void groups_count(void **state)
{
    const struct credentials member = {
        .uid = 1003, .gid = 1, .groups = {7, 1001}, .group_count = 2};
    struct tree_change change = TREE_NO_CHANGE;
    int file, granted;

    (void)state;
    need_root();
    file = make(&alice, "file", 0640, "x");
    assert_int_equal(try_read(&member, file), 0);
    assert_int_equal(try_read(&bob, file), EACCES);
    assert_int_equal(tree_access(&member, file, R_OK | W_OK | X_OK, &granted), 0);
    assert_int_equal(granted, R_OK);
    assert_int_equal(tree_access(&alice, file, R_OK | W_OK | X_OK, &granted), 0);
    assert_int_equal(granted, R_OK | W_OK);
    assert_int_equal(tree_access(&root, file, R_OK | W_OK | X_OK, &granted), 0);
    assert_int_equal(granted, R_OK | W_OK);
    assert_int_equal(tree_access(&bob, file, R_OK | W_OK | X_OK, &granted), 0);
    assert_int_equal(granted, 0);
    close(file);
    /* A directory of theirs keeps others out. */
    change.set_mode = true;
    change.mode = 0750;
    assert_int_equal(tree_mkdir(&alice, top_descriptor, NAME("dir"), &change, &file), 0);
    assert_int_equal(tree_mkdir(&bob, file, NAME("x"), &TREE_NO_CHANGE, &granted), EACCES);
    assert_int_equal(tree_lookup(&bob, file, NAME("x"), true, &granted), EACCES);
    assert_int_equal(tree_lookup(&member, file, NAME("x"), true, &granted), ENOENT);
    close(file);
}

static void *who_am_i(void *argument)
{
    *(int *)argument = setfsuid((uid_t)-1);
    return NULL;
}

static void credentials_are_the_threads_own(void **state)
{
    pthread_t thread;
    int other = -1;

    (void)state;
    need_root();
    assert_int_equal(credentials_assume(&alice), 0);
    assert_int_equal(setfsuid((uid_t)-1), 1001);
    pthread_create(&thread, NULL, who_am_i, &other);
    pthread_join(thread, NULL);
    /* It inherits from this one; what this one does afterwards is nothing to it. */
    assert_int_equal(other, 1001);
    credentials_restore();
    assert_int_equal(setfsuid((uid_t)-1), 0);
    assert_int_equal(credentials_assume(&bob), 0);
    assert_int_equal(credentials_assume(&root), 0);
    assert_int_equal(setfsuid((uid_t)-1), 0);
    assert_int_equal(credentials_assume(&(struct credentials){.uid = UINT32_MAX}), EINVAL);
}

static void exclusive_create_knows_its_own(void **state)
{
    const uint8_t verifier[TREE_VERIFIER_SIZE] = {0xff, 2, 3, 4, 5, 6, 7, 8};
    const uint8_t other[TREE_VERIFIER_SIZE] = {0xff, 2, 3, 4, 5, 6, 7, 9};
    struct tree_change change = TREE_NO_CHANGE;
    int file;

    (void)state;
    need_root();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tree_create(&alice, top_descriptor, NAME("new"), TREE_EXCLUSIVE, &change,
                                     verifier, &file),
                         0);
        close(file);
    }
    assert_int_equal(
        tree_create(&alice, top_descriptor, NAME("new"), TREE_EXCLUSIVE, &change, other, &file),
        EEXIST);
    assert_int_equal(
        tree_create(&alice, top_descriptor, NAME("new"), TREE_GUARDED, &change, NULL, &file),
        EEXIST);
    file = make(&alice, "old", 0600, "12345");
    close(file);
    change.set_size = true;
    change.size = 2;
    assert_int_equal(
        tree_create(&bob, top_descriptor, NAME("old"), TREE_UNCHECKED, &change, NULL, &file),
        EACCES);
    assert_int_equal(
        tree_create(&alice, top_descriptor, NAME("old"), TREE_UNCHECKED, &change, NULL, &file), 0);
    assert_int_equal(status_of(file).st_size, 2);
    close(file);
    assert_int_equal(tree_mkdir(&alice, top_descriptor, NAME("dir"), &TREE_NO_CHANGE, &file), 0);
    close(file);
    assert_int_equal(
        tree_create(&alice, top_descriptor, NAME("dir"), TREE_UNCHECKED, &change, NULL, &file),
        EEXIST);
}

static void attributes_change(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    struct stat status;
    int file;

    (void)state;
    need_root();
    file = make(&alice, "file", 0644, "12345");
    status = status_of(file);
    change.set_mode = true;
    change.mode = 0600;
    assert_int_equal(tree_set(&bob, file, &status, &change), EPERM);
    assert_int_equal(tree_set(&alice, file, &status, &change), 0);
    change = TREE_NO_CHANGE;
    change.set_size = true;
    change.size = 3;
    assert_int_equal(tree_set(&bob, file, &status, &change), EACCES);
    assert_int_equal(tree_set(&alice, file, &status, &change), 0);
    change.size = UINT64_MAX;
    assert_int_equal(tree_set(&alice, file, &status, &change), EFBIG);
    change = TREE_NO_CHANGE;
    change.set_uid = true;
    change.uid = 1002;
    assert_int_equal(tree_set(&alice, file, &status, &change), EPERM);
    change.set_gid = true;
    change.gid = 7;
    change.set_mode = true;
    change.mode = 04755;
    change.atime = (struct timespec){1, 2};
    change.mtime = (struct timespec){3, 4};
    assert_int_equal(tree_set(&root, file, &status, &change), 0);
    status = status_of(file);
    assert_int_equal(status.st_mode, S_IFREG | 04755);
    assert_int_equal(status.st_uid, 1002);
    assert_int_equal(status.st_gid, 7);
    assert_int_equal(status.st_size, 3);
    assert_int_equal(status.st_atim.tv_nsec, 2);
    assert_int_equal(status.st_mtim.tv_sec, 3);
    change = TREE_NO_CHANGE;
    change.mtime.tv_nsec = UTIME_NOW;
    assert_int_equal(tree_set(&bob, file, &status, &change), 0);
    assert_true(status_of(file).st_mtim.tv_sec > 3);
    change.set_size = true;
    change.size = 0;
    assert_int_equal(tree_set(&root, top_descriptor, &status, &change), EISDIR);
    close(file);
}

/* A client's open() with O_TRUNC by somebody who may write but does not own the file: a size of 0
 * and the server's time for the data, alone. */
static void who_may_write_may_truncate(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    struct stat status;
    int file;

    (void)state;
    need_root();
    file = make(&alice, "shared", 0666, "12345");
    status = status_of(file);
    change.set_size = true;
    change.mtime.tv_nsec = UTIME_NOW;
    assert_int_equal(tree_set(&bob, file, &status, &change), 0);
    assert_int_equal(status_of(file).st_size, 0);
    change = TREE_NO_CHANGE;
    change.atime.tv_nsec = UTIME_NOW;
    assert_int_equal(tree_set(&bob, file, &status, &change), 0);
    change.atime = (struct timespec){1, 0};
    assert_int_equal(tree_set(&bob, file, &status, &change), EPERM);
    close(file);
    file = make(&alice, "private", 0644, "12345");
    status = status_of(file);
    change = TREE_NO_CHANGE;
    change.mtime.tv_nsec = UTIME_NOW;
    assert_int_equal(tree_set(&bob, file, &status, &change), EACCES);
    close(file);
}

/* A directory made in a set-group-ID one passes the group on, as it does for a local mkdir(2). */
static void set_group_id_is_inherited(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    struct stat status;
    int file;

    (void)state;
    need_root();
    umask(0); /* as the threads of the server have it; an earlier test chose another */
    assert_int_equal(chown(top, 0, 77), 0);
    assert_int_equal(chmod(top, 02777), 0);
    change.set_mode = true;
    change.mode = 0755;
    assert_int_equal(tree_mkdir(&alice, top_descriptor, NAME("below"), &change, &file), 0);
    status = status_of(file);
    assert_int_equal(status.st_gid, 77);
    assert_int_equal(status.st_mode & 07777, 02755);
    close(file);
}

static void nodes_are_made(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    int file;

    (void)state;
    need_root();
    change.set_mode = true;
    change.mode = 0620;
    change.set_uid = change.set_gid = true;
    change.uid = 0;
    change.gid = 5;
    assert_int_equal(
        tree_mknod(&root, top_descriptor, NAME("console"), S_IFCHR, makedev(5, 1), &change, &file),
        0);
    assert_int_equal(status_of(file).st_mode, S_IFCHR | 0620);
    assert_int_equal(status_of(file).st_gid, 5);
    assert_int_equal(status_of(file).st_rdev, makedev(5, 1));
    /* A device is never opened on the server. */
    assert_int_equal(try_read(&root, file), EINVAL);
    assert_int_equal(try_write(&root, file), EINVAL);
    close(file);
    assert_int_equal(
        tree_mknod(&alice, top_descriptor, NAME("sda"), S_IFBLK, makedev(8, 0), &change, &file),
        EPERM);
    /* Names of users and groups are root's to choose, and no reason to fail. */
    assert_int_equal(tree_mknod(&alice, top_descriptor, NAME("fifo"), S_IFIFO, 0, &change, &file),
                     0);
    assert_int_equal(status_of(file).st_uid, 1001);
    assert_int_equal(try_read(&alice, file), EINVAL);
    close(file);
}

static void names_come_and_go(void **state)
{
    int file, directory, again;

    (void)state;
    need_root();
    file = make(&alice, "file", 0600, "x");
    assert_int_equal(tree_link(&alice, file, top_descriptor, NAME("other")), 0);
    assert_int_equal(tree_link(&alice, file, top_descriptor, NAME("other")), EEXIST);
    assert_int_equal(status_of(file).st_nlink, 2);
    assert_int_equal(tree_mkdir(&alice, top_descriptor, NAME("dir"), &TREE_NO_CHANGE, &directory),
                     0);
    assert_int_equal(tree_link(&root, directory, top_descriptor, NAME("hard")), EISDIR);
    assert_int_equal(tree_rename(&alice, top_descriptor, NAME("other"), directory, NAME("moved")),
                     0);
    assert_int_equal(tree_lookup(&alice, directory, NAME("moved"), true, &again), 0);
    assert_int_equal(status_of(again).st_ino, status_of(file).st_ino);
    close(again);
    assert_int_equal(tree_rmdir(&alice, top_descriptor, NAME("dir")), ENOTEMPTY);
    assert_int_equal(tree_remove(&alice, top_descriptor, NAME("dir")), EISDIR);
    assert_int_equal(tree_rmdir(&alice, top_descriptor, NAME("file")), ENOTDIR);
    assert_int_equal(tree_rename(&alice, top_descriptor, NAME("dir"), directory, NAME("in")),
                     EINVAL);
    assert_int_equal(tree_remove(&bob, directory, NAME("moved")), EACCES);
    assert_int_equal(tree_remove(&alice, directory, NAME("moved")), 0);
    assert_int_equal(tree_remove(&alice, directory, NAME("moved")), ENOENT);
    assert_int_equal(tree_rmdir(&alice, top_descriptor, NAME("dir")), 0);
    close(file);
    close(directory);
}

static void reads_stop_at_the_end(void **state)
{
    char bytes[8];
    size_t count;
    int file, data;

    (void)state;
    need_root();
    file = make(&root, "file", 0600, "0123456789");
    data = open_again(file);
    assert_int_equal(tree_read(data, 0, bytes, 8, true, &count), 0);
    assert_int_equal(count, 8);
    assert_int_equal(tree_read(data, 2, bytes, 8, true, &count), 0);
    assert_int_equal(count, 8);
    assert_int_equal(tree_read(data, 11, bytes, 8, true, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(tree_read(data, UINT64_MAX, bytes, 8, true, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(tree_write(&root, file, UINT64_MAX, NAME("x"), TREE_UNSTABLE, &count), EFBIG);
    assert_int_equal(try_read(&root, top_descriptor), EISDIR);
    close(data);
    close(file);
}

static void cookies_are_small_and_go_forward(void **state)
{
    static const struct {
        uint64_t position, next;
        bool small;
    } rows[] = {
        {0, 1, true}, /* counting file systems */
        {41, 42, true},
        {0, UINT64_C(1) << 32, true}, /* ext4: "." then ".." */
        {UINT64_C(1) << 32, UINT64_C(0x123456789abcdef0), true},
        {UINT64_C(0x123456789abcdef0), UINT64_C(0x7fffffffffffffff), true},  /* its end */
        {UINT64_C(0x1234567800000001), UINT64_C(0x1234567800000002), false}, /* hashes collide */
        {7, INT32_MAX, true},          /* btrfs, XFS: the end */
        {7, UINT64_C(1) << 30, false}, /* too far to count */
        {7, UINT64_C(1) << 31, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct directory_entry entry = {.cookie = 0};
        uint64_t back;

        directory_set_cookies(&entry, rows[i].position, rows[i].next);
        assert_int_equal(entry.small_is_exact, rows[i].small);
        assert_int_equal(entry.cookie <= INT32_MAX, rows[i].small);
        back = directory_position_of(entry.cookie);
        assert_true(back > rows[i].position);
        assert_true(rows[i].small || back == rows[i].next);
    }
}

static void directories_read_in_pieces(void **state)
{
    enum { COUNT = 3000 };
    static bool seen[COUNT];
    struct directory directory;
    struct directory_entry entry;
    uint64_t cookie = 0;
    unsigned number, pieces = 0, dots = 0;
    int more = 1;

    (void)state;
    need_root();
    memset(seen, 0, sizeof(seen));
    for (number = 0; number < COUNT; number++) {
        char name[32];

        snprintf(name, sizeof(name), "file-%u", number);
        assert_true(mknodat(top_descriptor, name, S_IFREG | 0600, 0) == 0);
    }
    /* Seven entries at a time, by the cookie of the last. */
    while (more > 0) {
        assert_int_equal(directory_open(&directory, &root, top_descriptor, cookie), 0);
        for (int i = 0; i < 7 && (more = directory_next(&directory, &entry)) > 0; i++) {
            cookie = entry.cookie;
            if (sscanf((const char *)entry.name.data, "file-%u", &number) != 1) {
                dots++;
                continue;
            }
            assert_true(number < COUNT);
            assert_false(seen[number]);
            seen[number] = true;
        }
        directory_close(&directory);
        pieces++;
    }
    assert_int_equal(more, 0);
    assert_int_equal(dots, 2);
    assert_true(pieces > COUNT / 7);
    for (number = 0; number < COUNT; number++)
        assert_true(seen[number]);
    assert_int_equal(directory_open(&directory, &root, top_descriptor, UINT64_MAX - 1), 0);
    assert_int_equal(directory_next(&directory, &entry), 0);
    directory_close(&directory);
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(names_are_checked),
        TREE_TEST(links_are_not_followed),
        TREE_TEST(modes_are_the_clients),
        TREE_TEST(owners_and_executors_may_read),
        TREE_TEST(groups_count),
        TREE_TEST(credentials_are_the_threads_own),
        TREE_TEST(exclusive_create_knows_its_own),
        TREE_TEST(attributes_change),
        TREE_TEST(who_may_write_may_truncate),
        TREE_TEST(set_group_id_is_inherited),
        TREE_TEST(nodes_are_made),
        TREE_TEST(names_come_and_go),
        TREE_TEST(reads_stop_at_the_end),
        cmocka_unit_test(cookies_are_small_and_go_forward),
        TREE_TEST(directories_read_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
