#include "store/ownership.h"

#include "base/cursor.h"
#include "base/memory.h"
#include "base/text.h"
#include "platform/linux/credentials.h"
#include "store/ownership_table.h"
#include "store/specification.h"
#include "store/tree_kept.h"
#include "store/tree_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    FILE_SYSTEMS_MAX = 64,
    LOCK_COUNT = 64,
    GROUPS_MAX = 64,     /* of the server's own, beside its first */
    KERNEL_HANDLE = 128, /* bytes of a kernel's file handle: MAX_HANDLE_SZ */
    KEY_MAX = KERNEL_HANDLE + 16,
    DISK_FILE = 0600, /* what the server's user always may */
    DISK_DIRECTORY = 0700,
    DISK_OTHERS = 05, /* what others may at most */
};

static struct {
    bool everywhere;
    /* The file systems that keep no owners, though the process is root. */
    atomic_size_t file_system_count;
    _Atomic dev_t file_systems[FILE_SYSTEMS_MAX];
    struct ownership_table *table; /* NULL: no ownership is kept */
    char *table_path;
    void (*warn)(const char *text);
    atomic_flag warned;
    uid_t uid;
    gid_t gid, groups[GROUPS_MAX];
    size_t group_count;
    atomic_bool specified; /* there is a specification */
    pthread_rwlock_t specifying;
    struct specification *specification;
    pthread_mutex_t probing; /* one writer of file_systems at a time */
    pthread_mutex_t locks[LOCK_COUNT];
} kept = {
    .specifying = PTHREAD_RWLOCK_INITIALIZER,
    .probing = PTHREAD_MUTEX_INITIALIZER,
    .locks = {[0 ... LOCK_COUNT - 1] = PTHREAD_MUTEX_INITIALIZER},
};

int ownership_start(const struct ownership_settings *settings, char *error, size_t error_size)
{
    int count = getgroups(GROUPS_MAX, kept.groups);

    kept.table_path = memory_printf("%s/ownership.sqlite", settings->state_directory);
    kept.everywhere = settings->always || !credentials_available();
    kept.uid = geteuid();
    kept.gid = getegid();
    kept.group_count = count > 0 ? (size_t)count : 0;
    kept.warn = settings->warn;
    atomic_flag_clear(&kept.warned);
    if (kept.everywhere)
        kept.table = ownership_table_open(kept.table_path, error, error_size);
    return kept.everywhere && !kept.table ? -1 : 0;
}

void ownership_stop(void)
{
    ownership_table_free(kept.table);
    free(kept.table_path);
    specification_free(kept.specification);
    kept.specification = NULL;
    atomic_store(&kept.specified, false);
    kept.table = NULL;
    kept.table_path = NULL;
    kept.everywhere = false;
    atomic_store(&kept.file_system_count, 0);
}

bool ownership_everywhere(void)
{
    return kept.everywhere;
}

static bool kept_on(dev_t device)
{
    size_t count = atomic_load_explicit(&kept.file_system_count, memory_order_acquire);

    for (size_t i = 0; i < count; i++) {
        if (kept.file_systems[i] == device)
            return true;
    }
    return kept.everywhere;
}

bool ownership_kept(int file)
{
    struct stat status;

    if (kept.everywhere)
        return true;
    if (atomic_load_explicit(&kept.file_system_count, memory_order_relaxed) == 0)
        return false;
    return fstat(file, &status) == 0 && kept_on(status.st_dev);
}

