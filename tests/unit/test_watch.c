#include "watch/lines.h"
#include "watch/machines.h"
#include "watch/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void take(struct watch_machines *machines, const char *json)
{
    json_t *line = json_loads(json, 0, NULL);

    assert_non_null(line);
    (void)watch_machines_take(machines, line, 1000);
    json_decref(line);
}

/* A machine's news, in the fewest fields. */
static void take_machine(struct watch_machines *machines, unsigned number, const char *more)
{
    char json[2048];

    snprintf(json, sizeof(json),
             "{\"event\":\"machine\",\"machine\":{\"machine\":\"22:22:22:22:00:%02x\",\"address\":"
             "\"10.50.1.%u\",\"stage\":\"ipxe\",\"since_ms\":%u000%s}}",
             number, number, number, more);
    take(machines, json);
}

static const char loading[] =
    ",\"host\":\"one\",\"reached\":\"loading\",\"loading\":{\"name\":\"vmlinuz\",\"bytes\":500000,"
    "\"total\":1000000,\"rate\":1234567,\"active\":true},\"verdict\":null";
static const char stopped[] =
    ",\"host\":\"two\",\"reached\":\"address\",\"loading\":null,\"verdict\":{\"id\":\"x\","
    "\"waiting\":\"the file a\",\"saw\":\"it is missing\",\"cure\":\"put it there\"}";

static const char *row_with(const struct view *view, const char *text)
{
    for (size_t i = 0; i < view->row_count; i++) {
        if (strstr(view->rows[i].text, text))
            return view->rows[i].text;
    }
    return NULL;
}

static void assert_fits(const struct view *view, unsigned width, unsigned height)
{
    assert_int_equal(view->row_count, height);
    for (size_t i = 0; i < view->row_count; i++)
        assert_true(strlen(view->rows[i].text) <= width);
}

static void machines_are_told_a_line_each(void **state)
{
    static const unsigned sizes[][2] = {{80, 24}, {200, 50}, {40, 8}, {400, 200}};
    struct watch_machines machines = {.count = 0};
    struct view *view = calloc(1, sizeof(*view));

    (void)state;
    view_draw(view, &machines, 80, 24, 1000);
    assert_non_null(row_with(view, "no machine has asked for anything yet"));
    take_machine(&machines, 1, loading);
    take_machine(&machines, 2, stopped);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        view_draw(view, &machines, sizes[i][0], sizes[i][1], 2500);
        assert_fits(view, sizes[i][0], sizes[i][1]);
    }
    view_draw(view, &machines, 80, 24, 2500);
    assert_string_equal(view->rows[0].text, "bootwire: 2 machines, 0 up, 1 stopped");
    assert_string_equal(view->rows[2].text, ">one               10.50.1.1       loading    2.5s "
                                            "[##...]  50% 1.2 MiB/s vmlinu");
    assert_string_equal(view->rows[3].text, " two               10.50.1.2       address    3.5s "
                                            "stopped: waits for the file a");
    /* Who has no name has a hardware address, which is shown to its end. */
    take_machine(&machines, 3, "");
    take(&machines, "{\"event\":\"lost\",\"steps\":12}");
    view_draw(view, &machines, 80, 24, 2500);
    assert_non_null(row_with(view, "1 stopped, 12 steps missed"));
    assert_non_null(row_with(view, " 22:22:22:22:00:03 10.50.1.3 "));
    view_draw(view, &machines, 200, 50, 2500);
    assert_non_null(row_with(view, "[#####.....]  50% 1.2 MiB/s vmlinuz"));
    /* The selected one's verdict, whole. */
    assert_true(view_key(view, &machines, VIEW_KEY_DOWN));
    view_draw(view, &machines, 80, 24, 2500);
    assert_string_equal(row_with(view, "seen:"), "seen: it is missing");
    assert_string_equal(row_with(view, "do:"), "do: put it there");
    view_draw(view, &machines, 20, 5, 2500);
    assert_string_equal(view->rows[0].text, "40x8 at least");
    watch_machines_clear(&machines);
    free(view);
}

