#include "config/lexer.h"

#include "base/text.h"
#include "config/parser.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct lexer lexer_of(struct sources *sources, const struct source *source, struct region *region)
{
    struct lexer lexer = {sources, source, region, 0, 1, 1};
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

    if (source->text.length >= sizeof(mark) && memcmp(source->text.data, mark, sizeof(mark)) == 0) {
        sources_report(sources, DIAGNOSTIC_ERROR, (struct position){source->name, 1, 1},
                       "the file begins with a byte-order mark: save it without one (plain "
                       "UTF-8 or ASCII)");
        lexer.offset = sizeof(mark);
    }
    return lexer;
}

static struct position here(const struct lexer *lexer)
{
    return (struct position){lexer->source->name, lexer->line, lexer->column};
}

/* The character `ahead` of the place, or -1 behind the end. */
static int peek(const struct lexer *lexer, size_t ahead)
{
    struct slice text = lexer->source->text;

    return ahead < text.length - lexer->offset ? text.data[lexer->offset + ahead] : -1;
}

static void advance(struct lexer *lexer)
{
    if (lexer->source->text.data[lexer->offset++] == '\n') {
        lexer->line++;
        lexer->column = 1;
    } else {
        lexer->column++;
    }
}

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_word(int c)
{
    return c >= 0 && c < 0x80 && (isalnum(c) || c == '-' || c == '_' || c == '.');
}

/* A comment of another language, reported and passed over. Returns false where there is none: the
 * slash belongs to something else (a path without quotes, a prefix length). */
static bool skip_foreign_comment(struct lexer *lexer)
{
    int before = lexer->offset ? lexer->source->text.data[lexer->offset - 1] : '\n';
    int second = peek(lexer, 1);

    if (peek(lexer, 0) != '/' || (second != '/' && second != '*') ||
        !(is_space(before) || before == ';' || before == '{' || before == '}'))
        return false;
    sources_report(lexer->sources, DIAGNOSTIC_ERROR, here(lexer),
                   "`/%c` begins no comment here: a comment begins with `#` and goes to the end "
                   "of its line",
                   second);
    if (second == '/') {
        while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n')
            advance(lexer);
        return true;
    }
    while (peek(lexer, 0) >= 0 && !(peek(lexer, 0) == '*' && peek(lexer, 1) == '/'))
        advance(lexer);
    for (int i = 0; i < 2 && peek(lexer, 0) >= 0; i++)
        advance(lexer);
    return true;
}

static void skip_space(struct lexer *lexer)
{
    for (;;) {
        int c = peek(lexer, 0);

        if (is_space(c)) {
            advance(lexer);
        } else if (c == '#') {
            while (peek(lexer, 0) >= 0 && peek(lexer, 0) != '\n')
                advance(lexer);
        } else if (c != '/' || !skip_foreign_comment(lexer)) {
            return;
        }
    }
}

