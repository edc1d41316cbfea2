/* A path that a client asks to mount never leads out of its export. */
#include "decide/export.h"
#include "wire/mount.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

/* Does the normal form hold: "/" alone, or components with one slash before each, none ".."? */
static void check_normal(const char *path)
{
    size_t length = strlen(path);

    if (path[0] != '/' || length >= EXPORT_PATH_MAX || strstr(path, "//") || strstr(path, "/../") ||
        (length > 1 && path[length - 1] == '/') ||
        (length > 2 && strcmp(path + length - 3, "/..") == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static const struct export exports[] = {{.directory = "/srv/root"}, {.directory = "/"}};
    struct reader r = reader_of(data, length);
    struct slice path = mount_read_path(&r);
    char normal[EXPORT_PATH_MAX], below[EXPORT_PATH_MAX], whole[2 * EXPORT_PATH_MAX];

    if (r.failed)
        return 0;
    if (export_normalise(normal, path))
        check_normal(normal);
    for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
        if (export_allows(&exports[i], path, below) != EXPORT_GRANTED || below[0] == 0)
            continue;
        snprintf(whole, sizeof(whole), "/%s", below);
        check_normal(whole);
    }
    return 0;
}