static void a_thousand_machines_are_scrolled_sorted_and_filtered(void **state)
{
    struct watch_machines machines = {.count = 0};
    struct view *view = calloc(1, sizeof(*view));
    char json[512];

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(json, sizeof(json),
                 "{\"event\":\"machine\",\"machine\":{\"machine\":\"22:22:22:22:%02x:%02x\","
                 "\"host\":\"m%03u\",\"reached\":\"%s\",\"since_ms\":1}}",
                 i >> 8, i & 255, 999 - i, i == 500 ? "off" : "asked");
        take(&machines, json);
    }
    view_draw(view, &machines, 80, 24, 1000);
    assert_non_null(row_with(view, ">m999"));
    for (unsigned i = 0; i < 20; i++)
        view_key(view, &machines, VIEW_KEY_DOWN);
    view_draw(view, &machines, 80, 24, 1000);
    assert_non_null(row_with(view, ">m979"));
    view_key(view, &machines, VIEW_KEY_END);
    view_draw(view, &machines, 80, 24, 1000);
    assert_non_null(row_with(view, ">m000"));
    /* Sorted by name; what is selected stays selected. */
    view_key(view, &machines, 's');
    watch_machines_sort(&machines, view->order);
    view_draw(view, &machines, 80, 24, 1000);
    assert_non_null(row_with(view, ">m000"));
    assert_null(row_with(view, "m999"));
    view_key(view, &machines, 's');
    watch_machines_sort(&machines, view->order);
    view_key(view, &machines, VIEW_KEY_END);
    view_draw(view, &machines, 80, 24, 1000);
    assert_non_null(row_with(view, ">m499"));
    for (const char *c = "/M12"; *c; c++)
        view_key(view, &machines, *c);
    view_draw(view, &machines, 80, 24, 1000);
    assert_non_null(row_with(view, "/M12_"));
    assert_non_null(row_with(view, "m120"));
    assert_null(row_with(view, "m130"));
    view_key(view, &machines, VIEW_KEY_ENTER);
    assert_false(view->typing);
    view_key(view, &machines, VIEW_KEY_ESCAPE);
    assert_string_equal(view->filter, "");
    assert_true(view_key(view, &machines, '?'));
    view_draw(view, &machines, 80, 24, 1000);
    assert_fits(view, 80, 24);
    assert_true(view_key(view, &machines, 'q'));
    assert_false(view_key(view, &machines, 'q'));
    watch_machines_clear(&machines);
    free(view);
}

static void hostile_bytes_stay_text(void **state)
{
    struct watch_machines machines = {.count = 0};
    struct view *view = calloc(1, sizeof(*view));

    (void)state;
    take_machine(&machines, 4, "");
    /* A list is a new beginning. */
    take(&machines, "{\"event\":\"machines\",\"machines\":[{},7,null]}");
    assert_int_equal(machines.count, 0);
    take_machine(&machines, 3,
                 ",\"host\":\"\\u001b[2J\\u00e9\\u65e5\",\"reached\":\"asked\",\"loading\":7");
    take(&machines, "{\"event\":\"machine\",\"machine\":{\"machine\":7}}");
    take(&machines, "{\"event\":\"else\"}");
    assert_int_equal(machines.count, 1);
    view_draw(view, &machines, 200, 24, 1000);
    assert_null(row_with(view, "\x1b"));
    assert_non_null(row_with(view, "\\x1b[2J"));
    watch_machines_clear(&machines);
    free(view);
}

static void a_timeline_tells_each_exchange(void **state)
{
    struct watch_machines machines = {.count = 0};
    struct view *view = calloc(1, sizeof(*view));

    (void)state;
    take_machine(&machines, 1, loading);
    view_key(view, &machines, VIEW_KEY_ENTER);
    assert_int_equal(view->page, VIEW_TIMELINE);
    view_draw(view, &machines, 80, 24, 1000);
    assert_fits(view, 80, 24);
    assert_non_null(row_with(view, "22:22:22:22:00:01: the server has told nothing of it yet"));
    view->machine = json_loads(
        "{\"host\":\"one\",\"address\":\"10.50.1.1\",\"reached\":\"loaded\",\"since_ms\":61000,"
        "\"boots\":2,\"verdict\":null,\"timeline\":[{\"at_ms\":1230,\"service\":\"dhcp\","
        "\"stage\":\"rom\",\"event\":\"offer\",\"asked\":\"DHCPDISCOVER\",\"got\":\"DHCPOFFER\","
        "\"bytes\":0,\"count\":3,\"refused\":false,\"decided\":\"c.conf:7\"},{\"at_ms\":2000,"
        "\"service\":\"tftp\",\"stage\":\"rom\",\"event\":\"file-begun\",\"asked\":\"\",\"got\":"
        "\"\",\"bytes\":14186432,\"count\":1,\"refused\":true,\"decided\":null}]}",
        0, NULL);
    assert_non_null(view->machine);
    view_draw(view, &machines, 100, 24, 1000);
    assert_non_null(row_with(view, "one 22:22:22:22:00:01 10.50.1.1: loaded, 1:01 since power-on, "
                                   "boot 2"));
    assert_non_null(row_with(view, "    1.23           rom       dhcp    DHCPDISCOVER -> DHCPOFFER "
                                   "(3 times)  @c.conf:7"));
    assert_non_null(row_with(view, "    2.00  13.5 MiB rom       tftp    file-begun"));
    view_key(view, &machines, VIEW_KEY_ESCAPE);
    assert_int_equal(view->page, VIEW_MACHINES);
    json_decref(view->machine);
    watch_machines_clear(&machines);
    free(view);
}

static void expect_lines(struct watch_machines *machines, const char *json, const char *text)
{
    json_t *line = json_loads(json, 0, NULL);
    char *found;

    assert_non_null(line);
    (void)watch_machines_take(machines, line, 1000);
    found = watch_lines(machines, line);
    assert_string_equal(found, text);
    free(found);
    json_decref(line);
}

