/* Which of its client's exports a call is about, and as whom. */
#include "service/rpc.h"

#include "service/rpc_lane.h"
#include "store/handles.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

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

void rpc_exports_unsee(struct rpc_lane *lane)
{
    while (lane->seen_count > 0)
        handle_export_free(lane->seen[--lane->seen_count]);
}

/* The export of that path, with a reference. That its directory stands there still is asked once
 * for all calls that had been received by then: none of them was made later. */
static struct handle_export *rpc_export_see(struct rpc_lane *lane, const char *path)
{
    struct handle_export *export;

    for (size_t i = 0; i < lane->seen_count; i++) {
        if (strcmp(handle_export_path(lane->seen[i]), path) == 0)
            return handle_export_hold(lane->seen[i]);
    }
    export = handle_export_get(lane->service->handles, path);
    if (export && lane->seen_count < RPC_LANE_EXPORTS_SEEN)
        lane->seen[lane->seen_count++] = handle_export_hold(export);
    return export;
}

int rpc_open_export(struct rpc_exchange *exchange, struct slice handle, bool in_lane)
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
        in_lane ? rpc_export_see(((struct rpc_slot *)exchange)->socket->lane, export->directory)
                : handle_export_get(exchange->handles, export->directory);
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
