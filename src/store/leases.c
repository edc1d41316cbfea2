#include "store/leases.h"

#include "base/memory.h"
#include "base/thread.h"
#include "store/lease_database.h"
#include "store/lease_log.h"
#include "store/lease_record.h"
#include "store/lease_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stood at an address before a change of this turn. */
struct undo {
    uint32_t address;
    bool existed;
    char *reason;
    struct lease before;  /* its notes are this one's own */
    struct lease *stored; /* what is to be written, its notes its own; NULL: the table's record */
};

struct leases {
    char *path;
    struct lease_table table;
    struct undo *undos;
    size_t undo_count, undo_capacity;

    struct lease_log *log; /* NULL: no room for one, so the database takes each commit itself */
    char *log_path;
    uint8_t *records; /* those of the present commit, encoded */
    size_t records_capacity;
    struct lease_writer *writer; /* NULL: not wanted yet */
    size_t writing;              /* how many of the undos, from the first, the writer writes */

    /* The mover's while it runs: it brings a full half of the log into the database. */
    bool moving;
    pthread_t mover;
    uint64_t moving_last; /* up to which generation */
    sqlite3 *database;
    sqlite3_stmt *upsert;
    uint64_t moved; /* the last generation that the database holds */
    size_t lost;    /* commits whose batches were damaged */
};

static int load(struct leases *leases)
{
    sqlite3_stmt *rows = NULL;
    int result = sqlite3_prepare_v2(leases->database, lease_database_select, -1, &rows, NULL);

    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(rows);
        if (result == SQLITE_ROW) {
            struct lease lease = lease_database_row(rows);

            lease_table_put(&leases->table, &lease);
        }
    }
    sqlite3_finalize(rows);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int fail(struct leases *leases, int result, const char *what, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s: the lease database %s: %s; %s", leases->path, what,
             leases->database ? sqlite3_errmsg(leases->database) : sqlite3_errstr(result),
             lease_database_cure(result));
    return -1;
}

static int fail_log(struct leases *leases, int failed, const char *what, char *error,
                    size_t error_size)
{
    const char *cure = failed == EBADMSG ? "it is damaged or no lease log: move it away; what "
                                           "leases.sqlite holds stays"
                       : failed == ENOSPC || failed == EDQUOT || failed == EFBIG
                           ? "make room on its file system; machines are answered again as soon as "
                             "there is some"
                           : "see to the disk and to who may write there";

    snprintf(error, error_size, "%s: the lease log %s: %s; %s", leases->log_path, what,
             failed == EBADMSG ? "not what it should be" : strerror(failed), cure);
    return -1;
}

/* The records of one batch of the log go into the database. */
static int move_batch(void *argument, uint64_t generation, struct slice payload)
{
    struct leases *leases = argument;
    struct reader r = reader_of_slice(payload);
    int result = SQLITE_OK;

    if (leases->moved < generation)
        leases->moved = generation;
    while (result == SQLITE_OK && reader_left(&r) > 0) {
        struct lease lease;
        const char *reason;

        if (!lease_record_decode(&r, &lease, &reason))
            break;
        result = lease_database_write(leases->upsert, &lease, reason);
    }
    return result;
}

static int write_moved(struct leases *leases)
{
    char *sql = memory_printf("INSERT OR REPLACE INTO log (one, moved) VALUES (1, %lld)",
                              (long long)leases->moved);
    int result = sqlite3_exec(leases->database, sql, NULL, NULL, NULL);

    free(sql);
    return result;
}

/* Moves what the log holds up to generation `last` into the database, in one transaction, which is
 * on the disk before this returns. */
