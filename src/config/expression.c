/* Expressions (dhcp-eval(5)): from tokens to the trees of model/expression.h. */
#include "config/parser.h"

#include <string.h>
#include <unistd.h>

/* What a place wants: it decides how a word of digits reads, as a number or as hexadecimal bytes.
 */
enum want { WANT_ANY, WANT_BOOLEAN, WANT_DATA, WANT_NUMBER };

static bool parse_chain(struct parser *parser, enum want want, unsigned depth,
                        const struct expression **expression);

static struct expression *new_expression(struct parser *parser, enum expression_kind kind,
                                         struct position where)
{
    struct expression *made = region_allocate(&parser->snapshot->region, sizeof(*made));

    made->kind = kind;
    made->where = where;
    return made;
}

static void set_operands(struct parser *parser, struct expression *expression,
                         const struct expression *const *operands, size_t count)
{
    const struct expression **copy =
        region_allocate(&parser->snapshot->region, (count + 1) * sizeof(*copy));

    for (size_t i = 0; i < count; i++)
        copy[i] = operands[i];
    expression->operands = copy;
    expression->operand_count = count;
}

/* One more operand of a node; the array doubles in the region, which only ever grows. */
static void append_operand(struct parser *parser, struct expression *expression,
                           const struct expression *operand)
{
    size_t count = expression->operand_count;
    const struct expression **operands = (const struct expression **)expression->operands;

    if ((count & (count - 1)) == 0) {
        operands = region_allocate(&parser->snapshot->region, (2 * count + 1) * sizeof(*operands));
        if (count > 0)
            memcpy(operands, expression->operands, count * sizeof(*operands));
        expression->operands = operands;
    }
    operands[expression->operand_count++] = operand;
}

static bool takes_mark(struct parser *parser, char mark)
{
    const char what[] = {'`', mark, '`', '\0'};

    return parser_take_mark(parser, mark) || parser_expected(parser, what);
}

static bool is_hex(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!memchr("0123456789abcdefABCDEF", text.data[i], 22))
            return false;
    }
    return text.length > 0;
}

/* Whether a colon and a byte follow; the colon of `case 1:` is none of these. */
static bool another_byte(const struct parser *parser)
{
    struct lexer ahead = parser->lexer;
    struct token next;

    if (!token_is_mark(&parser->token, ':'))
        return false;
    next = lexer_next(&ahead);
    return next.kind == TOKEN_WORD && is_hex(next.text);
}

/* Bytes in hexadecimal with colons between them. */
static bool parse_bytes(struct parser *parser, struct expression *expression)
{
    uint8_t bytes[OPTION_VALUE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));

    do {
        uint8_t octet;

        if (!read_octet(parser, "a byte in hexadecimal", &octet))
            return false;
        writer_u8(&w, octet);
    } while (another_byte(parser) && parser_take_mark(parser, ':'));
    if (w.failed) {
        parser_error(parser, expression->where, "these are more than %d bytes", OPTION_VALUE_MAX);
        return false;
    }
    expression->constant = region_slice(&parser->snapshot->region, slice_of(bytes, w.length));
    return true;
}

/* The name of an option, for `option`, `config-option` and `exists`. */
static bool parse_option_reference(struct parser *parser, struct expression *expression)
{
    struct option_reference option;

    if (!read_option_name(parser, &option))
        return false;
    /* What the reply has of a statement. */
    if (space_is_server(option.space) && expression->kind == EXPRESSION_CONFIG_OPTION &&
        option.code < PARAMETER_COUNT)
        option.space = SPACE_PARAMETER;
    expression->space = option.space;
    expression->code = option.code;
    return true;
}

/* `hardware`; nothing follows it. */
static bool parse_width(struct parser *parser, struct expression *expression)
{
    int64_t width;

    if (!read_number(parser, "a width of 8, 16 or 32 bits", 8, 32, &width))
        return false;
    if (width != 8 && width != 16 && width != 32) {
        parser_error(parser, expression->where, "the width of a number is 8, 16 or 32 bits");
        return false;
    }
    expression->width = (unsigned)width;
    return true;
}

/* Functions by the form of what stands between their parentheses: d data, n number, w a width that
 * is no operand, h a host name in quotes, * the last again with commas between, and nothing: no
 * parentheses. */
