/* A storm of simulated machines that boot at once: what its parts share.
 *
 * Every machine goes through the same steps, which a script tells in the order of a real boot that
 * was recorded: it gets an address as its ROM, its loader and its kernel do, one after the other,
 * reads files over TFTP, mounts its root and reads it over NFS. */
#ifndef BOOTWIRE_STORM_STORM_H
#define BOOTWIRE_STORM_STORM_H

#include "../bench/tftp_client.h"
#include "base/slice.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORM_STEPS_MAX = 256,
    STORM_HANDLES = 16, /* that a script may name: the first one is the root's */
    STORM_HANDLE_MAX = 64,
    STORM_DHCP_MAX = 600,
    STORM_CALL_MAX = 512,
    STORM_CLIENT_PORT = 2070,
    STORM_RPC_PORT = 1023,
};

enum step_kind { STEP_DHCP, STEP_TFTP, STEP_PORT, STEP_MOUNT, STEP_NFS, STEP_KINDS };

/* One step of the script. */
struct step {
    enum step_kind kind;
    uint8_t messages[2][STORM_DHCP_MAX]; /* DHCP: DISCOVER and REQUEST as they were recorded */
    size_t lengths[2];
    bool own_source;       /* DHCP: sent from the address of the stage before */
    struct tftp_wish wish; /* TFTP */
    uint32_t program, version;
    char name[256];             /* MOUNT: the path; LOOKUP: the name */
    uint32_t procedure, handle; /* NFS: the call, and the handle that it is about */
    int result;                 /* LOOKUP: the handle that it finds; -1: nothing may be found */
    uint64_t offset;            /* READ */
    uint32_t count;             /* READ, READDIR: bytes; ACCESS: what is asked for */
    struct slice content;       /* READ: what the whole file must hold */
};

struct storm_handle {
    uint8_t bytes[STORM_HANDLE_MAX];
    uint32_t length;
};

struct machine {
    unsigned number, step;
    uint8_t mac[6];
    bool runs;
    uint32_t address, server; /* host byte order; 0: none yet */
    uint32_t xid;             /* of the message under way */
    bool requests;            /* DHCP: the offer has come */
    unsigned tries;           /* messages of this step that had no answer */
    uint64_t said;            /* when the last one went out */
    uint64_t start, step_start;
    uint64_t spent[STEP_KINDS]; /* nanoseconds */
    struct tftp_client tftp;
    uint16_t mount_port, nfs_port;
    struct storm_handle handles[STORM_HANDLES];
};

struct storm {
    const char *interface;
    int link; /* the interface's index */
    struct in_addr server;
    unsigned count, started, finished;
    struct machine *machines;
    struct machine *by_address[65536]; /* by the last 16 bits */
    struct step *steps;
    unsigned step_count;
    int dhcp, arp, tftp, rpc; /* sockets */
    double spread, patience;
    uint64_t resent;
};

/* Reads the script; ends the program where it cannot. */
void storm_read_script(struct storm *storm, const char *path);
/* Opens the sockets on the interface. */
void storm_open(struct storm *storm);

/* Sends a machine's BOOTP message as a frame of its own, from its address or from none. */
void storm_send_dhcp(const struct storm *storm, const struct machine *machine, bool own_source,
                     const uint8_t *message, size_t length);
/* Sends a datagram from a machine's address to the server. */
void storm_send(const struct storm *storm, const struct machine *machine, int socket, uint16_t port,
                const uint8_t *bytes, size_t length);
/* Takes all that has come to a socket: what it is goes to the machine whose it is. */
void storm_take_dhcp(struct storm *storm, uint64_t now);
void storm_take_tftp(struct storm *storm, uint64_t now);
void storm_take_rpc(struct storm *storm, uint64_t now);
/* Tells who asks that a machine which has an address has it. */
void storm_answer_arp(struct storm *storm);

/* Begins the machine's next step. */
void machine_begin(struct storm *storm, struct machine *machine, uint64_t now);
/* Takes a message for the machine. */
void machine_take_dhcp(struct storm *storm, struct machine *machine, struct slice message,
                       uint64_t now);
void machine_take_tftp(struct storm *storm, struct machine *machine, struct slice packet,
                       uint16_t port, uint64_t now);
void machine_take_rpc(struct storm *storm, struct machine *machine, struct slice reply,
                      uint64_t now);
/* Says again what had no answer for too long. */
void machine_tick(struct storm *storm, struct machine *machine, uint64_t now);

#endif
