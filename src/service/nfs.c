#include "service/nfs.h"

#include "base/text.h"
#include "net/workers.h"
#include "platform/linux/page_cache.h"
#include "service/rpc.h"
#include "service/rpc_account.h"
#include "service/rpc_service.h"
#include "store/call_log.h"
#include "store/handles.h"
#include "store/listing_cache.h"
#include "store/open_files.h"
#include "store/tree.h"
#include "wire/nfs2.h"
#include "wire/nfs3.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    /* Shorter pieces cost less as copies: several answers leave with one write then. */
    NFS_REFER_MIN = 131072,
};

/* Work that a worker does. */
struct nfs_job {
    struct rpc_exchange *exchange;
    nfs_work *work;
    int status;
};

static void job_work(void *argument)
{
    struct nfs_job *job = argument;

    job->status = job->work(job->exchange, true);
}

static void job_done(void *argument)
{
    struct nfs_job *job = argument;

    rpc_complete(job->exchange, job->status);
}

static struct nfs_job *job_new(struct rpc_exchange *exchange, nfs_work *work)
{
    struct nfs_job *job = region_allocate(exchange->region, sizeof(*job));

    if (!job || !rpc_keep_arguments(exchange))
        return NULL;
    *job = (struct nfs_job){.exchange = exchange, .work = work};
    return job;
}

/* Whether the procedure changes something. COMMIT does not: what it brings to the disk was written
 * when that was allowed. */
static bool changes(const struct rpc_call *call)
{
    static const uint32_t v2 = 1u << NFS2_SETATTR | 1u << NFS2_WRITE | 1u << NFS2_CREATE |
                               1u << NFS2_REMOVE | 1u << NFS2_RENAME | 1u << NFS2_LINK |
                               1u << NFS2_SYMLINK | 1u << NFS2_MKDIR | 1u << NFS2_RMDIR;
    static const uint32_t v3 = 1u << NFS3_SETATTR | 1u << NFS3_WRITE | 1u << NFS3_CREATE |
                               1u << NFS3_MKDIR | 1u << NFS3_SYMLINK | 1u << NFS3_MKNOD |
                               1u << NFS3_REMOVE | 1u << NFS3_RMDIR | 1u << NFS3_RENAME |
                               1u << NFS3_LINK;

    return (call->version == 2 ? v2 : v3) >> call->procedure & 1;
}

/* Whether it ends with waiting for the disk. Of WRITEs in version 3 most do not, and more threads
 * would only wait for each other's file. */
static bool awaits_disk(const struct rpc_call *call)
{
    if (call->version == 2)
        return changes(call);
    return call->procedure == NFS3_COMMIT || (changes(call) && call->procedure != NFS3_WRITE);
}

int nfs_do(struct rpc_exchange *exchange, bool later, nfs_work *work)
{
    struct rpc_service *service = exchange->service;
    struct reader arguments = exchange->arguments;
    struct writer reply = exchange->reply;
    struct nfs_job *job;
    int status;

    if (!later) {
        status = work(exchange, false);
        if (status != RPC_LATER)
            return status;
        exchange->arguments = arguments;
        exchange->reply = reply;
    }
    job = job_new(exchange, work);
    if (!job)
        return work(exchange, true);
    workers_run(awaits_disk(&exchange->call) ? service->syncers : service->workers, exchange->loop,
                exchange->peer.address, job_work, job_done, job);
    return RPC_LATER;
}

static bool believes(struct rpc_exchange *exchange)
{
    const struct rpc_client *client = exchange->client;
    char asked[64];

    if (rpc_believes(exchange))
        return true;
    if (client->account && rpc_account_disbelieves(client->account)) {
        snprintf(asked, sizeof(asked), "calls as uid %" PRIu32 " from port %u",
                 exchange->call.credentials.uid, exchange->peer.port);
        rpc_step(exchange,
                 (struct boot_step){.service = "nfs",
                                    .reason = REASON_NOBODY,
                                    .asked = asked,
                                    .got = "taken for nobody: the port is not below 1024 (see "
                                           "nfs-reserved-ports)"});
    }
    return false;
}

