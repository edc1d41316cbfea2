/* Files that clients send, below a directory of their own. An unfinished one has another name there
 * (.upload-, and 16 digits), is its owner's alone, and never counts as a file that came; finished,
 * it appears under its name at once. Names lead nowhere else: neither ".." nor symbolic links are
 * followed. */
#ifndef BOOTWIRE_STORE_UPLOAD_H
#define BOOTWIRE_STORE_UPLOAD_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { UPLOAD_TEMPORARY_SIZE = 32 };

enum upload_status {
    UPLOAD_GOOD,
    UPLOAD_NO_ROOT,      /* the directory of uploads cannot be opened; `error` says why */
    UPLOAD_NO_DIRECTORY, /* the name is in a directory that does not exist there */
    UPLOAD_EXISTS,       /* there is something of that name, which is not to be replaced */
    UPLOAD_RESERVED,     /* names of unfinished files are ours */
    UPLOAD_FAILED,       /* `error` says why */
};

/* A file on its way in. */
struct upload {
    int root, directory, file; /* -1: closed */
    char temporary[UPLOAD_TEMPORARY_SIZE];
    char *name; /* in its directory */
    bool overwrite;
    uint64_t size; /* bytes written */
    int error;     /* errno, where the status says so */
};

/* Begins the file `path` (relative, as tftp_path() makes it) below `root`. Ends with
 * upload_finish() or upload_discard(); where it is not UPLOAD_GOOD, with neither. */
enum upload_status upload_begin(struct upload *upload, const char *root, const char *path,
                                bool overwrite);
/* Appends; false with `error`. */
bool upload_write(struct upload *upload, struct slice bytes);
/* Gives the file its name, readable by everyone. Where that fails it is discarded. */
enum upload_status upload_finish(struct upload *upload);
/* Nothing is left of it. After upload_finish(): nothing. */
void upload_discard(struct upload *upload);

/* The bytes of all files below `root`, finished or not; UINT64_MAX where there are more of them
 * than are counted. Unfinished ones that an hour ago nobody wrote to any more go. */
uint64_t upload_total(const char *root);

#endif
