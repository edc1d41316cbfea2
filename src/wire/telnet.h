/* The telnet protocol (RFC 854, RFC 855), as the client of a serial port behind a TCP port speaks
 * it: terminal servers, ser2net, service processors, QEMU's `-serial telnet:`. Of the options ECHO
 * (RFC 857), SUPPRESS-GO-AHEAD (RFC 858) and BINARY (RFC 856) are taken, all others refused, among
 * them COM-PORT-OPTION (RFC 2217): the speed is set at the other end. Pure. */
#ifndef BOOTWIRE_WIRE_TELNET_H
#define BOOTWIRE_WIRE_TELNET_H

#include "base/cursor.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TELNET_ANSWER_MAX = 3, /* bytes that one byte may be answered with */
    TELNET_DATA_MAX = 2,   /* bytes that one byte may be sent as */
};

/* One connection. All zero is the start. */
struct telnet {
    bool spoken;  /* the other end speaks telnet */
    bool settled; /* whether it does is known */
    int state;
    uint8_t verb;
    uint32_t theirs, ours; /* bits of the options below 32 that are on, at that end and at this */
};

/* Takes what came. The other end speaks telnet where the first thing that it sends is a
 * negotiation; else all bytes, 255 too, are the port's. What the port says goes to `data` (room for
 * `bytes.length` + 1: a first byte may have waited to be judged), what is to be sent back to
 * `answer` (room for TELNET_ANSWER_MAX times as much). */
void telnet_decode(struct telnet *telnet, struct slice bytes, struct writer *data,
                   struct writer *answer);
/* Writes what goes to the port (room for TELNET_DATA_MAX times `bytes.length`): a byte 255 twice,
 * and a NUL behind a carriage return where the connection is not binary. As it is where the other
 * end does not speak telnet. */
void telnet_encode(const struct telnet *telnet, struct slice bytes, struct writer *to);
/* IAC BRK: two bytes. */
void telnet_break(struct writer *to);

#endif
