/* Expressions and executable statements: every operator, absent values, limits, scopes, classes. */
#include "test.h"

#include "base/cursor.h"
#include "decide/evaluation.h"

/* Trees by hand: each call takes the next node of a pool. */
static struct expression nodes[4096];
static const struct expression *links[8192];
static size_t node_count, link_count;

static struct expression *node(enum expression_kind kind)
{
    struct expression *x = &nodes[node_count++];

    *x = (struct expression){.kind = kind};
    return x;
}

static const struct expression *text(const char *bytes)
{
    struct expression *x = node(EXPRESSION_CONSTANT);

    x->constant = slice_of_string(bytes);
    return x;
}

static const struct expression *number(int64_t value)
{
    struct expression *x = node(EXPRESSION_NUMBER);

    x->number = value;
    return x;
}

static const struct expression *option(unsigned code)
{
    struct expression *x = node(EXPRESSION_OPTION);

    x->space = SPACE_DHCP;
    x->code = code;
    return x;
}

static const struct expression *absent(void)
{
    return node(EXPRESSION_NOTHING);
}

/* A node over up to four operands; NULL ends them. */
static struct expression *over(enum expression_kind kind, const struct expression *a,
                               const struct expression *b, const struct expression *c,
                               const struct expression *d)
{
    const struct expression *all[] = {a, b, c, d};
    struct expression *x = node(kind);

    x->operands = &links[link_count];
    while (x->operand_count < 4 && all[x->operand_count])
        links[link_count++] = all[x->operand_count++];
    return x;
}

static const struct expression *wide(struct expression *x, unsigned width)
{
    x->width = width;
    return x;
}

static const struct expression *yes(void)
{
    return over(EXPRESSION_EQUAL, number(1), number(1), NULL, NULL);
}

static const struct expression *no(void)
{
    return over(EXPRESSION_EQUAL, number(1), number(2), NULL, NULL);
}

/* A boolean without a value. */
static const struct expression *unknown(void)
{
    return over(EXPRESSION_MATCHES, absent(), text("x"), NULL, NULL);
}

static struct dhcp_message message;
static struct snapshot *snapshot;
static struct evaluation e;

static void start(void)
{
    node_count = link_count = 0;
    memset(&message, 0, sizeof(message));
    message.hardware_type = 1;
    message.hardware_length = 6;
    memcpy(message.chaddr, "\x22\x22\x22\x22\x00\x0a", 6);
    message.options[60] = slice_of_string("PXEClient:Arch:00007");
    message.options[93] = slice_of("\0\7", 2);
    message.options[82] = slice_of("\1\3abc\5\4\12\0\0\1", 11);
    message.options[175] = slice_of("\0\260\1\1\1\2hi\377", 9);
    message.options[80] = slice_of("", 0);
    message.file = slice_of_string("boot.cfg");
    memset(&e, 0, sizeof(e));
    e.snapshot = snapshot;
    e.message = &message;
    e.packet = slice_of("\1\1\6\0", 4);
    evaluation_start(&e);
}

static void check_data(const struct expression *x, const void *bytes, size_t length)
{
    struct value value = evaluation_value(&e, x);

    assert_int_equal(value.kind, VALUE_DATA);
    assert_int_equal(value.data.length, length);
    assert_memory_equal(value.data.data, bytes, length);
}

#define check_text(x, expected) check_data(x, expected, strlen(expected))

static void check_number(const struct expression *x, int64_t expected)
{
    struct value value = evaluation_value(&e, x);

    assert_int_equal(value.kind, VALUE_NUMBER);
    assert_int_equal(value.number, expected);
}

static void check_none(const struct expression *x)
{
    assert_int_equal(evaluation_value(&e, x).kind, VALUE_NONE);
}

static void check_truth(const struct expression *x, bool expected)
{
    struct value value = evaluation_value(&e, x);

    assert_int_equal(value.kind, VALUE_BOOLEAN);
    assert_int_equal(value.number, expected);
}

