/* The explanation of a machine's answers: every value with the line that decided it. */
#include "test.h"

#include "config/config.h"
#include "decide/explain.h"
#include "decide/stage.h"

#include <stdio.h>
#include <stdlib.h>

static struct region region;
static struct snapshot *snapshot;

static void load(const char *text)
{
    struct diagnostics diagnostics = {.count = 0};

    snapshot_free(snapshot);
    snapshot = config_parse("x.conf", slice_of_string(text), &diagnostics);
    for (size_t i = 0; i < diagnostics.count; i++)
        fprintf(stderr, "%u: %s\n", diagnostics.list[i].where.line, diagnostics.list[i].message);
    assert_non_null(snapshot);
    diagnostics_release(&diagnostics);
}

/* What 22:22:22:22:00:<last> gets at a stage in the first subnet. */
static struct explained ask_file(const char *key, uint8_t last, const char *file)
{
    struct explain_question question = {.snapshot = snapshot, .subnet = &snapshot->subnets[0]};
    struct explained explained = {.answered = false};
    size_t count;
    const struct probe_stage *stages = probe_stages(&count);

    question.probe.hardware =
        (struct hardware){HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, last}};
    question.probe.file = file;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(stages[i].key, key) == 0)
            question.probe.stage = &stages[i];
    }
    assert_non_null(question.probe.stage);
    explain_stage(&region, &question, &explained);
    return explained;
}

static struct explained ask(const char *key, uint8_t last)
{
    return ask_file(key, last, NULL);
}

static const struct fact *fact_of(const struct explained *explained, const char *name,
                                  const char *value)
{
    for (size_t i = 0; i < explained->fact_count; i++) {
        if (strcmp(explained->facts[i].name, name) == 0 &&
            strcmp(explained->facts[i].value, value) == 0)
            return &explained->facts[i];
    }
    for (size_t i = 0; i < explained->fact_count; i++)
        fprintf(stderr, "%s: %s (%u)\n", explained->facts[i].name, explained->facts[i].value,
                explained->facts[i].where.line);
    fail_msg("no fact %s: %s", name, value);
    return NULL;
}

/* The stage gets the value, and that line decided it; 0: none did. */
static void assert_fact(const struct explained *explained, const char *name, const char *value,
                        unsigned line)
{
    const struct fact *fact = fact_of(explained, name, value);

    if (fact->where.line != line)
        fail_msg("%s: %s is of line %u, not %u", name, value, fact->where.line, line);
    assert_true(line == 0 || strcmp(fact->where.file, "x.conf") == 0);
    assert_true(line > 0 || fact->why || fact->kind == FACT_NOTE);
}

static bool lacks(const struct explained *explained, const char *name)
{
    for (size_t i = 0; i < explained->fact_count; i++) {
        if (strcmp(explained->facts[i].name, name) == 0 &&
            explained->facts[i].kind != FACT_NOT_SENT)
            return false;
    }
    return true;
}

