#include "service/rpc_lane.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/loop.h"
#include "net/record_stream.h"
#include "platform/linux/port_holder.h"
#include "service/journal.h"
#include "service/rpc_account.h"
#include "service/server.h"
#include "store/handles.h"
#include "wire/nfs2.h"
#include "wire/nfs3.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RPC_QUIET_MS = 1000,        /* between two log lines about what a flood would repeat */
    RPC_CONNECTIONS_MAX = 2048, /* of one port in one lane: a thousand diskless machines */
    /* One address gets a quarter of the slots at most: as many connections as Linux's nconnect
     * makes, with this many calls of each worked on or waiting to be sent. Only NFS replies are
     * long enough for it: the other ports keep record_stream.h's limits. */
    RPC_PEER_CONNECTIONS_MAX = 16,
    RPC_CONNECTION_CALLS_MAX = 8,
    RPC_LARGE_CALLS_MAX = 10 << 20, /* bytes of long calls in all lanes; of a lane at least: */
    RPC_LANE_LARGE_CALLS_MIN = 4 << 20,
};

int rpc_null(struct rpc_exchange *exchange)
{
    (void)exchange;
    return RPC_SUCCESS;
}

static const char *transport_name(enum rpc_transport transport)
{
    return transport == RPC_UDP ? "udp" : "tcp";
}

/* May a line about nonsense be written? One client's must not fill the disk. */
static bool rpc_may_say(struct rpc_lane *lane)
{
    uint64_t now = clock_monotonic_ms();

    if (lane->said_ms && now - lane->said_ms < RPC_QUIET_MS)
        return log_wants(LOG_DEBUG);
    lane->said_ms = now ? now : 1;
    return true;
}

void rpc_count(struct rpc_exchange *exchange, uint64_t bytes_read, uint64_t bytes_written)
{
    if (bytes_read > 0)
        counter_add(METRIC_SENT_BYTES + METRIC_MOVER_NFS, (int64_t)bytes_read);
    if (bytes_written > 0)
        counter_add(METRIC_RECEIVED_BYTES + METRIC_MOVER_NFS, (int64_t)bytes_written);
    if (exchange->client->account)
        rpc_account_bytes(exchange->client->account, bytes_read, bytes_written);
}

void rpc_step(const struct rpc_exchange *exchange, struct boot_step step)
{
    const struct rpc_client *client = exchange->client;
    struct machine machine = client->machine;

    step.address = client->address;
    step.host = client->host ? client->host->name : NULL;
    /* The stage changes while the client stays the same. */
    (void)machines_get(exchange->server->machines, client->address, &machine);
    step.stage = machine.stage;
    step.hardware = machine.hardware;
    journal_step(exchange->server->journal, &step);
}

static void rpc_log_call(const struct rpc_slot *slot, int status)
{
    const struct rpc_exchange *exchange = &slot->exchange;
    char text[IPV4_TEXT_SIZE];

    log_debug("%s %s v%u %s over %s, xid %08x: status %d, %zu bytes",
              ipv4_text(text, exchange->peer.address), slot->program ? slot->program->name : "rpc",
              exchange->call.version, slot->procedure ? slot->procedure->name : "?",
              transport_name(exchange->transport), exchange->call.xid, status,
              exchange->reply.length + exchange->payload.length);
}

/* Keeps the machine's account; its first call after a mount is a step of its boot. */
static void rpc_account_exchange(struct rpc_slot *slot)
{
    struct rpc_exchange *exchange = &slot->exchange;
    char asked[64], got[EXPORT_PATH_MAX + 64], directory[EXPORT_PATH_MAX];

    if (!slot->program->wants_export || exchange->call.procedure == 0 ||
        !exchange->client->account || !rpc_account_call(exchange->client->account) ||
        !exchange->export)
        return;
    snprintf(asked, sizeof(asked), "%s v%u over %s", slot->procedure->name, slot->program->version,
             transport_name(exchange->transport));
    snprintf(got, sizeof(got), "the first call since its mount; its root is %s",
             text_printable(directory, sizeof(directory),
                            slice_of_string(handle_export_path(exchange->export))));
    rpc_step(exchange, (struct boot_step){.service = slot->program->name,
                                          .event = STEP_NFS_CALL,
                                          .asked = asked,
                                          .got = got,
                                          .subject = handle_export_path(exchange->export)});
}

/* The call's own words did not decode. */
static void rpc_log_garbage(const struct rpc_slot *slot)
{
    const struct rpc_exchange *exchange = &slot->exchange;
    char text[IPV4_TEXT_SIZE];

    if (rpc_may_say(slot->socket->lane))
        log_warning("%s v%u %s from %s over %s: its arguments are cut off or nonsense",
                    slot->program->name, exchange->call.version, slot->procedure->name,
                    ipv4_text(text, exchange->peer.address), transport_name(exchange->transport));
}

