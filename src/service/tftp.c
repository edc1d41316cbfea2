/* TFTP: the port that requests come to, on every data loop. */
#include "decide/tftp.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "decide/console.h"
#include "platform/linux/port_holder.h"
#include "service/machines.h"
#include "service/server.h"
#include "service/tftp_session.h"

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
};

struct tftp_service {
    struct server *server;
    struct tftp_lane *lanes;
    size_t lane_count;
};

/* A request while it is answered. */
struct tftp_asking {
    struct tftp_lane *lane;
    const struct datagram *datagram;
    struct tftp_packet request;
    bool whole; /* the request decodes */
    struct snapshot *snapshot;
    struct scope_view view; /* what applies to the machine that asks */
    struct told *told;      /* part of that; NULL: nothing */
    struct tftp_who who;
    bool any_case;                /* the file's name is meant in upper or lower case alike */
    enum tftp_error error;        /* where it is refused: the code ... */
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

static void find_who(struct tftp_asking *asking)
{
    const struct tftp_packet *request = &asking->request;
    uint32_t address = asking->datagram->peer.address;
    char name[TFTP_NAME_TEXT], options[TFTP_OPTIONS_TEXT];
    struct machine machine;
    const struct host *host = machines_host(asking->lane->server->machines, asking->snapshot,
                                            address, &machine, &asking->told);

    asking->view =
        scope_view_of(asking->snapshot, host, snapshot_subnet_of(asking->snapshot, address));
    if (asking->told)
        scope_view_put_first(&asking->view, &asking->told->scope);
    asking->who.stage = machine.stage;
    asking->who.hardware = machine.hardware;
    asking->who.host = host ? memory_string(host->name) : NULL;
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

/* The path below tftp-root, or a refusal. */
static bool check_request(struct tftp_asking *asking, char path[TFTP_NAME_MAX])
{
    const struct tftp_packet *request = &asking->request;

    if (!asking->whole)
        return refuse(asking, TFTP_ERROR_ILLEGAL,
                      "this is no request, or one that is cut off: see RFC 1350");
    if (request->opcode == TFTP_WRQ)
        return refuse(asking, TFTP_ERROR_ACCESS, "this server is read-only");
    if (request->mode == TFTP_MODE_MAIL)
        return refuse(asking, TFTP_ERROR_ILLEGAL, "mode mail is not served: use octet");
    if (request->mode == TFTP_MODE_OTHER)
        return refuse(asking, TFTP_ERROR_ILLEGAL, "unknown mode: use octet or netascii");
    switch (tftp_path(path, request->filename)) {
    case TFTP_NAME_GOOD:
        return true;
    case TFTP_NAME_WINDOWS:
        asking->any_case = true;
        return true;
    case TFTP_NAME_EMPTY:
        return refuse(asking, TFTP_ERROR_NOT_FOUND, "the request names no file");
    case TFTP_NAME_TOO_LONG:
        return refuse(asking, TFTP_ERROR_NOT_FOUND, "the file's name is too long");
    case TFTP_NAME_CLIMBS:
        return refuse(asking, TFTP_ERROR_ACCESS, "a name with \"..\" in it is not served");
    }
    return false;
}

static bool open_file(struct tftp_asking *asking, const char *path, struct boot_file *file)
{
    struct slice root = scope_view_bytes(&asking->view, SPACE_PARAMETER, PARAMETER_TFTP_ROOT);
    char directory[4096], name[TFTP_NAME_TEXT];

    if (root.length == 0)
        return refuse(asking, TFTP_ERROR_ACCESS, "no tftp-root is configured on this server");
    snprintf(directory, sizeof(directory), "%.*s", (int)root.length, (const char *)root.data);
    text_printable(name, sizeof(name), slice_of_string(path));
    switch (boot_file_open(file, directory, path, asking->any_case)) {
    case BOOT_FILE_OPEN:
        return true;
    case BOOT_FILE_NO_ROOT:
        return refuse(asking, file->error == ENOENT ? TFTP_ERROR_NOT_FOUND : TFTP_ERROR_ACCESS,
                      "tftp-root %.200s cannot be opened: %s", directory, strerror(file->error));
    case BOOT_FILE_NOT_FOUND:
        return refuse(asking, TFTP_ERROR_NOT_FOUND, "no file %s under %.150s", name, directory);
    case BOOT_FILE_BAD_LINK:
        return refuse(asking, TFTP_ERROR_NOT_FOUND,
                      "%s is a symbolic link that leads to no file under %.100s", name, directory);
    case BOOT_FILE_DIRECTORY:
        return refuse(asking, TFTP_ERROR_ACCESS, "%s is a directory", name);
    case BOOT_FILE_SPECIAL:
        return refuse(asking, TFTP_ERROR_ACCESS, "%s is no regular file", name);
    case BOOT_FILE_PRIVATE:
        return refuse(asking, TFTP_ERROR_ACCESS, "%s is not readable by everyone: chmod a+r", name);
    case BOOT_FILE_FAILED:
        break;
    }
    return refuse(asking, TFTP_ERROR_UNDEFINED, "%s: %s", name, strerror(file->error));
}

/* What the configuration changes in the file on its way out. */
static void find_patches(struct tftp_asking *asking, const struct boot_file *file,
                         struct patches *patches, char text[CONSOLE_TEXT_SIZE])
{
    uint8_t head[BOOTBLOCK_HEAD];
    ssize_t length;

    text[0] = 0;
    if (asking->request.mode != TFTP_MODE_OCTET || !console_wanted(&asking->view))
        return;
    length = boot_file_read(file, 0, head, sizeof(head));
    if (length > 0)
        console_patches(patches, &asking->view, slice_of(head, (size_t)length), text);
}

static bool serve_request(struct tftp_asking *asking)
{
    struct tftp_opening opening = {.datagram = asking->datagram, .request = &asking->request};
    char path[TFTP_NAME_MAX], patched[CONSOLE_TEXT_SIZE];
    const char *why;

    if (!check_request(asking, path) || !open_file(asking, path, &opening.file))
        return false;
    find_patches(asking, &opening.file, &opening.patches, patched);
    opening.patched = patched;
    opening.who = asking->who;
    if (tftp_session_begin(asking->lane, &opening, &why)) {
        asking->who = (struct tftp_who){.host = NULL};
        return true;
    }
    boot_file_close(&opening.file);
    return refuse(asking, TFTP_ERROR_UNDEFINED, "%s", why);
}

/* Does it mean to be a request? What has another opcode of the protocol belongs to a transfer that
 * is gone, or answers us; what does not begin like TFTP at all is another protocol's. To answer
 * either could go round in circles, and so could an answer to port 0. */
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
    struct tftp_asking asking = {.lane = lane, .datagram = datagram};
    struct tftp_session *session = tftp_session_find(lane, datagram->peer);

    if (!asks(datagram))
        return;
    asking.whole = tftp_decode(&asking.request, datagram->bytes);
    if (session && (!asking.whole || tftp_session_repeats(session, datagram->bytes)))
        return;
    if (session)
        tftp_session_replace(session);
    asking.snapshot = server_snapshot(lane->server);
    find_who(&asking);
    if (!serve_request(&asking)) {
        tftp_send_error(lane->listener, datagram->peer, datagram->local_address, asking.error,
                        asking.text);
        tftp_journal(lane, &asking.who, datagram->peer.address, asking.text, 0, true);
    }
    tftp_who_release(&asking.who);
    told_free(asking.told);
    snapshot_free(asking.snapshot);
}

/* Said when the configuration comes into force, for the person who wrote it; the clients are told
 * one by one. */
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
        udp_close(lane->listener);
        udp_buffers_free(lane->buffers);
        map_release(&lane->sessions);
        map_release(&lane->clients);
        free(lane->scratch);
    }
    free(service->lanes);
    free(service);
}