/* The requests are those of doc/clients.md. */
static void probes_look_like_their_clients(void **state)
{
    static const struct {
        const char *key;
        enum boot_stage stage;
        bool identifier, uuid, broadcast;
        size_t least;
    } rows[] = {
        {"rom", STAGE_ROM, true, true, false, 300},
        {"ipxe", STAGE_IPXE, true, true, false, 300},
        {"uefi-pxe", STAGE_UEFI_PXE, false, true, true, 300},
        {"uefi-http", STAGE_UEFI_HTTP, false, true, true, 300},
        {"ipxe-uefi", STAGE_IPXE, true, true, false, 300},
        {"libsa", STAGE_LOADER, false, false, false, 548},
        {"kernel-netbsd", STAGE_KERNEL, false, false, false, 548},
        {"kernel-linux", STAGE_USERLAND, false, false, false, 300},
    };
    size_t count;
    const struct probe_stage *stages = probe_stages(&count);

    (void)state;
    assert_int_equal(count, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < count; i++) {
        struct probe probe = {.stage = &stages[i], .secs = 9, .relay = 0x0a320102};
        static struct dhcp_message message;
        uint8_t packet[DHCP_MESSAGE_MAX];
        size_t length;

        probe.hardware = (struct hardware){HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, 1}};
        length = probe_write(&probe, packet);
        assert_true(length >= rows[i].least);
        assert_null(dhcp_decode(&message, slice_of(packet, length)));
        assert_string_equal(stages[i].key, rows[i].key);
        assert_int_equal(stage_of(&message), rows[i].stage);
        assert_int_equal(dhcp_message_type(&message), DHCP_DISCOVER);
        assert_int_equal(dhcp_message_bytes(&message, DHCP_OPTION_CLIENT_IDENTIFIER).length,
                         rows[i].identifier ? 7 : 0);
        assert_int_equal(dhcp_message_bytes(&message, DHCP_OPTION_UUID).length,
                         rows[i].uuid ? 17 : 0);
        assert_int_equal(message.flags, rows[i].broadcast ? DHCP_FLAG_BROADCAST : 0);
        assert_int_equal(message.secs, 9);
        assert_int_equal(message.giaddr, 0x0a320102);
        assert_true(slice_equal_string(message.file, stages[i].is_loader ? "netbsd" : ""));
        /* An option of one's own replaces what the stage sends, and is there once. */
        probe.extra_space = SPACE_DHCP;
        probe.extra_code = DHCP_OPTION_VENDOR_CLASS;
        probe.extra = slice_of_string("mine");
        assert_null(dhcp_decode(&message, slice_of(packet, probe_write(&probe, packet))));
        assert_true(
            slice_equal_string(dhcp_message_bytes(&message, DHCP_OPTION_VENDOR_CLASS), "mine"));
        probe.extra_space = SPACE_AGENT;
        probe.extra_code = 1;
        assert_null(dhcp_decode(&message, slice_of(packet, probe_write(&probe, packet))));
        assert_true(
            slice_equal_string(dhcp_message_bytes(&message, DHCP_OPTION_RELAY_AGENT), "\1\4mine"));
    }
}

static const char plain[] = "option domain-name \"x.org\";\n"                   /* 1 */
                            "default-lease-time 600;\n"                         /* 2 */
                            "subnet 10.50.1.0 netmask 255.255.255.0 {\n"        /* 3 */
                            "    range 10.50.1.200 10.50.1.250;\n"              /* 4 */
                            "    option routers 10.50.1.254;\n"                 /* 5 */
                            "    filename \"subnet\";\n"                        /* 6 */
                            "}\n"                                               /* 7 */
                            "group {\n"                                         /* 8 */
                            "    next-server 10.50.1.7;\n"                      /* 9 */
                            "    filename \"group\";\n"                         /* 10 */
                            "    host a {\n"                                    /* 11 */
                            "        hardware ethernet 22:22:22:22:0:1;\n"      /* 12 */
                            "        fixed-address 10.0.0.1, 10.50.1.17;\n"     /* 13 */
                            "        option root-path \"10.50.1.9:/a/b,v3\";\n" /* 14 */
                            "        filename \"host\";\n"                      /* 15 */
                            "        console com0 9600;\n"                      /* 16 */
                            "    }\n"
                            "    host b { hardware ethernet 22:22:22:22:0:2; }\n" /* 18 */
                            "}\n";

