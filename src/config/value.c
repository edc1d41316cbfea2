#include "config/parser.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* As parser_expected(); a value in quotes that belongs out of them is told so. */
static bool expected_bare(struct parser *parser, const char *what)
{
    char found[TOKEN_TEXT_SIZE];

    if (parser->token.kind != TOKEN_STRING)
        return parser_expected(parser, what);
    parser_error(parser, parser->token.where, "expected %s, found %s: write it without quotes",
                 what, token_text(found, &parser->token));
    return false;
}

bool read_address(struct parser *parser, uint32_t *address)
{
    const struct token *token = &parser->token;
    bool has_letter = false;
    char found[TOKEN_TEXT_SIZE];

    if (token->kind != TOKEN_WORD)
        return expected_bare(parser, "an IPv4 address");
    if (ipv4_parse((const char *)token->text.data, token->text.length, address)) {
        parser_take(parser);
        return true;
    }
    for (size_t i = 0; i < token->text.length; i++)
        has_letter |= isalpha(token->text.data[i]) != 0;
    token_text(found, token);
    if (has_letter)
        parser_error(parser, token->where,
                     "expected an IPv4 address, found the name %s: no name can stand here", found);
    else
        parser_error(parser, token->where,
                     "%s is no IPv4 address: it has four numbers from 0 to 255 with dots between "
                     "them",
                     found);
    return false;
}

/* A sign may stand before them. */
static bool is_digits(struct slice text)
{
    for (size_t i = text.length > 1 && text.data[0] == '-'; i < text.length; i++) {
        if (!isdigit(text.data[i]))
            return false;
    }
    return true;
}

bool is_dotted_name(const struct token *token)
{
    struct slice text = token->text;

    for (size_t i = 0; i < text.length; i++) {
        int c = text.data[i];
        bool starts = i == 0 || text.data[i - 1] == '.';

        if (!isalnum(c) && c != '-' && (starts || !strchr("_.", c)))
            return false;
    }
    return token->kind == TOKEN_WORD;
}

/* Whether a word is a host name to dhcpd. Two numbers in front make it an address, or something
 * that was meant as one. */
static bool is_host_name(const struct token *token)
{
    struct slice text = token->text;
    const uint8_t *end, *dot, *second;

    if (!is_dotted_name(token))
        return false;
    end = text.data + text.length;
    dot = memchr(text.data, '.', text.length);
    if (!dot || !is_digits(slice_of(text.data, (size_t)(dot - text.data))))
        return true;
    second = memchr(dot + 1, '.', (size_t)(end - dot - 1));
    return !is_digits(slice_of(dot + 1, (size_t)((second ? second : end) - dot - 1)));
}

const struct host_name *find_host_name(struct parser *parser, struct slice text,
                                       struct position where)
{
    const struct host_name *name = host_names_get(parser->names, text);
    char found[TOKEN_TEXT_SIZE];

    if (name && name->address_count > 0)
        return name;
    text_printable(found, sizeof(found), text);
    if (name)
        parser_warning(parser, where,
                       "the name `%s` has no IPv4 address now: what needs it stays unset until "
                       "this file is read again",
                       found);
    else
        parser_warning(parser, where, "more than %d names: `%s` is not looked up", HOST_NAMES_MAX,
                       found);
    parser->unknown_name = true;
    return NULL;
}

bool read_addresses(struct parser *parser, const uint32_t **addresses, size_t *count)
{
    struct token token = parser->token;
    const struct host_name *name;
    uint32_t *address;

    if (is_host_name(&token)) {
        parser_take(parser);
        if (is_digits(token.text))
            parser_warning(parser, token.where,
                           "expected an IPv4 address, found a number: it is taken for the name of "
                           "a host, as dhcpd does");
        name = find_host_name(parser, token.text, token.where);
        *addresses = name ? name->addresses : NULL;
        *count = name ? name->address_count : 0;
        return true;
    }
    address = region_allocate(parser->region, sizeof(*address));
    *addresses = address;
    *count = 1;
    return read_address(parser, address);
}

bool pass_place(struct parser *parser)
{
    uint32_t address;

    if (!is_host_name(&parser->token))
        return read_address(parser, &address);
    parser_take(parser);
    return true;
}

/* A number as C and dhcpd write it: decimal, 0x hexadecimal, 0 octal; a sign may stand before
 * digits only. */
