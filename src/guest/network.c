#include "guest/network.h"

#include "guest/addresses.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char bridge_name[] = "bootwire0";
static const char alias_name[] = "bootwire0:1"; /* the bridge's second address */

/* A guest's port is guestN; the other end of a veth pair is behindN. */
static void port_name(char name[IFNAMSIZ], const char *stem, unsigned number)
{
    snprintf(name, IFNAMSIZ, "%s%u", stem, number);
}

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

static int interface_index(int control, const char *name)
{
    struct ifreq request = interface_request(name);

    return ioctl(control, SIOCGIFINDEX, &request) < 0 ? -1 : request.ifr_ifindex;
}

static int bridge_add(int control, const char *name)
{
    struct ifreq request = interface_request(bridge_name);

    request.ifr_ifindex = interface_index(control, name);
    return request.ifr_ifindex < 0 ? -1 : ioctl(control, SIOCBRADDIF, &request);
}

/* ---- With a tap device ---- */

static int tap_open(const char *name)
{
    struct ifreq request = interface_request(name);
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

/* ---- With a pair of veth devices: rtnetlink(7) makes them, and no ioctl does ---- */

struct link_message {
    struct nlmsghdr header;
    struct ifinfomsg info;
    uint8_t attributes[256];
};

static struct rtattr *attribute(struct link_message *message, unsigned short type, const void *data,
                                size_t length)
{
    size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
    struct rtattr *made = (struct rtattr *)((uint8_t *)message + at);

    made->rta_type = type;
    made->rta_len = (unsigned short)RTA_LENGTH(length);
    if (length > 0)
        memcpy(RTA_DATA(made), data, length);
    message->header.nlmsg_len = (uint32_t)(at + RTA_ALIGN(made->rta_len));
    return made;
}

/* Ends an attribute that holds all that came since. */
static void nest_end(struct link_message *message, struct rtattr *nest)
{
    nest->rta_len =
        (unsigned short)((uint8_t *)message + message->header.nlmsg_len - (uint8_t *)nest);
}

static void describe_pair(struct link_message *message, const char *name, const char *peer)
{
    struct ifinfomsg none = {0};
    struct rtattr *link_info, *data, *end;

    message->header = (struct nlmsghdr){
        .nlmsg_len = NLMSG_LENGTH(sizeof(message->info)),
        .nlmsg_type = RTM_NEWLINK,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    };
    attribute(message, IFLA_IFNAME, name, strlen(name) + 1);
    link_info = attribute(message, IFLA_LINKINFO, NULL, 0);
    attribute(message, IFLA_INFO_KIND, "veth", 4);
    data = attribute(message, IFLA_INFO_DATA, NULL, 0);
    end = attribute(message, VETH_INFO_PEER, &none, sizeof(none));
    attribute(message, IFLA_IFNAME, peer, strlen(peer) + 1);
    nest_end(message, end);
    nest_end(message, data);
    nest_end(message, link_info);
}

static int veth_make(const char *name, const char *peer)
{
    struct link_message message = {.header = {0}};
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint8_t rest[512];
    } answer;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), result = -1;

    if (netlink < 0)
        return -1;
    describe_pair(&message, name, peer);
    if (send(netlink, &message, message.header.nlmsg_len, 0) > 0 &&
        recv(netlink, &answer, sizeof(answer), 0) >= (ssize_t)NLMSG_LENGTH(sizeof(answer.error)) &&
        answer.header.nlmsg_type == NLMSG_ERROR) {
        errno = -answer.error.error;
        result = answer.error.error == 0 ? 0 : -1;
    }
    close(netlink);
    return result;
}

/* Frames leave this end with their checksums in them and no longer than the wire takes them: a
 * guest gets them as they are. */
static void offload_nothing(int control, const char *name)
{
    static const uint32_t what[] = {ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO};
    struct ifreq request = interface_request(name);
    struct ethtool_value value = {.data = 0};

    request.ifr_data = (void *)&value;
    for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
        value.cmd = what[i];
        (void)ioctl(control, SIOCETHTOOL, &request);
    }
}

static int frames_open(int control, const char *name)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = interface_index(control, name),
    };
    int frames = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int ignore = 1, room = 8 << 20;

    if (frames < 0)
        return -1;
    (void)setsockopt(frames, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    if (setsockopt(frames, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof(ignore)) == 0 &&
        bind(frames, (struct sockaddr *)&address, sizeof(address)) == 0)
        return frames;
    close(frames);
    return -1;
}

static int attach_veth(struct guest_link *link, int control, unsigned number, const char *name)
{
    char behind[IFNAMSIZ];

    port_name(behind, "behind", number);
    if (veth_make(name, behind) < 0)
        return -1;
    offload_nothing(control, name);
    if (interface_up(control, behind) < 0)
        return -1;
    link->frames = frames_open(control, behind);
    return link->frames < 0 ? -1 : 0;
}

int guest_link_open(struct guest_link *link)
{
    int pair[2];

    if (link->frames < 0)
        return 0;
    /* Half a frame of the QEMU before must not be the next one's first. */
    if (link->stream >= 0)
        close(link->stream);
    if (link->qemu >= 0)
        close(link->qemu);
    link->stream = link->qemu = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return -1;
    link->stream = pair[0];
    link->qemu = pair[1];
    fcntl(link->stream, F_SETFD, FD_CLOEXEC);
    fcntl(link->stream, F_SETFL, O_NONBLOCK);
    return 0;
}

void guest_link_close(struct guest_link *link)
{
    const int all[] = {link->qemu, link->frames, link->stream};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] >= 0)
            close(all[i]);
    }
    *link = (struct guest_link){-1, -1, -1};
}

int guest_network_attach(struct guest_link *link, unsigned number, char *error, size_t error_size)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), failed;
    char name[IFNAMSIZ];
    bool done;

    port_name(name, "guest", number);
    *link = (struct guest_link){tap_open(name), -1, -1};
    done = control >= 0 && (link->qemu >= 0 || attach_veth(link, control, number, name) == 0) &&
           bridge_add(control, name) == 0 && interface_up(control, name) == 0;
    failed = errno;
    if (control >= 0)
        close(control);
    if (done)
        return 0;
    guest_link_close(link);
    snprintf(error, error_size,
             "the guest's network card cannot be connected: %s; load the kernel's module \"tun\" "
             "or \"veth\"",
             strerror(failed));
    return -1;
}

/* ---- The bridge ---- */

static int bridge_make(int control, const struct guest_addresses *addresses)
{
    if (ioctl(control, SIOCBRADDBR, bridge_name) < 0)
        return -1;
    if (interface_set(control, bridge_name, SIOCSIFADDR, addresses->server) < 0 ||
        interface_set(control, bridge_name, SIOCSIFNETMASK, addresses->netmask) < 0)
        return -1;
    if (addresses->also && (interface_set(control, alias_name, SIOCSIFADDR, addresses->also) < 0 ||
                            interface_set(control, alias_name, SIOCSIFNETMASK, UINT32_MAX) < 0))
        return -1;
    return interface_up(control, "lo") < 0 ? -1 : interface_up(control, bridge_name);
}

int guest_network_build(const struct guest_addresses *addresses, char *error, size_t error_size)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

    result = control < 0 ? -1 : bridge_make(control, addresses);
    if (result < 0)
        snprintf(error, error_size,
                 "the private bridge cannot be made: %s; load the kernel's module \"bridge\"",
                 strerror(errno));
    if (control >= 0)
        close(control);
    return result;
}
