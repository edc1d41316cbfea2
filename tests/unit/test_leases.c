#include "test.h"

#include "model/lease_notes.h"
#include "store/lease_log.h"
#include "store/leases.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WALL = 1800000000 };

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/bootwire-leases-XXXXXX");
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
    (void)state;
    unlink(path_of(LEASES_FILE));
    unlink(path_of(LEASES_FILE "-wal"));
    unlink(path_of(LEASES_FILE "-shm"));
    unlink(path_of(LEASES_LOG));
    return rmdir(directory);
}

static struct leases *open_leases(void)
{
    char error[512] = "";
    struct leases *leases = leases_open(directory, error, sizeof(error));

    if (!leases)
        fprintf(stderr, "%s\n", error);
    assert_non_null(leases);
    return leases;
}

static struct lease example(uint32_t address, uint8_t machine)
{
    struct lease lease = {
        .address = address,
        .state = LEASE_BOUND,
        .hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, machine}},
        .client_identifier = {1, 0x22, 0, 7},
        .client_identifier_length = 4,
        .uuid = {0, 9, 9},
        .uuid_length = 17,
        .start = WALL,
        .expiry = WALL + 3600,
        .stage = STAGE_KERNEL,
        .identifier_stage = STAGE_IPXE,
        .host_name = "box",
        .vendor_class = "NetBSD:i386:kernel:6.0",
    };

    return lease;
}

static void commit(struct leases *leases)
{
    char error[512];

    assert_int_equal(leases_commit(leases, error, sizeof(error)), 0);
}

static void leases_survive(void **state)
{
    struct leases *leases = open_leases();
    struct lease lease = example(0x0a3201c8, 1), forever = example(0x0a3201c9, 2);
    struct lease offered = example(0x0a3201ca, 3);
    const struct lease *found;

    (void)state;
    forever.expiry = LEASE_FOREVER;
    forever.state = LEASE_DECLINED;
    offered.state = LEASE_OFFERED;
    offered.offer_until_ms = 5;
    leases_store(leases, &lease, "tested");
    leases_store(leases, &forever, "tested");
    leases_offer(leases, &offered, 10);
    assert_true(leases_pending(leases));
    commit(leases);
    assert_false(leases_pending(leases));
    lease.address = 0x0a3201cb; /* never committed */
    leases_store(leases, &lease, "tested");
    leases_close(leases);

    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 2);
    found = lease_table_by_address(leases_table(leases), 0x0a3201c8);
    assert_non_null(found);
    assert_int_equal(found->state, LEASE_BOUND);
    assert_true(hardware_equal(&found->hardware, &lease.hardware));
    assert_int_equal(found->client_identifier_length, 4);
    assert_memory_equal(found->client_identifier, lease.client_identifier, 4);
    assert_int_equal(found->uuid_length, 17);
    assert_memory_equal(found->uuid, lease.uuid, 17);
    assert_int_equal(found->start, WALL);
    assert_int_equal(found->expiry, WALL + 3600);
    assert_int_equal(found->stage, STAGE_KERNEL);
    assert_int_equal(found->identifier_stage, STAGE_IPXE);
    assert_string_equal(found->host_name, "box");
    assert_string_equal(found->vendor_class, "NetBSD:i386:kernel:6.0");
    found = lease_table_by_hardware(leases_table(leases), &forever.hardware);
    assert_non_null(found);
    assert_int_equal(found->expiry, LEASE_FOREVER);
    assert_int_equal(found->state, LEASE_DECLINED);
    leases_close(leases);
}

