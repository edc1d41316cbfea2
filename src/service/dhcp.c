/* DHCP and BOOTP: packets in, decisions, leases, packets out. */
#include "decide/dhcp.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "decide/loop.h"
#include "net/loop.h"
#include "platform/linux/port_holder.h"
#include "service/advertiser.h"
#include "service/dhcp_ends.h"
#include "service/dhcp_state.h"
#include "service/journal.h"
#include "service/machines.h"
#include "service/overhearer.h"
#include "service/pools.h"
#include "service/prober.h"
#include "wire/pxe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the address is one of this server's own. */
static bool is_ours(void *argument, uint32_t address)
{
    const struct dhcp_service *service = argument;

    for (size_t i = 0; i < service->link_count; i++) {
        if (service->links[i].address == address)
            return true;
    }
    return false;
}

/* Takes down the step; its strings stay in `out`, and are empty where nobody reads them. */
static void prepare_step(const struct dhcp_service *service, struct outgoing *out,
                         const struct dhcp_dropped *dropped)
{
    const struct dhcp_plan *plan = &service->plan;
    const struct host *host = plan->identity.host;
    uint32_t address = plan->has_reply && plan->reply.yiaddr ? plan->reply.yiaddr
                       : service->message.ciaddr             ? service->message.ciaddr
                                                             : plan->holds;
    bool refused = plan->outcome != OUTCOME_ANSWERED && plan->outcome != OUTCOME_NOTED;

    out->asked[0] = out->got[0] = 0;
    text_printable(out->file, sizeof(out->file),
                   plan->has_reply ? plan->reply.file : slice_of(NULL, 0));
    if (journal_wants(service->server->journal, refused)) {
        dhcp_asked_text(out->asked, &service->message);
        dhcp_got_text(out->got, plan, dropped);
    }
    if (host)
        snprintf(out->host, sizeof(out->host), "%s", host->name);
    position_text(out->decided, sizeof(out->decided), dhcp_decided(plan));
    out->step = (struct boot_step){
        .service = "dhcp",
        .event = dhcp_event(plan, dhcp_message_type(&service->message)),
        .stage = plan->stage,
        .address = address,
        .hardware = plan->identity.hardware,
        .host = host ? out->host : NULL,
        .asked = out->asked,
        .got = out->got,
        .subject = out->file[0] ? out->file : NULL,
        .decided = out->decided[0] ? out->decided : NULL,
        .reason = dhcp_reason(out->hint, plan, &service->message, out->local_address),
        .hint = out->hint[0] ? out->hint : NULL,
        .refused = refused,
    };
    /* Sent to another address of ours is sent here. */
    if (out->step.reason == REASON_ELSEWHERE && is_ours((void *)service, plan->reply.siaddr))
        out->step.reason = REASON_NONE;
}

/* It may matter least of all that is wrong. */
static void note_left_out(struct outgoing *out, const struct dhcp_dropped *dropped)
{
    size_t length = 0;

    if (dropped->count == 0 || out->step.reason != REASON_NONE)
        return;
    out->step.reason = REASON_LEFT_OUT;
    out->step.hint = out->hint;
    for (size_t i = 0; i < dropped->count && length < sizeof(out->hint); i++)
        length += (size_t)snprintf(out->hint + length, sizeof(out->hint) - length, "%s%u",
                                   i > 0 ? ", " : "", dropped->codes[i]);
}

/* What the machine returns, or is no longer to have. */
static void prepare_given_back(const struct dhcp_plan *plan, struct outgoing *out)
{
    out->given_back_count = plan->freed_count;
    memcpy(out->given_back, plan->freed, plan->freed_count * sizeof(plan->freed[0]));
    if (plan->change == CHANGE_STORE && plan->lease.state != LEASE_BOUND)
        out->given_back[out->given_back_count++] = plan->lease.address;
}

/* What TFTP and NFS are to know of the answer. Where nothing stands under a condition, in a class
 * or in a pool, there is nothing. */
