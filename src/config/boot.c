/* What is booted: `boot`, `menu` and `boot-loader`. */
#include "config/builder.h"
#include "config/parser.h"

#include "model/boot_recipe.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What a generated file of pxelinux holds at most: 35996 tenths of a second. */
enum { MENU_TIMEOUT_MAX = 3599 };

/* One entry while its braces are read. */
struct entry_reading {
    struct parser *parser;
    struct boot_entry *entry;
    const char *kind;              /* "linux", "netbsd" */
    struct position *initrd_where; /* the entry's */
    bool broken; /* something in the braces could not be read: the kernel, perhaps */
};

/* ---- Texts ---- */

/* Text that goes into files which have one line for it. */
static bool is_clean(struct parser *parser, const char *what, struct slice text,
                     struct position where)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!iscntrl(text.data[i]))
            continue;
        parser_error(parser, where,
                     "%s goes into files where it has one line: it can hold no line end and no "
                     "control character",
                     what);
        return false;
    }
    if (text.length <= BOOT_STRING_MAX)
        return true;
    parser_error(parser, where, "%s has at most %d bytes", what, BOOT_STRING_MAX);
    return false;
}

/* Whether it is SCHEME://..., and how long the scheme is. */
static bool is_url(struct slice text, size_t *scheme)
{
    static const char mark[] = "://";
    size_t i = 0;

    while (i < text.length && (isalnum(text.data[i]) || text.data[i] == '+'))
        i++;
    *scheme = i;
    return i > 0 && text.length - i >= sizeof(mark) - 1 &&
           memcmp(text.data + i, mark, sizeof(mark) - 1) == 0;
}

static const char *next_scheme(size_t index)
{
    static const char *const schemes[] = {"http", "https", "tftp", "nfs"};

    return index < sizeof(schemes) / sizeof(schemes[0]) ? schemes[index] : NULL;
}

static bool is_known_scheme(struct parser *parser, struct slice scheme, struct position where)
{
    for (size_t i = 0; next_scheme(i); i++) {
        if (strlen(next_scheme(i)) == scheme.length &&
            strncasecmp(next_scheme(i), (const char *)scheme.data, scheme.length) == 0)
            return true;
    }
    parser_error(parser, where,
                 "no boot loader reads `%.*s://`: write a path below tftp-root, or a URL with "
                 "http, https, tftp or nfs",
                 (int)scheme.length, (const char *)scheme.data);
    return false;
}

static bool has_dots(struct slice path)
{
    for (size_t from = 0; from < path.length;) {
        size_t to = from;

        while (to < path.length && path.data[to] != '/')
            to++;
        if (slice_equal_string(slice_of(path.data + from, to - from), ".."))
            return true;
        from = to + 1;
    }
    return false;
}

/* What some loader would take for the end of the name: pxelinux and U-Boot split at blanks, and
 * pxelinux splits a list of initrds at commas. */
static bool has_separator(struct parser *parser, const char *what, struct slice path,
                          struct position where)
{
    for (size_t i = 0; i < path.length; i++) {
        if (path.data[i] == '\\')
            parser_error(parser, where, "%s has a backslash: directories end with `/`", what);
        else if (path.data[i] == ' ' || path.data[i] == ',')
            parser_error(parser, where,
                         "%s has a %s, where some boot loaders take a name to end: rename the file",
                         what, path.data[i] == ' ' ? "blank" : "comma");
        else
            continue;
        return true;
    }
    return false;
}

/* A path below tftp-root, made without slash in front, or a URL. `*path` is NULL where it is none,
 * which is reported. Returns false where there is no string. */
static bool read_path(struct parser *parser, const char *what, const char **path,
                      struct position *where)
{
    struct slice text;
    size_t scheme;

    *path = NULL;
    *where = parser->token.where;
    if (!read_string(parser, what, &text))
        return false;
    if (!is_clean(parser, what, text, *where) || has_separator(parser, what, text, *where))
        return true;
    if (is_url(text, &scheme)) {
        if (!is_known_scheme(parser, slice_of(text.data, scheme), *where))
            return true;
    } else if (has_dots(text)) {
        parser_error(parser, *where,
                     "%s leads out of tftp-root by \"..\": put the file below tftp-root and write "
                     "its path from there",
                     what);
        return true;
    } else {
        while (text.length > 0 && text.data[0] == '/')
            text = slice_of(text.data + 1, text.length - 1);
        if (text.length == 0) {
            parser_error(parser, *where, "%s is empty: write its path below tftp-root, or a URL",
                         what);
            return true;
        }
    }
    *path = region_string_of_slice(&parser->snapshot->region, text);
    return true;
}

