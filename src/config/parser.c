#include "config/parser.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct token parser_take(struct parser *parser)
{
    struct token taken = parser->token;

    parser->last_end = taken.end;
    parser->last_offset = parser->lexer.offset;
    parser->closed_block = token_is_mark(&taken, '}');
    parser->unclosed_string = taken.unclosed;
    parser->token = lexer_next(&parser->lexer);
    return taken;
}

bool parser_take_mark(struct parser *parser, char mark)
{
    if (!token_is_mark(&parser->token, mark))
        return false;
    parser_take(parser);
    return true;
}

bool parser_take_word(struct parser *parser, const char *word)
{
    if (!token_is_word(&parser->token, word))
        return false;
    parser_take(parser);
    return true;
}

bool parser_touches_last(const struct parser *parser)
{
    return parser->token.where.line == parser->last_end.line &&
           parser->token.where.column == parser->last_end.column;
}

bool parser_take_equals(struct parser *parser)
{
    if (!parser_take_mark(parser, '=') || !token_is_mark(&parser->token, '='))
        return true;
    parser_error(parser, parser->token.where,
                 "`==` is not of this language: a value is set, and compared, with one `=`");
    return false;
}

static void report(struct parser *parser, enum diagnostic_severity severity, struct position where,
                   const char *format, va_list arguments)
{
    char *message = NULL;

    if (vasprintf(&message, format, arguments) < 0)
        abort();
    sources_report(parser->sources, severity, where, "%s", message);
    free(message);
}

/* A place at the file's end is the one behind the last thing in it, which has a line to show. */
static struct position shown_place(const struct parser *parser, struct position where)
{
    const struct position *end = &parser->token.where;

    return parser->token.kind == TOKEN_END && where.file == end->file && where.line == end->line &&
                   where.column == end->column
               ? parser->last_end
               : where;
}

void parser_error(struct parser *parser, struct position where, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(parser, DIAGNOSTIC_ERROR, shown_place(parser, where), format, arguments);
    va_end(arguments);
}

void parser_warning(struct parser *parser, struct position where, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    report(parser, DIAGNOSTIC_WARNING, shown_place(parser, where), format, arguments);
    va_end(arguments);
}

bool parser_expected(struct parser *parser, const char *what)
{
    char found[TOKEN_TEXT_SIZE];

    parser_error(parser, parser->token.where, "expected %s, found %s", what,
                 token_text(found, &parser->token));
    return false;
}

/* Whether the next token is the first of its line. */
static bool begins_line(const struct parser *parser)
{
    return parser->token.where.line > parser->last_end.line;
}

bool parser_begins_statement(const struct parser *parser)
{
    return parser->token.kind == TOKEN_WORD && begins_line(parser) &&
           statement_by_name(parser->token.text);
}

bool parser_end_statement(struct parser *parser)
{
    char found[TOKEN_TEXT_SIZE];

    if (parser_take_mark(parser, ';'))
        return true;
    if (begins_line(parser) || token_is_mark(&parser->token, '}') ||
        parser->token.kind == TOKEN_END) {
        /* Only the `;` is missing: what follows is read as usual. A string without its end has
         * been reported, and may have taken the `;` in. */
        if (!parser->unclosed_string)
            parser_error(parser, parser->last_end, "expected `;` at the end of this statement");
        return true;
    }
    parser_error(parser, parser->token.where, "expected `;`, found %s",
                 token_text(found, &parser->token));
    return false;
}

/* Passes over a block, from its `{` to behind its `}`. */
static void skip_braces(struct parser *parser)
{
    size_t depth = 0;

    do {
        struct token token = parser_take(parser);

        if (token_is_mark(&token, '{'))
            depth++;
        else if (token_is_mark(&token, '}'))
            depth--;
    } while (depth > 0 && parser->token.kind != TOKEN_END);
}