static struct told *told_by(const struct dhcp_service *service, uint32_t address)
{
    const struct dhcp_plan *plan = &service->plan;
    const struct evaluation *e = &plan->evaluation;
    const struct scope_view outcome = {.scopes = {&e->effective}, .count = 1};
    struct told *told, *before;
    struct machine machine;

    if (!e->conditional && !e->pool && e->class_count == 0 &&
        plan->identity.match == MATCH_HARDWARE)
        return NULL;
    told = told_new(service->snapshot, plan->identity.host, &plan->identity.hardware, address,
                    &outcome, true);
    /* Who renews its lease speaks to us past its relay (RFC 2131 section 4.3.2), and still reads
     * the root that the relay's word gave it. */
    if (service->message.giaddr || !service->message.ciaddr)
        return told;
    machines_host(service->server->machines, service->snapshot, address, &machine, &before);
    if (before && hardware_equal(&machine.hardware, &plan->identity.hardware))
        told = told_keep_root(told, before);
    told_free(before);
    return told;
}

static enum metric_result result_of(enum dhcp_outcome outcome)
{
    static const enum metric_result results[] = {
        [OUTCOME_SILENT] = METRIC_IGNORED,    [OUTCOME_REFUSED] = METRIC_REFUSED,
        [OUTCOME_ANSWERED] = METRIC_OK,       [OUTCOME_NOTED] = METRIC_OK,
        [OUTCOME_EXHAUSTED] = METRIC_REFUSED, [OUTCOME_NO_SUBNET] = METRIC_IGNORED,
    };

    return results[outcome];
}

/* Encodes the reply and what else belongs to it. */
static void prepare(struct dhcp_service *service, const struct dhcp_question *question,
                    const struct datagram *datagram, struct outgoing *out)
{
    const struct dhcp_message *message = &service->message;
    struct dhcp_plan *plan = &service->plan;
    struct dhcp_dropped dropped = {.count = 0};

    out->length = 0;
    if (plan->has_reply)
        out->length =
            dhcp_encode(&plan->reply, plan->limit, out->bytes, sizeof(out->bytes), &dropped);
    out->reply_type = plan->reply_type;
    out->result = result_of(plan->outcome);
    out->began_us = service->began_us;
    out->binds = plan->change == CHANGE_STORE && plan->has_reply;
    out->path = plan->path;
    out->also_broadcast = plan->also_broadcast;
    out->destination = plan->destination;
    out->socket = question->boot_server ? service->boot_socket : service->socket;
    out->client_port = question->boot_server ? datagram->peer.port : DHCP_CLIENT_PORT;
    out->holds = plan->holds;
    prepare_given_back(plan, out);
    out->local_address = question->arrival.local_address;
    out->interface_index = datagram->interface_index;
    out->hardware_type = message->hardware_type;
    out->hardware_length = message->hardware_length;
    memcpy(out->chaddr, message->chaddr, sizeof(out->chaddr));
    out->answered = (struct dhcp_answered){
        .type = dhcp_message_type(message),
        .asked_address = message->ciaddr,
        .had_address = message->ciaddr != 0,
        .at_ms = question->now_ms ? question->now_ms : 1,
        .stage = plan->stage,
        .router_wanted = plan->router_wanted,
    };
    out->fingerprint = loop_fingerprint(message);
    out->client = boot_client_of(message);
    dhcp_message_u32(message, DHCP_OPTION_REQUESTED_ADDRESS, &out->answered.asked_address);
    prepare_step(service, out, &dropped);
    note_left_out(out, &dropped);
    out->told = out->holds   ? told_by(service, out->holds)
                : out->binds ? told_by(service, out->step.address)
                             : NULL;
}

