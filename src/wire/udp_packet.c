#include "wire/udp_packet.h"

#include "base/cursor.h"

#include <stddef.h>

enum {
    VERSION_4 = 4,
    PROTOCOL_UDP = 17,
    IP_HEADER_MIN = 20,
    UDP_HEADER = 8,
    FRAGMENT = 0x3fff, /* more fragments, or an offset */
};

bool udp_packet_decode(struct udp_packet *packet, struct slice bytes)
{
    struct reader reader = reader_of_slice(bytes);
    uint8_t first = reader_u8(&reader), protocol;
    size_t header = (size_t)(first & 0xf) * 4, length;
    uint16_t fragment;

    reader_skip(&reader, 5);
    fragment = reader_be16(&reader);
    reader_skip(&reader, 1);
    protocol = reader_u8(&reader);
    reader_skip(&reader, 2);
    packet->from_address = reader_be32(&reader);
    packet->to_address = reader_be32(&reader);
    if (reader.failed || first >> 4 != VERSION_4 || header < IP_HEADER_MIN || fragment & FRAGMENT ||
        protocol != PROTOCOL_UDP)
        return false;
    reader_skip(&reader, header - IP_HEADER_MIN);
    packet->from_port = reader_be16(&reader);
    packet->to_port = reader_be16(&reader);
    length = reader_be16(&reader);
    reader_skip(&reader, 2);
    if (length < UDP_HEADER)
        return false;
    packet->payload = reader_bytes(&reader, length - UDP_HEADER);
    return !reader.failed;
}
