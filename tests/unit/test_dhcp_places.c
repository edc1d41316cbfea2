/* Where a machine is and what that makes of the configuration: relays, shared networks, pools. */
#include "test.h"

#include "dhcp_scene.h"

#define TWO_SUBNETS                                                                                \
    "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.201; }\n"                  \
    "subnet 10.60.0.0 netmask 255.255.255.0 { range 10.60.0.20 10.60.0.29; }\n"

static struct scene scene;

static const struct ask discover = {.type = DHCP_DISCOVER, .mac = 1};

/* A parsed snapshot's subnet, for the test to change before the first packet. */
static struct subnet *subnet(size_t index)
{
    return (struct subnet *)&scene.snapshot->subnets[index];
}

static struct range *range(size_t index)
{
    return (struct range *)subnet(index)->ranges;
}

/* RFC 3527: the relay's interface is elsewhere; RFC 5107: its own address stands for ours. */
static void relay_names_link_and_server(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER,
                      .mac = 1,
                      .giaddr = 0x0a3c0101,
                      .options = "\122\14\5\4\12\74\0\0\13\4\12\74\1\1",
                      .options_length = 14};
    uint32_t server = 0;

    (void)state;
    scene_open(&scene, TWO_SUBNETS);
    assert_int_equal(scene_ask(&scene, &ask) >> 8, 0x0a3c00);
    assert_true(dhcp_message_u32(&scene.reply, DHCP_OPTION_SERVER_IDENTIFIER, &server));
    assert_int_equal(server, 0x0a3c0101);
    assert_int_equal(scene.plan.path, PATH_RELAY);
    assert_int_equal(scene.plan.destination, 0x0a3c0101);
    assert_true(slice_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_RELAY_AGENT),
                            slice_of(ask.options + 2, 12)));
    scene_close(&scene);
}

/* RFC 3011. */
static void client_selects_its_subnet(void **state)
{
    struct ask ask = discover;

    (void)state;
    scene_open(&scene, TWO_SUBNETS);
    ask.options = "\166\4\12\74\0\0";
    ask.options_length = 6;
    assert_int_equal(scene_ask(&scene, &ask) >> 8, 0x0a3c00);
    assert_int_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_SUBNET_SELECTION).length, 4);
    scene_close(&scene);
}

static void shared_network_goes_on_in_its_next_subnet(void **state)
{
    static const struct shared_network shared = {.name = "wire"};
    struct ask ask = discover;

    (void)state;
    scene_open(&scene, TWO_SUBNETS);
    subnet(0)->shared = subnet(1)->shared = &shared;
    for (ask.mac = 1; ask.mac <= 2; ask.mac++)
        assert_int_equal(scene_ask(&scene, &ask) >> 8, 0x0a3201);
    assert_int_equal(scene_ask(&scene, &ask) >> 8, 0x0a3c00);
    assert_int_equal(scene.plan.subnet->network, 0x0a3c0000);
    ask.type = DHCP_REQUEST;
    ask.requested = scene.reply.yiaddr;
    ask.server = SCENE_SERVER;
    assert_int_equal(scene_ask(&scene, &ask), ask.requested);
    assert_int_equal(scene_reply_type(&scene), DHCP_ACK);
    scene_close(&scene);
}

static void pool_serves_whom_it_permits(void **state)
{
    static const struct permit unknown = {.kind = PERMIT_UNKNOWN};
    static const struct setting name = {
        .space = SPACE_DHCP, .code = 15, .value = {(const uint8_t *)"pool", 4}};
    struct pool pool = {.deny = &unknown, .deny_count = 1};

    (void)state;
    scene_open(&scene, "option domain-name \"global\";" TWO_SUBNETS
                       "host h { hardware ethernet 22:22:22:22:00:01; }");
    pool.scope = (struct scope){.outer = &subnet(0)->scope, .settings = &name, .count = 1};
    range(0)->pool = &pool;
    assert_int_equal(scene_ask(&scene, &discover) >> 8, 0x0a3201);
    assert_true(
        slice_equal_string(dhcp_message_bytes(&scene.reply, DHCP_OPTION_DOMAIN_NAME), "pool"));
    assert_int_equal(scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2}), 0);
    assert_int_equal(scene.plan.outcome, OUTCOME_EXHAUSTED);
    scene_close(&scene);
}

