/* What changes a tree: attributes, and the names in directories. */
#include "platform/linux/credentials.h"
#include "store/ownership.h"
#include "store/tree.h"
#include "store/tree_kept.h"
#include "store/tree_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    MODE_BITS = 07777,
    FILE_MODE = 0600, /* of what is made without a mode: its owner's alone until it says more */
    DIRECTORY_MODE = 0700,
};

/* The file is opened anew by the server itself: fsync(2) needs a descriptor that O_PATH is not, and
 * whoever may change a directory may not always read it. */
static int sync_file(int file, int flags)
{
    struct tree_path path = tree_path_of(file);
    int descriptor, error;

    credentials_restore();
    descriptor = open(path.text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
    if (descriptor < 0)
        return errno;
    error = tree_sync(descriptor);
    close(descriptor);
    return error;
}

int tree_sync_directory(int directory)
{
    return sync_file(directory, O_DIRECTORY);
}

static bool time_changes(const struct timespec *time)
{
    return time->tv_nsec != UTIME_OMIT;
}

static int set_owner(int file, const struct tree_change *change)
{
    if (!change->set_uid && !change->set_gid)
        return 0;
    return fchownat(file, "", change->set_uid ? change->uid : (uid_t)-1,
                    change->set_gid ? change->gid : (gid_t)-1,
                    AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0
               ? errno
               : 0;
}

static int set_mode(int file, const struct stat *status, const struct tree_change *change)
{
    struct tree_path path = tree_path_of(file);

    /* Clients send one for symbolic links as well; Linux keeps none for them. */
    if (!change->set_mode || S_ISLNK(status->st_mode))
        return 0;
    return chmod(path.text, change->mode & MODE_BITS) < 0 ? errno : 0;
}

static int set_size(const struct credentials *caller, int file, const struct tree_change *change)
{
    int data, error = 0;

    if (!change->set_size)
        return 0;
    if (change->size > INT64_MAX)
        return EFBIG;
    data = tree_open_data(caller, file, O_WRONLY);
    if (data < 0)
        return -data;
    if (ftruncate(data, (off_t)change->size) < 0)
        error = errno;
    close(data);
    return error;
}

static bool time_is_given(const struct timespec *time)
{
    return time_changes(time) && time->tv_nsec != UTIME_NOW;
}

static int set_times(int file, const struct tree_change *change)
{
    const struct timespec times[] = {change->atime, change->mtime};
    const int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
    int error;

    if (!time_changes(&times[0]) && !time_changes(&times[1]))
        return 0;
    if (utimensat(file, "", times, flags) == 0)
        return 0;
    /* The kernel lets who may write set both times to now, but not one of them. */
    if (errno != EPERM || time_is_given(&times[0]) || time_is_given(&times[1]))
        return errno;
    error = tree_check_access(file, W_OK);
    if (error)
        return error;
    credentials_restore();
    return utimensat(file, "", times, flags) < 0 ? errno : 0;
}

/* The size first, for it needs rights that a new owner or mode may take away; the owner before the
 * mode, for a new owner clears set-user-id bits; the times last, for all else changes them. */
static int set_all(const struct credentials *caller, int file, const struct stat *status,
                   const struct tree_change *change)
{
    bool is_kept = ownership_kept(file);
    int error = is_kept ? 0 : credentials_assume(caller);

    if (!error)
        error = set_size(caller, file, change);
    if (!error && is_kept)
        error = tree_kept_set(caller, file, change);
    if (is_kept)
        return error ? error : set_times(file, change);
    if (!error)
        error = set_owner(file, change);
    if (!error)
        error = set_mode(file, status, change);
    if (!error)
        error = set_times(file, change);
    return error;
}

int tree_set(const struct credentials *caller, int file, const struct stat *status,
             const struct tree_change *change)
{
    int error = set_all(caller, file, status, change);
    struct stat disk;

    if (error)
        return error;
    /* What stands for a device is a file like any. */
    if (fstat(file, &disk) < 0)
        return errno;
    /* Nothing else can be opened without consequences; its inode goes out with the journal. */
    return S_ISREG(disk.st_mode) || S_ISDIR(disk.st_mode) ? sync_file(file, 0) : 0;
}

/* Gives what was just made the attributes that the making did not. Only root gives files away;
 * others name their own user and group here, or one that Solaris clients made up. */
static int finish_new(const struct credentials *caller, int file, const struct tree_change *change)
{
    struct tree_change rest = *change;
    struct stat status;

    int error = tree_stat(file, &status);

    if (error)
        return error;
    if (caller->uid != 0)
        rest.set_uid = rest.set_gid = false;
    if (!S_ISREG(status.st_mode))
        rest.set_size = false;
    /* What a directory inherited: clients send the mode that mkdir(2) was called with. */
    if (S_ISDIR(status.st_mode))
        rest.mode |= status.st_mode & S_ISGID;
    /* A new owner clears set-user-id bits, and a directory's default ACL may have changed others.
     */
    rest.set_mode = change->set_mode && (status.st_mode & MODE_BITS) != (rest.mode & MODE_BITS);
    if (rest.set_uid || rest.set_gid)
        rest.set_mode = change->set_mode;
    return set_all(caller, file, &status, &rest);
}

int tree_finish(const struct credentials *caller, int file, const struct tree_change *change)
{
    int error = ownership_kept(file) ? 0 : credentials_assume(caller);

    return error ? error : finish_new(caller, file, change);
}

/* The same where the file is the server's own user's on the disk. What stands for a device was
 * finished before it had a name. */
static int finish_kept(const struct credentials *caller, int directory, int file,
                       const struct tree_change *change)
{
    struct tree_change rest = *change;
    struct stat disk, served;
    int error = tree_stat(file, &served);

    if (!error && fstat(file, &disk) < 0)
        error = errno;
    if (!error && (served.st_mode & S_IFMT) == (disk.st_mode & S_IFMT))
        error = tree_kept_own(caller, directory, file, change, disk.st_mode & S_IFMT, 0);
    if (error)
        return error;
    rest.set_mode = rest.set_uid = rest.set_gid = false;
    rest.set_size = change->set_size && S_ISREG(served.st_mode);
    return set_all(caller, file, &served, &rest);
}

static mode_t mode_of(const struct tree_change *change, mode_t otherwise)
{
    return change->set_mode ? change->mode & MODE_BITS : otherwise;
}

/* What is the server's own user's on the disk gets no bits there before it is told whose it is. */
static mode_t disk_mode_of(int directory, const struct tree_change *change, mode_t otherwise)
{
    return ownership_kept(directory) ? otherwise : mode_of(change, otherwise);
}

/* The checked name under which something is to be made, as the caller. */
static int begin_new(const struct credentials *caller, int directory, struct slice name,
                     char text[TREE_NAME_MAX + 1])
{
    int file, error = tree_name(name, text);

    if (error)
        return error;
    if (tree_name_is_dots(text))
        return EEXIST;
    error = tree_enter(caller, directory, W_OK | X_OK);
    if (error != EACCES || tree_enter(caller, directory, X_OK) != 0)
        return error;
    /* Of a name that is taken that is what is told, as the kernel does. */
    file = tree_open_name(directory, text, true);
    if (file < 0)
        return error;
    close(file);
    return EEXIST;
}

/* Brings to stable storage what was just made, if it is a directory, and then its name. Not every
 * file system does the first with the second: ext2 does not, nor ext4 without a journal. Regular
 * files are left to tree_create(), which has them open. */
static int sync_new(int directory, int file)
{
    struct stat status;
    int error = 0;

    if (fstat(file, &status) < 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        error = tree_sync_directory(file);
    return error ? error : tree_sync_directory(directory);
}

/* Opens what was just made, finishes it, brings it and its name to stable storage. What cannot be
 * finished is taken away again. */
static int end_new(const struct credentials *caller, int directory, const char *name,
                   const struct tree_change *change, int *file)
{
    struct stat status;
    int error;

    *file = tree_open_name(directory, name, true);
    if (*file < 0)
        return -*file;
    error = ownership_kept(*file) ? finish_kept(caller, directory, *file, change)
                                  : finish_new(caller, *file, change);
    if (!error)
        error = sync_new(directory, *file);
    if (!error)
        return 0;
    if (tree_enter(caller, directory, W_OK | X_OK) == 0 && fstat(*file, &status) == 0)
        (void)unlinkat(directory, name, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
    close(*file);
    *file = -1;
    return error;
}

/* The times that hold an exclusive create's verifier: 31 bits each, which every file system keeps.
 */
static void verifier_times(const uint8_t verifier[TREE_VERIFIER_SIZE], struct timespec times[2])
{
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *half = verifier + 4 * i;

        times[i] = (struct timespec){
            .tv_sec = (time_t)((half[0] & 0x7fu) << 24 | half[1] << 16 | half[2] << 8 | half[3])};
    }
}

/* A file of the name is there: take it, as far as `how` lets us. */
static int take_existing(const struct credentials *caller, int directory, const char *name,
                         enum tree_create_how how, const struct tree_change *change,
                         const struct timespec verifier[2], int *file)
{
    struct tree_change size_alone = TREE_NO_CHANGE;
    struct stat status;
    int error = EEXIST;

    if (how == TREE_GUARDED)
        return EEXIST;
    *file = tree_open_name(directory, name, true);
    if (*file < 0)
        return -*file;
    if (tree_stat(*file, &status) != 0 || !S_ISREG(status.st_mode))
        goto out;
    if (how == TREE_EXCLUSIVE) {
        if (status.st_size == 0 && status.st_atim.tv_sec == verifier[0].tv_sec &&
            status.st_mtim.tv_sec == verifier[1].tv_sec)
            error = 0;
        goto out;
    }
    size_alone.set_size = change->set_size;
    size_alone.size = change->size;
    error = change->set_size ? tree_set(caller, *file, &status, &size_alone) : 0;
out:
    if (error) {
        close(*file);
        *file = -1;
    }
    return error;
}

/* Makes the file under its name, open for writing; minus an errno. An exclusive one appears there
 * with its verifier or not at all, even if the server ends at this moment: a name without it would
 * be anybody's to the client that asks again. Where the file system cannot make a file that has no
 * name yet it is made as any other. */
static int create_under_name(int directory, const char *name, enum tree_create_how how, mode_t mode,
                             const struct timespec times[2])
{
    const int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
    struct tree_path path;
    int descriptor = -1, error = 0;

    if (how == TREE_EXCLUSIVE)
        descriptor = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (descriptor < 0) {
        descriptor = openat(directory, name, O_CREAT | O_EXCL | flags, mode);
        return descriptor < 0 ? -errno : descriptor;
    }
    path = tree_path_of(descriptor);
    if (futimens(descriptor, times) < 0 ||
        linkat(AT_FDCWD, path.text, directory, name, AT_SYMLINK_FOLLOW) < 0)
        error = errno;
    if (!error)
        return descriptor;
    close(descriptor);
    return -error;
}

int tree_create(const struct credentials *caller, int directory, struct slice name,
                enum tree_create_how how, const struct tree_change *change,
                const uint8_t verifier[TREE_VERIFIER_SIZE], int *file)
{
    char text[TREE_NAME_MAX + 1];
    struct tree_change all = *change;
    struct timespec times[2] = {{0}, {0}};
    int descriptor, error = begin_new(caller, directory, name, text);

    if (error && error != EEXIST)
        return error;
    if (how == TREE_EXCLUSIVE) {
        verifier_times(verifier, times);
        all.atime = times[0];
        all.mtime = times[1];
    }
    descriptor = error ? -error
                       : create_under_name(directory, text, how,
                                           disk_mode_of(directory, change, FILE_MODE), times);
    if (descriptor == -EEXIST)
        return take_existing(caller, directory, text, how, change, times, file);
    if (descriptor < 0)
        return -descriptor;
    error = end_new(caller, directory, text, &all, file);
    if (!error) {
        error = tree_sync(descriptor);
        if (error)
            close(*file);
    }
    close(descriptor);
    return error;
}

int tree_mkdir(const struct credentials *caller, int directory, struct slice name,
               const struct tree_change *change, int *file)
{
    char text[TREE_NAME_MAX + 1];
    int error = begin_new(caller, directory, name, text);

    if (error)
        return error;
    if (mkdirat(directory, text, disk_mode_of(directory, change, DIRECTORY_MODE)) < 0)
        return errno;
    return end_new(caller, directory, text, change, file);
}

int tree_symlink(const struct credentials *caller, int directory, struct slice name,
                 struct slice target, const struct tree_change *change, int *file)
{
    char text[TREE_NAME_MAX + 1], target_text[TREE_TARGET_MAX + 1];
    int error = begin_new(caller, directory, name, text);

    if (error)
        return error;
    if (target.length > TREE_TARGET_MAX)
        return ENAMETOOLONG;
    if (target.length == 0 || memchr(target.data, 0, target.length))
        return EACCES;
    memcpy(target_text, target.data, target.length);
    target_text[target.length] = 0;
    if (symlinkat(target_text, directory, text) < 0)
        return errno;
    return end_new(caller, directory, text, change, file);
}

int tree_mknod(const struct credentials *caller, int directory, struct slice name, mode_t type,
               dev_t device, const struct tree_change *change, int *file)
{
    char text[TREE_NAME_MAX + 1];
    int error = begin_new(caller, directory, name, text);

    if (error)
        return error;
    if (ownership_kept(directory))
        error = tree_kept_mknod(caller, directory, text, type, device, change);
    else if (mknodat(directory, text, type | mode_of(change, FILE_MODE), device) < 0)
        error = errno;
    if (error)
        return error;
    return end_new(caller, directory, text, change, file);
}

/* Takes the name away; what was kept of a file without an attribute goes with its last name. */
static int unlink_name(int directory, const char *name)
{
    int file = ownership_kept(directory) ? tree_open_name(directory, name, true) : -1, error = 0;

    if (unlinkat(directory, name, 0) < 0)
        error = errno;
    if (file < 0)
        return error;
    if (!error)
        ownership_forget(file);
    close(file);
    return error;
}

int tree_remove(const struct credentials *caller, int directory, struct slice name)
{
    char text[TREE_NAME_MAX + 1];
    int error = tree_name(name, text);

    if (error)
        return error;
    if (tree_name_is_dots(text)) {
        error = tree_enter(caller, directory, X_OK);
        return error ? error : EISDIR;
    }
    error = tree_enter_removal(caller, directory, text);
    if (error)
        return error;
    error = unlink_name(directory, text);
    return error ? error : tree_sync_directory(directory);
}

int tree_rmdir(const struct credentials *caller, int directory, struct slice name)
{
    char text[TREE_NAME_MAX + 1];
    int error = tree_name(name, text);

    /* RFC 1813 section 3.3.13 names the errors. */
    if (!error && tree_name_is_dots(text)) {
        error = tree_enter(caller, directory, X_OK);
        return error ? error : strcmp(text, ".") == 0 ? EINVAL : EEXIST;
    }
    if (!error)
        error = tree_enter_removal(caller, directory, text);
    if (error)
        return error;
    if (unlinkat(directory, text, AT_REMOVEDIR) < 0)
        return errno;
    return tree_sync_directory(directory);
}

/* The name that is replaced may not be there. */
static int enter_rename(const struct credentials *caller, int from, const char *from_name, int to,
                        const char *to_name)
{
    struct stat a, b;
    int error = tree_enter_removal(caller, from, from_name);

    if (!error && (fstat(from, &a) < 0 || fstat(to, &b) < 0))
        error = errno;
    if (!error && ownership_kept(from))
        error =
            tree_kept_move(caller, from, from_name, a.st_dev != b.st_dev || a.st_ino != b.st_ino);
    if (error)
        return error;
    error = tree_enter_removal(caller, to, to_name);
    return error == ENOENT ? tree_enter(caller, to, W_OK | X_OK) : error;
}

int tree_rename(const struct credentials *caller, int from, struct slice from_name, int to,
                struct slice to_name)
{
    char from_text[TREE_NAME_MAX + 1], to_text[TREE_NAME_MAX + 1];
    int replaced, error = tree_name(from_name, from_text);

    if (!error)
        error = tree_name(to_name, to_text);
    if (!error && (tree_name_is_dots(from_text) || tree_name_is_dots(to_text)))
        error = EINVAL;
    if (!error)
        error = enter_rename(caller, from, from_text, to, to_text);
    if (error)
        return error;
    replaced = ownership_kept(to) ? tree_open_name(to, to_text, true) : -1;
    if (renameat(from, from_text, to, to_text) < 0)
        error = errno;
    if (replaced >= 0) {
        if (!error)
            ownership_forget(replaced);
        close(replaced);
    }
    if (error)
        return error;
    error = tree_sync_directory(to);
    /* Calls that name one directory twice have it open once. */
    return error || from == to ? error : tree_sync_directory(from);
}

int tree_link(const struct credentials *caller, int file, int directory, struct slice name)
{
    char text[TREE_NAME_MAX + 1];
    struct tree_path path = tree_path_of(file);
    struct stat status;
    int error = begin_new(caller, directory, name, text);

    if (error)
        return error;
    if (fstat(file, &status) < 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    error = ownership_kept(file) ? tree_kept_link(caller, file) : 0;
    if (error)
        return error;
    /* By its path in /proc: linkat(2) takes the descriptor itself from root alone. */
    if (linkat(AT_FDCWD, path.text, directory, text, AT_SYMLINK_FOLLOW) < 0)
        return errno;
    return tree_sync_directory(directory);
}
