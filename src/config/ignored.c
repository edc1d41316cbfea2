/* Statements of dhcpd's that are read and have no effect: their values are judged as dhcpd judges
 * them, and each kind is reported once, where it stands first, so that a file with thousands of
 * them still shows everything else. */
#include "config/parser.h"

#include <stdio.h>
#include <string.h>

struct ignored {
    struct ignored *next;
    const char *name;
    bool in_pool;
    struct position first;
    size_t more; /* places behind the first */
};

void parser_ignore(struct parser *parser, const char *name, struct position where)
{
    bool in_pool = parser->block->kind == BLOCK_POOL;
    struct ignored *at = parser->ignored;

    while (at && (strcmp(at->name, name) != 0 || at->in_pool != in_pool))
        at = at->next;
    if (at) {
        at->more++;
        return;
    }
    at = region_allocate(parser->region, sizeof(*at));
    *at = (struct ignored){parser->ignored, region_string(parser->region, name), in_pool, where, 0};
    parser->ignored = at;
}

void parser_report_ignored(struct parser *parser)
{
    for (const struct ignored *at = parser->ignored; at; at = at->next) {
        const char *place = at->in_pool ? "a pool" : "bootwire";

        if (at->more == 0)
            parser_warning(parser, at->first, "`%s` has no effect in %s", at->name, place);
        else
            parser_warning(parser, at->first,
                           "`%s` has no effect in %s, here and in %zu more place%s", at->name,
                           place, at->more, at->more == 1 ? "" : "s");
    }
}

enum { WORDS_MAX = 24, ADDRESS6_SIZE = 16 };

/* What stands behind the name of such a statement. */
struct ignored_value {
    const char *name;
    enum dhcp_atom atom; /* DHCP_ATOM_END: one of the words, or what `read` takes */
    bool (*read)(struct parser *parser);
    const char *words[WORDS_MAX];
};

/* dhcpd takes the negative number of the same width as well. */
static bool read_whole_number(struct parser *parser, enum dhcp_atom atom)
{
    unsigned bits = 8 * (unsigned)dhcp_atom_width(atom);
    int64_t number;

    return read_number(parser, "a number", -((int64_t)1 << (bits - 1)), ((int64_t)1 << bits) - 1,
                       &number);
}

static bool read_ignored_seconds(struct parser *parser)
{
    return parser_take_word(parser, "infinite") || read_whole_number(parser, DHCP_ATOM_UINT32);
}

static bool read_result(struct parser *parser)
{
    const struct expression *expression;

    return read_expression(parser, &expression);
}

/* `("command", EXPRESSION, ...)` */
static bool read_command(struct parser *parser)
{
    struct slice command;

    if (!parser_take_mark(parser, '('))
        return parser_expected(parser, "`(`");
    if (!read_string(parser, "a command in quotes", &command))
        return false;
    while (parser_take_mark(parser, ',')) {
        if (!read_result(parser))
            return false;
    }
    return parser_take_mark(parser, ')') || parser_expected(parser, "`)`");
}