bool parser_skip_statement(struct parser *parser)
{
    while (parser->token.kind != TOKEN_END && !token_is_mark(&parser->token, '}') &&
           !parser_begins_statement(parser)) {
        if (token_is_mark(&parser->token, '{')) {
            skip_braces(parser);
            return true;
        }
        if (parser_take_mark(parser, ';'))
            return true;
        parser_take(parser);
    }
    return false;
}

/* Passes over what stands before a block's `{`; false where none comes in this statement. */
static bool find_brace(struct parser *parser)
{
    while (!token_is_mark(&parser->token, '{')) {
        if (parser->token.kind == TOKEN_END || token_is_mark(&parser->token, '}') ||
            token_is_mark(&parser->token, ';') || parser_begins_statement(parser))
            return false;
        parser_take(parser);
    }
    return true;
}

/* Whether reading on is of no use: too much is wrong, or there is more than any network needs and
 * some machines have memory for. */
static bool gives_up(const struct parser *parser)
{
    return sources_full(parser->sources) || parser->block_count > BLOCKS_MAX;
}

bool parser_read_block(struct parser *parser, struct block *block, bool header_is_good)
{
    struct block *outer = parser->block;
    struct action_list *list = parser->list;
    struct token brace;

    block->broken = !header_is_good;
    if (header_is_good && !token_is_mark(&parser->token, '{'))
        header_is_good = parser_expected(parser, "`{`");
    if (!header_is_good && !find_brace(parser))
        return false;
    brace = parser->token;
    if (++parser->block_count == BLOCKS_MAX + 1)
        parser_error(parser, block->where, "this declaration is one too many: at most %d",
                     BLOCKS_MAX);
    if (block->depth > NESTING_MAX) {
        parser_error(parser, brace.where, "this block is the %uth inside others: at most %d",
                     block->depth, NESTING_MAX);
        skip_braces(parser);
        return true;
    }
    parser_take(parser);
    parser->block = block;
    parser->list = &block->actions;
    parse_block(parser);
    parser->block = outer;
    parser->list = list;
    if (parser_take_mark(parser, '}'))
        return true;
    if (!gives_up(parser))
        parser_error(parser, parser->token.where,
                     "the file ends inside the block that line %u opens: expected `}`",
                     brace.where.line);
    return true;
}

bool parser_read_items(struct parser *parser, bool (*read)(struct parser *parser, void *context),
                       void *context)
{
    struct position where = parser->token.where;

    if (!parser_take_mark(parser, '{'))
        return parser_expected(parser, "`{`");
    while (parser->token.kind != TOKEN_END && !parser_take_mark(parser, '}')) {
        size_t before = parser->last_offset;

        if (read(parser, context) || parser_skip_statement(parser))
            continue;
        /* What stands there begins another statement: most likely a `}` is missing. */
        if (parser->last_offset == before)
            return true;
    }
    if (!parser->closed_block && !gives_up(parser))
        parser_error(parser, parser->token.where,
                     "the file ends inside the block that line %u opens: expected `}`", where.line);
    return true;
}

bool parser_read_body(struct parser *parser, struct action_list *list, bool header_is_good)
{
    struct action_list *outer = parser->list;
    struct position where;

    if (header_is_good && !token_is_mark(&parser->token, '{'))
        header_is_good = parser_expected(parser, "`{`");
    if (!header_is_good && !find_brace(parser))
        return false;
    where = parser->token.where;
    if (parser->bodies >= NESTING_MAX) {
        parser_error(parser, where, "at most %d of these can stand in each other", NESTING_MAX);
        skip_braces(parser);
        return true;
    }
    parser_take(parser);
    parser->list = list;
    parser->bodies++;
    parse_block(parser);
    parser->bodies--;
    parser->list = outer;
    if (parser_take_mark(parser, '}'))
        return true;
    if (!gives_up(parser))
        parser_error(parser, parser->token.where,
                     "the file ends inside the block that line %u opens: expected `}`", where.line);
    return true;
}

static const char *next_statement_name(size_t index)
{
    size_t count;
    const struct statement *table = statement_table(&count);

    return index < count ? table[index].name : NULL;
}