static void test_data(void **state)
{
    (void)state;
    start();
    check_text(option(60), "PXEClient:Arch:00007");
    check_none(option(61));
    check_data(option(80), "", 0);
    check_text(over(EXPRESSION_SUBSTRING, option(60), number(0), number(9), NULL), "PXEClient");
    check_text(over(EXPRESSION_SUBSTRING, option(60), number(15), number(99), NULL), "00007");
    check_text(over(EXPRESSION_SUBSTRING, option(60), number(99), number(1), NULL), "");
    check_none(over(EXPRESSION_SUBSTRING, option(61), number(0), number(1), NULL));
    check_text(over(EXPRESSION_SUFFIX, option(60), number(5), NULL, NULL), "00007");
    check_text(over(EXPRESSION_SUFFIX, text("ab"), number(5), NULL, NULL), "ab");
    check_none(over(EXPRESSION_SUFFIX, absent(), number(5), NULL, NULL));
    check_text(over(EXPRESSION_CONCAT, text("a"), text(""), text("b"), text("c")), "abc");
    check_none(over(EXPRESSION_CONCAT, text("a"), absent(), NULL, NULL));
    check_text(over(EXPRESSION_LCASE, text("aBC1"), NULL, NULL, NULL), "abc1");
    check_text(over(EXPRESSION_UCASE, text("aBc1"), NULL, NULL, NULL), "ABC1");
    check_data(node(EXPRESSION_HARDWARE), "\1\x22\x22\x22\x22\0\x0a", 7);
    check_data(over(EXPRESSION_PACKET, number(1), number(2), NULL, NULL), "\1\6", 2);
    check_none(over(EXPRESSION_PACKET, number(4), number(1), NULL, NULL));
    check_text(over(EXPRESSION_REVERSE, number(2), text("abcdef"), NULL, NULL), "efcdab");
    check_none(over(EXPRESSION_REVERSE, number(4), text("abcdef"), NULL, NULL));
    check_text(over(EXPRESSION_PICK, absent(), text("x"), text("y"), NULL), "x");
    check_text(over(EXPRESSION_PICK, absent(), option(80), text("x"), NULL), "");
    check_none(over(EXPRESSION_PICK, absent(), NULL, NULL, NULL));
    check_text(node(EXPRESSION_FILENAME), "boot.cfg");
    check_none(node(EXPRESSION_SERVER_NAME));
    check_none(node(EXPRESSION_NEXT_SERVER));
    check_none(node(EXPRESSION_HOST_DECL_NAME));
    check_none(node(EXPRESSION_LEASED_ADDRESS));
    e.address = 0x0a320107;
    check_data(node(EXPRESSION_LEASED_ADDRESS), "\12\62\1\7", 4);
}

static void test_numbers(void **state)
{
    (void)state;
    start();
    check_text(
        over(EXPRESSION_BINARY_TO_ASCII, number(16), number(8), text("-"),
             over(EXPRESSION_SUBSTRING, node(EXPRESSION_HARDWARE), number(1), number(6), NULL)),
        "22-22-22-22-0-a");
    check_text(over(EXPRESSION_BINARY_TO_ASCII, number(10), number(16), text("."), option(93)),
               "7");
    check_text(over(EXPRESSION_BINARY_TO_ASCII, number(2), number(8), text(""), text("\5")), "101");
    check_none(over(EXPRESSION_BINARY_TO_ASCII, number(17), number(8), text(""), text("\5")));
    check_none(over(EXPRESSION_BINARY_TO_ASCII, number(10), number(32), text(""), text("\5")));
    check_data(wide(over(EXPRESSION_ENCODE_INT, number(258), NULL, NULL, NULL), 16), "\1\2", 2);
    check_data(wide(over(EXPRESSION_ENCODE_INT, number(7), NULL, NULL, NULL), 32), "\0\0\0\7", 4);
    check_number(wide(over(EXPRESSION_EXTRACT_INT, option(93), NULL, NULL, NULL), 16), 7);
    check_none(wide(over(EXPRESSION_EXTRACT_INT, option(93), NULL, NULL, NULL), 32));
    check_number(over(EXPRESSION_ADD, number(3), number(4), NULL, NULL), 7);
    check_number(over(EXPRESSION_SUBTRACT, number(4), number(3), NULL, NULL), 1);
    check_number(over(EXPRESSION_MULTIPLY, number(4), number(3), NULL, NULL), 12);
    check_number(over(EXPRESSION_DIVIDE, number(7), number(2), NULL, NULL), 3);
    check_none(over(EXPRESSION_DIVIDE, number(7), number(0), NULL, NULL));
    check_number(over(EXPRESSION_REMAINDER, number(7), number(4), NULL, NULL), 3);
    check_none(over(EXPRESSION_REMAINDER, number(7), number(0), NULL, NULL));
    check_number(over(EXPRESSION_BIT_AND, number(6), number(3), NULL, NULL), 2);
    check_number(over(EXPRESSION_BIT_OR, number(6), number(3), NULL, NULL), 7);
    check_number(over(EXPRESSION_BIT_XOR, number(6), number(3), NULL, NULL), 5);
    check_none(over(EXPRESSION_ADD, number(6), absent(), NULL, NULL));
    check_number(node(EXPRESSION_HARDWARE_TYPE), 1);
    check_none(node(EXPRESSION_LEASE_TIME));
}

