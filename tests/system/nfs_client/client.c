/* usage: nfs_client v2|v3 tcp|udp SERVER PATH
 *        nfs_client list SET
 *        nfs_client cases SET tcp|udp SERVER PATH
 *
 * The first prints the name of each procedure that was called, then "good"; or says what was not as
 * it must be, and exits with 1. It works in the directory `libnfs` of the root, which it makes. The
 * second prints the names of a set's cases, the third runs them and prints "ok NAME" or
 * "bad NAME: what was not as it must be" for each, and what each called before that. */
#include "cases.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>

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

/* Where a case goes that fails; without cases the program ends. */
static jmp_buf case_end;
static const char *case_name;

static void fail(void)
{
    if (!case_name)
        exit(1);
    longjmp(case_end, 1);
}

void client_check(bool good, const char *file, int line, const char *what)
{
    if (good)
        return;
    if (case_name)
        printf("bad %s: ", case_name);
    printf("%s:%d: it is not so that %s\n", file, line, what);
    fail();
}

void client_check_is(long long got, long long expected, const char *file, int line,
                     const char *what)
{
    if (got == expected)
        return;
    if (case_name)
        printf("bad %s: ", case_name);
    printf("%s:%d: %s is %lld, not %lld\n", file, line, what, got, expected);
    fail();
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
    exit(1); /* nothing more can be asked */
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
    CHECK(waiting.status == RPC_STATUS_SUCCESS);
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

static char local[512];

void case_set_local(const char *directory)
{
    snprintf(local, sizeof(local), "%s", directory);
}

const char *case_local(const char *name)
{
    static char paths[8][1024];
    static unsigned turn;
    char *path = paths[turn++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", local, name);
    return path;
}

static const struct case_set *const sets[] = {
    &cases_v3,          &cases_v3_readonly, &cases_v3_full, &cases_v2,
    &cases_v2_readonly, &cases_v2_full,     &cases_mount,
};

static const struct case_set *set_named(const char *name)
{
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        if (strcmp(sets[i]->name, name) == 0)
            return sets[i];
    }
    fprintf(stderr, "there is no set of cases %s\n", name);
    exit(2);
}

static void run_case(const struct case_set *set, const struct test_case *each)
{
    case_name = each->name;
    if (setjmp(case_end) == 0) {
        set->before(each->name);
        each->run();
        printf("ok %s\n", case_name);
    }
    case_name = NULL;
}

static int run_cases(const struct case_set *set, const struct client *client)
{
    set->start(client);
    for (size_t i = 0; i < 2; i++) {
        for (const struct test_case *each = set->cases[i]; each && each->name; each++)
            run_case(set, each);
    }
    return 0;
}

static int list_cases(const struct case_set *set)
{
    for (size_t i = 0; i < 2; i++) {
        for (const struct test_case *each = set->cases[i]; each && each->name; each++)
            printf("%s\n", each->name);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct client client = {.udp = argc > 3 && strcmp(argv[argc - 3], "udp") == 0};

    if (argc == 3 && strcmp(argv[1], "list") == 0)
        return list_cases(set_named(argv[2]));
    if (argc < 5 || argc != (strcmp(argv[1], "cases") == 0 ? 6 : 5)) {
        fprintf(stderr, "usage: nfs_client v2|v3 tcp|udp SERVER PATH\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    client.server = argv[argc - 2];
    client.path = argv[argc - 1];
    if (argc == 6)
        return run_cases(set_named(argv[2]), &client);
    if (strcmp(argv[1], "v2") == 0)
        client_run_v2(&client);
    else
        client_run_v3(&client);
    printf("good\n");
    return 0;
}
