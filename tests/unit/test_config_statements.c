/* Every statement of the language: what it sets, or what is said about it. */
#include "test.h"

#include "config/parser.h"

#include <stdio.h>
#include <stdlib.h>

/* What a statement is wrapped in where it cannot stand alone. */
#define GLOBAL "%s"
#define HOST   "host h {\n%s\n}"
#define SUBNET "subnet 10.0.0.0 netmask 255.0.0.0 {\n%s\n}"

/* Statements that set one value, and the bytes of it. */
static const struct setter {
    const char *name, *text;
    unsigned parameter;
    const char *bytes;
    size_t length;
} setters[] = {
    {"allow", "allow booting;", PARAMETER_ALLOW_BOOTING, "\1", 1},
    {"allow", "allow bootp;", PARAMETER_ALLOW_BOOTP, "\1", 1},
    {"allow", "allow unknown-clients;", PARAMETER_ALLOW_UNKNOWN_CLIENTS, "\1", 1},
    {"allow-booting", "allow-booting off;", PARAMETER_ALLOW_BOOTING, "\0", 1},
    {"allow-bootp", "allow-bootp on;", PARAMETER_ALLOW_BOOTP, "\1", 1},
    {"always-broadcast", "always-broadcast true;", PARAMETER_ALWAYS_BROADCAST, "\1", 1},
    {"authoritative", "AUTHORITATIVE;", PARAMETER_AUTHORITATIVE, "\1", 1},
    /* More of these three in test_config_boot.c. */
    {"boot", "boot local;", PARAMETER_BOOT, "\0\0\0\0", 4},
    {"boot-loader", "boot-loader \"GRUB\";", PARAMETER_BOOT_LOADER, "grub", 4},
    {"menu", "menu \"What\" { boot local; }", PARAMETER_BOOT, "\0\0\0\0", 4},
    {"boot-timeout", "boot-timeout 0;", PARAMETER_BOOT_TIMEOUT, "\0\0\0\0", 4},
    {"boot-timeout", "boot-timeout 300;", PARAMETER_BOOT_TIMEOUT, "\0\0\1\x2c", 4},
    {"boot-unknown-clients", "boot-unknown-clients false;", PARAMETER_ALLOW_UNKNOWN_CLIENTS, "\0",
     1},
    {"console", "console com0;", PARAMETER_CONSOLE, "com0", 4},
    {"console", "console com0 9600;", PARAMETER_CONSOLE_SPEED, "\0\0\x25\x80", 4},
    {"console", "console COM3kbd 115200 address 0x3f8;", PARAMETER_CONSOLE, "com3kbd", 7},
    {"console", "console auto address 0x3f8;", PARAMETER_CONSOLE_ADDRESS, "\0\0\3\xf8", 4},
    {"default-lease-time", "default-lease-time 600;", PARAMETER_DEFAULT_LEASE_TIME, "\0\0\2\x58",
     4},
    {"default-lease-time", "default-lease-time = ff:ff:ff:ff;", PARAMETER_DEFAULT_LEASE_TIME,
     "\xff\xff\xff\xff", 4},
    {"deny", "deny bootp;", PARAMETER_ALLOW_BOOTP, "\0", 1},
    {"filename", "filename \"a/${uuid}\\\\b\\x41\\102\\t\\\"\";", PARAMETER_FILENAME,
     "a/${uuid}\\bAB\t\"", 15},
    {"filename", "filename = \"\";", PARAMETER_FILENAME, "", 0},
    {"ignore", "ignore unknown-clients;", PARAMETER_ALLOW_UNKNOWN_CLIENTS, "\0", 1},
    {"ipxe-no-pxedhcp", "ipxe-no-pxedhcp off;", PARAMETER_IPXE_NO_PXEDHCP, "\0", 1},
    {"max-lease-time", "max-lease-time infinite;", PARAMETER_MAX_LEASE_TIME, "\xff\xff\xff\xff", 4},
    {"metrics-clients", "metrics-clients 10.0.0.0/8, 192.0.2.7;", PARAMETER_METRICS_CLIENTS,
     "\12\0\0\0\377\0\0\0\300\0\2\7\377\377\377\377", 16},
    {"metrics-clients", "metrics-clients any;", PARAMETER_METRICS_CLIENTS, "\0\0\0\0\0\0\0\0", 8},
    {"metrics-clients", "metrics-clients none;", PARAMETER_METRICS_CLIENTS, "", 0},
    {"min-lease-time", "min-lease-time 0x10;", PARAMETER_MIN_LEASE_TIME, "\0\0\0\x10", 4},
    {"next-server", "next-server 10.50.1.1;", PARAMETER_NEXT_SERVER, "\x0a\x32\1\1", 4},
    {"keep-ownership", "keep-ownership on;", PARAMETER_KEEP_OWNERSHIP, "\1", 1},
    {"nfs-bandwidth", "nfs-bandwidth 65536;", PARAMETER_NFS_BANDWIDTH, "\0\1\0\0", 4},
    {"http-port", "http-port 8080;", PARAMETER_HTTP_PORT, "\x1f\x90", 2},
    {"tftp-ignore-case", "tftp-ignore-case on;", PARAMETER_TFTP_IGNORE_CASE, "\1", 1},
    {"nfs-reserved-ports", "nfs-reserved-ports off;", PARAMETER_NFS_RESERVED_PORTS, "\0", 1},
    {"not", "not authoritative;", PARAMETER_AUTHORITATIVE, "\0", 1},
    {"proxy-dhcp", "proxy-dhcp on;", PARAMETER_PROXY_DHCP, "\1", 1},
    {"control-socket", "control-socket \"/run/bw\";", PARAMETER_CONTROL_SOCKET, "/run/bw", 7},
    {"pxe-menu", "pxe-menu \"Install\" \"i.0\", \"Disk\";", PARAMETER_PXE_MENU,
     "\7Install\3i.0\4Disk\0", 18},
    {"pxe-prompt", "pxe-prompt \"Boot?\" 3;", PARAMETER_PXE_PROMPT, "\3Boot?", 6},
    {"pxe-prompt", "pxe-prompt \"F8\";", PARAMETER_PXE_PROMPT, "\377F8", 3},
    {"router-advertisement", "router-advertisement false;", PARAMETER_ROUTER_ADVERTISEMENT, "\0",
     1},
    {"server-identifier", "server-identifier 10.50.1.1;", PARAMETER_SERVER_IDENTIFIER,
     "\x0a\x32\1\1", 4},
    {"server-name", "server-name \"bw\";", PARAMETER_SERVER_NAME, "bw", 2},
    {"state-directory", "state-directory \"/var/bw\";", PARAMETER_STATE_DIRECTORY, "/var/bw", 7},
    {"tftp-max-blksize", "tftp-max-blksize 1428;", PARAMETER_TFTP_MAX_BLKSIZE, "\0\0\5\x94", 4},
    {"tftp-upload", "tftp-upload \"/srv/in\";", PARAMETER_TFTP_UPLOAD, "/srv/in", 7},
    {"tftp-upload-max-size", "tftp-upload-max-size 300;", PARAMETER_TFTP_UPLOAD_MAX_SIZE,
     "\0\0\1\x2c", 4},
    {"tftp-upload-max-total", "tftp-upload-max-total 1048576;", PARAMETER_TFTP_UPLOAD_MAX_TOTAL,
     "\0\x10\0\0", 4},
    {"tftp-upload-overwrite", "tftp-upload-overwrite on;", PARAMETER_TFTP_UPLOAD_OVERWRITE, "\1",
     1},
    {"tftp-rollover", "tftp-rollover 1;", PARAMETER_TFTP_ROLLOVER, "\0\0\0\1", 4},
    {"tftp-ports", "tftp-ports 16384 32767;", PARAMETER_TFTP_PORTS, "\x40\0\x7f\xff", 4},
    {"tftp-single-port", "tftp-single-port on;", PARAMETER_TFTP_SINGLE_PORT, "\1", 1},
    {"tftp-root", "tftp-root \"/srv/tftp\";", PARAMETER_TFTP_ROOT, "/srv/tftp", 9},
    {"abandon-lease-time", "abandon-lease-time 300;", PARAMETER_ABANDON_SECONDS, "\0\0\1\x2c", 4},
    {"adaptive-lease-time-threshold", "adaptive-lease-time-threshold 80;",
     PARAMETER_ADAPTIVE_THRESHOLD, "\x50", 1},
    {"declines", "declines off;", PARAMETER_ALLOW_DECLINES, "\0", 1},
    {"deny", "deny declines;", PARAMETER_ALLOW_DECLINES, "\0", 1},
    {"deny", "deny duplicates;", PARAMETER_ALLOW_DUPLICATES, "\0", 1},
    {"duplicates", "duplicates on;", PARAMETER_ALLOW_DUPLICATES, "\1", 1},
    {"dynamic-bootp-lease-cutoff", "dynamic-bootp-lease-cutoff 4294967295;",
     PARAMETER_BOOTP_LEASE_CUTOFF, "\xff\xff\xff\xff", 4},
    {"dynamic-bootp-lease-length", "dynamic-bootp-lease-length 300;", PARAMETER_BOOTP_LEASE_SECONDS,
     "\0\0\1\x2c", 4},
    {"echo-client-id", "echo-client-id false;", PARAMETER_ECHO_CLIENT_ID, "\0", 1},
    {"ignore-client-uids", "ignore-client-uids true;", PARAMETER_IGNORE_CLIENT_UIDS, "\1", 1},
    {"infinite-is-reserved", "infinite-is-reserved on;", PARAMETER_INFINITE_IS_RESERVED, "\1", 1},
    {"stash-agent-options", "stash-agent-options off;", PARAMETER_STASH_AGENT_OPTIONS, "\0", 1},
    {"min-secs", "min-secs 3;", PARAMETER_MIN_SECS, "\3", 1},
    {"min-secs", "min-secs -1;", PARAMETER_MIN_SECS, "\xff", 1},
    {"one-lease-per-client", "one-lease-per-client on;", PARAMETER_ONE_LEASE_PER_CLIENT, "\1", 1},
    {"use-host-decl-names", "use-host-decl-names on;", PARAMETER_USE_HOST_DECL_NAMES, "\1", 1},
    {"ping-check", "ping-check false;", PARAMETER_PING_CHECK, "\0", 1},
    {"always-reply-rfc1048", "always-reply-rfc1048 true;", PARAMETER_ALWAYS_REPLY_RFC1048, "\1", 1},
    {"use-lease-addr-for-default-route", "use-lease-addr-for-default-route true;",
     PARAMETER_LEASE_ADDRESS_ROUTE, "\1", 1},
    {"site-option-space", "site-option-space dhcp;", PARAMETER_SITE_OPTION_SPACE, "\0\0\0\1", 4},
    {"verdict-silence", "verdict-silence 300;", PARAMETER_VERDICT_SILENCE, "\0\0\1\54", 4},
    {"vendor-option-space", "vendor-option-space agent;", PARAMETER_VENDOR_OPTION_SPACE, "\0\0\0\2",
     4},
};