bool number_of(struct slice text, int64_t *number)
{
    size_t i = 0;
    bool negative = false;
    int base = 10;
    int64_t value = 0;

    if (i < text.length && text.data[i] == '-') {
        negative = true;
        i++;
    }
    if (!negative && text.length - i > 2 && text.data[i] == '0' &&
        tolower(text.data[i + 1]) == 'x') {
        base = 16;
        i += 2;
    } else if (text.length - i > 1 && text.data[i] == '0') {
        base = 8;
        i++;
    }
    if (i == text.length)
        return false;
    for (; i < text.length; i++) {
        int c = tolower(text.data[i]);
        int digit = isdigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;

        if (digit >= base)
            return false;
        /* Far past every limit: stay there. */
        if (value < INT64_MAX / 32)
            value = value * base + digit;
    }
    *number = negative ? -value : value;
    return true;
}

bool read_number(struct parser *parser, const char *what, int64_t least, int64_t greatest,
                 int64_t *number)
{
    char found[TOKEN_TEXT_SIZE];

    if (parser->token.kind != TOKEN_WORD || !number_of(parser->token.text, number))
        return expected_bare(parser, what);
    if (*number < least || *number > greatest) {
        parser_error(parser, parser->token.where,
                     "expected %s from %" PRId64 " to %" PRId64 ", found %s", what, least, greatest,
                     token_text(found, &parser->token));
        return false;
    }
    parser_take(parser);
    return true;
}

bool read_plain_number(struct parser *parser, const char *what, int64_t greatest, int64_t *number)
{
    struct slice text = parser->token.text;

    if (parser->token.kind == TOKEN_WORD && text.length > 1 && strchr("xX", text.data[1]))
        return parser_expected(parser, what);
    return read_bits(parser, what, 0, greatest, number);
}

bool read_bits(struct parser *parser, const char *what, int64_t least, int64_t greatest,
               int64_t *number)
{
    /* Longer numbers are not kept whole. */
    const int64_t known = INT64_MAX / 32;
    int64_t ahead;

    if (greatest == UINT32_MAX && parser->token.kind == TOKEN_WORD &&
        number_of(parser->token.text, &ahead) && ahead > greatest && ahead < known) {
        *number = (uint32_t)ahead;
        parser_warning(parser, parser->token.where,
                       "this number has more than 32 bits: it counts as %" PRId64, *number);
        parser_take(parser);
        return true;
    }
    return read_number(parser, what, least, greatest, number);
}

bool read_digits(struct parser *parser, const char *what, int64_t *number)
{
    struct slice text = parser->token.text;
    bool sign = text.length > 1 && text.data[0] == '-';

    *number = 0;
    for (size_t i = sign; i < text.length; i++) {
        if (parser->token.kind != TOKEN_WORD || !isdigit(text.data[i]))
            return expected_bare(parser, what);
        if (*number < INT64_MAX / 32)
            *number = *number * 10 + (text.data[i] - '0');
    }
    if (parser->token.kind != TOKEN_WORD)
        return expected_bare(parser, what);
    if (sign)
        *number = -*number;
    parser_take(parser);
    return true;
}

bool read_string(struct parser *parser, const char *what, struct slice *text)
{
    char message[160];

    if (parser->token.kind != TOKEN_STRING) {
        snprintf(message, sizeof(message), "%s in quotes", what);
        return parser_expected(parser, message);
    }
    *text = parser_take(parser).text;
    return true;
}

/* Digits alone: "08" is eight in a date. */
static bool read_date_number(struct parser *parser, int64_t least, int64_t greatest,
                             int64_t *number)
{
    struct slice text = parser->token.text;

    *number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (parser->token.kind != TOKEN_WORD || !isdigit(text.data[i]) || i > 12)
            return parser_expected(parser, "a date, as in 4 2026/11/26 10:20:30");
        *number = *number * 10 + (text.data[i] - '0');
    }
    if (parser->token.kind != TOKEN_WORD || *number < least || *number > greatest)
        return parser_expected(parser, "a date, as in 4 2026/11/26 10:20:30");
    parser_take(parser);
    return true;
}

static bool read_date_mark(struct parser *parser, char mark)
{
    return parser_take_mark(parser, mark) ||
           parser_expected(parser, mark == '/' ? "`/`, as in 2026/11/26" : "`:`, as in 10:20:30");
}

