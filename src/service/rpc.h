/* ONC RPC as a service: the one interface between what carries calls (UDP, TCP) and what answers
 * them (portmap, mount, NFS). */
#ifndef BOOTWIRE_SERVICE_RPC_H
#define BOOTWIRE_SERVICE_RPC_H

#include "base/cursor.h"
#include "base/region.h"
#include "decide/export.h"
#include "model/export.h"
#include "net/udp.h"
#include "service/machines.h"
#include "wire/rpc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct handle_export;
struct handle_store;
struct loop;
struct rpc_account;
struct rpc_service;
struct server;

enum rpc_transport { RPC_UDP, RPC_TCP };

enum {
    RPC_PORTMAP_PORT = 111,
    RPC_MOUNT_PORT = 20048,
    RPC_NFS_PORT = 2049,
    RPC_BOOTPARAM_PORT = 20026,
    RPC_REPLY_MAX = 65536,       /* bytes a reply's writer takes, header included */
    RPC_PAYLOAD_MAX = 1048576,   /* bytes of payload over TCP */
    RPC_UDP_PAYLOAD_MAX = 65000, /* bytes of payload over UDP: header and payload in a datagram */
    RPC_RECORD_MAX = 1048576 + 8192, /* bytes of a call over TCP: an NFS WRITE of 1 MiB fits */
};

/* What is known of the machine that calls. Good for the exchange (each thread keeps it as long as
 * neither the configuration nor the holder of the address changes). */
struct rpc_client {
    uint32_t address;
    struct snapshot *snapshot;   /* the configuration that applies */
    const struct host *host;     /* its declaration, or NULL */
    struct machine machine;      /* zeroed where only the address is known */
    bool known;                  /* a declaration or a lease names it */
    struct scope_view view;      /* what applies to it unconditionally */
    enum export_verdict verdict; /* EXPORT_GRANTED: `exports` holds some (decide/export.h) */
    struct exports exports;
    struct position bad_root_path; /* for EXPORT_BAD_ROOT_PATH */
    struct rpc_account *account;   /* what it read and wrote; may be NULL */
};

/* One call and the reply in the making. It belongs to one loop's thread. */
struct rpc_exchange {
    struct server *server;
    struct rpc_service *service; /* what portmap and mount share (rpc_service.h) */
    struct handle_store *handles;
    struct loop *loop; /* the loop that carries this exchange */
    enum rpc_transport transport;
    bool interrupted; /* an earlier process was killed over this call, and may have done it */
    struct endpoint peer;
    uint32_t local_address; /* ours, that the call came to */
    struct rpc_call call;
    const struct rpc_client *client;
    /* The export that the call is about: rpc_open_export(). NULL until then. */
    struct handle_export *export;
    const struct export_rights *rights; /* the client's in it; NULL as long as that is */
    struct reader arguments;            /* good until the handler returns, unless kept */
    bool kept;                          /* rpc_keep_arguments() was called */
    bool refused;                       /* the answer says no: for the metrics */
    struct writer reply;                /* stands after the header of a successful reply */
    struct region *region;              /* taken back when the reply has left */
    /* Bytes that follow what `reply` holds, not copied: rpc_set_payload(). */
    struct slice payload;
    /* Where the payload is a piece of a file, its `data` is NULL: rpc_set_payload_file(). */
    int payload_descriptor;
    uint64_t payload_offset;
    void (*payload_release)(void *owner);
    void *payload_owner;
};

/* What a handler returns beside enum rpc_status: the reply comes later, by rpc_complete(). */
enum { RPC_LATER = -1, RPC_SILENT = -2 /* there shall be no reply at all */ };

/* Reads the arguments, writes the results. Returns an enum rpc_status, RPC_LATER or RPC_SILENT; for
 * all but RPC_SUCCESS what it wrote is thrown away. A reader that failed after RPC_SUCCESS is
 * answered GARBAGE_ARGS, a writer that failed SYSTEM_ERR: no need to check for those twice, but
 * check the reader before anything is changed on disk. */
