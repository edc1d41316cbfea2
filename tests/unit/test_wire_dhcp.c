#include "golden.h"

#include "base/cursor.h"
#include "wire/dhcp.h"

static void golden_request_is_read(void **state)
{
    static const uint8_t mac[] = {0x22, 0x22, 0x22, 0x22, 0, 0};
    static const uint8_t identifier[] = {1, 0x22, 0x22, 0x22, 0x22, 0, 0};
    struct dhcp_message message;
    uint8_t packet[512];
    uint32_t number = 0;

    (void)state;
    assert_null(dhcp_decode(&message, golden("dhcp-request.bin", packet, 512)));
    assert_int_equal(message.op, BOOTP_REQUEST);
    assert_int_equal(message.hops, 1);
    assert_int_equal(message.xid, 0x1a2b3c4d);
    assert_int_equal(message.secs, 4);
    assert_int_equal(message.flags, DHCP_FLAG_BROADCAST);
    assert_int_equal(message.giaddr, 0x0a320201);
    assert_int_equal(message.hardware_length, 6);
    assert_memory_equal(message.chaddr, mac, 6);
    assert_true(slice_equal_string(message.file, "netbsd"));
    assert_true(message.has_options);
    assert_int_equal(dhcp_message_type(&message), DHCP_REQUEST);
    assert_true(dhcp_message_u32(&message, DHCP_OPTION_REQUESTED_ADDRESS, &number));
    assert_int_equal(number, 0x0a3201c8);
    assert_true(dhcp_message_u32(&message, DHCP_OPTION_LEASE_TIME, &number));
    assert_int_equal(number, 300);
    assert_false(dhcp_message_u32(&message, DHCP_OPTION_ROUTERS, &number));
    assert_int_equal(dhcp_message_limit(&message, 0), 1444);
    assert_true(slice_equal_string(dhcp_message_text(&message, DHCP_OPTION_VENDOR_CLASS),
                                   "NetBSD:i386:libsa"));
    assert_true(slice_equal(dhcp_message_bytes(&message, DHCP_OPTION_CLIENT_IDENTIFIER),
                            slice_of(identifier, sizeof(identifier))));
    assert_true(dhcp_message_requests(&message, 17));
    assert_false(dhcp_message_requests(&message, 6));
}

/* A reply that test cases change. */
static struct dhcp_reply example_reply(void)
{
    struct dhcp_reply reply = {
        .hardware_type = 1,
        .hardware_length = 6,
        .hops = 1,
        .xid = 0x1a2b3c4d,
        .flags = DHCP_FLAG_BROADCAST,
        .yiaddr = 0x0a3201c8,
        .siaddr = 0x0a320101,
        .giaddr = 0x0a320201,
        .chaddr = {0x22, 0x22, 0x22, 0x22},
        .file = slice_of_string("/pxeboot.bin"),
        .with_options = true,
    };

    dhcp_reply_add(&reply, DHCP_OPTION_MESSAGE_TYPE, slice_of("\5", 1));
    dhcp_reply_add(&reply, DHCP_OPTION_SERVER_IDENTIFIER, slice_of("\x0a\x32\1\1", 4));
    dhcp_reply_add(&reply, DHCP_OPTION_LEASE_TIME, slice_of("\0\0\xa8\xc0", 4));
    dhcp_reply_add(&reply, DHCP_OPTION_SUBNET_MASK, slice_of("\xff\xff\xff\0", 4));
    dhcp_reply_add(&reply, DHCP_OPTION_ROOT_PATH, slice_of_string("/srv/root"));
    dhcp_reply_add(&reply, DHCP_OPTION_FILE_NAME, slice_of("/pxeboot.bin", 13));
    return reply;
}

