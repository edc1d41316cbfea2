/* HTTP's lanes and connections (service/http.c). Nobody else includes it. */
#ifndef BOOTWIRE_SERVICE_HTTP_CONNECTION_H
#define BOOTWIRE_SERVICE_HTTP_CONNECTION_H

#include "base/map.h"
#include "model/fetch.h"
#include "service/line_budget.h"
#include "store/boot_files.h"
#include "wire/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct boot_file_cache;
struct http_connection;
struct http_fetch;
struct loop;
struct loop_event;
struct server;
struct workers;

enum {
    HTTP_CONNECTIONS_MAX = 1024, /* of a lane */
    HTTP_CLIENT_MAX = 256,       /* of a lane and client address */
    HTTP_TOLD_MAX = 32,          /* of a lane, past those limits: told so before they end */
    HTTP_PIECE = 512 << 10,      /* bytes of a file in one call, or fetched from the disk at once */
    HTTP_OUT_SIZE = 10240,       /* a head and a whole short file, or an error's text */
    HTTP_HEAD_MS = 10000,        /* for a request, from its first byte to its last */
    HTTP_IDLE_MS = 60000,        /* between two requests */
    HTTP_STALL_MS = 30000,       /* while the client takes nothing of an answer */
    HTTP_DRAIN_MS = 2000,        /* for the client to see a last answer before the end */
};

/* What struct http_lane's `next` says besides a descriptor. */
enum http_next { HTTP_NEXT_SAME = -1, HTTP_NEXT_NONE = -2 };

/* One thread, its loop, its listener. */
struct http_lane {
    struct server *server;
    struct loop *loop;
    pthread_t thread;
    bool has_thread;
    int listener;     /* -1: none */
    _Atomic int next; /* the listener to come in its place, or an enum http_next */
    struct loop_event *accepting, *tick; /* `accepting`: NULL without listener */
    struct http_connection *connections;
    unsigned count;
    unsigned told;                 /* of those, how many are past a limit and only told so */
    struct boot_file_cache *files; /* kept open */
    struct workers *workers;       /* of all lanes: they wait for the disk */
    LIST_HEAD(http_fetches, http_fetch) fetches; /* what they do for this one */
    struct map clients; /* connections of each client's address (client_count.h) */
    struct line_budget lines;
};

/* How far a connection is. */
enum http_state {
    HTTP_READING,  /* a request, or the time until one comes */
    HTTP_SENDING,  /* an answer */
    HTTP_DRAINING, /* the last answer left: the client closes first, or its end would be lost */
};

struct http_connection {
    struct http_lane *lane;
    struct http_connection *next, *previous;
    struct loop_event *event;
    int descriptor;
    uint32_t peer, local; /* addresses, host order */
    enum http_state state;
    uint64_t since_ms; /* when its state began, or bytes last moved */
    uint8_t in[HTTP_HEAD_MAX];
    size_t in_length;
    /* The answer: bytes, then a part of a file. */
    uint8_t out[HTTP_OUT_SIZE];
    size_t out_length, out_sent;
    struct boot_file file; /* descriptor -1: none */
    uint64_t offset, left;
    uint64_t warm_until;      /* up to that offset its pages were in memory a moment ago */
    struct http_fetch *fetch; /* the disk is asked for the next ones; NULL: it is not */
    bool last;                /* the connection ends behind it */
    bool leaving; /* every answer from now on is the last: its port is not served any more */
    bool told;    /* it is past a limit, and counts in lane->told */
    /* For the journal. */
    char *asked, *got, *host;        /* NULL: nothing; the host declaration's name */
    char name[BOOT_FETCH_FILE_SIZE]; /* of a file that is sent whole; else empty */
    char *subject;                   /* the path that it asks for; NULL: none */
    enum step_reason reason;         /* as in struct boot_step, ... */
    char *hint, *decided;            /* ... or NULL ... */
    enum step_content content;       /* ... all four */
    uint64_t told_ms;                /* when it was told last how far the answer is */
    enum step_event outcome;         /* what comes of the request, if nothing goes wrong */
    uint64_t bytes;                  /* of the file that have left */
    uint64_t total;                  /* of them that are to leave */
    uint64_t began_us;               /* the request was whole; 0: not known */
    enum http_status code;           /* of the answer under way; 0: none is */
    bool refused;
};

/* Takes a step of what it asks down. */
void http_say(struct http_connection *connection, enum step_event event);

/* A connection that was accepted; the descriptor becomes its own. `local`: our address. */
void http_connection_open(struct http_lane *lane, int descriptor, uint32_t peer, uint32_t local);
/* Closes and frees. */
void http_connection_close(struct http_connection *connection);
/* Goes on with what it is about, as far as that goes now. It may be gone afterwards. */
void http_connection_go_on(struct http_connection *connection);
/* The port they came to is not served any more: closes those that wait for a next request; the
 * others end with their next answer. */
void http_connections_leave(struct http_lane *lane);
/* Closes those whose time is up. */
void http_connections_sweep(struct http_lane *lane, uint64_t now_ms);

/* Whether the next bytes of the file have to come from the disk (service/http_cold.c): then a
 * worker waits for them, and the connection goes on once they are in memory. */
bool http_cold_wait(struct http_connection *connection);
/* The connection goes: nobody waits for its pages any more. */
void http_cold_leave(struct http_connection *connection);
/* Once no worker and no loop runs any more: frees what those left behind. */
void http_cold_release(struct http_lane *lane);

/* Makes the answer to the head in `in`, of `length` bytes (service/http_answer.c). */
void http_answer(struct http_connection *connection, size_t length);
/* Makes an answer that refuses, and ends the connection behind it. */
void http_refuse(struct http_connection *connection, enum http_status status, const char *text);

/* Counts bytes of a file that have left. */
void http_count_sent(const struct http_connection *connection, uint64_t bytes);

#endif
