/* The leases of 100,000 machines, on disk and in memory, in less than 64 MB of a process. */
#include "test.h"

#include "store/lease_log.h"
#include "store/leases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MACHINES = 100000, AT_ONCE = 256, BAR_MB = 64 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURED = 0 }; /* the sanitizers' own memory is not ours */
#else
enum { MEASURED = 1 };
#endif

static char directory[64];

static double resident_mb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long size = 0, resident = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static struct leases *open_leases(void)
{
    char error[512] = "";
    struct leases *leases = leases_open(directory, error, sizeof(error));

    if (!leases)
        fail_msg("%s", error);
    return leases;
}

static void fill(struct leases *leases)
{
    char error[512];

    for (uint32_t i = 0; i < MACHINES; i++) {
        uint8_t high = (uint8_t)(i >> 16), middle = (uint8_t)(i >> 8), low = (uint8_t)i;
        struct lease lease = {
            .address = 0x0a000001 + i,
            .state = LEASE_BOUND,
            .hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, high, middle, low}},
            .client_identifier = {1, 0x22, 0x22, 0x22, high, middle, low},
            .client_identifier_length = 7,
            .uuid = {0, high, middle, low},
            .uuid_length = LEASE_UUID_MAX,
            .start = 1800000000,
            .expiry = 1800000000 + i,
            .vendor_class = "PXEClient:Arch:00000:UNDI:002001",
        };

        leases_store(leases, &lease, "a free address of the range");
        if (i % AT_ONCE == AT_ONCE - 1 || i == MACHINES - 1)
            assert_int_equal(leases_commit(leases, error, sizeof(error)), 0);
    }
}

static void a_hundred_thousand_machines(void **state)
{
    struct leases *leases;
    double before, after;

    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/bootwire-memory-XXXXXX");
    assert_non_null(mkdtemp(directory));
    before = resident_mb();
    leases = open_leases();
    fill(leases);
    after = resident_mb();
    assert_int_equal(leases_table(leases)->count, MACHINES);
    printf("leases of %d machines: %.1f MB resident (%.1f before them), bar %d MB\n", MACHINES,
           after, before, BAR_MB);
    leases_close(leases);
    if (MEASURED)
        assert_true(after < BAR_MB);
    /* And they are all there again after a restart. */
    leases = open_leases();
    assert_int_equal(leases_table(leases)->count, MACHINES);
    leases_close(leases);
}

static int clean(void **state)
{
    static const char *const names[] = {LEASES_FILE, LEASES_FILE "-wal", LEASES_FILE "-shm",
                                        LEASES_LOG};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_hundred_thousand_machines, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