static void say_no_subnet(struct dhcp_service *service, const struct datagram *datagram)
{
    const struct link_address *link = dhcp_link_of(service, datagram->interface_index);
    uint32_t relay = service->message.giaddr;
    /* What is said of one relay must not keep the next one's network, or the interface, unsaid. */
    uint32_t stranger = relay ? relay : datagram->interface_index;
    char text[IPV4_TEXT_SIZE];

    if (dhcp_is_stranger(service, stranger))
        return;
    if (service->stranger_count < STRANGERS_MAX)
        service->strangers[service->stranger_count++] = stranger;
    else if (!dhcp_may_say(&service->stranger_said_ms, clock_monotonic_ms()))
        return;
    if (relay)
        log_warning(
            "dhcp: no subnet is declared for %s, the network of a relay: its machines get no "
            "answer; declare one (\"subnet ... netmask ... { }\")",
            ipv4_text(text, relay));
    else
        log_warning(
            "dhcp: no subnet is declared for interface %s%s%s: machines there get no answer; "
            "declare one (\"subnet ... netmask ... { }\") if they should",
            link ? link->name : "(without address)", link ? ", " : "",
            link ? ipv4_text(text, link->address) : "");
}

/* A step that the log has no line of. */
static void note(struct dhcp_service *service, struct outgoing *out)
{
    prepare_step(service, out, NULL);
    out->step.quiet = true;
    if (out->step.hardware.length > 0)
        journal_step(service->server->journal, &out->step);
}

static void say_exhausted(struct dhcp_service *service, const struct dhcp_question *question,
                          struct outgoing *out)
{
    size_t length;

    prepare_step(service, out, NULL);
    if (!dhcp_may_say(&service->exhausted_said_ms, question->now_ms)) {
        out->step.quiet = true;
        journal_step(service->server->journal, &out->step);
        return;
    }
    length = strlen(out->got);
    if (length + 3 < sizeof(out->got)) {
        memcpy(out->got + length, "; ", 3);
        dhcp_pool_text(out->got + length + 2, sizeof(out->got) - length - 2, question,
                       service->plan.subnet);
    }
    journal_step(service->server->journal, &out->step);
}

/* The leases that the plan changes: the one it decided on, and those that end beside it. */
static void apply_changes(struct dhcp_service *service, int64_t wall)
{
    const struct dhcp_plan *plan = &service->plan;

    switch (plan->change) {
    case CHANGE_OFFER:
        leases_offer(service->leases, &plan->lease, DHCP_OFFERS_MAX);
        break;
    case CHANGE_FORGET:
        leases_forget(service->leases, plan->lease.address);
        break;
    case CHANGE_STORE:
        leases_store(service->leases, &plan->lease, plan->why);
        break;
    case CHANGE_NONE:
        break;
    }
    for (size_t i = 0; i < plan->freed_count; i++) {
        struct lease freed = lease_released(
            lease_table_by_address(leases_table(service->leases), plan->freed[i]), wall);

        leases_store(service->leases, &freed, "it took another address (one-lease-per-client)");
    }
}

/* Carries the plan out. */
static void apply(struct dhcp_service *service, const struct dhcp_question *question,
                  const struct datagram *datagram)
{
    const struct dhcp_plan *plan = &service->plan;
    const struct link_address *link;
    struct outgoing *out;

    out = &service->waiting.list[service->waiting.count];
    apply_changes(service, question->wall);
    switch (plan->outcome) {
    case OUTCOME_NO_SUBNET:
        metric_exchange(METRIC_DHCP, METRIC_IGNORED);
        say_no_subnet(service, datagram);
        note(service, out);
        return;
    case OUTCOME_EXHAUSTED:
        if (!plan->has_reply) {
            metric_exchange(METRIC_DHCP, METRIC_REFUSED);
            say_exhausted(service, question, out);
            return;
        }
        break;
    case OUTCOME_SILENT:
        metric_exchange(METRIC_DHCP, METRIC_IGNORED);
        note(service, out);
        if (out->asked[0])
            log_debug("dhcp: %s -> %s", out->asked, out->got);
        return;
    case OUTCOME_REFUSED:
    case OUTCOME_ANSWERED:
    case OUTCOME_NOTED:
        break;
    }
    prepare(service, question, datagram, out);
    if (plan->change == CHANGE_STORE) {
        service->waiting.count++;
        return;
    }
    dhcp_finish(service, out);
    link = plan->probe ? dhcp_link_of(service, datagram->interface_index) : NULL;
    if (link)
        prober_ask(service->prober, link,
                   &(struct prober_question){plan->lease.address, plan->lease.hardware,
                                             plan->abandon_seconds},
                   question->now_ms);
}

