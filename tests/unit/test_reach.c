/* What the configuration could tell a machine, whichever stage asks. */
#include "test.h"

#include "config/config.h"
#include "decide/export.h"
#include "decide/reach.h"
#include "dhcp_scene.h"

#define SUBNET "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.149; "
#define HOST   "host h { hardware ethernet 22:22:22:22:00:01; "
#define ROOT   "option root-path "
#define KERNEL "if option vendor-class-identifier = \"kernel\" "

static struct scene scene;

/* The values, each with a space behind it. */
static const char *found(uint8_t mac, uint32_t address)
{
    static char text[4096];
    struct reach_question question = {
        .snapshot = scene.snapshot,
        .hardware = {1, 6, {0x22, 0x22, 0x22, 0x22, 0, mac}},
        .address = address,
    };
    static struct reach reach;
    size_t length = 0;

    question.host = snapshot_host_by_hardware(scene.snapshot, &question.hardware);
    reach_find(&reach, &question, SPACE_DHCP, DHCP_OPTION_ROOT_PATH);
    text[0] = 0;
    for (size_t i = 0; i < reach.count; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%.*s ",
                                   (int)reach.values[i].value.length,
                                   (const char *)reach.values[i].value.data);
    return text;
}

/* The machine 1 is host h where the configuration has one, and at 10.50.1.100. */
struct row {
    const char *config;
    const char *roots; /* of machine 1 */
    const char *other; /* of machine 2, which nobody declared, at 10.50.1.101; NULL: the same */
};

static void expect(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        scene_open(&scene, rows[i].config);
        if (strcmp(found(1, 0x0a320164), rows[i].roots) != 0)
            fail_msg("%s\n: %s", rows[i].config, found(1, 0x0a320164));
        if (strcmp(found(2, 0x0a320165), rows[i].other ? rows[i].other : rows[i].roots) != 0)
            fail_msg("%s\n, the other: %s", rows[i].config, found(2, 0x0a320165));
        scene_close(&scene);
    }
}
#define EXPECT(rows) expect(rows, sizeof(rows) / sizeof((rows)[0]))

static void what_the_machine_decides_is_open(void **state)
{
    static const struct row rows[] = {
        {SUBNET "}", "", NULL},
        {SUBNET ROOT "\"/a\"; }", "/a ", NULL},
        {SUBNET ROOT "\"/a\"; }" HOST ROOT "\"/b\"; }", "/b ", "/a "},
        {SUBNET KERNEL "{ " ROOT "\"/a\"; } }", "/a ", NULL},
        {SUBNET KERNEL "{ " ROOT "\"/a\"; } else { " ROOT "\"/b\"; } }", "/a /b ", NULL},
        {SUBNET ROOT "\"/0\"; " KERNEL "{ " ROOT "\"/a\"; } }", "/0 /a ", NULL},
        /* Whichever way it goes, the outer one is replaced. */
        {SUBNET ROOT "\"/0\"; " KERNEL "{ " ROOT "\"/a\"; } else { " ROOT "\"/b\"; } }", "/a /b ",
         NULL},
        {SUBNET "}" HOST "if filename = \"x\" { " ROOT "\"/x\"; } elsif filename = \"y\" { " ROOT
                "\"/y\"; } else { " KERNEL "{ " ROOT "\"/z\"; } } }",
         "/x /y /z ", ""},
        {SUBNET "if exists user-class { " ROOT "\"/a\"; break; } " ROOT "\"/b\"; }", "/a /b ",
         NULL},
        {SUBNET "switch (option vendor-class-identifier) { case \"a\": " ROOT "\"/a\"; break; "
                "case \"b\": " ROOT "\"/b\"; default: " ROOT "\"/c\"; } }",
         "/a /c ", NULL},
        {SUBNET "class \"k\" { match if option vendor-class-identifier = \"kernel\"; " ROOT
                "\"/k\"; } }",
         "/k ", NULL},
        {SUBNET ROOT "\"/0\"; } class \"k\" { match option vendor-class-identifier; " ROOT
                     "\"/k\"; } subclass \"k\" \"a\"; subclass \"k\" \"b\" { " ROOT "\"/b\"; }",
         "/0 /k /b ", NULL},
        {SUBNET "} class \"s\" { spawn with option host-name; " ROOT "\"/s\"; }", "/s ", NULL},
        {"class \"k\" { " ROOT "\"/k\"; }" SUBNET "if option host-name = \"x\" { add \"k\"; } }",
         "/k ", NULL},
    };

    (void)state;
    EXPECT(rows);
}

