#include "test.h"

#include "dhcp_scene.h"

/* What settings come to in an answer: times between their limits, flags, values that are none. */

#define SUBNET                                                                                     \
    "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250;"                      \
    " option routers 10.50.1.1; }\n"

static struct scene scene; /* too large for the stack of some */

static void lease_times_have_limits(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER, .mac = 1};

    (void)state;
    scene_open(&scene, SUBNET "default-lease-time 600; max-lease-time 7200; min-lease-time 120;"
                              "option dhcp-renewal-time 50;");
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 600);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_RENEWAL_TIME), 50);
    ask.seconds = 1;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 120);
    ask.seconds = 0xffffffff;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 7200);
    ask.seconds = 300;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 300);
    scene_close(&scene);
}

/* The default of min-lease-time must not lift a lease above what max-lease-time allows. */
static void a_small_longest_time_holds(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "default-lease-time 60; max-lease-time 120;");
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 120);
    scene_close(&scene);
}

static void a_written_shortest_time_wins_over_the_longest(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "default-lease-time 60; max-lease-time 120; min-lease-time 600;");
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 600);
    scene_close(&scene);
}

static void a_flag_is_its_first_byte(void **state)
{
    static const struct {
        const char *value;
        bool on;
    } rows[] = {{"01", true},
                {"00", false},
                {"02", false},
                {"ff", false},
                {"01:00", true},
                {"00:01", false},
                {"\"\"", false},
                {"null", false},
                {"null", false},
                {"1", true},
                {"option nis-domain", false},
                {"01:00:00:00:00", true}};
    char config[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(config, sizeof(config), SUBNET "allow-booting = %s;", rows[i].value);
        scene_open(&scene, config);
        scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
        if ((scene.reply_length > 0) != rows[i].on)
            fail_msg("allow-booting = %s", rows[i].value);
        scene_close(&scene);
    }
}

/* What option 15 and, carried, option 201 come to. */
static void values_meet_no_value(void **state)
{
    static const struct {
        const char *text;
        const char *domain;
        const char *carried;
        size_t carried_length;
    } rows[] = {
        {"append domain-name = null; default domain-name \"x\";", NULL, NULL, 0},
        {"option domain-name \"a\"; append domain-name = null;", NULL, NULL, 0},
        {"supersede domain-name = null; append domain-name \"x\";", NULL, NULL, 0},
        {"append domain-name = null; option domain-name \"x\"; append domain-name \"y\";", "xy",
         NULL, 0},
        {"option s.a \"a\";", NULL, "\1\1a", 3},
        {"option s.a \"\"; option s.b \"b\"; option s.none;", NULL, "\2\1b\3\0", 5},
        {"option s.a \"a\"; option carrier \"own\";", NULL, "own", 3},
        {"option s.a \"a\"; option carrier = null;", NULL, NULL, 0},
    };
    char config[512];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice domain, carried;

        snprintf(
            config, sizeof(config),
            "option space s; option s.a code 1 = text; option s.b code 2 = text;"
            "option s.none code 3 = zerolen; option carrier code 201 = encapsulate s; %s" SUBNET,
            rows[i].text);
        scene_open(&scene, config);
        scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .parameters = "\x0f\xc9"});
        domain = dhcp_message_bytes(&scene.reply, DHCP_OPTION_DOMAIN_NAME);
        carried = dhcp_message_bytes(&scene.reply, 201);
        if (!slice_equal(domain, slice_of_string(rows[i].domain ? rows[i].domain : "")) ||
            !slice_equal(carried, slice_of(rows[i].carried, rows[i].carried_length)))
            fail_msg("%s: another value", rows[i].text);
        scene_close(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lease_times_have_limits),
        cmocka_unit_test(a_small_longest_time_holds),
        cmocka_unit_test(a_written_shortest_time_wins_over_the_longest),
        cmocka_unit_test(a_flag_is_its_first_byte),
        cmocka_unit_test(values_meet_no_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
