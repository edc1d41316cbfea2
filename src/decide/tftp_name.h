/* Habits of those who ask for boot files: names that mean another one where there is no such file.
 */
#ifndef BOOTWIRE_DECIDE_TFTP_NAME_H
#define BOOTWIRE_DECIDE_TFTP_NAME_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the name is the address in hexadecimal, as Sun's PROMs and their like ask for their own
 * loader: C0A80105, or with the kind of machine behind a dot, C0A80105.SUN4M. The letters' case
 * does not count. */
bool tftp_name_is_address(const char *path, uint32_t address);

/* The rest of a path that begins with one machine's own directory, as Raspberry Pis ask for all of
 * their files: its serial number (eight hexadecimal digits) or its hardware address (with dashes).
 * NULL: it does not begin so. */
const char *tftp_name_below_own(const char *path);

#endif