static void what_the_server_knows_is_decided(void **state)
{
    static const struct row rows[] = {
        {SUBNET "if known { " ROOT "\"/in\"; } else { " ROOT "\"/out\"; } }" HOST "}", "/in ",
         "/out "},
        {SUBNET "if not known { " ROOT "\"/out\"; } }" HOST "}", "", "/out "},
        {SUBNET "if known and " /* and what it says */
                "option vendor-class-identifier = \"kernel\" { " ROOT "\"/in\"; } }" HOST "}",
         "/in ", ""},
        {SUBNET "if option vendor-class-identifier = \"kernel\" and known { " ROOT
                "\"/in\"; } }" HOST "}",
         "/in ", ""},
        /* "not" of no value has none: what is not known never gets there. */
        {SUBNET "if not (known and filename = \"x\") { " ROOT "\"/in\"; } }" HOST "}", "/in ", ""},
        {SUBNET "if known or filename = \"x\" { " ROOT "\"/a\"; } else { " ROOT "\"/b\"; } }" HOST
                "}",
         "/a ", "/a /b "},
        {SUBNET "if hardware = 1:22:22:22:22:00:01 { " ROOT "\"/one\"; } }", "/one ", ""},
        {SUBNET "if binary-to-ascii(10, 8, \".\", leased-address) = \"10.50.1.101\" { " ROOT
                "\"/two\"; } }",
         "", "/two "},
        {SUBNET "if static { " ROOT "\"/s\"; } }" HOST "fixed-address 10.50.1.100; }", "/s ", ""},
        {SUBNET "} class \"m\" { match hardware; } subclass \"m\" 1:22:22:22:22:00:01 { " ROOT
                "\"/one\"; } subclass \"m\" 1:22:22:22:22:00:02 { " ROOT "\"/two\"; }",
         "/one ", "/two "},
        {SUBNET "} class \"k\" { match if known; } class \"c\" { match if check \"k\" and "
                "exists user-class; " ROOT "\"/c\"; }" HOST "}",
         "/c ", ""},
        {"class \"k\" { " ROOT "\"/k\"; }" SUBNET "if known { add \"k\"; } }" HOST "}", "/k ", ""},
        {SUBNET "switch (substring (hardware, 6, 1)) { case 01: " ROOT "\"/1\"; break; case 02: "
                "case 03: " ROOT "\"/23\"; } }",
         "/1 ", "/23 "},
        {SUBNET "}" HOST ROOT "= concat(\"/nfs/\", host-decl-name); }", "/nfs/h ", ""},
        {"subnet 10.50.1.0 netmask 255.255.255.0 { pool { range 10.50.1.100; " ROOT
         "\"/p\"; } pool { range 10.50.1.101; " KERNEL "{ " ROOT "\"/q\"; } } }",
         "/p ", "/q "},
    };

    (void)state;
    EXPECT(rows);
}

/* Neither values that the client makes up, nor what its relay says, nor what comes from a variable.
 */