static bool read_title(struct parser *parser, const char *what, const char **title)
{
    struct position where = parser->token.where;
    struct slice text;

    *title = NULL;
    if (!read_string(parser, what, &text))
        return false;
    if (text.length == 0)
        parser_error(parser, where, "%s is empty: it is what a person chooses by", what);
    else if (is_clean(parser, what, text, where))
        *title = region_string_of_slice(&parser->snapshot->region, text);
    return true;
}

/* Whether the word begins what can stand in no braces of these: most likely a `}` is missing before
 * it. */
static bool begins_declaration(const struct token *word)
{
    const struct statement *statement =
        word->kind == TOKEN_WORD ? statement_by_name(word->text) : NULL;

    return statement && (statement->read == read_host || statement->read == read_subnet ||
                         statement->read == read_group || statement->read == read_shared_network ||
                         statement->read == read_class || statement->read == read_pool ||
                         statement->read == read_boot || statement->read == read_menu);
}

/* ---- The braces of `boot linux` and `boot netbsd` ---- */

static bool read_kernel(struct entry_reading *reading, struct token keyword)
{
    struct boot_entry *entry = reading->entry;
    const char *path;
    bool good;

    if (entry->file)
        parser_error(reading->parser, keyword.where,
                     "this has a kernel already: a second thing to boot is another `boot`, in a "
                     "`menu` of both");
    good = read_path(reading->parser, "the kernel's file", &path, &entry->file_where);
    /* Where something is wrong with it, that is told: none is missing. */
    entry->file = path ? path : "";
    return good && parser_end_statement(reading->parser);
}

static void add_initrd_place(struct entry_reading *reading, struct position where)
{
    if (!reading->initrd_where)
        reading->initrd_where = region_allocate(&reading->parser->snapshot->region,
                                                BOOT_INITRDS_MAX * sizeof(*reading->initrd_where));
    reading->entry->initrd_where = reading->initrd_where;
    reading->initrd_where[reading->entry->initrd_count] = where;
}

static bool read_initrd(struct entry_reading *reading, struct token keyword)
{
    struct boot_entry *entry = reading->entry;

    if (entry->kind != BOOT_LINUX) {
        parser_error(reading->parser, keyword.where,
                     "`initrd` is for Linux alone: a NetBSD kernel mounts its root over NFS");
        return false;
    }
    do {
        struct position where;
        const char *path;

        if (!read_path(reading->parser, "the initrd's file", &path, &where))
            return false;
        if (entry->initrd_count < BOOT_INITRDS_MAX) {
            add_initrd_place(reading, where);
            entry->initrds[entry->initrd_count++] = path ? path : "";
        } else {
            parser_error(reading->parser, where,
                         "this initrd is one too many: a kernel gets at most %d; `cat` makes one "
                         "file of several",
                         BOOT_INITRDS_MAX);
        }
    } while (parser_take_mark(reading->parser, ','));
    return parser_end_statement(reading->parser);
}

/* A second one goes on where the first ended: a string has a limit of its own. */
static bool read_append(struct entry_reading *reading, struct token keyword)
{
    struct parser *parser = reading->parser;
    struct position where = parser->token.where;
    const char *before = reading->entry->append;
    struct slice text;

    (void)keyword;
    if (!read_string(parser, "the kernel's command line", &text) || !parser_end_statement(parser))
        return false;
    if (!is_clean(parser, "the kernel's command line", text, where))
        return true;
    if (strlen(before) + 1 + text.length > BOOT_STRING_MAX) {
        parser_error(parser, where,
                     "a kernel's command line has at most %d bytes, all its "
                     "`append` together",
                     BOOT_STRING_MAX);
        return true;
    }
    reading->entry->append =
        region_printf(&parser->snapshot->region, "%s%s%.*s", before, *before ? " " : "",
                      (int)text.length, (const char *)text.data);
    return true;
}

