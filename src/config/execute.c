/* Statements that are carried out for each packet (dhcp-eval(5)). */
#include "config/parser.h"

#include <stdio.h>
#include <string.h>

/* The condition of an `if` or `elsif`. dhcpd takes parentheses around the whole
 * condition for its own, so that `if (a) and (b)` is none. */
static bool read_branch_condition(struct parser *parser, struct action *branch)
{
    bool in_parentheses = parser_take_mark(parser, '(');

    if (!read_condition(parser, &branch->value))
        return false;
    if (in_parentheses && !parser_take_mark(parser, ')'))
        return parser_expected(parser, "`)`");
    if (token_is_word(&parser->token, "and") || token_is_word(&parser->token, "or")) {
        parser_error(parser, parser->token.where,
                     "the parentheses before this end the condition: put one more pair around the "
                     "whole of it");
        return false;
    }
    if (token_is_mark(&parser->token, '&') || token_is_mark(&parser->token, '|')) {
        parser_error(parser, parser->token.where,
                     "conditions are joined with the words `and` and `or`");
        return false;
    }
    return true;
}

static bool read_branch(struct parser *parser, struct action *branch)
{
    struct action_list body = {0};
    bool good = read_branch_condition(parser, branch);

    if (!parser_read_body(parser, &body, good))
        return false;
    branch->body = body.first;
    return true;
}

bool read_if(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct action *branch = add_action(parser, ACTION_IF, keyword.where);

    (void)statement;
    if (!read_branch(parser, branch))
        return false;
    for (;;) {
        struct action_list otherwise = {0};
        struct action_list *outer = parser->list;
        struct token word = parser->token;
        bool again = parser_take_word(parser, "elsif");

        if (!again && !parser_take_word(parser, "else"))
            return true;
        again = again || parser_take_word(parser, "if");
        if (!again) {
            bool good = parser_read_body(parser, &otherwise, true);

            branch->otherwise = otherwise.first;
            return good;
        }
        parser->list = &otherwise;
        branch->otherwise = add_action(parser, ACTION_IF, word.where);
        parser->list = outer;
        branch = otherwise.first;
        if (!read_branch(parser, branch))
            return false;
    }
}

static bool read_switch_value(struct parser *parser, struct action *made)
{
    if (!parser_take_mark(parser, '('))
        return parser_expected(parser, "`(`");
    if (!read_numeric_expression(parser, &made->value))
        return false;
    return parser_take_mark(parser, ')') || parser_expected(parser, "`)`");
}

bool read_switch(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct action *made = add_action(parser, ACTION_SWITCH, keyword.where);
    bool good = read_switch_value(parser, made), outer = parser->numbered;
    struct action_list body = {0};

    (void)statement;
    parser->switches++;
    parser->numbered = good && expression_type(made->value->kind) != TYPE_DATA;
    good = parser_read_body(parser, &body, good);
    parser->numbered = outer;
    parser->switches--;
    made->body = body.first;
    return good;
}

bool read_case(struct parser *parser, const struct statement *statement, struct token keyword)
{
    const struct expression **value;

    (void)statement;
    if (parser->switches == 0) {
        parser_error(parser, keyword.where, "`case` belongs in a `switch`");
        return false;
    }
    value = &add_action(parser, ACTION_CASE, keyword.where)->value;
    if (!(parser->numbered ? read_numeric_expression : read_expression)(parser, value))
        return false;
    return parser_take_mark(parser, ':') || parser_expected(parser, "`:`");
}

/* `default:` in a switch; else `default OPTION VALUE;`. */
bool read_default(struct parser *parser, const struct statement *statement, struct token keyword)
{
    if (parser->switches == 0 || !parser_take_mark(parser, ':'))
        return read_operation(parser, statement, keyword);
    add_action(parser, ACTION_DEFAULT, keyword.where);
    return true;
}

bool read_break(struct parser *parser, const struct statement *statement, struct token keyword)
{
    (void)statement;
    if (parser->bodies == 0)
        parser_warning(parser, keyword.where,
                       "`break` stands in no `switch`: what follows it in "
                       "these braces is not carried out");
    add_action(parser, ACTION_BREAK, keyword.where);
    return parser_end_statement(parser);
}

bool read_variable(struct parser *parser, const char **name)
{
    int64_t number;

    if (parser->token.kind != TOKEN_WORD || number_of(parser->token.text, &number) ||
        memchr(parser->token.text.data, '.', parser->token.text.length))
        return parser_expected(parser, "the name of a variable");
    if (is_reserved(parser->token.text)) {
        parser_error(parser, parser->token.where,
                     "`%.*s` is a word of the language: no variable can have that name",
                     (int)parser->token.text.length, (const char *)parser->token.text.data);
        return false;
    }
    return read_name(parser, "the name of a variable", name);
}

