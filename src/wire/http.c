#include "wire/http.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *http_status_text(enum http_status status)
{
    switch (status) {
    case HTTP_OK:
        return "OK";
    case HTTP_PARTIAL:
        return "Partial Content";
    case HTTP_NOT_MODIFIED:
        return "Not Modified";
    case HTTP_BAD_REQUEST:
        return "Bad Request";
    case HTTP_FORBIDDEN:
        return "Forbidden";
    case HTTP_NOT_FOUND:
        return "Not Found";
    case HTTP_METHOD:
        return "Method Not Allowed";
    case HTTP_TIMEOUT:
        return "Request Timeout";
    case HTTP_PRECONDITION:
        return "Precondition Failed";
    case HTTP_CONTENT:
        return "Content Too Large";
    case HTTP_TARGET_LONG:
        return "URI Too Long";
    case HTTP_RANGE:
        return "Range Not Satisfiable";
    case HTTP_FIELDS_LARGE:
        return "Request Header Fields Too Large";
    case HTTP_SERVER_ERROR:
        return "Internal Server Error";
    case HTTP_NOT_IMPLEMENTED:
        return "Not Implemented";
    case HTTP_BUSY:
        return "Service Unavailable";
    case HTTP_VERSION:
        return "HTTP Version Not Supported";
    }
    return "Error";
}

/* ---- The head ---- */

static size_t blank_lines(struct slice bytes)
{
    size_t length = 0;

    while (length < bytes.length && (bytes.data[length] == '\r' || bytes.data[length] == '\n'))
        length++;
    return length;
}

size_t http_head_length(struct slice bytes)
{
    const uint8_t *at = bytes.data, *end = at + bytes.length;

    at += blank_lines(bytes);
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at == '\n')
            return (size_t)(at + 1 - bytes.data);
        if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
            return (size_t)(at + 2 - bytes.data);
    }
    return 0;
}

/* The next line, without its end, which may be a bare LF (RFC 9112 section 2.2). */
static struct slice next_line(struct reader *r)
{
    struct slice left = slice_of(r->data + r->offset, reader_left(r));
    const uint8_t *end = left.length > 0 ? memchr(left.data, '\n', left.length) : NULL;
    size_t length = end ? (size_t)(end - left.data) : left.length;

    reader_skip(r, end ? length + 1 : length);
    if (length > 0 && left.data[length - 1] == '\r')
        length--;
    return slice_of(left.data, length);
}

static struct slice trimmed(struct slice text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = slice_of(text.data + 1, text.length - 1);
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

static bool is_word(struct slice text, const char *word)
{
    return text.length == strlen(word) &&
           strncasecmp((const char *)text.data, word, text.length) == 0;
}

/* Takes what stands before the mark off the text, and the mark; all of it, with NULL left, where
 * the mark is not there. */
static struct slice cut(struct slice *text, char mark)
{
    const uint8_t *at = text->length > 0 ? memchr(text->data, mark, text->length) : NULL;
    struct slice before = slice_of(text->data, at ? (size_t)(at - text->data) : text->length);

    *text = at ? slice_of(at + 1, text->length - before.length - 1) : slice_of(NULL, 0);
    return before;
}

/* Whether a list with commas has the word. */
static bool list_has(struct slice list, const char *word)
{
    while (list.length > 0) {
        if (is_word(trimmed(cut(&list, ',')), word))
            return true;
    }
    return false;
}

static enum http_status decode_version(struct http_request *request, struct slice version)
{
    if (version.length != 8 || memcmp(version.data, "HTTP/", 5) != 0 || !isdigit(version.data[5]) ||
        version.data[6] != '.' || !isdigit(version.data[7]))
        return HTTP_BAD_REQUEST;
    if (version.data[5] != '1')
        return HTTP_VERSION;
    request->minor = (unsigned)(version.data[7] - '0');
    request->keep_alive = request->minor >= 1;
    return HTTP_OK;
}

static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!isalnum(text.data[i]) &&
            (text.data[i] == 0 || !strchr("!#$%&'*+-.^_`|~", text.data[i])))
            return false;
    }
    return text.length > 0;
}

