/* proxyDHCP, boot servers and boot menus. */
#include "golden.h"

#include "decide/pxe.h"
#include "dhcp_scene.h"

#define PROXY "subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on; filename \"pxelinux.0\";"

static struct scene scene;

static const char uuid[] = "\x61\x11\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10";

static void ask(enum dhcp_type type, const char *vendor, uint32_t requested, uint32_t server)
{
    scene_ask(&scene, &(struct ask){.type = type,
                                    .mac = 1,
                                    .vendor = vendor,
                                    .requested = requested,
                                    .server = server,
                                    .options = uuid,
                                    .options_length = 19});
}

static struct slice option(enum dhcp_option_code code)
{
    return dhcp_message_bytes(&scene.reply, code);
}

static void proxy_offers_no_address(void **state)
{
    (void)state;
    scene_open(&scene, PROXY " range 10.50.1.200 10.50.1.250; }");
    ask(DHCP_DISCOVER, "PXEClient:Arch:00000:UNDI:002001", 0, 0);
    assert_int_equal(scene_reply_type(&scene), DHCP_OFFER);
    assert_int_equal(scene.reply.yiaddr, 0);
    assert_int_equal(scene.reply.siaddr, SCENE_SERVER);
    assert_true(slice_equal_string(scene.reply.file, "pxelinux.0"));
    assert_true(slice_equal_string(option(DHCP_OPTION_VENDOR_CLASS), "PXEClient"));
    assert_true(slice_equal(option(DHCP_OPTION_UUID), slice_of(uuid + 2, 17)));
    assert_true(slice_equal(option(DHCP_OPTION_VENDOR_OPTIONS), slice_of("\6\1\10\xff", 4)));
    assert_null(option(DHCP_OPTION_LEASE_TIME).data);
    assert_null(option(DHCP_OPTION_SUBNET_MASK).data);
    assert_int_equal(scene.plan.path, PATH_BROADCAST);
    assert_int_equal(scene.plan.change, CHANGE_NONE);
    assert_int_equal(scene.leases.count, 0);
    scene_close(&scene);
}

static void proxy_leaves_the_rest_alone(void **state)
{
    (void)state;
    scene_open(&scene, PROXY " }");
    ask(DHCP_DISCOVER, "udhcp 1.35", 0, 0);
    assert_int_equal(scene.reply_length, 0);
    assert_int_equal(scene.plan.outcome, OUTCOME_SILENT);
    ask(DHCP_REQUEST, "PXEClient", 0x0a320164, 0x0a320102);
    assert_int_equal(scene.reply_length, 0);
    assert_int_equal(scene.plan.outcome, OUTCOME_NOTED);
    assert_int_equal(scene.plan.holds, 0x0a320164);
    assert_true(scene_why(&scene, "it takes 10.50.1.100 from server 10.50.1.2"));
    /* An address of some other network is not believed. */
    ask(DHCP_REQUEST, "PXEClient", 0x0b320164, 0x0a320102);
    assert_int_equal(scene.plan.holds, 0);
    ask(DHCP_INFORM, "PXEClient", 0, 0);
    assert_int_equal(scene.reply_length, 0);
    scene_close(&scene);
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on; }");
    ask(DHCP_DISCOVER, "PXEClient", 0, 0);
    assert_int_equal(scene.reply_length, 0);
    assert_true(scene_why(&scene, "it has no boot file here"));
    scene_close(&scene);
}

/* Each architecture its own file, as conditions on option 93 say; through a relay as well. */
static void proxy_by_architecture(void **state)
{
    static const struct {
        const char *option;
        const char *file;
    } rows[] = {{"\x5d\2\0\0", "bios"}, {"\x5d\2\0\7", "x64"}, {"\x5d\2\0\x0b", "arm"}};

    (void)state;
    scene_open(&scene,
               "option arch code 93 = unsigned integer 16;"
               "subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on;"
               " if option arch = 00:07 { filename \"x64\"; }"
               " elsif option arch = 00:0b { filename \"arm\"; } else { filename \"bios\"; } }");
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        size_t row = i / 2;
        struct ask request = {.type = DHCP_DISCOVER,
                              .mac = 1,
                              .vendor = "PXEClient",
                              .giaddr = i % 2 ? 0x0a320105 : 0,
                              .options = rows[row].option,
                              .options_length = 4};

        scene_ask(&scene, &request);
        assert_true(slice_equal_string(scene.reply.file, rows[row].file));
        assert_int_equal(scene.reply.yiaddr, 0);
        assert_int_equal(scene.plan.path, i % 2 ? PATH_RELAY : PATH_BROADCAST);
    }
    scene_close(&scene);
}

