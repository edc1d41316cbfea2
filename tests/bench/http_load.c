/* Loads an HTTP server as many boot loaders at once, and says how much came and how long each file
 * took.
 *
 *   http_load --path /NAME --content PATH [option ...]      (all of them: see options[])
 *
 * Each client has an address and a connection of its own, kept alive, and reads the file again and
 * again until the time is up. The program is one thread that costs much less than the server that
 * it measures: of long bodies all but the beginning is thrown away where it lies in the kernel,
 * unless --check has every byte compared with what the file must hold. Prints one line of JSON. */
#include "base/memory.h"
#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEAD_MAX = 4096,
    ROOM = 256 << 10, /* read at a time */
    WAKE_MAX = 512 << 10,
    CLIENTS_MAX = 60000,
    EVENTS = 256,
};

struct client {
    int descriptor;
    bool reads; /* a request is under way */
    uint64_t began;
    char head[HEAD_MAX]; /* of the response, until it is complete */
    size_t head_length;
    uint64_t left, offset; /* of the body, once the head is complete */
    int wake_at;
};

struct load {
    struct sockaddr_in server;
    const char *path;
    char request[512];
    const uint8_t *content;
    uint64_t size;
    unsigned client_count;
    struct client *clients;
    int epoll;
    double seconds, patience;
    bool spin, check, ending;
    const char *usage;
    unsigned busy;
    struct measured_times times;
    uint64_t bytes, connections;
    size_t unfinished;
};

static uint8_t incoming[ROOM];

static void ask(struct load *load, struct client *client)
{
    size_t length = strlen(load->request);

    client->reads = true;
    client->head_length = 0;
    client->began = measure_now();
    if (send(client->descriptor, load->request, length, MSG_NOSIGNAL) != (ssize_t)length)
        measure_fail("a request could not be sent: %s", strerror(errno));
}

static void connect_client(struct load *load, struct client *client)
{
    uint32_t number = (uint32_t)(client - load->clients);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010001 + number)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    int one = 1;

    client->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client->wake_at = 1;
    if (client->descriptor < 0 ||
        bind(client->descriptor, (struct sockaddr *)&own, sizeof(own)) < 0 ||
        connect(client->descriptor, (struct sockaddr *)&load->server, sizeof(load->server)) < 0)
        measure_fail("a connection could not be made: %s", strerror(errno));
    setsockopt(client->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fcntl(client->descriptor, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->descriptor, &event) < 0)
        measure_fail("epoll_ctl: %s", strerror(errno));
    load->connections++;
}

/* Looks at a complete head: it must say that all of the file follows. */
static void take_head(struct load *load, struct client *client)
{
    const char *length = strcasestr(client->head, "\r\nContent-Length:");

    if (strncmp(client->head, "HTTP/1.1 200 ", 13) != 0)
        measure_fail("the server said: %.60s", client->head);
    client->left = length ? strtoull(length + 17, NULL, 10) : 0;
    client->offset = 0;
    if (client->left != load->size)
        measure_fail("the file has a wrong length: %llu", (unsigned long long)client->left);
}

static void take_body(struct load *load, struct client *client, const uint8_t *data, size_t length)
{
    if (length > client->left)
        measure_fail("more came than the file holds");
    if (data && memcmp(data, load->content + client->offset, length) != 0)
        measure_fail("content that is not the file's came near byte %llu",
                     (unsigned long long)client->offset);
    client->offset += length;
    client->left -= length;
    load->bytes += length;
}

/* Takes bytes of which the first ones belong to the head. */
static void take(struct load *load, struct client *client, const uint8_t *data, size_t length)
{
    size_t room = HEAD_MAX - 1 - client->head_length, kept = length < room ? length : room, used;
    char *end;

    memcpy(client->head + client->head_length, data, kept);
    client->head[client->head_length + kept] = 0;
    end = strstr(client->head, "\r\n\r\n");
    if (!end && kept == room)
        measure_fail("the head of a response is too long");
    if (!end) {
        client->head_length += kept;
        return;
    }
    used = (size_t)(end + 4 - client->head) - client->head_length;
    client->head_length = (size_t)(end + 4 - client->head);
    take_head(load, client);
    take_body(load, client, data + used, length - used);
}

static bool head_is_complete(const struct client *client)
{
    return client->head_length >= 4 &&
           memcmp(client->head + client->head_length - 4, "\r\n\r\n", 4) == 0;
}

