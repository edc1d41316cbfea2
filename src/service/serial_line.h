/* One serial line: who reads and writes it, and the descriptor behind it. Only for serial*.c. */
#ifndef BOOTWIRE_SERVICE_SERIAL_LINE_H
#define BOOTWIRE_SERVICE_SERIAL_LINE_H

#include "base/console_text.h"
#include "model/address.h"
#include "platform/linux/serial_port.h"
#include "service/serial.h"
#include "service/serial_log.h"
#include "wire/telnet.h"

#include <netdb.h>
#include <pthread.h>
#include <sys/queue.h>

struct loop;
struct loop_event;

struct serial {
    struct server *server;
    struct loop *loop;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards the list, and of each line what says so */
    LIST_HEAD(serial_lines, serial_line) lines;
    void (*woken)(void *argument); /* NULL: nobody reads */
    void *argument;
};

enum serial_kind { SERIAL_TTY, SERIAL_TCP, SERIAL_UNIX, SERIAL_GIVEN };
enum serial_phase { SERIAL_CLOSED, SERIAL_RESOLVING, SERIAL_CONNECTING, SERIAL_OPEN };

enum {
    SERIAL_PIECE = 1024,                                    /* bytes of one read */
    SERIAL_OUT_SIZE = 4 * SERIAL_PIECE * TELNET_ANSWER_MAX, /* telnet's answers, too */
};

/* A name that is being looked up; leaves the line where nobody can end the lookup. */
struct serial_lookup {
    struct gaicb request;
    struct addrinfo hints;
    char *host, *port;
};

struct serial_line {
    LIST_ENTRY(serial_line) link; /* the serial's lock */
    struct serial *serial;

    /* These do not change. */
    enum serial_kind kind;
    char *place; /* as the configuration says */
    uint32_t speed;
    struct hardware hardware; /* of the host; length 0: the configuration has none */
    uint32_t address;         /* the same, where there is no hardware address */

    /* The serial's lock guards these. */
    unsigned references;
    struct serial_state state;
    const void *writer;
    uint8_t history[SERIAL_HISTORY];
    uint64_t said; /* bytes in all; the last of them are in `history`, each at its number's rest */
    uint8_t input[SERIAL_INPUT_MAX];
    size_t input_length;
    bool can_break;
    bool has_terminal; /* beside the server: a run's own, which writes where nobody else does */
    unsigned break_ms; /* asked for; 0: none */

    /* The loop's thread alone. */
    enum serial_phase phase;
    struct serial_port port; /* a tty's */
    int descriptor;
    int orders; /* of a guest's (model/console_order.h); -1: there are none */
    struct loop_event *orders_event;
    struct loop_event *event, *timer, *quiet, *break_end;
    struct serial_lookup *lookup;
    struct addrinfo *addresses, *next_address;
    unsigned failures; /* since it was open last */
    bool breaking;
    struct telnet telnet;
    uint8_t out[SERIAL_OUT_SIZE];
    size_t out_length;
    struct console_text text;
    size_t logged; /* bytes of the unfinished line that stand in the log */
    unsigned boots;
    uint64_t looked_ms; /* when the machine's boots were looked at last */
    uint64_t log_began_ms;
    bool login_told, panic_told;
    uint64_t text_told_ms; /* when the journal was last told that it says anything; 0: not yet */
    struct serial_log log;
};

/* Makes a line and begins to open it. In the loop's thread, or before it runs, as all below. */
struct serial_line *serial_line_new(struct serial *serial, enum serial_kind kind, const char *host,
                                    const char *place, uint32_t speed);
/* Takes over the descriptors of a guest's console, which do not block: its bytes, its orders. */
void serial_line_give(struct serial_line *line, int descriptor, int orders);
void serial_line_open(struct serial_line *line);
/* Closes it for good; who holds it sees it gone. Freed with the last reference. */
void serial_line_end(struct serial_line *line, const char *reason);
/* What waits for the line may be sent. */
void serial_line_flush(struct serial_line *line);
/* Frees a line that is over; with no lock held. */
void serial_line_free(struct serial_line *line);

/* What a line said (serial_text.c): into its history and its log, and its events to the journal. */
void serial_line_said(struct serial_line *line, struct slice bytes);
/* It has been silent for a moment: what it said last may be a prompt. */
void serial_line_quiet(void *line);

/* Makes somebody the writer, with the lock held; NULL: nobody, or the terminal beside the server.
 */
void serial_set_writer(struct serial_line *line, const void *who, const char *name);
/* Tells who reads; with the lock held. */
void serial_wake_readers(struct serial *serial);

#endif
