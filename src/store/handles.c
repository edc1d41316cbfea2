#include "store/handle_store.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "store/open_files.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* A handle's bytes: one of kind and length (kind << 5 | length), one of the kernel's handle type,
 * two of the export's id, 20 of body, 8 of keyed hash over all that and the export's whole id. The
 * body is the kernel's handle, or a number in the table (big-endian), with zeros after it. */
enum {
    KIND_KERNEL = 1,
    KIND_TABLE = 2,
    KIND_SHIFT = 5,
    LENGTH_MASK = (1 << KIND_SHIFT) - 1,
    BODY_OFFSET = 4,
    BODY_SIZE = 20,
    TAG_OFFSET = BODY_OFFSET + BODY_SIZE,
    TAG_SIZE = crypto_shorthash_BYTES,
    EXPORT_HINT_SIZE = 2,
    MOVES_MAX = 100, /* how many renames one call waits for */
};

static void handle_tag_with(const struct handle_store *store, const uint8_t id[EXPORT_ID_SIZE],
                            const uint8_t bytes[HANDLE_SIZE], uint8_t tag[TAG_SIZE])
{
    uint8_t text[TAG_OFFSET + EXPORT_ID_SIZE];

    memcpy(text, bytes, TAG_OFFSET);
    memcpy(text + TAG_OFFSET, id, EXPORT_ID_SIZE);
    crypto_shorthash(tag, text, sizeof(text), store->key);
}

static void handle_tag(const struct handle_export *export, const uint8_t bytes[HANDLE_SIZE],
                       uint8_t tag[TAG_SIZE])
{
    handle_tag_with(export->store, export->id, bytes, tag);
}

bool handle_belongs(const struct handle_store *store, const char *path, const uint8_t *bytes,
                    size_t length)
{
    uint8_t id[EXPORT_ID_SIZE], tag[TAG_SIZE];

    if (length != HANDLE_SIZE)
        return false;
    export_id(store, path, id);
    if (memcmp(id, bytes + 2, EXPORT_HINT_SIZE) != 0)
        return false;
    handle_tag_with(store, id, bytes, tag);
    return sodium_memcmp(tag, bytes + TAG_OFFSET, TAG_SIZE) == 0;
}

static void handle_make(const struct handle_export *export, unsigned kind, int type,
                        struct slice body, struct handle *handle)
{
    struct writer w = writer_of(handle->bytes, HANDLE_SIZE);

    memset(handle, 0, sizeof(*handle));
    writer_u8(&w, (uint8_t)(kind << KIND_SHIFT | body.length));
    writer_u8(&w, (uint8_t)type);
    writer_bytes(&w, export->id, EXPORT_HINT_SIZE);
    writer_slice(&w, body);
    handle_tag(export, handle->bytes, handle->bytes + TAG_OFFSET);
}

/* The open file's path below the export's directory, as the kernel knows it at this moment: 0, or
 * ESTALE where it lies outside or has no name any more. */
static int handle_path_below(const struct handle_export *export, int descriptor, char *to,
                             size_t size)
{
    char link[64], top[4096], path[4096];
    ssize_t top_length, length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", export->descriptor);
    top_length = readlink(link, top, sizeof(top) - 1);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof(path) - 1);
    if (top_length < 0 || length < 0)
        return ESTALE;
    top[top_length] = path[length] = 0;
    if (top_length == 1)
        top_length = 0; /* "/" */
    if (length < top_length || memcmp(top, path, (size_t)top_length) != 0 ||
        (path[top_length] != 0 && path[top_length] != '/'))
        return ESTALE;
    snprintf(to, size, "%s", path[top_length] == '/' ? path + top_length + 1 : "");
    return 0;
}

/* What the table keeps of an open file on a file system without handles. 0 or an errno. */
static int handle_entry_of(const struct handle_export *export, int descriptor,
                           struct handle_entry *entry)
{
    struct statx info;
    dev_t device;

