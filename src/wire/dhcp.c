#include "wire/dhcp.h"

#include "base/cursor.h"

#define DHCP_MAGIC_COOKIE 0x63825363u /* RFC 1497, RFC 2132 section 2 */

/* Option 52's bits: which fields carry options too (RFC 2132 section 9.3). */
enum { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

enum { OPTION_HEADER_SIZE = 2, OPTION_PIECE_MAX = 255 };

/* The areas options are read from, in the order that RFC 3396 section 5 puts them together. */
struct option_areas {
    struct slice areas[3];
    size_t count;
};

/* Calls back with each option of an area up to END; false where one runs past the area's end. */
static bool walk_options(struct slice area,
                         void (*found)(void *argument, uint8_t code, struct slice value),
                         void *argument)
{
    struct reader r = reader_of_slice(area);

    while (reader_left(&r) > 0) {
        uint8_t code = reader_u8(&r);
        struct slice value;

        if (code == DHCP_OPTION_PAD)
            continue;
        if (code == DHCP_OPTION_END)
            break;
        value = reader_bytes(&r, reader_u8(&r));
        if (r.failed)
            return false;
        found(argument, code, value);
    }
    return true;
}

/* First walk: how much each code has, and where, if it stands in one piece. */
struct option_sums {
    struct dhcp_message *message;
    uint16_t lengths[256];
    uint16_t pieces[256];
};

static void sum_option(void *argument, uint8_t code, struct slice value)
{
    struct option_sums *sums = argument;

    sums->lengths[code] = (uint16_t)(sums->lengths[code] + value.length);
    sums->pieces[code]++;
    sums->message->options[code] = value;
}

/* Second walk: the codes in several pieces are put together in `joined`. */
struct option_join {
    struct dhcp_message *message;
    const struct option_sums *sums;
    struct writer writers[256];
};

static void join_option(void *argument, uint8_t code, struct slice value)
{
    struct option_join *join = argument;

    if (join->sums->pieces[code] > 1)
        writer_slice(&join->writers[code], value);
}

static void join_pieces(struct dhcp_message *message, const struct option_sums *sums,
                        const struct option_areas *areas)
{
    struct option_join join = {.message = message, .sums = sums};
    size_t used = 0;

    for (size_t code = 0; code < 256; code++) {
        if (sums->pieces[code] < 2)
            continue;
        /* All pieces come from one packet of at most DHCP_MESSAGE_MAX bytes: they fit. */
        join.writers[code] = writer_of(message->joined + used, sums->lengths[code]);
        message->options[code] = slice_of(message->joined + used, sums->lengths[code]);
        used += sums->lengths[code];
    }
    if (used == 0)
        return;
    for (size_t i = 0; i < areas->count; i++)
        walk_options(areas->areas[i], join_option, &join);
}

static const char *decode_options(struct dhcp_message *message, struct slice area,
                                  struct slice file, struct slice sname)
{
    struct option_sums sums = {.message = message};
    struct option_areas areas = {{area}, 1};
    uint8_t overload = 0;

    if (!walk_options(area, sum_option, &sums))
        return "an option runs past the end of the packet";
    dhcp_message_u8(message, DHCP_OPTION_OVERLOAD, &overload);
    if (overload & OVERLOAD_FILE) {
        areas.areas[areas.count++] = file;
        message->file = slice_of(NULL, 0);
    }
    if (overload & OVERLOAD_SNAME) {
        areas.areas[areas.count++] = sname;
        message->sname = slice_of(NULL, 0);
    }
    for (size_t i = 1; i < areas.count; i++) {
        if (!walk_options(areas.areas[i], sum_option, &sums))
            return "an option runs past the end of the field that option 52 puts it in";
    }
    join_pieces(message, &sums, &areas);
    return NULL;
}

/* The text of a fixed field: what stands before its first NUL. */
static struct slice field_text(struct slice field)
{
    const uint8_t *end = field.length > 0 ? memchr(field.data, 0, field.length) : NULL;

