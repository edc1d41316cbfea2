#include "store/specification.h"

#include "base/map.h"
#include "base/memory.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    BLOCK_SIZE = 65536,
    PATHS_MAX = 500000,                        /* of all files together: some 100 MB */
    NAMES_SIZE_MAX = 1024 * 1024,              /* bytes of an etc/passwd that is read */
    SPECIFICATION_SIZE_MAX = 32 * 1024 * 1024, /* bytes of an mtree(5) file */
};

struct specification {
    struct map paths; /* struct ownership; key: an absolute path */
};

/* One file while it is read. */
struct reading {
    struct specification *specification;
    const char *file;
    char top[PATH_MAX];       /* the tree, without symbolic links; "" for "/" */
    struct map users, groups; /* uintptr_t: the number and 1; key: the name */
    size_t odd;               /* entries that were not understood ... */
    char first_odd[256];      /* ... and what is wrong with the first */
};

struct specification *specification_new(void)
{
    return memory_zeroed(1, sizeof(struct specification));
}

void specification_free(struct specification *specification)
{
    struct map_entry *entry;
    size_t place = 0;

    if (!specification)
        return;
    while (map_next(&specification->paths, &place, &entry))
        free(entry->value);
    map_release(&specification->paths);
    free(specification);
}

size_t specification_count(const struct specification *specification)
{
    return specification->paths.count;
}

const struct ownership *specification_find(const struct specification *specification,
                                           const char *path)
{
    return map_get(&specification->paths, path, strlen(path));
}

void specification_below(const struct specification *specification, const char *path,
                         specification_visit *visit, void *argument)
{
    size_t length = strlen(path), place = 0;
    struct map_entry *entry;
    char text[PATH_MAX];

    while (map_next(&specification->paths, &place, &entry)) {
        if (entry->key_length <= length || entry->key_length >= sizeof(text) ||
            memcmp(entry->key, path, length) != 0 || entry->key[length] != '/')
            continue;
        memcpy(text, entry->key, entry->key_length);
        text[entry->key_length] = 0;
        visit(argument, text, entry->value);
    }
}

static void note_odd(struct reading *reading, const char *path, const char *why)
{
    char printable[128];

    if (reading->odd++ > 0)
        return;
    text_printable(printable, sizeof(printable), slice_of_string(path));
    snprintf(reading->first_odd, sizeof(reading->first_odd), "%s: %.100s", printable, why);
}

/* Opens a file in the tree. Clients can write to the tree: nothing leads out of it. */
static int open_below(const char *top, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };
    int directory = open(top[0] ? top : "/", O_PATH | O_DIRECTORY | O_CLOEXEC), file, error;

    if (directory < 0)
        return -1;
    file = (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));
    error = errno;
    close(directory);
    errno = error;
    return file;
}

/* Is it a regular file of at most so many bytes? Else it is closed, and errno set. */
static int only_small(int file, off_t most)
{
    struct stat status;

    if (file < 0)
        return file;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= most)
        return file;
    close(file);
    errno = S_ISREG(status.st_mode) ? EFBIG : EINVAL;
    return -1;
}

static FILE *open_names(const char *top, const char *name)
{
    int file = only_small(open_below(top, name), NAMES_SIZE_MAX);
    FILE *stream = file < 0 ? NULL : fdopen(file, "r");

    if (!stream && file >= 0)
        close(file);
    return stream;
}

static void add_name(struct map *names, const char *name, uint32_t number)
{
    if (!map_get(names, name, strlen(name)))
        map_put(names, name, strlen(name), (void *)((uintptr_t)number + 1));
}

static void read_names(struct reading *reading)
{
    FILE *users = open_names(reading->top, "etc/passwd");
    FILE *groups = open_names(reading->top, "etc/group");
    const struct passwd *user;
    const struct group *group;

    while (users && (user = fgetpwent(users)))
        add_name(&reading->users, user->pw_name, user->pw_uid);
    while (groups && (group = fgetgrent(groups)))
        add_name(&reading->groups, group->gr_name, group->gr_gid);
    if (users)
        fclose(users);
    if (groups)
        fclose(groups);
    /* A tree may be without these files yet. */
    add_name(&reading->users, "root", 0);
    add_name(&reading->groups, "root", 0);
    add_name(&reading->groups, "wheel", 0);
}

/* A number that is written goes before a name, which may be the default of many entries. */
static uint32_t number_of(struct reading *reading, const struct map *names, int64_t number,
                          const char *name, const char *path)
{
    const void *found;
    char why[128];

    if (number > 0 && number < UINT32_MAX)
        return (uint32_t)number;
    if (!name || !name[0])
        return 0;
    found = map_get(names, name, strlen(name));
    if (found)
        return (uint32_t)((uintptr_t)found - 1);
    snprintf(why, sizeof(why), "the tree's etc/passwd and etc/group know no %.64s; 0 is served",
             name);
    note_odd(reading, path, why);
    return 0;
}

