#include "decide/boot_trail.h"

#include <stdio.h>
#include <string.h>

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

/* Whether the path is that of a first program: /sbin/init and its like. */
static bool is_first_program(const char *path)
{
    static const char *const names[] = {"/init", "/systemd"};
    size_t length = strlen(path);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t end = strlen(names[i]);

        if (length >= end && strcmp(path + length - end, names[i]) == 0)
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
    mark(&trail->sent, step);
    trail->script = trail->script || step->content == CONTENT_SCRIPT;
    if (step->content == CONTENT_KERNEL)
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

/* What an operating system runs first may be a link to anything: /sbin/init to busybox, say. */
static bool is_program(const struct boot_step *step)
{
    return step->content != CONTENT_UNKNOWN || (step->subject && is_first_program(step->subject));
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

/* Whether the step tells more of where the machine stands than what came before. Once its own
 * system runs, it may load and mount what it likes. */
static bool is_decisive(const struct boot_trail *trail, enum step_event event)
{
    if (event >= STEP_FILE_BEGUN && event <= STEP_FILE_ENDED)
        return !trail->runs;
    if (event >= STEP_PORTMAP_MISSING && event <= STEP_MOUNT_REFUSED)
        return !trail->runs;
    return (event >= STEP_NFS_CALL && event <= STEP_NFS_REPEATED) ||
           (event >= STEP_CONSOLE_LOGIN && event <= STEP_KVM_DIED);
}

void boot_trail_follow(struct boot_trail *trail, const struct boot_step *step)
{
    bool decisive = is_decisive(trail, step->event);

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
