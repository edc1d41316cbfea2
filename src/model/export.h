/* What a machine may mount, as a value. */
#ifndef BOOTWIRE_MODEL_EXPORT_H
#define BOOTWIRE_MODEL_EXPORT_H

#include "model/snapshot.h"

enum {
    EXPORT_PATH_MAX = 1024
}; /* bytes of a path with its NUL: MNTPATHLEN (RFC 1813 appendix I) */

/* A directory that a machine may mount, by its `option root-path` or by an `export` statement:
 * absolute, without "IP:" before it or ",options" after it, without double or trailing slashes. */
struct export
{
    const char *directory;
    struct export_rights rights;
    const struct export_statement *statement; /* NULL: a root-path; else `directory` is its */
    struct position where;                    /* the line that wrote root-path or the statement */
};

/* What one machine may mount. The statements' directories live as long as their snapshot, and the
 * roots' as long as this. */
struct exports {
    struct export *list; /* no directory twice; roots before statements */
    size_t count;
};

/* Brings a path into the form of struct export's directory: false where it is not absolute, holds
 * "..", a NUL, or is too long. */
bool export_normalise(char to[EXPORT_PATH_MAX], struct slice path);

#endif
