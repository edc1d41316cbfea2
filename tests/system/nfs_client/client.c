/* usage: nfs_client v2|v3 tcp|udp SERVER PATH
 *
 * Prints the name of each procedure that was called, then "good"; or says what was not as it must
 * be, and exits with 1. It works in the directory `libnfs` of the root, which it makes. */
#include "client.h"

#include <errno.h>
#include <poll.h>

enum { PATIENCE_MS = 20000 };

/* libnfs has them, and keeps them out of its headers. */
struct rpc_context *rpc_init_udp_context(void);
int rpc_bind_udp(struct rpc_context *rpc, char *address, int port);
int rpc_set_udp_destination(struct rpc_context *rpc, char *address, int port, int is_broadcast);

static struct {
    bool done;
    int status;
    void *result;
    size_t size;
    inspect_function *inspect;
} waiting;

void client_check(bool good, const char *file, int line, const char *what)
{
    if (good)
        return;
    printf("%s:%d: it is not so that %s\n", file, line, what);
    exit(1);
}

void client_answered(struct rpc_context *rpc, int status, void *data, void *private_data)
{
    (void)rpc;
    (void)private_data;
    waiting.done = true;
    waiting.status = status;
    if (status != RPC_STATUS_SUCCESS) {
        printf("status %d: %s\n", status, data ? (const char *)data : "no reason");
        return;
    }
    if (waiting.size > 0)
        memcpy(waiting.result, data, waiting.size);
    if (waiting.inspect)
        waiting.inspect(data);
}

void client_queued(struct rpc_context *rpc, int result)
{
    if (result == 0)
        return;
    printf("a call could not be queued: %s\n", rpc_get_error(rpc));
    exit(1);
}

void client_wait(struct rpc_context *rpc, const char *name, void *result, size_t size,
                 inspect_function *inspect)
{
    waiting.done = false;
    waiting.result = result;
    waiting.size = size;
    waiting.inspect = inspect;
    while (!waiting.done) {
        struct pollfd fd = {.fd = rpc_get_fd(rpc), .events = (short)rpc_which_events(rpc)};

        if (poll(&fd, 1, PATIENCE_MS) <= 0) {
            printf("%s: no answer\n", name);
            exit(1);
        }
        if (rpc_service(rpc, fd.revents) < 0) {
            printf("%s: %s\n", name, rpc_get_error(rpc));
            exit(1);
        }
    }
    if (waiting.status != RPC_STATUS_SUCCESS) {
        printf("%s failed\n", name);
        exit(1);
    }
    printf("%s\n", name);
}

struct rpc_context *client_connect(const struct client *client, int port, int program, int version,
                                   int uid)
{
    struct rpc_context *rpc;
    char any[] = "0.0.0.0", server[64];

    snprintf(server, sizeof(server), "%s", client->server);
    rpc = client->udp ? rpc_init_udp_context() : rpc_init_context();
    CHECK(rpc != NULL);
    rpc_set_auth(rpc, libnfs_authunix_create("libnfs", (uint32_t)uid, (uint32_t)uid, 0, NULL));
    if (client->udp) {
        CHECK(rpc_bind_udp(rpc, any, 0) == 0);
        CHECK(rpc_set_udp_destination(rpc, server, port, 0) == 0);
        return rpc;
    }
    CHECK(rpc_connect_port_async(rpc, server, port, program, version, client_answered, NULL) == 0);
    client_wait(rpc, "connect", NULL, 0, NULL);
    return rpc;
}

int main(int argc, char **argv)
{
    struct client client = {.udp = argc == 5 && strcmp(argv[2], "udp") == 0};

    if (argc != 5) {
        fprintf(stderr, "usage: nfs_client v2|v3 tcp|udp SERVER PATH\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    client.server = argv[3];
    client.path = argv[4];
    if (strcmp(argv[1], "v2") == 0)
        client_run_v2(&client);
    else
        client_run_v3(&client);
    printf("good\n");
    return 0;
}