static void what_nobody_may_choose_is_shut(void **state)
{
    static const struct row rows[] = {
        {SUBNET ROOT "= concat(\"/nfs/\", option host-name); }", "", NULL},
        {SUBNET ROOT "\"/0\"; if exists host-name { " ROOT "= option host-name; } }", "/0 ", NULL},
        {SUBNET "if option agent.circuit-id = \"room1\" { " ROOT "\"/1\"; } else { " ROOT
                "\"/2\"; } }",
         "", NULL},
        {SUBNET ROOT "\"/0\"; if option agent.circuit-id = \"room1\" { " ROOT "\"/1\"; } }", "/0 ",
         NULL},
        {SUBNET "if filename = \"x\" and option agent.circuit-id = \"room1\" { " ROOT "\"/1\"; } }",
         "", NULL},
        {SUBNET "if exists agent.circuit-id { if filename = \"x\" { " ROOT "\"/1\"; } } }", "",
         NULL},
        {SUBNET "if packet(24, 4) = 0a:32:01:01 { " ROOT "\"/1\"; } }", "", NULL},
        {SUBNET "set x = option agent.circuit-id; if x = \"1\" { " ROOT "\"/1\"; } }", "", NULL},
        {SUBNET "} class \"r\" { match if option agent.circuit-id = \"1\"; " ROOT "\"/1\"; }", "",
         NULL},
        {SUBNET "} class \"r\" { spawn with option agent.circuit-id; " ROOT "\"/1\"; }", "", NULL},
        {SUBNET "} class \"r\" { match option agent.circuit-id; } subclass \"r\" \"1\" { " ROOT
                "\"/1\"; }",
         "", NULL},
        {"class \"k\" { " ROOT "\"/k\"; }" SUBNET "if exists agent.circuit-id { add \"k\"; } }", "",
         NULL},
        {SUBNET "on commit { if exists user-class { set x = \"y\"; } } }", "", NULL},
    };

    (void)state;
    EXPECT(rows);
}

static const char mixed[] =
    "option arch code 93 = unsigned integer 16;\n"
    "class \"pxe\" { match if substring(option vendor-class-identifier, 0, 9) = \"PXEClient\";\n"
    "  if exists user-class { " ROOT "\"/ipxe\"; } }\n"
    "class \"sub\" { match substring(option vendor-class-identifier, 0, 6); }\n"
    "subclass \"sub\" \"NetBSD\" { " ROOT "\"/sub\"; }\n"
    "class \"made\" { match if exists host-name; spawn with option host-name; " ROOT
    "\"/made\"; }\n"
    "group { " ROOT "\"/group\"; if filename ~= \"^net\" { " ROOT "\"/net\"; }\n"
    "host h { hardware ethernet 22:22:22:22:00:01;\n"
    "  if option vendor-class-identifier = \"kernel\" { if known { " ROOT "\"/known\"; } }\n"
    "  elsif not static and exists user-class { " ROOT "= concat(\"/by/\", host-decl-name); } } }\n"
    "subnet 10.50.1.0 netmask 255.255.255.0 { " ROOT "\"/subnet\";\n"
    "  switch (option user-class) { case \"a\": " ROOT "\"/case-a\"; break; case \"b\": " ROOT
    "\"/case-b\"; }\n"
    "  pool { range 10.50.1.100 10.50.1.120; default root-path \"/pool\"; } }\n";

/* Whatever a machine says, the root that it is told is among those found for it. */
static void every_root_that_is_told_is_found(void **state)
{
    static const char *const vendors[] = {NULL, "kernel", "PXEClient:Arch:00000", "NetBSD:i386"};
    static const char *const files[] = {NULL, "netbsd", "boot.cfg"};
    static const char *const users[] = {NULL, "a", "b", "iPXE"};
    static const char *const names[] = {NULL, "x"};
    size_t told = 0;

    (void)state;
    scene_open(&scene, mixed);
    for (size_t i = 0; i < 2 * 4 * 3 * 4 * 2; i++) {
        struct ask ask = {.type = DHCP_DISCOVER,
                          .mac = (uint8_t)(1 + i % 2),
                          .vendor = vendors[i / 2 % 4],
                          .file = files[i / 8 % 3],
                          .user_class = users[i / 24 % 4],
                          .host_name = names[i / 96 % 2]};
        uint32_t address = scene_ask(&scene, &ask);
        struct slice root = dhcp_message_bytes(&scene.reply, DHCP_OPTION_ROOT_PATH);
        char text[64];

        assert_int_not_equal(address, 0);
        snprintf(text, sizeof(text), "%.*s ", (int)root.length, (const char *)root.data);
        if (!strstr(found(ask.mac, address), text))
            fail_msg("%s is told to %u, which has %s", text, ask.mac, found(ask.mac, address));
        told++;
    }
    assert_int_equal(told, 192);
    scene_close(&scene);
}

