/* Room for long records: reserved from their first byte to their answer. */
#include "net/record_connection.h"

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
