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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_server_is_one_short_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
