#include "guest/guest.h"

#include "base/clock.h"
#include "base/text.h"
#include "guest/process.h"
#include "guest/relay.h"
#include "guest/trouble.h"
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 4096, EXIT_NO_PROGRAM = 127 };

static void say(const struct guest *guest, const char *text)
{
    guest->listener->said(guest->listener->argument, guest->number, text);
}

static void message_line(void *argument, struct slice line)
{
    struct guest *guest = argument;
    const struct guest_trouble *trouble;
    char text[PIECE], said[2 * PIECE];

    if (guest->kvm_died)
        return; /* a page of registers */
    text_printable(text, sizeof(text), line);
    trouble = guest_trouble_find(text);
    snprintf(said, sizeof(said), "%s: %s%s%s%s", guest->description.type->program, text,
             trouble ? " (" : "", trouble ? trouble->name : "", trouble ? ")" : "");
    say(guest, said);
    guest->kvm_died = guest->description.accelerator == GUEST_KVM && trouble && trouble->emulate;
    if (!guest->kvm_died)
        return;
    guest->kvm_reason = trouble->name;
    /* It may go on with a guest that stands still. */
    if (guest->process > 0)
        kill(guest->process, SIGKILL);
}

static void messages_ready(void *argument, int what)
{
    struct guest *guest = argument;

    (void)what;
    if (!lines_read(&guest->message_lines, guest->messages, message_line, guest))
        loop_watch_change(guest->messages_event, 0);
}

static void console_line(void *argument, const char *text, bool whole)
{
    struct guest *guest = argument;

    guest->listener->line(guest->listener->argument, guest->number, text, whole);
}

/* One read of what the guest says; false where nothing comes. */
static bool console_read(struct guest *guest)
{
    uint8_t bytes[PIECE];
    ssize_t count = read(guest->console, bytes, sizeof(bytes));
    struct slice output;

    if (count <= 0)
        return false;
    output = slice_of(bytes, (size_t)count);
    guest->listener->printed(guest->listener->argument, guest->number, output);
    timeline_watch_console(&guest->timeline, clock_monotonic_ms(), output);
    console_text_take(&guest->text, output, console_line, guest);
    return true;
}

static void console_ready(void *argument, int what)
{
    struct guest *guest = argument;

    (void)what;
    /* At its end QEMU has gone or is about to: SIGCHLD tells. */
    if (!console_read(guest))
        loop_watch_change(guest->console_event, 0);
}

static bool begins_with(struct slice line, const char *text)
{
    return line.length >= strlen(text) && memcmp(line.data, text, strlen(text)) == 0;
}

/* What was typed behind the break comes behind it. */
static void end_break(struct guest *guest)
{
    guest->breaking = false;
    guest_send(guest, slice_of(guest->held, guest->held_length));
    guest->held_length = 0;
}

/* Events are seen elsewhere, as far as they matter; an answer has one of two names, first. */
static void monitor_line(void *argument, struct slice line)
{
    struct guest *guest = argument;

    if (!begins_with(line, "{\"return\"") && !begins_with(line, "{\"error\""))
        return;
    if (guest->unanswered > 0 && --guest->unanswered == 0 && guest->breaking)
        end_break(guest);
}

static void monitor_ready(void *argument, int what)
{
    struct guest *guest = argument;

    (void)what;
    if (lines_read(&guest->monitor_lines, guest->monitor, monitor_line, guest))
        return;
    loop_watch_change(guest->monitor_event, 0);
    end_break(guest);
}

static bool command(struct guest *guest, const char *text)
{
    ssize_t sent = send(guest->monitor, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);

    guest->unanswered += sent == (ssize_t)strlen(text);
    return sent == (ssize_t)strlen(text);
}

static _Noreturn void start_program(struct guest *guest, int console, int messages, int monitor)
{
    struct region region;
    char *const *arguments;

    /* Keys are for the guest: a signal of the terminal's is not for QEMU. */
    setpgid(0, 0);
    region_init(&region, 0);
    guest->description.link_descriptor = guest->link.qemu;
    guest->description.link_is_tap = guest->link.frames < 0;
    guest->description.monitor_descriptor = monitor;
    fcntl(monitor, F_SETFD, 0);
    arguments = guest_command_line(&region, &guest->description);
    dup2(console, STDIN_FILENO);
    dup2(console, STDOUT_FILENO);
    dup2(messages, STDERR_FILENO);
    if (arguments)
        execvp(arguments[0], arguments);
    fprintf(stderr, "bootwire: %s cannot be started: %s; Debian's package %s has it\n",
            guest->description.type->program, strerror(errno), guest->description.type->package);
    _exit(EXIT_NO_PROGRAM);
}

