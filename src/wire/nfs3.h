/* NFS version 3 (RFC 1813): arguments out of packets, results into them. No state, no policy.
 *
 * Names and handles are views into the packet, of whatever length the client chose: a handle that
 * is not NFS3_HANDLE_SIZE bytes long, or a name too long, is answered with an NFS error by whoever
 * looks at it, not refused as an undecodable call. */
#ifndef BOOTWIRE_WIRE_NFS3_H
#define BOOTWIRE_WIRE_NFS3_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NFS3_PROGRAM = 100003,
    NFS3_HANDLE_SIZE = 32,    /* ours, the size of every v2 handle: boot loaders know no other */
    NFS3_HANDLE_MAX = 64,     /* NFS3_FHSIZE */
    NFS3_PATH_MAX = 4096,     /* longest target of a symbolic link that is read from a call */
    NFS3_NAME_MAX = 4096,     /* longest name that is read from a call; file systems know 255 */
    NFS3_VERIFIER_SIZE = 8,   /* NFS3_COOKIEVERFSIZE, NFS3_CREATEVERFSIZE, NFS3_WRITEVERFSIZE */
    NFS3_WRITE_MAX = 1048576, /* bytes of data in one WRITE */
    NFS3_FATTR_SIZE = 84,     /* bytes of a fattr3 on the wire */
};

enum nfs3_procedure {
    NFS3_NULL,
    NFS3_GETATTR,
    NFS3_SETATTR,
    NFS3_LOOKUP,
    NFS3_ACCESS,
    NFS3_READLINK,
    NFS3_READ,
    NFS3_WRITE,
    NFS3_CREATE,
    NFS3_MKDIR,
    NFS3_SYMLINK,
    NFS3_MKNOD,
    NFS3_REMOVE,
    NFS3_RMDIR,
    NFS3_RENAME,
    NFS3_LINK,
    NFS3_READDIR,
    NFS3_READDIRPLUS,
    NFS3_FSSTAT,
    NFS3_FSINFO,
    NFS3_PATHCONF,
    NFS3_COMMIT,
    NFS3_PROCEDURE_COUNT,
};

/* nfsstat3 (section 2.6). */
enum nfs3_status {
    NFS3_OK = 0,
    NFS3ERR_PERM = 1,
    NFS3ERR_NOENT = 2,
    NFS3ERR_IO = 5,
    NFS3ERR_NXIO = 6,
    NFS3ERR_ACCES = 13,
    NFS3ERR_EXIST = 17,
    NFS3ERR_XDEV = 18,
    NFS3ERR_NODEV = 19,
    NFS3ERR_NOTDIR = 20,
    NFS3ERR_ISDIR = 21,
    NFS3ERR_INVAL = 22,
    NFS3ERR_FBIG = 27,
    NFS3ERR_NOSPC = 28,
    NFS3ERR_ROFS = 30,
    NFS3ERR_MLINK = 31,
    NFS3ERR_NAMETOOLONG = 63,
    NFS3ERR_NOTEMPTY = 66,
    NFS3ERR_DQUOT = 69,
    NFS3ERR_STALE = 70,
    NFS3ERR_REMOTE = 71,
    NFS3ERR_BADHANDLE = 10001,
    NFS3ERR_NOT_SYNC = 10002,
    NFS3ERR_BAD_COOKIE = 10003,
    NFS3ERR_NOTSUPP = 10004,
    NFS3ERR_TOOSMALL = 10005,
    NFS3ERR_SERVERFAULT = 10006,
    NFS3ERR_BADTYPE = 10007,
    NFS3ERR_JUKEBOX = 10008,
};

/* ftype3 */
enum nfs3_type {
    NFS3_REGULAR = 1,
    NFS3_DIRECTORY = 2,
    NFS3_BLOCK = 3,
    NFS3_CHARACTER = 4,
    NFS3_SYMBOLIC_LINK = 5,
    NFS3_SOCKET = 6,
    NFS3_FIFO = 7,
};

struct nfs3_time {
    uint32_t seconds, nanoseconds;
};

/* fattr3. `mode` holds the permission bits alone, without the type. */
struct nfs3_fattr {
    enum nfs3_type type;
    uint32_t mode, nlink, uid, gid;
    uint64_t size, used;
    uint32_t rdev_major, rdev_minor;
    uint64_t fsid, fileid;
    struct nfs3_time atime, mtime, ctime;
};

/* post_op_attr */
struct nfs3_post_op {
    bool present;
    struct nfs3_fattr attributes;
};

