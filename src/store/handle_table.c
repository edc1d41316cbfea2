#include "store/handle_table.h"

#include "base/memory.h"
#include "store/database.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Clients create files, so they choose how many rows there are: past this many the oldest go. */
enum {
    HANDLE_TABLE_ROWS_MAX = 4000000,
    HANDLE_TABLE_NAMES_MAX = 1000, /* of one file beside its path; some have gone, unseen */
};

enum statement {
    FIND_BY_KERNEL,
    FIND_BY_INODE,
    FIND_BY_NUMBER,
    INSERT,
    CLEAR_PATH,
    MOVE,
    MOVE_BELOW,
    REMOVE,
    TRIM,
    FIND_NAME,
    COUNT_NAMES,
    ADD_NAME,
    FIRST_NAME,
    REMOVE_NAME,
    MOVE_NAMES_BELOW,
    REMOVE_NAMES,
    TRIM_NAMES,
    STATEMENT_COUNT,
};

static const char *const statement_texts[STATEMENT_COUNT] = {
    [FIND_BY_KERNEL] = "SELECT number, path FROM handle"
                       " WHERE export = ?1 AND kernel_type = ?2 AND kernel = ?3",
    [FIND_BY_INODE] = "SELECT number, path FROM handle WHERE export = ?1 AND device = ?2"
                      " AND inode = ?3 AND birth = ?4 AND kernel IS NULL",
    [FIND_BY_NUMBER] = "SELECT kernel_type, kernel, device, inode, birth, path FROM handle"
                       " WHERE number = ?1 AND export = ?2",
    [INSERT] = "INSERT INTO handle (export, kernel_type, kernel, device, inode, birth, path)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [CLEAR_PATH] = "DELETE FROM handle WHERE export = ?1 AND path = ?2 AND kernel IS NULL"
                   " AND NOT EXISTS (SELECT 1 FROM name WHERE name.number = handle.number)",
    [MOVE] = "UPDATE handle SET path = ?2 WHERE number = ?1",
    [MOVE_BELOW] =
        "UPDATE handle SET path = ?3 || substr(CAST(path AS BLOB),"
        " length(CAST(?2 AS BLOB)) + 1)"
        " WHERE export = ?1 AND kernel IS NULL AND path > ?2 || '/' AND path < ?2 || '0'",
    [REMOVE] = "DELETE FROM handle WHERE number = ?1",
    /* The export's own directory is never forgotten: a client cannot look that one up again. */
    [TRIM] = "DELETE FROM handle WHERE number <= ?1 AND path IS NOT ''",
    [FIND_NAME] = "SELECT 1 FROM name WHERE number = ?1 AND path = ?2",
    [COUNT_NAMES] = "SELECT count(*) FROM name WHERE number = ?1",
    [ADD_NAME] = "INSERT OR IGNORE INTO name (number, path, export) VALUES (?1, ?2, ?3)",
    [FIRST_NAME] = "SELECT path FROM name WHERE number = ?1 LIMIT 1",
    [REMOVE_NAME] = "DELETE FROM name WHERE number = ?1 AND path = ?2",
    [MOVE_NAMES_BELOW] = "UPDATE OR REPLACE name SET path = ?3 || substr(CAST(path AS BLOB),"
                         " length(CAST(?2 AS BLOB)) + 1)"
                         " WHERE export = ?1 AND path > ?2 || '/' AND path < ?2 || '0'",
    [REMOVE_NAMES] = "DELETE FROM name WHERE number = ?1",
    [TRIM_NAMES] = "DELETE FROM name WHERE number <= ?1",
};

struct handle_table {
    pthread_mutex_t lock; /* one user of the connection and its statements at a time */
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* The log keeps a commit safe from a killed server; an unclean end of the whole machine may lose
 * the last few rows, whose clients look their files up again. */
static const char schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
    "CREATE TABLE IF NOT EXISTS handle (number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " export TEXT NOT NULL, kernel_type INTEGER, kernel BLOB,"
    " device INTEGER, inode INTEGER, birth INTEGER, path TEXT);"
    "CREATE UNIQUE INDEX IF NOT EXISTS handle_kernel ON handle (export, kernel_type, kernel)"
    " WHERE kernel IS NOT NULL;"
    "CREATE UNIQUE INDEX IF NOT EXISTS handle_inode ON handle (export, device, inode, birth)"
    " WHERE kernel IS NULL;"
    "CREATE INDEX IF NOT EXISTS handle_path ON handle (export, path) WHERE kernel IS NULL;"
    /* The other names of files with several. */
    "CREATE TABLE IF NOT EXISTS name (number INTEGER, path TEXT NOT NULL, export TEXT NOT NULL,"
    " PRIMARY KEY (number, path)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS name_path ON name (export, path);";

struct handle_table *handle_table_open(const char *path, char *error, size_t error_size)
{
    struct handle_table *table = memory_zeroed(1, sizeof(*table));