static void unknown_statement(struct parser *parser, const struct token *word)
{
    const struct dhcp_option_definition *option = dhcp_option_by_name(word->text);
    const char *nearest = nearest_name(word->text, next_statement_name);
    char found[TOKEN_TEXT_SIZE];

    token_text(found, word);
    if (option)
        parser_error(parser, word->where, "%s is an option: write `option %s ...;`", found,
                     option->name);
    else if (token_is_word(word, "elseif"))
        parser_error(parser, word->where, "there is no statement %s: it is `elsif`", found);
    else if (nearest)
        parser_error(parser, word->where, "there is no statement %s; the nearest one is `%s`",
                     found, nearest);
    else
        parser_error(parser, word->where, "there is no statement %s", found);
}

/* Says where a statement may stand that may not stand here. */
static void misplaced_statement(struct parser *parser, const struct statement *statement,
                                const struct token *word)
{
    char places[160] = "";
    size_t length = 0;

    for (unsigned kind = 0; kind < BLOCK_KIND_COUNT; kind++) {
        if ((statement->contexts & ALLOWED_IN(kind)) && length < sizeof(places))
            length += (size_t)snprintf(places + length, sizeof(places) - length, "%s%s",
                                       length ? ", " : "", block_kind_name(kind));
    }
    parser_error(parser, word->where, "`%s` cannot stand in %s%s: it belongs in %s",
                 statement->name, parser->block->kind == BLOCK_GLOBAL ? "" : "a ",
                 block_kind_name(parser->block->kind), places);
}

/* Whether dhcpd takes this word for a number in hexadecimal, and finds it too large or none. */
static bool is_bad_number(struct slice word)
{
    size_t digits = 1; /* the first letter may be any */

    while (digits < word.length && isxdigit(word.data[digits]))
        digits++;
    return digits == word.length && (!isxdigit(word.data[0]) || digits > 2);
}

static bool is_byte(struct slice word)
{
    return word.length <= 2 && isxdigit(word.data[0]) && isxdigit(word.data[word.length - 1]);
}

/* dhcpd takes a word that it does not know for an expression, and passes over it. */
static bool is_bare_word(const struct parser *parser, const struct token *word)
{
    struct lexer ahead = parser->lexer;
    struct token next = lexer_next(&ahead);

    /* What dhcpd writes into its leases of a host that a program declared. */
    bool of_host = parser->block->kind == BLOCK_HOST &&
                   (token_is_word(word, "dynamic") || token_is_word(word, "deleted"));

    return is_identifier(word) &&
           !(word->text.length > 1 && tolower(word->text.data[1]) == 'x' &&
             word->text.data[0] == '0') &&
           (of_host || !is_keyword(word->text)) && !is_bad_number(word->text) &&
           (token_is_mark(&next, ';') || token_is_mark(&next, '=') ||
            (token_is_mark(&next, ':') && is_byte(word->text)));
}

static void pass_bare_word(struct parser *parser)
{
    struct token word = parser_take(parser);
    const struct dhcp_option_definition *option = dhcp_option_by_name(word.text);
    /* The search takes longer than the rest: a file may be full of such words. */
    const char *nearest = sources_warnings_full(parser->sources)
                              ? NULL
                              : nearest_name(word.text, next_statement_name);
    const struct expression *unused;
    char found[TOKEN_TEXT_SIZE];

    token_text(found, &word);
    if (option)
        parser_warning(parser, word.where,
                       "%s is an option, so this has no effect: write `option %s ...;`", found,
                       option->name);
    else if (nearest)
        parser_warning(parser, word.where,
                       "there is no statement %s, so this has no effect; the nearest one is `%s`",
                       found, nearest);
    else
        parser_warning(parser, word.where, "there is no statement %s, so this has no effect",
                       found);
    while (parser_take_mark(parser, ':') && is_byte(parser->token.text))
        parser_take(parser);
    if (parser_take_mark(parser, '=') && !read_data_expression(parser, &unused)) {
        parser_skip_statement(parser);
        return;
    }
    if (!parser_end_statement(parser))
        parser_skip_statement(parser);
}

