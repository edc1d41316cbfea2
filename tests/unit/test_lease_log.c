/* The log in front of the lease database: what it confirms is there after a death without notice,
 * what it did not is not, and the database catches up behind it. */
#include "test.h"

#include "model/lease_notes.h"
#include "store/lease_log.h"
#include "store/lease_record.h"
#include "store/leases.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WALL = 1800000000, BLOCK = 4096, FIRST_BATCH = BLOCK };

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/bootwire-log-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {LEASES_FILE, LEASES_FILE "-wal", LEASES_FILE "-shm",
                                        LEASES_LOG};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(path_of(names[i]));
    return rmdir(directory);
}

static struct lease example(uint32_t number)
{
    struct lease lease = {
        .address = 0x0a320000 + number,
        .state = LEASE_BOUND,
        .hardware = {HARDWARE_ETHERNET,
                     6,
                     {0x22, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}},
        .client_identifier = {1, 0, 7},
        .client_identifier_length = 3,
        .uuid = {0, 9, 9},
        .uuid_length = LEASE_UUID_MAX,
        .start = WALL,
        .expiry = WALL + number,
        .stage = STAGE_KERNEL,
        .identifier_stage = STAGE_IPXE,
        .host_name = "box",
        .vendor_class = "NetBSD:i386:kernel:6.0",
        .notes = slice_of("\1\2x\0\0\3abc", 9), /* a variable */
    };

    return lease;
}

static struct leases *open_leases(void)
{
    char error[512] = "";
    struct leases *leases = leases_open(directory, error, sizeof(error));

    if (!leases)
        fail_msg("%s", error);
    return leases;
}

static void store(struct leases *leases, uint32_t number, const char *reason)
{
    struct lease lease = example(number);

    leases_store(leases, &lease, reason);
}

static void commit(struct leases *leases)
{
    char error[512];

    if (leases_commit(leases, error, sizeof(error)) < 0)
        fail_msg("%s", error);
}

/* Runs `work` in a process that then dies as kill -9 has it. */
static void die_after(void (*work)(struct leases *leases))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        work(open_leases());
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

struct seen {
    size_t count;
    uint32_t last;
    char reason[LEASES_REASON_SIZE];
    int64_t expiry;
};

static void see(void *argument, const struct lease *lease, const char *reason)
{
    struct seen *seen = argument;

    assert_true(lease->address > seen->last);
    seen->count++;
    seen->last = lease->address;
    seen->expiry = lease->expiry;
    assert_int_equal(lease->notes.length, 9);
    snprintf(seen->reason, sizeof(seen->reason), "%s", reason);
}

static struct seen read_all(void)
{
    struct seen seen = {.count = 0};
    char error[512];

    if (leases_read(directory, see, &seen, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    return seen;
}

static void record_round_trip(void **state)
{
    struct lease lease = example(5), back;
    uint8_t bytes[LEASE_RECORD_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    const char *reason;
    struct reader r;

    (void)state;
    lease.expiry = LEASE_FOREVER;
    lease.notes = slice_of("\1\2x\0\0\3abc", 9);
    lease_record_encode(&w, &lease, "tested");
    assert_false(w.failed);
    r = reader_of(bytes, w.length);
    assert_true(lease_record_decode(&r, &back, &reason));
    assert_int_equal(reader_left(&r), 0);
    assert_true(slice_equal(back.notes, lease.notes));
    back.notes = lease.notes;
    assert_memory_equal(&back, &lease, sizeof(lease));
    assert_string_equal(reason, "tested");
    /* Cut short anywhere, it is none. */
    for (size_t length = 0; length < w.length; length++) {
        r = reader_of(bytes, length);
        assert_false(lease_record_decode(&r, &back, &reason));
    }
    bytes[4] = LEASE_OFFERED;
    r = reader_of(bytes, w.length);
    assert_false(lease_record_decode(&r, &back, &reason));
}

static void the_longest_record_fits(void **state)
{
    char reason[LEASES_REASON_SIZE];
    uint8_t bytes[LEASE_RECORD_MAX], notes[LEASE_NOTES_MAX] = {0};
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct lease lease = example(1);

    (void)state;
    memset(reason, 'r', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = 0;
    memset(lease.host_name, 'h', LEASE_TEXT_SIZE - 1);
    memset(lease.vendor_class, 'v', LEASE_TEXT_SIZE - 1);
    lease.client_identifier_length = LEASE_IDENTIFIER_MAX;
    lease.hardware.length = HARDWARE_ADDRESS_MAX;
    lease.notes = slice_of(notes, sizeof(notes));
    lease_record_encode(&w, &lease, reason);
    assert_false(w.failed);
}

static void three_commits(struct leases *leases)
{
    for (uint32_t i = 1; i <= 3; i++) {
        store(leases, i, "first");
        commit(leases);
    }
    store(leases, 2, "again");
    commit(leases);
    store(leases, 9, "never committed");
}

static void confirmed_leases_survive_a_sudden_death(void **state)
{
    struct leases *leases;
    struct seen seen;

    (void)state;
    die_after(three_commits);
    seen = read_all();
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.last, 0x0a320003);
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 3);
    assert_string_equal(lease_table_by_address(leases_table(leases), 0x0a320002)->host_name, "box");
    assert_int_equal(lease_table_by_address(leases_table(leases), 0x0a320002)->notes.length, 9);
    /* What is written from now on counts more than what stood in the log. */
    store(leases, 3, "newest");
    commit(leases);
    seen = read_all();
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.reason, "newest");
    leases_close(leases);
    seen = read_all();
    assert_string_equal(seen.reason, "newest");
}

/* The offsets of batches of one block each: 0, 1 ... */
static void damage(unsigned batch, off_t offset)
{
    int descriptor = open(path_of(LEASES_LOG), O_RDWR);
    uint8_t byte;

    assert_true(descriptor >= 0);
    offset += FIRST_BATCH + (off_t)batch * BLOCK;
    assert_int_equal(pread(descriptor, &byte, 1, offset), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(descriptor, &byte, 1, offset), 1);
    close(descriptor);
}

static void a_torn_batch_was_never_confirmed(void **state)
{
    struct leases *leases;

    (void)state;
    die_after(three_commits);
    damage(2, 60); /* in the third one's payload */
    assert_int_equal(read_all().count, 2);
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 2);
    store(leases, 7, "after");
    commit(leases);
    leases_close(leases);
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 3);
    leases_close(leases);
}

