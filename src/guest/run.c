#include "guest/run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "guest/beside.h"
#include "guest/firmware.h"
#include "guest/guest.h"
#include "guest/terminal.h"
#include "net/loop.h"

#include <errno.h>
#include <jansson.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ERROR_SIZE = 512,
    KVM_PATIENCE_MS = 15000, /* a ROM under a working KVM asks for its address within 5 s */
    SIGNAL_COUNT = 4,
};

/* A guest, as the run sees it. */
struct member {
    struct guest guest;
    bool over;                     /* it has ended, and does not start again */
    bool seen;                     /* it has shown what the run waits for */
    struct loop_event *keys_event; /* from who is attached to its console by the server */
    struct loop_event *orders_event;
};

struct run {
    const struct guest_run_options *options;
    struct loop *loop;
    struct terminal terminal;
    struct terminal_keys keys;
    bool others_write, told_of_others; /* the terminal's keys are nobody's, and it was told so */
    struct guest_listener listener;
    struct member *members; /* options->count of them */
    regex_t until;

    struct beside beside;
    struct loop_event *journal_event;

    struct loop_event *input_event;
    struct loop_event *signals[SIGNAL_COUNT];
    struct loop_event *kvm_timer, *timeout;
    bool raw; /* the terminal is the guest's */
    enum guest_run_end end;
};

/* A line to the person, also while the terminal is the guest's. */
__attribute__((format(printf, 2, 3))) static void say(const struct run *run, const char *format,
                                                      ...)
{
    char text[2 * LINES_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "%sbootwire: %s%s", run->raw ? "\r\n" : "", text, run->raw ? "\r\n" : "\n");
}

static bool is_alone(const struct run *run)
{
    return run->options->count == 1;
}

/* ---- What the server tells, and is told ---- */

/* The timeline of the machine that the step names; the first guest's where it names none. */
static struct member *member_of(struct run *run, struct slice line)
{
    json_t *object = json_loadb((const char *)line.data, line.length, 0, NULL);
    const char *hardware = json_string_value(json_object_get(object, "hardware"));
    struct member *found = is_alone(run) ? &run->members[0] : NULL;
    char text[HARDWARE_TEXT_SIZE];

    for (unsigned i = 0; hardware && i < run->options->count; i++) {
        if (strcmp(hardware_text(text, &run->options->members[i].hardware), hardware) == 0)
            found = &run->members[i];
    }
    json_decref(object);
    return found;
}

static void journal_line(void *argument, struct slice line)
{
    struct member *member = member_of(argument, line);

    if (member)
        timeline_add_json(&member->guest.timeline, line);
}

static void journal_ready(void *argument, int what)
{
    struct run *run = argument;

    (void)what;
    if (lines_read(&run->beside.journal_lines, run->beside.journal, journal_line, run))
        return;
    loop_watch_change(run->journal_event, 0);
}

static void tell(const struct run *run, const struct member *member, const char *event,
                 const char *got)
{
    beside_tell(&run->beside, &run->options->members[member - run->members], event, got);
}

/* Keys of somebody who is attached to the console. */
static void keys_ready(void *argument, int what)
{
    struct run *run = argument;
    uint8_t keys[LINES_SIZE];

    (void)what;
    for (unsigned i = 0; i < run->options->count; i++) {
        ssize_t count = read(run->beside.consoles[i], keys, sizeof(keys));

        if (count > 0)
            guest_send(&run->members[i].guest, slice_of(keys, (size_t)count));
        else if (count == 0 || (errno != EAGAIN && errno != EINTR))
            loop_watch_change(run->members[i].keys_event, 0);
    }
}

/* ---- What the guests tell ---- */

static void write_all(int descriptor, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(descriptor, bytes, length);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return;
        bytes += count;
        length -= (size_t)count;
    }
}

static void guest_printed(void *argument, unsigned number, struct slice output)
{
    const struct run *run = argument;

    if (is_alone(run))
        write_all(STDOUT_FILENO, output.data, output.length);
    beside_print(&run->beside, number, output);
}

