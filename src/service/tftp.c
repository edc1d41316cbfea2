/* TFTP: the port that requests come to, on every data loop. */
#include "decide/tftp.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/metrics.h"
#include "net/loop.h"
#include "net/workers.h"
#include "platform/linux/port_holder.h"
#include "service/boot_file_request.h"
#include "service/metrics.h"
#include "service/server.h"
#include "service/tftp_session.h"
#include "service/tftp_upload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TFTP_PORT = 69,
    TFTP_BATCH = 32,
    TFTP_REQUEST_MAX = 2048, /* RFC 2347: a request has at most 512 bytes */
    TFTP_NAME_TEXT = 300,
    TFTP_WORKERS = 4,
    TFTP_PIECES = 2048,     /* of files in memory, of all lanes: 32 MiB ... */
    TFTP_LANE_PIECES = 512, /* ... of one lane at most: 8 MiB */
    /* Some PROMs (SGI's) take a port for a signed number: stay below 32768. The kernel's own choice
     * of free ports begins there. */
    TFTP_PORT_LOW = 16384,
    TFTP_PORT_HIGH = 32767,
};

struct tftp_service {
    struct server *server;
    struct workers *workers; /* that read what is not in memory */
    struct tftp_lane *lanes;
    size_t lane_count;
    atomic_uint_fast64_t uploaded; /* bytes; tftp_uploads_new() */
};

/* A request while it is answered. */
struct tftp_asking {
    struct tftp_lane *lane;
    const struct datagram *datagram;
    struct tftp_packet request;
    bool whole;                     /* the request decodes */
    struct boot_file_request files; /* who asks, and what applies to it */
    struct tftp_who who;
    enum step_event event;        /* where it is refused: what the journal calls that, ... */
    enum tftp_error error;        /* ... the code ... */
    char text[TFTP_MESSAGE_SIZE]; /* ... and the text that the client gets */
};

/* Sets the refusal; returns false, for the caller to return. */
static bool refuse(struct tftp_asking *asking, enum tftp_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct tftp_asking *asking, enum tftp_error error, const char *format, ...)
{
    va_list arguments;

    asking->error = error;
    va_start(arguments, format);
    vsnprintf(asking->text, sizeof(asking->text), format, arguments);
    va_end(arguments);
    return false;
}

/* The shared part of the request refused it: its words, and the code that says the same. */
static bool refused(struct tftp_asking *asking)
{
    static const enum tftp_error codes[] = {
        [BOOT_FILE_MISSING] = TFTP_ERROR_NOT_FOUND,
        [BOOT_FILE_FORBIDDEN] = TFTP_ERROR_ACCESS,
        [BOOT_FILE_BROKEN] = TFTP_ERROR_UNDEFINED,
    };

    asking->event = boot_file_refusal_event(asking->files.refusal);
    return refuse(asking, codes[asking->files.refusal], "%s", asking->files.text);
}

static void find_who(struct tftp_asking *asking)
{
    const struct tftp_packet *request = &asking->request;
    const struct boot_file_request *files = &asking->files;
    char name[TFTP_NAME_TEXT], options[TFTP_OPTIONS_TEXT];

    boot_file_request_begin(&asking->files, asking->lane->server, asking->datagram->peer.address,
                            asking->datagram->local_address);
    asking->who.stage = files->machine.stage;
    asking->who.hardware = files->machine.hardware;
    asking->who.host = files->host ? memory_string(files->host->name) : NULL;
    if (!asking->whole) {
        asking->who.asked = memory_printf("%zu bytes", asking->datagram->bytes.length);
        return;
    }
    if (request->filename.length < sizeof(asking->who.file))
        memcpy(asking->who.file, request->filename.data, request->filename.length);
    asking->who.asked =
        memory_printf("%s \"%s\"%s%s%s", request->opcode == TFTP_WRQ ? "WRQ" : "RRQ",
                      text_printable(name, sizeof(name), request->filename),
                      request->mode == TFTP_MODE_OCTET ? "" : " ",
                      request->mode == TFTP_MODE_OCTET ? "" : tftp_mode_name(request->mode),
                      tftp_options_text(options, &request->options));
}

/* Whether it is a request that this server takes. */
static bool check_request(struct tftp_asking *asking)
{
    const struct tftp_packet *request = &asking->request;

    if (!asking->whole)
        return refuse(asking, TFTP_ERROR_ILLEGAL,
                      "this is no request, or one that is cut off: see RFC 1350");
    if (request->mode == TFTP_MODE_MAIL)
        return refuse(asking, TFTP_ERROR_ILLEGAL, "mode mail is not served: use octet");
    if (request->mode == TFTP_MODE_OTHER)
        return refuse(asking, TFTP_ERROR_ILLEGAL, "unknown mode: use octet or netascii");
    return true;
}

