/* Sockets that read and write batches, on the loopback interface. */
#include "test.h"

#include "net/loop.h"
#include "net/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 4 };

static uint16_t port; /* one that no other test has */

struct heard {
    struct loop *loop;
    struct udp_socket *socket;
    struct endpoint peer;
    unsigned count, crowded, fresh, stop_at;
    unsigned waited_ms; /* the least of all */
    bool echoes;
};

static void hear(void *argument, const struct datagram *datagram)
{
    struct heard *heard = argument;
    struct iovec piece = {(void *)datagram->bytes.data, datagram->bytes.length};

    heard->peer = datagram->peer;
    heard->count++;
    heard->crowded += datagram->crowded;
    heard->fresh += datagram->fresh;
    if (datagram->waited_ms < heard->waited_ms)
        heard->waited_ms = datagram->waited_ms;
    if (heard->echoes)
        assert_int_equal(udp_send(heard->socket, datagram->peer, 0, 0, &piece, 1), 0);
    if (heard->count == heard->stop_at)
        loop_stop(heard->loop);
}

static void open_heard(struct heard *heard, unsigned rounds, unsigned stop_at)
{
    struct udp_options options = {
        .local = {INADDR_LOOPBACK, 0},
        .batch = BATCH,
        .rounds = rounds,
        .timestamps = true,
        .datagram_max = 64,
    };

    *heard = (struct heard){.loop = loop_new(), .stop_at = stop_at, .waited_ms = 1000000};
    for (port = (uint16_t)(20000 + getpid() % 10000); !heard->socket && port < 60000; port++) {
        options.local.port = port;
        heard->socket = udp_open(heard->loop, &options, hear, heard);
    }
    port--;
    if (!heard->socket)
        fail_msg("%s", strerror(errno));
}

static void close_heard(struct heard *heard)
{
    udp_close(heard->socket);
    loop_free(heard->loop);
}

/* A plain socket that is connected to it. */
static int open_plain(void)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int plain = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(connect(plain, (struct sockaddr *)&to, sizeof(to)), 0);
    return plain;
}

static void send_some(int plain, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(send(plain, "hello", 5, 0), 5);
}

static unsigned waiting_in(int plain)
{
    unsigned count = 0;
    char bytes[64];

    while (recv(plain, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        count++;
    return count;
}

static void note_unsent(void *argument, struct endpoint peer, struct slice bytes, int error)
{
    unsigned *count = argument;

    assert_int_equal(peer.address, INADDR_BROADCAST);
    assert_int_equal(peer.port, 9);
    assert_true(slice_equal_string(bytes, "to all"));
    assert_int_equal(error, EACCES);
    ++*count;
}

/* Also where nobody sees what udp_flush() returns. */
static void what_cannot_be_sent_is_told(void **state)
{
    struct udp_options options = {.local = {INADDR_LOOPBACK, 0}, .unsent = note_unsent};
    struct iovec piece = {(void *)"to all", 6};
    struct loop *loop = loop_new();
    unsigned count = 0;
    struct udp_socket *socket = udp_open(loop, &options, NULL, &count);

    (void)state;
    udp_hold(socket);
    assert_int_equal(udp_send(socket, (struct endpoint){INADDR_BROADCAST, 9}, 0, 0, &piece, 1), 0);
    assert_int_equal(count, 0);
    assert_int_equal(udp_flush(socket), EACCES);
    assert_int_equal(count, 1);
    udp_close(socket);
    loop_free(loop);
}

/* Who is one of a full batch is in a crowd; the rest of a burst is not. */
static void a_full_batch_is_a_crowd(void **state)
{
    struct heard heard;
    int plain;

    (void)state;
    open_heard(&heard, 4, 2 * BATCH + 1);
    plain = open_plain();
    send_some(plain, 2 * BATCH + 1);
    loop_run(heard.loop);
    assert_int_equal(heard.count, 2 * BATCH + 1);
    assert_int_equal(heard.crowded, 2 * BATCH);
    /* Of those that were read at once the first is told from the others. */
    assert_int_equal(heard.fresh, 3);
    close_heard(&heard);
    close(plain);
}

/* The kernel begins to stamp datagrams some time after the first socket on the machine wants it:
 * until then they count as if they had not waited. */
static void waiting_is_counted(void **state)
{
    const struct timespec pause = {0, 60000000};
    int stamped = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
    unsigned waited = 0;

    (void)state;
    assert_int_equal(setsockopt(stamped, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)), 0);
    for (unsigned attempt = 0; attempt < 50 && waited < 50; attempt++) {
        struct heard heard;
        int plain;

        open_heard(&heard, 1, 1);
        plain = open_plain();
        send_some(plain, 1);
        nanosleep(&pause, NULL);
        loop_run(heard.loop);
        waited = heard.waited_ms;
        assert_int_equal(heard.crowded, 0);
        close_heard(&heard);
        close(plain);
    }
    close(stamped);
    assert_in_range(waited, 50, 999999);
}

static unsigned turns;

static void count_turn(void *argument)
{
    (void)argument;
    turns++;
}

/* One socket with much to read does not hold the others' turn. */
static void a_turn_ends_after_its_rounds(void **state)
{
    struct heard heard;
    int plain;

    (void)state;
    turns = 0;
    open_heard(&heard, 2, 6 * BATCH);
    loop_at_turn_end(heard.loop, count_turn, NULL);
    plain = open_plain();
    send_some(plain, 6 * BATCH);
    loop_run(heard.loop);
    assert_int_equal(turns, 3);
    close_heard(&heard);
    close(plain);
}

static void answers_leave_with_their_batch(void **state)
{
    struct heard heard;
    int plain;

    (void)state;
    open_heard(&heard, 1, 3);
    heard.echoes = true;
    plain = open_plain();
    send_some(plain, 3);
    loop_run(heard.loop);
    assert_int_equal(waiting_in(plain), 3);
    close_heard(&heard);
    close(plain);
}

/* What is held leaves at the flush and not before, unless there is no room for more. */
static void held_datagrams_wait_for_the_flush(void **state)
{
    char word[] = "again";
    struct iovec piece = {word, 5};
    struct heard heard;
    int plain;

    (void)state;
    open_heard(&heard, 1, 1);
    plain = open_plain();
    send_some(plain, 1);
    loop_run(heard.loop);
    assert_int_equal(udp_send(heard.socket, heard.peer, 0, 0, &piece, 1), 0);
    assert_int_equal(waiting_in(plain), 1);
    udp_hold(heard.socket);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(udp_send(heard.socket, heard.peer, 0, 0, &piece, 1), 0);
    assert_int_equal(waiting_in(plain), 0);
    assert_int_equal(udp_flush(heard.socket), 0);
    assert_int_equal(waiting_in(plain), 10);
    /* A full queue leaves by itself, and the hold goes on. */
    udp_hold(heard.socket);
    for (unsigned i = 0; i < 70; i++)
        assert_int_equal(udp_send(heard.socket, heard.peer, 0, 0, &piece, 1), 0);
    assert_int_equal(waiting_in(plain), 64);
    assert_int_equal(udp_flush(heard.socket), 0);
    assert_int_equal(waiting_in(plain), 6);
    close_heard(&heard);
    close(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_sent_is_told),
        cmocka_unit_test(a_full_batch_is_a_crowd),
        cmocka_unit_test(waiting_is_counted),
        cmocka_unit_test(a_turn_ends_after_its_rounds),
        cmocka_unit_test(answers_leave_with_their_batch),
        cmocka_unit_test(held_datagrams_wait_for_the_flush),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
