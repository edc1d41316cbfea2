/* Declarations with braces, and the statements that only stand in some of them. */
#include "config/parser.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct block *new_block(struct parser *parser, enum block_kind kind, struct token keyword)
{
    return block_new(parser->region, kind, parser->block, keyword.where);
}

bool read_group(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *block = new_block(parser, BLOCK_GROUP, keyword);
    bool good = true;

    (void)statement;
    if (!token_is_mark(&parser->token, '{'))
        good = is_identifier(&parser->token) || parser->token.kind == TOKEN_STRING
                   ? read_name(parser, "`{`", &block->name)
                   : parser_expected(parser, "`{`");
    return parser_read_block(parser, block, good);
}

bool read_shared_network(struct parser *parser, const struct statement *statement,
                         struct token keyword)
{
    struct block *block = new_block(parser, BLOCK_SHARED_NETWORK, keyword);
    bool good = read_name(parser, "the name of the shared network", &block->name);

    (void)statement;
    return parser_read_block(parser, block, good);
}

bool read_pool(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *block = new_block(parser, BLOCK_POOL, keyword);

    (void)statement;
    if (block_around(parser->block, BLOCK_SUBNET) ||
        block_around(parser->block, BLOCK_SHARED_NETWORK))
        return parser_read_block(parser, block, true);
    parser_error(parser, keyword.where, "a pool belongs in a subnet or a shared-network");
    return parser_read_block(parser, block, true);
}

bool read_host(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *block = new_block(parser, BLOCK_HOST, keyword);
    bool good = parser->token.kind == TOKEN_STRING
                    ? parser_expected(parser, "the host's name without quotes")
                    : read_name(parser, "the host's name", &block->name);

    (void)statement;
    return parser_read_block(parser, block, good);
}

/* Reads what stands between `subnet` and its block. */
static bool read_subnet_header(struct parser *parser, struct block *block)
{
    struct position network_at = parser->token.where, netmask_at;
    char network[IPV4_TEXT_SIZE], netmask[IPV4_TEXT_SIZE];
    uint32_t host_part;

    if (!read_address(parser, &block->network))
        return false;
    if (token_is_mark(&parser->token, '/')) {
        parser_error(parser, parser->token.where,
                     "a prefix length cannot stand here: write `netmask` and the mask");
        return false;
    }
    if (!parser_take_word(parser, "netmask"))
        return parser_expected(parser, "`netmask`");
    netmask_at = parser->token.where;
    if (!read_address(parser, &block->netmask))
        return false;
    host_part = ~block->netmask;
    if (host_part & (host_part + 1)) {
        parser_error(parser, netmask_at,
                     "%s is no netmask: its one bits must stand before its zero bits",
                     ipv4_text(netmask, block->netmask));
        return false;
    }
    if (block->network & host_part) {
        ipv4_text(netmask, block->netmask);
        parser_error(parser, network_at,
                     "this address has bits outside the netmask %s: the subnet is %s", netmask,
                     ipv4_text(network, block->network & block->netmask));
        return false;
    }
    return true;
}

bool read_subnet(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *block = new_block(parser, BLOCK_SUBNET, keyword);
    bool good = true;

    (void)statement;
    if (block_around(parser->block, BLOCK_SUBNET)) {
        parser_error(parser, keyword.where, "a subnet cannot stand in another");
        block->broken = true;
    }
    good = read_subnet_header(parser, block);
    return parser_read_block(parser, block, good);
}

bool read_range(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct position where = parser->token.where;
    struct range range = {0};

    (void)statement;
    (void)keyword;
    if (parser_take_word(parser, "dynamic-bootp")) {
        range.dynamic_bootp = true;
        where = parser->token.where;
    }
    if (!read_address(parser, &range.low))
        return false;
    range.high = range.low;
    if (token_is_mark(&parser->token, ',') || token_is_mark(&parser->token, '/') ||
        token_is_word(&parser->token, "-")) {
        parser_error(parser, parser->token.where,
                     "a range is two addresses with a space between them: `range LOW HIGH;`");
        return false;
    }
    if (parser->token.kind == TOKEN_WORD && !parser_begins_statement(parser) &&
        !read_address(parser, &range.high))
        return false;
    if (!parser_end_statement(parser))
        return false;
    if (range.low > range.high) {
        uint32_t low = range.high;

        range.high = range.low;
        range.low = low;
    }
    block_add_range(parser->region, parser->block, range, where);
    return true;
}

bool read_hardware_statement(struct parser *parser, const struct statement *statement,
                             struct token keyword)
{
    struct block *block = parser->block;
    struct hardware hardware;

    (void)statement;
    if (!read_hardware(parser, &hardware) || !parser_end_statement(parser))
        return false;
    if (block->hardware.length > 0 || block->hardware.type > 0)
        parser_error(parser, keyword.where,
                     "this host has a hardware address already: declare another host for this one");
    block->hardware = hardware;
    return true;
}

bool read_fixed_address(struct parser *parser, const struct statement *statement,
                        struct token keyword)
{
    (void)statement;
    if (parser->block->has_fixed_address6)
        parser_error(parser, keyword.where,
                     "this host has a fixed-address6: the addresses of DHCP and those of DHCPv6 "
                     "belong in two hosts");
    else if (parser->block->addresses)
        parser_error(parser, keyword.where,
                     "this host has a fixed-address already: write all addresses in one, with `,` "
                     "between them");
    do {
        struct position where = parser->token.where;
        const uint32_t *addresses;
        size_t count;

        if (!read_addresses(parser, &addresses, &count))
            return false;
        for (size_t i = 0; i < count; i++)
            block_add_address(parser->region, parser->block, addresses[i], where);
    } while (parser_take_mark(parser, ','));
    return parser_end_statement(parser);
}

/* The path of an included file: a relative one starts where the file that includes it lies. */
static char *include_path(const struct parser *parser, struct slice path)
{
    const char *from = parser->lexer.source->name;
    const char *slash = strrchr(from, '/');

    if (path.data[0] == '/' || !slash)
        return memory_printf("%.*s", (int)path.length, (const char *)path.data);
    return memory_printf("%.*s/%.*s", (int)(slash - from), from, (int)path.length,
                         (const char *)path.data);
}

bool read_include(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct position where = parser->token.where;
    char *path = NULL, *error = NULL;
    struct source *source;
    struct slice text;

    (void)statement;
    (void)keyword;
    if (!read_string(parser, "the name of a file", &text) || !parser_end_statement(parser))
        return false;
    if (text.length == 0 || text.length > 4096 || memchr(text.data, '\0', text.length)) {
        parser_error(parser, where, "expected the name of a file");
        return true;
    }
    if (!parser->may_include) {
        parser_error(parser, where, "a configuration that is no file cannot include one");
        return true;
    }
    if (parser->include_depth >= INCLUDE_DEPTH_MAX) {
        parser_error(parser, where,
                     "files include each other %d deep already: does one include itself?",
                     INCLUDE_DEPTH_MAX);
        return true;
    }
    path = include_path(parser, text);
    source = sources_read(parser->sources, &parser->snapshot->region, path, &error);
    if (source) {
        parser->include_depth++;
        parse_source(parser, source);
        parser->include_depth--;
    } else {
        parser_error(parser, where, "%s %s", path, error);
    }
    free(error);
    free(path);
    return true;
}
