/* Reads recordings (the classic pcap format, Ethernet) packet by packet, for tests that replay
 * them. */
#ifndef BOOTWIRE_TESTS_UNIT_PCAP_H
#define BOOTWIRE_TESTS_UNIT_PCAP_H

#include "base/cursor.h"

#include <stdio.h>
#include <stdlib.h>

/* A recording in memory. */
struct pcap {
    uint8_t *bytes;
    struct reader reader;
    bool big_endian;
};

/* A UDP datagram of a recording; addresses in host byte order. */
struct pcap_datagram {
    uint32_t source, destination;
    uint16_t source_port, destination_port;
    uint64_t at_us; /* when, in microseconds since 1970 */
    struct slice payload;
};

static inline uint32_t pcap_u32(struct pcap *pcap)
{
    return pcap->big_endian ? reader_be32(&pcap->reader) : reader_le32(&pcap->reader);
}

static inline bool pcap_open(struct pcap *pcap, const char *path)
{
    enum { SIZE_MAX_BYTES = 1 << 20, FILE_HEADER_REST = 20 };
    FILE *file = fopen(path, "rb");
    uint32_t magic;

    *pcap = (struct pcap){.bytes = malloc(SIZE_MAX_BYTES)};
    if (!file || !pcap->bytes) {
        perror(path);
        return false;
    }
    pcap->reader = reader_of(pcap->bytes, fread(pcap->bytes, 1, SIZE_MAX_BYTES, file));
    fclose(file);
    magic = reader_be32(&pcap->reader);
    pcap->big_endian = magic == 0xa1b2c3d4u;
    reader_skip(&pcap->reader, FILE_HEADER_REST);
    return (pcap->big_endian || magic == 0xd4c3b2a1u) && !pcap->reader.failed;
}

static inline void pcap_close(struct pcap *pcap)
{
    free(pcap->bytes);
}

/* The datagram in an Ethernet frame; false where it holds none, or only a part. */
static inline bool pcap_datagram_of(struct slice frame, struct pcap_datagram *datagram)
{
    enum { ETHERTYPE_IPV4 = 0x0800, PROTOCOL_UDP = 17, MORE_OR_OFFSET = 0x3fff };
    struct reader r = reader_of_slice(frame);
    unsigned header, fragment, length;
    uint8_t protocol;

    reader_skip(&r, 12);
    if (reader_be16(&r) != ETHERTYPE_IPV4)
        return false;
    header = reader_u8(&r) & 0x0f;
    reader_skip(&r, 5);
    fragment = reader_be16(&r) & MORE_OR_OFFSET;
    reader_skip(&r, 1);
    protocol = reader_u8(&r);
    reader_skip(&r, 2);
    datagram->source = reader_be32(&r);
    datagram->destination = reader_be32(&r);
    if (header < 5 || fragment || protocol != PROTOCOL_UDP)
        return false;
    reader_skip(&r, (size_t)(header - 5) * 4);
    datagram->source_port = reader_be16(&r);
    datagram->destination_port = reader_be16(&r);
    length = reader_be16(&r);
    reader_skip(&r, 2);
    datagram->payload = reader_bytes(&r, length >= 8 ? length - 8 : 0);
    return !r.failed;
}

/* The next UDP datagram; false at the end. Good until pcap_close(). */
static inline bool pcap_next(struct pcap *pcap, struct pcap_datagram *datagram)
{
    while (reader_left(&pcap->reader) > 0) {
        uint64_t seconds = pcap_u32(pcap), microseconds = pcap_u32(pcap);
        uint32_t length = pcap_u32(pcap);
        struct slice frame;

        reader_skip(&pcap->reader, 4);
        frame = reader_bytes(&pcap->reader, length);
        datagram->at_us = seconds * 1000000 + microseconds;
        if (!pcap->reader.failed && pcap_datagram_of(frame, datagram))
            return true;
    }
    return false;
}

#endif
