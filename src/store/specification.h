/* What mtree(5) files say of the files of some trees: whose they are, their modes, which are
 * devices. NetBSD's sets bring such files (etc/mtree/set.base and its like), and its MAKEDEV -s
 * writes one of the devices.
 *
 * libarchive reads them. Of an entry only path, type, mode, uid or uname, gid or gname, and device
 * count; names are looked up in etc/passwd and etc/group of the tree itself. */
#ifndef BOOTWIRE_STORE_SPECIFICATION_H
#define BOOTWIRE_STORE_SPECIFICATION_H

#include "store/ownership.h"

#include <stdbool.h>
#include <stddef.h>

struct specification;

/* Nothing is specified yet. */
struct specification *specification_new(void);
void specification_free(struct specification *specification);

/* Reads a file about the tree at the absolute path `directory`; a relative `file` lies in that.
 * What an earlier file says of the same path is replaced. 0, or -1 where it cannot be read to its
 * end; what was read until then counts. `error` is "" where there is nothing to tell, else a text
 * that names the file: also where some entries could not be understood, and count as if they were
 * not there. */
int specification_read(struct specification *specification, const char *directory, const char *file,
                       char *error, size_t error_size);

/* How many files it speaks of. */
size_t specification_count(const struct specification *specification);

/* What it says of the file at an absolute path without symbolic links; NULL: nothing. Where the
 * type is S_IFREG the file may be of any type, for mtree(5) files often leave it out; where the
 * mode has no permission bits it says nothing of them. */
const struct ownership *specification_find(const struct specification *specification,
                                           const char *path);

/* Calls `visit` with each path that lies below the absolute path, and what is said of it. */
typedef void specification_visit(void *argument, const char *path,
                                 const struct ownership *ownership);
void specification_below(const struct specification *specification, const char *path,
                         specification_visit *visit, void *argument);

#endif
