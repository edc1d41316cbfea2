#include "command/file_lines.h"

#include <stdio.h>
#include <string.h>

enum { FILE_SIZE_MAX = 16 << 20 }; /* no configuration is longer */

struct file_text {
    struct file_text *next;
    const char *name;
    struct slice text; /* empty where it cannot be read */
};

static struct slice read_text(struct region *region, const char *name)
{
    FILE *file = fopen(name, "re");
    uint8_t *text = NULL;
    long length = 0;

    if (!file)
        return slice_of(NULL, 0);
    if (fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    rewind(file);
    if (length > 0 && length <= FILE_SIZE_MAX)
        text = region_allocate(region, (size_t)length);
    length = text ? (long)fread(text, 1, (size_t)length, file) : 0;
    fclose(file);
    return slice_of(text, (size_t)length);
}

static struct slice text_of(struct file_lines *lines, const char *name)
{
    struct file_text *made;

    for (const struct file_text *at = lines->files; at; at = at->next) {
        if (strcmp(at->name, name) == 0)
            return at->text;
    }
    made = region_allocate(&lines->region, sizeof(*made));
    made->next = lines->files;
    made->name = region_string(&lines->region, name);
    made->text = read_text(&lines->region, name);
    lines->files = made;
    return made->text;
}

/* Where the statement begins that holds the column: a place may be a value's. */
static size_t statement_start(struct slice line, size_t column)
{
    size_t start = column - 1;

    while (start > 0 && !strchr(";{}", line.data[start - 1]))
        start--;
    while (start < column - 1 && (line.data[start] == ' ' || line.data[start] == '\t'))
        start++;
    return start;
}

const char *file_line(struct file_lines *lines, struct position where)
{
    struct slice left = where.file ? text_of(lines, where.file) : slice_of(NULL, 0);
    const uint8_t *end;
    size_t start;
    char *line;

    for (unsigned i = 1; i < where.line && left.length > 0; i++) {
        end = memchr(left.data, '\n', left.length);
        left = end ? slice_of(end + 1, left.length - (size_t)(end + 1 - left.data))
                   : slice_of(NULL, 0);
    }
    if (left.length < where.column || where.line == 0 || where.column == 0)
        return "";
    end = memchr(left.data, '\n', left.length);
    if (end)
        left.length = (size_t)(end - left.data);
    if (left.length < where.column)
        return "";
    start = statement_start(left, where.column);
    left = slice_of(left.data + start, left.length - start);
    while (left.length > 0 && left.data[left.length - 1] <= ' ')
        left.length--;
    line = region_string_of_slice(&lines->region, left);
    for (size_t i = 0; i < left.length; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = line[i] == '\t' ? ' ' : '?';
    }
    return line;
}

void file_lines_release(struct file_lines *lines)
{
    region_release(&lines->region);
    *lines = (struct file_lines){.files = NULL};
}
