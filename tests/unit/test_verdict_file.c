/* The verdicts from the first file to the login: what a machine did, and what is said of it; and
 * the boots of which nothing is to be said. */
#include "test.h"

#include "decide/boot_follow.h"
#include "decide/boot_trail.h"
#include "decide/verdict.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 10, LATER_MS = 600000, KIB = 1024 };

#define ROM(what, ...)                                                                             \
    {                                                                                              \
        .service = "tftp", .stage = STAGE_ROM, .event = (what), __VA_ARGS__                        \
    }
#define KERNEL(of, what, ...)                                                                      \
    {                                                                                              \
        .service = (of), .stage = STAGE_KERNEL, .event = (what), __VA_ARGS__                       \
    }
#define GUEST(what, ...)                                                                           \
    {                                                                                              \
        .service = "console", .event = (what), __VA_ARGS__                                         \
    }
#define NAMED(name)         .subject = (name)
#define MISSING(name, near) ROM(STEP_FILE_MISSING, NAMED(name), .hint = (near))
#define SENT(name, ...)     ROM(STEP_FILE_SENT, NAMED(name), .bytes = KIB, .total = KIB, __VA_ARGS__)
#define PART                ROM(STEP_FILE_SENT, NAMED("disk.iso"), .bytes = KIB, .total = 1 << 30)
#define KERNEL_SENT         SENT("vmlinuz", .content = CONTENT_KERNEL)
#define ASKED               KERNEL("dhcp", STEP_ACK, .hint = NULL)
#define MOUNTED             KERNEL("mount", STEP_MOUNT, NAMED("/root"), .hint = "/root")
#define CALLED              KERNEL("nfs", STEP_NFS_CALL, NAMED("/root"))
#define READ(name, ...)     KERNEL("nfs", STEP_NFS_READ, NAMED(name), __VA_ARGS__)
#define REFUSED(why, name, ...)                                                                    \
    KERNEL("nfs", STEP_NFS_REFUSED, .reason = (why), NAMED(name), __VA_ARGS__)
#define UNMOUNTED(why, near)                                                                       \
    KERNEL("mount", STEP_MOUNT_REFUSED, NAMED("/srv/rot"), .reason = (why), .hint = (near),        \
           .decided = "x.conf:3")
/* clang-format off */
#define AGAIN {.service = "dhcp", .stage = STAGE_ROM, .event = STEP_OFFER}, {.service = "dhcp", .stage = STAGE_LOADER, .event = STEP_OFFER}
/* clang-format on */
#define LOGIN GUEST(STEP_CONSOLE_LOGIN, .got = "login:")
#define TEXT  GUEST(STEP_CONSOLE_TEXT, .got = "starting")