static const struct entry_word {
    const char *name;
    bool (*read)(struct entry_reading *reading, struct token keyword);
} entry_words[] = {
    {"append", read_append},
    {"initrd", read_initrd},
    {"kernel", read_kernel},
};

enum { ENTRY_WORD_COUNT = sizeof(entry_words) / sizeof(entry_words[0]) };

static const char *next_entry_word(size_t index)
{
    return index < ENTRY_WORD_COUNT ? entry_words[index].name : NULL;
}

/* Statements that an administrator would look for in here. */
static const char *place_of(const struct token *word)
{
    static const struct {
        const char *word, *place;
    } places[] = {
        {"title", "the title stands before the `{`, as in `boot linux \"Install\" {`"},
        {"console", "`console` stands beside the `boot`, for it is for all loaders and kernels"},
        {"cmdline", "a kernel's command line is `append \"...\";`"},
        {"args", "a kernel's command line is `append \"...\";`"},
        {"options", "a kernel's command line is `append \"...\";`"},
        {"ramdisk", "the first files of a Linux are `initrd \"...\";`"},
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (token_is_word(word, places[i].word))
            return places[i].place;
    }
    return NULL;
}

static bool read_entry_item(struct parser *parser, void *context)
{
    struct entry_reading *reading = context;
    struct token keyword = parser->token;
    char found[TOKEN_TEXT_SIZE];
    const char *nearest;

    for (size_t i = 0; i < ENTRY_WORD_COUNT; i++) {
        if (parser_take_word(parser, entry_words[i].name))
            return entry_words[i].read(reading, keyword);
    }
    if (keyword.kind != TOKEN_WORD) {
        parser_expected(parser, "`kernel`, `initrd` or `append`");
        parser_take(parser);
        return false;
    }
    reading->broken = true;
    token_text(found, &keyword);
    nearest = nearest_name(keyword.text, next_entry_word);
    if (begins_declaration(&keyword)) {
        parser_error(parser, keyword.where,
                     "%s cannot stand in a `boot %s`: expected `}` before it", found,
                     reading->kind);
        return false;
    }
    if (place_of(&keyword))
        parser_error(parser, keyword.where, "%s", place_of(&keyword));
    else if (nearest)
        parser_error(parser, keyword.where,
                     "there is no %s in a `boot %s`; the nearest statement is `%s`", found,
                     reading->kind, nearest);
    else
        parser_error(parser, keyword.where,
                     "%s cannot stand in a `boot %s`: `kernel`, `initrd` and `append` can", found,
                     reading->kind);
    parser_take(parser);
    return false;
}

/* ---- One `boot` ---- */

/* `boot linux ["TITLE"] { ... }`, behind the kind. */
static bool read_kernel_entry(struct parser *parser, struct boot_entry *entry, const char *kind)
{
    struct entry_reading reading = {.parser = parser, .entry = entry, .kind = kind};
    const char *example = entry->kind == BOOT_LINUX ? "vmlinuz" : "netbsd";

    if (parser->token.kind == TOKEN_STRING && !read_title(parser, "the title", &entry->title))
        return false;
    if (!token_is_mark(&parser->token, '{')) {
        char found[TOKEN_TEXT_SIZE];

        parser_error(parser, parser->token.where,
                     "expected `{` and the kernel, as in `boot %s { kernel \"%s\"; }`, found %s",
                     kind, example, token_text(found, &parser->token));
        return false;
    }
    parser_read_items(parser, read_entry_item, &reading);
    if (!entry->file && !reading.broken)
        parser_error(parser, entry->where,
                     "this `boot %s` has no kernel: write `kernel \"%s\";` into its braces, with "
                     "the file's path below tftp-root",
                     kind, example);
    return true;
}

/* `boot ipxe ["TITLE"] "SCRIPT";` or `boot file ["TITLE"] "FILE";`: of two strings the first is the
 * title. */
static bool read_file_entry(struct parser *parser, struct boot_entry *entry, const char *kind)
{
    const char *what = entry->kind == BOOT_IPXE ? "the iPXE script's file" : "the file to boot";
    struct lexer ahead = parser->lexer;
    struct token second = parser->token.kind == TOKEN_STRING ? lexer_next(&ahead) : parser->token;

    (void)kind;
    if (parser->token.kind == TOKEN_STRING && second.kind == TOKEN_STRING &&
        !read_title(parser, "the title", &entry->title))
        return false;
    return read_path(parser, what, &entry->file, &entry->file_where) &&
           parser_end_statement(parser);
}