static bool all_have_shown(const struct run *run)
{
    for (unsigned i = 0; i < run->options->count; i++) {
        if (!run->members[i].seen)
            return false;
    }
    return true;
}

static void guest_line(void *argument, unsigned number, const char *text, bool whole)
{
    struct run *run = argument;
    struct member *member = &run->members[number];

    if (whole && !is_alone(run)) {
        printf("%s| %s\n", member->guest.name, text);
        fflush(stdout);
    }
    if (!run->options->until || member->seen || regexec(&run->until, text, 0, NULL, 0) != 0)
        return;
    member->seen = true;
    if (all_have_shown(run))
        loop_stop(run->loop);
}

static void guest_said(void *argument, unsigned number, const char *text)
{
    const struct run *run = argument;

    if (is_alone(run))
        say(run, "%s", text);
    else
        say(run, "%s: %s", run->members[number].guest.name, text);
}

/* The same hosts may let the ROM crawl for a minute before KVM gives up. */
static void kvm_patience_ended(void *argument)
{
    struct run *run = argument;

    for (unsigned i = 0; i < run->options->count; i++) {
        struct guest *guest = &run->members[i].guest;

        /* The first row is the power-on. */
        if (guest->process <= 0 || guest->description.accelerator != GUEST_KVM ||
            guest->timeline.count > 1)
            continue;
        guest_said(run, i, "under KVM its ROM asked for nothing in 15 s");
        guest->kvm_died = true;
        guest->kvm_reason = "its ROM asked for nothing";
        kill(guest->process, SIGKILL);
    }
}

/* ---- The person, and time ---- */

static void type_keys(struct run *run, struct slice keys)
{
    if (keys.length == 0)
        return;
    if (!run->others_write) {
        guest_send(&run->members[0].guest, keys);
    } else if (!run->told_of_others) {
        say(run,
            "somebody who is attached to this console has the keyboard; Ctrl-a w takes it over");
        run->told_of_others = true;
    }
}

static void input_ready(void *argument, int what)
{
    struct run *run = argument;
    uint8_t keys[LINES_SIZE], out[LINES_SIZE];
    ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));
    size_t used, length;
    char command;

    (void)what;
    if (count <= 0) {
        loop_watch_change(run->input_event, 0);
        beside_order(&run->beside, CONSOLE_LEFT);
        return;
    }
    for (size_t at = 0; at < (size_t)count; at += used) {
        used = terminal_split(&run->keys, keys + at, (size_t)count - at, out, &length, &command);
        type_keys(run, slice_of(out, length));
        if (command == 'x') {
            loop_stop(run->loop);
            return;
        }
        if (command == 'b' && !run->others_write)
            guest_break(&run->members[0].guest);
        if (command == 'w')
            beside_order(&run->beside, CONSOLE_OWN);
    }
}

/* What the server says of who writes, and a break of somebody who is attached. */
static void orders_ready(void *argument, int what)
{
    struct run *run = argument;

    (void)what;
    for (unsigned i = 0; i < run->options->count; i++) {
        struct member *member = &run->members[i];
        char order;
        ssize_t count = read(run->beside.orders[i], &order, 1);

        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
            loop_watch_change(member->orders_event, 0);
        if (count != 1)
            continue;
        if (order == CONSOLE_BREAK)
            guest_break(&member->guest);
        else
            run->others_write = order == CONSOLE_OTHER;
        run->told_of_others = false;
    }
}

static void asked_to_end(void *argument)
{
    struct run *run = argument;

    loop_stop(run->loop);
}

static void time_is_over(void *argument)
{
    struct run *run = argument;

    say(run, "the time (--timeout %u) is over", run->options->timeout_seconds);
    run->end = GUEST_RUN_TIMEOUT;
    loop_stop(run->loop);
}

/* ---- A guest's life ---- */

static void fail(struct run *run)
{
    run->end = GUEST_RUN_FAILED;
    loop_stop(run->loop);
}

