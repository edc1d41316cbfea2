#include "test.h"

#include "decide/stage.h"
#include "dhcp_scene.h"

#define SUBNET                                                                                     \
    "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.250;"                      \
    " option routers 10.50.1.1; }\n"
#define HOST                                                                                       \
    "host netbsd { hardware ethernet 22:22:22:22:00:01; next-server 10.50.1.9;"                    \
    " filename \"/pxeboot\"; option root-path \"/root\"; }\n"

enum { IN_RANGE = 0x0a3201c8 }; /* 10.50.1.200 */

static struct scene scene; /* too large for the stack of some */

static uint32_t discover(uint8_t mac)
{
    return scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = mac});
}

/* DISCOVER and REQUEST; the address. */
static uint32_t lease_to(uint8_t mac, const char *identifier)
{
    struct ask ask = {.type = DHCP_DISCOVER, .mac = mac, .identifier = identifier};

    ask.requested = scene_ask(&scene, &ask);
    ask.type = DHCP_REQUEST;
    ask.server = SCENE_SERVER;
    assert_int_equal(scene_ask(&scene, &ask), ask.requested);
    assert_int_equal(scene_reply_type(&scene), DHCP_ACK);
    return ask.requested;
}

static void one_machine_one_lease(void **state)
{
    static const char *const identifiers[] = {NULL, "#\x22\x22\x22\x22zz", "!duid", "anything"};
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET);
    address = lease_to(1, "#\x22\x22\x22\x22xy");
    assert_in_range(address, IN_RANGE, IN_RANGE + 50);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(lease_to(1, identifiers[i]), address);
        assert_int_equal(scene.leases.count, 1);
    }
    /* The log says why: it names what would have misled another server. */
    scene_close(&scene);
    scene_open(&scene, SUBNET);
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER,
                                    .mac = 1,
                                    .identifier = "#\x22\x22\x22\x22",
                                    .vendor = "PXEClient:Arch:00000:UNDI:002001"});
    scene_ask(&scene, &(struct ask){.type = DHCP_REQUEST,
                                    .mac = 1,
                                    .identifier = "#\x22\x22\x22\x22",
                                    .vendor = "PXEClient:Arch:00000:UNDI:002001",
                                    .requested = scene.reply.yiaddr,
                                    .server = SCENE_SERVER});
    scene_ask(&scene,
              &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .vendor = "NetBSD:i386:libsa"});
    assert_true(scene_why(&scene, "the lease it holds since its ROM asked with client identifier "
                                  "01:22:22:22:22; this stage sends none"));
    scene_close(&scene);
}

static void cloned_identifiers_stay_two(void **state)
{
    uint32_t first, second;

    (void)state;
    scene_open(&scene, SUBNET);
    first = lease_to(1, "!cloned disk");
    second = lease_to(2, "!cloned disk");
    assert_int_not_equal(first, second);
    assert_int_equal(lease_to(1, "!cloned disk"), first);
    scene_close(&scene);
}

static void host_by_identifier_of_an_earlier_stage(void **state)
{
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET "host h { option dhcp-client-identifier \"robot\";"
                              " fixed-address 10.50.1.5; }\n");
    address = lease_to(1, "robot");
    assert_int_equal(address, 0x0a320105);
    assert_int_equal(lease_to(1, NULL), address);
    assert_true(scene_why(&scene, "an earlier stage"));
    assert_int_not_equal(lease_to(2, NULL), address);
    /* A second machine with the same identifier does not take it away. */
    assert_int_not_equal(lease_to(3, "robot"), address);
    scene_close(&scene);
}

