#include "wire/dhcp_value.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    PIECE_SIZE = 64,        /* a number, a flag or an address as text */
    BYTE_TEXT_MAX = 12,     /* characters that one byte of a value comes to: "0.0.0.0/0 " */
    NAMES_EXTRA_MAX = 2048, /* what compressed names may come to beyond that */
    POINTER = 0xc0,         /* RFC 1035 section 4.1.4 */
};

__attribute__((format(printf, 2, 3))) static void add(struct writer *w, const char *format, ...)
{
    char piece[PIECE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    writer_bytes(w, piece, strlen(piece));
}

static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

static void add_quoted(struct writer *w, struct slice value)
{
    add(w, "\"");
    for (size_t i = 0; i < value.length; i++) {
        uint8_t byte = value.data[i];

        if (byte == '"' || byte == '\\')
            add(w, "\\%c", byte);
        else if (is_printable(byte))
            writer_u8(w, byte);
        else
            add(w, "\\%03o", byte);
    }
    add(w, "\"");
}

static void add_hex(struct writer *w, struct slice value)
{
    for (size_t i = 0; i < value.length; i++)
        add(w, "%s%02x", i > 0 ? ":" : "", value.data[i]);
}

/* Bytes that all print are most likely text. */
static void add_data(struct writer *w, struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (!is_printable(value.data[i])) {
            add_hex(w, value);
            return;
        }
    }
    add_quoted(w, value);
}

/* One name of labels (RFC 1035 section 3.1); a pointer leads back only, so it ends. */
static void add_name(struct writer *w, struct reader *r)
{
    struct reader at = *r;
    size_t begun = r->offset;
    bool jumped = false, first = true;
    uint8_t length;

    add(w, "\"");
    while ((length = reader_u8(&at)) != 0 && !at.failed) {
        if ((length & POINTER) == POINTER) {
            size_t target = (size_t)(length & ~POINTER) << 8 | reader_u8(&at);

            if (target >= begun)
                reader_fail(&at);
            if (!jumped)
                *r = at;
            jumped = true;
            begun = target;
            at.offset = at.failed ? at.offset : target;
            continue;
        }
        add(w, "%s", first ? "" : ".");
        first = false;
        for (struct slice label = reader_bytes(&at, length); label.length > 0;
             label = slice_of(label.data + 1, label.length - 1)) {
            /* A name that needs escapes is better shown as the bytes that it is. */
            if (!is_printable(*label.data) || *label.data == '"' || *label.data == '\\')
                reader_fail(&at);
            writer_u8(w, *label.data);
        }
    }
    add(w, "\"");
    if (!jumped)
        *r = at;
    r->failed = r->failed || at.failed;
}

static int64_t signed_of(uint32_t number, size_t width)
{
    uint32_t sign = 1u << (8 * width - 1);

    return number & sign ? (int64_t)number - 2 * (int64_t)sign : (int64_t)number;
}

static void add_number(struct writer *w, enum dhcp_atom atom, struct reader *r)
{
    size_t width = dhcp_atom_width(atom);
    int64_t least, greatest;
    uint32_t number = width == 1 ? reader_u8(r) : width == 2 ? reader_be16(r) : reader_be32(r);

    dhcp_atom_limits(atom, &least, &greatest);
    add(w, "%lld", (long long)(least < 0 ? signed_of(number, width) : (int64_t)number));
}

static void add_address(struct writer *w, int family, struct slice bytes)
{
    char text[INET6_ADDRSTRLEN];

    if (bytes.length > 0)
        add(w, "%s", inet_ntop(family, bytes.data, text, sizeof(text)));
}

static void add_destination(struct writer *w, struct reader *r)
{
    unsigned prefix;
    uint32_t network = htonl(dhcp_destination_read(r, &prefix));

    add_address(w, AF_INET, slice_of((const uint8_t *)&network, sizeof(network)));
    add(w, "/%u", prefix);
}

static void add_piece(struct writer *w, enum dhcp_atom atom, struct reader *r)
{
    uint8_t flag;

    switch (atom) {
    case DHCP_ATOM_ADDRESS:
        add_address(w, AF_INET, reader_bytes(r, 4));
        break;
    case DHCP_ATOM_ADDRESS6:
        add_address(w, AF_INET6, reader_bytes(r, 16));
        break;
    case DHCP_ATOM_DESTINATION:
        add_destination(w, r);
        break;
    case DHCP_ATOM_TEXT:
        add_quoted(w, reader_bytes(r, reader_left(r)));
        break;
    case DHCP_ATOM_DATA:
        add_data(w, reader_bytes(r, reader_left(r)));
        break;
    case DHCP_ATOM_FLAG:
        flag = reader_u8(r);
        if (flag > 1)
            reader_fail(r);
        add(w, "%s", flag ? "true" : "false");
        break;
    case DHCP_ATOM_DOMAIN_NAME:
    case DHCP_ATOM_DOMAIN_LIST:
        add_name(w, r);
        break;
    default:
        add_number(w, atom, r);
        break;
    }
}

/* The pieces of one record, or its last one alone. */
static void add_record(struct writer *w, const struct dhcp_form *form, size_t first,
                       struct reader *r)
{
    for (size_t i = first; i < DHCP_FORM_ATOMS_MAX && form->atoms[i] != DHCP_ATOM_END; i++) {
        bool last = i + 1 == DHCP_FORM_ATOMS_MAX || form->atoms[i + 1] == DHCP_ATOM_END;

        if (last && form->last_optional && reader_left(r) == 0)
            return;
        add(w, "%s", i > first ? " " : "");
        add_piece(w, form->atoms[i], r);
    }
}

static size_t last_atom(const struct dhcp_form *form)
{
    size_t last = 0;

    while (last + 1 < DHCP_FORM_ATOMS_MAX && form->atoms[last + 1] != DHCP_ATOM_END)
        last++;
    return last;
}

const char *dhcp_value_text(struct region *region, const struct dhcp_form *form, struct slice value)
{
    size_t capacity = BYTE_TEXT_MAX * value.length + NAMES_EXTRA_MAX;
    struct writer w = writer_of(region_allocate(region, capacity), capacity);
    struct reader r = reader_of_slice(value);
    size_t first = form->repeat == DHCP_REPEAT_LAST ? last_atom(form) : 0;
    /* RFC 3397: a list of names is one piece that holds many. */
    bool repeats = form->repeat != DHCP_ONCE || form->atoms[0] == DHCP_ATOM_DOMAIN_LIST;

    add_record(&w, form, 0, &r);
    while (repeats && reader_left(&r) > 0) {
        add(&w, ", ");
        add_record(&w, form, first, &r);
    }
    if (r.failed || reader_left(&r) > 0 || writer_left(&w) == 0)
        return dhcp_hex_text(region, value);
    writer_u8(&w, 0);
    return (const char *)w.data;
}

const char *dhcp_quoted_text(struct region *region, struct slice value)
{
    size_t capacity = 4 * value.length + 3; /* two quotes, a NUL, and \ooo for each byte */
    struct writer w = writer_of(region_allocate(region, capacity), capacity);

    add_quoted(&w, value);
    writer_u8(&w, 0);
    return (const char *)w.data;
}

const char *dhcp_hex_text(struct region *region, struct slice value)
{
    size_t capacity = 3 * value.length + 1;
    struct writer w = writer_of(region_allocate(region, capacity), capacity);

    add_hex(&w, value);
    writer_u8(&w, 0);
    return (const char *)w.data;
}
