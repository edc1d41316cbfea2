/* What a configuration or a machine can make the server do stays bounded, and long lists that
 * people write are read to their end. */
#include "test.h"

#include "dhcp_scene.h"

#include "base/memory.h"

#include <stdarg.h>

static struct scene scene;

/* A text that grows: what the tests write as a configuration. */
struct text {
    char *bytes;
    size_t length, capacity;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    if (text->capacity - text->length < 512) {
        text->capacity = 2 * text->capacity + 1024;
        text->bytes = memory_resize(text->bytes, text->capacity, 1);
    }
    va_start(arguments, format);
    length = vsnprintf(text->bytes + text->length, 512, format, arguments);
    va_end(arguments);
    assert_in_range(length, 0, 511);
    text->length += (size_t)length;
}

static void open_scene(struct text *text)
{
    add(text, "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.20 10.50.1.99; }\n");
    scene_open(&scene, text->bytes);
    free(text->bytes);
    *text = (struct text){.length = 0};
}

static bool gets_file(const char *host_name, const char *file)
{
    const struct ask ask = {.type = DHCP_DISCOVER, .mac = 1, .host_name = host_name};

    assert_true(scene_ask(&scene, &ask));
    return slice_equal(scene.reply.file, slice_of_string(file));
}

/* dhcpd takes any number of them. */
static void conditions_in_a_row_are_all_read(void **state)
{
    struct text text = {.length = 0};

    (void)state;
    add(&text, "class \"x\" { match if option host-name = \"n\"");
    for (int i = 0; i < 3000; i++)
        add(&text, " or option host-name = \"n%d\"", i);
    add(&text, "; filename \"x\"; }\nif exists host-name");
    for (int i = 0; i < 1000; i++)
        add(&text, " and not (option host-name = \"n%d\")", i);
    add(&text, " { next-server 10.9.9.9; }\n");
    open_scene(&text);
    assert_true(gets_file("n", "x"));
    assert_int_equal(scene.reply.siaddr, 0x0a090909);
    assert_true(gets_file("n2999", "x"));
    assert_true(gets_file("n999", "x"));
    assert_int_not_equal(scene.reply.siaddr, 0x0a090909);
    assert_false(gets_file("n3000", "x"));
    assert_false(scene.plan.evaluation.exhausted);
    scene_close(&scene);
}

static void a_long_chain_of_elsif_is_walked_to_its_end(void **state)
{
    struct text text = {.length = 0};

    (void)state;
    add(&text, "if option host-name = \"n\" { filename \"first\"; }\n");
    for (int i = 0; i < 3000; i++)
        add(&text, "elsif option host-name = \"n%d\" { filename \"f%d\"; }\n", i, i);
    add(&text, "else { filename \"last\"; }\n");
    open_scene(&text);
    assert_true(gets_file("n", "first"));
    assert_true(gets_file("n2999", "f2999"));
    assert_true(gets_file("other", "last"));
    assert_false(scene.plan.evaluation.exhausted);
    scene_close(&scene);
}

/* Whether a pattern is taken; what is said about it, in part, where not. */
static void check_pattern(const char *pattern, enum diagnostic_severity severity, const char *said)
{
    struct diagnostics found = {.count = 0};
    struct text text = {.length = 0};
    struct snapshot *snapshot;

    add(&text, "if option host-name ~= \"%s\" { filename \"x\"; }", pattern);
    snapshot = config_parse("conf", slice_of(text.bytes, text.length), &found);
    assert_int_equal(found.count, said ? 1 : 0);
    if (said) {
        assert_int_equal(found.list[0].severity, severity);
        assert_non_null(strstr(found.list[0].message, said));
    }
    assert_true((snapshot == NULL) == (said && severity == DIAGNOSTIC_ERROR));
    snapshot_free(snapshot);
    diagnostics_release(&found);
    free(text.bytes);
}

