/* Loads a TFTP server as many boot ROMs at once, and says how much came and how long each took.
 *
 *   tftp_load --file NAME --content PATH [option ...]      (all of them: see options[])
 *
 * Each client reads the file again and again until the time is up, and finishes what is under way
 * then. Each transfer has an IPv4 address of its own, as if another machine asked, in 127.0.0.0/8;
 * so one socket is enough for all, and the program costs little beside the server: datagrams come
 * in and go out many at a time. Every byte is compared with what the file must hold. With --loss
 * datagrams are forgotten at random, both of what comes and of what goes: the wire that loses them
 * is the same for every server. Prints one line of JSON. */
#include "base/memory.h"
#include "measure.h"
#include "tftp_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH = 64,
    ROOM = 65536, /* of a datagram, or of several that the kernel hands over as one */
    OUT = 1024,
    CLIENTS_MAX = 65000,
    GENERATIONS = 120, /* addresses that a client has in turn */
    RECEIVE_BUFFER = 256 << 20,
    CLIENT_PORT = 2070, /* as PXE ROMs have it */
    PAUSE = 3000,       /* nanoseconds that it spins before it looks again */
    TICK = 5000000,     /* nanoseconds between two looks for who waits too long */
};

struct client {
    struct tftp_client tftp;
    uint32_t address;   /* host byte order */
    unsigned transfers; /* that it began */
    uint64_t come, go;  /* random: which datagrams are lost, of those that come and those that go */
};

union control {
    struct cmsghdr header;
    char room[128];
};

/* Datagrams on their way in or out. */
struct datagrams {
    struct mmsghdr messages[OUT];
    struct iovec pieces[OUT];
    struct sockaddr_in peers[OUT];
    union control controls[OUT];
    unsigned count;
};

struct load {
    int socket;
    struct in_addr server;
    struct tftp_wish wish;
    unsigned client_count;
    struct client *clients;
    struct datagrams in, out;
    uint8_t says[OUT][TFTP_CLIENT_SAYS];
    double seconds, patience, loss;
    unsigned counted; /* transfers of each client whose times count; 0: all */
    bool spin, whole;
    const char *usage; /* a file with the line "usage_usec N" of the server */
    bool ending;
    unsigned busy;               /* clients with a transfer */
    struct measured_times times; /* of transfers */
    size_t finished, unfinished;
    uint64_t bytes; /* of finished transfers */
    uint64_t resent, window, block_size;
};

static uint64_t next_random(uint64_t random)
{
    return random * 6364136223846793005u + 1442695040888963407u;
}

/* The n-th datagram of a transfer has the same fate with every server. */
static bool is_lost(const struct load *load, uint64_t *random)
{
    if (load->loss <= 0)
        return false;
    *random = next_random(*random);
    return (double)(*random >> 33) < load->loss / 100 * (double)(UINT64_C(1) << 31);
}

/* -------------------------------------------------------------------------------------- packets */

static void flush(struct load *load)
{
    unsigned sent = 0;

    while (sent < load->out.count) {
        int n = sendmmsg(load->socket, load->out.messages + sent, load->out.count - sent, 0);

        if (n > 0)
            sent += (unsigned)n;
        else if (errno != EINTR && errno != EAGAIN && errno != ENOBUFS)
            measure_fail("sendmmsg: %s", strerror(errno));
    }
    load->out.count = 0;
}

/* Where a client's next packet is written. */
static uint8_t *place(struct load *load)
{
    if (load->out.count == OUT)
        flush(load);
    return load->says[load->out.count];
}

static void say(struct load *load, struct client *client, size_t length)
{
    struct datagrams *out = &load->out;
    unsigned i = out->count;
    struct in_pktinfo *from;
    struct cmsghdr *header = &out->controls[i].header;

    if (length == 0 || is_lost(load, &client->go))
        return;
    out->pieces[i] = (struct iovec){load->says[i], length};
    out->peers[i] = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr = load->server, .sin_port = htons(client->tftp.to_port)};
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(*from)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    from = (struct in_pktinfo *)CMSG_DATA(header);
    *from = (struct in_pktinfo){.ipi_spec_dst.s_addr = htonl(client->address)};
    out->messages[i].msg_hdr = (struct msghdr){.msg_name = &out->peers[i],
                                               .msg_namelen = sizeof(out->peers[i]),
                                               .msg_iov = &out->pieces[i],
                                               .msg_iovlen = 1,
                                               .msg_control = header,
                                               .msg_controllen = CMSG_SPACE(sizeof(*from))};
    out->count++;
}

