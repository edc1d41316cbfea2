#include "decide/boot_trail.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { IMAGE_MIN = 16 << 20 /* bytes: a file system, no file that a kernel reads for itself */ };

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static void mark(struct trail_mark *to, const struct boot_step *step)
{
    bool again = to->times > 0 && to->event == step->event && to->reason == step->reason &&
                 strncmp(to->name, step->subject ? step->subject : "", TRAIL_NAME_SIZE - 1) == 0;

    to->times = again ? to->times + 1 : 1;
    to->event = step->event;
    to->reason = step->reason;
    to->stage = step->stage;
    to->content = step->content;
    to->bytes = step->bytes;
    to->total = step->total;
    to->block_size = step->block_size;
    copy(to->service, sizeof(to->service), step->service);
    copy(to->name, sizeof(to->name), step->subject);
    copy(to->hint, sizeof(to->hint), step->hint);
    copy(to->got, sizeof(to->got), step->got);
    copy(to->decided, sizeof(to->decided), step->decided);
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);

    return length >= end_length && strcasecmp(name + length - end_length, end) == 0;
}

static bool is_among(const char *name, const char *const *ends)
{
    while (*ends && !ends_with(name, *ends))
        ends++;
    return *ends != NULL;
}

/* Whether the path is that of a first program: /sbin/init and its like. */
static bool is_first_program(const char *path)
{
    static const char *const ends[] = {"/init", "/systemd", NULL};

    return is_among(path, ends);
}

/* What loaders ask for on the off chance: its absence stops none of them. */
static bool is_extra(const char *name)
{
    static const char *const ends[] = {
        ".lst",
        ".mo",
        ".gmo",
        ".pf2",
        ".png",
        ".jpg",
        ".tga",
        ".txt",
        ".msg",
        ".sig",
        ".csv",
        "autoexec.ipxe",
        "revocations.efi",
        "revocations_sbat.efi",
        "revocations_sku.efi",
        "shim_certificate.efi",
        "shim_certificate_0.efi",
        NULL,
    };

    return is_among(name, ends);
}

/* Programs in the form of a Linux kernel that are none, and ask for no address. */
static bool is_no_kernel(const char *name)
{
    static const char *const parts[] = {"memdisk", "memtest", "mt86", "wimboot", ".lkrn"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcasestr(name, parts[i]))
            return true;
    }
    return false;
}

static void follow_kernel(struct boot_trail *trail, const struct boot_step *step)
{
    mark(&trail->kernel, step);
    trail->kernel_asked = false;
}

static void follow_sent(struct boot_trail *trail, const struct boot_step *step)
{
    /* A part of it is no file: a disk that is read over HTTP comes so. */
    if (step->bytes < step->total)
        return;
    mark(&trail->sent, step);
    trail->script = trail->script || step->content == CONTENT_SCRIPT;
    if (step->content == CONTENT_KERNEL && step->subject && !is_no_kernel(step->subject))
        follow_kernel(trail, step);
}

/* Only a root-path has the hint: what else may be mounted is no operating system. */
static void follow_mount(struct boot_trail *trail, const struct boot_step *step)
{
    if (!step->hint)
        return;
    mark(&trail->mounted, step);
    trail->first.times = trail->lacking.times = trail->reads = 0;
}

/* What an operating system runs first may be a link to anything, /sbin/init to busybox, say; and it
 * may lie in an image of a file system. */
static bool is_program(const struct boot_step *step)
{
    return step->content != CONTENT_UNKNOWN || step->total >= IMAGE_MIN ||
           (step->subject && is_first_program(step->subject));
}

static void follow_read(struct boot_trail *trail, const struct boot_step *step)
{
    bool loads = step->stage == STAGE_LOADER || step->stage == STAGE_U_BOOT;

    trail->reads++;
    if (loads && step->content == CONTENT_KERNEL)
        follow_kernel(trail, step);
    if (loads || trail->first.times > 0 || !is_program(step))
        return;
    mark(&trail->first, step);
    trail->lacking.times = trail->reads = 0;
    trail->runs = true;
}

/* Whether a step about a file tells more of where the machine stands than what came before. */
static bool is_decisive_file(const struct boot_trail *trail, const struct boot_step *step)
{
    const char *name = step->subject ? step->subject : "";

    /* Told long after it stopped: the machine may have begun anew from another port meanwhile. */
    if (step->event == STEP_FILE_ABANDONED)
        return trail->last.event == STEP_FILE_ABANDONED ||
               ((trail->last.event == STEP_FILE_BEGUN || trail->last.event == STEP_FILE_PROGRESS) &&
                strncmp(trail->last.name, name, TRAIL_NAME_SIZE - 1) == 0);
    /* Another thread may tell of the next file before this one tells that the last came whole: it
     * had begun before that was refused. */
    if (step->event == STEP_FILE_SENT && strcmp(step->service, "tftp") == 0)
        return trail->last.event < STEP_FILE_MISSING || trail->last.event > STEP_FILE_REFUSED;
    return step->event != STEP_FILE_MISSING || !is_extra(name);
}

/* The same of any step. Once its own system runs, a machine may load and mount what it likes. */
static bool is_decisive(const struct boot_trail *trail, const struct boot_step *step)
{
    enum step_event event = step->event;

    if (event >= STEP_FILE_BEGUN && event <= STEP_FILE_ENDED)
        return !trail->runs && is_decisive_file(trail, step);
    if (event >= STEP_PORTMAP_MISSING && event <= STEP_MOUNT_REFUSED)
        return !trail->runs;
    return (event >= STEP_NFS_CALL && event <= STEP_NFS_REPEATED) ||
           (event >= STEP_CONSOLE_LOGIN && event <= STEP_KVM_DIED);
}

void boot_trail_follow(struct boot_trail *trail, const struct boot_step *step)
{
    bool decisive = is_decisive(trail, step);

    trail->nobody = trail->nobody || step->reason == REASON_NOBODY;
    switch (step->event) {
    case STEP_ACK:
    case STEP_BOOTP:
        trail->kernel_asked = trail->kernel_asked || step->stage >= STAGE_KERNEL;
        break;
    case STEP_FILE_SENT:
        follow_sent(trail, step);
        break;
    case STEP_MOUNT:
        follow_mount(trail, step);
        break;
    case STEP_NFS_READ:
        follow_read(trail, step);
        break;
    case STEP_NFS_REFUSED:
        if (step->reason == REASON_ABSENT || step->reason == REASON_ACCESS)
            mark(&trail->lacking, step);
        break;
    case STEP_CONSOLE_LOGIN:
        trail->runs = true;
        trail->console = true;
        break;
    case STEP_CONSOLE_TEXT:
        trail->console = true;
        break;
    default:
        break;
    }
    if (decisive)
        mark(&trail->last, step);
}