/* `boot local ["TITLE"];` */
static bool read_local_entry(struct parser *parser, struct boot_entry *entry, const char *kind)
{
    (void)kind;
    if (parser->token.kind == TOKEN_STRING && !read_title(parser, "the title", &entry->title))
        return false;
    return parser_end_statement(parser);
}

static const struct kind_word {
    const char *name;
    enum boot_kind kind;
    bool (*read)(struct parser *parser, struct boot_entry *entry, const char *kind);
} kinds[] = {
    {"file", BOOT_FILE, read_file_entry},       {"ipxe", BOOT_IPXE, read_file_entry},
    {"linux", BOOT_LINUX, read_kernel_entry},   {"local", BOOT_LOCAL, read_local_entry},
    {"netbsd", BOOT_NETBSD, read_kernel_entry},
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

static const char *next_kind(size_t index)
{
    return index < KIND_COUNT ? kinds[index].name : NULL;
}

static bool unknown_kind(struct parser *parser)
{
    const char *nearest =
        parser->token.kind == TOKEN_WORD ? nearest_name(parser->token.text, next_kind) : NULL;
    char found[TOKEN_TEXT_SIZE];

    token_text(found, &parser->token);
    if (parser->token.kind == TOKEN_STRING)
        parser_error(
            parser, parser->token.where,
            "expected what %s is: `boot file %s;` hands it to the firmware as it is, `boot "
            "linux { kernel %s; }` boots a kernel",
            found, found, found);
    else if (nearest)
        parser_error(parser, parser->token.where,
                     "there is no `boot` of the kind %s; the nearest one is `boot %s`", found,
                     nearest);
    else
        parser_error(parser, parser->token.where,
                     "%s is nothing to boot: `linux`, `netbsd`, `ipxe`, `file` and `local` are",
                     found);
    return false;
}

/* What follows `boot`. */
static bool read_entry(struct parser *parser, struct boot_entry *entry, struct position where)
{
    *entry = (struct boot_entry){.append = "", .where = where};
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!parser_take_word(parser, kinds[i].name))
            continue;
        entry->kind = kinds[i].kind;
        return kinds[i].read(parser, entry, kinds[i].name);
    }
    return unknown_kind(parser);
}

/* Numbers the recipe, and has the scope say that it is booted. */
static void add_recipe(struct parser *parser, struct boot_recipe recipe)
{
    struct snapshot *snapshot = parser->snapshot;
    struct boot_recipe *recipes = (struct boot_recipe *)snapshot->recipes;

    if (snapshot->recipe_count == parser->recipe_room) {
        parser->recipe_room = parser->recipe_room ? 2 * parser->recipe_room : 4;
        recipes = region_allocate(&snapshot->region, parser->recipe_room * sizeof(*recipes));
        for (size_t i = 0; i < snapshot->recipe_count; i++)
            recipes[i] = snapshot->recipes[i];
        snapshot->recipes = recipes;
    }
    recipes[snapshot->recipe_count] = recipe;
    add_number(parser, PARAMETER_BOOT, (uint32_t)snapshot->recipe_count++, recipe.where);
}

bool read_boot(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct boot_entry *entry = region_allocate(&parser->snapshot->region, sizeof(*entry));

    (void)statement;
    if (!read_entry(parser, entry, keyword.where))
        return false;
    add_recipe(parser,
               (struct boot_recipe){.entries = entry, .entry_count = 1, .where = keyword.where});
    return true;
}

/* ---- `menu` ---- */

struct menu_reading {
    struct boot_recipe recipe;
    struct boot_entry entries[BOOT_ENTRIES_MAX];
    struct token default_entry; /* a title or a number; TOKEN_END: none was said */
    bool has_timeout, has_default;
    bool broken; /* an entry could not be read: how many there are, nobody knows */
};

