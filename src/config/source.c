#include "config/source.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source *sources_add(struct sources *sources, struct region *snapshot_region,
                           const char *name, struct slice text)
{
    struct source *source = memory_zeroed(1, sizeof(*source));

    source->name = region_string(snapshot_region, name);
    source->diagnostic_name = region_string(&sources->diagnostics->region, name);
    source->index = sources->count++;
    source->text = text;
    sources->bytes += text.length;
    if (sources->last)
        sources->last->next = source;
    else
        sources->first = source;
    sources->last = source;
    return source;
}

/* Reads up to `limit` bytes of a descriptor. Returns the length, or -1 with errno (EFBIG past the
 * limit). */
static ssize_t read_whole(int descriptor, size_t limit, uint8_t **data)
{
    size_t capacity = 4096, length = 0;

    *data = memory_resize(NULL, capacity, 1);
    for (;;) {
        ssize_t got = read(descriptor, *data + length, capacity - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)length;
        length += (size_t)got;
        if (length > limit) {
            errno = EFBIG;
            return -1;
        }
        if (length == capacity) {
            capacity *= 2;
            *data = memory_resize(*data, capacity, 1);
        }
    }
}

struct source *sources_read(struct sources *sources, struct region *snapshot_region,
                            const char *path, char **error)
{
    /* O_NONBLOCK: a named pipe in place of the file must not hold the server. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct source *source = NULL;
    uint8_t *data = NULL;
    struct stat status;
    ssize_t length;

    if (descriptor < 0 || fstat(descriptor, &status) < 0) {
        *error = memory_printf("cannot be read: %s", strerror(errno));
        goto out;
    }
    if (!S_ISREG(status.st_mode)) {
        *error = memory_printf("is %s, not a file",
                               S_ISDIR(status.st_mode) ? "a directory" : "a device or a pipe");
        goto out;
    }
    if (sources->count >= SOURCE_MAX) {
        *error = memory_printf("is one file too many: a configuration has at most %d", SOURCE_MAX);
        goto out;
    }
    length = read_whole(descriptor, SOURCE_SIZE_MAX - sources->bytes, &data);
    if (length < 0 && errno == EFBIG)
        *error = memory_printf("is too big: a configuration has at most %d MiB, with all files "
                               "that it includes",
                               SOURCE_SIZE_MAX >> 20);
    else if (length < 0)
        *error = memory_printf("cannot be read: %s", strerror(errno));
    if (length < 0)
        goto out;
    source = sources_add(sources, snapshot_region, path, slice_of(data, (size_t)length));
    source->owned = data;
    data = NULL;
out:
    free(data);
    if (descriptor >= 0)
        close(descriptor);
    return source;
}

/* A diagnostic while it is sorted: the place of its file among the sources, and its own. */
struct sort_key {
    size_t file, place;
    struct diagnostic diagnostic;
};

static int compare_keys(const void *left, const void *right)
{
    const struct sort_key *a = left, *b = right;
    const struct position *p = &a->diagnostic.where, *q = &b->diagnostic.where;

    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (p->line != q->line)
        return p->line < q->line ? -1 : 1;
    if (p->column != q->column)
        return p->column < q->column ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static void sort_diagnostics(struct sources *sources)
{
    size_t count = sources->diagnostics->count - sources->order_start;
    struct diagnostic *list;
    struct sort_key *keys;

    if (count < 2)
        return;
    list = sources->diagnostics->list + sources->order_start;
    keys = memory_zeroed(count, sizeof(*keys));
    for (size_t i = 0; i < count; i++) {
        keys[i].place = i;
        keys[i].diagnostic = list[i];
        for (const struct source *source = sources->first; source; source = source->next) {
            if (list[i].where.file == source->diagnostic_name)
                keys[i].file = source->index;
        }
    }
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 0; i < count; i++)
        list[i] = keys[i].diagnostic;
    free(keys);
}

void sources_release(struct sources *sources)
{
    sort_diagnostics(sources);
    for (struct source *source = sources->first, *next; source; source = next) {
        next = source->next;
        free(source->owned);
        free(source->marks);
        free(source);
    }
    *sources = (struct sources){.diagnostics = sources->diagnostics};
}

/* Where the line after the one at `at` begins; NULL where there is none. */
static const uint8_t *next_line(struct slice text, const uint8_t *at)
{
    const uint8_t *end = text.data + text.length;

    at = memchr(at, '\n', (size_t)(end - at));
    return at && at + 1 < end ? at + 1 : NULL;
}

/* Marks one line in so many, so that a thousand messages about a long file take no thousand walks
 * over it. */
static void mark_lines(struct source *source)
{
    size_t line = 0, most = source->text.length / LINES_A_MARK + 1;

    source->marks = memory_zeroed(most, sizeof(*source->marks));
    for (const uint8_t *at = source->text.data; at; at = next_line(source->text, at)) {
        if (line++ % LINES_A_MARK == 0)
            source->marks[source->mark_count++] = (uint32_t)(at - source->text.data);
    }
}

/* The bytes of a line, without its end; data NULL where there is no such line. */
static struct slice find_line(struct source *source, unsigned line)
{
    const uint8_t *at, *end = source->text.data + source->text.length, *stop;

    if (line == 0 || source->text.length == 0)
        return slice_of(NULL, 0);
    if (!source->marks)
        mark_lines(source);
    line--;
    if (line / LINES_A_MARK >= source->mark_count)
        return slice_of(NULL, 0);
    at = source->text.data + source->marks[line / LINES_A_MARK];
    for (unsigned i = 0; at && i < line % LINES_A_MARK; i++)
        at = next_line(source->text, at);
    if (!at)
        return slice_of(NULL, 0);
    stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop)
        stop = end;
    if (stop > at && stop[-1] == '\r')
        stop--;
    return slice_of(at, (size_t)(stop - at));
}

