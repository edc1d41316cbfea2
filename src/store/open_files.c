#include "store/open_files.h"

#include "base/memory.h"
#include "model/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SHARDS = 16, /* each with a lock of its own */
    LIMIT_LEAST = 32,
    LIMIT_MOST = 8192, /* a few hundred bytes each, here and in the kernel */
    HASH_OFFSET = HANDLE_SIZE - 8,
};

struct open_file {
    atomic_uint references; /* the cache's own is one */
    int path;
    atomic_int reader, writer; /* -1: not open */

    /* What follows is guarded by the shard's lock, and means something while the file is kept. */
    struct open_file *chain;           /* in its bucket */
    struct open_file *older, *younger; /* by last use */
    uint64_t export, opened_ms, used_ms;
    uint8_t handle[HANDLE_SIZE];
};

struct shard {
    pthread_mutex_t lock; /* guards what follows */
    struct open_file **buckets;
    struct open_file *oldest, *youngest;
    size_t count;
};

struct open_files {
    size_t shard_limit, bucket_count; /* of one shard */
    struct shard shards[SHARDS];
};

size_t open_files_limit(uint64_t descriptors)
{
    uint64_t limit = descriptors / 2 / OPEN_FILE_DESCRIPTORS;

    if (limit < LIMIT_LEAST)
        return LIMIT_LEAST;
    return limit > LIMIT_MOST ? LIMIT_MOST : (size_t)limit;
}

struct open_files *open_files_new(size_t limit)
{
    struct open_files *files = memory_zeroed(1, sizeof(*files));

    files->shard_limit = limit / SHARDS > 0 ? limit / SHARDS : 1;
    for (files->bucket_count = 1; files->bucket_count < files->shard_limit;)
        files->bucket_count *= 2;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&files->shards[i].lock, NULL);
        files->shards[i].buckets =
            memory_zeroed(files->bucket_count, sizeof(files->shards[i].buckets[0]));
    }
    return files;
}

static void take_out(struct open_files *files, struct shard *shard, struct open_file *file);

void open_files_free(struct open_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &files->shards[i];

        while (shard->oldest) {
            struct open_file *file = shard->oldest;

            take_out(files, shard, file);
            open_file_free(file);
        }
        free(shard->buckets);
        pthread_mutex_destroy(&shard->lock);
    }
    free(files);
}