static void reply_carries_what_the_host_has(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET HOST);
    assert_in_range(discover(1), IN_RANGE, IN_RANGE + 50);
    assert_int_equal(scene_reply_type(&scene), DHCP_OFFER);
    assert_int_equal(scene.reply.siaddr, 0x0a320109);
    assert_true(slice_equal_string(scene.reply.file, "/pxeboot"));
    assert_true(
        slice_equal_string(dhcp_message_text(&scene.reply, DHCP_OPTION_ROOT_PATH), "/root"));
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_SUBNET_MASK), 0xffffff00);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_ROUTERS), SCENE_SERVER);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_SERVER_IDENTIFIER), SCENE_SERVER);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 43200);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_RENEWAL_TIME), 21600);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_REBINDING_TIME), 37800);
    assert_int_equal(scene.plan.path, PATH_LINK);
    assert_int_equal(scene.plan.destination, scene.reply.yiaddr);
    /* Another machine has none of it. */
    discover(2);
    assert_int_equal(scene.reply.siaddr, 0);
    assert_int_equal(scene.reply.file.length, 0);
    scene_close(&scene);
}

static void own_address_serves_the_file_without_next_server(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "filename \"x\"; server-name \"boothost\";");
    discover(1);
    assert_int_equal(scene.reply.siaddr, SCENE_SERVER);
    assert_true(slice_equal_string(scene.reply.sname, "boothost"));
    assert_true(
        slice_equal_string(dhcp_message_bytes(&scene.reply, DHCP_OPTION_SERVER_NAME), "boothost"));
    scene_close(&scene);
    /* Who asks for option 66 and gets no name gets the address: some read only that. */
    scene_open(&scene, SUBNET HOST);
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .parameters = "\x42"});
    assert_true(
        slice_equal_string(dhcp_message_bytes(&scene.reply, DHCP_OPTION_SERVER_NAME), "10.50.1.9"));
    scene_close(&scene);
}

static void short_lease_of_a_loader_shortens_nothing(void **state)
{
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET);
    address = lease_to(1, NULL);
    scene_pass(&scene, 10);
    scene_ask(&scene, &(struct ask){.type = DHCP_REQUEST,
                                    .mac = 1,
                                    .requested = address,
                                    .server = SCENE_SERVER,
                                    .seconds = 300});
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_LEASE_TIME), 300);
    assert_int_equal(scene.plan.lease.expiry, scene.wall - 10 + 43200);
    scene_close(&scene);
}

static void other_servers_offer_frees_ours(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET);
    assert_int_not_equal(discover(1), 0);
    assert_int_equal(scene.leases.count, 1);
    scene_ask(&scene,
              &(struct ask){
                  .type = DHCP_REQUEST, .mac = 1, .requested = 0x0a320132, .server = 0x0a320102});
    assert_int_equal(scene.reply_length, 0);
    assert_int_equal(scene.plan.outcome, OUTCOME_SILENT);
    assert_int_equal(scene.leases.count, 0);
    scene_close(&scene);
}

static void selecting_something_else_is_refused(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET);
    discover(1);
    scene_ask(&scene,
              &(struct ask){
                  .type = DHCP_REQUEST, .mac = 1, .requested = 0x0a320132, .server = SCENE_SERVER});
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    assert_int_equal(scene.plan.path, PATH_BROADCAST);
    assert_int_equal(scene.reply.yiaddr, 0);
    assert_true(dhcp_message_bytes(&scene.reply, DHCP_OPTION_MESSAGE).length > 0);
    scene_close(&scene);
}

static void offer_lost_with_a_restart_is_still_good(void **state)
{
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET);
    address = discover(1);
    lease_table_release(&scene.leases);
    assert_int_equal(scene_ask(&scene, &(struct ask){.type = DHCP_REQUEST,
                                                     .mac = 1,
                                                     .requested = address,
                                                     .server = SCENE_SERVER}),
                     address);
    scene_close(&scene);
}

