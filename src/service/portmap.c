/* The portmapper: it knows the programs of this server, and takes no others. */
#include "service/rpc_service.h"

#include "base/log.h"
#include "wire/bootparam.h"
#include "wire/portmap.h"
#include "wire/xdr.h"

#include <stdio.h>
#include <string.h>

static const char *const netids[] = {"udp", "tcp"};
static const uint32_t protocols[] = {PORTMAP_UDP, PORTMAP_TCP};
enum { PROTOCOL_COUNT = 2 };

/* Where a program is served: its port, or 0. A version that is not served gets the port of another:
 * the program itself then says which versions it has. */
static uint16_t portmap_find(uint32_t program, uint32_t version, bool exact)
{
    uint16_t port = 0;

    for (size_t i = 0; i < rpc_port_count; i++) {
        for (size_t j = 0; j < RPC_PORT_PROGRAMS_MAX && rpc_ports[i].programs[j]; j++) {
            const struct rpc_program *served = rpc_ports[i].programs[j];

            if (served->program != program)
                continue;
            if (served->version == version)
                return rpc_ports[i].port;
            if (!exact)
                port = rpc_ports[i].port;
        }
    }
    return port;
}

/* SET and UNSET: nobody registers anything here. */
static int portmap_refuse(struct rpc_exchange *exchange)
{
    xdr_write_bool(&exchange->reply, false);
    return RPC_SUCCESS;
}

static void portmap_log(const struct rpc_exchange *exchange, uint32_t program, uint32_t version,
                        uint16_t port)
{
    char text[IPV4_TEXT_SIZE], asked[64], got[32];

    log_debug("%s portmap: program %u version %u -> port %u",
              ipv4_text(text, exchange->peer.address), program, version, port);
    /* Only machines that may mount boot from here. */
    if (!exchange->client->account)
        return;
    snprintf(asked, sizeof(asked), "GETPORT program %u version %u", program, version);
    snprintf(got, sizeof(got), port ? "port %u" : "it is not here", port);
    rpc_step(exchange, (struct boot_step){.service = "portmap",
                                          .event = port ? STEP_PORTMAP : STEP_PORTMAP_MISSING,
                                          .asked = asked,
                                          .got = got,
                                          .subject = asked + strlen("GETPORT "),
                                          .refused = !port,
                                          .quiet = true});
}

static int portmap_getport(struct rpc_exchange *exchange)
{
    struct portmap_mapping asked;
    uint16_t port = 0;

    portmap_read_mapping(&exchange->arguments, &asked);
    if (exchange->arguments.failed)
        return RPC_GARBAGE_ARGS;
    if (asked.protocol == PORTMAP_UDP || asked.protocol == PORTMAP_TCP)
        port = portmap_find(asked.program, asked.version, false);
    exchange->refused = !port;
    portmap_log(exchange, asked.program, asked.version, port);
    writer_be32(&exchange->reply, port);
    return RPC_SUCCESS;
}

/* Calls back with every program, version and protocol that is served. */
static void portmap_each(struct writer *w,
                         void (*write)(struct writer *w, const struct rpc_program *program,
                                       uint16_t port, size_t protocol))
{
    for (size_t i = 0; i < rpc_port_count; i++) {
        for (size_t j = 0; j < RPC_PORT_PROGRAMS_MAX && rpc_ports[i].programs[j]; j++) {
            for (size_t protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
                xdr_write_bool(w, true);
                write(w, rpc_ports[i].programs[j], rpc_ports[i].port, protocol);
            }
        }
    }
    xdr_write_bool(w, false);
}

static void portmap_write_one(struct writer *w, const struct rpc_program *program, uint16_t port,
                              size_t protocol)
{
    struct portmap_mapping mapping = {program->program, program->version, protocols[protocol],
                                      port};

    portmap_write_mapping(w, &mapping);
}

static int portmap_dump(struct rpc_exchange *exchange)
{
    portmap_each(&exchange->reply, portmap_write_one);
    return RPC_SUCCESS;
}

static const struct rpc_program *portmap_program(uint32_t program, uint32_t version)
{
    for (size_t i = 0; i < rpc_port_count; i++) {
        for (size_t j = 0; j < RPC_PORT_PROGRAMS_MAX && rpc_ports[i].programs[j]; j++) {
            const struct rpc_program *served = rpc_ports[i].programs[j];

            if (served->program == program && served->version == version)
                return served;
        }
    }
    return NULL;
}

/* Has the procedure answer in the place of the opaque that CALLIT returns. */
static int portmap_pass_on(struct rpc_exchange *exchange, const struct rpc_program *program,
                           const struct portmap_indirect *call)
{
    struct writer *w = &exchange->reply;
    rpc_handler *handler = NULL;
    size_t length_at;

    if (call->procedure < program->procedure_count)
        handler = program->procedures[call->procedure].handler;
    if (!handler)
        return RPC_SILENT;
    length_at = w->length;
    writer_be32(w, 0);
    exchange->arguments = reader_of_slice(call->arguments);
    if (handler(exchange) != RPC_SUCCESS || exchange->arguments.failed || w->failed)
        return RPC_SILENT;
    /* Results in XDR are whole units: nothing is left to pad. */
    writer_patch_be32(w, length_at, (uint32_t)(w->length - length_at - 4));
    return RPC_SUCCESS;
}