static void golden_ack_is_written(void **state)
{
    struct dhcp_reply reply = example_reply();
    uint8_t written[DHCP_LIMIT_MAX], wanted[512];
    size_t length = golden("dhcp-ack.bin", wanted, sizeof(wanted)).length;
    struct dhcp_dropped dropped;

    (void)state;
    assert_int_equal(dhcp_encode(&reply, DHCP_DEFAULT_LIMIT, written, sizeof(written), &dropped),
                     length);
    assert_memory_equal(written, wanted, length);
    assert_int_equal(dropped.count, 0);
}

/* A request with the given bytes after the fixed fields. */
static struct slice request_with(uint8_t *packet, const void *options, size_t length)
{
    memset(packet, 0, DHCP_FIXED_SIZE);
    packet[0] = BOOTP_REQUEST;
    packet[1] = 1;
    packet[2] = 6;
    memcpy(packet + DHCP_FIXED_SIZE, options, length);
    return slice_of(packet, DHCP_FIXED_SIZE + length);
}

#define COOKIE "\x63\x82\x53\x63"

static void odd_shapes_are_read(void **state)
{
    /* PADs between options and no END. */
    static const char pads[] = COOKIE "\0\0\x35\1\1\0\0\x0c\3abc\0";
    static const char bootp[] = "\0\0\0\0";
    struct dhcp_message message;
    uint8_t packet[DHCP_MESSAGE_MAX];

    (void)state;
    assert_null(dhcp_decode(&message, request_with(packet, pads, sizeof(pads) - 1)));
    assert_int_equal(dhcp_message_type(&message), DHCP_DISCOVER);
    assert_true(slice_equal_string(dhcp_message_text(&message, DHCP_OPTION_HOST_NAME), "abc"));
    /* No cookie: plain BOOTP; and one cut to its fixed fields. */
    assert_null(dhcp_decode(&message, request_with(packet, bootp, 4)));
    assert_false(message.has_options);
    assert_int_equal(dhcp_message_type(&message), DHCP_BOOTP);
    assert_null(dhcp_decode(&message, request_with(packet, "", 0)));
    assert_false(message.has_options);
    assert_int_equal(dhcp_message_limit(&message, 0), 300);
}

static void split_options_are_joined(void **state)
{
    static const char split[] = COOKIE "\x3c\3PXE\x35\1\1\x3c\6Client\x0c\1h\x3c\0\xff";
    struct dhcp_message message;
    uint8_t packet[DHCP_MESSAGE_MAX];

    (void)state;
    assert_null(dhcp_decode(&message, request_with(packet, split, sizeof(split) - 1)));
    assert_true(
        slice_equal_string(dhcp_message_bytes(&message, DHCP_OPTION_VENDOR_CLASS), "PXEClient"));
    assert_true(slice_equal_string(dhcp_message_bytes(&message, DHCP_OPTION_HOST_NAME), "h"));
}

static void overloaded_fields_are_read(void **state)
{
    static const char overload[] = COOKIE "\x34\1\3\x35\1\1\x3c\3PXE\xff";
    struct dhcp_message message;
    uint8_t packet[DHCP_MESSAGE_MAX];
    struct slice bytes = request_with(packet, overload, sizeof(overload) - 1);

    (void)state;
    memcpy(packet + 108, "\x3c\3Cli\xff", 6); /* file, then sname (RFC 3396 section 5) */
    memcpy(packet + 44, "\x3c\3ent\x0c\1h\xff", 9);
    assert_null(dhcp_decode(&message, bytes));
    assert_true(
        slice_equal_string(dhcp_message_bytes(&message, DHCP_OPTION_VENDOR_CLASS), "PXEClient"));
    assert_true(slice_equal_string(dhcp_message_bytes(&message, DHCP_OPTION_HOST_NAME), "h"));
    assert_int_equal(message.file.length, 0);
    assert_int_equal(message.sname.length, 0);
    memset(packet + 108, 0x3c, 128); /* an option that runs past the field */
    packet[108 + 126] = 0x3c;
    assert_non_null(dhcp_decode(&message, bytes));
}

