#include "test.h"

#include "service/rpc_replay.h"

#include <pthread.h>
#include <sodium.h>

static uint8_t reply_bytes[4096];

static struct rpc_call call_of(uint32_t xid)
{
    return (struct rpc_call){
        .xid = xid,
        .program = 100003,
        .version = 2,
        .procedure = 10,
        .credentials = {.flavor = RPC_AUTH_SYS, .uid = 5, .gid = 6, .gids = {7}, .gid_count = 1},
    };
}

static struct rpc_replay_key key_of(struct rpc_replays *replays, uint32_t xid, uint32_t address,
                                    const char *arguments)
{
    struct rpc_call call = call_of(xid);

    return rpc_replay_key_of(replays, address, &call, true, slice_of_string(arguments));
}

static enum rpc_replay_verdict find(struct rpc_replays *replays, struct rpc_replay_key key,
                                    uint64_t now_ms)
{
    struct writer w = writer_of(reply_bytes, sizeof(reply_bytes));

    return rpc_replay_find(replays, &key, now_ms, NULL, &w);
}

static void a_repetition_gets_the_same_answer(void **state)
{
    struct rpc_replays *replays = rpc_replays_new(NULL);
    struct rpc_replay_key key = key_of(replays, 7, 1, "remove a");

    (void)state;
    assert_int_equal(find(replays, key, 1000), RPC_REPLAY_NEW);
    assert_int_equal(find(replays, key, 1001), RPC_REPLAY_WORKING);
    rpc_replay_keep(replays, &key, slice_of_string("done"));
    assert_int_equal(find(replays, key, 1002), RPC_REPLAY_KNOWN);
    assert_memory_equal(reply_bytes, "done", 4);
    /* The same number with other words, or from another client, is another call. */
    assert_int_equal(find(replays, key_of(replays, 7, 1, "remove b"), 1003), RPC_REPLAY_NEW);
    assert_int_equal(find(replays, key_of(replays, 7, 2, "remove a"), 1003), RPC_REPLAY_NEW);
    /* After a while numbers come around. */
    assert_int_equal(find(replays, key, 1000 + RPC_REPLAY_LIFETIME_MS), RPC_REPLAY_NEW);
    rpc_replay_keep(replays, &key, (struct slice){NULL, 0});
    assert_int_equal(find(replays, key, 1000 + RPC_REPLAY_LIFETIME_MS + 1), RPC_REPLAY_NEW);
    rpc_replays_free(replays);
}

static void an_answer_is_for_its_caller_alone(void **state)
{
    struct rpc_replays *replays = rpc_replays_new(NULL);
    struct slice arguments = slice_of_string("remove a");
    struct rpc_call call = call_of(7), other;
    struct rpc_replay_key key = rpc_replay_key_of(replays, 1, &call, true, arguments);

    (void)state;
    assert_int_equal(find(replays, key, 1), RPC_REPLAY_NEW);
    rpc_replay_keep(replays, &key, slice_of_string("done"));
    assert_int_equal(find(replays, rpc_replay_key_of(replays, 1, &call, false, arguments), 2),
                     RPC_REPLAY_NEW);
#define DIFFERS(change)                                                                            \
    do {                                                                                           \
        other = call;                                                                              \
        other.credentials.change;                                                                  \
        assert_int_equal(find(replays, rpc_replay_key_of(replays, 1, &other, true, arguments), 2), \
                         RPC_REPLAY_NEW);                                                          \
    } while (0)
    DIFFERS(flavor = RPC_AUTH_NONE);
    DIFFERS(uid = 0);
    DIFFERS(gid = 0);
    DIFFERS(gids[0] = 8);
    DIFFERS(gid_count = 0);
#undef DIFFERS
    /* The machine's name is nobody's right. */
    other = call;
    other.credentials.machine = slice_of_string("another");
    assert_int_equal(find(replays, rpc_replay_key_of(replays, 1, &other, true, arguments), 3),
                     RPC_REPLAY_KNOWN);
    rpc_replays_free(replays);
}

/* A long WRITE's start, end and length count. */
static void long_arguments_differ(void **state)
{
    static uint8_t data[5000];
    struct rpc_replays *replays = rpc_replays_new(NULL);
    struct rpc_call call = call_of(7);
    uint64_t digest = rpc_replay_key_of(replays, 1, &call, true, slice_of(data, 5000)).digest;
    static const size_t places[] = {0, 100, 255, 4936, 4999};

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        data[places[i]] = 1;
        assert_true(digest !=
                    rpc_replay_key_of(replays, 1, &call, true, slice_of(data, 5000)).digest);
        data[places[i]] = 0;
    }
    assert_true(digest != rpc_replay_key_of(replays, 1, &call, true, slice_of(data, 4996)).digest);
    rpc_replays_free(replays);
}

static void fill(struct rpc_replays *replays, uint32_t address, uint32_t count, size_t length,
                 uint64_t now_ms)
{
    static const uint8_t zeros[RPC_REPLAY_REPLY_MAX];

    for (uint32_t xid = 0; xid < count; xid++) {
        struct rpc_replay_key key = key_of(replays, xid, address, "x");

        assert_int_equal(find(replays, key, now_ms + xid), RPC_REPLAY_NEW);
        rpc_replay_keep(replays, &key, slice_of(zeros, length));
    }
}