/* Ordered by name. A statement that is not here may have anything behind it. */
static const struct ignored_value values[] = {
    {.name = "bind-local-address6", .atom = DHCP_ATOM_FLAG},
    {.name = "check-secs-byte-order", .atom = DHCP_ATOM_FLAG},
    {.name = "client-updates", .atom = DHCP_ATOM_FLAG},
    {.name = "db-time-format", .words = {"default", "local"}},
    {.name = "ddns-domainname", .atom = DHCP_ATOM_TEXT},
    {.name = "ddns-dual-stack-mixed-mode", .atom = DHCP_ATOM_FLAG},
    {.name = "ddns-guard-id-must-match", .atom = DHCP_ATOM_FLAG},
    {.name = "ddns-hostname", .atom = DHCP_ATOM_TEXT},
    {.name = "ddns-local-address4", .atom = DHCP_ATOM_ADDRESS},
    {.name = "ddns-local-address6", .atom = DHCP_ATOM_ADDRESS6},
    {.name = "ddns-other-guard-is-dynamic", .atom = DHCP_ATOM_FLAG},
    {.name = "ddns-rev-domainname", .atom = DHCP_ATOM_TEXT},
    {.name = "ddns-ttl", .read = read_ignored_seconds},
    {.name = "ddns-update-style", .words = {"none", "ad-hoc", "interim", "standard"}},
    {.name = "ddns-updates", .atom = DHCP_ATOM_FLAG},
    {.name = "delayed-ack", .atom = DHCP_ATOM_UINT16},
    {.name = "dhcp-cache-threshold", .atom = DHCP_ATOM_UINT8},
    {.name = "dhcpv6-lease-file-name", .atom = DHCP_ATOM_TEXT},
    {.name = "dhcpv6-pid-file-name", .atom = DHCP_ATOM_TEXT},
    {.name = "dhcpv6-set-tee-times", .atom = DHCP_ATOM_FLAG},
    {.name = "do-forward-updates", .atom = DHCP_ATOM_FLAG},
    {.name = "do-reverse-updates", .atom = DHCP_ATOM_FLAG},
    {.name = "dont-use-fsync", .atom = DHCP_ATOM_FLAG},
    {.name = "dynamic-bootp", .atom = DHCP_ATOM_FLAG},
    {.name = "execute", .read = read_command},
    {.name = "fqdn-reply", .atom = DHCP_ATOM_FLAG},
    {.name = "get-lease-hostnames", .atom = DHCP_ATOM_FLAG},
    {.name = "lease-file-name", .atom = DHCP_ATOM_TEXT},
    {.name = "lease-id-format", .words = {"octal", "hex"}},
    {.name = "leasequery", .atom = DHCP_ATOM_FLAG},
    {.name = "limit-addrs-per-ia", .atom = DHCP_ATOM_UINT32},
    {.name = "limit-prefs-per-ia", .atom = DHCP_ATOM_UINT32},
    {.name = "limited-broadcast-address", .atom = DHCP_ATOM_ADDRESS},
    {.name = "local-address", .atom = DHCP_ATOM_ADDRESS},
    {.name = "local-address6", .atom = DHCP_ATOM_ADDRESS6},
    {.name = "local-port", .atom = DHCP_ATOM_UINT16},
    {.name = "log-facility",
     .words = {"kern",   "user",   "mail",   "daemon",   "auth",   "syslog", "lpr",
               "news",   "uucp",   "cron",   "authpriv", "ftp",    "local0", "local1",
               "local2", "local3", "local4", "local5",   "local6", "local7"}},
    {.name = "log-threshold-high", .atom = DHCP_ATOM_UINT8},
    {.name = "log-threshold-low", .atom = DHCP_ATOM_UINT8},
    {.name = "max-ack-delay", .atom = DHCP_ATOM_UINT32},
    {.name = "omapi-port", .atom = DHCP_ATOM_UINT16},
    {.name = "persist-eui-64-leases", .atom = DHCP_ATOM_FLAG},
    {.name = "pid-file-name", .atom = DHCP_ATOM_TEXT},
    {.name = "ping-cltt-secs", .read = read_ignored_seconds},
    {.name = "ping-timeout", .read = read_ignored_seconds},
    {.name = "ping-timeout-ms", .read = read_ignored_seconds},
    {.name = "preferred-lifetime", .read = read_ignored_seconds},
    {.name = "prefix-length-mode", .words = {"ignore", "prefer", "exact", "minimum", "maximum"}},
    {.name = "release-on-roam", .atom = DHCP_ATOM_FLAG},
    {.name = "remote-port", .atom = DHCP_ATOM_UINT16},
    {.name = "return", .read = read_result},
    {.name = "server-id-check", .atom = DHCP_ATOM_FLAG},
    {.name = "update-conflict-detection", .atom = DHCP_ATOM_FLAG},
    {.name = "update-optimization", .atom = DHCP_ATOM_FLAG},
    {.name = "update-static-leases", .atom = DHCP_ATOM_FLAG},
    {.name = "use-eui-64", .atom = DHCP_ATOM_FLAG},
};

static const struct ignored_value *value_of(const char *name)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (strcmp(values[i].name, name) == 0)
            return &values[i];
    }
    return NULL;
}

static bool read_one_of(struct parser *parser, const char *const words[WORDS_MAX])
{
    char expected[256] = "one of";
    size_t length = strlen(expected);

    for (size_t i = 0; i < WORDS_MAX && words[i]; i++) {
        if (parser_take_word(parser, words[i]))
            return true;
        length += (size_t)snprintf(expected + length, sizeof(expected) - length, "%s %s",
                                   i ? "," : "", words[i]);
    }
    return parser_expected(parser, expected);
}

static bool read_ignored_value(struct parser *parser, const struct ignored_value *value)
{
    uint8_t buffer[4096];
    struct writer scratch = writer_of(buffer, sizeof(buffer));
    const struct expression *expression;

    if (token_is_mark(&parser->token, '='))
        return parser_take_equals(parser) && read_data_expression(parser, &expression);
    if (value->read)
        return value->read(parser);
    if (value->atom == DHCP_ATOM_END)
        return read_one_of(parser, value->words);
    if (value->atom == DHCP_ATOM_UINT8 || value->atom == DHCP_ATOM_UINT16 ||
        value->atom == DHCP_ATOM_UINT32)
        return read_whole_number(parser, value->atom);
    return read_option_value(parser, &(struct dhcp_form){.atoms = {value->atom}}, &scratch);
}

bool read_without_effect(struct parser *parser, const struct statement *statement,
                         struct token keyword)
{
    const struct ignored_value *value = value_of(statement->name);

