/* What the configuration says about leases: how long they hold, who may have one, and what ends
 * them. */
#include "test.h"

#include "dhcp_scene.h"

static struct scene scene;
static const struct ask discover = {.type = DHCP_DISCOVER, .mac = 1};

#define SUBNET(inside) "subnet 10.50.1.0 netmask 255.255.255.0 { " inside " }\n"

static uint32_t granted_seconds(void)
{
    uint32_t seconds = 0;

    dhcp_message_u32(&scene.reply, DHCP_OPTION_LEASE_TIME, &seconds);
    return seconds;
}

static void min_secs_is_for_discover_alone(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET("range dynamic-bootp 10.50.1.10 10.50.1.20; min-secs 3;"));
    assert_int_equal(scene_ask(&scene, &discover), 0);
    assert_true(scene_why(&scene, "min-secs"));
    assert_int_equal(scene.plan.change, CHANGE_NONE);
    assert_int_not_equal(scene_ask(&scene, &(struct ask){.mac = 2}), 0);
    scene_close(&scene);
}

static void bootp_leases_end_where_they_are_told_to(void **state)
{
    (void)state;
    scene_open(&scene, "dynamic-bootp-lease-length 600;\n" SUBNET(
                           "range dynamic-bootp 10.50.1.10 10.50.1.20;"));
    assert_int_not_equal(scene_ask(&scene, &(struct ask){.mac = 1}), 0);
    assert_int_equal(scene.plan.lease.expiry, scene.wall + 600);
    scene_close(&scene);

    scene_open(&scene,
               "dynamic-bootp-lease-length 600; dynamic-bootp-lease-cutoff 1800000060;\n"
               "host h { hardware ethernet 22:22:22:22:00:02; fixed-address 10.50.1.5; }\n" SUBNET(
                   "range dynamic-bootp 10.50.1.10 10.50.1.20;"));
    assert_int_not_equal(scene_ask(&scene, &(struct ask){.mac = 1}), 0);
    assert_int_equal(scene.plan.lease.expiry, 1800000060);
    /* A fixed address is no dynamic lease. */
    assert_int_equal(scene_ask(&scene, &(struct ask){.mac = 2}), 0x0a320105);
    assert_true(scene.plan.lease.expiry == LEASE_FOREVER);
    scene_close(&scene);
}

/* A BOOTP client that speaks DHCP later renews from then on: its lease ends like any other. */
static void bootp_lease_becomes_finite(void **state)
{
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET("range dynamic-bootp 10.50.1.10 10.50.1.20;"));
    address = scene_ask(&scene, &(struct ask){.mac = 1});
    assert_true(scene.plan.lease.expiry == LEASE_FOREVER);
    assert_int_equal(scene_bind(&scene, discover), address);
    assert_int_equal(scene.plan.lease.expiry, scene.wall + 43200);
    /* And a BOOTP stage after it has no way to renew. */
    assert_int_equal(scene_ask(&scene, &(struct ask){.mac = 1}), address);
    assert_true(scene.plan.lease.expiry == LEASE_FOREVER);
    scene_close(&scene);
}

static void full_pools_give_short_leases(void **state)
{
    (void)state;
    scene_open(&scene,
               "default-lease-time 3600; min-lease-time 400;\n" SUBNET(
                   "pool { range 10.50.1.10 10.50.1.13; adaptive-lease-time-threshold 50; }"));
    for (uint8_t mac = 1; mac <= 3; mac++) {
        assert_int_not_equal(scene_bind(&scene, (struct ask){.mac = mac}), 0);
        assert_int_equal(granted_seconds(), mac > 2 ? 400 : 3600);
    }
    /* Who has a lease keeps what is left of it. */
    scene_pass(&scene, 300);
    assert_int_not_equal(scene_bind(&scene, discover), 0);
    assert_int_equal(granted_seconds(), 3300);
    scene_close(&scene);
}

static void declines_can_be_denied(void **state)
{
    struct ask decline = {.type = DHCP_DECLINE, .mac = 1};

    (void)state;
    scene_open(&scene, "abandon-lease-time 60;\n" SUBNET("range 10.50.1.10 10.50.1.20;"));
    decline.requested = scene_bind(&scene, discover);
    scene_ask(&scene, &decline);
    assert_int_equal(scene.plan.lease.state, LEASE_DECLINED);
    assert_int_equal(scene.plan.lease.expiry, scene.wall + 60);
    scene_close(&scene);

    scene_open(&scene, "deny declines;\n" SUBNET("range 10.50.1.10 10.50.1.20;"));
    decline.requested = scene_bind(&scene, discover);
    scene_ask(&scene, &decline);
    assert_int_equal(scene.plan.change, CHANGE_NONE);
    assert_true(scene_why(&scene, "declines are denied"));
    scene_close(&scene);
}

