#include "platform/linux/link_state.h"

#include "base/memory.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 65536, PATIENCE_S = 5 };

struct states {
    struct link_state *list;
    size_t count;
};

static void take_attributes(struct link_state *state, struct nlmsghdr *header)
{
    struct ifinfomsg *info = NLMSG_DATA(header);
    int left = (int)IFLA_PAYLOAD(header);

    for (struct rtattr *at = IFLA_RTA(info); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        size_t length = RTA_PAYLOAD(at);

        if (at->rta_type == IFLA_IFNAME && length > 0 && length <= LINK_NAME_SIZE)
            memcpy(state->name, RTA_DATA(at), length - 1);
        else if (at->rta_type == IFLA_MASTER)
            state->enslaved = true;
        else if (at->rta_type == IFLA_ADDRESS && length == LINK_ETHERNET_SIZE)
            memcpy(state->hardware, RTA_DATA(at), length);
    }
}

static void take(struct states *states, struct nlmsghdr *header)
{
    struct ifinfomsg info;
    struct link_state *state;

    if (header->nlmsg_type != RTM_NEWLINK || header->nlmsg_len < NLMSG_LENGTH(sizeof(info)))
        return;
    memcpy(&info, NLMSG_DATA(header), sizeof(info));
    states->list = memory_resize(states->list, states->count + 1, sizeof(states->list[0]));
    state = &states->list[states->count++];
    *state = (struct link_state){
        .index = (unsigned)info.ifi_index,
        .up = info.ifi_flags & IFF_UP,
        .carrier = info.ifi_flags & IFF_RUNNING,
        .loopback = info.ifi_flags & IFF_LOOPBACK,
        .ethernet = info.ifi_type == ARPHRD_ETHER,
    };
    take_attributes(state, header);
}

/* Reads the answer to its end; false with errno where it does not come. */
static bool read_all(int descriptor, struct states *states)
{
    static _Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];

    for (;;) {
        ssize_t count = recv(descriptor, buffer, sizeof(buffer), 0);
        size_t left = count > 0 ? (size_t)count : 0;

        if (count <= 0)
            return false;
        for (struct nlmsghdr *at = (struct nlmsghdr *)buffer; NLMSG_OK(at, left);
             at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_type == NLMSG_DONE)
                return true;
            if (at->nlmsg_type == NLMSG_ERROR) {
                errno = EIO;
                return false;
            }
            take(states, at);
        }
    }
}

static bool ask(struct states *states)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
    } request = {.header = {.nlmsg_len = sizeof(request),
                            .nlmsg_type = RTM_GETLINK,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), error;
    bool good;

    if (descriptor < 0)
        return false;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    good = send(descriptor, &request, sizeof(request), 0) == (ssize_t)sizeof(request) &&
           read_all(descriptor, states);
    error = errno;
    close(descriptor);
    errno = error;
    return good;
}

/* The first IPv4 address of each; those that are down keep theirs. */
static void add_addresses(struct states *states)
{
    struct ifaddrs *all;

    if (getifaddrs(&all) < 0)
        return;
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        unsigned index =
            at->ifa_addr && at->ifa_addr->sa_family == AF_INET ? if_nametoindex(at->ifa_name) : 0;
        struct sockaddr_in address;

        for (size_t i = 0; index && i < states->count; i++) {
            if (states->list[i].index != index || states->list[i].has_address)
                continue;
            memcpy(&address, at->ifa_addr, sizeof(address));
            states->list[i].has_address = true;
            states->list[i].address = ntohl(address.sin_addr.s_addr);
        }
    }
    freeifaddrs(all);
}

size_t link_states(struct link_state **list)
{
    struct states states = {.count = 0};

    if (!ask(&states)) {
        free(states.list);
        *list = NULL;
        return 0;
    }
    add_addresses(&states);
    *list = states.list;
    return states.count;
}