static void test_booleans(void **state)
{
    (void)state;
    start();
    check_truth(over(EXPRESSION_EQUAL, text("a"), text("a"), NULL, NULL), true);
    /* Comparing data includes its length. */
    check_truth(over(EXPRESSION_EQUAL, option(93), text("\7"), NULL, NULL), false);
    check_truth(over(EXPRESSION_EQUAL, option(93), number(7), NULL, NULL), false);
    check_truth(over(EXPRESSION_EQUAL, absent(), absent(), NULL, NULL), true);
    check_truth(over(EXPRESSION_EQUAL, absent(), text(""), NULL, NULL), false);
    check_truth(over(EXPRESSION_NOT_EQUAL, absent(), text(""), NULL, NULL), true);
    check_truth(over(EXPRESSION_NOT_EQUAL, absent(), absent(), NULL, NULL), false);
    check_truth(over(EXPRESSION_MATCHES, option(60), text("^PXE.*0+7$"), NULL, NULL), true);
    check_truth(over(EXPRESSION_MATCHES, option(60), text("pxe"), NULL, NULL), false);
    check_truth(over(EXPRESSION_MATCHES_CASE, option(60), text("pxe"), NULL, NULL), true);
    check_truth(over(EXPRESSION_MATCHES, option(60), text("("), NULL, NULL), false);
    check_none(over(EXPRESSION_MATCHES, text("a"), option(60), NULL, NULL));
    check_truth(over(EXPRESSION_AND, yes(), yes(), NULL, NULL), true);
    check_truth(over(EXPRESSION_AND, yes(), no(), NULL, NULL), false);
    check_none(over(EXPRESSION_AND, yes(), unknown(), NULL, NULL));
    check_none(over(EXPRESSION_AND, no(), yes(), NULL, NULL));
    check_none(over(EXPRESSION_AND, unknown(), yes(), NULL, NULL));
    check_truth(over(EXPRESSION_OR, no(), yes(), NULL, NULL), true);
    check_truth(over(EXPRESSION_OR, unknown(), yes(), NULL, NULL), true);
    check_truth(over(EXPRESSION_OR, unknown(), no(), NULL, NULL), false);
    check_none(over(EXPRESSION_OR, unknown(), unknown(), NULL, NULL));
    check_truth(over(EXPRESSION_NOT, no(), NULL, NULL, NULL), true);
    check_none(over(EXPRESSION_NOT, unknown(), NULL, NULL, NULL));
    check_truth(node(EXPRESSION_KNOWN), false);
    check_truth(node(EXPRESSION_STATIC), false);
    node(EXPRESSION_EXISTS)->space = SPACE_DHCP;
    nodes[node_count - 1].code = 80;
    check_truth(&nodes[node_count - 1], true);
    nodes[node_count - 1].code = 61;
    check_truth(&nodes[node_count - 1], false);
}

/* Deep trees and endless work end. */
static void test_limits(void **state)
{
    const struct expression *x;
    static struct action loop[2];

    (void)state;
    start();
    x = yes();
    for (int i = 0; i < 200; i++)
        x = over(EXPRESSION_NOT, x, NULL, NULL, NULL);
    check_none(x);
    assert_true(e.exhausted);
    start();
    x = option(60);
    for (int i = 0; i < 40; i++)
        x = over(EXPRESSION_CONCAT, x, x, NULL, NULL);
    evaluation_value(&e, x);
    assert_true(e.exhausted);
    assert_true(e.bytes_used <= EVALUATION_BYTES);
    start();
    loop[0] = (struct action){.kind = ACTION_EVAL, .value = x, .next = &loop[1]};
    loop[1] = (struct action){.kind = ACTION_EVAL, .value = x, .next = &loop[0]};
    evaluation_execute(&e, loop);
    assert_true(e.exhausted);
    assert_int_equal(e.steps, EVALUATION_STEPS);
}