static void a_host_overrides_its_group(void **state)
{
    struct explained rom;

    (void)state;
    load(plain);
    rom = ask("rom", 1);
    assert_true(rom.answered);
    assert_string_equal(rom.host->name, "a");
    assert_fact(&rom, "address", "10.50.1.17", 13);
    assert_fact(&rom, "next-server", "10.50.1.7", 9);
    assert_fact(&rom, "filename", "\"host\"", 15);
    assert_fact(&rom, "option bootfile-name", "\"host\"", 15);
    assert_fact(&rom, "option tftp-server-name", "\"10.50.1.7\"", 9);
    assert_fact(&rom, "option root-path", "\"10.50.1.9:/a/b,v3\"", 14);
    assert_fact(&rom, "option routers", "10.50.1.254", 5);
    assert_fact(&rom, "option domain-name", "\"x.org\"", 1);
    assert_fact(&rom, "option subnet-mask", "255.255.255.0", 3);
    assert_fact(&rom, "option dhcp-lease-time", "600", 2);
    assert_fact(&rom, "option dhcp-renewal-time", "300", 0);
    assert_fact(&rom, "option dhcp-server-identifier", "the server's own address", 0);
    assert_fact(&rom, "option vendor-encapsulated-options", "06:01:08:ff", 0);
    assert_fact(&rom, "NFS export", "\"/a/b\"", 14);
    assert_fact(&rom, "console", "com0 9600", 16);
    rom = ask("rom", 2);
    assert_fact(&rom, "filename", "\"group\"", 10);
    assert_fact(&rom, "address", "one of 10.50.1.200 to 10.50.1.250", 4);
    rom = ask("rom", 3);
    assert_null(rom.host);
    assert_fact(&rom, "filename", "\"subnet\"", 6);
    assert_fact(&rom, "next-server", "the server's own address", 0);
    assert_fact(&rom, "option tftp-server-name", "the server's own address", 0);
}

static void what_a_stage_does_not_ask_for_is_told(void **state)
{
    struct explained loader;

    (void)state;
    load("option ntp-servers 10.50.1.9;\n"
         "option dhcp-server-identifier 10.50.1.3;\n"
         "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.5 10.50.1.9; }\n");
    loader = ask("libsa", 1);
    assert_fact(&loader, "option ntp-servers", "10.50.1.9", 1);
    assert_int_equal(fact_of(&loader, "option ntp-servers", "10.50.1.9")->kind, FACT_NOT_SENT);
    assert_true(lacks(&loader, "filename"));
    loader = ask("rom", 1);
    assert_fact(&loader, "filename", "none", 0);
}

static void branches_and_classes(void **state)
{
    struct explained stage;

    (void)state;
    load("option arch code 93 = unsigned integer 16;\n"                         /* 1 */
         "class \"ipxe\" {\n"                                                   /* 2 */
         "    match if option user-class = \"iPXE\";\n"                         /* 3 */
         "    filename \"class\";\n"                                            /* 4 */
         "}\n"                                                                  /* 5 */
         "class \"macs\" { match hardware; }\n"                                 /* 6 */
         "subclass \"macs\" 1:22:22:22:22:0:5 { option host-name \"five\"; }\n" /* 7 */
         "subnet 10.50.1.0 netmask 255.255.255.0 {\n"                           /* 8 */
         "    pool { allow members of \"macs\"; range 10.50.1.5 10.50.1.9; }\n" /* 9 */
         "    pool {\n"                                                         /* 10 */
         "        deny members of \"macs\";\n"                                  /* 11 */
         "        range 10.50.1.15 10.50.1.19;\n"                               /* 12 */
         "        option time-offset -3600;\n"                                  /* 13 */
         "    }\n"                                                              /* 14 */
         "    if option arch = 00:07 {\n"                                       /* 15 */
         "        filename \"efi\";\n"                                          /* 16 */
         "    } elsif option arch = 00:10 {\n"                                  /* 17 */
         "        filename \"http://efi\";\n"                                   /* 18 */
         "    } else {\n"                                                       /* 19 */
         "        filename \"bios\";\n"                                         /* 20 */
         "    }\n"                                                              /* 21 */
         "    switch (option user-class) {\n"                                   /* 22 */
         "    case \"iPXE\":\n"                                                 /* 23 */
         "        option root-path \"/i\";\n"                                   /* 24 */
         "    }\n"                                                              /* 25 */
         "}\n");
    stage = ask("rom", 1);
    assert_fact(&stage, "filename", "\"bios\"", 20);
    assert_fact(&stage, "condition", "false", 15);
    assert_fact(&stage, "switch", "no case is equal", 22);
    assert_fact(&stage, "address", "one of 10.50.1.15 to 10.50.1.19", 12);
    assert_fact(&stage, "pool", "of this address", 10);
    assert_fact(&stage, "not from", "10.50.1.5 to 10.50.1.9", 9);
    assert_string_equal(fact_of(&stage, "not from", "10.50.1.5 to 10.50.1.9")->why,
                        "no allow of this pool names the machine");
    assert_fact(&stage, "option time-offset", "-3600", 13);
    stage = ask("uefi-pxe", 1);
    assert_fact(&stage, "filename", "\"efi\"", 16);
    assert_fact(&stage, "condition", "true", 15);
    stage = ask("uefi-http", 1);
    assert_fact(&stage, "filename", "\"http://efi\"", 18);
    assert_fact(&stage, "condition", "true", 17);
    assert_fact(&stage, "option vendor-class-identifier", "\"HTTPClient\"", 0);
    stage = ask("ipxe", 5);
    assert_fact(&stage, "filename", "\"class\"", 4);
    assert_fact(&stage, "class", "\"ipxe\"", 2);
    assert_fact(&stage, "subclass", "\"macs\"", 7);
    assert_fact(&stage, "option host-name", "\"five\"", 7);
    assert_fact(&stage, "address", "one of 10.50.1.5 to 10.50.1.9", 9);
    assert_fact(&stage, "not from", "10.50.1.15 to 10.50.1.19", 11);
    assert_fact(&stage, "switch", "goes on here", 23);
    assert_fact(&stage, "option root-path", "\"/i\"", 24);
    assert_fact(&stage, "option unknown-175", "b0:01:01", 0);
}

