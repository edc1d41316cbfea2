/* Between the file system's values and NFS version 3's. */
#ifndef BOOTWIRE_SERVICE_NFS3_VALUES_H
#define BOOTWIRE_SERVICE_NFS3_VALUES_H

#include "store/tree.h"
#include "wire/nfs3.h"

/* The status that tells of an errno (0: NFS3_OK), as the procedure is allowed to (RFC 1813 lists
 * under each procedure what it may return). */
enum nfs3_status nfs3_status_of(enum nfs3_procedure procedure, int error);

struct nfs3_fattr nfs3_fattr_of(const struct stat *status);
/* What the open file is like now; absent where `file` is negative or cannot tell. */
struct nfs3_post_op nfs3_post_op_of(int file);
/* What the open file is like before a change; nfs3_wcc_after() adds the rest. */
struct nfs3_wcc nfs3_wcc_before(int file);
void nfs3_wcc_after(struct nfs3_wcc *wcc, int file);

/* EINVAL for a time with a billion nanoseconds or more. */
int nfs3_change_of(const struct nfs3_sattr *sattr, struct tree_change *change);

#endif
