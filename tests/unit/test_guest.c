#include "test.h"

#include "base/console_text.h"
#include "base/region.h"
#include "guest/addresses.h"
#include "guest/command_line.h"
#include "guest/terminal.h"
#include "guest/timeline.h"
#include "guest/trouble.h"
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* --- The command line --- */

static const char *after(char *const *arguments, const char *option)
{
    for (; *arguments; arguments++) {
        if (strcmp(*arguments, option) == 0)
            return arguments[1];
    }
    return NULL;
}

static void a_guest_has_its_mac_a_serial_port_and_no_screen(void **state)
{
    struct guest_description guest = {
        .type = guest_machine_type_find("x86_64", false),
        .accelerator = GUEST_TCG,
        .memory_mib = 512,
        .hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, 0x01}},
        .link_descriptor = 7,
        .link_is_tap = true,
    };
    struct region region;
    char *const *arguments;

    (void)state;
    region_init(&region, 0);
    arguments = guest_command_line(&region, &guest);
    assert_string_equal(arguments[0], "qemu-system-x86_64");
    assert_string_equal(after(arguments, "-machine"), "pc,graphics=off,accel=tcg");
    assert_string_equal(after(arguments, "-m"), "512");
    assert_string_equal(after(arguments, "-vga"), "none");
    assert_string_equal(after(arguments, "-display"), "none");
    assert_string_equal(after(arguments, "-serial"), "stdio");
    assert_string_equal(after(arguments, "-netdev"), "tap,id=network,fd=7");
    assert_string_equal(after(arguments, "-device"),
                        "e1000,netdev=network,mac=22:22:22:22:00:01,bootindex=1");
    guest.accelerator = GUEST_KVM;
    guest.nic = "virtio-net-pci";
    arguments = guest_command_line(&region, &guest);
    assert_string_equal(after(arguments, "-machine"), "pc,graphics=off,accel=kvm");
    assert_memory_equal(after(arguments, "-device"), "virtio-net-pci,", 15);
    region_release(&region);
}

static void a_card_s_name_cannot_smuggle_in_properties(void **state)
{
    (void)state;
    assert_true(guest_nic_is_valid("e1000"));
    assert_true(guest_nic_is_valid("virtio-net-pci"));
    assert_true(guest_nic_is_valid("ne2k_pci"));
    assert_false(guest_nic_is_valid(""));
    assert_false(guest_nic_is_valid("e1000,romfile=/etc/passwd"));
    assert_false(guest_nic_is_valid("e1000 x"));
}

static void kvm_is_blamed_for_what_kvm_did(void **state)
{
    static const char *const lines[] = {
        "KVM internal error. Suberror: 1",
        "KVM: entry failed, hardware error 0x80000021",
        "error: kvm run failed Invalid argument",
        "Could not access KVM kernel module: No such file or directory",
        "qemu-system-x86_64: failed to initialize kvm: Permission denied",
    };
    const struct guest_trouble *trouble;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        trouble = guest_trouble_find(lines[i]);
        assert_non_null(trouble);
        assert_true(trouble->emulate);
    }
    trouble = guest_trouble_find("qemu-system-x86_64: -device e2000,netdev=network: 'e2000' is not "
                                 "a valid device model name");
    assert_non_null(trouble);
    assert_false(trouble->emulate);
    assert_null(guest_trouble_find(
        "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.01H:ECX.pni"));
}

static const struct guest_machine_type *type_of(const char *arch, bool uefi)
{
    const struct guest_machine_type *type = guest_machine_type_find(arch, uefi);

    assert_non_null(type);
    return type;
}

