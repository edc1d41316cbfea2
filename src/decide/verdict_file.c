/* The verdicts from the first file to the kernel. Each looks at what the machine did last
 * (boot->trail.last): what came before it was got over. */
#include "decide/verdict_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    FILE_SILENCE_MS = 10000,    /* of firmware that was refused a file, or stopped in one */
    LOADER_SILENCE_MS = 60000,  /* loaders wait for a person's choice */
    KERNEL_SILENCE_MS = 120000, /* a kernel unpacks itself and looks for disks */
    LOOP_MIN = 3,               /* the same loader as often is a loop */
    MTU_BLOCK = 1468,           /* the largest block in one frame of Ethernet's 1500 bytes */
    BLOCKS_16_BITS = 65535,
};

static const struct trail_mark *last_of(const struct boot *boot)
{
    return &boot->trail.last;
}

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);

    return length >= end_length && strcasecmp(name + length - end_length, end) == 0;
}

/* ---- A file that it did not get ---- */

static void tell_wanted(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);
    char often[VERDICT_TIMES_SIZE];

    verdict_say(verdict->waiting, "the file %s", last->name);
    verdict_say(verdict->saw, "it asked for it%s by %s: %s", verdict_times(often, last->times),
                last->service, last->got);
}

static bool is_missing(const struct boot *boot)
{
    return verdict_last_for(boot, STEP_FILE_MISSING, REASON_NONE);
}

static bool file_missing(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_missing(boot);
}

/* Where its name comes from, as far as that is known. */
static const char *where_of(const struct trail_mark *mark)
{
    return mark->decided[0] ? mark->decided
                            : "the configuration, or in what the loader was told by its own script";
}

static void tell_file_missing(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(verdict->cure, "put %s below tftp-root, or correct the name in %s",
                last_of(boot)->name, where_of(last_of(boot)));
}

static bool file_near(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_missing(boot) && last_of(boot)->hint[0];
}

static void tell_file_near(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    tell_wanted(boot, verdict);
    verdict_say(verdict->cure, "%s is there: write that name in %s; or link %s to it", last->hint,
                where_of(last), last->name);
}

static bool file_case(const struct boot *boot, uint64_t now_ms)
{
    const struct trail_mark *last = last_of(boot);

    (void)now_ms;
    return is_missing(boot) && last->hint[0] &&
           strcasecmp(base_of(last->name), base_of(last->hint)) == 0 &&
           strcmp(base_of(last->name), base_of(last->hint)) != 0;
}

static void tell_file_case(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(
        verdict->cure,
        "upper and lower case differ: write tftp-ignore-case on; or rename %s as it is asked for",
        last_of(boot)->hint);
}

static bool http_missing(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_missing(boot) && last_of(boot)->stage == STAGE_UEFI_HTTP;
}

static void tell_http_missing(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    tell_wanted(boot, verdict);
    verdict_say(
        verdict->cure,
        "HTTP boot takes the path of the URL below tftp-root: put the file at TFTP-ROOT%s%s, or "
        "correct the URL in filename%s%s",
        last->name[0] == '/' ? "" : "/", last->name, last->hint[0] ? "; there is " : "",
        last->hint);
}

static bool script_missing(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_missing(boot) && boot->trail.script;
}

static void tell_script_missing(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    tell_wanted(boot, verdict);
    verdict_say(
        verdict->cure,
        "iPXE's script asks for it, so the script or the recipe names it wrongly, or the file is "
        "not below tftp-root%s%s",
        last->hint[0] ? "; there is " : "", last->hint);
}

static bool package_missing(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_FILE_MISSING, REASON_PACKAGE);
}

static void tell_package_missing(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(verdict->cure, "apt install %s; or put your own %s below tftp-root",
                last_of(boot)->hint, last_of(boot)->name);
}

static bool loader_module(const struct boot *boot, uint64_t now_ms)
{
    const char *name = last_of(boot)->name;

    (void)now_ms;
    return is_missing(boot) && (ends_with(name, ".c32") || ends_with(name, "ldlinux.e64") ||
                                ends_with(name, "ldlinux.e32"));
}

