/* Pages of a file that are not in memory: a worker has the disk asked for them while the lane goes
 * on serving its other connections, for sendfile(2) cannot be told not to wait. */
#include "service/http_connection.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/workers.h"
#include "platform/linux/page_cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The connection may go before the disk answers: the descriptor is the fetch's own. */
struct http_fetch {
    LIST_ENTRY(http_fetch) entry;       /* of lane->fetches */
    struct http_connection *connection; /* NULL: it has gone */
    int descriptor;
    uint64_t offset;
    size_t length;
};

static void fetch_free(struct http_fetch *fetch)
{
    LIST_REMOVE(fetch, entry);
    close(fetch->descriptor);
    free(fetch);
}

/* In a worker's thread. What cannot be read is left to sendfile(2), which tells why. */
static void fetch_work(void *argument)
{
    struct http_fetch *fetch = argument;
    size_t count;

    (void)page_cache_fill(fetch->descriptor, fetch->offset, fetch->length, &count);
}

/* In the lane's. The piece counts as warm whatever the kernel has dropped of it meanwhile, or two
 * of these could follow each other without end. */
static void fetch_done(void *argument)
{
    struct http_fetch *fetch = argument;
    struct http_connection *connection = fetch->connection;

    if (connection) {
        connection->fetch = NULL;
        connection->warm_until = fetch->offset + fetch->length;
        connection->since_ms = clock_monotonic_ms();
    }
    fetch_free(fetch);
    if (connection)
        http_connection_go_on(connection);
}

bool http_cold_wait(struct http_connection *connection)
{
    size_t length = connection->left < HTTP_PIECE ? (size_t)connection->left : HTTP_PIECE;
    struct http_lane *lane = connection->lane;
    struct http_fetch *fetch;
    int descriptor = -1;

    if (connection->offset < connection->warm_until)
        return false;
    if (!page_cache_has(connection->file.descriptor, connection->offset, length))
        descriptor = fcntl(connection->file.descriptor, F_DUPFD_CLOEXEC, 0);
    /* Where no descriptor is free the lane waits for the disk after all. */
    if (descriptor < 0) {
        connection->warm_until = connection->offset + length;
        return false;
    }
    fetch = memory_zeroed(1, sizeof(*fetch));
    *fetch = (struct http_fetch){.connection = connection,
                                 .descriptor = descriptor,
                                 .offset = connection->offset,
                                 .length = length};
    LIST_INSERT_HEAD(&lane->fetches, fetch, entry);
    connection->fetch = fetch;
    workers_run(lane->workers, lane->loop, connection->peer, fetch_work, fetch_done, fetch);
    return true;
}

void http_cold_leave(struct http_connection *connection)
{
    if (connection->fetch)
        connection->fetch->connection = NULL;
    connection->fetch = NULL;
}

void http_cold_release(struct http_lane *lane)
{
    while (!LIST_EMPTY(&lane->fetches))
        fetch_free(LIST_FIRST(&lane->fetches));
}
