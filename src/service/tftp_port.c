#include "service/tftp_port.h"

#include "base/memory.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

enum {
    PORTS_MAX = 2, /* of one range at a time */
    PORT_TRIES = 64,
};

void tftp_ports_init(struct tftp_ports *ports, struct loop *loop, struct udp_buffers *buffers,
                     void (*received)(void *argument, const struct datagram *datagram), void *lane)
{
    *ports =
        (struct tftp_ports){.loop = loop, .buffers = buffers, .received = received, .lane = lane};
    ports->bursts = tftp_bursts_new(loop);
    ports->listener.ports = ports;
}

static void port_free(struct tftp_port *port)
{
    udp_close(port->socket);
    free(port);
}

void tftp_ports_release(struct tftp_ports *ports)
{
    while (ports->list) {
        struct tftp_port *port = ports->list;

        ports->list = port->next;
        port_free(port);
    }
    tftp_bursts_free(ports->bursts);
    ports->bursts = NULL;
}

static bool same_range(const struct tftp_port_range *a, const struct tftp_port_range *b)
{
    return a->low == b->low && a->high == b->high;
}

static struct tftp_port *port_open(struct tftp_ports *ports, const struct tftp_port_range *range)
{
    struct udp_options options = {.buffers = ports->buffers, .no_destination = true};
    struct tftp_port *port = memory_zeroed(1, sizeof(*port));
    uint32_t count = (uint32_t)range->high - range->low + 1;
    uint32_t first = randombytes_uniform(count);

    for (uint32_t i = 0; i < PORT_TRIES && i < count && !port->socket; i++) {
        options.local.port = (uint16_t)(range->low + (first + i) % count);
        port->socket = udp_open(ports->loop, &options, ports->received, port);
        if (!port->socket && errno != EADDRINUSE)
            break;
    }
    if (!port->socket) {
        free(port);
        return NULL;
    }
    port->ports = ports;
    port->range = *range;
    port->number = options.local.port;
    port->next = ports->list;
    ports->list = port;
    tftp_sender_init(&port->sender, port->socket, ports->bursts);
    return port;
}

/* Ports of a range that is no longer in force. */
static void ports_retire(struct tftp_ports *ports, const struct tftp_port_range *range)
{
    struct tftp_port **place = &ports->list;

    while (*place) {
        struct tftp_port *port = *place;

        if (port->transfers > 0 || same_range(&port->range, range)) {
            place = &port->next;
            continue;
        }
        *place = port->next;
        port_free(port);
    }
}

struct tftp_port *tftp_port_take(struct tftp_ports *ports, const struct tftp_port_range *range,
                                 uint16_t unlike)
{
    struct tftp_port *best = NULL, *opened;
    unsigned count = 0;

    if (range->single) {
        ports->listener.transfers++;
        return &ports->listener;
    }
    ports_retire(ports, range);
    for (struct tftp_port *port = ports->list; port; port = port->next) {
        if (!same_range(&port->range, range))
            continue;
        count++;
        if (!best || best->number == unlike)
            best = port;
    }
    /* A second one only for whom it makes a difference. */
    if (!best || (best->number == unlike && count < PORTS_MAX)) {
        opened = port_open(ports, range);
        best = opened ? opened : best;
    }
    if (best)
        best->transfers++;
    return best;
}

void tftp_port_leave(struct tftp_port *port)
{
    port->transfers--;
}

void tftp_ports_run(struct tftp_ports *ports)
{
    tftp_sender_run(&ports->listener.sender);
    for (struct tftp_port *port = ports->list; port; port = port->next)
        tftp_sender_run(&port->sender);
}