typedef int rpc_handler(struct rpc_exchange *exchange);

/* What a call does that the client sends twice, for it heard no answer. */
enum rpc_repetition {
    RPC_RUNS_AGAIN,     /* no harm is done */
    RPC_RUNS_ONCE,      /* the repetition gets the first one's reply again */
    RPC_RUNS_ONCE_EVER, /* even if this process ended meanwhile (store/call_log.h): a second CREATE,
                           REMOVE, RENAME ... would fail */
};

struct rpc_procedure {
    const char *name; /* "GETATTR"; NULL: there is no such procedure */
    rpc_handler *handler;
    enum rpc_repetition repetition;
};

/* One version of one program; procedure numbers are the indices. */
struct rpc_program {
    uint32_t program, version;
    const char *name; /* "nfs" */
    const struct rpc_procedure *procedures;
    size_t procedure_count;
    bool wants_export; /* answer AUTH_ERROR (too weak) to who is not known; count the others' calls.
                          Procedure 0 is for everybody. */
};

extern const struct rpc_program portmap2_program, rpcbind3_program, rpcbind4_program;
extern const struct rpc_program mount1_program, mount2_program, mount3_program;
extern const struct rpc_program bootparam1_program;
extern const struct rpc_program nfs2_program, nfs3_program;

/* `bytes` become the end of the reply, padding is added; release(owner) is called once they have
 * left or are not needed any more, in the loop's thread. `release` may be NULL (bytes in the
 * exchange's region). At most one payload per reply. */
void rpc_set_payload(struct rpc_exchange *exchange, struct slice bytes,
                     void (*release)(void *owner), void *owner);

/* The same with bytes of a file, sent without passing through memory of ours (net/record_stream.h
 * says what becomes of one that is cut shorter meanwhile). Over TCP only. The descriptor stays open
 * until release(owner). */
void rpc_set_payload_file(struct rpc_exchange *exchange, int descriptor, uint64_t offset,
                          size_t length, void (*release)(void *owner), void *owner);

/* Lets what is left of the arguments outlive the packet it came in. False where the region has no
 * room for it, which a new exchange's always has. */
bool rpc_keep_arguments(struct rpc_exchange *exchange);

/* Ends an exchange whose handler returned RPC_LATER: `status` as from a handler. In the loop's
 * thread only (loop_call()). The exchange is gone afterwards. */
void rpc_complete(struct rpc_exchange *exchange, int status);

/* Opens the one of the client's exports that the file handle belongs to, as the call's, and fills
 * in the client's rights there: whoever opens a file for a call asks here first, so that they hold
 * for every call. Of a handle that belongs to none it is the first. Once it is open it stays.
 * Returns 0; ESTALE where the client has no export; EXDEV where the call's export is open, and the
 * handle is of another one of the client's; or the errno of the directory that cannot be opened.
 * `in_lane`: this is the thread of the exchange's loop, where calls that were received together
 * share one look at what stands at the export's path. */
int rpc_open_export(struct rpc_exchange *exchange, struct slice handle, bool in_lane);

/* Is the caller who it says? AUTH_SYS is a claim that nothing proves: on a port below 1024 it is at
 * least the client's kernel or its loader that makes it; on another any of its users may, and each
 * may claim to be root. nfs-reserved-ports off believes it from any port. */
bool rpc_believes(const struct rpc_exchange *exchange);

/* Adds file data to what the machine read and wrote, for the log and the timeline. */
void rpc_count(struct rpc_exchange *exchange, uint64_t bytes_read, uint64_t bytes_written);

/* Procedure 0 of every program: no arguments, no results. */
rpc_handler rpc_null;

/* One step of the client's boot: the machine, its name, address and stage are filled in here. */
void rpc_step(const struct rpc_exchange *exchange, struct boot_step step);

#endif
