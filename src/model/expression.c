#include "model/expression.h"

#include <stdio.h>

char *position_text(char *to, size_t size, struct position where)
{
    to[0] = 0;
    if (where.file)
        snprintf(to, size, "%s:%u", where.file, where.line);
    return to;
}

/* What each kind is: its type and its number of operands. */
static const struct {
    enum expression_type type;
    uint8_t least;
    bool more; /* any number above */
} kinds[EXPRESSION_KIND_COUNT] = {
    [EXPRESSION_EQUAL] = {TYPE_BOOLEAN, 2, false},
    [EXPRESSION_NOT_EQUAL] = {TYPE_BOOLEAN, 2, false},
    [EXPRESSION_MATCHES] = {TYPE_BOOLEAN, 2, false},
    [EXPRESSION_MATCHES_CASE] = {TYPE_BOOLEAN, 2, false},
    [EXPRESSION_AND] = {TYPE_BOOLEAN, 2, true},
    [EXPRESSION_OR] = {TYPE_BOOLEAN, 2, true},
    [EXPRESSION_NOT] = {TYPE_BOOLEAN, 1, false},
    [EXPRESSION_EXISTS] = {TYPE_BOOLEAN, 0, false},
    [EXPRESSION_KNOWN] = {TYPE_BOOLEAN, 0, false},
    [EXPRESSION_STATIC] = {TYPE_BOOLEAN, 0, false},
    [EXPRESSION_DEFINED] = {TYPE_BOOLEAN, 0, false},
    [EXPRESSION_MEMBER] = {TYPE_BOOLEAN, 0, false},
    [EXPRESSION_CONSTANT] = {TYPE_DATA, 0, false},
    [EXPRESSION_OPTION] = {TYPE_DATA, 0, false},
    [EXPRESSION_CONFIG_OPTION] = {TYPE_DATA, 0, false},
    [EXPRESSION_SUBSTRING] = {TYPE_DATA, 3, false},
    [EXPRESSION_SUFFIX] = {TYPE_DATA, 2, false},
    [EXPRESSION_CONCAT] = {TYPE_DATA, 1, true},
    [EXPRESSION_LCASE] = {TYPE_DATA, 1, false},
    [EXPRESSION_UCASE] = {TYPE_DATA, 1, false},
    [EXPRESSION_HARDWARE] = {TYPE_DATA, 0, false},
    [EXPRESSION_HARDWARE_TYPE] = {TYPE_NUMBER, 0, false},
    [EXPRESSION_PACKET] = {TYPE_DATA, 2, false},
    [EXPRESSION_REVERSE] = {TYPE_DATA, 2, false},
    [EXPRESSION_LEASED_ADDRESS] = {TYPE_DATA, 0, false},
    [EXPRESSION_PICK] = {TYPE_DATA, 1, true},
    [EXPRESSION_BINARY_TO_ASCII] = {TYPE_DATA, 4, false},
    [EXPRESSION_ENCODE_INT] = {TYPE_DATA, 1, false},
    [EXPRESSION_HOST_DECL_NAME] = {TYPE_DATA, 0, false},
    [EXPRESSION_FILENAME] = {TYPE_DATA, 0, false},
    [EXPRESSION_SERVER_NAME] = {TYPE_DATA, 0, false},
    [EXPRESSION_CONFIG_FILENAME] = {TYPE_DATA, 0, false},
    [EXPRESSION_CONFIG_SERVER_NAME] = {TYPE_DATA, 0, false},
    [EXPRESSION_NEXT_SERVER] = {TYPE_DATA, 0, false},
    [EXPRESSION_CLIENT_STATE] = {TYPE_DATA, 0, false},
    [EXPRESSION_NOTHING] = {TYPE_DATA, 0, false},
    [EXPRESSION_NUMBER] = {TYPE_NUMBER, 0, false},
    [EXPRESSION_EXTRACT_INT] = {TYPE_NUMBER, 1, false},
    [EXPRESSION_LEASE_TIME] = {TYPE_NUMBER, 0, false},
    [EXPRESSION_ADD] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_SUBTRACT] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_MULTIPLY] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_DIVIDE] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_REMAINDER] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_BIT_AND] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_BIT_OR] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_BIT_XOR] = {TYPE_NUMBER, 2, false},
    [EXPRESSION_VARIABLE] = {TYPE_ANY, 0, false},
};

enum expression_type expression_type(enum expression_kind kind)
{
    return kinds[kind].type;
}

size_t expression_operands(enum expression_kind kind, size_t *most)
{
    *most = kinds[kind].more ? SIZE_MAX : kinds[kind].least;
    return kinds[kind].least;
}

bool expression_asks_client(const struct expression *expression)
{
    switch (expression->kind) {
    case EXPRESSION_EXISTS:
    case EXPRESSION_OPTION:
    case EXPRESSION_FILENAME:
    case EXPRESSION_SERVER_NAME:
    case EXPRESSION_NEXT_SERVER:
    case EXPRESSION_PACKET:
    case EXPRESSION_CONFIG_OPTION:
    case EXPRESSION_CONFIG_FILENAME:
    case EXPRESSION_CONFIG_SERVER_NAME:
    case EXPRESSION_LEASE_TIME:
    case EXPRESSION_VARIABLE:
    case EXPRESSION_DEFINED:
    case EXPRESSION_MEMBER:
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < expression->operand_count; i++) {
        if (expression_asks_client(expression->operands[i]))
            return true;
    }
    return false;
}