/* Who the caller says it is. */
static struct credentials caller_of(const struct rpc_credentials *credentials)
{
    struct credentials caller = {.uid = CREDENTIALS_NOBODY, .gid = CREDENTIALS_NOBODY};

    /* All bits set means "nobody said" to the kernel's calls. */
    if (credentials->uid != (uint32_t)-1)
        caller.uid = credentials->uid;
    if (credentials->gid != (uint32_t)-1)
        caller.gid = credentials->gid;
    for (size_t i = 0; i < credentials->gid_count && i < CREDENTIALS_GROUPS_MAX; i++) {
        if (credentials->gids[i] != (uint32_t)-1)
            caller.groups[caller.group_count++] = credentials->gids[i];
    }
    return caller;
}

void nfs_call_begin(struct nfs_call *call, struct rpc_exchange *exchange, bool may_wait)
{
    *call = (struct nfs_call){
        .exchange = exchange,
        .may_wait = may_wait,
        .caller = {.uid = CREDENTIALS_NOBODY, .gid = CREDENTIALS_NOBODY},
        .nobody = exchange->call.credentials.flavor != RPC_AUTH_SYS || !believes(exchange),
    };
}

static void let_go(struct nfs_call *call, struct nfs_file *file)
{
    if (file->has_handle)
        file->open = handle_keep(call->exchange->export, &file->handle, file->descriptor);
    if (file->open)
        open_file_free(file->open);
    else
        close(file->descriptor);
}

/* Before the change is answered: what is told of the file from now on is what it is now. */
static void tell_change(const struct nfs_call *call)
{
    struct listing_cache *listings = call->exchange->service->listings;
    const struct nfs_file *file = &call->files[0];

    if (call->file_count == 1 && file->open && S_ISREG(file->status.st_mode))
        listing_cache_changed(listings, file->status.st_ino);
    else if (call->file_count > 0)
        listing_cache_clear(listings);
}

void nfs_call_end(struct nfs_call *call)
{
    if (changes(&call->exchange->call))
        tell_change(call);
    for (size_t i = 0; i < call->file_count; i++)
        let_go(call, &call->files[i]);
    call->file_count = 0;
    credentials_restore();
}

static struct nfs_file *add_file(struct nfs_call *call, int descriptor)
{
    struct nfs_file *file;

    if (call->file_count == NFS_CALL_FILES_MAX)
        abort();
    file = &call->files[call->file_count++];
    file->descriptor = descriptor;
    file->open = NULL;
    file->has_handle = false;
    return file;
}

static struct nfs_file *find_file(struct nfs_call *call, int descriptor)
{
    for (size_t i = 0; i < call->file_count; i++) {
        if (call->files[i].descriptor == descriptor)
            return &call->files[i];
    }
    return NULL;
}

int nfs_call_keep(struct nfs_call *call, int file)
{
    return add_file(call, file)->descriptor;
}

void nfs_call_drop(struct nfs_call *call, int file)
{
    call->file_count--;
    close(file);
}

const struct stat *nfs_call_status(const struct nfs_call *call, int file)
{
    const struct nfs_file *found = find_file((struct nfs_call *)call, file);

    return found && found->open ? &found->status : NULL;
}

struct open_file *nfs_call_opened(const struct nfs_call *call, int file)
{
    const struct nfs_file *found = find_file((struct nfs_call *)call, file);

    return found ? found->open : NULL;
}

bool nfs_call_writable(const struct nfs_call *call)
{
    const struct export_rights *rights = call->exchange->rights;

    return rights && rights->writable;
}

/* Its room shall come back at once. */
static void forget(struct rpc_exchange *exchange, struct slice handle)
{
    struct handle bytes;

    if (handle.length != sizeof(bytes.bytes))
        return;
    memcpy(bytes.bytes, handle.data, sizeof(bytes.bytes));
    handle_forget(exchange->export, &bytes);
}

