/* Leases on disk: one SQLite database with a redo log in front of it (store/lease_log.h), and the
 * table in memory that answers in their stead.
 *
 * Changes go to the table at once and to the disk together, once per turn of the control loop
 * (leases_commit). What a client is promised leaves only after that. Where the disk refuses, the
 * table goes back to what it was: it never promises what a restart would forget. */
#ifndef BOOTWIRE_STORE_LEASES_H
#define BOOTWIRE_STORE_LEASES_H

#include "model/lease.h"

#include <stddef.h>

struct leases;

#define LEASES_FILE "leases.sqlite"

enum { LEASES_REASON_SIZE = 256 };

/* Opens `directory`/leases.sqlite and the log beside it, makes what is missing, and reads them;
 * without room for a log the database takes each commit itself, more slowly. Returns NULL with a
 * message for the person in `error` that names the file and the cure: a damaged file, or one that
 * is not ours, is left as it is. */
struct leases *leases_open(const char *directory, char *error, size_t error_size);
/* Drops what is not committed, and moves the log to the database. NULL is allowed. */
void leases_close(struct leases *leases);

/* Calls back with every record of `directory`'s database and log by address, and why it is so (""
 * where that is not known). Changes nothing; a server may be at work there meanwhile. Returns 0, or
 * -1 with a message as above. */
int leases_read(const char *directory,
                void (*each)(void *argument, const struct lease *lease, const char *reason),
                void *argument, char *error, size_t error_size);
/* Takes the state directory for this process until it ends or closes the descriptor that is
 * returned; -1 with a message where another process has it. */
int leases_claim(const char *directory, char *error, size_t error_size);

/* How many commits could not be read when the leases were opened, for the log is damaged. */
size_t leases_lost(const struct leases *leases);

/* What answers questions; good until the next change. */
const struct lease_table *leases_table(const struct leases *leases);

/* Puts a record in memory only: an offer. Of more than `most` offers the oldest ones end. */
void leases_offer(struct leases *leases, const struct lease *lease, size_t most);
/* Ends the offer of an address, if it is on offer and nothing more. */
void leases_forget(struct leases *leases, uint32_t address);
/* Puts a record that leases_commit() makes durable, and why the machine has the address: printable
 * text, cut at LEASES_REASON_SIZE, that is kept on disk only, for people. */
void leases_store(struct leases *leases, const struct lease *lease, const char *reason);
/* Ends the offers whose time has passed. */
void leases_expire_offers(struct leases *leases, uint64_t now_ms);

/* Whether something waits for a commit that has not begun. */
bool leases_pending(const struct leases *leases);
/* Writes what waits, all or nothing, and has the disk confirm it. Returns 0; or -1 with the
 * reason and the cure in `error`, and then every change since the last commit is undone, in memory
 * too. */
int leases_commit(struct leases *leases, char *error, size_t error_size);

/* The same, with the disk awaited in another thread, which calls done(argument) when it has
 * answered; leases_commit_end() is to follow. What is stored meanwhile waits for the next commit.
 * Returns 0; 1 where all was done at once and nothing follows; or -1 as above. */
int leases_commit_begin(struct leases *leases, void (*done)(void *argument), void *argument,
                        char *error, size_t error_size);
/* Whether the disk has answered. */
bool leases_commit_is_done(const struct leases *leases);
/* Waits for the disk; returns as leases_commit() does. Where it refuses, what was stored meanwhile
 * is undone, too: it was decided on what is no more. */
int leases_commit_end(struct leases *leases, char *error, size_t error_size);

#endif
