/* NFS version 2 (RFC 1094): arguments out of packets, results into them. No state, no policy.
 *
 * Names are views into the packet. Handles are NFS2_HANDLE_SIZE bytes, always. */
#ifndef BOOTWIRE_WIRE_NFS2_H
#define BOOTWIRE_WIRE_NFS2_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NFS2_HANDLE_SIZE = 32, /* FHSIZE */
    NFS2_DATA_MAX = 8192,  /* MAXDATA: bytes in one READ, WRITE or READDIR */
    NFS2_PATH_MAX = 1024,  /* MAXPATHLEN: target of a symbolic link */
    NFS2_NAME_MAX = 1024,  /* longest name that is read from a call; MAXNAMLEN is 255 */
    NFS2_COOKIE_SIZE = 4,  /* COOKIESIZE */
};

enum nfs2_procedure {
    NFS2_NULL,
    NFS2_GETATTR,
    NFS2_SETATTR,
    NFS2_ROOT, /* obsolete */
    NFS2_LOOKUP,
    NFS2_READLINK,
    NFS2_READ,
    NFS2_WRITECACHE, /* never came to be */
    NFS2_WRITE,
    NFS2_CREATE,
    NFS2_REMOVE,
    NFS2_RENAME,
    NFS2_LINK,
    NFS2_SYMLINK,
    NFS2_MKDIR,
    NFS2_RMDIR,
    NFS2_READDIR,
    NFS2_STATFS,
    NFS2_PROCEDURE_COUNT,
};

/* stat (section 2.3.1) */
enum nfs2_status {
    NFS2_OK = 0,
    NFS2ERR_PERM = 1,
    NFS2ERR_NOENT = 2,
    NFS2ERR_IO = 5,
    NFS2ERR_NXIO = 6,
    NFS2ERR_ACCES = 13,
    NFS2ERR_EXIST = 17,
    NFS2ERR_NODEV = 19,
    NFS2ERR_NOTDIR = 20,
    NFS2ERR_ISDIR = 21,
    NFS2ERR_FBIG = 27,
    NFS2ERR_NOSPC = 28,
    NFS2ERR_ROFS = 30,
    NFS2ERR_NAMETOOLONG = 63,
    NFS2ERR_NOTEMPTY = 66,
    NFS2ERR_DQUOT = 69,
    NFS2ERR_STALE = 70,
    NFS2ERR_WFLUSH = 99,
};

/* ftype (section 2.3.2) */
enum nfs2_type {
    NFS2_NON_FILE = 0,
    NFS2_REGULAR = 1,
    NFS2_DIRECTORY = 2,
    NFS2_BLOCK = 3,
    NFS2_CHARACTER = 4,
    NFS2_SYMBOLIC_LINK = 5,
};

struct nfs2_time {
    uint32_t seconds, microseconds;
};

/* fattr. `mode` holds the type bits too. */
struct nfs2_fattr {
    enum nfs2_type type;
    uint32_t mode, nlink, uid, gid, size, block_size, rdev, blocks, fsid, fileid;
    struct nfs2_time atime, mtime, ctime;
};

/* sattr. A field with all bits set shall not change. */
#define NFS2_DONT_CHANGE 0xffffffffu
struct nfs2_sattr {
    uint32_t mode, uid, gid, size;
    struct nfs2_time atime, mtime;
};

/* diropargs */
struct nfs2_place {
    struct slice directory; /* NFS2_HANDLE_SIZE bytes, as all handles here */
    struct slice name;
};

/* The arguments of any procedure. GETATTR, READLINK and STATFS have a handle alone. */
union nfs2_arguments {
    struct slice handle;
    struct nfs2_place place; /* LOOKUP, REMOVE, RMDIR */
    struct {
        struct slice handle;
        struct nfs2_sattr sattr;
    } setattr;
    struct {
        struct slice handle;
        uint32_t offset, count; /* the unused total is left out */
    } read;
    struct {
        struct slice handle;
        uint32_t offset; /* the unused begin and total are left out */
        struct slice data;
    } write;
    struct {
        struct nfs2_place place;
        struct nfs2_sattr sattr;
    } create; /* MKDIR too */
    struct {
        struct nfs2_place from, to;
    } rename;
    struct {
        struct slice handle;
        struct nfs2_place to;
    } link;
    struct {
        struct nfs2_place place;
        struct slice target;
        struct nfs2_sattr sattr;
    } symlink;
    struct {
        struct slice directory;
        uint32_t cookie;
        uint32_t count;
    } readdir;
};

/* Reads the arguments of the procedure. False where they are cut short or break the format, or
 * there is no such procedure; then the reader has failed. */
bool nfs2_read_arguments(struct reader *r, uint32_t procedure, union nfs2_arguments *arguments);

/* A status alone: REMOVE, RENAME, LINK, SYMLINK, RMDIR, and every procedure's failure. */
void nfs2_write_status(struct writer *w, enum nfs2_status status);
/* attrstat: GETATTR, SETATTR, WRITE */
void nfs2_write_attributes(struct writer *w, const struct nfs2_fattr *fattr);
/* diropres: LOOKUP, CREATE, MKDIR */
void nfs2_write_object(struct writer *w, const uint8_t handle[NFS2_HANDLE_SIZE],
                       const struct nfs2_fattr *fattr);
void nfs2_write_readlink(struct writer *w, struct slice target);
/* READ up to the data's length; the data and its padding have to follow. */
void nfs2_write_read(struct writer *w, const struct nfs2_fattr *fattr, uint32_t count);

struct nfs2_statfs {
    uint32_t transfer_size, block_size, blocks, free_blocks, available_blocks;
};
void nfs2_write_statfs(struct writer *w, const struct nfs2_statfs *statfs);

/* READDIR, piece by piece: start, entries as long as they fit, end. */
struct nfs2_list {
    struct writer *writer;
    size_t end; /* the writer's length that nothing may pass */
};

/* Writes the successful start; `count` is the most bytes that the result may take. */
void nfs2_list_start(struct nfs2_list *list, struct writer *w, size_t count);
/* False, and nothing written, where it does not fit. */
bool nfs2_list_add(struct nfs2_list *list, uint32_t fileid, struct slice name, uint32_t cookie);
/* Takes back what was added since the writer had `length` bytes. */
void nfs2_list_cut(struct nfs2_list *list, size_t length);
void nfs2_list_end(struct nfs2_list *list, bool eof);

#endif