bool read_date(struct parser *parser, int64_t *seconds)
{
    int64_t n[6] = {0}, offset = 0;
    struct tm tm = {.tm_isdst = 0};
    bool west;

    if (parser_take_word(parser, "never")) {
        *seconds = INT64_MAX;
        return true;
    }
    if (parser_take_word(parser, "epoch"))
        return read_date_number(parser, 0, UINT32_MAX, seconds);
    if (!read_date_number(parser, 0, 6, &n[0]) || /* the weekday, which says nothing new */
        !read_date_number(parser, 1970, 9999, &n[0]) || !read_date_mark(parser, '/') ||
        !read_date_number(parser, 1, 12, &n[1]) || !read_date_mark(parser, '/') ||
        !read_date_number(parser, 1, 31, &n[2]) || !read_date_number(parser, 0, 23, &n[3]) ||
        !read_date_mark(parser, ':') || !read_date_number(parser, 0, 59, &n[4]) ||
        !read_date_mark(parser, ':') || !read_date_number(parser, 0, 60, &n[5]))
        return false;
    west = parser->token.kind == TOKEN_WORD && parser->token.text.data[0] == '-';
    if (west && !read_number(parser, "seconds east of UTC", -86400, 0, &offset))
        return false;
    if (parser_take_mark(parser, '+') && !read_date_number(parser, 0, 86400, &offset))
        return false;
    tm.tm_year = (int)n[0] - 1900;
    tm.tm_mon = (int)n[1] - 1;
    tm.tm_mday = (int)n[2];
    tm.tm_hour = (int)n[3];
    tm.tm_min = (int)n[4];
    tm.tm_sec = (int)n[5];
    *seconds = (int64_t)timegm(&tm) - offset;
    return true;
}

