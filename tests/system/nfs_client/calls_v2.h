/* Every procedure of version 2 as one function: it calls, keeps what the results say, and returns
 * the status, whose numbers are those of version 3. */
#ifndef BOOTWIRE_TESTS_CALLS_V2_H
#define BOOTWIRE_TESTS_CALLS_V2_H

#include "client.h"

struct handle2 {
    char bytes[32];
};

enum { NONE = -1, LARGEST = 0x7fffffff, ERR_STALE = 70 };

/* What the last results that have such things said. */
struct v2_said {
    struct handle2 handle; /* LOOKUP, CREATE, MKDIR */
    fattr2 attributes;
    char target[1200];
    char data[8192];
    u_int count; /* of its bytes */
    STATFS2resok sizes;
};
extern struct v2_said v2_said;

/* What READDIR says; the caller clears the count. */
struct v2_list {
    unsigned count;
    char names[600][256];
    int cookie; /* the last one's, as it came */
    bool eof;
};
extern struct v2_list v2_listed;

sattr2 v2_attributes(u_int mode, u_int size);
nfsstat3 v2_getattr(struct rpc_context *as, const struct handle2 *of);
nfsstat3 v2_setattr(struct rpc_context *as, const struct handle2 *of, sattr2 attributes);
nfsstat3 v2_lookup(struct rpc_context *as, const struct handle2 *in, const char *name);
nfsstat3 v2_create(struct rpc_context *as, const struct handle2 *in, const char *name, u_int mode,
                   u_int size);
nfsstat3 v2_mkdir(struct rpc_context *as, const struct handle2 *in, const char *name, u_int mode);
nfsstat3 v2_symlink(struct rpc_context *as, const struct handle2 *in, const char *name,
                    const char *target);
nfsstat3 v2_remove(struct rpc_context *as, const struct handle2 *in, const char *name);
nfsstat3 v2_rmdir(struct rpc_context *as, const struct handle2 *in, const char *name);
nfsstat3 v2_rename(struct rpc_context *as, const struct handle2 *from, const char *from_name,
                   const struct handle2 *to, const char *to_name);
nfsstat3 v2_link(struct rpc_context *as, const struct handle2 *of, const struct handle2 *in,
                 const char *name);
nfsstat3 v2_readlink(struct rpc_context *as, const struct handle2 *of);
nfsstat3 v2_read(struct rpc_context *as, const struct handle2 *of, u_int offset, u_int count);
nfsstat3 v2_write(struct rpc_context *as, const struct handle2 *of, u_int offset, const char *data,
                  u_int count);
nfsstat3 v2_readdir(struct rpc_context *as, const struct handle2 *of, int cookie, u_int count);
nfsstat3 v2_statfs(struct rpc_context *as, const struct handle2 *of);

#endif