/* "./bin/ls", "bin/ls" or "." as an absolute path below the tree; false for what leads elsewhere.
 */
static bool path_of(const struct reading *reading, const char *name, char path[PATH_MAX])
{
    size_t length = strlen(reading->top);

    memcpy(path, reading->top, length);
    while (*name) {
        size_t part = strcspn(name, "/");

        if (part == 2 && memcmp(name, "..", 2) == 0)
            return false;
        if (part > 0 && !(part == 1 && name[0] == '.')) {
            if (length + part + 2 > PATH_MAX)
                return false;
            path[length++] = '/';
            memcpy(path + length, name, part);
            length += part;
        }
        name += part;
        name += *name == '/';
    }
    if (length == 0)
        path[length++] = '/';
    path[length] = 0;
    return true;
}

static void take_entry(struct reading *reading, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);
    char path[PATH_MAX];
    struct ownership *said, *before;

    if (!name || !path_of(reading, name, path)) {
        note_odd(reading, name ? name : "?", "this path leads out of the tree");
        return;
    }
    said = memory_zeroed(1, sizeof(*said));
    said->mode = archive_entry_filetype(entry) | (archive_entry_perm(entry) & 07777);
    said->uid = number_of(reading, &reading->users, archive_entry_uid(entry),
                          archive_entry_uname(entry), name);
    said->gid = number_of(reading, &reading->groups, archive_entry_gid(entry),
                          archive_entry_gname(entry), name);
    if (S_ISCHR(said->mode) || S_ISBLK(said->mode)) {
        said->major = (uint32_t)archive_entry_rdevmajor(entry);
        said->minor = (uint32_t)archive_entry_rdevminor(entry);
    }
    before = map_put(&reading->specification->paths, path, strlen(path), said);
    free(before);
}

/* 0, or -1 with a message. */
static int read_entries(struct reading *reading, struct archive *archive, char *error,
                        size_t error_size)
{
    struct archive_entry *entry;
    int result;

    while ((result = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
        if (result == ARCHIVE_RETRY)
            continue;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
            snprintf(error, error_size, "%s cannot be read: %s", reading->file,
                     archive_error_string(archive));
            return -1;
        }
        if (reading->specification->paths.count >= PATHS_MAX) {
            snprintf(error, error_size, "%s: more than %d files are specified in all",
                     reading->file, PATHS_MAX);
            return -1;
        }
        if (result == ARCHIVE_WARN)
            note_odd(reading, archive_entry_pathname(entry), archive_error_string(archive));
        else
            take_entry(reading, entry);
    }
    return 0;
}

/* The mtree(5) file, open. */
static int open_specification(const struct reading *reading, const char *file)
{
    return only_small(file[0] == '/' ? open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
                                     : open_below(reading->top, file),
                      SPECIFICATION_SIZE_MAX);
}

static int read_archive(struct reading *reading, int descriptor, char *error, size_t error_size)
{
    struct archive *archive = archive_read_new();
    int result = -1;

    /* That format alone; of the files themselves the library is asked nothing. */
    if (archive && archive_read_support_format_mtree(archive) == ARCHIVE_OK &&
        archive_read_open_fd(archive, descriptor, BLOCK_SIZE) == ARCHIVE_OK)
        result = read_entries(reading, archive, error, error_size);
    else
        snprintf(error, error_size, "%s cannot be read: %s", reading->file,
                 archive ? archive_error_string(archive) : strerror(ENOMEM));
    archive_read_free(archive);
    return result;
}

int specification_read(struct specification *specification, const char *directory, const char *file,
                       char *error, size_t error_size)
{
    struct reading reading = {.specification = specification};
    char *path = file[0] == '/' ? memory_string(file) : memory_printf("%s/%s", directory, file);
    int descriptor = -1, result = -1;

    reading.file = path;
    error[0] = 0;
    if (!realpath(directory, reading.top)) {
        snprintf(error, error_size, "%s cannot be opened: %s", directory, strerror(errno));
        goto out;
    }
    if (strcmp(reading.top, "/") == 0)
        reading.top[0] = 0;
    descriptor = open_specification(&reading, file);
    if (descriptor < 0) {
        snprintf(error, error_size, "%s cannot be read: %s", path, strerror(errno));
        goto out;
    }
    read_names(&reading);
    result = read_archive(&reading, descriptor, error, error_size);
    if (result == 0 && reading.odd > 0)
        snprintf(error, error_size, "%s: %zu entries are not understood; the first is %s", path,
                 reading.odd, reading.first_odd);
out:
    if (descriptor >= 0)
        close(descriptor);
    map_release(&reading.users);
    map_release(&reading.groups);
    free(path);
    return result;
}