/* Has the program woken up when so much has come, not for each segment. */
static void wake_at(struct client *client, uint64_t bytes)
{
    int value = bytes < WAKE_MAX ? (int)bytes : WAKE_MAX;

    if (value == client->wake_at || value == 0)
        return;
    client->wake_at = value;
    setsockopt(client->descriptor, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
}

static void finish(struct load *load, struct client *client)
{
    measured_times_add(&load->times, (double)(measure_now() - client->began) / 1e9);
    client->reads = false;
    wake_at(client, 1);
    if (load->ending)
        load->busy--;
    else
        ask(load, client);
}

/* The server may end a connection between two requests. */
static void connect_again(struct load *load, struct client *client)
{
    if (client->reads && client->head_length > 0)
        measure_fail("a connection ended in the middle of a file");
    close(client->descriptor);
    connect_client(load, client);
    if (client->reads)
        ask(load, client);
}

static void receive(struct load *load, struct client *client)
{
    bool head = head_is_complete(client), throw = head && !load->check && client->left > ROOM;
    ssize_t n;

    if (throw)
        n = recv(client->descriptor, NULL, client->left, MSG_TRUNC);
    else
        n = recv(client->descriptor, incoming, sizeof(incoming), 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        connect_again(load, client);
        return;
    }
    if (!client->reads)
        measure_fail("bytes came that nobody asked for");
    if (head)
        take_body(load, client, throw ? NULL : incoming, (size_t)n);
    else
        take(load, client, incoming, (size_t)n);
    if (!head_is_complete(client))
        return;
    if (client->left == 0)
        finish(load, client);
    else
        wake_at(client, client->left);
}

static void run_until(struct load *load, uint64_t end)
{
    struct epoll_event events[EVENTS];

    while (load->busy > 0 && measure_now() < end) {
        int n = epoll_wait(load->epoll, events, EVENTS, load->spin ? 0 : 5);

        for (int i = 0; i < n; i++)
            receive(load, events[i].data.ptr);
    }
}

static void count_unfinished(struct load *load, uint64_t time)
{
    for (unsigned i = 0; i < load->client_count; i++) {
        if (!load->clients[i].reads)
            continue;
        measured_times_add(&load->times, (double)(time - load->clients[i].began) / 1e9);
        load->unfinished++;
    }
}

static void run(struct load *load)
{
    double server, client, seconds;
    size_t requests;
    uint64_t began, bytes;

    load->clients = memory_zeroed(load->client_count, sizeof(*load->clients));
    for (unsigned i = 0; i < load->client_count; i++)
        connect_client(load, &load->clients[i]);
    load->connections = 0; /* those that are made again count */
    server = measure_group_cpu(load->usage);
    client = measure_own_cpu();
    began = measure_now();
    load->busy = load->client_count;
    for (unsigned i = 0; i < load->client_count; i++)
        ask(load, &load->clients[i]);
    run_until(load, began + (uint64_t)(load->seconds * 1e9));
    load->ending = true;
    server = measure_group_cpu(load->usage) - server;
    client = measure_own_cpu() - client;
    seconds = (double)(measure_now() - began) / 1e9;
    bytes = load->bytes;
    requests = load->times.count;
    run_until(load, measure_now() + (uint64_t)(load->patience * 1e9));
    count_unfinished(load, measure_now());
    measured_times_sort(&load->times);
    printf("{\"seconds\": %.6f, \"bytes\": %llu, \"requests\": %zu, \"unfinished\": %zu, "
           "\"p50\": %.6f, \"p99\": %.6f, \"slowest\": %.6f, \"connections\": %llu, "
           "\"server_cpu\": %.6f, \"client_cpu\": %.6f}\n",
           seconds, (unsigned long long)bytes, requests, load->unfinished,
           measured_times_within(&load->times, 0.5), measured_times_within(&load->times, 0.99),
           measured_times_within(&load->times, 1), (unsigned long long)load->connections, server,
           client);
}

static void open_content(struct load *load, const char *path)
{
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct stat status;
    void *content;

    if (file < 0 || fstat(file, &status) < 0)
        measure_fail("--content %s: %s", path ? path : "", strerror(errno));
    load->size = (uint64_t)status.st_size;
    content = mmap(NULL, load->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (content == MAP_FAILED)
        measure_fail("--content %s: %s", path, strerror(errno));
    load->content = content;
    close(file);
}

static const struct option options[] = {
    {"server", required_argument, NULL, 's'},   /* 127.0.0.1 */
    {"port", required_argument, NULL, 'P'},     /* 80 */
    {"path", required_argument, NULL, 'f'},     /* what to ask for */
    {"content", required_argument, NULL, 'c'},  /* a file that holds what it must hold */
    {"clients", required_argument, NULL, 'n'},  /* 1 */
    {"seconds", required_argument, NULL, 't'},  /* 1 */
    {"patience", required_argument, NULL, 'p'}, /* 5: for files that are under way after that */
    {"usage", required_argument, NULL, 'u'},    /* cpu.stat of the server's control group */
    {"spin", no_argument, NULL, 'S'},           /* never sleep */
    {"check", no_argument, NULL, 'C'},          /* compare every byte */
    {NULL, 0, NULL, 0},
};

static void read_option(struct load *load, int option, const char *value, const char **content)
{
    switch (option) {
    case 's':
        if (inet_pton(AF_INET, value, &load->server.sin_addr) != 1)
            measure_fail("--server %s is no IPv4 address", value);
        break;
    case 'P':
        load->server.sin_port = htons((uint16_t)strtoul(value, NULL, 10));
        break;
    case 'f':
        load->path = value;
        break;
    case 'c':
        *content = value;
        break;
    case 'n':
        load->client_count = (unsigned)strtoul(value, NULL, 10);
        break;
    case 't':
        load->seconds = strtod(value, NULL);
        break;
    case 'p':
        load->patience = strtod(value, NULL);
        break;
    case 'u':
        load->usage = value;
        break;
    case 'S':
        load->spin = true;
        break;
    case 'C':
        load->check = true;
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

    load->server = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(80)};
    load->client_count = 1;
    load->seconds = 1;
    load->patience = 5;
    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
        read_option(load, option, optarg, &content);
    if (!load->path || load->client_count == 0 || load->client_count > CLIENTS_MAX)
        measure_fail("--path is missing, or --clients is not between 1 and %d", CLIENTS_MAX);
    snprintf(load->request, sizeof(load->request),
             "GET %s HTTP/1.1\r\nHost: boot\r\nUser-Agent: iPXE/1.21\r\nConnection: keep-alive\r\n"
             "\r\n",
             load->path);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    open_content(load, content);
    run(load);
    return 0;
}
