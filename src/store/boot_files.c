#include "store/boot_files.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { AHEAD_LEAST = 16384 }; /* bytes */

static int open_inside(int root, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* Which kind of missing it is. */
static enum boot_file_status missing(int root, const char *path, int error)
{
    struct stat info;
    int link;

    if (error != ENOENT && error != ENOTDIR && error != ELOOP && error != ENAMETOOLONG)
        return error == EACCES ? BOOT_FILE_PRIVATE : BOOT_FILE_FAILED;
    link = open_inside(root, path, O_PATH | O_NOFOLLOW);
    if (link < 0)
        return BOOT_FILE_NOT_FOUND;
    if (fstat(link, &info) < 0)
        info.st_mode = 0;
    close(link);
    return S_ISLNK(info.st_mode) ? BOOT_FILE_BAD_LINK : BOOT_FILE_NOT_FOUND;
}

static enum boot_file_status judge(const struct stat *info)
{
    if (S_ISDIR(info->st_mode))
        return BOOT_FILE_DIRECTORY;
    if (!S_ISREG(info->st_mode))
        return BOOT_FILE_SPECIAL;
    return info->st_mode & S_IROTH ? BOOT_FILE_OPEN : BOOT_FILE_PRIVATE;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct boot_file_identity boot_file_identity_of(const struct stat *info)
{
    return (struct boot_file_identity){.device = info->st_dev,
                                       .inode = info->st_ino,
                                       .size = (uint64_t)info->st_size,
                                       .modified = nanoseconds(info->st_mtim),
                                       .changed = nanoseconds(info->st_ctim)};
}

static enum boot_file_status open_below(struct boot_file *file, int root, const char *path)
{
    enum boot_file_status status = BOOT_FILE_FAILED;
    struct stat info;
    /* First without opening it for real: to open a device can do something. */
    int place = open_inside(root, path, O_PATH);

    if (place < 0) {
        file->error = errno;
        return missing(root, path, file->error);
    }
    if (fstat(place, &info) < 0)
        goto failed;
    status = judge(&info);
    if (status != BOOT_FILE_OPEN)
        goto out;
    file->descriptor = open_inside(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (file->descriptor < 0) {
        file->error = errno;
        status = missing(root, path, file->error);
        goto out;
    }
    if (fstat(file->descriptor, &info) < 0)
        goto failed;
    status = judge(&info);
    file->size = (uint64_t)info.st_size;
    file->identity = boot_file_identity_of(&info);
    /* Read ahead: the loop that serves the file should find it in memory. A short one comes with
     * its first page. */
    if (file->size <= AHEAD_LEAST)
        goto out;
    (void)posix_fadvise(file->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
    (void)posix_fadvise(file->descriptor, 0, 0, POSIX_FADV_WILLNEED);
    goto out;

failed:
    file->error = errno;
    status = BOOT_FILE_FAILED;
out:
    if (status != BOOT_FILE_OPEN)
        boot_file_close(file);
    close(place);
    return status;
}

/* Makes `name` what an entry of the directory is really called; of several, the first in the order
 * of their bytes. */
static bool match_entry(int root, const char *directory, char *name)
{
    int descriptor = open_inside(root, directory, O_RDONLY | O_DIRECTORY);
    DIR *entries = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    char best[NAME_MAX + 1] = "";
    struct dirent *entry;

    if (!entries) {
        if (descriptor >= 0)
            close(descriptor);
        return false;
    }
    while ((entry = readdir(entries)) != NULL) {
        if (strcasecmp(entry->d_name, name) == 0 && (!best[0] || strcmp(entry->d_name, best) < 0))
            snprintf(best, sizeof(best), "%s", entry->d_name);
    }
    closedir(entries);
    if (best[0])
        memcpy(name, best, strlen(name));
    return best[0] != 0;
}

/* Brings every component of `path` into the case that it has on disk. */
static bool match_path(int root, char *path)
{
    char *name = path;

    for (;;) {
        char *end = strchrnul(name, '/'), after = *end;
        bool found;

        *end = 0;
        if (name > path)
            name[-1] = 0;
        found = match_entry(root, name > path ? path : ".", name);
        if (name > path)
            name[-1] = '/';
        *end = after;
        if (!found || !after)
            return found;
        name = end + 1;
    }
}

enum boot_file_status boot_file_open(struct boot_file *file, const char *root, const char *path,
                                     bool any_case)
{
    enum boot_file_status status;
    int directory;
    char *other;

    *file = (struct boot_file){.descriptor = -1};
    directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        file->error = errno;
        return BOOT_FILE_NO_ROOT;
    }
    status = open_below(file, directory, path);
    if (status == BOOT_FILE_NOT_FOUND && any_case) {
        other = memory_string(path);
        if (match_path(directory, other))
            status = open_below(file, directory, other);
        free(other);
    }
    close(directory);
    return status;
}

char *boot_file_nearest(const char *root, const char *path,
                        size_t (*distance)(const char *wanted, const char *name))
{
    char *above = memory_string(path), *slash = strrchr(above, '/'), *best = NULL;
    const char *wanted = slash ? slash + 1 : path;
    int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), inside;
    size_t best_distance = SIZE_MAX, seen = 0;
    struct dirent *entry;
    DIR *entries;

    if (slash)
        *slash = 0;
    inside = top >= 0 ? open_inside(top, slash ? above : ".", O_RDONLY | O_DIRECTORY) : -1;
    entries = inside >= 0 ? fdopendir(inside) : NULL;
    if (!entries && inside >= 0)
        close(inside);
    while (entries && seen++ < BOOT_FILE_NAMES_MAX && (entry = readdir(entries)) != NULL) {
        size_t far = entry->d_name[0] == '.' ? SIZE_MAX : distance(wanted, entry->d_name);

        if (far >= best_distance)
            continue;
        best_distance = far;
        free(best);
        best = memory_string(entry->d_name);
    }
    if (entries)
        closedir(entries);
    if (top >= 0)
        close(top);
    free(above);
    return best;
}

enum boot_file_status boot_file_of_bytes(struct boot_file *file, struct slice bytes)
{
    size_t written = 0;
    struct stat info;

    *file = (struct boot_file){.descriptor = memfd_create("generated", MFD_CLOEXEC),
                               .size = bytes.length};
    while (file->descriptor >= 0 && written < bytes.length) {
        ssize_t n = write(file->descriptor, bytes.data + written, bytes.length - written);

        if (n < 0)
            break;
        written += (size_t)n;
    }
    if (file->descriptor >= 0 && written == bytes.length && fstat(file->descriptor, &info) == 0) {
        file->identity = boot_file_identity_of(&info);
        return BOOT_FILE_OPEN;
    }
    file->error = errno;
    boot_file_close(file);
    return BOOT_FILE_FAILED;
}

ssize_t boot_file_read(const struct boot_file *file, uint64_t offset, void *to, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t n =
            pread(file->descriptor, (char *)to + done, length - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

ssize_t boot_file_read_now(const struct boot_file *file, uint64_t offset, void *to, size_t length)
{
    struct iovec piece = {to, length};
    ssize_t n;

    do
        n = preadv2(file->descriptor, &piece, 1, (off_t)offset, RWF_NOWAIT);
    while (n < 0 && errno == EINTR);
    /* Some file systems cannot say whether a read would wait. */
    if (n < 0 && errno == EOPNOTSUPP) {
        errno = EAGAIN;
        return -1;
    }
    return n;
}

bool boot_file_is_unchanged(const struct boot_file *file)
{
    struct boot_file_identity now;
    struct stat info;

    if (fstat(file->descriptor, &info) < 0)
        return false;
    now = boot_file_identity_of(&info);
    /* Another name, or none any more, is no other content. */
    return now.size == file->identity.size && now.modified == file->identity.modified;
}

struct boot_file boot_file_share(struct boot_file *file)
{
    if (!file->shares) {
        file->shares = memory_zeroed(1, sizeof(*file->shares));
        *file->shares = 1;
    }
    (*file->shares)++;
    return *file;
}

void boot_file_close(struct boot_file *file)
{
    bool last = !file->shares || --*file->shares == 0;

    if (file->descriptor >= 0 && last)
        close(file->descriptor);
    if (last)
        free(file->shares);
    file->shares = NULL;
    file->descriptor = -1;
}