static struct action set_option(unsigned code, const char *value, enum setting_operation operation)
{
    return (struct action){
        .kind = ACTION_SETTING,
        .setting = {.space = SPACE_DHCP,
                    .code = code,
                    .value = value ? slice_of_string(value) : slice_of(NULL, 0),
                    .expression = value ? NULL : absent(),
                    .operation = operation},
    };
}

static void run(struct action *actions, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        actions[i].next = &actions[i + 1];
    evaluation_execute(&e, actions);
}

static void check_setting(unsigned code, const char *expected)
{
    const struct setting *setting = evaluation_find(&e, SPACE_DHCP, code);

    if (!expected) {
        assert_null(setting);
        return;
    }
    assert_non_null(setting);
    assert_true(slice_equal_string(setting->value, expected));
}

static void test_settings(void **state)
{
    (void)state;
    start();
    run((struct action[]){set_option(15, "a", SETTING_SUPERSEDE),
                          set_option(15, "b", SETTING_APPEND), set_option(15, "c", SETTING_PREPEND),
                          set_option(15, "d", SETTING_DEFAULT),
                          set_option(17, "d", SETTING_DEFAULT),
                          set_option(12, "h", SETTING_SUPERSEDE),
                          set_option(12, NULL, SETTING_SUPERSEDE)},
        7);
    check_setting(15, "cab");
    check_setting(17, "d");
    check_setting(12, NULL);
}

static void test_flow(void **state)
{
    struct action then = set_option(15, "then", SETTING_SUPERSEDE);
    struct action otherwise = set_option(15, "else", SETTING_SUPERSEDE);
    struct action cases[6];
    struct action actions[8] = {0};
    struct expression *variable;

    (void)state;
    start();
    actions[0] = (struct action){
        .kind = ACTION_IF, .value = unknown(), .body = &then, .otherwise = &otherwise};
    run(actions, 1);
    check_setting(15, "else");
    actions[0].value = yes();
    run(actions, 1);
    check_setting(15, "then");

    cases[0] = (struct action){.kind = ACTION_CASE, .value = number(1)};
    cases[1] = set_option(1, "one", SETTING_SUPERSEDE);
    cases[2] = (struct action){.kind = ACTION_CASE, .value = number(2)};
    cases[3] = set_option(2, "two", SETTING_SUPERSEDE);
    cases[4] = (struct action){.kind = ACTION_BREAK};
    cases[5] = set_option(3, "three", SETTING_SUPERSEDE);
    for (size_t i = 0; i < 5; i++)
        cases[i].next = &cases[i + 1];
    actions[0] = (struct action){.kind = ACTION_SWITCH, .value = number(1), .body = cases};
    actions[1] = set_option(4, "after", SETTING_SUPERSEDE);
    run(actions, 2);
    check_setting(1, "one");
    check_setting(2, "two");
    check_setting(3, NULL);
    check_setting(4, "after");

    variable = node(EXPRESSION_VARIABLE);
    variable->name = "x";
    actions[0] = (struct action){.kind = ACTION_SET, .name = "x", .value = text("v")};
    actions[1] = (struct action){.kind = ACTION_LOG, .level = LEVEL_INFO, .value = variable};
    actions[2] = (struct action){.kind = ACTION_UNSET, .name = "x"};
    run(actions, 3);
    assert_int_equal(e.log_count, 1);
    assert_true(slice_equal_string(e.logs[0].text, "v"));
    check_none(variable);
}

