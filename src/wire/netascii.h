/* netascii: text as TFTP's netascii mode sends it (RFC 1350 section 1, from RFC 764): the end of a
 * line is CR LF, a CR that stands for itself is CR NUL. */
#ifndef BOOTWIRE_WIRE_NETASCII_H
#define BOOTWIRE_WIRE_NETASCII_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a conversion stands: all zero at the start. A pair may be cut by the end of a block. */
struct netascii {
    bool pending; /* the pair's second byte is still to be written, or to come */
    uint8_t byte;
};

/* Converts from `from` into `room` bytes at `to`, until either ends. Takes what it used off `from`
 * and returns the bytes written. */
size_t netascii_convert(struct netascii *state, struct slice *from, uint8_t *to, size_t room);

/* The way back: the text of `from`, written to `to`, which has room for one byte more than `from`
 * has. Returns the bytes written. A CR at the very end waits for what comes behind it; `last`:
 * nothing does, and it stands for itself, as one does before any other byte than LF and NUL. */
size_t netascii_restore(struct netascii *state, struct slice from, bool last, uint8_t *to);

#endif
