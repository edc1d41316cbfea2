#include "guest/relay.h"

#include "base/cursor.h"
#include "base/memory.h"
#include "net/loop.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    LENGTH_SIZE = 4,
    FRAME_MAX = 65535,
    ROOM = 4 * (LENGTH_SIZE + FRAME_MAX),
    TURN = 64, /* frames before others have their turn */
};

struct relay {
    int frames, stream;
    struct loop_event *frames_event, *stream_event;
    uint8_t to_guest[ROOM];
    size_t to_guest_start, to_guest_end; /* what QEMU has not taken yet */
    uint8_t from_guest[ROOM];
    size_t from_guest_length;
};

/* ---- To the guest ---- */

/* Gives QEMU what waits; true: all of it. */
static bool flush(struct relay *relay)
{
    while (relay->to_guest_start < relay->to_guest_end) {
        ssize_t n = send(relay->stream, relay->to_guest + relay->to_guest_start,
                         relay->to_guest_end - relay->to_guest_start, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        relay->to_guest_start += (size_t)n;
    }
    relay->to_guest_start = relay->to_guest_end = 0;
    return true;
}

/* Takes the next frame behind those that wait; false: there is none. */
static bool take_frame(struct relay *relay)
{
    uint8_t *at = relay->to_guest + relay->to_guest_end;
    struct writer w = writer_of(at, LENGTH_SIZE);
    ssize_t n = recv(relay->frames, at + LENGTH_SIZE, FRAME_MAX, MSG_DONTWAIT);

    if (n <= 0)
        return false;
    writer_be32(&w, (uint32_t)n);
    relay->to_guest_end += LENGTH_SIZE + (size_t)n;
    return true;
}

/* While QEMU takes nothing, frames wait in the packet socket. */
static void set_pace(struct relay *relay, bool waiting)
{
    loop_watch_change(relay->frames_event, waiting ? 0 : LOOP_READ);
    loop_watch_change(relay->stream_event, waiting ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void frames_came(void *argument, int what)
{
    struct relay *relay = argument;

    (void)what;
    for (int i = 0; i < TURN; i++) {
        bool more = take_frame(relay);

        if (!more || ROOM - relay->to_guest_end < LENGTH_SIZE + FRAME_MAX) {
            if (!flush(relay)) {
                set_pace(relay, true);
                return;
            }
        }
        if (!more)
            return;
    }
    if (!flush(relay))
        set_pace(relay, true);
}

/* ---- From the guest ---- */

/* Sends each whole frame; returns how many bytes they were. */
static size_t send_frames(const struct relay *relay)
{
    size_t at = 0;

    while (relay->from_guest_length - at >= LENGTH_SIZE) {
        struct reader r = reader_of(relay->from_guest + at, LENGTH_SIZE);
        size_t length = reader_be32(&r);

        if (length > FRAME_MAX || relay->from_guest_length - at - LENGTH_SIZE < length)
            break;
        (void)!send(relay->frames, relay->from_guest + at + LENGTH_SIZE, length,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
        at += LENGTH_SIZE + length;
    }
    return at;
}

static void stream_ready(void *argument, int what)
{
    struct relay *relay = argument;
    size_t sent;
    ssize_t n;

    if ((what & LOOP_WRITE) && flush(relay))
        set_pace(relay, false);
    if (!(what & LOOP_READ))
        return;
    n = recv(relay->stream, relay->from_guest + relay->from_guest_length,
             ROOM - relay->from_guest_length, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        /* QEMU has gone. */
        loop_watch_change(relay->stream_event, 0);
        loop_watch_change(relay->frames_event, 0);
        return;
    }
    relay->from_guest_length += (size_t)n;
    sent = send_frames(relay);
    relay->from_guest_length -= sent;
    memmove(relay->from_guest, relay->from_guest + sent, relay->from_guest_length);
}

struct relay *relay_new(struct loop *loop, int frames, int stream)
{
    struct relay *relay = memory_zeroed(1, sizeof(*relay));

    relay->frames = frames;
    relay->stream = stream;
    relay->frames_event = loop_watch(loop, frames, LOOP_READ, frames_came, relay);
    relay->stream_event = loop_watch(loop, stream, LOOP_READ, stream_ready, relay);
    return relay;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    loop_event_free(relay->frames_event);
    loop_event_free(relay->stream_event);
    free(relay);
}