void rpc_count_result(const struct rpc_slot *slot, enum metric_result result)
{
    metric_exchange(slot->socket->port->service, result);
}

/* How long it took, and which procedure it was. */
static void rpc_count_nfs(const struct rpc_slot *slot)
{
    uint32_t version = slot->program->version, procedure = slot->exchange.call.procedure;
    enum metric_nfs_kind kind = METRIC_NFS_OTHER;

    if (version == 2)
        kind = procedure == NFS2_READ    ? METRIC_NFS_READ
               : procedure == NFS2_WRITE ? METRIC_NFS_WRITE
                                         : METRIC_NFS_OTHER;
    else if (procedure == NFS3_READ)
        kind = METRIC_NFS_READ;
    else if (procedure == NFS3_WRITE || procedure == NFS3_COMMIT)
        kind = METRIC_NFS_WRITE;
    counter_add(METRIC_NFS_CALLS + (version == 2 ? 0 : METRIC_NFS2_CALLS) + procedure, 1);
    metric_time(METRIC_ROW_NFS_CALL, kind, clock_monotonic_us() - slot->began_us);
}

static void rpc_count_finish(const struct rpc_slot *slot, int status)
{
    enum metric_result result = METRIC_INVALID;

    if (status == RPC_SUCCESS)
        result = slot->exchange.refused ? METRIC_REFUSED : METRIC_OK;
    else if (status == RPC_SILENT)
        result = METRIC_IGNORED;
    else if (status == RPC_SYSTEM_ERR)
        result = METRIC_FAILED;
    rpc_count_result(slot, result);
    if (slot->socket->port->service == METRIC_NFS)
        rpc_count_nfs(slot);
}

static void rpc_finish(struct rpc_slot *slot, int status)
{
    struct rpc_exchange *exchange = &slot->exchange;

    if (status == RPC_SUCCESS && exchange->arguments.failed)
        status = RPC_GARBAGE_ARGS;
    if (status == RPC_SUCCESS && exchange->reply.failed)
        status = RPC_SYSTEM_ERR;
    if (exchange->transport == RPC_UDP &&
        exchange->reply.length + exchange->payload.length + 3 > UDP_DATAGRAM_MAX)
        status = RPC_SYSTEM_ERR;
    if (log_wants(LOG_DEBUG))
        rpc_log_call(slot, status);
    if (status == RPC_GARBAGE_ARGS)
        rpc_log_garbage(slot);
    if (slot->procedure->repetition != RPC_RUNS_AGAIN)
        rpc_remember(slot, status);
    rpc_count_finish(slot, status);
    if (status == RPC_SILENT) {
        rpc_drop(slot);
        return;
    }
    rpc_account_exchange(slot);
    if (status != RPC_SUCCESS) {
        rpc_payload_release(exchange);
        exchange->reply = writer_of(slot->bytes, sizeof(slot->bytes));
        rpc_write_accepted(&exchange->reply, exchange->call.xid, (enum rpc_status)status);
    }
    rpc_send(slot);
}

bool rpc_keep_arguments(struct rpc_exchange *exchange)
{
    struct rpc_slot *slot = (struct rpc_slot *)exchange;
    size_t length = reader_left(&exchange->arguments);
    const uint8_t *data = exchange->arguments.data + exchange->arguments.offset;
    uint8_t *copy;

    if (exchange->kept)
        return true;
    if (slot->connection)
        slot->kept = record_keep(slot->connection, slice_of(data, length));
    exchange->kept = slot->kept != NULL;
    if (exchange->kept)
        return true;
    copy = region_allocate(exchange->region, length + 1);
    if (!copy)
        return false;
    memcpy(copy, data, length);
    exchange->arguments = reader_of(copy, length);
    exchange->call.credentials.machine = (struct slice){NULL, 0};
    exchange->kept = true;
    return true;
}

void rpc_complete(struct rpc_exchange *exchange, int status)
{
    rpc_finish((struct rpc_slot *)exchange, status);
}