/* wcc_data: what the object was before the operation, and what it is now. */
struct nfs3_wcc {
    bool has_before;
    uint64_t size;
    struct nfs3_time mtime, ctime;
    struct nfs3_post_op after;
};

enum nfs3_time_how { NFS3_DONT_CHANGE = 0, NFS3_SET_TO_SERVER = 1, NFS3_SET_TO_CLIENT = 2 };

/* sattr3: what a client wants set. */
struct nfs3_sattr {
    bool set_mode, set_uid, set_gid, set_size;
    uint32_t mode, uid, gid;
    uint64_t size;
    enum nfs3_time_how set_atime, set_mtime;
    struct nfs3_time atime, mtime;
};

/* diropargs3 */
struct nfs3_place {
    struct slice directory; /* a handle */
    struct slice name;
};

enum nfs3_stable { NFS3_UNSTABLE = 0, NFS3_DATA_SYNC = 1, NFS3_FILE_SYNC = 2 };
enum nfs3_create_how { NFS3_UNCHECKED = 0, NFS3_GUARDED = 1, NFS3_EXCLUSIVE = 2 };

/* ACCESS3_* */
enum {
    NFS3_ACCESS_READ = 0x01,
    NFS3_ACCESS_LOOKUP = 0x02,
    NFS3_ACCESS_MODIFY = 0x04,
    NFS3_ACCESS_EXTEND = 0x08,
    NFS3_ACCESS_DELETE = 0x10,
    NFS3_ACCESS_EXECUTE = 0x20,
};

/* FSF3_* */
enum {
    NFS3_FS_LINK = 0x01,
    NFS3_FS_SYMLINK = 0x02,
    NFS3_FS_HOMOGENEOUS = 0x08,
    NFS3_FS_CANSETTIME = 0x10,
};

/* The arguments of any procedure. GETATTR, READLINK, FSSTAT, FSINFO and PATHCONF have a handle
 * alone. */
union nfs3_arguments {
    struct slice handle;
    struct nfs3_place place; /* LOOKUP, REMOVE, RMDIR */
    struct {
        struct slice handle;
        struct nfs3_sattr sattr;
        bool guarded;
        struct nfs3_time guard_ctime;
    } setattr;
    struct {
        struct slice handle;
        uint32_t wanted;
    } access;
    struct {
        struct slice handle;
        uint64_t offset;
        uint32_t count;
    } read, commit;
    struct {
        struct slice handle;
        uint64_t offset;
        uint32_t count;
        enum nfs3_stable stable;
        struct slice data;
    } write;
    struct {
        struct nfs3_place place;
        enum nfs3_create_how how;
        struct nfs3_sattr sattr;              /* not for NFS3_EXCLUSIVE */
        uint8_t verifier[NFS3_VERIFIER_SIZE]; /* for NFS3_EXCLUSIVE */
    } create;
    struct {
        struct nfs3_place place;
        struct nfs3_sattr sattr;
    } mkdir;
    struct {
        struct nfs3_place place;
        struct nfs3_sattr sattr;
        struct slice target;
    } symlink;
    struct {
        struct nfs3_place place;
        uint32_t type; /* an enum nfs3_type, or anything else */
        struct nfs3_sattr sattr;
        uint32_t major, minor; /* of NFS3_CHARACTER and NFS3_BLOCK */
    } mknod;
    struct {
        struct nfs3_place from, to;
    } rename;
    struct {
        struct slice handle;
        struct nfs3_place to;
    } link;
    struct {
        struct slice directory;
        uint64_t cookie;
        uint8_t verifier[NFS3_VERIFIER_SIZE];
        uint32_t dircount; /* READDIRPLUS alone: bytes of names, ids and cookies */
        uint32_t count;    /* bytes of the whole result; READDIRPLUS calls it maxcount */
    } readdir;
};

/* Reads the arguments of the procedure. False where they are cut short or break the format, or
 * there is no such procedure; then the reader has failed. */
bool nfs3_read_arguments(struct reader *r, uint32_t procedure, union nfs3_arguments *arguments);

/* The pieces that results are made of. */
void nfs3_write_fattr(struct writer *w, const struct nfs3_fattr *fattr);
void nfs3_write_post_op(struct writer *w, const struct nfs3_post_op *post_op);
void nfs3_write_wcc(struct writer *w, const struct nfs3_wcc *wcc);
/* post_op_fh3; NULL: none follows. */
void nfs3_write_post_op_handle(struct writer *w, const uint8_t handle[NFS3_HANDLE_SIZE]);

