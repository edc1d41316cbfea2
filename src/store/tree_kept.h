/* Operations of the tree where ownership is kept beside the files (store/ownership.h): the kernel
 * knows the server's own user alone there, so who may do what is decided here, by the owner and
 * mode that are served. The rules are those of path_resolution(7), chmod(2), chown(2), unlink(2).
 */
#ifndef BOOTWIRE_STORE_TREE_KEPT_H
#define BOOTWIRE_STORE_TREE_KEPT_H

#include "store/tree.h"

struct credentials;

/* Makes the thread ready to work in the directory as the caller, who must have the rights `wanted`
 * (R_OK | W_OK | X_OK) to it. Where ownership is not kept, it takes on the caller's user, and the
 * kernel checks. 0 or an errno. */
int tree_enter(const struct credentials *caller, int directory, int wanted);
/* The same for who takes away or replaces what the directory has under the name. */
int tree_enter_removal(const struct credentials *caller, int directory, const char *name);

/* The rest is for files whose ownership is kept (ownership_kept()). */

int tree_kept_access(const struct credentials *caller, int file, int wanted, int *granted);
/* As tree_may_read(). */
int tree_kept_may_read(const struct credentials *caller, const struct stat *status);
/* As tree_open_data(). */
int tree_kept_open(const struct credentials *caller, int file, int flags);
/* Sets the owner and the mode, but not the size; and says whether the times may be set. */
int tree_kept_set(const struct credentials *caller, int file, const struct tree_change *change);
/* Gives what was just made in the directory its owner and mode. */
int tree_kept_own(const struct credentials *caller, int directory, int file,
                  const struct tree_change *change, mode_t type, dev_t device);
/* Makes the empty regular file that stands for a device, socket or FIFO. */
int tree_kept_mknod(const struct credentials *caller, int directory, const char *name, mode_t type,
                    dev_t device, const struct tree_change *change);
/* The target of a regular file that stands for a symbolic link, as rsync makes them. */
int tree_kept_readlink(int file, char target[TREE_TARGET_MAX + 1], size_t *length);
/* The caller is about to give the file, which is no directory, another name. */
int tree_kept_link(const struct credentials *caller, int file);
/* The caller is about to rename what `from` has under the name; `elsewhere`: into another
 * directory. */
int tree_kept_move(const struct credentials *caller, int from, const char *name, bool elsewhere);

#endif
