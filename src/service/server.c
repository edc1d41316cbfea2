#include "service/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "config/config.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "platform/linux/cores.h"
#include "platform/linux/service_manager.h"
#include "service/boots.h"
#include "service/journal.h"
#include "service/machines.h"
#include "service/reloader.h"
#include "service/serve.h"
#include "service/step_feed.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the order they start; NULL ends the table. */
static const struct service *const services[] = {
    &service_dhcp, &service_tftp,   &service_http,    &service_rpc,
    &service_rarp, &service_serial, &service_control, NULL,
};

enum {
    SERVICE_MAX = 16,
    DATA_LOOPS_MAX = 64,
    ERROR_SIZE = 1024,
};

/* A server while it runs, with what only this file needs. */
struct running {
    struct server server;
    const struct serve_options *options;
    void *states[SERVICE_MAX]; /* what each service's start returned */
    pthread_t threads[DATA_LOOPS_MAX];
    size_t thread_count;
    struct loop_event *signals[3];
    struct loop_event *watchdog; /* NULL: nobody asks whether the control loop still turns */
    struct reloader *reloader;
    struct step_feed *feed; /* NULL: nobody tells */
};

struct snapshot *server_snapshot(struct server *server)
{
    struct snapshot *snapshot;

    pthread_mutex_lock(&server->snapshot_lock);
    snapshot = snapshot_hold(server->snapshot);
    pthread_mutex_unlock(&server->snapshot_lock);
    return snapshot;
}

/* A person sees the line itself, with a mark below; a program gets one object. */
static void say_diagnostic(const struct diagnostic *diagnostic)
{
    const struct position *where = &diagnostic->where;
    const struct log_field fields[] = {
        {"file", LOG_FIELD_TEXT, where->file, 0},
        {"line", LOG_FIELD_NUMBER, NULL, where->line},
        {"column", LOG_FIELD_NUMBER, NULL, where->column},
    };
    bool wrong = diagnostic->severity == DIAGNOSTIC_ERROR;
    char *text;

    if (log_is_plain()) {
        text = diagnostic_text(diagnostic);
        fputs(text, stderr);
        free(text);
    } else if (where->line == 0) {
        log_line_with(wrong ? LOG_ERROR : LOG_WARNING, fields, 1, "%s: %s", where->file,
                      diagnostic->message);
    } else {
        log_line_with(wrong ? LOG_ERROR : LOG_WARNING, fields, 3, "%s:%u:%u: %s", where->file,
                      where->line, where->column, diagnostic->message);
    }
}

/* Loads the file and logs what is to be said about it; NULL where it cannot be used. */
static struct snapshot *load(const char *path)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_load(path, &diagnostics);

    for (size_t i = 0; i < diagnostics.count; i++)
        say_diagnostic(&diagnostics.list[i]);
    diagnostics_release(&diagnostics);
    return snapshot;
}

/* What of the configuration is no service's. */
static void settle(struct server *server)
{
    struct snapshot *snapshot = server_snapshot(server);
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);

    boots_set_patience(server->boots, scope_view_number(&view, PARAMETER_VERDICT_SILENCE, 100));
    snapshot_free(snapshot);
}

/* It serves, and what became of the configuration. */
static void tell_manager(const struct running *running, const char *what)
{
    if (!running->server.managed)
        return;
    service_manager_status("serving; %s %s", running->options->config_path, what);
    service_manager_ready();
}

/* The control loop turns. The others may wait for a disk, which no restart makes faster. */
static void watchdog_expired(void *argument)
{
    struct running *running = argument;

    service_manager_alive();
    loop_timer_start(running->watchdog, service_manager_watchdog_ms());
}

static void begin_watchdog(struct running *running)
{
    if (!running->server.managed || service_manager_watchdog_ms() == 0)
        return;
    running->watchdog = loop_timer(running->server.control, watchdog_expired, running);
    watchdog_expired(running);
}