static const struct function {
    const char *name, *form;
    enum expression_kind kind;
} functions[] = {
    {"binary-to-ascii", "nndd", EXPRESSION_BINARY_TO_ASCII},
    {"client-state", "", EXPRESSION_CLIENT_STATE},
    {"concat", "dd*", EXPRESSION_CONCAT},
    {"encode-int", "nw", EXPRESSION_ENCODE_INT},
    {"extract-int", "dw", EXPRESSION_EXTRACT_INT},
    {"filename", "", EXPRESSION_FILENAME},
    {"gethostbyname", "h", EXPRESSION_CONSTANT},
    {"gethostname", "()", EXPRESSION_CONSTANT},
    {"hardware", "", EXPRESSION_HARDWARE},
    {"host-decl-name", "", EXPRESSION_HOST_DECL_NAME},
    {"known", "", EXPRESSION_KNOWN},
    {"lcase", "d", EXPRESSION_LCASE},
    {"lease-time", "", EXPRESSION_LEASE_TIME},
    {"leased-address", "", EXPRESSION_LEASED_ADDRESS},
    {"next-server", "", EXPRESSION_NEXT_SERVER},
    {"null", "", EXPRESSION_NOTHING},
    {"packet", "nn", EXPRESSION_PACKET},
    {"pick", "d*", EXPRESSION_PICK},
    {"pick-first-value", "d*", EXPRESSION_PICK},
    {"reverse", "nd", EXPRESSION_REVERSE},
    {"server-name", "", EXPRESSION_SERVER_NAME},
    {"static", "", EXPRESSION_STATIC},
    {"substring", "dnn", EXPRESSION_SUBSTRING},
    {"suffix", "dn", EXPRESSION_SUFFIX},
    {"ucase", "d", EXPRESSION_UCASE},
};

enum { FUNCTION_COUNT = sizeof(functions) / sizeof(functions[0]) };

static const struct function *function_of(const struct token *token)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (token_is_word(token, functions[i].name))
            return &functions[i];
    }
    return NULL;
}

static const char *next_function_name(size_t index)
{
    return index < FUNCTION_COUNT ? functions[index].name : NULL;
}

/* One operand, which must give what the form says. */
static bool parse_operand(struct parser *parser, char form, unsigned depth,
                          const struct expression **operand)
{
    bool number = form == 'n';
    struct position where = parser->token.where;
    enum expression_type type;

    if (!parse_chain(parser, number ? WANT_NUMBER : WANT_DATA, depth + 1, operand))
        return false;
    type = expression_type((*operand)->kind);
    if (type == TYPE_ANY || type == (number ? TYPE_NUMBER : TYPE_DATA))
        return true;
    parser_error(parser, where, "expected %s here", number ? "a number" : "data");
    return false;
}

/* `gethostbyname ("NAME")`: the addresses that the name has when the file is read. */
static bool parse_host_name(struct parser *parser, struct expression *expression)
{
    uint8_t bytes[HOST_NAME_ADDRESSES_MAX * sizeof(uint32_t)];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct position where = parser->token.where;
    const struct host_name *name;
    struct slice text;

    if (!read_string(parser, "the name of a host", &text))
        return false;
    name = find_host_name(parser, text, where);
    for (size_t i = 0; name && i < name->address_count; i++)
        writer_be32(&w, name->addresses[i]);
    expression->constant = region_slice(&parser->snapshot->region, slice_of(bytes, w.length));
    if (!name)
        expression->kind = EXPRESSION_NOTHING;
    return true;
}

static bool parse_arguments(struct parser *parser, const char *form, unsigned depth,
                            struct expression *expression)
{
    const struct expression *operand;

