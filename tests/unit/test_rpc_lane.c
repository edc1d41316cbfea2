#include "own_network.h"
#include "test.h"

#include "net/loop.h"
#include "service/boots.h"
#include "service/journal.h"
#include "service/rpc_account.h"
#include "service/rpc_replay.h"
#include "service/rpc_service.h"
#include "service/server.h"
#include "wire/xdr.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 39187, PROGRAM = 400000, PATIENCE_S = 20 };

/* What the program's procedures did, counted in the loop's thread. */
static struct {
    unsigned ran, released;
    struct rpc_exchange *waiting;
} counts;

static int run_once(struct rpc_exchange *exchange)
{
    writer_be32(&exchange->reply, ++counts.ran);
    return RPC_SUCCESS;
}

static void finish_later(void *argument)
{
    struct rpc_exchange *exchange = argument;

    writer_be32(&exchange->reply, 42);
    rpc_complete(exchange, RPC_SUCCESS);
}

static int run_later(struct rpc_exchange *exchange)
{
    loop_call(exchange->loop, finish_later, exchange);
    return RPC_LATER;
}

static void payload_released(void *owner)
{
    (void)owner;
    counts.released++;
}

static int run_payload(struct rpc_exchange *exchange)
{
    writer_be32(&exchange->reply, 5);
    rpc_set_payload(exchange, slice_of_string("bytes"), payload_released, NULL);
    return RPC_SUCCESS;
}

static int run_payload_and_fail(struct rpc_exchange *exchange)
{
    rpc_set_payload(exchange, slice_of_string("bytes"), payload_released, NULL);
    return RPC_SYSTEM_ERR;
}

static int run_too_long(struct rpc_exchange *exchange)
{
    writer_zeros(&exchange->reply, RPC_REPLY_MAX);
    return RPC_SUCCESS;
}

static int run_too_short(struct rpc_exchange *exchange)
{
    (void)reader_be64(&exchange->arguments);
    return RPC_SUCCESS;
}

static int run_silent(struct rpc_exchange *exchange)
{
    (void)exchange;
    return RPC_SILENT;
}

/* Never answered: what is left of it goes with the lane. */
static int run_never(struct rpc_exchange *exchange)
{
    counts.waiting = exchange;
    return RPC_LATER;
}

enum { ONCE = 1, LATER, PAYLOAD, PAYLOAD_FAILS, TOO_LONG, TOO_SHORT, SILENT, NEVER };

static const struct rpc_procedure procedures[] = {
    {"NULL", rpc_null, false},
    [ONCE] = {"ONCE", run_once, true},
    [LATER] = {"LATER", run_later, false},
    [PAYLOAD] = {"PAYLOAD", run_payload, false},
    [PAYLOAD_FAILS] = {"PAYLOAD_FAILS", run_payload_and_fail, false},
    [TOO_LONG] = {"TOO_LONG", run_too_long, false},
    [TOO_SHORT] = {"TOO_SHORT", run_too_short, false},
    [SILENT] = {"SILENT", run_silent, false},
    [NEVER] = {"NEVER", run_never, true},
};

static const struct rpc_program program = {
    PROGRAM, 1, "test", procedures, sizeof(procedures) / sizeof(procedures[0]), false,
};

/* The table that the lane opens and answers from: the test's own. */
const struct rpc_port rpc_ports[] = {{PORT, false, METRIC_MOUNT, {&program}}};
const size_t rpc_port_count = 1;

/* In place of the whole server's. */
struct snapshot *server_snapshot(struct server *server)
{
    return snapshot_hold(server->snapshot);
}

struct running {
    struct server server;
    struct rpc_service service;
    struct rpc_lane *lane;
    pthread_t thread;
    int udp, tcp;
};

static void *run_loop(void *loop)
{
    loop_run(loop);
    return NULL;
}

static int dial(int kind)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {PATIENCE_S, 0};
    int descriptor = socket(AF_INET, kind | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return descriptor;
}

