#include "wire/bootparam.h"

#include "wire/xdr.h"

enum { ADDRESS_IPV4 = 1, ADDRESS_BYTES = 4 };

/* A tagged address: four bytes, each in an XDR integer of its own, whose upper bytes clients fill
 * with the sign. */
static uint32_t read_address(struct reader *r)
{
    uint32_t address = 0;

    if (reader_be32(r) != ADDRESS_IPV4)
        reader_fail(r);
    for (int i = 0; i < ADDRESS_BYTES; i++)
        address = address << 8 | (reader_be32(r) & 0xff);
    return r->failed ? 0 : address;
}

static void write_address(struct writer *w, uint32_t address)
{
    writer_be32(w, ADDRESS_IPV4);
    for (int i = ADDRESS_BYTES - 1; i >= 0; i--) {
        uint32_t byte = address >> (8 * i) & 0xff;

        /* A char in XDR is a signed integer (RFC 4506 section 4.1). */
        writer_be32(w, byte & 0x80 ? byte | 0xffffff00u : byte);
    }
}

uint32_t bootparam_read_whoami(struct reader *r)
{
    return read_address(r);
}

void bootparam_read_getfile(struct reader *r, struct bootparam_getfile *asked)
{
    asked->client = xdr_read_opaque(r, BOOTPARAM_NAME_MAX);
    asked->file = xdr_read_opaque(r, BOOTPARAM_FILE_MAX);
}

static void write_text(struct writer *w, struct slice text, size_t most)
{
    if (text.length > most)
        writer_fail(w);
    xdr_write_opaque(w, text);
}

void bootparam_write_who(struct writer *w, const struct bootparam_who *who)
{
    write_text(w, who->client, BOOTPARAM_NAME_MAX);
    write_text(w, who->domain, BOOTPARAM_NAME_MAX);
    write_address(w, who->router);
}

void bootparam_write_file(struct writer *w, const struct bootparam_file *file)
{
    write_text(w, file->server, BOOTPARAM_NAME_MAX);
    write_address(w, file->address);
    write_text(w, file->path, BOOTPARAM_PATH_MAX);
}
