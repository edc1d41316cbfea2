/* What the files of the DHCP service share: its state, its answers on their way, and how they
 * leave. Nobody else includes it. */
#ifndef BOOTWIRE_SERVICE_DHCP_STATE_H
#define BOOTWIRE_SERVICE_DHCP_STATE_H

#include "decide/dhcp.h"
#include "model/metrics.h"
#include "net/udp.h"
#include "platform/linux/link.h"
#include "service/boot_means.h"
#include "service/dhcp_answered.h"
#include "service/dhcp_text.h"
#include "service/machines.h"
#include "service/server.h"
#include "store/leases.h"

enum {
    /* Requests of one turn, and so of one transaction: a disk confirms hundreds of leases nearly as
     * fast as one. More at once would only be a burst that receivers drop. */
    BATCH = 32,
    ROUNDS = 8,
    SHED_MS = 200,                /* a DISCOVER that waited longer comes too late: who sent it asks
                                     again after a second, at the soonest */
    WAITING_MAX = BATCH * ROUNDS, /* replies that wait for one commit */
    LINKS_FRESH_MS = 1000,        /* how long a list of interfaces is good */
    QUIET_MS = 1000,              /* between two log lines about what a flood would repeat */
    ROM_WAIT_MS = 60000,          /* how long after its last answer a ROM may still be at it */
    STRANGERS_MAX = 32,           /* interfaces and relays remembered as outside of every subnet */
};

/* A reply on its way, and what is to be said once it is. */
struct outgoing {
    uint8_t bytes[DHCP_LIMIT_MAX];
    size_t length;
    enum dhcp_path path;
    bool also_broadcast;
    uint32_t destination;
    struct udp_socket *socket;               /* the one that the request came to */
    uint16_t client_port;                    /* where a machine with an address listens */
    uint32_t holds;                          /* plan.holds */
    uint32_t given_back[DHCP_FREED_MAX + 1]; /* addresses that are the machine's no more */
    size_t given_back_count;
    uint32_t local_address;
    unsigned interface_index;
    uint8_t hardware_type, hardware_length;
    uint8_t chaddr[DHCP_CHADDR_SIZE];

    struct told *told;         /* what follows for TFTP and NFS; NULL: nothing */
    enum dhcp_type reply_type; /* where something is sent */
    enum metric_result result;
    uint64_t began_us; /* when the request came */
    bool binds; /* it gives the machine an address, which others may know it by from then on */
    struct dhcp_answered answered;
    uint32_t fingerprint;      /* of who asked */
    struct boot_client client; /* what asked */
    struct boot_step step;     /* its strings are those below */
    char asked[DHCP_TEXT_SIZE];
    char got[DHCP_TEXT_SIZE];
    char host[128];
    char file[BOOT_FETCH_FILE_SIZE];
    char decided[POSITION_TEXT_SIZE];
    char hint[DHCP_HINT_SIZE];
};

/* Answers in the order in which they were made. */
struct queue {
    struct outgoing *list; /* WAITING_MAX */
    size_t count;
};

/* The service while it runs. */
struct dhcp_service {
    struct server *server;
    struct udp_socket *socket;
    struct udp_socket *boot_socket; /* of port 4011; NULL: it is another program's */
    struct link_sender *sender;     /* NULL: no raw sockets, broadcast instead */
    struct leases *leases;
    int claim; /* keeps other processes out of the state directory; -1: none */
    struct overhearer *overhearer;
    struct advertiser *advertiser; /* NULL: machines in their ROM wait for IPv6 in vain */
    struct prober *prober;         /* NULL: no address is probed */
    struct snapshot *snapshot;
    struct boot_findings boot; /* the loaders that recipes can be carried out with */
    struct dhcp_memory *memory;

    struct link_address *links;
    size_t link_count;
    uint64_t links_at_ms;

    struct queue waiting;    /* for the next commit */
    struct queue committing; /* for the one under way */
    struct queue ready;      /* confirmed: on their way out */
    size_t ready_next;       /* the first of those that has not left */
    bool commit_under_way, commit_failing;
    uint64_t began_us; /* when the present request came */
    bool crowded;      /* in this turn, requests lay in a crowd */

    uint32_t strangers[STRANGERS_MAX]; /* numbers of interfaces, addresses of relays */
    size_t stranger_count;
    uint64_t exhausted_evaluation_said_ms;
    uint64_t garbage_said_ms, exhausted_said_ms, commit_said_ms, send_said_ms, shed_said_ms;
    uint64_t stranger_said_ms;

    struct dhcp_ends *ends;

    struct dhcp_message message; /* one at a time; too large for the stack */
    struct dhcp_plan plan;
};

/* Whether a line may be written that comes at most once per QUIET_MS. */
bool dhcp_may_say(uint64_t *said_ms, uint64_t now_ms);

/* Lists the interfaces anew where the list is old. */
void dhcp_refresh_links(struct dhcp_service *service, uint64_t now_ms);
/* Our address on an interface: one in a declared subnet if there is one. */
const struct link_address *dhcp_link_of(const struct dhcp_service *service, unsigned index);
/* The same for an interface that something came in by: it may be younger than the list. */
const struct link_address *dhcp_arrival_link(struct dhcp_service *service, unsigned index,
                                             uint64_t now_ms);
/* Whether the interface or relay is known to lie outside of every subnet. */
bool dhcp_is_stranger(const struct dhcp_service *service, uint32_t stranger);

/* Takes note of an answer that could not be sent (net/udp.h). */
void dhcp_unsent(void *argument, struct endpoint peer, struct slice bytes, int error);
/* The reply leaves, and what follows from it is told. */
void dhcp_finish(struct dhcp_service *service, struct outgoing *out);
/* Sends up to `count` of the answers whose promises are on the disk. */
void dhcp_send_ready(struct dhcp_service *service, size_t count);
/* Sends all of them at once. */
void dhcp_send_all_ready(struct dhcp_service *service);
/* Has what waits committed, if anything does and no commit is under way; its answers are ready
 * then. Where nobody is in the queue behind, the disk is awaited at once: no thread would answer
 * sooner. */
void dhcp_commit(struct dhcp_service *service);
/* Ends the commit under way, and waits for it if need be. */
void dhcp_end_commit(struct dhcp_service *service);
/* Has everything committed, and every answer sent: none is on its way any more. */
void dhcp_leave_none(struct dhcp_service *service);

#endif