static void tell_loader_module(const struct boot *boot, struct verdict *verdict)
{
    const char *name = base_of(last_of(boot)->name);

    tell_wanted(boot, verdict);
    verdict_say(
        verdict->cure,
        "SYSLINUX and PXELINUX load %s from the directory of the loader: copy it there from the "
        "same version (Debian: apt install syslinux-common, /usr/lib/syslinux/modules/%s)",
        name,
        ends_with(name, "e64")   ? "efi64"
        : ends_with(name, "e32") ? "efi32"
                                 : "bios");
}

static bool pxelinux_config(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_missing(boot) && strstr(last_of(boot)->name, "pxelinux.cfg/") != NULL;
}

static void tell_pxelinux_config(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "its configuration, a file in pxelinux.cfg/");
    verdict_say(verdict->saw, "it asked for %u names there, %s last; none is below tftp-root",
                boot->facts[STEP_FILE_MISSING].count, last_of(boot)->name);
    verdict_say(
        verdict->cure,
        "write pxelinux.cfg/default, or have it made: a boot or menu statement for the machine");
}

static bool grub_config(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_missing(boot) && strstr(last_of(boot)->name, "grub.cfg") != NULL;
}

static void tell_grub_config(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(
        verdict->cure,
        "GRUB was built to look there: write %s, or have it made by a boot or menu statement and "
        "`boot-loader \"grub\"`",
        last_of(boot)->name);
}

static bool grub_module(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_missing(boot) && ends_with(last_of(boot)->name, ".mod");
}

static void tell_grub_module(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(
        verdict->cure,
        "this GRUB keeps its modules beside it: make the whole tree with grub-mknetdir "
        "--net-directory=TFTP-ROOT, or serve the GRUB that has them built in (grubnetx64.efi)");
}

static bool file_private(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_FILE_FORBIDDEN, REASON_PRIVATE);
}

static void tell_file_private(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(verdict->cure,
                "chmod a+r the file: what is not readable by everyone is not given to "
                "machines that nobody asks for a password");
}

static bool file_directory(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_FILE_FORBIDDEN, REASON_DIRECTORY);
}

static void tell_file_directory(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(verdict->cure,
                "name the file in %s that is to be loaded, in filename or in the script",
                last_of(boot)->name);
}

static bool file_outside(const struct boot *boot, uint64_t now_ms)
{
    const struct trail_mark *last = last_of(boot);

    (void)now_ms;
    return (verdict_last_is(boot, STEP_FILE_FORBIDDEN) ||
            verdict_last_is(boot, STEP_FILE_MISSING)) &&
           last->reason == REASON_OUTSIDE;
}

static void tell_file_outside(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(
        verdict->cure,
        "only what lies below tftp-root is served, and links count from there: copy the file "
        "below tftp-root, mount --bind its directory there, or name another tftp-root");
}

static bool no_root(const struct boot *boot, uint64_t now_ms)
{
    const struct trail_mark *last = last_of(boot);

    (void)now_ms;
    return (verdict_last_is(boot, STEP_FILE_FORBIDDEN) ||
            verdict_last_is(boot, STEP_FILE_MISSING)) &&
           last->reason == REASON_NO_ROOT;
}

static void tell_no_root(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(verdict->cure,
                "write tftp-root \"DIRECTORY\"; with a directory that exists, and reload");
}

/* For a reason of the server's own, or of the request's. */
static bool file_refused(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_is(boot, STEP_FILE_REFUSED);
}

static void tell_file_refused(const struct boot *boot, struct verdict *verdict)
{
    tell_wanted(boot, verdict);
    verdict_say(verdict->cure,
                "what it was told is the reason: where that is about the file, look at it on the "
                "server's disk; where it is about the request, change the client; a busy server "
                "wants another try");
}

/* ---- A transfer that stopped ---- */

