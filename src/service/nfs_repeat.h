/* A call that an earlier process was killed over (store/call_log.h) is done now, and what it meets
 * may be its own work: the name is there that it was to make, the one that it was to remove is
 * gone. Each function takes the errno that the operation ended with and returns the one that the
 * client is to hear, which is the same for every other call. */
#ifndef BOOTWIRE_SERVICE_NFS_REPEAT_H
#define BOOTWIRE_SERVICE_NFS_REPEAT_H

#include "base/slice.h"

#include <sys/types.h>

struct nfs_call;
struct tree_change;

/* CREATE, MKDIR, SYMLINK, MKNOD: takes what is there under the name where it is of that type (and
 * of that target, for a symbolic link), with the attributes of `change`. *file as the operation
 * would have left it. */
int nfs_repeat_making(struct nfs_call *call, int directory, struct slice name, mode_t type,
                      struct slice target, const struct tree_change *change, int *file, int error);

/* REMOVE, RMDIR. */
int nfs_repeat_removing(const struct nfs_call *call, int error);

/* RENAME. */
int nfs_repeat_renaming(struct nfs_call *call, int to, struct slice to_name, int error);

/* LINK. */
int nfs_repeat_linking(struct nfs_call *call, int file, int directory, struct slice name,
                       int error);

#endif
