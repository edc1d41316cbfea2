/* The state directory: whether leases, keys and calls can be kept there. */
#include "inspect/inspect.h"

#include "decide/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    TEXT_SIZE = 4200,
    STATE_MIB = 32, /* leases.log, calls.log, the databases and what they need to grow */
};

static void look_at_room(const struct inspection *inspection, const char *directory)
{
    struct statvfs info;
    unsigned long long mib;

    if (statvfs(directory, &info) < 0)
        return;
    mib = (unsigned long long)info.f_bavail * info.f_frsize >> 20;
    if (info.f_flag & ST_RDONLY)
        findings_add(
            inspection->findings, FINDING_PROBLEM, "state-read-only", directory,
            "mount it read-write, or name another directory with state-directory or "
            "--state",
            "the state directory's file system is mounted read-only: no lease can be kept");
    else if (mib < STATE_MIB)
        findings_add(inspection->findings, mib == 0 ? FINDING_PROBLEM : FINDING_WARNING,
                     "state-no-room", directory,
                     "make room, or name another directory with state-directory or --state",
                     "the state directory's file system has %llu MiB left, and %d MiB are wanted "
                     "for leases and calls: without room no lease is acknowledged",
                     mib, STATE_MIB);
    else if (info.f_files > 0 && info.f_favail == 0)
        findings_add(inspection->findings, FINDING_PROBLEM, "state-no-room", directory,
                     "remove files there, or name another directory with state-directory or "
                     "--state",
                     "the state directory's file system has no inode left: no file can be made");
}

/* The nearest directory that a missing one would be made in; serve makes the last one only. */
static void look_at_parent(const struct inspection *inspection, const char *directory)
{
    char parent[TEXT_SIZE], cure[TEXT_SIZE + 32], *slash;

    snprintf(parent, sizeof(parent), "%s", directory);
    slash = strrchr(parent, '/');
    while (slash && slash > parent && !slash[1]) {
        *slash = 0;
        slash = strrchr(parent, '/');
    }
    if (slash)
        slash[slash == parent] = 0;
    else
        snprintf(parent, sizeof(parent), ".");
    if (faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) == 0) {
        look_at_room(inspection, parent);
        return;
    }
    snprintf(cure, sizeof(cure),
             errno == EACCES ? "install -d -m 0700 -o USER %s as root, or name another with "
                               "--state"
                             : "mkdir -p -m 0700 %s, or name another with --state",
             directory);
    findings_add(inspection->findings, FINDING_PROBLEM, "state-missing", directory, cure,
                 "the state directory is not there and cannot be made: %s: %s", parent,
                 strerror(errno));
}

/* Who reads the key of the handles makes handles of whatever it likes. */
static void look_at_exports(const struct inspection *inspection, const char *directory)
{
    char *real = realpath(directory, NULL), place[TEXT_SIZE];
    const struct export_statement *around = real ? export_around(inspection->snapshot, real) : NULL;

    if (around) {
        snprintf(place, sizeof(place), "%s:%u: %s", around->where.file, around->where.line,
                 around->directory);
        findings_add(inspection->findings, FINDING_WARNING, "state-exported", place,
                     "export another directory, or move the state with state-directory",
                     "the export holds this server's own state in %s, and with it the key of all "
                     "file handles",
                     real);
    }
    free(real);
}

void inspect_state(const struct inspection *inspection)
{
    const char *directory = inspection->state_directory;
    struct stat info;
    char cure[TEXT_SIZE + 32];

    if (stat(directory, &info) < 0 && errno == ENOENT) {
        look_at_parent(inspection, directory);
        return;
    }
    if (stat(directory, &info) < 0 || !S_ISDIR(info.st_mode)) {
        findings_add(inspection->findings, FINDING_PROBLEM, "state-no-directory", directory,
                     "move it away, or name another with state-directory or --state",
                     "the state directory cannot be used: %s",
                     stat(directory, &info) < 0 ? strerror(errno) : "it is no directory");
        return;
    }
    if (faccessat(AT_FDCWD, directory, R_OK | W_OK | X_OK, AT_EACCESS) < 0 && errno != EROFS) {
        snprintf(cure, sizeof(cure), "chown it to the server's user, or name another with --state");
        findings_add(inspection->findings, FINDING_PROBLEM, "state-not-writable", directory, cure,
                     "this user cannot write to the state directory (owner %u, mode %04o): %s",
                     info.st_uid, info.st_mode & 07777, strerror(errno));
        return;
    }
    if (info.st_mode & S_IWOTH && !(info.st_mode & S_ISVTX)) {
        snprintf(cure, sizeof(cure), "chmod 0700 %s", directory);
        findings_add(inspection->findings, FINDING_WARNING, "state-open", directory, cure,
                     "everybody on this machine may write to the state directory (mode %04o), and "
                     "so replace the leases and the key of the file handles",
                     info.st_mode & 07777);
    }
    look_at_room(inspection, directory);
    look_at_exports(inspection, directory);
}
