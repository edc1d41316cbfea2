#include "service/tftp_content.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "net/workers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BUCKETS = 1024,
    /* A file that changed just now may change again and keep its times: the system's clock of
     * files goes in steps of some milliseconds. Then its pieces are its one transfer's alone. */
    SETTLED_SECONDS = 2,
};

TAILQ_HEAD(tftp_waiters, tftp_waiter);

struct piece {
    struct piece *next;      /* in its bucket */
    TAILQ_ENTRY(piece) link; /* of those that are read, the ones used longest ago first */
    struct tftp_content *content;
    uint64_t number; /* its place in the file, in pieces */
    bool read;       /* else a worker does */
    const char *why; /* NULL, or why it could not be read */
    size_t length;
    uint8_t bytes[TFTP_PIECE];
};

struct tftp_content {
    struct tftp_contents *all;
    struct boot_file file; /* its descriptor is open while there are users */
    unsigned users;        /* transfers, and pieces that workers read */
    size_t pieces;
    size_t reads; /* pieces that workers read */
    bool shared;  /* in the map */
    struct tftp_waiters waiters;
};

struct tftp_contents {
    struct loop *loop;
    struct workers *workers;
    struct map files; /* struct tftp_content that others may join; key: its identity */
    TAILQ_HEAD(tftp_pieces, piece) pieces;
    size_t piece_count, pieces_max;
    size_t reads;                /* at most half of all pieces wait for workers ... */
    struct tftp_waiters crowded; /* ... and for one of those to end wait these */
    struct piece *buckets[PIECE_BUCKETS];
};

struct tftp_contents *tftp_contents_new(struct loop *loop, struct workers *workers,
                                        size_t pieces_max)
{
    struct tftp_contents *all = memory_zeroed(1, sizeof(*all));

    all->loop = loop;
    all->workers = workers;
    all->pieces_max = pieces_max < TFTP_PIECES_MIN ? TFTP_PIECES_MIN : pieces_max;
    TAILQ_INIT(&all->pieces);
    TAILQ_INIT(&all->crowded);
    return all;
}

static struct piece **bucket_of(struct tftp_contents *all, const struct tftp_content *content,
                                uint64_t number)
{
    return &all->buckets[((uintptr_t)content / sizeof(*content) * 31 + number) % PIECE_BUCKETS];
}

/* A content without users and pieces is nothing that could be of use again. */
static void content_drop(struct tftp_content *content)
{
    if (content->users > 0 || content->pieces > 0)
        return;
    if (content->shared)
        map_remove(&content->all->files, &content->file.identity, sizeof(content->file.identity));
    free(content);
}

static void piece_free(struct piece *piece)
{
    struct tftp_content *content = piece->content;
    struct tftp_contents *all = content->all;
    struct piece **place = bucket_of(all, content, piece->number);

    while (*place != piece)
        place = &(*place)->next;
    *place = piece->next;
    if (piece->read)
        TAILQ_REMOVE(&all->pieces, piece, link);
    all->piece_count--;
    free(piece);
    content->pieces--;
    content_drop(content);
}

void tftp_contents_free(struct tftp_contents *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < PIECE_BUCKETS; i++) {
        while (all->buckets[i]) {
            struct tftp_content *content = all->buckets[i]->content;

            /* A read that ended after the loop did. */
            if (!all->buckets[i]->read && --content->users == 0)
                boot_file_close(&content->file);
            piece_free(all->buckets[i]);
        }
    }
    map_release(&all->files);
    free(all);
}

static bool is_settled(const struct boot_file *file)
{
    return file->identity.changed / 1000000000 + SETTLED_SECONDS < clock_wall_seconds();
}

struct tftp_content *tftp_content_open(struct tftp_contents *all, const struct boot_file *file)
{
    struct tftp_content *content = map_get(&all->files, &file->identity, sizeof(file->identity));

    if (content && content->users++ > 0) {
        struct boot_file spare = *file;

        boot_file_close(&spare);
        return content;
    }
    if (content) {
        content->file = *file;
        return content;
    }
    content = memory_zeroed(1, sizeof(*content));
    content->all = all;
    content->file = *file;
    content->users = 1;
    content->shared = is_settled(file);
    TAILQ_INIT(&content->waiters);
    if (content->shared)
        map_put(&all->files, &file->identity, sizeof(file->identity), content);
    return content;
}

/* Nobody can ask for these pieces again. */
static void drop_pieces(struct tftp_content *content)
{
    struct piece *piece, *next;

    content->users++; /* it stays until the walk is over */
    for (piece = TAILQ_FIRST(&content->all->pieces); piece && content->pieces > 0; piece = next) {
        next = TAILQ_NEXT(piece, link);
        if (piece->content == content)
            piece_free(piece);
    }
    content->users--;
}

void tftp_content_close(struct tftp_content *content)
{
    if (!content || --content->users > 0)
        return;
    boot_file_close(&content->file);
    if (!content->shared)
        drop_pieces(content);
    content_drop(content);
}

