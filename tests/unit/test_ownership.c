/* What is kept beside the files: its text, and the tree where it is served. */
#include "test.h"

#include "platform/linux/credentials.h"
#include "store/ownership.h"
#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAME(text) slice_of_string(text)

static const struct credentials root = {.uid = 0, .gid = 0};
static const struct credentials alice = {.uid = 1001, .gid = 1001};
static const struct credentials bob = {.uid = 1002, .gid = 1002};

static char place[64];
static int top;
static unsigned warnings;

static void warn(const char *text)
{
    assert_non_null(strstr(text, "damaged"));
    warnings++;
}

static void start(void)
{
    const struct ownership_settings settings = {
        .always = true, .state_directory = place, .warn = warn};
    char error[512] = "";

    warnings = 0;
    assert_int_equal(ownership_start(&settings, error, sizeof(error)), 0);
    assert_true(ownership_everywhere());
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

/* In /var/tmp: a tmpfs on /tmp may know no user attributes. */
static int set_up(void **state)
{
    char tree[80];

    (void)state;
    snprintf(place, sizeof(place), "/var/tmp/bootwire-ownership-XXXXXX");
    if (!mkdtemp(place))
        return -1;
    snprintf(tree, sizeof(tree), "%s/tree", place);
    if (mkdir(tree, 0755) < 0)
        return -1;
    top = open(tree, O_PATH | O_CLOEXEC);
    start();
    return top < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    ownership_stop();
    close(top);
    return nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool reads(const char *text)
{
    struct ownership ownership;

    return ownership_read(&ownership, slice_of_string(text));
}

static void text_is_rsyncs(void **state)
{
    /* As rsync 3.2 wrote it for `mknod sda b 8 17`, mode 0660, group 6. */
    static const char golden[] = "60660 8,17 0:6";
    struct ownership ownership;
    uint8_t text[OWNERSHIP_TEXT_MAX];
    size_t length;

    (void)state;
    assert_true(ownership_read(&ownership, slice_of_string(golden)));
    assert_int_equal(ownership.mode, S_IFBLK | 0660);
    assert_int_equal(ownership.major, 8);
    assert_int_equal(ownership.minor, 17);
    assert_int_equal(ownership.uid, 0);
    assert_int_equal(ownership.gid, 6);
    length = ownership_write(text, &ownership);
    assert_int_equal(length, strlen(golden));
    assert_memory_equal(text, golden, length);
    assert_true(reads("104755 0,0 0:0"));
    assert_true(reads("140777 4294967295,4294967295 4294967294:4294967294"));
}

static void damaged_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "104755",
        "104755 0,0 0",
        "104755 0,0 0:",
        "104755 0,0 0:0 ",
        "104755 0,0 0:0\n",
        " 104755 0,0 0:0",
        "104755  0,0 0:0",
        "104755 0:0 0,0",
        "0 0,0 0:0",       /* no type */
        "755 0,0 0:0",     /* no type */
        "170644 0,0 0:0",  /* none that there is */
        "1100644 0,0 0:0", /* too much type */
        "108755 0,0 0:0",  /* not octal */
        "104755 0,0 -1:0",
        "104755 0,0 4294967295:0",
        "104755 0,0 0:4294967295",
        "104755 4294967296,0 0:0",
        "100644 0,0 0:99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(reads(texts[i]));
    assert_false(ownership_read(&(struct ownership){.mode = 0}, slice_of("100644 0,0 0:0\0", 15)));
}

static struct stat status_of(int file)
{
    struct stat status;

    assert_int_equal(tree_stat(file, &status), 0);
    return status;
}

static int make(const struct credentials *owner, const char *name, unsigned mode)
{
    struct tree_change change = TREE_NO_CHANGE;
    int file;

    change.set_mode = true;
    change.mode = mode;
    assert_int_equal(tree_create(owner, top, NAME(name), TREE_GUARDED, &change, NULL, &file), 0);
    return file;
}

static void set_on_disk(int file, const char *text)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    assert_int_equal(setxattr(path, OWNERSHIP_ATTRIBUTE, text, strlen(text), 0), 0);
}

