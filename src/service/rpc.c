#include "service/nfs.h"
#include "service/rpc_service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/loop.h"
#include "net/workers.h"
#include "service/metrics.h"
#include "service/rpc_account.h"
#include "service/rpc_replay.h"
#include "service/server.h"
#include "store/call_log.h"
#include "store/handles.h"
#include "store/listing_cache.h"
#include "store/mount_list.h"
#include "store/ownership.h"
#include "store/specification.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RPC_REPORT_MS = 10000, /* between two looks for machines that fell silent ... */
    RPC_IDLE_MS = 60000,   /* ... this long */
    RPC_SWEEP_MS = 1000,   /* between two looks for open files that nobody uses, and at progress */
    RPC_WORKERS = 8,       /* disks do several things at once best */
    /* They sleep more than they work; and what waits together, a file system commits together. */
    RPC_SYNCERS = 24,
};

/* Programs register here; portmap answers from the same table. */
const struct rpc_port rpc_ports[] = {
    {RPC_PORTMAP_PORT,
     false,
     METRIC_PORTMAP,
     {&portmap2_program, &rpcbind3_program, &rpcbind4_program}},
    {RPC_MOUNT_PORT, false, METRIC_MOUNT, {&mount1_program, &mount2_program, &mount3_program}},
    {RPC_BOOTPARAM_PORT, false, METRIC_BOOTPARAM, {&bootparam1_program}},
    {RPC_NFS_PORT, true, METRIC_NFS, {&nfs2_program, &nfs3_program}},
};
const size_t rpc_port_count = sizeof(rpc_ports) / sizeof(rpc_ports[0]);

static void rpc_report(void *argument)
{
    struct rpc_service *service = argument;

    rpc_accounts_report(service->accounts, service->server, RPC_IDLE_MS);
    /* A call that was under way at the reload may have opened one of its exports again. */
    if (service->let_go)
        handle_store_let_go(service->handles);
    service->let_go = false;
    loop_timer_start(service->report_timer, RPC_REPORT_MS);
}

static void rpc_swept(void *argument)
{
    struct rpc_service *service = argument;

    loop_timer_start(service->sweep_timer, RPC_SWEEP_MS);
}

static void rpc_sweep_files(void *argument)
{
    struct rpc_service *service = argument;

    handle_store_sweep(service->handles);
    listing_cache_sweep(service->listings, clock_monotonic_ms());
}

/* In a worker: to close the last descriptor of a big deleted file takes time. */
static void rpc_sweep(void *argument)
{
    struct rpc_service *service = argument;

    rpc_accounts_progress(service->accounts, service->server);
    workers_run(service->workers, service->server->control, 0, rpc_sweep_files, rpc_swept, service);
}

static void rpc_stop(void *state)
{
    struct rpc_service *service = state;

    metrics_forget(service->workers);
    metrics_forget(service->syncers);
    /* First, for they work on the lanes' exchanges. */
    workers_free(service->workers);
    workers_free(service->syncers);
    for (size_t i = 0; i < service->lane_count; i++)
        rpc_lane_free(service->lanes[i]);
    free(service->lanes);
    rpc_accounts_report(service->accounts, service->server, 0);
    loop_event_free(service->report_timer);
    loop_event_free(service->sweep_timer);
    rpc_accounts_free(service->accounts);
    rpc_replays_free(service->replays);
    mount_list_free(service->mounts);
    nfs_verifier_end();
    call_log_free(service->calls);
    handle_store_free(service->handles);
    listing_cache_free(service->listings);
    ownership_stop();
    free(service);
}

static void warn_of_ownership(const char *text)
{
    log_warning("nfs: %s", text);
}

static int start_ownership(const struct server *server, char *error, size_t error_size)
{
    struct scope_view view = scope_view_of(server->snapshot, NULL, NULL);
    struct ownership_settings settings = {
        .always = scope_view_number(&view, PARAMETER_KEEP_OWNERSHIP, 0) != 0,
        .state_directory = server->state_directory,
        .warn = warn_of_ownership,
    };

    if (ownership_start(&settings, error, error_size) < 0)
        return -1;
    if (ownership_everywhere())
        log_info("nfs: owners, modes and devices that clients set are kept beside the files%s",
                 settings.always ? "" : ", for this process may not set the real ones");
    return 0;
}

/* Reads the mtree(5) files. What cannot be read is told, and the rest counts: nobody's machine
 * stays down for it. */
