/* One machine of the storm: what it says in each step, and what it must hear. */
#include "../bench/measure.h"
#include "base/cursor.h"
#include "storm.h"
#include "wire/mount.h"
#include "wire/nfs3.h"
#include "wire/portmap.h"
#include "wire/xdr.h"

#include <string.h>

enum {
    RESEND_MS = 1000, /* the first time; then twice as long */
    RESEND_MAX_MS = 8000,
    BOOTP_XID = 4,
    BOOTP_YIADDR = 16,
    BOOTP_CHADDR = 28,
    BOOTP_OPTIONS = 240,
    DHCP_OFFER = 2,
    DHCP_ACK = 5,
    NOT_FOUND = 2, /* NFS3ERR_NOENT */
};

static const struct step *step_of(const struct storm *storm, const struct machine *machine)
{
    return &storm->steps[machine->step];
}

static void wrong(const struct machine *machine, const char *what)
{
    measure_fail("machine %u, step %u: %s", machine->number, machine->step + 1, what);
}

/* ---------------------------------------------------------------------------------------- DHCP */

/* The value of an option, or NULL. */
static uint8_t *find_option(uint8_t *message, size_t length, uint8_t code, size_t size)
{
    size_t at = BOOTP_OPTIONS;

    while (at + 1 < length && message[at] != 255) {
        if (message[at] == 0) {
            at++;
            continue;
        }
        if (message[at] == code && message[at + 1] == size && at + 2 + size <= length)
            return message + at + 2;
        at += 2u + message[at + 1];
    }
    return NULL;
}

static void put_be32(uint8_t *to, uint32_t value)
{
    struct writer w = writer_of(to, 4);

    writer_be32(&w, value);
}

static uint32_t get_be32(const uint8_t *from)
{
    struct reader r = reader_of(from, 4);

    return reader_be32(&r);
}

/* The recorded message, with what is this machine's own in it. */
static void say_dhcp(struct storm *storm, struct machine *machine)
{
    const struct step *step = step_of(storm, machine);
    uint8_t message[STORM_DHCP_MAX], *option;
    size_t length = step->lengths[machine->requests];

    memcpy(message, step->messages[machine->requests], length);
    put_be32(message + BOOTP_XID, machine->xid);
    memcpy(message + BOOTP_CHADDR, machine->mac, sizeof(machine->mac));
    option = find_option(message, length, 50, 4);
    if (option)
        put_be32(option, machine->address);
    option = find_option(message, length, 54, 4);
    if (option)
        put_be32(option, machine->server);
    option = find_option(message, length, 61, 7);
    if (option)
        memcpy(option + 1, machine->mac, sizeof(machine->mac));
    option = find_option(message, length, 97, 17);
    if (option)
        memcpy(option + 1, machine->mac, sizeof(machine->mac));
    storm_send_dhcp(storm, machine, step->own_source, message, length);
}

static void end_step(struct storm *storm, struct machine *machine, uint64_t now)
{
    machine->spent[step_of(storm, machine)->kind] += now - machine->step_start;
    machine->step++;
    machine_begin(storm, machine, now);
}

void machine_take_dhcp(struct storm *storm, struct machine *machine, struct slice message,
                       uint64_t now)
{
    uint8_t bytes[1500];
    const uint8_t *type, *server;
    uint32_t address;

    if (!machine->runs || machine->step == storm->step_count ||
        step_of(storm, machine)->kind != STEP_DHCP || message.length < BOOTP_OPTIONS ||
        message.length > sizeof(bytes))
        return;
    memcpy(bytes, message.data, message.length);
    type = find_option(bytes, message.length, 53, 1);
    server = find_option(bytes, message.length, 54, 4);
    if (get_be32(bytes + BOOTP_XID) != machine->xid || !type || !server)
        return;
    address = get_be32(bytes + BOOTP_YIADDR);
    if (machine->address && machine->address != address)
        wrong(machine, "it got another address than before");
    if (!machine->requests && *type == DHCP_OFFER) {
        machine->requests = true;
        machine->address = address;
        machine->server = get_be32(server);
        machine->tries = 0;
        machine->said = now;
        say_dhcp(storm, machine);
    } else if (machine->requests && *type == DHCP_ACK) {
        struct machine **owner = &storm->by_address[address & 0xffff];

        if (*owner && *owner != machine)
            wrong(machine, "its address is another one's, too");
        *owner = machine;
        end_step(storm, machine, now);
    }
}