/* A full disk, as a limit on the size of files: SQLite cannot tell the difference. */
static void full_disk_undoes_and_recovers(void **state)
{
    struct leases *leases = open_leases();
    const uint8_t variable_of_first[] = "\1\2x\0\0\3abc";
    struct lease first = example(0x0a3201c8, 1), other = example(0x0a3201c8, 2);
    struct rlimit limit, tight;
    char error[512] = "";

    (void)state;
    first.notes = slice_of(variable_of_first, sizeof(variable_of_first) - 1);
    leases_store(leases, &first, "tested");
    commit(leases);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    tight = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    other.expiry = WALL + 9;
    leases_store(leases, &other, "tested");
    for (uint32_t i = 0; i < 200; i++) {
        struct lease more = example(0x0a320300 + i, 3);

        leases_store(leases, &more, "tested");
    }
    assert_int_equal(leases_commit(leases, error, sizeof(error)), -1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_non_null(strstr(error, path_of(LEASES_LOG)));
    assert_non_null(strstr(error, "make room"));
    /* Memory says what the disk says. */
    assert_false(leases_pending(leases));
    assert_int_equal(leases_table(leases)->count, 1);
    assert_true(hardware_equal(&lease_table_by_address(leases_table(leases), 0x0a3201c8)->hardware,
                               &first.hardware));
    assert_true(
        slice_equal(lease_table_by_address(leases_table(leases), 0x0a3201c8)->notes, first.notes));
    /* And goes on when there is room again. */
    leases_store(leases, &other, "tested");
    commit(leases);
    leases_close(leases);
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 1);
    assert_int_equal(lease_table_by_address(leases_table(leases), 0x0a3201c8)->expiry, WALL + 9);
    leases_close(leases);
}

static void damaged_file_is_left_alone(void **state)
{
    static const char junk[] = "this is no database, and it is long enough to be one if it were";
    char error[512] = "", read_back[sizeof(junk)];
    FILE *file = fopen(path_of(LEASES_FILE), "w");

    (void)state;
    fputs(junk, file);
    fclose(file);
    assert_null(leases_open(directory, error, sizeof(error)));
    assert_non_null(strstr(error, path_of(LEASES_FILE)));
    assert_non_null(strstr(error, "move it away"));
    file = fopen(path_of(LEASES_FILE), "r");
    assert_non_null(fgets(read_back, sizeof(read_back), file));
    fclose(file);
    assert_string_equal(read_back, junk);
}

static void no_lease(void *argument, const struct lease *lease, const char *reason)
{
    (void)argument;
    (void)lease;
    (void)reason;
    fail();
}