static bool read_menu_entry(struct parser *parser, struct menu_reading *menu, struct token keyword)
{
    struct boot_entry extra = {.append = ""};
    bool full = menu->recipe.entry_count == BOOT_ENTRIES_MAX;
    struct boot_entry *entry = full ? &extra : &menu->entries[menu->recipe.entry_count];

    if (!read_entry(parser, entry, keyword.where)) {
        menu->broken = true;
        return false;
    }
    if (full)
        parser_error(parser, keyword.where, "this entry is one too many: a menu has at most %d",
                     BOOT_ENTRIES_MAX);
    for (size_t i = 0; !full && entry->title && i < menu->recipe.entry_count; i++) {
        if (menu->entries[i].title && strcmp(menu->entries[i].title, entry->title) == 0)
            parser_error(parser, keyword.where,
                         "line %u has an entry with this title already: nobody could tell them "
                         "apart",
                         menu->entries[i].where.line);
    }
    menu->recipe.entry_count += !full;
    return true;
}

static bool read_menu_default(struct parser *parser, struct menu_reading *menu,
                              struct token keyword)
{
    if (menu->has_default)
        parser_error(parser, keyword.where, "this menu has a default already");
    menu->has_default = true;
    if (parser->token.kind != TOKEN_STRING &&
        (parser->token.kind != TOKEN_WORD || !isdigit(parser->token.text.data[0])))
        return parser_expected(parser, "the title of an entry in quotes, or its number from 1 on");
    menu->default_entry = parser_take(parser);
    return parser_end_statement(parser);
}

static bool read_menu_timeout(struct parser *parser, struct menu_reading *menu,
                              struct token keyword)
{
    struct position where = parser->token.where;
    int64_t seconds;

    if (menu->has_timeout)
        parser_error(parser, keyword.where, "this menu has a timeout already");
    menu->has_timeout = true;
    if (!read_number(parser, "a number of seconds", 0, MENU_TIMEOUT_MAX, &seconds) ||
        !parser_end_statement(parser))
        return false;
    if (seconds == 0)
        parser_error(parser, where,
                     "nobody would see this menu: leave `timeout` out where it is to wait for "
                     "somebody, or write a `boot` alone where nobody is to be asked");
    menu->recipe.timeout_s = (uint32_t)seconds;
    return true;
}

static bool read_menu_item(struct parser *parser, void *context)
{
    struct menu_reading *menu = context;
    struct token keyword = parser->token;
    char found[TOKEN_TEXT_SIZE];

    if (parser_take_word(parser, "boot"))
        return read_menu_entry(parser, menu, keyword);
    if (parser_take_word(parser, "default"))
        return read_menu_default(parser, menu, keyword);
    if (parser_take_word(parser, "timeout"))
        return read_menu_timeout(parser, menu, keyword);
    menu->broken = true;
    token_text(found, &keyword);
    if (token_is_word(&keyword, "item") || token_is_word(&keyword, "entry") ||
        token_is_word(&keyword, "label"))
        parser_error(parser, keyword.where,
                     "an entry of a menu is a `boot` with its title behind the kind, as in `boot "
                     "linux \"Install\" { ... }`");
    else if (begins_declaration(&keyword))
        parser_error(parser, keyword.where, "%s cannot stand in a menu: expected `}` before it",
                     found);
    else
        parser_error(parser, keyword.where,
                     "%s cannot stand in a menu: `boot`, `default` and `timeout` can", found);
    if (!begins_declaration(&keyword))
        parser_take(parser);
    return false;
}

/* Finds the entry that the menu's `default` names. */
static void find_default(struct parser *parser, struct menu_reading *menu)
{
    const struct token *wanted = &menu->default_entry;
    char found[TOKEN_TEXT_SIZE];
    int64_t number = 0;

    if (wanted->kind == TOKEN_END)
        return;
    for (size_t i = 0; wanted->kind == TOKEN_STRING && i < menu->recipe.entry_count; i++) {
        if (menu->entries[i].title && slice_equal_string(wanted->text, menu->entries[i].title)) {
            menu->recipe.default_entry = i;
            return;
        }
    }
    if (wanted->kind == TOKEN_WORD && number_of(wanted->text, &number) && number >= 1 &&
        (size_t)number <= menu->recipe.entry_count) {
        menu->recipe.default_entry = (size_t)number - 1;
        return;
    }
    if (menu->broken)
        return;
    if (wanted->kind == TOKEN_STRING)
        parser_error(parser, wanted->where,
                     "no entry of this menu has the title %s: write one of theirs, or its number "
                     "from 1 to %zu",
                     token_text(found, wanted), menu->recipe.entry_count);
    else
        parser_error(parser, wanted->where, "this menu has no entry %s: its entries are 1 to %zu",
                     token_text(found, wanted), menu->recipe.entry_count);
}

