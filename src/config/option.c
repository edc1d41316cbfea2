/* The statement `option NAME VALUE;`: the value is read by its option's form. */
#include "config/parser.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool write_address(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    uint32_t address;

    (void)atom;
    if (!read_address(parser, &address))
        return false;
    writer_be32(w, address);
    return true;
}

/* An IPv6 address is several tokens to the lexer: those that touch each other. */
static bool write_address6(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct token first = parser->token;
    struct in6_addr address;
    size_t length = 0;

    (void)atom;
    while (parser->token.kind == TOKEN_WORD || token_is_mark(&parser->token, ':')) {
        struct slice piece = parser->token.text;

        if ((length > 0 && !parser_touches_last(parser)) || piece.length >= sizeof(text) - length)
            break;
        memcpy(text + length, piece.data, piece.length);
        length += piece.length;
        text[length] = '\0';
        parser_take(parser);
    }
    if (inet_pton(AF_INET6, text, &address) != 1) {
        parser_error(parser, first.where, "expected an IPv6 address, as in 2001:db8::1");
        return false;
    }
    writer_bytes(w, address.s6_addr, sizeof(address.s6_addr));
    return true;
}

static bool write_text(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    (void)atom;
    /* dhcpd takes one word without quotes as well. */
    if (parser->token.kind != TOKEN_STRING && parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "text in quotes");
    writer_slice(w, parser_take(parser).text);
    return true;
}

static bool write_data(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    static const char what[] = "text in quotes or bytes in hexadecimal, as in 01:a0:ff";

    (void)atom;
    if (parser->token.kind == TOKEN_STRING) {
        writer_slice(w, parser_take(parser).text);
        return true;
    }
    do {
        uint8_t octet;

        if (!read_octet(parser, what, &octet))
            return false;
        writer_u8(w, octet);
    } while (parser_take_mark(parser, ':'));
    return true;
}

static bool write_flag(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    bool flag;

    if (!read_flag(parser, &flag))
        return false;
    dhcp_atom_write(w, atom, flag);
    return true;
}

static bool write_number(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    int64_t least, greatest, number;

    dhcp_atom_limits(atom, &least, &greatest);
    /* dhcpd also takes the bits of a negative number as a positive one: 4294949296 for -18000. */
    if (!read_number(parser, "a number", least, least < 0 ? 2 * greatest + 1 : greatest, &number))
        return false;
    if (number > greatest)
        number -= 2 * (greatest + 1);
    dhcp_atom_write(w, atom, number);
    return true;
}

static bool write_domain_name(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    struct token token = parser->token;
    char found[TOKEN_TEXT_SIZE];

    if (token.kind != TOKEN_STRING && token.kind != TOKEN_WORD)
        return parser_expected(parser, "a domain name in quotes");
    if (!dhcp_domain_name_write(w, token.text, atom == DHCP_ATOM_DOMAIN_LIST)) {
        parser_error(
            parser, token.where,
            "%s is no domain name: its parts have 1 to %d characters, the whole at most %d",
            token_text(found, &token), DHCP_DOMAIN_LABEL_MAX, DHCP_DOMAIN_NAME_MAX - 2);
        return false;
    }
    parser_take(parser);
    return true;
}

static bool write_domain_list(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    do {
        if (!write_domain_name(parser, atom, w))
            return false;
    } while (parser_take_mark(parser, ','));
    return true;
}

/* How each kind of piece is read. */
static bool (*const atom_readers[DHCP_ATOM_COUNT])(struct parser *parser, enum dhcp_atom atom,
                                                   struct writer *w) = {
    [DHCP_ATOM_ADDRESS] = write_address,
    [DHCP_ATOM_ADDRESS6] = write_address6,
    [DHCP_ATOM_TEXT] = write_text,
    [DHCP_ATOM_DATA] = write_data,
    [DHCP_ATOM_FLAG] = write_flag,
    [DHCP_ATOM_UINT8] = write_number,
    [DHCP_ATOM_UINT16] = write_number,
    [DHCP_ATOM_UINT32] = write_number,
    [DHCP_ATOM_INT8] = write_number,
    [DHCP_ATOM_INT16] = write_number,
    [DHCP_ATOM_INT32] = write_number,
    [DHCP_ATOM_DOMAIN_NAME] = write_domain_name,
    [DHCP_ATOM_DOMAIN_LIST] = write_domain_list,
};

