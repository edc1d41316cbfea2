/* The statement `option NAME VALUE;`: the value is read by its option's form. */
#include "config/parser.h"

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
    [DHCP_ATOM_DESTINATION] = write_destination,
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
    bool again = false;

    parser->unknown_name = false;
    do {
        for (size_t i = first; i < count; i++) {
            /* As in dhcpd, a name gives all its addresses where a list holds nothing else. */
            parser->first_address_only =
                form->repeat == DHCP_ONCE ||
                (count > 1 && (form->repeat == DHCP_REPEAT_ALL || i < count - 1 || !again));
            if (form->last_optional && i == count - 1 && token_is_mark(&parser->token, ';'))
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

/* The space of a name; false where there is none. */
static bool space_of(const struct parser *parser, struct slice name, enum setting_space *space)
{
    unsigned number = SPACE_USER;

    if (same_name(name, "dhcp") || same_name(name, "agent")) {
        *space = same_name(name, "dhcp") ? SPACE_DHCP : SPACE_AGENT;
        return true;
    }
    for (const struct option_space_block *at = parser->spaces; at; at = at->next, number++) {
        if (same_name(name, at->space.name)) {
            *space = (enum setting_space)number;
            return true;
        }
    }
    return false;
}

/* Sub-options of option 82 that have names (RFC 3046, RFC 3256, RFC 3527). */
static const struct dhcp_option_definition agent_options[] = {
    {1, "circuit-id", {{DHCP_ATOM_DATA}, DHCP_ONCE, false}},
    {2, "remote-id", {{DHCP_ATOM_DATA}, DHCP_ONCE, false}},
    {3, "agent-id", {{DHCP_ATOM_ADDRESS}, DHCP_ONCE, false}},
    {4, "DOCSIS-device-class", {{DHCP_ATOM_UINT32}, DHCP_ONCE, false}},
    {5, "link-selection", {{DHCP_ATOM_ADDRESS}, DHCP_ONCE, false}},
    {11, "server-id-override", {{DHCP_ATOM_ADDRESS}, DHCP_ONCE, false}},
};

static bool find_built_in(struct slice name, struct option_reference *option)
{
    const struct dhcp_option_definition *found = NULL;

    if (option->space == SPACE_DHCP)
        found = dhcp_option_by_name(name);
    for (size_t i = 0;
         option->space == SPACE_AGENT && i < sizeof(agent_options) / sizeof(agent_options[0]);
         i++) {
        if (same_name(name, agent_options[i].name))
            found = &agent_options[i];
    }
    if (!found)
        return false;
    option->name = found->name;
    option->code = found->code;
    option->form = found->form;
    return true;
}

/* `unknown-222`: bytes of any code. */
static bool find_unknown(struct slice name, struct option_reference *option)
{
    static const char prefix[] = "unknown-";
    size_t length = sizeof(prefix) - 1;
    int64_t code;

    if (name.length <= length || !same_name(slice_of(name.data, length), prefix) ||
        !number_of(slice_of(name.data + length, name.length - length), &code) || code < 1 ||
        code > 254)
        return false;
    option->name = "unknown";
    option->code = (unsigned)code;
    option->form = (struct dhcp_form){{DHCP_ATOM_DATA}, DHCP_ONCE, false};
    return true;
}

/* Finds an option by its name, with its space before a dot or without. What the file defines hides
 * what is built in. */
static bool find_option(const struct parser *parser, struct slice text,
                        struct option_reference *option)
{
    const uint8_t *dot = text.length ? memchr(text.data, '.', text.length) : NULL;
    const struct option_definition *defined;
    struct slice name = text;

    *option = (struct option_reference){.space = SPACE_DHCP};
    if (dot) {
        size_t before = (size_t)(dot - text.data);

        if (!space_of(parser, slice_of(text.data, before), &option->space))
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
    return find_built_in(name, option) || find_unknown(name, option);
}

bool read_option_name(struct parser *parser, struct option_reference *option)
{
    struct token name;

    if (parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "the name of an option");
    name = parser_take(parser);
    return find_option(parser, name.text, option) || unknown_option(parser, &name);
}

/* `option space NAME [code width N] [length width N] [hash size N];` */
static bool read_space(struct parser *parser)
{
    struct option_space_block *made = region_allocate(parser->region, sizeof(*made));
    enum setting_space existing;
    struct position where = parser->token.where;

    made->space = (struct option_space){.code_width = 1, .length_width = 1, .has_end = true};
    if (!read_name(parser, "the name of an option space", &made->space.name))
        return false;
    if (space_of(parser, slice_of_string(made->space.name), &existing)) {
        parser_error(parser, where, "there is an option space of this name already");
        return false;
    }
    while (!token_is_mark(&parser->token, ';')) {
        bool code = parser_take_word(parser, "code"), hash = false;
        int64_t width;

        if (!code && !parser_take_word(parser, "length") &&
            !(hash = parser_take_word(parser, "hash")))
            return parser_expected(parser, "`code width`, `length width`, `hash size` or `;`");
        if (!parser_take_word(parser, hash ? "size" : "width"))
            return parser_expected(parser, hash ? "`size`" : "`width`");
        where = parser->token.where;
        if (!read_number(parser, "a number", hash ? 1 : 0, hash ? INT32_MAX : 4, &width))
            return false;
        if (!hash && (width == 3 || (code ? width == 0 : width == 4))) {
            parser_error(parser, where,
                         code ? "a code is 1, 2 or 4 bytes wide"
                              : "a length is 0, 1 or 2 bytes wide");
            return false;
        }
        if (!hash)
            *(code ? &made->space.code_width : &made->space.length_width) = (unsigned)width;
    }
    made->space.has_end = made->space.code_width == 1;
    if (parser->last_space)
        parser->last_space->next = made;
    else
        parser->spaces = made;
    parser->last_space = made;
    parser->space_count++;
    return parser_end_statement(parser);
}

/* `[signed|unsigned] integer WIDTH` */
static bool read_integer_type(struct parser *parser, bool has_sign, enum dhcp_atom *atom)
{
    int64_t width;
    struct position where;

    if (!parser_take_word(parser, "integer"))
        return parser_expected(parser, "`integer`");
    where = parser->token.where;
    if (!read_number(parser, "a width of 8, 16 or 32 bits", 8, 32, &width))
        return false;
    if (width != 8 && width != 16 && width != 32) {
        parser_error(parser, where, "the width of a number is 8, 16 or 32 bits");
        return false;
    }
    if (has_sign)
        *atom = width == 8 ? DHCP_ATOM_INT8 : width == 16 ? DHCP_ATOM_INT16 : DHCP_ATOM_INT32;
    else
        *atom = width == 8 ? DHCP_ATOM_UINT8 : width == 16 ? DHCP_ATOM_UINT16 : DHCP_ATOM_UINT32;
    return true;
}

static bool read_type(struct parser *parser, enum dhcp_atom *atom)
{
    static const struct {
        const char *word;
        enum dhcp_atom atom;
    } types[] = {
        {"boolean", DHCP_ATOM_FLAG},
        {"ip-address", DHCP_ATOM_ADDRESS},
        {"ip6-address", DHCP_ATOM_ADDRESS6},
        {"text", DHCP_ATOM_TEXT},
        {"string", DHCP_ATOM_DATA},
        {"domain-name", DHCP_ATOM_DOMAIN_NAME},
        {"domain-list", DHCP_ATOM_DOMAIN_NAME},
    };
    bool has_sign;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!parser_take_word(parser, types[i].word))
            continue;
        *atom = types[i].atom;
        if (strcmp(types[i].word, "domain-list") == 0 && parser_take_word(parser, "compressed"))
            *atom = DHCP_ATOM_DOMAIN_LIST;
        return true;
    }
    has_sign = !parser_take_word(parser, "unsigned");
    if (has_sign)
        parser_take_word(parser, "signed");
    if (token_is_word(&parser->token, "integer"))
        return read_integer_type(parser, has_sign, atom);
    return parser_expected(parser, "a type: boolean, integer 8, unsigned integer 16, ip-address, "
                                   "text, string, domain-list, array of, encapsulate or `{`");
}

/* What stands behind the `=` of a definition. */
static bool read_definition_type(struct parser *parser, struct option_definition *made)
{
    bool array = parser_take_word(parser, "array");
    bool list = token_is_word(&parser->token, "domain-list");
    size_t count = 0;
    struct token name;

    if (array && !parser_take_word(parser, "of"))
        return parser_expected(parser, "`of`");
    made->form.repeat = array || list ? DHCP_REPEAT_ALL : DHCP_ONCE;
    if (!array && parser_take_word(parser, "encapsulate")) {
        made->form.atoms[0] = DHCP_ATOM_DATA;
        name = parser->token;
        if (name.kind != TOKEN_WORD || !space_of(parser, name.text, &made->inner))
            return parser_expected(parser, "an option space declared before this line");
        parser_take(parser);
        return true;
    }
    if (!parser_take_mark(parser, '{'))
        return read_type(parser, &made->form.atoms[0]);
    do {
        if (count == DHCP_FORM_ATOMS_MAX) {
            parser_error(parser, parser->token.where, "a record has at most %d pieces",
                         DHCP_FORM_ATOMS_MAX);
            return false;
        }
        /* An array as the last piece repeats that piece. */
        if (parser_take_word(parser, "array")) {
            if (!parser_take_word(parser, "of"))
                return parser_expected(parser, "`of`");
            made->form.repeat = DHCP_REPEAT_LAST;
        }
        if (!read_type(parser, &made->form.atoms[count++]))
            return false;
    } while (parser_take_mark(parser, ','));
    return parser_take_mark(parser, '}') || parser_expected(parser, "`}`");
}

/* `option NAME code N = TYPE;`; `option` and the name are taken. */
static bool read_definition(struct parser *parser, const struct token *name)
{
    struct option_definition *made = region_allocate(parser->region, sizeof(*made));
    const uint8_t *dot = memchr(name->text.data, '.', name->text.length);
    struct slice own = name->text;
    int64_t code;

    made->space = SPACE_DHCP;
    if (dot) {
        size_t before = (size_t)(dot - name->text.data);

        if (!space_of(parser, slice_of(own.data, before), &made->space)) {
            parser_error(parser, name->where, "there is no option space %.*s before this line",
                         (int)before, (const char *)own.data);
            return false;
        }
        own = slice_of(dot + 1, own.length - before - 1);
    }
    made->name = region_string_of_slice(parser->region, own);
    parser_take(parser);
    if (!read_number(parser, "the option's code", 0, made->space == SPACE_DHCP ? 254 : INT32_MAX,
                     &code))
        return false;
    made->code = (unsigned)code;
    if (!parser_take_mark(parser, '='))
        return parser_expected(parser, "`=`");
    if (!read_definition_type(parser, made) || !parser_end_statement(parser))
        return false;
    if (parser->block->kind != BLOCK_GLOBAL || parser->bodies > 0) {
        parser_error(parser, name->where, "options are defined in the global scope only");
        return true;
    }
    made->next = parser->options;
    parser->options = made;
    names_put(parser, NAME_OPTION, made->space, slice_of_string(made->name), made);
    return true;
}

/* The names of what the file defines, for messages. */
static void fill_option_names(struct parser *parser)
{
    struct region *region = &parser->snapshot->region;
    struct option_name *names;
    size_t count = 0;

    for (const struct option_definition *at = parser->options; at; at = at->next)
        count++;
    names = region_allocate(region, (count + 1) * sizeof(*names));
    parser->snapshot->option_names = names;
    for (const struct option_definition *at = parser->options; at; at = at->next) {
        struct dhcp_form *form = region_allocate(region, sizeof(*form));

        *form = at->form;
        names[parser->snapshot->option_name_count++] =
            (struct option_name){at->space, at->code, region_string(region, at->name), form};
    }
}

void fill_option_spaces(struct parser *parser)
{
    struct snapshot *snapshot = parser->snapshot;
    struct option_space *spaces =
        region_allocate(&snapshot->region, (parser->space_count + 1) * sizeof(*spaces));
    struct encapsulation *rows;
    size_t count = 0;

    for (const struct option_space_block *at = parser->spaces; at; at = at->next)
        spaces[snapshot->space_count++] = at->space;
    snapshot->spaces = spaces;
    for (const struct option_definition *at = parser->options; at; at = at->next)
        count += at->inner != SPACE_PARAMETER;
    rows = region_allocate(&snapshot->region, (count + 1) * sizeof(*rows));
    for (const struct option_definition *at = parser->options; at; at = at->next) {
        if (at->inner != SPACE_PARAMETER)
            rows[snapshot->encapsulation_count++] =
                (struct encapsulation){at->space, at->code, at->inner};
    }
    snapshot->encapsulations = rows;
    fill_option_names(parser);
}

static bool read_option_space(struct parser *parser, const struct statement *statement,
                              struct token keyword)
{
    enum setting_space space;

    if (parser->token.kind != TOKEN_WORD || !space_of(parser, parser->token.text, &space))
        return parser_expected(parser, "an option space declared before this line");
    parser_take(parser);
    if (!parser_end_statement(parser))
        return false;
    add_number(parser, statement->parameter, space, keyword.where);
    return true;
}

bool read_vendor_option_space(struct parser *parser, const struct statement *statement,
                              struct token keyword)
{
    return read_option_space(parser, statement, keyword);
}

bool read_site_option_space(struct parser *parser, const struct statement *statement,
                            struct token keyword)
{
    return read_option_space(parser, statement, keyword);
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

/* `host-identifier option NAME VALUE;` */
bool read_host_identifier(struct parser *parser, const struct statement *statement,
                          struct token keyword)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct option_reference option;

    (void)statement;
    (void)keyword;
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

/* What a value may do to the clients that read it. */
static void check_option(struct parser *parser, unsigned code, struct slice value,
                         struct position where)
{
    /* libsa copies root-path into 128 bytes, the NUL among them. */
    enum { OPTION_ROOT_PATH = 17, ROOT_PATH_SAFE = 127 };

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

/* `option dhcp-server-identifier` is the statement server-identifier by its older name. */
static void name_server_identifier(struct option_reference *option)
{
    enum { OPTION_SERVER_IDENTIFIER = 54 };

    if (option->space != SPACE_DHCP || option->code != OPTION_SERVER_IDENTIFIER)
        return;
    option->space = SPACE_PARAMETER;
    option->code = PARAMETER_SERVER_IDENTIFIER;
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
    if (token_is_word(&name, "space") && parser->token.kind == TOKEN_WORD)
        return read_space(parser);
    if (token_is_word(&parser->token, "code"))
        return read_definition(parser, &name);
    if (!find_option(parser, name.text, &option))
        return unknown_option(parser, &name);
    name_server_identifier(&option);
    value = parser->token;
    if (token_is_mark(&value, '=')) {
        if (!parser_take_equals(parser))
            return false;
        value = parser->token;
        if (!read_data_expression(parser, &expression) || !parser_end_statement(parser))
            return false;
        if (expression->kind == EXPRESSION_CONSTANT)
            set_option(parser, &option, expression->constant, value.where, keyword.where);
        else
            add_expression(parser, option.space, option.code, expression, keyword.where);
        return true;
    }
    if (!read_value_to_end(parser, &option, &w))
        return false;
    if (parser->unknown_name)
        add_nothing(parser, option.space, option.code, keyword.where);
    else
        set_option(parser, &option, slice_of(bytes, w.length), value.where, keyword.where);
    return true;
}
