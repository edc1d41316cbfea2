/* The value of the attribute. */
#include "store/ownership.h"

#include "base/cursor.h"

#include <stdio.h>
#include <string.h>

/* A number with no sign, no space and no leading zeros but one; ends at the byte `end`, which is
 * skipped, or at the end of the text where that is 0. */
static uint32_t read_number(struct reader *r, unsigned base, char end)
{
    uint64_t value = 0;
    size_t digits = 0;

    while (reader_left(r) > 0) {
        uint8_t byte = reader_u8(r);

        if (byte == (uint8_t)end && end != 0)
            break;
        if (byte < '0' || byte >= '0' + base) {
            reader_fail(r);
            return 0;
        }
        value = value * base + (byte - '0');
        digits++;
        if (value > UINT32_MAX) {
            reader_fail(r);
            return 0;
        }
    }
    if (digits == 0)
        reader_fail(r);
    return (uint32_t)value;
}

static bool is_type(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        return (mode & ~(mode_t)(S_IFMT | 07777)) == 0;
    default:
        return false;
    }
}

bool ownership_read(struct ownership *to, struct slice text)
{
    struct reader r = reader_of_slice(text);

    to->mode = read_number(&r, 8, ' ');
    to->major = read_number(&r, 10, ',');
    to->minor = read_number(&r, 10, ' ');
    to->uid = read_number(&r, 10, ':');
    to->gid = read_number(&r, 10, 0);
    return !r.failed && is_type(to->mode) && to->uid != UINT32_MAX && to->gid != UINT32_MAX;
}

size_t ownership_write(uint8_t to[OWNERSHIP_TEXT_MAX], const struct ownership *from)
{
    char text[OWNERSHIP_TEXT_MAX];
    int length = snprintf(text, sizeof(text), "%o %u,%u %u:%u", (unsigned)from->mode, from->major,
                          from->minor, from->uid, from->gid);

    memcpy(to, text, (size_t)length);
    return (size_t)length;
}
