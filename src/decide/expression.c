#include "decide/evaluation.h"

#include "base/cursor.h"

#include <ctype.h>
#include <regex.h>

enum {
    MATCH_SUBJECT_MAX = 1024, /* bytes that a regular expression is held against */
    CARRIER_DEPTH_MAX = 4,    /* options in options in options */
    OPTION_SITE_FIRST = 224,  /* RFC 3942: the codes left to the site */
};

static const struct value none = {VALUE_NONE, 0, {NULL, 0}};

static struct value number_value(int64_t number)
{
    return (struct value){VALUE_NUMBER, number, {NULL, 0}};
}

static struct value boolean_value(bool truth)
{
    return (struct value){VALUE_BOOLEAN, truth, {NULL, 0}};
}

/* Empty data is a value: its pointer is never NULL. */
static struct value data_value(struct slice data)
{
    return (struct value){
        VALUE_DATA, 0, {data.data ? data.data : (const uint8_t *)"", data.length}};
}

/* An option's or setting's bytes; a NULL pointer says "absent". */
static struct value present(struct slice data)
{
    return data.data ? data_value(data) : none;
}

uint8_t *evaluation_bytes(struct evaluation *e, size_t size)
{
    uint8_t *bytes = e->bytes + e->bytes_used;

    if (size > EVALUATION_VALUE_MAX || size > sizeof(e->bytes) - e->bytes_used) {
        e->exhausted = true;
        return NULL;
    }
    e->bytes_used += size;
    return bytes;
}

/* ---- Options of the request ---- */

static unsigned read_wide(struct reader *r, unsigned width)
{
    return width == 1 ? reader_u8(r) : width == 2 ? reader_be16(r) : reader_be32(r);
}

/* The sub-option of `code` in the bytes of a carrier; data NULL where it is absent. */
static struct slice inner_option(struct slice carrier, const struct option_space *space,
                                 unsigned code)
{
    struct reader r = reader_of_slice(carrier);

    while (reader_left(&r) > 0) {
        unsigned found = read_wide(&r, space->code_width);
        struct slice value;

        if (space->has_end && space->code_width == 1 && found == DHCP_OPTION_END)
            break;
        if (space->has_end && space->code_width == 1 && found == DHCP_OPTION_PAD)
            continue;
        value = reader_bytes(&r, space->length_width ? read_wide(&r, space->length_width)
                                                     : reader_left(&r));
        if (r.failed)
            break;
        if (found == code)
            return slice_of(value.data ? value.data : (const uint8_t *)"", value.length);
    }
    return slice_of(NULL, 0);
}

unsigned evaluation_space(struct evaluation *e, enum parameter parameter)
{
    const struct setting *setting = evaluation_find(e, SPACE_PARAMETER, parameter);
    struct reader r;

    if (!setting)
        return 0;
    r = reader_of_slice(setting->value);
    return reader_be32(&r);
}

static struct slice option_of(struct evaluation *e, enum setting_space space, unsigned code,
                              unsigned depth)
{
    static const struct option_space agent = {"agent", 1, 1, false};
    size_t index = (size_t)space - SPACE_USER;

    if (space == SPACE_DHCP)
        return code < 256 ? e->message->options[code] : slice_of(NULL, 0);
    if (space == SPACE_AGENT)
        return inner_option(e->agent_options.length > 0
                                ? e->agent_options
                                : e->message->options[DHCP_OPTION_RELAY_AGENT],
                            &agent, code);
    if (space < SPACE_USER || index >= e->snapshot->space_count || depth >= CARRIER_DEPTH_MAX)
        return slice_of(NULL, 0);
    for (size_t i = 0; i < e->snapshot->encapsulation_count; i++) {
        const struct encapsulation *row = &e->snapshot->encapsulations[i];
        struct slice value;

        if (row->inner != space)
            continue;
        value = inner_option(option_of(e, row->space, row->code, depth + 1),
                             &e->snapshot->spaces[index], code);
        if (value.data)
            return value;
    }
    if (evaluation_space(e, PARAMETER_SITE_OPTION_SPACE) == (unsigned)space &&
        code >= OPTION_SITE_FIRST && code < 256)
        return e->message->options[code];
    return slice_of(NULL, 0);
}