    return slice_of(field.data, end ? (size_t)(end - field.data) : field.length);
}

const char *dhcp_decode(struct dhcp_message *message, struct slice packet)
{
    struct reader r = reader_of_slice(packet);
    struct slice sname, file;

    memset(message, 0, sizeof(*message));
    if (packet.length > DHCP_MESSAGE_MAX)
        return "longer than any DHCP message";
    message->length = packet.length;
    message->op = reader_u8(&r);
    message->hardware_type = reader_u8(&r);
    message->hardware_length = reader_u8(&r);
    message->hops = reader_u8(&r);
    message->xid = reader_be32(&r);
    message->secs = reader_be16(&r);
    message->flags = reader_be16(&r);
    message->ciaddr = reader_be32(&r);
    message->yiaddr = reader_be32(&r);
    message->siaddr = reader_be32(&r);
    message->giaddr = reader_be32(&r);
    reader_copy(&r, message->chaddr, sizeof(message->chaddr));
    sname = reader_bytes(&r, DHCP_SNAME_SIZE);
    file = reader_bytes(&r, DHCP_FILE_SIZE);
    if (r.failed)
        return "shorter than the fixed fields of BOOTP";
    if (message->op != BOOTP_REQUEST && message->op != BOOTP_REPLY)
        return "its op field says neither request nor reply";
    if (message->hardware_length > DHCP_CHADDR_SIZE)
        return "its hardware address is longer than the field that holds it";
    message->sname = field_text(sname);
    message->file = field_text(file);
    message->vendor_area = slice_of(packet.data + r.offset, reader_left(&r));
    if (reader_left(&r) < 4 || reader_be32(&r) != DHCP_MAGIC_COOKIE)
        return NULL;
    message->has_options = true;
    return decode_options(message, reader_bytes(&r, reader_left(&r)), file, sname);
}

bool dhcp_is_discover(struct slice packet)
{
    struct reader r = reader_of_slice(packet);

    reader_skip(&r, DHCP_FIXED_SIZE + 4); /* and the cookie */
    while (reader_left(&r) > 0) {
        uint8_t code = reader_u8(&r);
        uint8_t length = code == DHCP_OPTION_PAD ? 0 : reader_u8(&r);

        if (code == DHCP_OPTION_END)
            break;
        if (code == DHCP_OPTION_MESSAGE_TYPE)
            return length == 1 && reader_u8(&r) == DHCP_DISCOVER && !r.failed;
        reader_skip(&r, length);
    }
    return false;
}

enum dhcp_type dhcp_message_type(const struct dhcp_message *message)
{
    struct slice type = message->options[DHCP_OPTION_MESSAGE_TYPE];

    /* Who says it twice means the first. */
    return type.length > 0 ? (enum dhcp_type)type.data[0] : DHCP_BOOTP;
}

struct slice dhcp_message_bytes(const struct dhcp_message *message, enum dhcp_option_code code)
{
    return message->options[code];
}

struct slice dhcp_message_text(const struct dhcp_message *message, enum dhcp_option_code code)
{
    struct slice text = message->options[code];

