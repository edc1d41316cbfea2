/* Classes, their members, and whom a pool serves. */
#include "config/parser.h"

#include <string.h>
#include <strings.h>

static struct block *outermost_block(struct block *block)
{
    while (block->outer)
        block = block->outer;
    return block;
}

/* The class of a name, wherever it was declared; NULL where it is not yet. */
static struct block *class_of(struct parser *parser, const char *name)
{
    return names_get(parser, NAME_CLASS, 0, slice_of_string(name));
}

/* A class may have an empty name. */
static bool read_class_name(struct parser *parser, const char *what, const char **name)
{
    if (parser->token.text.length > 0)
        return read_name(parser, what, name);
    *name = "";
    parser_take(parser);
    return true;
}

struct block *known_class(struct parser *parser)
{
    struct position where = parser->token.where;
    struct block *class;
    const char *name;

    if (parser->token.kind != TOKEN_STRING) {
        parser_expected(parser, "the name of a class in quotes");
        return NULL;
    }
    if (!read_class_name(parser, "the name of a class", &name))
        return NULL;
    class = class_of(parser, name);
    if (!class)
        parser_error(parser, where, "there is no class \"%s\" before this line", name);
    return class;
}

/* A class belongs to no scope: wherever it stands, it goes to the outermost block. A second
 * declaration of one name adds to the first. */
bool read_class(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *class = NULL;
    const char *name = NULL;
    bool good = parser->token.kind == TOKEN_STRING
                    ? read_class_name(parser, "the name of the class", &name)
                    : parser_expected(parser, "the name of the class in quotes");

    (void)statement;
    if (name)
        class = class_of(parser, name);
    if (!class || class == parser->block) {
        bool first = name && !class;

        class =
            block_new(parser->region, BLOCK_CLASS, outermost_block(parser->block), keyword.where);
        class->name = name;
        if (first)
            names_put(parser, NAME_CLASS, 0, slice_of_string(name), class);
    }
    class->declared_condition = class->declared_value = false;
    return parser_read_block(parser, class, good);
}

/* The value that makes a packet a member. */
static bool read_subclass_key(struct parser *parser, struct slice *value)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct position where = parser->token.where;

    if (!read_data(parser, &w))
        return false;
    if (w.failed) {
        parser_error(parser, where, "this value is longer than any that a packet has");
        return false;
    }
    *value = region_slice(&parser->snapshot->region, slice_of(bytes, w.length));
    return true;
}

/* `subclass "CLASS" KEY;` or `subclass "CLASS" KEY { ... }` */
bool read_subclass(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *class = known_class(parser), *block;
    struct slice key = {NULL, 0};
    bool good = class && read_subclass_key(parser, &key);

    (void)statement;
    /* One of an unknown class is read for the errors in it. */
    block = block_new(parser->region, BLOCK_SUBCLASS, class ? class : parser->block, keyword.where);
    block->class = class;
    block->key = key;
    if (!good || token_is_mark(&parser->token, '{'))
        return parser_read_block(parser, block, good);
    return parser_end_statement(parser);
}

/* Each declaration of a class says at most once which packets belong to it, and at most once which
 * value sorts them; a later declaration says it anew. */
static void begin_match(struct parser *parser, struct position where, bool *declared,
                        const struct expression **first, const struct expression **second)
{
    if (*declared)
        parser_error(parser, where, "this class has such a `match` or `spawn with` already");
    else if (*first || *second)
        parser_warning(parser, where, "this takes the place of what the class had before");
    *declared = true;
    *first = *second = NULL;
}

/* `match EXPRESSION;` or `match if CONDITION;` */
bool read_match(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *class = parser->block;
    const struct expression **place = &class->match;

    (void)statement;
    if (parser_take_word(parser, "if")) {
        place = &class->match_if;
        begin_match(parser, keyword.where, &class->declared_condition, place, place);
        return read_condition(parser, place) && parser_end_statement(parser);
    }
    begin_match(parser, keyword.where, &class->declared_value, place, &class->spawn_with);
    return read_data_expression(parser, place) && parser_end_statement(parser);
}

