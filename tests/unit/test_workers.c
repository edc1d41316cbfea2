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
        workers_run(workers, loop, work, done, &tasks[i]);
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
        workers_run(workers, loop, work, done, &tasks[i]);
    }
    workers_free(workers);
    for (size_t i = 0; i < TASKS; i++)
        assert_true(tasks[i].worked);
    /* Nobody ran the loop, so nobody was told. */
    assert_int_equal(count, 0);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_done_elsewhere_and_told_here),
        cmocka_unit_test(the_end_waits_for_all_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
