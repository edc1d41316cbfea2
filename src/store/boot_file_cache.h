/* Boot files that stay open from one request to the next, for one thread.
 *
 * Whoever asks again costs one look at the name instead of six calls. It never gives a file that
 * the name does not lead to any more, or other bytes than are there: at each request the name is
 * resolved anew, and only where it leads to the very file that was opened inside the root,
 * unchanged in every time, is that one given. Whatever else it leads to is opened as
 * boot_file_open() does. */
#ifndef BOOTWIRE_STORE_BOOT_FILE_CACHE_H
#define BOOTWIRE_STORE_BOOT_FILE_CACHE_H

#include "store/boot_files.h"

struct boot_file_cache;

/* `places`: files that are kept open at most. */
struct boot_file_cache *boot_file_cache_new(size_t places);
/* The files that were given out stay good until they are closed. NULL is allowed. */
void boot_file_cache_free(struct boot_file_cache *cache);
/* As boot_file_open(). */
enum boot_file_status boot_file_cache_open(struct boot_file_cache *cache, struct boot_file *file,
                                           const char *root, const char *path, bool any_case);
/* Closes what nobody asked for since the last call. */
void boot_file_cache_sweep(struct boot_file_cache *cache);

#endif
