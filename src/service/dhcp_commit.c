/* How answers leave: at once, or when the disk has confirmed what they promise. */
#include "service/dhcp_state.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/loop.h"
#include "service/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dhcp_may_say(uint64_t *said_ms, uint64_t now_ms)
{
    if (*said_ms && now_ms - *said_ms < QUIET_MS)
        return false;
    *said_ms = now_ms ? now_ms : 1;
    return true;
}

void dhcp_refresh_links(struct dhcp_service *service, uint64_t now_ms)
{
    if (service->links && now_ms - service->links_at_ms < LINKS_FRESH_MS)
        return;
    free(service->links);
    service->link_count = link_addresses(&service->links);
    service->links_at_ms = now_ms;
}

const struct link_address *dhcp_link_of(const struct dhcp_service *service, unsigned index)
{
    const struct link_address *any = NULL;

    for (size_t i = 0; i < service->link_count; i++) {
        const struct link_address *link = &service->links[i];

        if (link->index != index)
            continue;
        if (snapshot_subnet_of(service->snapshot, link->address))
            return link;
        if (!any)
            any = link;
    }
    return any;
}

bool dhcp_is_stranger(const struct dhcp_service *service, uint32_t stranger)
{
    for (size_t i = 0; i < service->stranger_count; i++) {
        if (service->strangers[i] == stranger)
            return true;
    }
    return false;
}

const struct link_address *dhcp_arrival_link(struct dhcp_service *service, unsigned index,
                                             uint64_t now_ms)
{
    const struct link_address *link = dhcp_link_of(service, index);

    if (link || dhcp_is_stranger(service, index))
        return link;
    service->links_at_ms = now_ms - LINKS_FRESH_MS;
    dhcp_refresh_links(service, now_ms);
    return dhcp_link_of(service, index);
}

/* Sends to the client's hardware address; false where that cannot be done. */
static bool send_link(struct dhcp_service *service, const struct outgoing *out)
{
    const struct link_address *link = dhcp_link_of(service, out->interface_index);
    struct link_datagram datagram = {
        .interface_index = out->interface_index,
        .from_address = out->local_address,
        .to_address = out->destination,
        .from_port = DHCP_SERVER_PORT,
        .to_port = DHCP_CLIENT_PORT,
    };

    if (!service->sender || !link || !link->ethernet || out->hardware_type != HARDWARE_ETHERNET ||
        out->hardware_length != LINK_ETHERNET_SIZE)
        return false;
    memcpy(datagram.from_hardware, link->hardware, LINK_ETHERNET_SIZE);
    memcpy(datagram.to_hardware, out->chaddr, LINK_ETHERNET_SIZE);
    return link_send(service->sender, &datagram, slice_of(out->bytes, out->length)) == 0;
}

/* What fails is told to dhcp_unsent(). */
static void send_to(const struct outgoing *out, uint32_t address, uint16_t port,
                    unsigned interface_index)
{
    struct iovec piece = {(void *)out->bytes, out->length};

    (void)udp_send(out->socket, (struct endpoint){address, port}, out->local_address,
                   interface_index, &piece, 1);
}

/* The timeline has it each time, the log now and then. */
void dhcp_unsent(void *argument, struct endpoint peer, struct slice bytes, int error)
{
    static struct dhcp_message message; /* of the control thread, as all here */
    struct dhcp_service *service = argument;
    char whom[IPV4_TEXT_SIZE + 16], address[IPV4_TEXT_SIZE], got[128];
    struct boot_step step = {
        .service = "dhcp",
        .event = STEP_UNSENT,
        .asked = "the answer to it",
        .got = got,
        .subject = whom,
        .reason = error == EPERM                                  ? REASON_FIREWALL
                  : error == ENETUNREACH || error == EHOSTUNREACH ? REASON_NO_ROUTE
                                                                  : REASON_NONE,
        .refused = true,
        .quiet = true,
    };

    if (peer.address == IPV4_BROADCAST)
        snprintf(whom, sizeof(whom), "everybody at its link");
    else
        snprintf(whom, sizeof(whom), "%s%s", peer.port == DHCP_SERVER_PORT ? "the relay " : "",
                 ipv4_text(address, peer.address));
    snprintf(got, sizeof(got), "not sent: %s", strerror(error));
    if (dhcp_may_say(&service->send_said_ms, clock_monotonic_ms()))
        log_warning("an answer to %s could not be sent: %s", whom, strerror(error));
    if (dhcp_decode(&message, bytes) || message.hardware_length == 0)
        return;
    step.hardware = (struct hardware){message.hardware_type, message.hardware_length, {0}};
    memcpy(step.hardware.address, message.chaddr, message.hardware_length);
    journal_step(service->server->journal, &step);
}

static void send_reply(struct dhcp_service *service, const struct outgoing *out)
{
    bool broadcast = out->also_broadcast || out->path == PATH_BROADCAST;

    if (out->path == PATH_LINK && !send_link(service, out))
        broadcast = true;
    if (out->path == PATH_CLIENT)
        send_to(out, out->destination, out->client_port, 0);
    if (out->path == PATH_RELAY)
        send_to(out, out->destination, DHCP_SERVER_PORT, 0);
    if (broadcast)
        send_to(out, IPV4_BROADCAST, DHCP_CLIENT_PORT, out->interface_index);
}

