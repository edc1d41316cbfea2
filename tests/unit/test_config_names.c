#include "test.h"

#include "config/config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What the resolver of these tests was asked. */
static unsigned lookups;

/* Knows `one` (10.0.0.1), `two.example.org` (10.0.0.2, 10.0.0.3) and `two.example.org.`. */
static void ask_nobody(struct host_names *names)
{
    for (struct host_name *at = names->first; at; at = at->next) {
        assert_false(at->asked);
        at->asked = true;
        lookups++;
        if (strcmp(at->name, "one") == 0) {
            host_name_add(at, 0x0a000001);
        } else if (strncmp(at->name, "two.example.org", 15) == 0) {
            host_name_add(at, 0x0a000002);
            host_name_add(at, 0x0a000003);
        }
    }
}

static struct snapshot *parse(const char *text, struct diagnostics *diagnostics)
{
    struct snapshot *snapshot;

    *diagnostics = (struct diagnostics){.count = 0};
    lookups = 0;
    snapshot = config_parse_with("conf", slice_of_string(text), ask_nobody, diagnostics);
    if (!snapshot)
        fail_msg("%s: %s", text, diagnostics->list[0].message);
    return snapshot;
}

struct row {
    const char *text;
    enum setting_space space;
    unsigned code;
    const char *bytes; /* NULL: the statement sets nothing */
    size_t length;
    size_t warnings;
};

#define BYTES(text) text, sizeof(text) - 1
#define ONE         "\x0a\0\0\x01"
#define TWO         "\x0a\0\0\x02"
#define THREE       "\x0a\0\0\x03"

static const struct row rows[] = {
    {"option routers one;", SPACE_DHCP, 3, BYTES(ONE), 0},
    {"option routers ONE, 10.0.0.9;", SPACE_DHCP, 3, BYTES(ONE "\x0a\0\0\x09"), 0},
    /* All addresses where a list is wanted, one elsewhere. */
    {"option routers two.example.org, one;", SPACE_DHCP, 3, BYTES(TWO THREE ONE), 0},
    {"option routers two.example.org.;", SPACE_DHCP, 3, BYTES(TWO THREE), 0},
    {"option swap-server two.example.org;", SPACE_DHCP, 16, BYTES(TWO), 0},
    {"option static-routes two.example.org one;", SPACE_DHCP, 33, BYTES(TWO ONE), 0},
    {"option x code 250 = { ip-address, array of ip-address };\n"
     "option x two.example.org two.example.org, two.example.org;",
     SPACE_DHCP, 250, BYTES(TWO TWO TWO THREE), 0},
    {"next-server two.example.org;", SPACE_PARAMETER, PARAMETER_NEXT_SERVER, BYTES(TWO), 0},
    {"server-identifier one;", SPACE_PARAMETER, PARAMETER_SERVER_IDENTIFIER, BYTES(ONE), 0},
    {"option routers = gethostbyname (\"two.example.org\");", SPACE_DHCP, 3, BYTES(TWO THREE), 0},
    /* A list goes on without a name that has no address, but not without any. */
    {"option routers lost, one;", SPACE_DHCP, 3, BYTES(ONE), 1},
    {"option routers lost, lost;", SPACE_DHCP, 3, NULL, 0, 2},
    {"option static-routes lost 10.0.0.2;", SPACE_DHCP, 33, NULL, 0, 1},
    {"next-server lost.example.org;", SPACE_PARAMETER, PARAMETER_NEXT_SERVER, NULL, 0, 1},
    {"option routers = gethostbyname (\"lost\");", SPACE_DHCP, 3, NULL, 0, 1},
    {"option routers lost;\noption routers 10.0.0.2;", SPACE_DHCP, 3, BYTES(TWO), 1},
    /* Names may begin with a number, or be one. */
    {"option routers 19.example.org;", SPACE_DHCP, 3, NULL, 0, 1},
    {"option routers 4b.example.org;", SPACE_DHCP, 3, NULL, 0, 1},
    {"option routers 10;", SPACE_DHCP, 3, NULL, 0, 2},
};