    while (text.length > 0 && text.data[text.length - 1] == 0)
        text.length--;
    return text;
}

bool dhcp_message_u8(const struct dhcp_message *message, enum dhcp_option_code code, uint8_t *value)
{
    struct reader r = reader_of_slice(message->options[code]);

    if (message->options[code].length != 1)
        return false;
    *value = reader_u8(&r);
    return true;
}

bool dhcp_message_u16(const struct dhcp_message *message, enum dhcp_option_code code,
                      uint16_t *value)
{
    struct reader r = reader_of_slice(message->options[code]);

    if (message->options[code].length != 2)
        return false;
    *value = reader_be16(&r);
    return true;
}

bool dhcp_message_u32(const struct dhcp_message *message, enum dhcp_option_code code,
                      uint32_t *value)
{
    struct reader r = reader_of_slice(message->options[code]);

    if (message->options[code].length != 4)
        return false;
    *value = reader_be32(&r);
    return true;
}

bool dhcp_message_requests(const struct dhcp_message *message, uint8_t code)
{
    struct slice list = message->options[DHCP_OPTION_PARAMETER_LIST];

    return list.length > 0 && memchr(list.data, code, list.length) != NULL;
}

/* The bytes a value takes, with the headers of its pieces. */
static size_t option_size(size_t length)
{
    size_t pieces = length == 0 ? 1 : (length + OPTION_PIECE_MAX - 1) / OPTION_PIECE_MAX;

    return length + pieces * OPTION_HEADER_SIZE;
}

size_t dhcp_message_limit(const struct dhcp_message *message, uint32_t otherwise)
{
    enum { HEADERS = 28 }; /* option 57 counts the IP and UDP headers too */
    bool bootp = dhcp_message_type(message) == DHCP_BOOTP;
    uint16_t asked = 0;
    size_t size = dhcp_message_u16(message, DHCP_OPTION_MAXIMUM_SIZE, &asked) ? asked : otherwise;
    size_t limit = size > DHCP_DEFAULT_LIMIT + HEADERS ? size - HEADERS : DHCP_DEFAULT_LIMIT;

    /* Who speaks BOOTP only has a vendor area of 64 bytes (RFC 951 section 3), or what it sent. */
    if (bootp && size == 0)
        limit = message->length > DHCP_MINIMUM ? message->length : DHCP_MINIMUM;
    /* The relay takes its option out again: what the client gets is shorter by that much. */
    if (message->options[DHCP_OPTION_RELAY_AGENT].length > 0)
        limit += option_size(message->options[DHCP_OPTION_RELAY_AGENT].length);
    return limit < DHCP_LIMIT_MAX ? limit : DHCP_LIMIT_MAX;
}

const char *dhcp_type_name(enum dhcp_type type)
{
    static const char *const names[] = {
        [DHCP_BOOTP] = "BOOTP",         [DHCP_DISCOVER] = "DHCPDISCOVER",
        [DHCP_OFFER] = "DHCPOFFER",     [DHCP_REQUEST] = "DHCPREQUEST",
        [DHCP_DECLINE] = "DHCPDECLINE", [DHCP_ACK] = "DHCPACK",
        [DHCP_NAK] = "DHCPNAK",         [DHCP_RELEASE] = "DHCPRELEASE",
        [DHCP_INFORM] = "DHCPINFORM",
    };

    return (unsigned)type < sizeof(names) / sizeof(names[0]) ? names[type] : "DHCP message";
}

void dhcp_reply_add(struct dhcp_reply *reply, uint8_t code, struct slice value)
{
    if (value.data && reply->option_count < DHCP_REPLY_OPTIONS_MAX)
        reply->options[reply->option_count++] = (struct dhcp_option){code, value};
}

static void write_option(struct writer *w, uint8_t code, struct slice value)
{
    do {
        size_t length = value.length < OPTION_PIECE_MAX ? value.length : OPTION_PIECE_MAX;

        writer_u8(w, code);
        writer_u8(w, (uint8_t)length);
        writer_bytes(w, value.data, length);
        value = slice_of(value.data + length, value.length - length);
    } while (value.length > 0);
}

/* A text field: at least one NUL ends it, for clients that copy up to a NUL. */
static void write_field(struct writer *w, struct slice text, size_t size)
{
    if (text.length >= size)
        text.length = size - 1;
    writer_slice(w, text);
    writer_zeros(w, size - text.length);
}

/* The fields that options may stand in beside their own area. */
struct option_fields {
    uint8_t file[DHCP_FILE_SIZE], sname[DHCP_SNAME_SIZE];
    struct writer writers[2]; /* of `file` and `sname`; without capacity where text stands there */
};

static void write_fixed(struct writer *w, const struct dhcp_reply *reply,
                        const struct option_fields *fields)
{
    writer_u8(w, BOOTP_REPLY);
    writer_u8(w, reply->hardware_type);
    writer_u8(w, reply->hardware_length);
    writer_u8(w, reply->hops);
    writer_be32(w, reply->xid);
    writer_be16(w, 0); /* secs is the client's field (RFC 2131 table 3) */
    writer_be16(w, reply->flags);
    writer_be32(w, reply->ciaddr);
    writer_be32(w, reply->yiaddr);
    writer_be32(w, reply->siaddr);
    writer_be32(w, reply->giaddr);
    writer_bytes(w, reply->chaddr, sizeof(reply->chaddr));
    if (fields->writers[1].length > 0)
        writer_bytes(w, fields->sname, sizeof(fields->sname));
    else
        write_field(w, reply->sname, DHCP_SNAME_SIZE);
    if (fields->writers[0].length > 0)
        writer_bytes(w, fields->file, sizeof(fields->file));
    else
        write_field(w, reply->file, DHCP_FILE_SIZE);
}

/* Room for options in an area of which `reserved` bytes are spoken for. */
static size_t room_in(const struct writer *w, size_t reserved)
{
    size_t left = writer_left(w);

    return left > reserved ? left - reserved : 0;
}

/* The most of a value that fits into `room` bytes with its headers. */
static size_t fitting(size_t length, size_t room)
{
    size_t whole = room / (OPTION_PIECE_MAX + OPTION_HEADER_SIZE);
    size_t rest = room % (OPTION_PIECE_MAX + OPTION_HEADER_SIZE);
    size_t most = whole * OPTION_PIECE_MAX + (rest > OPTION_HEADER_SIZE ? rest - 2 : 0);

    return length < most ? length : most;
}

/* The areas of a reply, in the order in which a client puts the pieces of an option together
 * (RFC 3396 section 5): the options' own, file, sname. */
struct reply_areas {
    struct writer *writers[3];
    size_t reserved[3]; /* at their ends */
};

/* Writes an option into the first area that takes it whole; else in pieces over what is left of
 * all. Returns false, and writes nothing, where that is not enough. */
static bool place_option(struct reply_areas *areas, const struct dhcp_option *option)
{
    struct slice value = option->value;
    size_t most = 0;

    for (size_t i = 0; i < 3; i++) {
        size_t room = room_in(areas->writers[i], areas->reserved[i]);

        if (option_size(value.length) <= room) {
            write_option(areas->writers[i], option->code, value);
            return true;
        }
        most += fitting(value.length, room);
    }
    if (most < value.length)
        return false;
    for (size_t i = 0; i < 3 && value.length > 0; i++) {
        size_t room = room_in(areas->writers[i], areas->reserved[i]);
        size_t length = fitting(value.length, room);

        if (length == 0)
            continue;
        write_option(areas->writers[i], option->code, slice_of(value.data, length));
        value = slice_of(value.data + length, value.length - length);
    }
    return true;
}

/* Gives the fields of the reply that hold no text to options. */
static void open_fields(struct option_fields *fields, const struct dhcp_reply *reply)
{
    memset(fields, 0, sizeof(*fields));
    fields->writers[0] = writer_of(fields->file, reply->file.length ? 0 : sizeof(fields->file));
    fields->writers[1] = writer_of(fields->sname, reply->sname.length ? 0 : sizeof(fields->sname));
}

/* END behind what stands in the fields; zeros follow (RFC 2131 section 4.1). Returns option 52's
 * value. */
static uint8_t close_fields(struct option_fields *fields)
{
    static const uint8_t bits[] = {OVERLOAD_FILE, OVERLOAD_SNAME};
    uint8_t overload = 0;

    for (size_t i = 0; i < 2; i++) {
        if (fields->writers[i].length == 0)
            continue;
        writer_u8(&fields->writers[i], DHCP_OPTION_END);
        overload |= bits[i];
    }
    return overload;
}

/* Writes the options, the relay's last, and END, behind the fixed fields. */
static void write_options(struct writer *w, const struct dhcp_reply *reply, bool overload,
                          struct option_fields *fields, struct dhcp_dropped *dropped)
{
    enum { OVERLOAD_SIZE = OPTION_HEADER_SIZE + 1 };
    struct reply_areas areas = {{w, &fields->writers[0], &fields->writers[1]}, {1, 1, 1}};
    size_t relay = reply->relay_agent.length > 0 ? option_size(reply->relay_agent.length) : 0;
    uint8_t used;