/* Statements that change no single value; tests of their own are below and in test_config.c. */
static const char *const others[] = {
    "fixed-address",
    "group",
    "hardware",
    "host",
    "include",
    "option",
    "pool",
    "shared-network",
    "subnet",
    "range",
    "lease",
    "serial",
    /* test_config_unused.c */
    "failover",
    "key",
    "no",
    "omapi-key",
    "server-duid",
    "zone",
};

/* Statements that are carried out for each packet, and what surrounds them: what the language takes
 * and what it refuses, with the message. */
static const struct executable {
    const char *name, *text, *refused; /* NULL: taken without a word */
} executables[] = {
    {"add", "class \"c\" { } add \"c\";", NULL},
    {"append", "append domain-name-servers 10.0.0.1;", NULL},
    {"bootparam", "bootparam swap \"/export/swap\";", NULL},
    {"bootparam", "bootparam install \"10.50.1.8:/export/install\";", NULL},
    {"bootparam", "if known { bootparam term \":vt100\"; }", NULL},
    {"bootparam", "bootparam swap \"export/swap\";",
     "expected \"/PATH\" on this server, \"ADDRESS:/PATH\" on another one, or \":TEXT\""},
    {"bootparam", "bootparam swap \"files:/swap\";",
     "expected \"/PATH\" on this server, \"ADDRESS:/PATH\" on another one, or \":TEXT\""},
    {"bootparam", "bootparam swap \":\";",
     "expected \"/PATH\" on this server, \"ADDRESS:/PATH\" on another one, or \":TEXT\""},
    {"bootparam", "bootparam a-key-that-is-longer-than-32-bytes \"/x\";",
     "a key has at most 32 bytes"},
    {"break", "switch (\"a\") { case 1: break; }", NULL},
    {"case", "switch (option user-class) { case \"a\": filename \"a\"; default: }", NULL},
    {"case", "case 1: break;", "`case` belongs in a `switch`"},
    {"class", "class \"c\" { match if substring (option user-class, 0, 1) = \"i\"; }", NULL},
    {"define", "define v = concat (\"a\", option host-name);", NULL},
    {"if", "if defined (option) { }",
     "`option` is a word of the language: no variable can have that name"},
    {"set", "set vendor-class = 1;",
     "`vendor-class` is a word of the language: no variable can have that name"},
    {"set", "set _x = 1;", "no word, and no part of a name, begins with `_`"},
    {"define", "define host = 1;",
     "`host` is a word of the language: no variable can have that name"},
    {"default", "default host-name \"h\";", NULL},
    {"else", "if known { } else { }", NULL},
    {"else", "else { }", "`else` belongs behind the `}` of an `if`"},
    {"elsif", "if known { } elsif static { } else if exists agent.circuit-id { } else { }", NULL},
    {"elsif", "elsif known { }", "`elsif` belongs behind the `}` of an `if`"},
    {"eval", "eval concat (\"a\", 00:ff, option host-name);", NULL},
    {"export", "export \"/srv\" { clients any; }", NULL},
    {"export", "export \"srv\" { clients any; }",
     "expected an absolute path without \"..\" and of at most 1023 bytes"},
    {"host-identifier", "host h { host-identifier option agent.remote-id \"p\"; }", NULL},
    {"if", "if option user-class ~= seen { }",
     "no variable, and no call, can stand on the right of `~=`: write the expression itself, or "
     "use `~~`, to which letters of either case are alike"},
    {"if", "if not exists user-class and (known or static) { filename \"x\"; }", NULL},
    {"if", "if (option user-class = \"iPXE\") { filename = lcase (option host-name); }", NULL},
    {"if", "if extract-int (option pxe-system-type, 16) = 7 { }", NULL},
    {"if", "if filename = \"boot.cfg\" { filename \"tftp:menu.cfg\"; }", NULL},
    {"if", "if option user-class ~~ \"^ipxe\" or option user-class != 00:01 { }", NULL},
    {"if", "if (known) and (static) { }",
     "the parentheses before this end the condition: put one more pair around the whole of it"},
    {"if", "if option user-class == \"iPXE\" { }",
     "`==` is not of this language: a value is set, and compared, with one `=`"},
    {"if", "if (known) && (static) { }", "conditions are joined with the words `and` and `or`"},
    {"if", "if option user-class { }",
     "expected a condition: compare this value with `=`, or ask whether it `exists`"},
    {"if", "if not option user-class = \"a\" { }",
     "`not` stands before a condition: write `not (... = ...)`"},
    {"if", "if known { subnet 10.0.0.0 netmask 255.0.0.0 { } }",
     "`subnet` cannot stand under a condition"},
    {"log", "log (debug, pick-first-value (option host-name, host-decl-name, \"?\"));", NULL},
    {"log", "log (binary-to-ascii (16, 8, \":\", suffix (hardware, 6)));", NULL},
    {"match", "class \"c\" { match pick-first-value (option user-class, hardware); }", NULL},
    {"match", "match hardware;", "`match` cannot stand in the global scope: it belongs in class"},
    {"mtree", "mtree \"/srv/nb\" \"etc/mtree/set.base\", \"/srv/dev.mtree\";", NULL},
    {"mtree", "mtree \"srv\" \"set.base\";",
     "expected a directory with its whole path, from `/` on"},
    {"mtree", "mtree \"/srv\" \"\";", "expected the name of an mtree(5) file"},
    {"on", "on commit or expiry { set x = \"1\"; }", NULL},
    {"on", "on fire { }", "expected `commit`, `expiry` or `release`, found `fire`"},
    {"prepend", "prepend domain-name-servers 10.0.0.1;", NULL},
    {"set", "set x = reverse (1, packet (0, encode-int (4, 8)));", "expected a number here"},
    {"set", "set x = reverse (1, packet (0, 4));", NULL},
    {"spawn", "class \"c\" { spawn with option agent.circuit-id; lease limit 4; }", NULL},
    {"subclass", "class \"c\" { match hardware; } subclass \"c\" 1:00:0c:29:3e:5f:01;", NULL},
    {"subclass", "subclass \"c\" \"a\";", "there is no class \"c\" before this line"},
    {"send", "send host-name \"h\";", NULL},
    {"supersede", "supersede host-name \"h\";", NULL},
    {"switch", "switch (config-option domain-name) { default: frobnicate; }",
     "there is no statement `frobnicate`, so this has no effect"},
    {"uid", "host h { uid 01:22:33; }", NULL},
    {"uid", "host h { uid; }",
     "expected text in quotes or bytes in hexadecimal, as in 01:a0:ff, found `;`"},
    {"unset", "unset x;", NULL},
    {"option",
     "option space s code width 2 length width 1 hash size 11;\n"
     "option s.a code 300 = { ip-address, array of integer 16 };\n"
     "option o code 224 = encapsulate s; option s.a 10.0.0.1 1, 2;",
     NULL},
    {"option", "option l code 225 = array of ip-address; option l = 0a:00:00:01;", NULL},
    {"option", "option d code 226 = domain-list compressed; option d \"a.b\", \"c.b\";", NULL},
    {"option", "option arch code 93 = uint16;",
     "expected a type: boolean, integer 8, unsigned integer 16, ip-address, text, string, "
     "domain-list, array of, encapsulate or `{`, found `uint16`"},
    {"option", "subnet 10.0.0.0 netmask 255.0.0.0 { option a code 224 = text; }",
     "options are defined in the global scope only"},
    {"option", "if option pxe-system-type = 7 { }",
     "this is one byte, and the option has two: they are never equal; write 00:07"},
    {"pool",
     "class \"c\" { } subnet 10.0.0.0 netmask 255.0.0.0 { pool { range 10.0.0.1;\n"
     "allow members of \"c\"; deny known clients; allow all clients;\n"
     "deny dynamic bootp clients; allow unauthenticated clients; } }",
     NULL},
    {"pool",
     "subnet 10.0.0.0 netmask 255.0.0.0 { pool { range 10.0.0.1;\n"
     "allow after 4 2026/08/09 08:09:10 +3600; } pool { range 10.0.0.2; deny after never; }\n"
     "pool { range 10.0.0.3; allow after epoch 1800000000; } }",
     NULL},
    {"pool",
     "subnet 10.0.0.0 netmask 255.0.0.0 { pool { range 10.0.0.1;\n"
     "allow after never; deny after never; } }",
     "this pool has an `after` already"},
    {"pool", "subnet 10.0.0.0 netmask 255.0.0.0 { pool { range 10.0.0.1; allow after 2026; } }",
     "expected a date, as in 4 2026/11/26 10:20:30, found `2026`"},
};