/* RFC 2131 section 4.4.4 and 4.4.6: option 54 names the server that is meant. */
static void what_is_for_another_server_is_not_ours(void **state)
{
    static const enum dhcp_type types[] = {DHCP_DECLINE, DHCP_RELEASE};
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET("range 10.50.1.10 10.50.1.20;"));
    address = scene_bind(&scene, discover);
    for (size_t i = 0; i < 2; i++) {
        struct ask ask = {.type = types[i], .mac = 1, .server = 0x0a3201fe};

        *(types[i] == DHCP_RELEASE ? &ask.ciaddr : &ask.requested) = address;
        scene_ask(&scene, &ask);
        assert_int_equal(scene.plan.change, CHANGE_NONE);
        assert_true(scene_why(&scene, "10.50.1.254"));
        ask.server = SCENE_SERVER;
        scene_ask(&scene, &ask);
        assert_int_equal(scene.plan.change, CHANGE_STORE);
        address = scene_bind(&scene, discover);
    }
    scene_close(&scene);
}

static void identifiers_can_be_ignored(void **state)
{
    (void)state;
    scene_open(&scene, "ignore-client-uids true;\n" SUBNET("range 10.50.1.10 10.50.1.20;"));
    assert_int_not_equal(scene_bind(&scene, (struct ask){.mac = 1, .identifier = "#abc"}), 0);
    assert_int_equal(scene.plan.lease.client_identifier_length, 0);
    scene_close(&scene);

    scene_open(&scene, "echo-client-id false;\n" SUBNET("range 10.50.1.10 10.50.1.20;"));
    assert_int_not_equal(scene_bind(&scene, (struct ask){.mac = 1, .identifier = "#abc"}), 0);
    assert_int_equal(scene.plan.lease.client_identifier_length, 4);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_CLIENT_IDENTIFIER).data);
    scene_close(&scene);
}

/* A machine that moved to another network gives its lease in the first one back. */
static void one_lease_per_client(void **state)
{
    static const char networks[] =
        SUBNET("range 10.50.1.10 10.50.1.20;") "subnet 10.60.0.0 netmask 255.255.255.0 { range "
                                               "10.60.0.10 10.60.0.20; }\n";
    struct ask here = {.mac = 1, .identifier = "#abc"}, there = here;
    const char *const heads[] = {"one-lease-per-client false;", "one-lease-per-client true;"};
    char config[512];
    uint32_t first, second;

    (void)state;
    there.giaddr = 0x0a3c0001;
    for (int i = 0; i < 2; i++) {
        snprintf(config, sizeof(config), "%s%s", heads[i], networks);
        scene_open(&scene, config);
        first = scene_bind(&scene, here);
        second = scene_bind(&scene, there);
        assert_int_equal(second >> 8, 0x0a3c00);
        assert_int_equal(lease_table_by_address(&scene.leases, first)->state,
                         i == 0 ? LEASE_BOUND : LEASE_RELEASED);
        assert_int_equal(lease_table_by_address(&scene.leases, second)->state, LEASE_BOUND);
        scene_close(&scene);
    }
    /* Another identifier is another client, unless duplicates are denied for a host that is known
     * by its hardware address. */
    there.identifier = "#other";
    for (int i = 0; i < 2; i++) {
        snprintf(config, sizeof(config),
                 "%s duplicates %s; host h { hardware ethernet 22:22:22:22:00:01; }\n%s", heads[1],
                 i == 0 ? "on" : "off", networks);
        scene_open(&scene, config);
        first = scene_bind(&scene, here);
        assert_int_not_equal(scene_bind(&scene, there), 0);
        assert_int_equal(lease_table_by_address(&scene.leases, first)->state,
                         i == 0 ? LEASE_BOUND : LEASE_RELEASED);
        scene_close(&scene);
    }
}

static void pools_open_and_close(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET("pool { range 10.50.1.10 10.50.1.20; deny after epoch 1800000100; }"
                              "pool { range 10.50.1.30 10.50.1.40;"
                              " allow after 4 2027/01/15 08:01:40; }"));
    assert_in_range(scene_bind(&scene, discover), 0x0a32010a, 0x0a320114);
    scene_pass(&scene, 101);
    assert_in_range(scene_bind(&scene, discover), 0x0a32011e, 0x0a320128);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(min_secs_is_for_discover_alone),
        cmocka_unit_test(bootp_leases_end_where_they_are_told_to),
        cmocka_unit_test(bootp_lease_becomes_finite),
        cmocka_unit_test(full_pools_give_short_leases),
        cmocka_unit_test(declines_can_be_denied),
        cmocka_unit_test(what_is_for_another_server_is_not_ours),
        cmocka_unit_test(identifiers_can_be_ignored),
        cmocka_unit_test(one_lease_per_client),
        cmocka_unit_test(pools_open_and_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