/* INIT-REBOOT: the machine remembers an address. */
static void remembered_addresses(void **state)
{
    struct ask ask = {.type = DHCP_REQUEST, .mac = 1};
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET);
    address = lease_to(1, NULL);
    ask.requested = address;
    assert_int_equal(scene_ask(&scene, &ask), address);
    assert_int_equal(scene_reply_type(&scene), DHCP_ACK);
    /* Its lease ended, and nobody took the address. */
    scene_pass(&scene, 100000);
    assert_int_equal(scene_ask(&scene, &ask), address);
    /* Another address than its own. */
    ask.requested = address == IN_RANGE ? IN_RANGE + 1 : IN_RANGE;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    ask.requested = 0x0a320901;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    /* Nothing known of the machine: another server may know it. */
    ask.mac = 2;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.reply_length, 0);
    assert_int_equal(scene.plan.outcome, OUTCOME_REFUSED);
    scene_close(&scene);

    scene_open(&scene, "authoritative;" SUBNET);
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    ask.requested = IN_RANGE;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_type(&scene), DHCP_NAK);
    scene_close(&scene);
}

static void renewing_and_rebinding(void **state)
{
    struct ask ask = {.type = DHCP_REQUEST, .mac = 1};
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET);
    address = lease_to(1, NULL);
    ask.ciaddr = ask.source = address;
    ask.destination = SCENE_SERVER;
    scene_pass(&scene, 20000);
    assert_int_equal(scene_ask(&scene, &ask), address);
    assert_int_equal(scene.reply.ciaddr, address);
    assert_int_equal(scene.plan.path, PATH_CLIENT);
    assert_int_equal(scene.plan.destination, address);
    assert_int_equal(scene.plan.lease.expiry, scene.wall + 43200);
    ask.destination = IPV4_BROADCAST;
    assert_int_equal(scene_ask(&scene, &ask), address);
    assert_int_equal(scene_reply_type(&scene), DHCP_ACK);
    /* Somebody else's address. */
    ask.mac = 2;
    scene_ask(&scene, &ask);
    assert_int_not_equal(scene_reply_type(&scene), DHCP_ACK);
    scene_close(&scene);
}

static void declined_address_is_set_aside(void **state)
{
    uint32_t address, next;

    (void)state;
    scene_open(&scene, SUBNET);
    address = lease_to(1, NULL);
    /* Only by the machine that has it. */
    scene_ask(&scene, &(struct ask){.type = DHCP_DECLINE, .mac = 2, .requested = address});
    assert_int_equal(scene.plan.change, CHANGE_NONE);
    scene_ask(&scene, &(struct ask){.type = DHCP_DECLINE, .mac = 1, .requested = address});
    assert_int_equal(scene.reply_length, 0);
    assert_int_equal(scene.plan.change, CHANGE_STORE);
    next = discover(1);
    assert_int_not_equal(next, 0);
    assert_int_not_equal(next, address);
    assert_int_not_equal(
        scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2, .requested = address}),
        address);
    /* For a time. */
    scene_pass(&scene, DHCP_DECLINED_SECONDS + DHCP_OFFER_MS / 1000);
    assert_int_equal(
        scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 3, .requested = address}),
        address);
    scene_close(&scene);
}

static void released_address_comes_back(void **state)
{
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET);
    address = lease_to(1, NULL);
    scene_ask(&scene, &(struct ask){.type = DHCP_RELEASE, .mac = 2, .ciaddr = address});
    assert_int_equal(scene.plan.change, CHANGE_NONE);
    scene_ask(&scene, &(struct ask){.type = DHCP_RELEASE, .mac = 1, .ciaddr = address});
    assert_int_equal(scene.plan.outcome, OUTCOME_NOTED);
    assert_int_equal(scene.plan.lease.state, LEASE_RELEASED);
    assert_int_equal(discover(1), address);
    scene_close(&scene);
}

