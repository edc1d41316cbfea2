/* The verdicts from the kernel's mount to the login, and of the guest that it all happens in. */
#include "decide/verdict_parts.h"

#include <inttypes.h>
#include <string.h>

enum {
    MOUNT_SILENCE_MS = 10000,  /* of a kernel that was refused its root */
    ROOT_SILENCE_MS = 60000,   /* of a kernel that has mounted it */
    LOGIN_SILENCE_MS = 120000, /* of an operating system that starts its services */
    TROUBLE_LASTS_MS = 30000,  /* after which a trouble that was told of is over */
    STALE_MIN = 2,             /* once is a file that somebody removed */
    FEW_READS = 2,             /* of files, behind the first program: it never came to run */
};

static const struct trail_mark *last_of(const struct boot *boot)
{
    return &boot->trail.last;
}

/* ---- Its root ---- */

static bool program_missing(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_is(boot, STEP_PORTMAP_MISSING);
}

static void tell_program_missing(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    verdict_say(verdict->waiting, "RPC %s", last->name);
    verdict_say(verdict->saw, "it asked the portmapper for %s, which is not served here",
                last->name);
    verdict_say(
        verdict->cure,
        strstr(last->name, "100021") || strstr(last->name, "100024")
            ? "locks over NFS are not served here: mount with the option nolock"
            : "mount, NFS 2 and 3 and bootparam are served here: configure the machine for those");
}

static bool nfs_version(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_NFS_REFUSED, REASON_VERSION);
}

static void tell_nfs_version(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    verdict_say(verdict->waiting, "a server that speaks %s", last->name);
    verdict_say(verdict->saw, "it asked for %s; versions %s are served here", last->name,
                last->hint);
    verdict_say(verdict->cure,
                "mount with the option vers=3 (nfsroot=...,vers=3 on a kernel's command "
                "line): NFS 4 is not served here");
}

static void tell_mount_refused(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);
    char often[VERDICT_TIMES_SIZE];

    verdict_say(verdict->waiting, "the directory %s, to mount it", last->name);
    verdict_say(verdict->saw, "it asked for it%s: %s", verdict_times(often, last->times),
                last->got);
}

static bool mount_path(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_MOUNT_REFUSED, REASON_OTHER_PATH);
}

static void tell_mount_path(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    tell_mount_refused(boot, verdict);
    verdict_say(verdict->cure,
                "ask for %s, the nearest that it may have (%s), or write an export "
                "statement for %s",
                last->hint, last->decided, last->name);
}

static bool mount_unknown(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_MOUNT_REFUSED, REASON_UNKNOWN_MACHINE);
}

static void tell_mount_unknown(const struct boot *boot, struct verdict *verdict)
{
    tell_mount_refused(boot, verdict);
    verdict_say(verdict->cure,
                "declare the machine (host, with its fixed-address), let it have a lease "
                "here, or name its address among the clients of an export");
}

static bool mount_no_export(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_MOUNT_REFUSED, REASON_NO_EXPORT);
}

static void tell_mount_no_export(const struct boot *boot, struct verdict *verdict)
{
    tell_mount_refused(boot, verdict);
    verdict_say(verdict->cure, "write option root-path \"%s\"; where the machine is declared",
                last_of(boot)->name);
}

static bool mount_directory(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_MOUNT_REFUSED, REASON_NO_DIRECTORY);
}

static void tell_mount_directory(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    tell_mount_refused(boot, verdict);
    verdict_say(verdict->cure,
                "it is permitted, but the server cannot open it: make the directory, or "
                "correct the path in %s",
                last->decided[0] ? last->decided : "the configuration");
}

/* Whether it happened just now: machines get over such things. */
static bool lasts(const struct boot *boot, enum step_event event, uint64_t now_ms)
{
    return now_ms - boot->facts[event].last_ms < TROUBLE_LASTS_MS;
}

static bool nfs_stale(const struct boot *boot, uint64_t now_ms)
{
    return verdict_last_for(boot, STEP_NFS_REFUSED, REASON_STALE) &&
           last_of(boot)->times >= STALE_MIN && lasts(boot, STEP_NFS_REFUSED, now_ms);
}

static void tell_nfs_stale(const struct boot *boot, struct verdict *verdict)
{
    char often[VERDICT_TIMES_SIZE];

    verdict_say(verdict->waiting, "files that it had open");
    verdict_say(verdict->saw, "it was told%s that a file handle is stale",
                verdict_times(often, last_of(boot)->times));
    verdict_say(verdict->cure,
                "its root was replaced, or is exported to it no more: put the directory "
                "back as it was, or start the machine anew");
}

/* Many a root is read-only, and is to be: only where nothing comes of it. */
static bool nfs_read_only(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_for(boot, STEP_NFS_REFUSED, REASON_READ_ONLY) && boot->trail.console &&
           boot->facts[STEP_CONSOLE_LOGIN].count == 0;
}