/* As nfs_call_open(), without a word to anybody. */
static int open_quietly(struct nfs_call *call, struct slice handle, int *file)
{
    struct rpc_exchange *exchange = call->exchange;
    struct open_file *open;
    struct nfs_file *added;
    int error;

    *file = -1;
    credentials_restore();
    error = rpc_open_export(exchange, handle, !call->may_wait);
    if (error)
        return error == EMFILE || error == ENFILE || error == EXDEV ? error : ESTALE;
    if (!call->nobody)
        call->caller = caller_of(&exchange->call.credentials);
    export_squash(exchange->rights, call->nobody, &call->caller);
    open = handle_pin(exchange->export, handle.data, handle.length, call->may_wait, &error);
    call->would_wait = call->would_wait || (!open && error == EAGAIN && !call->may_wait);
    if (!open)
        return error;
    added = add_file(call, open_file_path(open));
    added->open = open;
    error = tree_stat(added->descriptor, &added->status);
    /* Only still there because it is open. */
    if (!error && added->status.st_nlink == 0)
        error = ESTALE;
    if (error) {
        forget(exchange, handle);
        return error;
    }
    *file = added->descriptor;
    return changes(&exchange->call) && !nfs_call_writable(call) ? EROFS : 0;
}

int nfs_call_open(struct nfs_call *call, struct slice handle, int *file)
{
    int error = open_quietly(call, handle, file);

    if (error)
        nfs_tell_refusal(call, *file, error);
    return error;
}

/* "..": who may search the directory may know its parent, as far as the export reaches. */
static int lookup_parent(struct nfs_call *call, int directory, int *file)
{
    struct stat status;
    int granted, error = tree_stat(directory, &status);

    if (!error && !S_ISDIR(status.st_mode))
        error = ENOTDIR;
    if (!error)
        error = tree_access(&call->caller, directory, X_OK, &granted);
    if (!error && !granted)
        error = EACCES;
    if (error)
        return error;
    credentials_restore();
    *file = handle_open_parent(call->exchange->export, directory);
    return *file < 0 ? -*file : 0;
}

int nfs_call_lookup(struct nfs_call *call, int directory, struct slice name, int *file)
{
    int error = slice_equal_string(name, "..")
                    ? lookup_parent(call, directory, file)
                    : tree_lookup(&call->caller, directory, name, call->may_wait, file);

    call->would_wait = call->would_wait || (error == EAGAIN && !call->may_wait);
    if (error)
        *file = -1;
    else
        nfs_call_keep(call, *file);
    return error;
}

int nfs_call_handle(struct nfs_call *call, int file, struct handle *handle)
{
    struct nfs_file *found = find_file(call, file);
    int error;

    credentials_restore();
    error = handle_of(call->exchange->export, file, handle);
    if (!error && found && !found->open) {
        found->handle = *handle;
        found->has_handle = true;
    }
    /* What is mounted inside the export is none of it. */
    return error == EXDEV ? EACCES : error;
}

/* The handle of what is about to lose the name; false where it is not worth knowing. */
static bool handle_behind(struct nfs_call *call, int directory, struct slice name,
                          struct handle *handle)
{
    struct stat status;
    bool found = false;
    int file;

    if (tree_lookup(&call->caller, directory, name, true, &file) != 0)
        return false;
    credentials_restore();
    if (tree_stat(file, &status) == 0 && (status.st_nlink == 1 || S_ISDIR(status.st_mode)))
        found = handle_of(call->exchange->export, file, handle) == 0;
    close(file);
    return found;
}

int nfs_call_remove(struct nfs_call *call, int directory, struct slice name,
                    int (*operation)(const struct credentials *, int, struct slice))
{
    struct handle handle;
    bool known = handle_behind(call, directory, name, &handle);
    int error = operation(&call->caller, directory, name);

    if (!error && known)
        handle_forget(call->exchange->export, &handle);
    return error;
}