/* A configuration has been read again. */
static void reloaded(void *argument, struct snapshot *fresh)
{
    struct running *running = argument;
    struct snapshot *old;

    counter_add(METRIC_RELOADS + (fresh ? 0 : 1), 1);
    counter_set(METRIC_RELOAD_GOOD, fresh != NULL);
    counter_set(METRIC_RELOAD_TRIED, clock_wall_seconds());
    if (!fresh) {
        tell_manager(running, "has errors: the configuration read before stays in force");
        log_error("%s has errors: the configuration read before stays in force",
                  running->options->config_path);
        return;
    }
    pthread_mutex_lock(&running->server.snapshot_lock);
    old = running->server.snapshot;
    running->server.snapshot = fresh;
    pthread_mutex_unlock(&running->server.snapshot_lock);
    snapshot_free(old);
    for (size_t i = 0; services[i]; i++) {
        if (services[i]->reloaded)
            services[i]->reloaded(running->states[i]);
    }
    settle(&running->server);
    machines_settle(running->server.machines, fresh);
    counter_set(METRIC_RELOAD_TIME, clock_wall_seconds());
    tell_manager(running, "read again and in force");
    log_info("%s read again and in force", running->options->config_path);
}

static void reload(void *argument)
{
    struct running *running = argument;

    if (running->server.managed)
        service_manager_reloading();
    if (!reloader_start(running->reloader))
        tell_manager(running, "was not read again, for a thread could not be started");
}

static void terminate(void *argument)
{
    struct running *running = argument;

    if (running->server.managed)
        service_manager_stopping();
    log_info("ending");
    loop_stop(running->server.control);
}

/* The state directory: the option's, else the configuration's, else the default; made if missing.
 */
static int prepare_state_directory(struct running *running)
{
    const struct snapshot *snapshot = running->server.snapshot;
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);
    const struct setting *setting =
        scope_view_find(&view, SPACE_PARAMETER, PARAMETER_STATE_DIRECTORY);
    const char *directory = running->options->state_directory;
    struct stat info;

    if (!directory && setting)
        directory = (const char *)setting->value.data;
    if (!directory)
        directory = SERVE_STATE_DIRECTORY;
    /* The snapshot that holds the name may go with a reload. */
    running->server.state_directory = memory_string(directory);
    if (stat(directory, &info) == 0 && !S_ISDIR(info.st_mode)) {
        log_error("the state directory %s is no directory; move it away, or name another with "
                  "state-directory \"...\"; or --state",
                  directory);
        return -1;
    }
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
        log_error("the state directory %s cannot be made: %s; make it, or name another with "
                  "state-directory \"...\"; or --state",
                  directory, strerror(errno));
        return -1;
    }
    return 0;
}

static int start_services(struct running *running)
{
    char error[ERROR_SIZE] = "";

    for (size_t i = 0; services[i]; i++) {
        running->states[i] = services[i]->start(&running->server, error, sizeof(error));
        if (!running->states[i]) {
            log_error("%s: %s", services[i]->name, error);
            return -1;
        }
    }
    return 0;
}

static int make_loops(struct server *server, size_t data_loop_count)
{
    if (data_loop_count == 0)
        data_loop_count = cores_usable();
    if (data_loop_count > DATA_LOOPS_MAX)
        data_loop_count = DATA_LOOPS_MAX;
    server->control = loop_new();
    server->data_loops = memory_zeroed(data_loop_count, sizeof(struct loop *));
    for (; server->data_loop_count < data_loop_count; server->data_loop_count++) {
        struct loop *loop = loop_new();

        if (!loop)
            break;
        server->data_loops[server->data_loop_count] = loop;
    }
    if (server->control && server->data_loop_count == data_loop_count)
        return 0;
    log_error("an event loop cannot be made: %s", strerror(errno));
    return -1;
}

static void *run_data_loop(void *loop)
{
    loop_run(loop);
    return NULL;
}