uint64_t tftp_content_size(const struct tftp_content *content)
{
    return content->file.size;
}

static size_t piece_length(const struct piece *piece)
{
    uint64_t left = piece->content->file.size - piece->number * TFTP_PIECE;

    return left < TFTP_PIECE ? (size_t)left : TFTP_PIECE;
}

/* Judges what was read: `n` is what the read returned. */
static void piece_judge(struct piece *piece, ssize_t n, int error)
{
    const struct boot_file *file = &piece->content->file;

    piece->why = NULL;
    if (n < 0)
        piece->why = strerror(error);
    else if ((size_t)n < piece->length)
        piece->why = "the file became shorter while it was sent";
    else if (!boot_file_is_unchanged(file))
        piece->why = "the file changed while it was sent";
}

/* In a worker's thread; the piece is its alone until the loop hears of it. */
static void piece_work(void *argument)
{
    struct piece *piece = argument;
    ssize_t n = boot_file_read(&piece->content->file, piece->number * TFTP_PIECE, piece->bytes,
                               piece->length);

    piece_judge(piece, n, errno);
}

static void wake(struct tftp_waiters *waiters)
{
    struct tftp_waiter *waiter;

    while ((waiter = TAILQ_FIRST(waiters)) != NULL) {
        tftp_content_forget(waiter);
        waiter->ready(waiter->argument);
    }
}

static void piece_done(void *argument)
{
    struct piece *piece = argument;
    struct tftp_content *content = piece->content;

    piece->read = true;
    TAILQ_INSERT_TAIL(&content->all->pieces, piece, link);
    content->all->reads--;
    content->reads--;
    wake(&content->waiters);
    wake(&content->all->crowded);
    tftp_content_close(content);
}

/* A new piece, with room that another one makes for it if need be; NULL where that is not to be
 * had. */
static struct piece *piece_new(struct tftp_content *content, uint64_t number)
{
    struct tftp_contents *all = content->all;
    struct piece **bucket = bucket_of(all, content, number);
    struct piece *piece;

    if (all->reads >= all->pieces_max / 2)
        return NULL;
    if (all->piece_count >= all->pieces_max)
        piece_free(TAILQ_FIRST(&all->pieces));
    piece = memory_resize(NULL, 1, sizeof(*piece));
    piece->content = content;
    piece->number = number;
    piece->length = piece_length(piece);
    piece->read = true;
    piece->next = *bucket;
    *bucket = piece;
    TAILQ_INSERT_TAIL(&all->pieces, piece, link);
    all->piece_count++;
    content->pieces++;
    return piece;
}

/* The piece, read or about to be; NULL where all room is taken by reads that wait. */
static struct piece *find_piece(struct tftp_content *content, uint64_t number)
{
    struct tftp_contents *all = content->all;
    struct piece *piece = *bucket_of(all, content, number);
    ssize_t n;

    while (piece && (piece->content != content || piece->number != number))
        piece = piece->next;
    if (piece) {
        if (piece->read && piece != TAILQ_LAST(&all->pieces, tftp_pieces)) {
            TAILQ_REMOVE(&all->pieces, piece, link);
            TAILQ_INSERT_TAIL(&all->pieces, piece, link);
        }
        return piece;
    }
    piece = piece_new(content, number);
    if (!piece)
        return NULL;
    n = boot_file_read_now(&content->file, number * TFTP_PIECE, piece->bytes, piece->length);
    if (n == (ssize_t)piece->length || (n < 0 && errno != EAGAIN)) {
        piece_judge(piece, n, errno);
        return piece;
    }
    TAILQ_REMOVE(&all->pieces, piece, link);
    piece->read = false;
    content->users++;
    content->reads++;
    all->reads++;
    workers_run(all->workers, all->loop, content->file.identity.inode, piece_work, piece_done,
                piece);
    return piece;
}

enum tftp_bytes_status tftp_content_bytes(struct tftp_content *content, uint64_t offset,
                                          struct slice *bytes, const char **why)
{
    struct piece *piece = find_piece(content, offset / TFTP_PIECE);
    size_t begin = offset % TFTP_PIECE;

    if (!piece || !piece->read)
        return TFTP_BYTES_LATER;
    if (piece->why) {
        *why = piece->why;
        piece_free(piece);
        return TFTP_BYTES_FAILED;
    }
    *bytes = slice_of(piece->bytes + begin, piece->length - begin);
    return TFTP_BYTES_HERE;
}

void tftp_content_await(struct tftp_content *content, struct tftp_waiter *waiter)
{
    waiter->list = content->reads > 0 ? &content->waiters : &content->all->crowded;
    TAILQ_INSERT_TAIL(waiter->list, waiter, link);
}

void tftp_content_forget(struct tftp_waiter *waiter)
{
    if (!waiter->list)
        return;
    TAILQ_REMOVE(waiter->list, waiter, link);
    waiter->list = NULL;
}