    memset(entry, 0, sizeof(*entry));
    if (statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
              &info) < 0)
        return errno;
    if (info.stx_nlink == 0)
        return ESTALE;
    entry->links = S_ISDIR(info.stx_mode) ? 1 : info.stx_nlink;
    if (info.stx_mask & STATX_MNT_ID && info.stx_mnt_id != export->mount)
        return EXDEV;
    device = makedev(info.stx_dev_major, info.stx_dev_minor);
    /* Device numbers change when a machine starts again: the usual one is stored as 0. */
    entry->device = device == export->device ? 0 : device;
    entry->inode = info.stx_ino;
    if (export->has_birth && info.stx_mask & STATX_BTIME)
        entry->birth = (int64_t)info.stx_btime.tv_sec * 1000000000 + info.stx_btime.tv_nsec;
    return handle_path_below(export, descriptor, entry->path, sizeof(entry->path));
}

static int handle_of_entry(struct handle_export *export, const struct handle_entry *entry,
                           struct handle *handle)
{
    uint8_t body[8];
    struct writer w = writer_of(body, sizeof(body));
    uint64_t number;
    int error = handle_table_number(export->store->table, export->path, entry, &number);

    if (error)
        return error;
    writer_be64(&w, number);
    handle_make(export, KIND_TABLE, 0, slice_of(body, sizeof(body)), handle);
    return 0;
}

/* Opens what is at the entry's path: -ESTALE where it is another file, -ENOENT where it is none. */
static int handle_open_name(const struct handle_export *export, const struct handle_entry *entry)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    struct handle_entry found;
    int descriptor = (int)syscall(SYS_openat2, export->descriptor,
                                  entry->path[0] ? entry->path : ".", &how, sizeof(how));

    if (descriptor < 0)
        return errno == ENOTDIR || errno == ELOOP || errno == EXDEV ? -ENOENT : -errno;
    if (handle_entry_of(export, descriptor, &found) == 0 && found.device == entry->device &&
        found.inode == entry->inode && found.birth == entry->birth)
        return descriptor;
    close(descriptor);
    return -ESTALE;
}

/* The kernel marks the path of a name that has gone; files have such names, too. */
static bool is_marked_gone(const struct handle_export *export, const struct handle_entry *entry)
{
    static const char mark[] = " (deleted)";
    size_t length = strlen(entry->path), mark_length = sizeof(mark) - 1;
    int descriptor;

    if (length < mark_length || strcmp(entry->path + length - mark_length, mark) != 0)
        return false;
    descriptor = handle_open_name(export, entry);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor < 0;
}

/* While the table is told the path a rename may make it another, and have told the table so before.
 * What is still true afterwards will be changed by the renames to come. */
static int handle_of_path(struct handle_export *export, int descriptor, struct handle *handle)
{
    char after[HANDLE_PATH_MAX];
    struct handle_entry entry;
    int error;

    for (int tries = 0; tries < MOVES_MAX; tries++) {
        error = handle_entry_of(export, descriptor, &entry);
        if (!error && is_marked_gone(export, &entry))
            error = ESTALE;
        if (!error)
            error = handle_of_entry(export, &entry, handle);
        if (!error)
            error = handle_path_below(export, descriptor, after, sizeof(after));
        if (error || strcmp(after, entry.path) == 0)
            return error;
    }
    return ESTALE;
}

int handle_of(struct handle_export *export, int descriptor, struct handle *handle)
{
    union kernel_handle kernel;
    struct handle_entry entry;
    int mount, error;

    if (!export->by_kernel)
        return handle_of_path(export, descriptor, handle);
    error = kernel_handle_of(descriptor, &kernel, &mount);
    if (error)
        return error == EOPNOTSUPP ? EXDEV : error; /* another file system, which has none */
    if (export->mount && (uint64_t)mount != export->mount)
        return EXDEV;
    if (kernel.header.handle_bytes <= BODY_SIZE && kernel.header.handle_type >= 0 &&
        kernel.header.handle_type <= 0xff) {
        handle_make(export, KIND_KERNEL, kernel.header.handle_type,
                    slice_of(kernel.header.f_handle, kernel.header.handle_bytes), handle);
        return 0;
    }
    memset(&entry, 0, sizeof(entry));
    entry.kernel_type = kernel.header.handle_type;
    entry.kernel_length = kernel.header.handle_bytes;
    memcpy(entry.kernel, kernel.header.f_handle, entry.kernel_length);
    return handle_of_entry(export, &entry, handle);
}