struct slice evaluation_option(struct evaluation *e, enum setting_space space, unsigned code)
{
    return option_of(e, space, code, 0);
}

const struct host *evaluation_host_by_option(struct evaluation *e)
{
    const struct host *first = NULL;

    for (size_t i = 0; i < e->snapshot->host_identifier_count; i++) {
        const struct host_identifier *identifier = &e->snapshot->host_identifiers[i];
        const struct host *host = host_identifier_find(
            identifier, evaluation_option(e, identifier->space, identifier->code));

        if (host && (!first || host < first))
            first = host;
    }
    return first;
}

/* ---- Operators ---- */

static struct value equal(struct value a, struct value b, bool wanted)
{
    bool same = a.kind == b.kind;

    /* Two absent values are equal; an absent one and any other are not. */
    if (same && a.kind == VALUE_DATA)
        same = slice_equal(a.data, b.data);
    else if (same && a.kind != VALUE_NONE)
        same = a.number == b.number;
    return boolean_value(same == wanted);
}

/* The pattern is the configuration's own: a client's could cost any amount of memory. */
static struct value matches(const struct expression *pattern, struct value subject, int flags)
{
    char text[MATCH_SUBJECT_MAX + 1];
    size_t length;
    bool found;
    regex_t regex;

    if (!pattern || pattern->kind != EXPRESSION_CONSTANT || subject.kind != VALUE_DATA)
        return none;
    length = pattern->constant.length;
    /* As in dhcpd, an empty pattern is in nothing. */
    if (length == 0 || length > MATCH_SUBJECT_MAX)
        return boolean_value(false);
    memcpy(text, pattern->constant.data ? pattern->constant.data : (const uint8_t *)"", length);
    text[length] = 0;
    if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB | flags) != 0)
        return boolean_value(false);
    /* Like every C string, the subject ends at its first NUL. */
    length = subject.data.length < MATCH_SUBJECT_MAX ? subject.data.length : MATCH_SUBJECT_MAX;
    memcpy(text, subject.data.data, length);
    text[length] = 0;
    found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return boolean_value(found);
}

static struct value substring(struct value data, struct value offset, struct value length)
{
    struct slice part = data.data;

    if (data.kind != VALUE_DATA || offset.kind != VALUE_NUMBER || length.kind != VALUE_NUMBER)
        return none;
    if (offset.number < 0 || (uint64_t)offset.number >= part.length)
        return data_value(slice_of(NULL, 0));
    part = slice_of(part.data + offset.number, part.length - (size_t)offset.number);
    if (length.number >= 0 && (uint64_t)length.number < part.length)
        part.length = (size_t)length.number;
    return data_value(part);
}

static struct value suffix(struct value data, struct value length)
{
    struct slice part = data.data;

    if (data.kind != VALUE_DATA || length.kind != VALUE_NUMBER)
        return none;
    if (length.number >= 0 && (uint64_t)length.number < part.length)
        part = slice_of(part.data + (part.length - (size_t)length.number), (size_t)length.number);
    return data_value(part);
}

static struct value change_case(struct evaluation *e, struct value data, bool upper)
{
    uint8_t *to;

    if (data.kind != VALUE_DATA || !(to = evaluation_bytes(e, data.data.length)))
        return none;
    for (size_t i = 0; i < data.data.length; i++)
        to[i] = (uint8_t)(upper ? toupper(data.data.data[i]) : tolower(data.data.data[i]));
    return data_value(slice_of(to, data.data.length));
}

/* One absent operand leaves nothing. */
static struct value concat(struct evaluation *e, const struct expression *x)
{
    uint8_t buffer[EVALUATION_VALUE_MAX], *to;
    struct writer w = writer_of(buffer, sizeof(buffer));

