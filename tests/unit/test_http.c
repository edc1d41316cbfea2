/* HTTP requests: what is taken, what is refused, and what a range, a tag and a date mean. */
#include "golden.h"

#include "wire/http.h"

static enum http_status decode(struct http_request *request, const char *head)
{
    return http_decode(request, slice_of_string(head));
}

static void a_request_is_read(void **state)
{
    uint8_t bytes[512];
    struct slice packet = golden("http-request.bin", bytes, sizeof(bytes));
    struct http_request request;

    (void)state;
    assert_int_equal(http_head_length(packet), packet.length);
    assert_int_equal(http_head_length(slice_of(packet.data, packet.length - 1)), 0);
    assert_int_equal(http_decode(&request, packet), HTTP_OK);
    assert_false(request.head);
    assert_true(request.keep_alive);
    assert_true(slice_equal_string(request.target, "/dir/a%20file.efi"));
    assert_true(slice_equal_string(request.range, "bytes=512-1023"));
    assert_true(slice_equal_string(request.if_range, "\"1-2-3\""));
}

static void heads_end_with_an_empty_line(void **state)
{
    (void)state;
    assert_int_equal(http_head_length(slice_of_string("GET / HTTP/1.0\n\nrest")), 16);
    assert_int_equal(http_head_length(slice_of_string("\r\n\r\nGET / HTTP/1.0\r\n\r\nrest")), 22);
    assert_int_equal(http_head_length(slice_of_string("\r\n\r\n\r\n")), 0);
    assert_int_equal(http_head_length(slice_of_string("GET / HTTP/1.0\r\nA: b\r\n")), 0);
    assert_int_equal(http_head_length(slice_of(NULL, 0)), 0);
}

static void connections_are_kept_where_both_want(void **state)
{
    struct http_request request;

    (void)state;
    assert_int_equal(decode(&request, "GET / HTTP/1.0\r\n\r\n"), HTTP_OK);
    assert_false(request.keep_alive);
    assert_int_equal(decode(&request, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), HTTP_OK);
    assert_true(request.keep_alive);
    assert_int_equal(decode(&request, "HEAD / HTTP/1.1\r\nhost:\r\nconnection: a, CLOSE\r\n\r\n"),
                     HTTP_OK);
    assert_true(request.head);
    assert_false(request.keep_alive);
}

