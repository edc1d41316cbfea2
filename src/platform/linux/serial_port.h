/* A serial port of this machine: a tty device. */
#ifndef BOOTWIRE_PLATFORM_LINUX_SERIAL_PORT_H
#define BOOTWIRE_PLATFORM_LINUX_SERIAL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An open one. */
struct serial_port {
    int descriptor;     /* does not block */
    char lock_file[96]; /* of ours; empty: none */
};

/* Opens the device, raw, 8 bits, no parity, no flow control, at `speed` baud, without waiting for a
 * carrier, and with TIOCEXCL; the lines are left as they are when it is closed (no HUPCL). As
 * terminal programs do it, a lock file /var/lock/LCK..NAME with our process number keeps the others
 * off; one whose process is gone is removed. Without the right to write there, there is none.
 * 0; or -1 with a message in `error` that names the device, who holds it and the cure. */
int serial_port_open(struct serial_port *port, const char *device, uint32_t speed, char *error,
                     size_t error_size);
/* Closes, and removes the lock file. */
void serial_port_close(struct serial_port *port);
/* Begins or ends a break. 0, or -1 with errno. */
int serial_port_break(const struct serial_port *port, bool on);

#endif