static void inform_gets_options_only(void **state)
{
    struct ask ask = {.type = DHCP_INFORM, .mac = 9, .ciaddr = 0x0a320120};

    (void)state;
    scene_open(&scene, SUBNET);
    assert_int_equal(scene_ask(&scene, &ask), 0);
    assert_int_equal(scene_reply_type(&scene), DHCP_ACK);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_LEASE_TIME).data);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_ROUTERS), SCENE_SERVER);
    assert_int_equal(scene.plan.path, PATH_CLIENT);
    assert_int_equal(scene.plan.destination, 0x0a320120);
    assert_int_equal(scene.plan.change, CHANGE_NONE);
    scene_close(&scene);
}

static void bootp(void **state)
{
    struct ask ask = {.mac = 1, .no_cookie = true};

    (void)state;
    scene_open(&scene, SUBNET HOST
               "host fixed { hardware ethernet 22:22:22:22:00:02; fixed-address 10.50.1.7;"
               " filename \"vmunix\"; }");
    /* A declared machine gets an address of the range; it stays its own. */
    assert_in_range(scene_ask(&scene, &ask), IN_RANGE, IN_RANGE + 50);
    assert_int_equal(scene.plan.lease.expiry, LEASE_FOREVER);
    assert_int_equal(scene.reply_length, 300);
    assert_false(scene.reply.has_options);
    assert_true(slice_equal_string(scene.reply.file, "/pxeboot"));
    ask.mac = 2;
    assert_int_equal(scene_ask(&scene, &ask), 0x0a320107);
    assert_true(slice_equal_string(scene.reply.file, "vmunix"));
    /* With a cookie it gets options too, and no DHCP ones. */
    ask.no_cookie = false;
    scene_ask(&scene, &ask);
    assert_int_equal(scene_reply_number(&scene, DHCP_OPTION_SUBNET_MASK), 0xffffff00);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_LEASE_TIME).data);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_MESSAGE_TYPE).data);
    /* An unknown one gets none, unless the range says so. */
    ask.mac = 3;
    assert_int_equal(scene_ask(&scene, &ask), 0);
    assert_int_equal(scene.reply_length, 0);
    scene_close(&scene);
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 {"
                       " range dynamic-bootp 10.50.1.200 10.50.1.250; }");
    assert_in_range(scene_ask(&scene, &ask), IN_RANGE, IN_RANGE + 50);
    scene_close(&scene);
    scene_open(&scene, "deny bootp;" SUBNET HOST);
    ask.mac = 1;
    assert_int_equal(scene_ask(&scene, &ask), 0);
    assert_true(scene_why(&scene, "BOOTP is denied"));
    scene_close(&scene);
}

static void allow_and_deny(void **state)
{
    (void)state;
    scene_open(&scene, "deny unknown-clients;" SUBNET HOST);
    assert_int_not_equal(discover(1), 0);
    assert_int_equal(discover(2), 0);
    assert_true(scene_why(&scene, "unknown clients are denied"));
    scene_close(&scene);
    scene_open(&scene, SUBNET "host no { hardware ethernet 22:22:22:22:00:01; deny booting; }");
    assert_int_equal(discover(1), 0);
    assert_true(scene_why(&scene, "booting is denied"));
    assert_int_not_equal(discover(2), 0);
    scene_close(&scene);
}

static void reply_finds_its_way(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER, .mac = 1, .flags = DHCP_FLAG_BROADCAST};

    (void)state;
    scene_open(&scene, SUBNET "subnet 10.50.2.0 netmask 255.255.255.0 {"
                              " range 10.50.2.10 10.50.2.20; }");
    scene_ask(&scene, &ask);
    assert_int_equal(scene.plan.path, PATH_BROADCAST);
    assert_int_equal(scene.reply.flags, DHCP_FLAG_BROADCAST);
    /* Through a relay: from the relay's network, and with what the relay added. */
    ask = (struct ask){.type = DHCP_DISCOVER,
                       .mac = 1,
                       .giaddr = 0x0a320201,
                       .options = "\x52\3\1\1x",
                       .options_length = 5};
    assert_in_range(scene_ask(&scene, &ask), 0x0a32020a, 0x0a320214);
    assert_int_equal(scene.plan.path, PATH_RELAY);
    assert_int_equal(scene.plan.destination, 0x0a320201);
    assert_int_equal(scene.reply.giaddr, 0x0a320201);
    assert_int_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_RELAY_AGENT).length, 3);
    ask.giaddr = 0x0a320301;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.plan.outcome, OUTCOME_NO_SUBNET);
    scene_close(&scene);
    scene_open(&scene, "always-broadcast on;" SUBNET);
    discover(1);
    assert_int_equal(scene.plan.path, PATH_BROADCAST);
    scene_close(&scene);
}