/* The machine asks for a version of a program that has others. */
static void rpc_tell_mismatch(const struct rpc_exchange *exchange, const char *name, uint32_t low,
                              uint32_t high)
{
    char asked[80], got[80], served[40];

    if (!exchange->client->account ||
        !rpc_account_troubled(exchange->client->account, RPC_TROUBLE_VERSION))
        return;
    snprintf(asked, sizeof(asked), "%s version %u over %s", name, exchange->call.version,
             transport_name(exchange->transport));
    snprintf(served, sizeof(served), "%u to %u", low, high);
    snprintf(got, sizeof(got), "refused: versions %s are served", served);
    rpc_step(exchange, (struct boot_step){
                           .service = name,
                           .event = STEP_NFS_REFUSED,
                           .reason = REASON_VERSION,
                           .subject = asked,
                           .hint = served,
                           .asked = asked,
                           .got = got,
                           .refused = true,
                       });
}

/* The program that the call names, or NULL with the reason written as the reply. */
static const struct rpc_program *rpc_find_program(const struct rpc_port *port,
                                                  struct rpc_exchange *exchange)
{
    const struct rpc_call *call = &exchange->call;
    uint32_t low = UINT32_MAX, high = 0;
    const char *name = "";

    for (size_t i = 0; i < RPC_PORT_PROGRAMS_MAX && port->programs[i]; i++) {
        const struct rpc_program *program = port->programs[i];

        if (program->program != call->program)
            continue;
        if (program->version == call->version)
            return program;
        name = program->name;
        low = program->version < low ? program->version : low;
        high = program->version > high ? program->version : high;
    }
    if (low <= high) {
        rpc_tell_mismatch(exchange, name, low, high);
        rpc_write_program_mismatch(&exchange->reply, call->xid, low, high);
    } else {
        rpc_write_accepted(&exchange->reply, call->xid, RPC_PROG_UNAVAIL);
    }
    return NULL;
}

/* May the client call this program at all? */
static bool rpc_admit(struct rpc_slot *slot)
{
    struct rpc_exchange *exchange = &slot->exchange;

    if (!slot->program->wants_export || exchange->call.procedure == 0)
        return true;
    /* A machine that had an export and has none now learns that its handles are void (RFC 1813
     * section 2.6: "access to it has been revoked"). */
    if (exchange->client->verdict == EXPORT_UNKNOWN_MACHINE) {
        rpc_write_auth_error(&exchange->reply, exchange->call.xid, RPC_AUTH_TOOWEAK);
        return false;
    }
    return true;
}

void rpc_run(struct rpc_slot *slot)
{
    struct rpc_exchange *exchange = &slot->exchange;
    int status;

    if (slot->procedure->repetition != RPC_RUNS_AGAIN && rpc_replayed(slot))
        return;
    rpc_write_accepted(&exchange->reply, exchange->call.xid, RPC_SUCCESS);
    status = slot->procedure->handler(exchange);
    if (status != RPC_LATER)
        rpc_finish(slot, status);
}

/* How long the client's bandwidth has it wait. */
static uint64_t rpc_wait_of(const struct rpc_slot *slot)
{
    const struct rpc_client *client = slot->exchange.client;
    uint64_t rate;

    if (!slot->program->wants_export || slot->exchange.call.procedure == 0 || !client->account)
        return 0;
    rate = scope_view_number(&client->view, PARAMETER_NFS_BANDWIDTH, 0);
    return rate > 0 ? rpc_account_wait(client->account, rate) : 0;
}

static void rpc_defer(struct rpc_slot *slot, uint64_t wait_ms)
{
    struct rpc_lane *lane = slot->socket->lane;

    slot->due_ms = clock_monotonic_ms() + wait_ms;
    slot->deferred = NULL;
    counter_add(METRIC_QUEUES + METRIC_QUEUE_NFS_DELAYED, 1);
    *lane->deferred_end = slot;
    lane->deferred_end = &slot->deferred;
}

/* Runs those whose time has come; of one client only as many as its bandwidth is good for. */
static void rpc_run_deferred(void *argument)
{
    struct rpc_lane *lane = argument;
    struct rpc_slot *slot = lane->deferred, *next;
    uint64_t now = clock_monotonic_ms(), first = UINT64_MAX;

    lane->deferred = NULL;
    lane->deferred_end = &lane->deferred;
    for (; slot; slot = next) {
        uint64_t wait = slot->due_ms > now ? slot->due_ms - now : rpc_wait_of(slot);

        next = slot->deferred;
        counter_add(METRIC_QUEUES + METRIC_QUEUE_NFS_DELAYED, -1);
        if (wait == 0) {
            rpc_run(slot);
            continue;
        }
        rpc_defer(slot, wait);
        first = wait < first ? wait : first;
    }
    if (lane->deferred)
        loop_timer_start(lane->deferred_timer, first);
}