/* One function per shape of result (section 3.3): the status first, then what the procedure has for
 * success or, for any other status, for failure. */

/* GETATTR; the attributes are not read on failure. */
void nfs3_write_getattr(struct writer *w, enum nfs3_status status, const struct nfs3_fattr *fattr);
/* SETATTR, REMOVE, RMDIR */
void nfs3_write_change(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *wcc);
void nfs3_write_lookup(struct writer *w, enum nfs3_status status,
                       const uint8_t handle[NFS3_HANDLE_SIZE], const struct nfs3_post_op *object,
                       const struct nfs3_post_op *directory);
void nfs3_write_access(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                       uint32_t granted);
void nfs3_write_readlink(struct writer *w, enum nfs3_status status,
                         const struct nfs3_post_op *object, struct slice target);
/* READ up to the data's length; on success the data and its padding have to follow. */
void nfs3_write_read(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                     uint32_t count, bool eof);
void nfs3_write_write(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *wcc,
                      uint32_t count, enum nfs3_stable committed,
                      const uint8_t verifier[NFS3_VERIFIER_SIZE]);
/* CREATE, MKDIR, SYMLINK, MKNOD; `handle` may be NULL. */
void nfs3_write_create(struct writer *w, enum nfs3_status status,
                       const uint8_t handle[NFS3_HANDLE_SIZE], const struct nfs3_post_op *object,
                       const struct nfs3_wcc *directory);
void nfs3_write_rename(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *from,
                       const struct nfs3_wcc *to);
void nfs3_write_link(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                     const struct nfs3_wcc *directory);

struct nfs3_fsstat {
    uint64_t total_bytes, free_bytes, available_bytes;
    uint64_t total_files, free_files, available_files;
    uint32_t invariant_seconds;
};
void nfs3_write_fsstat(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                       const struct nfs3_fsstat *fsstat);

struct nfs3_fsinfo {
    uint32_t read_max, read_preferred, read_multiple;
    uint32_t write_max, write_preferred, write_multiple;
    uint32_t readdir_preferred;
    uint64_t file_size_max;
    struct nfs3_time time_delta;
    uint32_t properties;
};
void nfs3_write_fsinfo(struct writer *w, enum nfs3_status status, const struct nfs3_post_op *object,
                       const struct nfs3_fsinfo *fsinfo);

struct nfs3_pathconf {
    uint32_t link_max, name_max;
    bool no_trunc, chown_restricted, case_insensitive, case_preserving;
};
void nfs3_write_pathconf(struct writer *w, enum nfs3_status status,
                         const struct nfs3_post_op *object, const struct nfs3_pathconf *pathconf);
void nfs3_write_commit(struct writer *w, enum nfs3_status status, const struct nfs3_wcc *wcc,
                       const uint8_t verifier[NFS3_VERIFIER_SIZE]);

/* READDIR and READDIRPLUS, piece by piece: start, entries as long as they fit, end. */
struct nfs3_list {
    struct writer *writer;
    size_t end;      /* the writer's length that nothing may pass */
    size_t dir_left; /* READDIRPLUS: what is left of dircount */
    bool has_entry;
    bool plus;
};

/* Writes the successful start. `count` is the most bytes that the result may take (the status not
 * counted), `dircount` READDIRPLUS's other limit, which the first entry may pass: there is no way
 * on for a client that gets none. SIZE_MAX for READDIR. */
void nfs3_list_start(struct nfs3_list *list, struct writer *w, bool plus,
                     const struct nfs3_post_op *directory,
                     const uint8_t verifier[NFS3_VERIFIER_SIZE], size_t count, size_t dircount);

struct nfs3_entry {
    uint64_t fileid;
    struct slice name;
    uint64_t cookie;
    struct nfs3_post_op attributes; /* the rest for READDIRPLUS alone */
    bool has_handle;
    uint8_t handle[NFS3_HANDLE_SIZE];
};
/* Would an entry with a name of this length fit? So that nobody fetches attributes in vain. */
bool nfs3_list_fits(const struct nfs3_list *list, size_t name_length);
/* False, and nothing written, where it does not fit. */
bool nfs3_list_add(struct nfs3_list *list, const struct nfs3_entry *entry);
void nfs3_list_end(struct nfs3_list *list, bool eof);

/* READDIR and READDIRPLUS that failed. */
void nfs3_write_readdir_failed(struct writer *w, enum nfs3_status status,
                               const struct nfs3_post_op *directory);

#endif