static void who_asks_again_has_not_heard(void **state)
{
    uint32_t address;

    (void)state;
    scene_open(&scene, SUBNET);
    address = discover(1);
    assert_false(scene.plan.also_broadcast);
    scene.now_ms += 250;
    assert_int_equal(discover(1), address);
    assert_true(scene.plan.also_broadcast);
    assert_int_equal(scene.plan.path, PATH_LINK);
    assert_true(scene_why(&scene, "asks again"));
    /* Another question is no repeat, nor is the same one much later, nor another machine's. */
    lease_to(1, NULL);
    assert_false(scene.plan.also_broadcast);
    discover(1);
    assert_false(scene.plan.also_broadcast);
    scene_pass(&scene, 100);
    discover(1);
    assert_false(scene.plan.also_broadcast);
    discover(2);
    assert_false(scene.plan.also_broadcast);
    scene_close(&scene);
}

static void pool_that_is_full(void **state)
{
    static const char *const wanted[] = {"3 addresses", "3 bound"};
    struct dhcp_question question = {.leases = &scene.leases};
    uint32_t first;
    char text[200];

    (void)state;
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200 10.50.1.202; }");
    first = lease_to(1, NULL);
    scene_pass(&scene, 1);
    lease_to(2, NULL);
    lease_to(3, NULL);
    assert_int_equal(discover(4), 0);
    assert_int_equal(scene.plan.outcome, OUTCOME_EXHAUSTED);
    question.wall = scene.wall;
    question.now_ms = scene.now_ms;
    dhcp_pool_text(text, sizeof(text), &question, scene.plan.subnet);
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(text, wanted[i]));
    /* The one that ended first goes to the newcomer; its holder loses nothing before that. */
    scene_pass(&scene, 50000);
    assert_int_equal(discover(4), first);
    assert_true(scene_why(&scene, "free longest"));
    scene_close(&scene);
}

static void reserved_addresses_are_left_out(void **state)
{
    (void)state;
    /* The network's own, .0, the server's, and a host's: one is left. */
    scene_open(&scene, "subnet 10.50.0.0 netmask 255.255.0.0 { range 10.50.1.0 10.50.1.3; }"
                       "host h { hardware ethernet 22:22:22:22:00:02; fixed-address 10.50.1.3; }");
    assert_int_equal(discover(1), 0x0a320102);
    assert_int_equal(discover(3), 0);
    assert_int_equal(
        scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 3, .requested = 0x0a320103}),
        0);
    assert_int_equal(discover(2), 0x0a320103);
    scene_close(&scene);
}

static void offers_expire(void **state)
{
    (void)state;
    scene_open(&scene, "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.200; }");
    assert_int_equal(discover(1), IN_RANGE);
    assert_int_equal(discover(2), 0);
    scene_pass(&scene, DHCP_OFFER_MS / 1000);
    assert_int_equal(discover(2), IN_RANGE);
    scene_close(&scene);
}

static void asked_address_is_given_when_free(void **state)
{
    struct ask ask = {.type = DHCP_DISCOVER, .mac = 1, .requested = 0x0a3201dd};

    (void)state;
    scene_open(&scene, SUBNET);
    assert_int_equal(scene_ask(&scene, &ask), 0x0a3201dd);
    ask.mac = 2;
    assert_int_not_equal(scene_ask(&scene, &ask), 0x0a3201dd);
    ask.requested = 0x0a320105; /* outside the range */
    ask.mac = 3;
    assert_in_range(scene_ask(&scene, &ask), IN_RANGE, IN_RANGE + 50);
    scene_close(&scene);
}

