/* Answers NFS without thinking: no file system, no rights, no threads. What a load generator
 * reaches against it is what the kernel's sockets and the generator itself allow: no server comes
 * past it by much, and a server that comes near it has nothing left to win.
 *
 *   nfs_reflector PATTERN     listens on 127.0.0.1, ports 2049 and 20048, until it is ended
 *
 * Every handle is the same, every file begins as PATTERN, a directory is one reply long. It answers
 * the calls that nfs_load makes. */
#include "base/cursor.h"
#include "nfs_load.h"
#include "wire/mount.h"
#include "wire/nfs2.h"
#include "wire/nfs3.h"
#include "wire/rpc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_BYTES = 64 << 10, OUT_BYTES = 256 << 10, EVENTS = 256, BATCH = 64, DATAGRAM = 9000 };

/* Of a call, what the answer depends on. */
struct asked {
    struct rpc_call call;
    uint64_t offset;
    uint32_t count;
};

struct connection {
    int descriptor;
    bool listening;
    uint8_t in[IN_BYTES];
    size_t length;
    struct asked write; /* whose payload is thrown away */
    size_t skip;
};

static const uint8_t handle[NFS3_HANDLE_SIZE] = {1};
static const uint8_t verifier[NFS3_VERIFIER_SIZE];
static const struct nfs3_post_op object = {.present = true,
                                           .attributes = {.type = NFS3_REGULAR, .mode = 0644}};
static const struct nfs3_wcc change = {.has_before = true, .after = {.present = true}};
static const uint8_t *pattern;
static int pattern_file;
static uint8_t list[LIST_BYTES];
static size_t list_length;
static uint8_t out_bytes[OUT_BYTES];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void make_list(void)
{
    struct writer w = writer_of(list, sizeof(list));
    struct nfs3_entry entry = {.fileid = 2, .attributes = object, .has_handle = true};
    struct nfs3_list listing;
    char name[16];

    nfs3_list_start(&listing, &w, true, &object, verifier, sizeof(list), sizeof(list));
    do {
        snprintf(name, sizeof(name), "n%05u", (unsigned)entry.cookie++);
        entry.name = slice_of_string(name);
    } while (nfs3_list_add(&listing, &entry));
    nfs3_list_end(&listing, true);
    list_length = w.length;
}

/* Reads a call and those arguments that matter. False where it is none. */
static bool read_asked(struct reader *r, struct asked *asked)
{
    bool three, carries;

    if (rpc_read_call(r, &asked->call) != RPC_DECODED_CALL)
        return false;
    three = asked->call.version == 3;
    carries = asked->call.program == NFS3_PROGRAM &&
              (asked->call.procedure == NFS3_READ || asked->call.procedure == NFS3_WRITE);
    if (carries) {
        reader_skip(r, three ? reader_be32(r) : NFS3_HANDLE_SIZE);
        asked->offset = three ? reader_be64(r) : reader_be32(r);
        asked->count = reader_be32(r);
        asked->offset %= PATTERN_BYTES - (1 << 20) + 1;
    }
    return !r->failed;
}

static void write_mount(struct writer *w, const struct asked *asked)
{
    writer_be32(w, MOUNT_OK);
    if (asked->call.version == 3)
        writer_be32(w, NFS3_HANDLE_SIZE);
    writer_bytes(w, handle, sizeof(handle));
    if (asked->call.version == 3) {
        writer_be32(w, 1);
        writer_be32(w, RPC_AUTH_SYS);
    }
}

static void write_two(struct writer *w, const struct asked *asked)
{
    writer_be32(w, 0);
    if (asked->call.procedure == NFS2_LOOKUP)
        writer_bytes(w, handle, sizeof(handle));
    writer_zeros(w, 68);
    if (asked->call.procedure == NFS2_READ)
        writer_be32(w, asked->count);
}

