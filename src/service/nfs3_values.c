#include "service/nfs3_values.h"

#include <errno.h>
#include <sys/sysmacros.h>

/* What says best what an errno says, for a procedure that may return it (section 3.3 lists under
 * each what it may), and what comes near it for one that may not. Where none may be returned it is
 * IO. NFS3_OK ends a list. */
enum { CHOICES_MAX = 4 };
static const struct {
    int error;
    enum nfs3_status choices[CHOICES_MAX];
} errors[] = {
    {EPERM, {NFS3ERR_PERM, NFS3ERR_ACCES}},
    {ENOENT, {NFS3ERR_NOENT, NFS3ERR_STALE}}, /* the second: the directory itself is gone */
    {EIO, {NFS3ERR_IO}},
    {ENXIO, {NFS3ERR_NXIO, NFS3ERR_INVAL}},
    {EACCES, {NFS3ERR_ACCES}},
    {EEXIST, {NFS3ERR_EXIST}},
    {EXDEV, {NFS3ERR_XDEV, NFS3ERR_ACCES}},
    {ENODEV, {NFS3ERR_NODEV, NFS3ERR_NXIO, NFS3ERR_INVAL}},
    {ENOTDIR, {NFS3ERR_NOTDIR}},
    {EISDIR, {NFS3ERR_ISDIR, NFS3ERR_INVAL, NFS3ERR_ACCES}},
    {EINVAL, {NFS3ERR_INVAL, NFS3ERR_ACCES}},
    {EFBIG, {NFS3ERR_FBIG, NFS3ERR_INVAL, NFS3ERR_NOSPC}},
    {EOVERFLOW, {NFS3ERR_FBIG, NFS3ERR_INVAL, NFS3ERR_NOSPC}},
    {ENOSPC, {NFS3ERR_NOSPC}},
    {EROFS, {NFS3ERR_ROFS}},
    {EMLINK, {NFS3ERR_MLINK, NFS3ERR_NOSPC}},
    {ENAMETOOLONG, {NFS3ERR_NAMETOOLONG, NFS3ERR_INVAL, NFS3ERR_ACCES}},
    {ENOTEMPTY, {NFS3ERR_NOTEMPTY, NFS3ERR_EXIST}},
    {EDQUOT, {NFS3ERR_DQUOT, NFS3ERR_NOSPC}},
    {ESTALE, {NFS3ERR_STALE}},
    {EBADMSG, {NFS3ERR_BADHANDLE}}, /* as handle_open() has it */
    {EOPNOTSUPP, {NFS3ERR_NOTSUPP, NFS3ERR_INVAL, NFS3ERR_ACCES}},
    {ELOOP, {NFS3ERR_INVAL, NFS3ERR_ACCES}},
    {EBUSY, {NFS3ERR_ACCES}},    /* something is mounted there */
    {ETXTBSY, {NFS3ERR_ACCES}},  /* the server itself executes it */
    {EAGAIN, {NFS3ERR_JUKEBOX}}, /* what may go better the next time */
    {ENOMEM, {NFS3ERR_JUKEBOX}},
    {EMFILE, {NFS3ERR_JUKEBOX}},
    {ENFILE, {NFS3ERR_JUKEBOX}},
};

/* What each procedure may return (section 3.3) beside IO, STALE, BADHANDLE, SERVERFAULT and
 * JUKEBOX, which all may. NFS3_OK ends a list. */
enum { ALLOWED_MAX = 16 };
#define NEW_NAME_ERRORS                                                                            \
    NFS3ERR_ACCES, NFS3ERR_EXIST, NFS3ERR_NOTDIR, NFS3ERR_NOSPC, NFS3ERR_ROFS,                     \
        NFS3ERR_NAMETOOLONG, NFS3ERR_DQUOT, NFS3ERR_NOTSUPP