static void answers_for_each_kind_of_client(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET "filename \"http://10.50.1.1/boot.efi\";");
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER,
                                    .mac = 1,
                                    .vendor = "HTTPClient:Arch:00016:UNDI:003001"});
    assert_int_equal(scene.plan.stage, STAGE_UEFI_HTTP);
    assert_true(slice_equal_string(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_CLASS),
                                   "HTTPClient"));
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2, .vendor = "PXEClient"});
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_CLASS).data);
    assert_memory_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_OPTIONS).data,
                        "\6\1\10\xff", 4);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_IPXE).data);
    scene_close(&scene);
    scene_open(&scene, SUBNET "filename \"boot.efi\";");
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .vendor = "HTTPClient"});
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_CLASS).data);
    scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1, .user_class = "iPXE"});
    assert_memory_equal(dhcp_message_bytes(&scene.reply, DHCP_OPTION_IPXE).data, "\xb0\1\1", 3);
    assert_null(dhcp_message_bytes(&scene.reply, DHCP_OPTION_VENDOR_OPTIONS).data);
    scene_close(&scene);
}

static void stages_are_told_apart(void **state)
{
    static const struct {
        struct ask ask;
        enum boot_stage stage;
    } cases[] = {
        {{.type = DHCP_DISCOVER, .vendor = "PXEClient:Arch:00000:UNDI:002001"}, STAGE_ROM},
        {{.type = DHCP_DISCOVER, .vendor = "PXEClient:Arch:00000", .user_class = "iPXE"},
         STAGE_IPXE},
        {{.type = DHCP_DISCOVER, .vendor = "PXEClient:Arch:00000", .user_class = "\4iPXE"},
         STAGE_IPXE},
        {{.type = DHCP_DISCOVER,
          .vendor = "PXEClient:Arch:00000",
          .options = "\xaf\3\xb1\1\0",
          .options_length = 5},
         STAGE_IPXE},
        {{.type = DHCP_DISCOVER, .vendor = "PXEClient:Arch:00007:UNDI:003000"}, STAGE_UEFI_PXE},
        {{.type = DHCP_DISCOVER, .vendor = "HTTPClient:Arch:00016"}, STAGE_UEFI_HTTP},
        {{.type = DHCP_DISCOVER, .vendor = "U-Boot.armv8"}, STAGE_U_BOOT},
        {{.type = DHCP_DISCOVER,
          .vendor = "PXEClient:Arch:00011:UNDI:003000",
          .options = "\x5e\3\1\0\0",
          .options_length = 5},
         STAGE_U_BOOT},
        {{.type = DHCP_DISCOVER, .vendor = "NetBSD:i386:libsa"}, STAGE_LOADER},
        {{.type = DHCP_DISCOVER, .vendor = "NetBSD:i386:kernel:NetBSD 6.0"}, STAGE_KERNEL},
        {{.type = DHCP_DISCOVER, .vendor = "Linux ipconfig"}, STAGE_KERNEL},
        {{.type = DHCP_DISCOVER, .vendor = "udhcp 1.35.0"}, STAGE_USERLAND},
        {{.type = DHCP_DISCOVER, .identifier = "!duid"}, STAGE_USERLAND},
        {{.type = DHCP_DISCOVER, .host_name = "box"}, STAGE_USERLAND},
        {{.type = DHCP_DISCOVER}, STAGE_UNKNOWN},
        {{.no_cookie = true}, STAGE_ROM},
    };

    (void)state;
    scene_open(&scene, SUBNET);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        scene_ask(&scene, &cases[i].ask);
        if (scene.plan.stage != cases[i].stage)
            fprintf(stderr, "case %zu\n", i);
        assert_int_equal(scene.plan.stage, cases[i].stage);
    }
    scene_close(&scene);
}

