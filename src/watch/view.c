#include "watch/view.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    BAR_MAX = 10,
    WIDE = 100,       /* columns from which on there is room for everything */
    HEAD_ROWS = 2,    /* title, columns */
    VERDICT_ROWS = 3, /* of the selected machine: waiting, saw, cure; more where they are longer */
    TEXT_SIZE = 8192, /* of a text that takes several rows */
    EXCHANGE_INDENT = 11,
    VERDICT_INDENT = 4,
};

/* ---- Rows ---- */

static struct view_row *row(struct view *view, enum view_look look, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a row; whatever is no printable ASCII is shown as text_printable() shows it. */
static struct view_row *row(struct view *view, enum view_look look, const char *format, ...)
{
    struct view_row *made = &view->rows[view->row_count++];
    char text[4 * VIEW_WIDTH_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    made->look = look;
    text_printable(made->text, sizeof(made->text), slice_of_string(text));
    return made;
}

/* How much of the text goes into a row with so much room: whole words, where there are any. */
static size_t row_length(const char *text, size_t room)
{
    size_t length = strlen(text), at = room;

    if (length <= room)
        return length;
    while (at > room / 2 && text[at] != ' ')
        at--;
    return text[at] == ' ' ? at : room;
}

/* Adds the text in as many rows as it takes, up to the screen's row `end`; those behind the first
 * begin with `indent` blanks. Returns how many it takes; `view` NULL: only counts them. */
static size_t wrap(struct view *view, size_t end, enum view_look look, unsigned width,
                   unsigned indent, const char *text)
{
    char printable[TEXT_SIZE];
    const char *at = text_printable(printable, sizeof(printable), slice_of_string(text));
    size_t count = 0;

    do {
        unsigned blanks = count > 0 ? indent : 0;
        size_t length = row_length(at, width - blanks);

        if (view && view->row_count < end)
            row(view, look, "%*s%.*s", (int)blanks, "", (int)length, at);
        at += length;
        at += strspn(at, " ");
        count++;
    } while (*at);
    return count;
}

static void fit(struct view *view, unsigned width)
{
    for (size_t i = 0; i < view->row_count; i++)
        view->rows[i].text[width < VIEW_WIDTH_MAX ? width : VIEW_WIDTH_MAX] = 0;
}

static void fill_to(struct view *view, size_t count)
{
    while (view->row_count < count)
        row(view, VIEW_PLAIN, "%s", "");
}

/* ---- Numbers ---- */

/* 1234567 as "1.2 MiB"; at most 9 characters. */
static char *amount(char to[16], uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    snprintf(to, 16, unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return to;
}

/* 83 s as "1:23". */
static char *duration(char to[24], uint64_t ms)
{
    uint64_t seconds = ms / 1000;

    if (seconds < 60)
        snprintf(to, 24, "%" PRIu64 ".%" PRIu64 "s", seconds, ms % 1000 / 100);
    else if (seconds < 3600)
        snprintf(to, 24, "%" PRIu64 ":%02" PRIu64, seconds / 60, seconds % 60);
    else
        snprintf(to, 24, "%" PRIu64 "h%02" PRIu64, seconds / 3600, seconds % 3600 / 60);
    return to;
}

/* "[#####.....]  50% 1.2 MiB/s" of a transfer, half as long a bar where it is not wide; "" where
 * none is. */
static char *progress_text(char *to, size_t size, const json_t *loading, bool wide)
{
    uint64_t bytes = watch_number(loading, "bytes"), total = watch_number(loading, "total");
    unsigned percent = total > 0 ? (unsigned)(bytes >= total ? 100 : bytes * 100 / total) : 0;
    unsigned bar_width = wide ? BAR_MAX : BAR_MAX / 2;
    char bar[BAR_MAX + 1], moved[16], rate[16];

    to[0] = 0;
    if (!json_is_object(loading))
        return to;
    for (unsigned i = 0; i < bar_width; i++)
        bar[i] = i < percent * bar_width / 100 ? '#' : '.';
    bar[bar_width] = 0;
    amount(moved, bytes);
    amount(rate, watch_number(loading, "rate"));
    if (total > 0)
        snprintf(to, size, "[%s] %3u%% %s/s", bar, percent, rate);
    else
        snprintf(to, size, "%s %s/s", moved, rate);
    return to;
}

/* ---- The machines ---- */

static bool is_shown(const struct view *view, const struct watch_machine *machine)
{
    return watch_machine_matches(machine, view->filter);
}

static size_t shown_count(const struct view *view, const struct watch_machines *machines)
{
    size_t count = 0;

    for (size_t i = 0; i < machines->count; i++)
        count += is_shown(view, &machines->list[i]);
    return count;
}

/* The place of the selected one among those that are shown. */
static size_t selected_place(const struct view *view, const struct watch_machines *machines)
{
    size_t place = 0;

    for (size_t i = 0; i < machines->count; i++) {
        if (!is_shown(view, &machines->list[i]))
            continue;
        if (strcmp(machines->list[i].name, view->selected) == 0)
            return place;
        place++;
    }
    return 0;
}

static const struct watch_machine *at_place(const struct view *view,
                                            const struct watch_machines *machines, size_t place)
{
    for (size_t i = 0; i < machines->count; i++) {
        if (is_shown(view, &machines->list[i]) && place-- == 0)
            return &machines->list[i];
    }
    return NULL;
}

static void select_place(struct view *view, const struct watch_machines *machines, size_t place)
{
    const struct watch_machine *machine = at_place(view, machines, place);

    snprintf(view->selected, sizeof(view->selected), "%s", machine ? machine->name : "");
}

/* What it is doing, or why it does not. */
static void describe(char *to, size_t size, const struct watch_machine *machine, bool wide)
{
    const json_t *loading = json_object_get(machine->object, "loading");
    const json_t *verdict = json_object_get(machine->object, "verdict");
    char progress[64];

    if (json_is_object(verdict))
        snprintf(to, size, "stopped: waits for %s", watch_text(verdict, "waiting"));
    else if (json_is_true(json_object_get(loading, "active")))
        snprintf(to, size, "%s %s", progress_text(progress, sizeof(progress), loading, wide),
                 watch_text(loading, "name"));
    else
        snprintf(to, size, "%s", json_is_object(loading) ? watch_text(loading, "name") : "");
}

static enum view_look look_of(const struct watch_machine *machine)
{
    const char *reached = watch_text(machine->object, "reached");

    if (json_is_object(json_object_get(machine->object, "verdict")) ||
        strcmp(reached, "panic") == 0)
        return VIEW_BAD;
    if (strcmp(reached, "login") == 0 || strcmp(reached, "userland") == 0)
        return VIEW_GOOD;
    return strcmp(reached, "off") == 0 ? VIEW_DIM : VIEW_PLAIN;
}

static void draw_machine(struct view *view, const struct watch_machine *machine, unsigned width,
                         bool selected, uint64_t now_ms)
{
    uint64_t since = watch_number(machine->object, "since_ms") + (now_ms - machine->at_ms);
    bool wide = width >= WIDE;
    char what[512], time[24];

    describe(what, sizeof(what), machine, wide);
    duration(time, since);
    if (wide)
        row(view, selected ? VIEW_SELECTED : look_of(machine),
            "%c%-24.24s %-15s %-9.9s %-8.8s %7s  %s", selected ? '>' : ' ',
            watch_machine_label(machine), watch_text(machine->object, "address"),
            watch_text(machine->object, "stage"), watch_text(machine->object, "reached"), time,
            what);
    else
        row(view, selected ? VIEW_SELECTED : look_of(machine), "%c%-17.17s %-15s %-8.8s %6s %s",
            selected ? '>' : ' ', watch_machine_label(machine),
            watch_text(machine->object, "address"), watch_text(machine->object, "reached"), time,
            what);
}

/* The verdict in whole; returns how many rows that takes. `view` NULL: only counts them. */
static size_t draw_verdict(struct view *view, size_t end, const json_t *machine, unsigned width)
{
    static const struct {
        enum view_look look;
        const char *label, *field;
    } parts[] = {
        {VIEW_BAD, "waits for", "waiting"},
        {VIEW_PLAIN, "seen:", "saw"},
        {VIEW_PLAIN, "do:", "cure"},
    };
    const json_t *verdict = json_object_get(machine, "verdict");
    size_t count = 0;
    char text[TEXT_SIZE];

    for (size_t i = 0; json_is_object(verdict) && i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(text, sizeof(text), "%s %s", parts[i].label, watch_text(verdict, parts[i].field));
        count += wrap(view, end, parts[i].look, width, VERDICT_INDENT, text);
    }
    return count;
}

/* The rows between the head and what stands below: the machine's verdict and the keys. */
static size_t room_above(const json_t *machine, unsigned width, unsigned height)
{
    size_t verdict = draw_verdict(NULL, 0, machine, width), most = height / 2;

    if (verdict > most)
        verdict = most;
    if (verdict < VERDICT_ROWS)
        verdict = VERDICT_ROWS;
    return height > HEAD_ROWS + verdict + 1 ? height - HEAD_ROWS - verdict - 1 : 1;
}

static void draw_title(struct view *view, const struct watch_machines *machines)
{
    size_t stopped = 0, up = 0;
    char lost[48] = "";

    for (size_t i = 0; i < machines->count; i++) {
        stopped += json_is_object(json_object_get(machines->list[i].object, "verdict"));
        up += look_of(&machines->list[i]) == VIEW_GOOD;
    }
    if (machines->lost > 0)
        snprintf(lost, sizeof(lost), ", %" PRIu64 " steps missed", machines->lost);
    row(view, VIEW_TITLE, "bootwire: %zu machine%s, %zu up, %zu stopped%s%s%s%s%s%s",
        machines->count, machines->count == 1 ? "" : "s", up, stopped, lost,
        view->filter[0] || view->typing ? "   /" : "", view->filter, view->typing ? "_" : "",
        view->note[0] ? "   " : "", view->note);
}

static void draw_machines(struct view *view, const struct watch_machines *machines, unsigned width,
                          unsigned height, uint64_t now_ms)
{
    size_t place = selected_place(view, machines);
    const struct watch_machine *selected = at_place(view, machines, place);
    const json_t *object = selected ? selected->object : NULL;
    size_t room = room_above(object, width, height);

    view->page_size = room;
    if (place < view->top)
        view->top = place;
    if (place >= view->top + room)
        view->top = place - room + 1;
    draw_title(view, machines);
    if (width >= WIDE)
        row(view, VIEW_DIM, " %-24s %-15s %-9s %-8s %7s  %s", "machine", "address", "stage",
            "reached", "since", "what");
    else
        row(view, VIEW_DIM, " %-17s %-15s %-8s %6s %s", "machine", "address", "reached", "since",
            "what");
    for (size_t i = view->top; i < view->top + room; i++) {
        const struct watch_machine *machine = at_place(view, machines, i);

        if (machine)
            draw_machine(view, machine, width, i == place, now_ms);
    }
    if (shown_count(view, machines) == 0)
        row(view, VIEW_PLAIN,
            machines->count > 0 ? " no machine matches the filter"
                                : " no machine has asked for anything yet");
    fill_to(view, HEAD_ROWS + room);
    (void)draw_verdict(view, height - 1, object, width);
    fill_to(view, height - 1);
    row(view, VIEW_DIM, "Enter timeline  / filter  s sort (by %s)  ? help  q quit",
        watch_order_name(view->order));
}

/* ---- One machine's timeline ---- */

/* Returns how many rows the exchange takes; `view` NULL: only counts them. */
static size_t draw_exchange(struct view *view, size_t end, const json_t *exchange, unsigned width)
{
    const char *decided = watch_text(exchange, "decided"), *got = watch_text(exchange, "got");
    uint64_t count = watch_number(exchange, "count"), bytes = watch_number(exchange, "bytes");
    char size[16] = "", times[40] = "", text[TEXT_SIZE];
    const char *asked = watch_text(exchange, "asked");

    if (bytes > 0)
        amount(size, bytes);
    if (count > 1)
        snprintf(times, sizeof(times), " (%" PRIu64 " times)", count);
    snprintf(text, sizeof(text), "%8.2f %9s %-9.9s %-7.7s %s%s%s%s%s%s",
             (double)watch_number(exchange, "at_ms") / 1000, size, watch_text(exchange, "stage"),
             watch_text(exchange, "service"), asked[0] ? asked : watch_text(exchange, "event"),
             got[0] ? " -> " : "", got, times, decided[0] ? "  @" : "", decided);
    return wrap(view, end,
                json_is_true(json_object_get(exchange, "refused")) ? VIEW_BAD : VIEW_PLAIN, width,
                EXCHANGE_INDENT, text);
}

/* The last exchange from which on all the others find room. */
static size_t last_top(const json_t *timeline, unsigned width, size_t room)
{
    size_t top = json_array_size(timeline), rows = 0;

    while (top > 0) {
        rows += draw_exchange(NULL, 0, json_array_get(timeline, top - 1), width);
        if (rows > room)
            return top < json_array_size(timeline) ? top : top - 1;
        top--;
    }
    return 0;
}

static size_t exchange_count(const struct view *view)
{
    return json_array_size(json_object_get(view->machine, "timeline"));
}

static void draw_timeline(struct view *view, unsigned width, unsigned height)
{
    const json_t *timeline = json_object_get(view->machine, "timeline");
    size_t room = room_above(view->machine, width, height), count = exchange_count(view), i;
    const char *host = watch_text(view->machine, "host");
    size_t last = last_top(timeline, width, room);
    char time[24];

    if (view->top > last)
        view->top = last;
    if (view->machine)
        row(view, VIEW_TITLE, "%s%s%s %s: %s, %s since power-on, boot %" PRIu64 "%s%s", host,
            host[0] ? " " : "", view->selected, watch_text(view->machine, "address"),
            watch_text(view->machine, "reached"),
            duration(time, watch_number(view->machine, "since_ms")),
            watch_number(view->machine, "boots"), view->note[0] ? "   " : "", view->note);
    else
        row(view, VIEW_TITLE, "%s: the server has told nothing of it yet%s%s", view->selected,
            view->note[0] ? "   " : "", view->note);
    row(view, VIEW_DIM, " seconds     bytes stage     service what");
    for (i = view->top; i < count && view->row_count < HEAD_ROWS + room; i++)
        (void)draw_exchange(view, HEAD_ROWS + room, json_array_get(timeline, i), width);
    view->page_size = i > view->top + 1 ? i - view->top - 1 : 1;
    fill_to(view, HEAD_ROWS + room);
    (void)draw_verdict(view, height - 1, view->machine, width);
    fill_to(view, height - 1);
    row(view, VIEW_DIM, "%zu to %zu of %zu   arrows scroll  Escape or q back",
        count > 0 ? view->top + 1 : 0, i, count);
}

static void draw_help(struct view *view, unsigned height)
{
    static const char *const lines[] = {
        "arrows, j, k       another machine, or further in the timeline",
        "PageUp, PageDown   a screen further",
        "Home, End          the first, the last",
        "Enter              the machine's timeline, and why it stands still",
        "Escape, q          back; q on the list leaves",
        "/                  show machines whose name, address or host holds a text; Escape ends it",
        "s                  sort by time, by name, by stage",
        "?                  this",
    };

    row(view, VIEW_TITLE, "bootwire watch: keys");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && view->row_count + 1 < height; i++)
        row(view, VIEW_PLAIN, " %s", lines[i]);
    fill_to(view, height - 1);
    row(view, VIEW_DIM, "any key goes back");
}

void view_draw(struct view *view, const struct watch_machines *machines, unsigned width,
               unsigned height, uint64_t now_ms)
{
    view->row_count = 0;
    if (height > VIEW_HEIGHT_MAX)
        height = VIEW_HEIGHT_MAX;
    if (width < VIEW_WIDTH_MIN || height < VIEW_HEIGHT_MIN)
        row(view, VIEW_PLAIN, "%dx%d at least", VIEW_WIDTH_MIN, VIEW_HEIGHT_MIN);
    else if (view->page == VIEW_HELP)
        draw_help(view, height);
    else if (view->page == VIEW_TIMELINE)
        draw_timeline(view, width, height);
    else
        draw_machines(view, machines, width, height, now_ms);
    fit(view, width);
}

/* ---- Keys ---- */

static bool type_filter(struct view *view, int key)
{
    size_t length = strlen(view->filter);

    if (key == VIEW_KEY_ENTER) {
        view->typing = false;
    } else if (key == VIEW_KEY_ESCAPE) {
        view->typing = false;
        view->filter[0] = 0;
    } else if (key == VIEW_KEY_BACKSPACE) {
        if (length > 0)
            view->filter[length - 1] = 0;
    } else if (key < 128 && isprint(key) && length + 1 < VIEW_FILTER_SIZE) {
        view->filter[length] = (char)key;
        view->filter[length + 1] = 0;
    }
    view->top = 0;
    return true;
}

/* Where a key goes from `place` of `count`, `page` of them a screen. */
static size_t moved(size_t place, size_t count, size_t page, int key)
{
    switch (key) {
    case VIEW_KEY_UP:
    case 'k':
        return place > 0 ? place - 1 : 0;
    case VIEW_KEY_DOWN:
    case 'j':
        place++;
        break;
    case VIEW_KEY_PAGE_UP:
        return place > page ? place - page : 0;
    case VIEW_KEY_PAGE_DOWN:
        place += page;
        break;
    case VIEW_KEY_HOME:
        return 0;
    case VIEW_KEY_END:
        place = count;
        break;
    default:
        break;
    }
    return place < count ? place : count > 0 ? count - 1 : 0;
}

static bool key_on_timeline(struct view *view, int key)
{
    if (key == 'q' || key == VIEW_KEY_ESCAPE || key == VIEW_KEY_BACKSPACE) {
        view->page = VIEW_MACHINES;
        view->top = 0;
    } else {
        view->top = moved(view->top, exchange_count(view), view->page_size, key);
    }
    return true;
}

static bool key_on_machines(struct view *view, const struct watch_machines *machines, int key)
{
    size_t place = selected_place(view, machines);

    switch (key) {
    case 'q':
        return false;
    case VIEW_KEY_ESCAPE:
        view->filter[0] = 0;
        break;
    case '/':
        view->typing = true;
        break;
    case 's':
        view->order = (view->order + 1) % WATCH_ORDERS;
        break;
    case '?':
        view->page = VIEW_HELP;
        break;
    case VIEW_KEY_ENTER:
        select_place(view, machines, place);
        if (view->selected[0]) {
            view->page = VIEW_TIMELINE;
            view->top = 0;
        }
        break;
    default:
        select_place(view, machines,
                     moved(place, shown_count(view, machines), view->page_size, key));
    }
    return true;
}

bool view_key(struct view *view, const struct watch_machines *machines, int key)
{
    if (view->page == VIEW_HELP) {
        view->page = VIEW_MACHINES;
        return true;
    }
    if (view->typing)
        return type_filter(view, key);
    if (view->page == VIEW_TIMELINE)
        return key_on_timeline(view, key);
    return key_on_machines(view, machines, key);
}