/* Writes the lines that the configuration's log (...) statements ask for. */
static void say_logs(struct dhcp_service *service, const struct evaluation *evaluation,
                     uint64_t now_ms)
{
    static const enum log_level levels[] = {
        [LEVEL_FATAL] = LOG_ERROR,
        [LEVEL_ERROR] = LOG_ERROR,
        [LEVEL_INFO] = LOG_INFO,
        [LEVEL_DEBUG] = LOG_DEBUG,
    };
    char text[1024];

    for (size_t i = 0; i < evaluation->log_count; i++) {
        if (!journal_takes(service->server->journal, JOURNAL_NOTES))
            continue;
        log_line(levels[evaluation->logs[i].level], "dhcp: %s",
                 text_printable(text, sizeof(text), evaluation->logs[i].text));
    }
    if (evaluation->exhausted && dhcp_may_say(&service->exhausted_evaluation_said_ms, now_ms))
        log_warning("dhcp: the configuration's statements come to more for one packet than the "
                    "limits allow; the rest is left out");
}

/* For the ends of leases: what their statements log; and the configuration that holds now. */
static const struct snapshot *say_end(void *argument, const struct evaluation *evaluation)
{
    struct dhcp_service *service = argument;

    if (evaluation)
        say_logs(service, evaluation, clock_monotonic_ms());
    return service->snapshot;
}

static void take_another_turn(void *argument)
{
    (void)argument;
}

/* The end of a turn. In a crowd, answers that the disk has confirmed leave one by one beside the
 * requests of the next turn: all at once they would be more than the buffer of a relay holds. */
static void turn_ended(void *argument)
{
    struct dhcp_service *service = argument;

    dhcp_commit(service);
    if (!service->crowded)
        dhcp_send_all_ready(service);
    else if (service->ready.count > 0)
        loop_call(service->server->control, take_another_turn, NULL);
    service->crowded = false;
    counter_set(METRIC_QUEUES + METRIC_QUEUE_DHCP_COMMIT,
                (int64_t)(service->waiting.count + service->committing.count));
    counter_set(METRIC_QUEUES + METRIC_QUEUE_DHCP_SEND,
                (int64_t)(service->ready.count - service->ready_next));
    dhcp_ends_await(service->ends);
    log_release();
}

/* Asked more than it can answer, a server that takes all in turn answers late and loses REQUESTs,
 * with all the work that an offer was. Who only begins can begin again a moment later. One that
 * merely overslept has no crowd before it. */
static bool comes_too_late(struct dhcp_service *service, const struct datagram *datagram)
{
    if (datagram->waited_ms < SHED_MS || !datagram->crowded || !dhcp_is_discover(datagram->bytes))
        return false;
    metric_exchange(METRIC_DHCP, METRIC_FAILED);
    if (dhcp_may_say(&service->shed_said_ms, clock_monotonic_ms()))
        log_warning("dhcp: more is asked than can be answered: a DHCPDISCOVER waited %u ms and is "
                    "left without an answer; the machines ask again",
                    datagram->waited_ms);
    return true;
}

