/* The statement `option NAME VALUE;`: the value is read by its option's form. */
#include "config/parser.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool write_address(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    const uint32_t *addresses;
    size_t count;

    (void)atom;
    if (!read_addresses(parser, &addresses, &count))
        return false;
    for (size_t i = 0; i < count && (i == 0 || !parser->first_address_only); i++)
        writer_be32(w, addresses[i]);
    /* A list goes on without it, a record cannot. */
    parser->incomplete |= count == 0 && parser->first_address_only;
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

/* `10.60.0.0/16` */
static bool write_destination(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    struct position where = parser->token.where;
    char text[IPV4_TEXT_SIZE];
    uint32_t network;
    int64_t prefix;

    (void)atom;
    if (!read_address(parser, &network))
        return false;
    if (!parser_take_mark(parser, '/'))
        return parser_expected(parser, "`/` and the prefix's length, as in 10.60.0.0/16");
    if (!read_number(parser, "a prefix length", 0, DHCP_PREFIX_MAX, &prefix))
        return false;
    if (prefix < DHCP_PREFIX_MAX && (network << prefix) != 0)
        parser_warning(parser, where, "%s has bits beyond its prefix, which are not sent",
                       ipv4_text(text, network));
    dhcp_destination_write(w, network, (unsigned)prefix);
    return true;
}

static bool write_text(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    struct slice text = parser->token.text;
    int64_t number;

    (void)atom;
    /* dhcpd takes one word without quotes as well, but no number, and no dot in it. */
    if (parser->token.kind != TOKEN_STRING &&
        (parser->token.kind != TOKEN_WORD || number_of(text, &number) ||
         memchr(text.data, '.', text.length)))
        return parser_expected(parser, "text in quotes");
    writer_slice(w, parser_take(parser).text);
    return true;
}

