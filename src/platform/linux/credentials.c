#include "platform/linux/credentials.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the thread is now. `groups_known` says that gid and groups are those of `caller`. */
static _Thread_local struct {
    bool prepared;
    bool groups_known;
    bool is_root;
    struct credentials caller;
} present;

/* A thread's umask lives with its working directory, which threads share until they part. */
static int prepare(void)
{
    if (present.prepared)
        return 0;
    if (unshare(CLONE_FS) < 0)
        return errno;
    umask(0);
    present.prepared = true;
    present.is_root = true;
    return 0;
}

static bool same_groups(const struct credentials *a, const struct credentials *b)
{
    return a->gid == b->gid && a->group_count == b->group_count &&
           memcmp(a->groups, b->groups, a->group_count * sizeof(a->groups[0])) == 0;
}

/* The system calls themselves: they change the calling thread. glibc's setgroups() makes every
 * thread of the process follow, which is the last thing wanted here. */
static int assume_groups(const struct credentials *caller)
{
    gid_t groups[CREDENTIALS_GROUPS_MAX];

    if (present.groups_known && same_groups(&present.caller, caller))
        return 0;
    present.groups_known = false;
    for (size_t i = 0; i < caller->group_count; i++)
        groups[i] = caller->groups[i];
    if (syscall(SYS_setgroups, caller->group_count, groups) < 0)
        return errno;
    syscall(SYS_setfsgid, caller->gid);
    /* setfsgid(2) reports no failure; an impossible group makes it tell the present one. */
    if ((gid_t)syscall(SYS_setfsgid, (gid_t)-1) != caller->gid)
        return EPERM;
    return 0;
}

static int assume_user(uint32_t uid)
{
    /* The kernel takes the file capabilities (CAP_DAC_OVERRIDE, CAP_CHOWN, ...) from the effective
     * set when the user stops being 0 here, and gives them back when it is 0 again. */
    syscall(SYS_setfsuid, uid);
    return (uid_t)syscall(SYS_setfsuid, (uid_t)-1) == uid ? 0 : EPERM;
}

int credentials_assume(const struct credentials *caller)
{
    int error = prepare();

    if (error)
        return error;
    if (caller->uid == (uint32_t)-1 || caller->gid == (uint32_t)-1 ||
        caller->group_count > CREDENTIALS_GROUPS_MAX)
        return EINVAL;
    if (present.groups_known && present.caller.uid == caller->uid &&
        present.is_root == (caller->uid == 0) && same_groups(&present.caller, caller))
        return 0;
    error = assume_groups(caller);
    if (!error)
        error = assume_user(caller->uid);
    if (error) {
        credentials_restore();
        present.groups_known = false;
        return error;
    }
    present.caller = *caller;
    present.groups_known = true;
    present.is_root = caller->uid == 0;
    return 0;
}

void credentials_restore(void)
{
    if (!present.prepared || present.is_root)
        return;
    (void)assume_user(0);
    present.is_root = true;
}

/* A user namespace that shows every user as itself is the machine's own, or as good. */
static bool sees_every_user(void)
{
    unsigned inside = 1, outside = 1, count = 0;
    FILE *map = fopen("/proc/self/uid_map", "re");
    int fields;

    /* A kernel without user namespaces has no such file. */
    if (!map)
        return errno == ENOENT;
    fields = fscanf(map, "%u %u %u", &inside, &outside, &count);
    fclose(map);
    return fields == 3 && inside == 0 && outside == 0 && count == UINT32_MAX;
}

bool credentials_available(void)
{
    static const unsigned needed[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
                                      CAP_SETGID, CAP_SETUID,       CAP_MKNOD};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!(data[needed[i] / 32].effective & UINT32_C(1) << needed[i] % 32))
            return false;
    }
    return sees_every_user();
}
