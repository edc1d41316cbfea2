/* Statements that are read and have no effect: each kind is reported once, where it stands first,
 * so that a file with thousands of them still shows everything else. */
#include "config/parser.h"

#include <string.h>

struct ignored {
    struct ignored *next;
    const char *name;
    bool in_pool;
    struct position first;
    size_t more; /* places behind the first */
};

void parser_ignore(struct parser *parser, const char *name, struct position where)
{
    bool in_pool = parser->block->kind == BLOCK_POOL;
    struct ignored *at = parser->ignored;

    while (at && (strcmp(at->name, name) != 0 || at->in_pool != in_pool))
        at = at->next;
    if (at) {
        at->more++;
        return;
    }
    at = region_allocate(parser->region, sizeof(*at));
    *at = (struct ignored){parser->ignored, region_string(parser->region, name), in_pool, where, 0};
    parser->ignored = at;
}

void parser_report_ignored(struct parser *parser)
{
    for (const struct ignored *at = parser->ignored; at; at = at->next) {
        const char *place = at->in_pool ? "a pool" : "bootwire";

        if (at->more == 0)
            parser_warning(parser, at->first, "`%s` has no effect in %s", at->name, place);
        else
            parser_warning(parser, at->first,
                           "`%s` has no effect in %s, here and in %zu more place%s", at->name,
                           place, at->more, at->more == 1 ? "" : "s");
    }
}
