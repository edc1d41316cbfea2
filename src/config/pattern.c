/* Regular expressions of `~=` and `~~`. They are held against what a client sends, so what a
 * matcher may need for one is bounded here, before any packet comes. */
#include "config/parser.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

enum {
    PATTERN_SIZE_MAX = 512,  /* characters and classes, with the copies that repetitions make */
    PATTERN_GROUPS_MAX = 64, /* parentheses in parentheses */
};

/* What is known of a pattern while it is measured. */
struct measure {
    const char *at;
    size_t sums[PATTERN_GROUPS_MAX]; /* of the groups that are open, the innermost last */
    size_t depth;
    size_t last; /* the size of what a repetition would repeat */
};

/* Sizes past the limit are all alike. */
static size_t bounded(size_t size)
{
    return size > PATTERN_SIZE_MAX ? PATTERN_SIZE_MAX + 1 : size;
}

static void add_atom(struct measure *m, size_t size)
{
    m->last = size;
    m->sums[m->depth] = bounded(m->sums[m->depth] + size);
}

static void repeat(struct measure *m, size_t copies)
{
    size_t size = bounded(m->last * (copies > 0 ? copies : 1));

    m->sums[m->depth] = bounded(m->sums[m->depth] + (size - m->last));
    m->last = size;
}

/* Passes over [...], in which a `]` at the start stands for itself, and [:alpha:] has its own. */
static void pass_bracket(struct measure *m)
{
    if (*m->at == '^')
        m->at++;
    if (*m->at == ']')
        m->at++;
    while (*m->at != '\0' && *m->at != ']') {
        char kind = m->at[1];

        if (*m->at == '[' && (kind == ':' || kind == '.' || kind == '=')) {
            m->at += 2;
            while (*m->at != '\0' && !(m->at[0] == kind && m->at[1] == ']'))
                m->at++;
            m->at += *m->at != '\0';
        }
        m->at += *m->at != '\0';
    }
    if (*m->at == ']')
        m->at++;
}

static size_t read_count(struct measure *m)
{
    size_t count = 0;

    while (isdigit((unsigned char)*m->at))
        count = bounded(count * 10 + (size_t)(*m->at++ - '0'));
    return count;
}

/* {LEAST}, {LEAST,}, {LEAST,MOST}, {,MOST} */
static void read_interval(struct measure *m)
{
    size_t least = read_count(m), most = least;

    if (*m->at == ',') {
        m->at++;
        most = isdigit((unsigned char)*m->at) ? read_count(m) : least + 1;
    }
    repeat(m, most > least ? most : least);
}

/* Measures a pattern. Returns what is wrong with it, or NULL. */
static const char *wrong_with(const char *pattern)
{
    static const char too_big[] =
        "this regular expression is too big, with the copies that its repetitions make";
    struct measure m = {.at = pattern};

    while (*m.at != '\0' && m.sums[m.depth] <= PATTERN_SIZE_MAX) {
        char c = *m.at++;

        if (c == '\\' && *m.at >= '1' && *m.at <= '9')
            return "a back-reference could take a client's text any length of time to match: write "
                   "the condition without it";
        if (c == '(') {
            if (++m.depth == PATTERN_GROUPS_MAX)
                return too_big;
            m.sums[m.depth] = 0;
        } else if (c == ')' && m.depth > 0) {
            size_t sum = m.sums[m.depth--];

            add_atom(&m, sum > 0 ? sum : 1);
        } else if (c == '*' || c == '+' || c == '?') {
            repeat(&m, c == '+' ? 2 : 1);
        } else if (c == '{' && (*m.at == ',' || isdigit((unsigned char)*m.at))) {
            read_interval(&m);
        } else {
            if (c == '[')
                pass_bracket(&m);
            if (c == '\\' && *m.at != '\0')
                m.at++;
            add_atom(&m, 1);
        }
    }
    return m.sums[m.depth] > PATTERN_SIZE_MAX ? too_big : NULL;
}

bool check_pattern(struct parser *parser, const struct expression *pattern)
{
    char text[TOKEN_LENGTH_MAX + 1], reason[160];
    const char *wrong;
    regex_t regex;
    int result;

    if (pattern->kind != EXPRESSION_CONSTANT)
        return true;
    if (pattern->constant.length > TOKEN_LENGTH_MAX) {
        parser_error(parser, pattern->where, "a regular expression has at most %d bytes",
                     TOKEN_LENGTH_MAX);
        return false;
    }
    if (pattern->constant.length > 0)
        memcpy(text, pattern->constant.data, pattern->constant.length);
    text[pattern->constant.length] = '\0';
    wrong = wrong_with(text);
    if (wrong) {
        parser_error(parser, pattern->where, "%s", wrong);
        return false;
    }
    result = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);
    if (result == 0) {
        regfree(&regex);
        return true;
    }
    regerror(result, &regex, reason, sizeof(reason));
    parser_warning(parser, pattern->where, "this regular expression matches nothing: %s", reason);
    return true;
}
