/* The bytes that one lane's transfers send: read once for all transfers of a file, in pieces that
 * stay in memory for the next one, and for a client that reads the same file again. A transfer
 * sends one version of its file or ends: pieces belong to a file as it was when it was opened, and
 * one that is read after the file changed is never handed out. What has to come from a disk is read
 * by a worker thread.
 *
 * Memory: `pieces_max` pieces of TFTP_PIECE bytes; the ones used longest ago make room. */
#ifndef BOOTWIRE_SERVICE_TFTP_CONTENT_H
#define BOOTWIRE_SERVICE_TFTP_CONTENT_H

#include "base/slice.h"
#include "store/boot_files.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct loop;
struct workers;
struct tftp_contents;
struct tftp_content; /* one version of one file */
struct tftp_waiters;

enum {
    TFTP_PIECE = 16384,
    TFTP_PIECES_MIN = 128, /* more than one turn of sending looks at */
};

/* Whoever waits for bytes from a disk. All zero waits for nothing. */
struct tftp_waiter {
    TAILQ_ENTRY(tftp_waiter) link;
    struct tftp_waiters *list;     /* that it stands in; NULL: none */
    void (*ready)(void *argument); /* must not wait again before it returns */
    void *argument;
};

enum tftp_bytes_status {
    TFTP_BYTES_HERE,
    TFTP_BYTES_LATER, /* a worker reads them: tftp_content_await() */
    TFTP_BYTES_FAILED,
};

/* `pieces_max` is at least TFTP_PIECES_MIN. Workers and loop must outlive it. */
struct tftp_contents *tftp_contents_new(struct loop *loop, struct workers *workers,
                                        size_t pieces_max);
/* After every content was closed, and the workers have ended. NULL is allowed. */
void tftp_contents_free(struct tftp_contents *contents);

/* Takes the open file over. */
struct tftp_content *tftp_content_open(struct tftp_contents *contents,
                                       const struct boot_file *file);
/* NULL is allowed. */
void tftp_content_close(struct tftp_content *content);
uint64_t tftp_content_size(const struct tftp_content *content);

/* The bytes at `offset` (below the size), up to the end of their piece; good until TFTP_PIECES_MIN
 * other pieces were asked for. Where it failed, `*why` says so to client and log. */
enum tftp_bytes_status tftp_content_bytes(struct tftp_content *content, uint64_t offset,
                                          struct slice *bytes, const char **why);
/* After TFTP_BYTES_LATER: calls waiter->ready(waiter->argument) once, when it is worth to ask
 * again.
 */
void tftp_content_await(struct tftp_content *content, struct tftp_waiter *waiter);
/* Waits no more; nothing where it does not. */
void tftp_content_forget(struct tftp_waiter *waiter);

#endif
