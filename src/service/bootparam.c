/* Sun bootparam: a machine that RARP told its address asks for its name and its files. */
#include "service/rpc_service.h"

#include "base/text.h"
#include "decide/recall.h"
#include "decide/sun.h"
#include "service/server.h"
#include "wire/bootparam.h"

#include <stdio.h>

enum { BOOTPARAM_TEXT_SIZE = 320 };

/* Most of these calls are broadcast, to every server there is: one that knows nothing of the
 * machine stays silent, so that another one's answer is heard. */
static int bootparam_whoami(struct rpc_exchange *exchange)
{
    uint32_t address = bootparam_read_whoami(&exchange->arguments);
    const struct snapshot *snapshot = exchange->client->snapshot;
    char text[IPV4_TEXT_SIZE], asked[BOOTPARAM_TEXT_SIZE], got[BOOTPARAM_TEXT_SIZE];
    struct bootparam_who who;
    const struct host *host;
    struct recalled *recalled;
    struct machine machine;
    bool known;

    if (exchange->arguments.failed)
        return RPC_GARBAGE_ARGS;
    host = machines_host(exchange->server->machines, snapshot, address, &machine, NULL);
    recalled = recall_new(snapshot, host, &machine.hardware, address);
    known = decide_whoami(host, &recalled->view, &who);
    if (known) {
        bootparam_write_who(&exchange->reply, &who);
        text_printable(got, sizeof(got), who.client);
    }
    recall_free(recalled);
    if (!known)
        return RPC_SILENT;
    snprintf(asked, sizeof(asked), "WHOAMI %s", ipv4_text(text, address));
    rpc_step(exchange,
             (struct boot_step){
                 .service = "bootparam", .event = STEP_BOOTPARAM, .asked = asked, .got = got});
    return RPC_SUCCESS;
}

static int bootparam_getfile(struct rpc_exchange *exchange)
{
    const struct snapshot *snapshot = exchange->client->snapshot;
    char text[SUN_TEXT_SIZE], file[4 * BOOTPARAM_FILE_MAX + 1];
    char asked[BOOTPARAM_TEXT_SIZE], got[SUN_TEXT_SIZE + 32], address[IPV4_TEXT_SIZE];
    char path[SUN_TEXT_SIZE];
    struct bootparam_getfile wanted;
    struct bootparam_file result;
    const struct subnet *subnet;
    struct recalled *recalled;
    const struct host *host;

    bootparam_read_getfile(&exchange->arguments, &wanted);
    if (exchange->arguments.failed)
        return RPC_GARBAGE_ARGS;
    host = sun_host_by_name(snapshot, exchange->client->host, wanted.client);
    if (!host)
        return RPC_SILENT;
    subnet = snapshot_subnet_of(snapshot, exchange->peer.address);
    recalled = recall_new(snapshot, host,
                          host == exchange->client->host ? &exchange->client->machine.hardware
                                                         : &host->hardware,
                          exchange->peer.address);
    decide_getfile(snapshot, &recalled->view, wanted.file, exchange->local_address,
                   subnet ? subnet->netmask : 0, text, &result);
    bootparam_write_file(&exchange->reply, &result);
    snprintf(asked, sizeof(asked), "GETFILE %s of %s",
             text_printable(file, sizeof(file), wanted.file), host->name);
    if (result.path.length > 0)
        snprintf(got, sizeof(got), "%s:%s",
                 result.server.length > 0 ? ipv4_text(address, result.address) : "",
                 text_printable(path, sizeof(path), result.path));
    else
        snprintf(got, sizeof(got), "there is none");
    recall_free(recalled);
    rpc_step(exchange,
             (struct boot_step){
                 .service = "bootparam", .event = STEP_BOOTPARAM, .asked = asked, .got = got});
    return RPC_SUCCESS;
}

static const struct rpc_procedure bootparam_procedures[] = {
    {"NULL", rpc_null, RPC_RUNS_AGAIN},
    [BOOTPARAM_WHOAMI] = {"WHOAMI", bootparam_whoami, RPC_RUNS_AGAIN},
    [BOOTPARAM_GETFILE] = {"GETFILE", bootparam_getfile, RPC_RUNS_AGAIN},
};

const struct rpc_program bootparam1_program = {
    BOOTPARAM_PROGRAM,
    BOOTPARAM_VERSION,
    "bootparam",
    bootparam_procedures,
    sizeof(bootparam_procedures) / sizeof(bootparam_procedures[0]),
    false,
};
