#include "service/boots.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "decide/boot_follow.h"
#include "decide/verdict.h"
#include "model/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

struct boot_entry {
    TAILQ_ENTRY(boot_entry) link; /* in the order of their last change */
    uint64_t change;
    const char *verdict;       /* its id when somebody looked last; NULL: it goes on */
    enum boot_reached counted; /* how far this boot was counted */
    unsigned judged_boot;      /* the boot that had a verdict last ... */
    const char *judged;        /* ... and its id */
    size_t key_length;
    uint8_t key[1 + HARDWARE_ADDRESS_MAX];
    struct boot boot;
};

struct boots {
    pthread_mutex_t lock; /* guards all of it */
    uint32_t patience;    /* percent */
    struct map by_key;
    struct map by_address; /* the entry that had the address last */
    TAILQ_HEAD(boot_list, boot_entry) list;
    uint64_t changes;
    size_t readers;
    struct boots_step *steps; /* a ring of BOOTS_STEPS; NULL: nobody has read yet */
    uint64_t step_count;      /* that were written to the ring, ever */
    void (*woken)(void *argument);
    void *woken_argument;
    bool told; /* woken() was called, and nobody has looked yet */
};

struct boots *boots_new(void)
{
    struct boots *boots = memory_zeroed(1, sizeof(*boots));

    pthread_mutex_init(&boots->lock, NULL);
    TAILQ_INIT(&boots->list);
    return boots;
}

static void forget(struct boots *boots, struct boot_entry *entry)
{
    uint32_t address = entry->boot.address;

    map_remove(&boots->by_key, entry->key, entry->key_length);
    if (map_get(&boots->by_address, &address, sizeof(address)) == entry)
        map_remove(&boots->by_address, &address, sizeof(address));
    TAILQ_REMOVE(&boots->list, entry, link);
    boot_release(&entry->boot);
    free(entry);
}

void boots_step_release(struct boots_step *step)
{
    free(step->exchange.asked);
    free(step->exchange.got);
    free(step->exchange.decided);
    memset(&step->exchange, 0, sizeof(step->exchange));
}

static void ring_free(struct boots *boots)
{
    for (size_t i = 0; boots->steps && i < BOOTS_STEPS; i++)
        boots_step_release(&boots->steps[i]);
    free(boots->steps);
    boots->steps = NULL;
}

void boots_free(struct boots *boots)
{
    struct boot_entry *entry;

    if (!boots)
        return;
    while ((entry = TAILQ_FIRST(&boots->list)) != NULL)
        forget(boots, entry);
    map_release(&boots->by_key);
    map_release(&boots->by_address);
    ring_free(boots);
    pthread_mutex_destroy(&boots->lock);
    free(boots);
}

/* ---- Steps come in ---- */

/* Hardware addresses are what machines keep; where none is known, the IPv4 address stands for it.
 */
static size_t key_of(uint8_t key[1 + HARDWARE_ADDRESS_MAX], const struct boot_step *step)
{
    if (step->hardware.length > 0) {
        key[0] = step->hardware.type;
        memcpy(key + 1, step->hardware.address, step->hardware.length);
        return 1 + step->hardware.length;
    }
    key[0] = 0;
    memcpy(key + 1, &step->address, sizeof(step->address));
    return step->address ? 1 + sizeof(step->address) : 0;
}

static struct boot_entry *entry_of(struct boots *boots, const struct boot_step *step)
{
    uint8_t key[1 + HARDWARE_ADDRESS_MAX];
    size_t length = key_of(key, step);
    struct boot_entry *entry = NULL;