static bool start(struct run *run, struct member *member)
{
    struct guest *guest = &member->guest;

    if (guest_start(guest) < 0) {
        fail(run);
        return false;
    }
    tell(run, member, "power-on", guest_accelerator_name(guest->description.accelerator));
    if (guest->description.accelerator == GUEST_KVM)
        loop_timer_start(run->kvm_timer, KVM_PATIENCE_MS);
    return true;
}

static bool all_are_over(const struct run *run)
{
    for (unsigned i = 0; i < run->options->count; i++) {
        if (!run->members[i].over)
            return false;
    }
    return true;
}

/* Its process has ended by itself. */
static void guest_ended(struct run *run, struct member *member)
{
    struct guest *guest = &member->guest;
    int status = guest_end(guest);
    char said[128];

    if (guest->kvm_died) {
        tell(run, member, "kvm-died", guest->kvm_reason);
        guest_said(run, guest->number,
                   "KVM does not work for this guest; it starts again, emulated (TCG)");
        guest->description.accelerator = GUEST_TCG;
        (void)start(run, member);
        return;
    }
    member->over = true;
    tell(run, member, "power-off", "the guest has ended");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        timeline_add(&guest->timeline, clock_monotonic_ms(), 0, "", "", "power-off");
    } else {
        snprintf(said, sizeof(said), "%s ended with %s %d", guest->description.type->program,
                 WIFEXITED(status) ? "status" : "signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        guest_said(run, guest->number, said);
        fail(run);
        return;
    }
    if (run->options->until && !member->seen) {
        snprintf(said, sizeof(said), "it ended before its console showed \"%.60s\"",
                 run->options->until);
        guest_said(run, guest->number, said);
        run->end = GUEST_RUN_TOO_EARLY;
        loop_stop(run->loop);
    } else if (all_are_over(run)) {
        loop_stop(run->loop);
    }
}

static void child_ended(void *argument)
{
    struct run *run = argument;

    if (beside_has_ended(&run->beside)) {
        say(run, "the server has ended");
        fail(run);
        return;
    }
    for (unsigned i = 0; i < run->options->count; i++) {
        if (guest_has_ended(&run->members[i].guest))
            guest_ended(run, &run->members[i]);
    }
}

/* ---- The run ---- */

static void watch(struct run *run)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP};

    run->journal_event = loop_watch(run->loop, run->beside.journal, LOOP_READ, journal_ready, run);
    if (is_alone(run) && terminal_gives_keys())
        run->input_event = loop_watch(run->loop, STDIN_FILENO, LOOP_READ, input_ready, run);
    for (unsigned i = 0; i < run->options->count; i++) {
        run->members[i].keys_event =
            loop_watch(run->loop, run->beside.consoles[i], LOOP_READ, keys_ready, run);
        run->members[i].orders_event =
            loop_watch(run->loop, run->beside.orders[i], LOOP_READ, orders_ready, run);
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        run->signals[i] = loop_signal(run->loop, ends[i], asked_to_end, run);
    run->kvm_timer = loop_timer(run->loop, kvm_patience_ended, run);
    run->timeout = loop_timer(run->loop, time_is_over, run);
    if (run->options->timeout_seconds > 0)
        loop_timer_start(run->timeout, 1000ull * run->options->timeout_seconds);
    run->signals[SIGNAL_COUNT - 1] = loop_signal(run->loop, SIGCHLD, child_ended, run);
}

static void close_links(void *argument)
{
    struct run *run = argument;

    for (unsigned i = 0; i < run->options->count; i++)
        guest_link_close(&run->members[i].guest.link);
}

