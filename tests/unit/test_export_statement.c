/* The `export` statement: from its text to who may do what with the directory. */
#include "test.h"

#include "config/config.h"
#include "decide/export.h"

#include <stdlib.h>
#include <string.h>

#define HOSTS                                                                                      \
    "host a { fixed-address 10.0.0.9; option root-path \"/srv/a\"; }\n"                            \
    "host b { fixed-address 10.0.0.10; }\n"                                                        \
    "subnet 10.0.0.0 netmask 255.255.255.0 { }\n"

static struct snapshot *parse(const char *text)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_parse("conf", slice_of_string(text), &diagnostics);

    if (!snapshot || diagnostics.count > 0)
        fail_msg("%s: %s", text, diagnostics.list[0].message);
    diagnostics_release(&diagnostics);
    return snapshot;
}

static void every_word_is_kept(void **state)
{
    struct snapshot *snapshot =
        parse("export \"/srv//all/\" { clients any; }\n"
              "export \"/srv/some\" { rw; clients a, 10.0.1.7; clients 10.0.2.0/23; squash none;\n"
              "    anon 1000 0x64; }\n" HOSTS);
    const struct export_statement *all = &snapshot->exports[0], *some = &snapshot->exports[1];

    (void)state;
    assert_int_equal(snapshot->export_count, 2);
    assert_string_equal(all->directory, "/srv/all");
    assert_int_equal(all->where.line, 1);
    assert_false(all->rights.writable);
    assert_int_equal(all->rights.squash, SQUASH_ROOT);
    assert_int_equal(all->rights.anon_uid, 65534);
    assert_int_equal(all->rights.anon_gid, 65534);
    assert_int_equal(all->client_count, 1);
    assert_null(all->clients[0].host);
    assert_int_equal(all->clients[0].netmask, 0);
    assert_true(some->rights.writable);
    assert_int_equal(some->rights.squash, SQUASH_NONE);
    assert_int_equal(some->rights.anon_uid, 1000);
    assert_int_equal(some->rights.anon_gid, 100);
    assert_int_equal(some->client_count, 3);
    assert_string_equal(some->clients[0].host->name, "a");
    assert_int_equal(some->clients[1].network, 0x0a000107);
    assert_int_equal(some->clients[1].netmask, 0xffffffff);
    assert_int_equal(some->clients[2].network, 0x0a000200);
    assert_int_equal(some->clients[2].netmask, 0xfffffe00);
    snapshot_free(snapshot);
}

/* What stands in braces, and the one message about it. */
static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"export \"srv\" { clients any; }",
         "expected an absolute path without \"..\" and of at most 1023 bytes"},
        {"export \"/srv/../etc\" { clients any; }",
         "expected an absolute path without \"..\" and of at most 1023 bytes"},
        {"export \"/a\\000b\" { clients any; }",
         "expected an absolute path without \"..\" and of at most 1023 bytes"},
        {"export /srv { clients any; }", "expected the directory to export in quotes, found `/`"},
        {"export \"/srv\";",
         "expected `{` and who may mount it, as in `{ clients any; }`, found `;`"},
        {"export \"/srv\" { }",
         "this export names nobody: write who may mount it, as in `clients any;`"},
        {"export \"/srv\" { clients nobody; }", "there is no host declaration `nobody`"},
        {"export \"/srv\" { clients \"a\"; }",
         "expected a host's name without quotes, an address, or `any`, found \"a\""},
        {"export \"/srv\" { clients; }", "expected a host's name, an address, or `any`, found `;`"},
        {"export \"/srv\" { clients 10.0.0.1/24; }",
         "this address has bits outside its prefix: the network is 10.0.0.0/24"},
        {"export \"/srv\" { clients 10.0.0.0/33; }",
         "expected the length of a prefix from 0 to 32, found `33`"},
        {"export \"/srv\" { clients any; ro; rw; }", "this export says `ro` already"},
        {"export \"/srv\" { clients any; squash all; squash none; }",
         "this export says `squash all` already"},
        {"export \"/srv\" { clients any; squash some; }",
         "expected `root`, `all` or `none`, found `some`"},
        {"export \"/srv\" { clients any; anon 1; }", "expected a group's number, found `;`"},
        {"export \"/srv\" { clients any; anon 1 1; anon 2 2; }", "this export says `anon` already"},
        {"export \"/srv\" { clients any; anon 4294967295 1; }",
         "expected a user's number from 0 to 4294967294, found `4294967295`"},
        {"export \"/srv\" { client any; clients any; }",
         "there is no `client` in an export; the nearest statement is `clients`"},
        {"export \"/srv\" { clients any; option routers 10.0.0.1; }",
         "`option` cannot stand in an export: `clients`, `ro`, `rw`, `squash` and `anon` can"},
        {"export \"/srv\" { clients any; { ro; } }",
         "expected `clients`, `ro`, `rw`, `squash` or `anon`, found `{`"},
        {"export \"/srv\" { clients any; host h { }",
         "`host` cannot stand in an export: expected `}` before it"},
        {"export \"/srv\" { clients any;",
         "the file ends inside the block that line 1 opens: expected `}`"},
        {"export \"/srv\" { clients any; } export \"/srv/.\" { clients any; }",
         "this directory is exported already, in line 1 of conf: write all its clients there"},
        {"host h { export \"/srv\" { clients any; } }",
         "`export` cannot stand in a host: it belongs in the global scope"},
        {"if known { export \"/srv\" { clients any; } }",
         "`export` cannot stand under a condition"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct diagnostics diagnostics = {.count = 0};

        if (config_parse("conf", slice_of_string(rows[i].text), &diagnostics))
            fail_msg("%s: no error", rows[i].text);
        if (diagnostics.count != 1)
            fail_msg("%s: %zu messages, the second: %s", rows[i].text, diagnostics.count,
                     diagnostics.count > 1 ? diagnostics.list[1].message : "");
        assert_string_equal(diagnostics.list[0].message, rows[i].message);
        diagnostics_release(&diagnostics);
    }
}