static void read_specifications(struct rpc_service *service)
{
    struct snapshot *snapshot = server_snapshot(service->server);
    struct specification *specification = NULL;
    char error[1024];

    if (snapshot->mtrees && !ownership_everywhere())
        log_warning("nfs: mtree has no effect: this server sets real owners and modes; write "
                    "`keep-ownership on;` to serve what the files specify");
    else if (snapshot->mtrees)
        specification = specification_new();
    for (const struct mtree_statement *at = snapshot->mtrees; at && specification; at = at->next) {
        (void)specification_read(specification, at->directory, at->file, error, sizeof(error));
        if (error[0])
            log_warning("nfs: %s:%u: mtree: %s", at->where.file, at->where.line, error);
    }
    if (specification)
        log_info("nfs: %zu files are served as mtree specifies, until clients change them",
                 specification_count(specification));
    ownership_specify(specification);
    snapshot_free(snapshot);
}

/* Who reads the key of the handles makes handles of whatever it likes. */
static void warn_of_exports(const struct rpc_service *service)
{
    struct snapshot *snapshot = server_snapshot(service->server);
    char *state = realpath(service->server->state_directory, NULL);
    const struct export_statement *around = state ? export_around(snapshot, state) : NULL;

    if (around)
        log_warning(
            "nfs: %s:%u: %s holds this server's own state in %s, and with it the key of all "
            "file handles: export another directory",
            around->where.file, around->where.line, around->directory, state);
    free(state);
    snapshot_free(snapshot);
}

static size_t calls_waiting(void *workers)
{
    return workers_waiting(workers);
}

static void *rpc_start(struct server *server, char *error, size_t error_size)
{
    struct rpc_service *service = memory_zeroed(1, sizeof(*service));
    char *mounts;

    service->server = server;
    service->accounts = rpc_accounts_new();
    mounts = memory_printf("%s/" MOUNT_LIST_FILE, server->state_directory);
    service->mounts = mount_list_open(mounts);
    free(mounts);
    service->lanes = memory_zeroed(1 + server->data_loop_count, sizeof(struct rpc_lane *));
    warn_of_exports(service);
    if (start_ownership(server, error, error_size) < 0)
        goto failed;
    read_specifications(service);
    service->handles = handle_store_open(server->state_directory, error, error_size);
    if (!service->handles)
        goto failed;
    service->listings = listing_cache_new();
    service->calls = call_log_open(server->state_directory, error, error_size);
    if (!service->calls)
        log_warning("nfs: %s: a client whose call is cut off by the end of this process may see an "
                    "error after the next start",
                    error);
    nfs_verifier_begin(service->calls);
    service->replays = rpc_replays_new(service->calls ? call_log_secret(service->calls) : NULL);
    service->workers = workers_new(RPC_WORKERS);
    service->syncers = workers_new(RPC_SYNCERS);
    if (!service->workers || !service->syncers) {
        snprintf(error, error_size, "no thread can be started: %s", strerror(errno));
        goto failed;
    }
    metrics_ask(METRIC_QUEUES + METRIC_QUEUE_NFS_WORK, calls_waiting, service->workers);
    metrics_ask(METRIC_QUEUES + METRIC_QUEUE_NFS_SYNC, calls_waiting, service->syncers);
    for (; service->lane_count < 1 + server->data_loop_count; service->lane_count++) {
        bool data = service->lane_count > 0;
        struct loop *loop = data ? server->data_loops[service->lane_count - 1] : server->control;
        struct rpc_lane *lane = rpc_lane_new(service, loop, data, error, error_size);

        if (!lane)
            goto failed;
        service->lanes[service->lane_count] = lane;
    }
    for (size_t i = 0; i < rpc_port_count; i++) {
        server_serves(server, rpc_ports[i].programs[0]->name, "udp", rpc_ports[i].port);
        server_serves(server, rpc_ports[i].programs[0]->name, "tcp", rpc_ports[i].port);
    }
    service->report_timer = loop_timer(server->control, rpc_report, service);
    loop_timer_start(service->report_timer, RPC_REPORT_MS);
    service->sweep_timer = loop_timer(server->control, rpc_sweep, service);
    loop_timer_start(service->sweep_timer, RPC_SWEEP_MS);
    return service;

failed:
    rpc_stop(service);
    return NULL;
}

static void rpc_reloaded(void *state)
{
    struct rpc_service *service = state;

    atomic_fetch_add(&service->configuration, 1);
    handle_store_let_go(service->handles);
    service->let_go = true;
    warn_of_exports(service);
    read_specifications(service);
    listing_cache_clear(service->listings);
}

const struct service service_rpc = {"rpc", rpc_start, rpc_stop, rpc_reloaded};
