/* What each machine called for, read and wrote over NFS, for the log and the timeline. Safe from
 * any thread. */
#ifndef BOOTWIRE_SERVICE_RPC_ACCOUNT_H
#define BOOTWIRE_SERVICE_RPC_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum { RPC_ACCOUNT_TOLD_MAX = 48 };

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

#endif
