/* Who holds a port: for the message that says why a service cannot start. */
#ifndef BOOTWIRE_PLATFORM_LINUX_PORT_HOLDER_H
#define BOOTWIRE_PLATFORM_LINUX_PORT_HOLDER_H

#include <stddef.h>
#include <stdint.h>

/* Writes who holds the local port into `to` (`size` bytes, always NUL-terminated) and returns `to`:
 *
 *     udp port 67 is held by dhcpd (pid 123)
 *     udp port 67 is held by a process that only root can see
 *     udp port 67 is held by the kernel itself, or by a process of another container
 *     udp port 67 is free now
 *
 * `protocol` is "udp" or "tcp"; `port` is in host byte order. For tcp only listening sockets count.
 * Reads /proc of this network namespace, IPv4 and IPv6 (a socket on :: holds the IPv4 port too).
 * The name is the process's own, made printable. It tells what is so at the moment of the call: the
 * holder may have come or gone since the error that made somebody ask. errno is left as it was. */
char *port_holder_text(const char *protocol, uint16_t port, char *to, size_t size);
/* Writes why the port could not be opened into `to`, and what to do about it; returns `to`. `error`
 * is the errno. `cure` says what to do where somebody else holds the port, and why; NULL: nothing
 * more.
 *
 *     udp port 67 cannot be opened: Address already in use; udp port 67 is held by dhcpd (pid 123)
 *     udp port 67 cannot be opened: Permission denied; run as root, or with CAP_NET_BIND_SERVICE
 *     udp port 67 cannot be opened: Too many open files */
char *port_refusal_text(const char *protocol, uint16_t port, int error, const char *cure, char *to,
                        size_t size);

#endif
