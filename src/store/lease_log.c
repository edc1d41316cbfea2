#include "store/lease_log.h"

#include "base/cursor.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK = 4096,
    MAGIC_SIZE = 16,
    BATCH_MAGIC = 0x62776c62, /* "bwlb" */
    HASHED = LEASE_LOG_HEADER - crypto_shorthash_BYTES,
    FILE_SIZE = BLOCK + 2 * LEASE_LOG_HALF,
};

static const uint8_t magic[MAGIC_SIZE + 1] = "bootwire leases1";

struct lease_log {
    int descriptor;
    uint8_t key[crypto_shorthash_KEYBYTES];
    unsigned half;
    uint64_t generation;
    uint32_t next;   /* number of the next batch in it */
    size_t used;     /* of the half, whole blocks */
    uint8_t *buffer; /* a batch on its way, with capacity */
    size_t capacity;
};

/* One batch as its header says. */
struct batch {
    uint64_t generation;
    uint32_t number;
    uint32_t length;
};

static size_t blocks_for(size_t length)
{
    return (LEASE_LOG_HEADER + length + BLOCK - 1) / BLOCK * BLOCK;
}

static off_t half_start(unsigned half)
{
    return BLOCK + (off_t)half * LEASE_LOG_HALF;
}

static char *path_in(const char *directory)
{
    return memory_printf("%s/" LEASES_LOG, directory);
}

static struct lease_log *log_new(int descriptor)
{
    struct lease_log *log = memory_zeroed(1, sizeof(*log));

    log->descriptor = descriptor;
    log->half = 1; /* the first turn begins with half 0 */
    log->used = LEASE_LOG_HALF;
    return log;
}

int lease_log_open(const char *directory, bool writable, struct lease_log **log)
{
    char *path = path_in(directory);
    int descriptor = open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC);
    uint8_t block[MAGIC_SIZE + crypto_shorthash_KEYBYTES];
    int error = descriptor < 0 ? errno : 0;
    struct stat info;

    free(path);
    *log = NULL;
    if (error)
        return error == ENOENT ? 0 : error;
    if (fstat(descriptor, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size != FILE_SIZE ||
        pread(descriptor, block, sizeof(block), 0) != sizeof(block) ||
        memcmp(block, magic, MAGIC_SIZE) != 0) {
        close(descriptor);
        return EBADMSG;
    }
    *log = log_new(descriptor);
    memcpy((*log)->key, block + MAGIC_SIZE, sizeof((*log)->key));
    return 0;
}

/* Zeros from end to end: space that was only set aside would have to be entered in the file
 * system's own books at the first write, which costs a commit as much again. */
static int fill(int descriptor)
{
    enum { CHUNK = 64 * BLOCK };
    uint8_t *zeros = memory_zeroed(1, CHUNK), *first = memory_zeroed(1, BLOCK);
    int error = 0;

    memcpy(first, magic, MAGIC_SIZE);
    randombytes_buf(first + MAGIC_SIZE, crypto_shorthash_KEYBYTES);
    for (off_t at = BLOCK; at < FILE_SIZE && !error; at += CHUNK) {
        errno = ENOSPC;
        if (pwrite(descriptor, zeros, CHUNK, at) != CHUNK)
            error = errno;
    }
    errno = ENOSPC;
    if (!error && pwrite(descriptor, first, BLOCK, 0) != BLOCK)
        error = errno;
    if (!error && fsync(descriptor) < 0)
        error = errno;
    free(zeros);
    free(first);
    return error;
}

/* The file's name must outlive a power cut as its bytes do. */
static int sync_directory(const char *directory)
{
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = descriptor < 0 || fsync(descriptor) < 0 ? errno : 0;

    if (descriptor >= 0)
        close(descriptor);
    return error;
}

int lease_log_make(const char *directory, struct lease_log **log)
{
    char *path = path_in(directory), *fresh = memory_printf("%s.new", path);
    int descriptor = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = descriptor < 0 ? errno : fill(descriptor);

    *log = NULL;
    if (!error && rename(fresh, path) < 0)
        error = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (error && descriptor >= 0)
        unlink(fresh);
    if (!error && (error = sync_directory(directory)) != 0)
        unlink(path);
    free(fresh);
    free(path);
    return error ? error : lease_log_open(directory, true, log);
}

void lease_log_close(struct lease_log *log)
{
    if (!log)
        return;
    close(log->descriptor);
    free(log->buffer);
    free(log);
}

static void hash(const struct lease_log *log, const uint8_t *batch, size_t length,
                 uint8_t digest[crypto_shorthash_BYTES])
{
    uint8_t inner[HASHED + crypto_shorthash_BYTES];

    /* The header's bytes, then the payload's hash: the payload need not lie beside them. */
    memcpy(inner, batch, HASHED);
    crypto_shorthash(inner + HASHED, batch + LEASE_LOG_HEADER, length, log->key);
    crypto_shorthash(digest, inner, sizeof(inner), log->key);
}

/* Reads the header at `offset` of a half; false where no batch can begin there. */
static bool read_header(const struct lease_log *log, unsigned half, size_t offset,
                        struct batch *batch)
{
    uint8_t header[LEASE_LOG_HEADER] = {0};
    struct reader r = reader_of(header, sizeof(header));

    if (offset >= LEASE_LOG_HALF ||
        pread(log->descriptor, header, sizeof(header), half_start(half) + (off_t)offset) !=
            sizeof(header) ||
        reader_be32(&r) != BATCH_MAGIC)
        return false;
    batch->generation = reader_be64(&r);
    batch->number = reader_be32(&r);
    batch->length = reader_be32(&r);
    return batch->length <= LEASE_LOG_PAYLOAD_MAX &&
           blocks_for(batch->length) <= LEASE_LOG_HALF - offset;
}