static void more_roots_than_there_is_room_for(void **state)
{
    static char config[65536];
    size_t length = (size_t)snprintf(config, sizeof(config), SUBNET);

    (void)state;
    for (int i = 0; i < 500; i++)
        length += (size_t)snprintf(config + length, sizeof(config) - length,
                                   "%s filename = \"%d\" { " ROOT "\"/%d\"; } ",
                                   i > 0 ? "elsif" : "if", i, i);
    snprintf(config + length, sizeof(config) - length, "}");
    scene_open(&scene, config);
    assert_non_null(strstr(found(1, 0x0a320164), " /63 "));
    assert_null(strstr(found(1, 0x0a320164), " /64 "));
    scene_close(&scene);
}

/* What is written for the machine in any case needs no room beside what it may not have. */
static void many_roots_of_others_leave_room_for_its_own(void **state)
{
    char config[8192] = "class \"c\" { match option host-name; } ";
    size_t length = strlen(config);

    (void)state;
    for (int i = 0; i < REACH_VALUES_MAX + 6; i++)
        length += (size_t)snprintf(config + length, sizeof(config) - length,
                                   "subclass \"c\" \"n%d\" { " ROOT "\"/%d\"; } ", i, i);
    snprintf(config + length, sizeof(config) - length,
             SUBNET "}" HOST ROOT "\"/own\"; " KERNEL "{ " ROOT "\"/kernel\"; } }");
    scene_open(&scene, config);
    assert_string_equal(found(1, 0x0a320164), "/own /kernel ");
    scene_close(&scene);
}

static void exports_follow(void **state)
{
    struct reach_question question = {.hardware = {1, 6, {0x22, 0x22, 0x22, 0x22, 0, 1}},
                                      .address = 0x0a320164};
    char below[EXPORT_PATH_MAX];
    struct exports exports;
    struct position bad;

    (void)state;
    scene_open(&scene,
               SUBNET "if filename = \"x\" { " ROOT "\"/srv\"; } elsif filename = \"y\" { " ROOT
                      "\"10.50.1.1:/srv/\"; } elsif filename = \"z\" { " ROOT
                      "\"/srv/inner\"; } elsif filename = \"i\" { " ROOT "\"iscsi:x\"; } }");
    question.snapshot = scene.snapshot;
    assert_int_equal(exports_find(&exports, &question, false, NULL, &bad), EXPORT_UNKNOWN_MACHINE);
    assert_int_equal(exports.count, 0);
    assert_int_equal(exports_find(&exports, &question, true, NULL, &bad), EXPORT_GRANTED);
    assert_int_equal(exports.count, 2);
    assert_string_equal(exports_allow(&exports, slice_of_string("/srv/x"), below)->directory,
                        "/srv");
    assert_string_equal(below, "x");
    assert_string_equal(exports_allow(&exports, slice_of_string("/srv/inner/y"), below)->directory,
                        "/srv/inner");
    assert_string_equal(below, "y");
    assert_null(exports_allow(&exports, slice_of_string("/etc"), below));
    exports_release(&exports);
    scene_close(&scene);

    scene_open(&scene, SUBNET "if filename = \"i\" { " ROOT "\"iscsi:x\"; } }");
    question.snapshot = scene.snapshot;
    assert_int_equal(exports_find(&exports, &question, true, NULL, &bad), EXPORT_BAD_ROOT_PATH);
    assert_int_equal(bad.line, 1);
    exports_release(&exports);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_machine_decides_is_open),
        cmocka_unit_test(what_the_server_knows_is_decided),
        cmocka_unit_test(what_nobody_may_choose_is_shut),
        cmocka_unit_test(every_root_that_is_told_is_found),
        cmocka_unit_test(more_roots_than_there_is_room_for),
        cmocka_unit_test(many_roots_of_others_leave_room_for_its_own),
        cmocka_unit_test(exports_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
