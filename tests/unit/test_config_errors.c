/* What is said about a configuration with mistakes: each row a text, and the place, severity and
 * words of its only message. */
#include "test.h"

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NET "subnet 10.0.0.0 netmask 255.0.0.0 {\n"

static const struct row {
    const char *text;
    unsigned line, column;
    enum diagnostic_severity severity;
    const char *message;
} rows[] = {
    /* Text that is none of the language. */
    {"\xef\xbb\xbf"
     "authoritative;",
     1, 1, DIAGNOSTIC_ERROR,
     "the file begins with a byte-order mark: save it without one (plain UTF-8 or ASCII)"},
    {"// words\nauthoritative;", 1, 1, DIAGNOSTIC_ERROR,
     "`//` begins no comment here: a comment begins with `#` and goes to the end of its line"},
    {"authoritative; /* words\n */ authoritative;", 1, 16, DIAGNOSTIC_ERROR,
     "`/*` begins no comment here: a comment begins with `#` and goes to the end of its line"},
    {"filename \"abc;\nauthoritative;", 1, 10, DIAGNOSTIC_ERROR,
     "this string is not closed: expected '\"' before the end of its line"},
    {"if extract-int(\"a\", 8) = \"a\" { }", 1, 26, DIAGNOSTIC_ERROR,
     "a number cannot be compared with data: put `extract-int (..., WIDTH)` around this, or write "
     "a "
     "plain number on the right"},
    {"option space s; option s.5 code 1 = text;", 1, 24, DIAGNOSTIC_ERROR,
     "the name of an option has a letter, and no `.` but that behind its space"},
    {"filename \"abc;\noption root-path \"b\";", 1, 10, DIAGNOSTIC_ERROR,
     "this string is not closed: expected '\"' before the end of its line"},
    {"filename \"abc\ndef\";", 1, 10, DIAGNOSTIC_WARNING,
     "this string goes on in the next line: is a quote missing?"},
    {"filename \"a\\0 bc\";", 1, 12, DIAGNOSTIC_WARNING,
     "this escape is cut short: the character behind it is lost, and the next is read as if \\ "
     "stood before it; write \\000"},
    {"filename \"a\\x4\";", 1, 12, DIAGNOSTIC_ERROR,
     "this escape is cut short: write \\x and two hexadecimal digits, \\ and three octal digits, "
     "or \\\\ for a backslash"},
    {"filename \"a\\18\";", 1, 12, DIAGNOSTIC_ERROR,
     "this escape is cut short: write \\x and two hexadecimal digits, \\ and three octal digits, "
     "or \\\\ for a backslash"},
    {"tftp-ports 20000 19999;", 1, 12, DIAGNOSTIC_ERROR,
     "the first port is above the last one: exchange them"},
    {"\"x\";", 1, 1, DIAGNOSTIC_ERROR, "expected a statement, found \"x\""},
    {"\x01;", 1, 1, DIAGNOSTIC_ERROR, "expected a statement, found `\\x01`"},

    /* Statements that are none, or stand in the wrong place. */
    {"authorative;", 1, 1, DIAGNOSTIC_WARNING,
     "there is no statement `authorative`, so this has no effect; the nearest one is "
     "`authoritative`"},
    {"subnett 10.0.0.0 netmask 255.0.0.0 { nonsense; }", 1, 1, DIAGNOSTIC_ERROR,
     "there is no statement `subnett`; the nearest one is `subnet`"},
    {"DHCPDARGS=eth0;", 1, 1, DIAGNOSTIC_WARNING,
     "there is no statement `DHCPDARGS`, so this has no effect"},
    {"elseif x { }", 1, 1, DIAGNOSTIC_ERROR, "there is no statement `elseif`: it is `elsif`"},
    {"routers 10.0.0.1;", 1, 1, DIAGNOSTIC_ERROR,
     "`routers` is an option: write `option routers ...;`"},
    {"range 10.0.0.1;", 1, 1, DIAGNOSTIC_ERROR,
     "`range` cannot stand in the global scope: it belongs in subnet, pool"},
    {"host a {\n  state-directory \"/x\";\n}", 2, 3, DIAGNOSTIC_ERROR,
     "`state-directory` cannot stand in a host: it belongs in the global scope"},
    {"host a { authoritative; }", 1, 10, DIAGNOSTIC_ERROR,
     "`authoritative` cannot stand in a host: it belongs in the global scope, shared-network, "
     "subnet, pool, group, "
     "class, subclass"},

    /* Semicolons and braces. */
    {"next-server 10.0.0.1\nauthoritative;", 1, 21, DIAGNOSTIC_ERROR,
     "expected `;` at the end of this statement"},
    {"host a { next-server 10.0.0.1 }", 1, 30, DIAGNOSTIC_ERROR,
     "expected `;` at the end of this statement"},
    {"ping-timeout 1\nauthoritative;", 1, 16, DIAGNOSTIC_WARNING, NULL},
    {"next-server 10.0.0.1 10.0.0.2;", 1, 22, DIAGNOSTIC_ERROR, "expected `;`, found `10.0.0.2`"},
    {";", 1, 1, DIAGNOSTIC_ERROR, "this `;` ends no statement: it is one too many"},
    {"authoritative;;", 1, 15, DIAGNOSTIC_ERROR, "this `;` ends no statement: it is one too many"},
    {"host a { };", 1, 11, DIAGNOSTIC_ERROR, "no `;` may follow the `}` of a block"},
    {"authoritative;\n}", 2, 1, DIAGNOSTIC_ERROR, "this `}` closes no block"},
    {"host a", 1, 7, DIAGNOSTIC_ERROR, "expected `{`, found the end of the file"},
    {"\nhost a {\n", 2, 9, DIAGNOSTIC_ERROR,
     "the file ends inside the block that line 2 opens: expected `}`"},
    {"filename == \"x\";", 1, 11, DIAGNOSTIC_ERROR,
     "`==` is not of this language: a value is set, and compared, with one `=`"},

    /* Values. */
    {"next-server \"10.0.0.1\";", 1, 13, DIAGNOSTIC_ERROR,
     "expected an IPv4 address, found \"10.0.0.1\": write it without quotes"},
    {"next-server boot.example.org;", 1, 13, DIAGNOSTIC_WARNING,
     "the name `boot.example.org` has no IPv4 address now: what needs it stays unset until this "
     "file is read again"},
    {"next-server boot..org;", 1, 13, DIAGNOSTIC_ERROR,
     "expected an IPv4 address, found the name `boot..org`: no name can stand here"},
    {"subnet lab netmask 255.0.0.0 { }", 1, 8, DIAGNOSTIC_ERROR,
     "expected an IPv4 address, found the name `lab`: no name can stand here"},
    {"next-server 10.0.0.256;", 1, 13, DIAGNOSTIC_ERROR,
     "`10.0.0.256` is no IPv4 address: it has four numbers from 0 to 255 with dots between them"},
    {"next-server;", 1, 12, DIAGNOSTIC_ERROR, "expected an IPv4 address, found `;`"},
    {"default-lease-time \"600\";", 1, 20, DIAGNOSTIC_ERROR,
     "expected a number of seconds, found \"600\": write it without quotes"},
    {"default-lease-time 7x;", 1, 20, DIAGNOSTIC_ERROR, "expected a number of seconds, found `7x`"},
    {"default-lease-time -2147483649;", 1, 20, DIAGNOSTIC_ERROR,
     "expected a number of seconds from -2147483648 to 4294967295, found `-2147483649`"},
    {"boot-timeout 99999999999999999999;", 1, 14, DIAGNOSTIC_ERROR,
     "expected a number of seconds from -2147483648 to 4294967295, found "
     "`99999999999999999999`"},
    {"filename /pxelinux.0;", 1, 10, DIAGNOSTIC_ERROR,
     "expected the filename in quotes, found `/`"},
    {"filename \"a\\000b\";", 1, 10, DIAGNOSTIC_ERROR, "a filename cannot hold a zero byte"},
    {"tftp-root \"srv\";", 1, 11, DIAGNOSTIC_ERROR,
     "expected a directory with its whole path, from `/` on"},
    {"always-broadcast yes;", 1, 18, DIAGNOSTIC_ERROR,
     "expected true, false, on or off, found `yes`"},
    {"not bootp;", 1, 5, DIAGNOSTIC_ERROR, "expected `authoritative`, found `bootp`"},
    {"allow boting;", 1, 7, DIAGNOSTIC_ERROR,
     "`boting` cannot be allowed or denied; the nearest that can is `booting`"},
    {"allow \"x\";", 1, 7, DIAGNOSTIC_ERROR,
     "expected `booting`, `bootp` or `unknown-clients`, found \"x\""},
    {"allow client-updates;", 1, 1, DIAGNOSTIC_WARNING,
     "`allow client-updates` has no effect in bootwire"},
    {"ddns-updates on;\nhost a { ddns-updates off; }\nddns-updates on;", 1, 1, DIAGNOSTIC_WARNING,
     "`ddns-updates` has no effect in bootwire, here and in 2 more places"},
    {"console com9;", 1, 9, DIAGNOSTIC_ERROR,
     "expected a console: pc, com0 to com3, com0kbd to com3kbd, or auto, found `com9`"},
    {"console com0 0;", 1, 14, DIAGNOSTIC_ERROR,
     "expected a speed in baud from 1 to 2147483647, found `0`"},
    {"console com0 address 0x1ffffffff;", 1, 22, DIAGNOSTIC_ERROR,
     "expected an I/O address from 1 to 4294967295, found `0x1ffffffff`"},

    /* Options. */
    {"option;", 1, 7, DIAGNOSTIC_ERROR, "expected the name of an option, found `;`"},
    {"option router 10.0.0.1;", 1, 8, DIAGNOSTIC_ERROR,
     "there is no option `router`; the nearest one is `routers`"},
    {"option zzzzzzzz 1;", 1, 8, DIAGNOSTIC_ERROR, "there is no option `zzzzzzzz`"},
    {"option filename \"x\";", 1, 8, DIAGNOSTIC_ERROR,
     "`filename` is no option but a statement: write `filename ...;` without `option`"},
    {"option ipxe.no-pxedhcp 1;", 1, 8, DIAGNOSTIC_ERROR,
     "there is no option `ipxe.no-pxedhcp`: it must be defined before this line, and its space "
     "too"},
    {"option routers 10.0.0.1,;", 1, 25, DIAGNOSTIC_ERROR, "expected an IPv4 address, found `;`"},
    {"option subnet-mask 255.0.0.0, 255.0.0.0;", 1, 29, DIAGNOSTIC_ERROR,
     "expected `;`, found `,`"},
    {"option default-ip-ttl 256;", 1, 23, DIAGNOSTIC_ERROR,
     "expected a number from -128 to 255, found `256`"},
    {"option root-path /x;", 1, 18, DIAGNOSTIC_ERROR, "expected text in quotes, found `/`"},
    {"option dhcp-client-identifier 01:xx;", 1, 34, DIAGNOSTIC_ERROR,
     "expected text in quotes or bytes in hexadecimal, as in 01:a0:ff, found `xx`"},
    {"option domain-search \"a..b\";", 1, 22, DIAGNOSTIC_ERROR,
     "\"a..b\" is no domain name: its parts have 1 to 63 characters, the whole at most 253"},
    {"option classless-static-routes 10.60.1.0 10.50.1.1;", 1, 42, DIAGNOSTIC_ERROR,
     "expected `/` and the prefix's length, as in 10.60.0.0/16, found `10.50.1.1`"},
    {"option classless-static-routes 10.60.1.0/33 10.50.1.1;", 1, 42, DIAGNOSTIC_ERROR,
     "expected a prefix length from 0 to 32, found `33`"},
    {"option classless-static-routes 10.60.1.1/24 10.50.1.1;", 1, 32, DIAGNOSTIC_WARNING,
     "10.60.1.1 has bits beyond its prefix, which are not sent"},
    {"option option-6rd 1 2 20x::1 10.0.0.1;", 1, 23, DIAGNOSTIC_ERROR,
     "expected an IPv6 address, as in 2001:db8::1"},
    {"option root-path "
     "\"/0123456789012345678901234567890123456789012345678901234567890123456789"
     "012345678901234567890123456789012345678901234567890123456789\";",
     1, 18, DIAGNOSTIC_WARNING, "this root-path has 131 bytes: NetBSD's loader has room for 127"},

    {"metrics-clients 10.0.0.1/8;", 1, 17, DIAGNOSTIC_ERROR,
     "this address has bits outside its prefix: the network is 10.0.0.0/8"},
    {"metrics-clients;", 1, 16, DIAGNOSTIC_ERROR, "expected an IPv4 address, found `;`"},

    /* Declarations. */
    {"subnet 10.50.1.7 netmask 255.255.255.0 { }", 1, 8, DIAGNOSTIC_ERROR,
     "this address has bits outside the netmask 255.255.255.0: the subnet is 10.50.1.0"},
    {"subnet 10.0.0.0 netmask 255.0.255.0 { }", 1, 25, DIAGNOSTIC_ERROR,
     "255.0.255.0 is no netmask: its one bits must stand before its zero bits"},
    {"subnet 10.0.0.0/8 { }", 1, 16, DIAGNOSTIC_ERROR,
     "a prefix length cannot stand here: write `netmask` and the mask"},
    {"subnet 10.0.0.0 { }", 1, 17, DIAGNOSTIC_ERROR, "expected `netmask`, found `{`"},
    {NET "group { subnet 10.1.0.0 netmask 255.255.0.0 { } } }", 2, 9, DIAGNOSTIC_ERROR,
     "a subnet cannot stand in another"},
    {"option root-path = concat(\"/nfs/\", option host-name);", 1, 1, DIAGNOSTIC_WARNING,
     "this root-path is made from what the client sends: clients are told it, but it is no NFS "
     "export of this server"},
    {"proxy-dhcp on;\n" NET "range 10.0.0.8; }", 3, 7, DIAGNOSTIC_WARNING,
     "nobody gets an address of this range: line 1 of conf leaves the addresses to another server "
     "(proxy-dhcp)"},
    {NET "}\n" NET "}", 3, 1, DIAGNOSTIC_WARNING,
     "this subnet is declared already: it stands in line 1 of conf, and that one counts"},
    {NET "range 10.0.0.1, 10.0.0.2; }", 2, 15, DIAGNOSTIC_ERROR,
     "a range is two addresses with a space between them: `range LOW HIGH;`"},
    {NET "range 10.0.0.1\npool { } }", 2, 15, DIAGNOSTIC_ERROR,
     "expected `;` at the end of this statement"},
    {"console com0\nauthoritative;", 1, 13, DIAGNOSTIC_ERROR,
     "expected `;` at the end of this statement"},
    {NET "range 10.0.0.0/24; }", 2, 15, DIAGNOSTIC_ERROR,
     "a range is two addresses with a space between them: `range LOW HIGH;`"},
    {NET "range 10.0.0.1 11.0.0.2; }", 2, 7, DIAGNOSTIC_ERROR,
     "the range 10.0.0.1 to 11.0.0.2 is not within its subnet 10.0.0.0 netmask 255.0.0.0"},
    {NET "range 10.0.0.1 10.0.0.9;\nrange 10.0.0.9; }", 3, 7, DIAGNOSTIC_ERROR,
     "the address 10.0.0.9 is in another range as well: that of line 2 of conf"},
    {"shared-network a {\n" NET "} pool { range 12.0.0.1; } }", 3, 16, DIAGNOSTIC_ERROR,
     "no subnet of this shared-network holds the range 12.0.0.1 to 12.0.0.1"},
    {"group { pool { } }", 1, 9, DIAGNOSTIC_ERROR,
     "a pool belongs in a subnet or a shared-network"},
    {NET "pool { deny members of \"c\"; } }", 2, 24, DIAGNOSTIC_ERROR,
     "there is no class \"c\" before this line"},
    {"shared-network a {\n}", 1, 1, DIAGNOSTIC_ERROR,
     "a shared-network holds at least one subnet: this one has none"},
    {"option x code 250 = array of text;", 1, 30, DIAGNOSTIC_ERROR,
     "text, string and domain names cannot stand in an array"},
    {"option x code 250 = array of { integer 8, string };", 1, 43, DIAGNOSTIC_ERROR,
     "text, string and domain names cannot stand in an array"},
    {"option x code 250 = array of domain-list;", 1, 30, DIAGNOSTIC_ERROR,
     "a domain-list is a list already: write it without `array of`"},
    {"option x code 250 = { text, integer 8 };", 1, 29, DIAGNOSTIC_ERROR,
     "text, string and domain names end a record: nothing follows"},
    {"option x code 250 = array of { array of integer 8 };", 1, 41, DIAGNOSTIC_ERROR,
     "an array cannot hold another array"},
    {"shared-network { }", 1, 16, DIAGNOSTIC_ERROR,
     "expected the name of the shared network, found `{`"},
    {"host { }", 1, 6, DIAGNOSTIC_ERROR, "expected the host's name, found `{`"},
    {"host a { }\nhost a { }", 2, 1, DIAGNOSTIC_ERROR,
     "a host of this name is declared already: it stands in line 1 of conf"},
    {"host a { hardware ethernet 1:2:3:4:5:6; }\nhost b { hardware ethernet 1:2:3:4:5:6; }", 2, 1,
     DIAGNOSTIC_WARNING,
     "another host has this hardware address: it stands in line 1 of conf, and that one counts"},
    {NET "}\nhost a { hardware ethernet 1:2:3:4:5:6; fixed-address 10.0.0.1; }\n"
         "host b { hardware ethernet 1:2:3:4:5:6; fixed-address 10.0.0.2; }",
     4, 1, DIAGNOSTIC_WARNING,
     "another host has this hardware address in the same network: it stands in line 3 of conf, and "
     "that one counts"},
    {"host a { option dhcp-client-identifier \"x\"; }\n"
     "host b { option dhcp-client-identifier 78; }",
     2, 1, DIAGNOSTIC_WARNING,
     "another host has this client identifier: it stands in line 1 of conf, and that one counts"},
    {NET "}\nhost a { fixed-address 10.0.0.1; }\nhost b { fixed-address 10.0.0.1; }", 4, 24,
     DIAGNOSTIC_WARNING,
     "another host has this fixed address: it stands in line 3 of conf, and that one counts"},
    {"host a { hardware ethernet 22-22-22-22-00-00; }", 1, 28, DIAGNOSTIC_ERROR,
     "a hardware address has `:` between its bytes, not `-`"},
    {"host a { hardware ethernet 1:2:3; }", 1, 28, DIAGNOSTIC_WARNING,
     "this address has 3 bytes, and one of ethernet has 6: no machine will match"},
    {"host a { hardware infiniband 1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1; }", 1, 30, DIAGNOSTIC_WARNING,
     "this address has 17 bytes, and DHCP carries 16: no machine will match"},
    {"host a { hardware ether 1:2:3:4:5:6; }", 1, 19, DIAGNOSTIC_ERROR,
     "expected `ethernet`, `token-ring`, `fddi` or `infiniband`, found `ether`"},
    {"host a { hardware ethernet 1:2:3:4:5:6;\n hardware ethernet 1:2:3:4:5:7; }", 2, 2,
     DIAGNOSTIC_ERROR,
     "this host has a hardware address already: declare another host for this one"},
    {NET "}\nhost a { fixed-address 10.0.0.1;\n fixed-address 10.0.0.2; }", 4, 2, DIAGNOSTIC_ERROR,
     "this host has a fixed-address already: write all addresses in one, with `,` between them"},
    {"host a { fixed-address 10.0.0.1; }", 1, 24, DIAGNOSTIC_WARNING,
     "no subnet holds the address 10.0.0.1: host a cannot get it"},
    {"include \"x\";", 1, 9, DIAGNOSTIC_ERROR,
     "a configuration that is no file cannot include one"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void every_mistake_has_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnostics found = {.count = 0};
        struct snapshot *snapshot = config_parse("conf", slice_of_string(rows[i].text), &found);

        if (!rows[i].message) {
            /* A row with two messages: the second is the missing `;`. */
            assert_int_equal(found.count, 2);
        } else {
            if (found.count != 1)
                fail_msg("%s: %zu messages, the second: %s", rows[i].text, found.count,
                         found.count > 1 ? found.list[1].message : "");
            assert_string_equal(found.list[0].message, rows[i].message);
            if (found.list[0].where.line != rows[i].line ||
                found.list[0].where.column != rows[i].column)
                fail_msg("%s: at %u:%u", rows[i].text, found.list[0].where.line,
                         found.list[0].where.column);
            assert_int_equal(found.list[0].severity, rows[i].severity);
            assert_string_equal(found.list[0].where.file, "conf");
            assert_true((snapshot == NULL) == (rows[i].severity == DIAGNOSTIC_ERROR));
        }
        snapshot_free(snapshot);
        diagnostics_release(&found);
    }
}

