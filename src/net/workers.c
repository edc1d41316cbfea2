#include "net/workers.h"

#include "base/memory.h"
#include "base/thread.h"
#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct workers_task {
    struct workers_task *next;
    struct loop *loop;
    void (*work)(void *argument);
    void (*done)(void *argument);
    void *argument;
};

/* Work that belongs together. It exists while some of it waits or runs. */
struct workers_group {
    struct workers_group *next;
    uint64_t number;
    struct workers_task *first, **last;
    unsigned running;
};

struct workers {
    pthread_mutex_t lock;                       /* guards what follows */
    pthread_cond_t arrived;                     /* a task, room for one of a group, or the end */
    struct workers_group *groups, **groups_end; /* the first is next */
    bool ending;
    size_t waiting; /* tasks of all groups that do not run yet */
    unsigned thread_count;
    unsigned running_max; /* of one group */
    pthread_t threads[];
};

static bool workers_idle(const struct workers *workers)
{
    for (const struct workers_group *group = workers->groups; group; group = group->next) {
        if (group->first)
            return false;
    }
    return true;
}

/* Takes the group after `link` out of the list. */
static struct workers_group *workers_unlink(struct workers *workers, struct workers_group **link)
{
    struct workers_group *group = *link;

    *link = group->next;
    if (!*link)
        workers->groups_end = link;
    return group;
}

static void workers_append(struct workers *workers, struct workers_group *group)
{
    group->next = NULL;
    *workers->groups_end = group;
    workers->groups_end = &group->next;
}

/* The next task that may run, and its group, which goes to the end of the line; NULL where there is
 * none. */
static struct workers_task *workers_pick(struct workers *workers, struct workers_group **of)
{
    for (struct workers_group **link = &workers->groups; *link; link = &(*link)->next) {
        struct workers_group *group = *link;
        struct workers_task *task = group->first;

        if (!task || group->running >= workers->running_max)
            continue;
        group->first = task->next;
        if (!group->first)
            group->last = &group->first;
        group->running++;
        workers->waiting--;
        workers_append(workers, workers_unlink(workers, link));
        *of = group;
        return task;
    }
    return NULL;
}

/* Waits for a task; NULL at the end. */
static struct workers_task *workers_take(struct workers *workers, struct workers_group **of)
{
    struct workers_task *task;

    while ((task = workers_pick(workers, of)) == NULL) {
        if (workers->ending && workers_idle(workers))
            return NULL;
        pthread_cond_wait(&workers->arrived, &workers->lock);
    }
    return task;
}

/* One task of the group less runs. */
static void workers_finish(struct workers *workers, struct workers_group *group)
{
    struct workers_group **link = &workers->groups;

    group->running--;
    if (group->first) {
        /* Who waits may have passed it over. */
        pthread_cond_signal(&workers->arrived);
        return;
    }
    if (workers->ending)
        pthread_cond_broadcast(&workers->arrived);
    if (group->running > 0)
        return;
    while (*link != group)
        link = &(*link)->next;
    free(workers_unlink(workers, link));
}

static void *workers_thread(void *argument)
{
    struct workers *workers = argument;
    struct workers_group *group;
    struct workers_task *task;

    pthread_mutex_lock(&workers->lock);
    while ((task = workers_take(workers, &group)) != NULL) {
        pthread_mutex_unlock(&workers->lock);
        task->work(task->argument);
        loop_call(task->loop, task->done, task->argument);
        free(task);
        pthread_mutex_lock(&workers->lock);
        workers_finish(workers, group);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

struct workers *workers_new(unsigned count)
{
    struct workers *workers =
        memory_zeroed(1, sizeof(*workers) + count * sizeof(workers->threads[0]));
    int error = 0;

    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->arrived, NULL);
    workers->groups_end = &workers->groups;
    workers->running_max = count - count / 4;
    while (workers->thread_count < count && !error) {
        error = thread_start(&workers->threads[workers->thread_count], workers_thread, workers);
        if (!error)
            workers->thread_count++;
    }
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

static struct workers_group *workers_group_of(struct workers *workers, uint64_t number)
{
    struct workers_group *group = workers->groups;

    while (group && group->number != number)
        group = group->next;
    if (group)
        return group;
    group = memory_zeroed(1, sizeof(*group));
    group->number = number;
    group->last = &group->first;
    workers_append(workers, group);
    return group;
}

void workers_run(struct workers *workers, struct loop *loop, uint64_t number,
                 void (*work)(void *argument), void (*done)(void *argument), void *argument)
{
    struct workers_task *task = memory_zeroed(1, sizeof(*task));
    struct workers_group *group;

    *task = (struct workers_task){NULL, loop, work, done, argument};
    pthread_mutex_lock(&workers->lock);
    group = workers_group_of(workers, number);
    *group->last = task;
    group->last = &task->next;
    workers->waiting++;
    pthread_cond_signal(&workers->arrived);
    pthread_mutex_unlock(&workers->lock);
}

size_t workers_waiting(struct workers *workers)
{
    size_t waiting;

    pthread_mutex_lock(&workers->lock);
    waiting = workers->waiting;
    pthread_mutex_unlock(&workers->lock);
    return waiting;
}