/* What was confirmed behind a block that went bad is not lost with it. */
static void damage_in_the_middle_costs_one_commit(void **state)
{
    struct leases *leases;

    (void)state;
    die_after(three_commits);
    damage(0, 40);
    damage(1, 1);
    assert_int_equal(read_all().count, 2);
    leases = open_leases();
    assert_int_equal(leases_lost(leases), 2);
    assert_null(lease_table_by_address(leases_table(leases), 0x0a320001));
    assert_non_null(lease_table_by_address(leases_table(leases), 0x0a320003));
    /* Written again by the last commit. */
    assert_non_null(lease_table_by_address(leases_table(leases), 0x0a320002));
    leases_close(leases);
    leases = open_leases();
    assert_int_equal(leases_lost(leases), 0);
    assert_int_equal(leases_table(leases)->count, 2);
    leases_close(leases);

    /* The last one may as well have been torn: nobody was promised anything. */
    die_after(three_commits);
    damage(3, 40);
    leases = open_leases();
    assert_int_equal(leases_lost(leases), 0);
    assert_int_equal(leases_table(leases)->count, 3);
    leases_close(leases);
}

static void torn_everywhere(void **state)
{
    (void)state;
    for (off_t offset = 0; offset < LEASE_LOG_HEADER + 40; offset += 3) {
        die_after(three_commits);
        damage(0, offset);
        /* Those behind it were confirmed, too. */
        assert_int_equal(read_all().count, 2);
        unlink(path_of(LEASES_LOG));
        unlink(path_of(LEASES_FILE));
        unlink(path_of(LEASES_FILE "-wal"));
        unlink(path_of(LEASES_FILE "-shm"));
    }
}

enum { MANY = 60000, AT_ONCE = 500 };

/* Several turns of the halves, and each address twice. */
static void many_commits(struct leases *leases)
{
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 1; i <= MANY; i++) {
            store(leases, i, pass ? "second" : "first");
            if (i % AT_ONCE == 0)
                commit(leases);
        }
    }
}

static void the_database_catches_up(void **state)
{
    struct leases *leases;
    sqlite3 *database;
    sqlite3_stmt *rows;
    struct seen seen;

    (void)state;
    die_after(many_commits);
    assert_int_equal(sqlite3_open(path_of(LEASES_FILE), &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database,
                                        "SELECT count(*), (SELECT moved FROM log) FROM lease", -1,
                                        &rows, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    assert_in_range(sqlite3_column_int(rows, 0), 1, MANY);
    assert_in_range(sqlite3_column_int(rows, 1), 1, 100);
    sqlite3_finalize(rows);
    sqlite3_close(database);
    seen = read_all();
    assert_int_equal(seen.count, MANY);
    assert_string_equal(seen.reason, "second");
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, MANY);
    assert_int_equal(lease_table_by_address(leases_table(leases), 0x0a320000 + MANY)->expiry,
                     WALL + MANY);
    leases_close(leases);
    assert_int_equal(read_all().count, MANY);
}

/* More in one commit than a half of the log takes. */
static void a_commit_that_is_too_large_for_the_log(void **state)
{
    struct leases *leases = open_leases();

    (void)state;
    store(leases, 1, "small");
    commit(leases);
    for (uint32_t i = 1; i <= MANY; i++)
        store(leases, i, "large");
    commit(leases);
    store(leases, MANY, "small again");
    commit(leases);
    assert_int_equal(read_all().count, MANY);
    assert_string_equal(read_all().reason, "small again");
    leases_close(leases);
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, MANY);
    leases_close(leases);
    assert_string_equal(read_all().reason, "small again");
}