/* Each of those that are refused kept a packet, or the check itself, busy for seconds. */
static void patterns_that_cost_too_much_are_refused(void **state)
{
    (void)state;
    check_pattern("^PXEClient:Arch:0000[0-9]", DIAGNOSTIC_ERROR, NULL);
    check_pattern("^([0-9a-f]{2}:){5}[0-9a-f]{2}$|[]x[:alpha:]\\\\1]+\\\\.", DIAGNOSTIC_ERROR,
                  NULL);
    check_pattern("(a|b)*c{3,}|d{,2}", DIAGNOSTIC_ERROR, NULL);
    check_pattern("(.*)\\\\1x", DIAGNOSTIC_ERROR, "back-reference");
    check_pattern("a{,32767}", DIAGNOSTIC_ERROR, "too big");
    check_pattern("a{1,32767}", DIAGNOSTIC_ERROR, "too big");
    check_pattern("(((a{1,255}){1,255}){1,255}){1,255}", DIAGNOSTIC_ERROR, "too big");
    check_pattern("([ab]{1,100}){1,100}c", DIAGNOSTIC_ERROR, "too big");
    check_pattern("((((((((((a+)+)+)+)+)+)+)+)+)+)+", DIAGNOSTIC_ERROR, "too big");
    check_pattern("(a", DIAGNOSTIC_WARNING, "matches nothing");
    check_pattern("[a", DIAGNOSTIC_WARNING, "matches nothing");
}

/* Thousands of each thing, in the order that once took a walk over all for each. The sizes are such
 * that a walk over all for each would be noticed by who waits for the test. */
static void large_files_are_read(void **state)
{
    struct diagnostics found = {.count = 0};
    struct text text = {.length = 0};
    struct snapshot *snapshot;

    (void)state;
    for (unsigned i = 0; i < 30000; i++)
        add(&text, "host h%u { fixed-address 10.%u.%u.9; }\n", i, i >> 8 & 255, i & 255);
    add(&text, "class \"c\" { match option host-name; }\n");
    for (unsigned i = 0; i < 30000; i++)
        add(&text, "subclass \"c\" \"%u\";\n", i);
    for (unsigned i = 0; i < 5000; i++)
        add(&text, "option o%u code %u = text;\n", i, 128 + i % 100);
    for (unsigned i = 0; i < 30000; i++)
        add(&text, "option O%u \"%u\";\n", i % 5000, i);
    add(&text, "shared-network n {\n");
    for (unsigned i = 0; i < 30000; i++)
        add(&text, "subnet 10.%u.%u.0 netmask 255.255.255.0 { }\n", i >> 8 & 255, i & 255);
    for (unsigned i = 0; i < 30000; i++)
        add(&text, "pool { range 10.%u.%u.20 10.%u.%u.99; }\n", i >> 8 & 255, i & 255, i >> 8 & 255,
            i & 255);
    add(&text, "}\n");
    for (unsigned i = 0; i < 200000; i++)
        add(&text, "wrd;\n");
    snapshot = config_parse("conf", slice_of(text.bytes, text.length), &found);
    assert_non_null(snapshot);
    assert_int_equal(snapshot->host_count, 30000);
    assert_int_equal(snapshot->subnet_count, 30000);
    assert_int_equal(snapshot->subnets[29999].range_count, 1);
    assert_int_equal(snapshot->subnets[29999].ranges[0].low, 0x0a752f14);
    assert_int_equal(snapshot->classes[0].subclass_count, 30000);
    /* Of the words, a thousand are told. */
    assert_int_equal(found.count, 1000);
    assert_string_equal(found.list[999].line, "wrd;");
    assert_int_equal(found.list[0].where.line, 30001 + 30000 + 35000 + 60002 + 1);
    snapshot_free(snapshot);
    diagnostics_release(&found);
    free(text.bytes);
}

/* The smallest declarations take most memory for their length. */
static void declarations_are_bounded(void **state)
{
    struct diagnostics found = {.count = 0};
    struct text text = {.length = 0};

    (void)state;
    for (int i = 0; i < 50001; i++)
        add(&text, "group{}group{}group{}group{}group{}group{}group{}group{}group{}group{}\n");
    assert_null(config_parse("conf", slice_of(text.bytes, text.length), &found));
    assert_int_equal(found.count, 1);
    assert_string_equal(found.list[0].message, "this declaration is one too many: at most 500000");
    assert_int_equal(found.list[0].where.line, 50001);
    diagnostics_release(&found);
    free(text.bytes);
}

/* A range that no subnet of its shared network holds, and one that two hold: the first written
 * counts, and another network's does not. */
