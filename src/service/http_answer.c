/* What an HTTP request is answered with: a file, a part of it, or why not. */
#include "service/http_connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/boot.h"
#include "model/metrics.h"
#include "service/boot_file_request.h"
#include "service/metrics.h"
#include "service/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    HTTP_HEADER_SIZE = 1024,     /* bytes of an answer's head */
    HTTP_SHORT = 8192,           /* a file of so many bytes leaves with the head */
    HTTP_PATCHED_MAX = 64 << 20, /* a longer file is no boot file that has a console */
    HTTP_ASKED_TEXT = 300,
    HTTP_METHOD_TEXT = 32,
};
_Static_assert(HTTP_HEADER_SIZE + HTTP_SHORT <= HTTP_OUT_SIZE, "a short file fits behind its head");

/* An answer while it is made. */
struct answering {
    struct http_connection *connection;
    struct http_request request;
    struct boot_file_request files;
    int64_t modified;                   /* the open file's last change, seconds since 1970 */
    char tag[HTTP_TAG_SIZE];            /* its entity tag */
    struct boot_file_identity original; /* the file that the bytes are of ... */
    uint64_t changes;                   /* ... and patches_digest() of what is changed in them */
    char patched[CONSOLE_TEXT_SIZE];    /* what is changed in it, or where it is from */
    enum http_status code;
    uint64_t first, last, size; /* the part that is sent, where there is one */
};

/* The lines that every answer has. `type`: of what follows; NULL: nothing does. */
static void write_head(struct http_connection *connection, enum http_status code, const char *type,
                       uint64_t length, const char *more)
{
    char date[HTTP_DATE_SIZE], content[128] = "";
    int written;

    if (type)
        snprintf(content, sizeof(content), "Content-Type: %s\r\nContent-Length: %" PRIu64 "\r\n",
                 type, length);
    written = snprintf((char *)connection->out, HTTP_HEADER_SIZE,
                       "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%sConnection: %s\r\n\r\n", (int)code,
                       http_status_text(code), http_date(date, clock_wall_seconds()), content, more,
                       connection->last ? "close" : "keep-alive");
    connection->out_length = (size_t)written;
    connection->out_sent = 0;
    if (!connection->code)
        counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_HTTP, 1);
    connection->code = code;
}

/* `more`: header lines of this refusal alone. */
static void refuse_with(struct http_connection *connection, enum http_status code, const char *text,
                        bool head, const char *more)
{
    size_t length = strlen(text) + 1;

    write_head(connection, code, "text/plain; charset=utf-8", length, more);
    if (!head) {
        memcpy(connection->out + connection->out_length, text, length - 1);
        connection->out[connection->out_length + length - 1] = '\n';
        connection->out_length += length;
    }
    free(connection->got);
    connection->got = memory_printf("%d: %s", (int)code, text);
    if (connection->outcome == STEP_NOTED)
        connection->outcome = STEP_FILE_REFUSED;
    connection->refused = true;
    connection->left = 0;
}

static void refuse(struct http_connection *connection, enum http_status code, const char *text,
                   bool head)
{
    refuse_with(connection, code, text, head, code == HTTP_METHOD ? "Allow: GET, HEAD\r\n" : "");
}

/* RFC 9110 section 15.5.17: the length tells a client that has all of the file already that it has.
 */
static void refuse_range(struct answering *a)
{
    char text[64], more[64];

    snprintf(text, sizeof(text), "the file has %" PRIu64 " bytes", a->size);
    snprintf(more, sizeof(more), "Content-Range: bytes */%" PRIu64 "\r\n", a->size);
    refuse_with(a->connection, HTTP_RANGE, text, false, more);
}

void http_refuse(struct http_connection *connection, enum http_status status, const char *text)
{
    connection->last = true;
    if (!connection->asked)
        connection->asked = memory_printf("%zu bytes", connection->in_length);
    refuse(connection, status, text, false);
}

/* ---- Conditions: RFC 9110 section 13 ---- */

static bool modified_since(struct slice date, int64_t modified)
{
    int64_t seconds;

    return !http_date_parse(date, clock_wall_seconds(), &seconds) || modified > seconds;
}

/* HTTP_OK where the request is to be carried out. */
static enum http_status precondition(const struct answering *a)
{
    const struct http_request *request = &a->request;
    int64_t modified = a->modified, seconds;

