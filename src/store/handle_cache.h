/* Handles that were asked for before, found again by what a look at a name tells: listing a
 * directory costs one system call per entry then, and opens nothing.
 *
 * A file's device, inode number and time of birth tell it from any other that has, had or will have
 * that number: for that it must have been born some time before its handle is kept, for a file that
 * is made and removed within one tick of the file system's clock leaves both to the next. A handle
 * never changes, so nothing here can be out of date; attributes are not kept.
 *
 * Of one size, whoever uses it; safe from any thread; nothing here blocks. */
#ifndef BOOTWIRE_STORE_HANDLE_CACHE_H
#define BOOTWIRE_STORE_HANDLE_CACHE_H

#include "model/handle.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HANDLE_CACHE_ENTRIES = 32768, /* 64 bytes each */
    /* How long before it was looked at a file was born; the slowest of clocks tick once a second.
     */
    HANDLE_CACHE_AGE_MS = 1500,
};

struct handle_cache;

/* One file of one export, by the number that no other export of this process has. The device is
 * that of the file, makedev(3): a snapshot inside an export (Btrfs) has one of its own, and its
 * files have the numbers and births of those it was made from. The birth is in nanoseconds since
 * 1970. */
struct handle_cache_key {
    uint64_t export, device, inode;
    int64_t birth;
};

struct handle_cache *handle_cache_new(void);
/* NULL is allowed. */
void handle_cache_free(struct handle_cache *cache);
/* Whether the handle is there, and which it is. */
bool handle_cache_get(struct handle_cache *cache, const struct handle_cache_key *key,
                      struct handle *handle);
/* Keeps it; another one may have to make room. `now` as the birth: nothing is kept of a file that
 * is too young. */
void handle_cache_put(struct handle_cache *cache, const struct handle_cache_key *key, int64_t now,
                      const struct handle *handle);

#endif
