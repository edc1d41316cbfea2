#include "service/metrics.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "base/memory.h"
#include "model/address.h"
#include "model/metrics.h"
#include "model/snapshot.h"
#include "platform/linux/process_usage.h"
#include "service/boots.h"
#include "service/pools.h"
#include "service/server.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- What is asked for when somebody asks ---- */

static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two below */
static struct {
    unsigned place;
    size_t (*read)(void *source);
    void *source;
} readers[METRICS_READERS_MAX];
static size_t reader_count;

void metrics_ask(unsigned place, size_t (*read)(void *source), void *source)
{
    pthread_mutex_lock(&readers_lock);
    if (reader_count < METRICS_READERS_MAX) {
        readers[reader_count].place = place;
        readers[reader_count].read = read;
        readers[reader_count++].source = source;
    }
    pthread_mutex_unlock(&readers_lock);
}

void metrics_forget(const void *source)
{
    size_t left = 0;

    pthread_mutex_lock(&readers_lock);
    for (size_t i = 0; i < reader_count; i++) {
        if (readers[i].source == source)
            counter_set(readers[i].place, 0);
        else
            readers[left++] = readers[i];
    }
    reader_count = left;
    pthread_mutex_unlock(&readers_lock);
}

static void ask_readers(void)
{
    pthread_mutex_lock(&readers_lock);
    for (size_t i = 0; i < reader_count; i++)
        counter_set(readers[i].place, (int64_t)readers[i].read(readers[i].source));
    pthread_mutex_unlock(&readers_lock);
}

/* ---- Rows of counters ---- */

static size_t values_of(const char *const *labels)
{
    size_t count = 0;

    while (labels && labels[count])
        count++;
    return count ? count : 1;
}

/* "{a="b",c="d"}" of the values at a place, and one more that is given; "" for none of them. */
static const char *labels_text(char *to, size_t size, const struct metric_row *row, size_t value,
                               const char *more)
{
    size_t inner = values_of(row->labels[1]);
    const char *first = row->labels[0] ? row->labels[0][value / inner] : NULL;
    const char *second = row->labels[1] ? row->labels[1][value % inner] : NULL;

    if (!first && !more)
        return "";
    snprintf(to, size, "{%s%s%s%s%s}", first ? first : "", second ? "," : "", second ? second : "",
             first && more ? "," : "", more ? more : "");
    return to;
}

/* The buckets hold what is in none before them; Prometheus wants them with all before. */
static void write_histogram(FILE *to, const struct metric_row *row, size_t value)
{
    unsigned place = row->first + (unsigned)value * METRIC_TIMES;
    char labels[256], bound[32];
    int64_t count = 0;

    for (size_t i = 0; i < METRIC_BOUNDS; i++) {
        count += counter_sum(place++);
        snprintf(bound, sizeof(bound), "le=\"%g\"", row->bounds[i] / 1e6);
        (void)fprintf(to, "%s_bucket%s %" PRId64 "\n", row->name,
                      labels_text(labels, sizeof(labels), row, value, bound), count);
    }
    count += counter_sum(place++);
    (void)fprintf(to, "%s_bucket%s %" PRId64 "\n", row->name,
                  labels_text(labels, sizeof(labels), row, value, "le=\"+Inf\""), count);
    labels_text(labels, sizeof(labels), row, value, NULL);
    (void)fprintf(to, "%s_sum%s %.6f\n%s_count%s %" PRId64 "\n", row->name,
                  row->labels[0] ? labels : "", (double)counter_sum(place) / 1e6, row->name,
                  row->labels[0] ? labels : "", count);
}

/* What one thread began and another one ended may be seen the other way round. */
static int64_t number_at(const struct metric_row *row, size_t value)
{
    int64_t number = counter_sum(row->first + (unsigned)value);

    return number > 0 ? number : 0;
}

static void write_counters(FILE *to, const struct metric_row *row)
{
    size_t values = values_of(row->labels[0]) * values_of(row->labels[1]);
    char labels[256];

    for (size_t value = 0; value < values; value++) {
        if (row->kind == METRIC_HISTOGRAM)
            write_histogram(to, row, value);
        else
            (void)fprintf(to, "%s%s %" PRId64 "\n", row->name,
                          labels_text(labels, sizeof(labels), row, value, NULL),
                          number_at(row, value));
    }
}

/* ---- Rows that are made ---- */

/* What the made rows are made from. */
struct making {
    struct server *server;
    struct boots_census census;
    struct process_usage usage;
};

static void write_build(FILE *to, const char *name, const struct making *making)
{
    (void)making;
    (void)fprintf(to, "%s{version=\"%s\"} 1\n", name, BOOTWIRE_VERSION);
}