/* clang-format off */
static const struct scene {
    const char *id;   /* NULL: no verdict */
    const char *says; /* a part of its cure */
    struct boot_step steps[STEPS_MAX];
} scenes[] = {
    {"file-missing", "put a.bin below", {MISSING("a.bin", NULL)}},
    {"file-near", "pxelinux.0 is there", {MISSING("pxelinux.o", "pxelinux.0")}},
    {"file-case", "tftp-ignore-case on", {MISSING("boot/PXELINUX.0", "boot/pxelinux.0")}},
    {"http-missing", "TFTP-ROOT/x.efi", {{.service = "http", .stage = STAGE_UEFI_HTTP, .event = STEP_FILE_MISSING, NAMED("/x.efi")}}},
    {"script-missing", "iPXE's script", {SENT("boot.ipxe", .content = CONTENT_SCRIPT), MISSING("vmlinux", NULL)}},
    {"loader-package", "apt install ipxe", {ROM(STEP_FILE_MISSING, NAMED("undionly.kpxe"), .reason = REASON_PACKAGE, .hint = "ipxe")}},
    {"loader-module", "modules/bios", {SENT("pxelinux.0"), MISSING("ldlinux.c32", NULL)}},
    {"loader-module", "modules/efi64", {SENT("syslinux.efi"), MISSING("ldlinux.e64", NULL)}},
    {"pxelinux-config", "pxelinux.cfg/default", {SENT("pxelinux.0"), MISSING("pxelinux.cfg/01-22", NULL), MISSING("pxelinux.cfg/default", NULL)}},
    {"grub-config", "GRUB was built", {SENT("grubx64.efi"), MISSING("grub/grub.cfg", NULL)}},
    {"grub-module", "grub-mknetdir", {SENT("core.0"), MISSING("grub/i386-pc/normal.mod", NULL)}},
    /* Two threads told of it, the second one first. */
    {"grub-module", "grub-mknetdir", {ROM(STEP_FILE_BEGUN, NAMED("core.0")), MISSING("grub/i386-pc/normal.mod", NULL), SENT("core.0")}},
    {"file-private", "chmod a+r", {ROM(STEP_FILE_FORBIDDEN, NAMED("a"), .reason = REASON_PRIVATE)}},
    {"file-directory", "name the file in boot", {ROM(STEP_FILE_FORBIDDEN, NAMED("boot"), .reason = REASON_DIRECTORY)}},
    {"file-outside", "mount --bind", {ROM(STEP_FILE_MISSING, NAMED("link"), .reason = REASON_OUTSIDE)}},
    {"file-outside", "mount --bind", {ROM(STEP_FILE_FORBIDDEN, NAMED("../x"), .reason = REASON_OUTSIDE)}},
    {"no-tftp-root", "tftp-root", {ROM(STEP_FILE_FORBIDDEN, NAMED("a"), .reason = REASON_NO_ROOT)}},

    {"file-refused", "wants another try", {ROM(STEP_FILE_REFUSED, NAMED("a"), .got = "server busy")}},

    {"transfer-unanswered", "tftp-single-port", {ROM(STEP_FILE_BEGUN, NAMED("a")), ROM(STEP_FILE_ABANDONED, NAMED("a"), .total = KIB, .block_size = 512)}},
    {"transfer-large-blocks", "tftp-max-blksize 1468", {ROM(STEP_FILE_BEGUN, NAMED("a")), ROM(STEP_FILE_ABANDONED, NAMED("a"), .bytes = 8192, .total = 1 << 20, .block_size = 8192)}},
    {"transfer-rollover", "tftp-rollover 1", {ROM(STEP_FILE_BEGUN, NAMED("a")), ROM(STEP_FILE_ABANDONED, NAMED("a"), .bytes = 65535 * 512, .total = 1 << 30, .block_size = 512)}},
    {"transfer-rollover", "tftp-rollover 1", {ROM(STEP_FILE_ENDED, NAMED("a"), .bytes = 65535 * 512, .total = 1 << 30, .block_size = 512)}},
    {"transfer-cut", "cable", {ROM(STEP_FILE_BEGUN, NAMED("a")), ROM(STEP_FILE_ABANDONED, NAMED("a"), .bytes = 512, .total = KIB, .block_size = 512)}},
    {"transfer-ended", "more memory", {ROM(STEP_FILE_ENDED, NAMED("a"), .bytes = 512, .total = KIB, .block_size = 512, .hint = "disk full")}},
    {"transfer-ended", "asked for the size", {ROM(STEP_FILE_ENDED, NAMED("a"), .total = KIB, .block_size = 512, .hint = "User aborted")}},
    {NULL, NULL, {{.service = "tftp", .stage = STAGE_LOADER, .event = STEP_FILE_ENDED, NAMED("netbsd"), .bytes = 512, .total = KIB}}},

    /* From one port it fell silent, from another it got the file. */
    {NULL, NULL, {SENT("pxelinux.0"), ROM(STEP_FILE_BEGUN, NAMED("a")), SENT("a"), ROM(STEP_FILE_ABANDONED, NAMED("a"), .total = KIB, .block_size = 512)}},
    {NULL, NULL, {SENT("grub.efi"), SENT("grub.cfg"), ROM(STEP_FILE_ENDED, NAMED("font"), .bytes = 512, .total = KIB, .hint = "closed")}},
    /* A menu that has no font. */
    {NULL, NULL, {SENT("grub.efi"), SENT("grub.cfg"), MISSING("grub/fonts/unicode.pf2", NULL)}},

    {"loader-unfit", "each architecture", {SENT("ipxe.efi", .content = CONTENT_PROGRAM, .hint = "is a UEFI program for x64, and the machine is a BIOS")}},
    {"loader-loop", "loads itself", {SENT("a"), SENT("a"), SENT("a")}},
    {"loader-silent", "Secure Boot", {SENT("a.efi", .content = CONTENT_PROGRAM)}},
    {NULL, NULL, {SENT("boot.ipxe", .content = CONTENT_SCRIPT)}}, /* it boots from its disk */
    {NULL, NULL, {SENT("pxelinux.0"), SENT("ldlinux.c32"), SENT("pxelinux.cfg/default")}}, /* a menu */
    /* A disk that is read over HTTP, and a kernel that is none. */
    {NULL, NULL, {SENT("boot.ipxe", .content = CONTENT_SCRIPT), PART, PART, PART, PART}},
    {NULL, NULL, {SENT("pxelinux.0"), SENT("ldlinux.c32"), SENT("memdisk", .content = CONTENT_KERNEL), SENT("dos.img")}},
    {"kernel-silent", "no driver", {SENT("pxelinux.0"), KERNEL_SENT, SENT("initrd")}},
    {"kernel-silent", "no driver", {{.service = "mount", .stage = STAGE_LOADER, .event = STEP_MOUNT, NAMED("/root"), .hint = "/root"},
                                    {.service = "nfs", .stage = STAGE_LOADER, .event = STEP_NFS_READ, NAMED("/netbsd"), .content = CONTENT_KERNEL}}},
    {"kernel-rootless", "root=/dev/nfs", {KERNEL_SENT, SENT("initrd"), ASKED}},
    {NULL, NULL, {KERNEL_SENT, SENT("initrd"), {.service = "dhcp", .stage = STAGE_USERLAND, .event = STEP_ACK}}}, /* it lives in memory */

    {"mount-path", "ask for /srv/root", {ASKED, UNMOUNTED(REASON_OTHER_PATH, "/srv/root")}},
    {"mount-unknown", "declare the machine", {UNMOUNTED(REASON_UNKNOWN_MACHINE, NULL)}},
    {"mount-no-export", "option root-path \"/srv/rot\"", {UNMOUNTED(REASON_NO_EXPORT, NULL)}},
    {"mount-directory", "x.conf:3", {UNMOUNTED(REASON_NO_DIRECTORY, "/srv/rot")}},
    {"program-missing", "nolock", {KERNEL("portmap", STEP_PORTMAP_MISSING, NAMED("program 100021 version 4"))}},
    {"program-missing", "NFS 2 and 3", {KERNEL("portmap", STEP_PORTMAP_MISSING, NAMED("program 150001 version 2"))}},
    {"nfs-version", "vers=3", {REFUSED(REASON_VERSION, "nfs version 4 over tcp", .hint = "2 to 3")}},

    {"init-unread", "init=", {MOUNTED, CALLED}},
    {"init-missing", "no whole operating system", {MOUNTED, CALLED, REFUSED(REASON_ABSENT, "/sbin/init")}},
    {"init-refused", "squash none", {MOUNTED, CALLED, REFUSED(REASON_ACCESS, "/sbin/init")}},
    {"nfs-nobody", "nfs-reserved-ports off", {MOUNTED, KERNEL("nfs", STEP_NOTED, .reason = REASON_NOBODY), REFUSED(REASON_ACCESS, "/sbin/init")}},
    {"starts-again", "screen", {AGAIN, AGAIN, AGAIN, {.service = "dhcp", .stage = STAGE_ROM, .event = STEP_OFFER}}},
    {NULL, NULL, {AGAIN, AGAIN, {.service = "dhcp", .stage = STAGE_ROM, .event = STEP_OFFER}}},
    {"init-unfit", "own architecture", {MOUNTED, CALLED, READ("/sbin/init", .hint = "is a program for 64-bit ARM, and the machine is a BIOS")}},
    {"init-library", "whole system", {MOUNTED, CALLED, READ("/sbin/init"), REFUSED(REASON_ABSENT, "/libexec/ld.elf_so")}},
    {NULL, NULL, {MOUNTED, CALLED, READ("/sbin/init")}},
    {NULL, NULL, {MOUNTED, CALLED, READ("/bin/busybox", .content = CONTENT_KERNEL)}}, /* a link led there */
    {"init-unread", "init=", {MOUNTED, CALLED, READ("/etc/fstab")}},
    {NULL, NULL, {MOUNTED, CALLED, READ("/live/filesystem.squashfs", .total = 1 << 30)}},
    {NULL, NULL, {MOUNTED, REFUSED(REASON_ABSENT, "/init"), READ("/sbin/init"), READ("/lib/libc.so")}},
    {NULL, NULL, {MOUNTED, READ("/sbin/init"), REFUSED(REASON_READ_ONLY, "/etc/mtab")}},
    /* What an export statement gives is no root. */
    {NULL, NULL, {KERNEL("mount", STEP_MOUNT, NAMED("/home")), CALLED}},
    /* A system that runs may ask for what it likes. */
    {NULL, NULL, {MOUNTED, READ("/sbin/init"), READ("/bin/sh"), UNMOUNTED(REASON_OTHER_PATH, "/x"),
                  KERNEL("portmap", STEP_PORTMAP_MISSING, NAMED("program 100021 version 4"))}},

    {"login-missing", "getty", {TEXT, MOUNTED, CALLED, READ("/sbin/init")}},
    {NULL, NULL, {TEXT, MOUNTED, CALLED, READ("/sbin/init"), LOGIN}},
    {"nfs-read-only", "rw", {TEXT, MOUNTED, READ("/sbin/init"), REFUSED(REASON_READ_ONLY, "/etc/mtab")}},
    {"kernel-panic", "root=", {TEXT, GUEST(STEP_CONSOLE_PANIC, .got = "Kernel panic - not syncing: VFS: Unable to mount root fs")}},
    {"kernel-panic", "init=", {GUEST(STEP_CONSOLE_PANIC, .got = "Kernel panic - not syncing: No working init found.")}},
    {"kvm-died", "--no-kvm", {GUEST(STEP_POWER_ON, .got = "kvm"), GUEST(STEP_KVM_DIED, .got = "KVM failed"), GUEST(STEP_POWER_ON, .got = "tcg")}},
    {NULL, NULL, {GUEST(STEP_POWER_ON, .got = "kvm"), GUEST(STEP_KVM_DIED, .got = "KVM failed"), GUEST(STEP_POWER_ON, .got = "tcg"), MOUNTED, READ("/sbin/init")}},
    {"kvm-died", "--no-kvm", {ROM(STEP_OFFER, .hint = NULL), GUEST(STEP_KVM_DIED, .got = "KVM internal error. Suberror: 1")}},
    {"powered-off", "end of its console", {SENT("pxelinux.0"), GUEST(STEP_POWER_OFF, .got = "off")}},
    {NULL, NULL, {LOGIN, GUEST(STEP_POWER_OFF, .got = "off")}},
};
/* clang-format on */