/* Those that HTTP itself defines are known, and not allowed (RFC 9110 section 9.1). */
static bool is_known_method(struct slice method)
{
    static const char *const known[] = {"POST",  "PUT",     "DELETE", "OPTIONS",
                                        "TRACE", "CONNECT", "PATCH"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (slice_equal_string(method, known[i]))
            return true;
    }
    return false;
}

static enum http_status decode_request_line(struct http_request *request, struct slice line)
{
    struct slice method = cut(&line, ' ');
    enum http_status status;

    request->target = cut(&line, ' ');
    status = decode_version(request, line);
    if (!is_token(method) || request->target.length == 0)
        return HTTP_BAD_REQUEST;
    request->method = method;
    if (status != HTTP_OK)
        return status;
    request->head = slice_equal_string(method, "HEAD");
    if (request->head || slice_equal_string(method, "GET"))
        return request->target.length > HTTP_TARGET_MAX ? HTTP_TARGET_LONG : HTTP_OK;
    return is_known_method(method) ? HTTP_METHOD : HTTP_NOT_IMPLEMENTED;
}

/* Whether a Content-Length says that no content follows. */
static enum http_status decode_length(struct slice value)
{
    bool zero = true;

    for (size_t i = 0; i < value.length; i++) {
        if (!isdigit(value.data[i]))
            return HTTP_BAD_REQUEST;
        zero = zero && value.data[i] == '0';
    }
    if (value.length == 0)
        return HTTP_BAD_REQUEST;
    return zero ? HTTP_OK : HTTP_CONTENT;
}

static enum http_status decode_field(struct http_request *request, struct slice name,
                                     struct slice value, unsigned *hosts)
{
    const struct {
        const char *name;
        struct slice *to;
    } kept[] = {
        {"Range", &request->range},
        {"If-Range", &request->if_range},
        {"If-Match", &request->if_match},
        {"If-None-Match", &request->if_none_match},
        {"If-Modified-Since", &request->if_modified_since},
        {"If-Unmodified-Since", &request->if_unmodified_since},
    };

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (is_word(name, kept[i].name))
            *kept[i].to = value;
    }
    if (is_word(name, "Host"))
        (*hosts)++;
    else if (is_word(name, "Content-Length"))
        return decode_length(value);
    else if (is_word(name, "Transfer-Encoding"))
        return HTTP_NOT_IMPLEMENTED;
    else if (is_word(name, "Connection") && list_has(value, "close"))
        request->keep_alive = false;
    else if (is_word(name, "Connection") && list_has(value, "keep-alive"))
        request->keep_alive = true;
    return HTTP_OK;
}

enum http_status http_decode(struct http_request *request, struct slice head)
{
    struct reader r = reader_of_slice(head);
    unsigned hosts = 0, fields = 0;
    enum http_status status;

    *request = (struct http_request){.head = false};
    reader_skip(&r, blank_lines(head));
    status = decode_request_line(request, next_line(&r));
    while (status == HTTP_OK && reader_left(&r) > 0) {
        struct slice line = next_line(&r), name;

        if (line.length == 0)
            break;
        name = cut(&line, ':');
        /* No blank before the colon, and no folded lines (RFC 9112 sections 5.1 and 5.2). */
        if (!line.data || !is_token(name) || (line.length > 0 && memchr(line.data, 0, line.length)))
            status = HTTP_BAD_REQUEST;
        else if (++fields > HTTP_FIELDS_MAX)
            status = HTTP_FIELDS_LARGE;
        else
            status = decode_field(request, name, trimmed(line), &hosts);
    }
    /* RFC 9112 section 3.2. */
    if (status == HTTP_OK && (hosts > 1 || (hosts == 0 && request->minor >= 1)))
        status = HTTP_BAD_REQUEST;
    return status;
}

