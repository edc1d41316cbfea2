/* Who holds which address, and what else of the services a flood must not blow up. */
#include "test.h"

#include "base/memory.h"
#include "config/config.h"
#include "service/claims.h"
#include "service/line_budget.h"
#include "service/machines.h"
#include "service/told.h"

static struct machine machine(uint32_t number)
{
    struct machine made = {.hardware = {.type = HARDWARE_ETHERNET, .length = 6}};

    memcpy(made.hardware.address, &number, sizeof(number));
    return made;
}

static bool holds(struct machines *machines, uint32_t address, uint32_t number)
{
    struct machine expected = machine(number), found;

    return machines_get(machines, address, &found) &&
           hardware_equal(&found.hardware, &expected.hardware);
}

/* Words are cheap: a flood of them takes no more memory than this many, and nothing from those
 * whose addresses this server gave. */
static void words_for_addresses_are_bounded(void **state)
{
    struct machines *machines = machines_new();
    struct machine one = machine(1), other = machine(2);
    size_t kept = 0;

    (void)state;
    machines_put(machines, 1, &one, NULL);
    machines_hear(machines, 2, &one, NULL);
    machines_put(machines, 2, &one, NULL); /* given after all */
    machines_hear(machines, 1, &one, NULL);
    for (uint32_t address = 10; address < 10 + 3 * MACHINES_HEARD_MAX; address++)
        machines_hear(machines, address, &other, NULL);
    assert_true(holds(machines, 1, 1));
    assert_true(holds(machines, 2, 1));
    for (uint32_t address = 10; address < 10 + 3 * MACHINES_HEARD_MAX; address++)
        kept += holds(machines, address, 2);
    assert_int_equal(kept, MACHINES_HEARD_MAX);
    assert_true(holds(machines, 9 + 3 * MACHINES_HEARD_MAX, 2));

    /* One that gave its address back makes room for nobody twice. */
    machines_drop(machines, 9 + 3 * MACHINES_HEARD_MAX, &other.hardware);
    assert_false(holds(machines, 9 + 3 * MACHINES_HEARD_MAX, 2));
    machines_put(machines, 9 + 3 * MACHINES_HEARD_MAX, &one, NULL);
    for (uint32_t address = 1u << 24; address < (1u << 24) + MACHINES_HEARD_MAX; address++)
        machines_hear(machines, address, &other, NULL);
    assert_true(holds(machines, 9 + 3 * MACHINES_HEARD_MAX, 1));
    machines_free(machines);
}

/* A machine that never asks again keeps no old configuration in memory. */
static void old_configurations_are_let_go(void **state)
{
    struct machines *machines = machines_new();
    struct snapshot *old = snapshot_new(), *fresh = snapshot_new();
    struct machine one = machine(1);

    (void)state;
    for (uint32_t address = 1; address <= 3; address++) {
        struct told *told = memory_zeroed(1, sizeof(*told));

        atomic_init(&told->references, 1);
        told->snapshot = snapshot_hold(address == 3 ? fresh : old);
        if (address == 1)
            machines_hear(machines, address, &one, told);
        else
            machines_put(machines, address, &one, told);
    }
    assert_int_equal(old->references, 3);
    machines_settle(machines, fresh);
    assert_int_equal(old->references, 1);
    assert_int_equal(fresh->references, 2);
    assert_true(holds(machines, 1, 1) && holds(machines, 2, 1) && holds(machines, 3, 1));
    machines_free(machines);
    assert_int_equal(fresh->references, 1);
    snapshot_free(fresh);
    snapshot_free(old);
}

static const char *host_name(struct machines *machines, const struct snapshot *snapshot,
                             uint32_t address)
{
    struct machine found;
    const struct host *host = machines_host(machines, snapshot, address, &found, NULL);

    return host ? host->name : "none";
}

/* Who holds an address by lease while a reload declares it for another machine is not that machine,
 * and has none of its exports. */
