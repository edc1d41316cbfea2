#include "service/tftp_upload.h"

#include "base/memory.h"
#include "base/text.h"
#include "decide/tftp_receive.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "store/upload.h"
#include "wire/netascii.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    UPLOAD_BATCH = 4,
    UPLOAD_PORT_TRIES = 64,
    UPLOAD_REPLY_SIZE = 256, /* of an OACK or ACK */
    UPLOAD_NAME_TEXT = 200,
    MIB = 1 << 20,
};

struct tftp_upload {
    struct tftp_uploads *uploads;
    LIST_ENTRY(tftp_upload) link;
    struct udp_socket *socket;
    struct loop_event *timer;
    struct endpoint peer;
    uint32_t local_address;
    struct tftp_receipt receipt;
    struct upload file;
    bool converted;        /* what comes is netascii, ... */
    struct netascii text;  /* ... so far */
    uint64_t written_most; /* what uploads->written may come to */
    struct tftp_who who;
    uint8_t *request; /* its bytes, to know it again */
    size_t request_length;
};

struct tftp_uploads {
    struct tftp_lane *lane;
    atomic_uint_fast64_t *written;
    struct udp_buffers *buffers; /* for the longest block; NULL until the first upload */
    unsigned count;
    LIST_HEAD(tftp_upload_list, tftp_upload) list;
};

struct tftp_uploads *tftp_uploads_new(struct tftp_lane *lane, atomic_uint_fast64_t *written)
{
    struct tftp_uploads *uploads = memory_zeroed(1, sizeof(*uploads));

    uploads->lane = lane;
    uploads->written = written;
    return uploads;
}

static void upload_end(struct tftp_upload *upload, const char *got, bool refused)
{
    struct tftp_uploads *uploads = upload->uploads;

    counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_TFTP, -1);
    if (upload->file.file >= 0)
        atomic_fetch_sub(uploads->written, upload->file.size);
    upload_discard(&upload->file);
    if (got)
        tftp_journal(uploads->lane, &upload->who, upload->peer.address,
                     (struct tftp_outcome){.event = STEP_FILE_REFUSED,
                                           .got = got,
                                           .bytes = upload->receipt.bytes,
                                           .refused = refused});
    LIST_REMOVE(upload, link);
    uploads->count--;
    udp_close(upload->socket);
    loop_event_free(upload->timer);
    tftp_who_release(&upload->who);
    free(upload->request);
    free(upload);
}

static void upload_refuse(struct tftp_upload *upload, enum tftp_error error, const char *why)
{
    tftp_send_error(upload->socket, upload->peer, upload->local_address, error, why);
    metric_exchange(METRIC_TFTP, METRIC_FAILED);
    upload_end(upload, why, true);
}

void tftp_uploads_free(struct tftp_uploads *uploads, const char *why)
{
    struct tftp_upload *upload;

    if (!uploads)
        return;
    while ((upload = LIST_FIRST(&uploads->list)) != NULL) {
        if (upload->receipt.state == TFTP_RECEIPT_COMPLETE)
            upload_end(upload, NULL, false);
        else
            upload_refuse(upload, TFTP_ERROR_UNDEFINED, why);
    }
    if (uploads->buffers)
        udp_buffers_free(uploads->buffers);
    free(uploads);
}

static void send_answer(struct tftp_upload *upload)
{
    uint8_t bytes[UPLOAD_REPLY_SIZE];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct tftp_packet packet = tftp_receipt_answer(&upload->receipt);
    struct iovec piece;

    tftp_encode(&w, &packet);
    piece = (struct iovec){bytes, w.length};
    (void)udp_send(upload->socket, upload->peer, upload->local_address, 0, &piece, 1);
}

/* The text that a block of netascii stands for, as a file of this system has it; allocated. */
static struct slice text_of(struct tftp_upload *upload, struct slice data, bool last)
{
    uint8_t *text = memory_zeroed(1, data.length + 1);

    return slice_of(text, netascii_restore(&upload->text, data, last, text));
}

/* Writes a block. NULL, or why it cannot be. Pages of memory take it at once; the system brings
 * them to the disk in its own time. */
static const char *upload_keep(struct tftp_upload *upload, struct slice data, bool last)
{
    uint64_t before = upload->file.size;
    struct slice bytes;
    bool good;

    if (atomic_load(upload->uploads->written) + data.length > upload->written_most)
        return "the uploads together are as long as tftp-upload-max-total allows";
    bytes = upload->converted ? text_of(upload, data, last) : data;
    good = upload_write(&upload->file, bytes);
    if (upload->converted)
        free((void *)bytes.data);
    atomic_fetch_add(upload->uploads->written, upload->file.size - before);
    counter_add(METRIC_RECEIVED_BYTES + METRIC_MOVER_TFTP, (int64_t)(upload->file.size - before));
    return good ? NULL : strerror(upload->file.error);
}

