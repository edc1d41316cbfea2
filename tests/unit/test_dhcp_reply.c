/* What stands in a reply, where ISC dhcpd is the model, and which address. */
#include "test.h"

#include "dhcp_scene.h"

#define SUBNET "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }\n"

static struct scene scene;

static void open_and_ask(const char *config, const struct ask *ask)
{
    scene_open(&scene, config);
    scene_ask(&scene, ask);
    assert_true(scene.reply_length > 0);
}

static bool reply_has(uint8_t code)
{
    return dhcp_message_bytes(&scene.reply, (enum dhcp_option_code)code).data != NULL;
}

static void always_broadcast_shows_in_the_flags(void **state)
{
    (void)state;
    open_and_ask("always-broadcast on;" SUBNET, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
    assert_int_equal(scene.reply.flags, DHCP_FLAG_BROADCAST);
    assert_int_equal(scene.plan.path, PATH_BROADCAST);
    scene_close(&scene);
}

static void bootp_knows_no_list(void **state)
{
    (void)state;
    open_and_ask("option domain-name \"example.org\";" SUBNET
                 "host h { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.9; }",
                 &(struct ask){.mac = 1, .parameters = "\1"});
    assert_true(reply_has(15));
    scene_close(&scene);
}

static void empty_text_takes_back(void **state)
{
    (void)state;
    open_and_ask("option domain-name \"example.org\";"
                 "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250;"
                 " option domain-name \"\"; }",
                 &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .parameters = "\17"});
    assert_false(reply_has(15));
    scene_close(&scene);
}

/* 240 bytes of options in a row would not fit with the root-path that nobody asked for. */
static void what_is_asked_for_goes_first(void **state)
{
    char config[1024];

    (void)state;
    snprintf(config, sizeof(config),
             "option root-path \"%0120d\"; option merit-dump \"%0200d\"; filename \"%0100d\"; %s",
             1, 2, 3, SUBNET);
    open_and_ask(config, &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .parameters = "\16"});
    assert_true(reply_has(14));
    assert_false(reply_has(17));
    scene_close(&scene);
}

/* The clock jumped over the lease's end: its machine runs all the same. */
static void ended_lease_is_not_asked_away(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER, .mac = 1};

    (void)state;
    open_and_ask(SUBNET, &ask);
    ask.type = DHCP_REQUEST;
    ask.requested = scene.reply.yiaddr;
    ask.server = SCENE_SERVER;
    assert_int_equal(scene_ask(&scene, &ask), ask.requested);
    scene.wall += 100000;
    ask.mac = 2;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    ask.mac = 1;
    assert_int_equal(scene_ask(&scene, &ask), ask.requested);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_broadcast_shows_in_the_flags),
        cmocka_unit_test(bootp_knows_no_list),
        cmocka_unit_test(empty_text_takes_back),
        cmocka_unit_test(what_is_asked_for_goes_first),
        cmocka_unit_test(ended_lease_is_not_asked_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
