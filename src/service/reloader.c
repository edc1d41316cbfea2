#include "service/reloader.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "model/snapshot.h"
#include "net/loop.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct reloader {
    char *path;
    reloader_read *read;
    struct loop *loop;
    void (*done)(void *argument, struct snapshot *fresh);
    void *argument;
    bool running, again;    /* the loop's: a thread reads, and has to once more */
    pthread_mutex_t lock;   /* guards what follows */
    struct snapshot *fresh; /* what the thread has read, until the loop takes it */
    bool ended;             /* the thread will not touch this any more */
    bool forsaken;          /* nobody waits for the thread: it frees this */
};

static void release(struct reloader *reloader)
{
    pthread_mutex_destroy(&reloader->lock);
    snapshot_free(reloader->fresh);
    free(reloader->path);
    free(reloader);
}

/* In the loop's thread. */
static void take(void *argument)
{
    struct reloader *reloader = argument;
    struct snapshot *fresh;

    pthread_mutex_lock(&reloader->lock);
    fresh = reloader->fresh;
    reloader->fresh = NULL;
    pthread_mutex_unlock(&reloader->lock);
    reloader->running = false;
    reloader->done(reloader->argument, fresh);
    if (reloader->again) {
        reloader->again = false;
        (void)reloader_start(reloader);
    }
}

static void *run(void *argument)
{
    struct reloader *reloader = argument;
    struct snapshot *fresh = reloader->read(reloader->path);
    bool forsaken;

    pthread_mutex_lock(&reloader->lock);
    reloader->fresh = fresh;
    reloader->ended = true;
    forsaken = reloader->forsaken;
    if (!forsaken)
        loop_call(reloader->loop, take, reloader);
    pthread_mutex_unlock(&reloader->lock);
    if (forsaken)
        release(reloader);
    return NULL;
}

struct reloader *reloader_new(struct loop *loop, const char *path, reloader_read *read,
                              void (*done)(void *argument, struct snapshot *fresh), void *argument)
{
    struct reloader *made = memory_zeroed(1, sizeof(*made));

    made->path = memory_string(path);
    made->read = read;
    made->loop = loop;
    made->done = done;
    made->argument = argument;
    made->ended = true;
    pthread_mutex_init(&made->lock, NULL);
    return made;
}

bool reloader_start(struct reloader *reloader)
{
    pthread_t thread;
    int error;

    if (reloader->running) {
        reloader->again = true;
        return true;
    }
    reloader->running = true;
    reloader->ended = false;
    error = thread_start(&thread, run, reloader);
    if (error == 0) {
        pthread_detach(thread);
        return true;
    }
    reloader->running = false;
    reloader->ended = true;
    log_error("%s is not read again: a thread cannot be started: %s; the configuration read before "
              "stays in force",
              reloader->path, strerror(error));
    return false;
}

void reloader_free(struct reloader *reloader)
{
    bool ended;

    if (!reloader)
        return;
    pthread_mutex_lock(&reloader->lock);
    ended = reloader->ended;
    reloader->forsaken = true;
    pthread_mutex_unlock(&reloader->lock);
    if (ended)
        release(reloader);
}