    for (size_t i = 0; i < x->operand_count; i++) {
        struct value value = evaluation_value(e, x->operands[i]);

        if (value.kind != VALUE_DATA)
            return none;
        writer_slice(&w, value.data);
    }
    if (w.failed)
        e->exhausted = true;
    if (w.failed || !(to = evaluation_bytes(e, w.length)))
        return none;
    memcpy(to, buffer, w.length);
    return data_value(slice_of(to, w.length));
}

static struct value pick(struct evaluation *e, const struct expression *x)
{
    for (size_t i = 0; i < x->operand_count; i++) {
        struct value value = evaluation_value(e, x->operands[i]);

        if (value.kind == VALUE_DATA)
            return value;
    }
    return none;
}

static struct value reverse(struct evaluation *e, struct value width, struct value data)
{
    size_t length = data.data.length, block;
    uint8_t *to;

    if (width.kind != VALUE_NUMBER || data.kind != VALUE_DATA || width.number <= 0 ||
        (uint64_t)width.number > EVALUATION_VALUE_MAX)
        return none;
    block = (size_t)width.number;
    if (length % block != 0 || !(to = evaluation_bytes(e, length)))
        return none;
    for (size_t i = 0; i < length; i += block)
        memcpy(to + i, data.data.data + (length - block - i), block);
    return data_value(slice_of(to, length));
}

static void write_digits(struct writer *w, uint32_t number, unsigned base)
{
    char digits[32];
    size_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    while (count > 0)
        writer_u8(w, (uint8_t)digits[--count]);
}

/* Numbers of `width` bits as text, without zeros before them. */
static struct value binary_to_ascii(struct evaluation *e, struct value base, struct value width,
                                    struct value separator, struct value data)
{
    uint8_t buffer[EVALUATION_VALUE_MAX], *to;
    struct writer w = writer_of(buffer, sizeof(buffer));
    struct reader r = reader_of_slice(data.data);
    unsigned size;

    if (base.kind != VALUE_NUMBER || width.kind != VALUE_NUMBER || separator.kind != VALUE_DATA ||
        data.kind != VALUE_DATA || base.number < 2 || base.number > 16 ||
        (width.number != 8 && width.number != 16 && width.number != 32))
        return none;
    size = (unsigned)width.number / 8;
    if (data.data.length % size != 0)
        return none;
    for (bool first = true; reader_left(&r) > 0 && !w.failed; first = false) {
        if (!first)
            writer_slice(&w, separator.data);
        write_digits(&w, read_wide(&r, size), (unsigned)base.number);
    }
    if (w.failed)
        e->exhausted = true;
    if (w.failed || !(to = evaluation_bytes(e, w.length)))
        return none;
    memcpy(to, buffer, w.length);
    return data_value(slice_of(to, w.length));
}

static struct value number_bytes(struct evaluation *e, int64_t number, unsigned width)
{
    uint8_t *to;
    struct writer w;

    if ((width != 8 && width != 16 && width != 32) || !(to = evaluation_bytes(e, width / 8)))
        return none;
    w = writer_of(to, width / 8);
    if (width == 8)
        writer_u8(&w, (uint8_t)number);
    else if (width == 16)
        writer_be16(&w, (uint16_t)number);
    else
        writer_be32(&w, (uint32_t)number);
    return data_value(slice_of(to, width / 8));
}

static struct value extract_int(struct value data, unsigned width)
{
    struct reader r = reader_of_slice(data.data);

    if (data.kind != VALUE_DATA || (width != 8 && width != 16 && width != 32) ||
        data.data.length < width / 8)
        return none;
    return number_value(read_wide(&r, width / 8));
}

static struct value hardware(struct evaluation *e)
{
    const struct dhcp_message *message = e->message;
    size_t length = message->hardware_length;
    uint8_t *to = evaluation_bytes(e, 1 + length);

    if (!to)
        return none;
    to[0] = message->hardware_type;
    memcpy(to + 1, message->chaddr, length);
    return data_value(slice_of(to, 1 + length));
}

static struct value packet_part(struct evaluation *e, struct value offset, struct value length)
{
    if (offset.kind != VALUE_NUMBER || offset.number < 0 ||
        (uint64_t)offset.number >= e->packet.length)
        return none;
    return substring(data_value(e->packet), offset, length);
}