/* False with errno where the port cannot be opened. */
static bool open_lane(struct tftp_lane *lane, struct server *server, struct loop *loop)
{
    struct udp_options options = {.local.port = TFTP_PORT, .reuse_port = true};

    lane->server = server;
    lane->loop = loop;
    lane->buffers = udp_buffers_new(TFTP_BATCH, TFTP_REQUEST_MAX);
    lane->scratch = memory_zeroed(1, TFTP_SCRATCH);
    options.buffers = lane->buffers;
    lane->listener = udp_open(loop, &options, received, lane);
    return lane->listener != NULL;
}

static void *start(struct server *server, char *error, size_t error_size)
{
    struct tftp_service *service = memory_zeroed(1, sizeof(*service));
    bool wanted = server->snapshot->has_tftp_root;

    service->server = server;
    service->lanes = memory_zeroed(server->data_loop_count, sizeof(*service->lanes));
    for (size_t i = 0; i < server->data_loop_count; i++) {
        char holder[256];
        int reason;

        service->lane_count = i + 1;
        if (open_lane(&service->lanes[i], server, server->data_loops[i]))
            continue;
        reason = errno;
        port_holder_text("udp", TFTP_PORT, holder, sizeof(holder));
        snprintf(error, error_size, "udp port %d cannot be opened: %s%s%s", TFTP_PORT,
                 strerror(reason), reason == EADDRINUSE ? "; " : "",
                 reason == EADDRINUSE ? holder
                 : reason == EACCES   ? "; run as root, or with CAP_NET_BIND_SERVICE"
                                      : "");
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