static bool is_cut(const struct boot *boot)
{
    return verdict_last_is(boot, STEP_FILE_ABANDONED);
}

static void tell_cut(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);
    char often[VERDICT_TIMES_SIZE];

    verdict_say(verdict->waiting, "the rest of %s", last->name);
    verdict_say(
        verdict->saw, "%" PRIu64 " of %" PRIu64 " bytes were acknowledged, then nothing more%s%s",
        last->bytes, last->total, last->times > 1 ? ";" : "", verdict_times(often, last->times));
}

static bool transfer_unanswered(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_cut(boot) && last_of(boot)->bytes == 0 && last_of(boot)->block_size > 0;
}

static void tell_transfer_unanswered(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    verdict_say(verdict->waiting, "the first block of %s", last->name);
    verdict_say(verdict->saw,
                "it asked for %s on port 69; not one block of the answer was acknowledged",
                last->name);
    verdict_say(
        verdict->cure,
        "the answer comes from another port than 69, and a firewall or NAT between keeps it out: "
        "let UDP ports 16384 to 32767 of the server through, narrow them with tftp-ports, or "
        "write tftp-single-port on");
}

static bool transfer_large_blocks(const struct boot *boot, uint64_t now_ms)
{
    const struct trail_mark *last = last_of(boot);

    (void)now_ms;
    return is_cut(boot) && last->block_size > MTU_BLOCK && last->bytes < last->total;
}

static void tell_transfer_large_blocks(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    tell_cut(boot, verdict);
    verdict_say(verdict->saw,
                "%" PRIu64 " of %" PRIu64 " bytes of %s arrived, in blocks of %u bytes",
                last->bytes, last->total, last->name, last->block_size);
    verdict_say(verdict->cure,
                "blocks of that size go in fragments, or need jumbo frames all the way: write "
                "tftp-max-blksize %d; and see that the MTU is the same along the path",
                MTU_BLOCK);
}

/* The client counts blocks in 16 bits and no further. */
static bool transfer_rollover(const struct boot *boot, uint64_t now_ms)
{
    const struct trail_mark *last = last_of(boot);
    uint64_t blocks = last->block_size ? last->bytes / last->block_size : 0;

    (void)now_ms;
    return (is_cut(boot) || verdict_last_is(boot, STEP_FILE_ENDED)) && last->bytes < last->total &&
           (blocks == BLOCKS_16_BITS || blocks == BLOCKS_16_BITS - 1 ||
            blocks == BLOCKS_16_BITS + 1);
}

static void tell_transfer_rollover(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    tell_cut(boot, verdict);
    verdict_say(verdict->saw,
                "%s has %" PRIu64 " bytes; the transfer ended after block %" PRIu64
                " of %u bytes, where the block number starts anew",
                last->name, last->total, last->bytes / last->block_size, last->block_size);
    verdict_say(verdict->cure,
                "this client cannot count past 65535 blocks, or counts on from 1: try "
                "tftp-rollover 1; or give it a smaller file, or HTTP");
}

static bool transfer_cut(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_cut(boot) && last_of(boot)->bytes < last_of(boot)->total;
}

static void tell_transfer_cut(const struct boot *boot, struct verdict *verdict)
{
    tell_cut(boot, verdict);
    verdict_say(verdict->cure,
                "the machine hung, was switched off, or lost its link in the middle: look "
                "at its screen, the cable and the switch port's error counters");
}

/* Loaders end a transfer so when they go back in the file, or wanted its beginning or its size
 * alone: only what sounds like trouble is one. */
static bool transfer_ended(const struct boot *boot, uint64_t now_ms)
{
    static const char *const troubles[] = {"full", "space", "memory", "large",
                                           "big",  "abort", "alloc",  "overwrite"};
    bool trouble = false;

    (void)now_ms;
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
        trouble = trouble || strcasestr(last_of(boot)->hint, troubles[i]);
    return trouble && verdict_last_is(boot, STEP_FILE_ENDED) &&
           last_of(boot)->stage != STAGE_LOADER;
}