static void important_options_come_first(void **state)
{
    static const char long_text[] =
        "option domain-name \"%0200d\"; option nis-domain \"%0200d\"; option root-path \"/r\";";
    struct ask ask = {.type = DHCP_DISCOVER, .mac = 1, .parameters = "\x28\x0f\x01\x11"};
    char config[1024];

    (void)state;
    snprintf(config, sizeof(config), SUBNET HOST "%s", "");
    snprintf(config + strlen(config), sizeof(config) - strlen(config), long_text, 0, 0);
    scene_open(&scene, config);
    scene_ask(&scene, &ask);
    assert_in_range(scene.reply_length, 300, 548);
    assert_true(dhcp_message_bytes(&scene.reply, DHCP_OPTION_ROOT_PATH).length > 0);
    assert_true(dhcp_message_bytes(&scene.reply, DHCP_OPTION_ROUTERS).length > 0);
    assert_int_equal(scene.dropped.count, 1);
    assert_int_equal(scene.dropped.codes[0], DHCP_OPTION_DOMAIN_NAME);
    ask.maximum_size = 1472;
    scene_ask(&scene, &ask);
    assert_int_equal(scene.dropped.count, 0);
    scene_close(&scene);
}

static void host_names(void **state)
{
    (void)state;
    scene_open(&scene, "use-host-decl-names on;" SUBNET HOST);
    discover(1);
    assert_true(
        slice_equal_string(dhcp_message_bytes(&scene.reply, DHCP_OPTION_HOST_NAME), "netbsd"));
    scene_close(&scene);
}

static void what_is_not_for_servers(void **state)
{
    (void)state;
    scene_open(&scene, SUBNET);
    scene_ask(&scene, &(struct ask){.type = DHCP_OFFER, .mac = 1});
    assert_int_equal(scene.reply_length, 0);
    scene_ask(&scene, &(struct ask){.type = (enum dhcp_type)200, .mac = 1});
    assert_int_equal(scene.reply_length, 0);
    scene_ask(&scene, &(struct ask){.type = DHCP_REQUEST, .mac = 1});
    assert_int_equal(scene.reply_length, 0);
    assert_int_equal(scene.leases.count, 0);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_machine_one_lease),
        cmocka_unit_test(cloned_identifiers_stay_two),
        cmocka_unit_test(host_by_identifier_of_an_earlier_stage),
        cmocka_unit_test(reply_carries_what_the_host_has),
        cmocka_unit_test(own_address_serves_the_file_without_next_server),
        cmocka_unit_test(short_lease_of_a_loader_shortens_nothing),
        cmocka_unit_test(other_servers_offer_frees_ours),
        cmocka_unit_test(selecting_something_else_is_refused),
        cmocka_unit_test(offer_lost_with_a_restart_is_still_good),
        cmocka_unit_test(remembered_addresses),
        cmocka_unit_test(renewing_and_rebinding),
        cmocka_unit_test(declined_address_is_set_aside),
        cmocka_unit_test(released_address_comes_back),
        cmocka_unit_test(inform_gets_options_only),
        cmocka_unit_test(bootp),
        cmocka_unit_test(allow_and_deny),
        cmocka_unit_test(reply_finds_its_way),
        cmocka_unit_test(who_asks_again_has_not_heard),
        cmocka_unit_test(pool_that_is_full),
        cmocka_unit_test(reserved_addresses_are_left_out),
        cmocka_unit_test(offers_expire),
        cmocka_unit_test(asked_address_is_given_when_free),
        cmocka_unit_test(answers_for_each_kind_of_client),
        cmocka_unit_test(stages_are_told_apart),
        cmocka_unit_test(important_options_come_first),
        cmocka_unit_test(host_names),
        cmocka_unit_test(what_is_not_for_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
