/* The directories that the configuration names: whether this user can follow each path to its end,
 * and whether the file system there can do what NFS needs. */
#include "inspect/inspect.h"

#include "base/map.h"
#include "base/memory.h"
#include "decide/export.h"
#include "model/setting_walk.h"
#include "platform/linux/credentials.h"
#include "platform/linux/file_system.h"
#include "store/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, TEXT_SIZE = 4600, OPTION_ROOT_PATH = 17 };

/* What a directory is for. */
enum use { USE_ROOT, USE_EXPORT, USE_FILES, USE_UPLOAD, USE_COUNT };

static const struct {
    const char *name; /* as the configuration writes it */
    int access;       /* of the directory itself */
    bool links;       /* symbolic links may be part of its path */
    const char *cost;
} uses[USE_COUNT] = {
    [USE_ROOT] = {"root-path", R_OK | X_OK, false, "no machine can mount it"},
    [USE_EXPORT] = {"export", R_OK | X_OK, false, "no machine can mount it"},
    [USE_FILES] = {"tftp-root", X_OK, true, "every request for a file of it is refused"},
    [USE_UPLOAD] = {"tftp-upload", W_OK | X_OK, false, "every upload is refused"},
};

struct paths {
    const struct inspection *inspection;
    struct map seen; /* "USE:DIRECTORY", and "USE-PART" of parts that something was said of */
    bool beside;     /* ownership is kept beside the files */
};

static void add(const struct paths *p, enum finding_severity severity, const char *id, enum use use,
                struct position where, const char *path, const char *cure, const char *what)
{
    char place[TEXT_SIZE];

    snprintf(place, sizeof(place), "%s:%u: %s %s", where.file ? where.file : "?", where.line,
             uses[use].name, path);
    findings_add(p->inspection->findings, severity, id, place, cure, "%s", what);
}

/* Says why a part of the path ends the way. */
static void say_end(const struct paths *p, enum use use, struct position where, const char *path,
                    const char *part, int error)
{
    char what[TEXT_SIZE], cure[TEXT_SIZE];
    bool whole = strcmp(part, path) == 0;

    if (error == ENOENT) {
        snprintf(what, sizeof(what), "%s does not exist: %s", part, uses[use].cost);
        snprintf(cure, sizeof(cure), "mkdir -p %s, or correct the path", path);
    } else {
        snprintf(what, sizeof(what), "%s cannot be looked at (%s): %s", part, strerror(error),
                 uses[use].cost);
        snprintf(cure, sizeof(cure), whole ? "look after its file system" : "correct the path");
    }
    add(p, FINDING_PROBLEM, error == ENOENT ? "path-missing" : "path-broken", use, where, path,
        cure, what);
}

static void say_link(const struct paths *p, enum use use, struct position where, const char *path,
                     const char *part)
{
    char *real = realpath(path, NULL), what[TEXT_SIZE], cure[TEXT_SIZE];

    snprintf(what, sizeof(what),
             "%s is a symbolic link, and no part of an exported path may be one: "
             "%s",
             part, uses[use].cost);
    snprintf(cure, sizeof(cure), real ? "write the real path: %s" : "write the real path", real);
    add(p, FINDING_PROBLEM, "path-link", use, where, path, cure, what);
    free(real);
}

static void say_denied(const struct paths *p, enum use use, struct position where, const char *path,
                       const char *part, const struct stat *info, int access, int error)
{
    const char *right = access & W_OK ? "written to" : access & R_OK ? "read" : "passed through";
    const char *letters = access & W_OK ? "rwx" : access & R_OK ? "rx" : "x";
    char what[TEXT_SIZE], cure[TEXT_SIZE];

    snprintf(what, sizeof(what),
             "%s (owner %u, group %u, mode %04o) cannot be %s by user %u (%s): %s", part,
             info->st_uid, info->st_gid, info->st_mode & 07777, right, geteuid(), strerror(error),
             uses[use].cost);
    if (error == EROFS)
        snprintf(cure, sizeof(cure), "mount its file system read-write");
    else
        snprintf(cure, sizeof(cure), "setfacl -m u:%u:%s %s, or chmod o+%s %s", geteuid(), letters,
                 part, letters, part);
    add(p, FINDING_PROBLEM, "path-denied", use, where, path, cure, what);
}

/* Whether nothing was said of this part yet: a thousand roots may lie in one missing directory. */
static bool is_new(struct paths *p, enum use use, const char *part)
{
    char *key = memory_printf("%d-%s", (int)use, part);
    bool fresh = !map_put(&p->seen, key, strlen(key), p);

    free(key);
    return fresh;
}

/* Follows one part of the path; false where it ends there, which is said, once of each part. */
static bool follow(struct paths *p, enum use use, struct position where, const char *path,
                   const char *part, bool last)
{
    int access = last ? uses[use].access : X_OK;
    struct stat info;

    if (lstat(part, &info) < 0) {
        int error = errno;

        if (is_new(p, use, part))
            say_end(p, use, where, path, part, error);
        return false;
    }
    if (S_ISLNK(info.st_mode)) {
        if (!uses[use].links) {
            if (is_new(p, use, part))
                say_link(p, use, where, path, part);
            return false;
        }
        if (stat(part, &info) < 0) {
            say_end(p, use, where, path, part, errno);
            return false;
        }
    }
    if (!S_ISDIR(info.st_mode)) {
        char what[TEXT_SIZE];

        snprintf(what, sizeof(what), "%s is no directory: %s", part, uses[use].cost);
        if (is_new(p, use, part))
            add(p, FINDING_PROBLEM, "path-no-directory", use, where, path,
                "name the directory that holds it", what);
        return false;
    }
    if (faccessat(AT_FDCWD, part, access, AT_EACCESS) < 0) {
        int error = errno;

        if (is_new(p, use, part))
            say_denied(p, use, where, path, part, &info, access, error);
        return false;
    }
    return true;
}