/* One declaration for each network, and one for the others. */
static void a_machine_in_several_networks_is_no_mistake(void **state)
{
    static const char text[] =
        "subnet 10.0.0.0 netmask 255.255.255.0 { }\nsubnet 10.0.1.0 netmask 255.255.255.0 { }\n"
        "host a { hardware ethernet 1:2:3:4:5:6; fixed-address 10.0.0.1; }\n"
        "host b { hardware ethernet 1:2:3:4:5:6; fixed-address 10.0.1.1; }\n"
        "host c { hardware ethernet 1:2:3:4:5:6; }\n"
        "host d { option dhcp-client-identifier \"x\"; fixed-address 10.0.0.2; }\n"
        "host e { option dhcp-client-identifier \"x\"; fixed-address 10.0.1.2; }\n";
    struct diagnostics found = {.count = 0};
    struct snapshot *snapshot = config_parse("conf", slice_of_string(text), &found);

    (void)state;
    assert_non_null(snapshot);
    assert_int_equal(found.count, 0);
    diagnostics_release(&found);
    snapshot_free(snapshot);
}

static void all_mistakes_are_told_in_one_run(void **state)
{
    static const char text[] = "next-server 1.2;\n"
                               "subnet 10.0.0.1 netmask 255.0.0.0 {\n"
                               "  range 10.0.0.1, 10.0.0.2;\n"
                               "  option routers ..x;\n"
                               "}\n"
                               "host a {\n"
                               "  hardware ethernet 1:g;\n"
                               "  filename \"x\"\n"
                               "}\n"
                               "max-lease-time y;\n";
    static const unsigned lines[] = {1, 2, 3, 4, 7, 8, 10};
    struct diagnostics found = {.count = 0};

    (void)state;
    assert_null(config_parse("conf", slice_of_string(text), &found));
    assert_int_equal(found.count, COUNT(lines));
    assert_int_equal(found.error_count, COUNT(lines));
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_int_equal(found.list[i].where.line, lines[i]);
    diagnostics_release(&found);
}