static void without_a_terminal_it_is_lines(void **state)
{
    static const char stands[] =
        "{\"event\":\"machine\",\"machine\":{\"machine\":\"m\",\"since_ms\":5000,\"boots\":1,"
        "\"verdict\":{\"id\":\"x\",\"waiting\":\"a\",\"saw\":\"b\",\"cure\":\"c\"}}}";
    static const char line[] = "    5.00 m stopped (x): it waits for a; seen: b; do: c\n";
    static const char goes_on[] = "{\"event\":\"machine\",\"machine\":{\"machine\":\"m\"}}";
    struct watch_machines machines = {.count = 0};

    (void)state;
    take_machine(&machines, 1, loading);
    expect_lines(
        &machines,
        "{\"event\":\"step\",\"machine\":\"22:22:22:22:00:01\",\"step\":{\"at_ms\":1230,"
        "\"service\":\"dhcp\",\"stage\":\"rom\",\"event\":\"offer\",\"asked\":\"DISCOVER\","
        "\"got\":\"OFFER\",\"decided\":\"c.conf:7\"}}",
        "    1.23 one 10.50.1.1 dhcp/rom: DISCOVER -> OFFER  @c.conf:7\n");
    expect_lines(&machines,
                 "{\"event\":\"step\",\"machine\":\"x\",\"step\":{\"event\":\"file-progress\"}}",
                 "");
    expect_lines(&machines,
                 "{\"event\":\"step\",\"machine\":\"x\",\"step\":{\"event\":\"nfs-progress\"}}",
                 "");
    expect_lines(&machines, "{\"event\":\"lost\",\"steps\":12}",
                 "12 steps came too fast and are not shown\n");
    /* A verdict is told when it comes, and when it comes again. */
    expect_lines(&machines, stands, line);
    expect_lines(&machines, stands, "");
    expect_lines(&machines, goes_on, "");
    expect_lines(&machines, stands, line);
    /* Who begins to watch learns where everybody is. */
    expect_lines(
        &machines,
        "{\"event\":\"machines\",\"machines\":[{\"machine\":\"n\\u001b\",\"address\":"
        "\"10.50.1.3\",\"stage\":\"rom\",\"reached\":\"loaded\",\"since_ms\":2000,\"loading\":"
        "{\"name\":\"a.bin\"},\"verdict\":{\"id\":\"y\",\"waiting\":\"a\"}}]}",
        "    2.00 n\\x1b 10.50.1.3 rom: loaded, file a.bin\n"
        "    2.00 n\\x1b stopped (y): it waits for a; seen: ; do: \n");
    watch_machines_clear(&machines);
}

/* At 80 columns, too, nothing of a verdict or of what decided an exchange is cut off. */
static void long_texts_take_more_rows(void **state)
{
    struct watch_machines machines = {.count = 0};
    struct view *view = calloc(1, sizeof(*view));
    char json[1024], words[600] = "";

    (void)state;
    for (unsigned i = 0; i < 90; i++)
        snprintf(words + strlen(words), sizeof(words) - strlen(words), "w%03u ", i);
    snprintf(json, sizeof(json),
             ",\"verdict\":{\"id\":\"x\",\"waiting\":\"a\",\"saw\":\"b\",\"cure\":\"%send\"}",
             words);
    take_machine(&machines, 1, json);
    take_machine(&machines, 2, "");
    view_draw(view, &machines, 80, 24, 1000);
    assert_fits(view, 80, 24);
    assert_non_null(row_with(view, "w089"));
    assert_non_null(row_with(view, " 22:22:22:22:0"));
    view_draw(view, &machines, 40, 8, 1000);
    assert_fits(view, 40, 8);
    view_key(view, &machines, VIEW_KEY_ENTER);
    view->machine = json_pack("{s:[]}", "timeline");
    for (unsigned i = 0; i < 40; i++)
        json_array_append_new(json_object_get(view->machine, "timeline"),
                              json_pack("{s:s, s:s, s:s}", "asked", i == 7 ? words : "it asks",
                                        "got", i == 39 ? words : "it gets", "decided",
                                        i == 39 ? "/etc/last.conf:99" : "/etc/a.conf:1"));
    view_draw(view, &machines, 80, 24, 1000);
    assert_fits(view, 80, 24);
    assert_non_null(row_with(view, "w089"));
    /* A page further, nothing is left out. */
    for (unsigned i = 0, seen = view->top + view->page_size; i < 40; i++) {
        view_key(view, &machines, VIEW_KEY_PAGE_DOWN);
        view_draw(view, &machines, 80, 24, 1000);
        assert_fits(view, 80, 24);
        assert_true(view->top <= seen);
        seen = (unsigned)(view->top + view->page_size);
    }
    assert_non_null(row_with(view, "@/etc/last.conf:99"));
    assert_non_null(row_with(view, "to 40 of 40"));
    view_draw(view, &machines, 40, 8, 1000);
    assert_fits(view, 40, 8);
    json_decref(view->machine);
    watch_machines_clear(&machines);
    free(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_are_told_a_line_each),
        cmocka_unit_test(a_thousand_machines_are_scrolled_sorted_and_filtered),
        cmocka_unit_test(hostile_bytes_stay_text),
        cmocka_unit_test(a_timeline_tells_each_exchange),
        cmocka_unit_test(long_texts_take_more_rows),
        cmocka_unit_test(without_a_terminal_it_is_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