    if (request->if_match.length > 0) {
        if (!http_tags_have(request->if_match, a->tag, false))
            return HTTP_PRECONDITION;
    } else if (http_date_parse(request->if_unmodified_since, clock_wall_seconds(), &seconds) &&
               modified > seconds) {
        return HTTP_PRECONDITION;
    }
    if (request->if_none_match.length > 0)
        return http_tags_have(request->if_none_match, a->tag, true) ? HTTP_NOT_MODIFIED : HTTP_OK;
    if (request->if_modified_since.length > 0 &&
        !modified_since(request->if_modified_since, modified))
        return HTTP_NOT_MODIFIED;
    return HTTP_OK;
}

/* Whether a range is wanted of the very file that the client has a part of. */
static bool range_holds(const struct answering *a)
{
    struct slice condition = a->request.if_range;
    int64_t seconds;

    if (condition.length == 0)
        return true;
    if (http_date_parse(condition, clock_wall_seconds(), &seconds))
        return seconds == a->modified;
    return slice_equal_string(condition, a->tag);
}

static enum http_status choose_part(struct answering *a)
{
    enum http_status code = precondition(a);

    a->first = 0;
    a->last = a->size ? a->size - 1 : 0;
    if (code != HTTP_OK || a->request.head || a->request.range.length == 0 || !range_holds(a))
        return code;
    switch (http_range_of(a->request.range, a->size, &a->first, &a->last)) {
    case HTTP_RANGE_PART:
        return HTTP_PARTIAL;
    case HTTP_RANGE_NONE:
        return HTTP_RANGE;
    case HTTP_RANGE_ALL:
        break;
    }
    a->first = 0;
    a->last = a->size ? a->size - 1 : 0;
    return HTTP_OK;
}

/* ---- The file ---- */

/* Opens what the target names; false: refused, and answered. */
static bool open_file(struct answering *a)
{
    static const enum http_status codes[] = {
        [BOOT_FILE_MISSING] = HTTP_NOT_FOUND,
        [BOOT_FILE_FORBIDDEN] = HTTP_FORBIDDEN,
        [BOOT_FILE_BROKEN] = HTTP_SERVER_ERROR,
    };
    struct http_connection *connection = a->connection;
    char name[HTTP_TARGET_MAX + 1], path[TFTP_NAME_MAX], subject[BOOT_NAME_SIZE];
    enum http_status status = http_path(name, sizeof(name), a->request.target);
    bool opened;

    if (status != HTTP_OK) {
        refuse(connection, status, "the target is no path that starts with a slash",
               a->request.head);
        return false;
    }
    connection->subject =
        memory_string(text_printable(subject, sizeof(subject), slice_of_string(name)));
    opened = boot_file_request_path(&a->files, path, slice_of_string(name)) &&
             boot_file_request_open(&a->files, path, &connection->file);
    connection->decided = a->files.decided[0] ? memory_string(a->files.decided) : NULL;
    if (!opened) {
        connection->outcome = boot_file_refusal_event(a->files.refusal);
        connection->reason = a->files.reason;
        connection->hint = a->files.hint[0] ? memory_string(a->files.hint) : NULL;
        refuse(connection, codes[a->files.refusal], a->files.text, a->request.head);
        return false;
    }
    if (strlen(name) <= sizeof(connection->name) - 1)
        memcpy(connection->name, name, strlen(name) + 1);
    return true;
}

/* Puts a copy with its bytes changed in the place of a file that has patches. */
static void patch_file(struct answering *a)
{
    struct boot_file *file = &a->connection->file, copy;
    struct patches patches = {.count = 0};
    uint8_t *bytes;

    a->original = file->identity;
    boot_file_request_patches(&a->files, file, &patches, a->patched);
    if (patches.count == 0 || file->size > HTTP_PATCHED_MAX)
        return;
    bytes = memory_zeroed(1, file->size + 1);
    if (boot_file_read(file, 0, bytes, file->size) == (ssize_t)file->size) {
        patches_apply(&patches, 0, bytes, file->size);
        if (boot_file_of_bytes(&copy, slice_of(bytes, file->size)) == BOOT_FILE_OPEN) {
            boot_file_close(file);
            *file = copy;
            a->changes = patches_digest(&patches);
        }
    }
    free(bytes);
}

