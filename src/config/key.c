/* `key`, `zone` and `omapi-key`: bootwire updates no DNS and has no OMAPI, but says of such a file
 * what dhcpd says of it. */
#include "config/parser.h"

#include <string.h>

/* A name with or without quotes. */
static bool read_key_name(struct parser *parser, struct token *name)
{
    *name = parser->token;
    if (name->kind != TOKEN_STRING && !is_dotted_name(name))
        return parser_expected(parser, "the name of a key");
    parser_take(parser);
    return true;
}

static int base64_digit(int c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Base64 while it is read. What a library refuses is not what dhcpd does: it takes `=` in any
 * number at the end, and minds the bits that belong to no byte. */
struct secret {
    size_t count;  /* characters, those at the end among them */
    unsigned bits; /* of the last three bytes, those that are not whole yet */
    bool ended, bad;
};

static void add_to_secret(struct secret *secret, struct slice text)
{
    static const unsigned left[] = {0x3f, 0xf, 0x3, 0}; /* what the next character adds to */

    for (size_t i = 0; i < text.length; i++, secret->count++) {
        int digit = base64_digit(text.data[i]);

        if (text.data[i] == '=') {
            secret->ended = true;
            continue;
        }
        secret->bad |= digit < 0 || secret->ended;
        secret->bits = (secret->bits << 6 | (unsigned)digit) & left[secret->count % 4];
    }
}

/* Whether the next token may belong to a secret: a `+`, a `/` and a `=` are tokens of their own. */
static bool continues_secret(const struct token *token)
{
    if (token->kind == TOKEN_END)
        return false;
    for (size_t i = 0; i < token->text.length; i++) {
        if (token->text.data[i] != '=' && base64_digit(token->text.data[i]) < 0)
            return false;
    }
    return true;
}

/* A key while it is read. */
struct key {
    bool has_algorithm, has_secret, empty;
};

static bool read_secret(struct parser *parser, struct key *key)
{
    struct token first = parser->token;
    struct secret secret = {.count = 0};
    char found[TOKEN_TEXT_SIZE];

    if (key->has_secret) {
        parser_error(parser, first.where, "this key has a secret already");
        return false;
    }
    key->has_secret = true;
    do {
        if (parser->token.kind == TOKEN_END || token_is_mark(&parser->token, ';'))
            return parser_expected(parser, "a secret in base64");
        add_to_secret(&secret, parser_take(parser).text);
    } while (continues_secret(&parser->token));
    if (secret.bad) {
        parser_error(parser, first.where,
                     "%s begins no base64: it has letters, digits, `+` and `/`, and `=` at its end",
                     token_text(found, &first));
        return false;
    }
    if (secret.count % 4 != 0 && secret.bits != 0) {
        parser_error(parser, first.where,
                     "this base64 is cut short: it has %zu characters, and its bits end within a "
                     "byte",
                     secret.count);
        return false;
    }
    key->empty = secret.count < 2;
    return parser_end_statement(parser);
}

static bool read_key_item(struct parser *parser, void *context)
{
    struct key *key = context;

    if (parser_take_word(parser, "secret"))
        return read_secret(parser, key);
    if (!parser_take_word(parser, "algorithm"))
        return parser_expected(parser, "`algorithm`, `secret` or `}`");
    if (key->has_algorithm) {
        parser_error(parser, parser->token.where, "this key has an algorithm already");
        return false;
    }
    key->has_algorithm = true;
    if (!is_dotted_name(&parser->token))
        return parser_expected(parser, "the name of an algorithm, as in hmac-sha256");
    parser_take(parser);
    return parser_end_statement(parser);
}

/* `key NAME { algorithm NAME; secret BASE64; }`, and a `;` behind it or none. */
bool read_key(struct parser *parser, const struct statement *statement, struct token keyword)
{
    size_t errors = parser->sources->diagnostics->error_count;
    struct key key = {.empty = false};
    struct token name;

    parser_ignore(parser, statement->name, keyword.where);
    if (!read_key_name(parser, &name) || !parser_read_items(parser, read_key_item, &key))
        return false;
    if (parser->closed_block)
        parser_take_mark(parser, ';');
    if (parser->sources->diagnostics->error_count == errors &&
        !(key.has_algorithm && key.has_secret))
        parser_error(parser, keyword.where, "this key has no `%s`",
                     key.has_algorithm ? "secret" : "algorithm");
    if (key.empty)
        parser_warning(parser, keyword.where, "the secret of this key is empty: it is none");
    else
        names_put(parser, NAME_KEY, 0, name.text, parser);
    return true;
}

/* A zone while it is read. */
struct zone {
    bool has_key, has[4]; /* the latter as in the table below */
};

static bool read_servers(struct parser *parser, bool v6)
{
    uint8_t bytes[16];

    do {
        struct writer scratch = writer_of(bytes, sizeof(bytes));
        const struct dhcp_form address6 = {.atoms = {DHCP_ATOM_ADDRESS6}};

        if (!(v6 ? read_option_value(parser, &address6, &scratch) : pass_place(parser)))
            return false;
    } while (parser_take_mark(parser, ','));
    return parser_end_statement(parser);
}

static bool read_zone_key(struct parser *parser, struct zone *zone)
{
    char found[TOKEN_TEXT_SIZE];
    struct token name;

    if (!read_key_name(parser, &name))
        return false;
    if (zone->has_key)
        parser_error(parser, name.where, "this zone has a key already");
    else if (!names_get(parser, NAME_KEY, 0, name.text))
        parser_error(parser, name.where, "there is no key %s before this line",
                     token_text(found, &name));
    zone->has_key = true;
    return parser_end_statement(parser);
}

static bool read_zone_item(struct parser *parser, void *context)
{
    static const char *const kinds[] = {"primary", "secondary", "primary6", "secondary6"};
    struct zone *zone = context;

    if (parser_take_word(parser, "key"))
        return read_zone_key(parser, zone);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct position where = parser->token.where;

        if (!parser_take_word(parser, kinds[i]))
            continue;
        if (zone->has[i])
            parser_error(parser, where,
                         "this zone has a `%s` already: write all addresses in one, with `,` "
                         "between them",
                         kinds[i]);
        zone->has[i] = true;
        return read_servers(parser, i >= 2);
    }
    return parser_expected(parser, "`primary`, `secondary`, `primary6`, `secondary6`, `key` or "
                                   "`}`");
}