/* Only what can be carried out for a packet may stand under a condition. */
static bool may_be_conditional(const struct statement *statement)
{
    return statement->contexts == (1u << BLOCK_KIND_COUNT) - 1 && statement->read != read_include &&
           statement->read != read_class && statement->read != read_subclass &&
           statement->parameter != PARAMETER_SERVER_IDENTIFIER &&
           strcmp(statement->name, "lease-id-format") != 0 &&
           strcmp(statement->name, "server-duid") != 0;
}

/* What stands in these is read for its own errors even where they may not stand: most likely a `}`
 * is missing before them. */
static bool is_declaration(const struct statement *statement)
{
    return statement->read == read_shared_network || statement->read == read_subnet ||
           statement->read == read_group || statement->read == read_host ||
           statement->read == read_class;
}

/* `authoritative on;` under a condition: the flag may be set for a packet, with a value. */
static bool is_flag_of_packet(const struct parser *parser, const struct token *word)
{
    struct lexer ahead = parser->lexer;
    struct token next;

    if (parser->bodies == 0 || !token_is_word(word, "authoritative"))
        return false;
    next = lexer_next(&ahead);
    return !token_is_mark(&next, ';');
}

static void parse_statement(struct parser *parser)
{
    struct token keyword = parser->token;
    const struct statement *statement;

    if (token_is_mark(&keyword, '%') && parser->bodies == 0) {
        parser_warning(parser, keyword.where, "`%%` begins no statement: this has no effect");
        parser_take(parser);
        parser_skip_statement(parser);
        return;
    }
    if (keyword.kind != TOKEN_WORD) {
        parser_expected(parser, "a statement");
        parser_take(parser);
        parser_skip_statement(parser);
        return;
    }
    statement = statement_by_name(keyword.text);
    if (statement && is_flag_of_packet(parser, &keyword)) {
        parser_take(parser);
        if (!read_server_option(parser, statement->name, keyword))
            parser_skip_statement(parser);
        return;
    }
    if (statement && (statement->contexts & ALLOWED_IN(parser->block->kind))) {
        parser_take(parser);
        if (parser->bodies > 0 && !may_be_conditional(statement)) {
            parser_error(parser, keyword.where, "`%s` cannot stand under a condition",
                         statement->name);
            parser_skip_statement(parser);
            return;
        }
        if (!statement->read(parser, statement, keyword))
            parser_skip_statement(parser);
        return;
    }
    if (!statement && is_bare_word(parser, &keyword)) {
        pass_bare_word(parser);
        return;
    }
    if (statement)
        misplaced_statement(parser, statement, &keyword);
    else
        unknown_statement(parser, &keyword);
    parser_take(parser);
    if (!statement || !is_declaration(statement) || parser->bodies > 0 ||
        !statement->read(parser, statement, keyword))
        parser_skip_statement(parser);
}

void parse_block(struct parser *parser)
{
    while (parser->token.kind != TOKEN_END && !gives_up(parser)) {
        if (token_is_mark(&parser->token, ';')) {
            parser_error(parser, parser->token.where,
                         parser->closed_block ? "no `;` may follow the `}` of a block"
                                              : "this `;` ends no statement: it is one too many");
            parser_take(parser);
        } else if (!token_is_mark(&parser->token, '}')) {
            parse_statement(parser);
        } else if (parser->block != parser->outermost || parser->bodies > 0) {
            return;
        } else {
            parser_error(parser, parser->token.where, "this `}` closes no block");
            parser_take(parser);
        }
    }
}

void parse_source(struct parser *parser, const struct source *source)
{
    struct parser around = *parser;

    parser->lexer = lexer_of(parser->sources, source, parser->region);
    parser->outermost = parser->block;
    parser->last_end = (struct position){source->name, 1, 1};
    parser->token = lexer_next(&parser->lexer);
    parse_block(parser);
    parser->lexer = around.lexer;
    parser->outermost = around.outermost;
    parser->last_end = around.last_end;
    parser->token = around.token;
}