static const enum nfs3_status allowed[NFS3_PROCEDURE_COUNT][ALLOWED_MAX] = {
    [NFS3_SETATTR] = {NFS3ERR_PERM, NFS3ERR_ACCES, NFS3ERR_INVAL, NFS3ERR_NOSPC, NFS3ERR_ROFS,
                      NFS3ERR_DQUOT, NFS3ERR_NOT_SYNC},
    [NFS3_LOOKUP] = {NFS3ERR_NOENT, NFS3ERR_ACCES, NFS3ERR_NOTDIR, NFS3ERR_NAMETOOLONG},
    [NFS3_READLINK] = {NFS3ERR_INVAL, NFS3ERR_ACCES, NFS3ERR_NOTSUPP},
    [NFS3_READ] = {NFS3ERR_NXIO, NFS3ERR_ACCES, NFS3ERR_INVAL},
    [NFS3_WRITE] = {NFS3ERR_ACCES, NFS3ERR_FBIG, NFS3ERR_DQUOT, NFS3ERR_NOSPC, NFS3ERR_ROFS,
                    NFS3ERR_INVAL},
    [NFS3_CREATE] = {NEW_NAME_ERRORS},
    [NFS3_MKDIR] = {NEW_NAME_ERRORS},
    [NFS3_SYMLINK] = {NEW_NAME_ERRORS},
    [NFS3_MKNOD] = {NEW_NAME_ERRORS, NFS3ERR_BADTYPE},
    [NFS3_REMOVE] = {NFS3ERR_NOENT, NFS3ERR_ACCES, NFS3ERR_NOTDIR, NFS3ERR_NAMETOOLONG,
                     NFS3ERR_ROFS},
    [NFS3_RMDIR] = {NFS3ERR_NOENT, NFS3ERR_ACCES, NFS3ERR_INVAL, NFS3ERR_EXIST, NFS3ERR_NOTDIR,
                    NFS3ERR_NAMETOOLONG, NFS3ERR_ROFS, NFS3ERR_NOTEMPTY, NFS3ERR_NOTSUPP},
    [NFS3_RENAME] = {NFS3ERR_NOENT, NFS3ERR_ACCES, NFS3ERR_EXIST, NFS3ERR_XDEV, NFS3ERR_NOTDIR,
                     NFS3ERR_ISDIR, NFS3ERR_INVAL, NFS3ERR_NOSPC, NFS3ERR_ROFS, NFS3ERR_MLINK,
                     NFS3ERR_NAMETOOLONG, NFS3ERR_NOTEMPTY, NFS3ERR_DQUOT, NFS3ERR_NOTSUPP},
    [NFS3_LINK] = {NFS3ERR_ACCES, NFS3ERR_EXIST, NFS3ERR_XDEV, NFS3ERR_NOTDIR, NFS3ERR_INVAL,
                   NFS3ERR_NOSPC, NFS3ERR_ROFS, NFS3ERR_MLINK, NFS3ERR_NAMETOOLONG, NFS3ERR_DQUOT,
                   NFS3ERR_NOTSUPP},
    [NFS3_READDIR] = {NFS3ERR_ACCES, NFS3ERR_NOTDIR, NFS3ERR_BAD_COOKIE, NFS3ERR_TOOSMALL},
    [NFS3_READDIRPLUS] = {NFS3ERR_ACCES, NFS3ERR_NOTDIR, NFS3ERR_BAD_COOKIE, NFS3ERR_TOOSMALL,
                          NFS3ERR_NOTSUPP},
};

static bool is_allowed(enum nfs3_procedure procedure, enum nfs3_status status)
{
    switch (status) {
    case NFS3_OK:
    case NFS3ERR_IO:
    case NFS3ERR_STALE:
    case NFS3ERR_BADHANDLE:
    case NFS3ERR_SERVERFAULT:
    case NFS3ERR_JUKEBOX:
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < ALLOWED_MAX && allowed[procedure][i] != NFS3_OK; i++) {
        if (allowed[procedure][i] == status)
            return true;
    }
    return false;
}