static void names_stand_for_their_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct diagnostics found;
        struct snapshot *snapshot = parse(rows[i].text, &found);
        struct scope_view view = scope_view_of(snapshot, NULL, NULL);
        struct slice value = scope_view_bytes(&view, rows[i].space, rows[i].code);

        if (found.count != rows[i].warnings || value.length != rows[i].length ||
            (value.length > 0 && memcmp(value.data, rows[i].bytes, value.length) != 0))
            fail_msg("%s: %zu bytes, %zu warnings", rows[i].text, value.length, found.count);
        diagnostics_release(&found);
        snapshot_free(snapshot);
    }
}

static void a_host_may_have_names_for_addresses(void **state)
{
    struct diagnostics found;
    struct snapshot *snapshot = parse("subnet 10.0.0.0 netmask 255.0.0.0 { }\n"
                                      "host a { fixed-address two.example.org, one; }\n"
                                      "host b { fixed-address lost; }\n",
                                      &found);
    const struct host *a = snapshot_host_by_name(snapshot, "a");

    (void)state;
    assert_int_equal(a->fixed_address_count, 3);
    assert_int_equal(a->fixed_addresses[0], 0x0a000002);
    assert_int_equal(a->fixed_addresses[2], 0x0a000001);
    assert_ptr_equal(snapshot_host_by_address(snapshot, 0x0a000003), a);
    assert_int_equal(snapshot_host_by_name(snapshot, "b")->fixed_address_count, 0);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.list[0].where.line, 3);
    assert_int_equal(found.list[0].where.column, 24);
    diagnostics_release(&found);
    snapshot_free(snapshot);
}

static void a_name_is_asked_for_once(void **state)
{
    struct diagnostics found;

    (void)state;
    snapshot_free(
        parse("option routers one, One; next-server ONE; server-identifier two;", &found));
    assert_int_equal(lookups, 2);
    diagnostics_release(&found);
    snapshot_free(parse("option routers 10.0.0.1;", &found));
    assert_int_equal(lookups, 0);
    diagnostics_release(&found);
}

/* Every message of the first reading is told again, once. */
static void messages_come_once(void **state)
{
    struct diagnostics found = {.count = 0};
    const char *text = "max-lease-time x;\nomapi-port 1;\noption routers one, lost;\n";

    (void)state;
    assert_null(config_parse_with("conf", slice_of_string(text), ask_nobody, &found));
    assert_int_equal(found.count, 3);
    assert_int_equal(found.error_count, 1);
    diagnostics_release(&found);
}

static void too_many_names_are_not_looked_up(void **state)
{
    static char text[40 * (HOST_NAMES_MAX + 10)];
    struct diagnostics found;
    size_t length = 0;

    (void)state;
    for (unsigned i = 0; i < HOST_NAMES_MAX + 5; i++)
        length +=
            (size_t)snprintf(text + length, sizeof(text) - length, "option routers lost-%u;\n", i);
    snapshot_free(parse(text, &found));
    assert_int_equal(lookups, HOST_NAMES_MAX);
    diagnostics_release(&found);
}

/* The file of hosts knows this name everywhere. */
static void the_system_knows_localhost(void **state)
{
    struct region region;
    struct host_names names = {.region = &region};
    const struct host_name *name;

    (void)state;
    region_init(&region, 0);
    name = host_names_get(&names, slice_of_string("localhost"));
    assert_true(host_names_wait(&names));
    host_names_ask_system(&names);
    assert_false(host_names_wait(&names));
    assert_true(name->address_count > 0);
    assert_int_equal(name->addresses[0], 0x7f000001);
    host_names_release(&names);
    region_release(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_stand_for_their_addresses),
        cmocka_unit_test(a_host_may_have_names_for_addresses),
        cmocka_unit_test(a_name_is_asked_for_once),
        cmocka_unit_test(messages_come_once),
        cmocka_unit_test(too_many_names_are_not_looked_up),
        cmocka_unit_test(the_system_knows_localhost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
