#include "test.h"

#include "wire/dhcp_option_table.h"

static void the_table_is_in_order(void **state)
{
    size_t count;
    const struct dhcp_option_definition *table = dhcp_option_table(&count);

    (void)state;
    assert_true(count > 90);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            assert_true(table[i - 1].code < table[i].code);
        assert_in_range(table[i].code, 1, 254);
        assert_ptr_equal(dhcp_option_by_code(table[i].code), &table[i]);
        assert_ptr_equal(dhcp_option_by_name(slice_of_string(table[i].name)), &table[i]);
        assert_int_not_equal(table[i].form.atoms[0], DHCP_ATOM_END);
    }
    assert_int_equal(dhcp_option_by_name(slice_of_string("Root-Path"))->code, 17);
    assert_null(dhcp_option_by_name(slice_of_string("root-pat")));
    assert_null(dhcp_option_by_code(0));
    assert_null(dhcp_option_by_code(255));
}

/* Options whose codes everybody knows by heart. */
static void codes_are_the_standard_ones(void **state)
{
    static const struct {
        const char *name;
        uint8_t code;
    } known[] = {
        {"subnet-mask", 1},
        {"routers", 3},
        {"domain-name-servers", 6},
        {"host-name", 12},
        {"domain-name", 15},
        {"swap-server", 16},
        {"root-path", 17},
        {"vendor-encapsulated-options", 43},
        {"dhcp-lease-time", 51},
        {"dhcp-parameter-request-list", 55},
        {"vendor-class-identifier", 60},
        {"dhcp-client-identifier", 61},
        {"tftp-server-name", 66},
        {"bootfile-name", 67},
        {"user-class", 77},
        {"domain-search", 119},
        {"tftp-server-address", 150},
        {"loader-configfile", 209},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal(dhcp_option_by_name(slice_of_string(known[i].name))->code, known[i].code);
}

static void numbers_have_their_widths(void **state)
{
    static const struct {
        enum dhcp_atom atom;
        int64_t number;
        const char *bytes;
        size_t length; /* 0: does not fit */
    } rows[] = {
        {DHCP_ATOM_UINT8, 255, "\xff", 1},
        {DHCP_ATOM_UINT8, 256, "", 0},
        {DHCP_ATOM_UINT8, -1, "", 0},
        {DHCP_ATOM_UINT16, 0x1234, "\x12\x34", 2},
        {DHCP_ATOM_UINT16, 65536, "", 0},
        {DHCP_ATOM_UINT32, 0xffffffff, "\xff\xff\xff\xff", 4},
        {DHCP_ATOM_UINT32, 0x100000000, "", 0},
        {DHCP_ATOM_INT8, -128, "\x80", 1},
        {DHCP_ATOM_INT8, -129, "", 0},
        {DHCP_ATOM_INT16, -2, "\xff\xfe", 2},
        {DHCP_ATOM_INT32, -3600, "\xff\xff\xf1\xf0", 4},
        {DHCP_ATOM_FLAG, 1, "\1", 1},
        {DHCP_ATOM_FLAG, 2, "", 0},
        {DHCP_ATOM_ADDRESS, 0x0a320101, "\x0a\x32\1\1", 4},
        {DHCP_ATOM_TEXT, 1, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[8];
        struct writer w = writer_of(bytes, sizeof(bytes));

        dhcp_atom_write(&w, rows[i].atom, rows[i].number);
        assert_int_equal(w.failed, rows[i].length == 0);
        assert_int_equal(w.length, rows[i].length);
        assert_memory_equal(bytes, rows[i].bytes, rows[i].length);
        if (rows[i].length > 0)
            assert_int_equal(dhcp_atom_width(rows[i].atom), rows[i].length);
    }
}

/* RFC 3397 section 4's own example: two names with a common tail. */
static void domain_lists_are_compressed(void **state)
{
    static const uint8_t expected[] = "\3eng\5apple\3com\0\11marketing\xc0\4";
    uint8_t bytes[100];
    struct writer w = writer_of(bytes, sizeof(bytes));

    (void)state;
    assert_true(dhcp_domain_name_write(&w, slice_of_string("eng.apple.com."), true));
    assert_true(dhcp_domain_name_write(&w, slice_of_string("marketing.Apple.com"), true));
    assert_int_equal(w.length, sizeof(expected) - 1);
    assert_memory_equal(bytes, expected, w.length);
    /* A whole name again is one pointer; a tail of a compressed name is found through its pointer.
     */
    assert_true(dhcp_domain_name_write(&w, slice_of_string("eng.apple.com"), true));
    assert_true(dhcp_domain_name_write(&w, slice_of_string("x.marketing.apple.com"), true));
    assert_int_equal(w.length, sizeof(expected) - 1 + 2 + 4);
    assert_memory_equal(bytes + sizeof(expected) - 1, "\xc0\0\1x\xc0\17", 6);
    assert_false(w.failed);
}

static void names_that_are_none_are_refused(void **state)
{
    char longest[300], label[70];
    uint8_t bytes[300];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct writer little = writer_of(bytes, 4);

    (void)state;
    memset(label, 'a', sizeof(label));
    assert_false(dhcp_domain_name_write(&w, slice_of(label, 64), false));
    assert_false(dhcp_domain_name_write(&w, slice_of_string(""), false));
    assert_false(dhcp_domain_name_write(&w, slice_of_string("."), false));
    assert_false(dhcp_domain_name_write(&w, slice_of_string("a..b"), false));
    assert_false(dhcp_domain_name_write(&w, slice_of_string(".a"), false));
    assert_int_equal(w.length, 0);
    for (size_t i = 0; i < sizeof(longest); i++)
        longest[i] = i % 2 ? '.' : 'a';
    assert_false(dhcp_domain_name_write(&w, slice_of(longest, 255), false));
    assert_true(dhcp_domain_name_write(&w, slice_of(longest, 253), false));
    assert_int_equal(w.length, 255);
    assert_true(dhcp_domain_name_write(&little, slice_of_string("abc.de"), false));
    assert_true(little.failed);
}

/* The table of RFC 3442, "Classless Route Option Format". */
static void destinations_have_their_significant_bytes(void **state)
{
    static const struct {
        uint32_t network;
        unsigned prefix;
        const char *bytes;
        size_t length;
    } rows[] = {
        {0, 0, "\0", 1},
        {0x0a000000, 8, "\x08\x0a", 2},
        {0x0a000000, 24, "\x18\x0a\0\0", 4},
        {0x0a110000, 16, "\x10\x0a\x11", 3},
        {0x0a1b8100, 24, "\x18\x0a\x1b\x81", 4},
        {0x0ae50080, 25, "\x19\x0a\xe5\0\x80", 5},
        {0x0ac67a2f, 32, "\x20\x0a\xc6\x7a\x2f", 5},
    };
    struct reader beyond = reader_of("\x21\1\2\3\4\5", 6);
    unsigned prefix;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[8];
        struct writer w = writer_of(bytes, sizeof(bytes));
        struct reader r;

        dhcp_destination_write(&w, rows[i].network, rows[i].prefix);
        assert_int_equal(w.length, rows[i].length);
        assert_memory_equal(bytes, rows[i].bytes, rows[i].length);
        r = reader_of(bytes, w.length);
        assert_int_equal(dhcp_destination_read(&r, &prefix), rows[i].network);
        assert_int_equal(prefix, rows[i].prefix);
        assert_false(r.failed);
    }
    dhcp_destination_read(&beyond, &prefix);
    assert_true(beyond.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(codes_are_the_standard_ones),
        cmocka_unit_test(numbers_have_their_widths),
        cmocka_unit_test(domain_lists_are_compressed),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(destinations_have_their_significant_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