/* Behind a header with errors, and in a place where it may not stand, a block is read for its own
 * errors. */
static void a_bad_header_hides_nothing(void **state)
{
    static const char *const texts[] = {
        "if option nosuch = 1 {\n next-server -;\n}\nnext-server -;\n",
        "if known { } elsif foo bar {\n next-server -;\n} else {\nnext-server -;\n}\n",
        "switch (option nosuch) {\n next-server -;\n}\nnext-server -;\n",
        "on commmit {\n next-server -;\n}\nnext-server -;\n",
        "else {\n next-server -;\n}\nnext-server -;\n",
        "subclass \"nosuch\" 1:2 {\n next-server -;\n}\nnext-server -;\n",
        "host a { shared-network s {\n next-server -;\n}\nnext-server -;\n}\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct diagnostics found = {.count = 0};

        assert_null(config_parse("conf", slice_of_string(texts[i]), &found));
        if (found.count != 3)
            fail_msg("%s: %zu messages", texts[i], found.count);
        assert_int_equal(found.list[0].where.line, 1);
        assert_int_equal(found.list[1].where.line, 2);
        assert_int_equal(found.list[2].where.line, 4);
        diagnostics_release(&found);
    }
}

static void messages_are_limited(void **state)
{
    enum { LINES = 1200 };
    struct diagnostics found = {.count = 0};
    char text[LINES * 8 + 1];

    (void)state;
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + 8 * i, "nowo d;\n", 9);
    assert_null(config_parse("conf", slice_of_string(text), &found));
    assert_int_equal(found.count, 1000);
    assert_string_equal(found.list[999].message,
                        "there is no statement `nowo` (more follow, left out here)");
    diagnostics_release(&found);
}

