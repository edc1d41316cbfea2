#include "platform/linux/port_holder.h"

#include "platform/linux/process_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    TCP_STATE_LISTEN = 0x0a,
    INODES_MAX = 16, /* several sockets may share a port (SO_REUSEPORT); one name is enough */
    LINE_SIZE = 512,
    PATH_SIZE = 320, /* "/proc/PID/fd/NAME" with the longest names readdir gives */
};

/* Adds the inodes of the sockets on `port` that one of /proc/net's tables lists (proc_net(5):
 * "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode"). */
static void collect_inodes(const char *table, bool listening, uint16_t port,
                           unsigned long inodes[INODES_MAX], size_t *count)
{
    char path[64], line[LINE_SIZE];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/net/%s", table);
    file = fopen(path, "re");
    if (!file)
        return;
    while (*count < INODES_MAX && fgets(line, sizeof(line), file)) {
        unsigned local_port, state;
        unsigned long inode;

        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*d %lu", &local_port,
                   &state, &inode) != 3)
            continue;
        if (local_port == port && (!listening || state == TCP_STATE_LISTEN))
            inodes[(*count)++] = inode;
    }
    fclose(file);
}

/* Whether a descriptor of process `pid` is one of the sockets. */
static bool process_holds(const char *pid, const unsigned long inodes[INODES_MAX], size_t count)
{
    char path[PATH_SIZE], target[64];
    struct dirent *entry;
    bool holds = false;
    DIR *descriptors;

    snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
    descriptors = opendir(path);
    if (!descriptors)
        return false;
    while (!holds && (entry = readdir(descriptors)) != NULL) {
        unsigned long inode;
        ssize_t length;

        snprintf(path, sizeof(path), "/proc/%.20s/fd/%.255s", pid, entry->d_name);
        length = readlink(path, target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = 0;
        if (sscanf(target, "socket:[%lu]", &inode) != 1)
            continue;
        for (size_t i = 0; i < count; i++)
            holds = holds || inodes[i] == inode;
    }
    closedir(descriptors);
    return holds;
}

/* Finds a process that holds one of the sockets; false where none can be seen. */
static bool find_holder(const unsigned long inodes[INODES_MAX], size_t count, char *to, size_t size)
{
    struct dirent *entry;
    bool found = false;
    DIR *processes = opendir("/proc");

    if (!processes)
        return false;
    while (!found && (entry = readdir(processes)) != NULL) {
        char name[64];

        if (entry->d_name[strspn(entry->d_name, "0123456789")] != 0 ||
            !process_holds(entry->d_name, inodes, count))
            continue;
        process_name(strtol(entry->d_name, NULL, 10), name, sizeof(name));
        snprintf(to, size, "held by %s (pid %.20s)", name, entry->d_name);
        found = true;
    }
    closedir(processes);
    return found;
}

char *port_holder_text(const char *protocol, uint16_t port, char *to, size_t size)
{
    unsigned long inodes[INODES_MAX];
    int error = errno;
    bool tcp = strcmp(protocol, "tcp") == 0;
    size_t count = 0;
    char holder[160] = "free now";

    collect_inodes(tcp ? "tcp" : "udp", tcp, port, inodes, &count);
    collect_inodes(tcp ? "tcp6" : "udp6", tcp, port, inodes, &count);
    if (count > 0 && !find_holder(inodes, count, holder, sizeof(holder)))
        snprintf(holder, sizeof(holder),
                 geteuid() == 0 ? "held by the kernel itself, or by a process of another container"
                                : "held by a process that only root can see");
    snprintf(to, size, "%s port %u is %s", protocol, port, holder);
    errno = error;
    return to;
}

char *port_refusal_text(const char *protocol, uint16_t port, int error, const char *cure, char *to,
                        size_t size)
{
    char holder[256];
    int length =
        snprintf(to, size, "%s port %u cannot be opened: %s", protocol, port, strerror(error));

    if (length < 0 || (size_t)length >= size)
        return to;
    if (error == EADDRINUSE)
        snprintf(to + length, size - (size_t)length, "; %s%s%s",
                 port_holder_text(protocol, port, holder, sizeof(holder)), cure ? "; " : "",
                 cure ? cure : "");
    else if (error == EACCES)
        snprintf(to + length, size - (size_t)length, "; run as root, or with CAP_NET_BIND_SERVICE");
    return to;
}