/* Lets the scene's steps happen, one in a second, and returns when the last one was. */
static uint64_t play(struct boot *boot, const struct scene *scene)
{
    uint64_t now = 1000;

    memset(boot, 0, sizeof(*boot));
    for (size_t i = 0; i < STEPS_MAX && scene->steps[i].service; i++) {
        struct boot_step step = scene->steps[i];

        step.address = 0x0a320109;
        step.asked = step.asked ? step.asked : "it asks";
        step.got = step.got ? step.got : "it gets";
        now += 1000;
        boot_follow(boot, &step, now);
    }
    return now;
}

static void each_has_its_verdict(void **state)
{
    struct verdict verdict;
    struct boot boot;

    (void)state;
    for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
        const struct scene *scene = &scenes[i];
        bool found = verdict_find(&boot, play(&boot, scene) + LATER_MS, &verdict);

        if (!found && scene->id)
            fail_msg("scene %zu has no verdict, and should have %s", i, scene->id);
        if (found && !scene->id)
            fail_msg("scene %zu has the verdict %s, and should have none", i, verdict.id);
        if (found) {
            assert_string_equal(verdict.id, scene->id);
            if (!strstr(verdict.cure, scene->says))
                fail_msg("%s: \"%s\" is not in \"%s\"", scene->id, scene->says, verdict.cure);
            assert_true(verdict.waiting[0] && verdict.saw[0]);
        }
        boot_release(&boot);
    }
}

