#include "platform/linux/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

enum { HANDLE_MAX = 128 }; /* MAX_HANDLE_SZ of name_to_handle_at(2) */

static bool has_handles(const char *directory)
{
    union {
        struct file_handle header;
        uint8_t room[sizeof(struct file_handle) + HANDLE_MAX];
    } handle = {.header = {.handle_bytes = HANDLE_MAX}};
    int mount;

    return name_to_handle_at(AT_FDCWD, directory, &handle.header, &mount, 0) == 0;
}

int file_system_of(const char *directory, const char *attribute, struct file_system *system)
{
    struct statvfs info;
    char value;

    if (statvfs(directory, &info) < 0)
        return errno;
    *system = (struct file_system){
        .read_only = info.f_flag & ST_RDONLY,
        .handles = has_handles(directory),
        .attributes = getxattr(directory, attribute, &value, sizeof(value)) >= 0 ||
                      errno == ENODATA || errno == ERANGE,
    };
    return 0;
}