/* Keeps of a very long line what stands around the column, which counts from there on then. */
static struct slice cut_line(struct slice line, unsigned *column)
{
    enum { AROUND = 200, LINE_SHOWN_MAX = 1000 };
    size_t begin = *column > AROUND ? *column - AROUND : 0;
    size_t end = begin + 2 * AROUND;

    if (line.length <= LINE_SHOWN_MAX || begin >= line.length)
        return line;
    if (end > line.length)
        end = line.length;
    /* Not within a UTF-8 character. */
    while (begin > 0 && (line.data[begin] & 0xc0) == 0x80)
        begin--;
    while (end < line.length && end > begin && (line.data[end] & 0xc0) == 0x80)
        end--;
    *column -= (unsigned)begin;
    return slice_of(line.data + begin, end - begin);
}

/* Fills in the line of a message, fit for a terminal: control characters become '?', but for tabs.
 */
static void show_line(struct diagnostic *diagnostic, struct region *region, struct source *source)
{
    struct slice line = find_line(source, diagnostic->where.line);
    char *copy;

    diagnostic->line_column = diagnostic->where.column;
    if (!line.data)
        return;
    line = cut_line(line, &diagnostic->line_column);
    copy = region_string_of_slice(region, line);
    for (size_t i = 0; copy && i < line.length; i++) {
        unsigned char c = (unsigned char)copy[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            copy[i] = '?';
    }
    diagnostic->line = copy;
}

/* The list grows by doubling, in the region, which only ever grows. */
static struct diagnostic *append(struct diagnostics *diagnostics)
{
    size_t count = diagnostics->count;

    if ((count & (count - 1)) == 0) {
        size_t capacity = count ? 2 * count : 1;
        struct diagnostic *list =
            region_allocate(&diagnostics->region, capacity * sizeof(*diagnostics->list));

        if (count > 0)
            memcpy(list, diagnostics->list, count * sizeof(*list));
        diagnostics->list = list;
    }
    return &diagnostics->list[diagnostics->count++];
}

static bool is_same(const struct diagnostic *a, const struct diagnostic *b)
{
    return a->severity == b->severity && a->where.line == b->where.line &&
           a->where.column == b->where.column && a->where.file == b->where.file &&
           strcmp(a->message, b->message) == 0;
}

void sources_report(struct sources *sources, enum diagnostic_severity severity,
                    struct position where, const char *format, ...)
{
    struct diagnostics *diagnostics = sources->diagnostics;
    size_t *count =
        severity == DIAGNOSTIC_ERROR ? &diagnostics->error_count : &sources->warning_count;
    struct diagnostic *diagnostic;
    va_list arguments;
    char *message = NULL;

    if (*count >= DIAGNOSTIC_MAX)
        return;
    ++*count;
    va_start(arguments, format);
    if (vasprintf(&message, format, arguments) < 0)
        abort();
    va_end(arguments);
    diagnostic = append(diagnostics);
    *diagnostic = (struct diagnostic){.severity = severity, .where = where};
    diagnostic->message =
        region_printf(&diagnostics->region, "%s%s", message,
                      *count == DIAGNOSTIC_MAX ? " (more follow, left out here)" : "");
    free(message);
    for (struct source *source = sources->first; source; source = source->next) {
        if (where.file != source->name)
            continue;
        diagnostic->where.file = source->diagnostic_name;
        show_line(diagnostic, &diagnostics->region, source);
    }
    /* What the parser looked at before it took it is told once. */
    if (diagnostics->count > 1 && is_same(diagnostic, diagnostic - 1)) {
        diagnostics->count--;
        --*count;
    }
}

bool sources_full(const struct sources *sources)
{
    return sources->diagnostics->error_count >= DIAGNOSTIC_MAX;
}

bool sources_warnings_full(const struct sources *sources)
{
    return sources->warning_count >= DIAGNOSTIC_MAX;
}