    if (*form == '\0')
        return true;
    if (!takes_mark(parser, '('))
        return false;
    if (*form == '(') {
        char name[256] = "";

        /* This machine's own: it stays as it is while the file is read. */
        if (gethostname(name, sizeof(name) - 1) != 0)
            expression->kind = EXPRESSION_NOTHING;
        expression->constant = region_slice(&parser->snapshot->region, slice_of_string(name));
        return takes_mark(parser, ')');
    }
    if (*form == 'h')
        return parse_host_name(parser, expression) && takes_mark(parser, ')');
    for (bool first = true; *form != '\0'; first = false) {
        if (*form == '*' && !token_is_mark(&parser->token, ','))
            break;
        if (!first && !takes_mark(parser, ','))
            return false;
        if (*form == 'w') {
            if (!parse_width(parser, expression))
                return false;
        } else if (!parse_operand(parser, *form == '*' ? form[-1] : *form, depth, &operand)) {
            return false;
        } else {
            append_operand(parser, expression, operand);
        }
        if (*form != '*')
            form++;
    }
    return takes_mark(parser, ')');
}

/* `defined (NAME)`; `check "CLASS"`. */
static bool parse_name_of(struct parser *parser, struct expression *expression)
{
    if (expression->kind == EXPRESSION_MEMBER)
        return read_name(parser, "the name of a class", &expression->name);
    return takes_mark(parser, '(') && read_variable(parser, &expression->name) &&
           takes_mark(parser, ')');
}

/* A call of a function that the file defines, or that nobody knows, which dhcpd lets pass: bootwire
 * runs none. */
static bool parse_call(struct parser *parser, struct expression *expression, unsigned depth)
{
    const struct expression *unused;

    /* A variable that nobody can set. */
    expression->name = region_printf(&parser->snapshot->region, "%s ()", expression->name);
    parser_take(parser);
    while (!token_is_mark(&parser->token, ')')) {
        if (!parse_chain(parser, WANT_DATA, depth + 1, &unused))
            return false;
        if (!parser_take_mark(parser, ','))
            break;
    }
    return takes_mark(parser, ')');
}

static bool parse_variable(struct parser *parser, unsigned depth, struct expression *expression)
{
    static const char what[] = "an expression";
    struct token word = parser->token;
    const char *nearest;
    char found[TOKEN_TEXT_SIZE];

    if (statement_by_name(parser->token.text) ||
        memchr(parser->token.text.data, '.', parser->token.text.length) ||
        is_keyword_without_value(parser->token.text) || token_is_word(&parser->token, "and") ||
        token_is_word(&parser->token, "or"))
        return parser_expected(parser, what);
    if (!read_name(parser, what, &expression->name))
        return false;
    if (!token_is_mark(&parser->token, '('))
        return true;
    token_text(found, &word);
    nearest = nearest_name(word.text, next_function_name);
    if (nearest)
        parser_warning(parser, expression->where,
                       "there is no function %s, so this has no value; the nearest one is `%s`",
                       found, nearest);
    else
        parser_warning(parser, expression->where,
                       "functions of one's own have no effect in bootwire: %s gives no value",
                       found);
    return parse_call(parser, expression, depth);
}

static bool parse_not(struct parser *parser, unsigned depth, struct expression *expression);

/* `0x1f` is a number in statements, but not in expressions. */
static bool begins_hexadecimal(struct slice text)
{
    return text.length > 1 && text.data[0] == '0' && (text.data[1] == 'x' || text.data[1] == 'X');
}

/* The words that are followed by something other than parentheses with a list. */
static bool parse_word(struct parser *parser, enum want want, unsigned depth,
                       struct expression *expression)
{
    static const struct {
        const char *word;
        enum expression_kind kind;
        bool (*read)(struct parser *parser, struct expression *expression);
    } words[] = {
        {"option", EXPRESSION_OPTION, parse_option_reference},
        {"config-option", EXPRESSION_CONFIG_OPTION, parse_option_reference},
        {"exists", EXPRESSION_EXISTS, parse_option_reference},
        {"defined", EXPRESSION_DEFINED, parse_name_of},
        {"check", EXPRESSION_MEMBER, parse_name_of},
    };
    const struct function *function = function_of(&parser->token);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (parser_take_word(parser, words[i].word)) {
            expression->kind = words[i].kind;
            return words[i].read(parser, expression);
        }
    }
    if (token_is_word(&parser->token, "not"))
        return parse_not(parser, depth, expression);
    if (function) {
        parser_take(parser);
        expression->kind = function->kind;
        return parse_arguments(parser, function->form, depth, expression);
    }
    if (begins_hexadecimal(parser->token.text))
        return parser_expected(parser, "a number or bytes without `0x`");
    if (want == WANT_NUMBER && number_of(parser->token.text, &expression->number)) {
        expression->kind = EXPRESSION_NUMBER;
        parser_take(parser);
        return true;
    }
    expression->kind = EXPRESSION_CONSTANT;
    if (is_hex(parser->token.text))
        return parse_bytes(parser, expression);
    expression->kind = EXPRESSION_VARIABLE;
    return parse_variable(parser, depth, expression);
}