/* From the root of the file system down, as openat2(2) goes. */
static bool follow_all(struct paths *p, enum use use, struct position where, const char *path)
{
    char part[PATH_SIZE];

    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/' || path[i + 1] == 0 || path[i + 1] == '/')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)i, path);
        if (!follow(p, use, where, path, part, false))
            return false;
    }
    return follow(p, use, where, path, path, true);
}

/* What the file system of a directory that is to be exported cannot do. */
static void look_at_file_system(const struct paths *p, enum use use, struct position where,
                                const char *path, bool writable)
{
    struct file_system system;

    if (file_system_of(path, OWNERSHIP_ATTRIBUTE, &system) != 0)
        return;
    if (writable && system.read_only)
        add(p, use == USE_EXPORT ? FINDING_WARNING : FINDING_NOTE, "read-only", use, where, path,
            use == USE_EXPORT ? "mount it read-write, or write `ro;` in the export"
                              : "nothing, where the machine only reads its root; else mount it "
                                "read-write",
            "its file system is mounted read-only: whatever a machine writes there fails");
    if (!system.handles)
        add(p, FINDING_NOTE, "no-handles", use, where, path,
            "nothing, where files are renamed by the machines alone; else move it to ext4, XFS, "
            "btrfs or tmpfs",
            "its file system has no file handles: those of NFS are kept in handles.sqlite of the "
            "state directory, and what somebody renames on the server itself becomes stale");
    if (p->beside && !system.attributes)
        add(p, FINDING_WARNING, "no-attributes", use, where, path,
            "move it to a file system with user attributes (ext4, XFS, btrfs; tmpfs from Linux "
            "6.6 on)",
            "its file system has no extended attributes for users: owners, modes and devices that "
            "machines set are kept in ownership.sqlite of the state directory alone, and copies of "
            "the files lose them");
}

static void look(struct paths *p, enum use use, struct position where, const char *path,
                 bool writable)
{
    char *key = memory_printf("%d:%s", (int)use, path);
    bool fresh = !map_put(&p->seen, key, strlen(key), p);

    free(key);
    if (fresh && follow_all(p, use, where, path) && (use == USE_ROOT || use == USE_EXPORT))
        look_at_file_system(p, use, where, path, writable);
}

/* Whether a root-path of this scope is for a machine to mount from here, and not from the server
 * that it names, or that next-server does. */
static bool is_ours(const struct paths *p, const struct setting *setting, const struct scope *scope)
{
    const uint8_t *colon =
        setting->value.length ? memchr(setting->value.data, ':', setting->value.length) : NULL;
    struct scope_view view = {.count = 0};
    uint32_t server;

    if (colon)
        return ipv4_parse((const char *)setting->value.data, (size_t)(colon - setting->value.data),
                          &server) &&
               inspect_is_own(p->inspection, server);
    for (; scope && view.count < SCOPE_VIEW_MAX; scope = scope->outer)
        view.scopes[view.count++] = scope;
    server = scope_view_number(&view, PARAMETER_NEXT_SERVER, 0);
    return server == 0 || inspect_is_own(p->inspection, server);
}

static void look_at_setting(void *argument, const struct setting *setting,
                            const struct scope *scope)
{
    struct paths *p = argument;
    struct scope one = {.settings = setting, .count = 1};
    struct scope_view view = {.scopes = {&one}, .count = 1};
    char directory[EXPORT_PATH_MAX];
    struct export export;

    if (setting->expression || setting->value.length == 0)
        return;
    if (setting->space == SPACE_DHCP && setting->code == OPTION_ROOT_PATH) {
        if (is_ours(p, setting, scope) && export_of(&view, &export, directory) == EXPORT_GRANTED)
            look(p, USE_ROOT, setting->where, directory, true);
    } else if (setting->space == SPACE_PARAMETER && setting->code == PARAMETER_TFTP_ROOT) {
        look(p, USE_FILES, setting->where, (const char *)setting->value.data, false);
    } else if (setting->space == SPACE_PARAMETER && setting->code == PARAMETER_TFTP_UPLOAD) {
        look(p, USE_UPLOAD, setting->where, (const char *)setting->value.data, false);
    }
}

void inspect_paths(const struct inspection *inspection)
{
    const struct snapshot *snapshot = inspection->snapshot;
    struct scope_view view = scope_view_of(snapshot, NULL, NULL);
    struct paths p = {
        .inspection = inspection,
        .beside = scope_view_flag(&view, PARAMETER_KEEP_OWNERSHIP, !credentials_available()),
    };

    snapshot_each_setting(snapshot, look_at_setting, &p);
    for (size_t i = 0; i < snapshot->export_count; i++)
        look(&p, USE_EXPORT, snapshot->exports[i].where, snapshot->exports[i].directory,
             snapshot->exports[i].rights.writable);
    map_release(&p.seen);
}
