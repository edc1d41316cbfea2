/* What mtree(5) files say of a tree, and how it is served. */
#include "test.h"

#include "platform/linux/credentials.h"
#include "store/specification.h"
#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NAME(text) slice_of_string(text)

static const struct credentials root = {.uid = 0, .gid = 0};

static char place[64];
static char tree[80];
static int top;

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
    snprintf(place, sizeof(place), "/var/tmp/bootwire-mtree-XXXXXX");
    if (!mkdtemp(place))
        return -1;
    snprintf(tree, sizeof(tree), "%s/tree", place);
    if (mkdir(tree, 0755) < 0)
        return -1;
    top = open(tree, O_PATH | O_CLOEXEC);
    return top < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    ownership_stop();
    close(top);
    return nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *name, mode_t mode, const char *text)
{
    int file = openat(top, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

static void put_directory(const char *name)
{
    assert_int_equal(mkdirat(top, name, 0755), 0);
}

static const struct ownership *said(const struct specification *specification, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s%s%s", tree, name[0] ? "/" : "", name);
    return specification_find(specification, path);
}

static void check(const struct specification *specification, const char *name, mode_t mode,
                  uint32_t uid, uint32_t gid)
{
    const struct ownership *found = said(specification, name);

    assert_non_null(found);
    assert_int_equal(found->mode, mode);
    assert_int_equal(found->uid, uid);
    assert_int_equal(found->gid, gid);
}

/* In the words of NetBSD's sets, and in those of mtree -c. */
static const char netbsd[] = "#\t$NetBSD$\n"
                             "/set type=file uname=root gname=wheel mode=0755\n"
                             ".\ttype=dir\n"
                             "    bin\ttype=dir\n"
                             "        su\tmode=04555\n"
                             "        wall\tmode=02555 gname=tty \\\n"
                             "            optional\n"
                             "    ..\n"
                             "..\n"
                             "./dev\t\t\ttype=dir mode=0755\n"
                             "./dev/console\ttype=char mode=0600 device=netbsd,0,0\n"
                             "./dev/sd0a\ttype=block mode=0640 gname=operator device=netbsd,4,256\n"
                             "./a\\040b\t\tuid=7 gid=8 mode=0640 size=5\n"
                             "./var\t\ttype=dir mode=01777 uname=_postfix\n"
                             "/unset mode\n"
                             "./link\ttype=link link=bin/su\n"
                             "./any\tuid=3\n";

static struct specification *read_text(const char *text, char error[512])
{
    struct specification *specification = specification_new();

    put("set", 0644, text);
    assert_int_equal(specification_read(specification, tree, "set", error, 512), 0);
    return specification;
}

static void netbsds_are_read(void **state)
{
    struct specification *specification;
    char error[512];

    (void)state;
    put_directory("etc");
    put("etc/passwd", 0644,
        "root:*:0:0::/root:/bin/sh\n_postfix:*:12:12::/:/x\nroot:*:9:9::/:/x\n");
    put("etc/group", 0644, "wheel:*:0:root\ntty:*:4:\noperator:*:5:\nbroken line\n");
    specification = read_text(netbsd, error);
    assert_string_equal(error, "");
    assert_int_equal(specification_count(specification), 11);
    check(specification, "", S_IFDIR | 0755, 0, 0);
    check(specification, "bin/su", S_IFREG | 04555, 0, 0);
    check(specification, "bin/wall", S_IFREG | 02555, 0, 4);
    check(specification, "dev/console", S_IFCHR | 0600, 0, 0);
    check(specification, "dev/sd0a", S_IFBLK | 0640, 0, 5);
    assert_int_equal(said(specification, "dev/sd0a")->major, 4);
    assert_int_equal(said(specification, "dev/sd0a")->minor, 256);
    check(specification, "a b", S_IFREG | 0640, 7, 8);
    check(specification, "var", S_IFDIR | 01777, 12, 0);
    assert_int_equal(said(specification, "any")->uid, 3);
    assert_int_equal(said(specification, "any")->mode & 07777, 0);
    assert_null(said(specification, "none"));
    specification_free(specification);
}

static void what_is_odd_is_told(void **state)
{
    struct specification *specification;
    char error[512];

    (void)state;
    specification = read_text("./x uname=nobody-knows mode=0644 type=file\n"
                              "./y type=file mode=u+s\n"
                              "./../../etc/shadow type=file mode=0666\n"
                              "./z type=file mode=0600\n",
                              error);
    assert_non_null(strstr(error, "3 entries are not understood"));
    assert_non_null(strstr(error, "nobody-knows"));
    check(specification, "x", S_IFREG | 0644, 0, 0);
    check(specification, "z", S_IFREG | 0600, 0, 0);
    assert_int_equal(specification_count(specification), 2);
    assert_int_equal(specification_read(specification, tree, "none", error, sizeof(error)), -1);
    assert_non_null(strstr(error, "none cannot be read"));
    put("rubbish", 0644, "\1\2\3");
    assert_int_equal(specification_read(specification, tree, "rubbish", error, sizeof(error)), -1);
    assert_non_null(strstr(error, "rubbish"));
    /* A link in the tree is its clients' work, and leads nowhere. */
    assert_int_equal(symlinkat("set", top, "led"), 0);
    assert_int_equal(specification_read(specification, tree, "led", error, sizeof(error)), -1);
    assert_int_equal(mkfifoat(top, "fifo", 0600), 0);
    assert_int_equal(specification_read(specification, tree, "fifo", error, sizeof(error)), -1);
    specification_free(specification);
}

static void start(void)
{
    const struct ownership_settings settings = {.always = true, .state_directory = place};
    char error[512];

    assert_int_equal(ownership_start(&settings, error, sizeof(error)), 0);
}

static struct stat served(const char *path)
{
    struct stat status;
    int file = openat(top, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    assert_true(file >= 0);
    assert_int_equal(tree_stat(file, &status), 0);
    close(file);
    return status;
}

static void trees_are_served_as_specified(void **state)
{
    struct tree_change change = TREE_NO_CHANGE;
    char error[512];
    int file;

    (void)state;
    put_directory("bin");
    put_directory("dev");
    put("bin/su", 0755, "");
    put("bin/wall", 0755, "");
    put("any", 0640, "");
    assert_int_equal(symlinkat("bin/su", top, "link"), 0);
    start();
    ownership_specify(read_text(netbsd, error));
    assert_int_equal(served("bin/su").st_mode, S_IFREG | 04555);
    assert_int_equal(served("any").st_mode, S_IFREG | 0640);
    assert_int_equal(served("any").st_uid, 3);
    assert_int_equal(served("link").st_mode, S_IFLNK | 0777);
    /* What tar could not make is there. */
    assert_int_equal(served("dev/console").st_mode, S_IFCHR | 0600);
    assert_int_equal(served("dev/sd0a").st_rdev, makedev(4, 256));
    /* What a client sets wins, also when the file is read again. */
    assert_int_equal(tree_lookup(&root, top, NAME("any"), true, &file), 0);
    change.set_uid = true;
    change.uid = 9;
    assert_int_equal(tree_set(&root, file, &(struct stat){.st_mode = S_IFREG}, &change), 0);
    close(file);
    ownership_specify(read_text(netbsd, error));
    assert_int_equal(served("any").st_uid, 9);
    assert_int_equal(served("any").st_mode, S_IFREG | 0640);
    /* What is renamed stays what it was, with all below it; what is new is what it is. */
    assert_int_equal(tree_rename(&root, top, NAME("bin"), top, NAME("old")), 0);
    assert_int_equal(served("old/su").st_mode, S_IFREG | 04555);
    assert_int_equal(served("old/wall").st_mode, S_IFREG | 02555);
    change = TREE_NO_CHANGE;
    change.set_mode = true;
    change.mode = 0700;
    assert_int_equal(tree_mkdir(&root, top, NAME("bin"), &change, &file), 0);
    close(file);
    assert_int_equal(served("bin").st_mode, S_IFDIR | 0700);
    assert_int_equal(tree_remove(&root, top, NAME("link")), 0);
    assert_int_equal(tree_symlink(&root, top, NAME("link"), NAME("x"), &TREE_NO_CHANGE, &file), 0);
    close(file);
    /* Nothing is specified any more. */
    ownership_specify(NULL);
    assert_int_equal(served("old/su").st_mode, S_IFREG | 04555);
    assert_int_equal(served("any").st_uid, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(netbsds_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_odd_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(trees_are_served_as_specified, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