static void proxy_for_http(void **state)
{
    (void)state;
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp on;"
                       " filename \"http://10.50.1.1/a.efi\"; }");
    ask(DHCP_DISCOVER, "HTTPClient:Arch:00016:UNDI:003001", 0, 0);
    assert_true(slice_equal_string(option(DHCP_OPTION_VENDOR_CLASS), "HTTPClient"));
    assert_null(option(DHCP_OPTION_VENDOR_OPTIONS).data);
    scene_close(&scene);
}

static const char menu_options[] =
    "\6\1\7"
    "\10\25\x80\0\1\x0a\x32\1\1\x80\1\1\x0a\x32\1\1\0\0\1\x0a\x32\1\1"
    "\11\32\x80\0\7Install\x80\1\6Rescue\0\0\4Disk"
    "\12\4\5F8!"
    "\xff";

#define MENU "pxe-menu \"Install\" \"i.0\", \"Rescue\" \"r.0\", \"Disk\"; pxe-prompt \"F8!\" 5; "

static void menus_in_offers_of_both_kinds(void **state)
{
    (void)state;
    for (int proxy = 0; proxy < 2; proxy++) {
        memset(&scene, 0, sizeof(scene));
        scene_open(&scene, proxy ? PROXY MENU "}"
                                 : "subnet 10.50.1.0 netmask 255.255.255.0 {"
                                   " range 10.50.1.200 10.50.1.250; " MENU "}");
        ask(DHCP_DISCOVER, "PXEClient:Arch:00000:UNDI:002001", 0, 0);
        assert_true(slice_equal(option(DHCP_OPTION_VENDOR_OPTIONS),
                                slice_of(menu_options, sizeof(menu_options) - 1)));
        assert_true(slice_equal_string(option(DHCP_OPTION_VENDOR_CLASS), "PXEClient"));
        assert_int_equal(scene.reply.yiaddr != 0, !proxy);
        scene_close(&scene);
    }
}

/* A request to port 4011 with that option 43 (NULL: none); the reply, or no reply. */
static bool ask_boot_server(const char *vendor_options, size_t length)
{
    struct dhcp_question question = {.snapshot = scene.snapshot,
                                     .leases = &scene.leases,
                                     .message = &scene.message,
                                     .arrival = {0x0a320164, SCENE_SERVER, SCENE_SERVER},
                                     .boot_server = true,
                                     .wall = scene.wall,
                                     .now_ms = scene.now_ms};

    ask(DHCP_REQUEST, "PXEClient:Arch:00000:UNDI:002001", 0, 0);
    scene.message.ciaddr = 0x0a320164;
    scene.message.options[DHCP_OPTION_VENDOR_OPTIONS] = slice_of(vendor_options, length);
    decide_dhcp(&question, &scene.plan);
    if (!scene.plan.has_reply)
        return false;
    scene.reply_length = dhcp_encode(&scene.plan.reply, scene.plan.limit, scene.reply_bytes,
                                     sizeof(scene.reply_bytes), &scene.dropped);
    assert_null(dhcp_decode(&scene.reply, slice_of(scene.reply_bytes, scene.reply_length)));
    assert_int_equal(scene.plan.path, PATH_CLIENT);
    assert_int_equal(scene.plan.destination, 0x0a320164);
    assert_int_equal(scene.plan.holds, 0x0a320164);
    assert_int_equal(scene_reply_type(&scene), DHCP_ACK);
    assert_int_equal(scene.reply.yiaddr, 0);
    return true;
}

