#include "store/upload.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/openat2.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    ENTRIES_MAX = 10000, /* files and directories that are counted */
    STALE_SECONDS = 3600,
};

static const char temporary_prefix[] = ".upload-";

static bool is_temporary(const char *name)
{
    return strncmp(name, temporary_prefix, sizeof(temporary_prefix) - 1) == 0;
}

static void close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static void upload_close(struct upload *upload)
{
    close_descriptor(&upload->file);
    close_descriptor(&upload->directory);
    close_descriptor(&upload->root);
    free(upload->name);
    upload->name = NULL;
}

/* The directory that the file is to be in; its own name goes to upload->name. */
static enum upload_status open_place(struct upload *upload, const char *root, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    const char *slash = strrchr(path, '/');
    char *parent = slash ? memory_printf("%.*s", (int)(slash - path), path) : memory_string(".");

    upload->name = memory_string(slash ? slash + 1 : path);
    upload->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (upload->root >= 0)
        upload->directory = (int)syscall(SYS_openat2, upload->root, parent, &how, sizeof(how));
    upload->error = errno;
    free(parent);
    if (upload->root < 0)
        return UPLOAD_NO_ROOT;
    return upload->directory < 0 ? UPLOAD_NO_DIRECTORY : UPLOAD_GOOD;
}

/* Whether the name may be taken. */
static enum upload_status check_name(struct upload *upload)
{
    struct stat info;

    if (is_temporary(upload->name))
        return UPLOAD_RESERVED;
    if (fstatat(upload->directory, upload->name, &info, AT_SYMLINK_NOFOLLOW) == 0)
        return upload->overwrite && S_ISREG(info.st_mode) ? UPLOAD_GOOD : UPLOAD_EXISTS;
    upload->error = errno;
    return errno == ENOENT ? UPLOAD_GOOD : UPLOAD_FAILED;
}

enum upload_status upload_begin(struct upload *upload, const char *root, const char *path,
                                bool overwrite)
{
    enum upload_status status;

    *upload = (struct upload){.root = -1, .directory = -1, .file = -1, .overwrite = overwrite};
    status = open_place(upload, root, path);
    if (status == UPLOAD_GOOD)
        status = check_name(upload);
    if (status == UPLOAD_GOOD) {
        snprintf(upload->temporary, sizeof(upload->temporary), "%s%08x%08x", temporary_prefix,
                 randombytes_random(), randombytes_random());
        upload->file =
            openat(upload->root, upload->temporary,
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
        upload->error = errno;
        status = upload->file < 0 ? UPLOAD_FAILED : UPLOAD_GOOD;
    }
    if (status != UPLOAD_GOOD)
        upload_close(upload);
    return status;
}

bool upload_write(struct upload *upload, struct slice bytes)
{
    while (bytes.length > 0) {
        ssize_t n = write(upload->file, bytes.data, bytes.length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            upload->error = errno;
            return false;
        }
        bytes = slice_of(bytes.data + n, bytes.length - (size_t)n);
        upload->size += (uint64_t)n;
    }
    return true;
}

enum upload_status upload_finish(struct upload *upload)
{
    unsigned how = upload->overwrite ? 0 : RENAME_NOREPLACE;
    enum upload_status status;

    if (fchmod(upload->file, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) == 0 &&
        renameat2(upload->root, upload->temporary, upload->directory, upload->name, how) == 0) {
        upload_close(upload);
        return UPLOAD_GOOD;
    }
    upload->error = errno;
    status = errno == EEXIST || errno == EISDIR ? UPLOAD_EXISTS : UPLOAD_FAILED;
    upload_discard(upload);
    return status;
}

void upload_discard(struct upload *upload)
{
    if (upload->file >= 0)
        (void)unlinkat(upload->root, upload->temporary, 0);
    upload_close(upload);
}

uint64_t upload_total(const char *root)
{
    char *paths[] = {memory_string(root), NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    uint64_t total = 0;
    time_t now = time(NULL);
    unsigned count = 0;
    FTSENT *entry;

    while (walk && (entry = fts_read(walk)) != NULL) {
        if (++count > ENTRIES_MAX) {
            total = UINT64_MAX;
            break;
        }
        if (entry->fts_info != FTS_F)
            continue;
        /* A server that was killed could not take it away. */
        if (entry->fts_level == 1 && is_temporary(entry->fts_name) &&
            now - entry->fts_statp->st_mtime > STALE_SECONDS)
            (void)unlink(entry->fts_accpath);
        else
            total += (uint64_t)entry->fts_statp->st_size;
    }
    if (walk)
        fts_close(walk);
    free(paths[0]);
    return total;
}
