#include "decide/boot_follow.h"
#include "decide/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct hardware mac = {1, 6, {0x22, 0x22, 0x22, 0x22, 0, 7}};

/* One step of a machine, in the fewest words. */
static struct boot_step step_of(enum step_event event, enum boot_stage stage, const char *subject)
{
    return (struct boot_step){
        .service = event >= STEP_FILE_BEGUN && event <= STEP_FILE_ENDED ? "tftp" : "dhcp",
        .event = event,
        .stage = stage,
        .address = 0x0a320109,
        .hardware = mac,
        .asked = subject ? subject : "it asks",
        .got = event == STEP_FILE_BEGUN ? "" : "it gets",
        .subject = subject,
    };
}

static bool follow(struct boot *boot, enum step_event event, enum boot_stage stage,
                   const char *subject, uint64_t now_ms)
{
    struct boot_step step = step_of(event, stage, subject);

    return boot_follow(boot, &step, now_ms);
}

static void a_boot_goes_on_from_rom_to_login(void **state)
{
    static const struct {
        enum step_event event;
        enum boot_stage stage;
        const char *subject;
        enum boot_reached reached;
    } rows[] = {
        {STEP_OFFER, STAGE_ROM, NULL, REACHED_OFFERED},
        {STEP_ACK, STAGE_ROM, NULL, REACHED_ADDRESS},
        {STEP_FILE_BEGUN, STAGE_ROM, "pxeboot", REACHED_LOADING},
        {STEP_FILE_SENT, STAGE_ROM, "pxeboot", REACHED_LOADED},
        {STEP_OFFER, STAGE_LOADER, NULL, REACHED_LOADED},
        {STEP_ACK, STAGE_LOADER, NULL, REACHED_LOADED},
        {STEP_FILE_BEGUN, STAGE_LOADER, "netbsd", REACHED_LOADING},
        {STEP_FILE_PROGRESS, STAGE_LOADER, "netbsd", REACHED_LOADING},
        {STEP_FILE_SENT, STAGE_LOADER, "netbsd", REACHED_LOADED},
        {STEP_ACK, STAGE_KERNEL, NULL, REACHED_LOADED},
        {STEP_MOUNT, STAGE_KERNEL, "/root", REACHED_MOUNTED},
        {STEP_NFS_READ, STAGE_KERNEL, "/sbin/init", REACHED_ROOT},
        {STEP_ACK, STAGE_USERLAND, NULL, REACHED_USERLAND},
        {STEP_CONSOLE_LOGIN, STAGE_UNKNOWN, NULL, REACHED_LOGIN},
        {STEP_CONSOLE_PANIC, STAGE_UNKNOWN, NULL, REACHED_PANIC},
        {STEP_POWER_OFF, STAGE_UNKNOWN, NULL, REACHED_OFF},
    };
    struct boot boot = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            follow(&boot, rows[i].event, rows[i].stage, rows[i].subject, 1000 + 100 * i), i == 0);
        assert_string_equal(boot_reached_name(boot.reached), boot_reached_name(rows[i].reached));
    }
    assert_int_equal(boot.boots, 1);
    assert_int_equal(boot.began_ms, 1000);
    assert_int_equal(boot.facts[STEP_ACK].count, 4);
    assert_int_equal(boot.facts[STEP_ACK].first_ms, 1100);
    assert_int_equal(boot.facts[STEP_ACK].last_ms, 2200);
    assert_string_equal(boot.facts[STEP_NFS_READ].subject, "/sbin/init");
    /* A transfer is one row, from its beginning to its end. */
    assert_int_equal(boot.exchange_count, sizeof(rows) / sizeof(rows[0]) - 3);
    assert_int_equal(boot.exchanges[2].event, STEP_FILE_SENT);
    assert_int_equal(boot.exchanges[2].at_ms, 1200);
    assert_int_equal(boot.exchanges[2].last_ms, 1300);
    assert_int_equal(boot.exchanges[2].count, 1);
    boot_release(&boot);
}

static void another_boot_begins_with_firmware_behind_a_kernel(void **state)
{
    struct boot boot = {0};

    (void)state;
    assert_true(follow(&boot, STEP_OFFER, STAGE_ROM, NULL, 1));
    assert_false(follow(&boot, STEP_OFFER, STAGE_IPXE, NULL, 2));
    assert_false(follow(&boot, STEP_OFFER, STAGE_KERNEL, NULL, 3));
    assert_true(follow(&boot, STEP_OFFER, STAGE_ROM, NULL, 4));
    assert_int_equal(boot.boots, 2);
    assert_int_equal(boot.short_boots, 1);
    /* Firmware that tries again goes on; much later it was switched on. */
    assert_false(follow(&boot, STEP_OFFER, STAGE_ROM, NULL, 5));
    assert_true(follow(&boot, STEP_OFFER, STAGE_ROM, NULL, 5 + BOOT_PAUSE_MS));
    assert_int_equal(boot.short_boots, 2);
    /* A root that was read makes the boot a good one. */
    follow(&boot, STEP_MOUNT, STAGE_KERNEL, "/root", 200000);
    follow(&boot, STEP_NFS_CALL, STAGE_KERNEL, "/root", 200001);
    assert_true(follow(&boot, STEP_OFFER, STAGE_IPXE, NULL, 200002));
    assert_int_equal(boot.short_boots, 0);
    assert_int_equal(boot.facts[STEP_MOUNT].count, 0);
    assert_true(follow(&boot, STEP_POWER_ON, STAGE_UNKNOWN, NULL, 200003));
    boot_release(&boot);
}