static void boot_server_answers_the_choice(void **state)
{
    (void)state;
    scene_open(&scene, PROXY MENU "}");
    assert_true(ask_boot_server("\x47\4\x80\1\0\0\xff", 7));
    assert_true(slice_equal_string(scene.reply.file, "r.0"));
    assert_true(
        slice_equal(option(DHCP_OPTION_VENDOR_OPTIONS), slice_of("\x47\4\x80\1\0\0\xff", 7)));
    assert_true(ask_boot_server("\x47\4\x80\0\0\0\xff", 7));
    assert_true(slice_equal_string(scene.reply.file, "i.0"));
    /* Without a choice: what everybody gets. */
    assert_true(ask_boot_server(NULL, 0));
    assert_true(slice_equal_string(scene.reply.file, "pxelinux.0"));
    /* Items that are not on the menu, or need no server. */
    assert_false(ask_boot_server("\x47\4\x80\7\0\0\xff", 7));
    assert_true(scene_why(&scene, "no item of type 32775"));
    assert_false(ask_boot_server("\x47\4\0\0\0\0\xff", 7));
    scene_close(&scene);
}

/* What iPXE sends to port 4011 once an item is chosen. */
static void recorded_choice_is_read(void **state)
{
    uint8_t bytes[DHCP_DEFAULT_LIMIT];
    struct pxe_boot_item item = {0, 1};

    (void)state;
    assert_null(dhcp_decode(&scene.message, golden("pxe-request.bin", bytes, sizeof(bytes))));
    assert_int_equal(dhcp_message_type(&scene.message), DHCP_REQUEST);
    assert_true(
        pxe_read_boot_item(dhcp_message_bytes(&scene.message, DHCP_OPTION_VENDOR_OPTIONS), &item));
    assert_int_equal(item.type, PXE_FIRST_TYPE);
    assert_int_equal(item.layer, 0);
}

/* Who says at port 4011 that it is at another's address, or at any address of the world, is
 * answered, and is not believed. */
static void a_word_for_an_address_counts_from_there(void **state)
{
    static const struct row {
        uint32_t source, ciaddr, held;
        bool leased; /* to another machine */
    } rows[] = {
        {0x0a320164, 0x0a320164, 0x0a320164, false}, {0x0a320165, 0x0a320164, 0, false},
        {0x0b0b0b0b, 0x0b0b0b0b, 0, false},          {0x0a320164, 0, 0, false},
        {0x0a320164, 0x0a320164, 0, true},
    };

    (void)state;
    scene_open(&scene, PROXY MENU "}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dhcp_question question = {.snapshot = scene.snapshot,
                                         .leases = &scene.leases,
                                         .message = &scene.message,
                                         .arrival = {rows[i].source, SCENE_SERVER, SCENE_SERVER},
                                         .boot_server = true,
                                         .wall = scene.wall,
                                         .now_ms = scene.now_ms};
        const struct lease lease = {.address = 0x0a320164,
                                    .state = LEASE_BOUND,
                                    .expiry = scene.wall + 100,
                                    .hardware = {1, 6, {2, 2, 2, 2, 2, 2}}};

        ask(DHCP_REQUEST, "PXEClient:Arch:00000:UNDI:002001", 0, 0);
        if (rows[i].leased)
            lease_table_put(&scene.leases, &lease);
        scene.message.ciaddr = rows[i].ciaddr;
        scene.message.options[DHCP_OPTION_VENDOR_OPTIONS] = slice_of(NULL, 0);
        decide_dhcp(&question, &scene.plan);
        assert_int_equal(scene.plan.holds, rows[i].held);
    }
    scene_close(&scene);
}

enum word { WORD_AT_4011, WORD_TO_ANOTHER };

/* What is believed of a machine that says it is at 10.50.1.100. */
static uint32_t believed(enum word word, uint8_t mac)
{
    struct dhcp_question question = {.snapshot = scene.snapshot,
                                     .leases = &scene.leases,
                                     .message = &scene.message,
                                     .arrival = {0x0a320164, SCENE_SERVER, SCENE_SERVER},
                                     .boot_server = true,
                                     .wall = scene.wall,
                                     .now_ms = scene.now_ms};

    scene_ask(&scene, &(struct ask){.type = DHCP_REQUEST,
                                    .mac = mac,
                                    .vendor = "PXEClient:Arch:00000:UNDI:002001",
                                    .requested = 0x0a320164,
                                    .server = 0x0a320102});
    if (word == WORD_AT_4011) {
        scene.message.ciaddr = 0x0a320164;
        decide_dhcp(&question, &scene.plan);
    }
    return scene.plan.holds;
}

/* A machine's word for its address puts nobody else's configuration there, and lets nobody read
 * another machine's files: not against a declaration or a lease. */
