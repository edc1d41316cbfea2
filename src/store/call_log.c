#include "store/call_log.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    CALL_LOG_PLACES = 4096,
    CALL_LOG_BUCKETS = 8192,
    CALL_LOG_BOOT_ID_SIZE = 40,
    CALL_LOG_FORM = 2, /* of the file: one that is of another form is made anew */
};

enum call_state { CALL_FREE, CALL_BEGUN, CALL_DONE };

/* One call as it stands in the file; a page holds a whole number of them. */
struct call_place {
    _Atomic uint32_t state; /* enum call_state; stored last, cleared first */
    uint32_t length;
    uint64_t sequence;
    uint64_t at_s; /* seconds since the machine's start */
    struct call_log_key key;
    uint8_t answer[CALL_LOG_ANSWER_MAX];
};
_Static_assert(sizeof(struct call_place) == 512, "the form of the file");

struct call_log_file {
    char magic[8];
    uint32_t form;
    char boot_id[CALL_LOG_BOOT_ID_SIZE];
    uint8_t secret[CALL_LOG_SECRET_SIZE];
    uint8_t gap[4];
    atomic_uint_least64_t losses; /* begins anywhere */
    uint8_t rest[512 - 24 - CALL_LOG_BOOT_ID_SIZE - CALL_LOG_SECRET_SIZE];
    struct call_place places[CALL_LOG_PLACES];
};

/* What an earlier process left, by key. */
struct call_left {
    struct call_log_key key;
    enum call_state state;
    uint64_t sequence, at_s;
    uint32_t length;
    uint8_t answer[CALL_LOG_ANSWER_MAX];
};

struct call_log {
    struct call_log_file *file;
    _Atomic uint64_t sequence; /* of the last call */
    struct call_left *left;
    size_t left_count;
    uint32_t buckets[CALL_LOG_BUCKETS]; /* index + 1 into `left`, linear probing */
};

static const char magic[8] = "bwcalls";

static uint64_t seconds_since_start(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec;
}

/* Empty where the kernel does not tell: then each start of the process is taken for one of the
 * machine. */
static void boot_id(char id[CALL_LOG_BOOT_ID_SIZE])
{
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    memset(id, 0, CALL_LOG_BOOT_ID_SIZE);
    if (file < 0)
        return;
    if (read(file, id, CALL_LOG_BOOT_ID_SIZE - 1) < 0)
        memset(id, 0, CALL_LOG_BOOT_ID_SIZE);
    close(file);
}

static bool same_key(const struct call_log_key *a, const struct call_log_key *b)
{
    return memcmp(a->bytes, b->bytes, CALL_LOG_KEY_SIZE) == 0;
}

/* The bucket where the key is, or the free one where it would go: there are more of them than
 * places. */
static uint32_t *bucket_of(struct call_log *log, const struct call_log_key *key)
{
    uint32_t at;

    memcpy(&at, key->bytes, sizeof(at));
    for (;; at++) {
        uint32_t *bucket = &log->buckets[at % CALL_LOG_BUCKETS];

        if (*bucket == 0 || same_key(&log->left[*bucket - 1].key, key))
            return bucket;
    }
}

/* Of two that are about one call the later one counts. */
static void remember_left(struct call_log *log, const struct call_place *place,
                          enum call_state state)
{
    uint32_t *bucket = bucket_of(log, &place->key);
    struct call_left *left;

    if (*bucket == 0)
        *bucket = (uint32_t)++log->left_count;
    left = &log->left[*bucket - 1];
    if (left->sequence > place->sequence)
        return;
    left->key = place->key;
    left->state = state;
    left->sequence = place->sequence;
    left->at_s = place->at_s;
    left->length = place->length;
    memcpy(left->answer, place->answer, place->length);
}

static void read_left(struct call_log *log)
{
    uint64_t now = seconds_since_start(), last = 0;

    log->left = memory_zeroed(CALL_LOG_PLACES, sizeof(*log->left));
    for (size_t i = 0; i < CALL_LOG_PLACES; i++) {
        const struct call_place *place = &log->file->places[i];
        uint32_t state = atomic_load(&place->state);

        if ((state != CALL_BEGUN && state != CALL_DONE) || place->length > CALL_LOG_ANSWER_MAX)
            continue;
        if (place->sequence > last)
            last = place->sequence;
        if (now - place->at_s < CALL_LOG_LIFETIME_S)
            remember_left(log, place, (enum call_state)state);
    }
    log->left = memory_resize(log->left, log->left_count + 1, sizeof(*log->left));
    /* The ring goes on behind the latest: what an end came upon may be asked for after the next. */
    atomic_store(&log->sequence, last);
}