bool read_data(struct parser *parser, struct writer *w)
{
    static const char what[] = "text in quotes or bytes in hexadecimal, as in 01:a0:ff";

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

static bool write_data(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    (void)atom;
    return read_data(parser, w);
}

static bool write_flag(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    bool flag;

    if (parser_take_word(parser, "ignore")) {
        writer_u8(w, 2); /* dhcpd's third value of a flag */
        return true;
    }
    if (!read_flag(parser, &flag))
        return false;
    dhcp_atom_write(w, atom, flag);
    return true;
}

static bool write_number(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    int64_t least, greatest, number;

    dhcp_atom_limits(atom, &least, &greatest);
    /* As in dhcpd, signed or not, the bits count: 4294949296 is -18000, and -1 all ones. */
    if (least < 0)
        greatest = 2 * greatest + 1;
    else
        least = -(greatest / 2) - 1;
    if (!read_bits(parser, "a number", least, greatest, &number))
        return false;
    dhcp_atom_limits(atom, &least, &greatest);
    if (number > greatest)
        number -= 2 * (greatest + 1);
    if (number < 0 && least == 0)
        number += greatest + 1;
    dhcp_atom_write(w, atom, number);
    return true;
}

static bool write_domain_name(struct parser *parser, enum dhcp_atom atom, struct writer *w)
{
    struct token token = parser->token;
    char found[TOKEN_TEXT_SIZE];

    /* dhcpd takes a single name without quotes, but no list. */
    if (token.kind != TOKEN_STRING && (token.kind != TOKEN_WORD || atom == DHCP_ATOM_DOMAIN_LIST))
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
    [DHCP_ATOM_DESTINATION] = write_destination,
};

static size_t atom_count(const struct dhcp_form *form)
{
    size_t count = 0;

    while (count < DHCP_FORM_ATOMS_MAX && form->atoms[count] != DHCP_ATOM_END)
        count++;
    return count;
}

/* Whether a text that may be left out is so. In its place dhcpd passes over any one word or mark
 * that is none. */
static bool omits_text(struct parser *parser)
{
    const struct token *token = &parser->token;
    char found[TOKEN_TEXT_SIZE];

    if (token_is_mark(token, ';'))
        return true;
    if (token->kind == TOKEN_STRING || token->kind == TOKEN_END || token_is_mark(token, '}') ||
        is_identifier(token) || memchr(token->text.data, '.', token->text.length))
        return false;
    parser_warning(parser, token->where, "%s is no text: it is passed over, as in dhcpd",
                   token_text(found, token));
    parser_take(parser);
    return true;
}

bool read_option_value(struct parser *parser, const struct dhcp_form *form, struct writer *w)
{
    size_t count = atom_count(form), first = 0;
    bool again = false;

    parser->unknown_name = false;
    parser->incomplete = false;
    do {
        for (size_t i = first; i < count; i++) {
            /* As in dhcpd, a name gives all its addresses where a list holds nothing else. */
            parser->first_address_only =
                form->repeat == DHCP_ONCE ||
                (count > 1 && (form->repeat == DHCP_REPEAT_ALL || i < count - 1 || !again));
            if (form->last_optional && i == count - 1 &&
                (form->atoms[i] == DHCP_ATOM_TEXT ? omits_text(parser)
                                                  : token_is_mark(&parser->token, ';')))
                break;
            if (!atom_readers[form->atoms[i]](parser, form->atoms[i], w))
                return false;
        }
        first = form->repeat == DHCP_REPEAT_LAST ? count - 1 : 0;
        again = true;
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
    if (statement)
        parser_error(parser, name->where,
                     "%s is no option but a statement: write `%s ...;` without `option`", found,
                     statement->name);
    else if (memchr(name->text.data, '.', name->text.length))
        parser_error(
            parser, name->where,
            "there is no option %s: it must be defined before this line, and its space too", found);
    else if (nearest)
        parser_error(parser, name->where, "there is no option %s; the nearest one is `%s`", found,
                     nearest);
    else
        parser_error(parser, name->where, "there is no option %s", found);
    return false;
}

static bool same_name(struct slice text, const char *name)
{
    return strlen(name) == text.length &&
           strncasecmp(name, (const char *)text.data, text.length) == 0;
}

bool find_space(const struct parser *parser, struct slice name, enum setting_space *space)
{
    unsigned number = SPACE_USER;
    bool found = false;

    /* Of two with one name the later one counts. */
    for (const struct option_space_block *at = parser->spaces; at; at = at->next, number++) {
        if (same_name(name, at->space.name)) {
            *space = (enum setting_space)number;
            found = true;
        }
    }
    return found || built_in_space(name, space);
}

/* `unknown-222`: bytes of any code, or, as in dhcpd, the option that the code is known to be. */
static bool find_unknown(const struct parser *parser, struct slice name,
                         struct option_reference *option)
{
    const struct dhcp_option_definition *known;
    static const char prefix[] = "unknown-";
    size_t length = sizeof(prefix) - 1;
    int64_t code;

    if (name.length <= length || !same_name(slice_of(name.data, length), prefix) ||
        memchr(name.data + length, 'x', name.length - length) ||
        !number_of(slice_of(name.data + length, name.length - length), &code) || code < 0 ||
        (option->space == SPACE_DHCP && (code == 0 || code == OPTION_CODE_MAX + 1)))
        return false;
    option->name = "unknown";
    option->code = code > UINT16_MAX ? UINT16_MAX : (unsigned)code;
    option->form = (struct dhcp_form){{DHCP_ATOM_DATA}, DHCP_ONCE, false};
    for (const struct option_definition *at = parser->options; at; at = at->next) {
        if (at->space == option->space && at->code == option->code) {
            option->form = at->form;
            return true;
        }
    }
    known = option->space == SPACE_DHCP && option->code <= UINT8_MAX
                ? dhcp_option_by_code((uint8_t)option->code)
                : NULL;
    if (known)
        option->form = known->form;
    return true;
}

/* Finds an option by its name, with its space before a dot or without. What the file defines hides
 * what is built in. */
static bool find_in_spaces(const struct parser *parser, struct slice text,
                           struct option_reference *option)
{
    const uint8_t *dot = text.length ? memchr(text.data, '.', text.length) : NULL;
    const struct option_definition *defined;
    struct slice name = text;

    *option = (struct option_reference){.space = SPACE_DHCP};
    if (dot) {
        size_t before = (size_t)(dot - text.data);

        if (!find_space(parser, slice_of(text.data, before), &option->space))
            return false;
        name = slice_of(dot + 1, text.length - before - 1);
    }
    defined = names_get(parser, NAME_OPTION, option->space, name);
    if (defined) {
        option->name = defined->name;
        option->code = defined->code;
        option->form = defined->form;
        return true;
    }
    return built_in_option(name, option) || find_unknown(parser, name, option);
}

/* The same; an option that no packet can carry is moved to a space without effect. */
static bool find_option(struct parser *parser, const struct token *name,
                        struct option_reference *option)
{
    char text[TOKEN_TEXT_SIZE], statement[TOKEN_TEXT_SIZE + 8];

    if (!find_in_spaces(parser, name->text, option))
        return false;
    if (option->space == SPACE_DHCP && (option->code == 0 || option->code > OPTION_CODE_MAX))
        option->space = SPACE_UNUSED;
    if (space_is_unused(option->space)) {
        text_printable(text, sizeof(text), name->text);
        snprintf(statement, sizeof(statement), "option %s", text);
        parser_ignore(parser, statement, name->where);
    }
    return true;
}

bool read_option_name(struct parser *parser, struct option_reference *option)
{
    struct token name;

    if (parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "the name of an option");
    name = parser_take(parser);
    return find_option(parser, &name, option) || unknown_option(parser, &name);
}

/* dhcpd looks for the space when a packet comes: it may be defined further down, and one that is
 * nowhere is none. */
static bool read_option_space(struct parser *parser, const struct statement *statement,
                              enum token_kind kind, struct token keyword)
{
    struct token name = parser->token;
    struct space_mention *mention;
    enum setting_space space;

    if (name.kind != kind && (name.kind != TOKEN_WORD || !find_space(parser, name.text, &space)))
        return parser_expected(parser, kind == TOKEN_STRING
                                           ? "the name of an option space in quotes"
                                           : "the name of an option space");
    parser_take(parser);
    if (!parser_end_statement(parser))
        return false;
    if (find_space(parser, name.text, &space)) {
        add_number(parser, statement->parameter, space, keyword.where);
        return true;
    }
    mention = region_allocate(parser->region, sizeof(*mention));
    *mention = (struct space_mention){
        .next = parser->mentions,
        .name = name,
        .number = add_late_number(parser, statement->parameter, keyword.where),
    };
    parser->mentions = mention;
    return true;
}

void find_mentioned_spaces(struct parser *parser)
{
    char found[TOKEN_TEXT_SIZE];
    enum setting_space space;

    for (struct space_mention *at = parser->mentions; at; at = at->next) {
        struct writer w = writer_of(at->number, sizeof(uint32_t));

        if (!find_space(parser, at->name.text, &space)) {
            space = SPACE_PARAMETER;
            parser_warning(parser, at->name.where, "there is no option space %s: none is used",
                           token_text(found, &at->name));
        }
        writer_be32(&w, space);
    }
}

bool read_vendor_option_space(struct parser *parser, const struct statement *statement,
                              struct token keyword)
{
    return read_option_space(parser, statement, TOKEN_WORD, keyword);
}

bool read_site_option_space(struct parser *parser, const struct statement *statement,
                            struct token keyword)
{
    return read_option_space(parser, statement, TOKEN_STRING, keyword);
}

/* Reads the value of an option with the `;` behind it into `w`. */
static bool read_value_to_end(struct parser *parser, const struct option_reference *option,
                              struct writer *w)
{
    struct position where = parser->token.where;

    if (!read_option_value(parser, &option->form, w))
        return false;
    if (w->failed) {
        parser_error(parser, where, "this value is too long: an option has at most %d bytes",
                     OPTION_VALUE_MAX);
        return false;
    }
    return parser_end_statement(parser);
}

/* `uid IDENTIFIER;`: the client identifier of a host, as dhcpd writes it into its leases. */
bool read_uid(struct parser *parser, const struct statement *statement, struct token keyword)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));

    (void)statement;
    (void)keyword;
    if (!read_data(parser, &w) || !parser_end_statement(parser))
        return false;
    parser->block->client_identifier =
        region_slice(&parser->snapshot->region, slice_of(bytes, w.length));
    return true;
}