static void tell_nfs_read_only(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    verdict_say(verdict->waiting, "leave to write to %s", last->name[0] ? last->name : "its root");
    verdict_say(verdict->saw, "it tried to change %s, and its export is read-only",
                last->name[0] ? last->name : "a file");
    verdict_say(verdict->cure, "write rw in its export statement (a root-path is writable), "
                               "or give the machine a file system in memory to write to");
}

static bool nfs_repeated(const struct boot *boot, uint64_t now_ms)
{
    return verdict_last_is(boot, STEP_NFS_REPEATED) && lasts(boot, STEP_NFS_REPEATED, now_ms);
}

static void tell_nfs_repeated(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    verdict_say(verdict->waiting, "%" PRIu64 " bytes of %s", last->total, last->name);
    verdict_say(verdict->saw,
                "it asks for the same %" PRIu64 " bytes over UDP again and again: the answers "
                "do not reach it whole",
                last->total);
    verdict_say(verdict->cure,
                "answers of that size go in fragments, and some get lost: let it read less "
                "at once (rsize=1024), mount over TCP, or find what drops fragments");
}

/* ---- The first program ---- */

static bool is_at_root(const struct boot *boot)
{
    const struct trail_mark *last = last_of(boot);

    return boot->trail.mounted.times > 0 && last->times > 0 && last->event >= STEP_MOUNT &&
           last->event <= STEP_NFS_TRAFFIC;
}

static bool init_missing(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_at_root(boot) && boot->trail.lacking.times > 0 && boot->trail.first.times == 0 &&
           boot->trail.lacking.reason == REASON_ABSENT;
}

static void tell_init_missing(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *lacking = &boot->trail.lacking;

    verdict_say(verdict->waiting, "its first program");
    verdict_say(verdict->saw, "it mounted %s and found no %s there", boot->trail.mounted.name,
                lacking->name);
    verdict_say(verdict->cure,
                "%s is no whole operating system: unpack one there (init and its libraries), "
                "or correct option root-path",
                boot->trail.mounted.name);
}

static bool init_library(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_at_root(boot) && boot->trail.first.times > 0 && boot->trail.lacking.times > 0 &&
           boot->trail.lacking.reason == REASON_ABSENT && boot->trail.reads <= FEW_READS;
}

static void tell_init_library(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *lacking = &boot->trail.lacking;

    verdict_say(verdict->waiting, "what its first program needs");
    verdict_say(verdict->saw, "it read %s, and found no %s", boot->trail.first.name, lacking->name);
    verdict_say(verdict->cure,
                "the root lacks a part, or is for another architecture than its kernel: "
                "unpack the whole system into %s",
                boot->trail.mounted.name);
}

static bool init_refused(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_at_root(boot) && boot->trail.lacking.times > 0 && boot->trail.first.times == 0 &&
           boot->trail.lacking.reason == REASON_ACCESS;
}

static void tell_init_refused(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *lacking = &boot->trail.lacking;

    verdict_say(verdict->waiting, "its first program");
    verdict_say(verdict->saw, "it may not read and execute %s in %s", lacking->name,
                boot->trail.mounted.name);
    verdict_say(
        verdict->cure,
        "its root counts as nobody there: write squash none in its export statement, or chmod "
        "a+rx the file and the directories above it");
}

static bool nfs_nobody(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->trail.nobody && verdict_last_for(boot, STEP_NFS_REFUSED, REASON_ACCESS);
}

static void tell_nfs_nobody(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);

    verdict_say(verdict->waiting, "leave to read %s", last->name[0] ? last->name : "its root");
    verdict_say(verdict->saw,
                "%s; its calls come from a port above 1023, so they count as nobody's", last->got);
    verdict_say(verdict->cure,
                "NAT, or a client in user mode, changes its ports: have it use ports below 1024 "
                "(the mount option resvport), or write nfs-reserved-ports off");
}

static bool init_unfit(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_at_root(boot) && boot->trail.first.times > 0 && boot->trail.first.hint[0];
}

static void tell_init_unfit(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *first = &boot->trail.first;

    verdict_say(verdict->waiting, "a first program that it can run");
    verdict_say(verdict->saw, "%s in %s %s", first->name, boot->trail.mounted.name, first->hint);
    verdict_say(verdict->cure,
                "give it the root of its own architecture: correct option root-path");
}

static bool init_unread(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return is_at_root(boot) && boot->trail.first.times == 0 && boot->trail.lacking.times == 0 &&
           boot->trail.mounted.stage != STAGE_LOADER && boot->trail.mounted.stage != STAGE_U_BOOT;
}

static void tell_init_unread(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "nothing that this server knows of");
    verdict_say(verdict->saw, "it mounted %s and never read its first program (/sbin/init)",
                boot->trail.mounted.name);
    verdict_say(verdict->cure,
                "its kernel stopped behind the mount, or waits for a name of a program to "
                "start: read its console; init= on its command line names another one");
}

/* ---- The console and the guest ---- */

static bool panicked(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_is(boot, STEP_CONSOLE_PANIC);
}