/* 32 bits, as the language counts. */
static struct value arithmetic(enum expression_kind kind, struct value a, struct value b)
{
    uint32_t x = (uint32_t)a.number, y = (uint32_t)b.number;

    if (a.kind != VALUE_NUMBER || b.kind != VALUE_NUMBER)
        return none;
    switch (kind) {
    case EXPRESSION_ADD:
        return number_value(x + y);
    case EXPRESSION_SUBTRACT:
        return number_value(x - y);
    case EXPRESSION_MULTIPLY:
        return number_value(x * y);
    case EXPRESSION_DIVIDE:
        return y ? number_value(x / y) : none;
    case EXPRESSION_REMAINDER:
        return y ? number_value(x % y) : none;
    case EXPRESSION_BIT_AND:
        return number_value(x & y);
    case EXPRESSION_BIT_OR:
        return number_value(x | y);
    default:
        return number_value(x ^ y);
    }
}

/* Like dhcpd, there is a value only where the left side is true and the right side has one: `not (a
 * and b)` is not true where a is false. */
static struct value both(struct evaluation *e, const struct expression *x)
{
    struct value value = none;

    for (size_t i = 0; i < x->operand_count; i++) {
        if (i > 0 && !value.number)
            return none;
        value = evaluation_value(e, x->operands[i]);
        if (value.kind != VALUE_BOOLEAN)
            return none;
    }
    return value;
}

static struct value either(struct evaluation *e, const struct expression *x)
{
    bool known = false;

    for (size_t i = 0; i < x->operand_count; i++) {
        struct value value = evaluation_value(e, x->operands[i]);

        if (value.kind == VALUE_BOOLEAN && value.number)
            return value;
        known = known || value.kind == VALUE_BOOLEAN;
    }
    return known ? boolean_value(false) : none;
}

static struct value setting_value(struct evaluation *e, enum setting_space space, unsigned code)
{
    const struct setting *setting = evaluation_find(e, space, code);

    return setting ? data_value(setting->value) : none;
}

static struct value variable(const struct evaluation *e, const char *name)
{
    for (size_t i = 0; name && i < e->variable_count; i++) {
        if (strcmp(e->variables[i].name, name) == 0)
            return e->variables[i].value;
    }
    return none;
}

static bool is_member_by_name(const struct evaluation *e, const char *name)
{
    for (size_t i = 0; name && i < e->class_count; i++) {
        if (strcmp(e->classes[i].class->name, name) == 0)
            return true;
    }
    return false;
}

static struct value boolean_node(struct evaluation *e, const struct expression *x)
{
    struct value value;

    switch (x->kind) {
    case EXPRESSION_AND:
        return both(e, x);
    case EXPRESSION_OR:
        return either(e, x);
    case EXPRESSION_NOT:
        value = evaluation_value(e, x->operands[0]);
        return value.kind == VALUE_BOOLEAN ? boolean_value(!value.number) : none;
    case EXPRESSION_EXISTS:
        return boolean_value(evaluation_option(e, x->space, x->code).data != NULL);
    case EXPRESSION_KNOWN:
        return boolean_value(e->host != NULL);
    case EXPRESSION_STATIC:
        return boolean_value(e->fixed);
    case EXPRESSION_DEFINED:
        return boolean_value(variable(e, x->name).kind != VALUE_NONE);
    case EXPRESSION_MEMBER:
        return boolean_value(is_member_by_name(e, x->name));
    default:
        return none;
    }
}

/* Nodes without operands. */
static struct value leaf(struct evaluation *e, const struct expression *x)
{
    const struct dhcp_message *message = e->message;

