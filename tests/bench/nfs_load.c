/* Loads an NFS server as many clients at once, and says what it took and how long.
 *
 *   nfs_load --export PATH --workload NAME [option ...]      (all of them: see options[])
 *
 * Each client has an address, a connection and a file of its own, and `window` calls under way. The
 * program is one thread that costs much less than the server that it measures: calls go out and
 * replies come in as many at a time as there are, payloads of large replies are thrown away where
 * they lie in the kernel (unless --copy), and those of large WRITEs are sent from a file. Prints
 * one line of JSON. */
#include "nfs_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    OUT_BYTES = 160 << 10,
    IN_BYTES = 256 << 10,
    HEAD_BYTES = 512,  /* of a reply are kept; a listing is kept whole */
    REPLY_START = 160, /* bytes that hold all of a READ's reply but its payload */
    WAKE_MAX = 256 << 10,
    EVENTS = 256,
    BATCH = 64, /* datagrams at a time */
    DATAGRAM = 9000,
    RESEND_AFTER = 500, /* milliseconds */
    UDP_PORT = 1000,
    BUCKETS = 64, /* of the histogram in each power of two */
};

static const char *const workload_names[] = {
    [READ_SEQUENTIAL] = "read-sequential",
    [READ_RANDOM] = "read-random",
    [WRITE_SEQUENTIAL] = "write-sequential",
    [WRITE_RANDOM] = "write-random",
    [GETATTR] = "getattr",
    [LOOKUP] = "lookup",
    [READDIRPLUS] = "readdirplus",
    [CREATE_REMOVE] = "create-remove",
    [IDLE] = "idle",
};

/* What the measured period brought. */
static struct {
    bool running;
    uint64_t calls, bytes, entries, resent;
    uint64_t worst;
    uint64_t histogram[64 * BUCKETS]; /* of nanoseconds */
} measured;

static uint8_t incoming[IN_BYTES];

void load_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "nfs_load: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint32_t load_random(struct load *load)
{
    load->random = load->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(load->random >> 33);
}

/* ------------------------------------------------------------------------------------- figures */

/* Powers of two, each cut into BUCKETS equal parts: no time is told wrong by more than 2 %. */
static unsigned bucket_of(uint64_t value)
{
    unsigned power;

    if (value < BUCKETS)
        return (unsigned)value;
    power = 63 - (unsigned)__builtin_clzll(value);
    return (power - 5) * BUCKETS + (unsigned)(value >> (power - 6)) % BUCKETS;
}

static double value_of(unsigned bucket)
{
    unsigned power = bucket / BUCKETS + 5;

    if (bucket < BUCKETS)
        return bucket;
    return (double)((uint64_t)(BUCKETS + bucket % BUCKETS) << (power - 6));
}

/* Microseconds within which that part of the calls was answered. */
static double within(double part)
{
    uint64_t left = (uint64_t)((double)measured.calls * part);
    unsigned i = 0;

    while (i < 64 * BUCKETS - 1 && measured.histogram[i] <= left)
        left -= measured.histogram[i++];
    return measured.calls ? value_of(i) / 1000 : 0;
}

static void count_reply(struct load *load, struct slot *slot, struct slice reply, uint64_t time)
{
    uint32_t entries, bytes;
    uint64_t took = time - slot->sent;

    call_read_reply(load, slot, reply, &entries, &bytes);
    slot->sent = 0;
    if (!measured.running)
        return;
    measured.calls++;
    measured.entries += entries;
    measured.bytes += bytes;
    measured.histogram[bucket_of(took)]++;
    if (took > measured.worst)
        measured.worst = took;
}

static struct slot *slot_of(struct load *load, struct slice reply)
{
    struct reader r = reader_of_slice(reply);
    uint32_t xid = reader_be32(&r), place = xid & ((1u << load->place_bits) - 1);
    struct slot *slot = &load->slots[place];

    if (r.failed || place >= load->clients * load->window)
        load_fail("a reply to a call that nobody made");
    /* The second reply to a call that was sent again. */
    return slot->sent && slot->xid == xid ? slot : NULL;
}

/* ----------------------------------------------------------------------------------------- TCP */

static void watch(struct client *client, int epoll, int how, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};

    if (epoll_ctl(epoll, how, client->descriptor, &event) < 0)
        load_fail("epoll_ctl: %s", strerror(errno));
}

