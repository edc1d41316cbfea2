#include "store/directory.h"

#include "store/tree_kept.h"
#include "store/tree_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    COOKIE_HASHED = 1 << 30, /* the rest are the upper bits of a hash */
    COOKIE_BITS = COOKIE_HASHED - 1,
    COOKIE_HASH_SHIFT = 33,
};
#define COOKIE_WHOLE        (UINT64_C(1) << 31) /* from here on cookies are positions */
#define COOKIE_FORCED_WHOLE (UINT64_C(1) << 63) /* this one too, though it looks smaller */
#define FIRST_HASH          (UINT64_C(1) << 32) /* ext4's position of ".." */

uint64_t directory_position_of(uint64_t cookie)
{
    uint64_t position;

    if (cookie >= COOKIE_WHOLE)
        return cookie & ~COOKIE_FORCED_WHOLE;
    if (!(cookie & COOKIE_HASHED))
        return cookie;
    /* Only "." lies before the first hash, at 0. */
    position = (cookie & COOKIE_BITS) << COOKIE_HASH_SHIFT;
    return position > 0 ? position : FIRST_HASH;
}

/* The position in 31 bits, or -1 where they cannot tell it from another. */
static int64_t pack(uint64_t position)
{
    if (position < COOKIE_HASHED)
        return (int64_t)position;
    if (position >= FIRST_HASH)
        return (int64_t)(COOKIE_HASHED | (position >> COOKIE_HASH_SHIFT & COOKIE_BITS));
    /* The end of a directory in btrfs and XFS; nothing lies behind it, wherever that is read from.
     */
    if (position == INT32_MAX)
        return INT32_MAX;
    return -1;
}

void directory_set_cookies(struct directory_entry *entry, uint64_t position, uint64_t next)
{
    int64_t packed = pack(next);

    entry->small_is_exact = packed >= 0 && directory_position_of((uint64_t)packed) > position;
    entry->small_cookie = packed >= 0 ? (uint32_t)packed : (uint32_t)next;
    if (entry->small_is_exact)
        entry->cookie = entry->small_cookie;
    else
        entry->cookie = next >= COOKIE_WHOLE ? next : next | COOKIE_FORCED_WHOLE;
}

int directory_open(struct directory *directory, const struct credentials *caller, int descriptor,
                   uint64_t cookie)
{
    struct tree_path path = tree_path_of(descriptor);
    uint64_t position = directory_position_of(cookie);
    int error = tree_enter(caller, descriptor, R_OK);

    if (error)
        return error;
    if (position > INT64_MAX)
        return EINVAL;
    directory->position = position;
    directory->offset = directory->length = 0;
    directory->descriptor = open(path.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory->descriptor < 0)
        return errno;
    if (position > 0 && lseek(directory->descriptor, (off_t)position, SEEK_SET) < 0) {
        error = errno;
        directory_close(directory);
    }
    return error;
}

void directory_close(struct directory *directory)
{
    close(directory->descriptor);
    directory->descriptor = -1;
}

int directory_next(struct directory *directory, struct directory_entry *entry)
{
    const struct dirent64 *raw;
    long count;

    if (directory->offset == directory->length) {
        count = syscall(SYS_getdents64, directory->descriptor, directory->buffer,
                        sizeof(directory->buffer));
        if (count <= 0)
            return count < 0 ? -errno : 0;
        directory->offset = 0;
        directory->length = (size_t)count;
    }
    raw = (const void *)(directory->buffer + directory->offset);
    directory->offset += raw->d_reclen;
    entry->name = slice_of_string(raw->d_name);
    entry->file_id = raw->d_ino;
    directory_set_cookies(entry, directory->position, (uint64_t)raw->d_off);
    directory->position = (uint64_t)raw->d_off;
    return 1;
}
