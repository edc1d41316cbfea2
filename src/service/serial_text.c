/* What a serial line says: kept, logged, and its events told to the journal. */
#include "base/clock.h"
#include "base/text.h"
#include "decide/console_event.h"
#include "net/loop.h"
#include "service/boots.h"
#include "service/journal.h"
#include "service/serial_line.h"
#include "service/server.h"

#include <stdio.h>
#include <string.h>

enum {
    QUIET_MS = 1000,          /* then an unfinished line is a prompt */
    LOOK_MS = 250,            /* between two looks at the machine's boots */
    TALK_MS = 5000,           /* between two steps that say no more than that it talks */
    FIRMWARE_MS = 120 * 1000, /* what a machine may say before its first packet */
};

struct glance {
    unsigned boots;
    struct hardware hardware;
    uint32_t address;
};

static void glance_at(void *argument, const struct boot *boot)
{
    struct glance *glance = argument;

    *glance = (struct glance){boot->boots, boot->hardware, boot->address};
}

static struct glance look(struct serial_line *line)
{
    struct glance glance = {.boots = 0};
    char hardware[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE];
    const char *name = line->state.host;

    if (line->hardware.length > 0)
        name = hardware_text(hardware, &line->hardware);
    else if (line->address)
        name = ipv4_text(address, line->address);
    (void)boots_visit(line->serial->server->boots, name, glance_at, &glance);
    return glance;
}

/* A machine that boots anew has a new log. The first boot that is seen may have begun with what the
 * log has already: firmware talks before it asks for an address. */
static void follow_boots(struct serial_line *line)
{
    uint64_t now = clock_monotonic_ms();
    struct glance glance;
    bool first;

    if (line->looked_ms > 0 && now - line->looked_ms < LOOK_MS)
        return;
    line->looked_ms = now;
    glance = look(line);
    if (glance.boots == line->boots)
        return;
    first = line->boots == 0 && line->log.descriptor >= 0 && now - line->log_began_ms < FIRMWARE_MS;
    line->boots = glance.boots;
    line->login_told = false;
    line->panic_told = false;
    line->text_told_ms = 0;
    if (!first)
        serial_log_begin(&line->log);
}

static void tell(struct serial_line *line, enum step_event event, const char *text)
{
    char said[200], asked[240];
    struct glance glance = look(line);
    struct boot_step step = {
        .service = "console",
        .event = event,
        .stage = event == STEP_CONSOLE_LOGIN ? STAGE_USERLAND : STAGE_UNKNOWN,
        .hardware = line->hardware.length > 0 ? line->hardware : glance.hardware,
        .address = line->address ? line->address : glance.address,
        .host = line->state.host,
        .asked = asked,
        .got = event == STEP_CONSOLE_LOGIN ? "a login prompt" : "a panic",
        .subject = said,
        .refused = event == STEP_CONSOLE_PANIC,
    };

    text_printable(said, sizeof(said), slice_of_string(text));
    snprintf(asked, sizeof(asked), "its console says \"%s\"", said);
    journal_step(line->serial->server->journal, &step);
    /* The step may have been the first that is known of the machine: no boot began with it. */
    line->boots = look(line).boots;
}

static void find_event(struct serial_line *line, const char *text, bool whole)
{
    enum step_event event = console_event_find(text, whole);

    if (event == STEP_CONSOLE_LOGIN && !line->login_told) {
        line->login_told = true;
        tell(line, event, text);
    } else if (event == STEP_CONSOLE_PANIC && !line->panic_told) {
        line->panic_told = true;
        tell(line, event, text);
    }
}

/* That a machine still says something is told of a boot that is known, and once in a while. */
static void tell_talk(struct serial_line *line)
{
    uint64_t now = clock_monotonic_ms();
    struct glance glance;

    if (line->boots == 0 || (line->text_told_ms > 0 && now - line->text_told_ms < TALK_MS))
        return;
    line->text_told_ms = now;
    glance = look(line);
    journal_step(line->serial->server->journal, &(struct boot_step){
                                                    .service = "console",
                                                    .event = STEP_CONSOLE_TEXT,
                                                    .hardware = glance.hardware,
                                                    .address = glance.address,
                                                    .host = line->state.host,
                                                    .asked = "its console says something",
                                                    .got = "",
                                                    .quiet = true,
                                                });
}

static void write_log(struct serial_line *line, const char *text)
{
    bool anew = line->log.descriptor < 0;

    serial_log_line(&line->log, text);
    if (line->log.descriptor >= 0 && anew)
        line->log_began_ms = clock_monotonic_ms();
    if (line->log.descriptor < 0 || strcmp(line->state.log, line->log.path) == 0)
        return;
    pthread_mutex_lock(&line->serial->lock);
    snprintf(line->state.log, sizeof(line->state.log), "%s", line->log.path);
    pthread_mutex_unlock(&line->serial->lock);
}

static void take_line(void *argument, const char *text, bool whole)
{
    struct serial_line *line = argument;

    if (whole) {
        write_log(line, text);
        line->logged = 0;
        tell_talk(line);
        find_event(line, text, true);
    } else if (console_event_find(text, false) == STEP_CONSOLE_LOGIN) {
        find_event(line, text, false);
    }
}

void serial_line_quiet(void *argument)
{
    struct serial_line *line = argument;

    if (line->text.length <= line->logged)
        return;
    line->logged = line->text.length;
    write_log(line, line->text.line);
    find_event(line, line->text.line, false);
}

static void keep(struct serial_line *line, struct slice bytes)
{
    pthread_mutex_lock(&line->serial->lock);
    for (size_t i = 0; i < bytes.length; i++)
        line->history[line->said++ % SERIAL_HISTORY] = bytes.data[i];
    serial_wake_readers(line->serial);
    pthread_mutex_unlock(&line->serial->lock);
}

void serial_line_said(struct serial_line *line, struct slice bytes)
{
    if (bytes.length == 0)
        return;
    follow_boots(line);
    /* Who reads a prompt and asks then how far the boot is shall hear of a login. */
    console_text_take(&line->text, bytes, take_line, line);
    keep(line, bytes);
    loop_timer_start(line->quiet, QUIET_MS);
}
