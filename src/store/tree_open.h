/* What the files of the tree share: names, and descriptors that read and write. */
#ifndef BOOTWIRE_STORE_TREE_OPEN_H
#define BOOTWIRE_STORE_TREE_OPEN_H

#include "store/tree.h"

struct credentials;

/* The name, checked and NUL-terminated: EACCES where it is empty or has a '/' or NUL (RFC 1813
 * section 3.2, "filename3"), ENAMETOOLONG. */
int tree_name(struct slice name, char text[TREE_NAME_MAX + 1]);
bool tree_name_is_dots(const char *text);

/* The path by which an open file is opened again, or named where a call takes no descriptor. */
struct tree_path {
    char text[32];
};
struct tree_path tree_path_of(int descriptor);

/* Opens a regular file (O_PATH) anew for O_RDONLY or O_WRONLY, with the owner's and the executor's
 * rights that tree_may_read() and tree_write() promise. The descriptor, or minus an errno. */
int tree_open_data(const struct credentials *caller, int file, int flags);

/* Opens what is in the directory under the name, O_PATH, as tree_lookup() does. The descriptor, or
 * minus an errno. */
int tree_open_name(int directory, const char *name, bool wait);

/* As access(2), for the user that the thread's file operations are made as. 0 or an errno. */
int tree_check_access(int file, int wanted);

/* fsync(2), and counts what it could not do (tree_losses()). 0 or an errno. */
int tree_sync(int descriptor);

/* Brings a directory's entries to stable storage. */
int tree_sync_directory(int directory);

#endif
