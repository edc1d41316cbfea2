/* `boot`, `menu` and `boot-loader`: what they make, where they hold, and what is said about
 * mistakes in them. */
#include "test.h"

#include "config/config.h"
#include "decide/evaluation.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NET          "subnet 10.0.0.0 netmask 255.0.0.0 "

static struct snapshot *parse(const char *text)
{
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot = config_parse("conf", slice_of_string(text), &diagnostics);

    if (!snapshot || diagnostics.count > 0)
        fail_msg("%s: %s", text, diagnostics.list[0].message);
    diagnostics_release(&diagnostics);
    return snapshot;
}

static void a_linux_has_kernel_initrds_and_command_line(void **state)
{
    struct snapshot *snapshot =
        parse("boot linux \"Debian\" {\n  kernel \"/debian//linux\";\n"
              "  initrd \"debian/initrd.gz\", \"http://10.0.0.1/x\";\n"
              "  initrd \"more.cpio\";\n  append \"priority=low\"; append \"--- quiet\";\n}\n");
    const struct boot_recipe *recipe = snapshot->recipes;
    const struct boot_entry *entry = recipe->entries;

    (void)state;
    assert_int_equal(snapshot->recipe_count, 1);
    assert_null(recipe->title);
    assert_int_equal(recipe->entry_count, 1);
    assert_int_equal(recipe->default_entry, 0);
    assert_int_equal(recipe->timeout_s, 0);
    assert_int_equal(recipe->where.line, 1);
    assert_int_equal(entry->kind, BOOT_LINUX);
    assert_string_equal(entry->title, "Debian");
    /* Below tftp-root, whatever stands in front. */
    assert_string_equal(entry->file, "debian//linux");
    assert_int_equal(entry->file_where.line, 2);
    assert_string_equal(entry->append, "priority=low --- quiet");
    assert_int_equal(entry->initrd_count, 3);
    assert_string_equal(entry->initrds[0], "debian/initrd.gz");
    assert_string_equal(entry->initrds[2], "more.cpio");
    assert_int_equal(entry->initrd_where[2].line, 4);
    snapshot_free(snapshot);
}