static void nonsense_is_refused(void **state)
{
    static const char past_end[] = COOKIE "\x35\1\1\x0c\x20short";
    static const char no_length[] = COOKIE "\x35\1\1\x0c";
    static uint8_t large[DHCP_MESSAGE_MAX + 1];
    struct dhcp_message message;
    uint8_t packet[DHCP_MESSAGE_MAX];
    struct slice bytes = request_with(packet, past_end, sizeof(past_end) - 1);

    (void)state;
    assert_string_equal(dhcp_decode(&message, bytes), "an option runs past the end of the packet");
    assert_non_null(dhcp_decode(&message, request_with(packet, no_length, sizeof(no_length) - 1)));
    assert_non_null(dhcp_decode(&message, slice_of(packet, DHCP_FIXED_SIZE - 1)));
    assert_non_null(dhcp_decode(&message, slice_of(NULL, 0)));
    assert_non_null(dhcp_decode(&message, slice_of(large, sizeof(large))));
    request_with(packet, "", 0);
    packet[0] = 7;
    assert_non_null(dhcp_decode(&message, slice_of(packet, DHCP_FIXED_SIZE)));
    request_with(packet, "", 0);
    packet[2] = 17;
    assert_non_null(dhcp_decode(&message, slice_of(packet, DHCP_FIXED_SIZE)));
}

static void what_does_not_fit_is_named(void **state)
{
    struct dhcp_reply reply = example_reply();
    struct dhcp_message message;
    uint8_t written[DHCP_LIMIT_MAX], value[600];
    struct dhcp_dropped dropped;
    size_t length;

    (void)state;
    memset(value, 'x', sizeof(value));
    dhcp_reply_add(&reply, 15, slice_of(value, 100));
    dhcp_reply_add(&reply, 119, slice_of(value, 300));
    dhcp_reply_add(&reply, 12, slice_of(value, 20));
    reply.relay_agent = slice_of("\1\2ab", 4);
    length = dhcp_encode(&reply, DHCP_DEFAULT_LIMIT, written, sizeof(written), &dropped);
    assert_in_range(length, DHCP_MINIMUM, DHCP_DEFAULT_LIMIT);
    assert_int_equal(dropped.count, 1);
    assert_int_equal(dropped.codes[0], 119);
    assert_null(dhcp_decode(&message, slice_of(written, length)));
    assert_int_equal(dhcp_message_bytes(&message, DHCP_OPTION_HOST_NAME).length, 20);
    assert_int_equal(dhcp_message_bytes(&message, DHCP_OPTION_RELAY_AGENT).length, 4);
    /* With more room the long value stands there in two pieces, which read as one. */
    length = dhcp_encode(&reply, 1000, written, sizeof(written), &dropped);
    assert_int_equal(dropped.count, 0);
    assert_null(dhcp_decode(&message, slice_of(written, length)));
    assert_int_equal(message.options[119].length, 300);
    assert_memory_equal(message.options[119].data, value, 300);
    /* The relay's option is the last one. */
    assert_memory_equal(written + length - 7, "\x52\4\1\2ab\xff", 7);
    assert_int_equal(dhcp_encode(&reply, 100, written, sizeof(written), &dropped), 0);
}

static void fields_end_with_a_nul(void **state)
{
    struct dhcp_reply reply = example_reply();
    uint8_t written[DHCP_LIMIT_MAX], name[200];
    struct dhcp_dropped dropped;

    (void)state;
    memset(name, 'n', sizeof(name));
    reply.file = slice_of(name, sizeof(name));
    reply.sname = slice_of(name, DHCP_SNAME_SIZE);
    reply.with_options = false;
    assert_int_equal(dhcp_encode(&reply, 548, written, sizeof(written), &dropped), 300);
    assert_int_equal(written[44 + 62], 'n');
    assert_int_equal(written[44 + 63], 0);
    assert_int_equal(written[108 + 127], 0);
    assert_int_equal(written[DHCP_FIXED_SIZE], 0); /* no cookie */
}

