#include "decide/tftp_name.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEX_DIGITS = 8, ADDRESS_BYTES = 6 };

bool tftp_name_is_address(const char *path, uint32_t address)
{
    char hex[HEX_DIGITS + 1];

    snprintf(hex, sizeof(hex), "%08X", address);
    if (strncasecmp(path, hex, HEX_DIGITS) != 0)
        return false;
    return path[HEX_DIGITS] == 0 ||
           (path[HEX_DIGITS] == '.' && path[HEX_DIGITS + 1] != 0 && !strchr(path, '/'));
}

static size_t serial_number(const char *path)
{
    size_t length = strspn(path, "0123456789abcdefABCDEF");

    return length == HEX_DIGITS ? length : 0;
}

static size_t hardware_address(const char *path)
{
    size_t length = 0;

    for (int i = 0; i < ADDRESS_BYTES; i++) {
        if (!isxdigit((unsigned char)path[length]) || !isxdigit((unsigned char)path[length + 1]))
            return 0;
        length += 2;
        if (i + 1 < ADDRESS_BYTES && path[length++] != '-')
            return 0;
    }
    return length;
}

const char *tftp_name_below_own(const char *path)
{
    size_t length = serial_number(path);

    if (length == 0)
        length = hardware_address(path);
    return length > 0 && path[length] == '/' && path[length + 1] ? path + length + 1 : NULL;
}
