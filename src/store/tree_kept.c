#include "store/tree_kept.h"

#include "platform/linux/credentials.h"
#include "store/ownership.h"
#include "store/tree_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    FILE_MODE = 0600, /* of what is made without a mode */
    DIRECTORY_MODE = 0700,
    SET_ID_BITS = S_ISUID | S_ISGID,
    ALL_RIGHTS = R_OK | W_OK | X_OK,
};

static bool in_group(const struct credentials *caller, gid_t gid)
{
    for (size_t i = 0; i < caller->group_count; i++) {
        if (caller->groups[i] == gid)
            return true;
    }
    return caller->gid == gid;
}

/* The rights that the mode gives the caller. R_OK, W_OK and X_OK are the bits of one class. */
static int rights_of(const struct credentials *caller, const struct stat *status)
{
    mode_t mode = status->st_mode;

    if (caller->uid == 0)
        return S_ISDIR(mode) || mode & (S_IXUSR | S_IXGRP | S_IXOTH) ? ALL_RIGHTS : R_OK | W_OK;
    if (caller->uid == status->st_uid)
        return mode >> 6 & ALL_RIGHTS;
    if (in_group(caller, status->st_gid))
        return mode >> 3 & ALL_RIGHTS;
    return mode & ALL_RIGHTS;
}

static bool owns(const struct credentials *caller, const struct stat *status)
{
    return caller->uid == 0 || caller->uid == status->st_uid;
}

int tree_enter(const struct credentials *caller, int directory, int wanted)
{
    struct stat status;
    int error;

    if (!ownership_kept(directory))
        return credentials_assume(caller);
    credentials_restore();
    error = tree_stat(directory, &status);
    if (error)
        return error;
    if (!S_ISDIR(status.st_mode))
        return ENOTDIR;
    if ((rights_of(caller, &status) & wanted) != wanted)
        return EACCES;
    return ownership_open_up(directory);
}

int tree_enter_removal(const struct credentials *caller, int directory, const char *name)
{
    struct stat above, status;
    int file, error = tree_enter(caller, directory, X_OK);

    if (error || !ownership_kept(directory))
        return error;
    /* A name that is not there says so first. */
    file = tree_open_name(directory, name, true);
    if (file < 0)
        return -file;
    error = tree_enter(caller, directory, W_OK | X_OK);
    if (!error)
        error = tree_stat(directory, &above);
    if (!error)
        error = tree_stat(file, &status);
    if (!error && above.st_mode & S_ISVTX && !owns(caller, &above) && !owns(caller, &status))
        error = EPERM;
    close(file);
    return error;
}

int tree_kept_access(const struct credentials *caller, int file, int wanted, int *granted)
{
    struct stat status;
    struct statvfs filesystem;
    int error;

    credentials_restore();
    error = tree_stat(file, &status);
    if (error)
        return error;
    *granted = rights_of(caller, &status) & wanted;
    /* To write to a device is not to write to its file system. */
    if (*granted & W_OK && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) &&
        tree_statvfs(file, &filesystem) == 0 && filesystem.f_flag & ST_RDONLY)
        *granted &= ~W_OK;
    return 0;
}

/* What a write by anybody but root takes from a program: the right to run as its owner. */
static mode_t without_set_id(mode_t mode)
{
    /* Without the right to execute, set-group-ID means something else (chmod(2)). */
    return mode & S_IXGRP ? mode & ~(mode_t)SET_ID_BITS : mode & ~(mode_t)S_ISUID;
}

static int drop_set_id(int file)
{
    struct stat disk, served;
    struct ownership ownership;
    int error = 0;

    if (fstat(file, &disk) < 0)
        return errno;
    ownership_lock(&disk);
    served = disk;
    ownership_apply(file, &served);
    ownership = ownership_of(&served);
    ownership.mode = without_set_id(ownership.mode);
    if (ownership.mode != served.st_mode)
        error = ownership_keep(file, &disk, &ownership);
    ownership_unlock(&disk);
    return error;
}

int tree_kept_may_read(const struct credentials *caller, const struct stat *status)
{
    credentials_restore();
    return rights_of(caller, status) & (R_OK | X_OK) || owns(caller, status) ? 0 : EACCES;
}

