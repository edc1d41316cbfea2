/* An SQLite database with its prepared statements, as each of this room's tables keeps one. */
#ifndef BOOTWIRE_STORE_DATABASE_H
#define BOOTWIRE_STORE_DATABASE_H

#include <sqlite3.h>
#include <stddef.h>

/* Opens the file, making it where it is missing, runs the schema, prepares `count` statements. 0,
 * or -1 with a message in `error` that names the file and the cure; `lost` says what goes with the
 * file where somebody removes it. Either way *database and the statements that are there are the
 * caller's, for database_close(). The connection is for one thread at a time. */
int database_open(const char *path, const char *schema, const char *const *texts, size_t count,
                  sqlite3 **database, sqlite3_stmt **statements, const char *lost, char *error,
                  size_t error_size);
/* Writes that message for a call on the database that failed. */
void database_error(sqlite3 *database, const char *path, const char *lost, char *error,
                    size_t error_size);
/* NULL is allowed for the database and for each statement. */
void database_close(sqlite3 *database, sqlite3_stmt **statements, size_t count);

#endif
