/* Reading a directory in pieces, for clients that come back with a cookie.
 *
 * A cookie stands for a place between two entries and has to be good for as long as the directory
 * is, across calls, restarts and changes. The kernel has such places: the d_off of each entry is
 * the position of the next. But ext4's are 63-bit hashes, v2 has room for 32 bits, and many 32-bit
 * clients break on anything past 2^31. So a position is packed into 31 bits:
 *
 *   below 2^30   the position itself (tmpfs, btrfs, XFS, ext2: they count)
 *   with 2^30    the upper 30 bits of a hashed position
 *
 * Starting again at a packed hash starts at the first entry that shares those bits: nothing is ever
 * missed, but what shares them would come twice. Each entry tells whether its packed cookie is
 * exact. v3 falls back to the whole position where it is not; v2 ends no piece there as long as it
 * can help it. A table of positions per client would be exact in v2 too, but would have to be
 * kept and bounded, and would not outlive the server. */
#ifndef BOOTWIRE_STORE_DIRECTORY_H
#define BOOTWIRE_STORE_DIRECTORY_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct credentials;

enum { DIRECTORY_BUFFER_SIZE = 16384 };

/* A directory being read. */
struct directory {
    int descriptor;
    uint64_t position;     /* of the next entry */
    size_t offset, length; /* of what is not handed out yet in the buffer */
    _Alignas(8) char buffer[DIRECTORY_BUFFER_SIZE];
};

struct directory_entry {
    struct slice name; /* good until the next call */
    uint64_t file_id;
    uint64_t cookie;       /* to go on after this entry: below 2^31 wherever that is exact */
    uint32_t small_cookie; /* the same in 32 bits */
    bool small_is_exact;   /* going on at small_cookie repeats nothing */
};

/* Opens the directory (any descriptor of it) as the caller, who must have the right to read it, to
 * go on after `cookie`; 0 is the start. Either kind of cookie will do. Returns 0 or an errno:
 * ENOTDIR, EACCES, EINVAL for a cookie that no directory gives out. Leaves the thread as the
 * caller. */
int directory_open(struct directory *directory, const struct credentials *caller, int descriptor,
                   uint64_t cookie);
void directory_close(struct directory *directory);

/* The next entry, "." and ".." among them: 1, or 0 at the end, or minus an errno. */
int directory_next(struct directory *directory, struct directory_entry *entry);

/* What the header says of cookies, apart from any file system. The position that a cookie stands
 * for: */
uint64_t directory_position_of(uint64_t cookie);
/* Fills in the cookies of an entry at `position`, when the next one is at `next`. */
void directory_set_cookies(struct directory_entry *entry, uint64_t position, uint64_t next);

#endif
