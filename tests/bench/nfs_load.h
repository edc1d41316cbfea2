/* What the load generator's parts share: the calls it makes, and the clients that make them. */
#ifndef BOOTWIRE_BENCH_NFS_LOAD_H
#define BOOTWIRE_BENCH_NFS_LOAD_H

#include "base/cursor.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HANDLE_MAX = 64,
    SAMPLES_MAX = 64,   /* handles per client that GETATTR chooses among */
    HEADER_MAX = 512,   /* bytes of any call without its payload */
    NAMES = 10000,      /* n00000 ... in the directory "many" */
    LIST_BYTES = 65536, /* READDIRPLUS: of one reply */
    SMALL = 16384,      /* a WRITE's payload up to here is copied, a larger one sent from a file */
    PATTERN_BYTES = 64 << 20, /* the length of the pattern, and the first client's file */
};

enum workload {
    READ_SEQUENTIAL,
    READ_RANDOM,
    WRITE_SEQUENTIAL,
    WRITE_RANDOM,
    GETATTR,
    LOOKUP,
    READDIRPLUS,
    CREATE_REMOVE,
    IDLE, /* mounted and connected, and silent */
};

struct nfs_handle {
    uint8_t data[HANDLE_MAX];
    uint32_t length;
};

/* One call at a time. */
struct slot {
    uint64_t sent;   /* nanoseconds of the monotonic clock; 0: nothing is under way */
    uint64_t offset; /* of a READ or WRITE */
    uint32_t xid;    /* its low load.place_bits are the slot's place in load.slots */
    uint32_t name;   /* of a LOOKUP, or of a GETATTR's handle */
    bool second;     /* CREATE_REMOVE: this is the REMOVE */
};

struct client {
    int descriptor;
    struct in_addr address;
    struct nfs_handle root, target; /* target: the file, or the directory that is worked in */
    struct nfs_handle samples[SAMPLES_MAX];
    uint64_t file_size, next; /* next: where a sequential client goes on */
    uint64_t cookie;          /* READDIRPLUS */
    uint8_t verifier[8];

    /* What goes out: slots that wait, encoded calls, and the payload behind them. */
    uint32_t *waiting;
    unsigned waiting_first, waiting_count;
    uint8_t *out;
    size_t out_length, out_sent;
    uint64_t payload_offset;
    size_t payload_left;
    bool blocked;

    /* What comes in: the mark and the start of the record under way. */
    uint8_t mark[4];
    unsigned mark_length;
    uint32_t fragment_left;
    bool last_fragment;
    uint8_t *head;
    size_t head_length;
    int wake_at;
};

struct load {
    struct sockaddr_in nfs, mount;
    const char *export;
    const char *pattern_path;
    const char *place; /* names the directories PLACE-0 ... that clients create and remove in */
    enum workload workload;
    uint32_t version, size;
    unsigned clients, window;
    bool udp, copy;
    double seconds, warm;
    int server_pid;

    int pattern;             /* a file of PATTERN_BYTES, as each file that is read begins */
    const uint8_t *patterns; /* the same, mapped */
    unsigned sample_count;
    size_t head_capacity;
    struct client *client;
    struct slot *slots;  /* `window` for each client, one client's behind the other's */
    unsigned place_bits; /* as many as a slot's place needs: a call's number has the others */
    uint32_t generation;
    uint64_t random;
};

/* Ends the program. */
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The next number of a cheap generator. */
uint32_t load_random(struct load *load);

/* Mounts for every client and finds the files it works on. Leaves client.descriptor connected to
 * NFS over TCP. Ends the program where something fails. */
void setup_clients(struct load *load);

/* Writes the slot's next call, with its record mark where TCP carries it. `*payload` is how many
 * bytes from slot->offset of the pattern follow; they count in the mark. */
void call_write(struct load *load, struct slot *slot, struct writer *w, size_t *payload);
/* Reads the start of a reply, behind its mark. *entries: how many names a listing had; *bytes: of
 * file data read or written. Ends the program where the server refused, or answered less. */
void call_read_reply(struct load *load, struct slot *slot, struct slice reply, uint32_t *entries,
                     uint32_t *bytes);
/* The slot is free: decides what it asks next. */
void call_next(struct load *load, struct slot *slot);

/* A handle as the version has it. */
void call_write_handle(const struct load *load, struct writer *w, const struct nfs_handle *handle);
/* RPC's header of a call as root. */
void call_write_header(struct writer *w, uint32_t xid, uint32_t program, uint32_t version,
                       uint32_t procedure);
/* Reads RPC's header of a successful reply. */
void call_read_header(struct reader *r);

/* Seconds that this process has worked. */
double process_own_cpu(void);
/* The same of all threads of the server, those that have ended included; 0 where none is named. */
double process_cpu(const struct load *load);
/* Kilobytes of the server, by a name in /proc/PID/status; 0 where none is named. */
unsigned long process_memory(const struct load *load, const char *name);

static inline struct client *load_client(struct load *load, const struct slot *slot)
{
    return &load->client[(size_t)(slot - load->slots) / load->window];
}

#endif