static void every_machine_has_its_firmware_and_its_card(void **state)
{
    struct guest_description guest = {
        .type = type_of("mipsel", false),
        .hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22, 0, 0x01}},
        .link_descriptor = 9,
        .firmware = "/run/a,b/firmware-0",
        .variables = "/run/a,b/variables-0",
        .cpus = 3,
    };
    struct region region;
    char *const *arguments;
    char list[128];

    (void)state;
    region_init(&region, 0);
    arguments = guest_command_line(&region, &guest);
    assert_string_equal(arguments[0], "qemu-system-mipsel");
    assert_string_equal(after(arguments, "-netdev"), "socket,id=network,fd=9");
    assert_string_equal(after(arguments, "-net"),
                        "nic,netdev=network,macaddr=22:22:22:22:00:01,model=pcnet");
    assert_string_equal(after(arguments, "-bios"), "/run/a,b/firmware-0");
    assert_string_equal(after(arguments, "-smp"), "3");
    guest.type = type_of("aarch64", true);
    arguments = guest_command_line(&region, &guest);
    assert_string_equal(after(arguments, "-drive"),
                        "if=pflash,unit=0,format=raw,readonly=on,file=/run/a,,b/firmware-0");
    assert_string_equal(after(arguments, "-cpu"), "cortex-a57");
    assert_string_equal(after(arguments, "-device"),
                        "virtio-net-pci,netdev=network,mac=22:22:22:22:00:01,bootindex=1,romfile=");
    guest.type = type_of("riscv64", false);
    arguments = guest_command_line(&region, &guest);
    assert_string_equal(after(arguments, "-kernel"), "/run/a,b/firmware-0");
    assert_null(guest_machine_type_find("vax", false));
    assert_null(guest_machine_type_find("mipsel", true));
    assert_string_equal(guest_machine_type_list(list, sizeof(list), false),
                        "x86_64, i386, aarch64, mipsel, riscv64");
    assert_true(guest_machine_type_fits(type_of("i386", false), "x86_64"));
    assert_false(guest_machine_type_fits(type_of("aarch64", false), "x86_64"));
    region_release(&region);
}

/* --- What it prints --- */

/* The lines that came, one behind the other; those that are not at their end in brackets. */
static void collect(void *argument, const char *text, bool whole)
{
    char *to = argument;
    size_t length = strlen(to);

    snprintf(to + length, 256 - length, whole ? "%s|" : "[%s]", text);
}

static void a_console_is_read_as_people_see_it(void **state)
{
    struct console_text text = {.length = 0};
    char seen[256] = "";

    (void)state;
    console_text_take(&text, slice_of_string("one\r\n\x1b[1;31mtw\x1b[0mo\r\nlog"), collect, seen);
    assert_string_equal(seen, "one|two|[log]");
    seen[0] = 0;
    console_text_take(&text, slice_of_string("in\x1b"), collect, seen);
    console_text_take(&text, slice_of_string("]0;title\x07: x\b\x0e\t\r\n"), collect, seen);
    assert_string_equal(seen, "[login]login: \t|");
}

/* --- The server's addresses --- */

static const uint8_t router[] = {10, 50, 1, 254};
static const uint8_t elsewhere[] = {192, 0, 2, 7};
static const uint8_t inside[] = {10, 50, 1, 9};

enum { NETWORK = 0x0a320100, NETMASK = 0xffffff00 };

/* A host in one subnet that may have a range, with one setting each (of length 0: none). */
struct network_case {
    struct range range;
    uint32_t fixed_address;
    struct setting of_host, of_subnet;
};

static int find(const struct network_case *made, struct guest_addresses *addresses)
{
    struct snapshot *snapshot = snapshot_new();
    struct host host = {
        .name = "h",
        .hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22}},
        .fixed_addresses = &made->fixed_address,
        .fixed_address_count = made->fixed_address ? 1 : 0,
        .scope = {&snapshot->global, &made->of_host, made->of_host.value.length ? 1 : 0},
    };
    struct subnet subnets[] = {
        {.network = 0xc6336400, .netmask = NETMASK, .scope = {.outer = &snapshot->global}},
        {.network = NETWORK,
         .netmask = NETMASK,
         .scope = {&snapshot->global, &made->of_subnet, made->of_subnet.value.length ? 1 : 0},
         .ranges = &made->range,
         .range_count = made->range.high ? 1 : 0},
    };
    char error[256] = "";
    int result;

    snapshot->hosts = &host;
    snapshot->host_count = 1;
    snapshot->subnets = subnets;
    snapshot->subnet_count = 2;
    snapshot_index(snapshot);
    result = guest_addresses_find(addresses, snapshot, &host, error, sizeof(error));
    assert_int_equal(result == 0, error[0] == 0);
    snapshot_free(snapshot);
    return result;
}