/* Takes the file as it is, or begins it anew. */
static void begin_file(struct call_log_file *file)
{
    char id[CALL_LOG_BOOT_ID_SIZE];

    boot_id(id);
    if (memcmp(file->magic, magic, sizeof(magic)) == 0 && file->form == CALL_LOG_FORM && id[0] &&
        memcmp(file->boot_id, id, sizeof(id)) == 0)
        return;
    memset(file, 0, sizeof(*file));
    memcpy(file->magic, magic, sizeof(magic));
    file->form = CALL_LOG_FORM;
    memcpy(file->boot_id, id, sizeof(id));
    randombytes_buf(file->secret, sizeof(file->secret));
    randombytes_buf(&file->losses, sizeof(file->losses));
}

struct call_log *call_log_open(const char *state_directory, char *error, size_t error_size)
{
    char *path = memory_printf("%s/calls.log", state_directory);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct call_log *log = NULL;
    void *mapped = MAP_FAILED;
    int code = 0;

    /* All of it is there before it is mapped: on a full disk a store would end the process. */
    if (file < 0 || ftruncate(file, sizeof(struct call_log_file)) < 0)
        code = errno;
    else
        code = posix_fallocate(file, 0, sizeof(struct call_log_file));
    if (!code) {
        mapped =
            mmap(NULL, sizeof(struct call_log_file), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        code = mapped == MAP_FAILED ? errno : 0;
    }
    if (file >= 0)
        close(file);
    if (code) {
        snprintf(error, error_size, "%s cannot be used: %s", path, strerror(code));
    } else {
        log = memory_zeroed(1, sizeof(*log));
        log->file = mapped;
        begin_file(log->file);
        read_left(log);
    }
    free(path);
    return log;
}

void call_log_free(struct call_log *log)
{
    if (!log)
        return;
    munmap(log->file, sizeof(*log->file));
    free(log->left);
    free(log);
}

const uint8_t *call_log_secret(const struct call_log *log)
{
    return log->file->secret;
}

atomic_uint_least64_t *call_log_losses(struct call_log *log)
{
    return &log->file->losses;
}

struct call_log_key call_log_key_of(const struct call_log *log, struct slice call)
{
    struct call_log_key key;

    crypto_generichash(key.bytes, sizeof(key.bytes), call.data, call.length, log->file->secret,
                       sizeof(log->file->secret));
    return key;
}

enum call_log_verdict call_log_find(const struct call_log *log, const struct call_log_key *key,
                                    struct slice *answer)
{
    uint32_t at = *bucket_of((struct call_log *)log, key);
    const struct call_left *left;

    if (at == 0)
        return CALL_LOG_NEW;
    left = &log->left[at - 1];
    if (seconds_since_start() - left->at_s >= CALL_LOG_LIFETIME_S)
        return CALL_LOG_NEW;
    *answer = slice_of(left->answer, left->length);
    return left->state == CALL_DONE ? CALL_LOG_ANSWERED : CALL_LOG_INTERRUPTED;
}

uint32_t call_log_begin(struct call_log *log, const struct call_log_key *key)
{
    uint64_t sequence = atomic_fetch_add(&log->sequence, 1) + 1;
    uint32_t number = (uint32_t)(sequence % CALL_LOG_PLACES);
    struct call_place *place = &log->file->places[number];

    atomic_store(&place->state, CALL_FREE);
    place->key = *key;
    place->sequence = sequence;
    place->at_s = seconds_since_start();
    place->length = 0;
    atomic_store(&place->state, CALL_BEGUN);
    return number;
}

void call_log_end(struct call_log *log, uint32_t number, const struct call_log_key *key,
                  struct slice answer)
{
    struct call_place *place = &log->file->places[number % CALL_LOG_PLACES];

    if (!same_key(&place->key, key))
        return; /* the ring has come around meanwhile */
    atomic_store(&place->state, CALL_FREE);
    if (answer.length == 0 || answer.length > CALL_LOG_ANSWER_MAX)
        return;
    memcpy(place->answer, answer.data, answer.length);
    place->length = (uint32_t)answer.length;
    atomic_store(&place->state, CALL_DONE);
}