/* RFC 2348: the answer to blksize may be smaller than what was asked. */
static void limit_options(struct tftp_asking *asking)
{
    uint64_t *blksize = &asking->request.options.value[TFTP_BLKSIZE];
    uint32_t most =
        scope_view_number(&asking->files.view, PARAMETER_TFTP_MAX_BLKSIZE, TFTP_BLOCK_MAX);

    if (*blksize > most)
        *blksize = most;
}

/* Which ports the machine's transfers have. */
static struct tftp_port_range port_range(const struct scope_view *view)
{
    struct slice value = scope_view_bytes(view, SPACE_PARAMETER, PARAMETER_TFTP_PORTS);
    struct reader r = reader_of_slice(value);
    struct tftp_port_range range = {
        .single = scope_view_flag(view, PARAMETER_TFTP_SINGLE_PORT, false),
    };

    range.low = reader_be16(&r);
    range.high = reader_be16(&r);
    if (r.failed) {
        range.low = TFTP_PORT_LOW;
        range.high = TFTP_PORT_HIGH;
    }
    return range;
}

static bool serve_upload(struct tftp_asking *asking)
{
    const struct tftp_upload_opening opening = {
        .datagram = asking->datagram,
        .request = &asking->request,
        .files = &asking->files,
        .who = asking->who,
        .range = port_range(&asking->files.view),
    };

    if (!tftp_upload_begin(asking->lane->uploads, &opening, &asking->error, asking->text))
        return false;
    asking->who = (struct tftp_who){.host = NULL};
    return true;
}

static bool serve_request(struct tftp_asking *asking)
{
    struct tftp_opening opening = {.datagram = asking->datagram, .request = &asking->request};
    char path[TFTP_NAME_MAX], patched[CONSOLE_TEXT_SIZE] = "";
    const char *why;

    if (!check_request(asking))
        return false;
    limit_options(asking);
    if (asking->request.opcode == TFTP_WRQ)
        return serve_upload(asking);
    if (!boot_file_request_path(&asking->files, path, asking->request.filename) ||
        !boot_file_request_open(&asking->files, path, &opening.file))
        return refused(asking);
    if (asking->request.mode == TFTP_MODE_OCTET)
        boot_file_request_patches(&asking->files, &opening.file, &opening.patches, patched);
    opening.patched = patched;
    boot_file_request_look(&asking->files, path, &opening.file);
    opening.content = asking->files.content;
    opening.unfit = asking->files.unfit;
    opening.decided = asking->files.decided;
    opening.who = asking->who;
    opening.roll_to_one = scope_view_number(&asking->files.view, PARAMETER_TFTP_ROLLOVER, 0) == 1;
    opening.range = port_range(&asking->files.view);
    if (tftp_session_begin(asking->lane, &opening, &why)) {
        asking->who = (struct tftp_who){.host = NULL};
        return true;
    }
    boot_file_close(&opening.file);
    return refuse(asking, TFTP_ERROR_UNDEFINED, "%s", why);
}

/* Does it mean to be a request? What has another opcode of the protocol belongs to a transfer
 * that is gone, or answers us; what does not begin like TFTP at all is another protocol's. To
 * answer either could go round in circles, and so could an answer to port 0. */
static bool asks(const struct datagram *datagram)
{
    struct reader r = reader_of_slice(datagram->bytes);
    uint16_t opcode = reader_be16(&r);

    return !r.failed && datagram->peer.port != 0 && opcode <= UINT8_MAX &&
           (opcode < TFTP_DATA || opcode > TFTP_OACK);
}

static void received(void *argument, const struct datagram *datagram)
{
    struct tftp_lane *lane = argument;
    struct tftp_asking asking = {.lane = lane, .datagram = datagram, .event = STEP_FILE_REFUSED};
    struct tftp_session *session = tftp_session_find(lane, datagram->peer);

    if (!asks(datagram)) {
        if (session && tftp_session_uses(session, &lane->ports.listener))
            tftp_session_received(session, datagram);
        return;
    }
    asking.whole = tftp_decode(&asking.request, datagram->bytes);
    if (session && (!asking.whole || tftp_session_repeats(session, datagram->bytes)))
        return;
    if (tftp_upload_repeats(lane->uploads, datagram))
        return;
    if (session)
        tftp_session_replace(session);
    find_who(&asking);
    if (!serve_request(&asking)) {
        tftp_send_error(lane->listener, datagram->peer, datagram->local_address, asking.error,
                        asking.text);
        if (asking.event == STEP_FILE_REFUSED)
            metric_exchange(METRIC_TFTP,
                            asking.error == TFTP_ERROR_ILLEGAL ? METRIC_INVALID : METRIC_FAILED);
        tftp_journal(
            lane, &asking.who, datagram->peer.address,
            (struct tftp_outcome){.event = asking.event,
                                  .got = asking.text,
                                  .refused = true,
                                  .reason = asking.files.reason,
                                  .decided = asking.files.decided[0] ? asking.files.decided : NULL,
                                  .hint = asking.files.hint[0] ? asking.files.hint : NULL});
    }
    tftp_who_release(&asking.who);
    boot_file_request_end(&asking.files);
}

