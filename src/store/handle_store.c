/* The handle store and its exports: directories held open. */
#include "store/handle_store.h"

#include "base/clock.h"
#include "base/memory.h"
#include "store/open_files.h"
#include "store/ownership.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define BCACHEFS_SUPER_MAGIC 0xca451a4e /* newer than linux/magic.h */

enum { EXPORT_SEEN_MS = 1000 };

enum { KEY_OF_EXPORTS = crypto_shorthash_KEYBYTES }; /* where the second key begins */

static struct open_files *new_open_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        limit.rlim_cur = 0;
    return open_files_new(open_files_limit(limit.rlim_cur));
}

struct handle_store *handle_store_open(const char *state_directory, char *error, size_t error_size)
{
    struct handle_store *store = memory_zeroed(1, sizeof(*store));
    char *key = memory_printf("%s/handle.key", state_directory);
    char *table = memory_printf("%s/handles.sqlite", state_directory);

    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->moving, NULL);
    pthread_cond_init(&store->moved, NULL);
    store->files = new_open_files();
    store->cache = handle_cache_new();
    if (handle_key_read(key, store->key, error, error_size) == 0)
        store->table = handle_table_open(table, error, error_size);
    free(key);
    free(table);
    if (store->table)
        return store;
    handle_store_free(store);
    return NULL;
}

void handle_store_free(struct handle_store *store)
{
    struct map_entry *entry;
    size_t place = 0;

    if (!store)
        return;
    while (map_next(&store->exports, &place, &entry))
        handle_export_free(entry->value);
    map_release(&store->exports);
    handle_table_free(store->table);
    open_files_free(store->files);
    handle_cache_free(store->cache);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->moving);
    pthread_cond_destroy(&store->moved);
    sodium_memzero(store->key, HANDLE_KEY_SIZE);
    free(store);
}

int kernel_handle_of(int descriptor, union kernel_handle *handle, int *mount)
{
    memset(handle, 0, sizeof(*handle));
    handle->header.handle_bytes = HANDLE_KERNEL_MAX;
    if (name_to_handle_at(descriptor, "", &handle->header, mount, AT_EMPTY_PATH) < 0)
        return errno;
    return 0;
}

/* Opens an exported directory. No part of its path may be a symbolic link: where one export lies
 * below another, whoever has the outer one can put a link into the inner one's place, and with it
 * choose any directory of the server's. ELOOP says that it is so. */
static int open_exported(const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS};

    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* What stands at the path now, by the same rule. */
static int stat_exported(const char *path, struct stat *info)
{
    int descriptor = open_exported(path, O_PATH), result, error;

    if (descriptor < 0)
        return -1;
    result = fstat(descriptor, info);
    error = errno;
    close(descriptor);
    errno = error;
    return result;
}

void export_id(const struct handle_store *store, const char *path, uint8_t id[EXPORT_ID_SIZE])
{
    crypto_shorthash(id, (const uint8_t *)path, strlen(path), store->key + KEY_OF_EXPORTS);
}

size_t export_ids(const struct handle_store *store)
{
    return store->id_count < EXPORT_IDS_MAX ? store->id_count : EXPORT_IDS_MAX;
}

static void export_remember(struct handle_store *store, const uint8_t id[EXPORT_ID_SIZE])
{
    for (size_t i = 0; i < export_ids(store); i++) {
        if (memcmp(store->ids[i], id, EXPORT_ID_SIZE) == 0)
            return;
    }
    memcpy(store->ids[store->id_count++ % EXPORT_IDS_MAX], id, EXPORT_ID_SIZE);
}

static struct handle_export *handle_export_open(struct handle_store *store, const char *path)
{
    int descriptor = open_exported(path, O_RDONLY), trial, mount;
    struct handle_export *export;
    union kernel_handle handle;
    struct statfs filesystem;
    struct statx info;

