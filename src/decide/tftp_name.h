/* The names that clients ask for boot files by: the path that one means, and habits of those who
 * ask, whose names mean another one where there is no such file. */
#ifndef BOOTWIRE_DECIDE_TFTP_NAME_H
#define BOOTWIRE_DECIDE_TFTP_NAME_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { TFTP_NAME_MAX = 512 }; /* bytes of a path with its NUL */

enum tftp_name {
    TFTP_NAME_GOOD,
    TFTP_NAME_WINDOWS, /* good too, and meant in any case: it came with backslashes */
    TFTP_NAME_EMPTY,
    TFTP_NAME_TOO_LONG,
    TFTP_NAME_CLIMBS, /* it holds ".." */
};

/* The path below tftp-root that a request's file name means, without leading slash: "/x", "x" and
 * "//./x" are one file. A name with backslashes and no slash is a Windows loader's: they become
 * slashes, and its case says nothing. */
enum tftp_name tftp_path(char to[TFTP_NAME_MAX], struct slice filename);

/* Whether the name is the address in hexadecimal, as Sun's PROMs and their like ask for their own
 * loader: C0A80105, or with the kind of machine behind a dot, C0A80105.SUN4M. The letters' case
 * does not count. */
bool tftp_name_is_address(const char *path, uint32_t address);

/* The rest of a path that begins with one machine's own directory, as Raspberry Pis ask for all of
 * their files: its serial number (eight hexadecimal digits) or its hardware address (with dashes).
 * NULL: it does not begin so. */
const char *tftp_name_below_own(const char *path);

#endif
