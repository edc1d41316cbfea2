/* The standard DHCP options: their codes, the names that ISC dhcpd's configuration language gives
 * them (dhcp-options(5)), and the form of their values (RFC 2132 and its successors). */
#ifndef BOOTWIRE_WIRE_DHCP_OPTION_TABLE_H
#define BOOTWIRE_WIRE_DHCP_OPTION_TABLE_H

#include "base/cursor.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The pieces that values are made of. All numbers are in network byte order on the wire. */
enum dhcp_atom {
    DHCP_ATOM_END = 0,     /* no further piece */
    DHCP_ATOM_ADDRESS,     /* 4 bytes: an IPv4 address */
    DHCP_ATOM_ADDRESS6,    /* 16 bytes: an IPv6 address */
    DHCP_ATOM_TEXT,        /* characters, to the option's end, without a NUL */
    DHCP_ATOM_DATA,        /* any bytes, to the option's end */
    DHCP_ATOM_FLAG,        /* 1 byte: 0 or 1 */
    DHCP_ATOM_UINT8,       /* 1 byte */
    DHCP_ATOM_UINT16,      /* 2 bytes */
    DHCP_ATOM_UINT32,      /* 4 bytes */
    DHCP_ATOM_INT8,        /* 1 byte, two's complement */
    DHCP_ATOM_INT16,       /* 2 bytes, two's complement */
    DHCP_ATOM_INT32,       /* 4 bytes, two's complement */
    DHCP_ATOM_DOMAIN_NAME, /* a name as DNS labels (RFC 1035 section 3.1) */
    DHCP_ATOM_DOMAIN_LIST, /* names as DNS labels, compressed over the whole value (RFC 3397) */
    DHCP_ATOM_DESTINATION, /* a network: its prefix length, and as many of its bytes (RFC 3442) */
    DHCP_ATOM_COUNT,
};

/* What follows once all pieces of a form are read. */
enum dhcp_repeat {
    DHCP_ONCE = 0,
    DHCP_REPEAT_ALL,  /* the whole record again, any number of times: an array of records */
    DHCP_REPEAT_LAST, /* the last piece again, any number of times */
};

enum { DHCP_FORM_ATOMS_MAX = 8 };

/* How a value is laid out: its pieces in order, and what of them repeats. */
struct dhcp_form {
    enum dhcp_atom atoms[DHCP_FORM_ATOMS_MAX]; /* ended by DHCP_ATOM_END where shorter */
    enum dhcp_repeat repeat;
    bool last_optional; /* the last piece may be missing */
};

struct dhcp_option_definition {
    uint8_t code; /* 1 to 254 */
    const char *name;
    struct dhcp_form form;
};

/* Every row, in the order of their codes; `*count` takes their number. */
const struct dhcp_option_definition *dhcp_option_table(size_t *count);
/* The row of a name (case does not count), or NULL. */
const struct dhcp_option_definition *dhcp_option_by_name(struct slice name);
/* The row of a code, or NULL where no standard option of ours has it. */
const struct dhcp_option_definition *dhcp_option_by_code(uint8_t code);

/* The bytes of an integer, flag or address piece (1, 2, 4), and 0 for the others. */
size_t dhcp_atom_width(enum dhcp_atom atom);
/* The least and greatest number that an integer piece holds; 0 and 0 for the others. */
void dhcp_atom_limits(enum dhcp_atom atom, int64_t *least, int64_t *greatest);
/* Writes a number in the piece's width; fails the writer where it does not fit or is no integer. */
void dhcp_atom_write(struct writer *w, enum dhcp_atom atom, int64_t number);

enum { DHCP_DOMAIN_NAME_MAX = 255, DHCP_DOMAIN_LABEL_MAX = 63, DHCP_PREFIX_MAX = 32 };

/* Appends a dotted name ("www.example.org", a dot at its end is allowed) as labels and a zero. With
 * `compress`, a tail that already stands in the writer becomes a pointer (RFC 1035 section 4.1.4;
 * offsets count from the writer's start, which RFC 3397 section 2 asks for). Returns false, and
 * writes nothing, where the name is no domain name: an empty label, a label over 63 bytes, a name
 * over 255. A writer without room fails. */
bool dhcp_domain_name_write(struct writer *w, struct slice name, bool compress);

/* Appends a route's destination, of at most 32 bits of prefix; bits of the address beyond that are
 * left out (RFC 3442). */
void dhcp_destination_write(struct writer *w, uint32_t network, unsigned prefix);
/* Reads one; fails the reader where the prefix is longer than 32 bits. */
uint32_t dhcp_destination_read(struct reader *r, unsigned *prefix);

#endif
