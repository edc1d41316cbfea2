#include "decide/export.h"

#include "base/memory.h"
#include "model/address.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPTION_ROOT_PATH = 17, /* RFC 2132 section 3.19 */
    RESERVED_PORTS = 1024,
};

/* Loaders write "10.50.1.1:/root" (FreeBSD), Linux takes "/root,vers=3": the directory is what is
 * left without both. */
static struct slice export_directory_part(struct slice path)
{
    const uint8_t *colon = path.length > 0 ? memchr(path.data, ':', path.length) : NULL;
    const uint8_t *comma;
    uint32_t address;

    if (colon && ipv4_parse((const char *)path.data, (size_t)(colon - path.data), &address))
        path = slice_of(colon + 1, path.length - (size_t)(colon + 1 - path.data));
    comma = path.length > 0 ? memchr(path.data, ',', path.length) : NULL;
    if (comma)
        path.length = (size_t)(comma - path.data);
    return path;
}

static enum export_verdict export_read(struct slice root_path, struct position where,
                                       struct export *export, char directory[EXPORT_PATH_MAX])
{
    /* A diskless machine owns its root. */
    *export = (struct export){
        .directory = directory,
        .where = where,
        .rights = {.writable = true, .anon_uid = EXPORT_NOBODY, .anon_gid = EXPORT_NOBODY},
    };
    if (root_path.length == 0)
        return EXPORT_NO_ROOT_PATH;
    if (!export_normalise(directory, export_directory_part(root_path)))
        return EXPORT_BAD_ROOT_PATH;
    return EXPORT_GRANTED;
}

enum export_verdict export_of(const struct scope_view *view, struct export *export,
                              char directory[EXPORT_PATH_MAX])
{
    const struct setting *setting = scope_view_find(view, SPACE_DHCP, OPTION_ROOT_PATH);

    if (!setting)
        return EXPORT_NO_ROOT_PATH;
    return export_read(setting->value, setting->where, export, directory);
}

/* Whether one of the first `count` is of this directory. */
static bool exports_hold(const struct exports *exports, size_t count, const char *directory)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(exports->list[i].directory, directory) == 0)
            return true;
    }
    return false;
}

static void exports_append(struct exports *exports, const struct export *export)
{
    exports->list = memory_resize(exports->list, exports->count + 1, sizeof(*exports->list));
    exports->list[exports->count++] = *export;
}

static void exports_add(struct exports *exports, struct slice root_path, struct position where,
                        enum export_verdict *verdict, struct position *bad)
{
    char directory[EXPORT_PATH_MAX];
    struct export export;
    enum export_verdict read = export_read(root_path, where, &export, directory);

    if (read == EXPORT_GRANTED) {
        if (!exports_hold(exports, exports->count, directory)) {
            export.directory = memory_string(directory);
            exports_append(exports, &export);
        }
        *verdict = EXPORT_GRANTED;
    } else if (read == EXPORT_BAD_ROOT_PATH && *verdict != EXPORT_GRANTED) {
        *verdict = read;
        *bad = where;
    }
}

static void exports_add_reach(struct exports *exports, const struct reach *reach,
                              enum export_verdict *verdict, struct position *bad)
{
    for (size_t i = 0; i < reach->count; i++)
        exports_add(exports, reach->values[i].value, reach->values[i].where, verdict, bad);
}

/* Those that bootparam tells are on this server. */
static void exports_add_places(struct exports *exports, const struct reach *reach,
                               enum export_verdict *verdict, struct position *bad)
{
    for (size_t i = 0; i < reach->count; i++) {
        struct slice place = reach->values[i].value;

        if (place.length > 0 && place.data[0] == '/')
            exports_add(exports, place, reach->values[i].where, verdict, bad);
    }
}

static enum export_verdict exports_add_roots(struct exports *exports,
                                             const struct reach_question *question,
                                             const struct setting *told, struct position *bad)
{
    enum export_verdict verdict = EXPORT_NO_ROOT_PATH;
    struct reach reach;

    reach_find(&reach, question, SPACE_DHCP, OPTION_ROOT_PATH);
    exports_add_reach(exports, &reach, &verdict, bad);
    if (told)
        exports_add(exports, told->value, told->where, &verdict, bad);
    for (size_t i = 0; i < question->snapshot->bootparam_key_count; i++) {
        reach_find(&reach, question, SPACE_BOOTPARAM, (unsigned)i + 1);
        exports_add_places(exports, &reach, &verdict, bad);
    }
    return verdict;
}

static bool export_client_is(const struct export_client *client,
                             const struct reach_question *question)
{
    if (client->host)
        return client->host == question->host;
    return (question->address & client->netmask) == client->network;
}

