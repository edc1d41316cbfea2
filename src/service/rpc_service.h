/* What the files of the RPC service share among themselves; programs see service/rpc.h only. */
#ifndef BOOTWIRE_SERVICE_RPC_SERVICE_H
#define BOOTWIRE_SERVICE_RPC_SERVICE_H

#include "model/metrics.h"
#include "service/rpc.h"

#include <stdatomic.h>
#include <stdint.h>

struct call_log;
struct listing_cache;
struct mount_list;
struct rpc_accounts;
struct rpc_lane;
struct rpc_replays;
struct workers;

enum { RPC_PORT_PROGRAMS_MAX = 4 };

/* In the state directory: store/mount_list.h. */
#define MOUNT_LIST_FILE "mounts"

/* One row per port: where it is, who serves it, what answers there. */
struct rpc_port {
    uint16_t port;
    bool data;                   /* a socket in each data loop; else one in the control loop */
    enum metric_service service; /* what its calls count as */
    const struct rpc_program *programs[RPC_PORT_PROGRAMS_MAX];
};

extern const struct rpc_port rpc_ports[];
extern const size_t rpc_port_count;

struct rpc_service {
    struct server *server;
    struct handle_store *handles;
    struct call_log *calls;              /* NULL: the state directory has no room for it */
    atomic_uint_least64_t configuration; /* grows with each reload */
    bool let_go; /* exports that were taken away are to be closed: the control thread's */
    struct rpc_accounts *accounts;
    struct rpc_replays *replays;
    struct workers *workers; /* for NFS procedures that may have to wait for the disk */
    struct workers *syncers; /* for those that end with it: fsync(2) */
    struct listing_cache *listings;
    struct mount_list *mounts; /* who mounted what; the control thread's */
    struct loop_event *report_timer, *sweep_timer;
    struct rpc_lane **lanes; /* the control loop's, then one per data loop */
    size_t lane_count;
};

/* The part of the service that lives in one loop's thread. Opens the sockets of the ports that
 * belong to it; NULL with a message in `error`. */
struct rpc_lane *rpc_lane_new(struct rpc_service *service, struct loop *loop, bool data,
                              char *error, size_t error_size);
/* After the loop has ended. */
void rpc_lane_free(struct rpc_lane *lane);

#endif
