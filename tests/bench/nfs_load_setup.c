/* How the load generator's clients get at their files: mount, look up, and one READ that is
 * compared. One blocking call after the other; none of it is measured. */
#include "nfs_load.h"

#include "wire/mount.h"
#include "wire/nfs2.h"
#include "wire/nfs3.h"
#include "wire/rpc.h"
#include "wire/xdr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PORT_FIRST = 600, PORT_LAST = 1023, REPLY_MAX = 2 << 20, COMPARED = 4 };

static uint8_t reply_bytes[REPLY_MAX];

/* From a port that the client's root alone has, as a client's kernel or loader has it. */
static int connect_from(struct in_addr from, const struct sockaddr_in *to)
{
    static int next = PORT_FIRST;
    const struct linger reset = {.l_onoff =
                                     1}; /* nothing lingers: the next run has the ports again */
    const struct timeval patience = {.tv_sec = 10};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, tries = 0;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = from};

    if (descriptor < 0)
        load_fail("socket: %s", strerror(errno));
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    do {
        own.sin_port = htons((uint16_t)next);
        next = next == PORT_LAST ? PORT_FIRST : next + 1;
    } while (bind(descriptor, (const struct sockaddr *)&own, sizeof(own)) < 0 && tries++ < 400);
    if (connect(descriptor, (const struct sockaddr *)to, sizeof(*to)) < 0)
        load_fail("connect to port %u: %s", ntohs(to->sin_port), strerror(errno));
    return descriptor;
}

static void receive(int descriptor, void *to, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = recv(descriptor, (uint8_t *)to + done, length - done, 0);

        if (n <= 0)
            load_fail("the server does not answer: %s", n ? strerror(errno) : "connection ended");
        done += (size_t)n;
    }
}

/* Sends a call that stands behind four free bytes, and returns its results. */
static struct reader ask(int descriptor, struct writer *call)
{
    uint8_t mark[4];
    uint32_t value;
    size_t length = 0;
    struct reader r;

    writer_patch_be32(call, 0, 0x80000000u | (uint32_t)(call->length - 4));
    if (call->failed || send(descriptor, call->data, call->length, 0) != (ssize_t)call->length)
        load_fail("cannot send a call: %s", strerror(errno));
    do {
        struct reader of_mark;

        receive(descriptor, mark, sizeof(mark));
        of_mark = reader_of(mark, sizeof(mark));
        value = reader_be32(&of_mark);
        if ((value & 0x7fffffffu) > REPLY_MAX - length)
            load_fail("a reply is too long");
        receive(descriptor, reply_bytes + length, value & 0x7fffffffu);
        length += value & 0x7fffffffu;
    } while (!(value >> 31));
    r = reader_of(reply_bytes, length);
    call_read_header(&r);
    return r;
}

static struct writer start(struct load *load, uint8_t *buffer, uint32_t program, uint32_t version,
                           uint32_t procedure)
{
    struct writer w = writer_of(buffer, 2 * HEADER_MAX + MOUNT_PATH_MAX);

    writer_be32(&w, 0);
    call_write_header(&w, load->generation++ << load->place_bits, program, version, procedure);
    return w;
}

static void read_handle(const struct load *load, struct reader *r, struct nfs_handle *handle)
{
    handle->length = load->version == 2 ? 32 : reader_be32(r);
    if (handle->length > HANDLE_MAX)
        load_fail("a handle of %u bytes", handle->length);
    reader_copy(r, handle->data, handle->length);
    if (r->failed)
        load_fail("a reply without a handle");
}

static void mount_export(struct load *load, struct client *client)
{
    uint8_t buffer[2 * HEADER_MAX + MOUNT_PATH_MAX];
    uint32_t status, version = load->version == 2 ? 1 : 3;
    struct writer w = start(load, buffer, MOUNT_PROGRAM, version, MOUNT_MNT);
    int descriptor = connect_from(client->address, &load->mount);
    struct reader r;

    xdr_write_opaque(&w, slice_of_string(load->export));
    r = ask(descriptor, &w);
    status = reader_be32(&r);
    if (status)
        load_fail("mount of %s: status %u", load->export, status);
    read_handle(load, &r, &client->root);
    close(descriptor);
}

