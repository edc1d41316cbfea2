/* Files kept open between calls, so that a client that works with a file does not make the server
 * open it each time.
 *
 * A kept file pins the inode, not what was known of it: attributes are taken from the inode at each
 * use, so none is ever stale, and a file whose last name went away tells so by its link count. A
 * kept file gives nobody a right: its descriptors are the server's own, and who uses them asks for
 * the caller's rights first (store/tree.h). Nothing is kept that was not used for
 * OPEN_FILES_IDLE_MS, so that a deleted file's room comes back; and whatever is kept is looked up
 * anew by its handle after OPEN_FILES_VALID_MS, so that a file that was carried out of its export
 * does not stay within reach by being used.
 *
 * Safe from any thread. Nothing here blocks but the closing of a deleted file's last descriptor. */
#ifndef BOOTWIRE_STORE_OPEN_FILES_H
#define BOOTWIRE_STORE_OPEN_FILES_H

#include "model/handle.h"

#include <stddef.h>
#include <stdint.h>

enum {
    OPEN_FILES_IDLE_MS = 2000,
    OPEN_FILES_VALID_MS = 1000,
    OPEN_FILE_DESCRIPTORS = 3, /* that one kept file may hold */
};

struct open_files;

/* One file that is open. Whoever has a reference may use its descriptors, kept or not. */
struct open_file;

/* At most `limit` files are kept, whoever uses them; past it those go that were not used for the
 * longest time. */
struct open_files *open_files_new(size_t limit);
/* Closes what is kept. NULL is allowed. */
void open_files_free(struct open_files *files);

/* How many files may be kept by a process that may have `descriptors` of them open: half of those
 * are for other things. At least a few. */
size_t open_files_limit(uint64_t descriptors);

/* The file kept under the handle's HANDLE_SIZE bytes and the number of the export it was opened in,
 * with a reference for the caller; NULL where none is. `now_ms` is the monotonic clock's. */
struct open_file *open_files_get(struct open_files *files, const uint8_t *handle, uint64_t export,
                                 uint64_t now_ms);
/* Keeps an O_PATH descriptor, which is the cache's from now on. What is kept under that handle in
 * that export already is the same file and stays, looked up as of now; what another export had
 * there goes. Returns the file with a reference for the caller. The handle must be one that the
 * server itself made: its last 8 bytes are taken for a keyed hash. */
struct open_file *open_files_keep(struct open_files *files, const uint8_t *handle, uint64_t export,
                                  int descriptor, uint64_t now_ms);
/* Keeps the file under the handle no longer, if any is. */
void open_files_forget(struct open_files *files, const uint8_t *handle);
/* Closes what was not used lately, or everything where `now_ms` is UINT64_MAX; call it every second
 * or so. Returns how many are still kept. */
size_t open_files_sweep(struct open_files *files, uint64_t now_ms);

/* The O_PATH descriptor; good as long as the reference. */
int open_file_path(const struct open_file *file);
/* A descriptor that reads the regular file, opened at its first use with the rights of the thread:
 * they must be the server's own then. Minus an errno where it cannot be had. The caller made sure
 * that it is a regular file. */
int open_file_reader(struct open_file *file);
/* The same, only where it is open already; else -1. */
int open_file_reader_if_open(const struct open_file *file);
/* The same for a descriptor that writes it. As long as it is kept the kernel runs no program from
 * the file on this machine (ETXTBSY). */
int open_file_writer(struct open_file *file);
int open_file_writer_if_open(const struct open_file *file);
/* One more reference; returns the file. */
struct open_file *open_file_hold(struct open_file *file);
/* Lets a reference go; with the last one the descriptors are closed. NULL is allowed. */
void open_file_free(struct open_file *file);

#endif
