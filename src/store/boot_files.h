/* The files below tftp-root, opened so that nothing outside can be reached.
 *
 * Names are resolved with openat2() and RESOLVE_IN_ROOT: for a name, and for every symbolic link on
 * its way, tftp-root is the root of the file system. RESOLVE_BENEATH would refuse every absolute
 * link; the trees that people serve were often made for a TFTP server in a chroot, with links such
 * as /boot/vmlinuz that mean a place inside, and those work here. A link that means a place outside
 * leads to the name of the same path inside, which as a rule does not exist. */
#ifndef BOOTWIRE_STORE_BOOT_FILES_H
#define BOOTWIRE_STORE_BOOT_FILES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum boot_file_status {
    BOOT_FILE_OPEN,
    BOOT_FILE_NO_ROOT,   /* the root cannot be opened; `error` says why */
    BOOT_FILE_NOT_FOUND, /* no such name */
    BOOT_FILE_BAD_LINK,  /* the name is a symbolic link that leads nowhere inside the root */
    BOOT_FILE_DIRECTORY,
    BOOT_FILE_SPECIAL, /* a device, a socket, a pipe */
    BOOT_FILE_PRIVATE, /* not readable by everyone */
    BOOT_FILE_FAILED,  /* `error` says why */
};

/* Which bytes a file had when it was opened: another file, or other bytes in it, make at least one
 * of these another one. Times are in nanoseconds since 1970. */
struct boot_file_identity {
    uint64_t device, inode, size;
    int64_t modified; /* its bytes */
    int64_t changed;  /* its bytes, or what is said of it: name, owner, mode */
};

/* An open file. `size` is its size when it was opened. */
struct boot_file {
    int descriptor;
    uint64_t size;
    struct boot_file_identity identity;
    unsigned *shares; /* how many have the descriptor; NULL: this one alone */
    int error;        /* errno, where the status says so */
};

/* Opens the regular file `path` (relative) below the directory `root`. A server that runs as root
 * may read everything, so a file counts as readable only where everyone may read it, as TFTP
 * servers have always done it. Where there is no such name and `any_case` is set, one that differs
 * in upper and lower case only will do. Close with boot_file_close(). */
enum boot_file_status boot_file_open(struct boot_file *file, const char *root, const char *path,
                                     bool any_case);
/* Of the names in the directory of `path` below `root`, the one that `nearer` likes best: it is
 * given each of the first BOOT_FILE_NAMES_MAX, and says how far it is from the last component of
 * `path`; SIZE_MAX is too far. NULL where none is near, or nothing can be looked at; else
 * allocated. */
enum { BOOT_FILE_NAMES_MAX = 500 };
char *boot_file_nearest(const char *root, const char *path,
                        size_t (*distance)(const char *wanted, const char *name));
/* A file in memory alone with these bytes, for whoever serves files: no directory has it, and it is
 * gone with boot_file_close(). BOOT_FILE_OPEN, or BOOT_FILE_FAILED with `error`. */
enum boot_file_status boot_file_of_bytes(struct boot_file *file, struct slice bytes);
/* Reads up to `length` bytes at `offset`; fewer only at the end of the file. -1 with errno. */
ssize_t boot_file_read(const struct boot_file *file, uint64_t offset, void *to, size_t length);
/* The same as far as no disk is waited for: fewer bytes, or -1 with EAGAIN, where one would be. */
ssize_t boot_file_read_now(const struct boot_file *file, uint64_t offset, void *to, size_t length);
/* Whether the file's bytes are still those that it was opened with. */
bool boot_file_is_unchanged(const struct boot_file *file);
void boot_file_close(struct boot_file *file);
/* The same open file once more; the descriptor is closed with the last of both. Of one thread. */
struct boot_file boot_file_share(struct boot_file *file);
struct boot_file_identity boot_file_identity_of(const struct stat *info);

#endif
