/* One guest: its QEMU, its network card, its serial console. */
#ifndef BOOTWIRE_GUEST_GUEST_H
#define BOOTWIRE_GUEST_GUEST_H

#include "base/console_text.h"
#include "guest/command_line.h"
#include "guest/lines.h"
#include "guest/network.h"
#include "guest/timeline.h"

#include <stdbool.h>
#include <sys/types.h>

struct loop;
struct loop_event;
struct relay;

/* What a guest tells who runs it. */
struct guest_listener {
    void *argument;
    void (*printed)(void *argument, unsigned number, struct slice output); /* on its console */
    void (*line)(void *argument, unsigned number, const char *text, bool whole);
    void (*said)(void *argument, unsigned number, const char *text); /* QEMU, or we about it */
};

struct guest {
    unsigned number;
    const char *name;
    struct guest_description description;
    const struct guest_listener *listener;
    struct loop *loop;
    struct guest_link link;
    struct relay *relay;
    pid_t process; /* 0: it does not run */
    int console, messages;
    int monitor; /* QEMU's (QMP) */
    struct lines monitor_lines;
    unsigned unanswered; /* commands to it */
    bool breaking;       /* keys wait until it has sent a break */
    uint8_t held[LINES_SIZE];
    size_t held_length;
    struct loop_event *console_event, *messages_event, *monitor_event;
    struct lines message_lines;
    struct console_text text;
    struct timeline timeline;
    bool kvm_died;          /* it shall start again, without KVM: */
    const char *kvm_reason; /* for the person */
};

/* Starts it; the description says how. 0, or -1 after saying why. */
int guest_start(struct guest *guest);
/* Ends it where it runs, and reads what it said last. Returns what waitpid() says of it. */
int guest_end(struct guest *guest);
/* Whether its process has ended by itself; then guest_end() is due. */
bool guest_has_ended(const struct guest *guest);
/* A break on its serial line; keys that are sent behind it come behind it. */
void guest_break(struct guest *guest);
/* Keys for it; what it does not read is lost, as on a real line. */
void guest_send(struct guest *guest, struct slice keys);

#endif
