/* What clients of one lane of HTTP do to one another. Which pages of a file are in memory,
 * and how long the disk takes, is the test's to say. */
#include "own_network.h"
#include "test.h"

#include "config/config.h"
#include "net/loop.h"
#include "platform/linux/page_cache.h"
#include "service/boots.h"
#include "service/journal.h"
#include "service/machines.h"
#include "service/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

/* So many clients that each of the two lanes has some. */
enum { CLIENTS = 40, PATIENCE_S = 60, COLD_SIZE = 1 << 20, WARM_SIZE = 20000 };

/* The disk. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t inode;  /* of the file that is not in memory */
    unsigned asked;  /* how often the disk was asked for it */
    bool answers;    /* it does; until then it does not */
    uint64_t filled; /* the first so many bytes are in memory */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

bool page_cache_has(int descriptor, uint64_t offset, size_t length)
{
    struct stat info;
    bool has;

    assert_int_equal(fstat(descriptor, &info), 0);
    pthread_mutex_lock(&disk.lock);
    has = info.st_ino != disk.inode || offset + length <= disk.filled;
    pthread_mutex_unlock(&disk.lock);
    return has;
}

int page_cache_fill(int descriptor, uint64_t offset, size_t length, size_t *count)
{
    (void)descriptor;
    pthread_mutex_lock(&disk.lock);
    disk.asked++;
    pthread_cond_broadcast(&disk.changed);
    while (!disk.answers)
        pthread_cond_wait(&disk.changed, &disk.lock);
    disk.filled = offset + length;
    pthread_mutex_unlock(&disk.lock);
    *count = length;
    return 0;
}

/* In place of the whole server's. */
struct snapshot *server_snapshot(struct server *server)
{
    return snapshot_hold(server->snapshot);
}

struct running {
    struct server server;
    void *http;
    char directory[4096];
    int clients[CLIENTS];
};

static uint64_t make_file(const char *directory, const char *name, size_t size)
{
    char path[4200];
    struct stat info;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "we");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++)
        putc(name[0], file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

/* `from`: the client's address. */
static int dial(uint32_t from)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(from)};
    struct timeval patience = {PATIENCE_S, 0};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return descriptor;
}

static int start(void **state)
{
    static struct running running;
    struct diagnostics diagnostics = {.count = 0};
    char error[512] = "", text[4200], name[] = "http-lane-XXXXXX";

    memset(&running, 0, sizeof(running));
    assert_non_null(mkdtemp(name));
    assert_non_null(realpath(name, running.directory));
    assert_int_equal(chmod(running.directory, 0755), 0);
    make_file(running.directory, "warm", WARM_SIZE);
    disk.inode = make_file(running.directory, "cold", COLD_SIZE);
    disk.asked = 0;
    disk.filled = 0;
    disk.answers = false;
    snprintf(text, sizeof(text), "tftp-root \"%s\";", running.directory);
    pthread_mutex_init(&running.server.snapshot_lock, NULL);
    running.server.snapshot = config_parse("conf", slice_of_string(text), &diagnostics);
    assert_non_null(running.server.snapshot);
    diagnostics_release(&diagnostics);
    running.server.boots = boots_new();
    running.server.journal = journal_new(-1, running.server.boots);
    running.server.machines = machines_new();
    running.http = service_http.start(&running.server, error, sizeof(error));
    if (!running.http)
        fail_msg("%s", error);
    for (int i = 0; i < CLIENTS; i++)
        running.clients[i] = dial(INADDR_LOOPBACK);
    *state = &running;
    return 0;
}

static int stop(void **state)
{
    struct running *running = *state;
    char path[4200];

    for (int i = 0; i < CLIENTS; i++)
        close(running->clients[i]);
    service_http.stop(running->http);
    machines_free(running->server.machines);
    journal_free(running->server.journal);
    boots_free(running->server.boots);
    snapshot_free(running->server.snapshot);
    pthread_mutex_destroy(&running->server.snapshot_lock);
    snprintf(path, sizeof(path), "%s/warm", running->directory);
    unlink(path);
    snprintf(path, sizeof(path), "%s/cold", running->directory);
    unlink(path);
    return rmdir(running->directory);
}

static void ask(int client, const char *name)
{
    char text[64];
    int length = snprintf(text, sizeof(text), "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", name);

    assert_int_equal(send(client, text, (size_t)length, MSG_NOSIGNAL), length);
}