/* As a client reads it. */
static size_t encoded(const struct dhcp_reply *reply, size_t limit, uint8_t *written,
                      struct dhcp_message *message, struct dhcp_dropped *dropped)
{
    size_t length = dhcp_encode(reply, limit, written, DHCP_LIMIT_MAX, dropped);

    assert_in_range(length, DHCP_MINIMUM, limit);
    assert_null(dhcp_decode(message, slice_of(written, length)));
    return length;
}

static void golden_overload_is_written(void **state)
{
    struct dhcp_reply reply = example_reply();
    uint8_t written[DHCP_LIMIT_MAX], wanted[600], value[200];
    size_t length = golden("dhcp-overload.bin", wanted, sizeof(wanted)).length;
    struct dhcp_message message;
    struct dhcp_dropped dropped;

    (void)state;
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (uint8_t)i;
    reply.option_count = 4;
    reply.file = slice_of(NULL, 0);
    reply.may_overload = true;
    reply.relay_agent = slice_of("\1\2ab", 4);
    dhcp_reply_add(&reply, 15, slice_of(value, 200));
    dhcp_reply_add(&reply, 40, slice_of(value, 180)); /* in pieces: options, file, sname */
    dhcp_reply_add(&reply, 12, slice_of(value, 40));
    assert_int_equal(encoded(&reply, DHCP_DEFAULT_LIMIT, written, &message, &dropped), length);
    assert_memory_equal(written, wanted, length);
    assert_int_equal(dropped.count, 0);
    assert_memory_equal(message.options[15].data, value, 200);
    assert_int_equal(message.options[40].length, 180);
    assert_memory_equal(message.options[40].data, value, 180);
    assert_int_equal(message.options[12].length, 40);
    /* The relay's option stands in the options themselves, the last of them. */
    assert_memory_equal(written + length - 7, "\x52\4\1\2ab\xff", 7);
}

static void fields_are_taken_only_where_they_must_be(void **state)
{
    struct dhcp_reply reply = example_reply();
    uint8_t written[DHCP_LIMIT_MAX], value[600];
    struct dhcp_message message;
    struct dhcp_dropped dropped;

    (void)state;
    memset(value, 'x', sizeof(value));
    reply.may_overload = true;
    dhcp_reply_add(&reply, 15, slice_of(value, 200));
    encoded(&reply, DHCP_DEFAULT_LIMIT, written, &message, &dropped);
    assert_null(message.options[DHCP_OPTION_OVERLOAD].data);
    /* The file field holds a name: only sname is left, 63 bytes and END. */
    dhcp_reply_add(&reply, 40, slice_of(value, 61));
    encoded(&reply, DHCP_DEFAULT_LIMIT, written, &message, &dropped);
    assert_int_equal(message.options[DHCP_OPTION_OVERLOAD].data[0], 2);
    assert_true(slice_equal_string(message.file, "/pxeboot.bin"));
    assert_int_equal(dropped.count, 0);
    assert_int_equal(written[44 + 63], DHCP_OPTION_END);
    /* What fits nowhere takes no room from what follows. */
    reply.option_count--;
    dhcp_reply_add(&reply, 41, slice_of(value, 600));
    dhcp_reply_add(&reply, 42, slice_of(value, 60));
    encoded(&reply, DHCP_DEFAULT_LIMIT, written, &message, &dropped);
    assert_int_equal(dropped.count, 1);
    assert_int_equal(dropped.codes[0], 41);
    assert_int_equal(message.options[42].length, 60);
    /* Not where the client cannot read it. */
    reply.may_overload = false;
    encoded(&reply, DHCP_DEFAULT_LIMIT, written, &message, &dropped);
    assert_int_equal(dropped.count, 2);
    assert_null(message.options[DHCP_OPTION_OVERLOAD].data);
}