int nfs_call_rename(struct nfs_call *call, int from, struct slice from_name, int to,
                    struct slice to_name)
{
    struct handle_export *export = call->exchange->export;
    struct handle handle;
    bool known = handle_behind(call, to, to_name, &handle);
    int error, file;

    handle_move_begin(export);
    error = tree_rename(&call->caller, from, from_name, to, to_name);
    /* Where both names are the same file's it stays, and is opened again when it is wanted. */
    if (!error && known)
        handle_forget(export, &handle);
    if (!error && nfs_call_lookup(call, to, to_name, &file) == 0) {
        credentials_restore();
        handle_moved(export, file);
        nfs_call_drop(call, file);
    }
    handle_move_end(export);
    return error;
}

int nfs_call_link(struct nfs_call *call, int file, int directory, struct slice name)
{
    int error = tree_link(&call->caller, file, directory, name), linked;

    if (!error && nfs_call_lookup(call, directory, name, &linked) == 0) {
        credentials_restore();
        handle_moved(call->exchange->export, linked);
        nfs_call_drop(call, linked);
    }
    return error;
}

/* The same by opening it. */
static int peek_open(struct nfs_call *call, int directory, struct slice name, struct stat *status,
                     struct handle *handle)
{
    int file, error = nfs_call_lookup(call, directory, name, &file);

    if (error)
        return error;
    error = nfs_call_handle(call, file, handle);
    if (!error) {
        handle_note(call->exchange->export, file, handle);
        error = tree_stat(file, status);
    }
    nfs_call_drop(call, file);
    return error;
}

int nfs_call_peek(struct nfs_call *call, int directory, struct slice name, struct stat *status,
                  struct handle *handle)
{
    char text[TREE_NAME_MAX + 1];
    int error;

    /* These are the directories themselves, for which nfs_call_lookup() has rules of its own. */
    if (slice_equal_string(name, ".") || slice_equal_string(name, ".."))
        return peek_open(call, directory, name, status, handle);
    error = tree_search(&call->caller, directory, name, text);
    if (error)
        return error;
    error = handle_at(call->exchange->export, directory, text, status, handle);
    return error == EAGAIN ? peek_open(call, directory, name, status, handle) : error;
}

uint64_t nfs_call_parent_id(struct nfs_call *call, int directory, uint64_t otherwise)
{
    struct stat status;
    int file;

    /* A caller that may not search the directory cannot learn it: the directory's own will do. */
    if (nfs_call_lookup(call, directory, slice_of_string(".."), &file) != 0)
        return tree_stat(directory, &status) == 0 ? status.st_ino : otherwise;
    if (tree_stat(file, &status) == 0)
        otherwise = status.st_ino;
    nfs_call_drop(call, file);
    return otherwise;
}

size_t nfs_read_max(const struct nfs_call *call)
{
    return call->exchange->transport == RPC_UDP ? RPC_UDP_PAYLOAD_MAX : RPC_PAYLOAD_MAX;
}

/* A descriptor to read the file with, or minus an errno. It lives as long as the call at least. */
static int descriptor_to_read(const struct nfs_call *call, struct nfs_file *file)
{
    int reader = open_file_reader_if_open(file->open);

    if (reader >= 0)
        return reader;
    credentials_restore();
    reader = open_file_reader(file->open);
    if (reader != -EACCES)
        return reader;
    if (!call->may_wait)
        return -EAGAIN;
    return tree_make_readable(file->descriptor) == 0 ? open_file_reader(file->open) : reader;
}

/* Has the piece sent from the file itself: it stays in the page cache, and the client that takes
 * its time costs no memory. Who may wait for the disk brings it there first. */
static int refer_to_file(struct nfs_call *call, struct nfs_file *found, struct nfs_data *data)
{
    size_t wanted = data->count;
    int error = 0;

    if (call->may_wait)
        error = page_cache_fill(data->descriptor, data->offset, wanted, &data->count);
    else if (!page_cache_has(data->descriptor, data->offset, wanted))
        error = EAGAIN;
    if (!error)
        data->file = open_file_hold(found->open);
    return error;
}

