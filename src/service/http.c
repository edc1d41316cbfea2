/* HTTP/1.1 for iPXE, UEFI's HTTP boot and installers: the files that TFTP serves, from threads of
 * its own. Workers wait for pages that are not in memory; a name, or a file that is changed on its
 * way out, may wait for the disk in a lane, where it stops nobody's DHCP, TFTP or NFS. */
#include "service/http_connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"
#include "net/loop.h"
#include "net/workers.h"
#include "platform/linux/cores.h"
#include "platform/linux/port_holder.h"
#include "platform/linux/service_manager.h"
#include "service/boot_means.h"
#include "service/metrics.h"
#include "service/server.h"
#include "store/boot_file_cache.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HTTP_LANES_MAX = 64,
    HTTP_WORKERS = 4,
    HTTP_BACKLOG = 511,
    HTTP_ACCEPT_TURN = 32, /* connections taken before those that are open have their turn */
    HTTP_SWEEP_MS = 1000,
    HTTP_FILES = 256, /* kept open by each lane, until nobody asked for them between two sweeps */
    HTTP_LINES_SECOND = 100, /* of the log, for each lane */
};

struct http_service {
    struct server *server;
    struct http_lane *lanes;
    size_t lane_count;
    int handed; /* a listener that was handed to the process, of handed_port; -1: none */
    uint16_t handed_port;
    struct workers *workers; /* of the lanes; NULL: there are none */
    uint16_t port;           /* 0: not served */
};

/* ---- A lane ---- */

static void accept_some(void *argument, int what)
{
    struct http_lane *lane = argument;

    (void)what;
    for (int i = 0; i < HTTP_ACCEPT_TURN; i++) {
        struct sockaddr_in peer, local;
        socklen_t peer_size = sizeof(peer), local_size = sizeof(local);
        int descriptor = accept4(lane->listener, (struct sockaddr *)&peer, &peer_size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (descriptor < 0) {
            /* No descriptor is free: until the next sweep nobody else is let in. */
            if (errno == EMFILE || errno == ENFILE)
                loop_watch_change(lane->accepting, 0);
            return;
        }
        if (getsockname(descriptor, (struct sockaddr *)&local, &local_size) < 0)
            local.sin_addr.s_addr = 0;
        http_connection_open(lane, descriptor, ntohl(peer.sin_addr.s_addr),
                             ntohl(local.sin_addr.s_addr));
    }
}

static void swept(void *argument)
{
    struct http_lane *lane = argument;

    http_connections_sweep(lane, clock_monotonic_ms());
    boot_file_cache_sweep(lane->files);
    if (lane->accepting)
        loop_watch_change(lane->accepting, LOOP_READ);
    loop_timer_start(lane->tick, HTTP_SWEEP_MS);
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;

    if (descriptor < 0)
        return -1;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) == 0 &&
        bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(descriptor, HTTP_BACKLOG) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

/* The listener that the service manager holds has a queue that outlives this process: a machine
 * that asks during a restart waits, instead of being refused. All lanes share it. */
static int listener_for(const struct http_service *service, uint16_t port)
{
    return service->handed >= 0 ? fcntl(service->handed, F_DUPFD_CLOEXEC, 0) : listen_on(port);
}

/* False with errno where the port cannot be opened. */
static bool lane_open(struct http_lane *lane, const struct http_service *service, uint16_t port)
{
    lane->server = service->server;
    lane->next = HTTP_NEXT_SAME;
    lane->lines.per_second = HTTP_LINES_SECOND;
    lane->files = boot_file_cache_new(HTTP_FILES);
    lane->listener = listener_for(service, port);
    if (lane->listener < 0)
        return false;
    lane->loop = loop_new();
    if (!lane->loop)
        return false;
    lane->accepting = loop_watch(lane->loop, lane->listener, LOOP_READ, accept_some, lane);
    lane->tick = loop_timer(lane->loop, swept, lane);
    loop_timer_start(lane->tick, HTTP_SWEEP_MS);
    return true;
}

/* In the lane's thread: takes the listener that waits for it in the place of its own. */
static void lane_move(void *argument)
{
    struct http_lane *lane = argument;
    int next = atomic_exchange(&lane->next, HTTP_NEXT_SAME);

    if (next == HTTP_NEXT_SAME)
        return;
    if (lane->listener >= 0) {
        /* Who has connected already would find the connection broken. */
        for (int i = 0; i <= HTTP_BACKLOG / HTTP_ACCEPT_TURN; i++)
            accept_some(lane, LOOP_READ);
        loop_event_free(lane->accepting);
        close(lane->listener);
    }
    http_connections_leave(lane);
    lane->listener = next >= 0 ? next : -1;
    lane->accepting = next >= 0 ? loop_watch(lane->loop, next, LOOP_READ, accept_some, lane) : NULL;
}

/* In the control thread. `next`: a descriptor, or HTTP_NEXT_NONE. */
static void lane_tell(struct http_lane *lane, int next)
{
    int waiting = atomic_exchange(&lane->next, next);

    /* The last reload's, which the lane has not taken yet. */
    if (waiting >= 0)
        close(waiting);
    loop_call(lane->loop, lane_move, lane);
}

static void lane_stop(struct http_lane *lane)
{
    if (!lane->has_thread)
        return;
    loop_stop(lane->loop);
    pthread_join(lane->thread, NULL);
}

static void lane_close(struct http_lane *lane)
{
    while (lane->connections)
        http_connection_close(lane->connections);
    http_cold_release(lane);
    boot_file_cache_free(lane->files);
    map_release(&lane->clients);
    loop_event_free(lane->accepting);
    loop_event_free(lane->tick);
    loop_free(lane->loop);
    if (lane->listener >= 0)
        close(lane->listener);
    if (lane->next >= 0)
        close(lane->next);
}

static void *lane_run(void *argument)
{
    struct http_lane *lane = argument;

    loop_run(lane->loop);
    return NULL;
}

static int lane_start(struct http_lane *lane)
{
    int error = thread_start(&lane->thread, lane_run, lane);

    lane->has_thread = error == 0;
    return error;
}

/* ---- The service ---- */

static void release(struct http_service *service)
{
    if (service->handed >= 0)
        close(service->handed);
    free(service);
}

static void close_lanes(struct http_service *service)
{
    for (size_t i = 0; i < service->lane_count; i++)
        lane_stop(&service->lanes[i]);
    workers_free(service->workers);
    service->workers = NULL;
    for (size_t i = 0; i < service->lane_count; i++)
        lane_close(&service->lanes[i]);
    free(service->lanes);
    service->lanes = NULL;
    service->lane_count = 0;
    service->port = service->server->http_port = 0;
}

static void stop(void *state)
{
    struct http_service *service = state;

    close_lanes(service);
    release(service);
}

/* Whether the configuration names the port. */
static bool port_is_written(const struct snapshot *snapshot)
{
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);

    return scope_view_find(&view, SPACE_PARAMETER, PARAMETER_HTTP_PORT) != NULL;
}