enum nfs3_status nfs3_status_of(enum nfs3_procedure procedure, int error)
{
    if (error == 0)
        return NFS3_OK;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].error != error)
            continue;
        for (size_t j = 0; j < CHOICES_MAX && errors[i].choices[j] != NFS3_OK; j++) {
            if (is_allowed(procedure, errors[i].choices[j]))
                return errors[i].choices[j];
        }
        return NFS3ERR_IO;
    }
    return NFS3ERR_SERVERFAULT;
}

static enum nfs3_type type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return NFS3_DIRECTORY;
    case S_IFBLK:
        return NFS3_BLOCK;
    case S_IFCHR:
        return NFS3_CHARACTER;
    case S_IFLNK:
        return NFS3_SYMBOLIC_LINK;
    case S_IFSOCK:
        return NFS3_SOCKET;
    case S_IFIFO:
        return NFS3_FIFO;
    default:
        return NFS3_REGULAR;
    }
}

static struct nfs3_time time_of(const struct timespec *time)
{
    return (struct nfs3_time){(uint32_t)time->tv_sec, (uint32_t)time->tv_nsec};
}

struct nfs3_fattr nfs3_fattr_of(const struct stat *status)
{
    return (struct nfs3_fattr){
        .type = type_of(status->st_mode),
        .mode = status->st_mode & 07777,
        .nlink = (uint32_t)status->st_nlink,
        .uid = status->st_uid,
        .gid = status->st_gid,
        .size = (uint64_t)status->st_size,
        .used = (uint64_t)status->st_blocks * 512,
        .rdev_major = major(status->st_rdev),
        .rdev_minor = minor(status->st_rdev),
        .fsid = status->st_dev,
        .fileid = status->st_ino,
        .atime = time_of(&status->st_atim),
        .mtime = time_of(&status->st_mtim),
        .ctime = time_of(&status->st_ctim),
    };
}

struct nfs3_post_op nfs3_post_op_of(int file)
{
    struct nfs3_post_op post_op = {.present = false};
    struct stat status;

    if (file >= 0 && tree_stat(file, &status) == 0) {
        post_op.present = true;
        post_op.attributes = nfs3_fattr_of(&status);
    }
    return post_op;
}

void nfs3_watch_begin(struct nfs3_watch *watch, int file, bool changes)
{
    struct nfs3_wcc *wcc = &watch->wcc;
    struct stat status;

    *watch = (struct nfs3_watch){.file = file};
    nfs_change_begin(&watch->change, file, changes);
    if (file >= 0 && tree_stat(file, &status) == 0) {
        wcc->has_before = true;
        wcc->size = (uint64_t)status.st_size;
        wcc->mtime = time_of(&status.st_mtim);
        wcc->ctime = time_of(&status.st_ctim);
    }
}

void nfs3_watch_end(struct nfs3_watch *watch)
{
    watch->wcc.after = nfs3_post_op_of(watch->file);
    if (!nfs_change_end(&watch->change))
        watch->wcc.has_before = false;
}

static int change_time(enum nfs3_time_how how, struct nfs3_time time, struct timespec *to)
{
    if (how == NFS3_SET_TO_SERVER)
        to->tv_nsec = UTIME_NOW;
    if (how != NFS3_SET_TO_CLIENT)
        return 0;
    /* UTIME_NOW and UTIME_OMIT lie beyond. */
    if (time.nanoseconds >= 1000000000)
        return EINVAL;
    to->tv_sec = time.seconds;
    to->tv_nsec = time.nanoseconds;
    return 0;
}

int nfs3_change_of(const struct nfs3_sattr *sattr, struct tree_change *change)
{
    int error;

    *change = TREE_NO_CHANGE;
    change->set_mode = sattr->set_mode;
    change->mode = sattr->mode;
    change->set_uid = sattr->set_uid;
    change->uid = sattr->uid;
    change->set_gid = sattr->set_gid;
    change->gid = sattr->gid;
    change->set_size = sattr->set_size;
    change->size = sattr->size;
    error = change_time(sattr->set_atime, sattr->atime, &change->atime);
    return error ? error : change_time(sattr->set_mtime, sattr->mtime, &change->mtime);
}
