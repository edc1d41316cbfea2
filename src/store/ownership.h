/* Owners, modes and device numbers kept beside the files, for a server that cannot set the real
 * ones: only root gives files away and makes devices, and not on every file system.
 *
 * What a client sets goes into the extended attribute OWNERSHIP_ATTRIBUTE, in the words of rsync's
 * --fake-super: a tree may be filled and copied with that, too. Devices, sockets and FIFOs are
 * empty regular files that carry it. What can carry no such attribute (a symbolic link; anything on
 * a file system without user attributes) has a row in STATE/ownership.sqlite.
 *
 * A file without either is served as it is on the disk, but what is the server's own user's and
 * group's is served as user 0's and group 0's: the tree looks as if root had unpacked it.
 *
 * On the disk a file is always readable and writable for the server's user, never set-user-id, and
 * gives others what it is served as giving others, but no writing: nobody on the server's own
 * machine gains anything by a mode that a client chose.
 *
 * All of it is the process's, for it follows from what the process may do. Everything is safe from
 * any thread after ownership_start() has returned. */
#ifndef BOOTWIRE_STORE_OWNERSHIP_H
#define BOOTWIRE_STORE_OWNERSHIP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define OWNERSHIP_ATTRIBUTE "user.rsync.%stat"

enum { OWNERSHIP_TEXT_MAX = 64 }; /* bytes of the attribute's value; the longest has 50 */

/* What is kept of one file. */
struct ownership {
    mode_t mode; /* with the type: S_IFREG | 04755 */
    uint32_t uid, gid;
    uint32_t major, minor; /* of a device, else 0 */
};

/* Reads "MODE MAJOR,MINOR UID:GID", the mode in octal: "100755 0,0 0:0". False where it is anything
 * else, has a type that no file has, or names user or group 4294967295, which nobody is. */
bool ownership_read(struct ownership *to, struct slice text);
/* Writes that into `to`, with no NUL after it; returns its length. */
size_t ownership_write(uint8_t to[OWNERSHIP_TEXT_MAX], const struct ownership *from);

struct specification;

struct ownership_settings {
    bool always; /* keep ownership beside the files even where the process may set the real one */
    const char *state_directory;
    /* Tells the person who runs the server of something once; any thread. NULL: nobody. */
    void (*warn)(const char *text);
};

/* Decides whether ownership is kept beside the files, and opens the table where it is. 0, or -1
 * with a message that names the file and the cure. Before any thread serves. */
int ownership_start(const struct ownership_settings *settings, char *error, size_t error_size);
void ownership_stop(void);
/* Whether the whole process keeps it. Else it may still be kept on some file systems: */
bool ownership_everywhere(void);

/* What mtree(5) files say, from now on (store/specification.h); NULL: nothing. It is freed when
 * another takes its place. Where ownership is kept at all, a file is served as it is specified
 * until a client sets something else; one that a client gives another name takes along what it is.
 * Devices, sockets and FIFOs that are specified and are not there are made: nobody but root could
 * unpack them. */
void ownership_specify(struct specification *specification);

/* An exported directory, open for reading. Where the process is root but the file system lets
 * nobody give files away (FAT, a network's file system that takes root for nobody), ownership is
 * kept beside the files of that file system from now on. Asks the file system by a file without a
 * name. */
void ownership_probe(int directory);

/* Whether the open file's ownership is kept beside it. Costs a comparison where none is. */
bool ownership_kept(int file);

/* Replaces what fstat(2) said of the open file by what is served. */
void ownership_apply(int file, struct stat *status);

/* Keeps it beside the open file, of which fstat(2) says `disk`, and gives the file the mode on the
 * disk that goes with it. 0 or an errno. */
int ownership_keep(int file, const struct stat *disk, const struct ownership *ownership);
/* What is served now, ready to be changed and kept. */
struct ownership ownership_of(const struct stat *served);
/* The file, whose ownership is kept, is about to have another name: what is served of it, and of
 * all below it, is kept where only an mtree(5) file said it. 0 or an errno. */
int ownership_settle(int file);
/* A name of the open file, whose ownership is kept, has gone: with the last one goes what the table
 * has of it. */
void ownership_forget(int file);

/* Makes the file or directory readable and writable (a directory: searchable) for the server's own
 * user, who owns it; what is served of it stays as it was. 0 or an errno. */
int ownership_open_up(int file);

/* Only one thread at a time changes what is kept of a file. */
void ownership_lock(const struct stat *status);
void ownership_unlock(const struct stat *status);

#endif