/* Has the call wait where its client moved more than it may; true where it does. */
static bool rpc_deferred(struct rpc_slot *slot)
{
    struct rpc_lane *lane = slot->socket->lane;
    uint64_t wait = rpc_wait_of(slot);

    if (wait == 0)
        return false;
    (void)rpc_keep_arguments(&slot->exchange);
    if (!lane->deferred)
        loop_timer_start(lane->deferred_timer, wait);
    rpc_defer(slot, wait);
    return true;
}

static void rpc_dispatch(struct rpc_slot *slot)
{
    struct rpc_exchange *exchange = &slot->exchange;
    const struct rpc_call *call = &exchange->call;

    exchange->client = rpc_clients_get(&slot->socket->lane->clients, exchange->peer.address);
    slot->program = rpc_find_program(slot->socket->port, exchange);
    if (!slot->program) {
        rpc_count_result(slot, METRIC_INVALID);
        rpc_send(slot);
        return;
    }
    if (call->procedure < slot->program->procedure_count &&
        slot->program->procedures[call->procedure].handler)
        slot->procedure = &slot->program->procedures[call->procedure];
    if (!slot->procedure) {
        rpc_count_result(slot, METRIC_INVALID);
        rpc_write_accepted(&exchange->reply, call->xid, RPC_PROC_UNAVAIL);
        rpc_send(slot);
        return;
    }
    if (!rpc_admit(slot)) {
        rpc_count_result(slot, METRIC_REFUSED);
        rpc_send(slot);
        return;
    }
    if (!rpc_deferred(slot))
        rpc_run(slot);
}

/* Takes what came, whichever way. */
static void rpc_take(struct rpc_slot *slot, struct slice bytes)
{
    struct rpc_exchange *exchange = &slot->exchange;
    struct rpc_call *call = &exchange->call;

    slot->began_us = clock_monotonic_us();
    if (slot->socket->port->data)
        counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_NFS, 1);
    exchange->arguments = reader_of_slice(bytes);
    switch (rpc_read_call(&exchange->arguments, call)) {
    case RPC_DECODED_CALL:
        rpc_dispatch(slot);
        return;
    case RPC_DECODED_MISMATCH:
        rpc_count_result(slot, METRIC_INVALID);
        rpc_write_mismatch(&exchange->reply, call->xid);
        rpc_send(slot);
        return;
    case RPC_DECODED_BAD_AUTH:
        rpc_count_result(slot, METRIC_REFUSED);
        rpc_write_auth_error(&exchange->reply, call->xid,
                             call->credentials.flavor == RPC_AUTH_SYS ? RPC_AUTH_BADCRED
                                                                      : RPC_AUTH_REJECTEDCRED);
        rpc_send(slot);
        return;
    case RPC_DECODED_NONSENSE:
        break;
    }
    rpc_count_result(slot, METRIC_INVALID);
    if (rpc_may_say(slot->socket->lane)) {
        char text[IPV4_TEXT_SIZE];

        log_warning("%zu bytes from %s to %s port %u are no RPC call", bytes.length,
                    ipv4_text(text, exchange->peer.address), transport_name(exchange->transport),
                    slot->socket->port->port);
    }
    if (slot->connection)
        record_hang_up(slot->connection);
    rpc_slot_give_back(slot);
}

static void rpc_datagram(void *argument, const struct datagram *datagram)
{
    struct rpc_socket *socket = argument;
    struct rpc_share *share = rpc_shares_get(&socket->lane->shares, datagram->peer.address);
    struct rpc_slot *slot;

    if (datagram->fresh)
        rpc_exports_unsee(socket->lane);
    /* The client asks again. */
    if (share->datagrams >= RPC_SHARE_DATAGRAMS_MAX)
        return;
    slot = rpc_slot_take(socket->lane);
    if (!slot)
        return;
    share->datagrams++;
    slot->share = share;
    slot->socket = socket;
    slot->interface_index = datagram->interface_index;
    slot->exchange.transport = RPC_UDP;
    slot->exchange.peer = datagram->peer;
    slot->exchange.local_address = datagram->local_address;
    rpc_take(slot, datagram->bytes);
}

static void rpc_record(void *argument, const struct record *record)
{
    struct rpc_socket *socket = argument;
    struct rpc_slot *slot = rpc_slot_take(socket->lane);

    if (record->fresh)
        rpc_exports_unsee(socket->lane);
    if (!slot) {
        /* The client connects and asks again; without an answer it would wait for ever. */
        record_hang_up(record->connection);
        return;
    }
    slot->socket = socket;
    slot->connection = record->connection;
    slot->exchange.transport = RPC_TCP;
    slot->exchange.peer = record->peer;
    slot->exchange.local_address = record->local_address;
    rpc_take(slot, record->bytes);
}