/* `(NAME, ...) { ... }`, behind the name of a function: bootwire runs none. */
static bool pass_function(struct parser *parser, const char *statement, struct position where)
{
    struct action_list body = {0};
    const char *argument;
    char what[32];

    snprintf(what, sizeof(what), "%s NAME (...)", statement);
    parser_ignore(parser, what, where);
    while (!parser_take_mark(parser, ')')) {
        if (!read_variable(parser, &argument))
            return false;
        if (!token_is_mark(&parser->token, ')') && !parser_take_mark(parser, ','))
            return parser_expected(parser, "`,` or `)`");
    }
    return parser_read_body(parser, &body, true);
}

/* `set` or `define`, `NAME = VALUE;`; dhcpd has two words for one thing. */
bool read_set(struct parser *parser, const struct statement *statement, struct token keyword)
{
    const struct expression *value;
    struct action *made;
    const char *name;

    if (!read_variable(parser, &name))
        return false;
    if (parser_take_mark(parser, '('))
        return pass_function(parser, statement->name, keyword.where);
    if (!parser_take_mark(parser, '='))
        return parser_expected(parser, "`=`");
    if (!read_expression(parser, &value))
        return false;
    made = add_action(parser, ACTION_SET, keyword.where);
    made->name = name;
    made->value = value;
    return parser_end_statement(parser);
}

bool read_unset(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct action *made = add_action(parser, ACTION_UNSET, keyword.where);

    (void)statement;
    return read_variable(parser, &made->name) && parser_end_statement(parser);
}

bool read_eval(struct parser *parser, const struct statement *statement, struct token keyword)
{
    (void)statement;
    return read_expression(parser, &add_action(parser, ACTION_EVAL, keyword.where)->value) &&
           parser_end_statement(parser);
}

/* `log ([fatal|error|info|debug,] DATA);` */
bool read_log(struct parser *parser, const struct statement *statement, struct token keyword)
{
    static const char *const levels[] = {"fatal", "error", "info", "debug"};
    struct action *made = add_action(parser, ACTION_LOG, keyword.where);

    (void)statement;
    made->level = LEVEL_INFO;
    if (!parser_take_mark(parser, '('))
        return parser_expected(parser, "`(`");
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (!parser_take_word(parser, levels[i]))
            continue;
        made->level = (enum action_level)i;
        if (!parser_take_mark(parser, ','))
            return parser_expected(parser, "`,`");
        break;
    }
    if (!read_data_expression(parser, &made->value))
        return false;
    if (!parser_take_mark(parser, ')'))
        return parser_expected(parser, "`)`");
    return parser_end_statement(parser);
}

/* FNV-1a over the text from `from` to the token taken last. */
static uint32_t mark_of(const struct parser *parser, const struct source *source, size_t from)
{
    uint32_t mark = 2166136261u;

    for (size_t i = from; source == parser->lexer.source && i < parser->last_offset; i++)
        mark = (mark ^ source->text.data[i]) * 16777619u;
    return mark;
}

static bool read_events(struct parser *parser, struct action *made)
{
    static const char *const events[] = {"commit", "expiry", "release"};

    do {
        size_t i = 0;

        while (i < 3 && !parser_take_word(parser, events[i]))
            i++;
        if (i == 3)
            return parser_expected(parser, "`commit`, `expiry` or `release`");
        made->events |= 1u << i;
    } while (parser_take_word(parser, "or"));
    return true;
}

/* `on commit or expiry { ... }` */
bool read_on(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct action *made = add_action(parser, ACTION_ON, keyword.where);
    const struct source *source = parser->lexer.source;
    struct action_list body = {0};
    bool good = read_events(parser, made);
    size_t from = parser->lexer.offset;

    (void)statement;
    good = parser_read_body(parser, &body, good);
    made->body = body.first;
    made->mark = mark_of(parser, source, from);
    return good;
}

/* `add "CLASS";` */
bool read_add(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct action *made = add_action(parser, ACTION_ADD_CLASS, keyword.where);
    const struct block *class;

    (void)statement;
    if (parser->token.kind != TOKEN_STRING)
        return parser_expected(parser, "the name of a class in quotes");
    class = known_class(parser);
    made->name = class ? class->name : "";
    return class && parser_end_statement(parser);
}

/* `append`, `prepend`, `default` and `supersede`, each with an option and a value. */
bool read_operation(struct parser *parser, const struct statement *statement, struct token keyword)
{
    const enum setting_operation operation =
        strcmp(statement->name, "append") == 0    ? SETTING_APPEND
        : strcmp(statement->name, "prepend") == 0 ? SETTING_PREPEND
        : strcmp(statement->name, "default") == 0 ? SETTING_DEFAULT
                                                  : SETTING_SUPERSEDE;
    bool good;

    parser->operation = operation;
    good = read_option(parser, statement, keyword);
    parser->operation = SETTING_SUPERSEDE;
    return good;
}