static int start(void **state)
{
    static struct running running;
    char error[512] = "";

    memset(&running, 0, sizeof(running));
    memset(&counts, 0, sizeof(counts));
    pthread_mutex_init(&running.server.snapshot_lock, NULL);
    running.server.snapshot = snapshot_new();
    running.server.boots = boots_new();
    running.server.journal = journal_new(-1, running.server.boots);
    running.server.machines = machines_new();
    running.server.control = loop_new();
    running.service.server = &running.server;
    running.service.accounts = rpc_accounts_new();
    running.service.replays = rpc_replays_new(NULL);
    running.lane =
        rpc_lane_new(&running.service, running.server.control, false, error, sizeof(error));
    if (!running.lane)
        fail_msg("%s", error);
    assert_int_equal(pthread_create(&running.thread, NULL, run_loop, running.server.control), 0);
    running.udp = dial(SOCK_DGRAM);
    running.tcp = dial(SOCK_STREAM);
    *state = &running;
    return 0;
}

static int stop(void **state)
{
    struct running *running = *state;

    close(running->udp);
    close(running->tcp);
    loop_stop(running->server.control);
    pthread_join(running->thread, NULL);
    rpc_lane_free(running->lane);
    rpc_accounts_free(running->service.accounts);
    rpc_replays_free(running->service.replays);
    loop_free(running->server.control);
    machines_free(running->server.machines);
    journal_free(running->server.journal);
    boots_free(running->server.boots);
    snapshot_free(running->server.snapshot);
    pthread_mutex_destroy(&running->server.snapshot_lock);
    return 0;
}

/* Sends a call; over TCP with its mark. */
static void ask(int descriptor, bool tcp, uint32_t xid, uint32_t procedure)
{
    struct rpc_call call = {.xid = xid, .program = PROGRAM, .version = 1, .procedure = procedure};
    uint8_t bytes[256];
    struct writer w = writer_of(bytes, sizeof(bytes));

    if (tcp)
        writer_be32(&w, 0);
    rpc_write_call(&w, &call);
    if (tcp)
        writer_patch_be32(&w, 0, 0x80000000u | (uint32_t)(w.length - 4));
    assert_int_equal(send(descriptor, bytes, w.length, MSG_NOSIGNAL), (ssize_t)w.length);
}

/* Reads one reply and checks its header; what follows goes to `results`; returns its length. */
static size_t answer(int descriptor, bool tcp, uint32_t xid, enum rpc_status status,
                     uint8_t results[256])
{
    uint8_t bytes[512];
    struct reader r;
    ssize_t length;

    if (tcp) {
        assert_int_equal(recv(descriptor, bytes, 4, MSG_WAITALL), 4);
        length = (bytes[2] << 8) + bytes[3];
        assert_int_equal(recv(descriptor, bytes, (size_t)length, MSG_WAITALL), length);
    } else {
        length = recv(descriptor, bytes, sizeof(bytes), 0);
    }
    assert_true(length >= 24);
    r = reader_of(bytes, (size_t)length);
    assert_int_equal(reader_be32(&r), xid);
    assert_int_equal(reader_be32(&r), RPC_REPLY);
    reader_skip(&r, 12);
    assert_int_equal(reader_be32(&r), status);
    length = (ssize_t)reader_left(&r);
    reader_copy(&r, results, (size_t)length);
    return (size_t)length;
}

static void replies_come_as_the_handlers_say(void **state)
{
    struct running *running = *state;
    uint8_t results[256];

    for (int tcp = 0; tcp < 2; tcp++) {
        int descriptor = tcp ? running->tcp : running->udp;

        ask(descriptor, tcp, 10, 0);
        assert_int_equal(answer(descriptor, tcp, 10, RPC_SUCCESS, results), 0);
        ask(descriptor, tcp, 11, LATER);
        assert_int_equal(answer(descriptor, tcp, 11, RPC_SUCCESS, results), 4);
        assert_int_equal(results[3], 42);
        ask(descriptor, tcp, 12, PAYLOAD);
        assert_int_equal(answer(descriptor, tcp, 12, RPC_SUCCESS, results), 12);
        assert_memory_equal(results, "\0\0\0\5bytes\0\0\0", 12);
        ask(descriptor, tcp, 13, PAYLOAD_FAILS);
        assert_int_equal(answer(descriptor, tcp, 13, RPC_SYSTEM_ERR, results), 0);
        ask(descriptor, tcp, 14, TOO_LONG);
        assert_int_equal(answer(descriptor, tcp, 14, RPC_SYSTEM_ERR, results), 0);
        ask(descriptor, tcp, 15, TOO_SHORT);
        assert_int_equal(answer(descriptor, tcp, 15, RPC_GARBAGE_ARGS, results), 0);
        ask(descriptor, tcp, 16, SILENT);
        ask(descriptor, tcp, 17, 99);
        assert_int_equal(answer(descriptor, tcp, 17, RPC_PROC_UNAVAIL, results), 0);
    }
    /* The loop has answered everything: nobody counts any more. */
    assert_int_equal(counts.released, 4);
}