/* What a condition decides goes into the reply; the address is known to it. */
static void conditions_decide_per_packet(void **state)
{
    static const struct expression vendor = {
        .kind = EXPRESSION_OPTION, .space = SPACE_DHCP, .code = 60};
    static const struct expression wanted = {.kind = EXPRESSION_CONSTANT,
                                             .constant = {(const uint8_t *)"loader", 6}};
    static const struct expression *const pair[] = {&vendor, &wanted};
    static const struct expression equal = {
        .kind = EXPRESSION_EQUAL, .operands = pair, .operand_count = 2};
    static const struct expression address = {.kind = EXPRESSION_LEASED_ADDRESS};
    static const struct action body = {.kind = ACTION_SETTING,
                                       .setting = {.space = SPACE_PARAMETER,
                                                   .code = PARAMETER_FILENAME,
                                                   .value = {(const uint8_t *)"kernel", 6}}};
    static const struct action route = {
        .kind = ACTION_SETTING,
        .setting = {.space = SPACE_DHCP, .code = DHCP_OPTION_ROUTERS, .expression = &address}};
    static const struct action condition = {
        .kind = ACTION_IF, .value = &equal, .body = &body, .next = &route};
    struct ask ask = discover;

    (void)state;
    scene_open(&scene, TWO_SUBNETS);
    scene.snapshot->global.actions = &condition;
    ask.vendor = "loader";
    assert_int_equal(scene_ask(&scene, &ask) >> 8, 0x0a3201);
    assert_true(slice_equal_string(scene.reply.file, "kernel"));
    assert_int_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_ROUTERS).data[3],
                     scene.reply.yiaddr & 0xff);
    ask.vendor = "other";
    scene_ask(&scene, &ask);
    assert_int_equal(scene.reply.file.length, 0);
    scene_close(&scene);
}

static void parameters_of_isc(void **state)
{
    static const struct setting settings[] = {
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_LEASE_ADDRESS_ROUTE,
         .value = {(const uint8_t *)"\1", 1}},
        {.space = SPACE_PARAMETER,
         .code = PARAMETER_ALWAYS_REPLY_RFC1048,
         .value = {(const uint8_t *)"\1", 1}},
        {.space = SPACE_PARAMETER, .code = PARAMETER_MIN_SECS, .value = {(const uint8_t *)"\1", 1}},
    };

    (void)state;
    scene_open(&scene, "host h { hardware ethernet 22:22:22:22:00:01;"
                       " fixed-address 10.50.1.9; }" TWO_SUBNETS);
    scene.snapshot->global = (struct scope){.settings = settings, .count = 2};
    assert_int_equal(scene_ask(&scene, &(struct ask){.mac = 1, .no_cookie = true}), 0x0a320109);
    assert_true(scene.reply.has_options);
    scene_ask(&scene, &discover);
    assert_memory_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_ROUTERS).data, "\12\62\1\11",
                        4);
    scene.snapshot->global.count = 3;
    assert_int_equal(scene_ask(&scene, &discover), 0);
    assert_true(scene_why(&scene, "min-secs"));
    scene_close(&scene);
}

static uint32_t ask_from(uint32_t giaddr, uint8_t mac)
{
    return scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = mac, .giaddr = giaddr});
}

/* dhcpd.conf(5), fixed-address: a declaration with addresses is for their networks only. */
static void declarations_of_one_machine_in_several_networks(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }"
                       "subnet 10.60.0.0 netmask 255.255.255.0 { range 10.60.0.200 10.60.0.250; }"
                       "host a { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.9;"
                       " filename \"a\"; }"
                       "host b { hardware ethernet 22:22:22:22:00:01; fixed-address 10.60.0.9;"
                       " filename \"b\"; }"
                       "host c { hardware ethernet 22:22:22:22:00:02; fixed-address 10.60.0.10;"
                       " filename \"c\"; }");
    assert_int_equal(ask_from(0, 1), 0x0a320109);
    assert_true(slice_equal_string(scene.reply.file, "a"));
    assert_int_equal(ask_from(0x0a3c0001, 1), 0x0a3c0009);
    assert_true(slice_equal_string(scene.reply.file, "b"));
    assert_in_range(ask_from(0, 2), 0x0a3201c8, 0x0a3201fa);
    assert_null(scene.plan.identity.host);
    assert_int_equal(scene.reply.file.length, 0);
    assert_int_equal(ask_from(0x0a3c0001, 2), 0x0a3c000a);
    scene_close(&scene);
}

