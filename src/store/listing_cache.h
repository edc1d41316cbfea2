/* Pieces of listings, as they were answered a moment ago: a crowd of machines that boot at once
 * lists the same directories, and each entry's attributes and handle have their price.
 *
 * A piece is good for LISTING_CACHE_MS from the start of its filling: where the disk is slow, that
 * is how old its first entry is. And it is good only until something that it tells of is changed by
 * a call: whoever makes the change says so here, before it is answered. What the server's own
 * programs change past it may be told up to that long afterwards, as clients themselves keep
 * attributes for longer; which names there are is never out of date, for the directory's own times
 * are part of the key.
 *
 * A filling begins with a mark and is kept only where nothing in it was changed since. Of bounded
 * size; safe from any thread; nothing here blocks for longer than a copy takes. */
#ifndef BOOTWIRE_STORE_LISTING_CACHE_H
#define BOOTWIRE_STORE_LISTING_CACHE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LISTING_CACHE_MS = 1000,
    LISTING_CACHE_PIECES = 128,
    LISTING_CACHE_BYTES_MAX = 65536, /* of a piece; longer ones are not kept */
    LISTING_CACHE_INODES_MAX = 1024, /* of a piece; what tells of more is not kept */
    /* How long before it is read a directory was changed, at least: file systems' clocks tick, and
     * a change in the same tick leaves the times as they are. */
    LISTING_CACHE_AGE_MS = 1500,
};

struct listing_cache;

/* What a piece depends on. Set to zero as a whole first: it is compared as bytes. */
struct listing_key {
    uint64_t export;           /* as in struct handle_cache_key (store/handle_cache.h) */
    uint64_t device, inode;    /* the directory's */
    int64_t changed, modified; /* its ctime and mtime, nanoseconds since 1970 */
    uint64_t cookie;           /* where the piece begins */
    uint64_t count, dircount;  /* how much was asked for */
    uint64_t plus;             /* with attributes and handles ... */
    uint64_t searchable;       /* ... for who may search the directory */
};

struct listing_cache *listing_cache_new(void);
/* NULL is allowed. */
void listing_cache_free(struct listing_cache *cache);

/* Copies the piece to `to` and returns its length; 0: there is none that is good, or none of
 * `capacity` bytes or less. `now` in milliseconds of a clock that never goes back. */
size_t listing_cache_get(struct listing_cache *cache, const struct listing_key *key, uint64_t now,
                         uint8_t *to, size_t capacity);

/* A piece on its way. */
struct listing_filling {
    uint64_t mark;
    uint64_t begun;     /* milliseconds */
    size_t inode_count; /* LISTING_CACHE_INODES_MAX + 1: too many */
    uint64_t inodes[LISTING_CACHE_INODES_MAX];
};
/* Before the first look at anything that the piece tells of; `now` as for listing_cache_get(). */
void listing_filling_begin(struct listing_filling *filling, struct listing_cache *cache,
                           uint64_t now);
/* The piece tells of the file's attributes. */
void listing_filling_add(struct listing_filling *filling, uint64_t inode);
/* Keeps the piece, unless something in it was changed meanwhile, or the directory was changed so
 * lately (`wall`: nanoseconds since 1970) that its times do not tell a next change. */
void listing_cache_put(struct listing_cache *cache, const struct listing_filling *filling,
                       const struct listing_key *key, uint64_t now, int64_t wall,
                       struct slice bytes);

/* The file's attributes or data were changed. */
void listing_cache_changed(struct listing_cache *cache, uint64_t inode);
/* Something was changed that is not looked into: no piece is good any more. */
void listing_cache_clear(struct listing_cache *cache);
/* Frees the pieces that have had their time. */
void listing_cache_sweep(struct listing_cache *cache, uint64_t now);

#endif
