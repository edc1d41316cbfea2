/* RARP: machines that know nothing but their hardware address ask who they are. */
#include "service/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "decide/sun.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "platform/linux/arp_socket.h"
#include "service/journal.h"
#include "service/machines.h"
#include "store/leases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RARP_ROUNDS = 32,           /* packets per turn of the loop */
    RARP_BUFFER = 256,          /* bytes of a packet that are looked at */
    RARP_LINKS_FRESH_MS = 1000, /* how long a list of interfaces is good */
    RARP_QUIET_MS = 1000,       /* between two lines about machines that get no answer */
};

struct rarp_service {
    struct server *server;
    int descriptor; /* -1: packet sockets are not to be had */
    struct loop_event *event;
    struct snapshot *snapshot;
    struct link_address *links;
    size_t link_count;
    uint64_t links_at_ms, refused_said_ms;
};

/* Our Ethernet address on the interface: one in a declared subnet; NULL where there is none. */
static const struct link_address *link_of(struct rarp_service *service, unsigned index,
                                          uint64_t now_ms)
{
    if (!service->links || now_ms - service->links_at_ms >= RARP_LINKS_FRESH_MS) {
        free(service->links);
        service->link_count = link_addresses(&service->links);
        service->links_at_ms = now_ms;
    }
    for (size_t i = 0; i < service->link_count; i++) {
        const struct link_address *link = &service->links[i];

        if (link->index == index && link->ethernet &&
            snapshot_subnet_of(service->snapshot, link->address))
            return link;
    }
    return NULL;
}

static void tell(struct rarp_service *service, const struct rarp_plan *plan,
                 const struct hardware *hardware)
{
    char address[IPV4_TEXT_SIZE], got[SUN_WHY_SIZE + 32];
    struct boot_step step = {
        .service = "rarp",
        .event = plan->has_reply ? STEP_RARP : STEP_RARP_UNKNOWN,
        .stage = STAGE_ROM,
        .address = plan->reply.target_address,
        .hardware = *hardware,
        .host = plan->host ? plan->host->name : NULL,
        .asked = "who am I",
        .got = got,
        .refused = !plan->has_reply,
    };

    metric_exchange(METRIC_RARP, plan->has_reply ? METRIC_OK : METRIC_REFUSED);
    snprintf(got, sizeof(got), "%s: %s",
             plan->has_reply ? ipv4_text(address, plan->reply.target_address) : "no answer",
             plan->why);
    journal_step(service->server->journal, &step);
}

static void answer(struct rarp_service *service, const struct rarp_packet *request,
                   unsigned interface_index)
{
    struct hardware hardware = {.type = HARDWARE_ETHERNET, .length = RARP_HARDWARE_SIZE};
    struct machine machine = {.stage = STAGE_ROM};
    uint64_t now_ms = clock_monotonic_ms();
    const struct link_address *link = link_of(service, interface_index, now_ms);
    uint8_t bytes[RARP_SIZE];
    struct recalled *recalled;
    struct rarp_plan plan;
    struct told *told;
    int error;

    if (!link)
        return;
    decide_rarp(service->snapshot,
                service->server->leases ? leases_table(service->server->leases) : NULL,
                clock_wall_seconds(), request, link->hardware, link->address, &plan);
    if (!plan.for_us)
        return;
    memcpy(hardware.address, request->target_hardware, RARP_HARDWARE_SIZE);
    if (!plan.has_reply) {
        if (service->refused_said_ms && now_ms - service->refused_said_ms < RARP_QUIET_MS)
            return;
        service->refused_said_ms = now_ms ? now_ms : 1;
        tell(service, &plan, &hardware);
        return;
    }
    machine.hardware = hardware;
    recalled = recall_new(service->snapshot, plan.host, &hardware, plan.reply.target_address);
    told = told_new(service->snapshot, plan.host, &hardware, plan.reply.target_address,
                    &recalled->view, false);
    recall_free(recalled);
    machines_put(service->server->machines, plan.reply.target_address, &machine, told);
    error = arp_socket_send(service->descriptor, RARP_PROTOCOL, interface_index,
                            request->target_hardware,
                            slice_of(bytes, rarp_encode(&plan.reply, bytes, sizeof(bytes))));
    if (error && journal_takes(service->server->journal, JOURNAL_REFUSALS))
        log_warning("rarp: an answer could not be sent out of %s: %s", link->name, strerror(error));
    tell(service, &plan, &hardware);
}

static void ready(void *argument, int what)
{
    struct rarp_service *service = argument;
    uint8_t buffer[RARP_BUFFER], from[LINK_ETHERNET_SIZE];
    struct rarp_packet request;
    unsigned interface_index;
    struct slice bytes;

    (void)what;
    for (int i = 0; i < RARP_ROUNDS; i++) {
        if (!arp_socket_receive(service->descriptor, buffer, sizeof(buffer), &bytes,
                                &interface_index, from))
            return;
        if (rarp_decode(&request, bytes))
            answer(service, &request, interface_index);
    }
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct rarp_service *service = memory_zeroed(1, sizeof(*service));

    (void)error;
    (void)error_size;
    service->server = server;
    service->snapshot = server_snapshot(server);
    service->descriptor = arp_socket_open(RARP_PROTOCOL);
    if (service->descriptor >= 0)
        service->event =
            loop_watch(server->control, service->descriptor, LOOP_READ, ready, service);
    else
        log_warning("rarp: not served, for there is no packet socket: %s; run as root, or with "
                    "CAP_NET_RAW",
                    strerror(errno));
    if (service->event)
        server_serves(server, "rarp", "rarp", 0);
    return service;
}

static void stop(void *state)
{
    struct rarp_service *service = state;

    loop_event_free(service->event);
    if (service->descriptor >= 0)
        close(service->descriptor);
    snapshot_free(service->snapshot);
    free(service->links);
    free(service);
}

static void reloaded(void *state)
{
    struct rarp_service *service = state;

    snapshot_free(service->snapshot);
    service->snapshot = server_snapshot(service->server);
}

const struct service service_rarp = {
    .name = "rarp",
    .start = start,
    .stop = stop,
    .reloaded = reloaded,
};