static void tell_transfer_ended(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    verdict_say(verdict->waiting, "nothing: it ended the transfer of %s itself", last->name);
    verdict_say(verdict->saw, "after %" PRIu64 " of %" PRIu64 " bytes it sent the error \"%s\"",
                last->bytes, last->total, last->hint);
    verdict_say(
        verdict->cure,
        last->bytes == 0
            ? "it asked for the size, and did not want the file then: it has no room for so much, "
              "or somebody pressed a key"
            : "the machine has no room for the file, or somebody pressed a key: give it a smaller "
              "file, or more memory");
}

/* ---- What it got ---- */

static bool last_was_sent(const struct boot *boot)
{
    return verdict_last_is(boot, STEP_FILE_SENT);
}

static bool loader_unfit(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_was_sent(boot) && boot->trail.sent.hint[0];
}

static void tell_loader_unfit(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *sent = &boot->trail.sent;

    verdict_say(verdict->waiting, "a program that it can run");
    verdict_say(verdict->saw, "%s, which it loaded, %s", sent->name, sent->hint);
    verdict_say(
        verdict->cure,
        "give each architecture its own file: `boot` and `menu` statements do, and filename can, "
        "in an if over option architecture-type");
}

static bool loader_loop(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return last_was_sent(boot) && boot->trail.sent.times >= LOOP_MIN &&
           boot->trail.sent.content != CONTENT_SCRIPT;
}

static void tell_loader_loop(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *sent = &boot->trail.sent;

    verdict_say(verdict->waiting, "something else than %s", sent->name);
    verdict_say(verdict->saw, "it loaded %s %u times, and nothing else in between", sent->name,
                sent->times);
    verdict_say(
        verdict->cure,
        "the file loads itself: what asks as iPXE (option user-class \"iPXE\") is to get a script "
        "or a kernel; or it fails and starts anew: look at its screen");
}

/* The loader alone came: what came further has a menu, or was told to boot from a disk. */
static bool loader_silent(const struct boot *boot, uint64_t now_ms)
{
    const struct trail_mark *sent = &boot->trail.sent;

    (void)now_ms;
    return last_was_sent(boot) && sent->times > 0 && boot->trail.kernel.times == 0 &&
           sent->content != CONTENT_SCRIPT && boot->facts[STEP_FILE_SENT].count == sent->times;
}

static void tell_loader_silent(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *sent = &boot->trail.sent;

    verdict_say(verdict->waiting, "nothing that this server knows of");
    verdict_say(verdict->saw,
                "it loaded %s (%" PRIu64 " bytes) and asked for nothing more: no "
                "configuration, no kernel, no address",
                sent->name, sent->bytes);
    verdict_say(
        verdict->cure,
        "look at its screen: it may wait at a menu, Secure Boot may have refused %s, or the "
        "loader found no driver for the network card",
        base_of(sent->name));
}

/* Whether loading is what it did last: NetBSD's loader and U-Boot load by NFS, too. */
static bool was_loading(const struct boot *boot)
{
    const struct trail_mark *mounted = &boot->trail.mounted;

    return last_was_sent(boot) ||
           (mounted->times > 0 &&
            (mounted->stage == STAGE_LOADER || mounted->stage == STAGE_U_BOOT) &&
            last_of(boot)->event >= STEP_MOUNT && last_of(boot)->event <= STEP_NFS_READ);
}

static bool kernel_silent(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->trail.kernel.times > 0 && !boot->trail.kernel_asked && was_loading(boot);
}

static void tell_kernel_silent(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *kernel = &boot->trail.kernel;

    verdict_say(verdict->waiting, "its kernel to find the network");
    verdict_say(verdict->saw,
                "it loaded the kernel %s, and nothing came of it since, not even a "
                "DHCPDISCOVER",
                kernel->name);
    verdict_say(
        verdict->cure,
        "the kernel, or its initramfs, has no driver for this network card, no ip=dhcp on its "
        "command line, or stopped early: read its console (console=ttyS0)");
}

