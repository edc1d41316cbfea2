/* Who holds which address. */
#include "test.h"

#include "service/machines.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_for_addresses_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
