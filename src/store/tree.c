#include "store/tree.h"

#include "platform/linux/credentials.h"
#include "store/ownership.h"
#include "store/tree_kept.h"
#include "store/tree_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int tree_name(struct slice name, char text[TREE_NAME_MAX + 1])
{
    if (name.length == 0 || memchr(name.data, '/', name.length) ||
        memchr(name.data, 0, name.length))
        return EACCES;
    if (name.length > TREE_NAME_MAX)
        return ENAMETOOLONG;
    memcpy(text, name.data, name.length);
    text[name.length] = 0;
    return 0;
}

bool tree_name_is_dots(const char *text)
{
    return strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
}

struct tree_path tree_path_of(int descriptor)
{
    struct tree_path path;

    snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", descriptor);
    return path;
}

int tree_stat(int file, struct stat *status)
{
    if (fstat(file, status) < 0)
        return errno;
    ownership_apply(file, status);
    return 0;
}

int tree_open_name(int directory, const char *name, bool wait)
{
    struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | (wait ? 0 : RESOLVE_CACHED),
    };
    long file = syscall(SYS_openat2, directory, name, &how, sizeof(how));

    if (file >= 0)
        return (int)file;
    /* The protocol has no word for "something is mounted here" in an answer to LOOKUP. */
    if (errno == EXDEV)
        return -EACCES;
    /* Kernels before 5.12 cannot tell what is cached. */
    return errno == EINVAL && !wait ? -EAGAIN : -errno;
}

int tree_search(const struct credentials *caller, int directory, struct slice name,
                char text[TREE_NAME_MAX + 1])
{
    int error = tree_name(name, text);

    if (!error && strcmp(text, "..") == 0)
        error = EACCES;
    return error ? error : tree_enter(caller, directory, X_OK);
}

int tree_lookup(const struct credentials *caller, int directory, struct slice name, bool wait,
                int *file)
{
    char text[TREE_NAME_MAX + 1];
    int error = tree_search(caller, directory, name, text);

    if (error)
        return error;
    *file = tree_open_name(directory, text, wait);
    return *file < 0 ? -*file : 0;
}

int tree_check_access(int file, int wanted)
{
    return syscall(SYS_faccessat2, file, "", wanted, AT_EMPTY_PATH | AT_EACCESS) < 0 ? errno : 0;
}

int tree_access(const struct credentials *caller, int file, int wanted, int *granted)
{
    static const int bits[] = {R_OK, W_OK, X_OK};
    int error;

    *granted = 0;
    if (ownership_kept(file))
        return tree_kept_access(caller, file, wanted, granted);
    error = credentials_assume(caller);
    if (error)
        return error;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (!(wanted & bits[i]))
            continue;
        error = tree_check_access(file, bits[i]);
        if (!error)
            *granted |= bits[i];
        else if (error != EACCES && error != EROFS && error != EPERM && error != ETXTBSY)
            return error;
    }
    return 0;
}

int tree_readlink(int file, char target[TREE_TARGET_MAX + 1], size_t *length)
{
    ssize_t count = readlinkat(file, "", target, TREE_TARGET_MAX + 1);

    if (count < 0 && errno == ENOENT && ownership_kept(file))
        return tree_kept_readlink(file, target, length);
    /* An empty path that names no symbolic link is ENOENT to the kernel. */
    if (count < 0)
        return errno == ENOENT ? EINVAL : errno;
    if (count > TREE_TARGET_MAX)
        return ENAMETOOLONG;
    *length = (size_t)count;
    return 0;
}

