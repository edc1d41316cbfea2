/* ONC RPC version 2 (RFC 5531): calls in, replies out. */
#ifndef BOOTWIRE_WIRE_RPC_H
#define BOOTWIRE_WIRE_RPC_H

#include "base/cursor.h"

#include <stddef.h>
#include <stdint.h>

enum {
    RPC_VERSION = 2,
    RPC_GIDS_MAX = 16,      /* AUTH_SYS, RFC 5531 appendix A */
    RPC_MACHINE_MAX = 255,  /* bytes of AUTH_SYS's machine name */
    RPC_AUTH_BODY_MAX = 400 /* bytes of any credential or verifier (section 8.2) */
};

enum rpc_message_type { RPC_CALL = 0, RPC_REPLY = 1 };

enum rpc_flavor { RPC_AUTH_NONE = 0, RPC_AUTH_SYS = 1, RPC_AUTH_SHORT = 2 };

/* How an accepted call ended (section 9, accept_stat). */
enum rpc_status {
    RPC_SUCCESS = 0,
    RPC_PROG_UNAVAIL = 1,
    RPC_PROG_MISMATCH = 2,
    RPC_PROC_UNAVAIL = 3,
    RPC_GARBAGE_ARGS = 4,
    RPC_SYSTEM_ERR = 5,
};

/* Why a call was denied for its credentials (section 9, auth_stat). */
enum rpc_auth_status {
    RPC_AUTH_BADCRED = 1,
    RPC_AUTH_REJECTEDCRED = 2,
    RPC_AUTH_BADVERF = 3,
    RPC_AUTH_REJECTEDVERF = 4,
    RPC_AUTH_TOOWEAK = 5,
};

/* Who calls, by its own account. AUTH_NONE leaves everything but the flavor 0. */
struct rpc_credentials {
    enum rpc_flavor flavor;
    uint32_t uid, gid;
    uint32_t gids[RPC_GIDS_MAX];
    size_t gid_count;
    struct slice machine; /* a view into the packet; anybody may have written anything there */
};

struct rpc_call {
    uint32_t xid;
    uint32_t program, version, procedure;
    struct rpc_credentials credentials;
};

enum rpc_decoded {
    RPC_DECODED_CALL,     /* *call is complete, the reader stands at the arguments */
    RPC_DECODED_NONSENSE, /* no call, or cut short: no reply can be made */
    RPC_DECODED_MISMATCH, /* another version of RPC; call->xid is good: rpc_write_mismatch() */
    RPC_DECODED_BAD_AUTH, /* credentials that this does not read; call->xid is good:
                             rpc_write_auth_error() */
};

/* Reads a call's header (section 9). */
enum rpc_decoded rpc_read_call(struct reader *r, struct rpc_call *call);
/* Writes a call's header with AUTH_SYS or AUTH_NONE and an empty verifier: for tests and tools. */
void rpc_write_call(struct writer *w, const struct rpc_call *call);

/* The header of an accepted reply with an empty verifier. After RPC_SUCCESS come the results. Not
 * for RPC_PROG_MISMATCH, which says more: */
void rpc_write_accepted(struct writer *w, uint32_t xid, enum rpc_status status);
/* The program is served, in versions `low` to `high` only. */
void rpc_write_program_mismatch(struct writer *w, uint32_t xid, uint32_t low, uint32_t high);
/* Denied: only RPC version 2 is spoken. */
void rpc_write_mismatch(struct writer *w, uint32_t xid);
/* Denied: the credentials. */
void rpc_write_auth_error(struct writer *w, uint32_t xid, enum rpc_auth_status status);

#endif