/* Takes an answer; the file has `size` bytes, all of them `byte`. */
static void answered(int client, char byte, size_t size)
{
    static char bytes[COLD_SIZE + 1024];
    size_t length = 0, head = 0;

    while (head == 0 || length < head + size) {
        ssize_t n = recv(client, bytes + length, sizeof(bytes) - 1 - length, 0);
        const char *end;

        assert_true(n > 0);
        length += (size_t)n;
        bytes[length] = 0;
        end = strstr(bytes, "\r\n\r\n");
        head = end ? (size_t)(end - bytes) + 4 : 0;
    }
    assert_memory_equal(bytes, "HTTP/1.1 200", 12);
    assert_int_equal(length, head + size);
    for (size_t i = head; i < length; i++) {
        if (bytes[i] != byte)
            fail_msg("byte %zu is wrong", i - head);
    }
}

static void await_disk(unsigned asked)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&disk.lock);
    while (disk.asked < asked)
        assert_int_equal(pthread_cond_timedwait(&disk.changed, &disk.lock, &until), 0);
    pthread_mutex_unlock(&disk.lock);
}

static void let_disk_answer(void)
{
    pthread_mutex_lock(&disk.lock);
    disk.answers = true;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

static void everybody_else_is_served(const struct running *running)
{
    for (int i = 1; i < CLIENTS; i++)
        ask(running->clients[i], "warm");
    for (int i = 1; i < CLIENTS; i++)
        answered(running->clients[i], 'w', WARM_SIZE);
}

static void a_cold_file_holds_up_nobody_else(void **state)
{
    const struct running *running = *state;
    unsigned asked;

    ask(running->clients[0], "cold");
    await_disk(1);
    everybody_else_is_served(running);
    let_disk_answer();
    answered(running->clients[0], 'c', COLD_SIZE);
    /* Piece by piece, each once. */
    pthread_mutex_lock(&disk.lock);
    asked = disk.asked;
    pthread_mutex_unlock(&disk.lock);
    assert_int_equal(asked, COLD_SIZE / (512 << 10));
    ask(running->clients[0], "warm");
    answered(running->clients[0], 'w', WARM_SIZE);
}

static void who_leaves_meanwhile_is_not_missed(void **state)
{
    struct running *running = *state;

    ask(running->clients[0], "cold");
    await_disk(1);
    shutdown(running->clients[0], SHUT_RDWR);
    everybody_else_is_served(running);
    let_disk_answer();
    everybody_else_is_served(running);
}

/* The service ends while its workers wait: what they bring in then is nobody's. */
static void the_end_comes_meanwhile(void **state)
{
    struct running *running = *state;

    ask(running->clients[0], "cold");
    await_disk(1);
    let_disk_answer();
}

/* Each lane has 1024 connections and more come, of ever other addresses: those that wait longest
 * for a next request make room. */
static void who_waits_longest_makes_room(void **state)
{
    enum { CROWD = 2 * 1024 + 300, LAST = 100 };
    static int crowd[CROWD];
    const struct running *running = *state;
    struct rlimit files = {3 * CROWD, 3 * CROWD}, before;
    char byte;

    getrlimit(RLIMIT_NOFILE, &before);
    if (files.rlim_max < before.rlim_max)
        files.rlim_max = before.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        skip();
    everybody_else_is_served(running);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = dial(INADDR_LOOPBACK + 256 + (uint32_t)i);
    for (int i = CROWD - LAST; i < CROWD; i++)
        ask(crowd[i], "warm");
    for (int i = CROWD - LAST; i < CROWD; i++)
        answered(crowd[i], 'w', WARM_SIZE);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(recv(running->clients[i], &byte, 1, 0), 0);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    setrlimit(RLIMIT_NOFILE, &before);
}

/* Two lanes, however many cores there are. */
static void take_one_core(void)
{
    cpu_set_t all, one;

    CPU_ZERO(&one);
    sched_getaffinity(0, sizeof(all), &all);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    }
    sched_setaffinity(0, sizeof(one), &one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cold_file_holds_up_nobody_else, start, stop),
        cmocka_unit_test_setup_teardown(who_leaves_meanwhile_is_not_missed, start, stop),
        cmocka_unit_test_setup_teardown(the_end_comes_meanwhile, start, stop),
        cmocka_unit_test_setup_teardown(who_waits_longest_makes_room, start, stop),
    };

    if (sodium_init() < 0)
        return 1;
    take_one_core();
    if (!own_network())
        return 77; /* meson: skipped */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
