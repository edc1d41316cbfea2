/* What a machine may mount, as a value. */
#ifndef BOOTWIRE_MODEL_EXPORT_H
#define BOOTWIRE_MODEL_EXPORT_H

#include "model/snapshot.h"

enum {
    EXPORT_PATH_MAX = 1024
}; /* bytes of a path with its NUL: MNTPATHLEN (RFC 1813 appendix I) */

/* A directory that follows from `option root-path`: absolute, without "IP:" before it or ",options"
 * after it, without double or trailing slashes. */
struct export
{
    char directory[EXPORT_PATH_MAX];
    struct position where; /* the line that wrote root-path */
};

/* What one machine may mount. */
struct exports {
    struct export *list; /* no directory twice */
    size_t count;
};

#endif
