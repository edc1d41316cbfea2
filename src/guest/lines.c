#include "guest/lines.h"

#include <string.h>
#include <unistd.h>

bool lines_read(struct lines *lines, int descriptor,
                void (*line)(void *argument, struct slice line), void *argument)
{
    ssize_t count = read(descriptor, lines->bytes + lines->length, LINES_SIZE - lines->length);
    size_t start = 0;
    char *end;

    if (count <= 0)
        return false;
    lines->length += (size_t)count;
    while ((end = memchr(lines->bytes + start, '\n', lines->length - start)) != NULL) {
        size_t length = (size_t)(end - (lines->bytes + start));

        line(argument, slice_of(lines->bytes + start, length));
        start += length + 1;
    }
    if (start == 0 && lines->length == LINES_SIZE)
        start = LINES_SIZE;
    memmove(lines->bytes, lines->bytes + start, lines->length - start);
    lines->length -= start;
    return true;
}
