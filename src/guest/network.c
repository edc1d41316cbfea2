#include "guest/network.h"

#include "guest/addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char bridge_name[] = "bootwire0";
static const char alias_name[] = "bootwire0:1"; /* the bridge's second address */
static const char tap_name[] = "guest0";

static struct ifreq interface_request(const char *name)
{
    struct ifreq request;

    memset(&request, 0, sizeof(request));
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    return request;
}

static int interface_up(int control, const char *name)
{
    struct ifreq request = interface_request(name);

    if (ioctl(control, SIOCGIFFLAGS, &request) < 0)
        return -1;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    return ioctl(control, SIOCSIFFLAGS, &request);
}

static int interface_set(int control, const char *name, unsigned long what, uint32_t address)
{
    struct ifreq request = interface_request(name);
    struct sockaddr_in socket_address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};

    memcpy(&request.ifr_addr, &socket_address, sizeof(socket_address));
    return ioctl(control, what, &request);
}

static int tap_open(void)
{
    struct ifreq request = interface_request(tap_name);
    /* Not close-on-exec: QEMU inherits it. */
    int tap = open("/dev/net/tun", O_RDWR);

    if (tap < 0)
        return -1;
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (ioctl(tap, TUNSETIFF, &request) < 0) {
        int failed = errno;

        close(tap);
        errno = failed;
        return -1;
    }
    return tap;
}

static int bridge_make(int control, const struct guest_addresses *addresses)
{
    struct ifreq request = interface_request(bridge_name);

    if (ioctl(control, SIOCBRADDBR, bridge_name) < 0)
        return -1;
    if (interface_set(control, bridge_name, SIOCSIFADDR, addresses->server) < 0 ||
        interface_set(control, bridge_name, SIOCSIFNETMASK, addresses->netmask) < 0)
        return -1;
    if (addresses->also && (interface_set(control, alias_name, SIOCSIFADDR, addresses->also) < 0 ||
                            interface_set(control, alias_name, SIOCSIFNETMASK, UINT32_MAX) < 0))
        return -1;
    request = interface_request(tap_name);
    if (ioctl(control, SIOCGIFINDEX, &request) < 0)
        return -1;
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", bridge_name);
    return ioctl(control, SIOCBRADDIF, &request);
}

int guest_network_enter(const struct guest_addresses *addresses, char *error, size_t error_size)
{
    int control = -1, tap = -1;

    if (unshare(CLONE_NEWNET) < 0) {
        snprintf(error, error_size, "no network namespace can be made: %s; run needs root",
                 strerror(errno));
        return -1;
    }
    tap = tap_open();
    if (tap < 0) {
        snprintf(error, error_size,
                 "/dev/net/tun gives no tap device: %s; load the kernel's module \"tun\"",
                 strerror(errno));
        return -1;
    }
    control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0 || bridge_make(control, addresses) < 0 || interface_up(control, "lo") < 0 ||
        interface_up(control, tap_name) < 0 || interface_up(control, bridge_name) < 0) {
        snprintf(error, error_size,
                 "the private bridge cannot be made: %s; load the kernel's module \"bridge\"",
                 strerror(errno));
        close(tap);
        tap = -1;
    }
    if (control >= 0)
        close(control);
    return tap;
}
