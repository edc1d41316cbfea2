/* Which files are on stable storage when a change of names has been made: RFC 1813 section 4.7
 * promises that to the client. Runs as root only, for the changes are made as a caller. */
#include "test.h"

#include "platform/linux/credentials.h"
#include "store/tree.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME(text) slice_of_string(text)

enum { SYNCED_MAX = 16 };

static const struct credentials root = {.uid = 0, .gid = 0};

static char top[64];
static int directory;
static ino_t synced[SYNCED_MAX]; /* in the order of the calls */
static size_t synced_count;

/* In place of the C library's. */
int fsync(int descriptor)
{
    struct stat status;

    assert_int_equal(fstat(descriptor, &status), 0);
    assert_true(synced_count < SYNCED_MAX);
    synced[synced_count++] = status.st_ino;
    return (int)syscall(SYS_fsync, descriptor);
}

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
    snprintf(top, sizeof(top), "/tmp/bootwire-sync-XXXXXX");
    if (!mkdtemp(top))
        return -1;
    directory = open(top, O_PATH | O_CLOEXEC);
    return directory < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    credentials_restore();
    close(directory);
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void begin(void)
{
    if (geteuid() != 0)
        skip();
    synced_count = 0;
}

/* How often the file was synced since begin(). */
static size_t syncs_of(int file)
{
    struct stat status;
    size_t count = 0;

    assert_int_equal(fstat(file, &status), 0);
    for (size_t i = 0; i < synced_count; i++)
        count += synced[i] == status.st_ino;
    return count;
}

static int make_directory(int in, const char *name)
{
    struct tree_change change = TREE_NO_CHANGE;
    int made;

    assert_int_equal(tree_mkdir(&root, in, NAME(name), &change, &made), 0);
    return made;
}

/* ext2, and ext4 without a journal, write a directory's names alone when it is synced, and not what
 * they are the names of: after a power cut nothing but an error would be behind them. */
static void what_is_made_is_synced_beside_its_name(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    int made;

    (void)state;
    begin();
    assert_int_equal(
        tree_create(&root, directory, NAME("file"), TREE_GUARDED, &change, NULL, &made), 0);
    assert_int_equal(syncs_of(made), 1);
    assert_int_equal(syncs_of(directory), 1);
    close(made);
    begin();
    made = make_directory(directory, "sub");
    assert_int_equal(syncs_of(made), 1);
    assert_int_equal(syncs_of(directory), 1);
    close(made);
}

static void a_name_that_goes_is_synced(void **state)
{
    (void)state;
    begin();
    close(make_directory(directory, "sub"));
    begin();
    assert_int_equal(tree_rmdir(&root, directory, NAME("sub")), 0);
    assert_int_equal(syncs_of(directory), 1);
}

/* Once each: to wait for the disk twice for one directory gains nothing. */
static void both_directories_of_a_rename_are_synced_once(void **state)
{
    int sub;

    (void)state;
    begin();
    sub = make_directory(directory, "sub");
    close(make_directory(directory, "a"));
    begin();
    assert_int_equal(tree_rename(&root, directory, NAME("a"), directory, NAME("b")), 0);
    assert_int_equal(syncs_of(directory), 1);
    assert_int_equal(synced_count, 1);
    begin();
    assert_int_equal(tree_rename(&root, directory, NAME("b"), sub, NAME("c")), 0);
    assert_int_equal(syncs_of(directory), 1);
    assert_int_equal(syncs_of(sub), 1);
    close(sub);
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(what_is_made_is_synced_beside_its_name),
        TREE_TEST(a_name_that_goes_is_synced),
        TREE_TEST(both_directories_of_a_rename_are_synced_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
