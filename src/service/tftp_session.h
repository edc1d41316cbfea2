/* One TFTP transfer: its port, its timer, its file. Only service/tftp.c opens them; each belongs
 * to one lane's thread. */
#ifndef BOOTWIRE_SERVICE_TFTP_SESSION_H
#define BOOTWIRE_SERVICE_TFTP_SESSION_H

#include "base/map.h"
#include "model/boot.h"
#include "model/fetch.h"
#include "model/patch.h"
#include "model/step.h"
#include "net/udp.h"
#include "service/tftp_content.h"
#include "service/tftp_port.h"
#include "store/boot_files.h"
#include "wire/tftp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct server;
struct tftp_session;
struct tftp_uploads;

enum {
    TFTP_SESSIONS_MAX = 4096, /* per lane */
    TFTP_CLIENT_MAX = 256,    /* per lane and client address: machines may share one (NAT) */
    TFTP_RECENT = 1024,       /* places for transfers that ended lately, per lane */
    TFTP_GOT_SIZE = 512,      /* what a step says it got, with its NUL */
};

/* A transfer that ended lately: what comes for it is late, and no stranger's. */
struct tftp_recent {
    struct endpoint peer;
    uint16_t port; /* the server's; 0: nothing here */
    uint64_t ended_ms;
};

/* What one data loop keeps. */
struct tftp_lane {
    struct server *server;
    struct loop *loop;
    struct udp_socket *listener;
    struct udp_buffers *buffers; /* of all sockets of this lane */
    struct tftp_ports ports;
    struct tftp_contents *contents;
    struct tftp_uploads *uploads;
    struct map sessions;        /* struct tftp_session; key: the peer's address and port */
    struct map clients;         /* transfers of each peer's address (client_count.h) */
    struct tftp_recent *recent; /* TFTP_RECENT of them, each where its peer's hash says */
};

/* Who asks and for what, for the journal. The strings are the session's own once it has begun. */
struct tftp_who {
    enum boot_stage stage;
    struct hardware hardware;
    char *host;                      /* or NULL */
    char *asked;                     /* `RRQ "x" blksize 1432` */
    char file[BOOT_FETCH_FILE_SIZE]; /* the name alone; empty where it is longer */
};

/* What a transfer begins with. */
struct tftp_opening {
    const struct datagram *datagram; /* the request's bytes and where it came from and to */
    const struct tftp_packet *request;
    struct boot_file file; /* the session's from now on */
    struct patches patches;
    const char *patched; /* what they do, in words; "" for nothing */
    struct tftp_who who; /* the session's from now on */
    struct tftp_port_range range;
    bool roll_to_one; /* tftp_roll_to_one() */
    enum step_content content;
    const char *decided; /* "FILE:LINE" where its name comes from; "": nobody knows */
    const char *unfit;   /* why the machine cannot run it; "": nobody knows a reason */
};

struct tftp_session *tftp_session_find(struct tftp_lane *lane, struct endpoint peer);
/* Whether what comes to this port may be this transfer's. */
bool tftp_session_uses(const struct tftp_session *session, const struct tftp_port *port);
/* What came to a port of transfers; with `argument` the struct tftp_port. */
void tftp_port_received(void *argument, const struct datagram *datagram);
/* What came for this transfer. It may be gone afterwards. */
void tftp_session_received(struct tftp_session *session, const struct datagram *datagram);
/* Begins a transfer and sends its first packets. Where it cannot, `*why` gets the reason for client
 * and log, and file and who stay the caller's. */
bool tftp_session_begin(struct tftp_lane *lane, const struct tftp_opening *opening,
                        const char **why);
/* Whether the bytes only repeat the request that began this transfer. Then it is answered again, as
 * far as that makes sense. */
bool tftp_session_repeats(struct tftp_session *session, struct slice request);
/* Ends a transfer from this side: the client gets an error with this text, the journal too. */
void tftp_session_cancel(struct tftp_session *session, const char *why);
/* Ends it without a word to the client, who has begun another one. */
void tftp_session_replace(struct tftp_session *session);
/* Cancels all. */
void tftp_sessions_end(struct tftp_lane *lane, const char *why);

/* Sends an ERROR packet. */
void tftp_send_error(struct udp_socket *socket, struct endpoint peer, uint32_t local_address,
                     enum tftp_error code, const char *text);
/* What came of a request, for the journal. */
struct tftp_outcome {
    enum step_event event;
    const char *got;
    uint64_t bytes, total; /* moved, and of the whole file (0: unknown) */
    bool refused;
    enum step_reason reason; /* as in struct boot_step, all five */
    const char *hint, *decided;
    enum step_content content;
    uint32_t block_size;
};

/* Takes a step down. */
void tftp_journal(struct tftp_lane *lane, const struct tftp_who *who, uint32_t address,
                  struct tftp_outcome outcome);
void tftp_who_release(struct tftp_who *who);

#endif
