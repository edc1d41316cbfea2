/* Room for long records: reserved from their first byte to their answer. */
#include "net/record_connection.h"

#include "base/clock.h"
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

/* The room that so many bytes of a record are given. Most of record_max is all of it, for such room
 * is kept for the next one; less is what there is to be, and twice that where a record goes on
 * growing, or many short fragments would have it copied for each of them. */
static size_t record_room_size(const struct record_connection *connection, size_t whole)
{
    size_t record_max = connection->listener->options.record_max;
    size_t size = 2 * connection->room_reserved;

    if (size < whole)
        size = whole;
    return size > record_max / 2 ? record_max : size;
}

bool record_reserve(struct record_connection *connection)
{
    struct record_listener *listener = connection->listener;
    const struct record_options *o = &listener->options;
    size_t whole = connection->record_length + connection->fragment_left;
    size_t has = connection->room_reserved, more, by_peer;

    if (whole <= RECORD_LARGE || whole <= has)
        return true;
    more = record_room_size(connection, whole) - has;
    if (listener->reserved > has && listener->reserved + more > o->large_max)
        return false;
    by_peer = listener->reserved > has ? record_reserved_by(listener, connection->peer.address) : 0;
    if (by_peer > has && by_peer + more > o->large_per_peer_max)
        return false;
    listener->reserved += more;
    connection->reserved += more;
    connection->room_reserved += more;
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

void record_serve_line(struct record_listener *listener)
{
    struct record_connection **link = &listener->waiting;

    while (*link) {
        struct record_connection *connection = *link;

        if (!record_reserve(connection)) {
            link = &connection->next_waiting;
            continue;
        }
        record_leave_line(listener, link);
        connection->active_ms = clock_monotonic_ms();
        record_queue(connection);
    }
}

struct record_room *record_room_new(struct record_listener *listener, size_t capacity)
{
    struct record_room *room = listener->spares;

    if (capacity == listener->options.record_max && room) {
        listener->spares = room->next;
        listener->spare_count--;
    } else {
        room = memory_resize(NULL, sizeof(*room) + capacity, 1);
    }
    room->next = NULL;
    room->capacity = capacity;
    return room;
}

void record_room_free(struct record_listener *listener, struct record_room *room)
{
    if (!room)
        return;
    if (room->capacity < listener->options.record_max ||
        listener->spare_count == RECORD_SPARES_MAX) {
        free(room);
        return;
    }
    room->next = listener->spares;
    listener->spares = room;
    listener->spare_count++;
}

void record_room_release(struct record_listener *listener)
{
    while (listener->spares) {
        struct record_room *room = listener->spares;

        listener->spares = room->next;
        free(room);
    }
    listener->spare_count = 0;
}

struct record_room *record_keep(struct record_connection *connection, struct slice bytes)
{
    struct record_room *room = connection->room;

    if (!room || room->capacity <= RECORD_LARGE || bytes.data < room->bytes ||
        bytes.data > room->bytes + room->capacity)
        return NULL;
    connection->room = NULL;
    return room;
}

void record_give_back(struct record_connection *connection, struct record_room *kept)
{
    if (connection)
        record_room_free(connection->listener, kept);
    else
        free(kept);
}