    parser_ignore(parser, statement->name, keyword.where);
    if (value)
        return read_ignored_value(parser, value) && parser_end_statement(parser);
    return parser_skip_statement(parser) || parser_end_statement(parser);
}

static bool read_bytes(struct parser *parser)
{
    uint8_t octet;

    do {
        if (!read_octet(parser, "a byte in hexadecimal", &octet))
            return false;
    } while (parser_take_mark(parser, ':'));
    return true;
}

/* `[ethernet|token-ring|fddi [SECONDS] BYTES]`, behind `ll` or, with the seconds, `llt`. */
static bool read_link_duid(struct parser *parser, bool seconds)
{
    static const char *const kinds[WORDS_MAX] = {"ethernet", "token-ring", "fddi"};
    int64_t number;

    if (token_is_mark(&parser->token, ';'))
        return true;
    return read_one_of(parser, kinds) &&
           (!seconds || read_digits(parser, "a time in seconds", &number)) && read_bytes(parser);
}

static bool read_duid(struct parser *parser)
{
    struct slice identifier;
    int64_t number;

    if (parser_take_word(parser, "llt"))
        return read_link_duid(parser, true);
    if (parser_take_word(parser, "ll"))
        return read_link_duid(parser, false);
    if (parser_take_word(parser, "en")) {
        if (!read_digits(parser, "the number of an enterprise", &number))
            return false;
    } else if (!read_digits(parser, "`llt`, `ll`, `en` or the number of a type", &number)) {
        return false;
    }
    return read_string(parser, "the identifier", &identifier);
}

/* `server-duid`: DHCPv6's name of a server. */
bool read_server_duid(struct parser *parser, const struct statement *statement,
                      struct token keyword)
{
    parser_ignore(parser, statement->name, keyword.where);
    return read_duid(parser) && parser_end_statement(parser);
}

/* `interface NAME;`: one for a network, on which dhcpd would not have to look for its address. */
bool read_interface(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *network = block_around(parser->block, BLOCK_SHARED_NETWORK);
    struct slice name = parser->token.text;

    if (!network)
        network = parser->block;
    parser_ignore(parser, statement->name, keyword.where);
    if (parser->token.kind == TOKEN_END || token_is_mark(&parser->token, ';') ||
        token_is_mark(&parser->token, '{') || token_is_mark(&parser->token, '}') ||
        (parser->token.kind == TOKEN_WORD && memchr(name.data, '.', name.length)))
        return parser_expected(parser, "the name of an interface in quotes");
    parser_take(parser);
    if (network->has_interface)
        parser_error(parser, keyword.where, "this network has an interface already");
    network->has_interface = true;
    return parser_end_statement(parser);
}

static bool read_address6(struct parser *parser, uint8_t bytes[static ADDRESS6_SIZE])
{
    const struct dhcp_form form = {.atoms = {DHCP_ATOM_ADDRESS6}};
    struct writer w = writer_of(bytes, ADDRESS6_SIZE);

    return read_option_value(parser, &form, &w);
}

/* `fixed-address6 ADDRESS, ...;`: beside it there is no fixed-address, to dhcpd. */
bool read_fixed_address6(struct parser *parser, const struct statement *statement,
                         struct token keyword)
{
    uint8_t bytes[ADDRESS6_SIZE];

    parser_ignore(parser, statement->name, keyword.where);
    if (parser->block->addresses || parser->block->has_fixed_address6)
        parser_error(parser, keyword.where,
                     "this host has fixed addresses already: those of DHCP and those of DHCPv6 "
                     "belong in two hosts");
    parser->block->has_fixed_address6 = true;
    do {
        if (!read_address6(parser, bytes))
            return false;
    } while (parser_take_mark(parser, ','));
    return parser_end_statement(parser);
}

/* `fixed-prefix6 ADDRESS/LENGTH;` */
bool read_fixed_prefix6(struct parser *parser, const struct statement *statement,
                        struct token keyword)
{
    struct position where = parser->token.where;
    uint8_t bytes[ADDRESS6_SIZE];
    int64_t length;

    parser_ignore(parser, statement->name, keyword.where);
    if (!read_address6(parser, bytes))
        return false;
    if (!parser_take_mark(parser, '/'))
        return parser_expected(parser, "`/` and the prefix's length, as in 2001:db8::/48");
    if (!read_digits(parser, "a prefix length", &length))
        return false;
    if (length < 0 || length > 8 * ADDRESS6_SIZE) {
        parser_error(parser, where, "a prefix has 0 to %d bits", 8 * ADDRESS6_SIZE);
        return false;
    }
    for (unsigned i = (unsigned)length; i < 8 * ADDRESS6_SIZE; i++) {
        if (!(bytes[i / 8] & 0x80 >> i % 8))
            continue;
        parser_error(parser, where, "this address has bits behind its prefix");
        break;
    }
    return parser_end_statement(parser);
}