/* One operand: what stands on a side of `=`, `and` and their like. */
static bool parse_single(struct parser *parser, enum want want, unsigned depth,
                         const struct expression **expression)
{
    struct expression *made;

    if (depth > EXPRESSION_DEPTH_MAX / 2) {
        parser_error(parser, parser->token.where, "this expression is too deep");
        return false;
    }
    if (parser_take_mark(parser, '('))
        return parse_chain(parser, want, depth + 1, expression) && takes_mark(parser, ')');
    if (parser->token.kind != TOKEN_STRING && parser->token.kind != TOKEN_WORD)
        return parser_expected(parser, "an expression");
    made = new_expression(parser, EXPRESSION_CONSTANT, parser->token.where);
    *expression = made;
    if (parser->token.kind == TOKEN_STRING) {
        made->constant = region_slice(&parser->snapshot->region, parser_take(parser).text);
        return true;
    }
    return parse_word(parser, want, depth, made);
}

/* `not` reaches over one operand only: `not option x = "y"` is no boolean, as in dhcpd. */
static bool parse_not(struct parser *parser, unsigned depth, struct expression *expression)
{
    const struct expression *operand;
    enum expression_type type;

    parser_take(parser);
    expression->kind = EXPRESSION_NOT;
    if (!parse_single(parser, WANT_BOOLEAN, depth + 1, &operand))
        return false;
    type = expression_type(operand->kind);
    if (type != TYPE_BOOLEAN && type != TYPE_ANY) {
        parser_error(parser, operand->where,
                     "`not` stands before a condition: write `not (... = ...)`");
        return false;
    }
    set_operands(parser, expression, &operand, 1);
    return true;
}

/* How tight binary operators bind, in dhcpd's order, which is not that of arithmetic. */
enum { RANK_PRODUCT = 1, RANK_SUM, RANK_CONDITION, RANK_COMPARISON, RANK_BITS };

static const struct operator
{
    const char *text;
    enum expression_kind kind;
    unsigned rank;
}
operators[] = {
    {"=", EXPRESSION_EQUAL, RANK_COMPARISON},
    {"!=", EXPRESSION_NOT_EQUAL, RANK_COMPARISON},
    {"~=", EXPRESSION_MATCHES, RANK_COMPARISON},
    {"~~", EXPRESSION_MATCHES_CASE, RANK_COMPARISON},
    {"and", EXPRESSION_AND, RANK_CONDITION},
    {"or", EXPRESSION_OR, RANK_CONDITION},
    {"+", EXPRESSION_ADD, RANK_SUM},
    {"-", EXPRESSION_SUBTRACT, RANK_SUM},
    {"/", EXPRESSION_DIVIDE, RANK_PRODUCT},
    {"*", EXPRESSION_MULTIPLY, RANK_PRODUCT},
    {"%", EXPRESSION_REMAINDER, RANK_PRODUCT},
    {"&", EXPRESSION_BIT_AND, RANK_BITS},
    {"|", EXPRESSION_BIT_OR, RANK_BITS},
    {"^", EXPRESSION_BIT_XOR, RANK_BITS},
};

static const struct operator* peek_operator(const struct parser *parser)
{
    struct lexer ahead = parser->lexer;
    struct token second = {.kind = TOKEN_END};

    if (token_is_mark(&parser->token, '!') || token_is_mark(&parser->token, '~'))
        second = lexer_next(&ahead);
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        const char *text = operators[i].text;

        if (parser->token.kind == TOKEN_WORD
                ? token_is_word(&parser->token, text)
                : token_is_mark(&parser->token, text[0]) &&
                      (text[1] == '\0' || token_is_mark(&second, text[1])))
            return &operators[i];
    }
    return NULL;
}