static void nesting_is_limited(void **state)
{
    struct diagnostics found = {.count = 0};
    struct snapshot *snapshot;
    char text[1000] = "";
    size_t length = 0;

    (void)state;
    for (int depth = 0; depth < 24; depth++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "group {");
    for (int depth = 0; depth < 24; depth++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "}");
    snapshot = config_parse("conf", slice_of_string(text), &found);
    assert_non_null(snapshot);
    snapshot_free(snapshot);
    length = (size_t)snprintf(text, sizeof(text), " ");
    for (int depth = 0; depth < 40; depth++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "group {");
    for (int depth = 0; depth < 40; depth++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "}");
    assert_null(config_parse("conf", slice_of_string(text), &found));
    assert_int_equal(found.count, 1);
    assert_string_equal(found.list[0].message, "this block is the 25th inside others: at most 24");
    assert_int_equal(found.list[0].where.column, 2 + 24 * 7 + 6);
    diagnostics_release(&found);
}

static char *text_of(const char *configuration)
{
    struct diagnostics found = {.count = 0};
    struct snapshot *snapshot = config_parse("conf", slice_of_string(configuration), &found);
    char *text;

    assert_int_equal(found.count, 1);
    text = diagnostic_text(&found.list[0]);
    diagnostics_release(&found);
    snapshot_free(snapshot);
    return text;
}