static void tell_panicked(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *last = last_of(boot);
    const char *said = last->name[0] ? last->name : last->got;
    bool rootless = strstr(said, "VFS") || strstr(said, "mount root");
    bool no_init = strstr(said, "init") != NULL;

    verdict_say(verdict->waiting, "nothing: its kernel gave up");
    verdict_say(verdict->saw, "its console said: %s", said);
    verdict_say(verdict->cure, "%s",
                rootless  ? "the kernel found no root: check root= and nfsroot= on its command "
                            "line, and that NFS is in the kernel or the initramfs"
                : no_init ? "the kernel found no first program that runs: check the root directory "
                            "and init="
                          : "read what stands above it on the console");
}

static bool kvm_died(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_is(boot, STEP_KVM_DIED);
}

/* It was started again without KVM, and nothing came of that, either. */
static bool kvm_died_before(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return boot->kvm_died && boot->reached == REACHED_NOTHING && last_of(boot)->times > 0 &&
           verdict_last_is(boot, STEP_POWER_ON);
}

static void tell_kvm_died(const struct boot *boot, struct verdict *verdict)
{
    const char *got = last_of(boot)->got;

    verdict_say(verdict->waiting, "the guest's firmware");
    if (boot->kvm_died)
        verdict_say(verdict->saw, "KVM died under it; it was started again, emulated, and has "
                                  "asked for nothing since");
    else
        verdict_say(verdict->saw, "%s", got[0] ? got : "QEMU said that KVM failed");
    verdict_say(verdict->cure,
                "KVM of this host cannot run it, as on some nested hosts: run it with --no-kvm, "
                "and read its console");
}

static bool powered_off(const struct boot *boot, uint64_t now_ms)
{
    (void)now_ms;
    return verdict_last_is(boot, STEP_POWER_OFF) && boot->facts[STEP_CONSOLE_LOGIN].count == 0;
}

static void tell_powered_off(const struct boot *boot, struct verdict *verdict)
{
    const struct trail_mark *sent = &boot->trail.sent;

    verdict_say(verdict->waiting, "nothing: it is off");
    verdict_say(verdict->saw, "it was switched off before it came to a login%s%s",
                sent->times > 0 ? "; the last file that it loaded is " : "", sent->name);
    verdict_say(verdict->cure,
                "look at the end of its console: firmware that has nothing left to boot, or "
                "an installer that is done, switches off");
}

static bool login_missing(const struct boot *boot, uint64_t now_ms)
{
    return boot->trail.console && boot->trail.first.times > 0 &&
           boot->facts[STEP_CONSOLE_LOGIN].count == 0 && is_at_root(boot) &&
           verdict_passed(boot, boot->facts[STEP_CONSOLE_TEXT].last_ms, LOGIN_SILENCE_MS, now_ms);
}

static void tell_login_missing(const struct boot *boot, struct verdict *verdict)
{
    verdict_say(verdict->waiting, "its own services to come up");
    verdict_say(verdict->saw,
                "it read %s from %s, and its console never said login:", boot->trail.first.name,
                boot->trail.mounted.name);
    verdict_say(verdict->cure,
                "read its console: a service that waits (a disk, a name server, a clock) "
                "says so there; or no getty runs on that line");
}

/* The later stage stands before the earlier one. */
const struct verdict_row verdict_root_rows[] = {
    {"kvm-died", 0, kvm_died, tell_kvm_died},
    {"kvm-died", MOUNT_SILENCE_MS, kvm_died_before, tell_kvm_died},
    {"kernel-panic", 0, panicked, tell_panicked},
    {"powered-off", 0, powered_off, tell_powered_off},
    {"init-unfit", MOUNT_SILENCE_MS, init_unfit, tell_init_unfit},
    {"init-library", MOUNT_SILENCE_MS, init_library, tell_init_library},
    {"init-missing", MOUNT_SILENCE_MS, init_missing, tell_init_missing},
    {"nfs-nobody", MOUNT_SILENCE_MS, nfs_nobody, tell_nfs_nobody},
    {"init-refused", MOUNT_SILENCE_MS, init_refused, tell_init_refused},
    {"nfs-stale", 0, nfs_stale, tell_nfs_stale},
    {"nfs-read-only", MOUNT_SILENCE_MS, nfs_read_only, tell_nfs_read_only},
    {"nfs-repeated", 0, nfs_repeated, tell_nfs_repeated},
    {"nfs-version", MOUNT_SILENCE_MS, nfs_version, tell_nfs_version},
    {"login-missing", LOGIN_SILENCE_MS, login_missing, tell_login_missing},
    {"init-unread", ROOT_SILENCE_MS, init_unread, tell_init_unread},
    {"mount-path", MOUNT_SILENCE_MS, mount_path, tell_mount_path},
    {"mount-unknown", MOUNT_SILENCE_MS, mount_unknown, tell_mount_unknown},
    {"mount-no-export", MOUNT_SILENCE_MS, mount_no_export, tell_mount_no_export},
    {"mount-directory", MOUNT_SILENCE_MS, mount_directory, tell_mount_directory},
    {"program-missing", MOUNT_SILENCE_MS, program_missing, tell_program_missing},
    {NULL, 0, NULL, NULL},
};