/* A call to be passed on, often broadcast to find a server. "Are you there?" (procedure 0) of every
 * program that is served is answered, and all of bootparam, which Sun's machines call in no other
 * way; silence is the answer to everything else (RFC 1833 section 3.1), so that nobody calls
 * through us under our name. */
static int portmap_callit(struct rpc_exchange *exchange)
{
    const struct rpc_program *program;
    struct portmap_indirect call;

    portmap_read_indirect(&exchange->arguments, &call);
    if (exchange->arguments.failed)
        return RPC_SILENT;
    program = portmap_program(call.program, call.version);
    if (!program || (call.procedure != 0 && call.program != BOOTPARAM_PROGRAM))
        return RPC_SILENT;
    writer_be32(&exchange->reply, portmap_find(call.program, call.version, true));
    if (call.procedure != 0)
        return portmap_pass_on(exchange, program, &call);
    xdr_write_opaque(&exchange->reply, (struct slice){NULL, 0});
    return RPC_SUCCESS;
}

static bool rpcbind_is_served(struct slice netid)
{
    for (size_t i = 0; i < PROTOCOL_COUNT; i++) {
        if (slice_equal_string(netid, netids[i]))
            return true;
    }
    /* An empty one means the transport of the call itself, which is one of those. */
    return netid.length == 0;
}

static int rpcbind_answer(struct rpc_exchange *exchange, bool exact)
{
    char address[UNIVERSAL_ADDRESS_SIZE] = "";
    struct rpcbind_entry asked;
    uint16_t port = 0;

    rpcbind_read_entry(&exchange->arguments, &asked);
    if (exchange->arguments.failed)
        return RPC_GARBAGE_ARGS;
    if (rpcbind_is_served(asked.netid))
        port = portmap_find(asked.program, asked.version, exact);
    if (port)
        universal_address(address, exchange->local_address, port);
    exchange->refused = !port;
    portmap_log(exchange, asked.program, asked.version, port);
    xdr_write_string(&exchange->reply, address);
    return RPC_SUCCESS;
}

static int rpcbind_getaddr(struct rpc_exchange *exchange)
{
    return rpcbind_answer(exchange, false);
}

static int rpcbind_getversaddr(struct rpc_exchange *exchange)
{
    return rpcbind_answer(exchange, true);
}

static void rpcbind_write_one(struct writer *w, const struct rpc_program *program, uint16_t port,
                              size_t protocol)
{
    char address[UNIVERSAL_ADDRESS_SIZE];
    struct rpcbind_entry entry = {
        program->program, program->version, slice_of_string(netids[protocol]),
        slice_of_string(universal_address(address, 0, port)), slice_of_string("superuser")};

    rpcbind_write_entry(w, &entry);
}

static int rpcbind_dump(struct rpc_exchange *exchange)
{
    portmap_each(&exchange->reply, rpcbind_write_one);
    return RPC_SUCCESS;
}

static const struct rpc_procedure portmap_procedures[] = {
    [PORTMAP_NULL] = {"NULL", rpc_null, RPC_RUNS_AGAIN},
    [PORTMAP_SET] = {"SET", portmap_refuse, RPC_RUNS_AGAIN},
    [PORTMAP_UNSET] = {"UNSET", portmap_refuse, RPC_RUNS_AGAIN},
    [PORTMAP_GETPORT] = {"GETPORT", portmap_getport, RPC_RUNS_AGAIN},
    [PORTMAP_DUMP] = {"DUMP", portmap_dump, RPC_RUNS_AGAIN},
    [PORTMAP_CALLIT] = {"CALLIT", portmap_callit, RPC_RUNS_AGAIN},
};

static const struct rpc_procedure rpcbind_procedures[] = {
    [PORTMAP_NULL] = {"NULL", rpc_null, RPC_RUNS_AGAIN},
    [RPCBIND_GETADDR] = {"GETADDR", rpcbind_getaddr, RPC_RUNS_AGAIN},
    [PORTMAP_DUMP] = {"DUMP", rpcbind_dump, RPC_RUNS_AGAIN},
    [RPCBIND_GETVERSADDR] = {"GETVERSADDR", rpcbind_getversaddr, RPC_RUNS_AGAIN},
};

const struct rpc_program portmap2_program = {
    PORTMAP_PROGRAM,
    2,
    "portmap",
    portmap_procedures,
    sizeof(portmap_procedures) / sizeof(portmap_procedures[0]),
    false,
};
/* GETVERSADDR came with version 4 only. */
const struct rpc_program rpcbind3_program = {
    PORTMAP_PROGRAM, 3, "rpcbind", rpcbind_procedures, PORTMAP_DUMP + 1, false,
};
const struct rpc_program rpcbind4_program = {
    PORTMAP_PROGRAM,
    4,
    "rpcbind",
    rpcbind_procedures,
    sizeof(rpcbind_procedures) / sizeof(rpcbind_procedures[0]),
    false,
};
