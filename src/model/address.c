#include "model/address.h"

#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *ipv4_text(char to[IPV4_TEXT_SIZE], uint32_t address)
{
    snprintf(to, IPV4_TEXT_SIZE, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
             address >> 8 & 0xff, address & 0xff);
    return to;
}

bool ipv4_parse(const char *text, size_t length, uint32_t *address)
{
    uint32_t value = 0;
    size_t at = 0;

    for (int part = 0; part < 4; part++) {
        unsigned number = 0;
        size_t digits = 0;

        if (part > 0 && (at >= length || text[at++] != '.'))
            return false;
        for (; at < length && text[at] >= '0' && text[at] <= '9' && digits < 4; at++, digits++)
            number = number * 10 + (unsigned)(text[at] - '0');
        if (digits == 0 || digits > 3 || number > 255)
            return false;
        value = value << 8 | number;
    }
    if (at != length)
        return false;
    *address = value;
    return true;
}

bool hardware_equal(const struct hardware *a, const struct hardware *b)
{
    return a->type == b->type && a->length == b->length && a->length <= HARDWARE_ADDRESS_MAX &&
           memcmp(a->address, b->address, a->length) == 0;
}

char *hardware_text(char to[HARDWARE_TEXT_SIZE], const struct hardware *hardware)
{
    size_t length = hardware->length <= HARDWARE_ADDRESS_MAX ? hardware->length : 0;

    text_hex(to, HARDWARE_TEXT_SIZE, slice_of(hardware->address, length));
    return to;
}

bool hardware_parse(const char *text, struct hardware *hardware)
{
    *hardware = (struct hardware){.type = HARDWARE_ETHERNET, .length = 6};
    for (size_t i = 0; i < hardware->length; i++) {
        char *end;

        if (!isxdigit((unsigned char)text[0]))
            return false;
        hardware->address[i] = (uint8_t)strtoul((const char[]){text[0], text[1], 0}, &end, 16);
        text += isxdigit((unsigned char)text[1]) ? 2 : 1;
        if (i + 1 < hardware->length && *text != ':' && *text != '-')
            return false;
        text += i + 1 < hardware->length;
    }
    return *text == 0;
}