static void modes_and_owners_are_kept(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    struct stat disk;
    int file = make(&root, "su", 0600);

    (void)state;
    change.set_mode = change.set_uid = change.set_gid = true;
    change.mode = 04757;
    change.uid = 7;
    change.gid = 8;
    assert_int_equal(tree_set(&root, file, &(struct stat){.st_mode = S_IFREG}, &change), 0);
    ownership_stop();
    start();
    assert_int_equal(status_of(file).st_mode, S_IFREG | 04757);
    assert_int_equal(status_of(file).st_uid, 7);
    assert_int_equal(status_of(file).st_gid, 8);
    /* On the disk it runs as nobody else, and nobody else may write to it. */
    assert_int_equal(fstat(file, &disk), 0);
    assert_int_equal(disk.st_mode, S_IFREG | 0755);
    assert_int_equal(disk.st_uid, geteuid());
    change = TREE_NO_CHANGE;
    change.set_uid = true;
    change.uid = UINT32_MAX;
    assert_int_equal(tree_set(&root, file, &disk, &change), EINVAL);
    close(file);
}

static void devices_are_files(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    struct stat disk;
    size_t count;
    int file, made;

    (void)state;
    change.set_mode = true;
    change.mode = 0666;
    assert_int_equal(tree_mknod(&root, top, NAME("null"), S_IFCHR, makedev(1, 300), &change, &file),
                     0);
    assert_int_equal(status_of(file).st_mode, S_IFCHR | 0666);
    assert_int_equal(status_of(file).st_rdev, makedev(1, 300));
    assert_int_equal(fstat(file, &disk), 0);
    assert_int_equal(disk.st_mode, S_IFREG | 0600);
    assert_int_equal(tree_write(&root, file, 0, NAME("x"), TREE_UNSTABLE, &count), EINVAL);
    close(file);
    assert_int_equal(tree_mknod(&root, top, NAME("null"), S_IFCHR, makedev(1, 3), &change, &file),
                     EEXIST);
    assert_int_equal(tree_mknod(&alice, top, NAME("mem"), S_IFCHR, makedev(1, 1), &change, &made),
                     EACCES);
    change.mode = 0777;
    assert_int_equal(tree_mkdir(&root, top, NAME("tmp"), &change, &file), 0);
    assert_int_equal(tree_mknod(&alice, file, NAME("mem"), S_IFBLK, makedev(1, 1), &change, &made),
                     EPERM);
    close(file);
}

static void links_have_owners(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    int file, again;

    (void)state;
    assert_int_equal(tree_symlink(&root, top, NAME("link"), NAME("to"), &change, &file), 0);
    change.set_uid = true;
    change.uid = 5;
    assert_int_equal(tree_set(&root, file, &(struct stat){.st_mode = S_IFLNK}, &change), 0);
    ownership_stop();
    start();
    assert_int_equal(status_of(file).st_uid, 5);
    assert_int_equal(status_of(file).st_mode, S_IFLNK | 0777);
    assert_int_equal(tree_remove(&root, top, NAME("link")), 0);
    assert_int_equal(tree_symlink(&root, top, NAME("link"), NAME("to"), &TREE_NO_CHANGE, &again),
                     0);
    assert_int_equal(status_of(again).st_uid, 0);
    close(file);
    close(again);
}

static void damage_is_told_once(void **state)
{
    int file = make(&root, "file", 0640), other = make(&root, "other", 0644);

    (void)state;
    set_on_disk(file, "no such thing");
    set_on_disk(other, "40755 0,0 0:0"); /* a file that would be a directory */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(status_of(file).st_uid, 0);
        assert_int_equal(status_of(file).st_mode, S_IFREG | 0600);
        assert_int_equal(status_of(other).st_mode, S_IFREG | 0644);
    }
    assert_int_equal(warnings, 1);
    set_on_disk(file, "100640 0,0 1001:1001");
    assert_int_equal(status_of(file).st_uid, 1001);
    close(file);
    close(other);
}

static int try_read(const struct credentials *caller, int file)
{
    struct stat status = status_of(file);

    return tree_may_read(caller, file, &status);
}