static struct setting setting(enum setting_space space, unsigned code, const uint8_t *address)
{
    return (struct setting){.space = space, .code = code, .value = {address, 4}};
}

static void the_server_s_address_follows_from_the_configuration(void **state)
{
    struct network_case made = {.range = {NETWORK + 200, NETWORK + 250, false}};
    struct guest_addresses addresses;

    (void)state;
    /* Nothing but a range: the first address of that subnet. */
    assert_int_equal(find(&made, &addresses), 0);
    assert_int_equal(addresses.server, NETWORK + 1);
    assert_int_equal(addresses.netmask, NETMASK);
    assert_int_equal(addresses.also, 0);
    /* A router in the subnet is what the guests know. */
    made.of_subnet = setting(SPACE_DHCP, 3, router);
    assert_int_equal(find(&made, &addresses), 0);
    assert_int_equal(addresses.server, NETWORK + 254);
    /* next-server before that. */
    made.of_host = setting(SPACE_PARAMETER, PARAMETER_NEXT_SERVER, inside);
    assert_int_equal(find(&made, &addresses), 0);
    assert_int_equal(addresses.server, NETWORK + 9);
    assert_int_equal(addresses.also, 0);
    /* One that is elsewhere is reached through the router, which is us as well. */
    made.of_host = setting(SPACE_PARAMETER, PARAMETER_NEXT_SERVER, elsewhere);
    assert_int_equal(find(&made, &addresses), 0);
    assert_int_equal(addresses.server, NETWORK + 254);
    assert_int_equal(addresses.also, 0xc0000207);
}

static void the_server_takes_nobody_s_address(void **state)
{
    struct network_case made = {.range = {NETWORK + 1, NETWORK + 9, false},
                                .fixed_address = NETWORK + 10};
    struct guest_addresses addresses;

    (void)state;
    assert_int_equal(find(&made, &addresses), 0);
    assert_int_equal(addresses.server, NETWORK + 11);
    made.range.high = NETWORK + 254;
    assert_int_equal(find(&made, &addresses), -1);
}

/* --- The keys --- */

static void keys_up_to_each_command_go_to_the_guest(void **state)
{
    static const struct {
        const char *keys, *out;
        size_t used;
        char command;
    } rows[] = {
        {"ab\x03", "ab\x03", 3, 0},
        {"\x01\x01x", "\x01x", 3, 0}, /* Ctrl-a twice is one for the guest */
        {"a\x01xb", "a", 3, 'x'},
        {"b", "b", 1, 0},
        {"c\x01", "c", 2, 0}, /* the two keys need not come together */
        {"bd", "", 1, 'b'},
        {"d", "d", 1, 0},
    };
    struct terminal_keys keys = {false};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t out[16];
        size_t length;
        char command;

        assert_int_equal(terminal_split(&keys, (const uint8_t *)rows[i].keys, strlen(rows[i].keys),
                                        out, &length, &command),
                         rows[i].used);
        assert_int_equal(command, rows[i].command);
        assert_int_equal(length, strlen(rows[i].out));
        assert_memory_equal(out, rows[i].out, length);
    }
}

/* --- The timeline --- */

static void add(struct timeline *timeline, const char *json)
{
    timeline_add_json(timeline, slice_of_string(json));
}