static void a_declared_address_is_not_its_holders(void **state)
{
    static const char config[] =
        "subnet 10.50.1.0 netmask 255.255.255.0 { }"
        "host b { hardware ethernet 02:00:00:00:00:02; fixed-address 10.50.1.5; }"
        "host c { hardware ethernet 02:00:00:00:00:03; fixed-address 10.50.1.6;"
        " option dhcp-client-identifier \"c\"; }"
        "host d { option dhcp-client-identifier \"d\"; fixed-address 10.50.1.7; }";
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_parse("test", slice_of_string(config), &diagnostics);
    struct machines *machines = machines_new();
    struct machine one = {.hardware = {HARDWARE_ETHERNET, 6, {2, 0, 0, 0, 0, 1}}};
    struct machine two = {.hardware = {HARDWARE_ETHERNET, 6, {2, 0, 0, 0, 0, 2}}};
    const struct scope_view nothing = {.count = 0};

    (void)state;
    assert_non_null(snapshot);
    /* Nobody said who is there: the address tells. */
    assert_string_equal(host_name(machines, snapshot, 0x0a320105), "b");
    machines_put(machines, 0x0a320105, &one, NULL);
    assert_string_equal(host_name(machines, snapshot, 0x0a320105), "none");
    machines_put(machines, 0x0a320105, &two, NULL);
    assert_string_equal(host_name(machines, snapshot, 0x0a320105), "b");
    /* By its identifier a machine with another network card is its own host's all the same. */
    machines_put(machines, 0x0a320106, &one,
                 told_new(snapshot, snapshot_host_by_name(snapshot, "c"), &one.hardware, 0x0a320106,
                          &nothing, true));
    assert_string_equal(host_name(machines, snapshot, 0x0a320106), "c");
    machines_put(machines, 0x0a320107, &one, NULL);
    assert_string_equal(host_name(machines, snapshot, 0x0a320107), "d");
    /* Which a start and a reload have to find out again. */
    assert_true(recall_matters(snapshot));
    machines_free(machines);
    snapshot_free(snapshot);
    diagnostics_release(&diagnostics);
    snapshot = config_parse("test",
                            slice_of_string("subnet 10.50.1.0 netmask 255.255.255.0 { }"
                                            "host c { hardware ethernet 02:00:00:00:00:03;"
                                            " option dhcp-client-identifier \"c\"; }"),
                            &diagnostics);
    assert_true(recall_matters(snapshot));
    snapshot_free(snapshot);
    diagnostics_release(&diagnostics);
}

/* Who answers for every address does not empty the pool; others are heard all the same. */
static void nobody_has_all_addresses_in_use(void **state)
{
    static struct claims claims;
    struct machine one = machine(1), other = machine(2);
    size_t believed = 0;

    (void)state;
    for (uint64_t now_ms = 1000; now_ms < 2000; now_ms++)
        believed += claims_take(&claims, &one.hardware, 5000, now_ms);
    assert_int_equal(believed, CLAIMS_OF_ONE_MAX);
    assert_true(claims_take(&claims, &other.hardware, 5000, 2000));
    /* Once the addresses are free again it may be right again. */
    assert_false(claims_take(&claims, &one.hardware, 9000, 4999));
    assert_true(claims_take(&claims, &one.hardware, 9000, 5000));
    /* A network where many addresses are taken, each by another machine. */
    for (uint32_t number = 10; number < 10 + 3 * CLAIMS_KEPT; number++) {
        struct machine many = machine(number);

        assert_true(claims_take(&claims, &many.hardware, 9000, 6000));
    }
}

/* A flood of lines leaves so many of each second, and the number of the others. */
static void lines_are_bounded(void **state)
{
    struct line_budget budget = {.per_second = 3};
    unsigned written = 0, withheld = 0, told = 0;

    (void)state;
    for (uint64_t now_ms = 5000; now_ms < 8000; now_ms++) {
        bool left = line_budget_left(&budget, now_ms);
        bool taken = line_budget_take(&budget, now_ms, &withheld);

        assert_int_equal(left, taken);
        written += taken;
        told += withheld;
        assert_true(withheld == 0 || now_ms % 1000 == 0);
    }
    assert_int_equal(written, 9);
    assert_int_equal(told, 2 * 997);
    assert_true(line_budget_take(&budget, 9000, &withheld));
    assert_int_equal(withheld, 997);
    assert_true(line_budget_take(&budget, 9001, &withheld));
    assert_int_equal(withheld, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_for_addresses_are_bounded),
        cmocka_unit_test(old_configurations_are_let_go),
        cmocka_unit_test(a_declared_address_is_not_its_holders),
        cmocka_unit_test(nobody_has_all_addresses_in_use),
        cmocka_unit_test(lines_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
