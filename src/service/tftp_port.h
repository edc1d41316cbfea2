/* The ports that TFTP transfers leave from. One socket carries many transfers of its lane, told
 * apart by their peers' endpoints: a transfer costs no descriptor, and one system call takes in the
 * acknowledgements of many, or sends the blocks of many.
 *
 * A lane has two such ports at a time. A client that begins again from the same port of its own
 * gets the other one, so that what is late of its old transfer is not taken for the new one's (RFC
 * 1350 section 4: that is what transfer identifiers are for). */
#ifndef BOOTWIRE_SERVICE_TFTP_PORT_H
#define BOOTWIRE_SERVICE_TFTP_PORT_H

#include "net/udp.h"
#include "service/tftp_sender.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct tftp_ports;

/* Which ports transfers may have. */
struct tftp_port_range {
    bool single; /* only the one that requests come to */
    uint16_t low, high;
};

struct tftp_port {
    struct tftp_ports *ports;
    struct tftp_port *next;
    struct udp_socket *socket;
    uint16_t number;
    struct tftp_sender sender;
    struct tftp_port_range range; /* that it was chosen from */
    unsigned transfers;
};

/* What a lane has of them. `received` gets the datagrams of all but the listener. */
struct tftp_ports {
    struct loop *loop;
    struct udp_buffers *buffers;
    struct tftp_bursts *bursts;
    void (*received)(void *argument, const struct datagram *datagram); /* argument: the port */
    void *lane;
    struct tftp_port *list;
    struct tftp_port listener; /* not in the list; its socket is the lane's */
};

void tftp_ports_init(struct tftp_ports *ports, struct loop *loop, struct udp_buffers *buffers,
                     void (*received)(void *argument, const struct datagram *datagram), void *lane);
/* After the last transfer. */
void tftp_ports_release(struct tftp_ports *ports);
/* A port of the range for a transfer, another one than number `unlike` (0: any) where that can be
 * had; NULL with errno. Ports of another range, which was in force before, go with their last
 * transfer, here. Not to be called from `received`. */
struct tftp_port *tftp_port_take(struct tftp_ports *ports, const struct tftp_port_range *range,
                                 uint16_t unlike);
/* The transfer is over. */
void tftp_port_leave(struct tftp_port *port);
/* At the end of a turn: sends what the transfers have queued. */
void tftp_ports_run(struct tftp_ports *ports);

#endif
