/* Which directories a machine may mount, and what it may do there: those of `option root-path`, for
 * the machine it applies to and for nobody else, and those of the `export` statements that name it.
 * A machine that is told one root as a loader and another one as a kernel may have both. */
#ifndef BOOTWIRE_DECIDE_EXPORT_H
#define BOOTWIRE_DECIDE_EXPORT_H

#include "decide/reach.h"
#include "model/credentials.h"
#include "model/export.h"
#include "model/snapshot.h"

#include <stdbool.h>

enum export_verdict {
    EXPORT_GRANTED,
    EXPORT_UNKNOWN_MACHINE, /* no host declaration, no lease and no `export` name the address */
    EXPORT_NO_ROOT_PATH,    /* the machine has no root-path, and no `export` names it */
    EXPORT_BAD_ROOT_PATH,   /* its root-path is no absolute path, or holds "..", or is too long */
    EXPORT_OTHER_PATH,      /* what it asks for lies outside of what it may mount */
};

/* The root that stands in a view of the settings. Fills in `*export` and `directory`, which is its,
 * where it returns EXPORT_GRANTED. */
enum export_verdict export_of(const struct scope_view *view, struct export *export,
                              char directory[EXPORT_PATH_MAX]);

/* All directories that the configuration could give the machine as its root (decide/reach.h), and
 * the one that it was told last where that is another (NULL: none; what its relay says may have
 * chosen it); and those of the `export` statements that name it. Of a directory that is both it has
 * the root's rights. `known` says whether a host declaration or a lease names it: who is not has no
 * root. Fills in `*exports`, which the caller releases: at least one where it returns
 * EXPORT_GRANTED, else none; `*bad` is then the root-path that EXPORT_BAD_ROOT_PATH is about. */
enum export_verdict exports_find(struct exports *exports, const struct reach_question *question,
                                 bool known, const struct setting *told, struct position *bad);
void exports_release(struct exports *exports);

/* May a machine with this export mount the path it asked for? Where granted, `below` is the rest of
 * the path below the export's directory: "" for itself, "usr/share" for a subdirectory. */
enum export_verdict export_allows(const struct export *export, struct slice asked,
                                  char below[EXPORT_PATH_MAX]);

/* The innermost of the machine's exports that allows the path; NULL where none does. */
const struct export *exports_allow(const struct exports *exports, struct slice asked,
                                   char below[EXPORT_PATH_MAX]);

/* Whether the statement names the machine, by its host declaration or by its address. */
bool export_is_for(const struct export_statement *statement, const struct reach_question *question);

/* Makes the caller who it is in an export with these rights. `nobody` says that it is not believed:
 * it says nothing of itself, or any user of its machine could have said it. */
void export_squash(const struct export_rights *rights, bool nobody, struct credentials *caller);

/* What somebody who asks mount for its lists may learn. */
enum export_viewer {
    VIEWER_STRANGER, /* no word of the configuration is about its address: nothing */
    VIEWER_MACHINE,  /* the `export` statements with whom they name, and what is its own */
    VIEWER_SERVER,   /* root on the server itself: everything */
};

/* Who asks: from `address` and `port`, `local` being the server's own address that it asked; and
 * whether anything names that address (a host declaration, a lease, an export). Being in a declared
 * subnet is being named, too. */
enum export_viewer export_viewer_of(const struct snapshot *snapshot, uint32_t address,
                                    uint16_t port, uint32_t local, bool named);

/* The first `export` statement whose directory holds this one, which is normalised; NULL: none. */
const struct export_statement *export_around(const struct snapshot *snapshot,
                                             const char *directory);

#endif
