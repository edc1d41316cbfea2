#include "store/leases.h"

#include "base/memory.h"
#include "model/lease_notes.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* "bwle": tells our database from any other SQLite file (PRAGMA application_id). */
enum { LEASES_APPLICATION = 0x62776c65, LEASES_VERSION = 3, LEASES_BUSY_MS = 100 };

/* What stood at an address before a change of this turn. */
struct undo {
    uint32_t address;
    bool existed;
    char *reason;
    struct lease before; /* its notes are this one's own */
};

struct leases {
    char *path;
    sqlite3 *database;
    sqlite3_stmt *upsert;
    struct lease_table table;
    struct undo *undos;
    size_t undo_count, undo_capacity;
};

/* WAL with FULL has each commit on the disk before it returns, with one fsync. */
static const char setup[] = "PRAGMA journal_mode=WAL;"
                            "PRAGMA synchronous=FULL;"
                            "PRAGMA temp_store=MEMORY;";

static const char schema[] = "BEGIN IMMEDIATE;"
                             "CREATE TABLE IF NOT EXISTS lease ("
                             "  address INTEGER PRIMARY KEY,"
                             "  state INTEGER NOT NULL,"
                             "  hardware_type INTEGER NOT NULL,"
                             "  hardware BLOB NOT NULL,"
                             "  client_identifier BLOB NOT NULL,"
                             "  uuid BLOB NOT NULL,"
                             "  start INTEGER NOT NULL,"
                             "  expiry INTEGER NOT NULL,"
                             "  stage INTEGER NOT NULL,"
                             "  identifier_stage INTEGER NOT NULL,"
                             "  host_name TEXT NOT NULL,"
                             "  vendor_class TEXT NOT NULL,"
                             "  reason TEXT NOT NULL DEFAULT '',"
                             "  notes BLOB NOT NULL DEFAULT x''"
                             ") STRICT;"
                             "PRAGMA application_id=0x62776c65;"
                             "PRAGMA user_version=3;"
                             "COMMIT;";

/* Version 1 kept no reasons. */
static const char second_version[] = "BEGIN IMMEDIATE;"
                                     "ALTER TABLE lease ADD COLUMN reason TEXT NOT NULL DEFAULT '';"
                                     "PRAGMA user_version=2;"
                                     "COMMIT;";

/* Version 2 kept no notes. */
static const char third_version[] = "BEGIN IMMEDIATE;"
                                    "ALTER TABLE lease ADD COLUMN notes BLOB NOT NULL DEFAULT x'';"
                                    "PRAGMA user_version=3;"
                                    "COMMIT;";

static const char upsert[] =
    "INSERT OR REPLACE INTO lease (address, state, hardware_type, "
    "hardware, client_identifier, uuid,"
    " start, expiry, stage, identifier_stage, host_name, vendor_class, reason, notes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

static const char select_all[] =
    "SELECT address, state, hardware_type, hardware, client_identifier, uuid, start, expiry, stage,"
    " identifier_stage, host_name, vendor_class, notes FROM lease";