static void count_sent(const struct outgoing *out)
{
    enum metric_dhcp_sent type = out->reply_type == DHCP_OFFER ? METRIC_SENT_OFFER
                                 : out->reply_type == DHCP_ACK ? METRIC_SENT_ACK
                                 : out->reply_type == DHCP_NAK ? METRIC_SENT_NAK
                                                               : METRIC_SENT_BOOTP;

    counter_add(METRIC_DHCP_SENT + type, 1);
    metric_time(METRIC_ROW_DHCP_ANSWER, 0, clock_monotonic_us() - out->began_us);
}

void dhcp_finish(struct dhcp_service *service, struct outgoing *out)
{
    struct machine machine = {out->step.hardware, out->step.stage, out->fingerprint, out->client,
                              out->client.platform};

    /* Who holds the address is known before the machine can act on it. An INFORM's word for its
     * address counts for nothing: with it, anybody could take another machine's exports. */
    if (out->holds)
        machines_hear(service->server->machines, out->holds, &machine, out->told);
    else if (out->binds)
        machines_put(service->server->machines, out->step.address, &machine, out->told);
    out->told = NULL;
    for (size_t i = 0; i < out->given_back_count; i++)
        machines_drop(service->server->machines, out->given_back[i], &machine.hardware);
    metric_exchange(METRIC_DHCP, out->result);
    if (out->length > 0) {
        send_reply(service, out);
        count_sent(out);
        dhcp_memory_put(service->memory, &out->step.hardware, out->answered);
    }
    journal_step(service->server->journal, &out->step);
}

/* Nobody hears of what the disk refused: the machines ask again. */
static void drop_queue(struct queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        metric_exchange(METRIC_DHCP, METRIC_FAILED);
        told_free(queue->list[i].told);
        queue->list[i].told = NULL;
    }
    queue->count = 0;
}

static void commit_failed(struct dhcp_service *service, const char *error)
{
    service->commit_failing = true;
    if (dhcp_may_say(&service->commit_said_ms, clock_monotonic_ms()))
        log_error("%s (%zu answers were held back; the machines ask again)", error,
                  service->committing.count + service->waiting.count);
    drop_queue(&service->committing);
    drop_queue(&service->waiting);
}

void dhcp_send_ready(struct dhcp_service *service, size_t count)
{
    struct queue *ready = &service->ready;

    while (count-- > 0 && service->ready_next < ready->count)
        dhcp_finish(service, &ready->list[service->ready_next++]);
    if (service->ready_next == ready->count)
        service->ready_next = ready->count = 0;
}

void dhcp_send_all_ready(struct dhcp_service *service)
{
    if (service->ready.count == 0)
        return;
    udp_hold(service->socket);
    dhcp_send_ready(service, WAITING_MAX);
    (void)udp_flush(service->socket);
}

/* The disk has confirmed what the answers in the queue promise. */
static void commit_succeeded(struct dhcp_service *service, struct queue *queue)
{
    struct queue empty;

    if (service->commit_failing)
        log_info("leases are written again");
    service->commit_failing = false;
    if (queue->count == 0)
        return;
    dhcp_send_all_ready(service);
    empty = service->ready;
    service->ready = *queue;
    *queue = empty;
}

void dhcp_end_commit(struct dhcp_service *service)
{
    char error[1024];

    if (!service->commit_under_way)
        return;
    service->commit_under_way = false;
    if (leases_commit_end(service->leases, error, sizeof(error)) < 0)
        commit_failed(service, error);
    else
        commit_succeeded(service, &service->committing);
}

/* In the control loop, some time after the disk has answered. */
static void disk_answered(void *argument)
{
    struct dhcp_service *service = argument;

    if (leases_commit_is_done(service->leases))
        dhcp_end_commit(service);
}

/* In the thread that waits for the disk. */
static void tell_loop(void *argument)
{
    struct dhcp_service *service = argument;

    loop_call(service->server->control, disk_answered, service);
}

/* Has what waits written by another thread, and goes on reading: what comes meanwhile makes up the
 * next commit. */
static void begin_commit(struct dhcp_service *service)
{
    struct queue queue = service->committing;
    char error[1024];
    int result;

    service->committing = service->waiting;
    service->waiting = queue;
    result = leases_commit_begin(service->leases, tell_loop, service, error, sizeof(error));
    if (result < 0)
        commit_failed(service, error);
    else if (result > 0)
        commit_succeeded(service, &service->committing);
    service->commit_under_way = result == 0;
}

void dhcp_commit(struct dhcp_service *service)
{
    bool crowded = service->crowded || service->waiting.count >= BATCH;
    char error[1024];

    if (service->commit_under_way &&
        (leases_commit_is_done(service->leases) || service->waiting.count == WAITING_MAX))
        dhcp_end_commit(service);
    if (service->commit_under_way ||
        (service->waiting.count == 0 && !leases_pending(service->leases)))
        return;
    if (crowded) {
        begin_commit(service);
        return;
    }
    if (leases_commit(service->leases, error, sizeof(error)) < 0)
        commit_failed(service, error);
    else
        commit_succeeded(service, &service->waiting);
}

void dhcp_leave_none(struct dhcp_service *service)
{
    if (!service->leases)
        return;
    dhcp_end_commit(service);
    dhcp_commit(service);
    dhcp_end_commit(service);
    dhcp_send_all_ready(service);
}
