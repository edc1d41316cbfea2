/* What Sun's machines are told by bootparam. */
#include "config/parser.h"

#include "wire/bootparam.h"

#include <string.h>

/* The number that the snapshot has for a key; 0 where there are too many. */
static unsigned code_of(struct snapshot *snapshot, const char *key)
{
    size_t i = 0;

    while (i < snapshot->bootparam_key_count && strcmp(snapshot->bootparam_keys[i], key) != 0)
        i++;
    if (i == SNAPSHOT_BOOTPARAM_KEYS_MAX)
        return 0;
    if (i == snapshot->bootparam_key_count)
        snapshot->bootparam_keys[snapshot->bootparam_key_count++] = key;
    return (unsigned)i + 1;
}

/* "/PATH", ":TEXT" or "ADDRESS:TEXT". */
static bool is_place(struct slice text)
{
    const uint8_t *colon = text.length > 0 ? memchr(text.data, ':', text.length) : NULL;
    uint32_t address;

    if (text.length == 0 || text.length > BOOTPARAM_PATH_MAX || memchr(text.data, 0, text.length))
        return false;
    if (text.data[0] == '/')
        return true;
    if (!colon || colon + 1 == text.data + text.length)
        return false;
    return colon == text.data ||
           ipv4_parse((const char *)text.data, (size_t)(colon - text.data), &address);
}

/* `bootparam KEY "PLACE";` */
bool read_bootparam(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct position where = parser->token.where;
    const char *key;
    struct slice text;
    unsigned code;

    (void)statement;
    if (!read_name(parser, "a key, as in `bootparam swap \"/export/swap\";`", &key))
        return false;
    if (strlen(key) > BOOTPARAM_FILE_MAX) {
        parser_error(parser, where, "a key has at most %d bytes", BOOTPARAM_FILE_MAX);
        return false;
    }
    where = parser->token.where;
    if (!read_string(parser, "where that is", &text) || !parser_end_statement(parser))
        return false;
    if (!is_place(text)) {
        parser_error(parser, where,
                     "expected \"/PATH\" on this server, \"ADDRESS:/PATH\" on another one, or "
                     "\":TEXT\"");
        return true;
    }
    code = code_of(parser->snapshot, key);
    if (code == 0)
        parser_error(parser, keyword.where, "there are more than %d different keys",
                     SNAPSHOT_BOOTPARAM_KEYS_MAX);
    else
        add_setting(parser, SPACE_BOOTPARAM, code, text, keyword.where);
    return true;
}
