/* Which directory a machine may mount. Exports are written nowhere: they follow from `option
 * root-path`, for the machine it applies to and for nobody else. */
#ifndef BOOTWIRE_DECIDE_EXPORT_H
#define BOOTWIRE_DECIDE_EXPORT_H

#include "model/export.h"
#include "model/snapshot.h"

#include <stdbool.h>

enum export_verdict {
    EXPORT_GRANTED,
    EXPORT_UNKNOWN_MACHINE, /* no host declaration and no lease name the address */
    EXPORT_NO_ROOT_PATH,    /* the machine has no root-path */
    EXPORT_BAD_ROOT_PATH,   /* its root-path is no absolute path, or holds "..", or is too long */
    EXPORT_OTHER_PATH,      /* what it asks for lies outside of its root-path */
};

/* The machine's export, from the scopes that apply to it. `known` says whether a host declaration
 * or a lease names the machine. Fills in `*export` where it returns EXPORT_GRANTED. */
enum export_verdict export_of(const struct scope_view *view, bool known, struct export *export);

/* May a machine with this export mount the path it asked for? Where granted, `below` is the rest of
 * the path below the export's directory: "" for itself, "usr/share" for a subdirectory. */
enum export_verdict export_allows(const struct export *export, struct slice asked,
                                  char below[EXPORT_PATH_MAX]);

/* Brings a path into the form of struct export's directory: false where it is not absolute, holds
 * "..", a NUL, or is too long. */
bool export_normalise(char to[EXPORT_PATH_MAX], struct slice path);

#endif