static void begin(struct load *load, struct client *client, uint64_t time)
{
    unsigned number = (unsigned)(client - load->clients);
    size_t length;

    client->transfers++;
    client->address = 0x7f010001 + (client->transfers % GENERATIONS << 16) + number;
    client->come = next_random(next_random(client->transfers * UINT64_C(65536) + number));
    client->go = next_random(~client->come);
    length = tftp_client_begin(&client->tftp, &load->wish, time, place(load));
    say(load, client, length);
}

static void count_time(struct load *load, const struct client *client, uint64_t time)
{
    measured_times_add(&load->times, (double)(time - client->tftp.began) / 1e9);
    if (client->tftp.state == TFTP_CLIENT_DONE)
        load->finished++;
    else
        load->unfinished++;
}

/* Looks at what a packet or the passing of time has made of a client. */
static void look(struct load *load, struct client *client, uint64_t time)
{
    if (client->tftp.wrong)
        measure_fail("the server sent %s (client %u, block %llu)", client->tftp.wrong,
                     (unsigned)(client - load->clients), (unsigned long long)client->tftp.next);
    if (client->tftp.state != TFTP_CLIENT_DONE)
        return;
    if (!load->counted || client->transfers <= load->counted)
        count_time(load, client, time);
    load->bytes += load->wish.size;
    load->resent += client->tftp.resent;
    load->window = client->tftp.window;
    load->block_size = client->tftp.block_size;
    client->tftp.state = TFTP_CLIENT_IDLE;
    if (load->ending && client->transfers >= load->counted)
        load->busy--;
    else
        begin(load, client, time);
}

static void take(struct load *load, struct client *client, struct slice packet, uint16_t port,
                 uint64_t time)
{
    size_t length;

    if (is_lost(load, &client->come))
        return;
    length = tftp_client_receive(&client->tftp, &load->wish, packet, port, time, place(load));
    say(load, client, length);
    look(load, client, time);
}

