/* The mount protocol, program 100005: version 1 (RFC 1094 appendix A), version 2 (the same with
 * PATHCONF, which is not served) and version 3 (RFC 1813 appendix I). */
#ifndef BOOTWIRE_WIRE_MOUNT_H
#define BOOTWIRE_WIRE_MOUNT_H

#include "base/cursor.h"

#include <stdint.h>

enum { MOUNT_PROGRAM = 100005, MOUNT_PATH_MAX = 1024, MOUNT_NAME_MAX = 255 };

/* Procedures, the same in each version. */
enum {
    MOUNT_NULL = 0,
    MOUNT_MNT = 1,
    MOUNT_DUMP = 2,
    MOUNT_UMNT = 3,
    MOUNT_UMNTALL = 4,
    MOUNT_EXPORT = 5,
    MOUNT_EXPORTALL = 6, /* not in version 3 */
};

/* mountstat3 (RFC 1813 section 5.1.5). Version 1 calls them UNIX error numbers; those that it knows
 * have the same values. */
enum mount_status {
    MOUNT_OK = 0,
    MOUNT_PERM = 1,
    MOUNT_NOENT = 2,
    MOUNT_IO = 5,
    MOUNT_ACCES = 13,
    MOUNT_NOTDIR = 20,
    MOUNT_INVAL = 22,
    MOUNT_NAMETOOLONG = 63,
    MOUNT_NOTSUPP = 10004,
    MOUNT_SERVERFAULT = 10006,
};

/* MNT's and UMNT's argument: a path, as a view into the packet. */
struct slice mount_read_path(struct reader *r);
/* MNT's result in version 1 or 3; `handle` (32 bytes) is written only with MOUNT_OK. Version 3
 * names AUTH_SYS as the one flavor that is accepted. */
void mount_write_result(struct writer *w, uint32_t version, enum mount_status status,
                        struct slice handle);

/* The lists of DUMP and EXPORT are chains: write each element, then mount_write_end() for the chain
 * (and for the chain of groups in each export). */
void mount_write_mounted(struct writer *w, const char *host, const char *directory);
void mount_write_export(struct writer *w, const char *directory);
void mount_write_group(struct writer *w, const char *name);
void mount_write_end(struct writer *w);

#endif