    pthread_mutex_init(&table->lock, NULL);
    if (database_open(path, schema, statement_texts, STATEMENT_COUNT, &table->database,
                      table->statements, "clients that hold handles out of it must mount again",
                      error, error_size) == 0)
        return table;
    handle_table_free(table);
    return NULL;
}

void handle_table_free(struct handle_table *table)
{
    if (!table)
        return;
    database_close(table->database, table->statements, STATEMENT_COUNT);
    pthread_mutex_destroy(&table->lock);
    free(table);
}

static sqlite3_stmt *handle_table_ready(struct handle_table *table, enum statement which)
{
    sqlite3_stmt *statement = table->statements[which];

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return statement;
}

/* Runs a statement that gives no rows; 0 or EIO. */
static int handle_table_run(sqlite3_stmt *statement)
{
    int result = sqlite3_step(statement);

    sqlite3_reset(statement);
    return result == SQLITE_DONE ? 0 : EIO;
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static sqlite3_stmt *handle_table_search(struct handle_table *table, const char *export,
                                         const struct handle_entry *entry)
{
    sqlite3_stmt *statement;

    if (entry->kernel_length > 0) {
        statement = handle_table_ready(table, FIND_BY_KERNEL);
        sqlite3_bind_int(statement, 2, entry->kernel_type);
        sqlite3_bind_blob(statement, 3, entry->kernel, (int)entry->kernel_length, SQLITE_STATIC);
    } else {
        statement = handle_table_ready(table, FIND_BY_INODE);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)entry->device);
        sqlite3_bind_int64(statement, 3, (sqlite3_int64)entry->inode);
        sqlite3_bind_int64(statement, 4, entry->birth);
    }
    bind_text(statement, 1, export);
    return statement;
}

static int handle_table_move(struct handle_table *table, const char *export, uint64_t number,
                             const char *from, const char *to)
{
    sqlite3_stmt *statement = handle_table_ready(table, CLEAR_PATH);
    int error;

    /* Whatever had the new name before lost it to this file; what has others is found by those. */
    bind_text(statement, 1, export);
    bind_text(statement, 2, to);
    error = handle_table_run(statement);
    if (error)
        return error;
    statement = handle_table_ready(table, MOVE);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
    bind_text(statement, 2, to);
    error = handle_table_run(statement);
    if (error || from[0] == 0)
        return error;
    statement = handle_table_ready(table, MOVE_BELOW);
    bind_text(statement, 1, export);
    bind_text(statement, 2, from);
    bind_text(statement, 3, to);
    error = handle_table_run(statement);
    if (error)
        return error;
    statement = handle_table_ready(table, MOVE_NAMES_BELOW);
    bind_text(statement, 1, export);
    bind_text(statement, 2, from);
    bind_text(statement, 3, to);
    return handle_table_run(statement);
}

/* The first column of the first row that a query about one number (and path) gives; 0: none. */
static int64_t handle_table_ask(struct handle_table *table, enum statement which, uint64_t number,
                                const char *path)
{
    sqlite3_stmt *statement = handle_table_ready(table, which);
    int64_t answer = 0;

    sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
    if (path)
        bind_text(statement, 2, path);
    if (sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return answer;
}

/* A file with several names was found under one that is not its row's. */
static int handle_table_add_name(struct handle_table *table, const char *export, uint64_t number,
                                 const char *path)
{
    sqlite3_stmt *statement = handle_table_ready(table, ADD_NAME);

    sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
    bind_text(statement, 2, path);
    bind_text(statement, 3, export);
    return handle_table_run(statement);
}

static int handle_table_insert(struct handle_table *table, const char *export,
                               const struct handle_entry *entry, uint64_t *number)
{
    sqlite3_stmt *statement;

    if (entry->kernel_length == 0) {
        statement = handle_table_ready(table, CLEAR_PATH);
        bind_text(statement, 1, export);
        bind_text(statement, 2, entry->path);
        if (handle_table_run(statement) != 0)
            return EIO;
    }
    statement = handle_table_ready(table, INSERT);
    bind_text(statement, 1, export);
    if (entry->kernel_length > 0) {
        sqlite3_bind_int(statement, 2, entry->kernel_type);
        sqlite3_bind_blob(statement, 3, entry->kernel, (int)entry->kernel_length, SQLITE_STATIC);
    } else {
        sqlite3_bind_int64(statement, 4, (sqlite3_int64)entry->device);
        sqlite3_bind_int64(statement, 5, (sqlite3_int64)entry->inode);
        sqlite3_bind_int64(statement, 6, entry->birth);
        bind_text(statement, 7, entry->path);
    }
    if (handle_table_run(statement) != 0)
        return EIO;
    *number = (uint64_t)sqlite3_last_insert_rowid(table->database);
    if (*number <= HANDLE_TABLE_ROWS_MAX)
        return 0;
    statement = handle_table_ready(table, TRIM);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)(*number - HANDLE_TABLE_ROWS_MAX));
    if (handle_table_run(statement) != 0)
        return EIO;
    statement = handle_table_ready(table, TRIM_NAMES);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)(*number - HANDLE_TABLE_ROWS_MAX));
    return handle_table_run(statement);
}

