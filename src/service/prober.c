#include "service/prober.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/loop.h"
#include "platform/linux/arp_socket.h"
#include "service/claims.h"
#include "wire/rarp.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    PROBES_MAX = 256,      /* open at a time */
    PROBE_OPEN_MS = 1000,  /* how long nobody takes its place */
    PROBE_HEARD_MS = 5000, /* how long an answer counts */
    PROBE_ROUNDS = 32,
    PROBE_BUFFER = 256,
    PROBE_QUIET_MS = 60000, /* between two lines about who answers for too many */
};

struct probe {
    struct prober_question question; /* its address 0: none */
    uint64_t at_ms;
};

struct prober {
    int descriptor;
    struct loop_event *event;
    void (*found)(void *argument, const struct prober_question *question,
                  const struct hardware *holder);
    void *argument;
    struct probe probes[PROBES_MAX]; /* a ring */
    size_t next;
    struct claims claims;
    uint64_t disbelieved_said_ms; /* 0: never */
};

/* The probe of the address that is not older than `age_ms`, or NULL. */
static struct probe *find(struct prober *prober, uint32_t address, uint64_t now_ms, uint64_t age_ms)
{
    for (size_t i = 0; i < PROBES_MAX; i++) {
        struct probe *probe = &prober->probes[i];

        if (probe->question.address == address && now_ms - probe->at_ms <= age_ms)
            return probe;
    }
    return NULL;
}

static void say_disbelieved(struct prober *prober, const struct hardware *holder, uint64_t now_ms)
{
    char text[HARDWARE_TEXT_SIZE];

    if (prober->disbelieved_said_ms && now_ms - prober->disbelieved_said_ms < PROBE_QUIET_MS)
        return;
    prober->disbelieved_said_ms = now_ms ? now_ms : 1;
    log_warning("dhcp: %s answers by ARP for more than %d of the addresses that are offered: it is "
                "believed for no more of them; if it is a router, switch its proxy ARP off there, "
                "or write \"ping-check off\"",
                hardware_text(text, holder), CLAIMS_OF_ONE_MAX);
}

static void hear(struct prober *prober, const struct rarp_packet *packet)
{
    struct hardware holder = {.type = HARDWARE_ETHERNET, .length = RARP_HARDWARE_SIZE};
    struct prober_question question;
    uint64_t now_ms = clock_monotonic_ms();
    struct probe *probe = packet->sender_address
                              ? find(prober, packet->sender_address, now_ms, PROBE_HEARD_MS)
                              : NULL;

    memcpy(holder.address, packet->sender_hardware, RARP_HARDWARE_SIZE);
    /* The machine itself may answer, where it was quick to take what it was offered. */
    if (!probe || hardware_equal(&probe->question.machine, &holder))
        return;
    question = probe->question;
    *probe = (struct probe){.at_ms = 0};
    if (!claims_take(&prober->claims, &holder, now_ms + (uint64_t)question.abandon_seconds * 1000,
                     now_ms)) {
        say_disbelieved(prober, &holder, now_ms);
        return;
    }
    prober->found(prober->argument, &question, &holder);
}

static void ready(void *argument, int what)
{
    struct prober *prober = argument;
    uint8_t buffer[PROBE_BUFFER], from[LINK_ETHERNET_SIZE];
    struct rarp_packet packet;
    unsigned interface_index;
    struct slice bytes;

    (void)what;
    for (int i = 0; i < PROBE_ROUNDS; i++) {
        if (!arp_socket_receive(prober->descriptor, buffer, sizeof(buffer), &bytes,
                                &interface_index, from))
            return;
        if (arp_decode(&packet, bytes) && packet.operation == ARP_REPLY)
            hear(prober, &packet);
    }
}

struct prober *prober_open(struct loop *loop,
                           void (*found)(void *argument, const struct prober_question *question,
                                         const struct hardware *holder),
                           void *argument)
{
    int descriptor = arp_socket_open(ARP_PROTOCOL);
    struct prober *prober;

    if (descriptor < 0)
        return NULL;
    prober = memory_zeroed(1, sizeof(*prober));
    prober->descriptor = descriptor;
    prober->found = found;
    prober->argument = argument;
    prober->event = loop_watch(loop, descriptor, LOOP_READ, ready, prober);
    return prober;
}

void prober_close(struct prober *prober)
{
    if (!prober)
        return;
    loop_event_free(prober->event);
    close(prober->descriptor);
    free(prober);
}

void prober_ask(struct prober *prober, const struct link_address *link,
                const struct prober_question *question, uint64_t now_ms)
{
    static const uint8_t everybody[LINK_ETHERNET_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct rarp_packet packet = {.operation = ARP_REQUEST, .target_address = question->address};
    uint8_t bytes[RARP_SIZE];
    struct probe *probe;

    if (!prober || !link->ethernet || find(prober, question->address, now_ms, PROBE_HEARD_MS))
        return;
    probe = &prober->probes[prober->next];
    if (probe->question.address && now_ms - probe->at_ms < PROBE_OPEN_MS)
        return;
    prober->next = (prober->next + 1) % PROBES_MAX;
    *probe = (struct probe){*question, now_ms};
    /* The sender's address stays zero: it shall change nobody's table (RFC 5227 section 1.1). */
    memcpy(packet.sender_hardware, link->hardware, LINK_ETHERNET_SIZE);
    /* If it is lost, the machine's own check, or a person, finds the conflict. */
    (void)arp_socket_send(prober->descriptor, ARP_PROTOCOL, link->index, everybody,
                          slice_of(bytes, rarp_encode(&packet, bytes, sizeof(bytes))));
}
