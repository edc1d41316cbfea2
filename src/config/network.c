/* Addresses and networks, and lists of them. */
#include "config/parser.h"

#include "base/cursor.h"

#include <stdint.h>

enum { ADDRESS_BITS = 32, NETWORK_BYTES = 8 };

bool read_network(struct parser *parser, uint32_t *network, uint32_t *netmask, bool *broken)
{
    struct position where = parser->token.where;
    char text[IPV4_TEXT_SIZE];
    int64_t bits = ADDRESS_BITS;

    if (!read_address(parser, network))
        return false;
    if (parser_take_mark(parser, '/') &&
        !read_number(parser, "the length of a prefix", 0, ADDRESS_BITS, &bits))
        return false;
    *netmask = bits > 0 ? UINT32_MAX << (ADDRESS_BITS - bits) : 0;
    if (*network & ~*netmask) {
        parser_error(parser, where,
                     "this address has bits outside its prefix: the network is %s/%d",
                     ipv4_text(text, *network & *netmask), (int)bits);
        *broken = true;
    }
    return true;
}

/* `STATEMENT ADDRESS[/BITS], ...;`, `any` or `none`: eight bytes of each, the network and its mask.
 */
bool read_networks(struct parser *parser, const struct statement *statement, struct token keyword)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    bool broken = false, none = parser_take_word(parser, "none");
    uint32_t network, netmask;

    while (!none) {
        network = netmask = 0;
        if (!parser_take_word(parser, "any") && !read_network(parser, &network, &netmask, &broken))
            return false;
        writer_be32(&w, network);
        writer_be32(&w, netmask);
        if (!parser_take_mark(parser, ','))
            break;
    }
    if (!parser_end_statement(parser))
        return false;
    if (w.failed) {
        parser_error(parser, keyword.where, "more than %d networks: name larger ones",
                     OPTION_VALUE_MAX / NETWORK_BYTES);
        return true;
    }
    if (!broken)
        add_setting(parser, SPACE_PARAMETER, statement->parameter, slice_of(bytes, w.length),
                    keyword.where);
    return true;
}