static void every_length_comes_back_whole(void **state)
{
    static uint8_t value[1300];
    uint8_t written[DHCP_LIMIT_MAX];
    struct dhcp_message message;
    struct dhcp_dropped dropped;

    (void)state;
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (uint8_t)(i * 7);
    for (size_t length = 0; length < sizeof(value); length++) {
        struct dhcp_reply reply = {.with_options = true, .may_overload = true};

        dhcp_reply_add(&reply, 53, slice_of("\5", 1));
        dhcp_reply_add(&reply, 222, slice_of(value, length));
        dhcp_reply_add(&reply, 12, slice_of_string("name"));
        encoded(&reply, 600 + length % 100, written, &message, &dropped);
        assert_int_equal(message.options[12].length, 4);
        if (dropped.count == 0) {
            assert_int_equal(message.options[222].length, length);
            assert_memory_equal(message.options[222].data, value, length);
        } else {
            assert_null(message.options[222].data);
            assert_true(length > 400);
        }
    }
}

static void limits_of_messages(void **state)
{
    static const char small[] = COOKIE "\x35\1\1\x39\2\1\x2c\xff"; /* 300 */
    static const char large[] = COOKIE "\x35\1\1\x39\2\xff\xff\xff";
    static const char none[] = COOKIE "\x35\1\1\x52\4\1\2ab\xff";
    struct dhcp_message message;
    uint8_t packet[DHCP_MESSAGE_MAX];

    (void)state;
    assert_null(dhcp_decode(&message, request_with(packet, small, sizeof(small) - 1)));
    assert_int_equal(dhcp_message_limit(&message, 1400), 548);
    assert_null(dhcp_decode(&message, request_with(packet, large, sizeof(large) - 1)));
    assert_int_equal(dhcp_message_limit(&message, 0), 1472);
    assert_null(dhcp_decode(&message, request_with(packet, none, sizeof(none) - 1)));
    assert_int_equal(dhcp_message_limit(&message, 1000), 972 + 6);
    /* The relay takes its option out again. */
    assert_int_equal(dhcp_message_limit(&message, 0), 548 + 6);
    assert_int_equal(dhcp_message_limit(&message, 1500), 1472);
    /* BOOTP: a vendor area of 64 bytes, or what it sent. */
    memset(packet + DHCP_FIXED_SIZE, 0, 264);
    assert_null(dhcp_decode(&message, slice_of(packet, 300)));
    assert_int_equal(dhcp_message_limit(&message, 0), 300);
    assert_null(dhcp_decode(&message, slice_of(packet, 500)));
    assert_int_equal(dhcp_message_limit(&message, 0), 500);
}

static void a_glance_tells_a_discover(void **state)
{
    uint8_t packet[260] = {BOOTP_REQUEST};
    static const uint8_t options[] = {0, 0, 12, 2, 'a', 'b', 53, 1, DHCP_DISCOVER, 255};
    const size_t type = 240 + 8;

    (void)state;
    memcpy(packet + 240, options, sizeof(options));
    assert_true(dhcp_is_discover(slice_of(packet, sizeof(packet))));
    for (size_t length = 0; length <= type; length++)
        assert_false(dhcp_is_discover(slice_of(packet, length)));
    packet[type] = DHCP_REQUEST;
    assert_false(dhcp_is_discover(slice_of(packet, sizeof(packet))));
    packet[type] = DHCP_DISCOVER;
    packet[type - 1] = 2; /* no length for a type */
    assert_false(dhcp_is_discover(slice_of(packet, sizeof(packet))));
    packet[type - 2] = 255;
    assert_false(dhcp_is_discover(slice_of(packet, sizeof(packet))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_glance_tells_a_discover),
        cmocka_unit_test(golden_request_is_read),
        cmocka_unit_test(golden_ack_is_written),
        cmocka_unit_test(odd_shapes_are_read),
        cmocka_unit_test(split_options_are_joined),
        cmocka_unit_test(overloaded_fields_are_read),
        cmocka_unit_test(nonsense_is_refused),

        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(fields_end_with_a_nul),
        cmocka_unit_test(golden_overload_is_written),
        cmocka_unit_test(fields_are_taken_only_where_they_must_be),
        cmocka_unit_test(every_length_comes_back_whole),
        cmocka_unit_test(limits_of_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
