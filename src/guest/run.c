#include "guest/run.h"

#include "base/clock.h"
#include "base/text.h"
#include "guest/network.h"
#include "guest/process.h"
#include "guest/terminal.h"
#include "guest/timeline.h"
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ERROR_SIZE = 256,
    LINE_SIZE = 4096,
    SERVER_PATIENCE_MS = 5000,
    KVM_PATIENCE_MS = 15000, /* a ROM under a working KVM asks for its address within 5 s */
    EXIT_NO_PROGRAM = 127,
    SIGNAL_COUNT = 4,
};

/* Lines in the making; one that is too long loses its end. */
struct lines {
    char bytes[LINE_SIZE];
    size_t length;
};

struct run {
    const struct guest_run_options *options;
    struct loop *loop;
    struct terminal terminal;
    struct terminal_keys keys;
    struct timeline timeline;
    int tap;

    pid_t server;
    int journal; /* where its steps come from */
    struct lines journal_lines;
    struct loop_event *journal_event;

    pid_t guest;
    enum guest_accelerator accelerator;
    int console;  /* the guest's serial port */
    int messages; /* QEMU's standard error */
    struct lines message_lines;
    struct loop_event *console_event, *messages_event;

    struct loop_event *input_event;
    struct loop_event *signals[SIGNAL_COUNT];
    struct loop_event *kvm_timer;
    bool raw; /* the terminal is the guest's */
    bool kvm_died;
    bool failed;
};

/* Reads what is there and hands out each whole line; false at the end of the file. */
static bool lines_read(struct lines *lines, int descriptor,
                       void (*line)(struct run *run, struct slice line), struct run *run)
{
    ssize_t count = read(descriptor, lines->bytes + lines->length, LINE_SIZE - lines->length);
    size_t start = 0;
    char *end;

    if (count <= 0)
        return false;
    lines->length += (size_t)count;
    while ((end = memchr(lines->bytes + start, '\n', lines->length - start)) != NULL) {
        size_t length = (size_t)(end - (lines->bytes + start));

        line(run, slice_of(lines->bytes + start, length));
        start += length + 1;
    }
    if (start == 0 && lines->length == LINE_SIZE)
        start = LINE_SIZE;
    memmove(lines->bytes, lines->bytes + start, lines->length - start);
    lines->length -= start;
    return true;
}

static void journal_line(struct run *run, struct slice line)
{
    timeline_add_json(&run->timeline, line);
}

static void journal_ready(void *argument, int what)
{
    struct run *run = argument;

    (void)what;
    if (lines_read(&run->journal_lines, run->journal, journal_line, run))
        return;
    loop_watch_change(run->journal_event, 0);
}

/* A line to the person, also while the terminal is the guest's. */
__attribute__((format(printf, 2, 3))) static void say(const struct run *run, const char *format,
                                                      ...)
{
    char text[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "%sbootwire: %s%s", run->raw ? "\r\n" : "", text, run->raw ? "\r\n" : "\n");
}

static void message_line(struct run *run, struct slice line)
{
    char text[LINE_SIZE];

    if (run->kvm_died)
        return; /* a page of registers */
    text_printable(text, sizeof(text), line);
    run->kvm_died = run->accelerator == GUEST_KVM && guest_line_blames_kvm(text);
    say(run, "%s: %s", run->options->guest.program, text);
    if (run->kvm_died)
        loop_stop(run->loop);
}

/* The same hosts may let the ROM crawl for a minute before KVM gives up. */
static void kvm_patience_ended(void *argument)
{
    struct run *run = argument;

    /* The first row is the power-on. */
    if (run->accelerator != GUEST_KVM || run->timeline.count > 1)
        return;
    say(run, "under KVM the guest's ROM asked for nothing in %d s", KVM_PATIENCE_MS / 1000);
    run->kvm_died = true;
    loop_stop(run->loop);
}

static void messages_ready(void *argument, int what)
{
    struct run *run = argument;

    (void)what;
    if (!lines_read(&run->message_lines, run->messages, message_line, run))
        loop_watch_change(run->messages_event, 0);
}

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