int tree_open_data(const struct credentials *caller, int file, int flags)
{
    struct tree_path path = tree_path_of(file);
    struct stat status;
    int data, error;

    if (ownership_kept(file))
        return tree_kept_open(caller, file, flags);
    if (fstat(file, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    error = credentials_assume(caller);
    if (error)
        return -error;
    flags |= O_CLOEXEC | O_NONBLOCK;
    data = open(path.text, flags);
    if (data >= 0 || errno != EACCES)
        return data < 0 ? -errno : data;
    if (status.st_uid != caller->uid &&
        ((flags & O_ACCMODE) != O_RDONLY || tree_check_access(file, X_OK) != 0))
        return -EACCES;
    credentials_restore();
    data = open(path.text, flags);
    error = data < 0 ? errno : credentials_assume(caller);
    if (!error)
        return data;
    if (data >= 0)
        close(data);
    return -error;
}

/* Some file systems cannot say whether a read would wait; their reads are as fast as they are. */
static ssize_t read_piece(int data, void *to, size_t size, off_t offset, bool wait)
{
    struct iovec piece = {to, size};
    ssize_t count = preadv2(data, &piece, 1, offset, wait ? 0 : RWF_NOWAIT);

    if (count < 0 && !wait && errno == EOPNOTSUPP)
        count = preadv2(data, &piece, 1, offset, 0);
    return count;
}

int tree_may_read(const struct credentials *caller, int file, const struct stat *status)
{
    int error;

    if (!S_ISREG(status->st_mode))
        return S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
    if (ownership_kept(file))
        return tree_kept_may_read(caller, status);
    error = credentials_assume(caller);
    if (error || caller->uid == 0 || caller->uid == status->st_uid)
        return error;
    error = tree_check_access(file, R_OK);
    return error == EACCES ? tree_check_access(file, X_OK) : error;
}

int tree_make_readable(int file)
{
    return ownership_kept(file) ? ownership_open_up(file) : EACCES;
}

int tree_read(int data, uint64_t offset, void *to, size_t size, bool wait, size_t *count)
{
    int error = 0;

    *count = 0;
    while (*count < size && offset + *count <= INT64_MAX) {
        ssize_t n =
            read_piece(data, (char *)to + *count, size - *count, (off_t)(offset + *count), wait);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            error = errno;
        if (n <= 0)
            break;
        *count += (size_t)n;
    }
    return *count == 0 || error == EAGAIN ? error : 0;
}

static atomic_uint_least64_t losses_of_process;
static atomic_uint_least64_t *losses = &losses_of_process;

void tree_count_losses_in(atomic_uint_least64_t *counter)
{
    losses = counter ? counter : &losses_of_process;
}

uint64_t tree_losses(void)
{
    return atomic_load(losses);
}

int tree_sync(int descriptor)
{
    int error;

    if (fsync(descriptor) == 0)
        return 0;
    error = errno;
    /* Nothing to synchronise, as in some file systems' directories, is no loss. */
    if (error == EINVAL || error == EROFS)
        return 0;
    atomic_fetch_add(losses, 1);
    return error;
}

int tree_may_write(const struct credentials *caller, int file, const struct stat *status)
{
    int error;

    if (!S_ISREG(status->st_mode))
        return S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
    if (ownership_kept(file))
        return ENOTSUP;
    error = credentials_assume(caller);
    if (error || caller->uid == 0 || caller->uid == status->st_uid)
        return error;
    return tree_check_access(file, W_OK);
}

int tree_write_open(int data, uint64_t offset, struct slice bytes, enum tree_stability stability,
                    size_t *count)
{
    static const int flags[] = {
        [TREE_UNSTABLE] = 0,
        [TREE_DATA_STABLE] = RWF_DSYNC,
        [TREE_FILE_STABLE] = RWF_SYNC,
    };
    int error = 0;

    *count = 0;
    if (offset > INT64_MAX - bytes.length)
        return EFBIG;
    while (*count < bytes.length && !error) {
        struct iovec piece = {(void *)(bytes.data + *count), bytes.length - *count};
        ssize_t n = pwritev2(data, &piece, 1, (off_t)(offset + *count), flags[stability]);

        if (n >= 0)
            *count += (size_t)n;
        else if (errno != EINTR)
            error = errno;
    }
    if (error == EIO)
        atomic_fetch_add(losses, 1);
    return *count > 0 && error != EIO ? 0 : error;
}

int tree_write(const struct credentials *caller, int file, uint64_t offset, struct slice bytes,
               enum tree_stability stability, size_t *count)
{
    int data, error;

    *count = 0;
    if (offset > INT64_MAX - bytes.length)
        return EFBIG;
    data = tree_open_data(caller, file, O_WRONLY);
    if (data < 0)
        return -data;
    error = tree_write_open(data, offset, bytes, stability, count);
    /* Some file systems tell of a full disk or quota no earlier. */
    if (close(data) < 0 && !error && *count == 0 && errno != EINTR)
        error = errno;
    return error;
}

int tree_commit(int file)
{
    struct tree_path path = tree_path_of(file);
    struct stat status;
    int data, error;

    if (fstat(file, &status) < 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return 0;
    credentials_restore();
    data = open(path.text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    /* A server that is not root may be allowed the one and not the other. */
    if (data < 0 && errno == EACCES)
        data = open(path.text, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (data < 0)
        return errno;
    error = tree_sync(data);
    close(data);
    return error;
}

int tree_statvfs(int file, struct statvfs *status)
{
    return fstatvfs(file, status) < 0 ? errno : 0;
}

uint32_t tree_link_max(int file)
{
    long count = fpathconf(file, _PC_LINK_MAX);

    return count < 1 || count > INT32_MAX ? INT32_MAX : (uint32_t)count;
}