static size_t atom_count(const struct dhcp_form *form)
{
    size_t count = 0;

    while (count < DHCP_FORM_ATOMS_MAX && form->atoms[count] != DHCP_ATOM_END)
        count++;
    return count;
}

bool read_option_value(struct parser *parser, const struct dhcp_form *form, struct writer *w)
{
    size_t count = atom_count(form), first = 0;

    do {
        for (size_t i = first; i < count; i++) {
            if (form->last_optional && i == count - 1 && token_is_mark(&parser->token, ';'))
                break;
            if (!atom_readers[form->atoms[i]](parser, form->atoms[i], w))
                return false;
        }
        first = form->repeat == DHCP_REPEAT_LAST ? count - 1 : 0;
    } while (form->repeat != DHCP_ONCE && parser_take_mark(parser, ','));
    return true;
}

static const char *next_option_name(size_t index)
{
    size_t count;
    const struct dhcp_option_definition *table = dhcp_option_table(&count);

    return index < count ? table[index].name : NULL;
}

static bool unknown_option(struct parser *parser, const struct token *name)
{
    const struct statement *statement = statement_by_name(name->text);
    const char *nearest = nearest_name(name->text, next_option_name);
    char found[TOKEN_TEXT_SIZE];

    token_text(found, name);
    if (token_is_word(name, "space"))
        parser_error(parser, name->where, "bootwire does not know option spaces yet");
    else if (token_is_word(&parser->token, "code"))
        parser_error(parser, name->where, "bootwire does not know definitions of options yet: %s",
                     found);
    else if (statement)
        parser_error(parser, name->where,
                     "%s is no option but a statement: write `%s ...;` without `option`", found,
                     statement->name);
    else if (memchr(name->text.data, '.', name->text.length))
        parser_error(parser, name->where, "bootwire does not know the option space of %s yet",
                     found);
    else if (nearest)
        parser_error(parser, name->where, "there is no option %s; the nearest one is `%s`", found,
                     nearest);
    else
        parser_error(parser, name->where, "there is no option %s", found);
    return false;
}

/* What a value may do to the clients that read it. */
static void check_option(struct parser *parser, const struct dhcp_option_definition *option,
                         struct slice value, struct position where)
{
    /* libsa copies root-path into 128 bytes, the NUL among them. */
    enum { OPTION_ROOT_PATH = 17, ROOT_PATH_SAFE = 127 };

    if (option->code == OPTION_ROOT_PATH && value.length > ROOT_PATH_SAFE)
        parser_warning(parser, where,
                       "this root-path has %zu bytes: NetBSD's loader has room for %d",
                       value.length, ROOT_PATH_SAFE);
}

/* The option of a name; `dhcp.NAME` is the same as `NAME`. */
static const struct dhcp_option_definition *option_of(struct slice name)
{
    static const char space[] = "dhcp.";
    struct slice prefix = slice_of(name.data, sizeof(space) - 1);

    if (name.length > prefix.length && slice_equal_string(prefix, space))
        name = slice_of(name.data + prefix.length, name.length - prefix.length);
    return dhcp_option_by_name(name);
}

bool read_option(struct parser *parser, const struct statement *statement, struct token keyword)
{
    enum { OPTION_CLIENT_IDENTIFIER = 61 };
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    const struct dhcp_option_definition *option;
    struct token name, value;

    (void)statement;
    if (parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "the name of an option");
    name = parser_take(parser);
    option = option_of(name.text);
    if (!option)
        return unknown_option(parser, &name);
    if (!parser_take_equals(parser))
        return false;
    value = parser->token;
    if (!read_option_value(parser, &option->form, &w))
        return false;
    if (w.failed) {
        parser_error(parser, value.where, "this value is too long: an option has at most %d bytes",
                     OPTION_VALUE_MAX);
        return false;
    }
    if (!parser_end_statement(parser))
        return false;
    if (option->code == OPTION_CLIENT_IDENTIFIER && parser->block->kind == BLOCK_HOST) {
        parser->block->client_identifier =
            region_slice(&parser->snapshot->region, slice_of(bytes, w.length));
        return true;
    }
    check_option(parser, option, slice_of(bytes, w.length), value.where);
    add_setting(parser, SPACE_DHCP, option->code, slice_of(bytes, w.length), keyword.where);
    return true;
}
