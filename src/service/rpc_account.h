/* What each machine called for, read and wrote over NFS, for the log and the timeline. Safe from
 * any thread. */
#ifndef BOOTWIRE_SERVICE_RPC_ACCOUNT_H
#define BOOTWIRE_SERVICE_RPC_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum { RPC_ACCOUNT_TOLD_MAX = 48 };

/* What the journal is told of a machine at most once in RPC_TROUBLE_MS, however often it happens.
 */
enum rpc_trouble {
    RPC_TROUBLE_VERSION,  /* it asks for a version of a program that is not served */
    RPC_TROUBLE_STALE,    /* with a handle of a file that is gone */
    RPC_TROUBLE_REPEATED, /* the same again and again */
    RPC_TROUBLE_COUNT,
};
enum { RPC_TROUBLE_MS = 5000 };

struct rpc_account;
struct rpc_accounts;
struct server;

struct rpc_accounts *rpc_accounts_new(void);
void rpc_accounts_free(struct rpc_accounts *accounts);

/* The account of the machine at an address: lives as long as the accounts. NULL where there are too
 * many. */
struct rpc_account *rpc_accounts_get(struct rpc_accounts *accounts, uint32_t address);

/* One call more; true for the first one since rpc_account_mounted(). */
bool rpc_account_call(struct rpc_account *account);
void rpc_account_bytes(struct rpc_account *account, uint64_t bytes_read, uint64_t bytes_written);
/* How many milliseconds the machine has to wait where it may move `rate` bytes a second (not 0),
 * and a quarter of that at once; 0: none. */
uint64_t rpc_account_wait(struct rpc_account *account, uint64_t rate);
/* Its credentials are not believed: true for the first time since rpc_account_mounted(). */
bool rpc_account_disbelieves(struct rpc_account *account);
/* Whether the journal is to be told of that trouble now. */
bool rpc_account_troubled(struct rpc_account *account, enum rpc_trouble trouble);
/* How often the datagram with the call of that xid came, this one included. Of each machine the
 * last few calls are known: what comes again after many others counts as new. */
unsigned rpc_account_repeats(struct rpc_account *account, uint32_t xid);
/* Shall the journal tell of the file known by `key`? True once per file and mount, for at most
 * RPC_ACCOUNT_TOLD_MAX files. */
bool rpc_account_tells(struct rpc_account *account, uint64_t key);
/* The machine mounted something: its next call is a first one, and its files are told of anew. */
void rpc_account_mounted(struct rpc_account *account);

/* Writes a step into the journal for each machine that called since its last such step and has been
 * silent for `idle_ms`. In one thread at a time. */
void rpc_accounts_report(struct rpc_accounts *accounts, struct server *server, uint64_t idle_ms);
/* The same for one machine, at once. */
void rpc_account_report(struct rpc_account *account, struct server *server);
/* While somebody watches boots: tells those who watch how much each machine has read since its
 * mount, where that changed since the last call. In the same thread. */
void rpc_accounts_progress(struct rpc_accounts *accounts, struct server *server);

#endif
