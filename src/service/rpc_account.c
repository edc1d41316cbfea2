#include "service/rpc_account.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "service/boots.h"
#include "service/journal.h"
#include "service/machines.h"
#include "service/server.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RPC_ACCOUNTS_MAX = 16384,
    RPC_PASSED_MAX_MS = 3600000, /* more time than that brings no more credit */
    RPC_RECENT_CALLS = 16,       /* more than clients have under way over UDP */
};

struct rpc_account {
    uint32_t address;
    atomic_uint_least64_t calls, bytes_read, bytes_written, last_ms;
    atomic_bool called;                                   /* since the last mount */
    atomic_bool disbelieved;                              /* since the last mount */
    atomic_uint_least64_t troubled_ms[RPC_TROUBLE_COUNT]; /* when it was told; 0: never */
    atomic_uint_least64_t recent[RPC_RECENT_CALLS];       /* xid, and below it how often it came */
    pthread_mutex_t told_lock;                            /* guards the next five */
    uint64_t paid;                                        /* bytes moved that the credit knows of */
    uint64_t paid_ms;                                     /* when; 0: never */
    int64_t credit; /* bytes that may be moved now; below 0: moved too early */
    size_t told_count;
    uint64_t told[RPC_ACCOUNT_TOLD_MAX];
    atomic_uint_least64_t mounted_read; /* of bytes_read, before the last mount */
    uint64_t shown_read; /* since that mount, as it was told last; the reporting thread's */
    bool reads;          /* it was told that it goes on; the reporting thread's */
    uint64_t reported_calls, reported_read, reported_written; /* the reporting thread's */
};

struct rpc_accounts {
    pthread_mutex_t lock; /* guards the map */
    struct map by_address;
};

struct rpc_accounts *rpc_accounts_new(void)
{
    struct rpc_accounts *accounts = memory_zeroed(1, sizeof(*accounts));

    pthread_mutex_init(&accounts->lock, NULL);
    return accounts;
}

void rpc_accounts_free(struct rpc_accounts *accounts)
{
    struct map_entry *entry;
    size_t place = 0;

    if (!accounts)
        return;
    while (map_next(&accounts->by_address, &place, &entry)) {
        struct rpc_account *account = entry->value;

        pthread_mutex_destroy(&account->told_lock);
        free(account);
    }
    map_release(&accounts->by_address);
    pthread_mutex_destroy(&accounts->lock);
    free(accounts);
}

struct rpc_account *rpc_accounts_get(struct rpc_accounts *accounts, uint32_t address)
{
    struct rpc_account *account;

    pthread_mutex_lock(&accounts->lock);
    account = map_get(&accounts->by_address, &address, sizeof(address));
    if (!account && accounts->by_address.count < RPC_ACCOUNTS_MAX) {
        account = memory_zeroed(1, sizeof(*account));
        account->address = address;
        pthread_mutex_init(&account->told_lock, NULL);
        map_put(&accounts->by_address, &address, sizeof(address), account);
    }
    pthread_mutex_unlock(&accounts->lock);
    return account;
}

bool rpc_account_call(struct rpc_account *account)
{
    atomic_fetch_add_explicit(&account->calls, 1, memory_order_relaxed);
    atomic_store_explicit(&account->last_ms, clock_monotonic_ms(), memory_order_relaxed);
    if (atomic_load_explicit(&account->called, memory_order_relaxed))
        return false;
    return !atomic_exchange(&account->called, true);
}

bool rpc_account_disbelieves(struct rpc_account *account)
{
    if (atomic_load_explicit(&account->disbelieved, memory_order_relaxed))
        return false;
    return !atomic_exchange(&account->disbelieved, true);
}

void rpc_account_bytes(struct rpc_account *account, uint64_t bytes_read, uint64_t bytes_written)
{
    if (bytes_read)
        atomic_fetch_add_explicit(&account->bytes_read, bytes_read, memory_order_relaxed);
    if (bytes_written)
        atomic_fetch_add_explicit(&account->bytes_written, bytes_written, memory_order_relaxed);
}

/* The credit that the time since the last look brings. */
static void rpc_account_gain(struct rpc_account *account, uint64_t rate)
{
    uint64_t now = clock_monotonic_ms(), passed = now - account->paid_ms;
    int64_t most = (int64_t)(rate / 4);
    uint64_t gained = rate * (passed < RPC_PASSED_MAX_MS ? passed : RPC_PASSED_MAX_MS) / 1000;

    /* A time too short for one byte goes on counting. */
    if (gained == 0)
        return;
    account->paid_ms = now;
    account->credit += (int64_t)gained;
    if (account->credit > most)
        account->credit = most;
}

uint64_t rpc_account_wait(struct rpc_account *account, uint64_t rate)
{
    uint64_t moved = atomic_load_explicit(&account->bytes_read, memory_order_relaxed) +
                     atomic_load_explicit(&account->bytes_written, memory_order_relaxed);
    uint64_t wait = 0;

    pthread_mutex_lock(&account->told_lock);
    /* What was moved before there was a limit is not owed. */
    if (account->paid_ms == 0)
        account->paid = moved;
    rpc_account_gain(account, rate);
    account->credit -= (int64_t)(moved - account->paid);
    account->paid = moved;
    if (account->credit < 0)
        wait = (uint64_t)-account->credit * 1000 / rate + 1;
    pthread_mutex_unlock(&account->told_lock);
    return wait;
}