/* `v6relopt NUMBER NAME VALUE;`, behind the keyword: of DHCPv6's relays, which nobody hears here.
 */
static bool pass_relay_identifier(struct parser *parser, struct position where)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct option_reference option;
    int64_t relay;

    parser_ignore(parser, "host-identifier v6relopt", where);
    return read_number(parser, "the number of a relay", 0, INT32_MAX, &relay) &&
           read_option_name(parser, &option) && read_value_to_end(parser, &option, &w);
}

/* `host-identifier option NAME VALUE;` */
bool read_host_identifier(struct parser *parser, const struct statement *statement,
                          struct token keyword)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct option_reference option;

    (void)statement;
    if (parser_take_word(parser, "v6relopt"))
        return pass_relay_identifier(parser, keyword.where);
    if (!parser_take_word(parser, "option"))
        return parser_expected(parser, "`option`");
    if (!read_option_name(parser, &option) || !read_value_to_end(parser, &option, &w))
        return false;
    parser->block->identifier_space = option.space;
    parser->block->identifier_code = option.code;
    parser->block->identifier_value =
        region_slice(&parser->snapshot->region, slice_of(bytes, w.length));
    return true;
}

enum { OPTION_ROOT_PATH = 17 };

/* What a value may do to the clients that read it. */
static void check_option(struct parser *parser, unsigned code, struct slice value,
                         struct position where)
{
    /* libsa copies root-path into 128 bytes, the NUL among them. */
    enum { ROOT_PATH_SAFE = 127 };