/* One datagram, or several of one length (but the last) that came as one. */
static void take_message(struct load *load, unsigned i, uint64_t time)
{
    struct msghdr *message = &load->in.messages[i].msg_hdr;
    size_t left = load->in.messages[i].msg_len, step = left;
    uint32_t to = 0, number;
    const uint8_t *data = message->msg_iov->iov_base;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
            to = ntohl(((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr.s_addr);
        else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
            step = *(const uint16_t *)CMSG_DATA(c);
    }
    number = (to & 0xffff) - 1;
    if (number >= load->client_count || step == 0)
        return;
    while (left > 0) {
        size_t n = left < step ? left : step;
        struct client *client = &load->clients[number];

        /* What belongs to a transfer that is over: a ROM has closed its port. */
        if (client->address != to)
            return;
        take(load, client, slice_of(data, n), ntohs(load->in.peers[i].sin_port), time);
        data += n;
        left -= n;
    }
}

/* Looks again a little later: to ask all the time would keep the socket's lock from the server. */
static void pause_briefly(void)
{
    uint64_t end = measure_now() + PAUSE;

    while (measure_now() < end)
        continue;
}

/* Takes what has come; waits a little where nothing has, unless it spins. */
static void receive(struct load *load)
{
    struct datagrams *in = &load->in;
    uint64_t time;
    int n;

    for (unsigned i = 0; i < BATCH; i++) {
        struct msghdr *message = &in->messages[i].msg_hdr;

        message->msg_namelen = sizeof(in->peers[i]);
        message->msg_controllen = sizeof(in->controls[i]);
    }
    n = recvmmsg(load->socket, in->messages, BATCH, load->spin ? MSG_DONTWAIT : MSG_WAITFORONE,
                 NULL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        measure_fail("recvmmsg: %s", strerror(errno));
    if (n <= 0 && load->spin)
        pause_briefly();
    time = measure_now();
    for (int i = 0; i < n; i++)
        take_message(load, (unsigned)i, time);
    flush(load);
}

/* ------------------------------------------------------------------------------------------ run */

static void tick(struct load *load, uint64_t time)
{
    for (unsigned i = 0; i < load->client_count; i++) {
        struct client *client = &load->clients[i];
        size_t length = tftp_client_tick(&client->tftp, &load->wish, time, place(load));

        say(load, client, length);
    }
    flush(load);
}

static uint64_t bytes_up_to_now(const struct load *load)
{
    uint64_t bytes = load->bytes;

    for (unsigned i = 0; i < load->client_count; i++)
        bytes += tftp_client_bytes(&load->clients[i].tftp, &load->wish);
    return bytes;
}

static void run_until(struct load *load, uint64_t end)
{
    uint64_t ticked = measure_now();

    for (uint64_t time = ticked; time < end && load->busy > 0; time = measure_now()) {
        if (time - ticked >= TICK) {
            tick(load, time);
            ticked = time;
        }
        receive(load);
    }
}

/* Transfers that did not end have taken at least so long. */
static void count_unfinished(struct load *load, uint64_t time)
{
    for (unsigned i = 0; i < load->client_count; i++) {
        const struct client *client = &load->clients[i];

        if (client->tftp.state == TFTP_CLIENT_IDLE)
            continue;
        count_time(load, client, time);
        load->resent += client->tftp.resent;
        load->window = client->tftp.window;
        load->block_size = client->tftp.block_size;
    }
}

static void run(struct load *load)
{
    double server, client, seconds;
    uint64_t began, bytes;

    load->clients = memory_zeroed(load->client_count, sizeof(*load->clients));
    server = measure_group_cpu(load->usage);
    client = measure_own_cpu();
    began = measure_now();
    load->busy = load->client_count;
    for (unsigned i = 0; i < load->client_count; i++)
        begin(load, &load->clients[i], began);
    flush(load);
    run_until(load, began + (uint64_t)(load->seconds * 1e9));
    load->ending = true;
    server = measure_group_cpu(load->usage) - server;
    client = measure_own_cpu() - client;
    seconds = (double)(measure_now() - began) / 1e9;
    bytes = bytes_up_to_now(load);
    for (unsigned i = 0; i < load->client_count; i++) {
        if (load->clients[i].tftp.state == TFTP_CLIENT_IDLE)
            load->busy--;
    }
    run_until(load, measure_now() + (uint64_t)(load->patience * 1e9));
    count_unfinished(load, measure_now());
    measured_times_sort(&load->times);
    printf("{\"seconds\": %.6f, \"bytes\": %llu, \"transfers\": %zu, \"unfinished\": %zu, "
           "\"p50\": %.6f, \"p99\": %.6f, \"slowest\": %.6f, \"resent\": %llu, \"window\": %llu, "
           "\"block_size\": %llu, \"server_cpu\": %.6f, \"client_cpu\": %.6f}\n",
           seconds, (unsigned long long)bytes, load->finished, load->unfinished,
           measured_times_within(&load->times, 0.5), measured_times_within(&load->times, 0.99),
           measured_times_within(&load->times, 1), (unsigned long long)load->resent,
           (unsigned long long)load->window, (unsigned long long)load->block_size, server, client);
}

static void open_socket(struct load *load)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
    struct timeval wait = {.tv_usec = TICK / 1000};
    int one = 1, room = RECEIVE_BUFFER;
    uint8_t *buffers = memory_zeroed(BATCH, ROOM);

    load->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (load->socket < 0 || bind(load->socket, (struct sockaddr *)&any, sizeof(any)) < 0)
        measure_fail("udp port %d: %s", CLIENT_PORT, strerror(errno));
    setsockopt(load->socket, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
    setsockopt(load->socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (setsockopt(load->socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
        setsockopt(load->socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    if (load->whole)
        setsockopt(load->socket, IPPROTO_UDP, UDP_GRO, &one, sizeof(one));
    for (unsigned i = 0; i < BATCH; i++) {
        load->in.pieces[i] = (struct iovec){buffers + (size_t)i * ROOM, ROOM};
        load->in.messages[i].msg_hdr = (struct msghdr){.msg_name = &load->in.peers[i],
                                                       .msg_iov = &load->in.pieces[i],
                                                       .msg_iovlen = 1,
                                                       .msg_control = &load->in.controls[i]};
    }
}

static void open_content(struct load *load, const char *path)
{
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct stat status;
    void *content;

    if (file < 0 || fstat(file, &status) < 0)
        measure_fail("--content %s: %s", path ? path : "", strerror(errno));
    load->wish.size = (uint64_t)status.st_size;
    content = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (content == MAP_FAILED)
        measure_fail("--content %s: %s", path, strerror(errno));
    load->wish.content = content;
    close(file);
}

static const struct option options[] = {
    {"server", required_argument, NULL, 's'},     /* 127.0.0.1 */
    {"file", required_argument, NULL, 'f'},       /* the name to ask for */
    {"content", required_argument, NULL, 'c'},    /* a file that holds what it must hold */
    {"clients", required_argument, NULL, 'n'},    /* 1 */
    {"block-size", required_argument, NULL, 'b'}, /* 512 */
    {"window", required_argument, NULL, 'w'},     /* 1 */
    {"seconds", required_argument, NULL, 't'},    /* 1 */
    {"patience", required_argument, NULL, 'p'},   /* 5: for transfers under way after that */
    {"counted", required_argument, NULL, 'k'},    /* all: count only the first ones of each */
    {"resend", required_argument, NULL, 'r'},     /* 250 ms, as iPXE */
    {"loss", required_argument, NULL, 'l'},       /* per cent of datagrams, each way */
    {"usage", required_argument, NULL, 'u'},      /* cpu.stat of the server's control group */
    {"spin", no_argument, NULL, 'S'},  /* never sleep: no wakeup is charged to the server */
    {"whole", no_argument, NULL, 'W'}, /* take segments as they were sent (UDP_GRO) */
    {NULL, 0, NULL, 0},
};

static void read_option(struct load *load, int option, const char *value, const char **content)
{
    switch (option) {
    case 's':
        if (inet_pton(AF_INET, value, &load->server) != 1)
            measure_fail("--server %s is no IPv4 address", value);
        break;
    case 'f':
        load->wish.file = value;
        break;
    case 'c':
        *content = value;
        break;
    case 'n':
        load->client_count = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'b':
        load->wish.block_size = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'w':
        load->wish.window = (unsigned)strtoul(value, NULL, 10);
        break;
    case 't':
        load->seconds = strtod(value, NULL);
        break;
    case 'p':
        load->patience = strtod(value, NULL);
        break;
    case 'k':
        load->counted = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'r':
        load->wish.resend_ms = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'l':
        load->loss = strtod(value, NULL);
        break;
    case 'u':
        load->usage = value;
        break;
    case 'S':
        load->spin = true;
        break;
    case 'W':
        load->whole = true;
        break;
    default:
        exit(2);
    }
}

int main(int count, char **arguments)
{
    struct load *load = memory_zeroed(1, sizeof(*load));
    const char *content = NULL;
    int option;

    load->server.s_addr = htonl(INADDR_LOOPBACK);
    load->wish = (struct tftp_wish){.block_size = 512, .window = 1, .resend_ms = 250};
    load->client_count = 1;
    load->seconds = 1;
    load->patience = 5;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
        read_option(load, option, optarg, &content);
    if (!load->wish.file || load->client_count == 0 || load->client_count > CLIENTS_MAX)
        measure_fail("--file is missing, or --clients is not between 1 and %d", CLIENTS_MAX);
    open_content(load, content);
    open_socket(load);
    run(load);
    return 0;
}
