#include "test.h"

#include "config/config.h"

#include <string.h>

/* What dhcpd reads without a word, and means something by. */
struct row {
    const char *text;
    enum setting_space space;
    unsigned code;
    const char *bytes;
    size_t length;
    size_t warnings;
};

#define BYTES(text)     text, sizeof(text) - 1
#define PARAMETER(name) SPACE_PARAMETER, PARAMETER_##name

static const struct row rows[] = {
    /* Numbers are bits: of a negative one, and of one that is too long. */
    {"option interface-mtu -1;", SPACE_DHCP, 26, BYTES("\xff\xff"), 0},
    {"option default-ip-ttl -128;", SPACE_DHCP, 23, BYTES("\x80"), 0},
    {"option arp-cache-timeout -5;", SPACE_DHCP, 35, BYTES("\xff\xff\xff\xfb"), 0},
    {"option arp-cache-timeout 4294967297;", SPACE_DHCP, 35, BYTES("\0\0\0\x01"), 1},
    {"option time-offset 4294967295;", SPACE_DHCP, 2, BYTES("\xff\xff\xff\xff"), 0},
    {"max-lease-time -5;", PARAMETER(MAX_LEASE_TIME), BYTES("\xff\xff\xff\xfb"), 0},
    {"max-lease-time 4294967896;", PARAMETER(MAX_LEASE_TIME), BYTES("\0\0\x02\x58"), 1},
    {"abandon-lease-time -1;", PARAMETER(ABANDON_SECONDS), BYTES("\x7f\xff\xff\xff"), 0},
    {"option dhcp-client-identifier 001:02;", SPACE_DHCP, 61, BYTES("\x01\x02"), 0},
    {"option user-class = 0001:f;", SPACE_DHCP, 77, BYTES("\x01\x0f"), 0},
    {"host a { hardware ethernet 0:13:d4:68:12:01b; }", SPACE_DHCP, 1, NULL, 0, 0},
    /* Flags may be computed, and know a third word. */
    {"ping-check = 1;", PARAMETER(PING_CHECK), BYTES("\x01"), 0},
    {"ping-check = 00;", PARAMETER(PING_CHECK), BYTES("\0"), 0},
    {"ping-check = true;", PARAMETER(PING_CHECK), BYTES("\x01"), 0},
    {"ping-check ignore;", PARAMETER(PING_CHECK), BYTES("\0"), 0},
    {"option ip-forwarding ignore;", SPACE_DHCP, 19, BYTES("\x02"), 0},
    /* Blanks may stand around dots. */
    {"next-server 10.0 .0. 1;", PARAMETER(NEXT_SERVER), BYTES("\x0a\0\0\1"), 0},
    {"option space sp; option sp. x code 1 = text; option sp . x \"y\";",
     (enum setting_space)SPACE_USER, 1, BYTES("y"), 0},
    /* A function that nobody knows has no value. */
    {"if foo (\"a\") { } filename = conat (\"a\");", PARAMETER(FILENAME), NULL, 0, 2},
    /* One word needs no quotes. */
    {"filename kernel;", PARAMETER(FILENAME), BYTES("kernel"), 0},
    {"server-name 1st;", PARAMETER(SERVER_NAME), BYTES("1st"), 0},
    /* Strings over several lines, and a zero that is cut short: the character behind it is lost,
     * and the next one escaped. */
    {"filename \"a\nb\";", PARAMETER(FILENAME), BYTES("a\nb"), 1},
    {"if option host-name = \"a\nb\" or known { }", PARAMETER(FILENAME), NULL, 0, 1},
    {"if \"a\nb\" ~= \"b\" { }", PARAMETER(FILENAME), NULL, 0, 1},
    {"class \"a\nb\" { match hardware; } subclass \"a\nb\" 1:2;", PARAMETER(FILENAME), NULL, 0, 2},
    {"filename \"a\\0;\"x\";", PARAMETER(FILENAME), BYTES("a\"x"), 1},
    {"filename \"a\\0\\102\";", PARAMETER(FILENAME), BYTES("aB"), 1},
    {"filename \"\\1019\\x4a\\q\";", PARAMETER(FILENAME), BYTES("A9Jq"), 0},
    /* Statements by another name. */
    {"option server.filename \"x\";", PARAMETER(FILENAME), BYTES("x"), 0},
    {"option server.filename = \"x\";", PARAMETER(FILENAME), BYTES("x"), 0},
    {"option server.max-lease-time 600;", PARAMETER(MAX_LEASE_TIME), BYTES("\0\0\x02\x58"), 0},
    {"option server.authoritative true;", PARAMETER(AUTHORITATIVE), BYTES("\x01"), 0},
    /* Keys and zones may stand anywhere; bootwire uses none. */
    {"if known { zone example.org. { primary 10.0.0.1; } }", SPACE_DHCP, 1, NULL, 0, 1},
    {"host a { key k { algorithm hmac-md5; secret \"aaaa\"; } }", SPACE_DHCP, 1, NULL, 0, 1},
    {"option server.ddns-ttl 20;", SPACE_DHCP, 3, NULL, 0, 1},
    {"option slp-service-scope false 07;", SPACE_DHCP, 79, BYTES("\0"), 1},
    /* Options without a value, options of other protocols, and codes that fit in no packet. */
    {"option flag code 250 = zerolen;\noption flag;", SPACE_DHCP, 250, BYTES(""), 0},
    {"option dhcp6.name-servers 2001:db8::1, 2001:db8::2;", SPACE_DHCP, 23, NULL, 0, 1},
    {"option dhcp6.mine code 70000 = text;\noption dhcp6.mine \"x\";", SPACE_DHCP, 1, NULL, 0, 1},
    {"option dhcp6.rapid-commit;", SPACE_DHCP, 14, NULL, 0, 1},
    {"option fqdn.hostname = \"x\";", SPACE_DHCP, 6, NULL, 0, 1},
    {"if exists fqdn.hostname { }", SPACE_DHCP, 6, NULL, 0, 1},
    {"option nwip.primary-dss 10.0.0.1;", SPACE_DHCP, 11, NULL, 0, 1},
    {"option unknown-300 01;", SPACE_DHCP, 44, NULL, 0, 1},
    {"option far code 300 = text;\noption far \"x\";", SPACE_DHCP, 44, NULL, 0, 1},
    /* Spaces: any name may be asked for, and a file may declare what is built in, or one twice. */
    {"site-option-space \"lost\";", PARAMETER(SITE_OPTION_SPACE), BYTES("\0\0\0\0"), 1},
    {"vendor-option-space lost;", PARAMETER(VENDOR_OPTION_SPACE), BYTES("\0\0\0\0"), 1},
    {"vendor-option-space a;\noption space a;", PARAMETER(VENDOR_OPTION_SPACE), BYTES("\0\0\0\x10"),
     0},
    {"option space a;\nsite-option-space \"a\";", PARAMETER(SITE_OPTION_SPACE), BYTES("\0\0\0\x10"),
     0},
    {"option space a;\noption space b;\noption space A;\nvendor-option-space a;",
     PARAMETER(VENDOR_OPTION_SPACE), BYTES("\0\0\0\x12"), 1},
    {"option space server;\noption server.filename code 1 = text;\noption server.filename \"y\";",
     (enum setting_space)SPACE_USER, 1, BYTES("y"), 0},
};

static void oddities_mean_what_they_mean_to_dhcpd(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct diagnostics found = {.count = 0};
        struct snapshot *snapshot = config_parse("conf", slice_of_string(row->text), &found);
        const struct setting *setting;
        struct scope_view view;

        if (!snapshot)
            fail_msg("%s: %s", row->text, found.list[0].message);
        view = scope_view_of(snapshot, NULL, NULL);
        setting = scope_view_find(&view, row->space, row->code);
        if (found.count != row->warnings || (setting != NULL) != (row->bytes != NULL))
            fail_msg("%s: %zu warnings, %s", row->text, found.count, setting ? "set" : "not set");
        if (setting && !slice_equal(setting->value, slice_of(row->bytes, row->length)))
            fail_msg("%s: another value", row->text);
        diagnostics_release(&found);
        snapshot_free(snapshot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oddities_mean_what_they_mean_to_dhcpd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
