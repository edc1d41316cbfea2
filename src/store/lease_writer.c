#include "store/lease_writer.h"

#include "base/memory.h"
#include "base/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct lease_writer {
    struct lease_log *log;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    bool wanted, written, ending;
    struct slice payload;
    int result;
    void (*done)(void *argument);
    void *argument;
};

static void *run(void *argument)
{
    struct lease_writer *writer = argument;

    pthread_mutex_lock(&writer->lock);
    for (;;) {
        struct slice payload;
        int result;

        while (!writer->wanted && !writer->ending)
            pthread_cond_wait(&writer->changed, &writer->lock);
        if (!writer->wanted)
            break;
        writer->wanted = false;
        payload = writer->payload;
        pthread_mutex_unlock(&writer->lock);
        result = lease_log_append(writer->log, payload);
        pthread_mutex_lock(&writer->lock);
        writer->result = result;
        writer->written = true;
        pthread_cond_broadcast(&writer->changed);
        /* Under the lock: whoever waits must not free what the call back uses before it. */
        writer->done(writer->argument);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

struct lease_writer *lease_writer_new(struct lease_log *log)
{
    struct lease_writer *writer = memory_zeroed(1, sizeof(*writer));
    int error;

    writer->log = log;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->changed, NULL);
    error = thread_start(&writer->thread, run, writer);
    if (!error)
        return writer;
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
    errno = error;
    return NULL;
}

void lease_writer_free(struct lease_writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->ending = true;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

void lease_writer_start(struct lease_writer *writer, struct slice payload,
                        void (*done)(void *argument), void *argument)
{
    pthread_mutex_lock(&writer->lock);
    writer->payload = payload;
    writer->done = done;
    writer->argument = argument;
    writer->wanted = true;
    writer->written = false;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
}

bool lease_writer_is_done(struct lease_writer *writer)
{
    bool written;

    pthread_mutex_lock(&writer->lock);
    written = writer->written;
    pthread_mutex_unlock(&writer->lock);
    return written;
}

int lease_writer_wait(struct lease_writer *writer)
{
    int result;

    pthread_mutex_lock(&writer->lock);
    while (!writer->written)
        pthread_cond_wait(&writer->changed, &writer->lock);
    result = writer->result;
    pthread_mutex_unlock(&writer->lock);
    return result;
}
