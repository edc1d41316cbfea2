/* Between the file system's values and NFS version 3's. */
#ifndef BOOTWIRE_SERVICE_NFS3_VALUES_H
#define BOOTWIRE_SERVICE_NFS3_VALUES_H

#include "service/nfs_change.h"
#include "store/tree.h"
#include "wire/nfs3.h"

/* The status that tells of an errno (0: NFS3_OK), as the procedure is allowed to (RFC 1813 lists
 * under each procedure what it may return). */
enum nfs3_status nfs3_status_of(enum nfs3_procedure procedure, int error);

struct nfs3_fattr nfs3_fattr_of(const struct stat *status);
/* What the open file is like now; absent where `file` is negative or cannot tell. */
struct nfs3_post_op nfs3_post_op_of(int file);
/* What an open file was before a call, and what it is after it. */
struct nfs3_watch {
    struct nfs3_wcc wcc; /* complete after nfs3_watch_end() */
    struct nfs_change change;
    int file;
};
/* `file` may be -1: then nothing is known of it. `changes`: the call is about to change it. */
void nfs3_watch_begin(struct nfs3_watch *watch, int file, bool changes);
void nfs3_watch_end(struct nfs3_watch *watch);

/* EINVAL for a time with a billion nanoseconds or more. */
int nfs3_change_of(const struct nfs3_sattr *sattr, struct tree_change *change);

#endif
