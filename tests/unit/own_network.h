/* A network of the test's own, in which every port is free. */
#ifndef BOOTWIRE_TESTS_UNIT_OWN_NETWORK_H
#define BOOTWIRE_TESTS_UNIT_OWN_NETWORK_H

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Before any thread is started. False where the system allows none: the test is skipped (77). */
static inline bool own_network(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int descriptor;
    bool up;

    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return false;
    descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    up = descriptor >= 0 && ioctl(descriptor, SIOCSIFFLAGS, &request) == 0;
    close(descriptor);
    return up;
}

#endif
