#include "guest/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = file < 0 ? -1 : write(file, text, strlen(text));

    if (file >= 0)
        close(file);
    return written < 0 ? -1 : 0;
}

/* user_namespaces(7): one user and one group may be mapped, and groups must be given up for it. */
static int become_root_inside(uid_t uid, gid_t gid)
{
    char map[64];

    if (write_file("/proc/self/setgroups", "deny") < 0)
        return -1;
    snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
    if (write_file("/proc/self/uid_map", map) < 0)
        return -1;
    snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
    return write_file("/proc/self/gid_map", map);
}

static const char *user_cure(int reason)
{
    if (reason == ENOSPC)
        return "raise it: sysctl user.max_user_namespaces=10000";
    return "allow them: sysctl kernel.unprivileged_userns_clone=1 (and on Ubuntu "
           "kernel.apparmor_restrict_unprivileged_userns=0; in a container, its seccomp profile)";
}

int guest_namespace_enter(char *error, size_t error_size)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (uid != 0 && (unshare(CLONE_NEWUSER) < 0 || become_root_inside(uid, gid) < 0)) {
        snprintf(error, error_size,
                 "an ordinary user can make no user namespace here: %s; %s; or run as root",
                 strerror(errno), user_cure(errno));
        return -1;
    }
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
        return 0;
    snprintf(error, error_size,
             "no network of its own can be made: %s; run needs CAP_SYS_ADMIN in a container",
             strerror(errno));
    return -1;
}

int guest_namespace_mount(const char *path, char *error, size_t error_size)
{
    if (mount("bootwire", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") == 0)
        return 0;
    snprintf(error, error_size, "%s cannot be made private: %s", path, strerror(errno));
    return -1;
}

void guest_namespace_unmount(const char *path)
{
    (void)umount2(path, MNT_DETACH);
}