/* The number that a PRAGMA or a count gives; -1 where it cannot be read. */
static long long number_of(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    long long number = -1;

    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* Copies a blob column of at most `size` bytes; returns its length, cut to that. */
static size_t take_blob(sqlite3_stmt *row, int column, void *to, size_t size)
{
    size_t length = (size_t)sqlite3_column_bytes(row, column);
    const void *bytes = sqlite3_column_blob(row, column);

    if (length > size)
        length = size;
    if (length > 0)
        memcpy(to, bytes, length);
    return length;
}

static void take_text(sqlite3_stmt *row, int column, char to[LEASE_TEXT_SIZE])
{
    to[take_blob(row, column, to, LEASE_TEXT_SIZE - 1)] = 0;
}

static enum boot_stage take_stage(sqlite3_stmt *row, int column)
{
    int stage = sqlite3_column_int(row, column);

    return stage >= 0 && stage < STAGE_COUNT ? (enum boot_stage)stage : STAGE_UNKNOWN;
}

/* Its notes live until the next row. */
static struct lease lease_of_row(sqlite3_stmt *row)
{
    int state = sqlite3_column_int(row, 1);
    struct lease lease = {
        .address = (uint32_t)sqlite3_column_int64(row, 0),
        .state = state == LEASE_RELEASED || state == LEASE_DECLINED ? (enum lease_state)state
                                                                    : LEASE_BOUND,
        .start = sqlite3_column_int64(row, 6),
        .expiry = sqlite3_column_int64(row, 7),
        .stage = take_stage(row, 8),
        .identifier_stage = take_stage(row, 9),
    };

    lease.hardware.type = (uint8_t)sqlite3_column_int(row, 2);
    lease.hardware.length =
        (uint8_t)take_blob(row, 3, lease.hardware.address, sizeof(lease.hardware.address));
    lease.client_identifier_length =
        take_blob(row, 4, lease.client_identifier, sizeof(lease.client_identifier));
    lease.uuid_length = take_blob(row, 5, lease.uuid, sizeof(lease.uuid));
    take_text(row, 10, lease.host_name);
    take_text(row, 11, lease.vendor_class);
    if (sqlite3_column_bytes(row, 12) <= LEASE_NOTES_MAX)
        lease.notes = slice_of(sqlite3_column_blob(row, 12), (size_t)sqlite3_column_bytes(row, 12));
    return lease;
}

static int load(struct leases *leases)
{
    sqlite3_stmt *rows = NULL;
    int result = sqlite3_prepare_v2(leases->database, select_all, -1, &rows, NULL);

    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(rows);
        if (result == SQLITE_ROW) {
            struct lease lease = lease_of_row(rows);

            lease_table_put(&leases->table, &lease);
        }
    }
    sqlite3_finalize(rows);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Makes the table in a fresh file; refuses one that holds something else. */
static int prepare(struct leases *leases, bool *foreign)
{
    long long application = number_of(leases->database, "PRAGMA application_id");
    long long version = number_of(leases->database, "PRAGMA user_version");
    long long tables = number_of(leases->database, "SELECT count(*) FROM sqlite_schema");
    int result;

    if (application < 0 || version < 0 || tables < 0)
        return sqlite3_errcode(leases->database);
    *foreign = (application != LEASES_APPLICATION && (application != 0 || tables > 0)) ||
               version > LEASES_VERSION;
    if (*foreign)
        return SQLITE_ERROR;
    result = sqlite3_exec(leases->database, setup, NULL, NULL, NULL);
    if (result == SQLITE_OK && tables == 0)
        result = sqlite3_exec(leases->database, schema, NULL, NULL, NULL);
    if (result == SQLITE_OK && tables > 0 && version == 1)
        result = sqlite3_exec(leases->database, second_version, NULL, NULL, NULL);
    if (result == SQLITE_OK && tables > 0 && version < 3)
        result = sqlite3_exec(leases->database, third_version, NULL, NULL, NULL);
    return result;
}

/* The cure for what SQLite says, as far as there is one. */
static const char *cure_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return "make room on its file system; machines are answered again as soon as there is some";
    case SQLITE_IOERR:
        return "see to the disk and the room on its file system";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return "let the server write there, or name another directory with state-directory "
               "\"...\"; or --state";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "end the other program that has it open for writing";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the file is damaged or no database: put a copy back, or move it away, and the "
               "leases are learnt again as the machines ask";
    default:
        return "see to the file";
    }
}

static int fail(struct leases *leases, int result, const char *what, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s: the lease database %s: %s; %s", leases->path, what,
             leases->database ? sqlite3_errmsg(leases->database) : sqlite3_errstr(result),
             cure_of(result));
    return -1;
}

struct leases *leases_open(const char *directory, char *error, size_t error_size)
{
    struct leases *leases = memory_zeroed(1, sizeof(*leases));
    bool foreign = false;
    int result;

