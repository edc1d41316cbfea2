/* Reads the configuration again in a thread of its own: files may lie on a slow disk, and the names
 * in them may wait for a resolver that is gone, while the loop goes on answering. */
#ifndef BOOTWIRE_SERVICE_RELOADER_H
#define BOOTWIRE_SERVICE_RELOADER_H

#include <stdbool.h>

struct loop;
struct reloader;
struct snapshot;

/* Reads a file and logs what is to be said about it; NULL where it cannot be used. Called in any
 * thread. */
typedef struct snapshot *reloader_read(const char *path);

/* `done` gets what `read` made of the file `path` (copied), NULL among it, in the loop's thread;
 * the snapshot is its own from then on. */
struct reloader *reloader_new(struct loop *loop, const char *path, reloader_read *read,
                              void (*done)(void *argument, struct snapshot *fresh), void *argument);
/* Reads the file; one that is being read already is read once more behind that, for it may have
 * changed since. In the loop's thread. False where it cannot, and then nobody hears of it. */
bool reloader_start(struct reloader *reloader);
/* Before the loop goes. Waits for nothing: a reading under way ends by itself, and tells nobody.
 * NULL is allowed. */
void reloader_free(struct reloader *reloader);

#endif
