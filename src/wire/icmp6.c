#include "wire/icmp6.h"

#include "base/cursor.h"

enum { OPTION_SOURCE_LINK_ADDRESS = 1, OPTION_UNIT = 8 };

bool icmp6_decode_solicitation(struct icmp6_solicitation *solicitation, struct slice packet)
{
    struct reader r = reader_of_slice(packet);
    bool is_solicitation = reader_u8(&r) == ICMP6_ROUTER_SOLICITATION && reader_u8(&r) == 0;

    *solicitation = (struct icmp6_solicitation){.has_link_address = false};
    reader_skip(&r, 2 + 4); /* checksum, reserved */
    while (!r.failed && reader_left(&r) > 0) {
        uint8_t type = reader_u8(&r), units = reader_u8(&r);
        struct slice value;

        if (units == 0)
            return false; /* RFC 4861 section 4.6 */
        value = reader_bytes(&r, (size_t)units * OPTION_UNIT - 2);
        if (type == OPTION_SOURCE_LINK_ADDRESS && value.length == ICMP6_LINK_ADDRESS_SIZE) {
            solicitation->has_link_address = true;
            memcpy(solicitation->link_address, value.data, ICMP6_LINK_ADDRESS_SIZE);
        }
    }
    return is_solicitation && !r.failed;
}

size_t icmp6_encode_advertisement(void *to, size_t capacity)
{
    struct writer w = writer_of(to, capacity);

    writer_u8(&w, ICMP6_ROUTER_ADVERTISEMENT);
    writer_u8(&w, 0);
    writer_be16(&w, 0); /* checksum */
    writer_u8(&w, 0);   /* current hop limit: unspecified */
    writer_u8(&w, 0);   /* neither managed nor other configuration */
    writer_be16(&w, 0); /* router lifetime */
    writer_be32(&w, 0); /* reachable time: unspecified */
    writer_be32(&w, 0); /* retransmission timer: unspecified */
    return w.failed ? 0 : w.length;
}
