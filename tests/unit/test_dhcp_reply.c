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
    open_and_ask(config, &(struct ask){.type = DHCP_DISCOVER,
                                       .mac = 1,
                                       .parameters = "\16",
                                       .vendor = "PXEClient:Arch:00000:UNDI:002001"});
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

#define LONG_VALUES                                                                                \
    "option domain-name \"%0200d\"; option nis-domain \"%0180d\"; option merit-dump \"%060d\"; "   \
    "option dhcp-max-message-size %d;" SUBNET

/* Who takes names from the file and sname fields without a look at option 52 finds none there. */
static void overload_is_for_those_who_read_it(void **state)
{
    static const struct {
        struct ask ask;
        bool overloads;
    } clients[] = {
        {{.vendor = "PXEClient:Arch:00000:UNDI:002001", .parameters = "\17\50\16"}, false},
        {{.vendor = "PXEClient:Arch:00007:UNDI:003000", .parameters = "\17\50\16"}, false},
        {{.user_class = "iPXE", .parameters = "\17\50\16"}, false},
        {{.vendor = "NetBSD:i386:libsa", .parameters = "\17\50\16"}, false},
        {{.vendor = "NetBSD:i386:kernel:9.0", .parameters = "\17\50\16"}, false},
        {{.vendor = "U-Boot", .parameters = "\17\50\16"}, false},
        {{.vendor = NULL}, false}, /* says nothing of itself */
        {{.vendor = "dhcpcd-9", .parameters = "\17\50\16"}, true},
        {{.identifier = "!0000DUID", .parameters = "\17\50\16"}, true},
        {{.vendor = "MSFT 5.0", .parameters = "\17\50\16", .maximum_size = 576}, true},
        {{.vendor = "MSFT 5.0", .parameters = "\17\50\16", .maximum_size = 1400}, false},
    };
    char config[1024];

    (void)state;
    snprintf(config, sizeof(config), LONG_VALUES, 1, 2, 3, 576);
    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        struct ask ask = clients[i].ask;

        ask.type = DHCP_DISCOVER;
        ask.mac = 1;
        open_and_ask(config, &ask);
        assert_int_equal(reply_has(DHCP_OPTION_OVERLOAD), clients[i].overloads);
        if (clients[i].overloads) {
            assert_int_equal(dhcp_message_bytes(&scene.reply, 40).length, 180);
            assert_int_equal(dhcp_message_bytes(&scene.reply, 14).length, 60);
        }
        scene_close(&scene);
    }
}

static void the_configuration_tells_a_size(void **state)
{
    char config[1024];

    (void)state;
    snprintf(config, sizeof(config), LONG_VALUES, 1, 2, 3, 1400);
    open_and_ask(config, &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .parameters = "\17\50"});
    assert_false(reply_has(DHCP_OPTION_OVERLOAD));
    assert_true(reply_has(40));
    scene_close(&scene);
}

static void lists_of_the_configuration_win(void **state)
{
    (void)state;
    open_and_ask("option domain-name \"d\"; option nis-domain \"n\"; "
                 "option dhcp-parameter-request-list 40; " SUBNET,
                 &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .parameters = "\17"});
    assert_true(reply_has(40));
    assert_false(reply_has(15));
    scene_close(&scene);
}

static uint32_t seconds_of(enum dhcp_option_code code)
{
    uint32_t seconds = 0;

    dhcp_message_u32(&scene.reply, code, &seconds);
    return seconds;
}