static void a_loader_is_answered_by_the_file_it_opens(void **state)
{
    struct explained loader;

    (void)state;
    load("subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.5 10.50.1.9; }\n"
         "host a {\n"
         "    hardware ethernet 22:22:22:22:0:1;\n"
         "    if not (\"x\" = filename) { option host-name \"y\"; }\n" /* 4 */
         "    if filename = \"boot.cfg\" {\n"
         "        filename \"tftp:boot.cfg\";\n" /* 6 */
         "    }\n"
         "}\n");
    loader = ask("libsa", 1);
    assert_true(lacks(&loader, "filename"));
    assert_fact(&loader, "option host-name", "\"y\"", 4);
    assert_int_equal(loader.file_count, 2);
    assert_string_equal(loader.files[0], "x");
    assert_string_equal(loader.files[1], "boot.cfg");
    loader = ask_file("libsa", 1, "boot.cfg");
    assert_fact(&loader, "filename", "\"tftp:boot.cfg\"", 6);
    loader = ask_file("libsa", 1, "x");
    assert_true(lacks(&loader, "option host-name"));
}

static void every_stage_may_mount_the_roots_of_all(void **state)
{
    struct explained stage;

    (void)state;
    load("subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.5 10.50.1.9; }\n"
         "option root-path \"/kernel\";\n" /* 2 */
         "if substring (option vendor-class-identifier, 0, 17) = \"NetBSD:i386:libsa\" {\n"
         "    option root-path \"/loader\";\n" /* 4 */
         "}\n"
         "host a {\n"
         "    hardware ethernet 22:22:22:22:0:1;\n"
         "    if exists host-name { option root-path = option host-name; }\n"
         "}\n"
         "host b {\n"
         "    hardware ethernet 22:22:22:22:0:2;\n"
         "    option root-path = concat (\"/\", option vendor-class-identifier);\n" /* 12 */
         "}\n"
         "host c { hardware ethernet 22:22:22:22:0:3; option root-path \"/a/../b\"; }\n");
    stage = ask("libsa", 1);
    assert_fact(&stage, "option root-path", "\"/loader\"", 4);
    assert_fact(&stage, "NFS export", "\"/loader\"", 4);
    assert_fact(&stage, "NFS export", "\"/kernel\"", 2);
    stage = ask("kernel-netbsd", 1);
    assert_fact(&stage, "option root-path", "\"/kernel\"", 2);
    assert_fact(&stage, "NFS export", "\"/loader\"", 4);
    stage = ask("libsa", 2);
    assert_fact(&stage, "option root-path", "\"/NetBSD:i386:libsa\"", 12);
    assert_fact(&stage, "NFS export", "none", 12);
    stage = ask("libsa", 3);
    assert_fact(&stage, "NFS export", "none", 14);
}