static void what_is_no_request_is_refused(void **state)
{
    static const struct {
        enum http_status status;
        const char *head;
    } rows[] = {
        {HTTP_BAD_REQUEST, "\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET /\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1\r\nHost: a\r\nNone\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {HTTP_BAD_REQUEST, "G{T / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {HTTP_BAD_REQUEST, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"},
        {HTTP_VERSION, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
        {HTTP_METHOD, "POST / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {HTTP_METHOD, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {HTTP_NOT_IMPLEMENTED, "get / HTTP/1.1\r\nHost: a\r\n\r\n"},
        {HTTP_NOT_IMPLEMENTED, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {HTTP_CONTENT, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"},
        {HTTP_OK, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
        {HTTP_OK, "GET / HTTP/1.9\nHost: a\n\n"},
    };
    struct http_request request;
    char many[HTTP_HEAD_MAX] = "GET / HTTP/1.1\r\nHost: a\r\n";

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (decode(&request, rows[i].head) != rows[i].status)
            fail_msg("row %zu: %d", i, (int)decode(&request, rows[i].head));
    }
    for (size_t i = 1; i < HTTP_FIELDS_MAX; i++)
        snprintf(many + strlen(many), 8, "A: b\r\n");
    assert_int_equal(decode(&request, many), HTTP_OK);
    snprintf(many + strlen(many), 8, "A: b\r\n");
    assert_int_equal(decode(&request, many), HTTP_FIELDS_LARGE);
}

static void targets_become_paths(void **state)
{
    static const struct {
        enum http_status status;
        const char *target, *path;
    } rows[] = {
        {HTTP_OK, "/", "/"},
        {HTTP_OK, "/a%20b%2Fc?d=e", "/a b/c"},
        {HTTP_OK, "http://10.50.1.1:80/x", "/x"},
        {HTTP_OK, "HTTPS://host", "/"},
        {HTTP_OK, "/a#b", "/a"},
        {HTTP_BAD_REQUEST, "*", NULL},
        {HTTP_BAD_REQUEST, "a", NULL},
        {HTTP_BAD_REQUEST, "", NULL},
        {HTTP_BAD_REQUEST, "/%", NULL},
        {HTTP_BAD_REQUEST, "/%4", NULL},
        {HTTP_BAD_REQUEST, "/%4g", NULL},
        {HTTP_BAD_REQUEST, "/a%00b", NULL},
        {HTTP_TARGET_LONG, "/0123456789abcdef", NULL},
    };
    char path[16];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(http_path(path, sizeof(path), slice_of_string(rows[i].target)),
                         rows[i].status);
        if (rows[i].path)
            assert_string_equal(path, rows[i].path);
    }
}

static void ranges_are_cut_to_the_file(void **state)
{
    static const struct {
        const char *field;
        enum http_range range;
        uint64_t first, last;
    } rows[] = {
        {"bytes=0-9", HTTP_RANGE_PART, 0, 9},
        {"bytes=90-", HTTP_RANGE_PART, 90, 99},
        {"bytes=90-1000", HTTP_RANGE_PART, 90, 99},
        {"bytes=-10", HTTP_RANGE_PART, 90, 99},
        {"bytes=-1000", HTTP_RANGE_PART, 0, 99},
        {"Bytes = 5-5", HTTP_RANGE_PART, 5, 5},
        {"bytes=100-", HTTP_RANGE_NONE, 0, 0},
        {"bytes=-0", HTTP_RANGE_NONE, 0, 0},
        {"bytes=9-0", HTTP_RANGE_ALL, 0, 0},
        {"bytes=-", HTTP_RANGE_ALL, 0, 0},
        {"bytes=0-1,5-6", HTTP_RANGE_ALL, 0, 0},
        {"bytes=a-b", HTTP_RANGE_ALL, 0, 0},
        {"bytes=0-5x", HTTP_RANGE_ALL, 0, 0},
        {"bytes=0-99999999999999999999", HTTP_RANGE_ALL, 0, 0},
        {"lines=0-1", HTTP_RANGE_ALL, 0, 0},
        {"bytes", HTTP_RANGE_ALL, 0, 0},
        {"", HTTP_RANGE_ALL, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t first = 0, last = 0;

        assert_int_equal(http_range_of(slice_of_string(rows[i].field), 100, &first, &last),
                         rows[i].range);
        if (rows[i].range == HTTP_RANGE_PART) {
            assert_int_equal(first, rows[i].first);
            assert_int_equal(last, rows[i].last);
        }
    }
}

static void tags_are_compared(void **state)
{
    (void)state;
    assert_true(http_tags_have(slice_of_string("\"a\", W/\"b\""), "\"b\"", true));
    assert_false(http_tags_have(slice_of_string("\"a\", W/\"b\""), "\"b\"", false));
    assert_true(http_tags_have(slice_of_string(" \"a\" "), "\"a\"", false));
    assert_true(http_tags_have(slice_of_string("*"), "\"a\"", false));
    assert_false(http_tags_have(slice_of_string("a"), "\"a\"", true));
    assert_false(http_tags_have(slice_of(NULL, 0), "\"a\"", true));
}

enum { NOW = 1790000000 }; /* 2026-09-21 */

static void dates_go_both_ways(void **state)
{
    static const char *const none[] = {
        "Mon, 06 Nov 1994 08:49:37 GMT",  "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",  "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:3 GMT",   "",
        "Sun, 06-Nov-94 08:49:37 GMT",    "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT", "Monday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 UTC", "Sun Nov 06 08:49:37 1994",
        "Mon Nov  6 08:49:37 1994",       "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  6 08:49:37 94",         "Sunday, 31-Feb-94 08:49:37 GMT",
        ",,,,,,,,,,,,,,,,,,,,,,,,,,",     "                        ",
    };
    char text[HTTP_DATE_SIZE];
    int64_t seconds;

    (void)state;
    assert_string_equal(http_date(text, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_true(http_date_parse(slice_of_string(text), NOW, &seconds));
    assert_int_equal(seconds, 784111777);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(http_date_parse(slice_of_string(none[i]), NOW, &seconds));
}

/* RFC 9110 section 5.6.7, with its own examples first. */
static void obsolete_dates_are_read(void **state)
{
    static const struct {
        const char *text, *same;
    } rows[] = {
        {"Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"Wed Nov 16 08:49:37 1994", "Wed, 16 Nov 1994 08:49:37 GMT"},
        {"Wednesday, 30-Sep-26 00:00:00 GMT", "Wed, 30 Sep 2026 00:00:00 GMT"},
        /* 50 years ahead, and a day more: that was a century before. */
        {"Monday, 21-Sep-76 00:00:00 GMT", "Mon, 21 Sep 2076 00:00:00 GMT"},
        {"Wednesday, 22-Sep-76 00:00:00 GMT", "Wed, 22 Sep 1976 00:00:00 GMT"},
        {"Friday, 31-Dec-99 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT"},
    };
    char date[HTTP_DATE_SIZE];
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!http_date_parse(slice_of_string(rows[i].text), NOW, &seconds))
            fail_msg("%s is no date", rows[i].text);
        assert_string_equal(http_date(date, seconds), rows[i].same);
    }
    /* A century turns. */
    assert_true(
        http_date_parse(slice_of_string("Thursday, 01-Jan-05 00:00:00 GMT"), 4086720000, &seconds));
    assert_string_equal(http_date(date, seconds), "Thu, 01 Jan 2105 00:00:00 GMT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(heads_end_with_an_empty_line),
        cmocka_unit_test(connections_are_kept_where_both_want),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(targets_become_paths),
        cmocka_unit_test(ranges_are_cut_to_the_file),
        cmocka_unit_test(tags_are_compared),
        cmocka_unit_test(dates_go_both_ways),
        cmocka_unit_test(obsolete_dates_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
