#include "test.h"

#include "base/memory.h"
#include "store/handle_table.h"
#include "store/handles.h"
#include "store/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

/* A fresh directory with a state directory and two exports, /one and /two. */
struct place {
    char top[64];
    char state[96], one[96], two[96];
    struct handle_store *store;
};

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void place_open(struct place *place)
{
    char error[512] = "";

    place->store = handle_store_open(place->state, error, sizeof(error));
    if (!place->store)
        fail_msg("%s", error);
}

static void place_init(struct place *place)
{
    snprintf(place->top, sizeof(place->top), "/tmp/bootwire-handles-XXXXXX");
    assert_non_null(mkdtemp(place->top));
    snprintf(place->state, sizeof(place->state), "%s/state", place->top);
    snprintf(place->one, sizeof(place->one), "%s/one", place->top);
    snprintf(place->two, sizeof(place->two), "%s/two", place->top);
    assert_int_equal(mkdir(place->state, 0700), 0);
    assert_int_equal(mkdir(place->one, 0755), 0);
    assert_int_equal(mkdir(place->two, 0755), 0);
    place_open(place);
}

static void place_release(struct place *place)
{
    handle_store_free(place->store);
    nftw(place->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Whether the tests run as on a system where handles of the kernel cannot be opened. */
static bool without_kernel_handles;

static struct handle_export *export_get(struct place *place, const char *path)
{
    struct handle_export *export;

    /* Another identity than root's has no CAP_DAC_READ_SEARCH, which the export notices. */
    if (without_kernel_handles) {
        assert_int_equal(chmod(place->top, 0755), 0);
        setfsuid(65534);
    }
    export = handle_export_get(place->store, path);
    setfsuid(geteuid());
    assert_non_null(export);
    return export;
}

static void write_file(const char *directory, const char *name, const char *text)
{
    char *path = memory_printf("%s/%s", directory, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static void rename_file(const char *directory, const char *from, const char *to)
{
    char *before = memory_printf("%s/%s", directory, from);
    char *after = memory_printf("%s/%s", directory, to);

    assert_int_equal(rename(before, after), 0);
    free(before);
    free(after);
}

static int open_file(const char *directory, const char *name)
{
    char *path = memory_printf("%s/%s", directory, name);
    int descriptor = open(path, O_PATH | O_NOFOLLOW);

    free(path);
    assert_true(descriptor >= 0);
    return descriptor;
}

static struct handle handle_by_name(struct handle_export *export, const char *name)
{
    int descriptor = open_file(handle_export_path(export), name);
    struct handle handle;

    assert_int_equal(handle_of(export, descriptor, &handle), 0);
    close(descriptor);
    return handle;
}

static void assert_opens(struct handle_export *export, const struct handle *handle,
                         const char *expected)
{
    char text[64] = "";
    int descriptor = handle_open(export, handle->bytes, HANDLE_SIZE, O_RDONLY);

    assert_true(descriptor >= 0);
    assert_true(read(descriptor, text, sizeof(text) - 1) >= 0);
    assert_string_equal(text, expected);
    close(descriptor);
}

static void handles_survive(void **state)
{
    struct place place;
    struct handle_export *one;
    struct handle handle, again, root;
    struct stat info;
    int descriptor;

    (void)state;
    place_init(&place);
    write_file(place.one, "file", "text");
    one = export_get(&place, place.one);
    handle = handle_by_name(one, "file");
    again = handle_by_name(one, "file");
    assert_memory_equal(&handle, &again, sizeof(handle));
    assert_opens(one, &handle, "text");
    rename_file(place.one, "file", "other");
    descriptor = open_file(place.one, "other");
    handle_moved(one, descriptor);
    close(descriptor);
    assert_opens(one, &handle, "text");
    handle_export_free(one);

    handle_store_free(place.store);
    place_open(&place);
    one = export_get(&place, place.one);
    assert_opens(one, &handle, "text");
    assert_int_equal(handle_of_root(one, &root), 0);
    descriptor = handle_open(one, root.bytes, HANDLE_SIZE, O_PATH);
    assert_true(descriptor >= 0);
    assert_int_equal(fstat(descriptor, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    close(descriptor);

    write_file(place.one, "other2", "");
    rename_file(place.one, "other2", "other");
    assert_int_equal(handle_open(one, handle.bytes, HANDLE_SIZE, O_RDONLY), -ESTALE);
    handle_export_free(one);
    place_release(&place);
}

static void forged_handles_open_nothing(void **state)
{
    struct place place;
    struct handle_export *one, *two;
    struct handle handle, forged;

    (void)state;
    place_init(&place);
    write_file(place.one, "file", "text");
    one = export_get(&place, place.one);
    two = export_get(&place, place.two);
    handle = handle_by_name(one, "file");
    for (size_t i = 0; i < HANDLE_SIZE; i++) {
        forged = handle;
        forged.bytes[i] ^= 1;
        assert_int_equal(handle_open(one, forged.bytes, HANDLE_SIZE, O_PATH), -EBADMSG);
    }
    assert_int_equal(handle_open(one, handle.bytes, HANDLE_SIZE - 1, O_PATH), -EBADMSG);
    assert_int_equal(handle_open(one, handle.bytes, 0, O_PATH), -EBADMSG);
    memset(&forged, 0, sizeof(forged));
    assert_int_equal(handle_open(one, forged.bytes, HANDLE_SIZE, O_PATH), -EBADMSG);
    /* Genuine, but of another export. */
    assert_int_equal(handle_open(two, handle.bytes, HANDLE_SIZE, O_PATH), -ESTALE);
    handle_export_free(one);
    handle_export_free(two);
    place_release(&place);
}

/* An export that nobody has any more: closed once who holds it lets go, and its handles are known
 * for what they were. */
static void exports_are_let_go(void **state)
{
    struct place place;
    struct handle_export *one, *two;
    struct handle handle, forged;

    (void)state;
    place_init(&place);
    write_file(place.one, "file", "text");
    one = export_get(&place, place.one);
    handle = handle_by_name(one, "file");
    handle_store_let_go(place.store);
    assert_opens(one, &handle, "text");
    handle_export_free(one);
    two = export_get(&place, place.two);
    assert_int_equal(handle_open(two, handle.bytes, HANDLE_SIZE, O_PATH), -ESTALE);
    forged = handle;
    forged.bytes[HANDLE_SIZE - 1] ^= 1;
    assert_int_equal(handle_open(two, forged.bytes, HANDLE_SIZE, O_PATH), -EBADMSG);
    handle_export_free(two);
    one = export_get(&place, place.one);
    assert_opens(one, &handle, "text");
    handle_export_free(one);
    place_release(&place);
}

static void removed_files_are_stale_even_while_open(void **state)
{
    struct place place;
    struct handle_export *one;
    struct handle handle;
    char *path;
    int held;

    (void)state;
    place_init(&place);
    write_file(place.one, "file", "text");
    one = export_get(&place, place.one);
    handle = handle_by_name(one, "file");
    held = open_file(place.one, "file");
    path = memory_printf("%s/file", place.one);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(handle_open(one, handle.bytes, HANDLE_SIZE, O_PATH), -ESTALE);
    close(held);
    assert_int_equal(mkfifo(path, 0600), 0);
    handle = handle_by_name(one, "file");
    assert_int_equal(handle_open(one, handle.bytes, HANDLE_SIZE, O_RDONLY), -EINVAL);
    free(path);
    handle_export_free(one);
    place_release(&place);
}

static void parents_end_at_the_export(void **state)
{
    struct place place;
    struct handle_export *one;
    struct stat root, parent;
    char *path;
    int descriptor, up, above;

    (void)state;
    place_init(&place);
    path = memory_printf("%s/below", place.one);
    assert_int_equal(mkdir(path, 0755), 0);
    free(path);
    one = export_get(&place, place.one);
    assert_int_equal(stat(place.one, &root), 0);
    descriptor = open_file(place.one, "below");
    up = handle_open_parent(one, descriptor);
    assert_true(up >= 0);
    assert_int_equal(fstat(up, &parent), 0);
    assert_int_equal(parent.st_ino, root.st_ino);
    above = handle_open_parent(one, up);
    assert_int_equal(fstat(above, &parent), 0);
    assert_int_equal(parent.st_ino, root.st_ino);
    close(above);
    close(up);
    close(descriptor);
    /* A directory that was carried out of the export leads nowhere. */
    descriptor = open_file(place.top, "two");
    assert_int_equal(handle_open_parent(one, descriptor), -ESTALE);
    close(descriptor);
    handle_export_free(one);
    place_release(&place);
}

static void exports_come_and_go(void **state)
{
    struct place place;
    struct handle_export *one, *fresh;

    (void)state;
    place_init(&place);
    one = export_get(&place, place.one);
    assert_int_equal(rmdir(place.one), 0);
    errno = 0;
    assert_null(handle_export_get(place.store, place.one));
    assert_int_equal(errno, ENOENT);
    write_file(place.top, "one", "a file");
    assert_null(handle_export_get(place.store, place.one));
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(unlink(place.one), 0);
    assert_int_equal(mkdir(place.one, 0755), 0);
    fresh = export_get(&place, place.one);
    handle_export_free(fresh);
    handle_export_free(one);
    place_release(&place);
}

static void a_damaged_key_is_refused(void **state)
{
    struct place place;
    char error[512] = "";
    struct stat info;
    char *key;

    (void)state;
    place_init(&place);
    key = memory_printf("%s/handle.key", place.state);
    assert_int_equal(stat(key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(truncate(key, 7), 0);
    assert_null(handle_store_open(place.state, error, sizeof(error)));
    assert_non_null(strstr(error, "handle.key"));
    free(key);
    place_release(&place);
}

static void the_table_follows_moves(void **state)
{
    struct place place;
    struct handle_table *table;
    struct handle_entry directory = {.inode = 7, .birth = 1, .path = "a"};
    struct handle_entry file = {.inode = 8, .birth = 1, .path = "a/f\xff"};
    struct handle_entry other = {.inode = 9, .birth = 1, .path = "a0"}, found;
    struct handle_entry kernel = {.kernel_type = 0xf8, .kernel_length = 30};
    uint64_t d, f, o, k, again;
    char error[256];
    char *path;

    (void)state;
    place_init(&place);
    path = memory_printf("%s/table.sqlite", place.state);
    table = handle_table_open(path, error, sizeof(error));
    assert_non_null(table);
    assert_int_equal(handle_table_number(table, "/x", &directory, &d), 0);
    assert_int_equal(handle_table_number(table, "/x", &file, &f), 0);
    assert_int_equal(handle_table_number(table, "/x", &other, &o), 0);
    assert_int_equal(handle_table_number(table, "/x", &kernel, &k), 0);
    assert_int_equal(handle_table_number(table, "/x", &kernel, &again), 0);
    assert_int_equal(k, again);
    assert_int_equal(handle_table_find(table, "/y", f, &found), ESTALE);
    snprintf(directory.path, sizeof(directory.path), "b/c");
    assert_int_equal(handle_table_number(table, "/x", &directory, &again), 0);
    assert_int_equal(d, again);
    assert_int_equal(handle_table_find(table, "/x", f, &found), 0);
    assert_string_equal(found.path, "b/c/f\xff");
    assert_int_equal(handle_table_find(table, "/x", o, &found), 0);
    assert_string_equal(found.path, "a0");
    assert_int_equal(handle_table_find(table, "/x", k, &found), 0);
    assert_int_equal(found.kernel_length, 30);
    /* Another file under a known name: the one before is gone. */
    other.inode = 10;
    assert_int_equal(handle_table_number(table, "/x", &other, &again), 0);
    assert_int_equal(handle_table_find(table, "/x", o, &found), ESTALE);
    handle_table_remove(table, again);
    assert_int_equal(handle_table_find(table, "/x", again, &found), ESTALE);
    handle_table_free(table);
    free(path);
    place_release(&place);
}

/* Where handles are numbers in the table, a file is found by any of its names. */
static void the_table_knows_all_names(void **state)
{
    struct place place;
    struct handle_table *table;
    struct handle_entry file = {.inode = 8, .birth = 1, .links = 2, .path = "a"}, found;
    struct handle_entry other = {.inode = 9, .birth = 1, .links = 1, .path = "a"};
    uint64_t number, again;
    char error[256], name[HANDLE_PATH_MAX];
    char *path;

    (void)state;
    place_init(&place);
    path = memory_printf("%s/table.sqlite", place.state);
    table = handle_table_open(path, error, sizeof(error));
    assert_non_null(table);
    assert_int_equal(handle_table_number(table, "/x", &file, &number), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(file.path, sizeof(file.path), "d/b");
        assert_int_equal(handle_table_number(table, "/x", &file, &again), 0);
        assert_int_equal(number, again);
        snprintf(file.path, sizeof(file.path), "a");
        assert_int_equal(handle_table_number(table, "/x", &file, &again), 0);
    }
    /* Another file takes the one name: the row is kept for the sake of the other. */
    assert_int_equal(handle_table_number(table, "/x", &other, &again), 0);
    assert_int_equal(handle_table_find(table, "/x", number, &found), 0);
    /* A directory takes the names below it along. */
    other = (struct handle_entry){.inode = 7, .birth = 1, .links = 1, .path = "d"};
    assert_int_equal(handle_table_number(table, "/x", &other, &again), 0);
    snprintf(other.path, sizeof(other.path), "e");
    assert_int_equal(handle_table_number(table, "/x", &other, &again), 0);
    assert_true(handle_table_take_name(table, number, name));
    assert_string_equal(name, "e/b");
    assert_false(handle_table_take_name(table, number, name));
    handle_table_settle(table, number, "e/b");
    assert_int_equal(handle_table_find(table, "/x", number, &found), 0);
    assert_string_equal(found.path, "e/b");
    /* Names that went unseen are no more than so many. */
    file.links = 3;
    for (int i = 0; i < 1100; i++) {
        snprintf(file.path, sizeof(file.path), "n%d", i);
        assert_int_equal(handle_table_number(table, "/x", &file, &again), 0);
        assert_int_equal(number, again);
    }
    for (int i = 0; i < 1000; i++)
        assert_true(handle_table_take_name(table, number, name));
    assert_false(handle_table_take_name(table, number, name));
    handle_table_free(table);
    free(path);
    place_release(&place);
}

/* An ordinary user's server: no handle of the kernel opens anything. */
static void handles_by_path_survive(void **state)
{
    struct ownership_settings settings = {.always = true};
    struct handle_export *export;
    struct handle linked, plain;
    struct place place;
    char error[256];
    int directory, file;

    (void)state;
    place_init(&place);
    settings.state_directory = place.state;
    assert_int_equal(ownership_start(&settings, error, sizeof(error)), 0);
    write_file(place.one, "a", "linked");
    write_file(place.one, "p", "plain");
    export = handle_export_get(place.store, place.one);
    assert_non_null(export);
    directory = open(place.one, O_PATH | O_DIRECTORY | O_CLOEXEC);
    file = openat(directory, "a", O_PATH | O_CLOEXEC);
    assert_int_equal(handle_of(export, file, &linked), 0);
    assert_int_equal(linkat(directory, "a", directory, "b", 0), 0);
    close(file);
    file = openat(directory, "b", O_PATH | O_CLOEXEC);
    handle_moved(export, file);
    close(file);
    file = openat(directory, "p", O_PATH | O_CLOEXEC);
    assert_int_equal(handle_of(export, file, &plain), 0);
    close(file);
    /* Another file takes the first name, as a package manager does it. */
    handle_move_begin(export);
    assert_int_equal(renameat(directory, "p", directory, "a"), 0);
    file = openat(directory, "a", O_PATH | O_CLOEXEC);
    handle_moved(export, file);
    handle_move_end(export);
    close(file);
    handle_export_free(export);
    handle_store_free(place.store);
    place_open(&place);
    export = handle_export_get(place.store, place.one);
    assert_opens(export, &linked, "linked");
    assert_opens(export, &plain, "plain");
    assert_int_equal(unlinkat(directory, "b", 0), 0);
    assert_int_equal(handle_open(export, linked.bytes, HANDLE_SIZE, O_PATH), -ESTALE);
    close(directory);
    handle_export_free(export);
    ownership_stop();
    place_release(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_survive),
        cmocka_unit_test(forged_handles_open_nothing),
        cmocka_unit_test(exports_are_let_go),
        cmocka_unit_test(removed_files_are_stale_even_while_open),
        cmocka_unit_test(parents_end_at_the_export),
        cmocka_unit_test(exports_come_and_go),
        cmocka_unit_test(a_damaged_key_is_refused),
        cmocka_unit_test(the_table_follows_moves),
        cmocka_unit_test(the_table_knows_all_names),
        cmocka_unit_test(handles_by_path_survive),
    };

    int failed = cmocka_run_group_tests_name("handles of the kernel", tests, NULL, NULL);

    without_kernel_handles = true;
    return failed + cmocka_run_group_tests_name("handles in the table", tests, NULL, NULL);
}
