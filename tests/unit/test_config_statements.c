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
    {"default-lease-time", "default-lease-time = -1;", PARAMETER_DEFAULT_LEASE_TIME,
     "\xff\xff\xff\xff", 4},
    {"deny", "deny bootp;", PARAMETER_ALLOW_BOOTP, "\0", 1},
    {"filename", "filename \"a/${uuid}\\\\b\\x41\\102\\t\\\"\";", PARAMETER_FILENAME,
     "a/${uuid}\\bAB\t\"", 15},
    {"filename", "filename = \"\";", PARAMETER_FILENAME, "", 0},
    {"ignore", "ignore unknown-clients;", PARAMETER_ALLOW_UNKNOWN_CLIENTS, "\0", 1},
    {"ipxe-no-pxedhcp", "ipxe-no-pxedhcp off;", PARAMETER_IPXE_NO_PXEDHCP, "\0", 1},
    {"max-lease-time", "max-lease-time infinite;", PARAMETER_MAX_LEASE_TIME, "\xff\xff\xff\xff", 4},
    {"min-lease-time", "min-lease-time 0x10;", PARAMETER_MIN_LEASE_TIME, "\0\0\0\x10", 4},
    {"next-server", "next-server 10.50.1.1;", PARAMETER_NEXT_SERVER, "\x0a\x32\1\1", 4},
    {"not", "not authoritative;", PARAMETER_AUTHORITATIVE, "\0", 1},
    {"proxy-dhcp", "proxy-dhcp on;", PARAMETER_PROXY_DHCP, "\1", 1},
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
    {"tftp-root", "tftp-root \"/srv/tftp\";", PARAMETER_TFTP_ROOT, "/srv/tftp", 9},
    {"use-host-decl-names", "use-host-decl-names on;", PARAMETER_USE_HOST_DECL_NAMES, "\1", 1},
};

/* Statements that change no single value; tests of their own are below and in test_config.c. */
static const char *const others[] = {
    "fixed-address", "group", "hardware",       "host",   "include",
    "option",        "pool",  "shared-network", "subnet", "range",
};

/* Statements that are answered with a warning, and where they stand. */
static const struct placed {
    const char *name, *around;
} without_effect[] = {
    {"abandon-lease-time", GLOBAL},
    {"adaptive-lease-time-threshold", GLOBAL},
    {"always-reply-rfc1048", GLOBAL},
    {"bind-local-address6", GLOBAL},
    {"check-secs-byte-order", GLOBAL},
    {"client-updates", GLOBAL},
    {"db-time-format", GLOBAL},
    {"ddns-domainname", GLOBAL},
    {"ddns-dual-stack-mixed-mode", GLOBAL},
    {"ddns-guard-id-must-match", GLOBAL},
    {"ddns-hostname", GLOBAL},
    {"ddns-local-address4", GLOBAL},
    {"ddns-local-address6", GLOBAL},
    {"ddns-other-guard-is-dynamic", GLOBAL},
    {"ddns-rev-domainname", GLOBAL},
    {"ddns-ttl", GLOBAL},
    {"ddns-update-style", GLOBAL},
    {"ddns-updates", GLOBAL},
    {"declines", GLOBAL},
    {"delayed-ack", GLOBAL},
    {"dhcp-cache-threshold", GLOBAL},
    {"dhcpv6-lease-file-name", GLOBAL},
    {"dhcpv6-pid-file-name", GLOBAL},
    {"dhcpv6-set-tee-times", GLOBAL},
    {"do-forward-updates", GLOBAL},
    {"do-reverse-updates", GLOBAL},
    {"dont-use-fsync", GLOBAL},
    {"duplicates", GLOBAL},
    {"dynamic-bootp", GLOBAL},
    {"dynamic-bootp-lease-cutoff", GLOBAL},
    {"dynamic-bootp-lease-length", GLOBAL},
    {"echo-client-id", GLOBAL},
    {"failover", GLOBAL},
    {"fixed-address6", HOST},
    {"fixed-prefix6", HOST},
    {"fqdn-reply", GLOBAL},
    {"get-lease-hostnames", GLOBAL},
    {"ignore-client-uids", GLOBAL},
    {"infinite-is-reserved", GLOBAL},
    {"interface", SUBNET},
    {"key", GLOBAL},
    {"lease-file-name", GLOBAL},
    {"lease-id-format", GLOBAL},
    {"leasequery", GLOBAL},
    {"limit-addrs-per-ia", GLOBAL},
    {"limit-prefs-per-ia", GLOBAL},
    {"limited-broadcast-address", GLOBAL},
    {"local-address", GLOBAL},
    {"local-address6", GLOBAL},
    {"local-port", GLOBAL},
    {"log-facility", GLOBAL},
    {"log-threshold-high", GLOBAL},
    {"log-threshold-low", GLOBAL},
    {"max-ack-delay", GLOBAL},
    {"min-secs", GLOBAL},
    {"omapi-key", GLOBAL},
    {"omapi-port", GLOBAL},
    {"one-lease-per-client", GLOBAL},
    {"persist-eui-64-leases", GLOBAL},
    {"pid-file-name", GLOBAL},
    {"ping-check", GLOBAL},
    {"ping-cltt-secs", GLOBAL},
    {"ping-timeout", GLOBAL},
    {"ping-timeout-ms", GLOBAL},
    {"preferred-lifetime", GLOBAL},
    {"prefix-length-mode", GLOBAL},
    {"release-on-roam", GLOBAL},
    {"remote-port", GLOBAL},
    {"server-duid", GLOBAL},
    {"server-id-check", GLOBAL},
    {"site-option-space", GLOBAL},
    {"stash-agent-options", GLOBAL},
    {"update-conflict-detection", GLOBAL},
    {"update-optimization", GLOBAL},
    {"update-static-leases", GLOBAL},
    {"use-eui-64", GLOBAL},
    {"use-lease-addr-for-default-route", GLOBAL},
    {"vendor-option-space", GLOBAL},
    {"zone", GLOBAL},
};

