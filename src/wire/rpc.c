#include "wire/rpc.h"

#include "wire/xdr.h"

/* reply_stat and reject_stat (RFC 5531 section 9) */
enum { MSG_ACCEPTED = 0, MSG_DENIED = 1, REJECT_RPC_MISMATCH = 0, REJECT_AUTH_ERROR = 1 };

/* authsys_parms (RFC 5531 appendix A); `body` is the whole credential. */
static void rpc_read_auth_sys(struct reader *body, struct rpc_credentials *credentials)
{
    size_t count;

    reader_skip(body, 4); /* stamp: the caller's, means nothing here */
    credentials->machine = xdr_read_opaque(body, RPC_MACHINE_MAX);
    credentials->uid = reader_be32(body);
    credentials->gid = reader_be32(body);
    count = reader_be32(body);
    if (count > RPC_GIDS_MAX) {
        reader_fail(body);
        return;
    }
    for (size_t i = 0; i < count; i++)
        credentials->gids[i] = reader_be32(body);
    credentials->gid_count = count;
}

enum rpc_decoded rpc_read_call(struct reader *r, struct rpc_call *call)
{
    uint32_t type, rpc_version, flavor;
    struct reader body;

    *call = (struct rpc_call){.xid = reader_be32(r)};
    type = reader_be32(r);
    rpc_version = reader_be32(r);
    if (r->failed || type != RPC_CALL)
        return RPC_DECODED_NONSENSE;
    if (rpc_version != RPC_VERSION)
        return RPC_DECODED_MISMATCH;
    call->program = reader_be32(r);
    call->version = reader_be32(r);
    call->procedure = reader_be32(r);
    flavor = reader_be32(r);
    body = reader_of_slice(xdr_read_opaque(r, RPC_AUTH_BODY_MAX));
    reader_skip(r, 4); /* the verifier's flavor: neither AUTH_NONE nor AUTH_SYS verify anything */
    (void)xdr_read_opaque(r, RPC_AUTH_BODY_MAX);
    if (r->failed)
        return RPC_DECODED_NONSENSE;
    call->credentials.flavor = (enum rpc_flavor)flavor;
    if (flavor == RPC_AUTH_NONE)
        return RPC_DECODED_CALL;
    if (flavor != RPC_AUTH_SYS)
        return RPC_DECODED_BAD_AUTH;
    rpc_read_auth_sys(&body, &call->credentials);
    return body.failed ? RPC_DECODED_BAD_AUTH : RPC_DECODED_CALL;
}

void rpc_write_call(struct writer *w, const struct rpc_call *call)
{
    const struct rpc_credentials *credentials = &call->credentials;
    size_t length_at;

    writer_be32(w, call->xid);
    writer_be32(w, RPC_CALL);
    writer_be32(w, RPC_VERSION);
    writer_be32(w, call->program);
    writer_be32(w, call->version);
    writer_be32(w, call->procedure);
    writer_be32(w, credentials->flavor);
    length_at = w->length;
    writer_be32(w, 0);
    if (credentials->flavor == RPC_AUTH_SYS) {
        writer_be32(w, 0);
        xdr_write_opaque(w, credentials->machine);
        writer_be32(w, credentials->uid);
        writer_be32(w, credentials->gid);
        writer_be32(w, (uint32_t)credentials->gid_count);
        for (size_t i = 0; i < credentials->gid_count && i < RPC_GIDS_MAX; i++)
            writer_be32(w, credentials->gids[i]);
        if (!w->failed)
            writer_patch_be32(w, length_at, (uint32_t)(w->length - length_at - 4));
    }
    writer_be32(w, RPC_AUTH_NONE);
    writer_be32(w, 0);
}

static void rpc_write_reply(struct writer *w, uint32_t xid, uint32_t reply_status)
{
    writer_be32(w, xid);
    writer_be32(w, RPC_REPLY);
    writer_be32(w, reply_status);
}

void rpc_write_accepted(struct writer *w, uint32_t xid, enum rpc_status status)
{
    rpc_write_reply(w, xid, MSG_ACCEPTED);
    writer_be32(w, RPC_AUTH_NONE);
    writer_be32(w, 0);
    writer_be32(w, status);
}

void rpc_write_program_mismatch(struct writer *w, uint32_t xid, uint32_t low, uint32_t high)
{
    rpc_write_accepted(w, xid, RPC_PROG_MISMATCH);
    writer_be32(w, low);
    writer_be32(w, high);
}

void rpc_write_mismatch(struct writer *w, uint32_t xid)
{
    rpc_write_reply(w, xid, MSG_DENIED);
    writer_be32(w, REJECT_RPC_MISMATCH);
    writer_be32(w, RPC_VERSION);
    writer_be32(w, RPC_VERSION);
}

void rpc_write_auth_error(struct writer *w, uint32_t xid, enum rpc_auth_status status)
{
    rpc_write_reply(w, xid, MSG_DENIED);
    writer_be32(w, REJECT_AUTH_ERROR);
    writer_be32(w, status);
}