/* What tells a file of the export from all others; false where its file system does not. */
static bool handle_cache_key_of(const struct handle_export *export, const struct statx *info,
                                struct handle_cache_key *key)
{
    if (!export->by_kernel || !export->has_birth || !(info->stx_mask & STATX_BTIME))
        return false;
    *key = (struct handle_cache_key){
        export->number, makedev(info->stx_dev_major, info->stx_dev_minor), info->stx_ino,
        info->stx_btime.tv_sec * INT64_C(1000000000) + info->stx_btime.tv_nsec};
    return true;
}

static struct timespec timespec_of(const struct statx_timestamp *time)
{
    return (struct timespec){.tv_sec = time->tv_sec, .tv_nsec = time->tv_nsec};
}

static struct stat stat_of(const struct statx *info)
{
    return (struct stat){
        .st_dev = makedev(info->stx_dev_major, info->stx_dev_minor),
        .st_ino = info->stx_ino,
        .st_mode = info->stx_mode,
        .st_nlink = info->stx_nlink,
        .st_uid = info->stx_uid,
        .st_gid = info->stx_gid,
        .st_rdev = makedev(info->stx_rdev_major, info->stx_rdev_minor),
        .st_size = (off_t)info->stx_size,
        .st_blksize = info->stx_blksize,
        .st_blocks = (blkcnt_t)info->stx_blocks,
        .st_atim = timespec_of(&info->stx_atime),
        .st_mtim = timespec_of(&info->stx_mtime),
        .st_ctim = timespec_of(&info->stx_ctime),
    };
}

int handle_at(struct handle_export *export, int directory, const char *name, struct stat *status,
              struct handle *handle)
{
    struct handle_cache_key key;
    struct statx info;

    if (!export->by_kernel || !export->has_birth)
        return EAGAIN;
    if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
              STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, &info) < 0)
        return errno;
    if (info.stx_mask & STATX_MNT_ID && info.stx_mnt_id != export->mount)
        return EXDEV;
    if (!handle_cache_key_of(export, &info, &key) ||
        !handle_cache_get(export->store->cache, &key, handle))
        return EAGAIN;
    *status = stat_of(&info);
    return 0;
}

void handle_note(struct handle_export *export, int descriptor, const struct handle *handle)
{
    struct handle_cache_key key;
    struct timespec now;
    struct statx info;

    if (!export->by_kernel || !export->has_birth ||
        statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &info) < 0 ||
        !handle_cache_key_of(export, &info, &key))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    handle_cache_put(export->store->cache, &key, now.tv_sec * INT64_C(1000000000) + now.tv_nsec,
                     handle);
}

int handle_of_root(struct handle_export *export, struct handle *handle)
{
    return handle_of(export, export->descriptor, handle);
}

/* Is this a handle of ours, and of this export? 0, EBADMSG or ESTALE. */
static int handle_check(const struct handle_export *export, const uint8_t *bytes, size_t length)
{
    struct handle_store *store = export->store;
    uint8_t tag[TAG_SIZE];
    int result = EBADMSG;

    if (length != HANDLE_SIZE)
        return EBADMSG;
    handle_tag(export, bytes, tag);
    if (sodium_memcmp(tag, bytes + TAG_OFFSET, TAG_SIZE) == 0)
        return 0;
    /* Not of this export. Of another one it is out of date (root-path has changed), else forged. */
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < export_ids(store); i++) {
        if (memcmp(store->ids[i], bytes + 2, EXPORT_HINT_SIZE) != 0)
            continue;
        handle_tag_with(store, store->ids[i], bytes, tag);
        if (sodium_memcmp(tag, bytes + TAG_OFFSET, TAG_SIZE) == 0)
            result = ESTALE;
    }
    pthread_mutex_unlock(&store->lock);
    return result;
}

