#include "store/boot_file_cache.h"

#include "base/map.h"
#include "base/memory.h"
#include "model/metrics.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct place {
    char *name; /* root, slash, path; NULL: a free place */
    struct boot_file file;
    bool asked_for; /* since the last sweep */
};

struct boot_file_cache {
    size_t count;
    struct place places[];
};

struct boot_file_cache *boot_file_cache_new(size_t places)
{
    struct boot_file_cache *cache =
        memory_zeroed(1, sizeof(*cache) + places * sizeof(cache->places[0]));

    cache->count = places;
    return cache;
}

static void vacate(struct place *place)
{
    if (!place->name)
        return;
    boot_file_close(&place->file);
    free(place->name);
    place->name = NULL;
}

void boot_file_cache_free(struct boot_file_cache *cache)
{
    for (size_t i = 0; cache && i < cache->count; i++)
        vacate(&cache->places[i]);
    free(cache);
}

void boot_file_cache_sweep(struct boot_file_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (!cache->places[i].asked_for)
            vacate(&cache->places[i]);
        cache->places[i].asked_for = false;
    }
}

/* Whether the name leads to that very file now, unchanged. It is resolved as everybody's names are,
 * and so may lead out of the root: but what lies there is not the file that was opened inside. */
static bool is_still(const struct place *place)
{
    struct boot_file_identity now;
    struct stat info;

    if (stat(place->name, &info) < 0 || !S_ISREG(info.st_mode) || !(info.st_mode & S_IROTH))
        return false;
    now = boot_file_identity_of(&info);
    return memcmp(&now, &place->file.identity, sizeof(now)) == 0;
}

enum boot_file_status boot_file_cache_open(struct boot_file_cache *cache, struct boot_file *file,
                                           const char *root, const char *path, bool any_case)
{
    char name[PATH_MAX];
    size_t length = (size_t)snprintf(name, sizeof(name), "%s/%s", root, path);
    struct place *place = &cache->places[map_hash(name, length) % cache->count];
    enum boot_file_status status;

    if (any_case || length >= sizeof(name))
        return boot_file_open(file, root, path, any_case);
    if (place->name && strcmp(place->name, name) == 0 && is_still(place)) {
        metric_cache(METRIC_CACHE_HTTP_FILES, true);
        place->asked_for = true;
        *file = boot_file_share(&place->file);
        return BOOT_FILE_OPEN;
    }
    metric_cache(METRIC_CACHE_HTTP_FILES, false);
    status = boot_file_open(file, root, path, false);
    if (status != BOOT_FILE_OPEN)
        return status;
    vacate(place);
    *place = (struct place){
        .name = memory_string(name), .file = boot_file_share(file), .asked_for = true};
    return BOOT_FILE_OPEN;
}