static void foreign_database_is_left_alone(void **state)
{
    char error[512] = "";
    sqlite3 *database;

    (void)state;
    assert_int_equal(sqlite3_open(path_of(LEASES_FILE), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "CREATE TABLE song (name TEXT)", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(database);
    assert_null(leases_open(directory, error, sizeof(error)));
    assert_non_null(strstr(error, path_of(LEASES_FILE)));
    assert_non_null(strstr(error, "another program's database"));
    assert_int_equal(leases_read(directory, no_lease, NULL, error, sizeof(error)), -1);
    assert_non_null(strstr(error, "another program's database"));

    /* What a newer bootwire wrote is not read as if it were understood. */
    unlink(path_of(LEASES_FILE));
    leases_close(open_leases());
    assert_int_equal(leases_read(directory, no_lease, NULL, error, sizeof(error)), 0);
    assert_int_equal(sqlite3_open(path_of(LEASES_FILE), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    assert_null(leases_open(directory, error, sizeof(error)));
    assert_non_null(strstr(error, "a newer bootwire's"));
    assert_int_equal(leases_read(directory, no_lease, NULL, error, sizeof(error)), -1);
    assert_non_null(strstr(error, "a newer bootwire's"));
}

static void directory_must_exist(void **state)
{
    char error[512] = "";

    (void)state;
    assert_null(leases_open("/nonexistent/state", error, sizeof(error)));
    assert_non_null(strstr(error, "/nonexistent/state/" LEASES_FILE));
    assert_non_null(strstr(error, "state-directory"));
}

static bool any(const void *argument, uint32_t address)
{
    return !argument || address != *(const uint32_t *)argument;
}

static void table_finds_room(void **state)
{
    const uint32_t low = 0x0a3200fe, high = 0x0a320103, reserved = 0x0a320100;
    struct lease_table table = {.count = 0};
    struct lease_counts counts = {0};
    const struct lease *oldest;

    (void)state;
    assert_int_equal(lease_table_find_unused(&table, low, high), low);
    for (uint32_t address = low; address <= high; address++) {
        struct lease lease = example(address, (uint8_t)address);

        lease.expiry = WALL + 100 - (int64_t)(address - low);
        lease_table_put(&table, &lease);
    }
    assert_int_equal(lease_table_find_unused(&table, low, high), 0);
    assert_null(lease_table_find_oldest(&table, low, high, WALL, 0, any, NULL));
    oldest = lease_table_find_oldest(&table, low, high, WALL + 100, 0, any, NULL);
    assert_int_equal(oldest->address, high);
    oldest = lease_table_find_oldest(&table, low, reserved, WALL + 100, 0, any, &reserved);
    assert_int_equal(oldest->address, reserved - 1);
    lease_table_remove(&table, 0x0a320101);
    assert_int_equal(lease_table_find_unused(&table, low, high), 0x0a320101);
    lease_table_count(&table, low - 1, high, WALL, 0, &counts);
    assert_int_equal(counts.bound, 5);
    assert_int_equal(counts.free, 2);
    lease_table_release(&table);
}

/* What the search for a free address has to look at: the same answers as from a walk over all, and
 * of a range where nothing is free no record at all. */
static size_t looked;

static bool counts(const void *argument, uint32_t address)
{
    (void)argument;
    (void)address;
    looked++;
    return true;
}

static const struct lease *oldest_by_walk(const struct lease_table *table, uint32_t low,
                                          uint32_t high, int64_t wall, uint64_t now_ms)
{
    const struct lease *oldest = NULL;

    for (uint32_t address = low; address <= high; address++) {
        const struct lease *lease = lease_table_by_address(table, address);

        if (lease && lease_is_free(lease, wall, now_ms) &&
            (!oldest || lease->expiry < oldest->expiry))
            oldest = lease;
    }
    return oldest;
}

static void searches_agree_with_a_walk(void **state)
{
    const uint32_t low = 0x0a31fe80, high = low + 200000;
    struct lease_table table = {.count = 0};
    uint32_t random = 12345;
    int64_t wall = WALL;

    (void)state;
    for (uint32_t address = low; address <= high; address++) {
        struct lease lease = example(address, (uint8_t)address);

        lease.hardware.length = 6;
        memcpy(lease.hardware.address, &address, sizeof(address));
        lease.expiry = WALL + 1000 + address % 7919;
        lease_table_put(&table, &lease);
    }
    looked = 0;
    assert_null(lease_table_find_oldest(&table, low, high, WALL, 0, counts, NULL));
    assert_int_equal(looked, 0);
    assert_int_equal(lease_table_find_unused(&table, low, high), 0);
    /* All ended: few of them are looked at. */
    assert_ptr_equal(lease_table_find_oldest(&table, low, high, WALL + 10000, 0, counts, NULL),
                     oldest_by_walk(&table, low, high, WALL + 10000, 0));
    assert_in_range(looked, 1, 10000);

    for (int i = 0; i < 300; i++) {
        uint32_t address;
        struct lease lease;

        random = random * 1664525u + 1013904223u;
        address = low + random % 200001u;
        lease = example(address, 1);
        memcpy(lease.hardware.address, &address, sizeof(address));
        lease.expiry = wall + (int64_t)(random >> 20) - 2000;
        lease.state = random & 64 ? LEASE_RELEASED : random & 128 ? LEASE_DECLINED : LEASE_BOUND;
        if (random & 256) {
            lease.state = LEASE_OFFERED;
            lease.offer_until_ms = 50 + (uint64_t)i;
        }
        if (random & 512)
            lease_table_remove(&table, address);
        else
            lease_table_put(&table, &lease);
        if (i % 10 == 0)
            lease_table_expire_offers(&table, (uint64_t)i);
        /* The clock goes both ways. */
        wall += (int64_t)(random >> 16 & 511) - 250;
        assert_ptr_equal(lease_table_find_oldest(&table, low, high, wall, (uint64_t)i, any, NULL),
                         oldest_by_walk(&table, low, high, wall, (uint64_t)i));
        address = lease_table_find_unused(&table, low, high);
        assert_true(address == 0 || !lease_table_by_address(&table, address));
        assert_int_equal(address == 0, table.count == 200001);
    }
    lease_table_release(&table);
}

static void machine_may_have_several(void **state)
{
    struct lease_table table = {.count = 0};
    struct lease a = example(0x0a320101, 1), b = example(0x0a320201, 1), c = example(0x0a320301, 1);
    size_t place = 0, slot = 0, seen = 0;

    (void)state;
    lease_table_put(&table, &a);
    lease_table_put(&table, &b);
    lease_table_put(&table, &c);
    lease_table_remove(&table, b.address);
    while (lease_table_next(&table, &place, &slot))
        seen++;
    assert_int_equal(seen, 2);
    assert_int_equal(lease_table_by_hardware(&table, &a.hardware)->address, c.address);
    assert_int_equal(lease_table_by_hardware(&table, &a.hardware)->next_of_machine->address,
                     a.address);
    lease_table_remove(&table, c.address);
    lease_table_remove(&table, a.address);
    assert_null(lease_table_by_hardware(&table, &a.hardware));
    lease_table_release(&table);
}

static void offers_end(void **state)
{
    struct lease_table table = {.count = 0};
    struct lease offered = example(0x0a320101, 1), renewing = example(0x0a320102, 2);

    (void)state;
    offered.state = LEASE_OFFERED;
    offered.offer_until_ms = 1000;
    renewing.offer_until_ms = 2000;
    lease_table_put(&table, &offered);
    lease_table_put(&table, &renewing);
    assert_int_equal(table.offer_count, 2);
    lease_table_expire_offers(&table, 999);
    assert_int_equal(table.offer_count, 2);
    lease_table_expire_offers(&table, 1000);
    assert_int_equal(table.offer_count, 1);
    assert_null(lease_table_by_address(&table, 0x0a320101));
    lease_table_expire_offers(&table, 9000);
    assert_int_equal(table.offer_count, 0);
    assert_non_null(lease_table_by_address(&table, 0x0a320102));
    lease_table_release(&table);
}

/* ---- Notes ---- */

static const uint8_t variable[] = "\1\2x\0\0\3abc", counted[] = "\5\0\0\2c\0", kept[] = "\6\0\0\0";
#define NOTES(bytes) slice_of(bytes, sizeof(bytes) - 1)

static void notes_are_read_as_written(void **state)
{
    const struct lease_note notes[] = {
        {NOTE_DATA, slice_of("x", 2), slice_of("abc", 3)},
        {NOTE_BILLING, slice_of(NULL, 0), slice_of("c", 2)},
        {NOTE_RESERVED, slice_of(NULL, 0), slice_of(NULL, 0)},
    };
    uint8_t bytes[19];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct lease_note note;
    struct slice all;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_true(lease_note_write(&w, &notes[i]));
    assert_false(lease_note_write(&w, &notes[0]));
    assert_false(w.failed);
    all = slice_of(bytes, w.length);
    assert_true(lease_note_find(all, NOTE_BILLING, &note));
    assert_true(slice_equal(note.value, notes[1].value));
    assert_true(lease_note_find(all, NOTE_DATA, &note) && lease_note_is_variable(&note));
    assert_false(lease_note_find(all, NOTE_AGENT, &note));
    assert_true(lease_notes_end(all));
    assert_false(lease_notes_end(lease_notes_kept(all)));
    assert_false(lease_notes_end(slice_of("\4\0\0\2\1\0", 6)));
    assert_int_equal(lease_notes_kept(slice_of(bytes, 9)).length, 0);
    /* Whatever is cut off or unknown ends the reading. */
    for (size_t length = 0; length < w.length; length++)
        assert_false(lease_note_find(slice_of(bytes, length), NOTE_RESERVED, &note));
    bytes[0] = NOTE_KIND_COUNT;
    assert_false(lease_note_find(all, NOTE_RESERVED, &note));
    note = (struct lease_note){NOTE_NUMBER, slice_of("x", 2), slice_of("short", 5)};
    assert_false(lease_note_is_variable(&note));
    note = (struct lease_note){NOTE_DATA, slice_of("a\0b", 4), slice_of("x", 1)};
    assert_false(lease_note_is_variable(&note));
}

static void notes_survive_as_the_lease_does(void **state)
{
    struct leases *leases = open_leases();
    struct lease first = example(0x0a320114, 1), without = first;
    const struct lease *found;

    (void)state;
    first.notes = NOTES(variable);
    leases_store(leases, &first, "");
    commit(leases);
    /* What is not committed is undone, notes and all. */
    without.state = LEASE_RELEASED;
    leases_store(leases, &without, "");
    assert_int_equal(lease_table_by_address(leases_table(leases), 0x0a320114)->notes.length, 0);
    leases_close(leases);
    leases = open_leases();
    found = lease_table_by_address(leases_table(leases), 0x0a320114);
    assert_true(slice_equal(found->notes, NOTES(variable)));
    assert_true(lease_table_ended(leases_table(leases), WALL + 3600) == found);
    leases_close(leases);
}

/* A database of the second version, which kept no notes. */
static void older_database_is_taken(void **state)
{
    struct leases *leases = open_leases();
    struct lease lease = example(0x0a320114, 1);
    sqlite3 *database;

    (void)state;
    leases_store(leases, &lease, "why");
    commit(leases);
    leases_close(leases);
    assert_int_equal(sqlite3_open(path_of(LEASES_FILE), &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "ALTER TABLE lease DROP COLUMN notes; PRAGMA user_version=2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(database);
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, 1);
    lease.notes = NOTES(variable);
    leases_store(leases, &lease, "why");
    commit(leases);
    leases_close(leases);
}

static void ends_come_in_their_order(void **state)
{
    static const int64_t times[] = {50, 20, 90, 20, 70, 10, 60, 30, 80, 40};
    enum { COUNT = sizeof(times) / sizeof(times[0]) };
    struct lease_table table = {.count = 0};
    const struct lease *ended;
    int64_t before = 0;
    size_t seen = 0;

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        struct lease lease = example(0x0a320101 + i, (uint8_t)i);

        lease.expiry = times[i] + 1000;
        lease.notes = NOTES(variable);
        lease_table_put(&table, &lease);
        lease.expiry = times[i];
        lease_table_put(&table, &lease); /* the second word counts */
    }
    lease_table_remove(&table, 0x0a320101 + 2); /* 90 */
    assert_int_equal(lease_table_next_end(&table), 10);
    assert_null(lease_table_ended(&table, 9));
    while ((ended = lease_table_ended(&table, 75)) != NULL) {
        struct lease lease = *ended;

        assert_true(lease.expiry >= before);
        before = lease.expiry;
        lease.notes = slice_of(NULL, 0);
        lease_table_put(&table, &lease);
        seen++;
    }
    assert_int_equal(seen, COUNT - 2);
    assert_int_equal(lease_table_next_end(&table), 80);
    lease_table_release(&table);
}

static void classes_count_their_leases(void **state)
{
    struct lease_table table = {.count = 0};
    struct lease lease;

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        lease = example(0x0a320101 + i, (uint8_t)i);
        lease.notes = NOTES(counted);
        lease_table_put(&table, &lease);
    }
    assert_int_equal(lease_table_billed(&table, slice_of("c", 2)), 3);
    assert_int_equal(lease_table_billed(&table, slice_of("d", 2)), 0);
    lease = lease_released(&lease, WALL);
    lease_table_put(&table, &lease);
    assert_int_equal(lease_table_billed(&table, slice_of("c", 2)), 2);
    lease_table_remove(&table, 0x0a320101);
    lease_table_remove(&table, 0x0a320102);
    assert_int_equal(lease_table_billed(&table, slice_of("c", 2)), 0);
    assert_int_equal(table.billings.count, 0);
    lease_table_release(&table);
}

static void reserved_addresses_are_never_free(void **state)
{
    struct lease_table table = {.count = 0};
    struct lease_counts counts = {0};
    struct lease lease = example(0x0a320101, 1);

    (void)state;
    lease.notes = NOTES(kept);
    lease = lease_released(&lease, WALL);
    lease_table_put(&table, &lease);
    assert_null(lease_table_ended(&table, WALL));
    assert_false(lease_is_free(lease_table_by_address(&table, 0x0a320101), WALL + 9, 0));
    assert_null(lease_table_find_oldest(&table, 0x0a320101, 0x0a320101, WALL + 9, 0, any, NULL));
    lease_table_count(&table, 0x0a320101, 0x0a320101, WALL + 9, 0, &counts);
    assert_int_equal(counts.bound, 1);
    lease_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_read_as_written),
        cmocka_unit_test_setup_teardown(notes_survive_as_the_lease_does, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(older_database_is_taken, make_directory, remove_directory),
        cmocka_unit_test(ends_come_in_their_order),
        cmocka_unit_test(classes_count_their_leases),
        cmocka_unit_test(reserved_addresses_are_never_free),
        cmocka_unit_test_setup_teardown(leases_survive, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(full_disk_undoes_and_recovers, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(damaged_file_is_left_alone, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(foreign_database_is_left_alone, make_directory,
                                        remove_directory),
        cmocka_unit_test(directory_must_exist),
        cmocka_unit_test(table_finds_room),
        cmocka_unit_test(searches_agree_with_a_walk),
        cmocka_unit_test(machine_may_have_several),
        cmocka_unit_test(offers_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