    leases->path = memory_printf("%s/" LEASES_FILE, directory);
    result =
        sqlite3_open_v2(leases->path, &leases->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK) {
        sqlite3_busy_timeout(leases->database, LEASES_BUSY_MS);
        result = prepare(leases, &foreign);
    }
    if (foreign) {
        snprintf(
            error, error_size,
            "%s: it is another program's database, or a newer bootwire's; move it away, or name "
            "another directory with state-directory \"...\"; or --state",
            leases->path);
        goto failed;
    }
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v3(leases->database, upsert, -1, SQLITE_PREPARE_PERSISTENT,
                                    &leases->upsert, NULL);
    if (result == SQLITE_OK)
        result = load(leases);
    if (result == SQLITE_OK)
        return leases;
    fail(leases, result, "cannot be used", error, error_size);
failed:
    leases_close(leases);
    return NULL;
}

static void undo_release(struct undo *undo)
{
    free(undo->reason);
    free((void *)undo->before.notes.data);
}

static void forget_undos(struct leases *leases)
{
    while (leases->undo_count > 0)
        undo_release(&leases->undos[--leases->undo_count]);
}

void leases_close(struct leases *leases)
{
    if (!leases)
        return;
    sqlite3_finalize(leases->upsert);
    sqlite3_close(leases->database);
    lease_table_release(&leases->table);
    forget_undos(leases);
    free(leases->undos);
    free(leases->path);
    free(leases);
}

const struct lease_table *leases_table(const struct leases *leases)
{
    return &leases->table;
}

void leases_offer(struct leases *leases, const struct lease *lease)
{
    lease_table_put(&leases->table, lease);
}

void leases_forget(struct leases *leases, uint32_t address)
{
    const struct lease *lease = lease_table_by_address(&leases->table, address);

    if (lease && lease->state == LEASE_OFFERED)
        lease_table_remove(&leases->table, address);
}

static struct slice copy_notes(struct slice notes)
{
    uint8_t *copy;

    if (notes.length == 0)
        return slice_of(NULL, 0);
    copy = memory_zeroed(1, notes.length);
    memcpy(copy, notes.data, notes.length);
    return slice_of(copy, notes.length);
}

void leases_store(struct leases *leases, const struct lease *lease, const char *reason)
{
    const struct lease *before = lease_table_by_address(&leases->table, lease->address);
    struct undo *undo;

    if (leases->undo_count == leases->undo_capacity) {
        leases->undo_capacity = leases->undo_capacity ? 2 * leases->undo_capacity : 64;
        leases->undos = memory_resize(leases->undos, leases->undo_capacity, sizeof(*leases->undos));
    }
    undo = &leases->undos[leases->undo_count++];
    *undo = (struct undo){.address = lease->address,
                          .existed = before != NULL,
                          .reason = memory_printf("%.*s", LEASES_REASON_SIZE - 1, reason)};
    if (before) {
        undo->before = *before;
        undo->before.notes = copy_notes(before->notes);
    }
    lease_table_put(&leases->table, lease);
}

void leases_expire_offers(struct leases *leases, uint64_t now_ms)
{
    lease_table_expire_offers(&leases->table, now_ms);
}

bool leases_pending(const struct leases *leases)
{
    return leases->undo_count > 0;
}