    if (descriptor < 0)
        return NULL;
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &info) < 0 ||
        fstatfs(descriptor, &filesystem) < 0) {
        int error = errno;

        close(descriptor);
        errno = error;
        return NULL;
    }
    export = memory_zeroed(1, sizeof(*export));
    atomic_init(&export->references, 1);
    export->store = store;
    export->path = memory_string(path);
    export->descriptor = descriptor;
    export->device = makedev(info.stx_dev_major, info.stx_dev_minor);
    export->inode = info.stx_ino;
    export->mount = info.stx_mask & STATX_MNT_ID ? info.stx_mnt_id : 0;
    /* An overlay shows the birth of a file's copy once somebody wrote to it; a snapshot of bcachefs
     * has its files' inode numbers, births and device. */
    export->has_birth =
        filesystem.f_type != OVERLAYFS_SUPER_MAGIC && filesystem.f_type != BCACHEFS_SUPER_MAGIC;
    export_id(store, path, export->id);
    ownership_probe(descriptor);
    if (kernel_handle_of(descriptor, &handle, &mount) == 0) {
        trial = open_by_handle_at(descriptor, &handle.header, O_PATH | O_CLOEXEC);
        /* What mtree(5) says is found by the file's path, which the kernel may not know of a file
         * that it opened by its handle. */
        export->by_kernel = trial >= 0 && !ownership_kept(descriptor);
        if (trial >= 0)
            close(trial);
    }
    return export;
}

struct handle_export *handle_export_hold(struct handle_export *export)
{
    atomic_fetch_add(&export->references, 1);
    return export;
}

void handle_export_free(struct handle_export *export)
{
    if (!export || atomic_fetch_sub(&export->references, 1) > 1)
        return;
    close(export->descriptor);
    free(export->path);
    free(export);
}

/* The export as it is open, if the same directory still stands at the path: what nearly every call
 * asks. That no symbolic link leads there is looked at anew every now and then. */
static struct handle_export *handle_export_same(struct handle_store *store, const char *path)
{
    struct handle_export *export;
    struct stat info;

    pthread_mutex_lock(&store->lock);
    export = map_get(&store->exports, path, strlen(path));
    if (export)
        handle_export_hold(export);
    pthread_mutex_unlock(&store->lock);
    if (export && clock_monotonic_ms() - atomic_load(&export->seen_ms) < EXPORT_SEEN_MS &&
        lstat(path, &info) == 0 && info.st_dev == export->device && info.st_ino == export->inode)
        return export;
    handle_export_free(export);
    return NULL;
}

struct handle_export *handle_export_get(struct handle_store *store, const char *path)
{
    struct handle_export *export = handle_export_same(store, path), *old = NULL;
    struct stat info;
    int error = 0;

    if (export)
        return export;
    if (stat_exported(path, &info) < 0)
        return NULL;
    pthread_mutex_lock(&store->lock);
    export = map_get(&store->exports, path, strlen(path));
    if (!export || export->device != info.st_dev || export->inode != info.st_ino) {
        export = handle_export_open(store, path);
        error = errno;
        if (export) {
            export_remember(store, export->id);
            export->number = ++store->opened;
            old = map_put(&store->exports, path, strlen(path), export);
        }
    }
    if (export) {
        atomic_store(&export->seen_ms, clock_monotonic_ms());
        handle_export_hold(export);
    }
    pthread_mutex_unlock(&store->lock);
    handle_export_free(old);
    if (!export)
        errno = error;
    return export;
}

void handle_store_let_go(struct handle_store *store)
{
    struct map_entry *entry;
    struct map exports;
    size_t place = 0;

    pthread_mutex_lock(&store->lock);
    exports = store->exports;
    store->exports = (struct map){.count = 0};
    pthread_mutex_unlock(&store->lock);
    while (map_next(&exports, &place, &entry))
        handle_export_free(entry->value);
    map_release(&exports);
    (void)open_files_sweep(store->files, UINT64_MAX);
}

uint64_t handle_export_number(const struct handle_export *export)
{
    return export->number;
}

const char *handle_export_path(const struct handle_export *export)
{
    return export->path;
}

void handle_store_sweep(struct handle_store *store)
{
    (void)open_files_sweep(store->files, clock_monotonic_ms());
}