static int handle_open_kernel(const struct handle_export *export, int type, const uint8_t *bytes,
                              size_t length)
{
    union kernel_handle kernel = {.header = {.handle_bytes = (unsigned)length}};
    int descriptor;

    kernel.header.handle_type = type;
    memcpy(kernel.header.f_handle, bytes, length);
    descriptor = open_by_handle_at(export->descriptor, &kernel.header, O_PATH | O_CLOEXEC);
    if (descriptor >= 0)
        return descriptor;
    /* Some file systems say ENOENT or EINVAL for a handle whose file is gone. */
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -ESTALE;
}

static bool is_elsewhere(int descriptor)
{
    return descriptor == -ESTALE || descriptor == -ENOENT;
}

/* A file that has gone from its path may still have one of its other names. */
static int handle_open_other(const struct handle_export *export, uint64_t number,
                             struct handle_entry *entry, int at_path)
{
    struct handle_table *table = export->store->table;
    int descriptor = at_path;

    while (is_elsewhere(descriptor) && handle_table_take_name(table, number, entry->path))
        descriptor = handle_open_name(export, entry);
    if (descriptor >= 0 && at_path != descriptor)
        handle_table_settle(table, number, entry->path);
    else if (at_path == -ENOENT && is_elsewhere(descriptor))
        handle_table_remove(table, number);
    return is_elsewhere(descriptor) ? -ESTALE : descriptor;
}

/* Where something was renamed since `seen` of them had been, or is just being: true, when that has
 * come to its end. */
static bool handle_moves_since(struct handle_store *store, uint64_t seen)
{
    bool moved;

    pthread_mutex_lock(&store->moving);
    moved = store->moves_begun != seen;
    while (store->moves_done == seen && store->moves_begun != seen)
        pthread_cond_wait(&store->moved, &store->moving);
    pthread_mutex_unlock(&store->moving);
    return moved;
}

static int handle_open_table(struct handle_export *export, struct slice body)
{
    struct reader r = reader_of_slice(body);
    uint64_t number = reader_be64(&r), seen;
    struct handle_entry entry;
    int tries = 0, descriptor, error;

    if (r.failed)
        return -EBADMSG;
    do {
        seen = atomic_load(&export->store->moves_done);
        error = handle_table_find(export->store->table, export->path, number, &entry);
        if (error)
            return -error;
        if (entry.kernel_length > 0)
            return handle_open_kernel(export, entry.kernel_type, entry.kernel, entry.kernel_length);
        descriptor = handle_open_name(export, &entry);
        if (!is_elsewhere(descriptor))
            return descriptor;
        /* Between a rename and what the table knows of it the file is nowhere. */
    } while (handle_moves_since(export->store, seen) && ++tries < MOVES_MAX);
    return tries == MOVES_MAX ? -ESTALE : handle_open_other(export, number, &entry, descriptor);
}

/* Opens anew what is open with O_PATH. */
static int handle_reopen(int descriptor, mode_t mode, int flags)
{
    char path[64];
    int opened;

    if (!S_ISREG(mode) && !S_ISDIR(mode))
        return -EINVAL;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    opened = open(path, (flags & ~O_NOFOLLOW) | O_CLOEXEC | O_NONBLOCK);
    return opened < 0 ? -errno : opened;
}

/* Whether the open file lies in the export still: somebody with a wider one, or the server's own
 * people, may have carried it out, and its handle is no way to follow it. Of a directory the kernel
 * always knows the place. Of a file that it opened without ever having seen its name it says "/";
 * and one with several links, of which it tells one, may be inside by another. Those pass: what is
 * kept is their handles' files and nothing beside them. */
static bool handle_is_inside(const struct handle_export *export, int descriptor,
                             const struct stat *info)
{
    char link[64], path[PATH_MAX];
    size_t top = strlen(export->path);
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof(path) - 1);
    if (length < 0)
        return false;
    path[length] = 0;
    if (top == 1 || (strncmp(path, export->path, top) == 0 && (path[top] == '/' || !path[top])))
        return true;
    return !S_ISDIR(info->st_mode) && (info->st_nlink > 1 || length == 1);
}