static void exports_are_told_with_their_rights(void **state)
{
    struct explained stage;

    (void)state;
    load("subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.5 10.50.1.9; }\n"
         "host a { hardware ethernet 22:22:22:22:0:1; option root-path \"/a\"; }\n"
         "export \"/a\" { clients any; }\n"
         "export \"/all\" { clients any; squash all; }\n" /* 4 */
         "export \"/mine\" { clients a; rw; }\n"          /* 5 */
         "export \"/others\" { clients b; }\n"
         "host b { hardware ethernet 22:22:22:22:0:2; }\n");
    stage = ask("libsa", 1);
    assert_fact(&stage, "NFS export", "\"/a\"", 2);
    assert_fact(&stage, "NFS export", "\"/all\"", 4);
    assert_string_equal(fact_of(&stage, "NFS export", "\"/all\"")->why, "ro, squash all");
    assert_fact(&stage, "NFS export", "\"/mine\"", 5);
    assert_string_equal(fact_of(&stage, "NFS export", "\"/mine\"")->why, "rw, squash root");
    for (size_t i = 0; i < stage.fact_count; i++)
        assert_null(strstr(stage.facts[i].value, "/others"));
}

/* A range that comes first and serves the loader alone is none that a boot reaches: the lease of
 * its ROM holds. */
static void a_later_stage_finds_the_lease(void **state)
{
    struct explain_question question = {.wall = 1800000000};
    struct explained rom, loader;
    size_t count;
    const struct probe_stage *stages = probe_stages(&count);

    (void)state;
    load("class \"libsa\" { match if option vendor-class-identifier = \"NetBSD:i386:libsa\"; }\n"
         "subnet 10.50.1.0 netmask 255.255.255.0 {\n"
         "    pool { allow members of \"libsa\"; range 10.50.1.5 10.50.1.9; }\n"
         "    pool { range 10.50.1.15 10.50.1.19; }\n"
         "}\n"
         "host a { option dhcp-client-identifier 1:22:22:22:22:0:1; option host-name \"a\"; }\n");
    question.snapshot = snapshot;
    question.subnet = snapshot->subnets;
    question.probe.hardware =
        (struct hardware){HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, 1}};
    question.probe.stage = &stages[0];
    explain_stage(&region, &question, &rom);
    assert_fact(&rom, "address", "one of 10.50.1.15 to 10.50.1.19", 4);
    assert_int_equal(rom.lease.state, LEASE_BOUND);
    while (!question.probe.stage->is_loader)
        question.probe.stage++;
    assert_string_equal(question.probe.stage->after, "rom");
    explain_stage(&region, &question, &loader);
    assert_fact(&loader, "address", "one of 10.50.1.5 to 10.50.1.9", 3);
    assert_null(loader.host);
    question.held = &rom.lease;
    explain_stage(&region, &question, &loader);
    assert_fact(&loader, "address", "one of 10.50.1.15 to 10.50.1.19", 4);
    /* And so does the client identifier that the ROM sent. */
    assert_string_equal(loader.host->name, "a");
    assert_fact(&loader, "option host-name", "\"a\"", 6);
}

