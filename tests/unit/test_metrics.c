/* The metrics: sums of several threads, and the text that Prometheus reads. */
#include "test.h"

#include "base/memory.h"
#include "model/metrics.h"
#include "model/snapshot.h"
#include "service/metrics.h"
#include "service/server.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 70, ADDITIONS = 1000 };

static void *add(void *argument)
{
    (void)argument;
    for (int i = 0; i < ADDITIONS; i++)
        counter_add(METRIC_RELOADS, i % 2 ? 3 : -1);
    return NULL;
}

/* More threads than there are shards, so that some share one. */
static void threads_add_to_one_sum(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(counter_sum(METRIC_RELOADS), THREADS * ADDITIONS);
    counter_add(METRIC_RELOADS, -THREADS * ADDITIONS);
    assert_int_equal(counter_sum(METRIC_RELOADS), 0);
}

static void what_is_set_replaces(void **state)
{
    (void)state;
    counter_set(METRIC_RELOAD_GOOD, 7);
    counter_set(METRIC_RELOAD_GOOD, 1);
    assert_int_equal(counter_sum(METRIC_RELOAD_GOOD), 1);
}

/* Rows follow each other, have a text for each of their places, and names by Prometheus' rules. */
static void the_table_is_whole(void **state)
{
    unsigned next = 0;

    (void)state;
    for (size_t i = 0; i < METRIC_ROWS; i++) {
        const struct metric_row *row = &metric_table[i];
        size_t length = strlen(row->name), values = 1;
        bool total = length > 6 && strcmp(row->name + length - 6, "_total") == 0;

        assert_int_equal(row->first, next);
        next += row->count;
        assert_int_equal(total, row->kind == METRIC_COUNTER);
        assert_null(strpbrk(row->help, "\n\\"));
        for (size_t j = 0; j < 2; j++) {
            size_t count = 0;

            while (row->labels[j] && row->labels[j][count])
                count++;
            values *= count ? count : 1;
        }
        if (row->kind == METRIC_HISTOGRAM)
            values *= METRIC_TIMES;
        assert_true(row->count == 0 || row->count == values);
        for (size_t j = 0; row->bounds && j + 1 < METRIC_BOUNDS; j++)
            assert_true(row->bounds[j] < row->bounds[j + 1]);
    }
    assert_int_equal(next, METRIC_PLACES);
}

static void assert_line(const char *text, const char *line)
{
    char *wanted = memory_printf("\n%s\n", line);

    if (!strstr(text, wanted))
        fail_msg("no line \"%s\" in:\n%s", line, text);
    free(wanted);
}

static void the_text_is_prometheus(void **state)
{
    static const char form[] =
        "^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+([{]([a-z]+=\"[^\"]*\",?)+[}])? -?[0-9.e+-]+)$";
    struct server server = {.pools = NULL};
    size_t length;
    char *text, *rest, *line;
    regex_t regex;

    (void)state;
    metric_exchange(METRIC_MOUNT, METRIC_REFUSED);
    metric_time(METRIC_ROW_NFS_CALL, METRIC_NFS_WRITE, 10);
    metric_time(METRIC_ROW_NFS_CALL, METRIC_NFS_WRITE, 11);
    metric_time(METRIC_ROW_NFS_CALL, METRIC_NFS_WRITE, 9000000);
    metric_cache(METRIC_CACHE_HTTP_FILES, false);
    counter_add(METRIC_HTTP_RESPONSES + metric_code(404), 1);
    counter_add(METRIC_HTTP_RESPONSES + metric_code(418), 2);
    text = metrics_text(&server, &length);
    assert_int_equal(strlen(text), length);
    assert_line(text, "# TYPE bootwire_exchanges_total counter");
    assert_line(text, "bootwire_exchanges_total{service=\"mount\",result=\"refused\"} 1");
    assert_line(text, "bootwire_nfs_call_seconds_bucket{kind=\"write\",le=\"1e-05\"} 1");
    assert_line(text, "bootwire_nfs_call_seconds_bucket{kind=\"write\",le=\"2.5e-05\"} 2");
    assert_line(text, "bootwire_nfs_call_seconds_bucket{kind=\"write\",le=\"5\"} 2");
    assert_line(text, "bootwire_nfs_call_seconds_bucket{kind=\"write\",le=\"+Inf\"} 3");
    assert_line(text, "bootwire_nfs_call_seconds_sum{kind=\"write\"} 9.000021");
    assert_line(text, "bootwire_nfs_call_seconds_count{kind=\"write\"} 3");
    assert_line(text, "bootwire_cache_requests_total{cache=\"http_files\",result=\"miss\"} 1");
    assert_line(text, "bootwire_http_responses_total{code=\"404\"} 1");
    assert_line(text, "bootwire_http_responses_total{code=\"other\"} 2");
    assert_int_equal(regcomp(&regex, form, REG_EXTENDED | REG_NOSUB), 0);
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (regexec(&regex, line, 0, NULL, 0) != 0)
            fail_msg("no line of the format: %s", line);
    }
    regfree(&regex);
    free(text);
}

static size_t seven(void *source)
{
    (void)source;
    return 7;
}

static void readers_are_asked_until_they_are_forgotten(void **state)
{
    struct server server = {.pools = NULL};
    int source;
    size_t length;
    char *text;

    (void)state;
    metrics_ask(METRIC_QUEUES + METRIC_QUEUE_NFS_SYNC, seven, &source);
    text = metrics_text(&server, &length);
    assert_line(text, "bootwire_queue_length{queue=\"nfs_sync\"} 7");
    free(text);
    metrics_forget(&source);
    text = metrics_text(&server, &length);
    assert_line(text, "bootwire_queue_length{queue=\"nfs_sync\"} 0");
    free(text);
}

static void a_snapshot_without_a_word_lets_this_machine_alone(void **state)
{
    struct snapshot *snapshot = snapshot_new();

    (void)state;
    assert_true(metrics_allow(snapshot, 0x7f000001));
    assert_true(metrics_allow(snapshot, 0x7fffffff));
    assert_false(metrics_allow(snapshot, 0x80000001));
    assert_false(metrics_wanted(snapshot));
    snapshot_free(snapshot);
}

static void the_snapshots_networks_may(void **state)
{
    static const uint8_t networks[] = {10,  50, 0, 0, 255, 255, 0,   0,
                                       192, 0,  2, 7, 255, 255, 255, 255};
    struct setting setting = {.space = SPACE_PARAMETER,
                              .code = PARAMETER_METRICS_CLIENTS,
                              .value = slice_of(networks, sizeof(networks))};
    struct snapshot *snapshot = snapshot_new();

    (void)state;
    snapshot->global.settings = &setting;
    snapshot->global.count = 1;
    assert_true(metrics_wanted(snapshot));
    assert_true(metrics_allow(snapshot, 0x0a32ffff));
    assert_true(metrics_allow(snapshot, 0xc0000207));
    assert_false(metrics_allow(snapshot, 0xc0000208));
    assert_false(metrics_allow(snapshot, 0x7f000001));
    snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_add_to_one_sum),
        cmocka_unit_test(what_is_set_replaces),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(the_text_is_prometheus),
        cmocka_unit_test(readers_are_asked_until_they_are_forgotten),
        cmocka_unit_test(a_snapshot_without_a_word_lets_this_machine_alone),
        cmocka_unit_test(the_snapshots_networks_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