/* `menu "TITLE" { boot ...; default "TITLE" | NUMBER; timeout SECONDS; }` */
bool read_menu(struct parser *parser, const struct statement *statement, struct token keyword)
{
    struct menu_reading menu = {.default_entry = {.kind = TOKEN_END}};
    struct boot_entry *entries;

    (void)statement;
    menu.recipe.where = keyword.where;
    if (token_is_mark(&parser->token, '{'))
        parser_error(parser, parser->token.where, "a menu has a title, as in `menu \"Install\" {`");
    else if (!read_title(parser, "the menu's title", &menu.recipe.title))
        return false;
    if (!token_is_mark(&parser->token, '{'))
        return parser_expected(parser, "`{` and what can be booted");
    parser_read_items(parser, read_menu_item, &menu);
    if (menu.recipe.entry_count == 0) {
        if (!menu.broken)
            parser_error(parser, keyword.where,
                         "this menu is empty: write at least one `boot` into it");
        return true;
    }
    find_default(parser, &menu);
    entries =
        region_allocate(&parser->snapshot->region, menu.recipe.entry_count * sizeof(*entries));
    for (size_t i = 0; i < menu.recipe.entry_count; i++)
        entries[i] = menu.entries[i];
    menu.recipe.entries = entries;
    add_recipe(parser, menu.recipe);
    return true;
}

/* ---- `boot-loader` ---- */

static const char *next_loader(size_t index)
{
    static const char *const names[] = {"ipxe", "pxelinux", "grub", "syslinux", "uboot", "pxeboot"};

    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}

/* `boot-loader "NAME";` */
bool read_boot_loader(struct parser *parser, const struct statement *statement,
                      struct token keyword)
{
    struct position where = parser->token.where;
    char found[TOKEN_TEXT_SIZE];
    struct token name = parser->token;
    const char *nearest;

    if (name.kind != TOKEN_STRING && name.kind != TOKEN_WORD)
        return parser_expected(parser, "the name of a boot loader in quotes");
    parser_take(parser);
    if (!parser_end_statement(parser))
        return false;
    for (size_t i = 0; next_loader(i); i++) {
        if (strlen(next_loader(i)) != name.text.length ||
            strncasecmp(next_loader(i), (const char *)name.text.data, name.text.length) != 0)
            continue;
        add_setting(parser, SPACE_PARAMETER, statement->parameter, slice_of_string(next_loader(i)),
                    keyword.where);
        return true;
    }
    nearest = nearest_name(name.text, next_loader);
    token_text(found, &name);
    if (nearest)
        parser_error(parser, where, "there is no boot loader %s; the nearest one is \"%s\"", found,
                     nearest);
    else
        parser_error(parser, where,
                     "there is no boot loader %s: \"ipxe\", \"pxelinux\", \"grub\", \"syslinux\", "
                     "\"uboot\" and \"pxeboot\" are known",
                     found);
    return true;
}

/* ---- `boot` beside `filename` ---- */

/* Of both in one scope the later one holds: whoever wrote the other is told. */
void check_boot_files(const struct block *block, struct sources *sources)
{
    const struct setting *last = NULL;

    for (const struct block_setting *at = block->settings; at; at = at->next) {
        const struct setting *setting = &at->setting;

        if (setting->space != SPACE_PARAMETER ||
            (setting->code != PARAMETER_BOOT && setting->code != PARAMETER_FILENAME))
            continue;
        if (last && last->code != setting->code)
            sources_report(sources, DIAGNOSTIC_WARNING, last->where,
                           "this `%s` has no effect: line %u of %s says with `%s` what is booted",
                           last->code == PARAMETER_BOOT ? "boot" : "filename", setting->where.line,
                           setting->where.file,
                           setting->code == PARAMETER_BOOT ? "boot" : "filename");
        else if (last && setting->code == PARAMETER_BOOT)
            sources_report(sources, DIAGNOSTIC_WARNING, last->where,
                           "this has no effect: line %u of %s says again what is booted; a `menu` "
                           "offers both",
                           setting->where.line, setting->where.file);
        last = setting;
    }
}