static const char *content_type(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {
        {".efi", "application/efi"},           {".ipxe", "text/plain; charset=utf-8"},
        {".cfg", "text/plain; charset=utf-8"}, {".txt", "text/plain; charset=utf-8"},
        {".iso", "application/vnd.efi-iso"},   {".img", "application/vnd.efi-img"},
    };
    size_t length = strlen(path);

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t end = strlen(types[i].end);

        if (length >= end && strcasecmp(path + length - end, types[i].end) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

static void write_file_head(struct answering *a)
{
    struct http_connection *connection = a->connection;
    char modified[HTTP_DATE_SIZE], range[80] = "", more[HTTP_HEADER_SIZE / 2];
    bool part = a->code == HTTP_PARTIAL;

    if (part)
        snprintf(range, sizeof(range),
                 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", a->first, a->last,
                 a->size);
    snprintf(more, sizeof(more), "Last-Modified: %s\r\nETag: %s\r\nAccept-Ranges: bytes\r\n%s",
             http_date(modified, a->modified), a->tag, range);
    write_head(connection, a->code,
               a->code == HTTP_NOT_MODIFIED ? NULL : content_type(connection->name),
               part ? a->last - a->first + 1 : a->size, more);
}

/* What the journal says of an answer that leaves whole. */
static char *got_text(const struct answering *a)
{
    const char *behind = a->patched[0] ? "; " : "";

    if (a->code == HTTP_NOT_MODIFIED)
        return memory_printf("it has that file already");
    if (a->request.head)
        return memory_printf("%" PRIu64 " bytes are there%s%s", a->size, behind, a->patched);
    if (a->code == HTTP_PARTIAL)
        return memory_printf("bytes %" PRIu64 " to %" PRIu64 " of %" PRIu64 "%s%s", a->first,
                             a->last, a->size, behind, a->patched);
    return memory_printf("%" PRIu64 " bytes%s%s", a->size, behind, a->patched);
}

static void send_file(struct answering *a)
{
    struct http_connection *connection = a->connection;
    ssize_t n;

    write_file_head(a);
    connection->got = got_text(a);
    connection->total = a->size;
    connection->outcome =
        a->request.head || a->code == HTTP_NOT_MODIFIED ? STEP_NOTED : STEP_FILE_SENT;
    if (a->request.head || a->code == HTTP_NOT_MODIFIED || a->size == 0) {
        connection->name[0] = 0;
        return;
    }
    if (a->code == HTTP_PARTIAL)
        connection->name[0] = 0;
    connection->offset = a->first;
    connection->left = a->last - a->first + 1;
    if (connection->left > HTTP_SHORT) {
        http_say(connection, STEP_FILE_BEGUN);
        return;
    }
    /* Where the disk would be waited for, it leaves as a longer one does. */
    n = boot_file_read_now(&connection->file, connection->offset,
                           connection->out + connection->out_length, connection->left);
    if (n != (ssize_t)connection->left)
        return;
    connection->out_length += (size_t)n;
    connection->bytes = (uint64_t)n;
    http_count_sent(connection, (uint64_t)n);
    connection->left = 0;
}

/* Its entity tag and date. A copy with bytes changed is new each time, and its date says so, for
 * the configuration may have changed since and has none; its tag is that of the file and of the
 * changes, which are the same as long as both are. */
static void name_version(struct answering *a)
{
    const struct boot_file *file = &a->connection->file;
    int length;

    a->size = file->size;
    a->modified = file->identity.modified / 1000000000;
    length = snprintf(a->tag, sizeof(a->tag), "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64,
                      a->original.inode, (uint64_t)a->original.modified, file->size);
    if (a->changes)
        length +=
            snprintf(a->tag + length, sizeof(a->tag) - (size_t)length, "-%" PRIx64, a->changes);
    snprintf(a->tag + length, sizeof(a->tag) - (size_t)length, "\"");
}

static void answer_file(struct answering *a)
{
    struct http_connection *connection = a->connection;

    boot_file_request_begin(&a->files, connection->lane->server, connection->peer,
                            connection->local);
    a->files.cache = connection->lane->files;
    connection->host = a->files.host ? memory_string(a->files.host->name) : NULL;
    if (open_file(a)) {
        boot_file_request_look(&a->files, connection->subject, &connection->file);
        connection->content = a->files.content;
        connection->hint = a->files.unfit[0] ? memory_string(a->files.unfit) : NULL;
        patch_file(a);
        name_version(a);
        a->code = choose_part(a);
        if (a->code == HTTP_RANGE) {
            refuse_range(a);
        } else if (a->code == HTTP_PRECONDITION) {
            refuse(connection, a->code, "the file is not the one that the request names",
                   a->request.head);
        } else {
            send_file(a);
        }
    }
    boot_file_request_end(&a->files);
}

/* ---- The metrics ---- */

static bool asks_metrics(const struct answering *a)
{
    char name[sizeof(METRICS_PATH) + 1];

    return http_path(name, sizeof(name), a->request.target) == HTTP_OK &&
           strcmp(name, METRICS_PATH) == 0;
}

static void refuse_metrics(struct answering *a)
{
    struct http_connection *connection = a->connection;
    char text[256], address[IPV4_TEXT_SIZE];
    unsigned withheld = 0;

    snprintf(text, sizeof(text),
             "the metrics are for the addresses that metrics-clients names, and %s is none of "
             "them: see bootwire.conf(5)",
             ipv4_text(address, connection->peer));
    if (line_budget_take(&connection->lane->lines, clock_monotonic_ms(), &withheld))
        log_warning("http: GET " METRICS_PATH " from %s -> 403: %s", address, text);
    counter_add(METRIC_WITHHELD + METRIC_WITHHELD_HTTP, withheld);
    refuse(connection, HTTP_FORBIDDEN, text, a->request.head);
}

/* Who watches the server is no machine that boots: nothing of it goes into the journal. */
static void answer_metrics(struct answering *a)
{
    struct http_connection *connection = a->connection;
    struct server *server = connection->lane->server;
    struct snapshot *snapshot = server_snapshot(server);
    bool allowed = metrics_allow(snapshot, connection->peer);
    size_t length;
    char *text;

    snapshot_free(snapshot);
    free(connection->asked);
    connection->asked = NULL;
    if (!allowed) {
        refuse_metrics(a);
        return;
    }
    text = metrics_text(server, &length);
    if (boot_file_of_bytes(&connection->file, slice_of(text, length)) == BOOT_FILE_OPEN) {
        write_head(connection, HTTP_OK, METRICS_TYPE, length, "");
        connection->left = a->request.head ? 0 : length;
    } else {
        refuse(connection, HTTP_SERVER_ERROR, "there is no memory for the metrics",
               a->request.head);
    }
    free(text);
}

/* Why a request is refused before anybody looks for a file. */
static const char *refusal_text(enum http_status status)
{
    switch (status) {
    case HTTP_METHOD:
        return "files are read here: GET and HEAD alone are allowed";
    case HTTP_NOT_IMPLEMENTED:
        return "this server knows no such method and no transfer coding: GET and HEAD are known";
    case HTTP_CONTENT:
        return "a request has no content here";
    case HTTP_TARGET_LONG:
        return "the target has more than 2048 bytes";
    case HTTP_FIELDS_LARGE:
        return "the request has more than 100 header lines";
    case HTTP_VERSION:
        return "HTTP/1.1 and HTTP/1.0 are served";
    default:
        return "this is no request, or one without Host: see RFC 9112";
    }
}

void http_answer(struct http_connection *connection, size_t length)
{
    struct answering a = {.connection = connection};
    enum http_status status = http_decode(&a.request, slice_of(connection->in, length));
    char method[HTTP_METHOD_TEXT], target[HTTP_ASKED_TEXT];

    connection->last = status != HTTP_OK || !a.request.keep_alive || connection->leaving;
    if (a.request.method.length > 0)
        connection->asked =
            memory_printf("%s \"%s\"", text_printable(method, sizeof(method), a.request.method),
                          text_printable(target, sizeof(target), a.request.target));
    else
        connection->asked = memory_printf("%zu bytes", length);
    if (status != HTTP_OK)
        refuse(connection, status, refusal_text(status), a.request.head);
    else if (asks_metrics(&a))
        answer_metrics(&a);
    else
        answer_file(&a);
}
