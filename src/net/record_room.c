/* Room for long records: reserved from their first byte to their answer. */
#include "net/record_connection.h"

#include "base/memory.h"

#include <stdlib.h>

/* The bytes of long records that connections of one address have reserved. */
static size_t record_reserved_by(const struct record_listener *listener, uint32_t address)
{
    size_t reserved = 0;

    for (const struct record_connection *c = listener->connections; c; c = c->next)
        reserved += c->peer.address == address ? c->reserved : 0;
    return reserved;
}

bool record_reserve(struct record_connection *connection, size_t length)
{
    struct record_listener *listener = connection->listener;
    const struct record_options *o = &listener->options;
    size_t by_peer;

    if (listener->reserved > 0 && listener->reserved + length > o->large_max)
        return false;
    by_peer = listener->reserved > 0 ? record_reserved_by(listener, connection->peer.address) : 0;
    if (by_peer > 0 && by_peer + length > o->large_per_peer_max)
        return false;
    listener->reserved += length;
    connection->reserved += length;
    return true;
}

void record_unreserve(struct record_connection *connection)
{
    struct record_listener *listener = connection->listener;

    listener->reserved -= connection->reserved;
    connection->reserved = 0;
    if (listener->waiting)
        record_call_turn_over(listener);
}

void record_wait_in_line(struct record_connection *connection)
{
    connection->waits = true;
    connection->next_waiting = NULL;
    *connection->listener->waiting_tail = connection;
    connection->listener->waiting_tail = &connection->next_waiting;
}

void record_leave_line(struct record_listener *listener, struct record_connection **link)
{
    struct record_connection *connection = *link;

    connection->waits = false;
    *link = connection->next_waiting;
    if (!*link)
        listener->waiting_tail = link;
}

uint8_t *record_room_new(struct record_listener *listener)
{
    struct record_spare *spare = listener->spares;

    if (!spare)
        return memory_resize(NULL, listener->options.record_max, 1);
    listener->spares = spare->next;
    listener->spare_count--;
    return (uint8_t *)spare;
}

void record_room_free(struct record_listener *listener, uint8_t *room)
{
    struct record_spare *spare = (struct record_spare *)room;

    if (listener->spare_count == RECORD_SPARES_MAX) {
        free(room);
        return;
    }
    spare->next = listener->spares;
    listener->spares = spare;
    listener->spare_count++;
}

void record_room_release(struct record_listener *listener)
{
    while (listener->spares) {
        struct record_spare *spare = listener->spares;

        listener->spares = spare->next;
        free(spare);
    }
    listener->spare_count = 0;
}

void *record_keep(struct record_connection *connection, struct slice bytes)
{
    uint8_t *record = connection->record;

    if (connection->record_capacity <= RECORD_LARGE || bytes.data < record ||
        bytes.data > record + connection->record_capacity)
        return NULL;
    connection->record = NULL;
    connection->record_capacity = 0;
    return record;
}

void record_give_back(struct record_connection *connection, void *kept)
{
    if (connection)
        record_room_free(connection->listener, kept);
    else
        free(kept);
}
