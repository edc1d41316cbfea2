#include "platform/linux/serial_port.h"

#include "platform/linux/process_name.h"

#include <asm/termbits.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LOCK_DIRECTORY "/var/lock"

enum { HOLDER_SIZE = 96 };

/* ---- Who has it ---- */

static void process_text(char to[HOLDER_SIZE], long pid)
{
    char name[64];

    process_name(pid, name, sizeof(name));
    snprintf(to, HOLDER_SIZE, "%s (pid %ld)", name, pid);
}

static bool has_open(const char *pid, const char *device)
{
    char path[320], target[PATH_MAX];
    struct dirent *entry;
    bool found = false;
    DIR *descriptors;

    snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
    descriptors = opendir(path);
    while (descriptors && !found && (entry = readdir(descriptors)) != NULL) {
        ssize_t length;

        snprintf(path, sizeof(path), "/proc/%.20s/fd/%.255s", pid, entry->d_name);
        length = readlink(path, target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = 0;
        found = strcmp(target, device) == 0;
    }
    if (descriptors)
        closedir(descriptors);
    return found;
}

static void find_holder(const char *device, char to[HOLDER_SIZE])
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;

    snprintf(to, HOLDER_SIZE, "a process that only root can see");
    while (processes && (entry = readdir(processes)) != NULL) {
        if (entry->d_name[strspn(entry->d_name, "0123456789")] == 0 &&
            has_open(entry->d_name, device)) {
            process_text(to, strtol(entry->d_name, NULL, 10));
            break;
        }
    }
    if (processes)
        closedir(processes);
}

/* ---- The lock file (UUCP's, in the form of HoneyDanBer: the process number as 10 characters) ----
 */

static void lock_name(char *to, size_t size, const char *device)
{
    char *at;
    int length = snprintf(to, size, LOCK_DIRECTORY "/LCK..%s", device + strlen("/dev/"));

    if (length < 0 || (size_t)length >= size) {
        to[0] = 0;
        return;
    }
    for (at = to + strlen(LOCK_DIRECTORY "/"); *at; at++) {
        if (*at == '/')
            *at = '_';
    }
}

/* The process that the lock file names; 0: there is none that lives. */
static long lock_owner(const char *path)
{
    char text[32] = "";
    FILE *file = fopen(path, "re");
    long pid;

    if (!file)
        return 0;
    (void)!fgets(text, sizeof(text), file);
    fclose(file);
    pid = strtol(text, NULL, 10);
    return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM) ? pid : 0;
}

/* False, with the holder, where another has it. */
static bool lock(struct serial_port *port, const char *device, char holder[HOLDER_SIZE])
{
    char path[sizeof(port->lock_file)];
    long owner;
    int file;

    port->lock_file[0] = 0;
    if (strncmp(device, "/dev/", 5) != 0)
        return true;
    lock_name(path, sizeof(path), device);
    if (!path[0])
        return true;
    for (int attempt = 0; attempt < 2; attempt++) {
        file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (file >= 0) {
            (void)!dprintf(file, "%10ld\n", (long)getpid());
            close(file);
            memcpy(port->lock_file, path, sizeof(path));
            return true;
        }
        if (errno != EEXIST)
            return true;
        owner = lock_owner(path);
        if (owner == (long)getpid())
            owner = 0;
        if (owner > 0) {
            process_text(holder, owner);
            return false;
        }
        if (unlink(path) < 0)
            return true;
    }
    return true;
}

/* ---- Opening ---- */

/* <termios.h> knows a list of speeds; the kernel takes any (BOTHER). */
static int set_raw(int descriptor, uint32_t speed)
{
    struct termios2 mode;

    if (ioctl(descriptor, TCGETS2, &mode) < 0)
        return -1;
    mode.c_iflag = IGNPAR;
    mode.c_oflag = 0;
    mode.c_lflag = 0;
    mode.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
    mode.c_ispeed = speed;
    mode.c_ospeed = speed;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return ioctl(descriptor, TCSETS2, &mode);
}

static int fail(struct serial_port *port, char *error, size_t size, const char *device,
                const char *what, const char *cure)
{
    snprintf(error, size, "%s %s%s%s", device, what, cure[0] ? "; " : "", cure);
    serial_port_close(port);
    return -1;
}

static int fail_open(struct serial_port *port, char *error, size_t size, const char *device,
                     const char *real)
{
    char holder[HOLDER_SIZE], what[HOLDER_SIZE + 64];

    if (errno == EBUSY) {
        find_holder(real, holder);
        snprintf(what, sizeof(what), "is in use by %s", holder);
        return fail(port, error, size, device, what, "end that one");
    }
    snprintf(what, sizeof(what), "cannot be opened: %s", strerror(errno));
    return fail(port, error, size, device, what,
                errno == EACCES   ? "run as root, or as a member of the device's group (dialout)"
                : errno == ENOENT ? "is the adapter plugged in, and the name in `serial` right?"
                                  : "");
}

int serial_port_open(struct serial_port *port, const char *device, uint32_t speed, char *error,
                     size_t error_size)
{
    char real[PATH_MAX], holder[HOLDER_SIZE], what[HOLDER_SIZE + 64];

    *port = (struct serial_port){.descriptor = -1};
    if (!realpath(device, real))
        return fail_open(port, error, error_size, device, device);
    if (!lock(port, real, holder)) {
        snprintf(what, sizeof(what), "is in use by %s", holder);
        return fail(port, error, error_size, device, what, "end that one");
    }
    port->descriptor = open(real, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->descriptor < 0)
        return fail_open(port, error, error_size, device, real);
    if (!isatty(port->descriptor))
        return fail(port, error, error_size, device, "is no tty device",
                    "name the port's device, as in \"/dev/ttyUSB0\"");
    if (ioctl(port->descriptor, TIOCEXCL) < 0 || set_raw(port->descriptor, speed) < 0) {
        snprintf(what, sizeof(what), "does not take %u baud: %s", speed, strerror(errno));
        return fail(port, error, error_size, device, what, "is a port behind the device?");
    }
    return 0;
}

void serial_port_close(struct serial_port *port)
{
    if (port->descriptor >= 0) {
        (void)ioctl(port->descriptor, TIOCNXCL);
        close(port->descriptor);
    }
    if (port->lock_file[0])
        unlink(port->lock_file);
    *port = (struct serial_port){.descriptor = -1};
}

int serial_port_break(const struct serial_port *port, bool on)
{
    return ioctl(port->descriptor, on ? TIOCSBRK : TIOCCBRK);
}
