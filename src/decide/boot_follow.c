#include "decide/boot_follow.h"

#include "base/memory.h"
#include "decide/boot_trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_firmware(enum boot_stage stage)
{
    return stage >= STAGE_ROM && stage <= STAGE_U_BOOT;
}

/* Whether the machine asked for an address, whatever it got. */
static bool asks_for_address(enum step_event event)
{
    return event >= STEP_OFFER && event <= STEP_RARP_UNKNOWN && event != STEP_INFORM &&
           event != STEP_RELEASE && event != STEP_DECLINE;
}

static bool begins_anew(const struct boot *boot, const struct boot_step *step, uint64_t now_ms)
{
    if (boot->boots == 0 || step->event == STEP_POWER_ON)
        return true;
    if (!asks_for_address(step->event) || !is_firmware(step->stage))
        return false;
    /* Later than firmware there is no way back but a new start. A ROM that begets iPXE comes first;
     * after iPXE it comes when iPXE has given up, or with the power. */
    if (boot->stage > STAGE_U_BOOT || boot->reached >= REACHED_MOUNTED)
        return true;
    return now_ms - boot->last_ms >= BOOT_PAUSE_MS;
}

static void begin(struct boot *boot, uint64_t now_ms)
{
    bool was_short =
        boot->boots > 0 && boot->reached < REACHED_ROOT && now_ms - boot->began_ms < BOOT_SHORT_MS;
    bool kvm_died = boot->facts[STEP_KVM_DIED].count > 0;

    boot_clear(boot);
    boot->kvm_died = kvm_died;
    boot->boots++;
    boot->short_boots = was_short ? boot->short_boots + 1 : 0;
    boot->began_ms = now_ms;
}

static void keep(char **kept, const char *fresh)
{
    if (!fresh || (*kept && strcmp(*kept, fresh) == 0))
        return;
    free(*kept);
    *kept = memory_string(fresh);
}

static void take_fact(struct boot *boot, const struct boot_step *step, uint64_t now_ms)
{
    struct boot_fact *fact = &boot->facts[step->event];

    if (fact->count++ == 0)
        fact->first_ms = now_ms;
    fact->last_ms = now_ms;
    keep(&fact->subject, step->subject);
    keep(&fact->hint, step->hint);
    fact->reason = step->reason;
    if (step->got && step->got[0])
        keep(&fact->got, step->got);
}

/* ---- How far it is ---- */

static enum boot_reached reached_by(const struct boot_step *step)
{
    switch (step->event) {
    case STEP_OFFER:
        return REACHED_OFFERED;
    case STEP_ACK:
        return step->stage == STAGE_USERLAND ? REACHED_USERLAND : REACHED_ADDRESS;
    case STEP_BOOTP:
    case STEP_RARP:
    case STEP_OTHER_SERVER:
        return REACHED_ADDRESS;
    case STEP_FILE_BEGUN:
    case STEP_FILE_PROGRESS:
        return REACHED_LOADING;
    case STEP_FILE_SENT:
        return REACHED_LOADED;
    case STEP_MOUNT:
        return REACHED_MOUNTED;
    case STEP_NFS_CALL:
    case STEP_NFS_READ:
        return REACHED_ROOT;
    case STEP_CONSOLE_LOGIN:
        return REACHED_LOGIN;
    case STEP_CONSOLE_PANIC:
        return REACHED_PANIC;
    case STEP_POWER_OFF:
        return REACHED_OFF;
    default:
        return asks_for_address(step->event) ? REACHED_ASKED : REACHED_NOTHING;
    }
}

static void take_reached(struct boot *boot, const struct boot_step *step)
{
    enum boot_reached reached = reached_by(step);

    /* The next file comes after the last one, and the kernel's userland need not have a root here.
     */
    if (reached > boot->reached || (reached == REACHED_LOADING && boot->reached == REACHED_LOADED))
        boot->reached = reached;
}

/* What a machine reads of its root. */
static void take_reading(struct boot *boot, const struct boot_step *step, uint64_t now_ms)
{
    const char *mounted = boot->facts[STEP_MOUNT].subject;
    struct boot_loading *loading = &boot->loading;
    const char *name = mounted ? mounted : "NFS";

    if (!loading->active || strncmp(loading->name, name, sizeof(loading->name) - 1) != 0) {
        *loading = (struct boot_loading){.began_ms = now_ms, .bytes_before = step->bytes};
        snprintf(loading->name, sizeof(loading->name), "%s", name);
    }
    loading->bytes = step->bytes;
    loading->active = step->total == 0;
    if (loading->active)
        loading->at_ms = now_ms;
}