static void a_word_counts_not_against_what_is_known(void **state)
{
    static const struct row {
        const char *hosts;
        uint8_t leased_to;       /* a machine; 0: none */
        uint32_t leased_address; /* to it */
        bool proxy, believed;
    } rows[] = {
        {"", 0, 0, true, true},
        /* Another machine's, by declaration: for one that is known, and for one that is not. */
        {"host b { hardware ethernet 22:22:22:22:00:02; fixed-address 10.50.1.100; }", 0, 0, true,
         false},
        {"host a { hardware ethernet 22:22:22:22:00:01; }"
         "host b { hardware ethernet 22:22:22:22:00:02; fixed-address 10.50.1.100; }",
         0, 0, true, false},
        /* It is declared to be elsewhere on this wire; or here; or in another network only. */
        {"host a { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.7; }", 0, 0, true,
         false},
        {"host a { hardware ethernet 22:22:22:22:00:01; fixed-address 10.50.1.7, 10.50.1.100; }", 0,
         0, true, true},
        {"host a { hardware ethernet 22:22:22:22:00:01; fixed-address 10.77.1.7; }", 0, 0, true,
         true},
        /* Another machine's by lease; its own; one of its own elsewhere. */
        {"", 2, 0x0a320164, true, false},
        {"", 1, 0x0a320164, false, true},
        {"", 1, 0x0a3201c9, false, false},
        {"", 1, 0x0a3201c9, true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lease lease = {
            .address = rows[i].leased_address,
            .state = LEASE_BOUND,
            .expiry = INT64_C(1900000000),
            .hardware = {1, 6, {0x22, 0x22, 0x22, 0x22, 0, rows[i].leased_to}}};
        char text[1024];

        snprintf(text, sizeof(text),
                 "subnet 10.50.1.0 netmask 255.255.255.0 { proxy-dhcp %s; filename \"f\"; "
                 "} %s",
                 rows[i].proxy ? "on" : "off", rows[i].hosts);
        scene_open(&scene, text);
        if (rows[i].leased_to)
            lease_table_put(&scene.leases, &lease);
        assert_int_equal(believed(WORD_AT_4011, 1), rows[i].believed ? 0x0a320164 : 0);
        if (rows[i].proxy)
            assert_int_equal(believed(WORD_TO_ANOTHER, 1), rows[i].believed ? 0x0a320164 : 0);
        scene_close(&scene);
    }
}

static void items_are_read(void **state)
{
    struct pxe_boot_item item = {0, 0};

    (void)state;
    assert_true(pxe_read_boot_item(slice_of("\6\1\7\0\x47\4\x80\2\x80\1", 10), &item));
    assert_int_equal(item.type, 0x8002);
    assert_int_equal(item.layer, 0x8001);
    assert_false(pxe_read_boot_item(slice_of("\xff\x47\4\x80\2\x80\1", 7), &item));
    for (size_t length = 0; length < 6; length++)
        assert_false(pxe_read_boot_item(slice_of("\x47\4\x80\2\x80\1", length), &item));
    assert_false(pxe_read_boot_item(slice_of("\x47\3\x80\2\x80", 5), &item));
}

static void menus_have_an_end(void **state)
{
    struct diagnostics diagnostics = {.count = 0};
    char text[8192] = "pxe-menu \"0\" \"f\"";
    struct snapshot *snapshot;

    (void)state;
    for (int i = 1; i < 37; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ", \"%d\" \"f\"", i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), ";");
    snapshot = config_parse("menu", slice_of_string(text), &diagnostics);
    assert_null(snapshot);
    assert_int_equal(diagnostics.count, 1);
    diagnostics_release(&diagnostics);
}

static int forget(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(proxy_offers_no_address, forget),
        cmocka_unit_test_setup(proxy_leaves_the_rest_alone, forget),
        cmocka_unit_test_setup(proxy_by_architecture, forget),
        cmocka_unit_test_setup(proxy_for_http, forget),
        cmocka_unit_test_setup(menus_in_offers_of_both_kinds, forget),
        cmocka_unit_test_setup(boot_server_answers_the_choice, forget),
        cmocka_unit_test_setup(recorded_choice_is_read, forget),
        cmocka_unit_test_setup(a_word_for_an_address_counts_from_there, forget),
        cmocka_unit_test_setup(a_word_counts_not_against_what_is_known, forget),
        cmocka_unit_test_setup(items_are_read, forget),
        cmocka_unit_test_setup(menus_have_an_end, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