int handle_open(struct handle_export *export, const uint8_t *bytes, size_t length, int flags)
{
    int error = handle_check(export, bytes, length), descriptor, opened;
    struct stat info;
    size_t body;

    if (error)
        return -error;
    body = bytes[0] & LENGTH_MASK;
    if (body > BODY_SIZE)
        return -EBADMSG;
    if (bytes[0] >> KIND_SHIFT == KIND_KERNEL)
        descriptor = handle_open_kernel(export, bytes[1], bytes + BODY_OFFSET, body);
    else if (bytes[0] >> KIND_SHIFT == KIND_TABLE)
        descriptor = handle_open_table(export, slice_of(bytes + BODY_OFFSET, body));
    else
        return -EBADMSG;
    if (descriptor < 0)
        return descriptor;
    if (fstat(descriptor, &info) < 0 || info.st_nlink == 0)
        opened = -ESTALE; /* removed, and only still there because somebody has it open */
    else if (!handle_is_inside(export, descriptor, &info))
        opened = -ESTALE;
    else if (flags & O_PATH)
        return descriptor;
    else
        opened = handle_reopen(descriptor, info.st_mode, flags);
    close(descriptor);
    return opened;
}

struct open_file *handle_pin(struct handle_export *export, const uint8_t *bytes, size_t length,
                             bool wait, int *error)
{
    struct open_files *files = export->store->files;
    struct open_file *file = NULL;
    int descriptor;

    if (length == HANDLE_SIZE)
        file = open_files_get(files, bytes, export->number, clock_monotonic_ms());
    if (file)
        return file;
    *error = wait ? 0 : handle_check(export, bytes, length);
    if (!wait && !*error)
        *error = EAGAIN;
    if (*error)
        return NULL;
    descriptor = handle_open(export, bytes, length, O_PATH);
    if (descriptor >= 0)
        return open_files_keep(files, bytes, export->number, descriptor, clock_monotonic_ms());
    *error = -descriptor;
    return NULL;
}

struct open_file *handle_keep(struct handle_export *export, const struct handle *handle,
                              int descriptor)
{
    return open_files_keep(export->store->files, handle->bytes, export->number, descriptor,
                           clock_monotonic_ms());
}

void handle_forget(struct handle_export *export, const struct handle *handle)
{
    open_files_forget(export->store->files, handle->bytes);
}

int handle_open_below(struct handle_export *export, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    int descriptor =
        (int)syscall(SYS_openat2, export->descriptor, path[0] ? path : ".", &how, sizeof(how));

    return descriptor < 0 ? -errno : descriptor;
}

int handle_open_parent(struct handle_export *export, int descriptor)
{
    char path[4096];
    struct stat info;
    int parent;

    if (fstat(descriptor, &info) < 0)
        return -errno;
    if (info.st_dev == export->device && info.st_ino == export->inode) {
        parent = openat(descriptor, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return parent < 0 ? -errno : parent;
    }
    parent = openat(descriptor, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return -errno;
    /* Looked at when it is open: before, another client with a wider export could carry the
     * directory away in between. */
    if (handle_path_below(export, parent, path, sizeof(path)) == 0)
        return parent;
    close(parent);
    return -ESTALE;
}

void handle_move_begin(struct handle_export *export)
{
    struct handle_store *store = export->store;

    pthread_mutex_lock(&store->moving);
    store->moves_begun++;
    pthread_mutex_unlock(&store->moving);
}

void handle_move_end(struct handle_export *export)
{
    struct handle_store *store = export->store;

    pthread_mutex_lock(&store->moving);
    store->moves_done++;
    pthread_cond_broadcast(&store->moved);
    pthread_mutex_unlock(&store->moving);
}

void handle_moved(struct handle_export *export, int descriptor)
{
    struct handle handle;

    if (!export->by_kernel)
        (void)handle_of(export, descriptor, &handle);
}