/* `spawn with EXPRESSION;` */
bool read_spawn(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block *class = parser->block;

    (void)statement;
    if (!parser_take_word(parser, "with"))
        return parser_expected(parser, "`with`");
    begin_match(parser, keyword.where, &class->declared_value, &class->match, &class->spawn_with);
    return read_data_expression(parser, &class->spawn_with) && parser_end_statement(parser);
}

/* `lease limit NUMBER;` */
bool read_lease_limit(struct parser *parser, const struct statement *statement,
                      struct token keyword)
{
    int64_t limit;

    (void)statement;
    if (!parser_take_word(parser, "limit"))
        return parser_expected(parser, "`limit`");
    if (!read_plain_number(parser, "a number of leases", UINT32_MAX, &limit) ||
        !parser_end_statement(parser))
        return false;
    (void)keyword;
    parser->block->lease_limit = (uint32_t)limit;
    return true;
}

/* Words of a pool's `allow` and `deny`, a second one where there are two. */
static const struct permit_words {
    const char *first, *second;
    enum permit_kind kind;
} permits[] = {
    {"known-clients", NULL, PERMIT_KNOWN},
    {"unknown-clients", NULL, PERMIT_UNKNOWN},
    {"known", "clients", PERMIT_KNOWN},
    {"unknown", "clients", PERMIT_UNKNOWN},
    {"all", "clients", PERMIT_ALL},
    {"dynamic", "bootp", PERMIT_DYNAMIC_BOOTP},
    {"authenticated", "clients", PERMIT_AUTHENTICATED},
    {"unauthenticated", "clients", PERMIT_UNAUTHENTICATED},
    {"members", "of", PERMIT_CLASS},
    {"after", NULL, PERMIT_AFTER},
};

static bool read_permit_words(struct parser *parser, enum permit_kind *kind)
{
    for (size_t i = 0; i < sizeof(permits) / sizeof(permits[0]); i++) {
        struct lexer ahead = parser->lexer;
        struct token second;

        if (!token_is_word(&parser->token, permits[i].first))
            continue;
        second = lexer_next(&ahead);
        if (permits[i].second && !token_is_word(&second, permits[i].second))
            continue;
        parser_take(parser);
        if (permits[i].second)
            parser_take(parser);
        *kind = permits[i].kind;
        return true;
    }
    return parser_expected(parser, "`known-clients`, `unknown-clients`, `all clients`, `dynamic "
                                   "bootp clients` or `members of` a class");
}

/* Whether the pool has an `after` already: there is one moment at which it changes. */
static bool has_after(const struct block *pool)
{
    for (const struct block_permit *at = pool->permits; at; at = at->next) {
        if (at->kind == PERMIT_AFTER)
            return true;
    }
    return false;
}

bool read_permit(struct parser *parser, bool allow)
{
    struct position where = parser->token.where;
    struct block_permit *made = region_allocate(parser->region, sizeof(*made));
    struct block *pool = parser->block;

    made->allow = allow;
    made->where = where;
    if (!read_permit_words(parser, &made->kind))
        return false;
    if (made->kind == PERMIT_DYNAMIC_BOOTP && !parser_take_word(parser, "clients"))
        return parser_expected(parser, "`clients`");
    if (made->kind == PERMIT_AFTER && !read_date(parser, &made->after))
        return false;
    if (made->kind == PERMIT_AFTER && has_after(pool)) {
        parser_error(parser, where, "this pool has an `after` already");
        return false;
    }
    if (made->kind == PERMIT_CLASS && !(made->class = known_class(parser)))
        return false;
    if (!parser_end_statement(parser))
        return false;
    if (pool->last_permit)
        pool->last_permit->next = made;
    else
        pool->permits = made;
    pool->last_permit = made;
    return true;
}
