/* Options and spaces of options that the file defines. */
#include "config/parser.h"

#include <string.h>

/* `option space NAME [code width N] [length width N] [hash size N];` */
bool read_space_definition(struct parser *parser)
{
    struct option_space_block *made = region_allocate(parser->region, sizeof(*made));
    enum setting_space existing;
    struct position where = parser->token.where;

    made->space = (struct option_space){.code_width = 1, .length_width = 1, .has_end = true};
    if (!is_identifier(&parser->token))
        return parser_expected(parser, "the name of an option space");
    if (!read_name(parser, "the name of an option space", &made->space.name))
        return false;
    if (find_space(parser, slice_of_string(made->space.name), &existing) &&
        !space_is_unused(existing))
        parser_warning(parser, where,
                       "there is an option space of this name already: what is defined before this "
                       "line stays in that one");
    while (!token_is_mark(&parser->token, ';')) {
        bool code = parser_take_word(parser, "code"), hash = false;
        int64_t width;

        if (!code && !parser_take_word(parser, "length") &&
            !(hash = parser_take_word(parser, "hash")))
            return parser_expected(parser, "`code width`, `length width`, `hash size` or `;`");
        if (!parser_take_word(parser, hash ? "size" : "width"))
            return parser_expected(parser, hash ? "`size`" : "`width`");
        where = parser->token.where;
        if (!read_plain_number(parser, "a number", hash ? INT32_MAX : 4, &width))
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
    if (!read_plain_number(parser, "a width of 8, 16 or 32 bits", 32, &width))
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

/* Whether a piece has no length of its own, so that nothing can follow it. */
static bool takes_the_rest(enum dhcp_atom atom)
{
    return atom == DHCP_ATOM_TEXT || atom == DHCP_ATOM_DATA || atom == DHCP_ATOM_DOMAIN_NAME ||
           atom == DHCP_ATOM_DOMAIN_LIST;
}

/* A type, alone or as a piece of a record or an array. */
static bool read_piece(struct parser *parser, bool array, bool text_before, enum dhcp_atom *atom)
{
    struct position where = parser->token.where;
    bool list = token_is_word(&parser->token, "domain-list");

    if (text_before) {
        parser_error(parser, where, "text, string and domain names end a record: nothing follows");
        return false;
    }
    if (!read_type(parser, atom))
        return false;
    if (array && takes_the_rest(*atom)) {
        parser_error(parser, where, "%s",
                     list ? "a domain-list is a list already: write it without `array of`"
                          : "text, string and domain names cannot stand in an array");
        return false;
    }
    return true;
}

/* The pieces of a record and the `}` behind them. */
static bool read_record(struct parser *parser, struct option_definition *made, bool array)
{
    size_t count = 0;

    do {
        bool inner_array = false;
        bool text_before = count > 0 && takes_the_rest(made->form.atoms[count - 1]);

        if (count == DHCP_FORM_ATOMS_MAX) {
            parser_error(parser, parser->token.where, "a record has at most %d pieces",
                         DHCP_FORM_ATOMS_MAX);
            return false;
        }
        /* An array as the last piece repeats that piece. */
        if (parser_take_word(parser, "array")) {
            if (!parser_take_word(parser, "of"))
                return parser_expected(parser, "`of`");
            if (array) {
                parser_error(parser, parser->token.where, "an array cannot hold another array");
                return false;
            }
            made->form.repeat = DHCP_REPEAT_LAST;
            inner_array = true;
        }
        if (token_is_word(&parser->token, "domain-list") && !array)
            made->form.repeat = DHCP_REPEAT_LAST;
        if (!read_piece(parser, array || inner_array, text_before, &made->form.atoms[count++]))
            return false;
    } while (parser_take_mark(parser, ','));
    return parser_take_mark(parser, '}') || parser_expected(parser, "`}`");
}

/* What stands behind the `=` of a definition. */
static bool read_definition_type(struct parser *parser, struct option_definition *made)
{
    bool array = parser_take_word(parser, "array");
    bool list = token_is_word(&parser->token, "domain-list");
    struct token name;

    if (array && !parser_take_word(parser, "of"))
        return parser_expected(parser, "`of`");
    made->form.repeat = array || list ? DHCP_REPEAT_ALL : DHCP_ONCE;
    /* No pieces at all. */
    if (!array && parser_take_word(parser, "zerolen"))
        return true;
    if (!array && parser_take_word(parser, "encapsulate")) {
        made->form.atoms[0] = DHCP_ATOM_DATA;
        name = parser->token;
        if (name.kind != TOKEN_WORD || !find_space(parser, name.text, &made->inner))
            return parser_expected(parser, "an option space declared before this line");
        parser_take(parser);
        return true;
    }
    if (!parser_take_mark(parser, '{'))
        return read_piece(parser, array, false, &made->form.atoms[0]);
    if (read_record(parser, made, array))
        return true;
    while (parser->token.kind != TOKEN_END && !token_is_mark(&parser->token, ';') &&
           !parser_take_mark(parser, '}'))
        parser_take(parser);
    return false;
}

/* `option NAME code N = TYPE;`; `option` and the name are taken. */
bool read_option_definition(struct parser *parser, const struct token *name)
{
    struct option_definition *made = region_allocate(parser->region, sizeof(*made));
    const uint8_t *dot = memchr(name->text.data, '.', name->text.length);
    struct slice own = name->text;
    int64_t code;

    made->space = SPACE_DHCP;
    if (dot) {
        size_t before = (size_t)(dot - name->text.data);

        if (!find_space(parser, slice_of(own.data, before), &made->space)) {
            parser_error(parser, name->where, "there is no option space %.*s before this line",
                         (int)before, (const char *)own.data);
            return false;
        }
        own = slice_of(dot + 1, own.length - before - 1);
    }
    if (!is_identifier_text(own)) {
        parser_error(parser, name->where,
                     "the name of an option has a letter, and no `.` but that behind its space");
        return false;
    }
    made->name = region_string_of_slice(parser->region, own);
    parser_take(parser);
    if (!read_plain_number(parser, "the option's code", UINT32_MAX, &code))
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
