#include "net/workers.h"

#include "base/memory.h"
#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct workers_task {
    struct workers_task *next;
    struct loop *loop;
    void (*work)(void *argument);
    void (*done)(void *argument);
    void *argument;
};

struct workers {
    pthread_mutex_t lock;   /* guards what follows */
    pthread_cond_t arrived; /* a task, or the end */
    struct workers_task *first, **last;
    bool ending;
    unsigned thread_count;
    pthread_t threads[];
};

/* The next task; NULL at the end. */
static struct workers_task *workers_take(struct workers *workers)
{
    struct workers_task *task;

    pthread_mutex_lock(&workers->lock);
    while (!workers->first && !workers->ending)
        pthread_cond_wait(&workers->arrived, &workers->lock);
    task = workers->first;
    if (task) {
        workers->first = task->next;
        if (!workers->first)
            workers->last = &workers->first;
    }
    pthread_mutex_unlock(&workers->lock);
    return task;
}

static void *workers_thread(void *argument)
{
    struct workers *workers = argument;
    struct workers_task *task;

    while ((task = workers_take(workers)) != NULL) {
        task->work(task->argument);
        loop_call(task->loop, task->done, task->argument);
        free(task);
    }
    return NULL;
}

struct workers *workers_new(unsigned count)
{
    struct workers *workers =
        memory_zeroed(1, sizeof(*workers) + count * sizeof(workers->threads[0]));
    sigset_t all, before;
    int error = 0;

    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->arrived, NULL);
    workers->last = &workers->first;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (workers->thread_count < count && !error) {
        error =
            pthread_create(&workers->threads[workers->thread_count], NULL, workers_thread, workers);
        if (!error)
            workers->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (workers->thread_count > 0)
        return workers;
    workers_free(workers);
    errno = error;
    return NULL;
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->ending = true;
    pthread_cond_broadcast(&workers->arrived);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->thread_count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->arrived);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

void workers_run(struct workers *workers, struct loop *loop, void (*work)(void *argument),
                 void (*done)(void *argument), void *argument)
{
    struct workers_task *task = memory_zeroed(1, sizeof(*task));

    *task = (struct workers_task){NULL, loop, work, done, argument};
    pthread_mutex_lock(&workers->lock);
    *workers->last = task;
    workers->last = &task->next;
    pthread_cond_signal(&workers->arrived);
    pthread_mutex_unlock(&workers->lock);
}