/* ----------------------------------------------------------------------------------------- RPC */

static void write_call(struct writer *w, const struct machine *machine, uint32_t program,
                       uint32_t version, uint32_t procedure)
{
    static const uint8_t root[20]; /* AUTH_SYS: no stamp, no name, user 0, group 0, no others */

    writer_be32(w, machine->xid);
    writer_be32(w, 0);
    writer_be32(w, 2);
    writer_be32(w, program);
    writer_be32(w, version);
    writer_be32(w, procedure);
    writer_be32(w, 1);
    writer_be32(w, sizeof(root));
    writer_bytes(w, root, sizeof(root));
    writer_zeros(w, 8);
}

static void write_nfs(struct writer *w, const struct machine *machine, const struct step *step)
{
    const struct storm_handle *handle = &machine->handles[step->handle];

    write_call(w, machine, NFS3_PROGRAM, 3, step->procedure);
    xdr_write_opaque(w, slice_of(handle->bytes, handle->length));
    switch (step->procedure) {
    case NFS3_LOOKUP:
        xdr_write_opaque(w, slice_of_string(step->name));
        break;
    case NFS3_ACCESS:
        writer_be32(w, step->count);
        break;
    case NFS3_READ:
        writer_be64(w, step->offset);
        writer_be32(w, step->count);
        break;
    case NFS3_READDIR:
        writer_zeros(w, 16); /* from the beginning: no cookie, no verifier */
        writer_be32(w, step->count);
        break;
    default:
        break;
    }
}

static void say_rpc(struct storm *storm, struct machine *machine)
{
    const struct step *step = step_of(storm, machine);
    uint8_t call[STORM_CALL_MAX];
    struct writer w = writer_of(call, sizeof(call));
    uint16_t port;

    switch (step->kind) {
    case STEP_PORT:
        port = 111;
        write_call(&w, machine, PORTMAP_PROGRAM, 2, PORTMAP_GETPORT);
        writer_be32(&w, step->program);
        writer_be32(&w, step->version);
        writer_be32(&w, IPPROTO_UDP);
        writer_be32(&w, 0);
        break;
    case STEP_MOUNT:
        port = machine->mount_port;
        write_call(&w, machine, MOUNT_PROGRAM, 3, MOUNT_MNT);
        xdr_write_opaque(&w, slice_of_string(step->name));
        break;
    default:
        port = machine->nfs_port;
        write_nfs(&w, machine, step);
        break;
    }
    if (w.failed)
        wrong(machine, "the call is too long");
    storm_send(storm, machine, storm->rpc, port, call, w.length);
}

static void read_handle(struct machine *machine, struct reader *r, struct storm_handle *handle)
{
    handle->length = reader_be32(r);
    if (handle->length > STORM_HANDLE_MAX)
        wrong(machine, "a handle is too long");
    reader_copy(r, handle->bytes, handle->length);
    reader_skip(r, (4 - handle->length % 4) % 4);
}

static void check_read(struct machine *machine, const struct step *step, struct reader *r)
{
    uint64_t left = step->offset < step->content.length ? step->content.length - step->offset : 0;
    uint32_t wanted = left < step->count ? (uint32_t)left : step->count, length;
    struct slice data;

    if (reader_be32(r))
        reader_skip(r, NFS3_FATTR_SIZE);
    reader_skip(r, 8);
    length = reader_be32(r);
    data = reader_bytes(r, length);
    if (r->failed || length != wanted ||
        !slice_equal(data, slice_of(step->content.data + step->offset, length)))
        wrong(machine, "READ brought other bytes than the file has");
}

static void take_nfs(struct machine *machine, const struct step *step, struct reader *r)
{
    uint32_t status = reader_be32(r);
    bool absent = step->procedure == NFS3_LOOKUP && step->result < 0;

    if (status != (absent ? NOT_FOUND : 0))
        wrong(machine, "an NFS call had another status than it should");
    if (step->procedure == NFS3_READ)
        check_read(machine, step, r);
    else if (step->procedure == NFS3_LOOKUP && !absent)
        read_handle(machine, r, &machine->handles[step->result]);
}

