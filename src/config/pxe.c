/* Boot menus of PXE ROMs. */
#include "config/parser.h"

#include "wire/pxe.h"

#include <string.h>

enum {
    MENU_ENTRY_BYTES = 3,   /* of one item beside its text: type and length */
    SERVER_ENTRY_BYTES = 7, /* of one item in the list of servers */
    PROMPT_FOREVER = 255,
};

/* A text of at most 255 bytes without zero bytes. */
static bool read_short_text(struct parser *parser, const char *what, struct slice *text)
{
    struct position where = parser->token.where;

    if (!read_string(parser, what, text))
        return false;
    if (text->length > PXE_SUBOPTION_MAX ||
        (text->length > 0 && memchr(text->data, '\0', text->length))) {
        parser_error(parser, where, "%s has at most %d bytes, none of them zero", what,
                     PXE_SUBOPTION_MAX);
        return false;
    }
    return true;
}

/* `pxe-menu "TEXT" ["FILE"], ...;` */
bool read_pxe_menu(struct parser *parser, const struct statement *statement, struct token keyword)
{
    uint8_t bytes[4 * PXE_SUBOPTION_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    size_t menu = 0, servers = 0;

    do {
        struct slice text, file = {NULL, 0};

        if (!read_short_text(parser, "the text of a menu item", &text) ||
            (parser->token.kind == TOKEN_STRING &&
             !read_short_text(parser, "the boot file of a menu item", &file)))
            return false;
        writer_u8(&w, (uint8_t)text.length);
        writer_slice(&w, text);
        writer_u8(&w, (uint8_t)file.length);
        writer_slice(&w, file);
        menu += MENU_ENTRY_BYTES + text.length;
        servers += SERVER_ENTRY_BYTES;
    } while (parser_take_mark(parser, ','));
    if (!parser_end_statement(parser))
        return false;
    /* A PXE sub-option has one byte for its length. */
    if (w.failed || menu > PXE_SUBOPTION_MAX || servers > PXE_SUBOPTION_MAX) {
        parser_error(parser, keyword.where,
                     "this menu is too long for PXE: it has %zu items and %zu bytes, of which %d "
                     "and %d are the limits (an item counts %d bytes beside its text)",
                     servers / SERVER_ENTRY_BYTES, menu, PXE_SUBOPTION_MAX / SERVER_ENTRY_BYTES,
                     PXE_SUBOPTION_MAX, MENU_ENTRY_BYTES);
        return true;
    }
    add_setting(parser, SPACE_PARAMETER, statement->parameter, slice_of(bytes, w.length),
                keyword.where);
    return true;
}

/* `pxe-prompt "TEXT" [SECONDS];` */
bool read_pxe_prompt(struct parser *parser, const struct statement *statement, struct token keyword)
{
    uint8_t bytes[1 + PXE_SUBOPTION_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct position where = parser->token.where;
    int64_t seconds = PROMPT_FOREVER;
    struct slice text;

    if (!read_short_text(parser, "the prompt", &text))
        return false;
    if (parser->token.kind == TOKEN_WORD && !parser_begins_statement(parser) &&
        !read_number(parser, "a number of seconds", 0, PROMPT_FOREVER, &seconds))
        return false;
    if (!parser_end_statement(parser))
        return false;
    if (text.length + 1 > PXE_SUBOPTION_MAX) {
        parser_error(parser, where, "the prompt has at most %d bytes", PXE_SUBOPTION_MAX - 1);
        return true;
    }
    writer_u8(&w, (uint8_t)seconds);
    writer_slice(&w, text);
    add_setting(parser, SPACE_PARAMETER, statement->parameter, slice_of(bytes, w.length),
                keyword.where);
    return true;
}
