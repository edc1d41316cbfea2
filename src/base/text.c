#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>

static bool text_is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '\\';
}

char *text_printable(char *to, size_t size, struct slice bytes)
{
    size_t wanted = 0, length = 0, room;

    if (size == 0)
        return to;
    for (size_t i = 0; i < bytes.length; i++)
        wanted += text_is_plain(bytes.data[i]) ? 1 : 4;
    /* Where not all of it fits, the dots need three of the places. */
    room = wanted < size ? wanted : size > 4 ? size - 4 : 0;
    for (size_t i = 0; i < bytes.length; i++) {
        bool plain = text_is_plain(bytes.data[i]);

        if (length + (plain ? 1 : 4) > room)
            break;
        if (plain)
            to[length++] = (char)bytes.data[i];
        else
            length += (size_t)snprintf(to + length, size - length, "\\x%02x", bytes.data[i]);
    }
    if (room < wanted && size - length > 3)
        length += (size_t)snprintf(to + length, size - length, "...");
    to[length] = 0;
    return to;
}

char *text_hex(char *to, size_t size, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 0;

    for (size_t i = 0; i < bytes.length && length + 3 < size; i++) {
        if (i > 0)
            to[length++] = ':';
        to[length++] = digits[bytes.data[i] >> 4];
        to[length++] = digits[bytes.data[i] & 15];
    }
    to[length] = 0;
    return to;
}