static void write_leases(FILE *to, const char *name, const struct making *making)
{
    size_t count;
    struct pool_use *list = pools_list(making->server->pools, &count);

    for (size_t i = 0; i < count; i++) {
        const struct pool_use *use = &list[i];
        const struct {
            const char *state;
            size_t count;
        } states[] = {
            {"bound", use->counts.bound},
            {"offered", use->counts.offered},
            {"declined", use->counts.declined},
            {"free", use->counts.free},
        };
        char subnet[POOL_TEXT_SIZE], range[POOL_TEXT_SIZE];

        pool_use_text(use, subnet, range);
        for (size_t j = 0; j < sizeof(states) / sizeof(states[0]); j++)
            (void)fprintf(to, "%s{subnet=\"%s\",range=\"%s\",state=\"%s\"} %zu\n", name, subnet,
                          range, states[j].state, states[j].count);
    }
    free(list);
}

static void write_machines(FILE *to, const char *name, const struct making *making)
{
    for (enum boot_stage i = 0; i < STAGE_COUNT; i++)
        (void)fprintf(to, "%s{stage=\"%s\"} %u\n", name, boot_stage_name(i),
                      making->census.stages[i]);
}

static void write_progress(FILE *to, const char *name, const struct making *making)
{
    for (enum boot_reached i = 0; i < REACHED_COUNT; i++)
        (void)fprintf(to, "%s{reached=\"%s\"} %u\n", name, boot_reached_name(i),
                      making->census.reached[i]);
}

static void write_verdicts(FILE *to, const char *name, const struct making *making)
{
    for (size_t i = 0; i < making->census.verdict_count; i++)
        (void)fprintf(to, "%s{verdict=\"%s\"} %u\n", name, making->census.verdicts[i].id,
                      making->census.verdicts[i].count);
}

static void write_cpu(FILE *to, const char *name, const struct making *making)
{
    (void)fprintf(to, "%s %.6f\n", name, making->usage.cpu_seconds);
}

static void write_descriptors(FILE *to, const char *name, const struct making *making)
{
    (void)fprintf(to, "%s %" PRIu64 "\n", name, making->usage.open_descriptors);
}

static void write_most_descriptors(FILE *to, const char *name, const struct making *making)
{
    (void)fprintf(to, "%s %" PRIu64 "\n", name, making->usage.most_descriptors);
}

static void write_virtual(FILE *to, const char *name, const struct making *making)
{
    (void)fprintf(to, "%s %" PRIu64 "\n", name, making->usage.virtual_bytes);
}

static void write_resident(FILE *to, const char *name, const struct making *making)
{
    (void)fprintf(to, "%s %" PRIu64 "\n", name, making->usage.resident_bytes);
}

static void write_start(FILE *to, const char *name, const struct making *making)
{
    (void)fprintf(to, "%s %.2f\n", name, making->usage.start_seconds);
}

static void (*const makers[METRIC_ROWS])(FILE *to, const char *name,
                                         const struct making *making) = {
    [METRIC_ROW_BUILD] = write_build,
    [METRIC_ROW_MACHINES] = write_machines,
    [METRIC_ROW_PROGRESS] = write_progress,
    [METRIC_ROW_VERDICTS] = write_verdicts,
    [METRIC_ROW_LEASES] = write_leases,
    [METRIC_ROW_PROCESS_CPU] = write_cpu,
    [METRIC_ROW_PROCESS_FDS] = write_descriptors,
    [METRIC_ROW_PROCESS_MAX_FDS] = write_most_descriptors,
    [METRIC_ROW_PROCESS_VIRTUAL] = write_virtual,
    [METRIC_ROW_PROCESS_RESIDENT] = write_resident,
    [METRIC_ROW_PROCESS_START] = write_start,
};

char *metrics_text(struct server *server, size_t *length)
{
    static const char *const kinds[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    struct making making = {.server = server};
    char *text = NULL;
    FILE *to = open_memstream(&text, length);

    if (!to)
        abort();
    process_usage_read(&making.usage);
    ask_readers();
    if (server->boots)
        boots_census(server->boots, &making.census);
    for (size_t i = 0; i < METRIC_ROWS; i++) {
        const struct metric_row *row = &metric_table[i];

        (void)fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                      kinds[row->kind]);
        if (makers[i])
            makers[i](to, row->name, &making);
        else
            write_counters(to, row);
    }
    if (fclose(to) != 0)
        abort();
    return text;
}

/* ---- Who may read them ---- */

enum { LOOPBACK = 0x7f000000, LOOPBACK_MASK = (int)0xff000000 };

static struct slice clients_of(const struct snapshot *snapshot)
{
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);

    return scope_view_bytes(&view, SPACE_PARAMETER, PARAMETER_METRICS_CLIENTS);
}

bool metrics_allow(const struct snapshot *snapshot, uint32_t address)
{
    struct slice clients = clients_of(snapshot);
    struct reader r = reader_of_slice(clients);

    if (!clients.data)
        return (address & (uint32_t)LOOPBACK_MASK) == LOOPBACK;
    while (reader_left(&r) > 0) {
        uint32_t network = reader_be32(&r), netmask = reader_be32(&r);

        if (!r.failed && (address & netmask) == network)
            return true;
    }
    return false;
}

bool metrics_wanted(const struct snapshot *snapshot)
{
    return clients_of(snapshot).length > 0;
}
