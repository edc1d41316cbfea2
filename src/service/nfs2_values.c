#include "service/nfs2_values.h"

#include <errno.h>
#include <sys/sysmacros.h>

/* RFC 1094 section 2.3.1 has one list for all procedures, without INVAL, XDEV, MLINK and others of
 * UNIX: those are told by what comes near. What nothing comes near is IO. */
static const struct {
    int error;
    enum nfs2_status status;
} errors[] = {
    {EPERM, NFS2ERR_PERM},
    {ENOENT, NFS2ERR_NOENT},
    {EIO, NFS2ERR_IO},
    {ENXIO, NFS2ERR_NXIO},
    {EACCES, NFS2ERR_ACCES},
    {EEXIST, NFS2ERR_EXIST},
    {ENODEV, NFS2ERR_NODEV},
    {ENOTDIR, NFS2ERR_NOTDIR},
    {EISDIR, NFS2ERR_ISDIR},
    {EINVAL, NFS2ERR_ACCES},
    {EFBIG, NFS2ERR_FBIG},
    {ENOSPC, NFS2ERR_NOSPC},
    {EOVERFLOW, NFS2ERR_FBIG},
    {EROFS, NFS2ERR_ROFS},
    {EMLINK, NFS2ERR_NOSPC},
    {ENAMETOOLONG, NFS2ERR_NAMETOOLONG},
    {ENOTEMPTY, NFS2ERR_NOTEMPTY},
    {EDQUOT, NFS2ERR_DQUOT},
    {ESTALE, NFS2ERR_STALE},
    {EBADMSG, NFS2ERR_STALE}, /* as handle_open() has it: no handle of ours */
    {EXDEV, NFS2ERR_ACCES},
    {ELOOP, NFS2ERR_ACCES},
    {EOPNOTSUPP, NFS2ERR_ACCES},
    {EBUSY, NFS2ERR_ACCES},   /* something is mounted there */
    {ETXTBSY, NFS2ERR_ACCES}, /* the server itself executes it */
};

enum nfs2_status nfs2_status_of(int error)
{
    if (error == 0)
        return NFS2_OK;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].error == error)
            return errors[i].status;
    }
    return NFS2ERR_IO;
}

/* Device numbers as BSD and Linux lay them out in 32 bits: minor's upper twelve, major's twelve,
 * minor's lower eight. */
static uint32_t device_pack(dev_t device)
{
    uint32_t high = major(device), low = minor(device);

    return (low & 0xff) | (high & 0xfff) << 8 | (low & ~0xffu) << 12;
}

static dev_t device_unpack(uint32_t packed)
{
    return makedev(packed >> 8 & 0xfff, (packed & 0xff) | (packed >> 12 & 0xfff00));
}

int nfs2_data_error(mode_t mode, int error)
{
    /* The kernel says EINVAL of all that holds no data. U-Boot takes ISDIR for the hint that a file
     * is a symbolic link, and asks where it leads. */
    if (error != EINVAL || S_ISREG(mode))
        return error;
    return S_ISLNK(mode) ? EISDIR : ENXIO;
}

/* Section 2.3.5: a socket's type is "no file", its mode tells. A FIFO is a character device without
 * a number to every client that knows FIFOs. */
static enum nfs2_type type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return NFS2_REGULAR;
    case S_IFDIR:
        return NFS2_DIRECTORY;
    case S_IFBLK:
        return NFS2_BLOCK;
    case S_IFCHR:
    case S_IFIFO:
        return NFS2_CHARACTER;
    case S_IFLNK:
        return NFS2_SYMBOLIC_LINK;
    default:
        return NFS2_NON_FILE;
    }
}

static struct nfs2_time time_of(const struct timespec *time)
{
    return (struct nfs2_time){(uint32_t)time->tv_sec, (uint32_t)(time->tv_nsec / 1000)};
}

uint32_t nfs2_file_id_of(uint64_t inode)
{
    return (uint32_t)(inode ^ inode >> 32);
}