/* Whoever has no export has no use for long records. */
static bool rpc_is_stranger(void *argument, struct endpoint peer)
{
    struct rpc_socket *socket = argument;
    const struct rpc_client *client = rpc_clients_get(&socket->lane->clients, peer.address);
    bool stranger = client->verdict != EXPORT_GRANTED;

    rpc_client_free(client);
    return stranger;
}

static void rpc_refused(void *argument, struct endpoint peer, const char *why)
{
    struct rpc_socket *socket = argument;
    char text[IPV4_TEXT_SIZE];

    if (rpc_may_say(socket->lane))
        log_warning("a connection from %s to tcp port %u is closed: %s",
                    ipv4_text(text, peer.address), socket->port->port, why);
}

/* Says why a port could not be opened. */
static void rpc_port_error(const char *protocol, uint16_t port, char *error, size_t error_size)
{
    port_refusal_text(protocol, port, errno,
                      "end it, for this server answers portmap, mount and NFS itself", error,
                      error_size);
}

/* The lane's part of the bytes that long calls may take. */
static size_t rpc_large_max(const struct rpc_lane *lane)
{
    size_t lanes = lane->service->server->data_loop_count;
    size_t part = lanes > 1 ? RPC_LARGE_CALLS_MAX / lanes : RPC_LARGE_CALLS_MAX;

    return part > RPC_LANE_LARGE_CALLS_MIN ? part : RPC_LANE_LARGE_CALLS_MIN;
}

static int rpc_socket_open(struct rpc_socket *socket, char *error, size_t error_size)
{
    const struct rpc_port *port = socket->port;
    size_t large = rpc_large_max(socket->lane);
    struct udp_options udp = {.local.port = port->port, .reuse_port = port->data};
    struct record_options tcp = {.local.port = port->port,
                                 .reuse_port = port->data,
                                 .record_max = port->data ? RPC_RECORD_MAX : 65536,
                                 .large_max = large,
                                 .large_per_peer_max = large / 2 + RPC_RECORD_MAX,
                                 .connections_max = RPC_CONNECTIONS_MAX,
                                 .connections_per_peer_max =
                                     port->data ? RPC_PEER_CONNECTIONS_MAX : 0,
                                 .requests_max = port->data ? RPC_CONNECTION_CALLS_MAX : 0,
                                 .stranger = rpc_is_stranger,
                                 .refused = rpc_refused};

    /* Only NFS WRITE is long. */
    udp.datagram_max = port->data ? UDP_DATAGRAM_MAX : 9000;
    socket->udp = udp_open(socket->lane->loop, &udp, rpc_datagram, socket);
    if (!socket->udp) {
        rpc_port_error("udp", port->port, error, error_size);
        return -1;
    }
    socket->tcp = record_listen(socket->lane->loop, &tcp, rpc_record, socket);
    if (!socket->tcp) {
        rpc_port_error("tcp", port->port, error, error_size);
        return -1;
    }
    return 0;
}

/* An export that nobody asks for is not held. */
static void rpc_turn_ended(void *argument)
{
    rpc_exports_unsee(argument);
}

struct rpc_lane *rpc_lane_new(struct rpc_service *service, struct loop *loop, bool data,
                              char *error, size_t error_size)
{
    struct rpc_lane *lane = memory_zeroed(1, sizeof(*lane));

    lane->service = service;
    lane->loop = loop;
    lane->deferred_end = &lane->deferred;
    lane->deferred_timer = loop_timer(loop, rpc_run_deferred, lane);
    rpc_clients_init(&lane->clients, service);
    if (data)
        loop_at_turn_end(loop, rpc_turn_ended, lane);
    for (size_t i = 0; i < rpc_port_count && lane->socket_count < RPC_LANE_PORTS_MAX; i++) {
        struct rpc_socket *socket = &lane->sockets[lane->socket_count];

        if (rpc_ports[i].data != data)
            continue;
        lane->socket_count++;
        socket->lane = lane;
        socket->port = &rpc_ports[i];
        if (rpc_socket_open(socket, error, error_size) < 0) {
            rpc_lane_free(lane);
            return NULL;
        }
    }
    return lane;
}

void rpc_lane_free(struct rpc_lane *lane)
{
    if (!lane)
        return;
    for (size_t i = 0; i < lane->socket_count; i++) {
        udp_close(lane->sockets[i].udp);
        record_listener_close(lane->sockets[i].tcp);
    }
    rpc_slots_free(lane);
    rpc_exports_unsee(lane);
    loop_event_free(lane->deferred_timer);
    rpc_shares_release(&lane->shares);
    rpc_clients_release(&lane->clients);
    free(lane);
}