    if (code == OPTION_ROOT_PATH && value.length > ROOT_PATH_SAFE)
        parser_warning(parser, where,
                       "this root-path has %zu bytes: NetBSD's loader has room for %d",
                       value.length, ROOT_PATH_SAFE);
}

/* Sets an option; a host's own client identifier says instead which machine the host is. */
static void set_option(struct parser *parser, const struct option_reference *option,
                       struct slice value, struct position value_at, struct position where)
{
    enum { OPTION_CLIENT_IDENTIFIER = 61 };

    if (option->space == SPACE_DHCP && option->code == OPTION_CLIENT_IDENTIFIER &&
        parser->block->kind == BLOCK_HOST && parser->bodies == 0) {
        parser->block->client_identifier = region_slice(&parser->snapshot->region, value);
        return;
    }
    if (option->space == SPACE_DHCP)
        check_option(parser, option->code, value, value_at);
    add_setting(parser, option->space, option->code, value, where);
}

static void set_computed_option(struct parser *parser, const struct option_reference *option,
                                const struct expression *expression, struct position where)
{
    if (option->space == SPACE_DHCP && option->code == OPTION_ROOT_PATH &&
        expression_asks_client(expression))
        parser_warning(
            parser, where,
            "this root-path is made from what the client sends: clients are told it, but "
            "it is no NFS export of this server");
    add_expression(parser, option->space, option->code, expression, where);
}

/* `option dhcp-server-identifier` is the statement server-identifier by its older name. */
static void name_server_identifier(struct option_reference *option)
{
    enum { OPTION_SERVER_IDENTIFIER = 54 };

    if (option->space != SPACE_DHCP || option->code != OPTION_SERVER_IDENTIFIER)
        return;
    option->space = SPACE_PARAMETER;
    option->code = PARAMETER_SERVER_IDENTIFIER;
}

/* Whether the file itself defines this option. */
static bool is_defined(const struct parser *parser, const struct option_reference *option)
{
    for (const struct option_definition *at = parser->options; at; at = at->next) {
        if (at->name == option->name)
            return true;
    }
    return false;
}

bool read_option(struct parser *parser, const struct statement *statement, struct token keyword)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    const struct expression *expression;
    struct option_reference option;
    struct token name, value;

    (void)statement;
    if (parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "the name of an option");
    name = parser_take(parser);
    if (token_is_word(&name, "space") && parser->token.kind == TOKEN_WORD) {
        if (parser->bodies == 0 && parser->block->kind == BLOCK_GLOBAL)
            return read_space_definition(parser);
        parser_error(parser, name.where, "option spaces are declared in the global scope only");
        return false;
    }
    if (token_is_word(&parser->token, "code"))
        return read_option_definition(parser, &name);
    if (find_in_spaces(parser, name.text, &option) && space_is_server(option.space) &&
        !is_defined(parser, &option))
        return read_server_option(parser, option.name, keyword);
    if (!find_option(parser, &name, &option))
        return unknown_option(parser, &name);
    name_server_identifier(&option);
    value = parser->token;
    if (token_is_mark(&value, '=')) {
        if (!parser_take_equals(parser))
            return false;
        value = parser->token;
        if (!read_data_expression(parser, &expression) || !parser_end_statement(parser))
            return false;
        if (space_is_unused(option.space))
            return true;
        if (expression->kind == EXPRESSION_CONSTANT)
            set_option(parser, &option, expression->constant, value.where, keyword.where);
        else
            set_computed_option(parser, &option, expression, keyword.where);
        return true;
    }
    if (!read_value_to_end(parser, &option, &w))
        return false;
    if (space_is_unused(option.space))
        return true;
    if (parser->unknown_name && (parser->incomplete || w.length == 0))
        add_nothing(parser, option.space, option.code, keyword.where);
    else
        set_option(parser, &option, slice_of(bytes, w.length), value.where, keyword.where);
    return true;
}