/* The file was found at another path than its row's, `before`. */
static int handle_table_update(struct handle_table *table, const char *export,
                               const struct handle_entry *entry, uint64_t number,
                               const char *before)
{
    if (entry->links > 1 &&
        handle_table_ask(table, COUNT_NAMES, number, NULL) < HANDLE_TABLE_NAMES_MAX)
        return handle_table_add_name(table, export, number, entry->path);
    return handle_table_move(table, export, number, before, entry->path);
}

/* Is the row, at the path `before`, true of the file as it was found? */
static bool handle_table_agrees(struct handle_table *table, const struct handle_entry *entry,
                                uint64_t number, const char *before)
{
    return entry->kernel_length > 0 || strcmp(before, entry->path) == 0 ||
           (entry->links > 1 && handle_table_ask(table, FIND_NAME, number, entry->path));
}

int handle_table_number(struct handle_table *table, const char *export,
                        const struct handle_entry *entry, uint64_t *number)
{
    char before[sizeof(entry->path)] = "";
    sqlite3_stmt *statement;
    int result, error;

    pthread_mutex_lock(&table->lock);
    statement = handle_table_search(table, export, entry);
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const char *path = (const char *)sqlite3_column_text(statement, 1);

        *number = (uint64_t)sqlite3_column_int64(statement, 0);
        snprintf(before, sizeof(before), "%s", path ? path : "");
    }
    sqlite3_reset(statement);
    if (result == SQLITE_ROW && handle_table_agrees(table, entry, *number, before)) {
        error = 0;
    } else if (result == SQLITE_ROW || result == SQLITE_DONE) {
        sqlite3_exec(table->database, "BEGIN", NULL, NULL, NULL);
        error = result == SQLITE_ROW ? handle_table_update(table, export, entry, *number, before)
                                     : handle_table_insert(table, export, entry, number);
        if (sqlite3_exec(table->database, error ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL) !=
            SQLITE_OK) {
            sqlite3_exec(table->database, "ROLLBACK", NULL, NULL, NULL);
            error = EIO;
        }
    } else {
        error = EIO;
    }
    pthread_mutex_unlock(&table->lock);
    return error;
}

/* The present row of FIND_BY_NUMBER. */
static void handle_table_take(sqlite3_stmt *statement, struct handle_entry *entry)
{
    const char *path = (const char *)sqlite3_column_text(statement, 5);
    const void *kernel = sqlite3_column_blob(statement, 1);
    int length = sqlite3_column_bytes(statement, 1);

    memset(entry, 0, sizeof(*entry));
    entry->kernel_type = sqlite3_column_int(statement, 0);
    if (kernel && length > 0 && length <= HANDLE_KERNEL_MAX) {
        memcpy(entry->kernel, kernel, (size_t)length);
        entry->kernel_length = (size_t)length;
    }
    entry->device = (uint64_t)sqlite3_column_int64(statement, 2);
    entry->inode = (uint64_t)sqlite3_column_int64(statement, 3);
    entry->birth = sqlite3_column_int64(statement, 4);
    snprintf(entry->path, sizeof(entry->path), "%s", path ? path : "");
}

int handle_table_find(struct handle_table *table, const char *export, uint64_t number,
                      struct handle_entry *entry)
{
    sqlite3_stmt *statement;
    int result;

    pthread_mutex_lock(&table->lock);
    statement = handle_table_ready(table, FIND_BY_NUMBER);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
    bind_text(statement, 2, export);
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        handle_table_take(statement, entry);
    sqlite3_reset(statement);
    pthread_mutex_unlock(&table->lock);
    return result == SQLITE_ROW ? 0 : result == SQLITE_DONE ? ESTALE : EIO;
}

bool handle_table_take_name(struct handle_table *table, uint64_t number, char path[HANDLE_PATH_MAX])
{
    sqlite3_stmt *statement;
    bool found;

    pthread_mutex_lock(&table->lock);
    statement = handle_table_ready(table, FIRST_NAME);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
    found = sqlite3_step(statement) == SQLITE_ROW;
    if (found)
        snprintf(path, HANDLE_PATH_MAX, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_reset(statement);
    if (found) {
        statement = handle_table_ready(table, REMOVE_NAME);
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
        bind_text(statement, 2, path);
        found = handle_table_run(statement) == 0;
    }
    pthread_mutex_unlock(&table->lock);
    return found;
}

void handle_table_settle(struct handle_table *table, uint64_t number, const char *path)
{
    sqlite3_stmt *statement;

    pthread_mutex_lock(&table->lock);
    statement = handle_table_ready(table, MOVE);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
    bind_text(statement, 2, path);
    (void)handle_table_run(statement);
    pthread_mutex_unlock(&table->lock);
}

void handle_table_remove(struct handle_table *table, uint64_t number)
{
    static const enum statement removals[] = {REMOVE_NAMES, REMOVE};

    pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
        sqlite3_stmt *statement = handle_table_ready(table, removals[i]);

        sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
        (void)handle_table_run(statement);
    }
    pthread_mutex_unlock(&table->lock);
}
