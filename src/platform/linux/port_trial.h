/* Whether a port could be opened. */
#ifndef BOOTWIRE_PLATFORM_LINUX_PORT_TRIAL_H
#define BOOTWIRE_PLATFORM_LINUX_PORT_TRIAL_H

#include <stdint.h>

/* Binds the local port ("udp" or "tcp", host byte order) on all IPv4 addresses, shared with nobody,
 * and closes it at once; no connection is taken. Returns 0, or an errno: EADDRINUSE where any
 * socket has it, on whichever address; EACCES where this process may not. */
int port_trial(const char *protocol, uint16_t port);

#endif
