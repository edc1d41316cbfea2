/* Other DHCP servers: asks each served link, from the interface's own hardware address, and hears
 * who answers. An offer that nobody takes up is given back by its server after a while. */
#include "inspect/inspect.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "decide/probe.h"
#include "platform/linux/link_ear.h"
#include "wire/udp_packet.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EARS_MAX = 32,
    SERVERS_MAX = 16, /* of one link */
    AGAIN_MS = 1500,
    ROUNDS_MAX = 2,
    SECS = 10, /* some servers leave a client's first seconds to others */
    BUFFER_SIZE = 4096,
    TEXT_SIZE = 768,
    XID_PLACE = 4, /* in a BOOTP message (RFC 951 section 3) */
    FLAGS_PLACE = 10,
};

/* One server's answer. */
struct answer {
    uint32_t server, from; /* as option 54 says, 0: not at all; and as the packet does */
    uint32_t address, next_server;
    uint8_t hardware[LINK_ETHERNET_SIZE];
    char file[160];
};

struct ear {
    const struct link_address *link;
    const struct subnet *subnet;
    int descriptor;
    struct answer answers[SERVERS_MAX];
    size_t answer_count;
};

struct listening {
    const struct inspection *inspection;
    uint32_t xid;
    struct link_sender *sender;
    struct ear ears[EARS_MAX];
    size_t ear_count;
};

/* Sends what a client of this stage would. Returns 0 or an errno. */
static int send_probe(const struct listening *l, const struct ear *ear, const char *key)
{
    const struct link_datagram datagram = {
        .interface_index = ear->link->index,
        .from_hardware = {ear->link->hardware[0], ear->link->hardware[1], ear->link->hardware[2],
                          ear->link->hardware[3], ear->link->hardware[4], ear->link->hardware[5]},
        .to_hardware = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        .to_address = IPV4_BROADCAST,
        .from_port = DHCP_CLIENT_PORT,
        .to_port = DHCP_SERVER_PORT,
    };
    uint8_t bytes[DHCP_MESSAGE_MAX];
    struct probe probe = {.secs = SECS};
    const struct probe_stage *stages;
    size_t count, length;

    stages = probe_stages(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(stages[i].key, key) == 0)
            probe.stage = &stages[i];
    }
    probe.hardware = (struct hardware){.type = HARDWARE_ETHERNET, .length = LINK_ETHERNET_SIZE};
    memcpy(probe.hardware.address, ear->link->hardware, LINK_ETHERNET_SIZE);
    length = probe.stage ? probe_write(&probe, bytes) : 0;
    if (length == 0)
        return EINVAL;
    memcpy(bytes + XID_PLACE, &l->xid, sizeof(l->xid));
    /* To everybody, so that no ARP entry for an address that is not ours is made. */
    bytes[FLAGS_PLACE] |= DHCP_FLAG_BROADCAST >> 8;
    return link_send(l->sender, &datagram, slice_of(bytes, length));
}

static void note_answer(struct ear *ear, const uint8_t hardware[LINK_ETHERNET_SIZE], uint32_t from,
                        const struct dhcp_message *message)
{
    struct answer answer = {
        .from = from, .address = message->yiaddr, .next_server = message->siaddr};
    struct slice file = message->file;

    memcpy(answer.hardware, hardware, LINK_ETHERNET_SIZE);
    dhcp_message_u32(message, DHCP_OPTION_SERVER_IDENTIFIER, &answer.server);
    if (file.length == 0)
        file = dhcp_message_text(message, DHCP_OPTION_FILE_NAME);
    text_printable(answer.file, sizeof(answer.file), file);
    for (size_t i = 0; i < ear->answer_count; i++) {
        struct answer *known = &ear->answers[i];

        /* One that answers as DHCP server and as proxyDHCP server is both. */
        if (known->server != answer.server || !known->address != !answer.address)
            continue;
        if (!known->file[0])
            memcpy(known->file, answer.file, sizeof(known->file));
        return;
    }
    if (ear->answer_count < SERVERS_MAX)
        ear->answers[ear->answer_count++] = answer;
}

static void hear(struct listening *l, struct ear *ear)
{
    static struct dhcp_message message;
    uint8_t buffer[BUFFER_SIZE];
    struct udp_packet packet;
    struct link_heard heard;
    uint32_t xid;

    while (link_ear_receive(ear->descriptor, buffer, sizeof(buffer), &heard)) {
        if (!udp_packet_decode(&packet, heard.packet) || dhcp_decode(&message, packet.payload) ||
            message.op != BOOTP_REPLY)
            continue;
        memcpy(&xid, packet.payload.data + XID_PLACE, sizeof(xid));
        if (xid == l->xid && memcmp(message.chaddr, ear->link->hardware, LINK_ETHERNET_SIZE) == 0 &&
            dhcp_message_type(&message) != DHCP_NAK)
            note_answer(ear, heard.from_hardware, packet.from_address, &message);
    }
}