static int digit_of(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Reads `count` digits of a number escape. Returns its value, or -1 where a digit is missing;
 * `*read` takes the value of those that are there. */
static int escaped_number(struct lexer *lexer, int base, int count, int *read)
{
    *read = 0;
    for (int i = 0; i < count; i++) {
        int digit = digit_of(peek(lexer, 0));

        if (digit >= base)
            return -1;
        *read = *read * base + digit;
        advance(lexer);
    }
    return *read;
}

/* A string while it is read. */
struct text_reader {
    struct lexer *lexer;
    bool silent;  /* it is only measured */
    bool escaped; /* the next character is read as if a backslash stood before it */
};

/* Of a zero with fewer than three digits dhcpd makes nothing; it loses the character behind it, and
 * reads the next as if it were escaped: it may be the quote that is to end the string. */
static void short_zero(struct text_reader *reader, struct position start)
{
    reader->escaped = true;
    if (peek(reader->lexer, 0) >= 0)
        advance(reader->lexer);
    if (!reader->silent)
        sources_report(reader->lexer->sources, DIAGNOSTIC_WARNING, start,
                       "this escape is cut short: the character behind it is lost, and the next is "
                       "read as if \\ stood before it; write \\000");
}

/* Reads what follows a backslash, as dhcpd does: \t \r \n \b, three octal digits, x and two
 * hexadecimal ones; any other character stands for itself. Returns -1 where that is nothing. */
static int escaped(struct text_reader *reader, struct position start)
{
    struct lexer *lexer = reader->lexer;
    int c = peek(lexer, 0), value, part;

    switch (c) {
    case 't':
        advance(lexer);
        return '\t';
    case 'r':
        advance(lexer);
        return '\r';
    case 'n':
        advance(lexer);
        return '\n';
    case 'b':
        advance(lexer);
        return '\b';
    case 'x':
        advance(lexer);
        value = escaped_number(lexer, 16, 2, &part);
        break;
    case '0':
    case '1':
    case '2':
    case '3':
        value = escaped_number(lexer, 8, 3, &part);
        if (value < 0 && part == 0) {
            short_zero(reader, start);
            return -1;
        }
        break;
    default:
        advance(lexer);
        return c;
    }
    if (value < 0 && !reader->silent)
        sources_report(lexer->sources, DIAGNOSTIC_ERROR, start,
                       "this escape is cut short: write \\x and two hexadecimal digits, \\ and "
                       "three octal digits, or \\\\ for a backslash");
    return value < 0 ? '?' : value;
}

/* Reads a string from behind its first quote to before its last, or to the end of its line, or,
 * where it goes over several, of the file; into `to` if that is not NULL. Returns its length. */
static size_t read_text(struct text_reader *reader, bool several_lines, uint8_t *to)
{
    struct lexer *lexer = reader->lexer;
    size_t length = 0;

    for (;;) {
        struct position start = here(lexer);
        int c = peek(lexer, 0);

        if (c < 0 || (c == '\n' && !several_lines) || (c == '"' && !reader->escaped))
            return length;
        if (!reader->escaped)
            advance(lexer);
        if (reader->escaped ||
            (c == '\\' && peek(lexer, 0) >= 0 && (peek(lexer, 0) != '\n' || several_lines))) {
            reader->escaped = false;
            c = escaped(reader, start);
        }
        if (to && c >= 0)
            to[length] = (uint8_t)c;
        length += c >= 0;
    }
}

/* Whether what follows a string may do so: a mark, `and`, `or`, or the bytes of a subclass. */
static bool may_follow_string(const struct lexer *lexer)
{
    const uint8_t *word = lexer->source->text.data + lexer->offset;
    size_t length = 0, digits = 0;
    int c = peek(lexer, 0);

    if (!is_word(c))
        return c > 0 && strchr(";,){=!~", c);
    while (is_word(peek(lexer, length)))
        digits += digit_of(peek(lexer, length++)) < 16;
    return (length == 2 && strncasecmp((const char *)word, "or", 2) == 0) ||
           (length == 3 && strncasecmp((const char *)word, "and", 3) == 0) ||
           (length == digits && length <= 2 && peek(lexer, length) == ':');
}

/* Whether a string goes over several lines. dhcpd takes that, but most often a quote is missing,
 * and then the next one begins a string: something of it follows. */
static bool has_several_lines(struct lexer ahead)
{
    /* Each character may be an escape. It also bounds how often the same text is looked at. */
    enum { TEXT_MAX = 4 * TOKEN_LENGTH_MAX + 1 };
    struct text_reader reader = {.lexer = &ahead, .silent = true};
    struct lexer line = ahead;
    struct slice text = ahead.source->text;
    struct source part = *ahead.source;

    read_text(&(struct text_reader){.lexer = &line, .silent = true}, false, NULL);
    if (peek(&line, 0) == '"')
        return false;
    if (text.length > ahead.offset + TEXT_MAX)
        part.text = slice_of(text.data, ahead.offset + TEXT_MAX);
    ahead.source = &part;
    if (read_text(&reader, true, NULL) > TOKEN_LENGTH_MAX || peek(&ahead, 0) != '"')
        return false;
    advance(&ahead);
    while (is_space(peek(&ahead, 0)))
        advance(&ahead);
    return may_follow_string(&ahead);
}

static void too_long(struct lexer *lexer, const struct token *token, size_t length)
{
    sources_report(lexer->sources, DIAGNOSTIC_ERROR, token->where,
                   "this %s has %zu characters: at most %d",
                   token->kind == TOKEN_STRING ? "string" : "word", length, TOKEN_LENGTH_MAX);
}

/* The longest part of a word between its dots. */
static size_t longest_part(struct slice word)
{
    size_t longest = 0, length = 0;

    for (size_t i = 0; i < word.length; i++) {
        length = word.data[i] == '.' ? 0 : length + 1;
        if (length > longest)
            longest = length;
    }
    return longest;
}

static struct token string_token(struct lexer *lexer)
{
    struct token token = {.kind = TOKEN_STRING, .where = here(lexer)};
    struct lexer measure;
    struct text_reader reader;
    size_t length;
    uint8_t *copy = NULL;
    bool several;

    advance(lexer);
    several = has_several_lines(*lexer);
    measure = *lexer;
    reader = (struct text_reader){.lexer = &measure, .silent = true};
    length = read_text(&reader, several, NULL);
    token.text = slice_of(lexer->source->text.data + lexer->offset, length);
    if (length < measure.offset - lexer->offset) {
        copy = region_allocate(lexer->region, length ? length : 1);
        token.text.data = copy;
    }
    reader = (struct text_reader){.lexer = lexer};
    read_text(&reader, several, copy);
    if (several)
        sources_report(lexer->sources, DIAGNOSTIC_WARNING, token.where,
                       "this string goes on in the next line: is a quote missing?");
    if (peek(lexer, 0) == '"') {
        advance(lexer);
    } else {
        token.unclosed = true;
        sources_report(lexer->sources, DIAGNOSTIC_ERROR, token.where,
                       "this string is not closed: expected '\"' before the end of its line");
    }
    if (length > TOKEN_LENGTH_MAX && !token.unclosed)
        too_long(lexer, &token, length);
    token.end = here(lexer);
    return token;
}

/* Whether what follows `blanks` blanks belongs to the word that ends before them. To dhcpd a dot is
 * a token of its own, so that blanks may stand around it: `10.0.0. 1`. Over the end of a line that
 * is not followed: most often a `;` is missing there. What follows a statement's own name is its
 * value. */
static bool is_joined(const struct lexer *lexer, struct slice word, size_t blanks)
{
    size_t at = blanks;

    if (blanks == 0)
        return false;
    if (word.data[word.length - 1] == '.')
        return is_word(peek(lexer, blanks)) && peek(lexer, blanks) != '.';
    if (peek(lexer, at++) != '.' || statement_by_name(word))
        return false;
    while (peek(lexer, at) == ' ' || peek(lexer, at) == '\t')
        at++;
    return is_word(peek(lexer, at)) && peek(lexer, at) != '.';
}

/* Passes over the rest of a word that `start` begins, and returns all of it. */
static struct slice whole_word(struct lexer *lexer, const uint8_t *start)
{
    const uint8_t *data = lexer->source->text.data;
    size_t joints = 0, length = 0, blanks = 0;
    uint8_t *copy;

    do {
        for (joints += blanks > 0; blanks > 0; blanks--)
            advance(lexer);
        while (is_word(peek(lexer, 0)))
            advance(lexer);
        while (peek(lexer, blanks) == ' ' || peek(lexer, blanks) == '\t')
            blanks++;
    } while (is_joined(lexer, slice_of(start, (size_t)(data + lexer->offset - start)), blanks));
    if (joints == 0)
        return slice_of(start, (size_t)(data + lexer->offset - start));
    copy = region_allocate(lexer->region, (size_t)(data + lexer->offset - start));
    for (const uint8_t *at = start; at < data + lexer->offset; at++) {
        if (is_word(*at))
            copy[length++] = *at;
    }
    return slice_of(copy, length);
}

/* Says what no word can be to dhcpd. */
static void check_word(struct lexer *lexer, const struct token *token)
{
    struct slice text = token->text;

    if (text.length > TOKEN_LENGTH_MAX && longest_part(text) > TOKEN_LENGTH_MAX)
        too_long(lexer, token, longest_part(text));
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] != '_' || (i > 0 && text.data[i - 1] != '.'))
            continue;
        sources_report(lexer->sources, DIAGNOSTIC_ERROR, token->where,
                       "no word, and no part of a name, begins with `_`");
        return;
    }
}