struct nfs2_fattr nfs2_fattr_of(const struct stat *status)
{
    bool is_fifo = S_ISFIFO(status->st_mode);
    bool is_device = S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode);

    return (struct nfs2_fattr){
        .type = type_of(status->st_mode),
        .mode = is_fifo ? S_IFCHR | (status->st_mode & 07777) : status->st_mode,
        .nlink = (uint32_t)status->st_nlink,
        .uid = status->st_uid,
        .gid = status->st_gid,
        .size = status->st_size > NFS2_OFFSET_MAX ? NFS2_OFFSET_MAX : (uint32_t)status->st_size,
        .block_size = (uint32_t)status->st_blksize,
        .rdev = is_fifo     ? NFS2_DONT_CHANGE
                : is_device ? device_pack(status->st_rdev)
                            : 0,
        .blocks = status->st_blocks > INT32_MAX ? INT32_MAX : (uint32_t)status->st_blocks,
        .fsid = nfs2_file_id_of(status->st_dev),
        .fileid = nfs2_file_id_of(status->st_ino),
        .atime = time_of(&status->st_atim),
        .mtime = time_of(&status->st_mtim),
        .ctime = time_of(&status->st_ctim),
    };
}

static int change_time(struct nfs2_time time, struct timespec *to)
{
    if (time.seconds == NFS2_DONT_CHANGE)
        return 0;
    /* Some set the seconds alone. */
    if (time.microseconds == NFS2_DONT_CHANGE)
        time.microseconds = 0;
    if (time.microseconds >= 1000000)
        return EINVAL;
    *to = (struct timespec){time.seconds, (long)time.microseconds * 1000};
    return 0;
}

/* Old clients have 16 bits of mode, and as many for "do not change". */
static bool has_mode(const struct nfs2_sattr *sattr)
{
    const uint32_t no_mode = 0xffff;

    return sattr->mode != NFS2_DONT_CHANGE && sattr->mode != no_mode;
}

int nfs2_change_of(const struct nfs2_sattr *sattr, struct tree_change *change)
{
    int error;

    *change = TREE_NO_CHANGE;
    change->set_mode = has_mode(sattr);
    change->mode = sattr->mode & 07777;
    change->set_uid = sattr->uid != NFS2_DONT_CHANGE;
    change->uid = sattr->uid;
    change->set_gid = sattr->gid != NFS2_DONT_CHANGE;
    change->gid = sattr->gid;
    change->set_size = sattr->size != NFS2_DONT_CHANGE;
    change->size = sattr->size;
    /* A million microseconds: both times are to be the server's, as Sun's clients have it. */
    if (sattr->mtime.seconds != NFS2_DONT_CHANGE && sattr->mtime.microseconds == 1000000) {
        change->atime.tv_nsec = change->mtime.tv_nsec = UTIME_NOW;
        return 0;
    }
    error = change_time(sattr->atime, &change->atime);
    return error ? error : change_time(sattr->mtime, &change->mtime);
}

mode_t nfs2_create_type(const struct nfs2_sattr *sattr, dev_t *device)
{
    mode_t type = has_mode(sattr) ? sattr->mode & S_IFMT : 0;

    *device = 0;
    switch (type) {
    case 0:
    case S_IFREG:
        return S_IFREG;
    case S_IFSOCK:
    case S_IFIFO:
        return type;
    case S_IFCHR:
        if (sattr->size == NFS2_DONT_CHANGE)
            return S_IFIFO;
        *device = device_unpack(sattr->size);
        return type;
    case S_IFBLK:
        *device = device_unpack(sattr->size == NFS2_DONT_CHANGE ? 0 : sattr->size);
        return type;
    default:
        return 0;
    }
}

struct nfs2_statfs nfs2_statfs_of(const struct statvfs *status)
{
    unsigned shift = 0;

    /* Blocks as large as it takes to count them in 31 bits. */
    while (status->f_blocks >> shift > INT32_MAX)
        shift++;
    return (struct nfs2_statfs){
        .transfer_size = NFS2_DATA_MAX,
        .block_size = (uint32_t)(status->f_frsize << shift),
        .blocks = (uint32_t)(status->f_blocks >> shift),
        .free_blocks = (uint32_t)(status->f_bfree >> shift),
        .available_blocks = (uint32_t)(status->f_bavail >> shift),
    };
}
