#include "net/loop.h"

#include "base/memory.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LOOP_TURN_END_MAX = 4 };

struct loop_call {
    struct loop_call *next;
    void (*function)(void *argument);
    void *argument;
};

struct loop {
    struct event_base *base;
    struct loop_event *wake; /* of wake_descriptor: calls wait, or the loop shall stop */
    int wake_descriptor;
    atomic_bool stopping;
    pthread_mutex_t calls_lock; /* guards calls and calls_tail */
    struct loop_call *calls;
    struct loop_call **calls_tail;
    struct loop_call turn_ends[LOOP_TURN_END_MAX]; /* their next is unused */
    size_t turn_end_count;
};

struct loop_event {
    struct loop *loop;
    struct event *event;
    int descriptor, what; /* what is waited for */
    void (*ready)(void *argument, int what);
    void (*expired)(void *argument);
    void *argument;
};

static void loop_run_calls(struct loop *loop)
{
    struct loop_call *calls;

    pthread_mutex_lock(&loop->calls_lock);
    calls = loop->calls;
    loop->calls = NULL;
    loop->calls_tail = &loop->calls;
    pthread_mutex_unlock(&loop->calls_lock);
    while (calls) {
        struct loop_call *call = calls;

        calls = call->next;
        call->function(call->argument);
        free(call);
    }
}

static void loop_woken(void *argument, int what)
{
    struct loop *loop = argument;
    uint64_t count;

    (void)what;
    (void)!read(loop->wake_descriptor, &count, sizeof(count));
    loop_run_calls(loop);
}

static void loop_wake(struct loop *loop)
{
    uint64_t one = 1;

    /* A full counter wakes the loop just as well. */
    (void)!write(loop->wake_descriptor, &one, sizeof(one));
}

struct loop *loop_new(void)
{
    struct loop *loop = memory_zeroed(1, sizeof(*loop));
    int error;

    loop->wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake_descriptor < 0)
        goto failed;
    loop->base = event_base_new();
    if (!loop->base)
        goto failed;
    pthread_mutex_init(&loop->calls_lock, NULL);
    loop->calls_tail = &loop->calls;
    loop->wake = loop_watch(loop, loop->wake_descriptor, LOOP_READ, loop_woken, loop);
    return loop;

failed:
    error = errno;
    if (loop->wake_descriptor >= 0)
        close(loop->wake_descriptor);
    free(loop);
    errno = error;
    return NULL;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    while (loop->calls) {
        struct loop_call *call = loop->calls;

        loop->calls = call->next;
        free(call);
    }
    loop_event_free(loop->wake);
    close(loop->wake_descriptor);
    event_base_free(loop->base);
    pthread_mutex_destroy(&loop->calls_lock);
    free(loop);
}

void loop_run(struct loop *loop)
{
    while (!atomic_load(&loop->stopping)) {
        event_base_loop(loop->base, EVLOOP_ONCE);
        for (size_t i = 0; i < loop->turn_end_count; i++)
            loop->turn_ends[i].function(loop->turn_ends[i].argument);
    }
    atomic_store(&loop->stopping, false);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    loop_wake(loop);
}

void loop_call(struct loop *loop, void (*function)(void *argument), void *argument)
{
    struct loop_call *call = memory_zeroed(1, sizeof(*call));
    bool first;

    call->function = function;
    call->argument = argument;
    pthread_mutex_lock(&loop->calls_lock);
    first = !loop->calls;
    *loop->calls_tail = call;
    loop->calls_tail = &call->next;
    pthread_mutex_unlock(&loop->calls_lock);
    /* Whoever put the first one there has woken the loop for all. */
    if (first)
        loop_wake(loop);
}

void loop_at_turn_end(struct loop *loop, void (*function)(void *argument), void *argument)
{
    if (loop->turn_end_count == LOOP_TURN_END_MAX)
        abort();
    loop->turn_ends[loop->turn_end_count].function = function;
    loop->turn_ends[loop->turn_end_count++].argument = argument;
}

static void loop_event_fired(evutil_socket_t descriptor, short what, void *argument)
{
    struct loop_event *event = argument;

    (void)descriptor;
    if (event->ready)
        event->ready(event->argument,
                     (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0));
    else
        event->expired(event->argument);
}

static struct loop_event *loop_event_new(struct loop *loop, int descriptor, short what,
                                         void *argument)
{
    struct loop_event *event = memory_zeroed(1, sizeof(*event));

    event->loop = loop;
    event->descriptor = descriptor;
    event->argument = argument;
    event->event = event_new(loop->base, descriptor, what, loop_event_fired, event);
    if (!event->event)
        abort();
    return event;
}

static short loop_event_flags(int what)
{
    return (short)((what & LOOP_READ ? EV_READ : 0) | (what & LOOP_WRITE ? EV_WRITE : 0) |
                   EV_PERSIST);
}

struct loop_event *loop_watch(struct loop *loop, int descriptor, int what,
                              void (*ready)(void *argument, int what), void *argument)
{
    struct loop_event *event = loop_event_new(loop, descriptor, loop_event_flags(what), argument);

    event->ready = ready;
    event->what = what;
    if (what)
        event_add(event->event, NULL);
    return event;
}

void loop_watch_change(struct loop_event *event, int what)
{
    if (what == event->what)
        return;
    event->what = what;
    event_del(event->event);
    if (!what)
        return;
    event_assign(event->event, event->loop->base, event->descriptor, loop_event_flags(what),
                 loop_event_fired, event);
    event_add(event->event, NULL);
}

struct loop_event *loop_signal(struct loop *loop, int signal, void (*arrived)(void *argument),
                               void *argument)
{
    struct loop_event *event = loop_event_new(loop, signal, EV_SIGNAL | EV_PERSIST, argument);

    event->expired = arrived;
    event_add(event->event, NULL);
    return event;
}

struct loop_event *loop_timer(struct loop *loop, void (*expired)(void *argument), void *argument)
{
    struct loop_event *event = loop_event_new(loop, -1, 0, argument);

    event->expired = expired;
    return event;
}

void loop_timer_start(struct loop_event *event, uint64_t delay_ms)
{
    struct timeval delay = {(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000 * 1000)};

    event_add(event->event, &delay);
}

void loop_timer_stop(struct loop_event *event)
{
    event_del(event->event);
}

void loop_event_free(struct loop_event *event)
{
    if (!event)
        return;
    event_free(event->event);
    free(event);
}