static int run_loops(struct running *running)
{
    struct server *server = &running->server;
    int error = 0;

    for (; running->thread_count < server->data_loop_count && !error; running->thread_count++) {
        error = thread_start(&running->threads[running->thread_count], run_data_loop,
                             server->data_loops[running->thread_count]);
        if (error)
            break;
    }
    if (error)
        log_error("a thread cannot be started: %s", strerror(error));
    else
        loop_run(server->control);
    for (size_t i = 0; i < running->thread_count; i++)
        loop_stop(server->data_loops[i]);
    for (size_t i = 0; i < running->thread_count; i++)
        pthread_join(running->threads[i], NULL);
    return error ? -1 : 0;
}

/* Each connection and each open file is a descriptor: the usual soft limit of 1,024 is for programs
 * that use select(). */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void watch_signals(struct running *running)
{
    struct loop *control = running->server.control;

    signal(SIGPIPE, SIG_IGN);
    /* A limit on the size of files is an error of one write, as a full disk is: not our end. */
    signal(SIGXFSZ, SIG_IGN);
    running->reloader =
        reloader_new(control, running->options->config_path, load, reloaded, running);
    running->signals[0] = loop_signal(control, SIGTERM, terminate, running);
    running->signals[1] = loop_signal(control, SIGINT, terminate, running);
    running->signals[2] = loop_signal(control, SIGHUP, reload, running);
}

static void release(struct running *running)
{
    struct server *server = &running->server;

    for (size_t i = SERVICE_MAX; i > 0; i--) {
        if (running->states[i - 1])
            services[i - 1]->stop(running->states[i - 1]);
    }
    for (size_t i = 0; i < sizeof(running->signals) / sizeof(running->signals[0]); i++)
        loop_event_free(running->signals[i]);
    loop_event_free(running->watchdog);
    reloader_free(running->reloader);
    step_feed_free(running->feed);
    for (size_t i = 0; i < server->data_loop_count; i++)
        loop_free(server->data_loops[i]);
    free(server->data_loops);
    loop_free(server->control);
    machines_free(server->machines);
    journal_free(server->journal);
    boots_free(server->boots);
    snapshot_free(server->snapshot);
    free((char *)server->state_directory);
    pthread_mutex_destroy(&server->snapshot_lock);
}

int serve(const struct serve_options *options)
{
    struct running running = {.options = options};
    int result = -1;

    pthread_mutex_init(&running.server.snapshot_lock, NULL);
    running.server.managed = options->managed;
    if (options->managed)
        log_set_priorities(service_manager_has_log());
    running.server.snapshot = load(options->config_path);
    if (!running.server.snapshot)
        goto out;
    running.server.config_path = options->config_path;
    running.server.began_ms = clock_monotonic_ms();
    counter_set(METRIC_RELOAD_GOOD, 1);
    counter_set(METRIC_RELOAD_TIME, clock_wall_seconds());
    counter_set(METRIC_RELOAD_TRIED, clock_wall_seconds());
    running.server.control_path = options->control_path;
    running.server.consoles = options->consoles;
    running.server.console_count = options->console_count;
    running.server.boots = boots_new();
    settle(&running.server);
    running.server.journal = journal_new(options->journal_descriptor, running.server.boots);
    running.server.machines = machines_new();
    if (prepare_state_directory(&running) < 0)
        goto out;
    if (make_loops(&running.server, options->data_loop_count) < 0)
        goto out;
    raise_descriptor_limit();
    watch_signals(&running);
    if (start_services(&running) < 0)
        goto out;
    if (options->told_descriptor >= 0)
        running.feed = step_feed_new(&running.server, options->told_descriptor);
    begin_watchdog(&running);
    tell_manager(&running, "in force");
    log_info("serving; configuration %s", options->config_path);
    if (options->ready)
        options->ready(options->ready_argument);
    result = run_loops(&running);
out:
    release(&running);
    return result;
}