static void times_come_in_their_order(void **state)
{
    static const struct {
        const char *config;
        uint32_t t1, t2;
    } cases[] = {
        {"", 500, 875},
        {"option dhcp-renewal-time 100; option dhcp-rebinding-time 200;", 100, 200},
        {"option dhcp-renewal-time 1000; option dhcp-rebinding-time 1000;", 500, 875},
        {"option dhcp-renewal-time 900;", 900, 950},
        {"option dhcp-rebinding-time 100;", 50, 100},
        {"option dhcp-renewal-time 800; option dhcp-rebinding-time 700;", 500, 700},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char config[512];

        snprintf(config, sizeof(config), "default-lease-time 1000; %s %s", cases[i].config, SUBNET);
        open_and_ask(config, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
        assert_int_equal(seconds_of(DHCP_OPTION_RENEWAL_TIME), cases[i].t1);
        assert_int_equal(seconds_of(DHCP_OPTION_REBINDING_TIME), cases[i].t2);
        scene_close(&scene);
    }
}

#define BOOTP_HOST                                                                                 \
    "host h { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.9; option merit-dump "    \
    "\"0123456789012345678901234567890123456789\"; option domain-name \"example.org\"; %s }"

static void bootp_has_64_bytes(void **state)
{
    char config[512];

    (void)state;
    snprintf(config, sizeof(config), SUBNET BOOTP_HOST, "");
    open_and_ask(config, &(struct ask){.mac = 1, .file = "kernel"});
    assert_int_equal(scene.reply_length, 300);
    assert_true(reply_has(DHCP_OPTION_SUBNET_MASK));
    assert_true(reply_has(14));
    assert_false(reply_has(15));
    assert_false(reply_has(DHCP_OPTION_OVERLOAD));
    /* The file that it names is its file where no other is configured, and we have it. */
    assert_true(slice_equal_string(scene.reply.file, "kernel"));
    assert_int_equal(scene.reply.siaddr, SCENE_SERVER);
    scene_close(&scene);
    snprintf(config, sizeof(config), SUBNET BOOTP_HOST, "filename \"other\";");
    open_and_ask(config, &(struct ask){.mac = 1, .file = "kernel", .maximum_size = 576});
    assert_true(slice_equal_string(scene.reply.file, "other"));
    assert_true(reply_has(15));
    scene_close(&scene);
}

/* The vendor area of a client of CMU's comes back as it was, without a cookie of ours. */
static void unknown_vendor_area_comes_back(void **state)
{
    static const char area[] = "CMU\0\1\2\3\4";
    uint8_t packet[DHCP_MINIMUM] = {BOOTP_REQUEST, HARDWARE_ETHERNET, 6};
    char config[512];

    (void)state;
    snprintf(config, sizeof(config), SUBNET BOOTP_HOST, "");
    scene_open(&scene, config);
    memcpy(packet + 28, "\x22\x22\x22\x22\0\1", 6);
    memcpy(packet + DHCP_FIXED_SIZE, area, sizeof(area));
    assert_true(scene_receive(&scene, slice_of(packet, sizeof(packet)), 0, IPV4_BROADCAST));
    assert_int_equal(scene.reply_length, 300);
    assert_false(scene.reply.has_options);
    assert_memory_equal(scene.reply_bytes + DHCP_FIXED_SIZE, area, sizeof(area));
    scene_close(&scene);
}

/* RFC 2131 section 4.3.5. */
static void inform_in_all_its_forms(void **state)
{
    static const char config[] =
        "subnet 10.50.1.0 netmask 255.255.255.0 { pool { range 10.50.1.200 10.50.1.250;"
        " option domain-name \"pool\"; } }"
        "subnet 10.60.0.0 netmask 255.255.255.0 { option domain-name \"sixty\"; }"
        "host h { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.9;"
        " option nis-domain \"host\"; }";
    struct ask ask = {.type = DHCP_INFORM, .mac = 1, .ciaddr = 0x0a320109, .source = 0x0a320109};

    (void)state;
    open_and_ask(config, &ask);
    assert_int_equal(scene.plan.path, PATH_CLIENT);
    assert_int_equal(scene.plan.destination, 0x0a320109);
    assert_int_equal(scene.reply.yiaddr, 0);
    assert_true(reply_has(40));
    assert_false(reply_has(DHCP_OPTION_LEASE_TIME));
    assert_false(reply_has(DHCP_OPTION_RENEWAL_TIME));
    /* At another address it is not that host; a pool's address has its options. */
    ask.ciaddr = ask.source = 0x0a3201c9;
    scene_ask(&scene, &ask);
    assert_false(reply_has(40));
    assert_true(reply_has(15));
    /* Its address only as the sender's. */
    ask.ciaddr = 0;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.plan.destination, 0x0a3201c9);
    /* None at all. */
    ask.source = 0;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.reply_length, 0);
    /* From behind a relay: directly to the machine; without an address by the relay's broadcast. */
    ask.giaddr = ask.source = 0x0a3c0001;
    ask.ciaddr = 0x0a3c0009;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.plan.path, PATH_CLIENT);
    assert_int_equal(scene.plan.destination, 0x0a3c0009);
    assert_true(slice_equal_string(dhcp_message_bytes(&scene.reply, 15), "sixty"));
    ask.ciaddr = 0;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.plan.path, PATH_RELAY);
    assert_int_equal(scene.reply.flags, DHCP_FLAG_BROADCAST);
    /* A network that nobody declared. */
    ask.ciaddr = 0x0a3d0009;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.reply_length, 0);
    scene_close(&scene);
}