static void count_received(const struct dhcp_message *message)
{
    static const enum metric_dhcp_received types[] = {
        [DHCP_BOOTP] = METRIC_GOT_BOOTP,     [DHCP_DISCOVER] = METRIC_GOT_DISCOVER,
        [DHCP_OFFER] = METRIC_GOT_OTHER,     [DHCP_REQUEST] = METRIC_GOT_REQUEST,
        [DHCP_DECLINE] = METRIC_GOT_DECLINE, [DHCP_ACK] = METRIC_GOT_OTHER,
        [DHCP_NAK] = METRIC_GOT_OTHER,       [DHCP_RELEASE] = METRIC_GOT_RELEASE,
        [DHCP_INFORM] = METRIC_GOT_INFORM,
    };
    unsigned type = dhcp_message_type(message);

    counter_add(METRIC_DHCP_RECEIVED + (type <= DHCP_INFORM ? types[type] : METRIC_GOT_OTHER), 1);
}

static void receive(struct dhcp_service *service, const struct datagram *datagram, bool boot_server)
{
    uint64_t now_us = clock_monotonic_us();
    struct dhcp_question question = {
        .snapshot = service->snapshot,
        .leases = leases_table(service->leases),
        .message = &service->message,
        .packet = datagram->bytes,
        .arrival = {.source = datagram->peer.address, .destination = datagram->destination},
        .boot_server = boot_server,
        .wall = clock_wall_seconds(),
        .now_ms = now_us / 1000,
    };
    const char *wrong = dhcp_decode(&service->message, datagram->bytes);
    const struct link_address *link;
    struct identity identity;
    char text[IPV4_TEXT_SIZE];

    service->began_us = now_us - 1000 * (uint64_t)datagram->waited_ms;
    if (wrong) {
        metric_exchange(METRIC_DHCP, METRIC_INVALID);
        if (dhcp_may_say(&service->garbage_said_ms, question.now_ms))
            log_warning("dhcp: a packet from %s is no DHCP request: %s",
                        ipv4_text(text, datagram->peer.address), wrong);
        return;
    }
    count_received(&service->message);
    /* Before anything is decided: where the disk refuses, what a decision would stand on is gone.
     */
    if (service->waiting.count == WAITING_MAX) {
        service->crowded = true;
        dhcp_commit(service);
    }
    dhcp_refresh_links(service, question.now_ms);
    advertiser_listen(service->advertiser, datagram->interface_index);
    overhearer_listen(service->overhearer, service->snapshot, datagram->interface_index);
    link = dhcp_arrival_link(service, datagram->interface_index, question.now_ms);
    question.arrival.local_address = link ? link->address : datagram->local_address;
    question.boot = boot_findings_means(&service->boot, service->snapshot,
                                        service->server->http_port, question.now_ms);
    leases_expire_offers(service->leases, question.now_ms);
    dhcp_ends_act(service->ends);
    if (identity_of(service->snapshot, question.leases, &service->message, &identity)) {
        question.answered = dhcp_memory_get(service->memory, &identity.hardware);
        question.fetched = machines_fetch(service->server->machines, &identity.hardware);
    }
    decide_dhcp(&question, &service->plan);
    if (service->plan.loop && loop_name_ipxe(&service->message)) {
        question.named_ipxe = true;
        decide_dhcp(&question, &service->plan);
    }
    say_logs(service, &service->plan.evaluation, question.now_ms);
    apply(service, &question, datagram);
}

static void received(void *argument, const struct datagram *datagram)
{
    struct dhcp_service *service = argument;

    log_hold(); /* until the end of the turn */
    service->crowded |= datagram->crowded;
    if (!comes_too_late(service, datagram))
        receive(service, datagram, false);
    dhcp_send_ready(service, 1);
}

/* PXE's boot server requests, on port 4011. */
static void received_boot(void *argument, const struct datagram *datagram)
{
    receive(argument, datagram, true);
}

static bool open_socket(struct dhcp_service *service, char *error, size_t error_size)
{
    const struct udp_options options = {
        .local = {0, DHCP_SERVER_PORT},
        .broadcast = true,
        .timestamps = true,
        .batch = BATCH,
        .rounds = ROUNDS,
        .datagram_max = DHCP_MESSAGE_MAX + 1,
        .unsent = dhcp_unsent,
    };

    service->socket = udp_open(service->server->control, &options, received, service);
    if (service->socket)
        return true;
    port_refusal_text("udp", DHCP_SERVER_PORT, errno,
                      "end it, for two DHCP servers cannot share a port", error, error_size);
    return false;
}