/* The port to serve: none where nobody is to read anything, neither files nor metrics. Who connects
 * to a port that was handed over would wait for ever, and is answered anyhow. */
static uint16_t wanted_port(const struct http_service *service, const struct snapshot *snapshot)
{
    return service->handed >= 0 || snapshot->has_tftp_root || snapshot->recipe_count > 0 ||
                   metrics_wanted(snapshot)
               ? boot_http_port(snapshot)
               : 0;
}

/* 0, or an errno: then close_lanes() is to follow. */
static int make_lanes(struct http_service *service, uint16_t port)
{
    size_t count = cores_usable();
    int error = 0;

    if (count > HTTP_LANES_MAX)
        count = HTTP_LANES_MAX;
    service->workers = workers_new(HTTP_WORKERS);
    if (!service->workers)
        return errno;
    service->lanes = memory_zeroed(count, sizeof(*service->lanes));
    while (service->lane_count < count) {
        struct http_lane *lane = &service->lanes[service->lane_count++];

        lane->workers = service->workers;
        if (!lane_open(lane, service, port))
            return errno;
    }
    /* Files that the threads make name it. */
    service->port = service->server->http_port = port;
    for (size_t i = 0; i < count && !error; i++)
        error = lane_start(&service->lanes[i]);
    return error;
}

/* Has the lanes listen on another port, or on none. 0, or an errno: then all is as it was. */
static int move_lanes(struct http_service *service, uint16_t port)
{
    int listeners[HTTP_LANES_MAX], error = 0;
    size_t count = 0;

    while (port != 0 && count < service->lane_count && !error) {
        listeners[count] = listener_for(service, port);
        if (listeners[count] < 0)
            error = errno;
        else
            count++;
    }
    while (error && count > 0)
        close(listeners[--count]);
    if (error)
        return error;
    service->port = service->server->http_port = port;
    for (size_t i = 0; i < service->lane_count; i++)
        lane_tell(&service->lanes[i], port != 0 ? listeners[i] : HTTP_NEXT_NONE);
    return 0;
}

/* Serves that port alone from now on, or none. False with the text that says why; then all is as it
 * was. */
static bool serve_on(struct http_service *service, uint16_t port, char *error, size_t error_size)
{
    int reason = 0;

    if (service->handed >= 0 && port != service->handed_port) {
        snprintf(error, error_size,
                 "the service manager handed over a socket of tcp port %u, and http-port is %u: "
                 "write the same into the socket's unit (ListenStream=) and the configuration",
                 service->handed_port, port);
        return false;
    }
    if (service->lane_count > 0) {
        reason = move_lanes(service, port);
    } else if (port != 0) {
        reason = make_lanes(service, port);
        if (reason)
            close_lanes(service);
    }
    if (reason)
        port_refusal_text("tcp", port, reason, NULL, error, error_size);
    return reason == 0;
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct http_service *service = memory_zeroed(1, sizeof(*service));

    service->server = server;
    service->handed = server->managed ? service_manager_listener(&service->handed_port) : -1;
    if (service->handed >= 0)
        (void)fcntl(service->handed, F_SETFL, fcntl(service->handed, F_GETFL) | O_NONBLOCK);
    if (serve_on(service, wanted_port(service, server->snapshot), error, error_size))
        return service;
    if (service->handed >= 0 || port_is_written(server->snapshot)) {
        stop(service);
        return NULL;
    }
    log_info("http is not served: %s; http-port names another one, or 0 for none", error);
    return service;
}

static void reloaded(void *state)
{
    struct http_service *service = state;
    struct snapshot *snapshot = server_snapshot(service->server);
    uint16_t port = wanted_port(service, snapshot), before = service->port;
    char error[512];

    snapshot_free(snapshot);
    if (port == before)
        return;
    if (!serve_on(service, port, error, sizeof(error))) {
        if (before)
            log_warning("http stays on port %u: %s; http-port names another one, or 0 for none",
                        before, error);
        else
            log_info("http is not served: %s; http-port names another one, or 0 for none", error);
    } else if (port) {
        log_info("http is served on port %u now", port);
    } else {
        log_info("http is not served any more; what is under way comes to its end");
    }
}

const struct service service_http = {
    .name = "http", .start = start, .stop = stop, .reloaded = reloaded};
