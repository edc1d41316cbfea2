/* The calls of the load generator, and what it reads of their replies. */
#include "nfs_load.h"

#include "wire/nfs2.h"
#include "wire/nfs3.h"
#include "wire/rpc.h"
#include "wire/xdr.h"

#include <stdio.h>

enum { POST_OP_FATTR = NFS3_FATTR_SIZE, NFS2_FATTR = 68 };

void call_write_header(struct writer *w, uint32_t xid, uint32_t program, uint32_t version,
                       uint32_t procedure)
{
    const struct rpc_call call = {
        .xid = xid,
        .program = program,
        .version = version,
        .procedure = procedure,
        .credentials = {.flavor = RPC_AUTH_SYS, .machine = slice_of_string("load")},
    };

    rpc_write_call(w, &call);
}

void call_read_header(struct reader *r)
{
    uint32_t kind, denied, status;

    reader_skip(r, 4);
    kind = reader_be32(r);
    denied = reader_be32(r);
    reader_skip(r, 4);
    reader_skip(r, reader_be32(r));
    status = reader_be32(r);
    if (r->failed || kind != RPC_REPLY || denied || status != RPC_SUCCESS)
        load_fail("the server refused a call: denied %u, accept_stat %u", denied, status);
}

void call_write_handle(const struct load *load, struct writer *w, const struct nfs_handle *handle)
{
    if (load->version == 2)
        writer_bytes(w, handle->data, handle->length);
    else
        xdr_write_opaque(w, slice_of(handle->data, handle->length));
}

static void write_name(struct writer *w, const char *format, uint32_t number)
{
    char name[32];

    snprintf(name, sizeof(name), format, number);
    xdr_write_opaque(w, slice_of_string(name));
}

static uint32_t procedure_of(const struct load *load, const struct slot *slot)
{
    switch (load->workload) {
    case READ_SEQUENTIAL:
    case READ_RANDOM:
        return load->version == 2 ? (uint32_t)NFS2_READ : (uint32_t)NFS3_READ;
    case WRITE_SEQUENTIAL:
    case WRITE_RANDOM:
        return NFS3_WRITE;
    case GETATTR:
        return NFS3_GETATTR;
    case LOOKUP:
        return NFS3_LOOKUP;
    case READDIRPLUS:
        return NFS3_READDIRPLUS;
    case CREATE_REMOVE:
    case IDLE:
        break;
    }
    return slot->second ? NFS3_REMOVE : NFS3_CREATE;
}

static void write_read(const struct load *load, const struct slot *slot, struct writer *w)
{
    if (load->version == 2) {
        writer_be32(w, (uint32_t)slot->offset);
        writer_be32(w, load->size);
        writer_be32(w, 0); /* totalcount: unused */
    } else {
        writer_be64(w, slot->offset);
        writer_be32(w, load->size);
    }
}

static void write_create(const struct slot *slot, const struct load *load, struct writer *w)
{
    write_name(w, "f%u", (uint32_t)(slot - load->slots));
    if (slot->second)
        return;
    writer_be32(w, NFS3_UNCHECKED);
    writer_be32(w, 1); /* a mode, and nothing else of sattr3 */
    writer_be32(w, 0644);
    for (int i = 0; i < 5; i++)
        writer_be32(w, 0);
}

static void write_arguments(struct load *load, const struct slot *slot, struct writer *w,
                            size_t *payload)
{
    struct client *client = load_client(load, slot);

    call_write_handle(load, w,
                      load->workload == GETATTR ? &client->samples[slot->name] : &client->target);
    switch (load->workload) {
    case READ_SEQUENTIAL:
    case READ_RANDOM:
        write_read(load, slot, w);
        break;
    case WRITE_SEQUENTIAL:
    case WRITE_RANDOM:
        writer_be64(w, slot->offset);
        writer_be32(w, load->size);
        writer_be32(w, NFS3_UNSTABLE);
        writer_be32(w, load->size);
        *payload = load->size;
        break;
    case GETATTR:
        break;
    case LOOKUP:
        write_name(w, "n%05u", slot->name);
        break;
    case READDIRPLUS:
        writer_be64(w, client->cookie);
        writer_bytes(w, client->verifier, sizeof(client->verifier));
        writer_be32(w, LIST_BYTES);
        writer_be32(w, LIST_BYTES);
        break;
    case CREATE_REMOVE:
        write_create(slot, load, w);
        break;
    case IDLE:
        break;
    }
}

