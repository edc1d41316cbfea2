/* Directories that are exported to whom the file names, whatever their root-path is. */
#include "config/parser.h"

#include "model/export.h"

#include <stdio.h>
#include <string.h>

/* One `export` on its way, and which of its statements stood in it already. */
struct reading {
    struct parser *parser;
    struct block_export *export;
    const char *access, *squash; /* as written; NULL: not yet */
    bool anon;
};

static void add_client(struct reading *reading, struct block_export_client client)
{
    struct block_export_client *node = region_allocate(reading->parser->region, sizeof(*node));

    *node = client;
    if (reading->export->last_client)
        reading->export->last_client->next = node;
    else
        reading->export->clients = node;
    reading->export->last_client = node;
}

/* `any`, an address, a network, or the name of a host declaration, which may follow later. */
static bool read_client(struct reading *reading)
{
    struct parser *parser = reading->parser;
    struct block_export_client client = {.where = parser->token.where};
    uint32_t address;

    if (parser->token.kind == TOKEN_WORD &&
        ipv4_parse((const char *)parser->token.text.data, parser->token.text.length, &address)) {
        if (!read_network(parser, &client.network, &client.netmask, &reading->export->broken))
            return false;
        add_client(reading, client);
        return true;
    }
    if (parser_take_word(parser, "any")) {
        add_client(reading, client);
        return true;
    }
    if (parser->token.kind == TOKEN_STRING)
        return parser_expected(parser, "a host's name without quotes, an address, or `any`");
    if (!read_name(parser, "a host's name, an address, or `any`", &client.name))
        return false;
    add_client(reading, client);
    return true;
}

static bool read_clients(struct reading *reading, struct token keyword)
{
    (void)keyword;
    do {
        if (!read_client(reading))
            return false;
    } while (parser_take_mark(reading->parser, ','));
    return parser_end_statement(reading->parser);
}

/* A word that may stand once: an error where it, or what it stands against, stood before. */
static void note_once(struct reading *reading, const char **before, const char *word,
                      struct position where)
{
    if (*before)
        parser_error(reading->parser, where, "this export says `%s` already", *before);
    *before = word;
}

static bool read_ro(struct reading *reading, struct token keyword)
{
    note_once(reading, &reading->access, "ro", keyword.where);
    reading->export->rights.writable = false;
    return parser_end_statement(reading->parser);
}

static bool read_rw(struct reading *reading, struct token keyword)
{
    note_once(reading, &reading->access, "rw", keyword.where);
    reading->export->rights.writable = true;
    return parser_end_statement(reading->parser);
}

static bool read_squash(struct reading *reading, struct token keyword)
{
    static const struct {
        const char *word, *written;
        enum export_squash squash;
    } rows[] = {
        {"root", "squash root", SQUASH_ROOT},
        {"all", "squash all", SQUASH_ALL},
        {"none", "squash none", SQUASH_NONE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!parser_take_word(reading->parser, rows[i].word))
            continue;
        note_once(reading, &reading->squash, rows[i].written, keyword.where);
        reading->export->rights.squash = rows[i].squash;
        return parser_end_statement(reading->parser);
    }
    return parser_expected(reading->parser, "`root`, `all` or `none`");
}

static bool read_anon(struct reading *reading, struct token keyword)
{
    /* All bits set means "nobody said" to the system's calls. */
    const int64_t most = (int64_t)UINT32_MAX - 1;
    int64_t uid, gid;

    if (!read_number(reading->parser, "a user's number", 0, most, &uid) ||
        !read_number(reading->parser, "a group's number", 0, most, &gid) ||
        !parser_end_statement(reading->parser))
        return false;
    if (reading->anon)
        parser_error(reading->parser, keyword.where, "this export says `anon` already");
    reading->anon = true;
    reading->export->rights.anon_uid = (uint32_t)uid;
    reading->export->rights.anon_gid = (uint32_t)gid;
    return true;
}

/* What may stand in the braces. These words are none of the language's elsewhere, where hosts and
 * options may be called so. */