/* `zone NAME { primary ADDRESS, ...; key NAME; }` */
bool read_zone(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct zone zone = {.has_key = false};

    parser_ignore(parser, statement->name, keyword.where);
    if (!is_dotted_name(&parser->token))
        return parser_expected(parser, "the name of a zone without quotes");
    parser_take(parser);
    return parser_read_items(parser, read_zone_item, &zone);
}

/* The one that holds for the server must be there, before this line or behind it. */
bool read_omapi_key(struct parser *parser, const struct statement *statement, struct token keyword)
{
    bool equals = token_is_mark(&parser->token, '=');
    const struct expression *expression;
    struct token name = {.kind = TOKEN_END};

    parser_ignore(parser, statement->name, keyword.where);
    if (!parser_take_equals(parser))
        return false;
    if (equals) {
        name = parser->token;
        if (!read_data_expression(parser, &expression))
            return false;
        if (expression->kind == EXPRESSION_CONSTANT)
            name.text = expression->constant;
        else
            name.kind = TOKEN_END;
    } else if (!read_key_name(parser, &name)) {
        return false;
    }
    if (parser->block->kind == BLOCK_GLOBAL && parser->bodies == 0)
        parser->omapi_key = name;
    return parser_end_statement(parser);
}

void check_omapi_key(struct parser *parser)
{
    const struct token *name = &parser->omapi_key;
    char found[TOKEN_TEXT_SIZE];

    if (name->kind != TOKEN_END && !names_get(parser, NAME_KEY, 0, name->text))
        parser_error(parser, name->where, "there is no key %s in this file",
                     token_text(found, name));
}