    if (length == 0)
        return NULL;
    /* A service that knows the address alone speaks of the machine that has it. */
    if (step->hardware.length == 0)
        entry = map_get(&boots->by_address, &step->address, sizeof(step->address));
    if (!entry)
        entry = map_get(&boots->by_key, key, length);
    /* Who is another server's alone is no machine of ours. */
    if (entry || step->event == STEP_FOREIGN_OFFER)
        return entry;
    if (boots->by_key.count >= BOOTS_MAX)
        forget(boots, TAILQ_FIRST(&boots->list));
    entry = memory_zeroed(1, sizeof(*entry));
    entry->key_length = length;
    memcpy(entry->key, key, length);
    map_put(&boots->by_key, key, length, entry);
    TAILQ_INSERT_TAIL(&boots->list, entry, link);
    return entry;
}

static void note_address(struct boots *boots, struct boot_entry *entry, uint32_t before)
{
    uint32_t address = entry->boot.address;

    if (address == before)
        return;
    if (before && map_get(&boots->by_address, &before, sizeof(before)) == entry)
        map_remove(&boots->by_address, &before, sizeof(before));
    if (address)
        map_put(&boots->by_address, &address, sizeof(address), entry);
}

static void note_change(struct boots *boots, struct boot_entry *entry)
{
    entry->change = ++boots->changes;
    TAILQ_REMOVE(&boots->list, entry, link);
    TAILQ_INSERT_TAIL(&boots->list, entry, link);
}

static void ring_put(struct boots *boots, const struct boot *boot, const struct boot_step *step,
                     uint64_t now_ms)
{
    struct boots_step *slot = &boots->steps[boots->step_count++ % BOOTS_STEPS];

    boots_step_release(slot);
    slot->hardware = boot->hardware;
    slot->address = boot->address;
    slot->began_ms = boot->began_ms;
    slot->exchange = (struct boot_exchange){
        .at_ms = now_ms,
        .last_ms = now_ms,
        .count = 1,
        .event = step->event,
        .stage = step->stage,
        .bytes = step->bytes,
        .total = step->total,
        .refused = step->refused,
        .asked = memory_string(step->asked),
        .got = memory_string(step->got),
        .decided = step->decided ? memory_string(step->decided) : NULL,
    };
    snprintf(slot->exchange.service, sizeof(slot->exchange.service), "%s", step->service);
}

/* Each boot counts once for each place that it comes to. */
static void count_boot(struct boot_entry *entry, enum boot_reached reached)
{
    entry->counted = reached;
    counter_add(METRIC_BOOTS + entry->boot.stage * METRIC_OUTCOMES + reached, 1);
}

void boots_step(struct boots *boots, const struct boot_step *step)
{
    uint64_t now_ms = clock_monotonic_ms();
    struct boot_entry *entry;
    bool wakes = false;
    uint32_t before;

    pthread_mutex_lock(&boots->lock);
    entry = entry_of(boots, step);
    if (entry) {
        before = entry->boot.address;
        entry->boot.patience = boots->patience;
        if (boot_follow(&entry->boot, step, now_ms))
            count_boot(entry, REACHED_NOTHING);
        if (entry->boot.reached > entry->counted)
            count_boot(entry, entry->boot.reached);
        note_address(boots, entry, before);
        note_change(boots, entry);
        if (boots->readers > 0) {
            ring_put(boots, &entry->boot, step, now_ms);
            wakes = !boots->told && boots->woken;
            boots->told = true;
        }
    }
    if (wakes)
        boots->woken(boots->woken_argument);
    pthread_mutex_unlock(&boots->lock);
}

void boots_set_patience(struct boots *boots, uint32_t percent)
{
    struct boot_entry *entry;

    pthread_mutex_lock(&boots->lock);
    boots->patience = percent;
    TAILQ_FOREACH(entry, &boots->list, link)
    {
        entry->boot.patience = percent;
    }
    pthread_mutex_unlock(&boots->lock);
}

/* ---- Verdicts ---- */

/* Notes whether its verdict has come or gone. */
static void judge(struct boots *boots, struct boot_entry *entry, const char *id)
{
    if (entry->verdict != id)
        note_change(boots, entry);
    entry->verdict = id;
}

