/* File handles that survive a restart of the server and a rename of the file, and that nobody can
 * forge.
 *
 * A handle carries the kernel's own handle of the file (name_to_handle_at(2)) and a keyed hash over
 * it and over the export it belongs to; the key lies in STATE/handle.key. Where the kernel's handle
 * does not fit, or the file system has none, or the server may not open by it, a table in
 * STATE/handles.sqlite holds what the handle stands for. Everything here is safe from any thread,
 * and must be called with the server's own credentials: opening by handle wants
 * CAP_DAC_READ_SEARCH, which a thread that took on a user's identity does not have. */
#ifndef BOOTWIRE_STORE_HANDLES_H
#define BOOTWIRE_STORE_HANDLES_H

#include "model/handle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handle_store;
struct open_file;
struct stat;

/* An exported directory, held open. */
struct handle_export;

/* Opens the key and the table in the directory, making them where they are missing. NULL with a
 * message that names the file and the cure in `error`. */
struct handle_store *handle_store_open(const char *state_directory, char *error, size_t error_size);
void handle_store_free(struct handle_store *store);

/* The export of an absolute, normalised path (decide/export.h), with a reference that the caller
 * lets go. Returns NULL with errno where the directory cannot be opened (ENOENT, ENOTDIR, EACCES
 * ...; ELOOP where a symbolic link is part of the path). A directory that was replaced by another
 * since the last call is opened anew. */
struct handle_export *handle_export_get(struct handle_store *store, const char *path);
/* One more reference to the export, which is returned. */
struct handle_export *handle_export_hold(struct handle_export *export);
void handle_export_free(struct handle_export *export);
/* Closes all exported directories, but for those that somebody holds: as soon as these let go. What
 * is exported still is opened again when it is asked for; what is not, is not held open any more.
 */
void handle_store_let_go(struct handle_store *store);
/* The path it was opened by. */
const char *handle_export_path(const struct handle_export *export);
/* Its number, which no other export of this process has, or had. */
uint64_t handle_export_number(const struct handle_export *export);

/* The handle of an open file (O_PATH will do) inside the export. Returns 0, or an errno: EXDEV
 * where the file lies on another file system than the export's directory (something is mounted
 * there, and an export does not reach into it), EIO where the table cannot be written. */
int handle_of(struct handle_export *export, int descriptor, struct handle *handle);
/* The same by a name in an open directory of the export, without opening what it names, together
 * with its attributes at this moment; symbolic links are not followed, and what is mounted there is
 * EXDEV. The caller's rights in the directory are the caller's business. EAGAIN: the handle is not
 * known; handle_of() tells it, and handle_note() makes it known. ENOENT ... as stat(2) says. */
int handle_at(struct handle_export *export, int directory, const char *name, struct stat *status,
              struct handle *handle);
/* The open file's handle, from handle_of(), for handle_at() to come. */
void handle_note(struct handle_export *export, int descriptor, const struct handle *handle);
/* The handle of the export's own directory. */
int handle_of_root(struct handle_export *export, struct handle *handle);

/* Opens the file: `flags` as for open(2); O_PATH for a descriptor that reads and writes nothing
 * itself and works for every type of file; without O_PATH only regular files and directories open,
 * for opening a device or a pipe has effects on the server itself. O_CLOEXEC is added. Returns the
 * descriptor, or minus an errno: EBADMSG  the bytes are no handle that this server made:
 * NFS3ERR_BADHANDLE, in v2 NFSERR_STALE; ESTALE   the file is gone, or was carried out of the
 * export, or the handle belongs to another one: NFS3ERR_STALE; EINVAL   it is neither a regular
 * file nor a directory, and `flags` has no O_PATH; others   as open(2) says. */
int handle_open(struct handle_export *export, const uint8_t *bytes, size_t length, int flags);

/* As handle_open() with O_PATH, but gives a file that stays open for the next call that wants it
 * (store/open_files.h), with a reference to be let go. It may have lost its last name since it was
 * opened: the caller looks at its link count. Only where the file is not open yet, which may take
 * the disk, is this thread to be the server itself; without `wait` that is EAGAIN. NULL with *error
 * where it fails. */
struct open_file *handle_pin(struct handle_export *export, const uint8_t *bytes, size_t length,
                             bool wait, int *error);
/* Keeps the open file (O_PATH; the descriptor is taken over) of a handle from handle_of(). Returns
 * it with a reference to be let go. */
struct open_file *handle_keep(struct handle_export *export, const struct handle *handle,
                              int descriptor);
/* Keeps the file open no longer: its name went away, and its room shall come back. */
void handle_forget(struct handle_export *export, const struct handle *handle);
/* Closes the files that nobody used lately; to be called about once a second, by a thread that may
 * block. */
void handle_store_sweep(struct handle_store *store);

/* Whether the bytes are a handle that this server made for the export of that path. Opens nothing.
 */
bool handle_belongs(const struct handle_store *store, const char *path, const uint8_t *bytes,
                    size_t length);

/* Opens what lies at a relative path below the export's directory ("" for that itself) with O_PATH.
 * Symbolic links are followed as long as they stay inside. Returns the descriptor or minus an errno
 * (EXDEV where the path leads out). */
int handle_open_below(struct handle_export *export, const char *path);

/* Opens the directory above the open directory (O_PATH): the export's own directory is its own
 * parent, for what lies above it belongs to nobody. Returns the descriptor, or minus an errno:
 * ESTALE where the directory was carried out of the export meanwhile. */
int handle_open_parent(struct handle_export *export, int descriptor);

/* A RENAME goes between these two: where handles live in the table by path, an open of a handle
 * that finds nothing meanwhile waits for its end, and looks again. */
void handle_move_begin(struct handle_export *export);
void handle_move_end(struct handle_export *export);
/* The open file has just been given another name or place inside the export, or one name more. Call
 * it after each RENAME, before its end, and after each LINK, or its handle dies where handles live
 * in the table by path. Costs nothing elsewhere. */
void handle_moved(struct handle_export *export, int descriptor);

#endif