/* One read of what the guest says; false where nothing comes. */
static bool console_read(struct run *run)
{
    uint8_t bytes[LINE_SIZE];
    ssize_t count = read(run->console, bytes, sizeof(bytes));

    if (count <= 0)
        return false;
    write_all(STDOUT_FILENO, bytes, (size_t)count);
    timeline_watch_console(&run->timeline, clock_monotonic_ms(), slice_of(bytes, (size_t)count));
    return true;
}

static void console_ready(void *argument, int what)
{
    struct run *run = argument;

    (void)what;
    /* At its end QEMU has gone or is about to: SIGCHLD tells. */
    if (!console_read(run))
        loop_watch_change(run->console_event, 0);
}

static void input_ready(void *argument, int what)
{
    struct run *run = argument;
    uint8_t keys[LINE_SIZE], out[LINE_SIZE];
    size_t length;
    ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));

    (void)what;
    if (count <= 0) {
        loop_watch_change(run->input_event, 0);
        return;
    }
    if (terminal_filter(&run->keys, keys, (size_t)count, out, &length))
        loop_stop(run->loop);
    /* A guest that reads nothing must not hold us: what does not fit is lost, as on a real line. */
    else if (length > 0)
        (void)!send(run->console, out, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void asked_to_end(void *argument)
{
    struct run *run = argument;

    loop_stop(run->loop);
}

static void child_ended(void *argument)
{
    struct run *run = argument;
    siginfo_t info = {.si_pid = 0};

    /* Only a look: whoever ends the run reaps. */
    if (waitid(P_PID, (id_t)run->server, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0) {
        say(run, "the server has ended");
        run->failed = true;
        loop_stop(run->loop);
        return;
    }
    info.si_pid = 0;
    if (run->guest > 0 &&
        waitid(P_PID, (id_t)run->guest, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0)
        loop_stop(run->loop);
}

/* Waits until the server serves; its log has said why where it does not. */
static int server_start(struct run *run)
{
    int journal[2], ready[2];
    char byte;
    ssize_t count;

    if (pipe2(journal, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0) {
        perror("bootwire: pipe");
        return -1;
    }
    run->server = process_fork(SIGTERM);
    if (run->server < 0) {
        perror("bootwire: fork");
        return -1;
    }
    if (run->server == 0) {
        close(journal[0]);
        close(ready[0]);
        close(run->tap);
        setpgid(0, 0);
        _exit(run->options->serve(run->options->argument, journal[1], ready[1]));
    }
    close(journal[1]);
    close(ready[1]);
    run->journal = journal[0];
    count = read(ready[0], &byte, 1);
    close(ready[0]);
    if (count == 1)
        return 0;
    fprintf(stderr, "bootwire: the server could not start\n");
    return -1;
}

static _Noreturn void guest_exec(struct run *run, int console, int messages)
{
    struct guest_description guest = run->options->guest;
    struct region region;
    char *const *arguments;

    /* Keys are for the guest: a signal of the terminal's is not for QEMU. */
    setpgid(0, 0);
    region_init(&region, 0);
    guest.accelerator = run->accelerator;
    guest.tap_descriptor = run->tap;
    arguments = guest_command_line(&region, &guest);
    dup2(console, STDIN_FILENO);
    dup2(console, STDOUT_FILENO);
    dup2(messages, STDERR_FILENO);
    execvp(arguments[0], arguments);
    fprintf(stderr, "bootwire: %s cannot be started: %s; Debian's package qemu-system-x86 has it\n",
            arguments[0], strerror(errno));
    _exit(EXIT_NO_PROGRAM);
}

static int guest_start(struct run *run)
{
    int console[2], messages[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) < 0 ||
        pipe2(messages, O_CLOEXEC) < 0) {
        perror("bootwire: the guest's console");
        return -1;
    }
    timeline_start(&run->timeline, clock_monotonic_ms(), guest_accelerator_name(run->accelerator));
    run->message_lines.length = 0;
    run->guest = process_fork(SIGKILL);
    if (run->guest < 0) {
        perror("bootwire: fork");
        return -1;
    }
    if (run->guest == 0)
        guest_exec(run, console[1], messages[1]);
    close(console[1]);
    close(messages[1]);
    run->console = console[0];
    run->messages = messages[0];
    run->console_event = loop_watch(run->loop, run->console, LOOP_READ, console_ready, run);
    run->messages_event = loop_watch(run->loop, run->messages, LOOP_READ, messages_ready, run);
    return 0;
}

/* Ends the guest; returns what waitpid() says of it. */
static int guest_end(struct run *run)
{
    int status = process_end(run->guest, SIGKILL, 0);

    /* What it said last. */
    fcntl(run->messages, F_SETFL, O_NONBLOCK);
    while (lines_read(&run->message_lines, run->messages, message_line, run))
        continue;
    fcntl(run->console, F_SETFL, O_NONBLOCK);
    while (console_read(run))
        continue;
    loop_event_free(run->console_event);
    loop_event_free(run->messages_event);
    close(run->console);
    close(run->messages);
    run->guest = 0;
    return status;
}

static void watch(struct run *run)
{
    static const int ends[] = {SIGTERM, SIGINT, SIGHUP};
    struct stat input;

    run->journal_event = loop_watch(run->loop, run->journal, LOOP_READ, journal_ready, run);
    /* A file or /dev/null has nothing for the guest, and the loop cannot wait for it. */
    if (isatty(STDIN_FILENO) ||
        (fstat(STDIN_FILENO, &input) == 0 && (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode))))
        run->input_event = loop_watch(run->loop, STDIN_FILENO, LOOP_READ, input_ready, run);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        run->signals[i] = loop_signal(run->loop, ends[i], asked_to_end, run);
    run->kvm_timer = loop_timer(run->loop, kvm_patience_ended, run);
    run->signals[SIGNAL_COUNT - 1] = loop_signal(run->loop, SIGCHLD, child_ended, run);
}

/* Runs the guest once. Returns whether it shall start again, without KVM. */
static bool run_once(struct run *run)
{
    int status;

    if (guest_start(run) < 0) {
        run->failed = true;
        return false;
    }
    if (run->accelerator == GUEST_KVM)
        loop_timer_start(run->kvm_timer, KVM_PATIENCE_MS);
    loop_run(run->loop);
    loop_timer_stop(run->kvm_timer);
    status = guest_end(run);
    if (run->kvm_died && !run->failed) {
        say(run, "KVM does not work for this guest; it starts again, emulated (TCG)");
        run->kvm_died = false;
        run->accelerator = GUEST_TCG;
        return true;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        say(run, "%s ended with status %d", run->options->guest.program, WEXITSTATUS(status));
        run->failed = true;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        timeline_add(&run->timeline, clock_monotonic_ms(), 0, "", "", "power-off");
    return false;
}

static void release(struct run *run)
{
    if (run->server > 0)
        process_end(run->server, SIGTERM, SERVER_PATIENCE_MS);
    /* The steps that the server told at its end. */
    if (run->journal >= 0) {
        while (lines_read(&run->journal_lines, run->journal, journal_line, run))
            continue;
        close(run->journal);
    }
    loop_event_free(run->journal_event);
    loop_event_free(run->input_event);
    loop_event_free(run->kvm_timer);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        loop_event_free(run->signals[i]);
    loop_free(run->loop);
    if (run->tap >= 0)
        close(run->tap);
}

int guest_run(const struct guest_run_options *options)
{
    struct run *run = calloc(1, sizeof(*run));
    char error[ERROR_SIZE];
    char *text;
    int result;

    if (!run)
        return -1;
    run->options = options;
    run->journal = -1;
    run->accelerator = options->kvm ? GUEST_KVM : GUEST_TCG;
    terminal_save(&run->terminal);
    run->tap = guest_network_enter(&options->addresses, error, sizeof(error));
    if (run->tap < 0) {
        fprintf(stderr, "bootwire: %s\n", error);
        free(run);
        return -1;
    }
    run->failed = server_start(run) < 0;
    if (!run->failed) {
        run->loop = loop_new();
        watch(run);
        terminal_raw(&run->terminal);
        run->raw = run->terminal.saved;
        while (run_once(run))
            continue;
        terminal_restore(&run->terminal);
        run->raw = false;
    }
    release(run);
    if (run->timeline.power_on_ms > 0) {
        text = timeline_text(&run->timeline);
        printf("\nThe boot:\n%s", text);
        free(text);
    }
    result = run->failed ? -1 : 0;
    free(run);
    return result;
}
