/* What the files of one lane (service/rpc_service.h) share: its exchanges and how they end. */
#ifndef BOOTWIRE_SERVICE_RPC_LANE_H
#define BOOTWIRE_SERVICE_RPC_LANE_H

#include "base/region.h"
#include "service/rpc_clients.h"
#include "service/rpc_replay.h"
#include "service/rpc_service.h"
#include "service/rpc_share.h"
#include "store/call_log.h"

enum { RPC_LANE_PORTS_MAX = 4, RPC_LANE_EXPORTS_SEEN = 4 };

struct handle_export;
struct record_connection;
struct record_listener;
struct rpc_lane;
struct udp_socket;

struct rpc_socket {
    struct rpc_lane *lane;
    const struct rpc_port *port;
    struct udp_socket *udp;
    struct record_listener *tcp;
};

/* An exchange with what only the lane needs. */
struct rpc_slot {
    struct rpc_exchange exchange; /* first: pointers to it are pointers to the slot */
    struct rpc_slot *next, *previous;
    struct rpc_socket *socket;
    struct record_connection *connection; /* TCP */
    struct record_room *kept;             /* the record's bytes, which the arguments are in */
    unsigned interface_index;             /* UDP */
    struct rpc_share *share;              /* UDP */
    struct rpc_slot *deferred;            /* the next call that waits for its time */
    uint64_t due_ms;                      /* its time, of the monotonic clock */
    uint64_t began_us;                    /* when the call came */
    const struct rpc_program *program;
    const struct rpc_procedure *procedure; /* NULL where the call named none */
    struct rpc_replay_key replay_key;      /* where the procedure runs once */
    struct rpc_replay_waiter waiter;       /* for the answer to the call that this one repeats */
    struct call_log_key log_key;           /* where `logged` */
    uint32_t log_place;
    bool logged;
    struct region region;
    uint8_t bytes[RPC_REPLY_MAX];
};

struct rpc_lane {
    struct rpc_service *service;
    struct loop *loop;
    struct rpc_socket sockets[RPC_LANE_PORTS_MAX];
    size_t socket_count;
    struct rpc_clients clients;
    struct rpc_shares shares;
    struct rpc_slot *deferred, **deferred_end; /* calls of clients that had their bandwidth */
    struct loop_event *deferred_timer;
    struct rpc_slot *idle, *busy;
    size_t slot_count;
    uint64_t said_ms; /* when nonsense was last logged; 0: never */
    /* Exports whose paths were looked at since something was received last. */
    struct handle_export *seen[RPC_LANE_EXPORTS_SEEN];
    size_t seen_count;
};

/* A slot for what came, busy from now on; NULL where the lane has as many as it may. */
struct rpc_slot *rpc_slot_take(struct rpc_lane *lane);
/* The payload is not sent. */
void rpc_payload_release(struct rpc_exchange *exchange);
/* Nothing is left to be done: the slot is idle again. For callbacks: `argument` is one. */
void rpc_slot_give_back(void *argument);
/* Frees all slots, at the lane's end: what is under way is left without answer. */
void rpc_slots_free(struct rpc_lane *lane);

/* Sends what stands in the reply, and the payload after it; the slot is gone. */
void rpc_send(struct rpc_slot *slot);
/* Leaves the call without answer; the slot is gone. */
void rpc_drop(struct rpc_slot *slot);
/* Runs the procedure, unless the call is a repetition. */
void rpc_run(struct rpc_slot *slot);

/* Forgets that the exports' directories were seen at their paths: calls that came later ask anew.
 */
void rpc_exports_unsee(struct rpc_lane *lane);

/* Counts what came of the call. */
void rpc_count_result(const struct rpc_slot *slot, enum metric_result result);

/* Answers a call that was sent again as it was answered before; true where it is not to run. */
bool rpc_replayed(struct rpc_slot *slot);
/* Keeps the answer for the client that asks again. */
void rpc_remember(struct rpc_slot *slot, int status);

#endif