static void a_long_timeline_keeps_its_beginning_and_its_end(void **state)
{
    struct boot boot = {0};
    char name[16];

    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "file%d", i);
        follow(&boot, STEP_FILE_SENT, STAGE_LOADER, name, (uint64_t)i);
    }
    assert_int_equal(boot.exchange_count, BOOT_EXCHANGES_MAX);
    assert_int_equal(boot.exchanges_lost, 300 - BOOT_EXCHANGES_MAX);
    assert_string_equal(boot.exchanges[BOOT_EXCHANGES_FIRST - 1].asked, "file47");
    assert_string_equal(boot.exchanges[BOOT_EXCHANGES_FIRST].asked, "file220");
    assert_string_equal(boot.exchanges[BOOT_EXCHANGES_MAX - 1].asked, "file299");
    /* What comes again is counted. */
    follow(&boot, STEP_FILE_SENT, STAGE_LOADER, "file299", 400);
    assert_int_equal(boot.exchanges[BOOT_EXCHANGES_MAX - 1].count, 2);
    boot_release(&boot);
}

static void what_is_loaded_is_known_while_it_comes(void **state)
{
    struct boot_step step = step_of(STEP_FILE_BEGUN, STAGE_ROM, "a");
    struct boot boot = {0};

    (void)state;
    step.total = 1000;
    boot_follow(&boot, &step, 10);
    assert_true(boot.loading.active);
    step.event = STEP_FILE_PROGRESS;
    step.bytes = 500;
    boot_follow(&boot, &step, 20);
    assert_string_equal(boot.loading.name, "a");
    assert_int_equal(boot.loading.bytes, 500);
    assert_int_equal(boot.loading.total, 1000);
    assert_int_equal(boot.loading.began_ms, 10);
    assert_int_equal(boot.exchanges[0].bytes, 500);
    step.event = STEP_FILE_SENT;
    step.bytes = 1000;
    boot_follow(&boot, &step, 30);
    assert_false(boot.loading.active);
    assert_int_equal(boot.exchange_count, 1);
    boot_release(&boot);
}

static void a_verdict_comes_of_silence(void **state)
{
    struct boot boot = {0};
    struct verdict verdict;

    (void)state;
    follow(&boot, STEP_ACK, STAGE_ROM, NULL, 0);
    follow(&boot, STEP_FILE_MISSING, STAGE_ROM, "pxeboot.bin", 1000);
    assert_false(verdict_find(&boot, 1001, &verdict));
    assert_true(verdict_find(&boot, 61000, &verdict));
    assert_string_equal(verdict.id, "file-missing");
    assert_non_null(strstr(verdict.waiting, "pxeboot.bin"));
    boot_release(&boot);
}

static void what_is_read_over_nfs_shows_and_changes_nothing_else(void **state)
{
    struct boot boot = {0};
    struct boot_step step = step_of(STEP_NFS_PROGRESS, STAGE_KERNEL, NULL);

    (void)state;
    assert_false(boot_follow(&boot, &step, 500));
    assert_int_equal(boot.boots, 0);
    (void)follow(&boot, STEP_ACK, STAGE_KERNEL, NULL, 1000);
    (void)follow(&boot, STEP_MOUNT, STAGE_KERNEL, "/root", 1100);
    step.bytes = 5000;
    assert_false(boot_follow(&boot, &step, 2000));
    step.bytes = 9000;
    assert_false(boot_follow(&boot, &step, 3000));
    assert_string_equal(boot.loading.name, "/root");
    assert_true(boot.loading.active);
    assert_int_equal(boot.loading.bytes - boot.loading.bytes_before, 4000);
    assert_int_equal(boot.loading.at_ms - boot.loading.began_ms, 1000);
    step.total = 9000;
    assert_false(boot_follow(&boot, &step, 4000));
    assert_false(boot.loading.active);
    assert_int_equal(boot.loading.at_ms, 3000);
    assert_int_equal(boot.last_ms, 1100);
    assert_int_equal(boot.exchange_count, 2);
    assert_int_equal(boot.reached, REACHED_MOUNTED);
    boot_release(&boot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boot_goes_on_from_rom_to_login),
        cmocka_unit_test(another_boot_begins_with_firmware_behind_a_kernel),
        cmocka_unit_test(a_long_timeline_keeps_its_beginning_and_its_end),
        cmocka_unit_test(what_is_loaded_is_known_while_it_comes),
        cmocka_unit_test(what_is_read_over_nfs_shows_and_changes_nothing_else),
        cmocka_unit_test(a_verdict_comes_of_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