bool read_flag(struct parser *parser, bool *flag)
{
    static const struct {
        const char *word;
        bool flag;
    } words[] = {{"true", true}, {"on", true}, {"false", false}, {"off", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (parser_take_word(parser, words[i].word)) {
            *flag = words[i].flag;
            return true;
        }
    }
    return expected_bare(parser, "true, false, on or off");
}

static int hex_digit(int c)
{
    c = tolower(c);
    return isdigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool read_octet(struct parser *parser, const char *what, uint8_t *octet)
{
    struct slice text = parser->token.text;
    unsigned value = 0;

    if (parser->token.kind != TOKEN_WORD)
        return expected_bare(parser, what);
    for (size_t i = 0; i < text.length; i++) {
        int digit = hex_digit(text.data[i]);

        /* More zeros may stand in front. */
        if (digit < 0 || value > 0xf)
            return expected_bare(parser, what);
        value = value << 4 | (unsigned)digit;
    }
    *octet = (uint8_t)value;
    parser_take(parser);
    return true;
}

/* The kinds of hardware address, by the name that the language gives them; `length` is the number
 * of bytes that their addresses have, 0 where it varies. */
static const struct hardware_kind {
    const char *name;
    uint8_t type, length;
} hardware_kinds[] = {
    {"ethernet", HARDWARE_ETHERNET, 6},
    {"fddi", HARDWARE_FDDI, 6},
    {"infiniband", HARDWARE_INFINIBAND, 0},
    {"token-ring", HARDWARE_TOKEN_RING, 6},
};

static const char *next_hardware_kind(size_t index)
{
    return index < sizeof(hardware_kinds) / sizeof(hardware_kinds[0]) ? hardware_kinds[index].name
                                                                      : NULL;
}

/* `unknown-17`: a kind by its number; as in dhcpd, what is no number behind the dash is 0. */
static bool read_numbered_kind(struct parser *parser, struct hardware_kind *kind)
{
    static const char prefix[] = "unknown-";
    size_t length = sizeof(prefix) - 1;
    struct slice text = parser->token.text;
    unsigned number = 0;

    if (parser->token.kind != TOKEN_WORD || text.length < length ||
        memcmp(text.data, prefix, length) != 0)
        return false;
    for (size_t i = length; i < text.length && isdigit(text.data[i]); i++)
        number = (number * 10 + (unsigned)(text.data[i] - '0')) & UINT8_MAX;
    *kind = (struct hardware_kind){"unknown", (uint8_t)number, 0};
    parser_take(parser);
    return true;
}

static bool read_hardware_kind(struct parser *parser, struct hardware_kind *kind)
{
    for (size_t i = 0; next_hardware_kind(i); i++) {
        if (parser_take_word(parser, hardware_kinds[i].name)) {
            *kind = hardware_kinds[i];
            return true;
        }
    }
    return read_numbered_kind(parser, kind) ||
           parser_expected(parser, "`ethernet`, `token-ring`, `fddi` or `infiniband`");
}

/* The bytes of a hardware address; `*count` takes their number, of which only so many are kept as
 * DHCP carries. */
static bool read_hardware_bytes(struct parser *parser, struct hardware *hardware, unsigned *count)
{
    enum { ADDRESS_BYTES = 20 }; /* of an InfiniBand link */
    static const char what[] = "a byte of the hardware address in hexadecimal, as in "
                               "00:0c:29:3e:5f:01";
    struct position where = parser->token.where;
    struct slice text = parser->token.text;
    uint8_t octet = 0;

    *count = 0;
    if (parser->token.kind == TOKEN_WORD && memchr(text.data, '-', text.length)) {
        parser_error(parser, where, "a hardware address has `:` between its bytes, not `-`");
        return false;
    }
    do {
        if (!read_octet(parser, what, &octet))
            return false;
        if (*count == ADDRESS_BYTES) {
            parser_error(parser, where, "a hardware address has at most %d bytes", ADDRESS_BYTES);
            return false;
        }
        if (*count < HARDWARE_ADDRESS_MAX)
            hardware->address[hardware->length++] = octet;
        ++*count;
    } while (parser_take_mark(parser, ':'));
    return true;
}

bool read_hardware(struct parser *parser, struct hardware *hardware)
{
    struct hardware_kind kind = {0};
    struct position where;
    unsigned count = 0;

    if (!read_hardware_kind(parser, &kind))
        return false;
    *hardware = (struct hardware){.type = kind.type};
    where = parser->token.where;
    if (!token_is_mark(&parser->token, ';') && !read_hardware_bytes(parser, hardware, &count))
        return false;
    if (count == 0)
        parser_warning(parser, where, "here is no address: no machine will match");
    else if (count > HARDWARE_ADDRESS_MAX)
        parser_warning(parser, where,
                       "this address has %u bytes, and DHCP carries %d: no machine will match",
                       count, HARDWARE_ADDRESS_MAX);
    else if (kind.length > 0 && count != kind.length)
        parser_warning(parser, where,
                       "this address has %u bytes, and one of %s has %u: no machine will match",
                       count, kind.name, kind.length);
    if (count > HARDWARE_ADDRESS_MAX)
        hardware->length = 0;
    return true;
}

bool read_name(struct parser *parser, const char *what, const char **name)
{
    struct slice text = parser->token.text;

    if ((parser->token.kind != TOKEN_WORD && parser->token.kind != TOKEN_STRING) ||
        text.length == 0 || memchr(text.data, '\0', text.length))
        return parser_expected(parser, what);
    *name = region_string_of_slice(&parser->snapshot->region, text);
    parser_take(parser);
    return true;
}

struct action *add_action(struct parser *parser, enum action_kind kind, struct position where)
{
    struct action *made = region_allocate(&parser->snapshot->region, sizeof(*made));

    made->kind = kind;
    made->where = where;
    if (parser->list->last)
        parser->list->last->next = made;
    else
        parser->list->first = made;
    parser->list->last = made;
    if (kind != ACTION_SETTING)
        parser->block->has_actions = true;
    return made;
}

/* Every setting is a statement in its place; what holds for each packet stands apart as well. */
static void put_setting(struct parser *parser, struct setting setting)
{
    setting.operation = parser->operation;
    if (parser->bodies == 0 && !setting.expression && setting.operation == SETTING_SUPERSEDE)
        block_add_setting(parser->region, parser->block, setting);
    else
        parser->block->has_actions = true;
    add_action(parser, ACTION_SETTING, setting.where)->setting = setting;
}

void add_nothing(struct parser *parser, enum setting_space space, unsigned code,
                 struct position where)
{
    struct expression *nothing =
        region_allocate(&parser->snapshot->region, sizeof(struct expression));

    *nothing = (struct expression){.kind = EXPRESSION_NOTHING, .where = where};
    add_expression(parser, space, code, nothing, where);
}

void add_expression(struct parser *parser, enum setting_space space, unsigned code,
                    const struct expression *expression, struct position where)
{
    if (expression->kind == EXPRESSION_CONSTANT)
        add_setting(parser, space, code, expression->constant, where);
    else
        put_setting(parser,
                    (struct setting){
                        .space = space, .code = code, .where = where, .expression = expression});
}

void add_setting(struct parser *parser, enum setting_space space, unsigned code, struct slice value,
                 struct position where)
{
    struct slice copy =
        slice_of(region_string_of_slice(&parser->snapshot->region, value), value.length);

    put_setting(parser,
                (struct setting){.space = space, .code = code, .value = copy, .where = where});
}

uint8_t *add_late_number(struct parser *parser, enum parameter parameter, struct position where)
{
    uint8_t *bytes = region_allocate(&parser->snapshot->region, sizeof(uint32_t));

    put_setting(parser, (struct setting){.space = SPACE_PARAMETER,
                                         .code = parameter,
                                         .value = slice_of(bytes, sizeof(uint32_t)),
                                         .where = where});
    return bytes;
}

void add_number(struct parser *parser, enum parameter parameter, uint32_t number,
                struct position where)
{
    uint8_t bytes[4];
    struct writer w = writer_of(bytes, sizeof(bytes));

    writer_be32(&w, number);
    add_setting(parser, SPACE_PARAMETER, parameter, slice_of(bytes, w.length), where);
}