/* Options in options: read from the request, put together for the reply; classes and scopes. */
static void test_run(void **state)
{
    static const struct option_space spaces[] = {{"ipxe", 1, 1, true}};
    static const struct encapsulation rows[] = {{SPACE_DHCP, 175, SPACE_USER}};
    struct action body[4], pool_body[1], global_body[3], host_body[1];
    struct class classes[2] = {{.name = "first"}, {.name = "second"}};
    struct subclass sub = {.class = &classes[1], .key = slice_of("\0\7", 2)};
    const struct subclass *const subs[] = {&sub};
    struct subnet subnet = {.network = 0x0a320100, .netmask = 0xffffff00};
    struct permit permit = {.kind = PERMIT_CLASS, .class = &classes[1]};
    struct pool pool = {.allow = &permit, .allow_count = 1};
    struct host host = {.name = "h"};
    struct expression *inner;
    struct scope_view view;

    (void)state;
    start();
    snapshot->spaces = spaces;
    snapshot->space_count = 1;
    snapshot->encapsulations = rows;
    snapshot->encapsulation_count = 1;
    snapshot->classes = classes;
    snapshot->class_count = 2;
    inner = node(EXPRESSION_OPTION);
    inner->space = SPACE_USER;
    inner->code = 1;
    check_text(inner, "hi");
    inner->code = 9;
    check_none(inner);
    inner->space = SPACE_AGENT;
    inner->code = 1;
    check_text(inner, "abc");

    global_body[0] = set_option(15, "global", SETTING_SUPERSEDE);
    global_body[1] = set_option(1, "i", SETTING_SUPERSEDE);
    global_body[1].setting.space = SPACE_USER;
    global_body[2] = set_option(0x99, "j", SETTING_SUPERSEDE);
    global_body[2].setting.space = SPACE_USER;
    global_body[0].next = &global_body[2];
    global_body[2].next = &global_body[1];
    snapshot->global = (struct scope){.actions = global_body};
    subnet.scope.outer = &snapshot->global;
    pool_body[0] = set_option(15, "pool", SETTING_SUPERSEDE);
    pool.scope = (struct scope){.outer = &subnet.scope, .actions = pool_body};
    classes[0].match_if = yes();
    body[0] = set_option(15, "first", SETTING_SUPERSEDE);
    classes[0].scope = (struct scope){.outer = &snapshot->global, .actions = &body[0]};
    classes[1].match = option(93);
    classes[1].subclasses = &sub;
    classes[1].subclass_count = 1;
    classes[1].subclasses_by_key = subs;
    body[1] = set_option(15, "second", SETTING_SUPERSEDE);
    body[2] = set_option(16, "sub", SETTING_SUPERSEDE);
    classes[1].scope = (struct scope){.outer = &snapshot->global, .actions = &body[1]};
    sub.scope = (struct scope){.outer = &classes[1].scope, .actions = &body[2]};
    host_body[0] = set_option(12, "h", SETTING_SUPERSEDE);
    host.scope = (struct scope){.outer = &snapshot->global, .actions = host_body};
    e.subnet = &subnet;
    e.pool = &pool;
    e.host = &host;
    view = evaluation_run(&e);
    /* Of two classes the first written wins, and both win over the pool. */
    assert_true(slice_equal_string(scope_view_bytes(&view, SPACE_DHCP, 15), "first"));
    assert_true(slice_equal_string(scope_view_bytes(&view, SPACE_DHCP, 16), "sub"));
    assert_true(slice_equal_string(scope_view_bytes(&view, SPACE_DHCP, 12), "h"));
    assert_true(slice_equal(scope_view_bytes(&view, SPACE_DHCP, 175), slice_of("\1\1i\231\1j", 6)));
    assert_true(evaluation_permits(&e, &pool, false));
    sub.key = slice_of("\0\0", 2);
    view = evaluation_run(&e);
    assert_false(evaluation_permits(&e, &pool, false));
    classes[0].match_if = NULL;
    view = evaluation_run(&e);
    assert_true(slice_equal_string(scope_view_bytes(&view, SPACE_DHCP, 15), "pool"));
    pool.allow_count = 0;
    permit.kind = PERMIT_KNOWN;
    pool.deny = &permit;
    pool.deny_count = 1;
    assert_false(evaluation_permits(&e, &pool, false));
    permit.kind = PERMIT_UNKNOWN;
    assert_true(evaluation_permits(&e, &pool, false));
    permit.kind = PERMIT_DYNAMIC_BOOTP;
    assert_true(evaluation_permits(&e, &pool, false));
    assert_false(evaluation_permits(&e, &pool, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_booleans), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_settings), cmocka_unit_test(test_flow),
        cmocka_unit_test(test_run),
    };
    int failed;

    snapshot = snapshot_new();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    snapshot_free(snapshot);
    return failed;
}