bool rpc_account_troubled(struct rpc_account *account, enum rpc_trouble trouble)
{
    uint64_t now = clock_monotonic_ms(), told = atomic_load(&account->troubled_ms[trouble]);

    if (told && now - told < RPC_TROUBLE_MS)
        return false;
    return atomic_compare_exchange_strong(&account->troubled_ms[trouble], &told, now ? now : 1);
}

unsigned rpc_account_repeats(struct rpc_account *account, uint32_t xid)
{
    /* Clients count up, some of them in the other byte order. */
    atomic_uint_least64_t *place = &account->recent[(xid ^ xid >> 24) % RPC_RECENT_CALLS];
    uint64_t known = atomic_load_explicit(place, memory_order_relaxed);
    uint32_t times = known >> 32 == xid ? (uint32_t)known + 1 : 1;

    /* A count that two threads make at once may lose one: no harm. */
    atomic_store_explicit(place, (uint64_t)xid << 32 | times, memory_order_relaxed);
    return times;
}

bool rpc_account_tells(struct rpc_account *account, uint64_t key)
{
    bool tells;

    pthread_mutex_lock(&account->told_lock);
    tells = account->told_count < RPC_ACCOUNT_TOLD_MAX;
    for (size_t i = 0; tells && i < account->told_count; i++)
        tells = account->told[i] != key;
    if (tells)
        account->told[account->told_count++] = key;
    pthread_mutex_unlock(&account->told_lock);
    return tells;
}

void rpc_account_mounted(struct rpc_account *account)
{
    pthread_mutex_lock(&account->told_lock);
    account->told_count = 0;
    pthread_mutex_unlock(&account->told_lock);
    atomic_store(&account->mounted_read, atomic_load(&account->bytes_read));
    atomic_store(&account->called, false);
    atomic_store(&account->disbelieved, false);
}

void rpc_account_report(struct rpc_account *account, struct server *server)
{
    uint64_t calls = atomic_load(&account->calls) - account->reported_calls;
    uint64_t bytes_read = atomic_load(&account->bytes_read) - account->reported_read;
    uint64_t bytes_written = atomic_load(&account->bytes_written) - account->reported_written;
    struct boot_step step = {
        .service = "nfs", .event = STEP_NFS_TRAFFIC, .address = account->address};
    struct snapshot *snapshot;
    const struct host *host;
    struct machine machine;
    char got[128];

    if (calls == 0)
        return;
    account->reported_calls += calls;
    account->reported_read += bytes_read;
    account->reported_written += bytes_written;
    snapshot = server_snapshot(server);
    host = machines_host(server->machines, snapshot, account->address, &machine, NULL);
    snprintf(got, sizeof(got),
             "%" PRIu64 " calls, %" PRIu64 " bytes read, %" PRIu64 " bytes written", calls,
             bytes_read, bytes_written);
    step.stage = machine.stage;
    step.hardware = machine.hardware;
    step.host = host ? host->name : NULL;
    step.asked = "reads and writes";
    step.got = got;
    step.bytes = bytes_read + bytes_written;
    journal_step(server->journal, &step);
    snapshot_free(snapshot);
}

void rpc_accounts_report(struct rpc_accounts *accounts, struct server *server, uint64_t idle_ms)
{
    uint64_t now = clock_monotonic_ms();
    struct map_entry *entry;
    size_t place = 0;

    pthread_mutex_lock(&accounts->lock);
    while (map_next(&accounts->by_address, &place, &entry)) {
        struct rpc_account *account = entry->value;
        uint64_t last = atomic_load(&account->last_ms);

        if (now >= last && now - last >= idle_ms)
            rpc_account_report(account, server);
    }
    pthread_mutex_unlock(&accounts->lock);
}

static void tell_progress(struct rpc_account *account, struct server *server)
{
    uint64_t before = atomic_load(&account->mounted_read);
    uint64_t all = atomic_load(&account->bytes_read), bytes = all > before ? all - before : 0;
    bool reads = bytes != account->shown_read && bytes > 0;
    struct boot_step step = {.service = "nfs",
                             .event = STEP_NFS_PROGRESS,
                             .address = account->address,
                             .asked = "",
                             .got = "",
                             .bytes = bytes,
                             .total = reads ? 0 : bytes,
                             .quiet = true};
    struct machine machine = {.stage = STAGE_UNKNOWN};

    if (reads || account->reads) {
        (void)machines_get(server->machines, account->address, &machine);
        step.hardware = machine.hardware;
        step.stage = machine.stage;
        journal_step(server->journal, &step);
    }
    account->shown_read = bytes;
    account->reads = reads;
}

void rpc_accounts_progress(struct rpc_accounts *accounts, struct server *server)
{
    struct map_entry *entry;
    size_t place = 0;

    if (!boots_watched(server->boots))
        return;
    pthread_mutex_lock(&accounts->lock);
    while (map_next(&accounts->by_address, &place, &entry))
        tell_progress(entry->value, server);
    pthread_mutex_unlock(&accounts->lock);
}