/* Statements that are answered with a warning, and where they stand. */
static const struct placed {
    const char *name, *around;
    const char *value; /* NULL: anything may stand behind it */
} without_effect[] = {
    {"bind-local-address6", GLOBAL, "on"},
    {"check-secs-byte-order", GLOBAL, "on"},
    {"client-updates", GLOBAL, "on"},
    {"db-time-format", GLOBAL, "default"},
    {"ddns-domainname", GLOBAL, "\"x\""},
    {"ddns-dual-stack-mixed-mode", GLOBAL, "on"},
    {"ddns-guard-id-must-match", GLOBAL, "on"},
    {"ddns-hostname", GLOBAL, "\"x\""},
    {"ddns-local-address4", GLOBAL, "10.50.1.1"},
    {"ddns-local-address6", GLOBAL, "2001:db8::1"},
    {"ddns-other-guard-is-dynamic", GLOBAL, "on"},
    {"ddns-rev-domainname", GLOBAL, "\"x\""},
    {"ddns-ttl", GLOBAL, "infinite"},
    {"ddns-update-style", GLOBAL, "none"},
    {"ddns-updates", GLOBAL, "on"},
    {"delayed-ack", GLOBAL, "65535"},
    {"dhcp-cache-threshold", GLOBAL, "-1"},
    {"dhcpv6-lease-file-name", GLOBAL, "\"x\""},
    {"dhcpv6-pid-file-name", GLOBAL, "\"x\""},
    {"dhcpv6-set-tee-times", GLOBAL, "on"},
    {"do-forward-updates", GLOBAL, "on"},
    {"do-reverse-updates", GLOBAL, "on"},
    {"dont-use-fsync", GLOBAL, "on"},
    {"dynamic-bootp", GLOBAL, "on"},
    {"execute", GLOBAL, "(\"a\", hardware)"},
    {"fixed-address6", HOST, "2001:db8::1, 2001:db8::2"},
    {"fixed-prefix6", HOST, "2001:db8::/48"},
    {"fqdn-reply", GLOBAL, "on"},
    {"get-lease-hostnames", GLOBAL, "on"},
    {"interface", SUBNET, "\"eth0\""},
    {"lease-file-name", GLOBAL, "\"x\""},
    {"lease-id-format", GLOBAL, "octal"},
    {"leasequery", GLOBAL, "on"},
    {"limit-addrs-per-ia", GLOBAL, "5"},
    {"limit-prefs-per-ia", GLOBAL, "5"},
    {"limited-broadcast-address", GLOBAL, "10.50.1.1"},
    {"local-address", GLOBAL, "10.50.1.1"},
    {"local-address6", GLOBAL, "2001:db8::1"},
    {"local-port", GLOBAL, "65535"},
    {"log-facility", GLOBAL, "kern"},
    {"log-threshold-high", GLOBAL, "-1"},
    {"log-threshold-low", GLOBAL, "-1"},
    {"max-ack-delay", GLOBAL, "5"},
    {"omapi-port", GLOBAL, "65535"},
    {"persist-eui-64-leases", GLOBAL, "on"},
    {"pid-file-name", GLOBAL, "\"x\""},
    {"ping-cltt-secs", GLOBAL, "infinite"},
    {"ping-timeout", GLOBAL, "infinite"},
    {"ping-timeout-ms", GLOBAL, "infinite"},
    {"preferred-lifetime", GLOBAL, "infinite"},
    {"prefix-length-mode", GLOBAL, "ignore"},
    {"release-on-roam", GLOBAL, "on"},
    {"remote-port", GLOBAL, "65535"},
    {"return", GLOBAL, "known"},
    {"server-id-check", GLOBAL, "on"},
    {"update-conflict-detection", GLOBAL, "on"},
    {"update-optimization", GLOBAL, "on"},
    {"update-static-leases", GLOBAL, "on"},
    {"use-eui-64", GLOBAL, "on"},
};

