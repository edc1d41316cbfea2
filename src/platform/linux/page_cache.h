/* What of a file is in memory, so that whoever must not wait for the disk can tell. */
#ifndef BOOTWIRE_PLATFORM_LINUX_PAGE_CACHE_H
#define BOOTWIRE_PLATFORM_LINUX_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the bytes from `offset` on, all of them before the file's end, can be read without
 * waiting for the disk. Every page is asked for where the kernel tells (cachestat(2), Linux 6.5),
 * and one byte of each 64 KiB is read in any case, for a page may be on its way from the disk
 * still. It is true of the moment: the kernel may drop pages as soon as this returns. A file system
 * that cannot tell is taken for one that never waits. */
bool page_cache_has(int descriptor, uint64_t offset, size_t length);

/* Has the disk asked for them: waits until all that is there was read, and sets *count to how much
 * that is. Returns 0 or an errno, such as EIO, where nothing could be read. */
int page_cache_fill(int descriptor, uint64_t offset, size_t length, size_t *count);

#endif