/* Said when the configuration comes into force, for the person who wrote it; the clients are
 * told one by one. */
static void check_root(struct server *server)
{
    struct snapshot *snapshot = server_snapshot(server);
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);
    const struct setting *setting = scope_view_find(&view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);
    char directory[4096];
    struct boot_file file;

    if (setting) {
        snprintf(directory, sizeof(directory), "%.*s", (int)setting->value.length,
                 (const char *)setting->value.data);
        if (boot_file_open(&file, directory, ".", false) == BOOT_FILE_NO_ROOT)
            log_warning("tftp-root %s (%s:%u) cannot be opened: %s; until it can, every request "
                        "is refused",
                        directory, setting->where.file ? setting->where.file : "?",
                        setting->where.line, strerror(file.error));
        boot_file_close(&file);
    }
    snapshot_free(snapshot);
}

static void reloaded(void *state)
{
    struct tftp_service *service = state;

    check_root(service->server);
}

static void stop(void *state)
{
    struct tftp_service *service = state;

    for (size_t i = 0; i < service->lane_count; i++) {
        struct tftp_lane *lane = &service->lanes[i];

        tftp_sessions_end(lane, "the server ends");
        tftp_uploads_free(lane->uploads, "the server ends");
        udp_close(lane->listener);
        tftp_ports_release(&lane->ports);
        udp_buffers_free(lane->buffers);
        map_release(&lane->sessions);
        map_release(&lane->clients);
        free(lane->recent);
    }
    metrics_forget(service->workers);
    workers_free(service->workers);
    for (size_t i = 0; i < service->lane_count; i++)
        tftp_contents_free(service->lanes[i].contents);
    free(service->lanes);
    free(service);
}

static void turn_ended(void *argument)
{
    struct tftp_lane *lane = argument;

    tftp_ports_run(&lane->ports);
}

/* False with errno where the port cannot be opened. */
static bool open_lane(struct tftp_service *service, struct tftp_lane *lane, struct loop *loop)
{
    struct udp_options options = {.local.port = TFTP_PORT, .reuse_port = true};
    size_t pieces = TFTP_PIECES / service->server->data_loop_count;

    lane->server = service->server;
    lane->loop = loop;
    lane->uploads = tftp_uploads_new(lane, &service->uploaded);
    lane->buffers = udp_buffers_new(TFTP_BATCH, TFTP_REQUEST_MAX);
    lane->recent = memory_zeroed(TFTP_RECENT, sizeof(*lane->recent));
    lane->contents = tftp_contents_new(loop, service->workers,
                                       pieces > TFTP_LANE_PIECES ? TFTP_LANE_PIECES : pieces);
    tftp_ports_init(&lane->ports, loop, lane->buffers, tftp_port_received, lane);
    options.buffers = lane->buffers;
    lane->listener = udp_open(loop, &options, received, lane);
    if (!lane->listener)
        return false;
    lane->ports.listener.socket = lane->listener;
    lane->ports.listener.number = TFTP_PORT;
    tftp_sender_init(&lane->ports.listener.sender, lane->listener, lane->ports.bursts);
    loop_at_turn_end(loop, turn_ended, lane);
    return true;
}

static size_t reads_waiting(void *workers)
{
    return workers_waiting(workers);
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct tftp_service *service = memory_zeroed(1, sizeof(*service));
    bool wanted = server->snapshot->has_tftp_root || server->snapshot->recipe_count > 0;

    service->server = server;
    service->workers = workers_new(TFTP_WORKERS);
    if (!service->workers) {
        snprintf(error, error_size, "no thread can be started: %s", strerror(errno));
        free(service);
        return NULL;
    }
    metrics_ask(METRIC_QUEUES + METRIC_QUEUE_TFTP_READ, reads_waiting, service->workers);
    service->lanes = memory_zeroed(server->data_loop_count, sizeof(*service->lanes));
    for (size_t i = 0; i < server->data_loop_count; i++) {
        service->lane_count = i + 1;
        if (open_lane(service, &service->lanes[i], server->data_loops[i])) {
            if (i == 0)
                server_serves(server, "tftp", "udp", TFTP_PORT);
            continue;
        }
        port_refusal_text("udp", TFTP_PORT, errno, NULL, error, error_size);
        if (wanted) {
            stop(service);
            return NULL;
        }
        /* Somebody else may serve the files of a configuration that names none. */
        log_info("tftp is not served: %s; and the configuration has no tftp-root", error);
        break;
    }
    check_root(server);
    return service;
}

const struct service service_tftp = {
    .name = "tftp", .start = start, .stop = stop, .reloaded = reloaded};