/* RFC 6842 section 3: in every reply, a refusal too; never where the machine sent none. */
static void identifiers_come_back(void **state)
{
    static const struct ask asks[] = {
        {.type = DHCP_DISCOVER},
        {.type = DHCP_REQUEST, .requested = 0x0a3201c9, .server = SCENE_SERVER},
        {.type = DHCP_INFORM, .ciaddr = 0x0a320163},
    };

    (void)state;
    scene_open(&scene, SUBNET);
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        struct ask ask = asks[i];

        ask.mac = 1;
        ask.identifier = "!name";
        scene_ask(&scene, &ask);
        assert_true(slice_equal_string(
            dhcp_message_bytes(&scene.reply, DHCP_OPTION_CLIENT_IDENTIFIER), "\xffname"));
        ask.identifier = NULL;
        scene_ask(&scene, &ask);
        assert_true(scene.reply_length > 0);
        assert_false(reply_has(DHCP_OPTION_CLIENT_IDENTIFIER));
        assert_int_equal(scene_reply_type(&scene) == DHCP_NAK, ask.type == DHCP_REQUEST);
    }
    scene_close(&scene);
}

/* What is new to a machine is probed, and what is found to be another's is set aside. */
static void new_addresses_are_probed(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER, .mac = 1};
    struct hardware other = {.type = HARDWARE_ETHERNET, .length = 6};
    struct lease aside;
    uint32_t first;

    (void)state;
    open_and_ask(SUBNET "host h { hardware ethernet 22:22:22:22:00:02; fixed-address 10.50.1.9; }",
                 &ask);
    first = scene.reply.yiaddr;
    assert_true(scene.plan.probe);
    assert_false(dhcp_set_aside(lease_table_by_address(&scene.leases, first), &other, 0, &aside));
    assert_true(dhcp_set_aside(lease_table_by_address(&scene.leases, first),
                               &scene.plan.identity.hardware, scene.wall + 3600, &aside));
    assert_int_equal(aside.expiry, scene.wall + 3600);
    lease_table_put(&scene.leases, &aside);
    /* Its request for it comes too late; the next offer is another address. */
    ask.type = DHCP_REQUEST;
    ask.requested = first;
    ask.server = SCENE_SERVER;
    assert_int_equal(scene_ask(&scene, &ask), 0);
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    ask = (struct ask){.type = DHCP_DISCOVER, .mac = 1};
    assert_int_not_equal(scene_ask(&scene, &ask), first);
    assert_true(scene.plan.probe);
    ask = (struct ask){.type = DHCP_REQUEST, .mac = 1, .server = SCENE_SERVER};
    ask.requested = scene.reply.yiaddr;
    assert_int_equal(scene_ask(&scene, &ask), ask.requested);
    assert_false(scene.plan.probe);
    /* Its own lease; a fixed address; one of a relay's network. */
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
    assert_false(scene.plan.probe);
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2});
    assert_false(scene.plan.probe);
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 3, .giaddr = 0x0a320105});
    assert_false(scene.plan.probe);
    scene_close(&scene);
    open_and_ask("ping-check off;" SUBNET, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
    assert_false(scene.plan.probe);
    scene_close(&scene);
}

/* Values that the lease keeps stand in the reply that changes the lease. */
static void kept_values_outlive_their_record(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER,
                      .mac = 1,
                      .giaddr = 0x0a320105,
                      .host_name = "remembered",
                      .options = "\x52\7\1\5port1",
                      .options_length = 9};

    (void)state;
    open_and_ask("option nis-domain = kept; option pcode = option agent.circuit-id;"
                 "if exists host-name { set kept = option host-name; }" SUBNET,
                 &ask);
    ask.type = DHCP_REQUEST;
    ask.requested = scene.reply.yiaddr;
    ask.server = SCENE_SERVER;
    assert_int_equal(scene_ask(&scene, &ask), ask.requested);
    ask = (struct ask){.type = DHCP_REQUEST, .mac = 1, .ciaddr = ask.requested};
    for (int i = 0; i < 3; i++) {
        ask.source = ask.ciaddr;
        assert_int_equal(scene_ask(&scene, &ask), ask.ciaddr);
        assert_true(slice_equal_string(dhcp_message_bytes(&scene.reply, 100), "port1"));
        assert_true(slice_equal_string(dhcp_message_bytes(&scene.reply, 40), "remembered"));
    }
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
        cmocka_unit_test(overload_is_for_those_who_read_it),
        cmocka_unit_test(the_configuration_tells_a_size),
        cmocka_unit_test(lists_of_the_configuration_win),
        cmocka_unit_test(times_come_in_their_order),
        cmocka_unit_test(bootp_has_64_bytes),
        cmocka_unit_test(unknown_vendor_area_comes_back),
        cmocka_unit_test(inform_in_all_its_forms),
        cmocka_unit_test(identifiers_come_back),
        cmocka_unit_test(kept_values_outlive_their_record),
        cmocka_unit_test(new_addresses_are_probed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
