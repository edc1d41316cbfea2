#include "store/handle_key.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key that a power cut takes away makes every handle of every client void. Some file systems have
 * nothing to synchronise in a directory: no error of its own. */
static void sync_parent(const char *path)
{
    char *directory = memory_string(path);
    char *slash = strrchr(directory, '/');
    int descriptor;

    if (slash)
        *slash = 0;
    descriptor = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        close(descriptor);
    }
    free(directory);
}

static int write_new_key(const char *path, const uint8_t key[HANDLE_KEY_SIZE])
{
    char *fresh = memory_printf("%s.new", path);
    int descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = descriptor < 0 ? errno : 0;

    if (!error && write(descriptor, key, HANDLE_KEY_SIZE) != HANDLE_KEY_SIZE)
        error = errno ? errno : ENOSPC;
    if (!error && fsync(descriptor) < 0)
        error = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!error && rename(fresh, path) < 0)
        error = errno;
    if (!error)
        sync_parent(path);
    if (error && descriptor >= 0)
        unlink(fresh);
    free(fresh);
    return error;
}

int handle_key_read(const char *path, uint8_t key[HANDLE_KEY_SIZE], char *error, size_t error_size)
{
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length;
    int failed;

    if (descriptor < 0 && errno == ENOENT) {
        randombytes_buf(key, HANDLE_KEY_SIZE);
        errno = 0;
        failed = write_new_key(path, key);
        if (failed)
            snprintf(error, error_size,
                     "%s cannot be written: %s; see that its directory is "
                     "writable and has room",
                     path, strerror(failed));
        return failed ? -1 : 0;
    }
    if (descriptor < 0) {
        snprintf(error, error_size, "%s cannot be read: %s", path, strerror(errno));
        return -1;
    }
    length = read(descriptor, key, HANDLE_KEY_SIZE);
    close(descriptor);
    if (length == HANDLE_KEY_SIZE)
        return 0;
    snprintf(error, error_size,
             "%s is damaged: %d bytes were expected; restore it, or remove it (every client must "
             "mount its root again)",
             path, HANDLE_KEY_SIZE);
    return -1;
}
