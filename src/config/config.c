#include "config/config.h"

#include "base/memory.h"
#include "config/builder.h"
#include "config/parser.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is to be read, and with what. */
struct input {
    const char *name; /* a file's path, or what stands for it */
    struct slice text;
    bool is_file; /* the text is the file's, which is still to be read */
    struct host_names *names;
};

/* Tells of directories that nobody could mount as they are now: they may come later, so it is no
 * error. */
static void look_for_exports(const struct block *global, struct sources *sources)
{
    for (const struct block_export *at = global->exports; at; at = at->next) {
        char real[PATH_MAX];
        struct stat status;

        if (stat(at->directory, &status) < 0)
            sources_report(sources, DIAGNOSTIC_WARNING, at->where,
                           "the directory %s cannot be exported now: %s", at->directory,
                           strerror(errno));
        else if (!S_ISDIR(status.st_mode))
            sources_report(sources, DIAGNOSTIC_WARNING, at->where,
                           "%s cannot be exported: it is no directory", at->directory);
        else if (realpath(at->directory, real) && strcmp(real, at->directory) != 0)
            sources_report(sources, DIAGNOSTIC_WARNING, at->where,
                           "%s cannot be exported: a part of its path is a symbolic link; write "
                           "%s if that is meant",
                           at->directory, real);
    }
}

/* The same of mtree(5) files. */
static void look_for_specifications(const struct snapshot *snapshot, struct sources *sources)
{
    for (const struct mtree_statement *at = snapshot->mtrees; at; at = at->next) {
        char *path = at->file[0] == '/' ? memory_string(at->file)
                                        : memory_printf("%s/%s", at->directory, at->file);

        if (access(path, R_OK) < 0)
            sources_report(sources, DIAGNOSTIC_WARNING, at->where, "%s cannot be read now: %s",
                           path, strerror(errno));
        free(path);
    }
}

/* Parses the first source and what it includes. Returns the snapshot, or NULL after errors. */
static struct snapshot *parse(struct snapshot *snapshot, struct sources *sources,
                              const struct input *input)
{
    struct region region;
    struct parser parser = {
        .region = &region,
        .snapshot = snapshot,
        .sources = sources,
        .may_include = input->is_file,
        .names = input->names,
    };
    size_t errors_before = sources->diagnostics->error_count;

    region_init(&region, 0);
    parser.block =
        block_new(&region, BLOCK_GLOBAL, NULL, (struct position){sources->first->name, 0, 0});
    parser.list = &parser.block->actions;
    parse_source(&parser, sources->first);
    parser_report_ignored(&parser);
    find_mentioned_spaces(&parser);
    check_failover_peers(&parser);
    check_omapi_key(&parser);
    builder_check(parser.block, sources);
    if (input->is_file)
        look_for_exports(parser.block, sources);
    if (input->is_file)
        look_for_specifications(snapshot, sources);
    if (sources->diagnostics->error_count > errors_before) {
        snapshot_free(snapshot);
        snapshot = NULL;
    } else {
        fill_option_spaces(&parser);
        builder_fill(snapshot, parser.block);
    }
    map_release(&parser.defined);
    region_release(&region);
    return snapshot;
}

/* Reads everything once. */
static struct snapshot *read_once(const struct input *input, struct diagnostics *diagnostics)
{
    struct sources sources = {.diagnostics = diagnostics, .order_start = diagnostics->count};
    struct position where = {input->name, 0, 0};
    struct snapshot *snapshot = snapshot_new();
    char *error = NULL;
    bool good = true;

    if (input->is_file)
        good = sources_read(&sources, &snapshot->region, input->name, &error) != NULL;
    else if (input->text.length > SOURCE_SIZE_MAX)
        good = false;
    else
        sources_add(&sources, &snapshot->region, input->name, input->text);
    if (good) {
        snapshot = parse(snapshot, &sources, input);
    } else {
        where.file = region_string(&diagnostics->region, input->name);
        if (error)
            sources_report(&sources, DIAGNOSTIC_ERROR, where, "%s", error);
        else
            sources_report(&sources, DIAGNOSTIC_ERROR, where,
                           "is too big: a configuration has at most %d MiB", SOURCE_SIZE_MAX >> 20);
        snapshot_free(snapshot);
        snapshot = NULL;
    }
    free(error);
    sources_release(&sources);
    return snapshot;
}

/* Reads everything, and once more where the names in it have to be looked up first. */
static struct snapshot *load(struct input *input, host_names_resolver *resolver,
                             struct diagnostics *diagnostics)
{
    size_t count = diagnostics->count, error_count = diagnostics->error_count;
    struct region region;
    struct host_names names = {.region = &region};
    struct snapshot *snapshot;

    region_init(&region, 0);
    input->names = &names;
    snapshot = read_once(input, diagnostics);
    if (resolver && host_names_wait(&names)) {
        snapshot_free(snapshot);
        diagnostics->count = count;
        diagnostics->error_count = error_count;
        resolver(&names);
        snapshot = read_once(input, diagnostics);
    }
    input->names = NULL;
    host_names_release(&names);
    region_release(&region);
    return snapshot;
}

struct snapshot *config_load(const char *path, struct diagnostics *diagnostics)
{
    struct input input = {.name = path, .is_file = true};

    return load(&input, host_names_ask_system, diagnostics);
}

struct snapshot *config_parse_with(const char *name, struct slice text,
                                   host_names_resolver *resolver, struct diagnostics *diagnostics)
{
    struct input input = {.name = name, .text = text};

    return load(&input, resolver, diagnostics);
}

struct snapshot *config_parse(const char *name, struct slice text, struct diagnostics *diagnostics)
{
    return config_parse_with(name, text, NULL, diagnostics);
}

/* The blanks before the caret: tabs where the line has tabs, so that both end up alike, and none
 * for the second and later bytes of a UTF-8 character. Allocated. */
static char *caret_blanks(const char *line, unsigned column)
{
    char *blanks = memory_zeroed(column + 1, 1);
    size_t length = 0;

    for (unsigned i = 0; i + 1 < column; i++) {
        unsigned char c = (unsigned char)*line;

        if ((c & 0xc0) != 0x80)
            blanks[length++] = c == '\t' ? '\t' : ' ';
        if (c != '\0')
            line++;
    }
    return blanks;
}

char *diagnostic_text(const struct diagnostic *diagnostic)
{
    const char *severity = diagnostic->severity == DIAGNOSTIC_ERROR ? "error" : "warning";
    const struct position *where = &diagnostic->where;
    char *blanks, *text;

    if (where->line == 0)
        return memory_printf("%s: %s: %s\n", where->file, severity, diagnostic->message);
    if (!diagnostic->line)
        return memory_printf("%s:%u:%u: %s: %s\n", where->file, where->line, where->column,
                             severity, diagnostic->message);
    blanks = caret_blanks(diagnostic->line, diagnostic->line_column);
    text = memory_printf("%s:%u:%u: %s: %s\n    %s\n    %s^\n", where->file, where->line,
                         where->column, severity, diagnostic->message, diagnostic->line, blanks);
    free(blanks);
    return text;
}

void diagnostics_release(struct diagnostics *diagnostics)
{
    region_release(&diagnostics->region);
    *diagnostics = (struct diagnostics){.count = 0};
}
