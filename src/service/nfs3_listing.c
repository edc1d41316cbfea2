#include "service/nfs3_listing.h"

#include "base/clock.h"
#include "service/nfs.h"
#include "service/nfs3_values.h"
#include "service/rpc_service.h"
#include "store/directory.h"
#include "store/handles.h"
#include "store/listing_cache.h"
#include "wire/nfs3.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* One piece of a listing while it is made. */
struct listing {
    struct nfs_call *call;
    uint64_t cookie; /* where it begins */
    int directory;
    bool plus, eof;
    size_t count, dircount; /* limits, in bytes */
    struct nfs3_post_op above;
    struct nfs3_list list;
    bool has_key;
    struct listing_key key;
    struct listing_filling filling;
};

/* Cookies are good for as long as the directory is: there is nothing to verify. */
static const uint8_t no_verifier[NFS3_VERIFIER_SIZE] = {0};

static struct writer *reply_of(const struct listing *listing)
{
    return &listing->call->exchange->reply;
}

static struct listing_cache *cache_of(const struct listing *listing)
{
    return listing->call->exchange->service->listings;
}

static int64_t nanoseconds(const struct timespec *time)
{
    return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

static void fail(const struct listing *listing, int error)
{
    enum nfs3_procedure procedure = (enum nfs3_procedure)listing->call->exchange->call.procedure;

    nfs3_write_readdir_failed(
        reply_of(listing), error == EINVAL ? NFS3ERR_BAD_COOKIE : nfs3_status_of(procedure, error),
        &listing->above);
}

/* What the answer depends on. The caller's rights are looked at for each call: who may not search
 * the directory is told the names alone. 0 or an errno. */
static int make_key(struct listing *listing)
{
    const struct stat *status = nfs_call_status(listing->call, listing->directory);
    int granted, error;

    if (!status || !S_ISDIR(status->st_mode))
        return 0;
    error = tree_access(&listing->call->caller, listing->directory, R_OK | X_OK, &granted);
    if (!error && !(granted & R_OK))
        error = EACCES;
    if (error)
        return error;
    listing->has_key = true;
    listing->key.export = handle_export_number(listing->call->exchange->export);
    listing->key.device = status->st_dev;
    listing->key.inode = status->st_ino;
    listing->key.changed = nanoseconds(&status->st_ctim);
    listing->key.modified = nanoseconds(&status->st_mtim);
    listing->key.cookie = listing->cookie;
    listing->key.count = listing->count;
    listing->key.dircount = listing->dircount;
    listing->key.plus = listing->plus;
    listing->key.searchable = (granted & X_OK) != 0;
    return 0;
}

static void start_list(struct listing *listing)
{
    nfs3_list_start(&listing->list, reply_of(listing), listing->plus, &listing->above, no_verifier,
                    listing->count, listing->dircount);
}

/* Answers with what was read a moment ago; false, and nothing written, where that is gone. */
static bool answer_again(struct listing *listing)
{
    struct writer *w = reply_of(listing), before = *w;
    size_t length = 0;

    if (!listing->has_key)
        return false;
    start_list(listing);
    if (!w->failed)
        length = listing_cache_get(cache_of(listing), &listing->key, clock_monotonic_ms(),
                                   w->data + w->length, writer_left(w));
    w->length += length;
    if (length == 0)
        *w = before;
    return length > 0;
}

/* What the entry is, as far as the caller may know and the export reaches. */
static void describe(struct listing *listing, struct nfs3_entry *entry)
{
    struct handle handle;
    struct stat status;

    if (nfs_call_peek(listing->call, listing->directory, entry->name, &status, &handle) != 0)
        return;
    entry->attributes =
        (struct nfs3_post_op){.present = true, .attributes = nfs3_fattr_of(&status)};
    entry->has_handle = true;
    memcpy(entry->handle, handle.bytes, sizeof(entry->handle));
    listing_filling_add(&listing->filling, status.st_ino);
}

/* Adds entries until the list is full or the directory at its end. Returns how many, or minus an
 * errno. */
static int list_entries(struct listing *listing, struct directory *reading)
{
    struct directory_entry found;
    int count = 0, more;

    while ((more = directory_next(reading, &found)) > 0) {
        struct nfs3_entry entry = {
            .fileid = found.file_id, .name = found.name, .cookie = found.cookie};

        if (!nfs3_list_fits(&listing->list, entry.name.length))
            return count;
        if (slice_equal_string(entry.name, ".."))
            entry.fileid = nfs_call_parent_id(listing->call, listing->directory, entry.fileid);
        if (listing->plus)
            describe(listing, &entry);
        nfs3_list_add(&listing->list, &entry);
        count++;
    }
    listing->eof = more == 0;
    return more < 0 ? more : count;
}

/* The entries, which stand in the reply from `begin` on, are kept for whoever asks next. */
static void keep(const struct listing *listing, size_t begin)
{
    const struct writer *w = reply_of(listing);
    struct timespec now;

    if (!listing->has_key || w->failed)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    listing_cache_put(cache_of(listing), &listing->filling, &listing->key, clock_monotonic_ms(),
                      nanoseconds(&now), slice_of(w->data + begin, w->length - begin));
}

/* Reads the piece from the directory. */
static void read_list(struct listing *listing)
{
    struct writer before = *reply_of(listing);
    struct directory reading;
    size_t begin;
    int added, error;

    listing_filling_begin(&listing->filling, cache_of(listing), clock_monotonic_ms());
    error = directory_open(&reading, &listing->call->caller, listing->directory, listing->cookie);
    if (error) {
        fail(listing, error);
        return;
    }
    start_list(listing);
    begin = reply_of(listing)->length;
    added = list_entries(listing, &reading);
    directory_close(&reading);
    if (added > 0 || (added == 0 && listing->eof)) {
        nfs3_list_end(&listing->list, listing->eof);
        keep(listing, begin);
        return;
    }
    *reply_of(listing) = before;
    if (added == 0)
        nfs3_write_readdir_failed(reply_of(listing), NFS3ERR_TOOSMALL, &listing->above);
    else
        fail(listing, -added);
}

/* What is asked for, as far as there is room for it in one answer. */
static struct listing listing_of(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    const struct rpc_exchange *exchange = call->exchange;
    size_t limit = exchange->transport == RPC_UDP ? NFS3_LISTING_UDP_MAX : NFS3_LISTING_TCP_MAX;
    size_t count = arguments->readdir.count, dircount = arguments->readdir.dircount;
    bool plus = exchange->call.procedure == NFS3_READDIRPLUS;

    return (struct listing){
        .call = call,
        .cookie = arguments->readdir.cookie,
        .plus = plus,
        .count = count < limit ? count : limit,
        .dircount = plus && dircount > 0 ? dircount : SIZE_MAX,
    };
}

void nfs3_list_directory(struct nfs_call *call, const union nfs3_arguments *arguments)
{
    struct listing listing = listing_of(call, arguments);
    const struct stat *status;
    int error;

    error = nfs_call_open(call, arguments->readdir.directory, &listing.directory);
    status = nfs_call_status(call, listing.directory);
    if (status)
        listing.above = (struct nfs3_post_op){.present = true, .attributes = nfs3_fattr_of(status)};
    /* A cookie that came with another verifier is none of ours. */
    if (!error && arguments->readdir.cookie != 0 &&
        memcmp(arguments->readdir.verifier, no_verifier, sizeof(no_verifier)) != 0)
        error = EINVAL;
    if (!error)
        error = make_key(&listing);
    if (error)
        fail(&listing, error);
    else if (answer_again(&listing))
        return;
    else if (call->may_wait)
        read_list(&listing);
    else
        call->would_wait = true;
}
