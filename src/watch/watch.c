#include "watch/watch.h"

#include "base/clock.h"
#include "base/memory.h"
#include "watch/client.h"
#include "watch/lines.h"
#include "watch/machines.h"
#include "watch/screen.h"
#include "watch/view.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ERROR_SIZE = 512,
    DRAW_MS = 250,     /* clocks go on without news; the longest wait for any */
    TIMELINE_MS = 500, /* between two looks at a machine's timeline */
    AGAIN_MS = 1000,   /* between two tries to reach a server that has gone */
};

struct watching {
    const char *path;
    struct client client; /* descriptor -1: the server is not there */
    struct client asking; /* for the open timeline; descriptor -1: nothing is asked */
    struct watch_machines machines;
    struct view view;
    uint64_t tried_ms, timeline_ms;
};

static volatile sig_atomic_t ended;

static void on_end(int signal)
{
    (void)signal;
    ended = 1;
}

static int begin(struct watching *watching, char *error, size_t error_size)
{
    if (client_connect(&watching->client, watching->path, error, error_size) < 0)
        return -1;
    if (client_send(&watching->client, json_pack("{s:s}", "request", "watch")) == 0)
        return 0;
    snprintf(error, error_size, "the server at %s does not listen: %s", watching->path,
             strerror(errno));
    client_close(&watching->client);
    return -1;
}

/* ---- As lines ---- */

/* A refusal is the last line. False: nobody reads any more. */
static bool print_line(struct watching *watching, enum watch_form form, const json_t *line)
{
    char *text;

    if (json_object_get(line, "error")) {
        fprintf(stderr, "bootwire: %s\n", watch_text(line, "error"));
        return false;
    }
    if (form == WATCH_JSON) {
        text = json_dumps(line, JSON_COMPACT);
        printf("%s\n", text ? text : "{}");
    } else {
        (void)watch_machines_take(&watching->machines, (json_t *)line, clock_monotonic_ms());
        text = watch_lines(&watching->machines, line);
        fputs(text, stdout);
    }
    free(text);
    return fflush(stdout) == 0;
}

static int print_lines(struct watching *watching, enum watch_form form)
{
    struct pollfd waited[2];
    bool goes_on = true;
    json_t *line;

    while (goes_on && !ended) {
        while (goes_on && (line = client_next(&watching->client)) != NULL) {
            goes_on = print_line(watching, form, line);
            json_decref(line);
        }
        waited[0] = (struct pollfd){.fd = watching->client.descriptor, .events = POLLIN};
        waited[1] = (struct pollfd){.fd = STDOUT_FILENO};
        /* A signal that comes before the call is seen after it. */
        if (!goes_on || poll(waited, 2, DRAW_MS) <= 0)
            continue;
        /* Nobody reads any more. */
        if (waited[1].revents & (POLLERR | POLLNVAL))
            return 1;
        if (!waited[0].revents || client_receive(&watching->client) == 0)
            continue;
        fprintf(stderr, "bootwire: the server at %s has ended\n", watching->path);
        goes_on = false;
    }
    return goes_on ? 0 : 1;
}

/* ---- As a screen ---- */

static void take_line(struct watching *watching, json_t *line)
{
    /* The first line of a server: the timeline that is open may be another's. */
    if (strcmp(watch_text(line, "event"), "machines") == 0) {
        json_decref(watching->view.machine);
        watching->view.machine = NULL;
        watching->view.note[0] = 0;
    }
    (void)watch_machines_take(&watching->machines, line, clock_monotonic_ms());
}

static void take_news(struct watching *watching)
{
    json_t *line;

    if (client_receive(&watching->client) < 0) {
        client_close(&watching->client);
        snprintf(watching->view.note, sizeof(watching->view.note),
                 "the server has ended; waiting for it");
        return;
    }
    while ((line = client_next(&watching->client)) != NULL) {
        take_line(watching, line);
        json_decref(line);
    }
}