static void listen_to_all(struct listening *l)
{
    uint64_t began = clock_monotonic_ms(), now = began;
    struct pollfd polled[EARS_MAX];
    unsigned rounds = 0;

    for (size_t i = 0; i < l->ear_count; i++)
        polled[i] = (struct pollfd){.fd = l->ears[i].descriptor, .events = POLLIN};
    for (; now - began < l->inspection->wait_ms; now = clock_monotonic_ms()) {
        for (; rounds < ROUNDS_MAX && now - began >= (uint64_t)rounds * AGAIN_MS; rounds++) {
            for (size_t i = 0; i < l->ear_count; i++) {
                (void)send_probe(l, &l->ears[i], "kernel-linux");
                (void)send_probe(l, &l->ears[i], "uefi-pxe");
            }
        }
        if (poll(polled, l->ear_count, 100) <= 0)
            continue;
        for (size_t i = 0; i < l->ear_count; i++)
            hear(l, &l->ears[i]);
    }
}

static void say_answer(const struct listening *l, const struct ear *ear,
                       const struct answer *answer, bool proxy)
{
    char server[IPV4_TEXT_SIZE], address[IPV4_TEXT_SIZE], next[IPV4_TEXT_SIZE];
    char hardware[3 * LINK_ETHERNET_SIZE], what[TEXT_SIZE];

    ipv4_text(server, answer->server ? answer->server : answer->from);
    text_hex(hardware, sizeof(hardware), slice_of(answer->hardware, LINK_ETHERNET_SIZE));
    snprintf(what, sizeof(what), "%s at %s answers on this link; it offers %s%s%s%s%s%s", server,
             hardware, answer->address ? "the address " : "no address",
             answer->address ? ipv4_text(address, answer->address) : "",
             answer->file[0] ? ", the boot file " : "", answer->file,
             answer->next_server ? ", the next server " : "",
             answer->next_server ? ipv4_text(next, answer->next_server) : "");
    if (!answer->address)
        findings_add(l->inspection->findings, FINDING_WARNING, "other-proxy-dhcp", ear->link->name,
                     "stop its proxyDHCP service, or leave PXE to it",
                     "the proxyDHCP server %s: PXE clients may take its boot file instead of "
                     "bootwire's",
                     what);
    else if (proxy)
        findings_add(l->inspection->findings, FINDING_NOTE, "dhcp-server", ear->link->name,
                     "nothing: `proxy-dhcp on;` leaves the addresses to it", "the DHCP server %s",
                     what);
    else
        findings_add(l->inspection->findings, FINDING_PROBLEM, "other-dhcp-server", ear->link->name,
                     "stop it (ask its hardware address of the switch); or leave the addresses to "
                     "it and write `proxy-dhcp on;` in the subnet",
                     "another DHCP server, %s: a machine takes whichever offer it likes, and boots "
                     "by that",
                     what);
}

static void judge(const struct listening *l, const struct ear *ear)
{
    struct scope_view view = scope_view_of(l->inspection->snapshot, NULL, ear->subnet);
    bool proxy = scope_view_flag(&view, PARAMETER_PROXY_DHCP, false), addresses = false;

    for (size_t i = 0; i < ear->answer_count; i++) {
        const struct answer *answer = &ear->answers[i];

        if (inspect_is_own(l->inspection, answer->server ? answer->server : answer->from))
            continue;
        addresses = addresses || answer->address;
        say_answer(l, ear, answer, proxy);
    }
    if (proxy && !addresses)
        findings_add(
            l->inspection->findings, FINDING_WARNING, "no-dhcp-server", ear->link->name,
            "start the DHCP server of this network, or take `proxy-dhcp on;` out; one that "
            "serves only machines that it knows would not have answered",
            "`proxy-dhcp on;` leaves the addresses to another server, and none answered in "
            "%u s: machines that boot get no address",
            l->inspection->wait_ms / 1000);
}

/* Opens an ear on each interface that has an address in a declared subnet. Returns 0 or an errno.
 */
static int open_ears(struct listening *l)
{
    const struct inspection *inspection = l->inspection;

    for (size_t i = 0; i < inspection->link_count && l->ear_count < EARS_MAX; i++) {
        const struct link_address *link = &inspection->links[i];
        const struct subnet *subnet = snapshot_subnet_of(inspection->snapshot, link->address);
        bool new = link->ethernet &&subnet;

        for (size_t j = 0; j < l->ear_count; j++)
            new = new && l->ears[j].link->index != link->index;
        if (!new)
            continue;
        l->ears[l->ear_count] =
            (struct ear){.link = link, .subnet = subnet, .descriptor = link_ear_open(link->index)};
        if (l->ears[l->ear_count].descriptor < 0)
            return errno;
        l->ear_count++;
    }
    return 0;
}

void inspect_dhcp_servers(const struct inspection *inspection)
{
    struct listening *l;
    int error;

    if (inspection->wait_ms == 0)
        return;
    l = memory_zeroed(1, sizeof(*l));
    l->inspection = inspection;
    randombytes_buf(&l->xid, sizeof(l->xid));
    l->sender = link_sender_open();
    error = l->sender ? open_ears(l) : errno;
    if (error && inspection->snapshot->subnet_count > 0)
        findings_add(inspection->findings, FINDING_NOTE, "dhcp-not-asked", "other DHCP servers",
                     "run this as root, or with CAP_NET_RAW",
                     "whether another DHCP server answers on the links could not be asked: %s",
                     strerror(error));
    else if (l->ear_count > 0)
        listen_to_all(l);
    for (size_t i = 0; i < l->ear_count; i++) {
        if (!error)
            judge(l, &l->ears[i]);
        close(l->ears[i].descriptor);
    }
    link_sender_close(l->sender);
    free(l);
}
