/* Text for people, from bytes that anybody may have sent. */
#ifndef BOOTWIRE_BASE_TEXT_H
#define BOOTWIRE_BASE_TEXT_H

#include "base/slice.h"

#include <stddef.h>

/* Writes the bytes as printable text into `to` (`size` bytes, NUL-terminated): whatever is not
 * printable ASCII becomes \xNN, so that no client writes control characters into a log or a
 * terminal. Cut with "..." where it does not fit. Returns `to`. */
char *text_printable(char *to, size_t size, struct slice bytes);

/* Writes the bytes as "22:00:ff" into `to` (`size` bytes, at least 1, NUL-terminated); those that
 * do not fit are left out. Returns `to`. */
char *text_hex(char *to, size_t size, struct slice bytes);

#endif