/* The last block is written. Its acknowledgement promises that the file is there, so it gets its
 * name first. False: it could not, and the upload is gone. */
static bool upload_complete(struct tftp_upload *upload)
{
    uint64_t size = upload->file.size;
    char got[TFTP_GOT_SIZE];

    switch (upload_finish(&upload->file)) {
    case UPLOAD_GOOD:
        break;
    case UPLOAD_EXISTS:
        atomic_fetch_sub(upload->uploads->written, size);
        upload_refuse(upload, TFTP_ERROR_EXISTS, "a file of that name has come meanwhile");
        return false;
    default:
        atomic_fetch_sub(upload->uploads->written, size);
        upload_refuse(upload, TFTP_ERROR_UNDEFINED, strerror(upload->file.error));
        return false;
    }
    snprintf(got, sizeof(got), "%llu bytes in %llu block%s, kept", (unsigned long long)size,
             (unsigned long long)upload->receipt.blocks, upload->receipt.blocks == 1 ? "" : "s");
    tftp_journal(upload->uploads->lane, &upload->who, upload->peer.address,
                 (struct tftp_outcome){
                     .event = STEP_FILE_RECEIVED, .got = got, .bytes = size, .total = size});
    return true;
}

/* Carries out what the state machine decided. The upload may be gone afterwards. */
static void upload_do(struct tftp_upload *upload, struct tftp_receipt_action action,
                      struct slice data)
{
    char text[TFTP_GOT_SIZE];
    const char *why;

    switch (action.act) {
    case TFTP_RECEIPT_WAIT:
        return;
    case TFTP_RECEIPT_TOO_LONG:
        snprintf(text, sizeof(text), "the file is longer than the %llu bytes that it may have",
                 (unsigned long long)upload->receipt.most);
        upload_refuse(upload, TFTP_ERROR_DISK_FULL, text);
        return;
    case TFTP_RECEIPT_SILENT:
        snprintf(text, sizeof(text), "%llu bytes, then the client stopped sending",
                 (unsigned long long)upload->receipt.bytes);
        metric_exchange(METRIC_TFTP, METRIC_ABANDONED);
        upload_end(upload, text, true);
        return;
    case TFTP_RECEIPT_DONE:
        upload_end(upload, NULL, false);
        return;
    case TFTP_RECEIPT_KEEP:
        why = upload_keep(upload, data, action.last);
        if (why) {
            upload_refuse(upload, TFTP_ERROR_DISK_FULL, why);
            return;
        }
        if (action.last && !upload_complete(upload))
            return;
        break;
    case TFTP_RECEIPT_ANSWER:
        break;
    }
    if (action.answer)
        send_answer(upload);
    loop_timer_start(upload->timer, action.timer_ms);
}

static void upload_expired(void *argument)
{
    struct tftp_upload *upload = argument;

    upload_do(upload, tftp_receipt_expired(&upload->receipt), slice_of(NULL, 0));
}

/* The client ends it. */
static void upload_stopped(struct tftp_upload *upload, const struct tftp_packet *packet)
{
    char got[TFTP_GOT_SIZE], message[200];

    text_printable(message, sizeof(message), packet->message);
    snprintf(got, sizeof(got), "%llu bytes, then the client ended it: error %u \"%s\"",
             (unsigned long long)upload->receipt.bytes, packet->error, message);
    if (upload->receipt.state != TFTP_RECEIPT_COMPLETE)
        metric_exchange(METRIC_TFTP, METRIC_ABANDONED);
    upload_end(upload, upload->receipt.state == TFTP_RECEIPT_COMPLETE ? NULL : got, false);
}

static void upload_received(void *argument, const struct datagram *datagram)
{
    struct tftp_upload *upload = argument;
    struct tftp_packet packet;

    if (!tftp_decode(&packet, datagram->bytes))
        return;
    if (datagram->peer.address != upload->peer.address ||
        datagram->peer.port != upload->peer.port) {
        /* RFC 1350 section 4: tell the stranger, go on with the transfer. */
        if (packet.opcode != TFTP_ERROR && datagram->peer.port != 0)
            tftp_send_error(upload->socket, datagram->peer, 0, TFTP_ERROR_UNKNOWN_TRANSFER,
                            "this port serves another client's transfer");
        return;
    }
    if (packet.opcode == TFTP_DATA)
        upload_do(upload, tftp_receipt_data(&upload->receipt, packet.block, packet.data.length),
                  packet.data);
    else if (packet.opcode == TFTP_ERROR)
        upload_stopped(upload, &packet);
}

