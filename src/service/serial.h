/* The serial consoles of machines: tty devices, TCP ports (terminal servers, service processors),
 * Unix sockets, and descriptors that whoever started the server gave it. A thread and a loop of
 * their own read them all the time, so that their logs are whole; a line that goes away is opened
 * again, after one second, then two, up to thirty. What they say goes to their logs (serial_log.h),
 * logins and panics to the journal, and the last SERIAL_HISTORY bytes of each are kept for whoever
 * reads. Everything here may be called from any thread. */
#ifndef BOOTWIRE_SERVICE_SERIAL_H
#define BOOTWIRE_SERVICE_SERIAL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct serial;
struct serial_line;
struct server;

enum {
    SERIAL_HISTORY = 64 << 10,   /* bytes of a line's output that are kept */
    SERIAL_INPUT_MAX = 16 << 10, /* bytes that may wait for a line to take them */
    SERIAL_BREAK_MS = 300,       /* of a break for which nobody says how long it is */
    SERIAL_BREAK_MS_MAX = 5000,  /* the longest break */
    SERIAL_WRITER_SIZE = 96,
    SERIAL_TEXT_SIZE = 256,
};

/* What is known of a line at a moment. */
struct serial_state {
    char host[128];
    char place[SERIAL_TEXT_SIZE];    /* "/dev/ttyUSB0 at 9600 baud", "ilo.example:2001" ... */
    char reason[SERIAL_TEXT_SIZE];   /* why it is not open; empty: it is */
    char writer[SERIAL_WRITER_SIZE]; /* who writes; empty: nobody */
    char log[SERIAL_TEXT_SIZE];      /* the log's path; empty: none yet */
    bool open;
    bool gone; /* the configuration does not have it any more, or the guest has ended */
    unsigned readers;
    uint64_t change; /* another number after each change of what stands above */
};

/* The line of a host, held until serial_detach(); NULL where it has none. */
struct serial_line *serial_attach(struct serial *serial, const char *host);
void serial_detach(struct serial *serial, struct serial_line *line, const void *who);
/* Calls `visit` for each line. */
void serial_each(struct serial *serial,
                 void (*visit)(void *argument, const struct serial_state *state), void *argument);
void serial_look(struct serial *serial, struct serial_line *line, struct serial_state *state);
/* The number of the line's present change, for a cheap look. */
uint64_t serial_change(struct serial *serial, struct serial_line *line);

/* Copies what the line said from place `*at` on (0: as far back as is kept) to `to`, and moves
 * `*at` on; `*lost` says how many bytes were gone already. */
size_t serial_read(struct serial *serial, struct serial_line *line, uint64_t *at, uint8_t *to,
                   size_t size, uint64_t *lost);
/* The place of the oldest byte that is kept, and the place behind what the line said last. */
uint64_t serial_begin(struct serial *serial, struct serial_line *line);
uint64_t serial_end(struct serial *serial, struct serial_line *line);

/* Makes `who` (any pointer of the caller's) the line's writer, called `name`; false where another
 * one is and `take` is false. */
bool serial_claim(struct serial *serial, struct serial_line *line, const void *who,
                  const char *name, bool take);
void serial_release(struct serial *serial, struct serial_line *line, const void *who);
bool serial_is_writer(struct serial *serial, struct serial_line *line, const void *who);
/* Bytes for the line; returns how many of them it takes. */
size_t serial_write(struct serial *serial, struct serial_line *line, struct slice bytes);
/* Calls `woken(argument)`, from whatever thread, when any line said something or changed; NULL: no
 * more. */
void serial_wake(struct serial *serial, void (*woken)(void *argument), void *argument);
/* Sends a break. NULL, or why it cannot be sent. */
const char *serial_break(struct serial *serial, struct serial_line *line, unsigned milliseconds);

#endif
