#include "service/journal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { REFUSALS_PER_SECOND = 50 };

struct journal {
    pthread_mutex_t lock; /* one line at a time on the descriptor; guards what follows */
    int descriptor;
    uint64_t second;   /* of the monotonic clock, that the two below count */
    unsigned refusals; /* logged */
    unsigned withheld; /* not logged */
};

struct journal *journal_new(int descriptor)
{
    struct journal *journal = memory_zeroed(1, sizeof(*journal));

    pthread_mutex_init(&journal->lock, NULL);
    journal->descriptor = descriptor;
    return journal;
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

/* "kvm-netbsd (22:22:22:22:00:00, 10.50.1.200)" with what is known of it. */
static void journal_who(char *to, size_t size, const struct boot_step *step)
{
    char hardware[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE];

    hardware_text(hardware, &step->hardware);
    ipv4_text(address, step->address);
    if (step->host)
        snprintf(to, size, "%s (%s%s%s)", step->host, hardware,
                 hardware[0] && step->address ? ", " : "", step->address ? address : "");
    else
        snprintf(to, size, "%s%s%s", hardware, hardware[0] && step->address ? " " : "",
                 step->address ? address : "");
}

static void journal_write_json(struct journal *journal, const struct boot_step *step)
{
    char hardware[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE];
    json_t *line =
        json_pack("{s:I, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:b}", "time",
                  (json_int_t)clock_monotonic_ms(), "service", step->service, "stage",
                  boot_stage_name(step->stage), "address",
                  step->address ? ipv4_text(address, step->address) : NULL, "hardware",
                  step->hardware.length ? hardware_text(hardware, &step->hardware) : NULL, "host",
                  step->host, "asked", step->asked, "got", step->got, "bytes",
                  (json_int_t)step->bytes, "refused", (int)step->refused);
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;

    if (text) {
        pthread_mutex_lock(&journal->lock);
        /* A listener that went away must not stop a boot. */
        (void)!dprintf(journal->descriptor, "%s\n", text);
        pthread_mutex_unlock(&journal->lock);
    }
    free(text);
    json_decref(line);
}

/* Anybody can ask for what nobody gets, as fast as the wire carries it: a log that took each such
 * line would fill the disk. Returns whether this one is to be left out. */
static bool journal_withholds(struct journal *journal, const struct boot_step *step)
{
    uint64_t second = clock_monotonic_ms() / 1000;
    unsigned withheld = 0;
    bool out;

    if (!step->refused)
        return false;
    pthread_mutex_lock(&journal->lock);
    if (second != journal->second) {
        withheld = journal->withheld;
        journal->second = second;
        journal->refusals = journal->withheld = 0;
    }
    out = journal->refusals >= REFUSALS_PER_SECOND;
    if (out)
        journal->withheld++;
    else
        journal->refusals++;
    pthread_mutex_unlock(&journal->lock);
    if (withheld > 0)
        log_warning("%u more refusals within one second are not shown", withheld);
    return out;
}

void journal_step(struct journal *journal, const struct boot_step *step)
{
    char who[256];

    if (journal_withholds(journal, step))
        return;
    journal_who(who, sizeof(who), step);
    log_line(step->refused ? LOG_WARNING : LOG_INFO, "%s %s%s%s: %s -> %s", who, step->service,
             step->stage == STAGE_UNKNOWN ? "" : "/",
             step->stage == STAGE_UNKNOWN ? "" : boot_stage_name(step->stage), step->asked,
             step->got);
    if (journal->descriptor >= 0)
        journal_write_json(journal, step);
}
