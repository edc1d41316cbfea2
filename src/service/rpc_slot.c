/* What came, for as long as it is worked on and its answer is on the way. */
#include "service/rpc_lane.h"

#include "base/log.h"
#include "base/memory.h"
#include "net/record_stream.h"
#include "service/server.h"
#include "store/handles.h"
#include "wire/xdr.h"

#include <stdlib.h>
#include <string.h>

enum {
    RPC_SLOTS_MAX = 512,      /* exchanges of one lane at a time */
    RPC_REGION_MAX = 4194304, /* bytes of one exchange's region */
};

struct rpc_slot *rpc_slot_take(struct rpc_lane *lane)
{
    struct rpc_slot *slot = lane->idle;

    if (slot) {
        lane->idle = slot->next;
    } else if (lane->slot_count < RPC_SLOTS_MAX) {
        slot = memory_zeroed(1, sizeof(*slot));
        region_init(&slot->region, RPC_REGION_MAX);
        lane->slot_count++;
    } else {
        return NULL;
    }
    slot->previous = NULL;
    slot->next = lane->busy;
    if (slot->next)
        slot->next->previous = slot;
    lane->busy = slot;
    memset(&slot->exchange, 0, sizeof(slot->exchange));
    slot->program = NULL;
    slot->procedure = NULL;
    slot->connection = NULL;
    slot->kept = NULL;
    slot->share = NULL;
    slot->logged = false;
    slot->exchange.server = lane->service->server;
    slot->exchange.service = lane->service;
    slot->exchange.handles = lane->service->handles;
    slot->exchange.loop = lane->loop;
    slot->exchange.region = &slot->region;
    slot->exchange.reply = writer_of(slot->bytes, sizeof(slot->bytes));
    return slot;
}

void rpc_payload_release(struct rpc_exchange *exchange)
{
    if (exchange->payload_release)
        exchange->payload_release(exchange->payload_owner);
    exchange->payload_release = NULL;
    exchange->payload = (struct slice){NULL, 0};
}

/* The arguments are needed no more. */
static void rpc_arguments_release(struct rpc_slot *slot, struct record_connection *connection)
{
    if (slot->kept)
        record_give_back(connection, slot->kept);
    slot->kept = NULL;
}

/* What the slot holds for its exchange. Its connection may be gone. */
static void rpc_slot_clear(struct rpc_slot *slot)
{
    rpc_arguments_release(slot, NULL);
    rpc_payload_release(&slot->exchange);
    handle_export_free(slot->exchange.export);
    rpc_client_free(slot->exchange.client);
    region_reset(&slot->region);
}

void rpc_slot_give_back(void *argument)
{
    struct rpc_slot *slot = argument;
    struct rpc_lane *lane = slot->socket->lane;

    if (slot->socket->port->data)
        counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_NFS, -1);
    if (slot->share)
        slot->share->datagrams--;
    slot->share = NULL;
    rpc_slot_clear(slot);
    if (slot->previous)
        slot->previous->next = slot->next;
    else
        lane->busy = slot->next;
    if (slot->next)
        slot->next->previous = slot->previous;
    slot->next = lane->idle;
    lane->idle = slot;
}

void rpc_set_payload(struct rpc_exchange *exchange, struct slice bytes,
                     void (*release)(void *owner), void *owner)
{
    exchange->payload = bytes;
    exchange->payload_release = release;
    exchange->payload_owner = owner;
}

void rpc_set_payload_file(struct rpc_exchange *exchange, int descriptor, uint64_t offset,
                          size_t length, void (*release)(void *owner), void *owner)
{
    rpc_set_payload(exchange, (struct slice){NULL, length}, release, owner);
    exchange->payload_descriptor = descriptor;
    exchange->payload_offset = offset;
}

void rpc_drop(struct rpc_slot *slot)
{
    rpc_arguments_release(slot, slot->connection);
    if (slot->connection)
        record_drop(slot->connection);
    rpc_slot_give_back(slot);
}

static void rpc_send_file(struct rpc_slot *slot)
{
    const struct rpc_exchange *exchange = &slot->exchange;
    struct iovec header = {slot->bytes, exchange->reply.length};
    struct record_file file = {.descriptor = exchange->payload_descriptor,
                               .offset = exchange->payload_offset,
                               .length = exchange->payload.length,
                               .zeros = xdr_padding(exchange->payload.length)};

    record_answer_file(slot->connection, &header, 1, &file, rpc_slot_give_back, slot);
}

void rpc_send(struct rpc_slot *slot)
{
    static const uint8_t zeros[4];
    struct rpc_exchange *exchange = &slot->exchange;
    struct iovec pieces[3] = {
        {slot->bytes, exchange->reply.length},
        {(void *)exchange->payload.data, exchange->payload.length},
        {(void *)zeros, xdr_padding(exchange->payload.length)},
    };
    int error;

    rpc_arguments_release(slot, slot->connection);
    if (exchange->payload.length > 0 && !exchange->payload.data) {
        rpc_send_file(slot);
        return;
    }
    if (exchange->transport == RPC_TCP) {
        record_answer(slot->connection, pieces, 3, rpc_slot_give_back, slot);
        return;
    }
    error = udp_send(slot->socket->udp, exchange->peer, exchange->local_address,
                     slot->interface_index, pieces, 3);
    if (error) {
        char text[IPV4_TEXT_SIZE];

        log_debug("a reply to %s port %u was not sent: %s", ipv4_text(text, exchange->peer.address),
                  exchange->peer.port, strerror(error));
    }
    rpc_slot_give_back(slot);
}

void rpc_slots_free(struct rpc_lane *lane)
{
    while (lane->busy) {
        struct rpc_slot *slot = lane->busy;

        lane->busy = slot->next;
        rpc_slot_clear(slot);
        slot->next = lane->idle;
        lane->idle = slot;
    }
    while (lane->idle) {
        struct rpc_slot *slot = lane->idle;

        lane->idle = slot->next;
        region_release(&slot->region);
        free(slot);
    }
}
