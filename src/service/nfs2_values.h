/* Between the file system's values and NFS version 2's, which are smaller. */
#ifndef BOOTWIRE_SERVICE_NFS2_VALUES_H
#define BOOTWIRE_SERVICE_NFS2_VALUES_H

#include "store/tree.h"
#include "wire/nfs2.h"

/* A file's bytes from this one on do not exist for version 2: clients keep sizes in 31 bits. */
#define NFS2_OFFSET_MAX INT32_MAX

/* The status that tells of an errno; 0: NFS2_OK. */
enum nfs2_status nfs2_status_of(int error);

/* The errno to tell when a file of this mode (its type counts) was read, written or truncated and
 * that ended with `error`: ENXIO for a device, FIFO or socket, EISDIR for a symbolic link. */
int nfs2_data_error(mode_t mode, int error);

struct nfs2_fattr nfs2_fattr_of(const struct stat *status);
/* A file id in 32 bits. */
uint32_t nfs2_file_id_of(uint64_t inode);

/* What the attributes ask for. EINVAL for a time with too many microseconds. */
int nfs2_change_of(const struct nfs2_sattr *sattr, struct tree_change *change);

/* What CREATE shall make: S_IFREG, or a device, socket or FIFO. Version 2 has no procedure for
 * those; clients ask CREATE for one with the type in the mode and the device number as the size,
 * and mean a FIFO by a character device without a number. 0 for a type that cannot be made so. */
mode_t nfs2_create_type(const struct nfs2_sattr *sattr, dev_t *device);

struct nfs2_statfs nfs2_statfs_of(const struct statvfs *status);

#endif