static void watch(struct guest *guest)
{
    guest->console_event = loop_watch(guest->loop, guest->console, LOOP_READ, console_ready, guest);
    guest->messages_event =
        loop_watch(guest->loop, guest->messages, LOOP_READ, messages_ready, guest);
    guest->monitor_event = loop_watch(guest->loop, guest->monitor, LOOP_READ, monitor_ready, guest);
    (void)command(guest, "{\"execute\": \"qmp_capabilities\"}\n");
    if (guest->link.frames < 0)
        return;
    close(guest->link.qemu);
    guest->link.qemu = -1;
    guest->relay = relay_new(guest->loop, guest->link.frames, guest->link.stream);
}

int guest_start(struct guest *guest)
{
    int console[2], messages[2], monitor[2];

    if (guest_link_open(&guest->link) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, monitor) < 0 ||
        pipe2(messages, O_CLOEXEC) < 0) {
        say(guest, strerror(errno));
        return -1;
    }
    timeline_start(&guest->timeline, clock_monotonic_ms(),
                   guest_accelerator_name(guest->description.accelerator));
    guest->message_lines.length = 0;
    guest->text = (struct console_text){.length = 0};
    guest->kvm_died = false;
    guest->monitor_lines.length = 0;
    guest->unanswered = 0;
    guest->breaking = false;
    guest->held_length = 0;
    guest->process = process_fork(SIGKILL);
    if (guest->process == 0)
        start_program(guest, console[1], messages[1], monitor[1]);
    close(console[1]);
    close(messages[1]);
    close(monitor[1]);
    guest->console = console[0];
    guest->messages = messages[0];
    guest->monitor = monitor[0];
    if (guest->process < 0) {
        say(guest, strerror(errno));
        guest->process = 0;
        close(guest->console);
        close(guest->messages);
        close(guest->monitor);
        return -1;
    }
    watch(guest);
    return 0;
}

int guest_end(struct guest *guest)
{
    int status = process_end(guest->process, SIGKILL, 0);

    guest->process = 0;
    /* What it said last. */
    fcntl(guest->messages, F_SETFL, O_NONBLOCK);
    while (lines_read(&guest->message_lines, guest->messages, message_line, guest))
        continue;
    fcntl(guest->console, F_SETFL, O_NONBLOCK);
    while (console_read(guest))
        continue;
    if (guest->text.length > 0)
        console_text_take(&guest->text, slice_of_string("\n"), console_line, guest);
    loop_event_free(guest->console_event);
    loop_event_free(guest->messages_event);
    loop_event_free(guest->monitor_event);
    relay_free(guest->relay);
    guest->relay = NULL;
    close(guest->console);
    close(guest->messages);
    close(guest->monitor);
    return status;
}

bool guest_has_ended(const struct guest *guest)
{
    siginfo_t info = {.si_pid = 0};

    /* Only a look: guest_end() reaps. */
    return guest->process > 0 &&
           waitid(P_PID, (id_t)guest->process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

void guest_break(struct guest *guest)
{
    /* serial0 is what QEMU calls the one of -serial. */
    if (guest->process > 0 && command(guest, "{\"execute\": \"chardev-send-break\", "
                                             "\"arguments\": {\"id\": \"serial0\"}}\n"))
        guest->breaking = true;
}

void guest_send(struct guest *guest, struct slice keys)
{
    size_t room = sizeof(guest->held) - guest->held_length;

    if (guest->breaking) {
        if (keys.length > room)
            keys.length = room;
        if (keys.length > 0)
            memcpy(guest->held + guest->held_length, keys.data, keys.length);
        guest->held_length += keys.length;
    } else if (guest->process > 0)
        (void)!send(guest->console, keys.data, keys.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}