/* Its silences are too short for the other verdicts. */
static bool starts_again(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->short_boots >= LOOP_MIN && boot->reached < REACHED_MOUNTED;
}

static void tell_starts_again(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "nothing: it starts again and again");
    verdict_say(verdict->saw, "%u times in a row it began to boot and read no root%s%s",
                boot->short_boots, boot->trail.sent.times > 0 ? "; this time it loaded " : "",
                boot->trail.sent.times > 0 ? boot->trail.sent.name : "");
    verdict_say(verdict->cure, "something on it gives up and resets it: read its screen or its "
                               "console at the end, and let its kernel stop at a panic (panic=0)");
}

static bool kernel_rootless(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->trail.kernel.times > 0 && boot->trail.kernel_asked && was_loading(boot) &&
           boot->stage == STAGE_KERNEL;
}

static void tell_kernel_rootless(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "its root file system");
    verdict_say(verdict->saw, "the kernel %s took an address, and never asked to mount anything",
                boot->trail.kernel.name);
    verdict_say(
        verdict->cure,
        "it looks for its root elsewhere: give it root=/dev/nfs and option root-path (or "
        "nfsroot=), and an initramfs with NFS in it; NetBSD wants root on its network interface");
}

/* Of one stage, what says more stands before what says less. */
const struct verdict_row verdict_file_rows[] = {
    {"loader-unfit", FILE_SILENCE_MS, loader_unfit, tell_loader_unfit},
    {"kernel-rootless", KERNEL_SILENCE_MS, kernel_rootless, tell_kernel_rootless},
    {"kernel-silent", KERNEL_SILENCE_MS, kernel_silent, tell_kernel_silent},
    {"loader-loop", 0, loader_loop, tell_loader_loop},
    {"loader-silent", LOADER_SILENCE_MS, loader_silent, tell_loader_silent},
    {"transfer-rollover", FILE_SILENCE_MS, transfer_rollover, tell_transfer_rollover},
    {"transfer-unanswered", FILE_SILENCE_MS, transfer_unanswered, tell_transfer_unanswered},
    {"transfer-large-blocks", FILE_SILENCE_MS, transfer_large_blocks, tell_transfer_large_blocks},
    {"transfer-cut", FILE_SILENCE_MS, transfer_cut, tell_transfer_cut},
    {"transfer-ended", FILE_SILENCE_MS, transfer_ended, tell_transfer_ended},
    {"loader-package", FILE_SILENCE_MS, package_missing, tell_package_missing},
    {"loader-module", FILE_SILENCE_MS, loader_module, tell_loader_module},
    {"pxelinux-config", FILE_SILENCE_MS, pxelinux_config, tell_pxelinux_config},
    {"grub-config", FILE_SILENCE_MS, grub_config, tell_grub_config},
    {"grub-module", FILE_SILENCE_MS, grub_module, tell_grub_module},
    {"http-missing", FILE_SILENCE_MS, http_missing, tell_http_missing},
    {"file-case", FILE_SILENCE_MS, file_case, tell_file_case},
    {"script-missing", FILE_SILENCE_MS, script_missing, tell_script_missing},
    {"file-near", FILE_SILENCE_MS, file_near, tell_file_near},
    {"file-missing", FILE_SILENCE_MS, file_missing, tell_file_missing},
    {"file-private", FILE_SILENCE_MS, file_private, tell_file_private},
    {"file-directory", FILE_SILENCE_MS, file_directory, tell_file_directory},
    {"file-outside", FILE_SILENCE_MS, file_outside, tell_file_outside},
    {"no-tftp-root", FILE_SILENCE_MS, no_root, tell_no_root},
    {"file-refused", FILE_SILENCE_MS, file_refused, tell_file_refused},
    {"starts-again", 0, starts_again, tell_starts_again},
    {NULL, 0, NULL, NULL},
};
