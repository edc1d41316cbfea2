/* Who mounted what, as the machines said themselves: for mount's DUMP, which promises no more (RFC
 * 1813 section 5.2.2). In memory, and in the file STATE/mounts, where a line is added per change:
 * the list outlives the process, but nothing of it is synced to the disk.
 *
 * Of one thread. */
#ifndef BOOTWIRE_STORE_MOUNT_LIST_H
#define BOOTWIRE_STORE_MOUNT_LIST_H

#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MOUNT_LIST_MAX = 4096,       /* entries; the oldest one makes room */
    MOUNT_LIST_ADDRESS_MAX = 64, /* those of one address; its own oldest one makes room */
};

/* One directory that a machine mounted. The strings are the list's. */
struct mounted {
    struct mounted *next; /* an older one */
    uint32_t address;
    bool exported;         /* by an `export` statement: no secret of the machine's */
    const char *host;      /* its declaration's name, or its address */
    const char *directory; /* absolute and normalised */
};

struct mount_list;

/* Reads the file (NULL: keeps none); one that is not there is empty, and lines that say nothing are
 * passed over. Never NULL. */
struct mount_list *mount_list_open(const char *path);
/* NULL is allowed. The file stays. */
void mount_list_free(struct mount_list *list);

/* The youngest one; NULL where there is none. */
const struct mounted *mount_list_first(const struct mount_list *list);

/* Puts an entry in front; the strings are copied, `next` is nothing. One of the same address and
 * directory goes. Returns 0, or the errno of the file once it can be written no more; while that
 * lasts, 0 again. */
int mount_list_add(struct mount_list *list, const struct mounted *mounted);
/* Takes out the address's entry of the directory (NULL: all of its entries). Returns as above. */
int mount_list_remove(struct mount_list *list, uint32_t address, const char *directory);

/* One line of the file, without its end, done to the list: false where it says nothing. Writes
 * nothing itself. */
bool mount_list_apply(struct mount_list *list, struct slice line);
/* Writes an entry as a line of the file, with its end. */
void mount_list_write(struct writer *w, const struct mounted *mounted);

#endif