/* The guests' cards on the network, and their firmware. */
static int prepare_guests(struct run *run)
{
    const struct guest_run_options *options = run->options;
    char error[ERROR_SIZE];

    for (unsigned i = 0; i < options->count; i++) {
        struct guest *guest = &run->members[i].guest;

        guest->number = i;
        guest->name = options->members[i].name;
        guest->listener = &run->listener;
        guest->loop = run->loop;
        guest->description = options->guest;
        guest->description.accelerator = options->kvm ? GUEST_KVM : GUEST_TCG;
        guest->description.hardware = options->members[i].hardware;
        if (guest_network_attach(&guest->link, i, error, sizeof(error)) < 0 ||
            guest_firmware_prepare(&guest->description, options->directory, i, error,
                                   sizeof(error)) < 0) {
            fprintf(stderr, "bootwire: %s\n", error);
            return -1;
        }
    }
    return 0;
}

static void run_guests(struct run *run)
{
    watch(run);
    if (is_alone(run))
        terminal_raw(&run->terminal);
    run->raw = is_alone(run) && run->terminal.saved;
    for (unsigned i = 0; i < run->options->count; i++) {
        if (!start(run, &run->members[i]))
            break;
    }
    if (run->end == GUEST_RUN_DONE)
        loop_run(run->loop);
    for (unsigned i = 0; i < run->options->count; i++) {
        if (run->members[i].guest.process > 0)
            (void)guest_end(&run->members[i].guest);
    }
    terminal_restore(&run->terminal);
    run->raw = false;
}

static void print_timelines(const struct run *run)
{
    for (unsigned i = 0; i < run->options->count; i++) {
        const struct guest *guest = &run->members[i].guest;
        char *text;

        if (guest->timeline.power_on_ms == 0)
            continue;
        text = timeline_text(&guest->timeline);
        if (is_alone(run))
            printf("\nThe boot:\n%s", text);
        else
            printf("\nThe boot of %s:\n%s", guest->name, text);
        free(text);
    }
}

static void release(struct run *run)
{
    beside_end(&run->beside);
    /* The steps that the server told at its end. */
    while (run->beside.journal >= 0 &&
           lines_read(&run->beside.journal_lines, run->beside.journal, journal_line, run))
        continue;
    loop_event_free(run->journal_event);
    loop_event_free(run->input_event);
    loop_event_free(run->kvm_timer);
    loop_event_free(run->timeout);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        loop_event_free(run->signals[i]);
    for (unsigned i = 0; i < run->options->count; i++) {
        loop_event_free(run->members[i].keys_event);
        loop_event_free(run->members[i].orders_event);
        guest_firmware_release(&run->members[i].guest.description);
    }
    loop_free(run->loop);
    beside_release(&run->beside);
    close_links(run);
}

enum guest_run_end guest_run(const struct guest_run_options *options)
{
    struct run *run = memory_zeroed(1, sizeof(*run));
    char error[ERROR_SIZE];
    enum guest_run_end end;

    run->options = options;
    run->beside = (struct beside){.journal = -1, .told = -1};
    run->listener = (struct guest_listener){run, guest_printed, guest_line, guest_said};
    run->members = memory_zeroed(options->count, sizeof(*run->members));
    for (unsigned i = 0; i < options->count; i++)
        run->members[i].guest.link = (struct guest_link){-1, -1, -1};
    terminal_save(&run->terminal);
    /* The caller has looked at the expression. */
    if (options->until)
        (void)regcomp(&run->until, options->until, REG_EXTENDED | REG_NOSUB);
    if (guest_network_build(&options->addresses, error, sizeof(error)) < 0) {
        fprintf(stderr, "bootwire: %s\n", error);
        run->end = GUEST_RUN_FAILED;
    } else {
        run->loop = loop_new();
        if (prepare_guests(run) < 0 || beside_start(&run->beside, options, close_links, run) < 0)
            run->end = GUEST_RUN_FAILED;
        else
            run_guests(run);
    }
    release(run);
    print_timelines(run);
    if (run->end == GUEST_RUN_DONE && options->until && !all_have_shown(run))
        run->end = GUEST_RUN_TOO_EARLY;
    end = run->end;
    if (options->until)
        regfree(&run->until);
    free(run->members);
    free(run);
    return end;
}