static int write_lease(struct leases *leases, const struct lease *lease, const char *reason)
{
    sqlite3_stmt *row = leases->upsert;
    int result;

    sqlite3_bind_int64(row, 1, lease->address);
    sqlite3_bind_int(row, 2, lease->state);
    sqlite3_bind_int(row, 3, lease->hardware.type);
    sqlite3_bind_blob(row, 4, lease->hardware.address, lease->hardware.length, SQLITE_STATIC);
    sqlite3_bind_blob(row, 5, lease->client_identifier, (int)lease->client_identifier_length,
                      SQLITE_STATIC);
    sqlite3_bind_blob(row, 6, lease->uuid, (int)lease->uuid_length, SQLITE_STATIC);
    sqlite3_bind_int64(row, 7, lease->start);
    sqlite3_bind_int64(row, 8, lease->expiry);
    sqlite3_bind_int(row, 9, lease->stage);
    sqlite3_bind_int(row, 10, lease->identifier_stage);
    sqlite3_bind_text(row, 11, lease->host_name, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 12, lease->vendor_class, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 13, reason, -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 14, lease->notes.length ? (const void *)lease->notes.data : "",
                      (int)lease->notes.length, SQLITE_STATIC);
    result = sqlite3_step(row);
    sqlite3_reset(row);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int write_all(struct leases *leases)
{
    int result = sqlite3_exec(leases->database, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    for (size_t i = 0; i < leases->undo_count && result == SQLITE_OK; i++) {
        const struct lease *lease =
            lease_table_by_address(&leases->table, leases->undos[i].address);

        /* Of an address that changed twice in this turn, the last state is written, twice. */
        if (lease)
            result = write_lease(leases, lease, leases->undos[i].reason);
    }
    return result == SQLITE_OK ? sqlite3_exec(leases->database, "COMMIT", NULL, NULL, NULL)
                               : result;
}

static void undo_all(struct leases *leases)
{
    while (leases->undo_count > 0) {
        struct undo *undo = &leases->undos[--leases->undo_count];

        if (undo->existed)
            lease_table_put(&leases->table, &undo->before);
        else
            lease_table_remove(&leases->table, undo->address);
        undo_release(undo);
    }
}

int leases_commit(struct leases *leases, char *error, size_t error_size)
{
    int result;

    if (leases->undo_count == 0)
        return 0;
    result = write_all(leases);
    if (result == SQLITE_OK) {
        forget_undos(leases);
        return 0;
    }
    fail(leases, result, "takes no more changes", error, error_size);
    if (!sqlite3_get_autocommit(leases->database))
        sqlite3_exec(leases->database, "ROLLBACK", NULL, NULL, NULL);
    undo_all(leases);
    return -1;
}

int leases_read(const char *directory,
                void (*each)(void *argument, const struct lease *lease, const char *reason),
                void *argument, char *error, size_t error_size)
{
    struct leases leases = {.path = memory_printf("%s/" LEASES_FILE, directory)};
    int result = sqlite3_open_v2(leases.path, &leases.database, SQLITE_OPEN_READONLY, NULL);
    sqlite3_stmt *rows = NULL;
    long long version;
    char *sql = NULL;

    if (result == SQLITE_OK) {
        sqlite3_busy_timeout(leases.database, LEASES_BUSY_MS);
        version = number_of(leases.database, "PRAGMA user_version");
        sql = memory_printf("%s, %s, %s FROM lease ORDER BY address",
                            "SELECT address, state, hardware_type, hardware,"
                            " client_identifier, uuid, start, expiry, stage, identifier_stage,"
                            " host_name, vendor_class",
                            version > 2 ? "notes" : "x''", version > 1 ? "reason" : "''");
        result = sqlite3_prepare_v2(leases.database, sql, -1, &rows, NULL);
    }
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(rows);
        if (result == SQLITE_ROW) {
            struct lease lease = lease_of_row(rows);
            const unsigned char *reason = sqlite3_column_text(rows, 13);

            each(argument, &lease, reason ? (const char *)reason : "");
        }
    }
    if (result != SQLITE_DONE)
        fail(&leases, result, "cannot be read", error, error_size);
    sqlite3_finalize(rows);
    sqlite3_close(leases.database);
    free(sql);
    free(leases.path);
    return result == SQLITE_DONE ? 0 : -1;
}

int leases_claim(const char *directory, char *error, size_t error_size)
{
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        return descriptor;
    if (errno == EWOULDBLOCK)
        snprintf(error, error_size,
                 "the state directory %s is in use by another bootwire; end that one, or name "
                 "another directory with --state",
                 directory);
    else
        snprintf(error, error_size, "the state directory %s cannot be opened: %s", directory,
                 strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}
