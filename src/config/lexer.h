/* From text to tokens. Words hold letters, digits, '-', '_' and '.', so that a name, a number and
 * an address are one token each. */
#ifndef BOOTWIRE_CONFIG_LEXER_H
#define BOOTWIRE_CONFIG_LEXER_H

#include "config/source.h"

enum token_kind {
    TOKEN_END,    /* the text is over */
    TOKEN_WORD,   /* `text` is the word */
    TOKEN_STRING, /* `text` is what stands between the quotes, with its escapes undone */
    TOKEN_MARK,   /* `text` is one character: { } ; , : = and whatever else stands alone */
};

struct token {
    enum token_kind kind;
    struct slice text;     /* lives in the source, or in the lexer's region */
    struct position where; /* its first character */
    struct position end;   /* just behind its last character */
    bool unclosed;         /* a string that its line ended; what followed it may be in it */
};

/* Bytes of one string, and of a word or its parts between dots: dhcpd has room for no more. */
enum { TOKEN_LENGTH_MAX = 1499 };

/* Reads one source from its start to its end. Copying a lexer copies its place. */
struct lexer {
    struct sources *sources;
    const struct source *source;
    struct region *region; /* holds strings that had escapes */
    size_t offset;
    unsigned line;
    unsigned column;
};

struct lexer lexer_of(struct sources *sources, const struct source *source, struct region *region);
/* The next token; TOKEN_END again and again at the end. What cannot be a token is reported and
 * passed over. */
struct token lexer_next(struct lexer *lexer);

bool token_is_mark(const struct token *token, char mark);
/* Case does not count. */
bool token_is_word(const struct token *token, const char *word);

enum { TOKEN_TEXT_SIZE = 80 };
/* The token as a message shows it: `word`, "string", the end of the file. Returns `to`. */
const char *token_text(char to[TOKEN_TEXT_SIZE], const struct token *token);

#endif