/* Reads the batch at `offset` of a half into `*bytes`, which grows. Returns 1; 0 where no whole
 * batch begins there; -1 with errno where the file cannot be read. */
static int read_batch(const struct lease_log *log, unsigned half, size_t offset,
                      struct batch *batch, uint8_t **bytes)
{
    uint8_t digest[crypto_shorthash_BYTES];
    size_t length;

    if (!read_header(log, half, offset, batch))
        return 0;
    length = LEASE_LOG_HEADER + batch->length;
    *bytes = memory_resize(*bytes, 1, length);
    if (pread(log->descriptor, *bytes, length, half_start(half) + (off_t)offset) != (ssize_t)length)
        return -1;
    hash(log, *bytes, batch->length, digest);
    return memcmp(digest, *bytes + HASHED, sizeof(digest)) == 0;
}

/* The generation of a half: the greatest of its batches', for those of an earlier one stand behind
 * its end. 0: it has none. Not the first batch's, which may be damaged. */
static int find_generation(const struct lease_log *log, unsigned half, uint64_t *generation)
{
    uint8_t *bytes = NULL;
    struct batch batch;
    int result = 0;

    *generation = 0;
    for (size_t offset = 0; result >= 0 && offset < LEASE_LOG_HALF;) {
        result = read_batch(log, half, offset, &batch, &bytes);
        if (result > 0 && batch.generation > *generation)
            *generation = batch.generation;
        offset += result > 0 ? blocks_for(batch.length) : BLOCK;
    }
    free(bytes);
    return result < 0 ? -1 : 0;
}

/* Calls back with the batches of one half. A damaged one with whole ones behind it was confirmed as
 * they were: it is passed over, and counted. */
static int read_half(const struct lease_log *log, unsigned half, uint64_t generation,
                     int (*each)(void *argument, uint64_t generation, struct slice payload),
                     void *argument, size_t *lost)
{
    uint8_t *bytes = NULL;
    uint32_t number = 0;
    struct batch batch;
    int result = 0;

    for (size_t offset = 0; result == 0 && offset < LEASE_LOG_HALF;) {
        int whole = read_batch(log, half, offset, &batch, &bytes);

        if (whole > 0 && batch.generation == generation && batch.number >= number) {
            *lost += batch.number - number;
            number = batch.number + 1;
            result = each(argument, generation, slice_of(bytes + LEASE_LOG_HEADER, batch.length));
        }
        offset += whole > 0 ? blocks_for(batch.length) : BLOCK;
        if (whole < 0)
            result = -1;
    }
    free(bytes);
    return result;
}

int lease_log_read(const struct lease_log *log, uint64_t after, uint64_t last,
                   int (*each)(void *argument, uint64_t generation, struct slice payload),
                   void *argument, size_t *lost)
{
    uint64_t generations[2];
    unsigned older;
    int result = 0;

    *lost = 0;
    for (unsigned half = 0; half < 2; half++) {
        if (find_generation(log, half, &generations[half]) < 0)
            return -1;
    }
    older = generations[0] <= generations[1] ? 0 : 1;
    for (unsigned i = 0; i < 2 && result == 0; i++) {
        unsigned half = i == 0 ? older : !older;

        if (generations[half] > after && generations[half] <= last)
            result = read_half(log, half, generations[half], each, argument, lost);
    }
    return result;
}

void lease_log_turn(struct lease_log *log, uint64_t generation)
{
    log->half = !log->half;
    log->generation = generation;
    log->next = 0;
    log->used = 0;
}

uint64_t lease_log_generation(const struct lease_log *log)
{
    return log->generation;
}

bool lease_log_fits(const struct lease_log *log, size_t length)
{
    return length <= LEASE_LOG_PAYLOAD_MAX && blocks_for(length) <= LEASE_LOG_HALF - log->used;
}

/* What the disk refused may stand in the file all the same, and must not come back with the next
 * start, or with the move to the database: what it promised was undone. Where this fails, too, the
 * batch that is written next at this place does the same. */
static void take_back(const struct lease_log *log)
{
    static const uint8_t zeros[LEASE_LOG_HEADER];

    if (pwrite(log->descriptor, zeros, sizeof(zeros), half_start(log->half) + (off_t)log->used) ==
        sizeof(zeros))
        (void)fdatasync(log->descriptor);
}

int lease_log_append(struct lease_log *log, struct slice payload)
{
    size_t size = blocks_for(payload.length);
    int error = 0;
    struct writer w;

    if (log->capacity < size) {
        log->buffer = memory_resize(log->buffer, 1, size);
        log->capacity = size;
    }
    w = writer_of(log->buffer, size);
    writer_be32(&w, BATCH_MAGIC);
    writer_be64(&w, log->generation);
    writer_be32(&w, log->next);
    writer_be32(&w, (uint32_t)payload.length);
    writer_zeros(&w, crypto_shorthash_BYTES);
    writer_slice(&w, payload);
    writer_zeros(&w, size - w.length);
    hash(log, log->buffer, payload.length, log->buffer + HASHED);
    errno = ENOSPC;
    if (w.failed || pwrite(log->descriptor, log->buffer, size,
                           half_start(log->half) + (off_t)log->used) != (ssize_t)size)
        error = errno;
    else if (fdatasync(log->descriptor) < 0)
        error = errno;
    if (error) {
        take_back(log);
        return error;
    }
    log->used += size;
    log->next++;
    return 0;
}
