/* Any bytes as an ARP or RARP packet; what decodes is written as it came. */
#include "wire/rarp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    struct rarp_packet packet;
    uint8_t bytes[RARP_SIZE];

    if (!rarp_decode(&packet, slice_of(data, length)) &&
        !arp_decode(&packet, slice_of(data, length)))
        return 0;
    if (rarp_encode(&packet, bytes, sizeof(bytes)) != RARP_SIZE ||
        memcmp(bytes, data, RARP_SIZE) != 0)
        abort();
    return 0;
}