/* ---- The target ---- */

static int hex_value(uint8_t digit)
{
    if (isdigit(digit))
        return digit - '0';
    return isxdigit(digit) ? tolower(digit) - 'a' + 10 : -1;
}

/* Of an absolute form (RFC 9112 section 3.2.2), what stands behind scheme and host. */
static struct slice origin_form(struct slice target)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(schemes[i]);
        const uint8_t *slash;

        if (target.length < length ||
            strncasecmp((const char *)target.data, schemes[i], length) != 0)
            continue;
        slash = memchr(target.data + length, '/', target.length - length);
        return slash ? slice_of(slash, target.length - (size_t)(slash - target.data))
                     : slice_of_string("/");
    }
    return target;
}

enum http_status http_path(char *to, size_t size, struct slice target)
{
    struct slice path = origin_form(target);
    size_t length = 0;

    path = cut(&path, '?');
    path = cut(&path, '#');
    if (path.length == 0 || path.data[0] != '/')
        return HTTP_BAD_REQUEST;
    for (size_t i = 0; i < path.length; i++) {
        int byte = path.data[i];

        if (byte == '%') {
            int high = path.length - i > 2 ? hex_value(path.data[i + 1]) : -1;
            int low = path.length - i > 2 ? hex_value(path.data[i + 2]) : -1;

            if (high < 0 || low < 0)
                return HTTP_BAD_REQUEST;
            byte = 16 * high + low;
            i += 2;
        }
        if (byte == 0)
            return HTTP_BAD_REQUEST;
        if (length + 1 >= size)
            return HTTP_TARGET_LONG;
        to[length++] = (char)byte;
    }
    to[length] = 0;
    return HTTP_OK;
}

/* ---- Ranges ---- */

/* Takes a number off the text; false where none stands there, or one beyond 64 bits. */
static bool take_number(struct slice *text, uint64_t *number)
{
    size_t digits = 0;

    *number = 0;
    while (digits < text->length && isdigit(text->data[digits])) {
        unsigned digit = text->data[digits++] - '0';

        if (*number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    *text = slice_of(text->data + digits, text->length - digits);
    return digits > 0;
}

enum http_range http_range_of(struct slice field, uint64_t size, uint64_t *first, uint64_t *last)
{
    struct slice unit = cut(&field, '=');
    bool has_first, has_last;

    field = trimmed(field);
    if (field.length == 0 || !is_word(trimmed(unit), "bytes") ||
        memchr(field.data, ',', field.length))
        return HTTP_RANGE_ALL;
    has_first = take_number(&field, first);
    if (field.length == 0 || field.data[0] != '-')
        return HTTP_RANGE_ALL;
    field = slice_of(field.data + 1, field.length - 1);
    has_last = take_number(&field, last);
    if (field.length > 0 || (!has_first && !has_last) || (has_first && has_last && *last < *first))
        return HTTP_RANGE_ALL;
    if (!has_first) { /* so many from the end */
        if (*last == 0 || size == 0)
            return HTTP_RANGE_NONE;
        *first = *last < size ? size - *last : 0;
        *last = size - 1;
        return HTTP_RANGE_PART;
    }
    if (*first >= size)
        return HTTP_RANGE_NONE;
    if (!has_last || *last >= size)
        *last = size - 1;
    return HTTP_RANGE_PART;
}

bool http_tags_have(struct slice list, const char *tag, bool weak)
{
    if (slice_equal_string(trimmed(list), "*"))
        return true;
    while (list.length > 0) {
        struct slice one = trimmed(cut(&list, ','));

        if (weak && one.length > 2 && one.data[0] == 'W' && one.data[1] == '/')
            one = slice_of(one.data + 2, one.length - 2);
        if (slice_equal_string(one, tag))
            return true;
    }
    return false;
}
