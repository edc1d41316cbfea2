/* Which changes of a file or directory overlap.
 *
 * A reply tells what an object was before the call and what it is after it (RFC 1813 section 2.6,
 * wcc_data). A client that finds the former as it knew it takes the latter for the work of its own
 * call alone, and keeps what it has cached. So where another call changed the object between those
 * two looks, nothing may be said of the time before. Nobody waits for anybody to find out. Safe
 * from any thread. */
#ifndef BOOTWIRE_SERVICE_NFS_CHANGE_H
#define BOOTWIRE_SERVICE_NFS_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

struct nfs_change_place;

/* A change of one open file under way, or a look at one that others may change. */
struct nfs_change {
    struct nfs_change_place *place; /* NULL: of nothing */
    uint64_t number;
    bool changes, alone;
};

/* Before the first look. `file` may be -1: nothing could be opened. `changes`: the call itself is
 * about to change the file. Files may share a place: then two changes count as overlapping that do
 * not, which harms nobody. */
void nfs_change_begin(struct nfs_change *change, int file, bool changes);
/* After the second look; true where no other change came in between. */
bool nfs_change_end(struct nfs_change *change);

/* One SETATTR of a file at a time: a guard is checked and the change made as if in one step. -1 is
 * allowed. Returns what nfs_change_unlock() wants. */
struct nfs_change_place *nfs_change_lock(int file);
void nfs_change_unlock(struct nfs_change_place *place);

#endif