struct token lexer_next(struct lexer *lexer)
{
    struct token token = {.kind = TOKEN_END};
    const uint8_t *start;

    skip_space(lexer);
    token.where = token.end = here(lexer);
    if (peek(lexer, 0) < 0)
        return token;
    if (peek(lexer, 0) == '"')
        return string_token(lexer);
    start = lexer->source->text.data + lexer->offset;
    token.kind = is_word(*start) ? TOKEN_WORD : TOKEN_MARK;
    if (token.kind == TOKEN_WORD) {
        token.text = whole_word(lexer, start);
        check_word(lexer, &token);
    } else {
        advance(lexer);
        token.text = slice_of(start, 1);
    }
    token.end = here(lexer);
    return token;
}

bool token_is_mark(const struct token *token, char mark)
{
    return token->kind == TOKEN_MARK && token->text.data[0] == (uint8_t)mark;
}

bool token_is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && token->text.length == strlen(word) &&
           strncasecmp((const char *)token->text.data, word, token->text.length) == 0;
}

const char *token_text(char to[TOKEN_TEXT_SIZE], const struct token *token)
{
    char printable[TOKEN_TEXT_SIZE - 4];

    text_printable(printable, sizeof(printable), token->text);
    if (token->kind == TOKEN_END)
        snprintf(to, TOKEN_TEXT_SIZE, "the end of the file");
    else if (token->kind == TOKEN_STRING)
        snprintf(to, TOKEN_TEXT_SIZE, "\"%s\"", printable);
    else
        snprintf(to, TOKEN_TEXT_SIZE, "`%s`", printable);
    return to;
}
