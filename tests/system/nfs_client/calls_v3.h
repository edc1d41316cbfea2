/* Every procedure of version 3 as one function: it calls, checks that the results have the shape
 * that RFC 1813 gives them, keeps what else they say, and returns the status. */
#ifndef BOOTWIRE_TESTS_CALLS_V3_H
#define BOOTWIRE_TESTS_CALLS_V3_H

#include "client.h"

/* A handle with memory of its own. */
struct handle {
    nfs_fh3 fh;
    char bytes[NFS3_FHSIZE];
};

/* What the last results said beside their status; zeroed before each call. */
struct v3_said {
    wcc_data wcc, wcc_to; /* RENAME alone has the second */
    post_op_attr object, above;
    bool has_handle; /* CREATE and its like, LOOKUP */
    struct handle handle;
    uint32_t granted;
    char target[4096];
    uint32_t count;
    bool eof;
    char data[65536];
    stable_how committed;
    char verifier[8];
    FSSTAT3resok fsstat;
    FSINFO3resok fsinfo;
    PATHCONF3resok pathconf;
};
extern struct v3_said said;

/* What READDIR and READDIRPLUS say. */
enum { LIST_MAX = 4096 };
struct v3_entry {
    char name[256];
    uint64_t fileid, cookie;
    bool has_attributes, has_handle;
    fattr3 attributes;
    struct handle handle;
};
struct v3_list {
    size_t count;
    bool eof;
    char verifier[8];
    size_t bytes; /* of the result, without its status */
    struct v3_entry entries[LIST_MAX];
};
extern struct v3_list listed;

void v3_keep(struct handle *handle, u_int length, const char *bytes);
diropargs3 v3_place(const struct handle *where, const char *name);
sattr3 v3_mode(u_int mode);

nfsstat3 v3_getattr(struct rpc_context *as, const struct handle *of, fattr3 *attributes);
nfsstat3 v3_setattr(struct rpc_context *as, const struct handle *of, const sattr3 *attributes,
                    const nfstime3 *guard);
nfsstat3 v3_lookup(struct rpc_context *as, const struct handle *in, const char *name);
nfsstat3 v3_access(struct rpc_context *as, const struct handle *of, uint32_t wanted);
nfsstat3 v3_readlink(struct rpc_context *as, const struct handle *of);
nfsstat3 v3_read(struct rpc_context *as, const struct handle *of, uint64_t offset, uint32_t count);
nfsstat3 v3_write(struct rpc_context *as, const struct handle *to, uint64_t offset,
                  const char *data, uint32_t count, stable_how stable);
nfsstat3 v3_create(struct rpc_context *as, const struct handle *in, const char *name,
                   createmode3 how, const sattr3 *attributes, const char *verifier);
nfsstat3 v3_mkdir(struct rpc_context *as, const struct handle *in, const char *name, u_int mode);
nfsstat3 v3_symlink(struct rpc_context *as, const struct handle *in, const char *name,
                    const char *target);
nfsstat3 v3_mknod(struct rpc_context *as, const struct handle *in, const char *name, int type,
                  uint32_t major, uint32_t minor);
nfsstat3 v3_remove(struct rpc_context *as, const struct handle *in, const char *name);
nfsstat3 v3_rmdir(struct rpc_context *as, const struct handle *in, const char *name);
nfsstat3 v3_rename(struct rpc_context *as, const struct handle *from, const char *from_name,
                   const struct handle *to, const char *to_name);
nfsstat3 v3_link(struct rpc_context *as, const struct handle *of, const struct handle *in,
                 const char *name);
nfsstat3 v3_readdir(struct rpc_context *as, const struct handle *of, uint64_t cookie,
                    const char *verifier, uint32_t count);
nfsstat3 v3_readdirplus(struct rpc_context *as, const struct handle *of, uint64_t cookie,
                        const char *verifier, uint32_t dircount, uint32_t maxcount);
nfsstat3 v3_fsstat(struct rpc_context *as, const struct handle *of);
nfsstat3 v3_fsinfo(struct rpc_context *as, const struct handle *of);
nfsstat3 v3_pathconf(struct rpc_context *as, const struct handle *of);
nfsstat3 v3_commit(struct rpc_context *as, const struct handle *of);

#endif
