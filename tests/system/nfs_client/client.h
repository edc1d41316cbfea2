/* An NFS client on libnfs's raw calls, made by other people from the same RFCs: it calls every
 * procedure of a version once or more and compares what comes back with what must. */
#ifndef BOOTWIRE_TESTS_NFS_CLIENT_H
#define BOOTWIRE_TESTS_NFS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* In libnfs's own order: its other headers need what the first one defines. */
#include <nfsc/libnfs.h>

#include <nfsc/libnfs-raw.h>

#include <nfsc/libnfs-raw-mount.h>
#include <nfsc/libnfs-raw-nfs.h>

struct client {
    struct rpc_context *rpc;
    const char *server, *path;
    bool udp;
};

/* A connection to one program, as this user with its own group alone. */
struct rpc_context *client_connect(const struct client *client, int port, int program, int version,
                                   int uid);

/* Looks at results while they are there: libnfs frees what they point to. */
typedef void inspect_function(const void *result);

/* What the queueing of a call returned must be 0. */
void client_queued(struct rpc_context *rpc, int result);
/* Waits for the answer to the call just queued, copies `size` bytes of its results. */
void client_wait(struct rpc_context *rpc, const char *name, void *result, size_t size,
                 inspect_function *inspect);
void client_answered(struct rpc_context *rpc, int status, void *data, void *private_data);

void client_check(bool good, const char *file, int line, const char *what);
#define CHECK(condition) client_check(condition, __FILE__, __LINE__, #condition)

/* Queues rpc_<procedure>_async(arguments), waits, and fills in *result. */
#define CALL_AND_LOOK(context, procedure, arguments, result, inspect)                              \
    do {                                                                                           \
        client_queued(context,                                                                     \
                      rpc_##procedure##_async(context, client_answered, arguments, NULL));         \
        client_wait(context, #procedure, result, sizeof(*(result)), inspect);                      \
    } while (0)
#define CALL(context, procedure, arguments, result)                                                \
    CALL_AND_LOOK(context, procedure, arguments, result, NULL)

void client_run_v2(struct client *client);
void client_run_v3(struct client *client);

#endif