int tree_kept_open(const struct credentials *caller, int file, int flags)
{
    struct tree_path path = tree_path_of(file);
    bool reads = (flags & O_ACCMODE) == O_RDONLY;
    struct stat status;
    int data, rights, error;

    credentials_restore();
    error = tree_stat(file, &status);
    if (error)
        return -error;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    rights = rights_of(caller, &status);
    if (!(rights & (reads ? R_OK | X_OK : W_OK)) && !owns(caller, &status))
        return -EACCES;
    if (!reads && caller->uid != 0 && status.st_mode & SET_ID_BITS) {
        error = drop_set_id(file);
        if (error)
            return -error;
    }
    flags |= O_CLOEXEC | O_NONBLOCK;
    data = open(path.text, flags);
    if (data < 0 && errno == EACCES && ownership_open_up(file) == 0)
        data = open(path.text, flags);
    return data < 0 ? -errno : data;
}

static int may_set(const struct credentials *caller, const struct stat *status,
                   const struct tree_change *change)
{
    const struct timespec *atime = &change->atime, *mtime = &change->mtime;
    bool given = (atime->tv_nsec != UTIME_OMIT && atime->tv_nsec != UTIME_NOW) ||
                 (mtime->tv_nsec != UTIME_OMIT && mtime->tv_nsec != UTIME_NOW);
    bool times = atime->tv_nsec != UTIME_OMIT || mtime->tv_nsec != UTIME_OMIT;

    if (caller->uid == 0)
        return 0;
    if (change->set_uid && (!owns(caller, status) || change->uid != status->st_uid))
        return EPERM;
    if (change->set_gid && (!owns(caller, status) ||
                            (change->gid != status->st_gid && !in_group(caller, change->gid))))
        return EPERM;
    if (change->set_mode && !S_ISLNK(status->st_mode) && !owns(caller, status))
        return EPERM;
    if (!times || owns(caller, status))
        return 0;
    if (given)
        return EPERM;
    return rights_of(caller, status) & W_OK ? 0 : EACCES;
}

/* What the change makes of it. */
static struct ownership changed(const struct credentials *caller, const struct stat *status,
                                const struct tree_change *change)
{
    struct ownership ownership = ownership_of(status);

    if (change->set_uid)
        ownership.uid = change->uid;
    if (change->set_gid)
        ownership.gid = change->gid;
    if ((change->set_uid || change->set_gid) && !S_ISDIR(status->st_mode))
        ownership.mode = without_set_id(ownership.mode);
    if (!change->set_mode || S_ISLNK(status->st_mode))
        return ownership;
    ownership.mode = (status->st_mode & S_IFMT) | (change->mode & 07777);
    if (caller->uid != 0 && !in_group(caller, ownership.gid))
        ownership.mode &= ~(mode_t)S_ISGID;
    return ownership;
}

int tree_kept_set(const struct credentials *caller, int file, const struct tree_change *change)
{
    struct stat disk, served;
    struct ownership ownership;
    int error;

    credentials_restore();
    if ((change->set_uid && change->uid == UINT32_MAX) ||
        (change->set_gid && change->gid == UINT32_MAX))
        return EINVAL;
    if (fstat(file, &disk) < 0)
        return errno;
    ownership_lock(&disk);
    served = disk;
    ownership_apply(file, &served);
    error = may_set(caller, &served, change);
    if (!error && (change->set_mode || change->set_uid || change->set_gid)) {
        ownership = changed(caller, &served, change);
        error = ownership_keep(file, &disk, &ownership);
    }
    ownership_unlock(&disk);
    return error;
}