/* Statements that are refused. */
static const struct placed refused[] = {
    {"subnet6", GLOBAL, NULL},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct snapshot *parse(const char *text, struct diagnostics *diagnostics)
{
    *diagnostics = (struct diagnostics){.count = 0};
    return config_parse("conf", slice_of_string(text), diagnostics);
}

static void every_setter_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(setters); i++) {
        const struct setter *setter = &setters[i];
        struct diagnostics diagnostics;
        struct snapshot *snapshot = parse(setter->text, &diagnostics);
        const struct setting *setting;
        struct scope_view view;

        if (!snapshot || diagnostics.count > 0)
            fail_msg("%s: %s", setter->text, diagnostics.list[0].message);
        view = scope_view_of(snapshot, NULL, NULL);
        setting = scope_view_find(&view, SPACE_PARAMETER, setter->parameter);
        if (!setting || !slice_equal(setting->value, slice_of(setter->bytes, setter->length)))
            fail_msg("%s: another value", setter->text);
        /* A NUL stands behind every value. */
        assert_int_equal(setting->value.data[setting->value.length], 0);
        assert_int_equal(setting->where.line, 1);
        assert_int_equal(setting->where.column, 1);
        diagnostics_release(&diagnostics);
        snapshot_free(snapshot);
    }
}

