#include "wire/rarp.h"

#include "base/cursor.h"

enum { TYPE_ETHERNET = 1, TYPE_IPV4 = 0x0800, IPV4_SIZE = 4 };

static bool decode(struct rarp_packet *packet, struct slice bytes)
{
    struct reader r = reader_of_slice(bytes);
    bool ours = reader_be16(&r) == TYPE_ETHERNET;

    ours = reader_be16(&r) == TYPE_IPV4 && ours;
    ours = reader_u8(&r) == RARP_HARDWARE_SIZE && ours;
    ours = reader_u8(&r) == IPV4_SIZE && ours;
    packet->operation = reader_be16(&r);
    reader_copy(&r, packet->sender_hardware, RARP_HARDWARE_SIZE);
    packet->sender_address = reader_be32(&r);
    reader_copy(&r, packet->target_hardware, RARP_HARDWARE_SIZE);
    packet->target_address = reader_be32(&r);
    return ours && !r.failed;
}

bool rarp_decode(struct rarp_packet *packet, struct slice bytes)
{
    return decode(packet, bytes) &&
           (packet->operation == RARP_REQUEST || packet->operation == RARP_REPLY);
}

bool arp_decode(struct rarp_packet *packet, struct slice bytes)
{
    return decode(packet, bytes) &&
           (packet->operation == ARP_REQUEST || packet->operation == ARP_REPLY);
}

size_t rarp_encode(const struct rarp_packet *packet, void *to, size_t capacity)
{
    struct writer w = writer_of(to, capacity);

    writer_be16(&w, TYPE_ETHERNET);
    writer_be16(&w, TYPE_IPV4);
    writer_u8(&w, RARP_HARDWARE_SIZE);
    writer_u8(&w, IPV4_SIZE);
    writer_be16(&w, packet->operation);
    writer_bytes(&w, packet->sender_hardware, RARP_HARDWARE_SIZE);
    writer_be32(&w, packet->sender_address);
    writer_bytes(&w, packet->target_hardware, RARP_HARDWARE_SIZE);
    writer_be32(&w, packet->target_address);
    return w.failed ? 0 : w.length;
}