/* Whether the boot has this verdict for the first time. */
static bool is_first(const struct boot_entry *entry, const char *id)
{
    return id && (entry->judged != id || entry->judged_boot != entry->boot.boots);
}

static void take_found(struct boot_entry *entry, struct boots_found *found,
                       const struct verdict *verdict)
{
    /* A boot stands still once, however many verdicts it has. */
    if (entry->judged_boot != entry->boot.boots)
        counter_add(METRIC_BOOTS + entry->boot.stage * METRIC_OUTCOMES + METRIC_STUCK, 1);
    entry->judged = verdict->id;
    entry->judged_boot = entry->boot.boots;
    found->hardware = entry->boot.hardware;
    found->address = entry->boot.address;
    found->stage = entry->boot.stage;
    memcpy(found->host, entry->boot.host, sizeof(found->host));
    found->verdict = *verdict;
}

size_t boots_judge(struct boots *boots, struct boots_found found[BOOTS_FOUND_MAX])
{
    uint64_t now_ms = clock_monotonic_ms(), last;
    struct boot_entry *entry, *next;
    struct verdict verdict;
    size_t count = 0;

    pthread_mutex_lock(&boots->lock);
    /* Who changes moves behind the last one. */
    last = boots->changes;
    for (entry = TAILQ_FIRST(&boots->list); entry && entry->change <= last; entry = next) {
        const char *id = verdict_find(&entry->boot, now_ms, &verdict) ? verdict.id : NULL;

        next = TAILQ_NEXT(entry, link);
        judge(boots, entry, id);
        if (is_first(entry, id) && count < BOOTS_FOUND_MAX)
            take_found(entry, &found[count++], &verdict);
    }
    pthread_mutex_unlock(&boots->lock);
    return count;
}

/* Several rows may have one name. */
static bool is_listed(const struct boots_census *census, const char *id)
{
    for (size_t i = 0; i < census->verdict_count; i++) {
        if (strcmp(census->verdicts[i].id, id) == 0)
            return true;
    }
    return false;
}

static void tell_stuck(struct boots_census *census, const struct boot *boot)
{
    struct boots_stuck *stuck = &census->stuck[census->stuck_count];

    if (census->stuck_count == BOOTS_STUCK_MAX ||
        !verdict_find(boot, clock_monotonic_ms(), &stuck->verdict))
        return;
    census->stuck_count++;
    stuck->hardware = boot->hardware;
    stuck->address = boot->address;
    snprintf(stuck->host, sizeof(stuck->host), "%s", boot->host);
}

void boots_census(struct boots *boots, struct boots_census *census)
{
    static const struct verdict_row *const tables[] = {verdict_address_rows, verdict_file_rows,
                                                       verdict_root_rows};
    const struct boot_entry *entry;

    *census = (struct boots_census){.machines = 0};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct verdict_row *row = tables[i]; row->id; row++) {
            if (!is_listed(census, row->id) && census->verdict_count < BOOTS_VERDICTS_MAX)
                census->verdicts[census->verdict_count++].id = row->id;
        }
    }
    pthread_mutex_lock(&boots->lock);
    for (entry = TAILQ_FIRST(&boots->list); entry; entry = TAILQ_NEXT(entry, link)) {
        census->machines++;
        census->stages[entry->boot.stage]++;
        census->reached[entry->boot.reached]++;
        for (size_t i = 0; entry->verdict && i < census->verdict_count; i++)
            census->verdicts[i].count += strcmp(census->verdicts[i].id, entry->verdict) == 0;
        if (entry->verdict)
            tell_stuck(census, &entry->boot);
    }
    pthread_mutex_unlock(&boots->lock);
}

/* ---- Readers ---- */

void boots_wake(struct boots *boots, void (*woken)(void *argument), void *argument)
{
    pthread_mutex_lock(&boots->lock);
    boots->woken = woken;
    boots->woken_argument = argument;
    boots->told = false;
    pthread_mutex_unlock(&boots->lock);
}