/* Encodes what waits, up to a payload that is sent from the file. */
static void fill(struct load *load, struct client *client, uint64_t time)
{
    struct writer w = writer_of(client->out, OUT_BYTES);
    size_t need = HEADER_MAX + (load->size <= SMALL ? load->size : 0), payload = 0;

    while (client->waiting_count > 0 && !client->payload_left && writer_left(&w) >= need) {
        struct slot *slot = &load->slots[client->waiting[client->waiting_first]];

        client->waiting_first = (client->waiting_first + 1) % load->window;
        client->waiting_count--;
        slot->sent = time;
        call_write(load, slot, &w, &payload);
        if (payload > SMALL) {
            client->payload_offset = slot->offset;
            client->payload_left = payload;
        } else if (payload) {
            writer_bytes(&w, load->patterns + slot->offset, payload);
        }
    }
    client->out_sent = 0;
    client->out_length = w.length;
}

/* False where the connection takes no more. */
static bool send_some(struct load *load, struct client *client)
{
    ssize_t n;

    if (client->out_sent < client->out_length) {
        n = send(client->descriptor, client->out + client->out_sent,
                 client->out_length - client->out_sent,
                 MSG_NOSIGNAL | (client->payload_left ? MSG_MORE : 0));
        if (n > 0)
            client->out_sent += (size_t)n;
    } else {
        off_t offset = (off_t)client->payload_offset;

        n = sendfile(client->descriptor, load->pattern, &offset, client->payload_left);
        if (n > 0) {
            client->payload_offset += (uint64_t)n;
            client->payload_left -= (size_t)n;
        }
    }
    if (n < 0 && errno != EAGAIN)
        load_fail("the server ended a connection: %s", strerror(errno));
    return n > 0;
}

static void pump(struct load *load, struct client *client, int epoll)
{
    bool open = true;

    while (open) {
        if (client->out_sent == client->out_length && !client->payload_left) {
            if (client->waiting_count == 0)
                break;
            fill(load, client, now());
        }
        open = send_some(load, client);
    }
    if (client->blocked == open) {
        client->blocked = !open;
        watch(client, epoll, EPOLL_CTL_MOD, EPOLLIN | (open ? 0 : EPOLLOUT));
    }
}

static void enqueue(struct load *load, struct client *client, struct slot *slot)
{
    unsigned place = (client->waiting_first + client->waiting_count++) % load->window;

    call_next(load, slot);
    client->waiting[place] = (uint32_t)(slot - load->slots);
}

static void end_of_record(struct load *load, struct client *client, uint64_t time)
{
    struct slice reply = slice_of(client->head, client->head_length);
    struct slot *slot = slot_of(load, reply);

    client->head_length = 0;
    if (!slot)
        load_fail("two replies to one call");
    count_reply(load, slot, reply, time);
    enqueue(load, client, slot);
}

static void end_of_fragment(struct load *load, struct client *client, uint64_t time)
{
    client->mark_length = 0;
    if (client->last_fragment)
        end_of_record(load, client, time);
}

/* Takes bytes of the stream: marks, starts of records, and what is of no interest behind them. */
static void take(struct load *load, struct client *client, const uint8_t *data, size_t length,
                 uint64_t time)
{
    while (length > 0) {
        size_t n, kept;

        if (client->mark_length < 4) {
            client->mark[client->mark_length++] = *data++;
            length--;
            if (client->mark_length < 4)
                continue;
            client->last_fragment = client->mark[0] & 0x80;
            client->fragment_left = (uint32_t)(client->mark[0] & 0x7f) << 24 |
                                    (uint32_t)client->mark[1] << 16 |
                                    (uint32_t)client->mark[2] << 8 | client->mark[3];
            continue;
        }
        n = length < client->fragment_left ? length : client->fragment_left;
        kept = load->head_capacity - client->head_length;
        if (kept > n)
            kept = n;
        memcpy(client->head + client->head_length, data, kept);
        client->head_length += kept;
        client->fragment_left -= (uint32_t)n;
        data += n;
        length -= n;
        if (client->fragment_left == 0)
            end_of_fragment(load, client, time);
    }
}

