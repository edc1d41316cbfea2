#include "test.h"

#include "wire/dhcp_value.h"

static struct region region;

/* The value of a standard option, as it is written. */
static void assert_written(const char *option, const char *value, size_t length, const char *text)
{
    const struct dhcp_option_definition *row = dhcp_option_by_name(slice_of_string(option));

    assert_non_null(row);
    assert_string_equal(dhcp_value_text(&region, &row->form, slice_of(value, length)), text);
}

#define WRITTEN(option, value, text) assert_written(option, value, sizeof(value) - 1, text)

static void values_look_as_they_are_written(void **state)
{
    (void)state;
    WRITTEN("routers", "\x0a\x32\x01\x01", "10.50.1.1");
    WRITTEN("domain-name-servers", "\x0a\x32\x01\x02\x0a\x32\x01\x03", "10.50.1.2, 10.50.1.3");
    WRITTEN("static-routes", "\x0a\0\0\0\x0a\x32\x01\x01\x0a\1\0\0\x0a\x32\x01\x02",
            "10.0.0.0 10.50.1.1, 10.1.0.0 10.50.1.2");
    WRITTEN("root-path", "/root", "\"/root\"");
    WRITTEN("root-path", "a\"b\\c\n\xff", "\"a\\\"b\\\\c\\012\\377\"");
    WRITTEN("ip-forwarding", "\1", "true");
    WRITTEN("ip-forwarding", "\0", "false");
    WRITTEN("time-offset", "\xff\xff\xb9\xb0", "-18000");
    WRITTEN("interface-mtu", "\x05\xdc", "1500");
    WRITTEN("default-ip-ttl", "\x40", "64");
    WRITTEN("vendor-encapsulated-options", "\x06\x01\x08\xff", "06:01:08:ff");
    WRITTEN("vendor-class-identifier", "HTTPClient", "\"HTTPClient\"");
    WRITTEN("slp-directory-agent", "\1\x0a\x32\x01\x01\x0a\x32\x01\x02",
            "true 10.50.1.1, 10.50.1.2");
    WRITTEN("slp-service-scope", "\0", "false");
    WRITTEN("pxe-client-id", "\0ab", "0 \"ab\"");
    /* RFC 3397: the second name's end points into the first. */
    WRITTEN("domain-search", "\3eng\5apple\3com\0\7example\xc0\4",
            "\"eng.apple.com\", \"example.apple.com\"");
    WRITTEN("classless-static-routes", "\x18\x0a\x3c\1\x0a\x32\1\1\0\x0a\x32\1\2",
            "10.60.1.0/24 10.50.1.1, 0.0.0.0/0 10.50.1.2");
}

static void values_of_another_form_are_bytes(void **state)
{
    (void)state;
    WRITTEN("classless-static-routes", "\x21\x0a\x3c\1\x0a\x32\1\1", "21:0a:3c:01:0a:32:01:01");
    WRITTEN("classless-static-routes", "\x18\x0a\x3c", "18:0a:3c");
    WRITTEN("routers", "\x0a\x32\x01", "0a:32:01");
    WRITTEN("ip-forwarding", "\7", "07");
    WRITTEN("interface-mtu", "\1\2\3", "01:02:03");
    WRITTEN("domain-search", "\3en", "03:65:6e");
    WRITTEN("domain-search", "\1a\xc0\0", "01:61:c0:00"); /* it points to itself */
    WRITTEN("domain-search", "\1a\xc0", "01:61:c0");
}

static void bytes_alone(void **state)
{
    (void)state;
    assert_string_equal(dhcp_hex_text(&region, slice_of("\x01\xa0\xff", 3)), "01:a0:ff");
    assert_string_equal(dhcp_hex_text(&region, slice_of(NULL, 0)), "");
    assert_string_equal(dhcp_quoted_text(&region, slice_of_string("a\tb")), "\"a\\011b\"");
}

static int release(void **state)
{
    (void)state;
    region_release(&region);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_look_as_they_are_written),
        cmocka_unit_test(values_of_another_form_are_bytes),
        cmocka_unit_test(bytes_alone),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
