/* The lease database, as the files of this room see it: one SQLite file, a row per address. */
#ifndef BOOTWIRE_STORE_LEASE_DATABASE_H
#define BOOTWIRE_STORE_LEASE_DATABASE_H

#include "model/lease.h"

#include <sqlite3.h>

enum { LEASES_BUSY_MS = 100 };

/* Every lease, in no order; the columns are those of lease_database_row(). */
extern const char lease_database_select[];
/* Prepares to what lease_database_write() takes. */
extern const char lease_database_upsert[];
/* How far the database holds what went through the log: the number of a generation. */
extern const char lease_database_moved[];

/* Looks whether it is ours: `*foreign` is set where the file holds something else, or what a newer
 * bootwire wrote. Returns SQLite's result. */
int lease_database_inspect(sqlite3 *database, bool *foreign);
/* Makes the tables in a fresh file, or those that are missing in an older one; `*foreign` is set
 * where the file holds something else. Returns SQLite's result. */
int lease_database_prepare(sqlite3 *database, bool *foreign);
/* The number that a PRAGMA or a count gives; -1 where it cannot be read. */
long long lease_database_number(sqlite3 *database, const char *sql);
/* The lease of the present row; its notes live until the next one. */
struct lease lease_database_row(sqlite3_stmt *row);
/* Stores a lease; returns SQLite's result. */
int lease_database_write(sqlite3_stmt *row, const struct lease *lease, const char *reason);
/* The cure for what SQLite says, as far as there is one. */
const char *lease_database_cure(int result);

#endif
