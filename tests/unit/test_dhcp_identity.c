/* One machine, one lease: by hardware address, client identifier and UUID; and two machines with
 * one cloned identifier stay two. */
#include "test.h"

#include "dhcp_scene.h"

static struct scene scene;

#define SUBNET(inside) "subnet 10.50.1.0 netmask 255.255.255.0 { " inside " }\n"
#define UUID(last)     "\x61\x11\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf" last

static struct ask with_uuid(uint8_t mac, const char *uuid)
{
    return (struct ask){.mac = mac, .options = uuid, .options_length = 19};
}

static void every_stage_has_the_machines_lease(void **state)
{
    struct ask rom = with_uuid(1, UUID("\x10"));
    struct ask kernel = {.mac = 1, .identifier = "!duid-of-the-kernel"};
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET("range 10.50.1.10 10.50.1.90;"));
    rom.identifier = "#rom";
    address = scene_bind(&scene, rom);
    assert_int_equal(scene_bind(&scene, (struct ask){.mac = 1}), address);
    assert_true(scene_why(&scene, "this stage sends none"));
    assert_int_equal(scene_bind(&scene, kernel), address);
    assert_int_equal(
        scene_ask(&scene, &(struct ask){.mac = 1, .type = DHCP_REQUEST, .ciaddr = address}),
        address);
    assert_int_equal(scene.leases.count, 1);
    scene_close(&scene);
}

/* Cloned disks: whoever came first keeps the address, and both are told apart and named. */
static void clones_stay_two(void **state)
{
    struct ask first = {.mac = 1, .identifier = "#cloned"}, second = first;
    uint32_t address, other;

    (void)state;
    scene_open(&scene, SUBNET("range 10.50.1.10 10.50.1.90;"));
    address = scene_bind(&scene, first);
    second.mac = 2;
    other = scene_bind(&scene, second);
    assert_true(other && other != address);
    assert_true(scene_why(&scene, "22:22:22:22:00:01, at 10.50.1."));
    assert_true(scene_why(&scene, "has the same client identifier: taken for two machines"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(scene_bind(&scene, first), address);
        assert_true(scene_why(&scene, "22:22:22:22:00:02, at"));
        assert_int_equal(scene_bind(&scene, second), other);
    }
    scene_close(&scene);

    scene_open(&scene, SUBNET("range 10.50.1.10;"));
    assert_int_equal(scene_bind(&scene, first), 0x0a32010a);
    assert_int_equal(scene_bind(&scene, second), 0);
    assert_int_equal(scene_bind(&scene, first), 0x0a32010a);
    scene_close(&scene);

    /* What nobody reads tells nothing. */
    scene_open(&scene, "ignore-client-uids true;\n" SUBNET("range 10.50.1.10 10.50.1.90;"));
    scene_bind(&scene, first);
    assert_int_not_equal(scene_bind(&scene, second), 0);
    assert_null(strstr(scene.plan.why, "two machines"));
    scene_close(&scene);
}

/* The same for boards with one UUID. */
static void boards_of_one_uuid_stay_two(void **state)
{
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET("range 10.50.1.10 10.50.1.90;"));
    address = scene_bind(&scene, with_uuid(1, UUID("\x10")));
    assert_int_not_equal(scene_bind(&scene, with_uuid(2, UUID("\x10"))), address);
    assert_true(scene_why(&scene, "has the same UUID"));
    assert_int_not_equal(scene_bind(&scene, with_uuid(3, UUID("\x11"))), address);
    assert_null(strstr(scene.plan.why, "UUID"));
    scene_close(&scene);
}