/* A file without a name, or where the file system has none such, one whose name goes at once. */
static int open_trial(int directory)
{
    char name[64];
    int trial = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (trial >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return trial;
    snprintf(name, sizeof(name), ".bootwire-trial-%ld", (long)getpid());
    trial = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (trial >= 0)
        (void)unlinkat(directory, name, 0);
    return trial;
}

/* Does the file system refuse to give a file away? Where that cannot be known (it is read-only, or
 * full), nothing changes. */
static bool refuses(int directory)
{
    struct stat status;
    bool refused;
    int trial = open_trial(directory);

    if (trial < 0)
        return false;
    refused = fchown(trial, CREDENTIALS_NOBODY, CREDENTIALS_NOBODY) < 0 &&
              (errno == EPERM || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS ||
               errno == EOVERFLOW);
    /* Some say yes and do nothing. */
    if (!refused && fstat(trial, &status) == 0)
        refused = status.st_uid != CREDENTIALS_NOBODY;
    close(trial);
    return refused;
}

/* The table, opened when it is first wanted. */
static bool have_table(void)
{
    char error[PATH_MAX + 256];

    if (kept.table)
        return true;
    kept.table = ownership_table_open(kept.table_path, error, sizeof(error));
    if (!kept.table && kept.warn)
        kept.warn(error);
    return kept.table != NULL;
}

void ownership_probe(int directory)
{
    struct stat status;
    size_t count;

    if (!kept.table_path || kept.everywhere || fstat(directory, &status) < 0)
        return;
    pthread_mutex_lock(&kept.probing);
    count = atomic_load(&kept.file_system_count);
    if (!kept_on(status.st_dev) && count < FILE_SYSTEMS_MAX && refuses(directory) && have_table()) {
        kept.file_systems[count] = status.st_dev;
        atomic_store_explicit(&kept.file_system_count, count + 1, memory_order_release);
    }
    pthread_mutex_unlock(&kept.probing);
}

/* A key that is the file's own for as long as it lives, wherever it is moved, and no later file's:
 * its handle (which has the inode's generation) and its birth. Device numbers are none, for they
 * change when a machine starts again. Returns its length, or 0 where the file cannot be asked. */
static size_t key_of(int file, uint8_t key[KEY_MAX])
{
    union {
        struct file_handle header;
        uint8_t room[sizeof(struct file_handle) + KERNEL_HANDLE];
    } handle = {.header = {.handle_bytes = KERNEL_HANDLE}};
    struct writer w = writer_of(key, KEY_MAX);
    struct statfs filesystem;
    struct statx info;
    int mount;

    if (statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &info) < 0)
        return 0;
    if (name_to_handle_at(file, "", &handle.header, &mount, AT_EMPTY_PATH) == 0) {
        writer_be32(&w, (uint32_t)handle.header.handle_type);
        writer_bytes(&w, handle.header.f_handle, handle.header.handle_bytes);
    } else {
        writer_be64(&w, info.stx_ino);
    }
    /* An overlay shows the birth of a file's copy once somebody wrote to it. */
    if (info.stx_mask & STATX_BTIME && fstatfs(file, &filesystem) == 0 &&
        filesystem.f_type != OVERLAYFS_SUPER_MAGIC)
        writer_be64(&w, (uint64_t)info.stx_btime.tv_sec * 1000000000 + info.stx_btime.tv_nsec);
    return w.failed ? 0 : w.length;
}

/* Can a file of this type have user attributes at all? */
static bool may_have_attribute(mode_t mode)
{
    return S_ISREG(mode) || S_ISDIR(mode);
}

/* What is kept of the file, as text: its length, 0 where nothing is. */
static size_t find_text(int file, const struct stat *disk, uint8_t text[OWNERSHIP_TEXT_MAX])
{
    uint8_t key[KEY_MAX];
    size_t length;

    if (may_have_attribute(disk->st_mode)) {
        struct tree_path path = tree_path_of(file);
        ssize_t count = getxattr(path.text, OWNERSHIP_ATTRIBUTE, text, OWNERSHIP_TEXT_MAX);

        if (count >= 0)
            return (size_t)count;
        /* Longer than any that can be read: as good as its start. */
        if (errno == ERANGE)
            return OWNERSHIP_TEXT_MAX;
        if (errno != EOPNOTSUPP)
            return 0;
    }
    length = key_of(file, key);
    if (length == 0 || ownership_table_get(kept.table, slice_of(key, length), text,
                                           OWNERSHIP_TEXT_MAX, &length) != 0)
        return 0;
    return length;
}