void call_write(struct load *load, struct slot *slot, struct writer *w, size_t *payload)
{
    size_t start = w->length;

    *payload = 0;
    if (!load->udp)
        writer_be32(w, 0);
    call_write_header(w, slot->xid, NFS3_PROGRAM, load->version, procedure_of(load, slot));
    write_arguments(load, slot, w, payload);
    if (!load->udp)
        writer_patch_be32(w, start, 0x80000000u | (uint32_t)(w->length - start - 4 + *payload));
}

static void skip_post_op(struct reader *r)
{
    if (reader_be32(r))
        reader_skip(r, POST_OP_FATTR);
}

/* Walks the entries: where the next call goes on stands in the last one. Only those count that have
 * what READDIRPLUS is for. */
static uint32_t read_list(struct client *client, struct reader *r)
{
    uint32_t entries = 0;

    skip_post_op(r);
    reader_copy(r, client->verifier, sizeof(client->verifier));
    while (reader_be32(r)) {
        reader_skip(r, 8);
        reader_skip(r, (reader_be32(r) + 3) & ~3u);
        client->cookie = reader_be64(r);
        skip_post_op(r);
        if (reader_be32(r)) {
            reader_skip(r, (reader_be32(r) + 3) & ~3u);
            entries++;
        }
    }
    if (reader_be32(r)) {
        client->cookie = 0;
        memset(client->verifier, 0, sizeof(client->verifier));
    }
    return entries;
}

static uint32_t read_count(const struct load *load, struct reader *r)
{
    if (load->workload == READ_SEQUENTIAL || load->workload == READ_RANDOM) {
        if (load->version == 2)
            reader_skip(r, NFS2_FATTR);
        else
            skip_post_op(r);
        return reader_be32(r);
    }
    if (reader_be32(r)) /* wcc_data: before */
        reader_skip(r, 24);
    skip_post_op(r);
    return reader_be32(r);
}

void call_read_reply(struct load *load, struct slot *slot, struct slice reply, uint32_t *entries,
                     uint32_t *bytes)
{
    struct reader r = reader_of_slice(reply);
    uint32_t status;

    *entries = *bytes = 0;
    call_read_header(&r);
    status = reader_be32(&r);
    if (status)
        load_fail("the server answered a call of procedure %u with status %u",
                  procedure_of(load, slot), status);
    if (load->workload <= WRITE_RANDOM) {
        *bytes = read_count(load, &r);
        if (*bytes != load->size)
            load_fail("the server read or wrote %u of %u bytes", *bytes, load->size);
    } else if (load->workload == READDIRPLUS) {
        *entries = read_list(load_client(load, slot), &r);
    }
    if (r.failed)
        load_fail("a reply was cut short");
}

void call_next(struct load *load, struct slot *slot)
{
    struct client *client = load_client(load, slot);

    slot->xid = load->generation++ << load->place_bits | (uint32_t)(slot - load->slots);
    switch (load->workload) {
    case READ_SEQUENTIAL:
    case WRITE_SEQUENTIAL:
        slot->offset = client->next;
        client->next += load->size;
        if (client->next + load->size > client->file_size)
            client->next = 0;
        break;
    case READ_RANDOM:
    case WRITE_RANDOM:
        slot->offset =
            (uint64_t)(load_random(load) % (client->file_size / load->size)) * load->size;
        break;
    case GETATTR:
        slot->name = load_random(load) % load->sample_count;
        break;
    case LOOKUP:
        slot->name = load_random(load) % NAMES;
        break;
    case READDIRPLUS:
        break;
    case CREATE_REMOVE:
        slot->second = !slot->second;
        break;
    case IDLE:
        break;
    }
}