/* Another program may stand at PXE's port without harm to DHCP. */
static void open_boot_socket(struct dhcp_service *service)
{
    const struct udp_options options = {
        .local = {0, PXE_SERVER_PORT},
        .broadcast = true,
        .batch = BATCH,
        .rounds = ROUNDS,
        .datagram_max = DHCP_MESSAGE_MAX + 1,
        .unsent = dhcp_unsent,
    };
    char holder[256];

    service->boot_socket = udp_open(service->server->control, &options, received_boot, service);
    if (!service->boot_socket)
        log_warning("dhcp: %s; boot menus and proxy-dhcp may fail for PXE clients that ask there",
                    port_holder_text("udp", PXE_SERVER_PORT, holder, sizeof(holder)));
}

/* What the machine's last answer would come to now. */
static struct told *told_by_lease(struct dhcp_service *service, const struct lease *lease)
{
    struct evaluation *e = &service->plan.evaluation;
    const struct host *host =
        recall_host(e, &service->message, service->snapshot, leases_table(service->leases), lease);
    struct scope_view outcome =
        recall_view(e, &service->message, service->snapshot, host, lease->address, lease->notes);

    /* With its relay's word, which the lease keeps, it is what the machine was sent. */
    return told_new(service->snapshot, host, &lease->hardware, lease->address, &outcome,
                    e->agent_options.length > 0);
}

/* After a restart TFTP and NFS know who holds which address; after a reload, what the new
 * configuration says under its conditions. */
static void tell_machines(struct dhcp_service *service, bool restarted)
{
    const struct lease_table *table = leases_table(service->leases);
    bool matters = recall_matters(service->snapshot);
    size_t place = 0, slot = 0;
    const struct lease *lease;

    while ((lease = lease_table_next(table, &place, &slot)) != NULL) {
        struct machine machine = {.hardware = lease->hardware, .stage = lease->stage};
        struct told *told;

        if (lease->state != LEASE_BOUND)
            continue;
        told = matters ? told_by_lease(service, lease) : NULL;
        if (restarted)
            machines_put(service->server->machines, lease->address, &machine, told);
        else
            machines_tell(service->server->machines, lease->address, told);
    }
}

/* For the advertiser: iPXE that was answered a moment ago waits for a router next. */
static bool waits_in_rom(void *argument, const struct hardware *hardware)
{
    const struct dhcp_service *service = argument;
    struct dhcp_answered answered = dhcp_memory_get(service->memory, hardware);

    return answered.at_ms > 0 && answered.router_wanted &&
           clock_monotonic_ms() - answered.at_ms < ROM_WAIT_MS;
}

/* For the prober: an address that was offered is somebody's already. */
static void found_in_use(void *argument, const struct prober_question *question,
                         const struct hardware *holder)
{
    struct dhcp_service *service = argument;
    const struct lease *lease =
        lease_table_by_address(leases_table(service->leases), question->address);
    char address[IPV4_TEXT_SIZE], other[HARDWARE_TEXT_SIZE], machine[HARDWARE_TEXT_SIZE];
    int64_t until = clock_wall_seconds() + question->abandon_seconds;
    struct lease aside;
    char why[128];

    if (!dhcp_set_aside(lease, &question->machine, until, &aside))
        return;
    hardware_text(other, holder);
    snprintf(why, sizeof(why), "in use by %s when it was offered", other);
    leases_store(service->leases, &aside, why);
    log_warning("dhcp: %s, just offered to %s, is in use by %s: the address is set aside for %u "
                "minutes, and the machine gets another one",
                ipv4_text(address, question->address), hardware_text(machine, &question->machine),
                other, (unsigned)(question->abandon_seconds / 60));
}