/* Parses `NAME text` in its place, and expects one message of this severity. */
static void expect_one(const struct placed *placed, const char *rest,
                       enum diagnostic_severity severity)
{
    struct diagnostics diagnostics;
    struct snapshot *snapshot;
    char statement[200], text[300], expected[200];

    snprintf(statement, sizeof(statement), "%s %s", placed->name, rest);
    /* The format is one of three literals. */
    if (strcmp(placed->around, GLOBAL) == 0)
        snprintf(text, sizeof(text), GLOBAL, statement);
    else if (strcmp(placed->around, HOST) == 0)
        snprintf(text, sizeof(text), HOST, statement);
    else
        snprintf(text, sizeof(text), SUBNET, statement);
    snprintf(expected, sizeof(expected), "%s`%s` %s",
             severity == DIAGNOSTIC_ERROR ? "bootwire does not serve DHCPv6: " : "", placed->name,
             severity == DIAGNOSTIC_ERROR ? "belongs in another server's file"
                                          : "has no effect in bootwire");
    snapshot = parse(text, &diagnostics);
    if (diagnostics.count != 1)
        fail_msg("%s: %zu messages", text, diagnostics.count);
    assert_string_equal(diagnostics.list[0].message, expected);
    assert_int_equal(diagnostics.list[0].severity, severity);
    assert_int_equal(diagnostics.list[0].where.line, strcmp(placed->around, GLOBAL) == 0 ? 1 : 2);
    assert_int_equal(diagnostics.list[0].where.column, 1);
    assert_true((snapshot == NULL) == (severity == DIAGNOSTIC_ERROR));
    diagnostics_release(&diagnostics);
    snapshot_free(snapshot);
}