static struct tftp_upload *upload_of(struct tftp_uploads *uploads, struct endpoint peer)
{
    struct tftp_upload *upload = LIST_FIRST(&uploads->list);

    while (upload && (upload->peer.address != peer.address || upload->peer.port != peer.port))
        upload = LIST_NEXT(upload, link);
    return upload;
}

bool tftp_upload_repeats(struct tftp_uploads *uploads, const struct datagram *datagram)
{
    struct tftp_upload *upload = upload_of(uploads, datagram->peer);
    bool complete;

    if (!upload)
        return false;
    complete = upload->receipt.state == TFTP_RECEIPT_COMPLETE;
    if (!complete &&
        slice_equal(slice_of(upload->request, upload->request_length), datagram->bytes)) {
        /* The answer may have been lost; with blocks here it was not, and this one is late. */
        if (upload->receipt.blocks == 0)
            send_answer(upload);
        return true;
    }
    if (!complete)
        metric_exchange(METRIC_TFTP, METRIC_ABANDONED);
    upload_end(upload, complete ? NULL : "the client began again from the same port", false);
    return false;
}

static struct udp_socket *open_socket(struct tftp_uploads *uploads, struct tftp_upload *upload,
                                      const struct tftp_port_range *range)
{
    struct udp_options options = {.local.address = upload->local_address};

    if (!uploads->buffers)
        uploads->buffers = udp_buffers_new(UPLOAD_BATCH, TFTP_PACKET_MAX);
    options.buffers = uploads->buffers;
    for (int i = 0; i < UPLOAD_PORT_TRIES; i++) {
        struct udp_socket *socket;

        options.local.port =
            (uint16_t)(range->low + randombytes_uniform((uint32_t)range->high - range->low + 1));
        socket = udp_open(uploads->lane->loop, &options, upload_received, upload);
        if (socket || errno != EADDRINUSE)
            return socket;
    }
    return NULL;
}

/* A refusal while an upload begins. */
struct refusal {
    enum tftp_error *error;
    char *text; /* TFTP_MESSAGE_SIZE */
};

