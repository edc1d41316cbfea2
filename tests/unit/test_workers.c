#include "test.h"

#include "net/loop.h"
#include "net/workers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { TASKS = 200 };

struct task {
    struct loop *loop;
    bool worked;
    pthread_t worker;
    unsigned *done;
};

static void work(void *argument)
{
    struct task *task = argument;

    task->worked = true;
    task->worker = pthread_self();
}

static void done(void *argument)
{
    struct task *task = argument;

    assert_true(task->worked);
    assert_false(pthread_equal(task->worker, pthread_self()));
    if (++*task->done == TASKS)
        loop_stop(task->loop);
}

static void work_is_done_elsewhere_and_told_here(void **state)
{
    struct loop *loop = loop_new();
    struct workers *workers = workers_new(3);
    struct task tasks[TASKS];
    unsigned count = 0;

    (void)state;
    assert_non_null(workers);
    for (size_t i = 0; i < TASKS; i++) {
        tasks[i] = (struct task){.loop = loop, .done = &count};
        workers_run(workers, loop, i % 5, work, done, &tasks[i]);
    }
    loop_run(loop);
    assert_int_equal(count, TASKS);
    workers_free(workers);
    loop_free(loop);
}

static void the_end_waits_for_all_work(void **state)
{
    struct loop *loop = loop_new();
    struct workers *workers = workers_new(2);
    struct task tasks[TASKS];
    unsigned count = 0;

    (void)state;
    for (size_t i = 0; i < TASKS; i++) {
        tasks[i] = (struct task){.loop = loop, .done = &count};
        workers_run(workers, loop, i % 5, work, done, &tasks[i]);
    }
    workers_free(workers);
    for (size_t i = 0; i < TASKS; i++)
        assert_true(tasks[i].worked);
    /* Nobody ran the loop, so nobody was told. */
    assert_int_equal(count, 0);
    loop_free(loop);
}

/* A disk that does not answer: its tasks wait at the gate. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    unsigned waiting;
};

struct slow_task {
    struct gate *gate;
    struct loop *loop;
    unsigned *order, *at; /* where the numbers of tasks go as they are done */
    unsigned number;
};

static void wait_at_gate(void *argument)
{
    struct slow_task *task = argument;
    struct gate *gate = task->gate;

    pthread_mutex_lock(&gate->lock);
    gate->waiting++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void open_gate(void *argument)
{
    struct slow_task *task = argument;
    struct gate *gate = task->gate;

    pthread_mutex_lock(&gate->lock);
    assert_false(gate->open);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void note(void *argument)
{
    struct slow_task *task = argument;

    task->order[(*task->at)++] = task->number;
    if (*task->at == 21)
        loop_stop(task->loop);
}

static void one_groups_slow_work_holds_nobody_else(void **state)
{
    struct gate gate = {.open = false};
    struct loop *loop = loop_new();
    struct workers *workers = workers_new(4);
    struct slow_task tasks[21];
    unsigned order[21], at = 0;

    (void)state;
    pthread_mutex_init(&gate.lock, NULL);
    pthread_cond_init(&gate.changed, NULL);
    for (unsigned i = 0; i < 21; i++)
        tasks[i] = (struct slow_task){&gate, loop, order, &at, i};
    for (unsigned i = 0; i < 20; i++)
        workers_run(workers, loop, 7, wait_at_gate, note, &tasks[i]);
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting < 3)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    /* The other group's one task is what lets the twenty go: behind them it would wait for ever. */
    workers_run(workers, loop, 8, open_gate, note, &tasks[20]);
    loop_run(loop);
    assert_int_equal(at, 21);
    workers_free(workers);
    loop_free(loop);
    pthread_cond_destroy(&gate.changed);
    pthread_mutex_destroy(&gate.lock);
}

static void nothing(void *argument)
{
    (void)argument;
}

static void groups_take_turns(void **state)
{
    struct loop *loop = loop_new();
    struct workers *workers = workers_new(1);
    struct gate gate = {.open = false};
    struct slow_task tasks[21];
    unsigned order[21], at = 0;

    (void)state;
    pthread_mutex_init(&gate.lock, NULL);
    pthread_cond_init(&gate.changed, NULL);
    for (unsigned i = 0; i < 21; i++)
        tasks[i] = (struct slow_task){&gate, loop, order, &at, i};
    workers_run(workers, loop, 1, wait_at_gate, note, &tasks[0]);
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting < 1)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    for (unsigned i = 1; i < 20; i++)
        workers_run(workers, loop, 2, nothing, note, &tasks[i]);
    workers_run(workers, loop, 3, nothing, note, &tasks[20]);
    open_gate(&tasks[0]);
    loop_run(loop);
    assert_int_equal(order[0], 0);
    assert_int_equal(order[1], 1);
    assert_int_equal(order[2], 20);
    assert_int_equal(order[3], 2);
    workers_free(workers);
    loop_free(loop);
    pthread_cond_destroy(&gate.changed);
    pthread_mutex_destroy(&gate.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_done_elsewhere_and_told_here),
        cmocka_unit_test(the_end_waits_for_all_work),
        cmocka_unit_test(one_groups_slow_work_holds_nobody_else),
        cmocka_unit_test(groups_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