/* Has the program woken up when so much has come, not for each segment. */
static void wake_at(struct client *client, uint32_t bytes)
{
    int value = bytes < WAKE_MAX ? (int)bytes : WAKE_MAX;

    if (value == client->wake_at)
        return;
    client->wake_at = value;
    setsockopt(client->descriptor, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
}

/* One receive. With large payloads it asks for a record's start, or throws its rest away. */
static bool receive_some(struct load *load, struct client *client)
{
    bool throw = !load->copy && load->size > SMALL && load->workload <= READ_RANDOM;
    size_t want = sizeof(incoming);
    ssize_t n;

    if (throw &&client->mark_length == 4 && client->head_length >= REPLY_START - 4) {
        want = client->fragment_left;
        n = recv(client->descriptor, NULL, want, MSG_TRUNC);
        if (n > 0) {
            client->fragment_left -= (uint32_t)n;
            if (client->fragment_left == 0)
                end_of_fragment(load, client, now());
        }
    } else {
        if (throw)
            want = REPLY_START;
        n = recv(client->descriptor, incoming, want, 0);
        if (n > 0)
            take(load, client, incoming, (size_t)n, now());
    }
    if (throw)
        wake_at(client,
                client->mark_length == 4 && client->fragment_left ? client->fragment_left : 1);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        load_fail("the server ended a connection: %s", n ? strerror(errno) : "end of file");
    return n == (ssize_t)want;
}

static void run_tcp(struct load *load, int epoll, uint64_t end)
{
    struct epoll_event events[EVENTS];
    uint64_t time = now();

    while (time < end) {
        int count = epoll_wait(epoll, events, EVENTS, 20);

        for (int i = 0; i < count; i++) {
            struct client *client = events[i].data.ptr;

            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                while (receive_some(load, client)) {
                }
            }
            pump(load, client, epoll);
        }
        time = now();
    }
}

static void start_tcp(struct load *load, int epoll)
{
    for (unsigned i = 0; i < load->clients; i++) {
        struct client *client = &load->client[i];

        fcntl(client->descriptor, F_SETFL, O_NONBLOCK);
        watch(client, epoll, EPOLL_CTL_ADD, EPOLLIN);
        for (unsigned j = 0; load->workload != IDLE && j < load->window; j++)
            enqueue(load, client, &load->slots[i * load->window + j]);
        pump(load, client, epoll);
    }
}

/* ----------------------------------------------------------------------------------------- UDP */

/* All clients share one socket, and each has an address of its own: their datagrams go out and come
 * in by batches. */
struct datagrams {
    int descriptor;
    uint8_t bytes[BATCH][DATAGRAM];
    struct iovec pieces[BATCH];
    struct mmsghdr messages[BATCH];
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control[BATCH];
    uint32_t places[BATCH];
    unsigned count;
};

static struct datagrams out, in;

static void send_datagrams(struct load *load)
{
    uint64_t time = now();

    for (unsigned i = 0; i < out.count; i++) {
        struct slot *slot = &load->slots[out.places[i]];

        /* A call that is sent again has been waited for since the first time. */
        if (!slot->sent)
            slot->sent = time;
    }
    for (unsigned sent = 0; sent < out.count;) {
        int n = sendmmsg(out.descriptor, out.messages + sent, out.count - sent, 0);

        if (n < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
            load_fail("sendmmsg: %s", strerror(errno));
        sent += n > 0 ? (unsigned)n : 1;
    }
    out.count = 0;
}

static void send_datagram(struct load *load, struct slot *slot)
{
    struct msghdr *header = &out.messages[out.count].msg_hdr;
    struct in_pktinfo from = {.ipi_spec_dst = load_client(load, slot)->address};
    struct writer w = writer_of(out.bytes[out.count], DATAGRAM);
    struct cmsghdr *control;
    size_t payload;

    call_write(load, slot, &w, &payload);
    out.pieces[out.count] = (struct iovec){w.data, w.length};
    *header = (struct msghdr){.msg_name = &load->nfs,
                              .msg_namelen = sizeof(load->nfs),
                              .msg_iov = &out.pieces[out.count],
                              .msg_iovlen = 1,
                              .msg_control = &out.control[out.count],
                              .msg_controllen = sizeof(out.control[0])};
    control = CMSG_FIRSTHDR(header);
    *control = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(from)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(control), &from, sizeof(from));
    out.places[out.count++] = (uint32_t)(slot - load->slots);
    if (out.count == BATCH)
        send_datagrams(load);
}