bool export_is_for(const struct export_statement *statement, const struct reach_question *question)
{
    for (size_t i = 0; i < statement->client_count; i++) {
        if (export_client_is(&statement->clients[i], question))
            return true;
    }
    return false;
}

/* Behind the roots: of one directory the first counts, so what a root allows stays allowed. */
static bool exports_add_statements(struct exports *exports, const struct reach_question *question)
{
    const struct snapshot *snapshot = question->snapshot;
    size_t roots = exports->count;
    bool added = false;

    for (size_t i = 0; i < snapshot->export_count; i++) {
        const struct export_statement *statement = &snapshot->exports[i];
        const struct export export = {
            .directory = statement->directory,
            .rights = statement->rights,
            .statement = statement,
            .where = statement->where,
        };

        if (!export_is_for(statement, question))
            continue;
        if (!exports_hold(exports, roots, export.directory))
            exports_append(exports, &export);
        added = true;
    }
    return added;
}

enum export_verdict exports_find(struct exports *exports, const struct reach_question *question,
                                 bool known, const struct setting *told, struct position *bad)
{
    enum export_verdict verdict = EXPORT_UNKNOWN_MACHINE;

    *exports = (struct exports){.count = 0};
    if (known)
        verdict = exports_add_roots(exports, question, told, bad);
    return exports_add_statements(exports, question) ? EXPORT_GRANTED : verdict;
}

void exports_release(struct exports *exports)
{
    for (size_t i = 0; i < exports->count; i++) {
        if (!exports->list[i].statement)
            free((char *)exports->list[i].directory);
    }
    free(exports->list);
    *exports = (struct exports){.count = 0};
}

/* What is left of `path` below `directory`; NULL where it lies elsewhere. */
static const char *export_below(const char *directory, const char *path)
{
    size_t length = strlen(directory);

    if (strcmp(directory, "/") == 0)
        return path + 1;
    if (strncmp(path, directory, length) != 0)
        return NULL;
    if (path[length] == 0)
        return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}

enum export_verdict export_allows(const struct export *export, struct slice asked,
                                  char below[EXPORT_PATH_MAX])
{
    /* The path as it stands comes first: a directory's own name may hold a comma. The NetBSD kernel
     * asks for the whole of root-path, whatever stands around the directory in it. */
    const struct slice forms[] = {asked, export_directory_part(asked)};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char path[EXPORT_PATH_MAX];
        const char *rest = NULL;

        if (export_normalise(path, forms[i]))
            rest = export_below(export->directory, path);
        if (rest) {
            memmove(below, rest, strlen(rest) + 1);
            return EXPORT_GRANTED;
        }
    }
    below[0] = 0;
    return EXPORT_OTHER_PATH;
}

const struct export *exports_allow(const struct exports *exports, struct slice asked,
                                   char below[EXPORT_PATH_MAX])
{
    const struct export *best = NULL;

    for (size_t i = 0; i < exports->count; i++) {
        const struct export *export = &exports->list[i];

        if ((!best || strlen(export->directory) > strlen(best->directory)) &&
            export_allows(export, asked, below) == EXPORT_GRANTED)
            best = export;
    }
    if (best)
        export_allows(best, asked, below);
    return best;
}

void export_squash(const struct export_rights *rights, bool nobody, struct credentials *caller)
{
    size_t count = 0;

    if (nobody || rights->squash == SQUASH_ALL) {
        *caller = (struct credentials){.uid = rights->anon_uid, .gid = rights->anon_gid};
        return;
    }
    if (rights->squash == SQUASH_NONE)
        return;
    if (caller->uid == 0)
        caller->uid = rights->anon_uid;
    if (caller->gid == 0)
        caller->gid = rights->anon_gid;
    for (size_t i = 0; i < caller->group_count; i++) {
        if (caller->groups[i] != 0)
            caller->groups[count++] = caller->groups[i];
    }
    caller->group_count = count;
}

enum export_viewer export_viewer_of(const struct snapshot *snapshot, uint32_t address,
                                    uint16_t port, uint32_t local, bool named)
{
    /* RFC 1122 section 3.2.1.3: loopback addresses come from nowhere else. */
    bool here = address >> 24 == 127 || address == local;

    /* A port below 1024 is root's; others on the server may read no more than machines do. */
    if (here && port < RESERVED_PORTS)
        return VIEWER_SERVER;
    return here || named || snapshot_subnet_of(snapshot, address) ? VIEWER_MACHINE
                                                                  : VIEWER_STRANGER;
}

const struct export_statement *export_around(const struct snapshot *snapshot, const char *directory)
{
    for (size_t i = 0; i < snapshot->export_count; i++) {
        if (export_below(snapshot->exports[i].directory, directory))
            return &snapshot->exports[i];
    }
    return NULL;
}
