/* The metrics (model/metrics.h) as Prometheus reads them: its text format 0.0.4. */
#ifndef BOOTWIRE_SERVICE_METRICS_H
#define BOOTWIRE_SERVICE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;
struct snapshot;

#define METRICS_PATH "/metrics"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What all of them are now; `*length` takes the text's. Release with free(). Any thread may ask. */
char *metrics_text(struct server *server, size_t *length);

/* From now on the place (a gauge's) has what `read` says; any thread may call that, until
 * metrics_forget() has returned. At most METRICS_READERS_MAX. */
enum { METRICS_READERS_MAX = 16 };
void metrics_ask(unsigned place, size_t (*read)(void *source), void *source);
/* Asks that source no more. */
void metrics_forget(const void *source);

/* Whether the configuration lets the address (host order) read them over HTTP: metrics-clients;
 * where it is not written, this machine itself (127.0.0.0/8). */
bool metrics_allow(const struct snapshot *snapshot, uint32_t address);
/* Whether the configuration has metrics-clients: then they are served, whatever else is. */
bool metrics_wanted(const struct snapshot *snapshot);

#endif
