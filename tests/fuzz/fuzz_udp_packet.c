/* Any bytes as an IPv4 packet with a DHCP message in it, as another server's is overheard. */
#include "wire/dhcp.h"
#include "wire/udp_packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    static struct dhcp_message message;
    struct udp_packet packet;

    if (!udp_packet_decode(&packet, slice_of(data, length)))
        return 0;
    if (packet.payload.data < data || packet.payload.data + packet.payload.length > data + length)
        abort();
    (void)dhcp_decode(&message, packet.payload);
    return 0;
}
