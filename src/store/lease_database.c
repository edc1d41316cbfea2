#include "store/lease_database.h"

#include "model/lease_notes.h"

#include <string.h>

/* "bwle": tells our database from any other SQLite file (PRAGMA application_id). */
enum { LEASES_APPLICATION = 0x62776c65, LEASES_VERSION = 3 };

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

/* Which part of the log the database holds already. */
static const char log_schema[] = "CREATE TABLE IF NOT EXISTS log ("
                                 "  one INTEGER PRIMARY KEY CHECK (one = 1),"
                                 "  moved INTEGER NOT NULL"
                                 ") STRICT;";

const char lease_database_moved[] = "SELECT moved FROM log";

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

const char lease_database_upsert[] =
    "INSERT OR REPLACE INTO lease (address, state, hardware_type, "
    "hardware, client_identifier, uuid,"
    " start, expiry, stage, identifier_stage, host_name, vendor_class, reason, notes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

const char lease_database_select[] =
    "SELECT address, state, hardware_type, hardware, client_identifier, uuid, start, expiry, stage,"
    " identifier_stage, host_name, vendor_class, notes FROM lease";

long long lease_database_number(sqlite3 *database, const char *sql)
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

struct lease lease_database_row(sqlite3_stmt *row)
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

int lease_database_inspect(sqlite3 *database, bool *foreign)
{
    long long application = lease_database_number(database, "PRAGMA application_id");
    long long version = lease_database_number(database, "PRAGMA user_version");
    long long tables = lease_database_number(database, "SELECT count(*) FROM sqlite_schema");

    *foreign = false;
    if (application < 0 || version < 0 || tables < 0)
        return sqlite3_errcode(database);
    *foreign = (application != LEASES_APPLICATION && (application != 0 || tables > 0)) ||
               version > LEASES_VERSION;
    return *foreign ? SQLITE_ERROR : SQLITE_OK;
}

int lease_database_prepare(sqlite3 *database, bool *foreign)
{
    long long version = lease_database_number(database, "PRAGMA user_version");
    long long tables = lease_database_number(database, "SELECT count(*) FROM sqlite_schema");
    int result = lease_database_inspect(database, foreign);

    if (result != SQLITE_OK)
        return result;
    result = sqlite3_exec(database, setup, NULL, NULL, NULL);
    if (result == SQLITE_OK && tables == 0)
        result = sqlite3_exec(database, schema, NULL, NULL, NULL);
    if (result == SQLITE_OK && tables > 0 && version == 1)
        result = sqlite3_exec(database, second_version, NULL, NULL, NULL);
    if (result == SQLITE_OK && tables > 0 && version < 3)
        result = sqlite3_exec(database, third_version, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(database, log_schema, NULL, NULL, NULL);
    return result;
}

const char *lease_database_cure(int result)
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

int lease_database_write(sqlite3_stmt *row, const struct lease *lease, const char *reason)
{
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