static void write_three(struct writer *w, const struct asked *asked)
{
    switch (asked->call.procedure) {
    case NFS3_GETATTR:
        nfs3_write_getattr(w, NFS3_OK, &object.attributes);
        break;
    case NFS3_LOOKUP:
        nfs3_write_lookup(w, NFS3_OK, handle, &object, &object);
        break;
    case NFS3_READ:
        nfs3_write_read(w, NFS3_OK, &object, asked->count, false);
        break;
    case NFS3_WRITE:
        nfs3_write_write(w, NFS3_OK, &change, asked->count, NFS3_UNSTABLE, verifier);
        break;
    case NFS3_CREATE:
        nfs3_write_create(w, NFS3_OK, handle, &object, &change);
        break;
    case NFS3_REMOVE:
        nfs3_write_change(w, NFS3_OK, &change);
        break;
    case NFS3_READDIRPLUS:
        writer_bytes(w, list, list_length);
        break;
    default:
        writer_be32(w, NFS3ERR_NOTSUPP);
    }
}

/* Writes the reply but for a READ's payload, whose length it returns. */
static size_t write_reply(struct writer *w, const struct asked *asked)
{
    rpc_write_accepted(w, asked->call.xid, RPC_SUCCESS);
    if (asked->call.program == MOUNT_PROGRAM)
        write_mount(w, asked);
    else if (asked->call.version == 2)
        write_two(w, asked);
    else
        write_three(w, asked);
    return asked->call.program == NFS3_PROGRAM && asked->call.procedure == NFS3_READ ? asked->count
                                                                                     : 0;
}

/* The generator always reads: who waits for room here does not wait long. */
static void flush(const struct connection *connection, struct writer *w, bool more)
{
    for (size_t sent = 0; sent < w->length;) {
        ssize_t n = send(connection->descriptor, w->data + sent, w->length - sent,
                         MSG_NOSIGNAL | (more ? MSG_MORE : 0));

        if (n < 0)
            break; /* the connection has ended: its next receive tells */
        sent += (size_t)n;
    }
    w->length = 0;
}

static void answer(const struct connection *connection, struct writer *w, const struct asked *asked)
{
    size_t start = w->length, payload;

    writer_be32(w, 0);
    payload = write_reply(w, asked);
    writer_patch_be32(w, start, 0x80000000u | (uint32_t)(w->length - start - 4 + payload));
    if (payload > SMALL) {
        off_t offset = (off_t)asked->offset;

        flush(connection, w, true);
        while (payload > 0) {
            ssize_t n = sendfile(connection->descriptor, pattern_file, &offset, payload);

            if (n <= 0)
                break;
            payload -= (size_t)n;
        }
    } else if (payload) {
        writer_bytes(w, pattern + asked->offset, payload);
    }
    if (writer_left(w) < LIST_BYTES + HEADER_MAX)
        flush(connection, w, false);
}

/* Takes one call off the bytes at hand; returns how many it was, 0 where it is not all there. */
static size_t take_call(struct connection *connection, const uint8_t *data, size_t length,
                        struct writer *w)
{
    struct reader r = reader_of(data, length);
    size_t record = reader_be32(&r) & 0x7fffffffu, have = length - 4;
    struct asked asked = {.count = 0};

    if (r.failed || (have < record && have < HEADER_MAX))
        return 0;
    if (!read_asked(&r, &asked))
        exit(1);
    if (have < record) {
        connection->write = asked;
        connection->skip = record - have;
        return length;
    }
    answer(connection, w, &asked);
    return 4 + record;
}

static ssize_t receive_some(struct connection *connection, struct writer *w)
{
    size_t done = 0, taken;
    ssize_t n;

    if (connection->skip) {
        n = recv(connection->descriptor, NULL, connection->skip, MSG_TRUNC | MSG_DONTWAIT);
        connection->skip -= n > 0 ? (size_t)n : 0;
        if (!connection->skip)
            answer(connection, w, &connection->write);
        return n;
    }
    n = recv(connection->descriptor, connection->in + connection->length,
             IN_BYTES - connection->length, MSG_DONTWAIT);
    if (n <= 0)
        return n;
    connection->length += (size_t)n;
    while (connection->length - done >= 4 &&
           (taken = take_call(connection, connection->in + done, connection->length - done, w)) > 0)
        done += taken;
    connection->length -= done;
    memmove(connection->in, connection->in + done, connection->length);
    return n;
}

