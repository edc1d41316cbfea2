/* What the handlers of NFS version 2 and 3 share. */
#ifndef BOOTWIRE_SERVICE_NFS_H
#define BOOTWIRE_SERVICE_NFS_H

#include "base/slice.h"
#include "model/handle.h"
#include "platform/linux/credentials.h"
#include "store/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call_log;
struct open_file;
struct rpc_exchange;

enum { NFS_CALL_FILES_MAX = 4 };

/* A file that a call has open. */
struct nfs_file {
    int descriptor;         /* O_PATH */
    struct open_file *open; /* whose descriptor it is; NULL: the call's own */
    struct stat status;     /* where `open`: what it was like when the call took it */
    bool has_handle;        /* `handle` is its own; it stays open for the calls to come */
    struct handle handle;
};

/* One call while it is worked on: who makes it, and the files that it has open. */
struct nfs_call {
    struct rpc_exchange *exchange;
    struct credentials caller;                 /* as the export has it, once a file is open */
    bool nobody;                               /* what it says of itself is not believed */
    struct nfs_file files[NFS_CALL_FILES_MAX]; /* let go by nfs_call_end() */
    size_t file_count;
    bool may_wait;   /* for the disk */
    bool would_wait; /* it may not, but had to: what it answered is void */
};

/* Reads the arguments, works, writes the results: as a handler of service/rpc.h, but RPC_LATER
 * means that it has to be done again where it may wait. */
typedef int nfs_work(struct rpc_exchange *exchange, bool may_wait);

/* Has the work done: at once, or in another thread what must wait for the disk and, `later`, what
 * changes files. Returns what a handler returns. */
int nfs_do(struct rpc_exchange *exchange, bool later, nfs_work *work);

/* The caller is whoever its AUTH_SYS credentials name, or nobody: a call from a port that any user
 * of the client may have is nobody's, unless nfs-reserved-ports is off. */
void nfs_call_begin(struct nfs_call *call, struct rpc_exchange *exchange, bool may_wait);
/* Closes the files; the thread works as the server itself again. */
void nfs_call_end(struct nfs_call *call);

/* Keeps an open file until the call ends; returns it. */
int nfs_call_keep(struct nfs_call *call, int file);
/* Closes the file kept last, which `file` is. */
void nfs_call_drop(struct nfs_call *call, int file);
/* Opens the file of a handle (O_PATH) until the call ends; the caller becomes who it is in the
 * export that the handle is of. *file is -1 where it fails, with the errno of handle_open();
 * EAGAIN, with call->would_wait set, where the call may not wait. EROFS, with the file open for its
 * attributes, where the procedure changes something and the export is read-only. */
int nfs_call_open(struct nfs_call *call, struct slice handle, int *file);
/* What a file of nfs_call_open() was like then; NULL for any other and for -1. Attributes from
 * before a read are the safe ones to tell: with those from after it, a client would take data that
 * another has just overwritten for the newest. */
const struct stat *nfs_call_status(const struct nfs_call *call, int file);
/* That file as it is kept open; NULL alike. */
struct open_file *nfs_call_opened(const struct nfs_call *call, int file);
/* Whether anything may be changed in the export of the call's files. */
bool nfs_call_writable(const struct nfs_call *call);
/* Opens what the directory has under the name until the call ends, ".." included. */
int nfs_call_lookup(struct nfs_call *call, int directory, struct slice name, int *file);
/* The handle and the attributes of what the directory has under the name, which is opened only
 * where its handle was not asked for before. 0 or an errno. */
int nfs_call_peek(struct nfs_call *call, int directory, struct slice name, struct stat *status,
                  struct handle *handle);
/* The handle of an open file. The file stays open for the calls that will follow. */
int nfs_call_handle(struct nfs_call *call, int file, struct handle *handle);

/* Takes a name away by tree_remove() or tree_rmdir(). 0 or an errno. */
int nfs_call_remove(struct nfs_call *call, int directory, struct slice name,
                    int (*operation)(const struct credentials *, int, struct slice));
/* Renames, and keeps the handle of what was renamed alive. 0 or an errno. */
int nfs_call_rename(struct nfs_call *call, int from, struct slice from_name, int to,
                    struct slice to_name);
/* Links, and lets the file's handle know its new name. */
int nfs_call_link(struct nfs_call *call, int file, int directory, struct slice name);
/* The file id of the directory's "..", as a lookup would tell it: nothing above the export shows.
 * `otherwise` where it cannot be told. */
uint64_t nfs_call_parent_id(struct nfs_call *call, int directory, uint64_t otherwise);

/* The most bytes of file data in one READ of this call. */
size_t nfs_read_max(const struct nfs_call *call);
/* What a READ answers with, as the reply's payload, with nfs_data_send(): memory with the bytes; or
 * over TCP, where they are many, the file that they are sent from. */
struct nfs_data {
    uint8_t *bytes;
    struct open_file *file; /* a reference; NULL: `bytes` */
    int descriptor;         /* that reads it */
    uint64_t offset;
    size_t count;
    bool end; /* the file ends here */
};
/* EAGAIN, with call->would_wait set, where the call may not wait. */
int nfs_data_read(struct nfs_call *call, int file, uint64_t offset, size_t count,
                  struct nfs_data *data);
void nfs_data_send(struct nfs_call *call, struct nfs_data *data);

/* Writes to a file of nfs_call_open(), as tree_write() does, through a descriptor that stays open
 * for the calls that will follow. */
int nfs_data_write(struct nfs_call *call, int file, uint64_t offset, struct slice bytes,
                   enum tree_stability stability, size_t *count);

enum { NFS_VERIFIER_SIZE = 8 };

/* Before the first call and after the last. Where there are no `calls` (NULL) the process has a
 * verifier of its own. */
void nfs_verifier_begin(struct call_log *calls);
void nfs_verifier_end(void);

/* A client that sees another one than it saw before sends again what it has not committed (RFC 1813
 * section 3.3.7): the machine's start makes a new one, and so does each loss that the system tells
 * of. What a process wrote the system keeps when it ends, so the next one has the same.
 * A WRITE takes it before it writes, a COMMIT when all is done: what is lost in between is sent
 * again. */
void nfs_write_verifier(uint8_t verifier[NFS_VERIFIER_SIZE]);

/* ---- What the journal is told of (service/nfs_tell.c) ---- */

/* Of a file that was read from its start: a loader's configuration, its kernel, its modules. Once
 * per file and mount, and not of too many (service/rpc_account.h). */
void nfs_tell_read(struct nfs_call *call, int file, struct slice handle, uint64_t size);
/* Of a LOOKUP of the first program, or of what it needs, that came to nothing: `file` (-1: none) is
 * what was found, `error` the errno of the call. Once per name and mount. */
void nfs_tell_lookup(struct nfs_call *call, int directory, struct slice name, int file, int error);
/* Of a READ over UDP that the client repeats again and again: the answer does not reach it. */
void nfs_tell_repeats(struct nfs_call *call, int file, uint64_t offset, size_t count);
/* Of a call that failed with the errno: handles that are stale, and what the export or the file
 * does not permit. `file` -1: none is open. */
void nfs_tell_refusal(struct nfs_call *call, int file, int error);

#endif
