#include "test.h"

#include "service/rpc_replay.h"

#include <sodium.h>

static struct rpc_replay_key key_of(struct rpc_replays *replays, uint32_t xid, uint16_t port,
                                    const char *arguments)
{
    struct rpc_call call = {.xid = xid, .program = 100003, .version = 2, .procedure = 10};

    return rpc_replay_key_of(replays, (struct endpoint){1, port}, &call,
                             slice_of_string(arguments));
}

static void a_repetition_gets_the_same_answer(void **state)
{
    struct rpc_replays *replays = rpc_replays_new();
    struct rpc_replay_key key = key_of(replays, 7, 1023, "remove a"), other;
    struct slice reply;

    (void)state;
    assert_int_equal(rpc_replay_find(replays, &key, 1000, &reply), RPC_REPLAY_NEW);
    assert_int_equal(rpc_replay_find(replays, &key, 1001, &reply), RPC_REPLAY_WORKING);
    rpc_replay_keep(replays, &key, slice_of_string("done"));
    assert_int_equal(rpc_replay_find(replays, &key, 1002, &reply), RPC_REPLAY_KNOWN);
    assert_true(slice_equal_string(reply, "done"));
    /* The same number with other words, or from another port, is another call. */
    other = key_of(replays, 7, 1023, "remove b");
    assert_int_equal(rpc_replay_find(replays, &other, 1003, &reply), RPC_REPLAY_NEW);
    other = key_of(replays, 7, 1022, "remove a");
    assert_int_equal(rpc_replay_find(replays, &other, 1003, &reply), RPC_REPLAY_NEW);
    /* After a while numbers come around. */
    assert_int_equal(rpc_replay_find(replays, &key, 1000 + 120000, &reply), RPC_REPLAY_NEW);
    rpc_replay_keep(replays, &key, (struct slice){NULL, 0});
    assert_int_equal(rpc_replay_find(replays, &key, 1000 + 120001, &reply), RPC_REPLAY_NEW);
    rpc_replays_free(replays);
}

static void the_oldest_make_room(void **state)
{
    struct rpc_replays *replays = rpc_replays_new();
    struct slice reply;

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        struct rpc_replay_key key = key_of(replays, 256 * i, 1, "x");

        assert_int_equal(rpc_replay_find(replays, &key, i, &reply), RPC_REPLAY_NEW);
        rpc_replay_keep(replays, &key, slice_of_string("y"));
    }
    for (uint32_t i = 92; i < 100; i++) {
        struct rpc_replay_key key = key_of(replays, 256 * i, 1, "x");

        assert_int_equal(rpc_replay_find(replays, &key, 100, &reply), RPC_REPLAY_KNOWN);
    }
    rpc_replays_free(replays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repetition_gets_the_same_answer),
        cmocka_unit_test(the_oldest_make_room),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
