#include "service/nfs_repeat.h"

#include "service/nfs.h"
#include "service/rpc.h"
#include "store/handles.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool has_target(int file, struct slice target)
{
    char text[TREE_TARGET_MAX + 1];
    size_t length;

    return tree_readlink(file, text, &length) == 0 && slice_equal(slice_of(text, length), target);
}

int nfs_repeat_making(struct nfs_call *call, int directory, struct slice name, mode_t type,
                      struct slice target, const struct tree_change *change, int *file, int error)
{
    struct stat status;

    if (error != EEXIST || !call->exchange->interrupted)
        return error;
    if (tree_lookup(&call->caller, directory, name, true, file) != 0) {
        *file = -1;
        return error;
    }
    if (tree_stat(*file, &status) == 0 && (status.st_mode & S_IFMT) == type &&
        (type != S_IFLNK || has_target(*file, target)) &&
        tree_finish(&call->caller, *file, change) == 0)
        return 0;
    nfs_call_drop(call, nfs_call_keep(call, *file));
    *file = -1;
    return error;
}

int nfs_repeat_removing(const struct nfs_call *call, int error)
{
    return error == ENOENT && call->exchange->interrupted ? 0 : error;
}

int nfs_repeat_renaming(struct nfs_call *call, int to, struct slice to_name, int error)
{
    int file;

    if (error != ENOENT || !call->exchange->interrupted ||
        nfs_call_lookup(call, to, to_name, &file) != 0)
        return error;
    credentials_restore();
    handle_moved(call->exchange->export, file);
    nfs_call_drop(call, file);
    return 0;
}

int nfs_repeat_linking(struct nfs_call *call, int file, int directory, struct slice name, int error)
{
    struct stat wanted, found;
    int there;

    if (error != EEXIST || !call->exchange->interrupted ||
        nfs_call_lookup(call, directory, name, &there) != 0)
        return error;
    if (tree_stat(file, &wanted) == 0 && tree_stat(there, &found) == 0 &&
        wanted.st_dev == found.st_dev && wanted.st_ino == found.st_ino)
        error = 0;
    nfs_call_drop(call, there);
    return error;
}