    switch (x->kind) {
    case EXPRESSION_CONSTANT:
        return data_value(x->constant);
    case EXPRESSION_NUMBER:
        return number_value(x->number);
    case EXPRESSION_OPTION:
        return present(evaluation_option(e, x->space, x->code));
    case EXPRESSION_CONFIG_OPTION:
        return setting_value(e, x->space, x->code);
    case EXPRESSION_HARDWARE:
        return hardware(e);
    case EXPRESSION_HARDWARE_TYPE:
        return number_value(message->hardware_type);
    case EXPRESSION_LEASED_ADDRESS:
        return e->address ? number_bytes(e, e->address, 32) : none;
    case EXPRESSION_LEASE_TIME:
        return e->address ? number_value(e->seconds_left) : none;
    case EXPRESSION_HOST_DECL_NAME:
        return e->host ? data_value(slice_of_string(e->host->name)) : none;
    case EXPRESSION_FILENAME:
        return message->file.length > 0 ? data_value(message->file) : none;
    case EXPRESSION_SERVER_NAME:
        return message->sname.length > 0 ? data_value(message->sname) : none;
    case EXPRESSION_CONFIG_FILENAME:
        return setting_value(e, SPACE_PARAMETER, PARAMETER_FILENAME);
    case EXPRESSION_CONFIG_SERVER_NAME:
        return setting_value(e, SPACE_PARAMETER, PARAMETER_SERVER_NAME);
    case EXPRESSION_NEXT_SERVER:
        return message->siaddr ? number_bytes(e, message->siaddr, 32) : none;
    case EXPRESSION_VARIABLE:
        return variable(e, x->name);
    default:
        return boolean_node(e, x);
    }
}

/* Nodes whose operands are all computed first. */
static struct value strict(struct evaluation *e, const struct expression *x)
{
    struct value v[4] = {none, none, none, none};

    for (size_t i = 0; i < x->operand_count && i < 4; i++)
        v[i] = evaluation_value(e, x->operands[i]);
    switch (x->kind) {
    case EXPRESSION_EQUAL:
    case EXPRESSION_NOT_EQUAL:
        return equal(v[0], v[1], x->kind == EXPRESSION_EQUAL);
    case EXPRESSION_MATCHES:
        return matches(x->operands[1], v[0], 0);
    case EXPRESSION_MATCHES_CASE:
        return matches(x->operands[1], v[0], REG_ICASE);
    case EXPRESSION_SUBSTRING:
        return substring(v[0], v[1], v[2]);
    case EXPRESSION_SUFFIX:
        return suffix(v[0], v[1]);
    case EXPRESSION_LCASE:
    case EXPRESSION_UCASE:
        return change_case(e, v[0], x->kind == EXPRESSION_UCASE);
    case EXPRESSION_PACKET:
        return packet_part(e, v[0], v[1]);
    case EXPRESSION_REVERSE:
        return reverse(e, v[0], v[1]);
    case EXPRESSION_BINARY_TO_ASCII:
        return binary_to_ascii(e, v[0], v[1], v[2], v[3]);
    case EXPRESSION_ENCODE_INT:
        return v[0].kind == VALUE_NUMBER ? number_bytes(e, v[0].number, x->width) : none;
    case EXPRESSION_EXTRACT_INT:
        return extract_int(v[0], x->width);
    default:
        return arithmetic(x->kind, v[0], v[1]);
    }
}

struct value evaluation_value(struct evaluation *e, const struct expression *x)
{
    struct value value;
    size_t most;

    if (!x || x->kind >= EXPRESSION_KIND_COUNT ||
        x->operand_count < expression_operands(x->kind, &most))
        return none;
    if (e->steps >= EVALUATION_STEPS || e->depth >= EXPRESSION_DEPTH_MAX) {
        e->exhausted = true;
        return none;
    }
    e->steps++;
    e->depth++;
    if (x->kind == EXPRESSION_CONCAT)
        value = concat(e, x);
    else if (x->kind == EXPRESSION_PICK)
        value = pick(e, x);
    else if (x->operand_count == 0 || x->kind == EXPRESSION_AND || x->kind == EXPRESSION_OR ||
             x->kind == EXPRESSION_NOT)
        value = leaf(e, x);
    else
        value = strict(e, x);
    e->depth--;
    return value;
}

bool evaluation_true(struct evaluation *e, const struct expression *expression)
{
    struct value value = evaluation_value(e, expression);

    return value.kind == VALUE_BOOLEAN && value.number;
}