void boots_follow(struct boots *boots, struct boots_reader *reader)
{
    pthread_mutex_lock(&boots->lock);
    if (!boots->steps)
        boots->steps = memory_zeroed(BOOTS_STEPS, sizeof(*boots->steps));
    boots->readers++;
    *reader = (struct boots_reader){.step = boots->step_count};
    pthread_mutex_unlock(&boots->lock);
}

bool boots_watched(struct boots *boots)
{
    bool watched;

    pthread_mutex_lock(&boots->lock);
    watched = boots->readers > 0;
    pthread_mutex_unlock(&boots->lock);
    return watched;
}

void boots_unfollow(struct boots *boots, struct boots_reader *reader)
{
    pthread_mutex_lock(&boots->lock);
    *reader = (struct boots_reader){0};
    /* What nobody reads is not kept. */
    if (--boots->readers == 0)
        ring_free(boots);
    pthread_mutex_unlock(&boots->lock);
}

static void copy_string(char **string)
{
    if (*string)
        *string = memory_string(*string);
}

bool boots_read(struct boots *boots, struct boots_reader *reader, struct boots_step *step,
                uint64_t *lost)
{
    bool there;

    pthread_mutex_lock(&boots->lock);
    boots->told = false;
    if (boots->step_count - reader->step > BOOTS_STEPS) {
        *lost += boots->step_count - BOOTS_STEPS - reader->step;
        reader->step = boots->step_count - BOOTS_STEPS;
    }
    there = reader->step < boots->step_count && boots->steps;
    if (there) {
        *step = boots->steps[reader->step++ % BOOTS_STEPS];
        copy_string(&step->exchange.asked);
        copy_string(&step->exchange.got);
        copy_string(&step->exchange.decided);
    }
    pthread_mutex_unlock(&boots->lock);
    return there;
}

void boots_changed(struct boots *boots, struct boots_reader *reader,
                   bool (*visit)(void *argument, const struct boot *boot), void *argument)
{
    struct boot_entry *entry, *first = NULL;

    pthread_mutex_lock(&boots->lock);
    boots->told = false;
    entry = TAILQ_LAST(&boots->list, boot_list);
    while (entry && entry->change > reader->change) {
        first = entry;
        entry = TAILQ_PREV(entry, boot_list, link);
    }
    for (entry = first; entry; entry = TAILQ_NEXT(entry, link)) {
        if (!visit(argument, &entry->boot))
            break;
        reader->change = entry->change;
    }
    pthread_mutex_unlock(&boots->lock);
}

static bool is_named(const struct boot *boot, const char *name)
{
    char hardware[HARDWARE_TEXT_SIZE], address[IPV4_TEXT_SIZE];

    return strcmp(boot->host, name) == 0 ||
           strcasecmp(hardware_text(hardware, &boot->hardware), name) == 0 ||
           (boot->address && strcmp(ipv4_text(address, boot->address), name) == 0);
}

bool boots_visit(struct boots *boots, const char *name,
                 void (*visit)(void *argument, const struct boot *boot), void *argument)
{
    struct boot_entry *entry;
    bool found;

    pthread_mutex_lock(&boots->lock);
    /* The last that had the address or the name is meant. */
    entry = TAILQ_LAST(&boots->list, boot_list);
    while (entry && !(name[0] && is_named(&entry->boot, name)))
        entry = TAILQ_PREV(entry, boot_list, link);
    found = entry != NULL;
    if (found)
        visit(argument, &entry->boot);
    pthread_mutex_unlock(&boots->lock);
    return found;
}

size_t boots_count(struct boots *boots)
{
    size_t count;

    pthread_mutex_lock(&boots->lock);
    count = boots->by_key.count;
    pthread_mutex_unlock(&boots->lock);
    return count;
}
