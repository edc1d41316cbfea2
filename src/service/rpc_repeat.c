/* Calls that came before: in this process (service/rpc_replay.h), or in one that was killed over
 * them (store/call_log.h). */
#include "service/rpc_lane.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/loop.h"

#include <stddef.h>

void rpc_remember(struct rpc_slot *slot, int status)
{
    const struct rpc_exchange *exchange = &slot->exchange;
    struct slice reply = {NULL, 0};

    if (status == RPC_SUCCESS && exchange->payload.length == 0)
        reply = slice_of(slot->bytes, exchange->reply.length);
    rpc_replay_keep(exchange->service->replays, &slot->replay_key, reply);
    if (slot->logged)
        call_log_end(exchange->service->calls, slot->log_place, &slot->log_key, reply);
}

/* The same for what an earlier process was asked. */
static bool rpc_was_answered(struct rpc_slot *slot, struct slice *reply)
{
    struct rpc_exchange *exchange = &slot->exchange;
    struct call_log *log = exchange->service->calls;
    enum call_log_verdict verdict;

    if (!log || slot->procedure->repetition != RPC_RUNS_ONCE_EVER)
        return false;
    slot->log_key = call_log_key_of(log, slice_of(&slot->replay_key, sizeof(slot->replay_key)));
    verdict = call_log_find(log, &slot->log_key, reply);
    if (verdict == CALL_LOG_ANSWERED)
        return true;
    exchange->interrupted = verdict == CALL_LOG_INTERRUPTED;
    slot->log_place = call_log_begin(log, &slot->log_key);
    slot->logged = true;
    return false;
}

static void rpc_run_again(void *argument)
{
    rpc_run(argument);
}

/* The call that a slot's repeats is done: back to the slot's own thread. */
static void rpc_wake(struct rpc_replay_waiter *waiter)
{
    struct rpc_slot *slot = (void *)((char *)waiter - offsetof(struct rpc_slot, waiter));

    loop_call(slot->exchange.loop, rpc_run_again, slot);
}

/* What comes again while the first one is still worked on is dropped over UDP: that one's answer
 * goes the same way. Over TCP the first one's connection may be gone, and the client would wait for
 * a minute before it asks once more: this one waits for the answer. */
bool rpc_replayed(struct rpc_slot *slot)
{
    struct rpc_exchange *exchange = &slot->exchange;
    const struct reader *arguments = &exchange->arguments;
    struct slice rest =
        slice_of(arguments->data + arguments->offset, arguments->length - arguments->offset);
    bool waits = exchange->transport == RPC_TCP;
    struct slice reply;

    slot->replay_key = rpc_replay_key_of(exchange->service->replays, exchange->peer.address,
                                         &exchange->call, rpc_believes(exchange), rest);
    slot->waiter.wake = rpc_wake;
    switch (rpc_replay_find(exchange->service->replays, &slot->replay_key, clock_monotonic_ms(),
                            waits ? &slot->waiter : NULL, &exchange->reply)) {
    case RPC_REPLAY_NEW:
        if (!rpc_was_answered(slot, &reply)) {
            metric_cache(METRIC_CACHE_NFS_REPLIES, false);
            return false;
        }
        rpc_replay_keep(exchange->service->replays, &slot->replay_key, reply);
        writer_slice(&exchange->reply, reply);
        break;
    case RPC_REPLAY_WAITING:
        (void)rpc_keep_arguments(exchange);
        return true;
    case RPC_REPLAY_WORKING:
        rpc_count_result(slot, METRIC_IGNORED);
        rpc_drop(slot);
        return true;
    case RPC_REPLAY_KNOWN:
        break;
    }
    metric_cache(METRIC_CACHE_NFS_REPLIES, true);
    rpc_count_result(slot, METRIC_OK);
    log_debug("xid %08x came again and gets the same answer", exchange->call.xid);
    rpc_send(slot);
    return true;
}