/* A regular file may stand for anything but a directory; everything else is what it is. */
static bool may_stand_for(mode_t disk, mode_t served)
{
    if (S_ISREG(disk))
        return !S_ISDIR(served);
    return (disk & S_IFMT) == (served & S_IFMT);
}

static void warn_of_damage(int file, struct slice text)
{
    char path[PATH_MAX], printable[256], value[128], message[600];
    struct tree_path link = tree_path_of(file);
    ssize_t length;

    if (!kept.warn || atomic_flag_test_and_set(&kept.warned))
        return;
    length = readlink(link.text, path, sizeof(path));
    text_printable(printable, sizeof(printable), slice_of(path, length > 0 ? (size_t)length : 0));
    text_printable(value, sizeof(value), text);
    snprintf(
        message, sizeof(message),
        "%s: its attribute %s is damaged (\"%s\"): the file is served as it is on the disk, and "
        "so is any other like it; set its owner and mode again",
        printable, OWNERSHIP_ATTRIBUTE, value);
    kept.warn(message);
}

static bool is_own_group(gid_t gid)
{
    for (size_t i = 0; i < kept.group_count; i++) {
        if (kept.groups[i] == gid)
            return true;
    }
    return gid == kept.gid;
}

/* What an mtree(5) file says of the open file; false where none does. */
static bool find_specified(int file, struct ownership *to)
{
    struct tree_path link = tree_path_of(file);
    const struct ownership *found = NULL;
    char path[PATH_MAX];
    ssize_t length;

    if (!atomic_load_explicit(&kept.specified, memory_order_relaxed))
        return false;
    length = readlink(link.text, path, sizeof(path) - 1);
    if (length < 0)
        return false;
    path[length] = 0;
    pthread_rwlock_rdlock(&kept.specifying);
    if (kept.specification)
        found = specification_find(kept.specification, path);
    if (found)
        *to = *found;
    pthread_rwlock_unlock(&kept.specifying);
    return found != NULL;
}

/* As specified, as far as it can be: what is not said stays. */
static bool apply_specified(int file, struct stat *status)
{
    struct ownership found;

    if (!find_specified(file, &found))
        return false;
    if (!S_ISREG(found.mode) && !may_stand_for(status->st_mode, found.mode))
        return false;
    if (!S_ISREG(found.mode))
        status->st_mode = (status->st_mode & 07777) | (found.mode & S_IFMT);
    if (found.mode & 07777 && !S_ISLNK(status->st_mode))
        status->st_mode = (status->st_mode & S_IFMT) | (found.mode & 07777);
    status->st_uid = found.uid;
    status->st_gid = found.gid;
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
        status->st_rdev = makedev(found.major, found.minor);
    return true;
}

void ownership_apply(int file, struct stat *status)
{
    uint8_t text[OWNERSHIP_TEXT_MAX];
    struct ownership found;
    size_t length;

    if (!kept_on(status->st_dev))
        return;
    length = find_text(file, status, text);
    if (length > 0 && ownership_read(&found, slice_of(text, length)) &&
        may_stand_for(status->st_mode, found.mode)) {
        status->st_mode = found.mode;
        status->st_uid = found.uid;
        status->st_gid = found.gid;
        status->st_rdev = makedev(found.major, found.minor);
        return;
    }
    if (length > 0)
        warn_of_damage(file, slice_of(text, length));
    if (apply_specified(file, status))
        return;
    if (status->st_uid == kept.uid)
        status->st_uid = 0;
    if (is_own_group(status->st_gid))
        status->st_gid = 0;
}

struct ownership ownership_of(const struct stat *served)
{
    return (struct ownership){
        .mode = served->st_mode,
        .uid = served->st_uid,
        .gid = served->st_gid,
        .major = major(served->st_rdev),
        .minor = minor(served->st_rdev),
    };
}