static void callers_have_what_is_served(void **state)
{
    const struct credentials member = {.uid = 3, .gid = 3, .groups = {1001}, .group_count = 1};
    int granted, file, found, other, open_directory;
    struct tree_change change = TREE_NO_CHANGE;

    (void)state;
    change.set_mode = true;
    change.mode = 01777;
    assert_int_equal(tree_mkdir(&root, top, NAME("tmp"), &change, &open_directory), 0);
    change.mode = 0640;
    assert_int_equal(
        tree_create(&alice, open_directory, NAME("a"), TREE_GUARDED, &change, NULL, &file), 0);
    assert_int_equal(status_of(file).st_uid, 1001);
    assert_int_equal(tree_access(&member, file, R_OK | W_OK | X_OK, &granted), 0);
    assert_int_equal(granted, R_OK);
    assert_int_equal(tree_access(&root, file, R_OK | W_OK | X_OK, &granted), 0);
    assert_int_equal(granted, R_OK | W_OK);
    assert_int_equal(try_read(&member, file), 0);
    assert_int_equal(try_read(&bob, file), EACCES);
    assert_int_equal(tree_remove(&bob, open_directory, NAME("a")), EPERM);
    assert_int_equal(tree_rename(&bob, open_directory, NAME("a"), open_directory, NAME("b")),
                     EPERM);
    /* Times: the server's own for who may write, others for the owner. */
    change = TREE_NO_CHANGE;
    change.atime.tv_nsec = change.mtime.tv_nsec = UTIME_NOW;
    assert_int_equal(tree_set(&bob, file, &(struct stat){.st_mode = S_IFREG}, &change), EACCES);
    change.mtime = (struct timespec){1, 0};
    assert_int_equal(tree_set(&bob, file, &(struct stat){.st_mode = S_IFREG}, &change), EPERM);
    assert_int_equal(tree_set(&alice, file, &(struct stat){.st_mode = S_IFREG}, &change), 0);
    /* Another's file gets no second name, unless it could be written to anyway. */
    assert_int_equal(tree_link(&bob, file, open_directory, NAME("mine")), EPERM);
    assert_int_equal(tree_link(&alice, file, open_directory, NAME("mine")), 0);
    change = TREE_NO_CHANGE;
    change.set_mode = true;
    change.mode = 0666;
    assert_int_equal(tree_set(&alice, file, &(struct stat){.st_mode = S_IFREG}, &change), 0);
    assert_int_equal(tree_link(&bob, file, open_directory, NAME("second")), 0);
    change.mode = 04777;
    assert_int_equal(tree_set(&alice, file, &(struct stat){.st_mode = S_IFREG}, &change), 0);
    assert_int_equal(tree_link(&bob, file, open_directory, NAME("again")), EPERM);
    assert_int_equal(tree_remove(&alice, open_directory, NAME("a")), 0);
    close(file);
    /* A directory of root's is closed to others, for each kind of name. */
    change = TREE_NO_CHANGE;
    change.set_mode = true;
    change.mode = 0711;
    assert_int_equal(tree_mkdir(&root, top, NAME("roots"), &change, &other), 0);
    assert_int_equal(tree_mkdir(&bob, other, NAME("x"), &change, &found), EACCES);
    assert_int_equal(tree_symlink(&bob, other, NAME("x"), NAME("y"), &change, &found), EACCES);
    assert_int_equal(tree_rmdir(&bob, other, NAME("x")), ENOENT);
    assert_int_equal(tree_lookup(&bob, other, NAME("x"), true, &found), ENOENT);
    assert_int_equal(tree_rename(&bob, open_directory, NAME("x"), other, NAME("x")), ENOENT);
    /* Another's directory does not change its parent by the hand of who may not write to it. */
    assert_int_equal(tree_mkdir(&bob, open_directory, NAME("bobs"), &change, &found), 0);
    close(found);
    assert_int_equal(tree_rename(&root, open_directory, NAME("bobs"), top, NAME("bobs")), 0);
    close(other);
    close(open_directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_rsyncs),
        cmocka_unit_test(damaged_text_is_refused),
        cmocka_unit_test_setup_teardown(modes_and_owners_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(devices_are_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_have_owners, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(callers_have_what_is_served, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