static void count_done(void *argument)
{
    atomic_fetch_add((atomic_int *)argument, 1);
}

/* Another thread awaits the disk; what is stored meanwhile is a commit of its own. */
static void the_disk_is_awaited_elsewhere(void **state)
{
    struct leases *leases = open_leases();
    atomic_int done = 0;
    char error[512];

    (void)state;
    for (uint32_t i = 1; i <= 300; i++) {
        store(leases, 2 * i, "begun");
        assert_true(leases_pending(leases));
        assert_int_equal(leases_commit_begin(leases, count_done, &done, error, sizeof(error)), 0);
        assert_false(leases_pending(leases));
        store(leases, 2 * i + 1, "meanwhile");
        assert_true(leases_pending(leases));
        assert_int_equal(leases_commit_end(leases, error, sizeof(error)), 0);
        assert_true(leases_commit_is_done(leases));
        assert_true(leases_pending(leases));
    }
    assert_int_equal(done, 300);
    assert_int_equal(leases_commit_end(leases, error, sizeof(error)), 0);
    assert_int_equal(read_all().count, 599); /* the last one waits */
    commit(leases);
    assert_int_equal(read_all().count, 600);
    /* Closed in the middle of one. */
    store(leases, 1, "begun");
    assert_int_equal(leases_commit_begin(leases, count_done, &done, error, sizeof(error)), 0);
    leases_close(leases);
    assert_int_equal(done, 301);
    assert_int_equal(read_all().count, 601);
}

/* What the disk refuses is undone with all that was decided on it. */
static void what_came_meanwhile_is_undone_too(void **state)
{
    struct leases *leases = open_leases();
    struct rlimit limit, tight;
    atomic_int done = 0;
    char error[512];

    (void)state;
    store(leases, 1, "kept");
    commit(leases);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    tight = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    store(leases, 2, "refused");
    assert_int_equal(leases_commit_begin(leases, count_done, &done, error, sizeof(error)), 0);
    store(leases, 3, "meanwhile");
    assert_int_equal(leases_commit_end(leases, error, sizeof(error)), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_non_null(strstr(error, path_of(LEASES_LOG)));
    assert_false(leases_pending(leases));
    assert_int_equal(leases_table(leases)->count, 1);
    store(leases, 4, "again");
    assert_int_equal(leases_commit_begin(leases, count_done, &done, error, sizeof(error)), 0);
    assert_int_equal(leases_commit_end(leases, error, sizeof(error)), 0);
    assert_int_equal(done, 2);
    leases_close(leases);
    assert_int_equal(read_all().count, 2);
}

static void foreign_log_is_left_alone(void **state)
{
    FILE *file = fopen(path_of(LEASES_LOG), "w");
    char error[512] = "";
    struct seen seen = {.count = 0};

    (void)state;
    fputs("somebody's notes\n", file);
    fclose(file);
    assert_null(leases_open(directory, error, sizeof(error)));
    assert_non_null(strstr(error, path_of(LEASES_LOG)));
    assert_non_null(strstr(error, "move it away"));
    assert_int_equal(leases_read(directory, see, &seen, error, sizeof(error)), -1);
    assert_non_null(strstr(error, path_of(LEASES_LOG)));
}

/* Where there is no room for the log, the database takes the commits. */
static void without_room_for_a_log(void **state)
{
    struct rlimit limit, tight;
    struct leases *leases;
    struct stat info;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    tight = (struct rlimit){1 << 20, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    leases = open_leases();
    store(leases, 1, "without");
    commit(leases);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(stat(path_of(LEASES_LOG), &info), -1);
    assert_int_equal(stat(path_of(LEASES_LOG ".new"), &info), -1);
    assert_int_equal(read_all().count, 1);
    leases_close(leases);
    /* The next start makes it. */
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 1);
    assert_int_equal(stat(path_of(LEASES_LOG), &info), 0);
    leases_close(leases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_round_trip),
        cmocka_unit_test(the_longest_record_fits),
        cmocka_unit_test_setup_teardown(confirmed_leases_survive_a_sudden_death, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(a_torn_batch_was_never_confirmed, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(damage_in_the_middle_costs_one_commit, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(torn_everywhere, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(the_database_catches_up, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_commit_that_is_too_large_for_the_log, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(the_disk_is_awaited_elsewhere, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(what_came_meanwhile_is_undone_too, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(foreign_log_is_left_alone, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(without_room_for_a_log, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