/* The mode on the disk that goes with the one that is served. */
static mode_t disk_mode(mode_t disk, mode_t served)
{
    mode_t others = served & DISK_OTHERS;

    if (!S_ISDIR(disk) && !S_ISREG(served))
        return DISK_FILE;
    return (served & S_IRWXU) | others | others << 3 | (S_ISDIR(disk) ? DISK_DIRECTORY : DISK_FILE);
}

static bool is_owner(const struct stat *disk)
{
    return disk->st_uid == kept.uid || kept.uid == 0;
}

/* As served without anything kept? */
static bool is_default(const struct stat *disk, const struct ownership *ownership)
{
    return disk->st_mode == ownership->mode && ownership->major == 0 && ownership->minor == 0 &&
           ownership->uid == (disk->st_uid == kept.uid ? 0 : disk->st_uid) &&
           ownership->gid == (is_own_group(disk->st_gid) ? 0 : disk->st_gid);
}

static int keep_in_table(int file, const struct stat *disk, const struct ownership *ownership,
                         struct slice text)
{
    uint8_t key[KEY_MAX];
    size_t length = key_of(file, key);

    if (length == 0)
        return EIO;
    /* Where something is specified, also what is no different says that it is not so. */
    if (!atomic_load(&kept.specified) && is_default(disk, ownership))
        return ownership_table_remove(kept.table, slice_of(key, length));
    return ownership_table_put(kept.table, slice_of(key, length), text);
}

int ownership_keep(int file, const struct stat *disk, const struct ownership *ownership)
{
    struct tree_path path = tree_path_of(file);
    mode_t mode = disk_mode(disk->st_mode, ownership->mode);
    uint8_t text[OWNERSHIP_TEXT_MAX];
    size_t length = ownership_write(text, ownership);
    struct stat after = *disk;

    if (!may_stand_for(disk->st_mode, ownership->mode))
        return EINVAL;
    if (may_have_attribute(disk->st_mode)) {
        /* First, for it takes the right to write to set an attribute. */
        if (mode != (disk->st_mode & 07777) && is_owner(disk) && chmod(path.text, mode) < 0)
            return errno;
        if (setxattr(path.text, OWNERSHIP_ATTRIBUTE, text, length, 0) == 0)
            return 0;
        if (errno != EOPNOTSUPP)
            return errno;
        if (fstat(file, &after) < 0)
            return errno;
    }
    return keep_in_table(file, &after, ownership, slice_of(text, length));
}