/* What was seen last stays on the screen until a server speaks. */
static void try_again(struct watching *watching, uint64_t now_ms)
{
    char error[ERROR_SIZE];

    if (watching->client.descriptor >= 0 || now_ms - watching->tried_ms < AGAIN_MS)
        return;
    watching->tried_ms = now_ms;
    (void)begin(watching, error, sizeof(error));
}

/* The open timeline grows while it is looked at. Nothing waits for the answer: a server that is
 * stopped must not keep the person from leaving. */
static void refresh_timeline(struct watching *watching, uint64_t now_ms)
{
    struct view *view = &watching->view;
    char error[ERROR_SIZE];

    if (view->page != VIEW_TIMELINE) {
        client_close(&watching->asking);
        json_decref(view->machine);
        view->machine = NULL;
        watching->timeline_ms = 0;
        return;
    }
    if (watching->asking.descriptor >= 0 ||
        (watching->timeline_ms && now_ms - watching->timeline_ms < TIMELINE_MS))
        return;
    watching->timeline_ms = now_ms;
    if (client_connect(&watching->asking, watching->path, error, sizeof(error)) == 0 &&
        client_send(&watching->asking,
                    json_pack("{s:s, s:s}", "request", "machine", "name", view->selected)) < 0)
        client_close(&watching->asking);
}

static void take_timeline(struct watching *watching)
{
    struct view *view = &watching->view;
    bool gone = client_receive(&watching->asking) < 0;
    json_t *answer = gone ? NULL : client_next(&watching->asking);

    if (json_is_object(json_object_get(answer, "machine"))) {
        json_decref(view->machine);
        view->machine = json_incref(json_object_get(answer, "machine"));
    }
    if (gone || answer)
        client_close(&watching->asking);
    json_decref(answer);
}

static void draw(struct watching *watching)
{
    unsigned width, height;

    screen_size(&width, &height);
    watch_machines_sort(&watching->machines, watching->view.order);
    view_draw(&watching->view, &watching->machines, width, height, clock_monotonic_ms());
    screen_show(watching->view.rows, watching->view.row_count);
}

/* False: the person leaves. */
static bool take_keys(struct watching *watching)
{
    int key;

    while ((key = screen_key()) >= 0) {
        if (!view_key(&watching->view, &watching->machines, key))
            return false;
    }
    return true;
}

static int watch_screen(struct watching *watching)
{
    bool goes_on = true;

    if (screen_open() < 0) {
        fprintf(stderr, "bootwire: the terminal's kind (TERM) is unknown; try --plain\n");
        return 1;
    }
    while (goes_on && !ended) {
        struct pollfd waited[3] = {{.fd = STDIN_FILENO, .events = POLLIN}};

        refresh_timeline(watching, clock_monotonic_ms());
        draw(watching);
        waited[1] = (struct pollfd){.fd = watching->client.descriptor, .events = POLLIN};
        waited[2] = (struct pollfd){.fd = watching->asking.descriptor, .events = POLLIN};
        (void)poll(waited, 3, DRAW_MS);
        if (watching->client.descriptor >= 0 && waited[1].revents)
            take_news(watching);
        if (watching->asking.descriptor >= 0 && waited[2].revents)
            take_timeline(watching);
        try_again(watching, clock_monotonic_ms());
        /* A terminal that has gone has no more keys. */
        goes_on = take_keys(watching) && !(waited[0].revents & (POLLHUP | POLLERR));
    }
    screen_close();
    return 0;
}

int watch(const char *path, enum watch_form form)
{
    struct watching *watching = memory_zeroed(1, sizeof(*watching));
    struct sigaction end = {.sa_handler = on_end};
    char error[ERROR_SIZE];
    int result = 1;

    watching->path = path;
    watching->asking.descriptor = -1;
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGHUP, &end, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (begin(watching, error, sizeof(error)) < 0)
        fprintf(stderr, "bootwire: %s\n", error);
    else
        result = form == WATCH_SCREEN ? watch_screen(watching) : print_lines(watching, form);
    client_close(&watching->client);
    client_close(&watching->asking);
    json_decref(watching->view.machine);
    watch_machines_clear(&watching->machines);
    free(watching);
    return result;
}