static void each_kind_is_read(void **state)
{
    static const struct {
        const char *text, *title, *file, *append;
        enum boot_kind kind;
    } rows[] = {
        {"boot netbsd { kernel \"netbsd\"; }", NULL, "netbsd", "", BOOT_NETBSD},
        {"boot netbsd \"N\" { append \"-s\"; kernel \"n\"; }", "N", "n", "-s", BOOT_NETBSD},
        {"BOOT Linux { kernel \"HTTPS://h/k?x=1\"; append \"\"; }", NULL, "HTTPS://h/k?x=1", "",
         BOOT_LINUX},
        {"boot ipxe \"a.ipxe\";", NULL, "a.ipxe", "", BOOT_IPXE},
        {"boot ipxe \"A script\" \"a.ipxe\";", "A script", "a.ipxe", "", BOOT_IPXE},
        {"boot file \"old/pxe..linux.0\";", NULL, "old/pxe..linux.0", "", BOOT_FILE},
        {"boot file \"Old\" \"tftp://10.0.0.9/x\";", "Old", "tftp://10.0.0.9/x", "", BOOT_FILE},
        {"boot local;", NULL, NULL, "", BOOT_LOCAL},
        {"boot local \"Disk\";", "Disk", NULL, "", BOOT_LOCAL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct snapshot *snapshot = parse(rows[i].text);
        const struct boot_entry *entry = snapshot->recipes[0].entries;

        assert_int_equal(entry->kind, rows[i].kind);
        assert_true(rows[i].title ? strcmp(entry->title, rows[i].title) == 0 : !entry->title);
        assert_true(rows[i].file ? strcmp(entry->file, rows[i].file) == 0 : !entry->file);
        assert_string_equal(entry->append, rows[i].append);
        snapshot_free(snapshot);
    }
}

static void a_menu_has_entries_a_default_and_a_timeout(void **state)
{
    static const char *const defaults[] = {"default \"Disk\";", "default 3;", "default 2;", ""};
    static const size_t entries[] = {2, 2, 1, 0};
    char text[400];

    (void)state;
    for (size_t i = 0; i < COUNT(defaults); i++) {
        struct snapshot *snapshot;

        snprintf(text, sizeof(text),
                 "menu \"What?\" {\n%s timeout 10;\n"
                 "boot linux \"Debian\" { kernel \"k\"; }\nboot netbsd { kernel \"netbsd\"; }\n"
                 "boot local \"Disk\";\n}",
                 defaults[i]);
        snapshot = parse(text);
        assert_string_equal(snapshot->recipes[0].title, "What?");
        assert_int_equal(snapshot->recipes[0].timeout_s, 10);
        assert_int_equal(snapshot->recipes[0].entry_count, 3);
        assert_int_equal(snapshot->recipes[0].default_entry, entries[i]);
        assert_int_equal(snapshot->recipes[0].entries[1].where.line, 4);
        assert_null(snapshot->recipes[0].entries[1].title);
        snapshot_free(snapshot);
    }
}

/* More recipes than the first room is for. */
static void each_scope_has_its_own_recipe(void **state)
{
    char text[4000] = NET "{ range 10.1.0.1 10.1.0.9; }\n";
    struct snapshot *snapshot;

    (void)state;
    for (int i = 0; i < 40; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "host h%d { boot file \"f%d\"; }\n", i, i);
    snapshot = parse(text);
    for (int i = 0; i < 40; i++) {
        struct scope_view view = scope_view_of(snapshot, &snapshot->hosts[i], NULL);
        char file[8];

        snprintf(file, sizeof(file), "f%d", i);
        assert_string_equal(scope_view_recipe(snapshot, &view)->entries[0].file, file);
    }
    snapshot_free(snapshot);
}

/* What is booted for a packet of nobody in particular: the file of the recipe, "" for a local disk,
 * NULL for no recipe. */
static const char *booted(const char *text, const char *host)
{
    static struct evaluation e;
    static const struct dhcp_message message;
    struct snapshot *snapshot = parse(text);
    const struct boot_recipe *recipe;
    struct scope_view view;
    static char file[64];

    e = (struct evaluation){
        .snapshot = snapshot,
        .message = &message,
        .host = host ? snapshot_host_by_name(snapshot, host) : NULL,
        .subnet = snapshot->subnet_count > 0 ? &snapshot->subnets[0] : NULL,
        .pool = snapshot->subnet_count > 0 && snapshot->subnets[0].range_count > 0
                    ? snapshot->subnets[0].ranges[0].pool
                    : NULL,
    };
    view = evaluation_run(&e);
    recipe = scope_view_recipe(snapshot, &view);
    if (recipe)
        snprintf(file, sizeof(file), "%s", recipe->entries[0].file ? recipe->entries[0].file : "");
    snapshot_free(snapshot);
    return recipe ? file : NULL;
}

/* Wherever a statement may stand, `boot` may; the innermost scope holds, and of `boot` and
 * `filename` in one scope the later one. */
static void the_scopes_decide_what_is_booted(void **state)
{
    static const struct {
        const char *text, *host, *file;
    } rows[] = {
        {"boot file \"a\";", NULL, "a"},
        {"boot file \"a\"; " NET "{ boot file \"b\"; }", NULL, "b"},
        {"boot file \"a\"; " NET "{ filename \"b\"; }", NULL, NULL},
        {"boot file \"a\"; " NET "{ filename \"\"; }", NULL, NULL},
        {"filename \"a\"; " NET "{ boot file \"b\"; }", NULL, "b"},
        {"boot file \"a\"; " NET "{ filename \"b\"; } host h { boot local; }", "h", ""},
        {"shared-network n { boot file \"s\"; " NET "{ } }", NULL, "s"},
        {NET "{ boot file \"b\"; pool { range 10.0.0.1; boot file \"p\"; } }", NULL, "p"},
        {"class \"c\" { match if not known; boot file \"c\"; } " NET "{ boot file \"b\"; }", NULL,
         "c"},
        {"class \"c\" { match pick-first-value(null, \"x\"); }\n"
         "subclass \"c\" \"x\" { boot file \"sub\"; }",
         NULL, "sub"},
        {"group { boot file \"g\"; host h { } } " NET "{ boot file \"b\"; }", "h", "g"},
        {"if known { boot file \"k\"; } else { boot file \"u\"; }", NULL, "u"},
        {"if known { boot file \"k\"; } else { boot file \"u\"; } host h { }", "h", "k"},
        {"boot file \"a\"; if not known { filename \"u\"; }", NULL, NULL},
        {"boot file \"a\"; if not known { filename \"u\"; } host h { }", "h", "a"},
        {"if not known { filename \"u\"; } boot file \"a\";", NULL, "a"},
        {"boot file \"a\"; if not known { filename \"u\"; } " NET "{ boot file \"b\"; }", NULL,
         "b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *file = booted(rows[i].text, rows[i].host);

        if (rows[i].file ? !file || strcmp(file, rows[i].file) != 0 : file != NULL)
            fail_msg("%s: %s is booted", rows[i].text, file ? file : "no recipe");
    }
}

static void mistakes_are_told(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
        const char *message;
    } rows[] = {
        {"boot linux { append \"x\"; }", 1, 1,
         "this `boot linux` has no kernel: write `kernel \"vmlinuz\";` into its braces, with the "
         "file's path below tftp-root"},
        {"boot netbsd { }", 1, 1,
         "this `boot netbsd` has no kernel: write `kernel \"netbsd\";` into its braces, with the "
         "file's path below tftp-root"},
        {"boot linus { kernel \"x\"; }", 1, 6,
         "there is no `boot` of the kind `linus`; the nearest one is `boot linux`"},
        {"boot freebsd { kernel \"x\"; }", 1, 6,
         "`freebsd` is nothing to boot: `linux`, `netbsd`, `ipxe`, `file` and `local` are"},
        {"boot \"x\";", 1, 6,
         "expected what \"x\" is: `boot file \"x\";` hands it to the firmware as it is, `boot "
         "linux { kernel \"x\"; }` boots a kernel"},
        {"boot linux \"x\";", 1, 15,
         "expected `{` and the kernel, as in `boot linux { kernel \"vmlinuz\"; }`, found `;`"},
        {"boot linux { kernal \"x\"; }", 1, 14,
         "there is no `kernal` in a `boot linux`; the nearest statement is `kernel`"},
        {"boot linux { kernel \"x\"; root \"x\"; }", 1, 26,
         "`root` cannot stand in a `boot linux`: `kernel`, `initrd` and `append` can"},
        {"boot linux { kernel \"x\"; \"y\"; }", 1, 26,
         "expected `kernel`, `initrd` or `append`, found \"y\""},
        {"boot linux { kernel x; }", 1, 21, "expected the kernel's file in quotes, found `x`"},
        {"boot linux { kernel \"x\"; kernel \"y\"; }", 1, 26,
         "this has a kernel already: a second thing to boot is another `boot`, in a `menu` of "
         "both"},
        {"boot linux { kernel \"x\"; console com0; }", 1, 26,
         "`console` stands beside the `boot`, for it is for all loaders and kernels"},
        {"boot linux {\nkernel \"x\"; title \"x\"; }", 2, 13,
         "the title stands before the `{`, as in `boot linux \"Install\" {`"},
        {"boot linux { kernel \"x\"; cmdline \"x\"; }", 1, 26,
         "a kernel's command line is `append \"...\";`"},
        {"boot linux { kernel \"x\"; initrd \"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"; "
         "}",
         1, 65,
         "this initrd is one too many: a kernel gets at most 8; `cat` makes one file of several"},
        {"boot linux { kernel \"a/../../x\"; }", 1, 21,
         "the kernel's file leads out of tftp-root by \"..\": put the file below tftp-root and "
         "write its path from there"},
        {"boot linux { kernel \"x\"; initrd \"..\"; }", 1, 33,
         "the initrd's file leads out of tftp-root by \"..\": put the file below tftp-root and "
         "write its path from there"},
        {"boot file \"ftp://h/x\";", 1, 11,
         "no boot loader reads `ftp://`: write a path below tftp-root, or a URL with http, https, "
         "tftp or nfs"},
        {"boot file \"/\";", 1, 11,
         "the file to boot is empty: write its path below tftp-root, or a URL"},
        {"boot file \"\" \"x\";", 1, 11, "the title is empty: it is what a person chooses by"},
        {"boot file \"a b\";", 1, 11,
         "the file to boot has a blank, where some boot loaders take a name to end: rename the "
         "file"},
        {"boot file \"a\\\\b\";", 1, 11,
         "the file to boot has a backslash: directories end with `/`"},
        {"boot netbsd { kernel \"n\"; initrd \"x\"; }", 1, 27,
         "`initrd` is for Linux alone: a NetBSD kernel mounts its root over NFS"},
        {"boot linux { kernel \"x\"; append \"a\\nb\"; }", 1, 33,
         "the kernel's command line goes into files where it has one line: it can hold no line "
         "end and no control character"},
        {"boot local \"a\\000b\";", 1, 12,
         "the title goes into files where it has one line: it can hold no line end and no control "
         "character"},
        {"boot linux { kernel \"x\";\nhost h { }", 2, 1,
         "`host` cannot stand in a `boot linux`: expected `}` before it"},
        {"boot linux { kernel \"x\";", 1, 25,
         "the file ends inside the block that line 1 opens: expected `}`"},
        {"menu \"x\" { }", 1, 1, "this menu is empty: write at least one `boot` into it"},
        {"menu { boot local; }", 1, 6, "a menu has a title, as in `menu \"Install\" {`"},
        {"menu \"x\" boot local;", 1, 10, "expected `{` and what can be booted, found `boot`"},
        {"menu \"x\" { boot local \"A\"; default \"B\"; }", 1, 36,
         "no entry of this menu has the title \"B\": write one of theirs, or its number from 1 to "
         "1"},
        {"menu \"x\" { boot local \"A\"; default 2; }", 1, 36,
         "this menu has no entry `2`: its entries are 1 to 1"},
        {"menu \"x\" { boot local \"A\"; default 0; }", 1, 36,
         "this menu has no entry `0`: its entries are 1 to 1"},
        {"menu \"x\" { boot local \"A\"; default A; }", 1, 36,
         "expected the title of an entry in quotes, or its number from 1 on, found `A`"},
        {"menu \"x\" { boot local; default 1; default 1; }", 1, 35,
         "this menu has a default already"},
        {"menu \"x\" { boot local; timeout 0; }", 1, 32,
         "nobody would see this menu: leave `timeout` out where it is to wait for somebody, or "
         "write a `boot` alone where nobody is to be asked"},
        {"menu \"x\" { boot local; timeout 3600; }", 1, 32,
         "expected a number of seconds from 0 to 3599, found `3600`"},
        {"menu \"x\" { boot local; timeout 1; timeout 2; }", 1, 35,
         "this menu has a timeout already"},
        {"menu \"x\" { boot local \"A\";\nboot local \"A\"; }", 2, 1,
         "line 1 has an entry with this title already: nobody could tell them apart"},
        {"menu \"x\" { boot local; item \"x\"; }", 1, 24,
         "an entry of a menu is a `boot` with its title behind the kind, as in `boot linux "
         "\"Install\" { ... }`"},
        {"menu \"x\" { boot local; filename \"x\"; }", 1, 24,
         "`filename` cannot stand in a menu: `boot`, `default` and `timeout` can"},
        {"menu \"x\" { boot local;\n" NET "{ }", 2, 1,
         "`subnet` cannot stand in a menu: expected `}` before it"},
        {"boot-loader \"grubb\";", 1, 13,
         "there is no boot loader \"grubb\"; the nearest one is \"grub\""},
        {"boot-loader \"lilo\";", 1, 13,
         "there is no boot loader \"lilo\": \"ipxe\", \"pxelinux\", \"grub\", \"syslinux\", "
         "\"uboot\" and \"pxeboot\" are known"},
        {"boot-loader;", 1, 12, "expected the name of a boot loader in quotes, found `;`"},
        {"filename \"x\";\nboot local;", 1, 1,
         "this `filename` has no effect: line 2 of conf says with `boot` what is booted"},
        {"boot local;\nfilename \"x\";", 1, 1,
         "this `boot` has no effect: line 2 of conf says with `filename` what is booted"},
        {"boot local;\nmenu \"x\" { boot local; }", 1, 1,
         "this has no effect: line 2 of conf says again what is booted; a `menu` offers both"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct diagnostics diagnostics = {.count = 0};
        struct snapshot *snapshot =
            config_parse("conf", slice_of_string(rows[i].text), &diagnostics);

        if (diagnostics.count != 1)
            fail_msg("%s: %zu messages", rows[i].text, diagnostics.count);
        if (strcmp(diagnostics.list[0].message, rows[i].message) != 0 ||
            diagnostics.list[0].where.line != rows[i].line ||
            diagnostics.list[0].where.column != rows[i].column)
            fail_msg("%s: %u:%u: %s", rows[i].text, diagnostics.list[0].where.line,
                     diagnostics.list[0].where.column, diagnostics.list[0].message);
        diagnostics_release(&diagnostics);
        snapshot_free(snapshot);
    }
}

/* As many entries and bytes as fit, and one more. */
static void the_limits_are_told(void **state)
{
    char text[4000];
    struct diagnostics diagnostics = {.count = 0};
    struct snapshot *snapshot;

    (void)state;
    snprintf(text, sizeof(text), "menu \"x\" {\n");
    for (int i = 0; i <= BOOT_ENTRIES_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "boot local;\n");
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
    assert_null(config_parse("conf", slice_of_string(text), &diagnostics));
    assert_int_equal(diagnostics.count, 1);
    assert_string_equal(diagnostics.list[0].message,
                        "this entry is one too many: a menu has at most 32");
    assert_int_equal(diagnostics.list[0].where.line, BOOT_ENTRIES_MAX + 2);
    diagnostics_release(&diagnostics);
    snprintf(text, sizeof(text),
             "boot linux { kernel \"k\"; append \"%01023d\"; append \"%01024d\"; }", 0, 0);
    snapshot = parse(text);
    assert_int_equal(strlen(snapshot->recipes[0].entries[0].append), BOOT_STRING_MAX);
    snapshot_free(snapshot);
    diagnostics = (struct diagnostics){.count = 0};
    snprintf(text, sizeof(text),
             "boot linux { kernel \"k\"; append \"%01024d\"; append \"%01024d\"; }", 0, 0);
    assert_null(config_parse("conf", slice_of_string(text), &diagnostics));
    assert_string_equal(
        diagnostics.list[0].message,
        "a kernel's command line has at most 2048 bytes, all its `append` together");
    diagnostics_release(&diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linux_has_kernel_initrds_and_command_line),
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(a_menu_has_entries_a_default_and_a_timeout),
        cmocka_unit_test(each_scope_has_its_own_recipe),
        cmocka_unit_test(the_scopes_decide_what_is_booted),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(the_limits_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