static void a_serial_console_has_its_place_and_its_speed(void **state)
{
    static const struct {
        const char *text, *place;
        uint32_t speed;
        const char *error;
    } rows[] = {
        {"serial \"/dev/ttyUSB0\";", "/dev/ttyUSB0", 9600, NULL},
        {"serial \"/dev/ttyS1\" 115200;", "/dev/ttyS1", 115200, NULL},
        {"serial \"/run/vm.sock\";", "/run/vm.sock", 9600, NULL},
        {"serial \"ilo.example:2001\";", "ilo.example:2001", 0, NULL},
        {"serial \"[2001:db8::1]:23\";", "[2001:db8::1]:23", 0, NULL},
        {"serial \"10.0.0.1:23\" 9600;", NULL, 0,
         "a speed means nothing here: it is set at the other end of the connection"},
        {"serial \"/dev/ttyS0\" 49;", NULL, 0,
         "expected the speed in baud from 50 to 4000000, found `49`"},
        {"serial \"ttyS0\";", NULL, 0,
         "expected a tty device or a socket with its whole path, or HOST:PORT, as in "
         "\"/dev/ttyUSB0\" or \"ilo.example:2001\""},
        {"serial \"a:65536\";", NULL, 0, "expected a tty device"},
        {"serial \":23\";", NULL, 0, "expected a tty device"},
        {"serial \"a:\";", NULL, 0, "expected a tty device"},
        {"serial \"2001:db8::1:23\";", NULL, 0, "expected a tty device"},
        {"serial \"\";", NULL, 0, "expected a tty device"},
        {"serial \"/dev/a\"; serial \"/dev/b\";", NULL, 0, "this host has a serial already"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnostics diagnostics;
        struct snapshot *snapshot;
        char text[200];

        snprintf(text, sizeof(text), HOST, rows[i].text);
        snapshot = parse(text, &diagnostics);
        if (rows[i].error) {
            assert_null(snapshot);
            if (strncmp(diagnostics.list[0].message, rows[i].error, strlen(rows[i].error)) != 0)
                fail_msg("%s: %s", text, diagnostics.list[0].message);
        } else {
            assert_non_null(snapshot);
            assert_string_equal(snapshot->hosts[0].serial->place, rows[i].place);
            assert_int_equal(snapshot->hosts[0].serial->speed, rows[i].speed);
            assert_int_equal(snapshot->hosts[0].serial->where.line, 2);
        }
        diagnostics_release(&diagnostics);
        snapshot_free(snapshot);
    }
}

static void what_has_no_effect_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(without_effect); i++) {
        const char *value = without_effect[i].value;
        char rest[64];

        snprintf(rest, sizeof(rest), "%s;", value ? value : "some thing 1.2");
        expect_one(&without_effect[i], rest, DIAGNOSTIC_WARNING);
        if (!value)
            expect_one(&without_effect[i], "name { a b; c { d; } }", DIAGNOSTIC_WARNING);
    }
}