static int copy_of_file(struct nfs_call *call, struct nfs_data *data)
{
    size_t wanted = data->count;
    int error;

    data->bytes = malloc(wanted > 0 ? wanted : 1);
    if (!data->bytes)
        return ENOMEM;
    error = tree_read(data->descriptor, data->offset, data->bytes, wanted, call->may_wait,
                      &data->count);
    if (error) {
        free(data->bytes);
        data->bytes = NULL;
    }
    return error;
}

int nfs_data_read(struct nfs_call *call, int file, uint64_t offset, size_t count,
                  struct nfs_data *data)
{
    struct nfs_file *found = find_file(call, file);
    uint64_t size = (uint64_t)found->status.st_size;
    int error = tree_may_read(&call->caller, file, &found->status);

    *data = (struct nfs_data){.offset = offset};
    if (error) {
        nfs_tell_refusal(call, file, error);
        return error;
    }
    nfs_tell_repeats(call, file, offset, count);
    data->descriptor = descriptor_to_read(call, found);
    call->would_wait = data->descriptor == -EAGAIN && !call->may_wait;
    if (data->descriptor < 0)
        return -data->descriptor;
    /* No more than there was when the attributes were taken that the client will see. */
    if (count > nfs_read_max(call))
        count = nfs_read_max(call);
    if (offset >= size)
        count = 0;
    else if (count > size - offset)
        count = (size_t)(size - offset);
    data->count = count;
    error = count >= NFS_REFER_MIN && call->exchange->transport == RPC_TCP
                ? refer_to_file(call, found, data)
                : copy_of_file(call, data);
    /* It was cut short meanwhile: the end has come nearer. */
    data->end = !error && (data->count < count || offset + data->count >= size);
    call->would_wait = error == EAGAIN && !call->may_wait;
    return error;
}

static void let_file_go(void *file)
{
    open_file_free(file);
}

void nfs_data_send(struct nfs_call *call, struct nfs_data *data)
{
    rpc_count(call->exchange, data->count, 0);
    if (data->file)
        rpc_set_payload_file(call->exchange, data->descriptor, data->offset, data->count,
                             let_file_go, data->file);
    else
        rpc_set_payload(call->exchange, slice_of(data->bytes, data->count), free, data->bytes);
    data->bytes = NULL;
    data->file = NULL;
}

/* A descriptor to write the file with, the caller's identity being taken on; or minus an errno. */
static int descriptor_to_write(const struct nfs_call *call, struct nfs_file *file)
{
    int error = tree_may_write(&call->caller, file->descriptor, &file->status);
    int writer = error ? -error : open_file_writer_if_open(file->open);

    if (error || writer >= 0)
        return writer;
    credentials_restore();
    writer = open_file_writer(file->open);
    if (writer < 0)
        return writer;
    error = credentials_assume(&call->caller);
    return error ? -error : writer;
}

int nfs_data_write(struct nfs_call *call, int file, uint64_t offset, struct slice bytes,
                   enum tree_stability stability, size_t *count)
{
    int writer = descriptor_to_write(call, find_file(call, file));

    *count = 0;
    /* EACCES: where the server is not the file system's root, the caller itself may be let in. */
    if (writer == -ENOTSUP || writer == -EACCES)
        return tree_write(&call->caller, file, offset, bytes, stability, count);
    return writer < 0 ? -writer : tree_write_open(writer, offset, bytes, stability, count);
}

void nfs_verifier_begin(struct call_log *calls)
{
    static atomic_uint_least64_t own;

    randombytes_buf(&own, sizeof(own));
    tree_count_losses_in(calls ? call_log_losses(calls) : &own);
}

void nfs_verifier_end(void)
{
    tree_count_losses_in(NULL);
}

void nfs_write_verifier(uint8_t verifier[NFS_VERIFIER_SIZE])
{
    uint64_t number = tree_losses();

    memcpy(verifier, &number, sizeof(number));
}