static void ranges_find_their_subnets(void **state)
{
    struct diagnostics found = {.count = 0};
    struct snapshot *snapshot =
        config_parse("conf",
                     slice_of_string("shared-network a { subnet 10.1.0.0 netmask 255.255.0.0 { }\n"
                                     " subnet 10.1.1.0 netmask 255.255.255.0 { }\n"
                                     " subnet 10.2.1.0 netmask 255.255.255.0 { }\n"
                                     " subnet 10.2.0.0 netmask 255.255.0.0 { }\n"
                                     " pool { range 10.1.1.1 10.1.1.9; range 10.2.1.1 10.2.1.9;"
                                     " range 10.2.1.20 10.2.2.9; } }\n"),
                     &found);

    (void)state;
    assert_non_null(snapshot);
    assert_int_equal(snapshot->subnets[0].range_count, 1);
    assert_int_equal(snapshot->subnets[1].range_count, 0);
    assert_int_equal(snapshot->subnets[2].range_count, 1);
    assert_int_equal(snapshot->subnets[3].range_count, 1);
    snapshot_free(snapshot);
    diagnostics_release(&found);
    assert_null(
        config_parse("conf",
                     slice_of_string("shared-network a { subnet 10.1.0.0 netmask 255.255.0.0 { }\n"
                                     " pool { range 10.2.1.1 10.2.1.9; } }\n"
                                     "shared-network b { subnet 10.2.0.0 netmask 255.255.0.0 { }"
                                     " pool { range 10.2.255.9 10.3.0.9; } }\n"),
                     &found));
    assert_int_equal(found.count, 2);
    assert_non_null(strstr(found.list[0].message, "no subnet of this shared-network holds"));
    assert_non_null(strstr(found.list[1].message, "no subnet of this shared-network holds"));
    diagnostics_release(&found);
}

/* A flood of new machines ends the oldest offers; who takes one of those then gets it all the same.
 */
static void a_flood_of_discovers_refuses_nobody(void **state)
{
    const struct ask discover = {.type = DHCP_DISCOVER, .mac = 1};
    struct ask request = {.type = DHCP_REQUEST, .mac = 1, .server = SCENE_SERVER};
    struct lease lease = {.state = LEASE_OFFERED, .hardware = {1, 6, {4}}};

    (void)state;
    scene_open(&scene, "subnet 10.50.0.0 netmask 255.255.0.0 { range 10.50.2.1 10.50.2.9; }\n"
                       "subnet 10.60.0.0 netmask 255.254.0.0 { range 10.60.0.1 10.61.255.250; }");
    request.requested = scene_ask(&scene, &discover);
    assert_true(request.requested);
    lease.offer_until_ms = scene.now_ms + DHCP_OFFER_MS;
    for (uint32_t i = 0; i < DHCP_OFFERS_MAX; i++) {
        lease.address = 0x0a3c0001 + i;
        memcpy(lease.hardware.address + 1, &i, sizeof(i));
        lease_table_put(&scene.leases, &lease);
        lease_table_limit_offers(&scene.leases, DHCP_OFFERS_MAX);
    }
    assert_int_equal(scene.leases.offer_count, DHCP_OFFERS_MAX);
    assert_null(lease_table_by_address(&scene.leases, request.requested));
    assert_true(scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2}));
    assert_int_equal(scene.leases.offer_count, DHCP_OFFERS_MAX);
    assert_int_equal(scene_ask(&scene, &request), request.requested);
    scene_close(&scene);
}

/* Whatever the ranges hold, so many addresses get records; then those that ended go to others.
 */
static void leases_are_bounded(void **state)
{
    struct text text = {.length = 0};
    const struct lease ended = {
        .address = 0x0a320130, .state = LEASE_BOUND, .expiry = 1000, .hardware = {1, 6, {4, 4, 4}}};
    size_t count;

    (void)state;
    open_scene(&text);
    lease_table_put(&scene.leases, &ended);
    count = scene.leases.count;
    scene.leases.count = DHCP_LEASES_MAX;
    assert_int_equal(scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1}), 0x0a320130);
    assert_int_equal(scene.leases.count, DHCP_LEASES_MAX);
    assert_false(
        scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2, .requested = 0x0a320131}));
    assert_int_equal(scene.plan.outcome, OUTCOME_EXHAUSTED);
    assert_true(scene_why(&scene, "which is the limit"));
    scene.leases.count = count;
    assert_true(scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2}));
    scene_close(&scene);
}

/* One machine that declines whatever it gets takes a few addresses out of the ranges, not all.
 */