static void what_is_of_dhcpv6_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        expect_one(&refused[i], "2001:db8::/32;", DIAGNOSTIC_ERROR);
        expect_one(&refused[i], "2001:db8::/32 { range6 2001:db8::1; a \"}\"; { b; } }",
                   DIAGNOSTIC_ERROR);
    }
}

static void executables_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(executables); i++) {
        const struct executable *executable = &executables[i];
        struct diagnostics diagnostics;
        struct snapshot *snapshot = parse(executable->text, &diagnostics);

        if (!executable->refused && (!snapshot || diagnostics.count > 0))
            fail_msg("%s: %s", executable->text, diagnostics.list[0].message);
        if (executable->refused && diagnostics.count == 0)
            fail_msg("%s: no message", executable->text);
        if (executable->refused)
            assert_string_equal(diagnostics.list[0].message, executable->refused);
        diagnostics_release(&diagnostics);
        snapshot_free(snapshot);
    }
}

static bool is_tested(const char *name)
{
    for (size_t i = 0; i < COUNT(setters); i++) {
        if (strcmp(setters[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < COUNT(executables); i++) {
        if (strcmp(executables[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        if (strcmp(others[i], name) == 0)
            return true;
    }
    for (size_t i = 0; i < COUNT(without_effect); i++) {
        if (strcmp(without_effect[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        if (strcmp(refused[i].name, name) == 0)
            return true;
    }
    return false;
}

static void every_statement_has_a_test(void **state)
{
    size_t count;
    const struct statement *table = statement_table(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (!is_tested(table[i].name))
            fail_msg("no test of the statement %s", table[i].name);
        if (i > 0 && strcmp(table[i - 1].name, table[i].name) >= 0)
            fail_msg("the statement %s is out of order in its table", table[i].name);
    }
}

/* The manual as one string; freed by the caller. */
static char *read_manual(void)
{
    enum { MANUAL_MAX = 1 << 18 };
    FILE *file = fopen(TEST_DATA "/../man/bootwire.conf.5", "r");
    char *text = calloc(1, MANUAL_MAX);

    assert_non_null(file);
    assert_non_null(text);
    text[0] = '\n';
    assert_true(fread(text + 1, 1, MANUAL_MAX - 2, file) > 0);
    fclose(file);
    return text;
}

/* Whether a line begins with the macro and the name, and goes on with a blank or ends. */
static bool has_entry(const char *manual, const char *macro, const char *name)
{
    char line[120];
    const char *at = manual;
    size_t length = (size_t)snprintf(line, sizeof(line), "\n%s %s", macro, name);

    while ((at = strstr(at, line)) != NULL) {
        if (at[length] == ' ' || at[length] == '\n')
            return true;
        at++;
    }
    return false;
}

static void the_manual_has_every_entry(void **state)
{
    size_t count;
    const struct statement *table = statement_table(&count);
    const struct dhcp_option_definition *options;
    char *manual = read_manual();

    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (!has_entry(manual, ".It Ic", table[i].name) && !has_entry(manual, ".Ic", table[i].name))
            fail_msg("bootwire.conf.5 has no entry for the statement %s", table[i].name);
    }
    options = dhcp_option_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (!has_entry(manual, ".It Cm", options[i].name))
            fail_msg("bootwire.conf.5 has no entry for the option %s", options[i].name);
    }
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setter_sets),
        cmocka_unit_test(a_serial_console_has_its_place_and_its_speed),
        cmocka_unit_test(what_has_no_effect_is_said),
        cmocka_unit_test(what_is_of_dhcpv6_is_refused),
        cmocka_unit_test(executables_are_read),
        cmocka_unit_test(every_statement_has_a_test),
        cmocka_unit_test(the_manual_has_every_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
