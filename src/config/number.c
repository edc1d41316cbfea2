/* Statements whose value is a number: times, and what else is counted. */
#include "config/parser.h"

/* What stands behind `=`, as a number of `width` bytes. A value of another length counts for none,
 * as in dhcpd, and hides that of the scopes around. */
static bool read_computed_number(struct parser *parser, const struct statement *statement,
                                 struct token keyword, size_t width)
{
    const struct expression *expression;

    if (!read_data_expression(parser, &expression) || !parser_end_statement(parser))
        return false;
    if (expression->kind == EXPRESSION_CONSTANT && expression->constant.length != width) {
        parser_warning(
            parser, expression->where,
            "this value has no effect: behind `=` stand bytes, %zu here, and %s has %zu; "
            "write the number without `=`",
            expression->constant.length, statement->name, width);
        add_nothing(parser, SPACE_PARAMETER, statement->parameter, keyword.where);
        return true;
    }
    if (expression->kind == EXPRESSION_VARIABLE)
        parser_warning(parser, expression->where,
                       "`%s` is a variable here: write a number without `=`", expression->name);
    add_expression(parser, SPACE_PARAMETER, statement->parameter, expression, keyword.where);
    return true;
}

/* Seconds; -1 and `infinite` are forever, 0xffffffff on the wire (RFC 2131 section 3.3). */
bool read_lease_time(struct parser *parser, const struct statement *statement, struct token keyword)
{
    int64_t seconds = -1;
    bool equals = token_is_mark(&parser->token, '=');

    if (!parser_take_equals(parser))
        return false;
    if (equals)
        return read_computed_number(parser, statement, keyword, sizeof(uint32_t));
    if (!parser_take_word(parser, "infinite") &&
        !read_bits(parser, "a number of seconds", INT32_MIN, UINT32_MAX, &seconds))
        return false;
    if (!parser_end_statement(parser))
        return false;
    add_number(parser, statement->parameter, (uint32_t)seconds, keyword.where);
    return true;
}

bool read_seconds(struct parser *parser, const struct statement *statement, struct token keyword)
{
    int64_t seconds = INT32_MAX;
    bool equals = token_is_mark(&parser->token, '=');

    if (!parser_take_equals(parser))
        return false;
    if (equals)
        return read_computed_number(parser, statement, keyword, sizeof(uint32_t));
    if ((!(statement->parameter == PARAMETER_ABANDON_SECONDS &&
           parser_take_word(parser, "infinite")) &&
         !read_bits(parser, "a number of seconds", INT32_MIN, UINT32_MAX, &seconds)) ||
        !parser_end_statement(parser))
        return false;
    /* dhcpd reads negative ones as very long. */
    if (seconds < 0 || seconds > INT32_MAX)
        seconds = INT32_MAX;
    add_number(parser, statement->parameter, (uint32_t)seconds, keyword.where);
    return true;
}

/* With less than that a machine would wait for minutes after one long read. */
enum { BANDWIDTH_LEAST = 65536 };

bool read_bandwidth(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct token at = parser->token;
    int64_t bytes;

    if (!read_number(parser, "a number of bytes a second", 0, UINT32_MAX, &bytes))
        return false;
    if (bytes > 0 && bytes < BANDWIDTH_LEAST) {
        parser_error(parser, at.where,
                     "a bandwidth is at least %d bytes a second, or 0 for no limit",
                     BANDWIDTH_LEAST);
        return false;
    }
    if (!parser_end_statement(parser))
        return false;
    add_number(parser, statement->parameter, (uint32_t)bytes, keyword.where);
    return true;
}

bool read_port(struct parser *parser, const struct statement *statement, struct token keyword)
{
    uint8_t bytes[2];
    int64_t port;

    if (!read_number(parser, "a port, or 0 for none", 0, UINT16_MAX, &port) ||
        !parser_end_statement(parser))
        return false;
    bytes[0] = (uint8_t)(port >> 8);
    bytes[1] = (uint8_t)port;
    add_setting(parser, SPACE_PARAMETER, statement->parameter, slice_of(bytes, 2), keyword.where);
    return true;
}

/* `tftp-ports FIRST LAST;`: four bytes, two of each. */
bool read_port_range(struct parser *parser, const struct statement *statement, struct token keyword)
{
    enum { PORT_LEAST = 1024 };
    struct token at = parser->token;
    int64_t low, high;

    if (!read_number(parser, "the first port", PORT_LEAST, UINT16_MAX, &low) ||
        !read_number(parser, "the last port", PORT_LEAST, UINT16_MAX, &high))
        return false;
    if (low > high) {
        parser_error(parser, at.where, "the first port is above the last one: exchange them");
        return false;
    }
    if (!parser_end_statement(parser))
        return false;
    add_number(parser, statement->parameter, (uint32_t)(low << 16 | high), keyword.where);
    return true;
}

/* Seconds as they are, up to the end of 32 bits. */
bool read_moment(struct parser *parser, const struct statement *statement, struct token keyword)
{
    int64_t seconds = UINT32_MAX;
    bool equals = token_is_mark(&parser->token, '=');

    if (!parser_take_equals(parser))
        return false;
    if (equals)
        return read_computed_number(parser, statement, keyword, sizeof(uint32_t));
    if ((!(statement->parameter == PARAMETER_BOOTP_LEASE_CUTOFF &&
           parser_take_word(parser, "infinite")) &&
         !read_bits(parser, "a number of seconds", INT32_MIN, UINT32_MAX, &seconds)) ||
        !parser_end_statement(parser))
        return false;
    add_number(parser, statement->parameter, (uint32_t)seconds, keyword.where);
    return true;
}

/* A number of one byte; -1 is all its bits, as dhcpd reads it. */
bool read_byte(struct parser *parser, const struct statement *statement, struct token keyword)
{
    bool equals = token_is_mark(&parser->token, '=');
    int64_t number;
    uint8_t byte;

    if (!parser_take_equals(parser))
        return false;
    if (equals)
        return read_computed_number(parser, statement, keyword, 1);
    if (!read_number(parser, "a number", -1, UINT8_MAX, &number) || !parser_end_statement(parser))
        return false;
    byte = (uint8_t)number;
    add_setting(parser, SPACE_PARAMETER, statement->parameter, slice_of(&byte, 1), keyword.where);
    return true;
}

/* `tftp-rollover 1;` and their like. */
bool read_bounded_number(struct parser *parser, const struct statement *statement,
                         struct token keyword)
{
    static const struct {
        enum parameter parameter;
        const char *what;
        uint32_t least, greatest;
    } rows[] = {
        /* Without the option a block has 512 bytes (RFC 1350): no limit goes below. */
        {PARAMETER_TFTP_MAX_BLKSIZE, "a number of bytes from 512 to 65464", 512, 65464},
        {PARAMETER_TFTP_UPLOAD_MAX_SIZE, "a number of MiB from 1 to 1048576", 1, 1 << 20},
        {PARAMETER_TFTP_UPLOAD_MAX_TOTAL, "a number of MiB from 1 to 1048576", 1, 1 << 20},
        {PARAMETER_VERDICT_SILENCE, "a percentage from 1 to 10000", 1, 10000},
        {PARAMETER_TFTP_ROLLOVER, "0 or 1, the number of the block after 65535", 0, 1},
    };
    size_t row = 0;
    int64_t number;

    while (rows[row].parameter != statement->parameter)
        row++;
    if (!read_number(parser, rows[row].what, rows[row].least, rows[row].greatest, &number) ||
        !parser_end_statement(parser))
        return false;
    add_number(parser, statement->parameter, (uint32_t)number, keyword.where);
    return true;
}