static void receive_datagrams(struct load *load)
{
    int count;

    for (int i = 0; i < BATCH; i++) {
        in.pieces[i] = (struct iovec){in.bytes[i], DATAGRAM};
        in.messages[i].msg_hdr = (struct msghdr){.msg_iov = &in.pieces[i], .msg_iovlen = 1};
    }
    count = recvmmsg(in.descriptor, in.messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        struct slice reply = slice_of(in.bytes[i], in.messages[i].msg_len);
        struct slot *slot = slot_of(load, reply);

        if (!slot)
            continue;
        count_reply(load, slot, reply, now());
        call_next(load, slot);
        send_datagram(load, slot);
    }
    if (out.count > 0)
        send_datagrams(load);
}

static void send_again(struct load *load, uint64_t time)
{
    for (unsigned i = 0; i < load->clients * load->window; i++) {
        if (load->slots[i].sent && time - load->slots[i].sent > RESEND_AFTER * UINT64_C(1000000)) {
            measured.resent++;
            send_datagram(load, &load->slots[i]);
        }
    }
    if (out.count > 0)
        send_datagrams(load);
}

static void run_udp(struct load *load, int epoll, uint64_t end)
{
    struct epoll_event event;
    uint64_t time = now(), checked = time;

    while (time < end) {
        if (epoll_wait(epoll, &event, 1, 20) > 0)
            receive_datagrams(load);
        time = now();
        if (time - checked > 50 * UINT64_C(1000000)) {
            checked = time;
            send_again(load, time);
        }
    }
}

static void start_udp(struct load *load, int epoll)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(UDP_PORT)};
    struct epoll_event event = {.events = EPOLLIN};
    int size = 8 << 20;

    out.descriptor = in.descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(in.descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(in.descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    if (in.descriptor < 0 || bind(in.descriptor, (struct sockaddr *)&own, sizeof(own)) < 0)
        load_fail("UDP port %d: %s", UDP_PORT, strerror(errno));
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, in.descriptor, &event) < 0)
        load_fail("epoll_ctl: %s", strerror(errno));
    for (unsigned i = 0; i < load->clients * load->window; i++) {
        call_next(load, &load->slots[i]);
        send_datagram(load, &load->slots[i]);
    }
    send_datagrams(load);
}

/* ---------------------------------------------------------------------------------------- main */

static void prepare(struct load *load)
{
    size_t calls = (size_t)load->clients * load->window;
    void *map;

    if (calls == 0 || calls > 0x10000 || load->size == 0 || load->size > 1 << 20)
        load_fail("too many calls at once, or too large ones");
    while (1u << load->place_bits < calls)
        load->place_bits++;
    load->head_capacity = load->workload == READDIRPLUS ? 2 * LIST_BYTES : HEAD_BYTES;
    load->client = calloc(load->clients, sizeof(*load->client));
    load->slots = calloc(calls, sizeof(*load->slots));
    load->pattern = open(load->pattern_path, O_RDONLY | O_CLOEXEC);
    map = mmap(NULL, PATTERN_BYTES, PROT_READ, MAP_SHARED | MAP_POPULATE, load->pattern, 0);
    if (!load->client || !load->slots || map == MAP_FAILED)
        load_fail("%s: %s", load->pattern_path, strerror(errno));
    load->patterns = map;
    for (size_t i = 0; i < calls; i++)
        load->slots[i].second = true; /* what comes next is a CREATE */
    for (unsigned i = 0; i < load->clients; i++) {
        struct client *client = &load->client[i];

        client->waiting = calloc(load->window, sizeof(*client->waiting));
        client->out = malloc(OUT_BYTES);
        client->head = malloc(load->head_capacity);
        if (!client->waiting || !client->out || !client->head)
            load_fail("not enough memory");
    }
}

static void report(const struct load *load, double seconds, double client, double server)
{
    printf("{\"seconds\": %.6f, \"calls\": %llu, \"bytes\": %llu, \"entries\": %llu, "
           "\"p50\": %.3f, \"p99\": %.3f, \"worst\": %.3f, \"resent\": %llu, "
           "\"client_cpu\": %.4f, \"server_cpu\": %.2f, \"rss\": %lu, \"peak\": %lu}\n",
           seconds, (unsigned long long)measured.calls, (unsigned long long)measured.bytes,
           (unsigned long long)measured.entries, within(0.5), within(0.99),
           (double)measured.worst / 1000, (unsigned long long)measured.resent, client, server,
           process_memory(load, "VmRSS"), process_memory(load, "VmHWM"));
}

