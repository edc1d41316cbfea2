/* What systemd has to do with this process, where it started it: readiness and reloads are told,
 * sockets taken over (sd_notify(3), sd_listen_fds(3)). Where nobody asked to be told, nothing
 * happens. */
#ifndef BOOTWIRE_PLATFORM_SERVICE_MANAGER_H
#define BOOTWIRE_PLATFORM_SERVICE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

/* Whether standard error is journald's ($JOURNAL_STREAM, systemd.exec(5)). */
bool service_manager_has_log(void);

/* READY=1: it serves, or has read its configuration again. */
void service_manager_ready(void);
/* RELOADING=1: it reads it; service_manager_ready() is to follow. */
void service_manager_reloading(void);
/* STOPPING=1. */
void service_manager_stopping(void);
/* STATUS=TEXT, the line that `systemctl status` shows. */
void service_manager_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How often service_manager_alive() is to be called at least, milliseconds; 0: never. */
uint64_t service_manager_watchdog_ms(void);
/* WATCHDOG=1. */
void service_manager_alive(void);

/* A listening TCP socket over IPv4 that was handed to this process, as a descriptor of the
 * caller's; -1: there is none. `*port` takes the port that it listens on. */
int service_manager_listener(uint16_t *port);

#endif
