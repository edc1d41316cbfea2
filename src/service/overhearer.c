#include "service/overhearer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/setting_walk.h"
#include "net/loop.h"
#include "platform/linux/link_ear.h"
#include "service/journal.h"
#include "service/line_budget.h"
#include "service/server.h"
#include "wire/dhcp.h"
#include "wire/udp_packet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EARS_MAX = 32,
    KNOWN_MAX = 16, /* servers that the log was told of */
    ROUNDS = 32,
    BUFFER_SIZE = 2048,
    STEPS_PER_SECOND = 200,
    TEXT_SIZE = 160,
};

struct ear {
    struct overhearer *overhearer;
    unsigned interface_index;
    int descriptor; /* -1: it could not be opened */
    struct loop_event *event;
};

struct overhearer {
    struct server *server;
    bool (*ours)(void *argument, uint32_t address);
    void *argument;
    struct ear ears[EARS_MAX];
    size_t ear_count;
    uint32_t known[KNOWN_MAX];
    size_t known_count;
    struct line_budget steps;
    const struct snapshot *judged; /* the configuration that the next is about; only compared */
    bool beside;                   /* another server is meant to answer */
    struct dhcp_message message;
};

struct overhearer *overhearer_new(struct server *server,
                                  bool (*ours)(void *argument, uint32_t address), void *argument)
{
    struct overhearer *overhearer = memory_zeroed(1, sizeof(*overhearer));

    overhearer->server = server;
    overhearer->ours = ours;
    overhearer->argument = argument;
    overhearer->steps.per_second = STEPS_PER_SECOND;
    return overhearer;
}

void overhearer_free(struct overhearer *overhearer)
{
    if (!overhearer)
        return;
    for (size_t i = 0; i < overhearer->ear_count; i++) {
        loop_event_free(overhearer->ears[i].event);
        if (overhearer->ears[i].descriptor >= 0)
            close(overhearer->ears[i].descriptor);
    }
    free(overhearer);
}

static void tell_log(struct overhearer *overhearer, uint32_t server, const char *who)
{
    for (size_t i = 0; i < overhearer->known_count; i++) {
        if (overhearer->known[i] == server)
            return;
    }
    if (overhearer->known_count == KNOWN_MAX)
        return;
    overhearer->known[overhearer->known_count++] = server;
    log_warning("dhcp: another DHCP server answers machines here: %s; machines take either one's "
                "offer: end one of the two, or serve beside it with proxy-dhcp on",
                who);
}

static void tell(struct overhearer *overhearer, uint32_t server, const struct link_heard *heard)
{
    const struct dhcp_message *message = &overhearer->message;
    struct hardware hardware = {HARDWARE_ETHERNET, LINK_ETHERNET_SIZE, {0}};
    char mac[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE], who[TEXT_SIZE], got[2 * TEXT_SIZE];
    struct boot_step step = {
        .service = "dhcp",
        .event = STEP_FOREIGN_OFFER,
        .hardware = {HARDWARE_ETHERNET, message->hardware_length, {0}},
        .asked = "another server's answer",
        .got = got,
        .subject = who,
        .quiet = true,
    };

    memcpy(hardware.address, heard->from_hardware, LINK_ETHERNET_SIZE);
    memcpy(step.hardware.address, message->chaddr, message->hardware_length);
    snprintf(who, sizeof(who), "%s (%s)", ipv4_text(address, server),
             hardware_text(mac, &hardware));
    snprintf(got, sizeof(got), "%s %s from %s", dhcp_type_name(dhcp_message_type(message)),
             ipv4_text(address, message->yiaddr), who);
    tell_log(overhearer, server, who);
    journal_step(overhearer->server->journal, &step);
}

static void take(struct overhearer *overhearer, const struct link_heard *heard)
{
    const struct dhcp_message *message = &overhearer->message;
    struct udp_packet packet;
    unsigned withheld;
    uint32_t server;

    if (!udp_packet_decode(&packet, heard->packet) ||
        dhcp_decode(&overhearer->message, packet.payload) || message->op != BOOTP_REPLY ||
        message->hardware_length == 0 ||
        (dhcp_message_type(message) != DHCP_OFFER && dhcp_message_type(message) != DHCP_ACK))
        return;
    server = packet.from_address;
    dhcp_message_u32(message, DHCP_OPTION_SERVER_IDENTIFIER, &server);
    /* Our own answers come by, too: through a relay, or over the loop of a bridge. */
    if (overhearer->ours(overhearer->argument, server) ||
        overhearer->ours(overhearer->argument, packet.from_address))
        return;
    if (line_budget_take(&overhearer->steps, clock_monotonic_ms(), &withheld))
        tell(overhearer, server, heard);
}

static void ready(void *argument, int what)
{
    struct ear *ear = argument;
    uint8_t buffer[BUFFER_SIZE];
    struct link_heard heard;

    (void)what;
    for (int i = 0; i < ROUNDS; i++) {
        if (!link_ear_receive(ear->descriptor, buffer, sizeof(buffer), &heard))
            return;
        take(ear->overhearer, &heard);
    }
}

static void note_proxy(void *argument, const struct setting *setting, const struct scope *scope)
{
    (void)scope;
    *(bool *)argument |= setting->space == SPACE_PARAMETER && setting->code == PARAMETER_PROXY_DHCP;
}

/* Whether another server is meant to answer, somewhere. Looked up once for each configuration. */
static bool is_beside_another(struct overhearer *overhearer, const struct snapshot *snapshot)
{
    if (overhearer->judged != snapshot) {
        overhearer->judged = snapshot;
        overhearer->beside = false;
        snapshot_each_setting(snapshot, note_proxy, &overhearer->beside);
    }
    return overhearer->beside;
}

void overhearer_listen(struct overhearer *overhearer, const struct snapshot *snapshot,
                       unsigned interface_index)
{
    struct ear *ear;

    if (is_beside_another(overhearer, snapshot))
        return;
    for (size_t i = 0; i < overhearer->ear_count; i++) {
        if (overhearer->ears[i].interface_index == interface_index)
            return;
    }
    if (overhearer->ear_count == EARS_MAX)
        return;
    ear = &overhearer->ears[overhearer->ear_count++];
    ear->overhearer = overhearer;
    ear->interface_index = interface_index;
    ear->descriptor = link_ear_open(interface_index);
    if (ear->descriptor >= 0)
        ear->event =
            loop_watch(overhearer->server->control, ear->descriptor, LOOP_READ, ready, ear);
    else
        log_debug("dhcp: other servers on interface %u are not heard: %s; that takes CAP_NET_RAW",
                  interface_index, strerror(errno));
}