/* Its pool serves it no more: it is told so, for the record is its own. */
static void a_lease_that_its_pool_denies_is_refused(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER, .mac = 1, .vendor = "a"};

    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene_open(&scene, "class \"a\" { match if option vendor-class-identifier = \"a\"; }"
                       "subnet 10.50.1.0 netmask 255.255.255.0 {"
                       " pool { allow members of \"a\"; range 10.50.1.200; } }");
    ask.requested = scene_ask(&scene, &ask);
    ask.type = DHCP_REQUEST;
    ask.server = SCENE_SERVER;
    assert_int_equal(scene_ask(&scene, &ask), 0x0a3201c8);
    ask = (struct ask){.type = DHCP_REQUEST, .mac = 1, .ciaddr = 0x0a3201c8, .source = 0x0a3201c8};
    assert_int_equal(scene_ask(&scene, &ask), 0);
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    assert_true(scene_why(&scene, "may not have it any more"));
    scene_close(&scene);
}

static void networks_are_named_by_four_bytes(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }");
    assert_int_equal(scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER,
                                                     .mac = 1,
                                                     .giaddr = 0x0a320105,
                                                     .options = "\x76\3\x0a\x32\1",
                                                     .options_length = 5}),
                     0);
    assert_true(scene_why(&scene, "it names its network by 3 bytes"));
    assert_int_equal(scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER,
                                                     .mac = 1,
                                                     .giaddr = 0x0a320105,
                                                     .options = "\x52\7\5\5\x0a\x32\1\0\0",
                                                     .options_length = 9}),
                     0);
    assert_true(scene_why(&scene, "it names its network by 5 bytes"));
    scene_close(&scene);
}

/* What stands behind the hardware address comes back, and makes one machine no two. */
static void bytes_past_hlen_are_nobodys(void **state)
{
    uint32_t address;

    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250; }");
    address = ask_from(0, 1);
    memset(scene.packet + 28 + 6, 'x', DHCP_CHADDR_SIZE - 6);
    assert_true(scene_receive(&scene, slice_of(scene.packet, DHCP_MINIMUM), 0, IPV4_BROADCAST));
    assert_int_equal(scene.reply.yiaddr, address);
    assert_int_equal(scene.leases.count, 1);
    assert_int_equal(scene.reply.chaddr[6], 'x');
    scene_close(&scene);
}

static void assert_decided(unsigned line)
{
    struct position where = dhcp_decided(&scene.plan);

    assert_int_equal(where.file ? where.line : 0, line);
}

/* As `check --explain` says it: the boot file's line, else the address's, else what refuses. */
static void an_answer_names_the_line_that_decided_it(void **state)
{
    struct ask ask = discover;

    (void)state;
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 {\n"
                       "  range 10.50.1.200 10.50.1.201;\n"
                       "}\n"
                       "host fixed { hardware ethernet 22:22:22:22:00:02;\n"
                       "  fixed-address 10.50.1.9;\n"
                       "}\n"
                       "host file { hardware ethernet 22:22:22:22:00:03;\n"
                       "  filename \"boot.bin\";\n"
                       "}\n"
                       "host denied { hardware ethernet 22:22:22:22:00:04;\n"
                       "  deny booting;\n"
                       "}\n");
    assert_true(scene_ask(&scene, &ask) != 0);
    assert_decided(2);
    ask.mac = 2;
    assert_int_equal(scene_ask(&scene, &ask), 0x0a320109);
    assert_decided(5);
    ask.mac = 3;
    assert_true(scene_ask(&scene, &ask) != 0);
    assert_decided(8);
    ask.mac = 4;
    assert_int_equal(scene_ask(&scene, &ask), 0);
    assert_decided(11);
    ask.mac = 1;
    ask.giaddr = 0x0a3c0101;
    assert_int_equal(scene_ask(&scene, &ask), 0);
    assert_decided(0);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_names_the_line_that_decided_it),
        cmocka_unit_test(relay_names_link_and_server),
        cmocka_unit_test(declarations_of_one_machine_in_several_networks),
        cmocka_unit_test(a_lease_that_its_pool_denies_is_refused),
        cmocka_unit_test(networks_are_named_by_four_bytes),
        cmocka_unit_test(bytes_past_hlen_are_nobodys),
        cmocka_unit_test(client_selects_its_subnet),
        cmocka_unit_test(shared_network_goes_on_in_its_next_subnet),
        cmocka_unit_test(pool_serves_whom_it_permits),
        cmocka_unit_test(conditions_decide_per_packet),
        cmocka_unit_test(parameters_of_isc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
