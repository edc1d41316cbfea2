#include "decide/export.h"

#include "base/memory.h"
#include "model/address.h"

#include <stdlib.h>
#include <string.h>

enum { OPTION_ROOT_PATH = 17 }; /* RFC 2132 section 3.19 */

/* Takes one component after the slashes at the front of the path; empty at its end. */
static struct slice export_component(struct slice *path)
{
    struct slice component = {NULL, 0};

    while (path->length > 0 && path->data[0] == '/')
        *path = slice_of(path->data + 1, path->length - 1);
    component.data = path->data;
    while (component.length < path->length && path->data[component.length] != '/')
        component.length++;
    *path = slice_of(path->data + component.length, path->length - component.length);
    return component;
}

bool export_normalise(char to[EXPORT_PATH_MAX], struct slice path)
{
    struct slice component;
    size_t length = 0;

    if (path.length == 0 || path.data[0] != '/' || memchr(path.data, 0, path.length))
        return false;
    while ((component = export_component(&path)).length > 0) {
        if (slice_equal_string(component, "."))
            continue;
        if (slice_equal_string(component, "..") || length + component.length + 2 > EXPORT_PATH_MAX)
            return false;
        to[length++] = '/';
        memcpy(to + length, component.data, component.length);
        length += component.length;
    }
    if (length == 0)
        to[length++] = '/';
    to[length] = 0;
    return true;
}

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
                                       struct export *export)
{
    *export = (struct export){.where = where};
    if (root_path.length == 0)
        return EXPORT_NO_ROOT_PATH;
    if (!export_normalise(export->directory, export_directory_part(root_path)))
        return EXPORT_BAD_ROOT_PATH;
    return EXPORT_GRANTED;
}

enum export_verdict export_of(const struct scope_view *view, struct export *export)
{
    const struct setting *setting = scope_view_find(view, SPACE_DHCP, OPTION_ROOT_PATH);

    if (!setting)
        return EXPORT_NO_ROOT_PATH;
    return export_read(setting->value, setting->where, export);
}

static bool exports_hold(const struct exports *exports, const char *directory)
{
    for (size_t i = 0; i < exports->count; i++) {
        if (strcmp(exports->list[i].directory, directory) == 0)
            return true;
    }
    return false;
}

static void exports_add(struct exports *exports, struct slice root_path, struct position where,
                        enum export_verdict *verdict, struct position *bad)
{
    struct export export;
    enum export_verdict read = export_read(root_path, where, &export);

    if (read == EXPORT_GRANTED) {
        if (!exports_hold(exports, export.directory)) {
            exports->list =
                memory_resize(exports->list, exports->count + 1, sizeof(*exports->list));
            exports->list[exports->count++] = export;
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

enum export_verdict exports_find(struct exports *exports, const struct reach_question *question,
                                 bool known, const struct setting *told, struct position *bad)
{
    enum export_verdict verdict = EXPORT_NO_ROOT_PATH;
    struct reach reach;

    *exports = (struct exports){.count = 0};
    if (!known)
        return EXPORT_UNKNOWN_MACHINE;
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

void exports_release(struct exports *exports)
{
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
