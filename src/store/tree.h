/* File operations inside an exported tree, each made as its caller.
 *
 * Files are named by descriptors, opened with O_PATH unless said otherwise; a name is always one
 * component inside an open directory. No symbolic link is ever followed, and nothing is reached
 * that is mounted inside the tree. Every function that takes a caller takes on its user and groups
 * first (platform/linux/credentials.h) and may leave the thread that way: who goes on with the
 * server's own work calls credentials_restore(). All return 0 or an errno.
 *
 * What changes a file or a directory is on stable storage when its function returns (RFC 1813
 * section 4.8), but for writes that ask for less. */
#ifndef BOOTWIRE_STORE_TREE_H
#define BOOTWIRE_STORE_TREE_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>

struct credentials;

enum {
    TREE_NAME_MAX = 255,
    TREE_TARGET_MAX = 4095, /* bytes of a symbolic link's target */
    TREE_VERIFIER_SIZE = 8,
};

/* What shall change about a file. A time whose tv_nsec is UTIME_OMIT stays, UTIME_NOW is the
 * server's time. TREE_NO_CHANGE is the one that changes nothing. */
struct tree_change {
    bool set_mode, set_uid, set_gid, set_size;
    uint32_t mode; /* permission bits */
    uint32_t uid, gid;
    uint64_t size;
    struct timespec atime, mtime;
};
#define TREE_NO_CHANGE                                                                             \
    ((struct tree_change){.atime = {.tv_nsec = UTIME_OMIT}, .mtime = {.tv_nsec = UTIME_OMIT}})

/* What the file is like. */
int tree_stat(int file, struct stat *status);

/* Makes the thread ready to look for the name in the directory as the caller: checks that it may,
 * and writes the name, NUL-terminated, to `text`. 0 or the errors of tree_lookup() that come before
 * the look itself. */
int tree_search(const struct credentials *caller, int directory, struct slice name,
                char text[TREE_NAME_MAX + 1]);
/* Opens (O_PATH) what the directory has under the name: ENOENT, ENOTDIR, ENAMETOOLONG; EACCES where
 * the caller may not search it, where the name is empty or has a '/' or NUL in it, where something
 * is mounted at that name, and for "..": what lies above is for handle_open_parent() to tell.
 * Without `wait`, EAGAIN where the disk would have to be asked. */
int tree_lookup(const struct credentials *caller, int directory, struct slice name, bool wait,
                int *file);

/* Which of the access bits `wanted` (R_OK | W_OK | X_OK) the caller has. */
int tree_access(const struct credentials *caller, int file, int wanted, int *granted);

/* The target of a symbolic link: its length in *length; EINVAL where it is none. */
int tree_readlink(int file, char target[TREE_TARGET_MAX + 1], size_t *length);

/* Changes attributes. `status` is what the file was like. Only a regular file has a size to set.
 * Who may write to the file may set either of its times to the server's: with a size of 0, clients
 * ask for that when a program opens the file with O_TRUNC. */
int tree_set(const struct credentials *caller, int file, const struct stat *status,
             const struct tree_change *change);

/* May the caller read the file, which is like `status` now? EISDIR, or EINVAL for what else is no
 * regular file; EACCES. The file's owner may read whatever its mode says, and who may execute a
 * file may read it: the client checked its own open(), and has no other way to run a program (RFC
 * 1813 section 4.4). */
int tree_may_read(const struct credentials *caller, int file, const struct stat *status);

/* Where the server itself may not read a regular file that it serves: changes that, where it owns
 * the file and keeps another mode of it. Waits for the disk. */
int tree_make_readable(int file);

/* Reads up to `size` bytes at `offset` through a descriptor that is open for reading, whoever
 * opened it; fewer only at the file's end. Without `wait`, EAGAIN where the disk would have to be
 * asked. */
int tree_read(int data, uint64_t offset, void *to, size_t size, bool wait, size_t *count);

enum tree_stability { TREE_UNSTABLE, TREE_DATA_STABLE, TREE_FILE_STABLE };

/* May the caller write to the file, which is like `status` now? As tree_may_read(), but the right
 * to execute it is of no use here. 0 or an errno; ENOTSUP: open it to find out (tree_write()). The
 * thread is the caller then, and what it writes is within the caller's quota. */
int tree_may_write(const struct credentials *caller, int file, const struct stat *status);
/* Writes through a descriptor that is open for writing, whoever opened it, as tree_write() does. */
int tree_write_open(int data, uint64_t offset, struct slice bytes, enum tree_stability stability,
                    size_t *count);
/* Writes to a regular file; the owner may, whatever its mode says. *count may be short where the
 * disk is full. */
int tree_write(const struct credentials *caller, int file, uint64_t offset, struct slice data,
               enum tree_stability stability, size_t *count);

/* Brings what was written to the file to stable storage. No right is asked for, as fsync(2) asks
 * for none: who wrote may have lost it meanwhile. Nothing but a regular file ever waits for it. */
int tree_commit(int file);

/* Where tree_losses() is kept from now on, good until the next call; NULL: in the process's own
 * memory. Before and after all threads that use the tree. */
void tree_count_losses_in(atomic_uint_least64_t *counter);
/* Grows each time that the system fails to bring something to stable storage. It tells of each loss
 * once, and to one: whatever was written before and not committed, by whomever, may be lost. */
uint64_t tree_losses(void);

enum tree_create_how { TREE_UNCHECKED, TREE_GUARDED, TREE_EXCLUSIVE };

/* Makes a regular file with the attributes of `change` and opens it. TREE_UNCHECKED takes a regular
 * file that is there already and sets its size where `change` asks so; TREE_GUARDED does not;
 * TREE_EXCLUSIVE takes it only where the same verifier made it (it is kept in the file's times, so
 * that a call sent twice is known as one: RFC 1813 section 3.3.8). */
int tree_create(const struct credentials *caller, int directory, struct slice name,
                enum tree_create_how how, const struct tree_change *change,
                const uint8_t verifier[TREE_VERIFIER_SIZE], int *file);
int tree_mkdir(const struct credentials *caller, int directory, struct slice name,
               const struct tree_change *change, int *file);
int tree_symlink(const struct credentials *caller, int directory, struct slice name,
                 struct slice target, const struct tree_change *change, int *file);
/* A device, socket or FIFO: `type` is S_IFCHR, S_IFBLK, S_IFSOCK or S_IFIFO. */
int tree_mknod(const struct credentials *caller, int directory, struct slice name, mode_t type,
               dev_t device, const struct tree_change *change, int *file);

/* Gives what the caller has just made under a name the attributes of `change`, as the functions
 * above do: for what was made by one that was interrupted. */
int tree_finish(const struct credentials *caller, int file, const struct tree_change *change);

/* Takes away a name of anything but a directory. */
int tree_remove(const struct credentials *caller, int directory, struct slice name);
int tree_rmdir(const struct credentials *caller, int directory, struct slice name);
int tree_rename(const struct credentials *caller, int from, struct slice from_name, int to,
                struct slice to_name);
/* Gives the file another name. */
int tree_link(const struct credentials *caller, int file, int directory, struct slice name);

/* The file system's size and what is free of it. */
int tree_statvfs(int file, struct statvfs *status);
/* How many names one file may have. */
uint32_t tree_link_max(int file);

#endif