static const struct export_word {
    const char *name;
    bool (*read)(struct reading *reading, struct token keyword);
} words[] = {
    {"anon", read_anon}, {"clients", read_clients}, {"ro", read_ro},
    {"rw", read_rw},     {"squash", read_squash},
};

enum { WORD_COUNT = sizeof(words) / sizeof(words[0]) };

static const char *next_word(size_t index)
{
    return index < WORD_COUNT ? words[index].name : NULL;
}

/* Tells of a word that is none of these, and passes over what it begins. Returns false where an
 * export's `}` seems to be missing before it: the rest is read as if it stood there. */
static bool unknown_word(struct parser *parser, struct token word)
{
    const struct statement *statement = statement_by_name(word.text);
    const char *nearest = nearest_name(word.text, next_word);
    char found[TOKEN_TEXT_SIZE];

    token_text(found, &word);
    if (statement && (statement->read == read_host || statement->read == read_subnet ||
                      statement->read == read_group || statement->read == read_shared_network ||
                      statement->read == read_class || statement->read == read_export)) {
        parser_error(parser, word.where, "%s cannot stand in an export: expected `}` before it",
                     found);
        return false;
    }
    if (nearest && !statement)
        parser_error(parser, word.where,
                     "there is no %s in an export; the nearest statement is `%s`", found, nearest);
    else
        parser_error(parser, word.where,
                     "%s cannot stand in an export: `clients`, `ro`, `rw`, `squash` and `anon` can",
                     found);
    parser_take(parser);
    parser_skip_statement(parser);
    return true;
}

/* Reads one statement; false where the export ends without its `}`. */
static bool read_inside(struct reading *reading)
{
    struct parser *parser = reading->parser;
    struct token keyword = parser->token;

    if (keyword.kind != TOKEN_WORD) {
        reading->export->broken = true;
        parser_expected(parser, "`clients`, `ro`, `rw`, `squash` or `anon`");
        parser_skip_statement(parser);
        return true;
    }
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (!token_is_word(&keyword, words[i].name))
            continue;
        parser_take(parser);
        if (!words[i].read(reading, keyword)) {
            reading->export->broken = true;
            parser_skip_statement(parser);
        }
        return true;
    }
    reading->export->broken = true;
    return unknown_word(parser, keyword);
}

/* The directory as it is compared; false where it can be none. */
static bool read_exported(struct reading *reading)
{
    struct parser *parser = reading->parser;
    struct position where = parser->token.where;
    char directory[EXPORT_PATH_MAX];
    struct slice path;

    if (!read_string(parser, "the directory to export", &path))
        return false;
    if (!export_normalise(directory, path)) {
        parser_error(parser, where,
                     "expected an absolute path without \"..\" and of at most %d bytes",
                     EXPORT_PATH_MAX - 1);
        return true;
    }
    reading->export->directory = region_string(&parser->snapshot->region, directory);
    return true;
}

static void add_export(struct block *block, struct block_export *export)
{
    if (block->last_export)
        block->last_export->next = export;
    else
        block->exports = export;
    block->last_export = export;
}

/* `export "DIRECTORY" { clients CLIENT, ...; ro | rw; squash root | all | none; anon UID GID; }` */
bool read_export(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct block_export *export = region_allocate(parser->region, sizeof(*export));
    struct reading reading = {.parser = parser, .export = export};
    struct position brace;

    (void)statement;
    /* What takes least from the server where nobody wrote more. */
    export->rights = (struct export_rights){
        .squash = SQUASH_ROOT, .anon_uid = EXPORT_NOBODY, .anon_gid = EXPORT_NOBODY};
    export->where = keyword.where;
    if (!read_exported(&reading))
        return false;
    brace = parser->token.where;
    if (!parser_take_mark(parser, '{'))
        return parser_expected(parser, "`{` and who may mount it, as in `{ clients any; }`");
    while (!parser_take_mark(parser, '}')) {
        if (parser->token.kind == TOKEN_END) {
            parser_error(parser, parser->token.where,
                         "the file ends inside the block that line %u opens: expected `}`",
                         brace.line);
            break;
        }
        if (!read_inside(&reading))
            break;
    }
    if (export->directory)
        add_export(parser->block, export);
    return true;
}
