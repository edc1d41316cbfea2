/* HTTP/1.1 requests for files and the heads of their answers (RFC 9110, RFC 9112): what firmware,
 * boot loaders and installers send. Methods that change something, transfer codings and trailers
 * are not for them and are refused. */
#ifndef BOOTWIRE_WIRE_HTTP_H
#define BOOTWIRE_WIRE_HTTP_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_MAX = 8192,   /* bytes of a request's head */
    HTTP_TARGET_MAX = 2048, /* bytes of what it asks for */
    HTTP_FIELDS_MAX = 100,  /* lines of its header */
    HTTP_DATE_SIZE = 30,    /* "Sun, 06 Nov 1994 08:49:37 GMT" with its NUL */
    HTTP_TAG_SIZE = 72,     /* an entity tag with its quotes and NUL */
};

/* Status codes that are sent. */
enum http_status {
    HTTP_OK = 200,
    HTTP_PARTIAL = 206,
    HTTP_NOT_MODIFIED = 304,
    HTTP_BAD_REQUEST = 400,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD = 405,
    HTTP_TIMEOUT = 408,
    HTTP_PRECONDITION = 412,
    HTTP_CONTENT = 413,
    HTTP_TARGET_LONG = 414,
    HTTP_RANGE = 416,
    HTTP_FIELDS_LARGE = 431,
    HTTP_SERVER_ERROR = 500,
    HTTP_NOT_IMPLEMENTED = 501,
    HTTP_BUSY = 503,
    HTTP_VERSION = 505,
};

/* The phrase that goes with it. */
const char *http_status_text(enum http_status status);

/* A request. The slices point into the bytes that it was decoded from; an absent field is empty. */
struct http_request {
    bool head;           /* HEAD, else GET */
    bool keep_alive;     /* the connection is for further requests */
    unsigned minor;      /* of HTTP/1.x */
    struct slice method; /* its name; empty where what came has none */
    struct slice target; /* as it stands in the request line */
    struct slice range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since;
};

/* The length of the head that `bytes` begin with, its empty line included; 0 where it is not whole
 * yet. Empty lines before a request are part of its head (RFC 9112 section 2.2). */
size_t http_head_length(struct slice bytes);
/* Decodes a whole head. HTTP_OK, or the status that refuses it. */
enum http_status http_decode(struct http_request *request, struct slice head);

/* The path that a target asks for, decoded, without its query: of "/a%20b?c", and of
 * "http://host/a%20b", "/a b". At most `size` bytes with its NUL. HTTP_OK, or what refuses it. */
enum http_status http_path(char *to, size_t size, struct slice target);

/* What a Range field asks of `size` bytes (RFC 9110 section 14). */
enum http_range {
    HTTP_RANGE_ALL,  /* no field, one that means nothing here, or several ranges: all of them */
    HTTP_RANGE_PART, /* from *first to *last, counted from 0, both included */
    HTTP_RANGE_NONE, /* nothing that is there: HTTP_RANGE answers */
};
enum http_range http_range_of(struct slice field, uint64_t size, uint64_t *first, uint64_t *last);

/* Whether the list of entity tags names `tag`, or is "*". `weak`: W/ before a tag does not count
 * (If-None-Match); otherwise such a tag is none (If-Match, If-Range). */
bool http_tags_have(struct slice list, const char *tag, bool weak);

/* A date as IMF-fixdate says it (RFC 9110 section 5.6.7); seconds since 1970. */
char *http_date(char to[HTTP_DATE_SIZE], int64_t seconds);
/* Reads one, in that form or in one of the two obsolete ones (RFC 850's, and asctime's). RFC 850's
 * has two digits of the year, which mean the latest that is not more than 50 years after `now`
 * (seconds since 1970). False where it is none; *seconds means nothing then. */
bool http_date_parse(struct slice text, int64_t now, int64_t *seconds);

#endif