/* The owner and mode of what the caller makes in the directory. */
static struct ownership new_ownership(const struct credentials *caller, const struct stat *above,
                                      const struct tree_change *change, mode_t type, dev_t device)
{
    mode_t otherwise = type == S_IFDIR ? DIRECTORY_MODE : FILE_MODE;
    struct ownership ownership = {
        .mode = change->set_mode ? change->mode & 07777 : otherwise,
        .uid = caller->uid,
        .gid = above->st_mode & S_ISGID ? above->st_gid : caller->gid,
    };

    if (type == S_IFLNK)
        ownership.mode = S_IRWXU | S_IRWXG | S_IRWXO;
    if (type == S_IFCHR || type == S_IFBLK) {
        ownership.major = major(device);
        ownership.minor = minor(device);
    }
    /* Others name their own user and group here, or one that Solaris clients made up. */
    if (caller->uid == 0 && change->set_uid && change->uid != UINT32_MAX)
        ownership.uid = change->uid;
    if (caller->uid == 0 && change->set_gid && change->gid != UINT32_MAX)
        ownership.gid = change->gid;
    if (type == S_IFDIR)
        ownership.mode |= above->st_mode & S_ISGID;
    else if (caller->uid != 0 && !in_group(caller, ownership.gid) && ownership.mode & S_IXGRP)
        ownership.mode &= ~(mode_t)S_ISGID;
    ownership.mode |= type;
    return ownership;
}

int tree_kept_own(const struct credentials *caller, int directory, int file,
                  const struct tree_change *change, mode_t type, dev_t device)
{
    struct stat above, disk;
    struct ownership ownership;
    int error = tree_stat(directory, &above);

    if (!error && fstat(file, &disk) < 0)
        error = errno;
    if (error)
        return error;
    ownership = new_ownership(caller, &above, change, type, device);
    return ownership_keep(file, &disk, &ownership);
}

int tree_kept_mknod(const struct credentials *caller, int directory, const char *name, mode_t type,
                    dev_t device, const struct tree_change *change)
{
    struct tree_path path = tree_path_of(directory);
    int file, error;
    bool named;

    /* Devices are root's to make; mknod(2). */
    if (caller->uid != 0 && (type == S_IFCHR || type == S_IFBLK))
        return EPERM;
    file = open(path.text, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
    named = file < 0;
    /* It gets its name when it is whole: nobody ever sees the file that it is on the disk. */
    if (named)
        file =
            openat(directory, name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (file < 0)
        return errno;
    error = tree_kept_own(caller, directory, file, change, type, device);
    if (!error && fsync(file) < 0)
        error = errno;
    path = tree_path_of(file);
    if (!error && !named && linkat(AT_FDCWD, path.text, directory, name, AT_SYMLINK_FOLLOW) < 0)
        error = errno;
    if (error && named)
        (void)unlinkat(directory, name, 0);
    close(file);
    return error;
}

int tree_kept_readlink(int file, char target[TREE_TARGET_MAX + 1], size_t *length)
{
    struct tree_path path = tree_path_of(file);
    struct stat disk, served;
    ssize_t count;
    int data;

    if (fstat(file, &disk) < 0)
        return errno;
    served = disk;
    ownership_apply(file, &served);
    if (!S_ISREG(disk.st_mode) || !S_ISLNK(served.st_mode))
        return EINVAL;
    data = open(path.text, O_RDONLY | O_CLOEXEC);
    if (data < 0)
        return errno;
    count = pread(data, target, TREE_TARGET_MAX + 1, 0);
    close(data);
    if (count < 0)
        return EIO;
    if (count > TREE_TARGET_MAX)
        return ENAMETOOLONG;
    *length = (size_t)count;
    return 0;
}

int tree_kept_link(const struct credentials *caller, int file)
{
    struct stat status;
    int error = tree_stat(file, &status);

    if (error)
        return error;
    /* As the kernel's protected_hardlinks has it (proc(5)): nobody keeps another's program for the
     * day when a hole is found in it, or what is not to be read for the day when it is. */
    if (!owns(caller, &status) &&
        (!S_ISREG(status.st_mode) || without_set_id(status.st_mode) != status.st_mode ||
         (rights_of(caller, &status) & (R_OK | W_OK)) != (R_OK | W_OK)))
        return EPERM;
    return ownership_settle(file);
}

int tree_kept_move(const struct credentials *caller, int from, const char *name, bool elsewhere)
{
    struct stat status;
    int file = tree_open_name(from, name, true), error;

    if (file < 0)
        return -file;
    error = ownership_settle(file);
    if (!error)
        error = tree_stat(file, &status);
    /* Its ".." becomes another. */
    if (!error && elsewhere && S_ISDIR(status.st_mode) && !(rights_of(caller, &status) & W_OK))
        error = EACCES;
    close(file);
    return error;
}