/* Every row has its scene. */
static void no_verdict_is_without_a_test(void **state)
{
    const struct verdict_row *const tables[] = {verdict_file_rows, verdict_root_rows};

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        for (const struct verdict_row *row = tables[t]; row->id; row++) {
            bool found = strcmp(row->id, "nfs-stale") == 0 || strcmp(row->id, "nfs-repeated") == 0;

            for (size_t i = 0; !found && i < sizeof(scenes) / sizeof(scenes[0]); i++)
                found = scenes[i].id && strcmp(scenes[i].id, row->id) == 0;
            if (!found)
                fail_msg("%s has no scene", row->id);
        }
    }
}

static void nobody_is_judged_too_early(void **state)
{
    struct verdict verdict;
    struct boot boot;
    uint64_t now = play(&boot, &scenes[0]);

    (void)state;
    assert_false(verdict_find(&boot, now, &verdict));
    assert_true(verdict_find(&boot, now + 10000, &verdict));
    boot.patience = 300;
    assert_false(verdict_find(&boot, now + 29999, &verdict));
    assert_true(verdict_find(&boot, now + 30000, &verdict));
    boot.patience = 1;
    assert_true(verdict_find(&boot, now + 100, &verdict));
    boot_release(&boot);
}

/* Machines get over them: the verdict is there while they last. */
static void troubles_pass(void **state)
{
    static const struct scene stale = {
        .steps = {REFUSED(REASON_STALE, ""), REFUSED(REASON_STALE, "")}};
    static const struct scene once = {.steps = {REFUSED(REASON_STALE, "")}};
    static const struct scene repeated = {
        .steps = {KERNEL("nfs", STEP_NFS_REPEATED, NAMED("/netbsd"), .total = 32768)}};
    struct verdict verdict;
    struct boot boot;
    uint64_t now;

    (void)state;
    now = play(&boot, &stale);
    assert_true(verdict_find(&boot, now + 11000, &verdict));
    assert_string_equal(verdict.id, "nfs-stale");
    assert_false(verdict_find(&boot, now + LATER_MS, &verdict));
    boot_release(&boot);
    now = play(&boot, &once);
    assert_false(verdict_find(&boot, now + 11000, &verdict));
    boot_release(&boot);
    now = play(&boot, &repeated);
    assert_true(verdict_find(&boot, now, &verdict));
    assert_string_equal(verdict.id, "nfs-repeated");
    assert_non_null(strstr(verdict.cure, "rsize"));
    assert_false(verdict_find(&boot, now + LATER_MS, &verdict));
    boot_release(&boot);
}

static void the_longest_names_fit(void **state)
{
    char name[400];
    struct scene scene = {.steps = {MISSING(name, name)}};
    struct verdict verdict;
    struct boot boot;
    uint64_t now;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    now = play(&boot, &scene);
    assert_true(verdict_find(&boot, now + LATER_MS, &verdict));
    assert_string_equal(verdict.id, "file-near");
    assert_true(strlen(verdict.cure) < VERDICT_TEXT_SIZE);
    boot_release(&boot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_verdict),
        cmocka_unit_test(no_verdict_is_without_a_test),
        cmocka_unit_test(nobody_is_judged_too_early),
        cmocka_unit_test(troubles_pass),
        cmocka_unit_test(the_longest_names_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
