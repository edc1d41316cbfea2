#include "service/step_feed.h"

#include "base/memory.h"
#include "net/loop.h"
#include "service/journal.h"
#include "service/server.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 4096 };

struct step_feed {
    struct server *server;
    struct loop_event *event;
    int descriptor;
    char bytes[LINE_SIZE];
    size_t length;
};

static enum step_event event_named(const char *name)
{
    for (unsigned event = 0; event < STEP_COUNT; event++) {
        if (strcmp(step_event_name((enum step_event)event), name) == 0)
            return (enum step_event)event;
    }
    return STEP_NOTED;
}

static void take_line(struct step_feed *feed, const char *text, size_t length)
{
    json_t *line = json_loadb(text, length, 0, NULL);
    const char *event, *hardware, *host = NULL, *got = "";
    struct boot_step step = {.service = "guest", .asked = "", .quiet = true};

    if (line &&
        json_unpack(line, "{s:s, s:s, s?s, s?s}", "event", &event, "hardware", &hardware, "host",
                    &host, "got", &got) == 0 &&
        hardware_parse(hardware, &step.hardware)) {
        step.event = event_named(event);
        step.asked = step_event_name(step.event);
        step.host = host;
        step.got = got;
        journal_step(feed->server->journal, &step);
    }
    json_decref(line);
}

static void readable(void *argument, int what)
{
    struct step_feed *feed = argument;
    ssize_t n = read(feed->descriptor, feed->bytes + feed->length, LINE_SIZE - feed->length);
    size_t start = 0;
    char *end;

    (void)what;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        loop_watch_change(feed->event, 0);
        return;
    }
    feed->length += (size_t)n;
    while ((end = memchr(feed->bytes + start, '\n', feed->length - start)) != NULL) {
        take_line(feed, feed->bytes + start, (size_t)(end - feed->bytes) - start);
        start = (size_t)(end - feed->bytes) + 1;
    }
    if (start == 0 && feed->length == LINE_SIZE)
        start = LINE_SIZE;
    memmove(feed->bytes, feed->bytes + start, feed->length - start);
    feed->length -= start;
}

struct step_feed *step_feed_new(struct server *server, int descriptor)
{
    struct step_feed *feed = memory_zeroed(1, sizeof(*feed));

    feed->server = server;
    feed->descriptor = descriptor;
    feed->event = loop_watch(server->control, descriptor, LOOP_READ, readable, feed);
    return feed;
}

void step_feed_free(struct step_feed *feed)
{
    if (!feed)
        return;
    loop_event_free(feed->event);
    free(feed);
}
