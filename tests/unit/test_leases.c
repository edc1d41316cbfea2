#include "test.h"

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
    leases_offer(leases, &offered);
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
    struct lease first = example(0x0a3201c8, 1), other = example(0x0a3201c8, 2);
    struct rlimit limit, tight;
    char error[512] = "";

    (void)state;
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
    assert_non_null(strstr(error, LEASES_FILE));
    /* Memory says what the disk says. */
    assert_false(leases_pending(leases));
    assert_int_equal(leases_table(leases)->count, 1);
    assert_true(hardware_equal(&lease_table_by_address(leases_table(leases), 0x0a3201c8)->hardware,
                               &first.hardware));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(leases_survive, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(full_disk_undoes_and_recovers, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(damaged_file_is_left_alone, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(foreign_database_is_left_alone, make_directory,
                                        remove_directory),
        cmocka_unit_test(directory_must_exist),
        cmocka_unit_test(table_finds_room),
        cmocka_unit_test(machine_may_have_several),
        cmocka_unit_test(offers_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