static bool take_operator(struct parser *parser, const struct operator* op)
{
    struct token first = parser_take(parser);

    if (first.kind == TOKEN_MARK && op->text[1] != '\0')
        parser_take(parser);
    if (op->kind != EXPRESSION_EQUAL || !token_is_mark(&parser->token, '='))
        return true;
    parser_error(parser, parser->token.where,
                 "`==` is not of this language: a value is set, and compared, with one `=`");
    return false;
}

static enum want want_beside(const struct operator* op, const struct expression *left)
{
    enum expression_type type = expression_type(left->kind);

    if (op->rank == RANK_CONDITION)
        return WANT_BOOLEAN;
    if (op->rank != RANK_COMPARISON || type == TYPE_NUMBER)
        return WANT_NUMBER;
    return type == TYPE_BOOLEAN ? WANT_BOOLEAN : WANT_DATA;
}

/* Both sides of `and` and `or` are conditions, those of a comparison of one type. */
static bool check_sides(struct parser *parser, const struct operator* op,
                        const struct expression *left, const struct expression *right)
{
    enum expression_type a = expression_type(left->kind), b = expression_type(right->kind);

    if (op->rank == RANK_CONDITION) {
        const struct expression *wrong = a != TYPE_BOOLEAN && a != TYPE_ANY   ? left
                                         : b != TYPE_BOOLEAN && b != TYPE_ANY ? right
                                                                              : NULL;

        if (wrong)
            parser_error(parser, wrong->where, "expected a condition beside `%s`", op->text);
        return !wrong;
    }
    if (a == TYPE_BOOLEAN || b == TYPE_BOOLEAN) {
        parser_error(parser, (a == TYPE_BOOLEAN ? left : right)->where,
                     "a condition cannot be compared: join it with `and` or `or`");
        return false;
    }
    if ((a == TYPE_NUMBER && b == TYPE_DATA) || (a == TYPE_DATA && b == TYPE_NUMBER)) {
        parser_error(parser, (a == TYPE_NUMBER ? right : left)->where,
                     "a number cannot be compared with data: put `extract-int (..., WIDTH)` around "
                     "this, or write a plain number on the right");
        return false;
    }
    /* dhcpd must see by the right side itself that it is data. */
    if (op->kind == EXPRESSION_MATCHES && right->kind == EXPRESSION_VARIABLE) {
        parser_error(parser, right->where,
                     "no variable, and no call, can stand on the right of `~=`: write the "
                     "expression itself, or use `~~`, to which letters of either case are alike");
        return false;
    }
    if (op->kind == EXPRESSION_MATCHES || op->kind == EXPRESSION_MATCHES_CASE)
        return check_pattern(parser, right);
    if (left->kind == EXPRESSION_OPTION && left->space == SPACE_DHCP && left->code == 93 &&
        right->kind == EXPRESSION_CONSTANT && right->constant.length == 1)
        parser_warning(parser, right->where,
                       "this is one byte, and the option has two: they are never equal; write "
                       "00:%02x",
                       right->constant.data[0]);
    return true;
}

/* The left side of an operator whose right side is still to be read. */
struct pending {
    const struct expression *left;
    const struct operator* op;
    unsigned links;
    const struct pending *outer;
};

/* What parse_chain() has read so far. */
struct chain {
    const struct expression *left;
    const struct operator* op;   /* behind `left`; NULL: only one operand has been read */
    struct expression *made;     /* `left` where it is a node of this chain's own */
    const struct pending *outer; /* the innermost */
    unsigned links;              /* nodes above one another in `left` */
    unsigned depth;
};

static struct expression *link_node(struct parser *parser, struct chain *chain,
                                    const struct operator* op, struct position where)
{
    if (chain->links++ + chain->depth <= EXPRESSION_DEPTH_MAX / 2)
        return new_expression(parser, op->kind, where);
    parser_error(parser, where, "this expression is too deep: use `elsif`");
    return NULL;
}

/* `left op right` becomes the left side. `a or b or c` is one node, so that it may be as long as a
 * file writes it. */
static bool join_left(struct parser *parser, struct chain *chain, const struct expression *right)
{
    const struct expression *sides[2] = {chain->left, right};

    if (!check_sides(parser, chain->op, chain->left, right))
        return false;
    if (chain->made && chain->made->kind == chain->op->kind && chain->op->rank == RANK_CONDITION) {
        append_operand(parser, chain->made, right);
        return true;
    }
    chain->made = link_node(parser, chain, chain->op, right->where);
    if (!chain->made)
        return false;
    set_operands(parser, chain->made, sides, 2);
    chain->left = chain->made;
    return true;
}