/* Opens what lies at a path on which no link lies: clients make links. */
static int open_straight(int directory, const char *path, uint64_t flags, uint64_t resolve)
{
    struct open_how how = {
        .flags = flags | O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = resolve | RESOLVE_NO_SYMLINKS,
    };

    return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

static int settle_one(int file)
{
    uint8_t text[OWNERSHIP_TEXT_MAX];
    struct ownership ownership;
    struct stat disk, served;
    int error = 0;

    if (fstat(file, &disk) < 0)
        return errno;
    ownership_lock(&disk);
    if (find_text(file, &disk, text) == 0) {
        served = disk;
        ownership_apply(file, &served);
        ownership = ownership_of(&served);
        error = ownership_keep(file, &disk, &ownership);
    }
    ownership_unlock(&disk);
    return error;
}

struct settling {
    int directory;
    size_t skip; /* bytes of the directory's path, and a '/' */
    int error;
};

static void settle_below(void *argument, const char *path, const struct ownership *ownership)
{
    struct settling *settling = argument;
    int file = open_straight(settling->directory, path + settling->skip, 0,
                             RESOLVE_BENEATH | RESOLVE_NO_XDEV);

    (void)ownership;
    if (file < 0)
        return;
    if (!settling->error)
        settling->error = settle_one(file);
    close(file);
}

int ownership_settle(int file)
{
    struct settling settling = {.directory = file};
    struct tree_path link = tree_path_of(file);
    char path[PATH_MAX];
    ssize_t length;

    if (!atomic_load(&kept.specified))
        return 0;
    settling.error = settle_one(file);
    length = readlink(link.text, path, sizeof(path) - 1);
    if (settling.error || length < 0)
        return settling.error;
    path[length] = 0;
    settling.skip = (size_t)length + 1;
    pthread_rwlock_rdlock(&kept.specifying);
    if (kept.specification)
        specification_below(kept.specification, path, settle_below, &settling);
    pthread_rwlock_unlock(&kept.specifying);
    return settling.error;
}

/* A device, socket or FIFO that is specified: made where it is missing and its directory is not. */
static void make_missing(void *argument, const char *path, const struct ownership *ownership)
{
    const struct credentials root = {.uid = 0, .gid = 0};
    const struct tree_change change = {
        .set_mode = true,
        .set_uid = true,
        .set_gid = true,
        .mode = ownership->mode & 07777,
        .uid = ownership->uid,
        .gid = ownership->gid,
        .atime = {.tv_nsec = UTIME_OMIT},
        .mtime = {.tv_nsec = UTIME_OMIT},
    };
    const char *name = strrchr(path, '/') + 1;
    char above[PATH_MAX];
    int directory;

    (void)argument;
    if (S_ISREG(ownership->mode) || S_ISDIR(ownership->mode) || S_ISLNK(ownership->mode) ||
        strlen(name) > TREE_NAME_MAX)
        return;
    snprintf(above, sizeof(above), "%.*s", (int)(name - path), path);
    directory = open_straight(AT_FDCWD, above, O_DIRECTORY, 0);
    if (directory < 0)
        return;
    if (ownership_kept(directory) && faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        (void)tree_kept_mknod(&root, directory, name, ownership->mode & S_IFMT,
                              makedev(ownership->major, ownership->minor), &change);
    close(directory);
}

void ownership_specify(struct specification *specification)
{
    struct specification *before;

    if (specification)
        specification_below(specification, "", make_missing, NULL);
    pthread_rwlock_wrlock(&kept.specifying);
    before = kept.specification;
    kept.specification = specification;
    atomic_store(&kept.specified, specification != NULL);
    pthread_rwlock_unlock(&kept.specifying);
    specification_free(before);
}

void ownership_forget(int file)
{
    uint8_t key[KEY_MAX];
    struct stat disk;
    size_t length;

    if (fstat(file, &disk) < 0 || disk.st_nlink > 0)
        return;
    length = key_of(file, key);
    if (length > 0)
        (void)ownership_table_remove(kept.table, slice_of(key, length));
}

int ownership_open_up(int file)
{
    struct tree_path path = tree_path_of(file);
    struct stat disk, served;
    struct ownership ownership;
    mode_t wanted;

    if (fstat(file, &disk) < 0)
        return errno;
    wanted = S_ISDIR(disk.st_mode) ? DISK_DIRECTORY : DISK_FILE;
    if (!may_have_attribute(disk.st_mode) || (disk.st_mode & wanted) == wanted || !is_owner(&disk))
        return 0;
    /* To read its attribute takes the right to read, to set it the right to write. */
    if (chmod(path.text, (disk.st_mode & 07777) | wanted) < 0)
        return errno;
    served = disk;
    ownership_apply(file, &served);
    ownership = ownership_of(&served);
    return ownership_keep(file, &disk, &ownership);
}

static pthread_mutex_t *lock_of(const struct stat *status)
{
    return &kept.locks[status->st_ino % LOCK_COUNT];
}

void ownership_lock(const struct stat *status)
{
    pthread_mutex_lock(lock_of(status));
}

void ownership_unlock(const struct stat *status)
{
    pthread_mutex_unlock(lock_of(status));
}