/* The directories that a machine may mount, as "/a rw /b ro ". */
static const char *found(const struct snapshot *snapshot, const char *host, uint32_t address,
                         bool known)
{
    static char text[1000];
    struct reach_question question = {
        .snapshot = snapshot,
        .host = host ? snapshot_host_by_name(snapshot, host) : NULL,
        .address = address,
    };
    struct exports exports;
    struct position bad;
    enum export_verdict verdict = exports_find(&exports, &question, known, NULL, &bad);
    size_t length = 0;

    assert_int_equal(verdict == EXPORT_GRANTED, exports.count > 0);
    text[0] = 0;
    for (size_t i = 0; i < exports.count; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s %s ",
                                   exports.list[i].directory,
                                   exports.list[i].rights.writable ? "rw" : "ro");
    exports_release(&exports);
    return text;
}

static void an_export_is_for_its_clients(void **state)
{
    struct snapshot *snapshot = parse("export \"/all\" { clients any; }\n"
                                      "export \"/b\" { clients b; rw; }\n"
                                      "export \"/net\" { clients 10.0.0.8/31, 10.0.0.20; }\n"
                                      "export \"/srv/a\" { clients any; }\n" HOSTS);

    (void)state;
    /* Its own root stays writable, whatever the export of the same directory says. */
    assert_string_equal(found(snapshot, "a", 0x0a000009, true), "/srv/a rw /all ro /net ro ");
    assert_string_equal(found(snapshot, "b", 0x0a00000a, true), "/all ro /b rw /srv/a ro ");
    assert_string_equal(found(snapshot, NULL, 0x0a000014, false), "/all ro /net ro /srv/a ro ");
    assert_string_equal(found(snapshot, NULL, 0x0a000063, true), "/all ro /srv/a ro ");
    snapshot_free(snapshot);

    snapshot = parse("export \"/b\" { clients b; }\n" HOSTS);
    /* The name is the host's: its address alone is nothing, and others' are none. */
    assert_string_equal(found(snapshot, NULL, 0x0a00000a, false), "");
    assert_string_equal(found(snapshot, "a", 0x0a00000a, true), "/srv/a rw ");
    assert_string_equal(found(snapshot, "b", 0x0a000063, true), "/b ro ");
    snapshot_free(snapshot);
}

static void callers_are_squashed(void **state)
{
    static const struct credentials root = {0, 0, {0, 5, 0}, 3}, alice = {1001, 0, {5, 0, 6}, 3};
    struct export_rights rights = {.anon_uid = 7, .anon_gid = 8, .squash = SQUASH_ROOT};
    struct credentials caller = root;

    (void)state;
    export_squash(&rights, false, &caller);
    assert_int_equal(caller.uid, 7);
    assert_int_equal(caller.gid, 8);
    assert_int_equal(caller.group_count, 1);
    assert_int_equal(caller.groups[0], 5);
    caller = alice;
    export_squash(&rights, false, &caller);
    assert_int_equal(caller.uid, 1001);
    assert_int_equal(caller.gid, 8);
    assert_int_equal(caller.group_count, 2);
    assert_int_equal(caller.groups[1], 6);

    rights.squash = SQUASH_ALL;
    caller = alice;
    export_squash(&rights, false, &caller);
    assert_int_equal(caller.uid, 7);
    assert_int_equal(caller.gid, 8);
    assert_int_equal(caller.group_count, 0);

    rights.squash = SQUASH_NONE;
    caller = root;
    export_squash(&rights, false, &caller);
    assert_memory_equal(&caller, &root, sizeof(root));
    /* Who is not believed is nobody, even there. */
    export_squash(&rights, true, &caller);
    assert_int_equal(caller.uid, 7);
    assert_int_equal(caller.gid, 8);
    assert_int_equal(caller.group_count, 0);
}

static void who_asks_learns_what_is_its_business(void **state)
{
    struct snapshot *snapshot = parse("export \"/srv/all\" { clients any; }\n" HOSTS);
    const uint32_t server = 0x0a000001, inside = 0x0a000063, outside = 0xc0000201;

    (void)state;
    assert_int_equal(export_viewer_of(snapshot, outside, 700, server, false), VIEWER_STRANGER);
    assert_int_equal(export_viewer_of(snapshot, outside, 700, server, true), VIEWER_MACHINE);
    assert_int_equal(export_viewer_of(snapshot, inside, 700, server, false), VIEWER_MACHINE);
    assert_int_equal(export_viewer_of(snapshot, server, 700, server, false), VIEWER_SERVER);
    assert_int_equal(export_viewer_of(snapshot, server, 1024, server, false), VIEWER_MACHINE);
    assert_int_equal(export_viewer_of(snapshot, 0x7f000001, 700, 0x7f000001, false), VIEWER_SERVER);
    assert_int_equal(export_viewer_of(snapshot, 0x7f000001, 7000, 0x7f000001, false),
                     VIEWER_MACHINE);
    assert_non_null(export_around(snapshot, "/srv/all"));
    assert_non_null(export_around(snapshot, "/srv/all/below"));
    assert_null(export_around(snapshot, "/srv/allen"));
    assert_null(export_around(snapshot, "/srv/a"));
    snapshot_free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_kept),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(an_export_is_for_its_clients),
        cmocka_unit_test(callers_are_squashed),
        cmocka_unit_test(who_asks_learns_what_is_its_business),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
