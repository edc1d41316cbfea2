/* What the files of the handle store (store/handles.h) share: the store, and the exports that it
 * holds open. */
#ifndef BOOTWIRE_STORE_HANDLE_STORE_H
#define BOOTWIRE_STORE_HANDLE_STORE_H

#include "base/map.h"
#include "store/handle_cache.h"
#include "store/handle_key.h"
#include "store/handle_table.h"
#include "store/handles.h"

#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/stat.h>

enum {
    EXPORT_ID_SIZE = crypto_shorthash_BYTES,
    EXPORT_IDS_MAX = 1024,
};

struct handle_store {
    uint8_t key[HANDLE_KEY_SIZE];
    struct handle_table *table;
    struct open_files *files;
    struct handle_cache *cache;
    pthread_mutex_t lock; /* guards what follows */
    uint64_t opened;      /* exports so far */
    struct map exports;   /* struct handle_export; key: the path */
    /* Those that are or were exported, the oldest making room: their handles are stale, not forged,
     * where they are not anybody's any more. */
    uint8_t ids[EXPORT_IDS_MAX][EXPORT_ID_SIZE];
    size_t id_count;        /* ever */
    pthread_mutex_t moving; /* guards what follows */
    pthread_cond_t moved;
    uint64_t moves_begun;
    atomic_uint_least64_t moves_done;
};

struct handle_export {
    atomic_int references;
    struct handle_store *store;
    uint64_t number; /* no other export of this process ever has it */
    char *path;
    atomic_uint_least64_t seen_ms; /* when no symbolic link was part of the path */
    int descriptor;
    dev_t device;
    ino_t inode;
    uint64_t mount; /* of statx; 0 where the kernel does not say */
    uint8_t id[EXPORT_ID_SIZE];
    bool by_kernel; /* the file system has handles, and this process may open by them */
    bool has_birth; /* the birth times of files never change */
};

/* struct file_handle with room for its bytes. */
union kernel_handle {
    struct file_handle header;
    uint8_t room[sizeof(struct file_handle) + HANDLE_KERNEL_MAX];
};

/* The kernel's handle of an open file, and the number of the mount that it lies on; 0 or an errno.
 */
int kernel_handle_of(int descriptor, union kernel_handle *handle, int *mount);

/* The id of the export of that path: a keyed hash. */
void export_id(const struct handle_store *store, const char *path, uint8_t id[EXPORT_ID_SIZE]);
/* How many ids are in the store's list. Its lock is held. */
size_t export_ids(const struct handle_store *store);

#endif