/* Another thread's clock may have been read a moment later. */
static uint64_t age_of(uint64_t then_ms, uint64_t now_ms)
{
    return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* A handle ends with its keyed hash: as good a hash as any, for those that the server made. Others
 * are never kept, so they make no chain longer. */
static uint64_t hash_of(const uint8_t *handle)
{
    uint64_t hash;

    memcpy(&hash, handle + HASH_OFFSET, sizeof(hash));
    return hash;
}

static struct shard *shard_of(struct open_files *files, const uint8_t *handle)
{
    return &files->shards[hash_of(handle) % SHARDS];
}

/* The place of the pointer to the file of that handle, or to the NULL at the chain's end. */
static struct open_file **find(struct open_files *files, struct shard *shard, const uint8_t *handle)
{
    size_t bucket = hash_of(handle) / SHARDS & (files->bucket_count - 1);
    struct open_file **place = &shard->buckets[bucket];

    while (*place && memcmp((*place)->handle, handle, HANDLE_SIZE) != 0)
        place = &(*place)->chain;
    return place;
}

static void unlink_age(struct shard *shard, struct open_file *file)
{
    *(file->older ? &file->older->younger : &shard->oldest) = file->younger;
    *(file->younger ? &file->younger->older : &shard->youngest) = file->older;
}

static void link_youngest(struct shard *shard, struct open_file *file)
{
    file->younger = NULL;
    file->older = shard->youngest;
    *(file->older ? &file->older->younger : &shard->oldest) = file;
    shard->youngest = file;
}

/* The shard's reference is the caller's now. */
static void take_out(struct open_files *files, struct shard *shard, struct open_file *file)
{
    struct open_file **place = find(files, shard, file->handle);

    *place = file->chain;
    unlink_age(shard, file);
    shard->count--;
}

static struct open_file *use(struct shard *shard, struct open_file *file, uint64_t now_ms)
{
    file->used_ms = now_ms;
    if (shard->youngest != file) {
        unlink_age(shard, file);
        link_youngest(shard, file);
    }
    return open_file_hold(file);
}

struct open_file *open_files_get(struct open_files *files, const uint8_t *handle, uint64_t export,
                                 uint64_t now_ms)
{
    struct shard *shard = shard_of(files, handle);
    struct open_file *file;

    pthread_mutex_lock(&shard->lock);
    file = *find(files, shard, handle);
    if (file && (file->export != export || age_of(file->opened_ms, now_ms) >= OPEN_FILES_VALID_MS))
        file = NULL;
    if (file)
        use(shard, file, now_ms);
    pthread_mutex_unlock(&shard->lock);
    metric_cache(METRIC_CACHE_NFS_FILES, file != NULL);
    return file;
}

static struct open_file *open_file_new(const uint8_t *handle, uint64_t export, int descriptor,
                                       uint64_t now_ms)
{
    struct open_file *file = memory_zeroed(1, sizeof(*file));

    atomic_init(&file->references, 1);
    file->path = descriptor;
    atomic_init(&file->reader, -1);
    atomic_init(&file->writer, -1);
    file->export = export;
    file->opened_ms = file->used_ms = now_ms;
    memcpy(file->handle, handle, HANDLE_SIZE);
    return file;
}

static void put_in(struct open_files *files, struct shard *shard, struct open_file *file)
{
    *find(files, shard, file->handle) = file;
    link_youngest(shard, file);
    shard->count++;
}

struct open_file *open_files_keep(struct open_files *files, const uint8_t *handle, uint64_t export,
                                  int descriptor, uint64_t now_ms)
{
    struct shard *shard = shard_of(files, handle);
    struct open_file *file, *gone = NULL;

    pthread_mutex_lock(&shard->lock);
    file = *find(files, shard, handle);
    if (file && file->export == export) {
        file->opened_ms = now_ms;
        use(shard, file, now_ms);
        pthread_mutex_unlock(&shard->lock);
        close(descriptor);
        return file;
    }
    if (file || shard->count >= files->shard_limit) {
        gone = file ? file : shard->oldest;
        take_out(files, shard, gone);
    }
    file = open_file_new(handle, export, descriptor, now_ms);
    put_in(files, shard, file);
    open_file_hold(file);
    pthread_mutex_unlock(&shard->lock);
    open_file_free(gone);
    return file;
}

void open_files_forget(struct open_files *files, const uint8_t *handle)
{
    struct shard *shard = shard_of(files, handle);
    struct open_file *file;

    pthread_mutex_lock(&shard->lock);
    file = *find(files, shard, handle);
    if (file)
        take_out(files, shard, file);
    pthread_mutex_unlock(&shard->lock);
    open_file_free(file);
}

size_t open_files_sweep(struct open_files *files, uint64_t now_ms)
{
    size_t count = 0;

    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &files->shards[i];
        struct open_file *gone = NULL;

        pthread_mutex_lock(&shard->lock);
        while (shard->oldest && age_of(shard->oldest->used_ms, now_ms) >= OPEN_FILES_IDLE_MS) {
            struct open_file *file = shard->oldest;

            take_out(files, shard, file);
            file->chain = gone;
            gone = file;
        }
        count += shard->count;
        pthread_mutex_unlock(&shard->lock);
        while (gone) {
            struct open_file *file = gone;

            gone = file->chain;
            open_file_free(file);
        }
    }
    return count;
}

int open_file_path(const struct open_file *file)
{
    return file->path;
}

/* What is in the place, opened at its first use. */
static int open_once(int file, atomic_int *place, int flags)
{
    int descriptor = atomic_load(place), other = -1;
    char path[32];

    if (descriptor >= 0)
        return descriptor;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return -errno;
    /* Another thread may have been faster. */
    if (atomic_compare_exchange_strong(place, &other, descriptor))
        return descriptor;
    close(descriptor);
    return other;
}

static void close_once(const atomic_int *place)
{
    int descriptor = atomic_load(place);

    if (descriptor >= 0)
        close(descriptor);
}

int open_file_reader_if_open(const struct open_file *file)
{
    return atomic_load(&file->reader);
}

int open_file_reader(struct open_file *file)
{
    return open_once(file->path, &file->reader, O_RDONLY);
}

int open_file_writer_if_open(const struct open_file *file)
{
    return atomic_load(&file->writer);
}

int open_file_writer(struct open_file *file)
{
    return open_once(file->path, &file->writer, O_WRONLY);
}

struct open_file *open_file_hold(struct open_file *file)
{
    atomic_fetch_add(&file->references, 1);
    return file;
}

void open_file_free(struct open_file *file)
{
    if (!file || atomic_fetch_sub(&file->references, 1) > 1)
        return;
    close_once(&file->reader);
    close_once(&file->writer);
    close(file->path);
    free(file);
}