/* Statements that are refused. */
static const struct placed not_known[] = {
    {"add", GLOBAL},      {"append", GLOBAL},  {"break", GLOBAL},     {"case", GLOBAL},
    {"class", GLOBAL},    {"default", GLOBAL}, {"define", GLOBAL},    {"else", GLOBAL},
    {"elsif", GLOBAL},    {"eval", GLOBAL},    {"execute", GLOBAL},   {"host-identifier", HOST},
    {"if", GLOBAL},       {"log", GLOBAL},     {"match", GLOBAL},     {"on", GLOBAL},
    {"prepend", GLOBAL},  {"return", GLOBAL},  {"set", GLOBAL},       {"spawn", GLOBAL},
    {"subclass", GLOBAL}, {"subnet6", GLOBAL}, {"supersede", GLOBAL}, {"switch", GLOBAL},
    {"unset", GLOBAL},
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
    snprintf(expected, sizeof(expected), "%s`%s`%s",
             severity == DIAGNOSTIC_ERROR ? "bootwire does not know " : "", placed->name,
             severity == DIAGNOSTIC_ERROR ? " yet" : " has no effect in bootwire");
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

static void what_has_no_effect_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(without_effect); i++) {
        expect_one(&without_effect[i], "some thing 1.2;", DIAGNOSTIC_WARNING);
        expect_one(&without_effect[i], "name { a b; c { d; } }", DIAGNOSTIC_WARNING);
    }
}

static void what_is_not_known_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(not_known); i++) {
        expect_one(&not_known[i], "some thing = \"}\";", DIAGNOSTIC_ERROR);
        expect_one(&not_known[i], "some thing = \"}\" { a; { b; } }\nelsif x { c; } else { d; }",
                   DIAGNOSTIC_ERROR);
    }
}

static bool is_tested(const char *name)
{
    for (size_t i = 0; i < COUNT(setters); i++) {
        if (strcmp(setters[i].name, name) == 0)
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
    for (size_t i = 0; i < COUNT(not_known); i++) {
        if (strcmp(not_known[i].name, name) == 0)
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
        cmocka_unit_test(what_has_no_effect_is_said),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(every_statement_has_a_test),
        cmocka_unit_test(the_manual_has_every_entry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
