#include "service/journal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/metrics.h"
#include "service/boots.h"
#include "service/line_budget.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a person could still read of refusals; of the rest, what a thousand machines that are
 * switched on at once come to. */
enum { REFUSALS_PER_SECOND = 50, LINES_PER_SECOND = 2000 };

struct journal {
    pthread_mutex_t lock; /* one line at a time on the descriptor; guards what follows */
    int descriptor;
    struct boots *boots;
    struct line_budget budgets[JOURNAL_KINDS];
};

struct journal *journal_new(int descriptor, struct boots *boots)
{
    struct journal *journal = memory_zeroed(1, sizeof(*journal));

    pthread_mutex_init(&journal->lock, NULL);
    journal->descriptor = descriptor;
    journal->boots = boots;
    journal->budgets[JOURNAL_REFUSALS].per_second = REFUSALS_PER_SECOND;
    journal->budgets[JOURNAL_ANSWERS].per_second = LINES_PER_SECOND;
    journal->budgets[JOURNAL_NOTES].per_second = LINES_PER_SECOND;
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

bool journal_takes(struct journal *journal, enum journal_kind kind)
{
    static const char *const kinds[JOURNAL_KINDS] = {
        [JOURNAL_REFUSALS] = "refusals",
        [JOURNAL_ANSWERS] = "answers",
        [JOURNAL_NOTES] = "lines of the configuration's log statements",
    };
    unsigned withheld;
    bool takes;

    pthread_mutex_lock(&journal->lock);
    takes = line_budget_take(&journal->budgets[kind], clock_monotonic_ms(), &withheld);
    pthread_mutex_unlock(&journal->lock);
    if (withheld > 0) {
        counter_add(METRIC_WITHHELD + (unsigned)kind, withheld);
        /* Not a trouble of the server's own. */
        log_line_with(LOG_WARNING,
                      &(struct log_field){"withheld", LOG_FIELD_NUMBER, NULL, withheld}, 1,
                      "%u more %s within one second are not shown", withheld, kinds[kind]);
    }
    return takes;
}

static void journal_write_line(const struct boot_step *step)
{
    char who[256], hardware[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE];
    const struct log_field fields[] = {
        {"service", LOG_FIELD_TEXT, step->service, 0},
        {"event", LOG_FIELD_TEXT, step_event_name(step->event), 0},
        {"stage", LOG_FIELD_TEXT, boot_stage_name(step->stage), 0},
        {"address", LOG_FIELD_TEXT, step->address ? ipv4_text(address, step->address) : NULL, 0},
        {"hardware", LOG_FIELD_TEXT,
         step->hardware.length ? hardware_text(hardware, &step->hardware) : NULL, 0},
        {"host", LOG_FIELD_TEXT, step->host, 0},
        {"asked", LOG_FIELD_TEXT, step->asked, 0},
        {"got", LOG_FIELD_TEXT, step->got, 0},
        {"subject", LOG_FIELD_TEXT, step->subject, 0},
        {"decided", LOG_FIELD_TEXT, step->decided, 0},
        {"bytes", LOG_FIELD_NUMBER, NULL, step->bytes},
        {"total", LOG_FIELD_NUMBER, NULL, step->total},
        {"refused", LOG_FIELD_FLAG, NULL, step->refused},
    };

    journal_who(who, sizeof(who), step);
    log_line_with(
        step->refused ? LOG_WARNING : LOG_INFO, fields, sizeof(fields) / sizeof(fields[0]),
        "%s %s%s%s: %s -> %s", who, step->service, step->stage == STAGE_UNKNOWN ? "" : "/",
        step->stage == STAGE_UNKNOWN ? "" : boot_stage_name(step->stage), step->asked, step->got);
}

bool journal_wants(struct journal *journal, bool refused)
{
    enum journal_kind kind = refused ? JOURNAL_REFUSALS : JOURNAL_ANSWERS;
    bool left;

    if (journal->descriptor >= 0)
        return true;
    pthread_mutex_lock(&journal->lock);
    left = line_budget_left(&journal->budgets[kind], clock_monotonic_ms());
    pthread_mutex_unlock(&journal->lock);
    return left;
}

void journal_step(struct journal *journal, const struct boot_step *step)
{
    bool shown;

    boots_step(journal->boots, step);
    if (step->quiet || step->event == STEP_FILE_BEGUN || step->event == STEP_FILE_PROGRESS)
        return;
    shown = journal_takes(journal, step->refused ? JOURNAL_REFUSALS : JOURNAL_ANSWERS);

    if (shown && step->asked[0])
        journal_write_line(step);
    else if (step->refused)
        return;
    if (journal->descriptor >= 0)
        journal_write_json(journal, step);
}
