/* What every service of a running server shares. */
#ifndef BOOTWIRE_SERVICE_SERVER_H
#define BOOTWIRE_SERVICE_SERVER_H

#include "model/snapshot.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct boots;
struct journal;
struct loop;
struct leases;
struct machines;
struct pools;
struct serial;
struct serve_console;

enum { SERVED_MAX = 24 };

/* Where a service answers. */
struct server_port {
    const char *service, *protocol; /* "tftp", "udp" */
    uint16_t port;                  /* 0: the protocol has none */
};

/* One server. The control loop serves DHCP, portmap, mount and the configuration; the data loops,
 * each in a thread of its own, serve TFTP and NFS. */
struct server {
    struct loop *control;
    struct loop **data_loops;
    size_t data_loop_count;
    struct journal *journal;              /* safe from any thread */
    struct boots *boots;                  /* safe from any thread */
    const char *control_path;             /* the option's; NULL: it names none */
    struct serial *serial;                /* safe from any thread */
    const struct serve_console *consoles; /* of guests beside it, console_count of them */
    size_t console_count;
    uint64_t began_ms;           /* monotonic */
    struct machines *machines;   /* safe from any thread */
    const struct leases *leases; /* the DHCP service's, for the control thread; NULL: it has none */
    struct pools *pools; /* how full they are: safe from any thread; NULL: there are no leases */
    const char *state_directory;
    const char *config_path;
    bool managed;                          /* by systemd: it is told, and may hand sockets over */
    struct server_port served[SERVED_MAX]; /* served_count of them, once all services began,
                                            * but for HTTP's */
    size_t served_count;
    _Atomic uint16_t http_port;    /* that HTTP is served on; 0: it is not; any thread may ask */
    pthread_mutex_t snapshot_lock; /* guards the pointer below */
    struct snapshot *snapshot;
};

/* The configuration in force, with a reference that the caller lets go (snapshot_free). Any thread
 * may ask. */
struct snapshot *server_snapshot(struct server *server);

/* Notes, while a service starts, where it answers: for `bootwire status`. */
static inline void server_serves(struct server *server, const char *service, const char *protocol,
                                 uint16_t port)
{
    if (server->served_count < SERVED_MAX)
        server->served[server->served_count++] = (struct server_port){service, protocol, port};
}

/* A service, as serve starts it: in the control thread, before any loop runs. */
struct service {
    const char *name;
    /* Opens its sockets and files. Returns its state, or NULL with a message for the person in
     * `error` (`error_size` bytes, NUL-terminated) that names the thing and the cure. */
    void *(*start)(struct server *server, char *error, size_t error_size);
    /* Closes and frees everything, after all loops have ended. */
    void (*stop)(void *state);
    /* In the control thread, after a new snapshot came into force; NULL where nothing is cached. */
    void (*reloaded)(void *state);
};

extern const struct service service_control;
extern const struct service service_dhcp;
extern const struct service service_tftp;
extern const struct service service_http;
extern const struct service service_rpc; /* portmap, mount, NFS and bootparam */
extern const struct service service_rarp;
extern const struct service service_serial;

#endif