static void declines_are_bounded(void **state)
{
    struct text text = {.length = 0};
    struct ask decline = {.type = DHCP_DECLINE, .mac = 1};
    size_t set_aside = 0;

    (void)state;
    open_scene(&text);
    for (int i = 0; i < 100; i++) {
        decline.requested = scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
        assert_true(decline.requested);
        scene_ask(&scene, &decline);
        set_aside += scene.plan.change == CHANGE_STORE;
    }
    assert_int_equal(set_aside, DHCP_DECLINES_MAX);
    assert_true(scene_why(&scene, "set aside at its word already"));
    /* Another machine's word counts, and this one's again when its time is over. */
    decline.mac = 2;
    decline.requested = scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 2});
    scene_ask(&scene, &decline);
    assert_int_equal(scene.plan.change, CHANGE_STORE);
    scene_pass(&scene, DHCP_DECLINED_SECONDS + 1);
    decline.mac = 1;
    decline.requested = scene_ask(&scene, &(struct ask){.type = DHCP_DISCOVER, .mac = 1});
    scene_ask(&scene, &decline);
    assert_int_equal(scene.plan.change, CHANGE_STORE);
    scene_close(&scene);
}

/* Parses `before`, then `count` times `piece`, then `after`; expects this one error, or none. */
static void expect_of(const char *before, const char *piece, size_t count, const char *after,
                      const char *error)
{
    struct diagnostics found = {.count = 0};
    struct text text = {.length = 0};
    struct snapshot *snapshot;

    add(&text, "%s", before);
    for (size_t i = 0; i < count; i++)
        add(&text, "%s", piece);
    add(&text, "%s", after);
    snapshot = config_parse("conf", slice_of_string(text.bytes), &found);
    if (found.error_count != (error != NULL))
        fail_msg("%s%zu times %s: %s", before, count, piece,
                 found.count > 0 ? found.list[0].message : "taken");
    if (error)
        assert_string_equal(found.list[0].message, error);
    diagnostics_release(&found);
    snapshot_free(snapshot);
    free(text.bytes);
}

/* As in dhcpd; only its values may have any length. */
static void strings_words_and_values_are_bounded(void **state)
{
    static const char string[] = "this string has 1500 characters: at most 1499",
                      word[] = "this word has 1500 characters: at most 1499",
                      value[] = "this value is too long: an option has at most 65535 bytes";

    (void)state;
    expect_of("filename \"", "x", 1499, "\";", NULL);
    expect_of("filename \"", "x", 1500, "\";", string);
    expect_of("filename \"\n", "x", 1498, "\";", NULL);
    expect_of("filename \"\n", "\\170", 1498, "\";", NULL);
    expect_of("filename \"", "\\170", 1500, "\";", string);
    expect_of("host ", "x", 1499, " { }", NULL);
    expect_of("host ", "x", 1500, " { }", word);
    expect_of("host ", "xx.", 1000, " { }", NULL);

    expect_of("option routers 10.0.0.1", ", 10.0.0.1", 16382, ";", NULL);
    expect_of("option routers 10.0.0.1", ", 10.0.0.1", 16383, ";", value);
    expect_of("option dhcp-client-identifier 1", ":1", 65534, ";", NULL);
    expect_of("option dhcp-client-identifier 1", ":1", 65535, ";", value);
    expect_of("option host-name = 1", ":1", 65534, ";", NULL);
    expect_of("option host-name = 1", ":1", 65535, ";", "these are more than 65535 bytes");
    expect_of("class \"c\" { match hardware; } subclass \"c\" 1", ":1", 3000, ";", NULL);
    expect_of("option host-name = concat (\"a\"", ", hardware", 1000, ");", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_in_a_row_are_all_read),
        cmocka_unit_test(a_long_chain_of_elsif_is_walked_to_its_end),
        cmocka_unit_test(patterns_that_cost_too_much_are_refused),
        cmocka_unit_test(strings_words_and_values_are_bounded),
        cmocka_unit_test(large_files_are_read),
        cmocka_unit_test(declarations_are_bounded),
        cmocka_unit_test(ranges_find_their_subnets),
        cmocka_unit_test(a_flood_of_discovers_refuses_nobody),
        cmocka_unit_test(leases_are_bounded),
        cmocka_unit_test(declines_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
