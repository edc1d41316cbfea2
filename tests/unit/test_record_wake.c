#include "test.h"

#include "net/loop.h"
#include "net/record_stream.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG = 200000, PART = 70000, PATIENCE_S = 20 };

/* A server in a thread of its own that answers each record with "!". */
static struct {
    struct loop *loop;
    struct record_listener *listener;
    pthread_t thread;
} server;

static void received(void *argument, const struct record *record)
{
    struct iovec piece = {(void *)"!", 1};

    (void)argument;
    record_answer(record->connection, &piece, 1, NULL, NULL);
}

static void *run(void *argument)
{
    loop_run(argument);
    return NULL;
}

static int start(void **state)
{
    const struct record_options options = {.local.address = INADDR_LOOPBACK};

    (void)state;
    server.loop = loop_new();
    server.listener = record_listen(server.loop, &options, received, NULL);
    assert_non_null(server.listener);
    return pthread_create(&server.thread, NULL, run, server.loop);
}

static int stop(void **state)
{
    (void)state;
    loop_stop(server.loop);
    pthread_join(server.thread, NULL);
    record_listener_close(server.listener);
    loop_free(server.loop);
    return 0;
}

static int dial(void)
{
    struct endpoint local = record_listener_local(server.listener);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(local.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {PATIENCE_S, 0};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return descriptor;
}

static void say(int descriptor, const uint8_t *bytes, size_t length)
{
    assert_int_equal(send(descriptor, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void hear(int descriptor)
{
    uint8_t answer[5];

    assert_int_equal(recv(descriptor, answer, sizeof(answer), MSG_WAITALL), sizeof(answer));
    assert_memory_equal(answer, "\x80\0\0\1!", sizeof(answer));
}

/* The server's end of the connection, in this same program; -1 before it is accepted. */
static int other_end(int descriptor)
{
    struct sockaddr_in own, peer;
    socklen_t length = sizeof(own);

    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&own, &length), 0);
    for (int i = 0; i < 1024; i++) {
        length = sizeof(peer);
        if (getpeername(i, (struct sockaddr *)&peer, &length) == 0 && peer.sin_family == AF_INET &&
            peer.sin_port == own.sin_port)
            return i;
    }
    return -1;
}

/* How many bytes wake the server up; 0 before it knows of the connection. */
static int wakes_at(int descriptor)
{
    int end = other_end(descriptor), value = 0;
    socklen_t length = sizeof(value);

    if (end >= 0)
        getsockopt(end, SOL_SOCKET, SO_RCVLOWAT, &value, &length);
    return value;
}

static void wait_until_read(int descriptor)
{
    for (int i = 0; i < PATIENCE_S * 100; i++) {
        int end = other_end(descriptor), left = 1;

        if (end >= 0 && ioctl(end, FIONREAD, &left) == 0 && left == 0)
            return;
        poll(NULL, 0, 10);
    }
    fail_msg("the server does not read what has come");
}

static uint8_t long_record[4 + LONG] = {0x80, LONG >> 16, LONG >> 8 & 0xff, LONG & 0xff};
static const uint8_t short_record[] = {0x80, 0, 0, 1, 's'};

/* Sends of the long record until the server waits for much more of it; returns how many bytes. It
 * does so for a second, which may be over when a busy machine looks: another byte starts it anew.
 */
static size_t begin_long_record(int client)
{
    size_t sent = PART;

    say(client, long_record, PART);
    for (int i = 0; i < PATIENCE_S * 100 && wakes_at(client) <= 1; i++) {
        say(client, long_record + sent++, 1);
        poll(NULL, 0, 10);
    }
    assert_true(wakes_at(client) > 1);
    return sent;
}

static void much_of_a_long_record_is_waited_for(void **state)
{
    int client = dial();
    size_t sent = begin_long_record(client);

    (void)state;
    say(client, long_record + sent, sizeof(long_record) - sent);
    hear(client);
    /* What follows may be short. */
    say(client, short_record, sizeof(short_record));
    hear(client);
    close(client);
}

/* A byte now and then is no silence, which would end the connection. */
static void who_sends_slowly_is_heard(void **state)
{
    int client = dial();
    size_t sent = begin_long_record(client);

    (void)state;
    for (int i = 0; i < 2; i++) {
        wait_until_read(client);
        say(client, long_record + sent++, 1);
    }
    wait_until_read(client);
    say(client, long_record + sent, sizeof(long_record) - sent);
    hear(client);
    close(client);
}

static void the_end_within_a_long_record_is_noticed(void **state)
{
    int client = dial();
    uint8_t byte;

    (void)state;
    (void)begin_long_record(client);
    shutdown(client, SHUT_WR);
    assert_int_equal(recv(client, &byte, 1, 0), 0);
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(much_of_a_long_record_is_waited_for),
        cmocka_unit_test(who_sends_slowly_is_heard),
        cmocka_unit_test(the_end_within_a_long_record_is_noticed),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
