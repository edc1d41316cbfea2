#include "platform/linux/service_manager.h"

#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

bool service_manager_has_log(void)
{
    const char *text = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat info;

    return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &info) == 0 && info.st_dev == device && info.st_ino == inode;
}

void service_manager_ready(void)
{
    (void)sd_notify(false, "READY=1");
}

/* MONOTONIC_USEC is for Type=notify-reload (systemd 253); an older one takes no notice of it. */
void service_manager_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                     (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void service_manager_stopping(void)
{
    (void)sd_notify(false, "STOPPING=1\nSTATUS=ending");
}

void service_manager_status(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)sd_notifyf(false, "STATUS=%s", text);
}

uint64_t service_manager_watchdog_ms(void)
{
    uint64_t microseconds = 0;

    /* Half of the limit, as sd_watchdog_enabled(3) wants it. */
    return sd_watchdog_enabled(false, &microseconds) > 0 ? microseconds / 2000 : 0;
}

void service_manager_alive(void)
{
    (void)sd_notify(false, "WATCHDOG=1");
}

int service_manager_listener(uint16_t *port)
{
    int count = sd_listen_fds(false);

    for (int descriptor = SD_LISTEN_FDS_START; descriptor < SD_LISTEN_FDS_START + count;
         descriptor++) {
        struct sockaddr_in address;
        socklen_t size = sizeof(address);

        if (sd_is_socket_inet(descriptor, AF_INET, SOCK_STREAM, 1, 0) <= 0 ||
            getsockname(descriptor, (struct sockaddr *)&address, &size) < 0)
            continue;
        *port = ntohs(address.sin_port);
        return fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    }
    return -1;
}