static int move(struct leases *leases, uint64_t last, char *error, size_t error_size)
{
    uint64_t before = leases->moved;
    size_t lost = 0;
    int result = sqlite3_exec(leases->database, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    if (result == SQLITE_OK)
        result = lease_log_read(leases->log, before, last, move_batch, leases, &lost);
    if (result == -1)
        fail_log(leases, errno, "cannot be read", error, error_size);
    if (result == SQLITE_OK && last != UINT64_MAX)
        leases->moved = last;
    if (result == SQLITE_OK)
        result = write_moved(leases);
    if (result == SQLITE_OK)
        result = sqlite3_exec(leases->database, "COMMIT", NULL, NULL, NULL);
    if (result == SQLITE_OK) {
        leases->lost += lost;
        return 0;
    }
    if (result != -1)
        fail(leases, result, "takes no more changes", error, error_size);
    if (!sqlite3_get_autocommit(leases->database))
        sqlite3_exec(leases->database, "ROLLBACK", NULL, NULL, NULL);
    leases->moved = before;
    return -1;
}

static void *move_aside(void *argument)
{
    struct leases *leases = argument;
    char error[1024];

    /* Where it fails, whoever needs the half tries again, and has the error to tell. */
    (void)move(leases, leases->moving_last, error, sizeof(error));
    return NULL;
}

/* In a thread of its own; at once where there can be none. */
static void start_mover(struct leases *leases, uint64_t last)
{
    leases->moving_last = last;
    leases->moving = thread_start(&leases->mover, move_aside, leases) == 0;
    if (!leases->moving)
        move_aside(leases);
}

static void await_mover(struct leases *leases)
{
    if (leases->moving)
        pthread_join(leases->mover, NULL);
    leases->moving = false;
}

/* Opens the log or makes it, and moves what a server that did not end in order left in it. */
static int open_log(struct leases *leases, const char *directory, char *error, size_t error_size)
{
    long long moved = lease_database_number(leases->database, lease_database_moved);
    int failed = lease_log_open(directory, true, &leases->log);

    leases->moved = moved > 0 ? (uint64_t)moved : 0;
    if (failed)
        return fail_log(leases, failed, "cannot be used", error, error_size);
    if (leases->log && move(leases, UINT64_MAX, error, error_size) < 0)
        return -1;
    if (!leases->log)
        (void)lease_log_make(directory, &leases->log);
    if (leases->log)
        lease_log_turn(leases->log, leases->moved + 1);
    return 0;
}

struct leases *leases_open(const char *directory, char *error, size_t error_size)
{
    struct leases *leases = memory_zeroed(1, sizeof(*leases));
    bool foreign = false;
    int result;

    leases->path = memory_printf("%s/" LEASES_FILE, directory);
    leases->log_path = memory_printf("%s/" LEASES_LOG, directory);
    result =
        sqlite3_open_v2(leases->path, &leases->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK) {
        sqlite3_busy_timeout(leases->database, LEASES_BUSY_MS);
        result = lease_database_prepare(leases->database, &foreign);
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
        result = sqlite3_prepare_v3(leases->database, lease_database_upsert, -1,
                                    SQLITE_PREPARE_PERSISTENT, &leases->upsert, NULL);
    if (result == SQLITE_OK && open_log(leases, directory, error, error_size) < 0)
        goto failed;
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
    if (undo->stored)
        free((void *)undo->stored->notes.data);
    free(undo->stored);
}

static void forget_undos(struct leases *leases)
{
    while (leases->undo_count > 0)
        undo_release(&leases->undos[--leases->undo_count]);
}

void leases_close(struct leases *leases)
{
    char error[1024];

    if (!leases)
        return;
    if (leases->writing > 0)
        (void)lease_writer_wait(leases->writer);
    lease_writer_free(leases->writer);
    await_mover(leases);
    /* Where this fails, the log keeps it for the next start. */
    if (leases->log && lease_log_generation(leases->log) > 0)
        (void)move(leases, UINT64_MAX, error, sizeof(error));
    lease_log_close(leases->log);
    sqlite3_finalize(leases->upsert);
    sqlite3_close(leases->database);
    lease_table_release(&leases->table);
    forget_undos(leases);
    free(leases->undos);
    free(leases->records);
    free(leases->log_path);
    free(leases->path);
    free(leases);
}

size_t leases_lost(const struct leases *leases)
{
    return leases->lost;
}

const struct lease_table *leases_table(const struct leases *leases)
{
    return &leases->table;
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

/* An offer is about to take the place of a record that may wait for its commit: an address that was
 * given back, or set aside, a moment ago. What is to be written is kept. */
static void keep_stored(struct leases *leases, uint32_t address)
{
    const struct lease *lease = lease_table_by_address(&leases->table, address);

    for (size_t i = leases->undo_count; lease && i > leases->writing; i--) {
        struct undo *undo = &leases->undos[i - 1];

        if (undo->address != address)
            continue;
        if (!undo->stored) {
            undo->stored = memory_zeroed(1, sizeof(*undo->stored));
            *undo->stored = *lease;
            undo->stored->notes = copy_notes(lease->notes);
        }
        return;
    }
}

/* What a commit writes for a change; NULL: nothing, for a later one of the same address says it. */
static const struct lease *to_write(const struct leases *leases, const struct undo *undo)
{
    const struct lease *lease =
        undo->stored ? undo->stored : lease_table_by_address(&leases->table, undo->address);

    return lease && lease->state != LEASE_OFFERED ? lease : NULL;
}

void leases_offer(struct leases *leases, const struct lease *lease, size_t most)
{
    keep_stored(leases, lease->address);
    lease_table_put(&leases->table, lease);
    lease_table_limit_offers(&leases->table, most);
}

void leases_forget(struct leases *leases, uint32_t address)
{
    const struct lease *lease = lease_table_by_address(&leases->table, address);

    if (lease && lease->state == LEASE_OFFERED)
        lease_table_remove(&leases->table, address);
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
    return leases->undo_count > leases->writing;
}

static int write_all(struct leases *leases)
{
    int result = sqlite3_exec(leases->database, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    for (size_t i = 0; i < leases->undo_count && result == SQLITE_OK; i++) {
        const struct lease *lease = to_write(leases, &leases->undos[i]);

        /* Of an address that changed twice in this turn, the last state is written, twice. */
        if (lease)
            result = lease_database_write(leases->upsert, lease, leases->undos[i].reason);
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

/* One transaction of the database for all that waits. */
static int commit_to_database(struct leases *leases, char *error, size_t error_size)
{
    int result = write_all(leases);

    if (result == SQLITE_OK)
        return 0;
    fail(leases, result, "takes no more changes", error, error_size);
    if (!sqlite3_get_autocommit(leases->database))
        sqlite3_exec(leases->database, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* What waits, as a batch for the log. */
static struct slice encode_all(struct leases *leases)
{
    size_t wanted = leases->undo_count * LEASE_RECORD_MAX;
    struct writer w;

    if (leases->records_capacity < wanted) {
        leases->records = memory_resize(leases->records, 1, wanted);
        leases->records_capacity = wanted;
    }
    w = writer_of(leases->records, leases->records_capacity);
    for (size_t i = 0; i < leases->undo_count; i++) {
        const struct lease *lease = to_write(leases, &leases->undos[i]);

        if (lease)
            lease_record_encode(&w, lease, leases->undos[i].reason);
    }
    return slice_of(w.data, w.length);
}

/* The present half is full: the next batch goes to the other one, once that was moved. */
static int turn_log(struct leases *leases, char *error, size_t error_size)
{
    uint64_t generation = lease_log_generation(leases->log);

    await_mover(leases);
    if (leases->moved + 1 < generation && move(leases, generation - 1, error, error_size) < 0)
        return -1;
    lease_log_turn(leases->log, generation + 1);
    start_mover(leases, generation);
    return 0;
}

/* Where what waits goes. */
enum course { COURSE_FAILED = -1, COURSE_LOG, COURSE_DONE };

/* Makes what waits a batch for the log, and room for it; or has the database take it, where the log
 * cannot. */
static enum course prepare_batch(struct leases *leases, struct slice *records, char *error,
                                 size_t error_size)
{
    if (!leases->log)
        return commit_to_database(leases, error, error_size) < 0 ? COURSE_FAILED : COURSE_DONE;
    *records = encode_all(leases);
    /* More than a half takes: the database, after everything older. */
    if (records->length > LEASE_LOG_PAYLOAD_MAX) {
        await_mover(leases);
        if (move(leases, lease_log_generation(leases->log), error, error_size) < 0)
            return COURSE_FAILED;
        lease_log_turn(leases->log, leases->moved + 1);
        return commit_to_database(leases, error, error_size) < 0 ? COURSE_FAILED : COURSE_DONE;
    }
    if (!lease_log_fits(leases->log, records->length) && turn_log(leases, error, error_size) < 0)
        return COURSE_FAILED;
    return COURSE_LOG;
}

/* Drops the undos of a commit that was confirmed, `count` from the first; or carries all out. */
static int conclude(struct leases *leases, bool confirmed, size_t count)
{
    leases->writing = 0;
    if (!confirmed) {
        undo_all(leases);
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        undo_release(&leases->undos[i]);
    leases->undo_count -= count;
    memmove(leases->undos, leases->undos + count, leases->undo_count * sizeof(*leases->undos));
    return 0;
}

int leases_commit(struct leases *leases, char *error, size_t error_size)
{
    struct slice records;
    enum course course;
    int failed;

    if (leases->writing > 0 && leases_commit_end(leases, error, error_size) < 0)
        return -1;
    if (leases->undo_count == 0)
        return 0;
    course = prepare_batch(leases, &records, error, error_size);
    if (course == COURSE_LOG) {
        failed = lease_log_append(leases->log, records);
        if (failed) {
            fail_log(leases, failed, "takes no more changes", error, error_size);
            course = COURSE_FAILED;
        }
    }
    return conclude(leases, course != COURSE_FAILED, leases->undo_count);
}

int leases_commit_begin(struct leases *leases, void (*done)(void *argument), void *argument,
                        char *error, size_t error_size)
{
    struct slice records;
    enum course course;

    if (leases->log && !leases->writer)
        leases->writer = lease_writer_new(leases->log);
    if (leases->undo_count == 0 || !leases->writer)
        return leases_commit(leases, error, error_size) < 0 ? -1 : 1;
    course = prepare_batch(leases, &records, error, error_size);
    if (course != COURSE_LOG) {
        if (conclude(leases, course == COURSE_DONE, leases->undo_count) < 0)
            return -1;
        return 1;
    }
    leases->writing = leases->undo_count;
    lease_writer_start(leases->writer, records, done, argument);
    return 0;
}

bool leases_commit_is_done(const struct leases *leases)
{
    return leases->writing == 0 || lease_writer_is_done(leases->writer);
}

int leases_commit_end(struct leases *leases, char *error, size_t error_size)
{
    int failed;

    if (leases->writing == 0)
        return 0;
    failed = lease_writer_wait(leases->writer);
    if (failed)
        fail_log(leases, failed, "takes no more changes", error, error_size);
    return conclude(leases, failed == 0, leases->writing);
}