static void stop(void *state)
{
    struct dhcp_service *service = state;

    dhcp_leave_none(service);
    dhcp_ends_free(service->ends);
    pools_free(service->server->pools);
    service->server->pools = NULL;
    udp_close(service->socket);
    udp_close(service->boot_socket);
    advertiser_close(service->advertiser);
    overhearer_free(service->overhearer);
    prober_close(service->prober);
    link_sender_close(service->sender);
    leases_close(service->leases);
    if (service->claim >= 0)
        close(service->claim);
    dhcp_memory_free(service->memory);
    boot_findings_release(&service->boot);
    snapshot_free(service->snapshot);
    free(service->links);
    free(service->waiting.list);
    free(service->committing.list);
    free(service->ready.list);
    free(service);
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct dhcp_service *service = memory_zeroed(1, sizeof(*service));

    service->server = server;
    service->claim = -1;
    service->snapshot = server_snapshot(server);
    service->memory = dhcp_memory_new();
    service->waiting.list = memory_zeroed(WAITING_MAX, sizeof(struct outgoing));
    service->committing.list = memory_zeroed(WAITING_MAX, sizeof(struct outgoing));
    service->ready.list = memory_zeroed(WAITING_MAX, sizeof(struct outgoing));
    if (service->snapshot->subnet_count == 0) {
        log_warning("dhcp: no subnet is declared: no machine gets an address from this server");
        return service;
    }
    dhcp_refresh_links(service, clock_monotonic_ms());
    if (!dhcp_check_links(service->snapshot, service->links, service->link_count, error,
                          error_size))
        goto failed;
    service->claim = leases_claim(server->state_directory, error, error_size);
    if (service->claim < 0)
        goto failed;
    service->leases = leases_open(server->state_directory, error, error_size);
    if (!service->leases)
        goto failed;
    if (leases_lost(service->leases))
        log_warning("%s/leases.log is damaged: %zu changes of leases, or groups of them, cannot be "
                    "read; the rest was taken; look after the disk",
                    server->state_directory, leases_lost(service->leases));
    server->leases = service->leases;
    if (!open_socket(service, error, error_size))
        goto failed;
    open_boot_socket(service);
    server_serves(server, "dhcp", "udp", DHCP_SERVER_PORT);
    if (service->boot_socket)
        server_serves(server, "pxe", "udp", PXE_SERVER_PORT);
    service->sender = link_sender_open();
    if (!service->sender)
        log_warning("dhcp: frames cannot be sent (%s): answers go by broadcast, which needs no "
                    "CAP_NET_RAW",
                    strerror(errno));
    service->overhearer = overhearer_new(server, is_ours, service);
    service->advertiser = advertiser_open(server->control, waits_in_rom, service);
    service->prober = prober_open(server->control, found_in_use, service);
    tell_machines(service, true);
    server->pools = pools_new(server->control, leases_table(service->leases), service->snapshot);
    service->ends = dhcp_ends_new(server->control, service->leases, say_end, service);
    dhcp_ends_await(service->ends);
    loop_at_turn_end(server->control, turn_ended, service);
    return service;

failed:
    stop(service);
    return NULL;
}

static void reloaded(void *state)
{
    struct dhcp_service *service = state;

    /* What was decided under the configuration that ends is told before the next one's word. */
    dhcp_leave_none(service);
    boot_findings_release(&service->boot);
    snapshot_free(service->snapshot);
    service->snapshot = server_snapshot(service->server);
    /* Subnets may have come: the interfaces are looked at, and spoken of, anew. */
    service->stranger_count = 0;
    if (service->leases)
        tell_machines(service, false);
    if (service->server->pools)
        pools_configure(service->server->pools, service->snapshot);
    if (!service->leases && service->snapshot->subnet_count > 0)
        log_warning("dhcp: the first subnet needs a restart: the port was not opened at the start");
}

const struct service service_dhcp = {
    .name = "dhcp",
    .start = start,
    .stop = stop,
    .reloaded = reloaded,
};
