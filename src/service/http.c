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
    HTTP_LANES_MIN = 2, /* one of them may wait for the disk */
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
    int handed;              /* a listener that was handed to the process; -1: none */
    struct workers *workers; /* of the lanes; NULL: there are none */
    uint16_t port;           /* 0: not served */
    bool unneeded; /* when it started there was nothing to serve, and nobody has said so since */
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

/* False with errno where the port cannot be opened. */
static bool lane_open(struct http_lane *lane, const struct http_service *service, uint16_t port)
{
    lane->server = service->server;
    lane->lines.per_second = HTTP_LINES_SECOND;
    lane->files = boot_file_cache_new(HTTP_FILES);
    lane->listener =
        service->handed >= 0 ? fcntl(service->handed, F_DUPFD_CLOEXEC, 0) : listen_on(port);
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

/* Whether it gives machines files. */
static bool has_files(const struct snapshot *snapshot)
{
    return snapshot->has_tftp_root || snapshot->recipe_count > 0;
}

/* Or whether somebody else is to read something. */
static bool has_work(const struct snapshot *snapshot)
{
    return has_files(snapshot) || metrics_wanted(snapshot);
}

/* Opens the port for all lanes, and starts their threads: files that these make name the port, so
 * it is told before. 0, or an errno; stop() afterwards in both cases. */
static int open_lanes(struct http_service *service, uint16_t port)
{
    size_t count = cores_usable();
    int error = 0;

    if (count < HTTP_LANES_MIN)
        count = HTTP_LANES_MIN;
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
    service->port = service->server->http_port = port;
    for (size_t i = 0; i < count && !error; i++)
        error = lane_start(&service->lanes[i]);
    return error;
}

/* Takes over the listener that the service manager holds, whose queue outlives this process: a
 * machine that asks during a restart waits, instead of being refused. All lanes share it. False
 * with a message where it listens on another port than the configuration says. */
static bool take_handed(struct http_service *service, uint16_t port, char *error, size_t error_size)
{
    uint16_t handed = 0;

    service->handed = service->server->managed ? service_manager_listener(&handed) : -1;
    if (service->handed < 0)
        return true;
    if (handed == port) {
        int flags = fcntl(service->handed, F_GETFL);

        return fcntl(service->handed, F_SETFL, flags | O_NONBLOCK) == 0;
    }
    snprintf(error, error_size,
             "the service manager handed over a socket of tcp port %u, and http-port is %u: write "
             "the same into the socket's unit (ListenStream=) and the configuration",
             handed, port);
    return false;
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct http_service *service = memory_zeroed(1, sizeof(*service));
    uint16_t port = boot_http_port(server->snapshot);
    int reason;

    service->server = server;
    if (!take_handed(service, port, error, error_size)) {
        release(service);
        return NULL;
    }
    service->unneeded = port != 0 && service->handed < 0 && !has_work(server->snapshot);
    if (port == 0 || service->unneeded)
        return service;
    reason = open_lanes(service, port);
    if (!reason) {
        server_serves(server, "http", "tcp", port);
        return service;
    }
    port_refusal_text("tcp", port, reason, NULL, error, error_size);
    if (port_is_written(server->snapshot)) {
        stop(service);
        return NULL;
    }
    close_lanes(service);
    log_info("http is not served: %s; http-port names another one, or 0 for none", error);
    return service;
}

static void reloaded(void *state)
{
    struct http_service *service = state;
    struct snapshot *snapshot = server_snapshot(service->server);
    uint16_t port = boot_http_port(snapshot);

    if (port_is_written(snapshot) && port != service->port)
        log_warning("http-port %u takes a restart: port %u is served until then", port,
                    service->port);
    else if (service->unneeded && port != 0 && has_files(snapshot)) {
        log_warning("there are files to serve now: http takes a restart, tftp serves them until "
                    "then");
        service->unneeded = false;
    } else if (service->unneeded && port != 0 && metrics_wanted(snapshot)) {
        log_warning("metrics-clients takes a restart, for http is not served yet");
        service->unneeded = false;
    }
    snapshot_free(snapshot);
}

const struct service service_http = {
    .name = "http", .start = start, .stop = stop, .reloaded = reloaded};
