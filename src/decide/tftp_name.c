#include "decide/tftp_name.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEX_DIGITS = 8, ADDRESS_BYTES = 6 };

/* Adds one component, a slash before it where it is not the first. */
static enum tftp_name add_component(char to[TFTP_NAME_MAX], size_t *length, const char *component,
                                    size_t size)
{
    size_t slash = *length > 0;

    if (size == 0 || (size == 1 && component[0] == '.'))
        return TFTP_NAME_GOOD;
    if (size == 2 && memcmp(component, "..", 2) == 0)
        return TFTP_NAME_CLIMBS;
    if (*length + slash + size >= TFTP_NAME_MAX)
        return TFTP_NAME_TOO_LONG;
    if (slash)
        to[(*length)++] = '/';
    memcpy(to + *length, component, size);
    *length += size;
    return TFTP_NAME_GOOD;
}

enum tftp_name tftp_path(char to[TFTP_NAME_MAX], struct slice filename)
{
    const char *name = (const char *)filename.data;
    bool slashes = filename.length > 0 && memchr(name, '/', filename.length);
    char separator = slashes ? '/' : '\\';
    size_t length = 0, start = 0;

    to[0] = 0;
    for (size_t i = 0; i <= filename.length; i++) {
        enum tftp_name verdict;

        if (i < filename.length && name[i] != separator)
            continue;
        verdict = add_component(to, &length, name ? name + start : "", i - start);
        if (verdict != TFTP_NAME_GOOD)
            return verdict;
        start = i + 1;
    }
    to[length] = 0;
    if (length == 0)
        return TFTP_NAME_EMPTY;
    return !slashes && memchr(name, '\\', filename.length) ? TFTP_NAME_WINDOWS : TFTP_NAME_GOOD;
}

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
