#include "store/database.h"

#include <stdio.h>

enum { BUSY_MS = 5000 };

void database_error(sqlite3 *database, const char *path, const char *lost, char *error,
                    size_t error_size)
{
    snprintf(
        error, error_size,
        "%s cannot be used: %s; see that the directory is writable and has room, or remove the "
        "file (%s)",
        path, sqlite3_errmsg(database), lost);
}

int database_open(const char *path, const char *schema, const char *const *texts, size_t count,
                  sqlite3 **database, sqlite3_stmt **statements, const char *lost, char *error,
                  size_t error_size)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, database, flags, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_busy_timeout(*database, BUSY_MS);
    if (result == SQLITE_OK)
        result = sqlite3_exec(*database, schema, NULL, NULL, NULL);
    for (size_t i = 0; i < count && result == SQLITE_OK; i++)
        result = sqlite3_prepare_v3(*database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &statements[i], NULL);
    if (result == SQLITE_OK)
        return 0;
    database_error(*database, path, lost, error, error_size);
    return -1;
}

void database_close(sqlite3 *database, sqlite3_stmt **statements, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(database);
}
