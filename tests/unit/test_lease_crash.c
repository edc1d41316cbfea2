/* Leases and the disk's worst: deaths at any moment, a log cut at any place, confirmations that
 * fail. What was acknowledged is there afterwards; what was refused is not. */
#include "test.h"

#include "base/cursor.h"
#include "store/lease_log.h"
#include "store/leases.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WALL = 1800000000, BLOCK = 4096, BASE = 0x0a320000, NUMBERS = 8192 };

static char directory[64];

/* The disk, for everybody in this process: SQLite, too. */
static atomic_int confirmations;
static int deadly;      /* the confirmation at which the process dies; 0: none */
static int failing_log; /* confirmations of the log that are to fail from now on */

int fdatasync(int descriptor)
{
    char name[64], path[128] = "";

    if (atomic_fetch_add(&confirmations, 1) + 1 == deadly)
        raise(SIGKILL);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", descriptor);
    if (failing_log > 0 && readlink(name, path, sizeof(path) - 1) > 0 && strstr(path, LEASES_LOG)) {
        failing_log--;
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, descriptor);
}

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/bootwire-crash-XXXXXX");
    failing_log = deadly = 0;
    return mkdtemp(directory) ? 0 : -1;
}

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void empty_directory(void)
{
    static const char *const names[] = {LEASES_FILE, LEASES_FILE "-wal", LEASES_FILE "-shm",
                                        LEASES_LOG, LEASES_LOG ".new"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(path_of(names[i]));
}

static int remove_directory(void **state)
{
    (void)state;
    failing_log = deadly = 0;
    empty_directory();
    return rmdir(directory);
}

static struct lease example(uint32_t number, int64_t expiry)
{
    return (struct lease){
        .address = BASE + number,
        .state = LEASE_BOUND,
        .hardware = {HARDWARE_ETHERNET,
                     6,
                     {0x22, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}},
        .start = WALL,
        .expiry = WALL + expiry,
    };
}

static void store(struct leases *leases, uint32_t number, int64_t expiry)
{
    struct lease lease = example(number, expiry);

    leases_store(leases, &lease, "tested");
}

static struct leases *open_leases(void)
{
    char error[512] = "";
    struct leases *leases = leases_open(directory, error, sizeof(error));

    if (!leases)
        fail_msg("%s", error);
    return leases;
}

static void commit(struct leases *leases)
{
    char error[512];

    if (leases_commit(leases, error, sizeof(error)) < 0)
        fail_msg("%s", error);
}

/* What the disk holds, by the number of the address. */
struct held {
    size_t count;
    enum lease_state state[NUMBERS];
    int64_t expiry[NUMBERS]; /* -1: no record */
};

static struct held held;

static void hold(void *argument, const struct lease *lease, const char *reason)
{
    uint32_t number = lease->address - BASE;

    (void)argument;
    assert_in_range(number, 0, NUMBERS - 1);
    assert_string_equal(reason, "tested");
    held.count++;
    held.state[number] = lease->state;
    held.expiry[number] = lease->expiry - WALL;
}

static void read_held(void)
{
    char error[512];

    held.count = 0;
    memset(held.expiry, 0xff, sizeof(held.expiry));
    if (leases_read(directory, hold, NULL, error, sizeof(error)) < 0)
        fail_msg("%s", error);
}

/* Runs `work` in a process that then dies as kill -9 has it, if it does not before. */
static void die_after(void (*work)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        work();
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- An offer in the place of what waits ---- */

static void offer_what_was_given_back(void)
{
    struct leases *leases = open_leases();
    struct lease released, offered = example(1, 0);

    store(leases, 1, 100);
    store(leases, 2, 100);
    commit(leases);
    released = lease_released(lease_table_by_address(leases_table(leases), BASE + 1), WALL + 50);
    leases_store(leases, &released, "tested");
    offered.state = LEASE_OFFERED;
    offered.offer_until_ms = 1000;
    offered.hardware.address[1] = 0x99;
    leases_offer(leases, &offered, 100);
    store(leases, 3, 100);
    store(leases, 2, 200);
    commit(leases);
}

/* In one turn a machine gives its address back, another is offered it, and others get theirs. */
static void an_offer_does_not_replace_what_waits(void **state)
{
    struct leases *leases;

    (void)state;
    die_after(offer_what_was_given_back);
    read_held();
    assert_int_equal(held.count, 3);
    assert_int_equal(held.state[1], LEASE_RELEASED);
    assert_int_equal(held.expiry[2], 200);
    assert_int_equal(held.expiry[3], 100);
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 3);
    assert_int_equal(lease_table_by_address(leases_table(leases), BASE + 1)->hardware.address[1],
                     0);
    leases_close(leases);
}

/* ---- A disk that does not confirm ---- */

static void refuse_once(struct leases *leases)
{
    struct lease released;
    char error[512] = "";

    store(leases, 1, 100);
    commit(leases);
    released = lease_released(lease_table_by_address(leases_table(leases), BASE + 1), WALL + 50);
    leases_store(leases, &released, "tested");
    store(leases, 2, 100);
    failing_log = 1;
    assert_int_equal(leases_commit(leases, error, sizeof(error)), -1);
    assert_non_null(strstr(error, path_of(LEASES_LOG)));
    assert_non_null(strstr(error, strerror(EIO)));
    assert_int_equal(leases_table(leases)->count, 1);
    assert_int_equal(lease_table_by_address(leases_table(leases), BASE + 1)->state, LEASE_BOUND);
}

static void be_refused_and_die(void)
{
    refuse_once(open_leases());
}

static void only_the_first_is_held(void)
{
    read_held();
    assert_int_equal(held.count, 1);
    assert_int_equal(held.state[1], LEASE_BOUND);
    assert_int_equal(held.expiry[1], 100);
}

/* The bytes did reach the file, and only their confirmation failed. A lease that such a commit
 * would have ended is still the machine's. */
static void what_was_refused_does_not_come_back(void **state)
{
    struct leases *leases;

    (void)state;
    die_after(be_refused_and_die);
    only_the_first_is_held();
    leases_close(open_leases());
    only_the_first_is_held();

    empty_directory();
    leases = open_leases();
    refuse_once(leases);
    leases_close(leases);
    only_the_first_is_held();
}

static void the_next_commit_is_confirmed_anew(void **state)
{
    struct leases *leases = open_leases();
    int before;

    (void)state;
    refuse_once(leases);
    before = confirmations;
    store(leases, 3, 300);
    commit(leases);
    assert_int_equal(confirmations, before + 1);
    read_held();
    assert_int_equal(held.count, 2);
    assert_int_equal(held.expiry[3], 300);
    leases_close(leases);
}

/* ---- A log that ends anywhere ---- */

static const unsigned sizes[] = {1, 1, 90, 1, 200, 2, 60, 1}; /* records of each commit */

enum { COMMITS = sizeof(sizes) / sizeof(sizes[0]) };

static int64_t pass; /* of the two */

static void commit_sizes(void)
{
    struct leases *leases = open_leases();

    for (uint32_t i = 0; i < COMMITS; i++) {
        for (uint32_t record = 0; record < sizes[i]; record++)
            store(leases, i * 256 + record, pass);
        commit(leases);
    }
}

/* The first `*length` bytes of the log's first half. */
static void log_bytes(uint8_t *bytes, size_t length)
{
    int descriptor = open(path_of(LEASES_LOG), O_RDONLY);

    memset(bytes, 0, length);
    if (descriptor < 0)
        return;
    assert_int_equal(pread(descriptor, bytes, length, BLOCK), length);
    close(descriptor);
}

/* Where each commit's bytes end. Returns the end of the last one. */
static size_t find_ends(const uint8_t *bytes, size_t length, size_t ends[COMMITS])
{
    size_t at = 0, end = 0;

    for (size_t i = 0; i < COMMITS; i++) {
        struct reader r = reader_of(bytes + at, length - at);

        reader_bytes(&r, 16); /* magic, generation, number */
        ends[i] = at + LEASE_LOG_HEADER + reader_be32(&r);
        assert_false(r.failed);
        end = at = (ends[i] + BLOCK - 1) / BLOCK * BLOCK;
    }
    return end;
}

static void each_whole_commit_is_held(const size_t ends[COMMITS], size_t cut)
{
    bool torn = false;

    read_held();
    for (uint32_t i = 0; i < COMMITS; i++) {
        size_t here = 0;

        for (uint32_t record = 0; record < sizes[i]; record++)
            here += held.expiry[i * 256 + record] == pass;
        if (ends[i] <= cut)
            assert_int_equal(here, sizes[i]);
        else
            assert_true(here == 0 || (here == sizes[i] && !torn));
        torn |= ends[i] > cut;
    }
}

/* Writes stop at any byte; behind it stands what stood there before: zeros, or the batches of an
 * earlier generation. */
static void the_log_may_end_anywhere(void **state)
{
    enum { LENGTH = 64 * BLOCK, STEP = 97 };
    uint8_t *before = malloc(LENGTH), *after = malloc(LENGTH);
    size_t ends[COMMITS];

    (void)state;
    for (pass = 1; pass <= 2; pass++) {
        size_t end;
        int log;

        log_bytes(before, LENGTH);
        die_after(commit_sizes);
        log_bytes(after, LENGTH);
        end = find_ends(after, LENGTH, ends);
        log = open(path_of(LEASES_LOG), O_WRONLY);
        for (size_t cut = end; cut >= STEP; cut -= STEP) {
            assert_int_equal(pwrite(log, before + cut, end - cut, (off_t)(BLOCK + cut)), end - cut);
            each_whole_commit_is_held(ends, cut);
        }
        assert_int_equal(pwrite(log, after, end, BLOCK), end);
        close(log);
        leases_close(open_leases());
        each_whole_commit_is_held(ends, end);
    }
    free(before);
    free(after);
}

/* ---- Death at every confirmation ---- */

enum { ROUNDS = 8, AT_ONCE = 900 }; /* three commits fill a half of the log */

static atomic_int *acknowledged; /* commits, in memory that outlives the process */

static void count_done(void *argument)
{
    atomic_fetch_add((atomic_int *)argument, 1);
}

/* Each half of the addresses of a commit is written again by the next one. */
static void turn_and_turn(void)
{
    static uint8_t notes[1006] = {1, 2, 'x', 0, 0x03, 0xe8}; /* a variable of 1,000 bytes */
    struct leases *leases = open_leases();
    atomic_int done = 0;
    char error[512];

    for (uint32_t i = 1; i <= ROUNDS; i++) {
        for (uint32_t record = 0; record < AT_ONCE; record++) {
            struct lease lease = example(i * AT_ONCE / 2 + record, i);

            lease.notes = slice_of(notes, sizeof(notes));
            leases_store(leases, &lease, "tested");
        }
        if (i % 2 == 0)
            commit(leases);
        else if (leases_commit_begin(leases, count_done, &done, error, sizeof(error)) != 0 ||
                 leases_commit_end(leases, error, sizeof(error)) < 0)
            fail_msg("%s", error);
        *acknowledged = (int)i;
    }
    leases_close(leases);
    *acknowledged = ROUNDS + 1;
}

static void all_acknowledged_is_held(void)
{
    for (int64_t i = 1; i <= *acknowledged && i <= ROUNDS; i++) {
        for (int64_t record = 0; record < AT_ONCE; record++)
            assert_true(held.expiry[i * AT_ONCE / 2 + record] >= i);
    }
}

static void death_at_every_confirmation(void **state)
{
    (void)state;
    acknowledged = mmap(NULL, sizeof(*acknowledged), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(acknowledged != MAP_FAILED);
    confirmations = 0;
    for (int at = 1; *acknowledged <= ROUNDS; at++) {
        assert_in_range(at, 1, 200);
        empty_directory();
        *acknowledged = 0;
        deadly = at;
        die_after(turn_and_turn);
        deadly = 0;
        if (access(path_of(LEASES_FILE), F_OK) < 0)
            continue;
        if (*acknowledged > 0)
            read_held();
        all_acknowledged_is_held();
        leases_close(open_leases());
        read_held();
        all_acknowledged_is_held();
        confirmations = 0;
    }
    munmap(acknowledged, sizeof(*acknowledged));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_offer_does_not_replace_what_waits, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(what_was_refused_does_not_come_back, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(the_next_commit_is_confirmed_anew, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(the_log_may_end_anywhere, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(death_at_every_confirmation, make_directory,
                                        remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