static void the_caret_stands_under_its_place(void **state)
{
    static const struct {
        const char *configuration, *text;
    } samples[] = {
        {"authoritative;\r\n  next-server 1.2;\r\n",
         "conf:2:15: error: `1.2` is no IPv4 address: it has four numbers from 0 to 255 with dots "
         "between them\n"
         "      next-server 1.2;\n"
         "                  ^\n"},
        /* Tabs stay tabs, in the line and under it. */
        {"\tnext-server\t1.2;",
         "conf:1:14: error: `1.2` is no IPv4 address: it has four numbers from 0 to 255 with dots "
         "between them\n"
         "    \tnext-server\t1.2;\n"
         "    \t           \t^\n"},
        /* A character of several bytes is one wide; control characters are not shown. */
        {"filename \"\xc3\xa4\x1b[0m\" x;", "conf:1:19: error: expected `;`, found `x`\n"
                                            "    filename \"\xc3\xa4?[0m\" x;\n"
                                            "                     ^\n"},
        {"host a {",
         "conf:1:9: error: the file ends inside the block that line 1 opens: expected `}`\n"
         "    host a {\n"
         "            ^\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        char *text = text_of(samples[i].configuration);

        assert_string_equal(text, samples[i].text);
        free(text);
    }
}

/* Of a very long line the part around the place is shown. */
static void long_lines_are_cut(void **state)
{
    enum { BEFORE = 3000 };
    struct diagnostics found = {.count = 0};
    char text[2 * BEFORE];

    (void)state;
    memset(text, ' ', BEFORE);
    snprintf(text + BEFORE, sizeof(text) - BEFORE, "next-server ..; #%*s\n", 2000, "y");
    assert_null(config_parse("conf", slice_of_string(text), &found));
    assert_int_equal(found.count, 1);
    assert_int_equal(found.list[0].where.column, BEFORE + 13);
    assert_int_equal(found.list[0].line_column, 200);
    assert_int_equal(strlen(found.list[0].line), 400);
    assert_memory_equal(found.list[0].line + 199, "..;", 3);
    diagnostics_release(&found);
}

static void files_that_cannot_be_read_are_named(void **state)
{
    struct diagnostics found = {.count = 0};
    char *text;

    (void)state;
    assert_null(config_load("/nonexistent/conf", &found));
    assert_null(config_load("/", &found));
    assert_int_equal(found.error_count, 2);
    assert_int_equal(found.list[0].where.line, 0);
    text = diagnostic_text(&found.list[0]);
    assert_string_equal(text, "/nonexistent/conf: error: cannot be read: No such file or "
                              "directory\n");
    free(text);
    text = diagnostic_text(&found.list[1]);
    assert_string_equal(text, "/: error: is a directory, not a file\n");
    free(text);
    diagnostics_release(&found);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void included_files_have_their_own_places(void **state)
{
    char directory[] = "/tmp/test_config.XXXXXX", outer[64], inner[64];
    struct diagnostics found = {.count = 0};
    struct snapshot *snapshot;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(outer, sizeof(outer), "%s/outer", directory);
    snprintf(inner, sizeof(inner), "%s/inner", directory);
    write_file(outer, "group {\n  include \"inner\";\n  host b { }\n}\ninclude \"none\";\n");
    write_file(inner, "host a {\n  next-server x;\n}\n}\n");
    assert_null(config_load(outer, &found));
    assert_int_equal(found.count, 3);
    assert_string_equal(found.list[0].where.file, outer);
    assert_int_equal(found.list[0].where.line, 5);
    assert_string_equal(found.list[1].where.file, inner);
    assert_int_equal(found.list[1].where.line, 2);
    assert_string_equal(found.list[1].line, "  next-server x;");
    assert_string_equal(found.list[2].message, "this `}` closes no block");
    diagnostics_release(&found);

    write_file(inner, "next-server 10.0.0.1;\nhost a { }");
    write_file(outer, "group {\n  include \"inner\";\n  host b { }\n}\n");
    snapshot = config_load(outer, &found);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->host_count, 2);
    assert_ptr_equal(snapshot->hosts[0].scope.outer, snapshot->hosts[1].scope.outer);
    assert_int_equal(snapshot->hosts[0].scope.outer->count, 1);
    snapshot_free(snapshot);

    write_file(inner, "include \"inner\";");
    assert_null(config_load(outer, &found));
    assert_int_equal(found.count, 1);
    assert_string_equal(found.list[0].message,
                        "files include each other 16 deep already: does one include itself?");
    diagnostics_release(&found);
    unlink(outer);
    unlink(inner);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_has_its_message),
        cmocka_unit_test(a_machine_in_several_networks_is_no_mistake),
        cmocka_unit_test(all_mistakes_are_told_in_one_run),
        cmocka_unit_test(a_bad_header_hides_nothing),
        cmocka_unit_test(messages_are_limited),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(the_caret_stands_under_its_place),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(files_that_cannot_be_read_are_named),
        cmocka_unit_test(included_files_have_their_own_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
