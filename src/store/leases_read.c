#include "store/leases.h"

#include "base/memory.h"
#include "store/lease_database.h"
#include "store/lease_log.h"
#include "store/lease_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* A record of the log that the database may not hold yet. */
struct newer {
    uint64_t generation;
    size_t number;      /* in the order in which they were written */
    struct lease lease; /* its notes are this one's own */
    char *reason;
};

struct reading {
    void (*each)(void *argument, const struct lease *lease, const char *reason);
    void *argument;
    struct newer *newer;
    size_t count, capacity, next;
};

static void newer_release(struct newer *newer)
{
    free(newer->reason);
    free((void *)newer->lease.notes.data);
}

static int take_batch(void *argument, uint64_t generation, struct slice payload)
{
    struct reading *reading = argument;
    struct reader r = reader_of_slice(payload);

    while (reader_left(&r) > 0) {
        struct newer *newer;
        const char *reason;
        struct lease lease;

        if (!lease_record_decode(&r, &lease, &reason))
            break;
        if (reading->count == reading->capacity) {
            reading->capacity = reading->capacity ? 2 * reading->capacity : 64;
            reading->newer =
                memory_resize(reading->newer, reading->capacity, sizeof(*reading->newer));
        }
        newer = &reading->newer[reading->count];
        *newer = (struct newer){generation, reading->count, lease, memory_string(reason)};
        if (lease.notes.length > 0) {
            uint8_t *notes = memory_zeroed(1, lease.notes.length);

            memcpy(notes, lease.notes.data, lease.notes.length);
            newer->lease.notes.data = notes;
        } else {
            newer->lease.notes = slice_of(NULL, 0);
        }
        reading->count++;
    }
    return 0;
}

static int by_address(const void *a, const void *b)
{
    const struct newer *left = a, *right = b;

    if (left->lease.address != right->lease.address)
        return left->lease.address < right->lease.address ? -1 : 1;
    return left->number < right->number ? -1 : 1;
}

/* The log is read before the database: what is moved meanwhile is then in one of them at least. */
static int read_log(struct reading *reading, const char *directory)
{
    struct lease_log *log;
    size_t lost;
    int failed = lease_log_open(directory, false, &log);

    if (failed == 0 && log && lease_log_read(log, 0, UINT64_MAX, take_batch, reading, &lost) < 0)
        failed = errno;
    lease_log_close(log);
    return failed;
}

/* Drops what the database holds by now. */
static void keep_newer(struct reading *reading, uint64_t moved)
{
    size_t kept = 0;

    for (size_t i = 0; i < reading->count; i++) {
        if (reading->newer[i].generation > moved)
            reading->newer[kept++] = reading->newer[i];
        else
            newer_release(&reading->newer[i]);
    }
    reading->count = kept;
    if (kept > 0)
        qsort(reading->newer, kept, sizeof(*reading->newer), by_address);
}

/* Calls back with the log's last word on each address below `limit`; returns whether one of them
 * stood at `limit` itself, and was told. */
static bool tell_newer(struct reading *reading, uint64_t limit)
{
    bool at_limit = false;

    for (; reading->next < reading->count; reading->next++) {
        const struct newer *newer = &reading->newer[reading->next];

        if (newer->lease.address > limit)
            break;
        if (reading->next + 1 < reading->count && newer[1].lease.address == newer->lease.address)
            continue;
        reading->each(reading->argument, &newer->lease, newer->reason);
        at_limit = newer->lease.address == limit;
    }
    return at_limit;
}

static int tell_all(struct reading *reading, sqlite3 *database)
{
    sqlite3_stmt *rows = NULL;
    /* One transaction: all questions see the same state. */
    int result = sqlite3_exec(database, "BEGIN", NULL, NULL, NULL);
    long long moved = lease_database_number(database, lease_database_moved);
    long long version = lease_database_number(database, "PRAGMA user_version");
    char *sql = memory_printf("SELECT address, state, hardware_type, hardware, client_identifier,"
                              " uuid, start, expiry, stage, identifier_stage, host_name,"
                              " vendor_class, %s, %s FROM lease ORDER BY address",
                              version > 2 ? "notes" : "x''", version > 1 ? "reason" : "''");

    keep_newer(reading, moved > 0 ? (uint64_t)moved : 0);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(rows);
        if (result == SQLITE_ROW) {
            struct lease lease = lease_database_row(rows);
            const unsigned char *text = sqlite3_column_text(rows, 13);

            if (!tell_newer(reading, lease.address))
                reading->each(reading->argument, &lease, text ? (const char *)text : "");
        }
    }
    if (result == SQLITE_DONE)
        (void)tell_newer(reading, UINT64_MAX);
    sqlite3_finalize(rows);
    free(sql);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

int leases_read(const char *directory,
                void (*each)(void *argument, const struct lease *lease, const char *reason),
                void *argument, char *error, size_t error_size)
{
    struct reading reading = {.each = each, .argument = argument};
    char *path = memory_printf("%s/" LEASES_FILE, directory);
    sqlite3 *database = NULL;
    bool foreign = false;
    int failed = read_log(&reading, directory);
    int result = sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL);

    if (result == SQLITE_OK) {
        sqlite3_busy_timeout(database, LEASES_BUSY_MS);
        result = lease_database_inspect(database, &foreign);
    }
    if (result == SQLITE_OK)
        result = tell_all(&reading, database);
    if (foreign)
        snprintf(error, error_size,
                 "%s: it is another program's database, or a newer bootwire's: it is left alone",
                 path);
    else if (result != SQLITE_OK)
        snprintf(error, error_size, "%s: the lease database cannot be read: %s; %s", path,
                 database ? sqlite3_errmsg(database) : sqlite3_errstr(result),
                 lease_database_cure(result));
    else if (failed)
        snprintf(error, error_size,
                 "%s/" LEASES_LOG ": the newest leases cannot be read: %s; see to the file",
                 directory, failed == EBADMSG ? "it is no lease log" : strerror(failed));
    sqlite3_close(database);
    for (size_t i = 0; i < reading.count; i++)
        newer_release(&reading.newer[i]);
    free(reading.newer);
    free(path);
    return result == SQLITE_OK && !failed ? 0 : -1;
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