static bool refuse(const struct refusal *refusal, enum tftp_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(const struct refusal *refusal, enum tftp_error error, const char *format, ...)
{
    va_list arguments;

    *refusal->error = error;
    va_start(arguments, format);
    vsnprintf(refusal->text, TFTP_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

/* Where uploads of the machine go, and whether this one may. */
static bool check_opening(struct tftp_uploads *uploads, const struct tftp_upload_opening *opening,
                          char root[BOOT_FILE_ROOT_SIZE], const struct refusal *refusal)
{
    struct slice value =
        scope_view_bytes(&opening->files->view, SPACE_PARAMETER, PARAMETER_TFTP_UPLOAD);

    if (value.length == 0)
        return refuse(refusal, TFTP_ERROR_ACCESS, "this server is read-only");
    snprintf(root, BOOT_FILE_ROOT_SIZE, "%.*s", (int)value.length, (const char *)value.data);
    if (uploads->count >= TFTP_UPLOADS_MAX)
        return refuse(refusal, TFTP_ERROR_UNDEFINED, "server busy: too many uploads, try again");
    return true;
}

/* How long the file may be; and all of them, by what uploads->written may come to. What others
 * write while the files are counted may count twice, but never too little. */
static bool check_sizes(struct tftp_uploads *uploads, const struct tftp_upload_opening *opening,
                        const char *root, const struct refusal *refusal, uint64_t *most,
                        uint64_t *written_most)
{
    const struct scope_view *view = &opening->files->view;
    uint64_t total_most =
        (uint64_t)scope_view_number(view, PARAMETER_TFTP_UPLOAD_MAX_TOTAL, TFTP_UPLOAD_TOTAL_MIB) *
        MIB;
    uint64_t announced = opening->request->options.value[TFTP_TSIZE], total, left;

    *most =
        (uint64_t)scope_view_number(view, PARAMETER_TFTP_UPLOAD_MAX_SIZE, TFTP_UPLOAD_SIZE_MIB) *
        MIB;
    if (announced > *most)
        return refuse(refusal, TFTP_ERROR_DISK_FULL,
                      "%llu bytes are too many: tftp-upload-max-size is %llu MiB",
                      (unsigned long long)announced, (unsigned long long)(*most / MIB));
    *written_most = atomic_load(uploads->written);
    total = upload_total(root);
    if (total == UINT64_MAX)
        return refuse(refusal, TFTP_ERROR_DISK_FULL, "%.200s holds too many files to take more",
                      root);
    left = total < total_most ? total_most - total : 0;
    *written_most += left;
    if (announced > left || left == 0)
        return refuse(refusal, TFTP_ERROR_DISK_FULL,
                      "%.200s has room for %llu bytes more: tftp-upload-max-total is %llu MiB",
                      root, (unsigned long long)left, (unsigned long long)(total_most / MIB));
    return true;
}

static bool open_file(struct tftp_upload *upload, const struct tftp_upload_opening *opening,
                      const char *root, const char *path, const struct refusal *refusal)
{
    bool overwrite = scope_view_flag(&opening->files->view, PARAMETER_TFTP_UPLOAD_OVERWRITE, false);
    char name[UPLOAD_NAME_TEXT];

    text_printable(name, sizeof(name), slice_of_string(path));
    switch (upload_begin(&upload->file, root, path, overwrite)) {
    case UPLOAD_GOOD:
        return true;
    case UPLOAD_NO_ROOT:
        return refuse(refusal, TFTP_ERROR_ACCESS, "tftp-upload %.200s cannot be opened: %s", root,
                      strerror(upload->file.error));
    case UPLOAD_NO_DIRECTORY:
        return refuse(refusal, TFTP_ERROR_NOT_FOUND, "there is no directory for %s under %.150s",
                      name, root);
    case UPLOAD_EXISTS:
        return refuse(refusal, TFTP_ERROR_EXISTS, "%s is there already%s", name,
                      overwrite ? ", and no file" : ": tftp-upload-overwrite is off");
    case UPLOAD_RESERVED:
        return refuse(refusal, TFTP_ERROR_ACCESS, "%s: unfinished uploads are called so", name);
    case UPLOAD_FAILED:
        break;
    }
    return refuse(refusal, TFTP_ERROR_UNDEFINED, "%s: %s", name, strerror(upload->file.error));
}

bool tftp_upload_begin(struct tftp_uploads *uploads, const struct tftp_upload_opening *opening,
                       enum tftp_error *error, char text[TFTP_MESSAGE_SIZE])
{
    const struct datagram *datagram = opening->datagram;
    const struct refusal refusal = {error, text};
    char root[BOOT_FILE_ROOT_SIZE], path[TFTP_NAME_MAX];
    struct tftp_upload *upload;
    uint64_t most = 0, written_most = 0;

    if (!check_opening(uploads, opening, root, &refusal))
        return false;
    if (!boot_file_request_path(opening->files, path, opening->request->filename))
        return refuse(&refusal, TFTP_ERROR_ACCESS, "%s", opening->files->text);
    if (!check_sizes(uploads, opening, root, &refusal, &most, &written_most))
        return false;
    upload = memory_zeroed(1, sizeof(*upload));
    upload->uploads = uploads;
    upload->peer = datagram->peer;
    upload->local_address = datagram->local_address;
    upload->written_most = written_most;
    if (!open_file(upload, opening, root, path, &refusal)) {
        free(upload);
        return false;
    }
    upload->socket = open_socket(uploads, upload, &opening->range);
    if (!upload->socket) {
        upload_discard(&upload->file);
        free(upload);
        return refuse(&refusal, TFTP_ERROR_UNDEFINED, "server busy: no port is free, try again");
    }
    upload->timer = loop_timer(uploads->lane->loop, upload_expired, upload);
    upload->who = opening->who;
    upload->converted = opening->request->mode == TFTP_MODE_NETASCII;
    upload->request_length = datagram->bytes.length;
    upload->request = memory_zeroed(1, upload->request_length);
    memcpy(upload->request, datagram->bytes.data, upload->request_length);
    LIST_INSERT_HEAD(&uploads->list, upload, link);
    uploads->count++;
    counter_add(METRIC_IN_PROGRESS + METRIC_MOVER_TFTP, 1);
    upload_do(upload,
              tftp_receipt_begin(
                  &upload->receipt, opening->request, most,
                  scope_view_number(&opening->files->view, PARAMETER_TFTP_ROLLOVER, 0) == 1),
              slice_of(NULL, 0));
    return true;
}
