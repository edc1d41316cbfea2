#include "store/ownership_table.h"

#include "base/memory.h"
#include "store/database.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum statement { GET, PUT, REMOVE, STATEMENT_COUNT };

static const char *const statement_texts[STATEMENT_COUNT] = {
    [GET] = "SELECT text FROM ownership WHERE file = ?1",
    [PUT] = ("INSERT INTO ownership (file, text) VALUES (?1, ?2)"
             " ON CONFLICT (file) DO UPDATE SET text = excluded.text"),
    [REMOVE] = "DELETE FROM ownership WHERE file = ?1",
};

struct ownership_table {
    pthread_mutex_t lock; /* one user of the connection and its statements at a time */
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    /* Most trees have no row at all, and then no symbolic link costs a search. */
    atomic_bool has_rows;
};

/* FULL: what a client was told to be set is on stable storage (RFC 1813 section 4.8). */
static const char schema[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "CREATE TABLE IF NOT EXISTS ownership"
                             " (file BLOB PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;";

static int note_rows(struct ownership_table *table)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(table->database, "SELECT 1 FROM ownership LIMIT 1", -1,
                                    &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    atomic_init(&table->has_rows, result == SQLITE_ROW);
    sqlite3_finalize(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : -1;
}

struct ownership_table *ownership_table_open(const char *path, char *error, size_t error_size)
{
    static const char lost[] = "the owners of symbolic links go with it";
    struct ownership_table *table = memory_zeroed(1, sizeof(*table));

    pthread_mutex_init(&table->lock, NULL);
    if (database_open(path, schema, statement_texts, STATEMENT_COUNT, &table->database,
                      table->statements, lost, error, error_size) == 0) {
        if (note_rows(table) == 0)
            return table;
        database_error(table->database, path, lost, error, error_size);
    }
    ownership_table_free(table);
    return NULL;
}

void ownership_table_free(struct ownership_table *table)
{
    if (!table)
        return;
    database_close(table->database, table->statements, STATEMENT_COUNT);
    pthread_mutex_destroy(&table->lock);
    free(table);
}

static sqlite3_stmt *ownership_table_ready(struct ownership_table *table, enum statement which,
                                           struct slice key)
{
    sqlite3_stmt *statement = table->statements[which];

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    sqlite3_bind_blob(statement, 1, key.data, (int)key.length, SQLITE_STATIC);
    return statement;
}

int ownership_table_put(struct ownership_table *table, struct slice key, struct slice text)
{
    sqlite3_stmt *statement;
    int result;

    pthread_mutex_lock(&table->lock);
    statement = ownership_table_ready(table, PUT, key);
    sqlite3_bind_blob(statement, 2, text.data, (int)text.length, SQLITE_STATIC);
    result = sqlite3_step(statement);
    sqlite3_reset(statement);
    atomic_store(&table->has_rows, true);
    pthread_mutex_unlock(&table->lock);
    return result == SQLITE_DONE ? 0 : EIO;
}

int ownership_table_remove(struct ownership_table *table, struct slice key)
{
    sqlite3_stmt *statement;
    int result;

    if (!atomic_load(&table->has_rows))
        return 0;
    pthread_mutex_lock(&table->lock);
    statement = ownership_table_ready(table, REMOVE, key);
    result = sqlite3_step(statement);
    sqlite3_reset(statement);
    pthread_mutex_unlock(&table->lock);
    return result == SQLITE_DONE ? 0 : EIO;
}

int ownership_table_get(struct ownership_table *table, struct slice key, uint8_t *text, size_t size,
                        size_t *length)
{
    sqlite3_stmt *statement;
    int result;

    *length = 0;
    if (!atomic_load(&table->has_rows))
        return 0;
    pthread_mutex_lock(&table->lock);
    statement = ownership_table_ready(table, GET, key);
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(statement, 0);
        size_t have = (size_t)sqlite3_column_bytes(statement, 0);

        *length = have < size ? have : size;
        if (blob)
            memcpy(text, blob, *length);
    }
    sqlite3_reset(statement);
    pthread_mutex_unlock(&table->lock);
    return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : EIO;
}