static void options_in_options(void **state)
{
    struct explained stage;

    (void)state;
    load("option space in;\n"
         "option in.one code 1 = ip-address;\n"
         "option in.two code 2 = { boolean, text };\n"
         "option carrier code 222 = encapsulate in;\n"
         "option in.one 10.0.0.1;\n"
         "option in.two true \"t\";\n"
         "option space v;\n"
         "option v.menu code 9 = text;\n"
         "vendor-option-space v;\n"
         "subnet 10.50.1.0 netmask 255.255.255.0 {\n"
         "    range 10.50.1.5 10.50.1.9;\n"
         "    option v.menu \"m\";\n"
         "    option dhcp-parameter-request-list 222;\n"
         "}\n");
    stage = ask("rom", 1);
    assert_fact(&stage, "option vendor-encapsulated-options", "09:01:6d", 12);
    assert_fact(&stage, "option v.menu", "\"m\"", 12);
    assert_fact(&stage, "option carrier", "01:04:0a:00:00:01:02:02:01:74", 6);
    assert_fact(&stage, "option in.two", "true \"t\"", 6);
    assert_fact(&stage, "option dhcp-parameter-request-list", "222", 13);
}

static void refusals_name_their_line(void **state)
{
    struct explained stage;

    (void)state;
    load("subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.5 10.50.1.9; }\n"
         "deny unknown-clients;\n"
         "min-secs 30;\n"
         "host a { hardware ethernet 22:22:22:22:0:1; deny booting; }\n"
         "host b { hardware ethernet 22:22:22:22:0:2; max-lease-time 60; option dhcp-renewal-time "
         "20; "
         "option dhcp-rebinding-time 99; }\n");
    stage = ask("rom", 9);
    assert_false(stage.answered);
    assert_fact(&stage, "no answer", "it is unknown", 2);
    stage = ask("rom", 1);
    assert_false(stage.answered);
    assert_fact(&stage, "no answer", "booting is denied", 4);
    stage = ask("rom", 2);
    assert_true(stage.answered);
    assert_fact(&stage, "option dhcp-lease-time", "60", 5);
    assert_fact(&stage, "note", "after 30 seconds", 3);
    assert_fact(&stage, "option dhcp-renewal-time", "20", 5);
    assert_fact(&stage, "option dhcp-rebinding-time", "52", 5);
}

static void another_server_gives_the_address(void **state)
{
    struct explained stage;

    (void)state;
    load("proxy-dhcp on;\n"
         "filename \"f\";\n"
         "subnet 10.50.1.0 netmask 255.255.255.0 { }\n");
    stage = ask("rom", 1);
    assert_true(stage.answered);
    assert_fact(&stage, "address", "none", 1);
    assert_fact(&stage, "filename", "\"f\"", 2);
    stage = ask("kernel-linux", 1);
    assert_false(stage.answered);
    assert_fact(&stage, "no answer", "another server gives the addresses", 1);
    load("pxe-menu \"One\" \"one.0\", \"Disk\";\n"
         "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.5 10.50.1.9; }\n");
    stage = ask("rom", 1);
    assert_fact(&stage, "option vendor-encapsulated-options", "a PXE boot menu", 1);
    assert_fact(&stage, "menu item", "\"One\": \"one.0\"", 1);
    assert_fact(&stage, "menu item", "\"Disk\": local disk", 1);
}

static int release(void **state)
{
    (void)state;
    snapshot_free(snapshot);
    region_release(&region);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probes_look_like_their_clients),
        cmocka_unit_test(a_host_overrides_its_group),
        cmocka_unit_test(what_a_stage_does_not_ask_for_is_told),
        cmocka_unit_test(branches_and_classes),
        cmocka_unit_test(a_loader_is_answered_by_the_file_it_opens),
        cmocka_unit_test(every_stage_may_mount_the_roots_of_all),
        cmocka_unit_test(exports_are_told_with_their_rights),
        cmocka_unit_test(a_later_stage_finds_the_lease),
        cmocka_unit_test(options_in_options),
        cmocka_unit_test(refusals_name_their_line),
        cmocka_unit_test(another_server_gives_the_address),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
