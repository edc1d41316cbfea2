/* Where a machine's serial console is. */
#include "config/parser.h"

#include <string.h>

enum { SPEED_MIN = 50, SPEED_MAX = 4000000, PORT_MAX = 65535 };

/* "HOST:PORT", "ADDRESS:PORT" or "[IPV6]:PORT". */
static bool is_socket_address(struct slice place)
{
    const char *text = (const char *)place.data;
    size_t colon = place.length, digits;
    long port = 0;

    while (colon > 0 && text[colon - 1] != ':')
        colon--;
    digits = place.length - colon;
    if (colon < 2 || digits == 0 || digits > 5)
        return false;
    for (size_t i = colon; i < place.length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = 10 * port + (text[i] - '0');
    }
    if (port == 0 || port > PORT_MAX)
        return false;
    if (text[0] == '[')
        return colon > 3 && text[colon - 2] == ']';
    return !memchr(text, ':', colon - 1);
}

static bool is_good(struct slice place)
{
    if (place.length == 0 || memchr(place.data, '\0', place.length))
        return false;
    return place.data[0] == '/' || is_socket_address(place);
}

/* `serial "/dev/ttyUSB0" 9600;`, `serial "ser2net.example:2001";` */
bool read_serial(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct position where = parser->token.where, speed_where;
    struct host_serial *serial;
    int64_t speed = SERIAL_SPEED_DEFAULT;
    bool has_speed;
    struct slice place;

    (void)statement;
    if (!read_string(parser, "a tty device or HOST:PORT, as in \"/dev/ttyUSB0\"", &place))
        return false;
    speed_where = parser->token.where;
    has_speed = !token_is_mark(&parser->token, ';');
    if (has_speed && !read_number(parser, "the speed in baud", SPEED_MIN, SPEED_MAX, &speed))
        return false;
    if (!parser_end_statement(parser))
        return false;
    if (!is_good(place)) {
        parser_error(parser, where,
                     "expected a tty device or a socket with its whole path, or HOST:PORT, as in "
                     "\"/dev/ttyUSB0\" or \"ilo.example:2001\"");
        return true;
    }
    if (has_speed && place.data[0] != '/') {
        parser_error(parser, speed_where,
                     "a speed means nothing here: it is set at the other end of the connection");
        return true;
    }
    if (parser->block->serial)
        parser_error(parser, keyword.where, "this host has a serial already");
    serial = region_allocate(&parser->snapshot->region, sizeof(*serial));
    *serial = (struct host_serial){
        .place = region_string_of_slice(&parser->snapshot->region, place),
        .speed = place.data[0] == '/' ? (uint32_t)speed : 0,
        .where = keyword.where,
    };
    parser->block->serial = serial;
    return true;
}
