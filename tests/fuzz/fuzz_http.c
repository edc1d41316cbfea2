/* Any bytes as an HTTP request: what is decoded points into them, a range lies in the file, a path
 * is shorter than its target, and a date that is read is written as one of the same time. */
#include "wire/http.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1790000000 }; /* some time in 2026 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_inside(struct slice part, struct slice whole)
{
    require(part.length == 0 ||
            (part.data >= whole.data && part.data + part.length <= whole.data + whole.length));
}

static void check_date(struct slice text)
{
    char date[HTTP_DATE_SIZE];
    int64_t seconds;
    int64_t again = 0;

    if (!http_date_parse(text, NOW, &seconds))
        return;
    http_date(date, seconds);
    require(http_date_parse(slice_of_string(date), NOW, &again) && again == seconds);
    require(text.length != HTTP_DATE_SIZE - 1 || slice_equal_string(text, date));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct slice bytes = slice_of(data, length);
    size_t head = http_head_length(bytes);
    char path[HTTP_TARGET_MAX + 1];
    struct http_request request;
    uint64_t first = 0, last = 0;

    require(head <= length);
    if (http_decode(&request, bytes) != HTTP_OK)
        return 0;
    check_inside(request.target, bytes);
    check_inside(request.range, bytes);
    check_inside(request.if_none_match, bytes);
    if (http_path(path, sizeof(path), request.target) == HTTP_OK)
        require(path[0] == '/' && strlen(path) <= request.target.length + 1);
    for (uint64_t size = 0; size < 2000; size += 999) {
        if (http_range_of(request.range, size, &first, &last) == HTTP_RANGE_PART)
            require(first <= last && last < size);
    }
    (void)http_tags_have(request.if_none_match, "\"a\"", true);
    (void)http_tags_have(request.if_match, "\"a\"", false);
    check_date(request.if_modified_since);
    check_date(request.if_range);
    return 0;
}