/* What an accepted and successful reply holds. */
static void take_results(struct machine *machine, const struct step *step, struct reader *r)
{
    uint32_t port;

    if (step->kind == STEP_PORT) {
        port = reader_be32(r);
        if (port == 0 || port > UINT16_MAX)
            wrong(machine, "a program is not registered");
        if (step->program == MOUNT_PROGRAM)
            machine->mount_port = (uint16_t)port;
        else
            machine->nfs_port = (uint16_t)port;
    } else if (step->kind == STEP_MOUNT) {
        if (reader_be32(r))
            wrong(machine, "the mount was refused");
        read_handle(machine, r, &machine->handles[0]);
    } else {
        take_nfs(machine, step, r);
    }
    if (r->failed)
        wrong(machine, "a reply is cut off");
}

void machine_take_rpc(struct storm *storm, struct machine *machine, struct slice reply,
                      uint64_t now)
{
    struct reader r = reader_of_slice(reply);
    uint32_t xid = reader_be32(&r), type = reader_be32(&r), denied = reader_be32(&r);

    if (!machine->runs || machine->step == storm->step_count ||
        step_of(storm, machine)->kind < STEP_PORT || xid != machine->xid || type != 1)
        return;
    reader_skip(&r, 8); /* the verifier: none */
    if (denied || reader_be32(&r) || r.failed)
        wrong(machine, "a call was refused");
    take_results(machine, step_of(storm, machine), &r);
    end_step(storm, machine, now);
}

/* ---------------------------------------------------------------------------------------- TFTP */

static void say_tftp(struct storm *storm, struct machine *machine, const uint8_t *says,
                     size_t length)
{
    if (length > 0)
        storm_send(storm, machine, storm->tftp, machine->tftp.to_port, says, length);
}

void machine_take_tftp(struct storm *storm, struct machine *machine, struct slice packet,
                       uint16_t port, uint64_t now)
{
    const struct step *step = step_of(storm, machine);
    uint8_t says[TFTP_CLIENT_SAYS];
    size_t length;

    if (!machine->runs || machine->step == storm->step_count || step->kind != STEP_TFTP)
        return;
    length = tftp_client_receive(&machine->tftp, &step->wish, packet, port, now, says);
    if (machine->tftp.wrong)
        wrong(machine, machine->tftp.wrong);
    say_tftp(storm, machine, says, length);
    if (machine->tftp.state == TFTP_CLIENT_DONE) {
        storm->resent += machine->tftp.resent;
        end_step(storm, machine, now);
    }
}

/* --------------------------------------------------------------------------------------- steps */

void machine_begin(struct storm *storm, struct machine *machine, uint64_t now)
{
    uint8_t says[TFTP_CLIENT_SAYS];

    machine->runs = true;
    machine->step_start = machine->said = now;
    machine->tries = 0;
    machine->requests = false;
    machine->xid = (machine->number + 1) << 16 | (machine->step + 1);
    if (machine->step == storm->step_count) {
        machine->runs = false;
        storm->finished++;
        return;
    }
    switch (step_of(storm, machine)->kind) {
    case STEP_DHCP:
        say_dhcp(storm, machine);
        break;
    case STEP_TFTP:
        say_tftp(storm, machine, says,
                 tftp_client_begin(&machine->tftp, &step_of(storm, machine)->wish, now, says));
        break;
    default:
        say_rpc(storm, machine);
        break;
    }
}

void machine_tick(struct storm *storm, struct machine *machine, uint64_t now)
{
    uint8_t says[TFTP_CLIENT_SAYS];
    const struct step *step = step_of(storm, machine);
    uint64_t wait = (uint64_t)RESEND_MS << (machine->tries < 3 ? machine->tries : 3);

    if (!machine->runs)
        return;
    if (step->kind == STEP_TFTP) {
        say_tftp(storm, machine, says, tftp_client_tick(&machine->tftp, &step->wish, now, says));
        return;
    }
    if (now - machine->said < (wait < RESEND_MAX_MS ? wait : RESEND_MAX_MS) * 1000000)
        return;
    machine->said = now;
    machine->tries++;
    storm->resent++;
    if (step->kind == STEP_DHCP)
        say_dhcp(storm, machine);
    else
        say_rpc(storm, machine);
}