static void serve(struct connection *connection)
{
    struct writer w = writer_of(out_bytes, sizeof(out_bytes));
    ssize_t n = receive_some(connection, &w);

    flush(connection, &w, false);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(connection->descriptor);
        free(connection);
    }
}

static void watch(int epoll, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->descriptor, &event) < 0)
        fail("epoll_ctl");
}

static struct connection *connection_new(int descriptor)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        fail("calloc");
    connection->descriptor = descriptor;
    return connection;
}

static void accept_one(int epoll, int listener)
{
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;

    if (descriptor < 0)
        return;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    watch(epoll, connection_new(descriptor));
}

static int open_socket(int type, uint16_t port)
{
    struct sockaddr_in own = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1, size = 8 << 20;

    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (type == SOCK_DGRAM)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&own, sizeof(own)) < 0 ||
        (type == SOCK_STREAM && listen(descriptor, 1024) < 0))
        fail("nfs_reflector");
    return descriptor;
}

static size_t reflect(struct slice packet, uint8_t reply[DATAGRAM])
{
    struct reader r = reader_of_slice(packet);
    struct writer w = writer_of(reply, DATAGRAM);
    struct asked asked = {.count = 0};
    size_t payload;

    if (!read_asked(&r, &asked))
        return 0;
    payload = write_reply(&w, &asked);
    writer_bytes(&w, pattern + asked.offset, payload);
    return w.failed ? 0 : w.length;
}

static void serve_datagrams(int descriptor)
{
    static uint8_t packets[BATCH][DATAGRAM], replies[BATCH][DATAGRAM];
    struct sockaddr_in peers[BATCH];
    struct iovec pieces[BATCH];
    struct mmsghdr in[BATCH] = {0}, out[BATCH] = {0};
    unsigned answers = 0;
    int count;

    for (int i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){packets[i], DATAGRAM};
        in[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                        .msg_namelen = sizeof(peers[i]),
                                        .msg_iov = &pieces[i],
                                        .msg_iovlen = 1};
    }
    count = recvmmsg(descriptor, in, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        size_t length = reflect(slice_of(packets[i], in[i].msg_len), replies[i]);

        pieces[i] = (struct iovec){replies[i], length};
        if (length > 0)
            out[answers++].msg_hdr = in[i].msg_hdr;
    }
    for (unsigned sent = 0; sent < answers;) {
        int n = sendmmsg(descriptor, out + sent, answers - sent, 0);

        sent += n > 0 ? (unsigned)n : 1;
    }
}

static void run(int epoll, const struct connection *datagrams)
{
    struct epoll_event events[EVENTS];

    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;

            if (connection == datagrams)
                serve_datagrams(connection->descriptor);
            else if (connection->listening)
                accept_one(epoll, connection->descriptor);
            else
                serve(connection);
        }
    }
}

int main(int count, char **arguments)
{
    static const uint16_t ports[] = {2049, 20048};
    struct connection *datagrams;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    void *map;

    signal(SIGPIPE, SIG_IGN); /* sendfile(2) has no MSG_NOSIGNAL */
    pattern_file = count == 2 ? open(arguments[1], O_RDONLY | O_CLOEXEC) : -1;
    map = mmap(NULL, PATTERN_BYTES, PROT_READ, MAP_SHARED | MAP_POPULATE, pattern_file, 0);
    if (map == MAP_FAILED)
        fail("nfs_reflector: PATTERN");
    pattern = map;
    make_list();
    for (int i = 0; i < 2; i++) {
        struct connection *listener = connection_new(open_socket(SOCK_STREAM, ports[i]));

        listener->listening = true;
        watch(epoll, listener);
    }
    datagrams = connection_new(open_socket(SOCK_DGRAM, 2049));
    watch(epoll, datagrams);
    run(epoll, datagrams);
}