static void a_boot_is_told_in_few_words(void **state)
{
    struct timeline *timeline = calloc(1, sizeof(*timeline));
    char *text;

    (void)state;
    timeline_start(timeline, 10000, "tcg");
    add(timeline, "{\"time\":9000,\"service\":\"dhcp\",\"stage\":\"ipxe\",\"asked\":\"earlier\","
                  "\"got\":\"\",\"bytes\":0,\"refused\":false}");
    add(timeline, "{\"time\":12270,\"service\":\"dhcp\",\"stage\":\"ipxe\",\"address\":null,"
                  "\"asked\":\"DHCPDISCOVER with client identifier 01:22\","
                  "\"got\":\"DHCPOFFER 10.50.1.204, file \\\"boot.ipxe\\\": a free address\","
                  "\"bytes\":0,\"refused\":false}");
    add(timeline, "{\"time\":13000,\"service\":\"tftp\",\"stage\":\"ipxe\","
                  "\"asked\":\"RRQ \\\"vmlinuz\\\" blksize 1432\",\"got\":\"all of it\","
                  "\"bytes\":14186432,\"refused\":false}");
    add(timeline, "{\"time\":13100,\"service\":\"tftp\",\"stage\":\"unknown\","
                  "\"asked\":\"RRQ \\\"x\\\"\",\"got\":\"there is no such file\",\"bytes\":0,"
                  "\"refused\":true}");
    add(timeline, "not JSON");
    add(timeline, "{\"time\":1}");
    for (int i = 0; i < 2; i++)
        add(timeline, "{\"time\":14000,\"service\":\"mount\",\"stage\":\"loader\","
                      "\"asked\":\"MNT /r v1 over udp\",\"got\":\"granted\",\"bytes\":0,"
                      "\"refused\":false}");
    timeline_watch_console(timeline, 15500, slice_of_string("demo lologi"));
    timeline_watch_console(timeline, 15510, slice_of_string("n: demo log"));
    timeline_watch_console(timeline, 15520, slice_of_string("in: "));
    add(timeline, "{\"time\":15530,\"service\":\"console\",\"stage\":\"userland\","
                  "\"asked\":\"its console says \\\"demo login: \\\"\",\"got\":\"\",\"bytes\":0,"
                  "\"refused\":false}");
    text = timeline_text(timeline);
    assert_string_equal(
        text, " seconds         bytes  stage      service  step\n"
              "    0.00                                    power-on (tcg)\n"
              "    2.27                ipxe       dhcp     DHCPDISCOVER -> DHCPOFFER 10.50.1.204\n"
              "    3.00    14,186,432  ipxe       tftp     vmlinuz\n"
              "    3.10                           tftp     x: there is no such file\n"
              "    4.00                loader     mount    MNT /r v1 over udp (2 times)\n"
              "    5.51                           console  login: (2 times)\n");
    free(text);
    free(timeline);
}

static void a_root_of_many_files_does_not_hide_the_boot(void **state)
{
    struct timeline *timeline = calloc(1, sizeof(*timeline));
    char json[200];

    (void)state;
    timeline_start(timeline, 0, "kvm");
    for (unsigned i = 0; i < 30; i++) {
        snprintf(
            json, sizeof(json),
            "{\"time\":5,\"service\":\"nfs\",\"stage\":\"userland\",\"asked\":\"v3 read of /%u "
            "over tcp\",\"got\":\"\",\"bytes\":0,\"refused\":false}",
            i);
        add(timeline, json);
    }
    assert_int_equal(timeline->count, 1 + TIMELINE_FILES_MAX + 1);
    assert_string_equal(timeline->rows[timeline->count - 1].what, "reads of more files");
    assert_int_equal(timeline->rows[timeline->count - 1].count, 30 - TIMELINE_FILES_MAX);
    free(timeline);
}

static void a_timeline_is_bounded(void **state)
{
    struct timeline *timeline = calloc(1, sizeof(*timeline));
    char what[16], *text;

    (void)state;
    timeline_start(timeline, 0, "tcg");
    for (unsigned i = 0; i < TIMELINE_ROWS_MAX + 10; i++) {
        snprintf(what, sizeof(what), "%u", i);
        timeline_add(timeline, i, 0, "", "", what);
    }
    text = timeline_text(timeline);
    assert_non_null(strstr(text, "and 11 more steps\n"));
    free(text);
    free(timeline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_has_its_mac_a_serial_port_and_no_screen),
        cmocka_unit_test(a_card_s_name_cannot_smuggle_in_properties),
        cmocka_unit_test(kvm_is_blamed_for_what_kvm_did),
        cmocka_unit_test(every_machine_has_its_firmware_and_its_card),
        cmocka_unit_test(a_console_is_read_as_people_see_it),
        cmocka_unit_test(the_server_s_address_follows_from_the_configuration),
        cmocka_unit_test(the_server_takes_nobody_s_address),
        cmocka_unit_test(keys_up_to_each_command_go_to_the_guest),
        cmocka_unit_test(a_boot_is_told_in_few_words),
        cmocka_unit_test(a_root_of_many_files_does_not_hide_the_boot),
        cmocka_unit_test(a_timeline_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
