/* Which of its client's exports a call is about, and as whom. */
#include "service/rpc.h"

#include "store/handles.h"

#include <errno.h>
#include <netinet/in.h>

/* Between two looks at what stands at an export's path: for each call it would take a tenth of a
 * small one's time. */
enum { RPC_EXPORT_LOOK_MS = 50 };

/* The one of the client's exports that the handle belongs to; NULL: none. */
static const struct export *rpc_export_of(const struct rpc_exchange *exchange, struct slice handle)
{
    const struct exports *exports = &exchange->client->exports;

    for (size_t i = 0; i < exports->count; i++) {
        if (handle_belongs(exchange->handles, exports->list[i].directory, handle.data,
                           handle.length))
            return &exports->list[i];
    }
    return NULL;
}

/* Whether the handle, a call's second one, is of another export than the first. */
static bool rpc_crosses_exports(const struct rpc_exchange *exchange, struct slice handle)
{
    const struct export *export =
        exchange->client->exports.count > 1 ? rpc_export_of(exchange, handle) : NULL;

    return export && &export->rights != exchange->rights;
}

int rpc_open_export(struct rpc_exchange *exchange, struct slice handle)
{
    const struct exports *exports = &exchange->client->exports;
    const struct export *export = NULL;

    if (exchange->export)
        return rpc_crosses_exports(exchange, handle) ? EXDEV : 0;
    if (exports->count == 0)
        return ESTALE;
    /* Where there is no choice the handle is looked at when it is opened. */
    if (exports->count > 1)
        export = rpc_export_of(exchange, handle);
    if (!export)
        export = &exports->list[0];
    exchange->export =
        handle_export_get_within(exchange->handles, export->directory, RPC_EXPORT_LOOK_MS);
    if (!exchange->export)
        return errno;
    exchange->rights = &export->rights;
    return 0;
}

bool rpc_believes(const struct rpc_exchange *exchange)
{
    return exchange->peer.port < IPPORT_RESERVED ||
           !scope_view_flag(&exchange->client->view, PARAMETER_NFS_RESERVED_PORTS, true);
}