/* The right side begins with an operator that binds tighter: it takes all that follows. */
static void suspend(struct parser *parser, struct chain *chain, const struct expression *right)
{
    struct pending *pending = region_allocate(&parser->snapshot->region, sizeof(*pending));

    *pending = (struct pending){chain->left, chain->op, chain->links, chain->outer};
    chain->outer = pending;
    chain->left = right;
    chain->links = 0;
    chain->made = NULL;
}

/* Joins the suspended left sides to what has been read, the innermost first; those of one `and` or
 * `or` in one node. */
static bool join_suspended(struct parser *parser, struct chain *chain)
{
    while (chain->outer) {
        const struct pending *first = chain->outer;
        const struct operator* op = first->op;
        const struct expression **operands;
        struct expression *made;
        size_t count = 1;

        for (const struct pending *at = first;
             at && (at == first || (op->rank == RANK_CONDITION && at->op == op)); at = at->outer) {
            count++;
            if (chain->links < at->links)
                chain->links = at->links;
        }
        made = link_node(parser, chain, op, first->left->where);
        if (!made)
            return false;
        operands = region_allocate(&parser->snapshot->region, count * sizeof(*operands));
        operands[count - 1] = chain->left;
        for (size_t i = count - 1; i-- > 0; chain->outer = chain->outer->outer) {
            if (!check_sides(parser, op, chain->outer->left, chain->left))
                return false;
            operands[i] = chain->outer->left;
        }
        made->operands = operands;
        made->operand_count = count;
        chain->left = made;
    }
    return true;
}

/* Operands with operators between them. As in dhcpd, an operator that binds tighter than the one
 * before it takes all that follows on its left side: `a and b = c or d` is `a and (b = c or d)`,
 * and `a = b or c and d` is `((a = b) or c) and d`. */
static bool parse_chain(struct parser *parser, enum want want, unsigned depth,
                        const struct expression **expression)
{
    struct chain chain = {.depth = depth};
    const struct operator* next;
    const struct expression *right;

    do {
        if (!parse_single(parser, want, depth, &right))
            return false;
        next = peek_operator(parser);
        if (!chain.op)
            chain.left = right;
        else if (next && next->rank > chain.op->rank)
            suspend(parser, &chain, right);
        else if (!join_left(parser, &chain, right))
            return false;
        if (next && !take_operator(parser, next))
            return false;
        if (next)
            want = want_beside(next, chain.left);
        chain.op = next;
    } while (next);
    *expression = chain.left;
    if (!join_suspended(parser, &chain))
        return false;
    *expression = chain.left;
    return true;
}

bool read_expression(struct parser *parser, const struct expression **expression)
{
    return parse_chain(parser, WANT_DATA, 0, expression);
}

bool read_numeric_expression(struct parser *parser, const struct expression **expression)
{
    return parse_chain(parser, WANT_NUMBER, 0, expression);
}

bool read_data_expression(struct parser *parser, const struct expression **expression)
{
    struct position where = parser->token.where;
    enum expression_type type;

    if (!read_expression(parser, expression))
        return false;
    type = expression_type((*expression)->kind);
    if (type == TYPE_DATA || type == TYPE_ANY)
        return true;
    parser_error(parser, where, "expected data, found a %s: %s",
                 type == TYPE_BOOLEAN ? "condition" : "number",
                 type == TYPE_BOOLEAN ? "`if` can choose between two values"
                                      : "`encode-int` makes data of it");
    return false;
}

bool read_condition(struct parser *parser, const struct expression **expression)
{
    struct position where = parser->token.where;
    enum expression_type type;

    if (!parse_chain(parser, WANT_BOOLEAN, 0, expression))
        return false;
    type = expression_type((*expression)->kind);
    if (type == TYPE_BOOLEAN || type == TYPE_ANY)
        return true;
    parser_error(parser, where,
                 "expected a condition: compare this value with `=`, or ask "
                 "whether it `exists`");
    return false;
}
