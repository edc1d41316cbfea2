/* Which mtree(5) files speak of a tree that is served. */
#include "config/parser.h"

#include <string.h>

static void add_mtree(struct snapshot *snapshot, const char *directory, struct slice file,
                      struct position where)
{
    struct mtree_statement *fresh = region_allocate(&snapshot->region, sizeof(*fresh));
    const struct mtree_statement **end = &snapshot->mtrees;

    *fresh = (struct mtree_statement){
        .directory = directory,
        .file = region_string_of_slice(&snapshot->region, file),
        .where = where,
    };
    while (*end)
        end = (const struct mtree_statement **)&(*end)->next;
    *end = fresh;
}

static bool holds_nul(struct slice text)
{
    return text.length > 0 && memchr(text.data, '\0', text.length);
}

/* `mtree "DIRECTORY" "FILE", ...;` */
bool read_mtree(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct position where = parser->token.where;
    struct slice directory, file;
    const char *path;

    (void)statement;
    if (!read_string(parser, "the directory that it is about", &directory))
        return false;
    if (directory.length == 0 || directory.data[0] != '/' || holds_nul(directory)) {
        parser_error(parser, where, "expected a directory with its whole path, from `/` on");
        parser_skip_statement(parser);
        return true;
    }
    path = region_string_of_slice(&parser->snapshot->region, directory);
    do {
        where = parser->token.where;
        if (!read_string(parser, "an mtree(5) file, as in \"etc/mtree/set.base\"", &file))
            return false;
        if (file.length == 0 || holds_nul(file))
            parser_error(parser, where, "expected the name of an mtree(5) file");
        else
            add_mtree(parser->snapshot, path, file, keyword.where);
    } while (parser_take_mark(parser, ','));
    return parser_end_statement(parser);
}