static void take_loading(struct boot *boot, const struct boot_step *step, uint64_t now_ms)
{
    struct boot_loading *loading = &boot->loading;

    if (step->event < STEP_FILE_BEGUN || step->event > STEP_FILE_ENDED)
        return;
    if (step->event == STEP_FILE_BEGUN || loading->began_ms == 0 ||
        (step->subject && strcmp(step->subject, loading->name) != 0)) {
        *loading = (struct boot_loading){.began_ms = now_ms};
        snprintf(loading->name, sizeof(loading->name), "%s", step->subject ? step->subject : "");
    }
    loading->bytes = step->bytes;
    if (step->total > 0)
        loading->total = step->total;
    loading->at_ms = now_ms;
    loading->active = step->event == STEP_FILE_BEGUN || step->event == STEP_FILE_PROGRESS;
}

/* ---- The timeline ---- */

static bool is_same(const struct boot_exchange *exchange, const struct boot_step *step)
{
    return exchange->event == step->event && exchange->stage == step->stage &&
           strcmp(exchange->service, step->service) == 0 &&
           strcmp(exchange->asked, step->asked) == 0 && strcmp(exchange->got, step->got) == 0;
}

/* The row of a transfer that the step tells the end of. */
static struct boot_exchange *begun_row(struct boot *boot, const struct boot_step *step)
{
    if (step->event <= STEP_FILE_BEGUN || step->event > STEP_FILE_ENDED)
        return NULL;
    for (size_t i = boot->exchange_count; i > 0; i--) {
        struct boot_exchange *row = &boot->exchanges[i - 1];

        if (row->event == STEP_FILE_BEGUN && strcmp(row->service, step->service) == 0 &&
            strcmp(row->asked, step->asked) == 0)
            return row;
    }
    return NULL;
}

static void drop_one(struct boot *boot)
{
    struct boot_exchange *gone = &boot->exchanges[BOOT_EXCHANGES_FIRST];

    free(gone->asked);
    free(gone->got);
    free(gone->decided);
    boot->exchange_count--;
    boot->exchanges_lost++;
    memmove(gone, gone + 1, (boot->exchange_count - BOOT_EXCHANGES_FIRST) * sizeof(*gone));
}

static struct boot_exchange *add_row(struct boot *boot)
{
    if (boot->exchange_count == BOOT_EXCHANGES_MAX)
        drop_one(boot);
    if (boot->exchange_count == boot->exchange_room) {
        boot->exchange_room = boot->exchange_room ? 2 * boot->exchange_room : 16;
        boot->exchanges =
            memory_resize(boot->exchanges, boot->exchange_room, sizeof(*boot->exchanges));
    }
    return memset(&boot->exchanges[boot->exchange_count++], 0, sizeof(*boot->exchanges));
}

static void take_exchange(struct boot *boot, const struct boot_step *step, uint64_t now_ms)
{
    struct boot_exchange *row = begun_row(boot, step);

    if (step->event == STEP_FILE_PROGRESS) {
        if (row)
            row->bytes = step->bytes;
        return;
    }
    if (!row && boot->exchange_count > 0) {
        row = &boot->exchanges[boot->exchange_count - 1];
        if (!is_same(row, step))
            row = NULL;
        else
            row->bytes += step->bytes;
    } else if (row) {
        row->bytes = step->bytes;
        row->count--;
    }
    if (!row) {
        row = add_row(boot);
        row->at_ms = now_ms;
        row->bytes = step->bytes;
        snprintf(row->service, sizeof(row->service), "%s", step->service);
    }
    row->last_ms = now_ms;
    row->count++;
    row->event = step->event;
    row->stage = step->stage;
    row->total = step->total;
    row->refused = step->refused;
    keep(&row->asked, step->asked);
    keep(&row->got, step->got);
    keep(&row->decided, step->decided);
}

bool boot_follow(struct boot *boot, const struct boot_step *step, uint64_t now_ms)
{
    bool anew = begins_anew(boot, step, now_ms);

    /* Whether somebody watches changes nothing else. */
    if (step->event == STEP_NFS_PROGRESS) {
        if (boot->boots > 0)
            take_reading(boot, step, now_ms);
        return false;
    }
    if (anew)
        begin(boot, now_ms);
    if (step->hardware.length > 0)
        boot->hardware = step->hardware;
    if (step->address)
        boot->address = step->address;
    if (step->host)
        snprintf(boot->host, sizeof(boot->host), "%s", step->host);
    if (step->stage != STAGE_UNKNOWN)
        boot->stage = step->stage;
    /* A console may go on for ever about what it lacks, and what others say is not the machine's.
     */
    if ((step->event != STEP_CONSOLE_TEXT && step->event != STEP_FOREIGN_OFFER) || anew)
        boot->last_ms = now_ms;
    take_fact(boot, step, now_ms);
    take_reached(boot, step);
    take_loading(boot, step, now_ms);
    take_exchange(boot, step, now_ms);
    boot_trail_follow(&boot->trail, step);
    return anew;
}
