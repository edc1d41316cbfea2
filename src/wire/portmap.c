#include "wire/portmap.h"

#include "wire/xdr.h"

#include <stdio.h>

void portmap_read_mapping(struct reader *r, struct portmap_mapping *mapping)
{
    mapping->program = reader_be32(r);
    mapping->version = reader_be32(r);
    mapping->protocol = reader_be32(r);
    mapping->port = reader_be32(r);
}

void portmap_write_mapping(struct writer *w, const struct portmap_mapping *mapping)
{
    writer_be32(w, mapping->program);
    writer_be32(w, mapping->version);
    writer_be32(w, mapping->protocol);
    writer_be32(w, mapping->port);
}

void portmap_read_indirect(struct reader *r, struct portmap_indirect *call)
{
    call->program = reader_be32(r);
    call->version = reader_be32(r);
    call->procedure = reader_be32(r);
    call->arguments = xdr_read_opaque(r, reader_left(r));
}

void rpcbind_read_entry(struct reader *r, struct rpcbind_entry *entry)
{
    entry->program = reader_be32(r);
    entry->version = reader_be32(r);
    entry->netid = xdr_read_opaque(r, RPCBIND_TEXT_MAX);
    entry->address = xdr_read_opaque(r, RPCBIND_TEXT_MAX);
    entry->owner = xdr_read_opaque(r, RPCBIND_TEXT_MAX);
}

void rpcbind_write_entry(struct writer *w, const struct rpcbind_entry *entry)
{
    writer_be32(w, entry->program);
    writer_be32(w, entry->version);
    xdr_write_opaque(w, entry->netid);
    xdr_write_opaque(w, entry->address);
    xdr_write_opaque(w, entry->owner);
}

char *universal_address(char to[UNIVERSAL_ADDRESS_SIZE], uint32_t address, uint16_t port)
{
    snprintf(to, UNIVERSAL_ADDRESS_SIZE, "%u.%u.%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
             address >> 8 & 0xff, address & 0xff, (unsigned)port >> 8, port & 0xffu);
    return to;
}
