/* What the file system of a directory can do. */
#ifndef BOOTWIRE_PLATFORM_LINUX_FILE_SYSTEM_H
#define BOOTWIRE_PLATFORM_LINUX_FILE_SYSTEM_H

#include <stdbool.h>

struct file_system {
    bool read_only;  /* as mounted */
    bool handles;    /* files have the kernel's handles (name_to_handle_at(2)) */
    bool attributes; /* files can carry the extended attribute that was asked for */
};

/* Looks at the directory's, and changes nothing. `attribute`: an extended attribute's name. Returns
 * 0 or an errno. */
int file_system_of(const char *directory, const char *attribute, struct file_system *system);

#endif