/* A new network card, or the other one: the address is the machine's as soon as nobody holds it. */
static void new_card_finds_the_old_address(void **state)
{
    struct ask old = {.mac = 1, .identifier = "#machine"}, new = old;
    struct ask release = {.type = DHCP_RELEASE, .mac = 1};

    (void)state;
    new.mac = 2;
    scene_open(&scene, SUBNET("range 10.50.1.10 10.50.1.90;"));
    release.ciaddr = scene_bind(&scene, old);
    scene_ask(&scene, &release);
    assert_int_equal(scene_bind(&scene, new), release.ciaddr);
    assert_true(scene_why(&scene, "its own when it asked as 22:22:22:22:00:01, with the same "
                                  "client identifier"));
    assert_int_equal(scene.leases.count, 1);
    /* Once bound, that is a lease like any other. */
    assert_int_equal(scene_bind(&scene, new), release.ciaddr);
    assert_null(strstr(scene.plan.why, "its own when"));
    scene_close(&scene);

    /* What only ended goes to others last: but to the machine itself before them. */
    scene_open(&scene, "default-lease-time 600;\n" SUBNET("range 10.50.1.10 10.50.1.12;"));
    assert_int_not_equal(scene_bind(&scene, (struct ask){.mac = 8}), 0);
    scene_pass(&scene, 10);
    release.ciaddr = scene_bind(&scene, with_uuid(1, UUID("\x10")));
    scene_pass(&scene, 601);
    assert_int_not_equal(scene_bind(&scene, (struct ask){.mac = 9}), release.ciaddr);
    assert_int_equal(scene_bind(&scene, with_uuid(2, UUID("\x10"))), release.ciaddr);
    assert_true(scene_why(&scene, "the same UUID"));
    scene_close(&scene);
}

/* Boards without a UUID send one of a single byte. */
static void empty_uuids_tell_nothing(void **state)
{
    static const char *const empty[] = {
        "\x61\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        "\x61\x11\0\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        scene_open(&scene, SUBNET("range 10.50.1.10 10.50.1.90;"));
        assert_int_not_equal(scene_bind(&scene, with_uuid(1, empty[i])), 0);
        assert_int_not_equal(scene_bind(&scene, with_uuid(2, empty[i])), 0);
        assert_null(strstr(scene.plan.why, "UUID"));
        scene_close(&scene);
    }
}

static void indexes_find_all_of_a_key(void **state)
{
    enum { MANY = 1000 };
    struct lease_table table = {.count = 0};
    const struct lease *lease;
    size_t seen = 0;

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        struct lease one = {.address = 0x0a320001 + i, .state = LEASE_BOUND};

        one.hardware =
            (struct hardware){HARDWARE_ETHERNET, 6, {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
        one.client_identifier[0] = (uint8_t)(i % 10);
        one.client_identifier_length = 1;
        one.uuid_length = 17;
        one.uuid[5] = (uint8_t)(i >> 8);
        one.uuid[6] = (uint8_t)i;
        lease_table_put(&table, &one);
        lease_table_put(&table, &one);
        if (i % 3 == 0)
            lease_table_remove(&table, one.address);
    }
    lease = lease_index_find(&table.alike[LEASE_KEY_IDENTIFIER], LEASE_KEY_IDENTIFIER,
                             slice_of("\7", 1));
    for (; lease; lease = lease_index_next(lease, LEASE_KEY_IDENTIFIER)) {
        assert_int_equal(lease->client_identifier[0], 7);
        seen++;
    }
    assert_int_equal(seen, 67);
    for (uint32_t i = 1; i < MANY; i++) {
        uint8_t uuid[17] = {[5] = (uint8_t)(i >> 8), [6] = (uint8_t)i};

        lease = lease_index_find(&table.alike[LEASE_KEY_UUID], LEASE_KEY_UUID, slice_of(uuid, 17));
        assert_int_equal(lease ? lease->address : 0, i % 3 == 0 ? 0 : 0x0a320001 + i);
    }
    lease_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_has_the_machines_lease),
        cmocka_unit_test(clones_stay_two),
        cmocka_unit_test(boards_of_one_uuid_stay_two),
        cmocka_unit_test(new_card_finds_the_old_address),
        cmocka_unit_test(empty_uuids_tell_nothing),
        cmocka_unit_test(indexes_find_all_of_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
