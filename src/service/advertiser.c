#include "service/advertiser.h"

#include "base/memory.h"
#include "net/loop.h"
#include "platform/linux/router_socket.h"
#include "wire/icmp6.h"

#include <stdlib.h>
#include <unistd.h>

enum { LISTENED_MAX = 32, SOLICITATION_MAX = 1500, ROUNDS = 32 };

struct advertiser {
    int descriptor;
    struct loop_event *event;
    bool (*wants)(void *argument, const struct hardware *hardware);
    void *argument;
    unsigned listened[LISTENED_MAX];
    size_t listened_count;
};

static void answer(struct advertiser *advertiser, const struct router_datagram *datagram)
{
    struct hardware hardware = {.type = HARDWARE_ETHERNET, .length = ICMP6_LINK_ADDRESS_SIZE};
    struct icmp6_solicitation solicitation;
    uint8_t bytes[ICMP6_ADVERTISEMENT_SIZE];

    if (!icmp6_decode_solicitation(&solicitation, datagram->bytes) ||
        !solicitation.has_link_address)
        return;
    memcpy(hardware.address, solicitation.link_address, ICMP6_LINK_ADDRESS_SIZE);
    if (!advertiser->wants(advertiser->argument, &hardware))
        return;
    /* If it is lost, the ROM asks again. */
    (void)router_socket_send(advertiser->descriptor, &datagram->source, datagram->interface_index,
                             slice_of(bytes, icmp6_encode_advertisement(bytes, sizeof(bytes))));
}

static void ready(void *argument, int what)
{
    struct advertiser *advertiser = argument;
    uint8_t buffer[SOLICITATION_MAX];
    struct router_datagram datagram;

    (void)what;
    for (int i = 0; i < ROUNDS; i++) {
        if (!router_socket_receive(advertiser->descriptor, buffer, sizeof(buffer), &datagram))
            return;
        answer(advertiser, &datagram);
    }
}

struct advertiser *advertiser_open(struct loop *loop,
                                   bool (*wants)(void *argument, const struct hardware *hardware),
                                   void *argument)
{
    int descriptor = router_socket_open();
    struct advertiser *advertiser;

    if (descriptor < 0)
        return NULL;
    advertiser = memory_zeroed(1, sizeof(*advertiser));
    advertiser->descriptor = descriptor;
    advertiser->wants = wants;
    advertiser->argument = argument;
    advertiser->event = loop_watch(loop, descriptor, LOOP_READ, ready, advertiser);
    return advertiser;
}

void advertiser_close(struct advertiser *advertiser)
{
    if (!advertiser)
        return;
    loop_event_free(advertiser->event);
    close(advertiser->descriptor);
    free(advertiser);
}

void advertiser_listen(struct advertiser *advertiser, unsigned interface_index)
{
    if (!advertiser)
        return;
    for (size_t i = 0; i < advertiser->listened_count; i++) {
        if (advertiser->listened[i] == interface_index)
            return;
    }
    if (advertiser->listened_count < LISTENED_MAX &&
        router_socket_join(advertiser->descriptor, interface_index) == 0)
        advertiser->listened[advertiser->listened_count++] = interface_index;
}
