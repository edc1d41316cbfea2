/* XDR (RFC 4506) on the cursors: everything is counted in units of four bytes, big-endian. Integers
 * are reader_be32() and its kin; here is what carries padding. */
#ifndef BOOTWIRE_WIRE_XDR_H
#define BOOTWIRE_WIRE_XDR_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero bytes that follow `length` bytes to fill the last unit: 0 to 3 (RFC 4506 section 3). */
size_t xdr_padding(size_t length);

/* A variable-length opaque or string (sections 4.10, 4.11): its length, its bytes, its padding. The
 * slice is a view into the packet. A length above `max` fails the reader. */
struct slice xdr_read_opaque(struct reader *r, size_t max);
/* A fixed-length opaque (section 4.9) of `length` bytes, and its padding. */
struct slice xdr_read_fixed(struct reader *r, size_t length);
/* A boolean (section 4.4). Whatever is not 0 is true: clients differ. */
bool xdr_read_bool(struct reader *r);

void xdr_write_opaque(struct writer *w, struct slice bytes);
void xdr_write_string(struct writer *w, const char *string);
void xdr_write_fixed(struct writer *w, const void *data, size_t length);
void xdr_write_bool(struct writer *w, bool value);

#endif
