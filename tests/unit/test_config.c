#include "test.h"

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>

/* The configuration of the README's first page. */
static const char whole_server[] =
    "tftp-root \"/srv/tftp\";\n"
    "\n"
    "subnet 10.50.1.0 netmask 255.255.255.0 {\n"
    "    range 10.50.1.200 10.50.1.250;\n"
    "}\n"
    "host kvm-netbsd-ia32 {\n"
    "  hardware ethernet 22:22:22:22:00:00;\n"
    "  next-server 10.50.1.1;                        # TFTP / NFS host\n"
    "  filename \"/netbsd-5/pxeboot_ia32.bin\";        # Path on TFTP server\n"
    "\n"
    "  option root-path \"/storage/nfs/ia32/netbsd-5.1.2/root\"; # Path on NFS server\n"
    "}\n";

/* Parses a text that must be without errors and warnings. */
static struct snapshot *parse_clean(const char *text)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_parse("conf", slice_of_string(text), &diagnostics);

    for (size_t i = 0; i < diagnostics.count; i++) {
        char *message = diagnostic_text(&diagnostics.list[i]);

        fputs(message, stderr);
        free(message);
    }
    assert_non_null(snapshot);
    assert_int_equal(diagnostics.count, 0);
    diagnostics_release(&diagnostics);
    return snapshot;
}

static void the_whole_server_is_one_short_file(void **state)
{
    struct snapshot *snapshot = parse_clean(whole_server);
    const struct hardware hardware = {HARDWARE_ETHERNET, 6, {0x22, 0x22, 0x22, 0x22}};
    const struct host *host = snapshot_host_by_hardware(snapshot, &hardware);
    const struct subnet *subnet = snapshot_subnet_of(snapshot, 0x0a3201c8);
    struct scope_view view = scope_view_of(snapshot, host, subnet);
    const struct setting *root;

    (void)state;
    assert_int_equal(snapshot->subnet_count, 1);
    assert_int_equal(snapshot->host_count, 1);
    assert_non_null(host);
    assert_string_equal(host->name, "kvm-netbsd-ia32");
    assert_int_equal(host->where.line, 6);
    assert_int_equal(host->where.column, 1);
    assert_non_null(subnet);
    assert_int_equal(subnet->netmask, 0xffffff00);
    assert_int_equal(subnet->range_count, 1);
    assert_int_equal(subnet->ranges[0].low, 0x0a3201c8);
    assert_int_equal(subnet->ranges[0].high, 0x0a3201fa);
    assert_int_equal(scope_view_number(&view, PARAMETER_NEXT_SERVER, 0), 0x0a320101);
    assert_true(slice_equal_string(scope_view_bytes(&view, SPACE_PARAMETER, PARAMETER_FILENAME),
                                   "/netbsd-5/pxeboot_ia32.bin"));
    assert_true(slice_equal_string(scope_view_bytes(&view, SPACE_DHCP, 17),
                                   "/storage/nfs/ia32/netbsd-5.1.2/root"));
    root = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);
    assert_non_null(root);
    assert_string_equal((const char *)root->value.data, "/srv/tftp");
    assert_int_equal(root->value.length, 9);
    assert_int_equal(root->where.line, 1);
    assert_string_equal(root->where.file, "conf");
    snapshot_free(snapshot);
}

/* The value of the only option that a text sets in the global scope. */
static void expect_option(const char *text, unsigned code, const char *bytes, size_t length)
{
    struct snapshot *snapshot = parse_clean(text);
    const struct setting *setting = snapshot->global.settings;

    assert_int_equal(snapshot->global.count, 1);
    if (setting->space != SPACE_DHCP || setting->code != code ||
        !slice_equal(setting->value, slice_of(bytes, length)))
        fail_msg("%s: another option or value", text);
    snapshot_free(snapshot);
}