    dropped->count = 0;
    writer_be32(w, DHCP_MAGIC_COOKIE);
    if (relay + 1 > writer_left(w))
        relay = 0;
    areas.reserved[0] += relay + (overload ? OVERLOAD_SIZE : 0);
    for (size_t i = 0; i < reply->option_count; i++) {
        if (!place_option(&areas, &reply->options[i]))
            dropped->codes[dropped->count++] = reply->options[i].code;
    }
    used = close_fields(fields);
    if (used)
        write_option(w, DHCP_OPTION_OVERLOAD, slice_of(&used, 1));
    if (relay)
        write_option(w, DHCP_OPTION_RELAY_AGENT, reply->relay_agent);
    writer_u8(w, DHCP_OPTION_END);
}

static size_t encode(const struct dhcp_reply *reply, bool overload, struct writer w,
                     struct dhcp_dropped *dropped)
{
    struct option_fields fields = {.writers = {{.capacity = 0}}};
    struct writer options;

    dropped->count = 0;
    if (overload)
        open_fields(&fields, reply);
    if (w.capacity < DHCP_FIXED_SIZE)
        return 0;
    options = writer_of(w.data + DHCP_FIXED_SIZE, w.capacity - DHCP_FIXED_SIZE);
    if (reply->with_options)
        write_options(&options, reply, overload, &fields, dropped);
    else
        writer_bytes(&options, reply->vendor_area.data,
                     reply->vendor_area.length < options.capacity ? reply->vendor_area.length
                                                                  : options.capacity);
    write_fixed(&w, reply, &fields);
    w.length += options.length;
    if (w.length < DHCP_MINIMUM)
        writer_zeros(&w, DHCP_MINIMUM - w.length);
    return w.failed || options.failed ? 0 : w.length;
}

size_t dhcp_encode(const struct dhcp_reply *reply, size_t limit, void *to, size_t capacity,
                   struct dhcp_dropped *dropped)
{
    struct writer w = writer_of(to, capacity < limit ? capacity : limit);
    size_t length = encode(reply, false, w, dropped);

    /* The fields serve only where they must: some that should read them there do not. */
    if (length > 0 && dropped->count > 0 && reply->may_overload)
        length = encode(reply, true, w, dropped);
    return length;
}