static void measure(struct load *load)
{
    void (*run)(struct load *, int, uint64_t) = load->udp ? run_udp : run_tcp;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    double client, server;
    uint64_t start;

    if (load->udp)
        start_udp(load, epoll);
    else
        start_tcp(load, epoll);
    run(load, epoll, now() + (uint64_t)(load->warm * 1e9));
    client = process_own_cpu();
    server = process_cpu(load);
    measured.resent = 0;
    measured.running = true;
    start = now();
    run(load, epoll, start + (uint64_t)(load->seconds * 1e9));
    server = process_cpu(load) - server;
    report(load, (double)(now() - start) / 1e9, process_own_cpu() - client, server);
}

static const struct option options[] = {
    {"export", required_argument, NULL, 'e'},   /* the directory to mount */
    {"pattern", required_argument, NULL, 'f'},  /* a local file that begins as those read do */
    {"place", required_argument, NULL, 'd'},    /* see struct load */
    {"workload", required_argument, NULL, 'l'}, /* one of workload_names[] */
    {"version", required_argument, NULL, 'v'},  /* 2 has READs alone */
    {"udp", no_argument, NULL, 'u'},            /* READs alone */
    {"size", required_argument, NULL, 's'},     /* bytes of each READ or WRITE */
    {"clients", required_argument, NULL, 'c'},
    {"window", required_argument, NULL, 'w'}, /* calls under way of each client */
    {"seconds", required_argument, NULL, 't'},
    {"warm", required_argument, NULL, 'W'}, /* seconds before that are not measured */
    {"copy", no_argument, NULL, 'C'},       /* payloads, too, come into the program */
    {"pid", required_argument, NULL, 'p'},  /* the server's */
    {NULL, 0, NULL, 0},
};

static enum workload find_workload(const char *name)
{
    for (unsigned i = 0; i < sizeof(workload_names) / sizeof(workload_names[0]); i++) {
        if (strcmp(name, workload_names[i]) == 0)
            return i;
    }
    load_fail("there is no workload %s", name);
}

static void set_option(struct load *load, int option)
{
    switch (option) {
    case 'e':
        load->export = optarg;
        break;
    case 'f':
        load->pattern_path = optarg;
        break;
    case 'd':
        load->place = optarg;
        break;
    case 'l':
        load->workload = find_workload(optarg);
        break;
    case 'v':
        load->version = (uint32_t)strtoul(optarg, NULL, 10);
        break;
    case 'u':
        load->udp = true;
        break;
    case 's':
        load->size = (uint32_t)strtoul(optarg, NULL, 10);
        break;
    case 'c':
        load->clients = (unsigned)strtoul(optarg, NULL, 10);
        break;
    case 'w':
        load->window = (unsigned)strtoul(optarg, NULL, 10);
        break;
    case 't':
        load->seconds = strtod(optarg, NULL);
        break;
    case 'W':
        load->warm = strtod(optarg, NULL);
        break;
    case 'C':
        load->copy = true;
        break;
    case 'p':
        load->server_pid = (int)strtol(optarg, NULL, 10);
        break;
    default:
        load_fail("see options[] in nfs_load.c");
    }
}

int main(int count, char **arguments)
{
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    struct load load = {
        .nfs = {.sin_family = AF_INET, .sin_port = htons(2049), .sin_addr = loopback},
        .mount = {.sin_family = AF_INET, .sin_port = htons(20048), .sin_addr = loopback},
        .place = "place",
        .version = 3,
        .size = 8192,
        .clients = 1,
        .window = 1,
        .seconds = 1,
        .warm = 0.2,
        .random = now(),
    };
    int option;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
        set_option(&load, option);
    if (!load.export || !load.pattern_path)
        load_fail("--export and --pattern are needed");
    /* A server that remembers calls must not take these for an earlier run's: with 16 bits for it
     * some runs had a CREATE that was answered as before, and found no file to remove. */
    load.generation = load_random(&load);
    prepare(&load);
    setup_clients(&load);
    measure(&load);
    return 0;
}