static void look_up(struct load *load, struct client *client, const struct nfs_handle *directory,
                    const char *name, struct nfs_handle *found)
{
    uint8_t buffer[2 * HEADER_MAX + MOUNT_PATH_MAX];
    uint32_t procedure = load->version == 2 ? (uint32_t)NFS2_LOOKUP : (uint32_t)NFS3_LOOKUP, status;
    struct writer w = start(load, buffer, NFS3_PROGRAM, load->version, procedure);
    struct reader r;

    call_write_handle(load, &w, directory);
    xdr_write_opaque(&w, slice_of_string(name));
    r = ask(client->descriptor, &w);
    status = reader_be32(&r);
    if (status)
        load_fail("lookup of %s: status %u", name, status);
    read_handle(load, &r, found);
}

/* A server that is fast with the wrong bytes is not fast. */
static void compare(struct load *load, struct client *client)
{
    uint8_t buffer[2 * HEADER_MAX + MOUNT_PATH_MAX];
    uint32_t procedure = load->version == 2 ? (uint32_t)NFS2_READ : (uint32_t)NFS3_READ, length;
    uint64_t offset = client->file_size / 2 / load->size * load->size;
    struct writer w = start(load, buffer, NFS3_PROGRAM, load->version, procedure);
    struct reader r;
    struct slice data;

    call_write_handle(load, &w, &client->target);
    if (load->version == 2) {
        writer_be32(&w, (uint32_t)offset);
        writer_be32(&w, load->size);
        writer_be32(&w, 0);
    } else {
        writer_be64(&w, offset);
        writer_be32(&w, load->size);
    }
    r = ask(client->descriptor, &w);
    if (reader_be32(&r))
        load_fail("the first READ failed");
    if (load->version == 2)
        reader_skip(&r, 68);
    else if (reader_be32(&r))
        reader_skip(&r, NFS3_FATTR_SIZE);
    if (load->version == 3)
        reader_skip(&r, 8);
    length = reader_be32(&r);
    data = reader_bytes(&r, length);
    if (length != load->size || !slice_equal(data, slice_of(load->patterns + offset, length)))
        load_fail("the first READ brought other bytes than the file has");
}

/* As long as bench_nfs.py made it. */
static uint64_t file_size(unsigned number)
{
    if (number == 0)
        return PATTERN_BYTES;
    return number < 16 ? 4 << 20 : 1 << 20;
}

static void find_target(struct load *load, unsigned number)
{
    struct client *client = &load->client[number];
    char name[32];

    if (load->workload == CREATE_REMOVE)
        snprintf(name, sizeof(name), "%.16s-%u", load->place, number);
    else if (load->workload <= WRITE_RANDOM)
        snprintf(name, sizeof(name), "r%u", number);
    else
        snprintf(name, sizeof(name), "many");
    look_up(load, client, &client->root, name, &client->target);
    for (unsigned i = 0; load->workload == GETATTR && i < load->sample_count; i++) {
        snprintf(name, sizeof(name), "n%05u", load_random(load) % NAMES);
        look_up(load, client, &client->target, name, &client->samples[i]);
    }
}

void setup_clients(struct load *load)
{
    load->sample_count = load->clients == 1 ? SAMPLES_MAX : 4;
    for (unsigned i = 0; i < load->clients; i++) {
        struct client *client = &load->client[i];

        client->address.s_addr = htonl(0x7f010000u + i + 1); /* 127.1.0.1 ... */
        client->file_size = file_size(i);
        mount_export(load, client);
        client->descriptor = connect_from(client->address, &load->nfs);
        if (load->workload != IDLE)
            find_target(load, i);
        if (load->workload <= READ_RANDOM && i < COMPARED)
            compare(load, client);
        if (load->udp) {
            close(client->descriptor);
            client->descriptor = -1;
        }
    }
}