/* How many of the client's answers are known, from the youngest to the first that is not. */
static unsigned known(struct rpc_replays *replays, uint32_t address, uint32_t count)
{
    unsigned found = 0;

    while (found < count && find(replays, key_of(replays, count - 1 - found, address, "x"),
                                 20000) == RPC_REPLAY_KNOWN)
        found++;
    return found;
}

static void no_client_pushes_out_anothers(void **state)
{
    struct rpc_replays *replays = rpc_replays_new(NULL);

    (void)state;
    fill(replays, 1, 200, 100, 0);
    fill(replays, 2, 10000, 100, 1000);
    assert_int_equal(known(replays, 1, 200), 200);
    /* Its own oldest made room. */
    assert_int_equal(known(replays, 2, 10000), RPC_REPLAY_CLIENT_MAX);
    assert_int_equal(find(replays, key_of(replays, 0, 2, "x"), 20000), RPC_REPLAY_NEW);
    rpc_replays_free(replays);
}

/* More than all may hold together: those that hold most give way, not the one with little. */
static void together_they_hold_so_much(void **state)
{
    struct rpc_replays *replays = rpc_replays_new(NULL);
    unsigned together = 0;

    (void)state;
    fill(replays, 1, 20, 100, 0);
    for (uint32_t address = 2; address < 102; address++)
        fill(replays, address, RPC_REPLAY_CLIENT_MAX, RPC_REPLAY_REPLY_MAX, 1000);
    assert_int_equal(known(replays, 1, 20), 20);
    for (uint32_t address = 2; address < 102; address++)
        together += known(replays, address, RPC_REPLAY_CLIENT_MAX);
    assert_in_range(together, 1000, RPC_REPLAY_BYTES_MAX / RPC_REPLAY_REPLY_MAX);
    rpc_replays_free(replays);
}

static void what_is_worked_on_is_never_pushed_out(void **state)
{
    struct rpc_replays *replays = rpc_replays_new(NULL);
    struct rpc_replay_key key = key_of(replays, 99999, 1, "slow");

    (void)state;
    assert_int_equal(find(replays, key, 0), RPC_REPLAY_NEW);
    fill(replays, 1, 3 * RPC_REPLAY_CLIENT_MAX, 100, 10);
    assert_int_equal(find(replays, key, 10 * RPC_REPLAY_LIFETIME_MS), RPC_REPLAY_WORKING);
    rpc_replay_keep(replays, &key, slice_of_string("done"));
    rpc_replays_free(replays);
}

struct waiting {
    struct rpc_replay_waiter waiter; /* first */
    unsigned woken;
};

static void wake(struct rpc_replay_waiter *waiter)
{
    ((struct waiting *)waiter)->woken++;
}

static void repetitions_may_wait(void **state)
{
    struct rpc_replays *replays = rpc_replays_new(NULL);
    struct rpc_replay_key key = key_of(replays, 1, 1, "slow");
    struct waiting waiting[RPC_REPLAY_WAITERS_MAX + 1];
    struct writer w = writer_of(reply_bytes, sizeof(reply_bytes));

    (void)state;
    assert_int_equal(find(replays, key, 0), RPC_REPLAY_NEW);
    for (size_t i = 0; i <= RPC_REPLAY_WAITERS_MAX; i++) {
        waiting[i] = (struct waiting){.waiter.wake = wake};
        assert_int_equal(rpc_replay_find(replays, &key, 1, &waiting[i].waiter, &w),
                         i < RPC_REPLAY_WAITERS_MAX ? RPC_REPLAY_WAITING : RPC_REPLAY_WORKING);
    }
    rpc_replay_keep(replays, &key, slice_of_string("done"));
    for (size_t i = 0; i <= RPC_REPLAY_WAITERS_MAX; i++)
        assert_int_equal(waiting[i].woken, i < RPC_REPLAY_WAITERS_MAX);
    assert_int_equal(rpc_replay_find(replays, &key, 2, &waiting[0].waiter, &w), RPC_REPLAY_KNOWN);
    assert_true(slice_equal_string(slice_of(w.data, w.length), "done"));
    rpc_replays_free(replays);
}

static struct rpc_replays *shared;

static void *hammer(void *argument)
{
    uint32_t address = *(const uint32_t *)argument;

    fill(shared, address, 2000, 200, 0);
    return NULL;
}

static void threads_share_it(void **state)
{
    pthread_t threads[4];
    uint32_t addresses[4];

    (void)state;
    shared = rpc_replays_new(NULL);
    for (uint32_t i = 0; i < 4; i++) {
        addresses[i] = 100 + i;
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &addresses[i]), 0);
    }
    for (uint32_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(known(shared, addresses[i], 2000), RPC_REPLAY_CLIENT_MAX);
    rpc_replays_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repetition_gets_the_same_answer),
        cmocka_unit_test(an_answer_is_for_its_caller_alone),
        cmocka_unit_test(long_arguments_differ),
        cmocka_unit_test(no_client_pushes_out_anothers),
        cmocka_unit_test(together_they_hold_so_much),
        cmocka_unit_test(what_is_worked_on_is_never_pushed_out),
        cmocka_unit_test(repetitions_may_wait),
        cmocka_unit_test(threads_share_it),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