static void a_call_that_comes_again_runs_once(void **state)
{
    struct running *running = *state;
    uint8_t results[256];

    for (int i = 0; i < 3; i++) {
        ask(running->udp, false, 20, ONCE);
        assert_int_equal(answer(running->udp, false, 20, RPC_SUCCESS, results), 4);
        assert_int_equal(results[3], 1);
    }
    ask(running->udp, false, 21, ONCE);
    assert_int_equal(answer(running->udp, false, 21, RPC_SUCCESS, results), 4);
    assert_int_equal(results[3], 2);
}

/* The client's connection breaks; it asks again over another one, from another port. */
static void a_call_that_comes_again_over_another_connection_runs_once(void **state)
{
    struct running *running = *state;
    uint8_t results[256];
    int second = dial(SOCK_STREAM);

    ask(running->tcp, true, 40, ONCE);
    assert_int_equal(answer(running->tcp, true, 40, RPC_SUCCESS, results), 4);
    ask(second, true, 40, ONCE);
    assert_int_equal(answer(second, true, 40, RPC_SUCCESS, results), 4);
    assert_int_equal(results[3], 1);
    ask(running->udp, false, 40, ONCE);
    assert_int_equal(answer(running->udp, false, 40, RPC_SUCCESS, results), 4);
    assert_int_equal(results[3], 1);
    close(second);
}

static void end_the_waiting_one(void *argument)
{
    (void)argument;
    writer_be32(&counts.waiting->reply, ++counts.ran);
    rpc_complete(counts.waiting, RPC_SUCCESS);
}

/* It does so while the first call is still worked on: it hears the first one's answer. */
static void a_call_that_comes_again_too_early_waits_for_the_answer(void **state)
{
    struct running *running = *state;
    int second = dial(SOCK_STREAM);
    uint8_t results[256];

    ask(running->tcp, true, 50, NEVER);
    ask(running->tcp, true, 51, 0);
    assert_int_equal(answer(running->tcp, true, 51, RPC_SUCCESS, results), 0);
    close(running->tcp);
    ask(second, true, 50, NEVER);
    ask(second, true, 52, 0);
    assert_int_equal(answer(second, true, 52, RPC_SUCCESS, results), 0);
    loop_call(running->server.control, end_the_waiting_one, NULL);
    assert_int_equal(answer(second, true, 50, RPC_SUCCESS, results), 4);
    assert_int_equal(results[3], 1);
    running->tcp = second;
}

static void what_is_never_answered_goes_with_the_lane(void **state)
{
    struct running *running = *state;
    uint8_t results[256];

    ask(running->udp, false, 30, NEVER);
    ask(running->udp, false, 30, NEVER); /* still worked on: no answer, no second run */
    ask(running->tcp, true, 31, NEVER);
    ask(running->tcp, true, 32, 0);
    assert_int_equal(answer(running->tcp, true, 32, RPC_SUCCESS, results), 0);
    ask(running->udp, false, 33, 0);
    assert_int_equal(answer(running->udp, false, 33, RPC_SUCCESS, results), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replies_come_as_the_handlers_say, start, stop),
        cmocka_unit_test_setup_teardown(a_call_that_comes_again_runs_once, start, stop),
        cmocka_unit_test_setup_teardown(a_call_that_comes_again_over_another_connection_runs_once,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_call_that_comes_again_too_early_waits_for_the_answer,
                                        start, stop),
        cmocka_unit_test_setup_teardown(what_is_never_answered_goes_with_the_lane, start, stop),
    };

    if (sodium_init() < 0)
        return 1;
    if (!own_network())
        return 77; /* meson: skipped */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
