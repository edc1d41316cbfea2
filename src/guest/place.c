#include "guest/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    ATTEMPTS = 16,
    PATIENCE_MS = 10000,
    TICK_MS = 10,
    FRESH_SECONDS = 60, /* a socket is bound before somebody listens at it */
};

/* False, and an empty path, where the name is too long. */
static bool join(char *path, const char *directory, const char *name)
{
    int length = snprintf(path, GUEST_PATH_SIZE, "%s/%s", directory, name);

    if (length > 0 && length < GUEST_PATH_SIZE)
        return true;
    path[0] = 0;
    return false;
}

/* ---- Whose it is ---- */

/* In /tmp it may be somebody else's. */
static bool is_own(const char *runtime)
{
    struct stat info;

    return lstat(runtime, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

/* Whether a connection finds a listener, or its queue full; else errno says why not. */
static bool is_listened_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), failed;
    bool listens;

    if (strlen(path) >= sizeof(address.sun_path)) {
        close(probe);
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address.sun_path, path, strlen(path));
    listens = connect(probe, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
    failed = errno;
    close(probe);
    errno = failed;
    return listens;
}

static bool is_dead_socket(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISSOCK(info.st_mode) && !is_listened_at(path) &&
           errno == ECONNREFUSED;
}

/* The run's own directory, locked; -1 with errno where that fails, or another holds the lock. */
static int lock_directory(const char *path, int how)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;

    if (directory < 0)
        return -1;
    /* Whoever had the lock may have removed it. */
    if (flock(directory, how) == 0 && fstat(directory, &info) == 0 && info.st_nlink > 0)
        return directory;
    close(directory);
    errno = ENOENT;
    return -1;
}

static bool is_socket_name(const char *name)
{
    size_t length = strlen(name);

    return length > 5 && strcmp(name + length - 5, ".sock") == 0;
}

/* ---- What killed runs have left ---- */

static void remove_stale_entry(const char *runtime, const char *name)
{
    char path[GUEST_PATH_SIZE];
    struct stat info;
    int lock;

    if (!join(path, runtime, name))
        return;
    if (strncmp(name, "run-", 4) == 0) {
        lock = lock_directory(path, LOCK_EX | LOCK_NB);
        if (lock < 0)
            return;
        (void)rmdir(path);
        close(lock);
    } else if (is_socket_name(name) && lstat(path, &info) == 0 &&
               time(NULL) - info.st_mtime > FRESH_SECONDS && is_dead_socket(path)) {
        (void)unlink(path);
    }
}

static void remove_stale(const char *runtime)
{
    DIR *directory = opendir(runtime);
    const struct dirent *entry;

    while (directory && (entry = readdir(directory)) != NULL)
        remove_stale_entry(runtime, entry->d_name);
    if (directory)
        closedir(directory);
}

/* ---- A new run's ---- */

/* A socket's name must fit into its address. */
static bool is_short_enough(const char *runtime, const char *host)
{
    return strlen(runtime) + strlen(host) + strlen("/bootwire/-1234567890.sock") <
           sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

static void find_runtime(char *path, const char *host)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (geteuid() == 0)
        snprintf(path, GUEST_PATH_SIZE, "/run/bootwire");
    else if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0 &&
             is_short_enough(runtime, host))
        snprintf(path, GUEST_PATH_SIZE, "%s/bootwire", runtime);
    else
        snprintf(path, GUEST_PATH_SIZE, "/tmp/bootwire-%u", (unsigned)geteuid());
}

/* 0, or -1 with errno. */
static int make_runtime(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return -1;
    if (is_own(path))
        return 0;
    errno = EEXIST;
    return -1;
}

/* 0, or -1 with errno. Runs that end at the same time take away what they find empty. */
static int make_directory(struct guest_place *place, const char *runtime)
{
    char name[32];

    snprintf(name, sizeof(name), "run-%d", (int)getpid());
    if (!join(place->directory, runtime, name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (make_runtime(runtime) < 0)
            return -1;
        if (mkdir(place->directory, 0700) == 0 || errno == EEXIST)
            place->lock = lock_directory(place->directory, LOCK_EX);
        if (place->lock >= 0)
            return 0;
        if (errno != ENOENT)
            return -1;
    }
    return -1;
}

static void name_control(struct guest_place *place, const char *runtime, const char *host,
                         const char *control)
{
    char name[GUEST_PATH_SIZE];

    if (control) {
        snprintf(place->control, GUEST_PATH_SIZE, "%s", control);
        return;
    }
    snprintf(name, sizeof(name), "%s.sock", host);
    (void)join(place->control, runtime, name);
    if (!is_listened_at(place->control))
        return;
    snprintf(name, sizeof(name), "%s-%d.sock", host, (int)getpid());
    (void)join(place->control, runtime, name);
}

int guest_place_make(struct guest_place *place, const char *host, const char *control, char *error,
                     size_t error_size)
{
    char runtime[GUEST_PATH_SIZE];

    *place = (struct guest_place){.lock = -1};
    find_runtime(runtime, host);
    remove_stale(runtime);
    name_control(place, runtime, host, control);
    if (make_directory(place, runtime) == 0)
        return 0;
    snprintf(error, error_size,
             "a directory in %s cannot be made: %s; remove what is there, or set XDG_RUNTIME_DIR "
             "to a directory of your own",
             runtime, strerror(errno));
    return -1;
}

void guest_place_wait(struct guest_place *place)
{
    int lock = open(place->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    close(place->lock);
    place->lock = -1;
    for (unsigned waited = 0; lock >= 0 && waited < PATIENCE_MS; waited += TICK_MS) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0)
            break;
        poll(NULL, 0, TICK_MS);
    }
    if (lock >= 0)
        close(lock);
}

void guest_place_remove(const struct guest_place *place)
{
    char runtime[GUEST_PATH_SIZE];

    if (is_dead_socket(place->control))
        (void)unlink(place->control);
    (void)rmdir(place->directory);
    /* Other runs may be in it. */
    snprintf(runtime, sizeof(runtime), "%s", place->directory);
    *strrchr(runtime, '/') = 0;
    (void)rmdir(runtime);
}

/* ---- Other programs look for a run ---- */

bool guest_place_find(char path[GUEST_PATH_SIZE], const char *host)
{
    char runtime[GUEST_PATH_SIZE], first[128], name[GUEST_PATH_SIZE];

    snprintf(first, sizeof(first), "%s", host);
    first[strcspn(first, "+")] = 0;
    snprintf(name, sizeof(name), "%s.sock", first);
    find_runtime(runtime, host);
    return !strchr(host, '/') && is_own(runtime) && join(path, runtime, name) &&
           is_listened_at(path);
}

size_t guest_place_count(char path[GUEST_PATH_SIZE])
{
    char runtime[GUEST_PATH_SIZE], found[GUEST_PATH_SIZE];
    const struct dirent *entry;
    DIR *directory;
    size_t count = 0;

    find_runtime(runtime, "");
    directory = is_own(runtime) ? opendir(runtime) : NULL;
    while (directory && (entry = readdir(directory)) != NULL) {
        if (is_socket_name(entry->d_name) && join(found, runtime, entry->d_name) &&
            is_listened_at(found) && count++ == 0)
            memcpy(path, found, sizeof(found));
    }
    if (directory)
        closedir(directory);
    return count;
}
