/* What the screen shows: machines and a choice among them in, rows of text out. Pure; it knows of
 * no terminal. */
#ifndef BOOTWIRE_WATCH_VIEW_H
#define BOOTWIRE_WATCH_VIEW_H

#include "watch/machines.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VIEW_WIDTH_MIN = 40,
    VIEW_WIDTH_MAX = 400, /* columns; what is wider is not used */
    VIEW_HEIGHT_MIN = 8,
    VIEW_HEIGHT_MAX = 200,
    VIEW_FILTER_SIZE = 64,
};

/* How a row looks; nothing is said by this alone. */
enum view_look { VIEW_PLAIN, VIEW_TITLE, VIEW_SELECTED, VIEW_GOOD, VIEW_BAD, VIEW_DIM };

struct view_row {
    enum view_look look;
    char text[VIEW_WIDTH_MAX + 1]; /* printable ASCII, as wide as the screen at most */
};

enum view_page { VIEW_MACHINES, VIEW_TIMELINE, VIEW_HELP };

/* All zero is the start. */
struct view {
    enum view_page page;
    enum watch_order order;
    char selected[64];             /* the machine's name; empty: the first one */
    size_t top;                    /* the first machine, or exchange, that is shown */
    size_t page_size;              /* how many of them view_draw() had room for */
    bool typing;                   /* the filter is being typed */
    char filter[VIEW_FILTER_SIZE]; /* shown are machines that match it */
    json_t *machine; /* for the timeline: MACHINE with it; borrowed; NULL: not there yet */
    char note[128];  /* for the person: "the server has ended" ...; empty: nothing */
    struct view_row rows[VIEW_HEIGHT_MAX];
    size_t row_count;
};

/* Keys, as the terminal's library names them does not matter here. */
enum view_key {
    VIEW_KEY_UP = 256,
    VIEW_KEY_DOWN,
    VIEW_KEY_PAGE_UP,
    VIEW_KEY_PAGE_DOWN,
    VIEW_KEY_HOME,
    VIEW_KEY_END,
    VIEW_KEY_ENTER,
    VIEW_KEY_ESCAPE,
    VIEW_KEY_BACKSPACE,
};

/* Takes a key: a byte, or one of the above. False: the person wants to leave. */
bool view_key(struct view *view, const struct watch_machines *machines, int key);

/* Fills in the rows for a screen of that size: `row_count` is the height. */
void view_draw(struct view *view, const struct watch_machines *machines, unsigned width,
               unsigned height, uint64_t now_ms);

#endif