static void every_type_of_option_is_encoded(void **state)
{
    static const struct {
        const char *text;
        unsigned code;
        const char *bytes;
        size_t length;
    } rows[] = {
        {"option subnet-mask 255.255.255.0;", 1, "\xff\xff\xff\0", 4},
        {"option time-offset -3600;", 2, "\xff\xff\xf1\xf0", 4},
        {"option time-offset 4294963696;", 2, "\xff\xff\xf1\xf0", 4},
        {"option routers 10.0.0.1, 10.0.0.2;", 3, "\x0a\0\0\1\x0a\0\0\2", 8},
        {"OPTION dhcp.Routers\n 10.0.0.1\n ;", 3, "\x0a\0\0\1", 4},
        {"option host-name \"a\\tb\";", 12, "a\tb", 3},
        {"option boot-size 256;", 13, "\1\0", 2},
        {"option domain-name foo;", 15, "foo", 3},
        {"option domain-name = \"\";", 15, "", 0},
        {"option ip-forwarding on;", 19, "\1", 1},
        {"option ip-forwarding FALSE;", 19, "\0", 1},
        {"option policy-filter 10.0.0.0 255.0.0.0, 11.0.0.0 255.0.0.0;", 21,
         "\x0a\0\0\0\xff\0\0\0\x0b\0\0\0\xff\0\0\0", 16},
        {"option default-ip-ttl 0x40;", 23, "\x40", 1},
        {"option default-ip-ttl 010;", 23, "\x8", 1},
        {"option path-mtu-aging-timeout 4294967295;", 24, "\xff\xff\xff\xff", 4},
        {"option path-mtu-plateau-table 68, 296;", 25, "\0\x44\1\x28", 4},
        {"option static-routes 10.1.0.0 10.0.0.1;", 33, "\x0a\1\0\0\x0a\0\0\1", 8},
        {"option vendor-encapsulated-options 06:1:08;", 43, "\6\1\x8", 3},
        {"option vendor-encapsulated-options \"Raspberry Pi Boot   \";", 43, "Raspberry Pi Boot   ",
         20},
        {"option dhcp-parameter-request-list 1,3,6,208;", 55, "\1\3\6\xd0", 4},
        {"option vendor-class-identifier \"PXEClient\";", 60, "PXEClient", 9},
        {"option dhcp-client-identifier 01:22:FF;", 61, "\1\x22\xff", 3},
        {"option slp-directory-agent true 10.0.0.1, 10.0.0.2;", 78, "\1\x0a\0\0\1\x0a\0\0\2", 9},
        {"option slp-service-scope true \"a,b\";", 79, "\1\141,b", 4},
        {"option slp-service-scope false;", 79, "\0", 1},
        {"option pxe-system-type 0, 7;", 93, "\0\0\0\7", 4},
        {"option pxe-interface-id 1 3 16;", 94, "\1\3\x10", 3},
        {"option pxe-client-id 0 01:02;", 97, "\0\1\2", 3},
        {"option domain-search \"a.bc.de\", \"f.bc.de\";", 119,
         "\1\141\2\142\143\2\144\145\0\1f\xc0\2", 13},
        {"option classless-static-routes 10.60.1.0/24 10.50.1.1, 0.0.0.0/0 10.50.1.2;", 121,
         "\x18\x0a\x3c\1\x0a\x32\1\1\0\x0a\x32\1\2", 13},
        {"option v4-lost \"a.bc\";", 137, "\1\141\2\142\143\0", 6},
        {"option rdnss-selection 1 10.0.0.1 10.0.0.2 \"a\", \"a\";", 146,
         "\1\x0a\0\0\1\x0a\0\0\2\1\141\0\1\141\0", 15},
        {"option v4-portparams 1 2 515;", 159, "\1\2\2\3", 4},
        {"option option-6rd 8 32 2001:db8:: 10.0.0.1, 10.0.0.2;", 212,
         "\x8\x20\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\x0a\0\0\1\x0a\0\0\2", 26},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_option(rows[i].text, rows[i].code, rows[i].bytes, rows[i].length);
}

static void declarations_make_scopes(void **state)
{
    static const char text[] =
        "default-lease-time 1;\r\n"
        "shared-network lab {\r\n"
        "  default-lease-time 2;\r\n"
        "  subnet 10.0.0.0 netmask 255.255.255.0 {\r\n"
        "    default-lease-time 3;\r\n"
        "    range dynamic-bootp 10.0.0.9\r\n      10.0.0.5;\r\n"
        "    group named {\r\n"
        "      default-lease-time 4;\r\n"
        "      HOST in.subnet { fixed-address 10.0.1.7, 10.0.0.7; }\r\n"
        "    }\r\n"
        "    pool { range 10.0.0.20; }\r\n"
        "  }\r\n"
        "  subnet 10.0.1.0 netmask 255.255.255.0 { }\r\n"
        "  pool { range 10.0.1.20 10.0.1.30; host 1st { hardware token-ring 1:2:3:4:5:6; } }\r\n"
        "}\r\n"
        "host outside { option dhcp-client-identifier 00:01; default-lease-time 5; }\r\n";
    struct snapshot *snapshot = parse_clean(text);
    const struct subnet *first = snapshot_subnet_of(snapshot, 0x0a000007);
    const struct subnet *second = snapshot_subnet_of(snapshot, 0x0a000107);
    const struct host *host = snapshot_host_by_address(snapshot, 0x0a000007);
    struct scope_view view;

    (void)state;
    assert_int_equal(snapshot->subnet_count, 2);
    assert_int_equal(snapshot->host_count, 3);
    assert_ptr_equal(first->scope.outer, second->scope.outer);
    assert_int_equal(first->range_count, 2);
    assert_int_equal(first->ranges[0].low, 0x0a000005);
    assert_int_equal(first->ranges[0].high, 0x0a000009);
    assert_true(first->ranges[0].dynamic_bootp);
    assert_int_equal(first->ranges[1].low, 0x0a000014);
    assert_int_equal(first->ranges[1].high, 0x0a000014);
    assert_false(first->ranges[1].dynamic_bootp);
    assert_int_equal(second->range_count, 1);
    assert_int_equal(second->ranges[0].high, 0x0a00011e);

    assert_string_equal(host->name, "in.subnet");
    assert_int_equal(host->fixed_address_count, 2);
    assert_int_equal(host->fixed_addresses[0], 0x0a000107);
    /* The host, its group, its subnet (once), the shared network, the global scope. */
    view = scope_view_of(snapshot, host, first);
    assert_int_equal(view.count, 5);
    assert_int_equal(scope_view_number(&view, PARAMETER_DEFAULT_LEASE_TIME, 0), 4);
    view = scope_view_of(snapshot, NULL, second);
    assert_int_equal(scope_view_number(&view, PARAMETER_DEFAULT_LEASE_TIME, 0), 2);

    host = snapshot_host_by_client_identifier(snapshot, slice_of("\0\1", 2));
    assert_string_equal(host->name, "outside");
    assert_ptr_equal(host->scope.outer, &snapshot->global);
    assert_int_equal(host->scope.count, 1);
    assert_int_equal(snapshot_host_by_name(snapshot, "1st")->hardware.type, HARDWARE_TOKEN_RING);
    snapshot_free(snapshot);
}

static void an_empty_file_is_a_configuration(void **state)
{
    struct snapshot *snapshot = parse_clean(" # nothing\n");

    (void)state;
    assert_int_equal(snapshot->global.count, 0);
    assert_int_equal(snapshot->host_count, 0);
    assert_int_equal(snapshot->subnet_count, 0);
    snapshot_free(snapshot);
    snapshot_free(parse_clean(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_server_is_one_short_file),
        cmocka_unit_test(every_type_of_option_is_encoded),
        cmocka_unit_test(declarations_make_scopes),
        cmocka_unit_test(an_empty_file_is_a_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
